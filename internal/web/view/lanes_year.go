package view

import (
	"strconv"
	"time"
)

// A year of shifts side by side is a barcode. So a year is drawn as a sheet: a column for each day, from midnight above to
// midnight below, in the viewer's zone. A rotation that follows the sun is a band, a change of clocks is a step in it, and
// a gap is a hole.

// sheetPiece is a stretch of one holder at the same hours of several days.
type sheetPiece struct {
	block    *Block
	first, n int     // columns
	from, to float64 // hours of the day
}

// year draws every lane as a sheet.
func (c *canvas) year(h int) {
	days := c.columns()
	width := c.width / float64(len(days)-1)
	for i := range days[:len(days)-1] {
		t := c.s.in(days[i])
		if t.Day() == 1 || i == 0 {
			x := float64(i) * width
			if i > 0 {
				c.vline("midl", x+.5, 4, h)
			}
			name := t.Format("Jan")
			if t.Month() == time.January || i == 0 {
				name = t.Format("Jan 06")
			}
			if i > 0 || t.Day() < 20 {
				c.label("dy", x+5, 18, name)
			}
		}
	}
	y := float64(yearHead)
	for i := range c.sc.Lanes {
		l := &c.sc.Lanes[i]
		c.raw(`<path class="hl" d="M0 `, num(int(y)), `.5H`, num(int(c.width)), `"/>`)
		c.open(&Lane{})
		top := y + yearPad
		for hour := 0; hour <= 24; hour += 6 {
			c.raw(`<path class="hr" d="M0 `)
			c.px(top + float64(hour)*yearHour)
			c.raw(`H`, num(int(c.width)), `"/>`)
		}
		stop, rows := l.tabStop(c.s.Now), map[string]int{}
		for _, p := range l.sheet(days, c.s) {
			if _, known := rows[p.block.Person]; !known {
				rows[p.block.Person] = len(rows)
			}
			c.piece(p, rows[p.block.Person], float64(p.first)*width, top+p.from*yearHour, float64(p.n)*width, (p.to-p.from)*yearHour, stop >= 0 && p.block == &l.Blocks[stop])
		}
		c.raw("</g>")
		y += float64(yearHeight)
	}
}

// piece draws one. In tall columns each person's initial stands at a height of its own, so that neighbours do not run
// together.
func (c *canvas) piece(p sheetPiece, row int, x, y, w, h float64, stop bool) {
	c.link(p.block, stop)
	c.rect(p.block.class(), x, y, max(.6, w-.4), max(.6, h-.4))
	at := y + h/2 + 4
	if h > 90 {
		at += float64(row%5-2) * 15
	}
	switch {
	case p.block.Person == "":
		c.rect("hat", x, y, max(.6, w-.4), max(.6, h-.4))
	case w < 6 || h < 14:
	default:
		name := initial(p.block.Person)
		if w >= 40 {
			name = fitted(p.block.Person, w)
		}
		class := "t"
		if p.block.You {
			class = "tm"
		}
		c.label(class, x+w/2, at, name)
	}
	c.raw("</a>")
}

// columns are the midnights of the window, with the one at its end.
func (c *canvas) columns() (days []time.Time) {
	for t := c.s.in(c.sc.From); t.Before(c.sc.To); {
		days = append(days, t)
		t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, c.s.zone())
	}
	return append(days, c.sc.To)
}

// sheet cuts the blocks of a lane at midnights, and joins what is alike on the days that follow.
func (l *Lane) sheet(days []time.Time, s Shell) (out []sheetPiece) {
	open := map[string]int{} // place in out, by what makes pieces alike
	d := 0
	for i := range l.Blocks {
		b := &l.Blocks[i]
		for d > 0 && days[d].After(b.From) {
			d--
		}
		for d+1 < len(days) && !days[d+1].After(b.From) {
			d++
		}
		for j := d; j+1 < len(days) && days[j].Before(b.To); j++ {
			p := sheetPiece{block: b, first: j, n: 1, to: 24}
			if b.From.After(days[j]) {
				p.from = hourOf(s.in(b.From))
			}
			if b.To.Before(days[j+1]) {
				p.to = hourOf(s.in(b.To))
			}
			if p.to <= p.from {
				continue
			}
			key := b.Person + "\x00" + b.class() + "\x00" + strconv.FormatFloat(p.from, 'f', 2, 64) + "-" + strconv.FormatFloat(p.to, 'f', 2, 64)
			if k, ok := open[key]; ok && out[k].first+out[k].n == j {
				out[k].n++
				continue
			}
			open[key] = len(out)
			out = append(out, p)
		}
	}
	return out
}

func hourOf(t time.Time) float64 { return float64(t.Hour()) + float64(t.Minute())/60 }

// clockChange is an instant at which the clocks of a zone change.
type clockChange struct {
	at   time.Time
	zone *time.Location
	by   time.Duration
}

// clockChanges finds when the clocks of zones change in a window.
func clockChanges(zones []*time.Location, from, to time.Time) (out []clockChange) {
	for _, z := range zones {
		offset := func(t time.Time) int { _, o := t.In(z).Zone(); return o }
		for t := from; t.Before(to); t = t.Add(24 * time.Hour) {
			next := t.Add(24 * time.Hour)
			if next.After(to) {
				next = to
			}
			if offset(t) == offset(next) {
				continue
			}
			lo, hi := t, next
			for hi.Sub(lo) > time.Second {
				if mid := lo.Add(hi.Sub(lo) / 2); offset(mid) == offset(t) {
					lo = mid
				} else {
					hi = mid
				}
			}
			hi = hi.Truncate(time.Minute)
			out = append(out, clockChange{hi, z, time.Duration(offset(next)-offset(t)) * time.Second})
		}
	}
	return out
}

// clocks marks where clocks change: in the viewer's zone and in those of the rotations.
func (c *canvas) clocks(h int) {
	zones := []*time.Location{c.s.zone()}
	for _, z := range c.sc.Zones {
		if z.String() != c.s.zone().String() {
			zones = append(zones, z)
		}
	}
	var ends [2]float64 // of the labels in the two rows
	for _, ch := range sortedChanges(clockChanges(zones, c.sc.From, c.sc.To)) {
		x := c.x(ch.at)
		c.vline("dst", x, c.sc.head()-4, h)
		text := ch.word()
		wide := float64(len([]rune(text))) * 6.4
		at := min(x+4, c.width-wide-4)
		if c.sc.Year {
			at = min(max(2, x-wide/2), c.width-wide-4)
		}
		row := 0
		if at < ends[0] && c.sc.Year {
			row = 1
		}
		if at < ends[row] {
			continue // its line alone says it
		}
		ends[row] = at + wide + 6
		c.raw(`<g class="dstt"><title>`)
		c.text(ch.title(c.s))
		c.raw("</title>")
		c.label("dim", at, float64(36+16*row), text)
		c.raw("</g>")
	}
}

func sortedChanges(list []clockChange) []clockChange {
	for i := 1; i < len(list); i++ {
		for j := i; j > 0 && list[j].at.Before(list[j-1].at); j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	return list
}

// word is "Berlin −1 h".
func (ch clockChange) word() string {
	sign := "+"
	by := ch.by
	if by < 0 {
		sign, by = "−", -by
	}
	return townOf(ch.zone) + " " + sign + span(by)
}

func (ch clockChange) title(s Shell) string {
	dir := "forward"
	if ch.by < 0 {
		dir = "back"
	}
	return "Clocks go " + dir + " in " + townOf(ch.zone) + " on " + s.in(ch.at).Format("Monday 2 January 15:04 MST")
}
