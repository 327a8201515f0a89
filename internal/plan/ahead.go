package plan

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
)

// How far a change is looked at beyond the window.
const (
	edgeAhead = 45 * 24 * time.Hour  // behind the last dated edge of what changes
	maxAhead  = 400 * 24 * time.Hour // from now
	farPart   = 15 * 24 * time.Hour  // between two looks at the time
)

// Judge is [Compare] for a change that may be one of contact methods, too, and looks farther for what would reach nobody:
// until the last dated edge of the rosters that change, at most 400 days. It ends when ctx does, and tells how far it came:
// Until of the answer is how far shifts were compared, Looked how far it was asked whether somebody is reached.
func Judge(ctx context.Context, before, after *Snapshot, facts Facts, from, until muster.Instant) Consequences {
	c := newComparison(ctx, before, after, facts, from, until)
	out := c.compare()
	if out.Looked = out.Until; out.Short {
		return out
	}
	far := c.lastEdge(from).Plus(edgeAhead)
	if limit := from.Plus(maxAhead); far.After(limit.Time) {
		far = limit
	}
	for at := until; at.Before(far.Time); at = c.until {
		c.from, c.until = at, at.Plus(farPart)
		if c.until.After(far.Time) {
			c.until = far
		}
		c.out.Lost = nil
		if !c.lost() {
			break
		}
		out.Lost, out.Looked = append(out.Lost, c.out.Lost...), c.until
	}
	out.Lost = joinLost(out.Lost)
	return out
}

// Far says how far a comparison came that had not enough time; "" when it had.
func (c *Consequences) Far() string {
	switch days := int(c.Until.Sub(c.From.Time) / (24 * time.Hour)); {
	case c.Short && days == 0:
		return "Time was over before a whole day could be looked at."
	case c.Short:
		return fmt.Sprintf("Looked %s ahead, then time was over: what comes after %s is not told here.", count(days, "day", "days"), c.Until.UTC().Format("2 Jan 2006"))
	case c.Unwarned > 0:
		return fmt.Sprintf("Time was over before the warnings about %s were looked for.", count(c.Unwarned, "roster", "rosters"))
	}
	return ""
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
