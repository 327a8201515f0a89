package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// partTurns is about how many turns of the rosters that change are compared between two looks at the time.
const partTurns = 3000

// walk compares the window part by part, until its end or until time is over: a part that was begun then does not count.
// The window of the comparison is as far as it came. It gives who holds what there.
func (c *comparison) walk() *ledger {
	from, until := c.from, c.until
	held := newLedger(c)
	window := until.Sub(from.Time)
	parts := max(min(c.turns(window)/partTurns, int(window/time.Hour)), 1)
	at := from
	for at.Before(until.Time) {
		c.from, c.until = at, until
		if next := at.Plus(window / time.Duration(parts)); parts > 1 && next.Before(until.Time) {
			c.until = next
		}
		shifts, opens, closes, lost := len(c.out.Shifts), len(c.out.Opens), len(c.out.Closes), len(c.out.Lost)
		part := newLedger(c)
		if !c.part(part) {
			c.out.Shifts, c.out.Opens, c.out.Closes, c.out.Lost = c.out.Shifts[:shifts], c.out.Opens[:opens], c.out.Closes[:closes], c.out.Lost[:lost]
			break
		}
		held.join(part)
		at = c.until
	}
	c.from, c.until = from, at
	c.out.Until, c.out.Short = at, at.Before(until.Time)
	if parts > 1 {
		c.join()
	}
	c.out.Lost = joinLost(c.out.Lost)
	return held
}

// part compares one part of the window, and reports whether there was time for all of it.
func (c *comparison) part(held *ledger) bool {
	for _, name := range c.touched {
		if c.over() {
			return false
		}
		c.shifts(name, held)
	}
	return c.lost()
}

// join makes one of what the edge between two parts has cut.
func (c *comparison) join() {
	slices.SortStableFunc(c.out.Shifts, func(a, b ShiftChange) int {
		return cmp.Or(cmp.Compare(a.Roster, b.Roster), cmp.Compare(a.Role, b.Role), a.From.Compare(b.From.Time))
	})
	c.out.Shifts = joinedBy(c.out.Shifts, func(last *ShiftChange, x ShiftChange) bool {
		if last.Roster != x.Roster || last.Role != x.Role || last.Until != x.From || !slices.Equal(last.Before, x.Before) || !slices.Equal(last.After, x.After) {
			return false
		}
		last.Until = x.Until
		return true
	})
	c.out.Opens, c.out.Closes = joinGaps(c.out.Opens), joinGaps(c.out.Closes)
}

func joinGaps(list []Gap) []Gap {
	slices.SortStableFunc(list, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Roster, b.Roster), cmp.Compare(a.Role, b.Role), a.From.Compare(b.From.Time))
	})
	return joinedBy(list, func(last *Gap, x Gap) bool {
		if last.Roster != x.Roster || last.Role != x.Role || last.Until != x.From || last.Stated != x.Stated {
			return false
		}
		last.Until, last.People = x.Until, united(last.People, x.People)
		return true
	})
}

// joinLost makes one of losses that follow each other, and puts the earliest first.
func joinLost(list []Lost) []Lost {
	slices.SortStableFunc(list, func(a, b Lost) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), slices.Compare(a.For, b.For), a.From.Compare(b.From.Time))
	})
	list = joinedBy(list, func(last *Lost, x Lost) bool {
		if last.Policy != x.Policy || !slices.Equal(last.For, x.For) || last.Until != x.From {
			return false
		}
		last.Until, last.Before = x.Until, united(last.Before, x.Before)
		return true
	})
	slices.SortStableFunc(list, func(a, b Lost) int { return cmp.Or(a.From.Compare(b.From.Time), cmp.Compare(a.Policy, b.Policy)) })
	return list
}

// joinedBy is a list in which each value is joined to the one before it where both belong together.
func joinedBy[T any](list []T, join func(last *T, x T) bool) []T {
	out := list[:0]
	for _, x := range list {
		if n := len(out); n > 0 && join(&out[n-1], x) {
			continue
		}
		out = append(out, x)
	}
	return out
}

// united is a and those of b that are not in it.
func united(a, b []Person) []Person {
	a = slices.Clone(a)
	for _, p := range b {
		if !slices.Contains(a, p) {
			a = append(a, p)
		}
	}
	return a
}

// turns estimates how many turns the rosters that change have in a window, on both sides.
func (c *comparison) turns(window time.Duration) (n int) {
	for _, name := range c.touched {
		for _, s := range []*Snapshot{c.before, c.after} {
			r := s.Catalog.Rosters[name]
			if r == nil {
				continue
			}
			for i := range r.Rotations {
				t := &r.Rotations[i]
				length := 24 * time.Hour // what is longer is cut by days nevertheless, where there are hours
				if t.Unit == muster.UnitHour {
					length = time.Duration(max(t.Every, 1)) * time.Hour
				}
				n += int(window/length)*max(len(t.Hours), 1) + len(t.Shifts)
			}
		}
	}
	return n
}
