package rota

import (
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// Moved is a hand-off of one rotation that new zone data moves, because hand-offs are kept as local time and zone.
type Moved struct {
	Roster   muster.RosterName
	Rotation string
	Role     muster.RosterRole
	People   []muster.UserName // who begin; empty: nobody does
	Before   []muster.UserName // whose shift ends
	Was      muster.Instant
	Is       muster.Instant // may be over already: then the hand-off is now
	Zone     string
}

// Concerns lists whose shifts begin or end at the hand-off, each once.
func (m Moved) Concerns() []muster.UserName {
	all := slices.Concat(m.People, m.Before)
	slices.Sort(all)
	return slices.Compact(all)
}

// longestMove is how far a change of rules moves a hand-off at most: a place may change sides of the date line.
const longestMove = 26 * time.Hour

// MovedHandoffs lists the hand-offs of a roster's rotations after now and before until that are at another instant by
// fresh than they were by old, in order of time. What has happened by now never moves, even where fresh says that it
// should have come later: it is neither listed nor does it happen again. Overrides are instants and do not move; rotations
// are told by themselves, so a hand-off that an override covers is told, too.
func MovedHandoffs(old, fresh *Zones, r *muster.Roster, now, until muster.Instant) (out []Moved) {
	was, is := Make(old, r), Make(fresh, r)
	for i := range r.Rotations {
		rot := &r.Rotations[i]
		before := handoffs(was.LayerShifts(rot.Name, now, until))
		after := handoffs(is.LayerShifts(rot.Name, now.Plus(-longestMove), until.Plus(longestMove)))
		for _, h := range before {
			to, ok := counterpart(h, after)
			if !ok || to.at == h.at {
				continue
			}
			out = append(out, Moved{
				Roster: r.Name, Rotation: rot.Name, Role: rot.Role, People: h.people, Before: h.ended,
				Was: muster.FromMicros(h.at), Is: muster.FromMicros(to.at), Zone: rot.Zone,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b Moved) int { return a.Was.Compare(b.Was.Time) })
	return out
}

// handoff is the instant at which one stretch of a schedule ends and the next begins.
type handoff struct {
	at            int64
	ended, people []muster.UserName
}

func handoffs(shifts []Shift) (out []handoff) {
	for i := 1; i < len(shifts); i++ {
		out = append(out, handoff{at: shifts[i].From.Micros(), ended: shifts[i-1].People, people: shifts[i].People})
	}
	return out
}

// counterpart finds the hand-off between the same people that is nearest. That at the same instant counts always: its
// people cannot have changed, because turns are counted in the calendar.
func counterpart(h handoff, in []handoff) (best handoff, ok bool) {
	distance := longestMove.Microseconds() + 1
	for _, o := range in {
		if o.at == h.at {
			return o, true
		}
		d := max(o.at-h.at, h.at-o.at)
		if d < distance && slices.Equal(o.people, h.people) && slices.Equal(o.ended, h.ended) {
			best, distance, ok = o, d, true
		}
	}
	return best, ok
}

// ZoneChange is what new zone data does to one hand-off.
type ZoneChange struct {
	Before, After muster.Instant
	Recompute     bool // the hand-off is at After from now on
	NotifyOwners  bool // the people whose hand-off it is are told
	FireAgain     bool // never: what has happened is not repeated
}

// ZoneUpdate decides about a hand-off at a local time whose offset from UTC, in seconds, new data changes: a hand-off that
// is still to come moves, one that has happened stays as it was, even where it would now lie in the future.
func ZoneUpdate(local string, beforeOffset, afterOffset int, now muster.Instant, fired bool) (ZoneChange, error) {
	r, err := Resolve(time.UTC, local)
	if err != nil {
		return ZoneChange{}, err
	}
	c := ZoneChange{
		Before: r.At.Plus(-time.Duration(beforeOffset) * time.Second),
		After:  r.At.Plus(-time.Duration(afterOffset) * time.Second),
	}
	c.Recompute = !fired && c.Before.After(now.Time) && c.Before != c.After
	c.NotifyOwners = c.Recompute
	return c, nil
}
