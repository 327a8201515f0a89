package rota

import (
	"slices"

	"github.com/muster-oncall/muster"
)

// TurnOf finds the turn that a reference means, whole, as swaps find theirs. A text says why there is none.
func (s *Schedule) TurnOf(ref muster.ShiftRef) (Turn, string) {
	p, why := s.turnOf(ref)
	if why != "" {
		return Turn{}, why
	}
	begin := max(p.layer.begin(p.turn), p.layer.start)
	return Turn{
		Ref:    muster.ShiftRef{Rotation: ref.Rotation, User: ref.User, Start: instant(begin).In(p.layer.zone).Format(muster.LocalMinute)},
		Role:   p.layer.rotation.Role,
		People: slices.Clone(p.layer.people(p.turn)), From: instant(begin), Until: instant(p.layer.finish(p.turn)),
	}, ""
}
