package plan

import (
	"time"

	"github.com/muster-oncall/muster"
)

// How far a change is looked at, and with how much work.
const (
	edgeAhead = 45 * 24 * time.Hour  // beyond the last dated edge of what changes
	maxAhead  = 400 * 24 * time.Hour // from now
	maxSteps  = 20_000               // changes of on-call that are asked about beyond the window
	maxTurns  = 60_000               // turns of the rosters that change, in the window
)

// Judge is [CompareFacts], and looks farther for what would reach nobody: until the last dated edge of the rosters that
// change, at most 400 days. A window with very many turns is shortened. Both are told: Until of the answer is how far
// shifts were compared, Looked how far it was asked whether somebody is reached.
func Judge(before, after *Snapshot, facts Facts, from, until muster.Instant) Consequences {
	c := &comparison{before: before, after: after, was: newReacher(before, facts.Was.kept(before)), is: newReacher(after, facts.Is.kept(after))}
	c.people()
	c.rosters()
	if turns := c.turns(until.Sub(from.Time)); turns > maxTurns {
		until = from.Plus(until.Sub(from.Time) * maxTurns / time.Duration(turns))
	}
	out := CompareFacts(before, after, facts, from, until)
	out.Looked = until
	far := c.lastEdge(from).Plus(edgeAhead)
	if limit := from.Plus(maxAhead); far.After(limit.Time) {
		far = limit
	}
	if !far.After(until.Time) {
		return out
	}
	c.from, c.until, c.steps = until, far, maxSteps
	c.lost()
	out.Lost = append(out.Lost, c.out.Lost...)
	out.Looked = c.until
	return out
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

// lastEdge is the last moment, after from, at which a document of the rosters that change says that something begins or
// ends.
func (c *comparison) lastEdge(from muster.Instant) muster.Instant {
	last := from
	at := func(i muster.Instant) {
		if i.After(last.Time) {
			last = i
		}
	}
	day := func(text string) {
		if t, err := time.Parse(time.DateOnly, text); err == nil {
			at(muster.At(t.AddDate(0, 0, 1)))
		}
	}
	for _, name := range c.touched {
		for _, s := range []*Snapshot{c.before, c.after} {
			r := s.Catalog.Rosters[name]
			if r == nil {
				continue
			}
			for i := range r.Overrides {
				at(r.Overrides[i].Until)
			}
			for i := range r.Swaps {
				at(r.Swaps[i].Until)
				if start := r.Swaps[i].Shift.Start; len(start) >= len(time.DateOnly) {
					day(start[:len(time.DateOnly)])
				}
			}
			for i := range r.Rotations {
				t := &r.Rotations[i]
				day(t.Start)
				day(t.Until)
				for _, m := range t.Members {
					day(m.From)
					day(m.Until)
				}
				for j := range t.Shifts {
					at(t.Shifts[j].Until)
				}
			}
		}
	}
	return last
}
