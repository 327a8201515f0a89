package view

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// The geometry of the lanes, in pixels. The SVG is drawn at this size and scrolls sideways when there is less room.
const (
	laneWidth  = 1120.0
	laneHead   = 40
	laneFinal  = 72
	laneHeight = 56
)

// laneDay is one column.
type laneDay struct {
	x, width float64
	name     string
	weekend  bool
}

// laneBlock is one block with its place.
type laneBlock struct {
	Block
	x, y, w, h float64
	label      string // inside; "" when there is no room
	beside     string // to the right of it, when there is room until the next block
	title      string
}

// drawn is a schedule with its geometry.
type drawn struct {
	height int
	days   []laneDay
	rules  []float64 // y of the lines between lanes
	blocks []laneBlock
	nowX   float64 // below zero: not in the window
	names  string  // "A Ana · C Chen"
}

// draw lays a schedule out.
func (sc Schedule) draw(s Shell) drawn {
	total := sc.To.Sub(sc.From).Seconds()
	if total <= 0 {
		return drawn{nowX: -1}
	}
	x := func(t time.Time) float64 {
		return min(laneWidth, max(0, t.Sub(sc.From).Seconds()/total*laneWidth))
	}
	d := drawn{nowX: -1}
	for t := s.in(sc.From); t.Before(sc.To); {
		next := time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, s.zone())
		d.days = append(d.days, laneDay{
			x: x(t), width: x(next) - x(t), name: t.Format("Mon 2"),
			weekend: t.Weekday() == time.Saturday || t.Weekday() == time.Sunday,
		})
		t = next
	}
	y := float64(laneHead)
	people := map[string]string{}
	for _, lane := range sc.Lanes {
		height := float64(laneHeight)
		if lane.Final {
			height = laneFinal
		}
		d.rules = append(d.rules, y+.5)
		for i, b := range lane.Blocks {
			from, to := x(b.From), x(b.To)
			if to <= from {
				continue
			}
			lb := laneBlock{Block: b, x: from + .5, y: y + 13.5, w: max(1, to-from-1), h: height - 28, title: b.title(s)}
			lb.label = fitted(b.Person, lb.w)
			if b.Person != "" {
				people[initial(b.Person)+" "+b.Person] = b.Person
			}
			if b.Kind == "override" && !lane.Final && b.Note != "" {
				room := laneWidth - to
				if i+1 < len(lane.Blocks) {
					room = x(lane.Blocks[i+1].From) - to
				}
				if float64(len(b.Note))*6.6+12 < room {
					lb.beside = b.Note
				}
			}
			d.blocks = append(d.blocks, lb)
		}
		y += height
	}
	d.height = int(y)
	if s.Now.After(sc.From) && s.Now.Before(sc.To) {
		d.nowX = x(s.Now)
	}
	d.names = roll(people)
	return d
}

// fitted is as much of a name as fits into a width: the name, its initial, or nothing.
func fitted(name string, width float64) string {
	switch {
	case name == "":
		return ""
	case float64(len([]rune(name)))*7.6+14 <= width:
		return name
	case width >= 14:
		return initial(name)
	}
	return ""
}

// roll lists the initials and whose they are.
func roll(people map[string]string) string {
	keys := make([]string, 0, len(people))
	for k := range people {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return strings.Join(keys, " · ")
}

// title is what hovering over a block shows.
func (b Block) title(s Shell) string {
	who := b.Person
	if who == "" {
		who = "Nobody"
	}
	text := fmt.Sprintf("%s, %s to %s %s", who, s.in(b.From).Format("Mon 2 Jan 15:04"), s.in(b.To).Format("Mon 2 Jan 15:04"), s.in(b.To).Format("MST"))
	if b.Elsewhere != "" {
		text += " · " + b.Elsewhere
	}
	if b.Note != "" {
		text += " · " + b.Note
	}
	return text
}

// class is the colour of a block.
func (b Block) class() string {
	switch b.Kind {
	case "gap":
		return "b gapb"
	case "replaced":
		return "was"
	case "override":
		if b.You {
			return "ov mine"
		}
		return "ov"
	}
	if b.You {
		return "b mine"
	}
	return fmt.Sprintf("b b%d", b.Shade%3)
}

// px is a coordinate.
func px(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

// agendaItem is one line of the schedule on phones.
type agendaItem struct {
	day   string // heads a day; the rest is empty
	block Block
	lane  string
	on    bool
}

// agenda is the final schedule of the next two days, top to bottom.
func (sc Schedule) agenda(s Shell) []agendaItem {
	from := sc.From
	if s.Now.After(sc.From) && s.Now.Before(sc.To) {
		from = s.Now
	}
	until := from.Add(48 * time.Hour)
	var list []agendaItem
	for _, lane := range sc.Lanes {
		if !lane.Final {
			continue
		}
		for _, b := range lane.Blocks {
			if b.To.After(from) && b.From.Before(until) {
				list = append(list, agendaItem{block: b, lane: orWord(lane.Note, lane.Title), on: !s.Now.Before(b.From) && s.Now.Before(b.To)})
			}
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].block.From.Before(list[j].block.From) })
	var out []agendaItem
	last := ""
	for _, it := range list {
		start := it.block.From
		if start.Before(from) {
			start = from
		}
		if day := s.day(start); day != last {
			out = append(out, agendaItem{day: day})
			last = day
		}
		out = append(out, it)
	}
	return out
}

// bar is one row of the fairness chart, 200 wide: all hours, the night hours, the mean.
func (f Fairness) bar(list []Fairness) (all, night, mean float64) {
	top := f.Mean
	for _, o := range list {
		top = max(top, o.Hours)
	}
	if top == 0 {
		return 0, 0, 0
	}
	unit := 190 / top
	return f.Hours * unit, f.Night * unit, f.Mean * unit
}

func hours(h float64) string { return fmt.Sprintf("%.0f"+nb+"h", h) }
