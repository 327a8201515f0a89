package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// Next is what Muster does by itself about an alert, and when. It is computed by what the engine will run.
type Next struct {
	Text     string         `json:"text"`     // short: "Noor paged; Tom at 03:26 UTC"
	Sentence string         `json:"sentence"` // long: "Muster pages Tom at 03:26 UTC unless somebody acknowledges."; "" when nothing follows
	At       muster.Instant `json:"at"`       // null: nothing follows by itself
	Paged    []plan.Person  `json:"paged"`    // who was paged and has not answered
	People   []plan.Person  `json:"people"`   // who is paged then
}

// involved lists everybody whom an alert's escalation may page.
func (r *read) involved(e *muster.Escalation) []muster.UserName {
	if e == nil {
		return nil
	}
	return plan.Involved(r.snap, &e.Policy)
}

// next says what follows for an alert. e may be nil; pages are those of the alert.
func (r *read) next(a *muster.Alert, e *muster.Escalation, pages []*muster.Page) (Next, error) {
	n := Next{At: a.NextWakeAt, Paged: []plan.Person{}, People: []plan.Person{}}
	switch {
	case a.Status == muster.AlertResolved:
		n.Text, n.At = resolvedText(a, r.who.Zone, r.Now()), muster.Instant{}
		return n, nil
	case a.Status == muster.AlertAcknowledged:
		return r.nextAcknowledged(n, a, e), nil
	case a.Suppressed != nil:
		until := moment(a.Suppressed.Until, r.Now(), r.who.Zone)
		n.Text = "Silenced until " + until
		n.Sentence = "The silence " + string(a.Suppressed.By) + " holds pages back until " + until + ". If the alert is still open then, Muster pages."
		n.At = a.Suppressed.Until
	case a.Triage:
		n.Text = "Waits to be confirmed"
		n.Sentence = "Muster pages nobody until somebody confirms the alert."
	case a.Recorded:
		n.Text, n.Sentence = "Recorded", "Its route records it: nobody is paged about it."
		return n, nil
	case a.Group != "" && e != nil && e.Status == muster.EscalationPaused:
		n.Text, n.Sentence, n.At = "Joined another alert", "It joined another alert, and pages nobody by itself while that one is not over.", muster.Instant{}
		return n, nil
	case a.HoldUntil.After(r.Now().Time) && e != nil && e.Status == muster.EscalationPaused:
		until := moment(a.HoldUntil, r.Now(), r.who.Zone)
		n.Text = "Waits until " + until + " whether it passes"
		n.Sentence = "Its route waits until " + until + " before it pages anybody. If it is over by then, it is counted as a flap."
		n.At = a.HoldUntil
	case e == nil || e.Status == muster.EscalationEnded:
		n.Text = "Nobody is paged about it"
	default:
		return r.nextRunning(n, a, e, pages)
	}
	people, err := r.wouldPage(e, escalate.Event{Kind: escalate.Release}, r.Now())
	n.People = people
	return n, err
}

func resolvedText(a *muster.Alert, zone *time.Location, now muster.Instant) string {
	text := "Resolved"
	if a.ResolvedBy != nil && a.ResolvedBy.Name != "" {
		text += " by " + a.ResolvedBy.Name
	}
	return text + " at " + moment(a.ResolvedAt, now, zone)
}

func (r *read) nextAcknowledged(n Next, a *muster.Alert, e *muster.Escalation) Next {
	n.Text = "Acknowledged"
	who := "the acknowledgement"
	if a.AcknowledgedBy != nil && a.AcknowledgedBy.Name != "" {
		n.Text = a.AcknowledgedBy.Name + " has it"
		who = a.AcknowledgedBy.Name + "'s acknowledgement"
	}
	if a.NextWakeAt.IsZero() {
		return n
	}
	at := moment(a.NextWakeAt, r.Now(), r.who.Zone)
	n.Text += "; pages again at " + at
	n.Sentence = "Muster pages again at " + at + ", when " + who + " runs out."
	if z := a.Snooze; z != nil {
		n.Text = z.By.Name + " snoozed it; pages again at " + at
		n.Sentence = "Muster pages again at " + at + ", when the snooze of " + z.By.Name + " ends."
		return n
	}
	if e != nil {
		n.Sentence = "Muster pages again at " + at + ", when " + who + " runs out after " + e.Policy.AckTimeout.String() + "."
	}
	return n
}

func (r *read) nextRunning(n Next, a *muster.Alert, e *muster.Escalation, pages []*muster.Page) (Next, error) {
	paged, later := r.pagedNow(e, pages)
	n.Paged = append(n.Paged, paged...)
	people, at, err := r.nextStep(begun(e, pages), a.NextWakeAt)
	if err != nil {
		return n, err
	}
	n.People, n.At = people, at
	var parts []string
	if a.AcksNeeded > 1 && len(a.Acks) > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d have acknowledged", len(a.Acks), a.AcksNeeded))
	}
	switch {
	case !e.WaitsUntil.IsZero():
		parts = append(parts, "Waits until somebody is on call, at most until "+moment(e.WaitsUntil, r.Now(), r.who.Zone))
	case len(paged) > 0 && e.Status == muster.EscalationExhausted:
		parts = append(parts, "Nobody answered; "+names(paged)+" paged")
	case len(paged) > 0:
		parts = append(parts, names(paged)+" paged")
	case len(later) == 0:
		parts = append(parts, "Nobody was reached")
	}
	parts = append(parts, later...)
	if !at.IsZero() {
		when := "at " + moment(at, r.Now(), r.who.Zone)
		if !at.After(r.Now().Time) { // due, and the engine is about to take it
			when = "any moment now"
		}
		switch {
		case len(people) == 0 && !e.WaitsUntil.IsZero():
			n.Sentence = "The step waits until somebody is on call, at most until " + moment(e.WaitsUntil, r.Now(), r.who.Zone) + ". Muster looks again " + when + "."
		case len(people) == 0:
			parts = append(parts, "tries again "+when)
			n.Sentence = "Muster looks for somebody to page again " + when + "."
		case samePeople(people, paged):
			parts = append(parts, "again "+when)
			n.Sentence = "Muster pages " + names(people) + " again " + when + " unless somebody acknowledges."
		default:
			parts = append(parts, names(people)+" "+when)
			n.Sentence = "Muster pages " + names(people) + " " + when + " unless somebody acknowledges."
		}
	}
	n.Text = strings.Join(parts, "; ")
	return n, nil
}

// pagedNow lists whom the step that was taken last has paged, and says when those follow whose first page is not due yet.
func (r *read) pagedNow(e *muster.Escalation, pages []*muster.Page) (paged []plan.Person, later []string) {
	first := map[muster.UserName]muster.Instant{} // the earliest page that is still to come
	seen := map[muster.UserName]bool{}
	var order []muster.UserName
	for _, p := range pages {
		byHand := p.Escalation == ""
		if slices.ContainsFunc(e.Acked, func(k muster.Acknowledgement) bool { return k.User == p.Person }) {
			continue // they have answered
		}
		if p.State == muster.PageFailed || p.State == muster.PageCancelled || (!byHand && (p.Step != e.Step || p.Round != e.Round)) {
			continue
		}
		if p.State == muster.PagePlanned && p.DueAt.After(r.Now().Time) {
			if was, ok := first[p.Person]; !ok || p.DueAt.Before(was.Time) {
				first[p.Person] = p.DueAt
			}
		} else {
			seen[p.Person] = true
		}
		if !slices.Contains(order, p.Person) {
			order = append(order, p.Person)
		}
	}
	for _, u := range order {
		if seen[u] {
			paged = append(paged, r.person(u))
		} else {
			later = append(later, r.cat.DisplayName(u)+" at "+moment(first[u], r.Now(), r.who.Zone))
		}
	}
	return paged, later
}

// begun is the escalation with the first real attempt of its step, as the timer will find it: a step that Muster was late
// to begin keeps its full wait.
func begun(e *muster.Escalation, pages []*muster.Page) *muster.Escalation {
	run := *e
	var first muster.Instant
	for _, p := range pages {
		if p.Escalation != e.ID || p.Step != e.Step || p.Round != e.Round || p.StartedAt.IsZero() {
			continue
		}
		if first.IsZero() || p.StartedAt.Before(first.Time) {
			first = p.StartedAt
		}
	}
	if !first.IsZero() {
		run.StepStarted = first
	}
	return &run
}

// nextStep plays the timer that is set: whom it pages, and when.
func (r *read) nextStep(e *muster.Escalation, at muster.Instant) ([]plan.Person, muster.Instant, error) {
	if at.IsZero() {
		return []plan.Person{}, at, nil
	}
	contacts, err := r.contactsOf(r.involved(e))
	if err != nil {
		return nil, at, err
	}
	days, err := r.daysOff(&e.Policy, at)
	if err != nil {
		return nil, at, err
	}
	if e.Turns, err = r.lastTurns(&e.Policy); err != nil {
		return nil, at, err
	}
	_, eff := plan.Escalate(r.snap, contacts, *e, escalate.Event{Kind: escalate.Timer}, at, days...)
	if eff.Taken == nil && eff.Wake.After(at.Time) { // the timer will find that it is too early
		at = eff.Wake
		_, eff = plan.Escalate(r.snap, contacts, *e, escalate.Event{Kind: escalate.Timer}, at, days...)
	}
	return r.planned(eff.Pages), at, nil
}

// wouldPage says whom an event would page.
func (r *read) wouldPage(e *muster.Escalation, ev escalate.Event, at muster.Instant) ([]plan.Person, error) {
	if e == nil {
		return []plan.Person{}, nil
	}
	contacts, err := r.contactsOf(r.involved(e))
	if err != nil {
		return nil, err
	}
	days, err := r.daysOff(&e.Policy, at)
	if err != nil {
		return nil, err
	}
	if e.Turns, err = r.lastTurns(&e.Policy); err != nil {
		return nil, err
	}
	_, eff := plan.Escalate(r.snap, contacts, *e, ev, at, days...)
	return r.planned(eff.Pages), nil
}

// lastTurns reads who had the last turn of a policy's steps with turns.
func (r *read) lastTurns(p *muster.Policy) (map[int]muster.UserName, error) {
	if !plan.TakesTurns(p) {
		return nil, nil
	}
	return store.Turns(r, p.Name)
}

// everyTurn reads who had the last turn of every policy whose people take turns.
func (r *read) everyTurn() (map[muster.PolicyName]map[int]muster.UserName, error) {
	out := map[muster.PolicyName]map[int]muster.UserName{}
	for name, p := range r.cat.Policies {
		turns, err := r.lastTurns(p)
		if err != nil {
			return nil, err
		}
		if turns != nil {
			out[name] = turns
		}
	}
	return out, nil
}

// planned lists the people of planned pages, each once.
func (r *read) planned(pages []muster.Planned) []plan.Person {
	out := []plan.Person{}
	for _, p := range pages {
		if !slices.ContainsFunc(out, func(o plan.Person) bool { return o.ID == p.User }) {
			out = append(out, plan.Person{ID: p.User, Name: p.Name})
		}
	}
	return out
}

func samePeople(a, b []plan.Person) bool {
	if len(a) != len(b) {
		return false
	}
	for _, p := range a {
		if !slices.ContainsFunc(b, func(o plan.Person) bool { return o.ID == p.ID }) {
			return false
		}
	}
	return true
}

// names joins people: "Ana, Ravi and Chen".
func names(people []plan.Person) string {
	list := make([]string, len(people))
	for i, p := range people {
		list[i] = p.Name
	}
	return listed(list)
}

// listed joins words as people do.
func listed(list []string) string {
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}

// moment tells an instant near now: the time, with the day when it is not the same one, and "UTC" where there is no zone.
func moment(at, now muster.Instant, zone *time.Location) string {
	suffix := ""
	if zone == nil || zone == time.UTC {
		zone, suffix = time.UTC, " UTC"
	}
	t, n := at.In(zone), now.In(zone)
	y1, m1, d1 := t.Date()
	y2, m2, d2 := n.Date()
	switch {
	case y1 == y2 && m1 == m2 && d1 == d2:
		return t.Format("15:04") + suffix
	case at.Sub(now.Time).Abs() < 6*24*time.Hour:
		return t.Format("Mon 15:04") + suffix
	case y1 == y2:
		return t.Format("2 Jan 15:04") + suffix
	}
	return t.Format("2 Jan 2006 15:04") + suffix
}
