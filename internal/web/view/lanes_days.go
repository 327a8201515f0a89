package view

import (
	"strings"
	"time"
)

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
