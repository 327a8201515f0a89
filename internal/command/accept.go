package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// AcceptWarning says that a warning about a roster is known and stays as it is for a while.
type AcceptWarning struct {
	Roster   muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Kind     string            `json:"kind" arg:"2" doc:"the kind of the warning: long_shift"`
	Role     muster.RosterRole `json:"role,omitempty" doc:"only for this roster role"`
	Rotation string            `json:"rotation,omitempty" doc:"only for this rotation"`
	Person   muster.UserName   `json:"person,omitempty" doc:"only for this person"`
	Why      string            `json:"why" arg:"rest" doc:"why it may stay as it is"`
	Until    muster.Instant    `json:"until" doc:"until when, at most a year from now"`
}

// WithdrawAcceptance takes the acceptance of a warning back.
type WithdrawAcceptance struct {
	Roster   muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Kind     string            `json:"kind" arg:"2" doc:"the kind of the warning: long_shift"`
	Role     muster.RosterRole `json:"role,omitempty" doc:"the roster role that was named"`
	Rotation string            `json:"rotation,omitempty" doc:"the rotation that was named"`
	Person   muster.UserName   `json:"person,omitempty" doc:"the person who was named"`
}

// longestAcceptance is how long a warning can stay accepted before somebody looks at it again.
const longestAcceptance = 366 * 24 * time.Hour

// sameAcceptance says that two acceptances are about the same warning.
func sameAcceptance(a, b muster.Acceptance) bool {
	return a.Kind == b.Kind && a.Role == b.Role && a.Rotation == b.Rotation && a.Person == b.Person
}

func (c *Call) acceptWarning(in AcceptWarning) (*muster.Acceptance, error) {
	r, err := c.roster(in.Roster)
	if err != nil {
		return nil, err
	}
	if err := c.mustOwn(r.Team, "which warnings of the roster "+string(r.Name)+" are accepted"); err != nil {
		return nil, err
	}
	var wrong []muster.FieldError
	bad := func(path, message string) { wrong = append(wrong, muster.FieldError{Path: path, Message: message}) }
	if kinds := rota.WarningKinds(); !slices.Contains(kinds, rota.WarningKind(in.Kind)) {
		names := make([]string, len(kinds))
		for i, k := range kinds {
			names[i] = string(k)
		}
		hint := cmp.Or(orDidYouMean(in.Kind, names), ": there are "+strings.Join(names, ", "))
		bad("kind", fmt.Sprintf("%q is not a kind of warning%s", muster.Clip(in.Kind, 40), hint))
	}
	if in.Role != "" {
		wrong = append(wrong, c.checkRole(in.Role)...)
	}
	if in.Rotation != "" {
		wrong = append(wrong, checkRotation("rotation", r, in.Rotation)...)
	}
	if in.Person != "" {
		wrong = append(wrong, c.checkHolder("person", in.Person)...)
	}
	if strings.TrimSpace(in.Why) == "" {
		bad("why", "is missing: say why the warning may stay as it is")
	}
	switch {
	case in.Until.IsZero():
		bad("until", "is missing: an accepted warning comes back one day")
	case !in.Until.After(c.Now().Time):
		bad("until", "must be later than now")
	case in.Until.Sub(c.Now().Time) > longestAcceptance:
		bad("until", "must be at most a year from now: then somebody looks at it again")
	}
	if err := muster.Invalid("The warning cannot be accepted", wrong); err != nil {
		return nil, err
	}
	a := muster.Acceptance{
		Kind: in.Kind, Role: in.Role, Rotation: in.Rotation, Person: in.Person, Why: muster.CleanText(in.Why, 500), Until: in.Until,
		By: c.Actor.User, At: c.Now(),
	}
	next := *r
	next.Accepted = slices.DeleteFunc(slices.Clone(r.Accepted), func(o muster.Acceptance) bool {
		return sameAcceptance(a, o) || (o.By != "" && !o.Until.After(c.Now().Time)) // what has lapsed says nothing any more
	})
	next.Accepted = append(next.Accepted, a)
	_, err = c.changeShifts(&next, "warning "+a.Kind+" accepted: "+a.Why)
	return &a, err
}

func (c *Call) withdrawAcceptance(in WithdrawAcceptance) (muster.Nothing, error) {
	r, err := c.roster(in.Roster)
	if err != nil {
		return muster.Nothing{}, err
	}
	if err := c.mustOwn(r.Team, "which warnings of the roster "+string(r.Name)+" are accepted"); err != nil {
		return muster.Nothing{}, err
	}
	a := muster.Acceptance{Kind: in.Kind, Role: in.Role, Rotation: in.Rotation, Person: in.Person}
	next := *r
	next.Accepted = slices.DeleteFunc(slices.Clone(r.Accepted), func(o muster.Acceptance) bool { return sameAcceptance(a, o) })
	if len(next.Accepted) == len(r.Accepted) {
		return muster.Nothing{}, muster.Errorf(muster.ErrNotFound, "The roster %s has no such accepted warning.", r.Name)
	}
	_, err = c.changeShifts(&next, "warning "+in.Kind+" not accepted any more")
	return muster.Nothing{}, err
}
