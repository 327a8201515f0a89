package rota

import (
	"cmp"
	"slices"

	"github.com/muster-oncall/muster"
)

// LeaveConflict is a stretch of on-call duty that falls into days off.
type LeaveConflict struct {
	Leave  muster.Leave
	Roster muster.RosterName
	Role   muster.RosterRole
	Person muster.UserName
	Layer  string         // rotation whose turn it is; empty under an override
	From   muster.Instant // where shift and leave overlap
	Until  muster.Instant
}

// LeaveConflicts finds who is on call during days off between two instants: somebody during leave of their own, and
// everybody whom a public holiday concerns, by the zone in which they live. Turns of one person that follow each other
// within one leave are one conflict. The earliest comes first.
func LeaveConflicts(s *Schedule, days []muster.Leave, zoneOf func(muster.UserName) string, from, until muster.Instant) (out []LeaveConflict) {
	var everybody []muster.UserName
	for i := range days {
		l := &days[i]
		lo, hi := latest(from, l.From), earliest(until, l.Until)
		if !lo.Before(hi.Time) {
			continue
		}
		if l.Person != "" {
			if everybody == nil {
				everybody = s.roster.Everybody()
			}
			if !slices.Contains(everybody, l.Person) {
				continue
			}
		}
		for _, role := range s.Roles() {
			out = append(out, s.leaveConflicts(l, role, zoneOf, lo, hi)...)
		}
	}
	slices.SortStableFunc(out, func(a, b LeaveConflict) int {
		return cmp.Or(a.From.Compare(b.From.Time), cmp.Compare(a.Person, b.Person), a.Until.Compare(b.Until.Time))
	})
	return out
}

func (s *Schedule) leaveConflicts(l *muster.Leave, role muster.RosterRole, zoneOf func(muster.UserName) string, lo, hi muster.Instant) (out []LeaveConflict) {
	last := map[muster.UserName]int{}
	for _, sh := range s.Shifts(role, lo, hi) {
		for _, u := range sh.People {
			if !l.Concerns(u, zoneOf(u)) {
				continue
			}
			if i, ok := last[u]; ok && out[i].Until == sh.From {
				out[i].Until = sh.Until
				continue
			}
			last[u] = len(out)
			out = append(out, LeaveConflict{Leave: *l, Roster: s.roster.Name, Role: role, Person: u, Layer: sh.Layer, From: sh.From, Until: sh.Until})
		}
	}
	return out
}

func latest(a, b muster.Instant) muster.Instant {
	if b.After(a.Time) {
		return b
	}
	return a
}

func earliest(a, b muster.Instant) muster.Instant {
	if b.Before(a.Time) {
		return b
	}
	return a
}
