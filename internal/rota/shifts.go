package rota

import (
	"slices"

	"github.com/muster-oncall/muster"
)

// Shift is one concrete stretch of duty. Without people it is a gap: told, not left out.
type Shift struct {
	Role     muster.RosterRole
	People   []muster.UserName
	From     muster.Instant
	Until    muster.Instant
	Layer    string // rotation whose turn it is; empty in a gap and under an override
	Turn     int    // number of the rotation's turn, from 0
	Override string // override that decides
	Swap     string // swap that decides
}

// Shifts is the final schedule of a roster role: shifts that tile [from, until) without overlap. Turns that follow each
// other stay apart even when one person has both; what a lower layer does under a higher one does not show. Both instants
// must be set; a window that is not longer than nothing has no shifts.
//
// Its length is the number of turns in the window: who asks for a century gets a century.
func (s *Schedule) Shifts(role muster.RosterRole, from, until muster.Instant) []Shift {
	return s.bench(role).shifts(from.Micros(), until.Micros())
}

// LayerShifts is the schedule of one rotation by itself, as if there were neither other layers nor overrides nor swaps. An
// unknown rotation gives nil.
func (s *Schedule) LayerShifts(rotation string, from, until muster.Instant) []Shift {
	for i := range s.benches {
		for j := range s.benches[i].layers {
			if s.benches[i].layers[j].rotation.Name == rotation {
				b := bench{role: s.benches[i].role, layers: s.benches[i].layers[j : j+1]}
				return b.shifts(from.Micros(), until.Micros())
			}
		}
	}
	return nil
}

// Turn is a turn of a rotation, whole, as [muster.ShiftRef] names it.
type Turn struct {
	Ref    muster.ShiftRef // User is the first of People
	Role   muster.RosterRole
	People []muster.UserName
	From   muster.Instant
	Until  muster.Instant
}

// TurnAt finds the turn of a rotation that covers a moment; false between turns and for unknown rotations.
func (s *Schedule) TurnAt(rotation string, at muster.Instant) (Turn, bool) {
	for i := range s.benches {
		for j := range s.benches[i].layers {
			l := &s.benches[i].layers[j]
			if l.rotation.Name != rotation || l.problem != "" || at.Micros() < l.start || at.Micros() >= l.end {
				continue
			}
			k, _, _, on := l.spanAt(at.Micros())
			people := l.people(k)
			if !on || len(people) == 0 {
				return Turn{}, false
			}
			begin := max(l.begin(k), l.start)
			return Turn{
				Ref:  muster.ShiftRef{Rotation: rotation, User: people[0], Start: instant(begin).In(l.zone).Format(muster.LocalMinute)},
				Role: s.benches[i].role, People: slices.Clone(people), From: instant(begin), Until: instant(l.finish(k)),
			}, true
		}
	}
	return Turn{}, false
}

func (b *bench) shifts(from, until int64) (out []Shift) {
	m := make(memory, len(b.layers))
	for at := from; at < until; {
		s := b.atBy(m, at)
		begin := at // what is told for a month only may have begun before
		at = s.until
		if n := len(out); n > 0 && s.gap() && len(out[n-1].People) == 0 && out[n-1].Override == "" {
			out[n-1].Until = instant(min(s.until, until)) // between nobody and nobody there is no hand-off
			continue
		}
		sh := Shift{
			Role: b.role, People: slices.Clone(s.people),
			From: instant(begin), Until: instant(min(s.until, until)),
		}
		if s.layer != nil {
			sh.Layer, sh.Turn = s.layer.rotation.Name, int(s.turn)
		}
		switch {
		case s.patch == nil:
		case s.patch.override != nil:
			sh.Override = s.patch.override.ID
		default:
			sh.Swap = s.patch.swap.ID
		}
		out = append(out, sh)
	}
	return out
}
