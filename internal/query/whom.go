package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// AskWhom asks who could take over in a window.
type AskWhom struct {
	Roster muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Role   muster.RosterRole `json:"role,omitempty" query:"role" doc:"primary or secondary; primary when empty"`
	From   muster.Instant    `json:"from,omitzero" query:"from" doc:"from when; now when empty"`
	Until  muster.Instant    `json:"until,omitzero" query:"until" doc:"until when; a day later when empty"`
}

// Candidate is somebody who could take over, or why not.
type Candidate struct {
	Person  muster.UserName `json:"person"`
	Name    string          `json:"name"`
	Can     bool            `json:"can"`
	Past    float64         `json:"past_hours"` // on call in the last 30 days, in all rosters
	Next    float64         `json:"next_hours"` // and in the next 14
	Nights  int             `json:"nights"`     // of both
	Pages   int             `json:"pages"`      // of the last 30 days
	Reasons []string        `json:"reasons"`    // sentences: why they come here in the list, or why they cannot
}

// The days that count for whom to ask first.
const (
	whomBack  = 30 * 24 * time.Hour
	whomAhead = 14 * 24 * time.Hour
)

// WhomToAsk lists who could take over a stretch of time, who has had least first; then who cannot, with the reason.
func (q *Queries) WhomToAsk(ctx context.Context, who Viewer, in AskWhom) (muster.Listing[Candidate], error) {
	return ask(ctx, q, who, func(r *read) (muster.Listing[Candidate], error) { return r.whomToAsk(in) })
}

func (r *read) whomToAsk(in AskWhom) (out muster.Listing[Candidate], err error) {
	if r.cat.Rosters[in.Roster] == nil {
		return out, noDocument(r.cat, muster.KindRosters, string(in.Roster))
	}
	in.Role = cmp.Or(in.Role, muster.PrimaryResponder)
	if in.From.IsZero() {
		in.From = r.Now()
	}
	if in.Until.IsZero() {
		in.Until = in.From.Plus(24 * time.Hour)
	}
	var wrong []muster.FieldError
	if !slices.Contains(muster.RosterRoles(), in.Role) {
		wrong = append(wrong, muster.FieldError{Path: "role", Message: fmt.Sprintf("%q is not a roster role: primary, secondary or shadow", muster.Clip(string(in.Role), 40))})
	}
	if d := in.Until.Sub(in.From.Time); d <= 0 || d > 92*24*time.Hour {
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be later than from, by at most 92 days"})
	}
	if err := muster.Invalid("The window is not right", wrong); err != nil {
		return out, err
	}
	past, err := r.shares(AskFairness{From: r.Now().Plus(-whomBack), Until: r.Now()})
	if err != nil {
		return out, err
	}
	next, err := r.shares(AskFairness{From: r.Now(), Until: r.Now().Plus(whomAhead)})
	if err != nil {
		return out, err
	}
	leave, err := r.LeaveBetween(in.From, in.Until)
	if err != nil {
		return out, err
	}
	contacts, err := everybody(r)
	if err != nil {
		return out, err
	}
	w := whom{
		read: r, in: in, leave: leave, contacts: contacts, duties: r.snap.Duties(in.From, in.Until.Plus(rota.Lookback)), // far enough to tell when shifts end
		past: byPerson(past), next: byPerson(next),
	}
	for _, u := range r.cat.RosterPeople(in.Roster) {
		out.Items = append(out.Items, w.candidate(u))
	}
	slices.SortStableFunc(out.Items, func(a, b Candidate) int {
		if a.Can != b.Can {
			if a.Can {
				return -1
			}
			return 1
		}
		if !a.Can {
			return strings.Compare(a.Name, b.Name)
		}
		return cmp.Or(cmp.Compare(a.Past+a.Next, b.Past+b.Next), cmp.Compare(a.Nights, b.Nights), cmp.Compare(a.Pages, b.Pages), strings.Compare(a.Name, b.Name))
	})
	return whole(out.Items), nil
}

func byPerson(list []plan.Share) map[muster.UserName]plan.Share {
	out := make(map[muster.UserName]plan.Share, len(list))
	for _, s := range list {
		out[s.Person] = s
	}
	return out
}

type whom struct {
	*read
	in         AskWhom
	leave      []muster.Leave
	contacts   plan.Contacts
	duties     *plan.Duties
	past, next map[muster.UserName]plan.Share
}

func (w *whom) candidate(u muster.UserName) Candidate {
	past, next := w.past[u], w.next[u]
	c := Candidate{
		Person: u, Name: w.cat.DisplayName(u), Past: past.Total, Next: next.Total, Nights: past.Nights + next.Nights, Pages: past.Pages, Reasons: w.against(u),
	}
	if c.Can = len(c.Reasons) == 0; c.Can {
		c.Reasons = []string{fmt.Sprintf("%s on call in the last 30 days and %s in the next 14, %s at night.",
			hoursWord(c.Past), hoursWord(c.Next), hoursWord(past.NightHours+next.NightHours))}
		if c.Pages > 0 {
			c.Reasons = append(c.Reasons, fmt.Sprintf("Paged about %d alerts in the last 30 days.", c.Pages))
		}
		for i := range w.leave {
			if l := &w.leave[i]; l.Kind == muster.LeaveHolidays && l.Concerns(u, w.zoneOf(u).String()) {
				c.Reasons = append(c.Reasons, "It is "+l.Words()+" for them.")
				break
			}
		}
	}
	return c
}

func hoursWord(h float64) string {
	if h == 1 {
		return "1 hour"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", h), ".0") + " hours"
}

// against lists why somebody cannot take over.
func (w *whom) against(u muster.UserName) (why []string) {
	zone := w.zoneOf(u)
	tell := func(at muster.Instant) string { return at.In(zone).Format("Mon 2 Jan 15:04") }
	if !slices.ContainsFunc(w.contacts[u], func(c muster.ContactFact) bool { return c.Verified }) {
		why = append(why, "Has no verified contact method.")
	}
	for i := range w.leave {
		if l := &w.leave[i]; l.Kind != muster.LeaveHolidays && l.Concerns(u, zone.String()) {
			why = append(why, fmt.Sprintf("Is on %s from %s until %s.", l.Words(), tell(l.From), tell(l.Until)))
			break
		}
	}
	busy, rest := "", ""
	for _, name := range w.duties.Rosters(u) {
		for _, d := range w.duties.In(name, u) {
			before, after := w.in.From.Sub(d.Until.Time), d.From.Sub(w.in.Until.Time)
			switch {
			case before < 0 && after < 0:
				busy = cmp.Or(busy, fmt.Sprintf("Is on call then: %s, from %s until %s.", d.Title, tell(d.From), tell(d.Until)))
			case before >= 0 && before < rota.EnoughRest && before > 0:
				rest = cmp.Or(rest, fmt.Sprintf("Would have too little rest: the shift in %s before ends at %s.", d.Title, tell(d.Until)))
			case after > 0 && after < rota.EnoughRest:
				rest = cmp.Or(rest, fmt.Sprintf("Would have too little rest: the shift in %s after begins at %s.", d.Title, tell(d.From)))
			}
		}
	}
	if busy != "" {
		return append(why, busy)
	}
	if rest != "" {
		why = append(why, rest)
	}
	return why
}
