package query

import "github.com/muster-oncall/muster/internal/plan"

// Names under which surfaces can speak of values that read models carry from plan.
type (
	Person    = plan.Person
	OnCallRow = plan.Row

	ShiftChange = plan.ShiftChange
)

// ReachesNobody is the word with which somebody accepts a change that reaches nobody.
const ReachesNobody = plan.ReachesNobody
