package view

import (
	"sort"
	"strconv"
	"strings"
	"time"
)

// roll lists the initials and whose they are.
func (sc *Schedule) roll() string {
	seen := map[string]bool{}
	for i := range sc.Lanes {
		for j := range sc.Lanes[i].Blocks {
			if p := sc.Lanes[i].Blocks[j].Person; p != "" && len(seen) < 40 {
				seen[initial(p)+nb+p] = true
			}
		}
	}
	keys := make([]string, 0, len(seen))
	for k := range seen {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return strings.Join(keys, " · ")
}

// agendaItem is one line of the schedule on phones.
type agendaItem struct {
	day   string // heads a day; the rest is empty
	block Block
	lane  string
	on    bool
}

// agenda is the final schedule of the next two days, top to bottom.
func (sc *Schedule) agenda(s Shell) []agendaItem {
	from := sc.From
	if s.Now.After(sc.From) && s.Now.Before(sc.To) {
		from = s.Now
	}
	until := from.Add(48 * time.Hour)
	var list []agendaItem
	for i := range sc.Lanes {
		lane := &sc.Lanes[i]
		if lane.Kind != "final" {
			continue
		}
		for _, b := range lane.Blocks {
			if b.To.After(from) && b.From.Before(until) {
				list = append(list, agendaItem{block: b, lane: lower(lane.Title, ""), on: !s.Now.Before(b.From) && s.Now.Before(b.To)})
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

func hours(h float64) string { return strconv.FormatFloat(h, 'f', 0, 64) + nb + "h" }
