package rota

import (
	"slices"

	"github.com/muster-oncall/muster"
)

// dayMask holds days of the week: bit 0 is Monday. Zero stands for no restriction.
type dayMask uint8

func maskOf(days []muster.Weekday) (m dayMask) {
	for i, d := range muster.Weekdays() {
		for _, x := range days {
			if x == d {
				m |= 1 << i
			}
		}
	}
	return m
}

// weekday of a day since 1970, which was a Thursday: 0 is Monday.
func weekday(day int64) int64 { return day + 3 - floorDiv(day+3, 7)*7 }

func (m dayMask) has(day int64) bool { return m&(1<<weekday(day)) != 0 }

// week is how many days of a week are in the mask.
func (m dayMask) week() (n int64) {
	for d := range int64(7) {
		if m.has(d) {
			n++
		}
	}
	return n
}

// count is how many days of the mask lie in [from, until); negative when until comes first.
func (m dayMask) count(from, until int64) int64 {
	weeks := floorDiv(until-from, 7)
	n := weeks * m.week()
	for d := from + weeks*7; d < until; d++ {
		if m.has(d) {
			n++
		}
	}
	return n
}

// nth is day n of the mask from a day on which is in the mask; n counts from 0 and may be negative.
func (m dayMask) nth(from, n int64) int64 {
	w := m.week()
	day := from + floorDiv(n, w)*7
	for left := n - floorDiv(n, w)*w; left > 0; {
		day++
		if m.has(day) {
			left--
		}
	}
	return day
}

// window is a stretch of the day, made ready.
type window struct {
	days     dayMask
	from, to int64 // seconds since midnight; to may be on the next day
}

// hours restrict a layer to windows of the day. None restrict nothing.
type hours []window

func newHours(list []muster.Window) (out hours, err error) {
	for _, w := range list {
		x := window{days: maskOf(w.Days)}
		if len(w.Days) == 0 {
			x.days = 1<<7 - 1
		}
		if x.from, err = clockSeconds(w.From); err != nil {
			return nil, err
		}
		if x.to, err = clockSeconds(w.To); err != nil {
			return nil, err
		}
		if x.to <= x.from {
			x.to += daySeconds
		}
		if x.days != 0 {
			out = append(out, x)
		}
	}
	return out, nil
}

// always reports whether a window of each day lasts until that of the next begins: such hours restrict nothing.
func (h hours) always() bool {
	return slices.ContainsFunc(h, func(w window) bool { return w.days == 1<<7-1 && w.to-w.from == daySeconds })
}

// farthest is how many days may lie between two windows: a week, and some for windows that a clock change leaves empty.
const farthest = 16

// month is how far windows that go on and on are followed, in microseconds.
const month = 31 * daySeconds * 1e6

// on calls fn with each window that begins on a day of the zone and is not empty, until fn says stop.
func (h hours) on(c *face, day int64, fn func(from, until int64)) {
	for _, w := range h {
		if !w.days.has(day) {
			continue
		}
		from, until := c.local(day*daySeconds+w.from), c.local(day*daySeconds+w.to)
		if from < until {
			fn(from, until)
		}
	}
}

// at says whether a moment lies in a window, and from when until when that does not change, within [lo, hi). Windows that
// touch or overlap are one.
func (h hours) at(l *layer, at, lo, hi int64) (in bool, from, until int64) {
	c := l.face(at)
	return h.atBy(l, &c, at, lo, hi)
}

// atBy is at, read from the clocks of the moment.
func (h hours) atBy(l *layer, c *face, at, lo, hi int64) (in bool, from, until int64) {
	from, until = lo, hi
	day := floorDiv(c.wall, daySeconds)
	before, after := int64(always), int64(never) // of the windows beside the moment
	look := func(f, u int64) {
		switch {
		case f <= at && at < u:
			if !in {
				from, until = f, u
			}
			in = true
			from, until = min(from, f), max(until, u)
		case u <= at:
			before = max(before, u)
		default:
			after = min(after, f)
		}
	}
	for d := day - 2; d <= day+2; d++ {
		h.on(c, d, look)
	}
	if in {
		// Around the clock it goes on for ever: a month is enough, for no turn that matters here is cut by it.
		until = h.forward(l, c, until, min(hi, at+month))
		from = h.back(l, c, from, max(lo, at-month))
		return true, max(from, lo), min(until, hi)
	}
	for d := day + 3; after == never && d <= day+farthest; d++ {
		h.on(c, d, look)
	}
	for d := day - 3; before == always && d >= day-farthest; d-- {
		h.on(c, d, look)
	}
	return false, max(from, before), min(until, after)
}

// forward follows windows that go on where one ends.
func (h hours) forward(l *layer, near *face, until, hi int64) int64 {
	for until < hi {
		next := until
		c := l.near(near, until)
		day := floorDiv(c.wall, daySeconds)
		for d := day - 2; d <= day+1; d++ {
			h.on(&c, d, func(f, u int64) {
				if f <= until {
					next = max(next, u)
				}
			})
		}
		if next == until {
			return until
		}
		until = next
	}
	return until
}

// back follows windows that end where one begins.
func (h hours) back(l *layer, near *face, from, lo int64) int64 {
	for from > lo {
		next := from
		c := l.near(near, from)
		day := floorDiv(c.wall, daySeconds)
		for d := day - 2; d <= day+1; d++ {
			h.on(&c, d, func(f, u int64) {
				if u >= from {
					next = min(next, f)
				}
			})
		}
		if next == from {
			return from
		}
		from = next
	}
	return from
}
