package rota

import (
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// wholeMargin is how far outside of a window the ends of shifts are looked for. Longer ones are cut there.
const wholeMargin = 62 * 24 * time.Hour

// WholeShifts gives the shifts of a role that touch a window, with the ends that they have, not cut by the window. Gaps are
// left out; an override that puts nobody on call is one.
func (s *Schedule) WholeShifts(role muster.RosterRole, from, until muster.Instant) []Shift {
	if !from.Before(until.Time) {
		return nil
	}
	return slices.DeleteFunc(s.Shifts(role, from.Plus(-wholeMargin), until.Plus(wholeMargin)), func(sh Shift) bool {
		return len(sh.People) == 0 || !sh.Until.After(from.Time) || !sh.From.Before(until.Time)
	})
}
