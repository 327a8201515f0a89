package view

import (
	"context"
	"html"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
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
	*ink
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

// draw is the drawing of the lanes. Those of one page share the ink.
func (sc *Schedule) draw(s Shell, in *ink) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := w.Write(sc.svg(s, in))
		return err
	})
}

// svg draws the lanes. What it returns is good until the ink is used again.
func (sc *Schedule) svg(s Shell, in *ink) []byte {
	c := canvas{ink: in, s: s, sc: sc, total: sc.To.Sub(sc.From).Seconds(), width: sc.width()}
	c.b = c.b[:0]
	if c.total <= 0 {
		return nil
	}
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
	return c.b
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

// px is a coordinate.
func px(f float64) string { return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0") }
