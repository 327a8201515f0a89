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
	Layer    string // rotation that decides
	Turn     int    // number of the rotation's turn, from 0
	Override string // override that decides
}

// Shifts is the final schedule of a roster role: shifts that tile [from, until) without overlap. Turns that follow each
// other stay apart even when one person has both; what a lower layer does under a higher one does not show. Both instants
// must be set; a window that is not longer than nothing has no shifts.
//
// Its length is the number of turns in the window: who asks for a century gets a century.
func Shifts(z *Zones, r *muster.Roster, role muster.RosterRole, from, until muster.Instant) []Shift {
	b := newBench(z, r, role)
	return b.shifts(from.Micros(), until.Micros())
}

// LayerShifts is the schedule of one rotation by itself, as if there were neither other layers nor overrides. An unknown
// rotation gives nil.
func LayerShifts(z *Zones, r *muster.Roster, rotation string, from, until muster.Instant) []Shift {
	i := slices.IndexFunc(r.Rotations, func(x muster.Rotation) bool { return x.Name == rotation })
	if i < 0 {
		return nil
	}
	b := bench{role: r.Rotations[i].Role, layers: []layer{newLayer(z, &r.Rotations[i])}}
	return b.shifts(from.Micros(), until.Micros())
}

func (b *bench) shifts(from, until int64) (out []Shift) {
	for at := from; at < until; {
		s := b.at(at)
		sh := Shift{
			Role: b.role, People: slices.Clone(s.people), Turn: int(s.turn),
			From: instant(max(s.from, from)), Until: instant(min(s.until, until)),
		}
		if s.layer != nil {
			sh.Layer = s.layer.rotation.Name
		}
		if s.override != nil {
			sh.Override = s.override.ID
		}
		out = append(out, sh)
		at = s.until
	}
	return out
}
