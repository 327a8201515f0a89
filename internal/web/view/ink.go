package view

import (
	"time"
)

// ink is what the drawings of one page share: the room that they are written into, and the words for stretches of time,
// which come again and again, since rotations hand over at the same hours.
type ink struct {
	b    []byte
	said map[stretch]stretchText
}

// stretch is when a block lasts, as drawn: its beginning cut to the window.
type stretch struct {
	from, to, at int64
	zone         *time.Location
}

// stretchText is how a stretch is told.
type stretchText struct {
	at   string // its beginning, as the address of the time machine has it
	when string // ", Mon 23 Nov 09:00 to 17:00 CET · Mon 08:00 to 16:00 London"
}

func newInk() *ink { return &ink{said: map[stretch]stretchText{}} }

// said is how the stretch of a block is told.
func (c *canvas) said(b *Block) stretchText {
	at := b.From
	if at.Before(c.sc.From) {
		at = c.sc.From
	}
	k := stretch{b.From.Unix(), b.To.Unix(), at.Unix(), b.Zone}
	text, ok := c.ink.said[k]
	if ok {
		return text
	}
	text.at = at.In(c.s.zone()).Format("2006-01-02T15:04")
	from, to := c.s.in(b.From), c.s.in(b.To)
	text.when = ", " + from.Format("Mon 2 Jan 15:04") + " to " + to.Format(endLayout(from, to)+" MST")
	if b.Zone != nil && !sameClock(b.Zone, c.s.zone(), b.From) {
		from, to = b.From.In(b.Zone), b.To.In(b.Zone)
		end := "Mon 15:04 "
		if sameDay(from, to) {
			end = "15:04 "
		}
		text.when += " · " + from.Format("Mon 15:04") + " to " + to.Format(end) + townOf(b.Zone)
	}
	c.ink.said[k] = text
	return text
}

// endLayout tells the day of an end only when it is another.
func endLayout(from, to time.Time) string {
	if sameDay(from, to) {
		return "15:04"
	}
	return "Mon 2 Jan 15:04"
}
