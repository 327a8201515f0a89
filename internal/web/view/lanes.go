package view

import (
	"html"
	"sort"
	"strconv"
	"strings"
	"time"
)

// The geometry of the lanes, in pixels. The SVG is drawn at this size and scrolls sideways when there is less room. The
// style sheet gives the names beside them the same heights.
const (
	laneWidth  = 1120.0
	laneHead   = 44
	yearHead   = 60
	laneFinal  = 60
	laneLayer  = 46
	laneTurns  = 60
	lanePatch  = 46
	yearHour   = 7.0 // height of an hour in a year
	yearPad    = 14
	yearHeight = int(24*yearHour) + 2*yearPad
)

// height is how tall a lane is.
func (l *Lane) height(year bool) int {
	switch {
	case year:
		return yearHeight
	case l.Kind == "final":
		return laneFinal
	case l.Kind == "patches":
		return lanePatch
	case len(l.Turns) > 0:
		return laneTurns
	}
	return laneLayer
}

// nameClass gives a name beside the lanes the height of its lane.
func (l *Lane) nameClass(year bool) string {
	switch {
	case year:
		return "fin yr"
	case l.Kind == "final":
		return "fin"
	case l.Kind != "patches" && len(l.Turns) > 0:
		return "trn"
	}
	return ""
}

// canvas writes an SVG. Lanes of many rosters have thousands of blocks: they are appended, not templated. Whatever comes
// from outside goes through text.
type canvas struct {
	b     []byte
	s     Shell
	sc    *Schedule
	total float64
	width float64
}

func (c *canvas) raw(parts ...string) {
	for _, p := range parts {
		c.b = append(c.b, p...)
	}
}

func (c *canvas) text(s string) { c.b = append(c.b, html.EscapeString(s)...) }

// px writes a coordinate with at most one digit behind the point.
func (c *canvas) px(f float64) {
	n := int64(f*10 + .5)
	c.b = strconv.AppendInt(c.b, n/10, 10)
	if n%10 != 0 {
		c.b = append(c.b, '.', byte('0'+n%10))
	}
}

func (c *canvas) attr(name string, f float64) {
	c.raw(" ", name, `="`)
	c.px(f)
	c.raw(`"`)
}

func (c *canvas) rect(class string, x, y, w, h float64) {
	c.raw(`<rect class="`, class, `"`)
	c.attr("x", x)
	c.attr("y", y)
	c.attr("width", w)
	c.attr("height", h)
	c.raw("/>")
}

func (c *canvas) label(class string, x, y float64, text string) {
	c.raw(`<text class="`, class, `"`)
	c.attr("x", x)
	c.attr("y", y)
	c.raw(">")
	c.text(text)
	c.raw("</text>")
}

func (c *canvas) vline(class string, x float64, from, to int) {
	c.raw(`<path class="`, class, `" d="M`)
	c.px(x)
	c.raw(" ", num(from), "V", num(to), `"/>`)
}

// x is the place of an instant.
func (c *canvas) x(t time.Time) float64 {
	return min(c.width, max(0, t.Sub(c.sc.From).Seconds()/c.total*c.width))
}

// head is how tall the row of days is; in a year it has two rows for changes of the clocks.
func (sc *Schedule) head() int {
	if sc.Year {
		return yearHead
	}
	return laneHead
}

// width is that of the drawing.
func (sc *Schedule) width() float64 {
	if sc.Width > 0 {
		return float64(sc.Width)
	}
	return laneWidth
}

// height is that of the whole drawing.
func (sc *Schedule) height() int {
	h := sc.head()
	for i := range sc.Lanes {
		h += sc.Lanes[i].height(sc.Year)
	}
	return h
}

// nowX is where the now-line stands; below zero when it is not in the window.
func (sc *Schedule) nowX(now time.Time) float64 {
	total := sc.To.Sub(sc.From).Seconds()
	if total <= 0 || !now.After(sc.From) || !now.Before(sc.To) {
		return -1
	}
	return now.Sub(sc.From).Seconds() / total * sc.width()
}

// svg draws the lanes.
func (sc *Schedule) svg(s Shell) string {
	c := canvas{s: s, sc: sc, total: sc.To.Sub(sc.From).Seconds(), width: sc.width()}
	if c.total <= 0 {
		return ""
	}
	n := 0
	for i := range sc.Lanes {
		n += len(sc.Lanes[i].Blocks)
	}
	c.b = make([]byte, 0, 4096+n*420)
	h := sc.height()
	c.raw(`<svg class="grid" viewBox="0 0 `, num(int(c.width)), ` `, num(h), `" width="`, num(int(c.width)), `" height="`, num(h), `" role="group" aria-label="Schedule of `)
	c.text(sc.Name)
	c.raw(`" data-from="`, strconv.FormatInt(sc.From.Unix(), 10), `" data-to="`, strconv.FormatInt(sc.To.Unix(), 10), `" data-snap="`, num(sc.snap()), `">`)
	if sc.Year {
		c.year(h)
	} else {
		c.days(h)
		c.lanes()
	}
	c.clocks(h)
	c.marks(h)
	c.raw("</svg>")
	return string(c.b)
}

// snap is to how many minutes a drag is rounded.
func (sc *Schedule) snap() int {
	switch d := sc.To.Sub(sc.From); {
	case d <= 26*time.Hour:
		return 15
	case d <= 8*24*time.Hour:
		return 30
	}
	return 60
}

// days draws the columns: days, or the hours of one.
func (c *canvas) days(h int) {
	if c.sc.To.Sub(c.sc.From) <= 26*time.Hour {
		c.hours(h)
		return
	}
	many, end := c.sc.To.Sub(c.sc.From) > 16*24*time.Hour, 0.0
	for i, t := 0, c.s.in(c.sc.From); t.Before(c.sc.To); i++ {
		next := time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, c.s.zone())
		x := c.x(t)
		if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
			c.rect("wk", x, 0, c.x(next)-x, float64(h))
		}
		if i > 0 {
			c.vline("midl", x+.5, laneHead, h)
		}
		name := t.Format("Mon 2")
		switch {
		case many && c.width < 900 && i > 0 && t.Weekday() != time.Monday:
			name = ""
		case many && (i == 0 || t.Day() == 1 || c.width < 900):
			name = t.Format("2 Jan")
		case many:
			name = t.Format("2")
		case t.Day() == 1:
			name = t.Format("Mon 2 Jan")
		}
		if x >= end && name != "" {
			c.label("dy", x+6, 18, name)
			end = x + 6 + float64(len(name))*7
		}
		t = next
	}
}

// hours draws the hours of a day, in the viewer's zone and below it in that of the rotations.
func (c *canvas) hours(h int) {
	var other *time.Location
	for _, z := range c.sc.Zones {
		if !sameClock(z, c.s.zone(), c.sc.From) {
			other = z
			break
		}
	}
	for i, t := 0, c.sc.From; t.Before(c.sc.To); i, t = i+1, t.Add(time.Hour) {
		x := c.x(t)
		if i > 0 {
			c.vline("midl", x+.5, laneHead, h)
		}
		if i%2 != 0 {
			continue
		}
		c.label("dy", x+4, 16, c.s.hm(t))
		if other != nil {
			text := t.In(other).Format("15:04")
			if i%6 == 0 {
				text += " " + townOf(other)
			}
			if i%6 == 0 || (i%6 != 2 || len(townOf(other)) < 8) {
				c.label("dim", x+4, 34, text)
			}
		}
	}
}

// townOf is the city in the name of a zone.
func townOf(z *time.Location) string {
	name := z.String()
	return strings.ReplaceAll(name[strings.LastIndex(name, "/")+1:], "_", " ")
}

func sameClock(a, b *time.Location, at time.Time) bool {
	_, x := at.In(a).Zone()
	_, y := at.In(b).Zone()
	return x == y
}

func (c *canvas) lanes() {
	y := laneHead
	for i := range c.sc.Lanes {
		l := &c.sc.Lanes[i]
		h := l.height(false)
		c.raw(`<path class="hl" d="M0 `, num(y), `.5H`, num(int(c.width)), `"/>`)
		c.open(l)
		if l.Kind == "final" {
			c.rect("hit", 0, float64(y)+1, c.width, float64(h)-1)
		}
		top, tall := float64(y)+8.5, float64(h)-17
		if len(l.Turns) > 0 && l.Kind != "final" {
			c.turns(l, float64(y))
			top, tall = float64(y)+25.5, float64(h)-33
		}
		stop := l.tabStop(c.s.Now)
		for j := range l.Blocks {
			b := &l.Blocks[j]
			from, to := c.x(b.From), c.x(b.To)
			if to <= from {
				continue
			}
			room := c.width - to
			if j+1 < len(l.Blocks) {
				room = c.x(l.Blocks[j+1].From) - to
			}
			c.block(l, b, from+.5, top, max(1, to-from-1), tall, room, j == stop)
		}
		c.raw("</g>")
		y += h
	}
}

// open begins a lane's group: what a drag on it overrides.
func (c *canvas) open(l *Lane) {
	c.raw(`<g class="lane`)
	if l.Kind == "final" && l.Role != "" && c.sc.ID != "" {
		c.raw(` drag" data-roster="`)
		c.text(c.sc.ID)
		c.raw(`" data-role="`)
		c.text(l.Role)
	}
	c.raw(`">`)
}

// tabStop is the block of a final schedule that the keyboard comes to first: the one of now, else the first.
func (l *Lane) tabStop(now time.Time) int {
	if l.Kind != "final" {
		return -1
	}
	for i := range l.Blocks {
		if l.Blocks[i].To.After(now) {
			return i
		}
	}
	return 0
}

// turns writes whose turn it is above hours that have pauses.
func (c *canvas) turns(l *Lane, y float64) {
	for i := range l.Turns {
		t := &l.Turns[i]
		from, to := c.x(t.From), c.x(t.To)
		if i > 0 {
			c.vline("hl", from+.5, int(y), int(y)+laneTurns)
		}
		name := fitted(t.Person, to-from-4)
		if name == "" {
			continue
		}
		class := "nm"
		if t.You {
			class = "nm tm"
		}
		c.label(class, from+6, y+18, name)
	}
}

func (c *canvas) block(l *Lane, b *Block, x, y, w, h, room float64, stop bool) {
	c.link(b, stop)
	c.rect(b.class(), x, y, w, h)
	switch {
	case b.Person == "":
		c.rect("hat", x, y, w, h)
		if word := gapWord(w); word != "" {
			c.label("gapt", x+w/2, y+h/2+4, word)
		}
	case w >= 10:
		if name := fitted(b.Person, w); name != "" {
			class := "t"
			if b.You {
				class = "tm"
			}
			c.label(class, x+w/2, y+h/2+4, name)
		}
	}
	if l.Kind == "patches" {
		if text := b.beside(room - 14); text != "" {
			c.label("dim", x+w+7, y+h/2+4, text)
		}
	}
	c.raw("</a>")
}

// link begins a block: a way to the time machine, for the mouse, the keyboard and those without script. The script finds
// the stretch in data-f and data-u, as Unix minutes.
func (c *canvas) link(b *Block, stop bool) {
	at := b.From
	if at.Before(c.sc.From) {
		at = c.sc.From
	}
	c.raw(`<a class="k`)
	if b.You {
		c.raw(" you")
	}
	c.raw(`" href="`)
	c.text(c.sc.At)
	c.b = at.In(c.s.zone()).AppendFormat(c.b, "2006-01-02T15:04")
	c.raw(`" data-f="`)
	c.b = strconv.AppendInt(c.b, b.From.Unix()/60, 10)
	c.raw(`" data-u="`)
	c.b = strconv.AppendInt(c.b, b.To.Unix()/60, 10)
	if stop {
		c.raw(`"><title>`)
	} else {
		c.raw(`" tabindex="-1"><title>`)
	}
	c.title(b)
	c.raw("</title>")
}

// title says what hovering over a block shows, and what a screen reader says: who, when in both zones, and by what.
func (c *canvas) title(b *Block) {
	who := b.Person
	if who == "" {
		who = "Nobody"
	}
	c.text(who)
	c.raw(", ")
	c.b = c.s.in(b.From).AppendFormat(c.b, "Mon 2 Jan 15:04")
	c.raw(" to ")
	c.b = c.s.in(b.To).AppendFormat(c.b, "Mon 2 Jan 15:04 MST")
	if b.Zone != nil && !sameClock(b.Zone, c.s.zone(), b.From) {
		c.raw(" · ")
		c.b = b.From.In(b.Zone).AppendFormat(c.b, "Mon 15:04")
		c.raw(" to ")
		c.b = b.To.In(b.Zone).AppendFormat(c.b, "Mon 15:04 ")
		c.text(townOf(b.Zone))
	}
	if b.By != "" {
		c.raw(" · ")
		c.text(b.By)
	}
	if b.Note != "" {
		c.raw(" · ")
		c.text(b.Note)
	}
}

// marks draws now and the moment of the time machine over the lanes.
func (c *canvas) marks(h int) {
	if x := c.sc.nowX(c.s.Now); x >= 0 {
		c.vline("nowl", x, c.sc.head(), h)
		at := min(c.width-23, max(23, x))
		top := float64(c.sc.head())
		c.rect("nowb", at-23, top-20, 46, 20)
		c.label("nowt", at, top-6, c.s.hm(c.s.Now))
	}
	hide := ` hidden=""`
	x := 0.0
	if m := c.sc.Moment; !m.IsZero() && m.After(c.sc.From) && m.Before(c.sc.To) {
		hide, x = "", c.x(m)
	}
	c.raw(`<path class="atl" data-atl=""`, hide, ` d="M0 24V`, num(h), `" transform="translate(`)
	c.px(x)
	c.raw(`)"/>`)
}

// fitted is as much of a name as fits into a width: the name, the first of its names, its initial, or nothing.
func fitted(name string, width float64) string {
	first, _, _ := strings.Cut(name, " ")
	switch {
	case name == "" || width < 10:
		return ""
	case float64(len([]rune(name)))*7.2+12 <= width:
		return name
	case float64(len([]rune(first)))*7.2+8 <= width:
		return first
	}
	return initial(name)
}

func gapWord(width float64) string {
	switch {
	case width > 60:
		return "Nobody"
	case width > 30:
		return "Gap"
	}
	return ""
}

// beside is what stands to the right of an override or swap, when there is room until the next.
func (b *Block) beside(room float64) string {
	text := joinDots(b.By, b.Note)
	if float64(len([]rune(text)))*6.4 < room {
		return text
	}
	if float64(len([]rune(b.By)))*6.4 < room {
		return b.By
	}
	return ""
}

// class is the colour of a block.
func (b *Block) class() string {
	class := "b"
	switch b.Kind {
	case "gap":
		return "b gapb"
	case "replaced":
		return "was"
	case "override":
		class = "ov"
	case "swap":
		class = "ov sw"
	}
	switch {
	case b.You:
		class += " mine"
	case class == "b":
		class += " b" + string(rune('0'+b.Shade%3))
	}
	return class
}

// px is a coordinate.
func px(f float64) string { return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0") }

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
