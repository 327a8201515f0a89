package plan

import (
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

// Question asks who is paged, and why. With a Run it is about an alert that was; without one it is about an alert that
// might be.
type Question struct {
	// An alert that was: its first signal, when it was received, the revision that routed it, and its escalation with the
	// policy that it took and the steps that were taken. Without Signal only the steps are told.
	Signal     *muster.Signal
	ReceivedAt muster.Instant
	Revision   muster.Revision
	Run        *muster.Escalation
	Pages      []*muster.Page  // about the alert, as they were written, oldest first: their words go before those of today
	Kept       []muster.Reason // why the alert is as it is, as it was written: that it joined another one is told from here

	// An alert that might be: at At, with the catalog of Revision, a Signal, or only a service and a severity. Contacts are
	// those of everybody involved (see [Involved]).
	At       muster.Instant
	Service  muster.ServiceName
	Severity muster.AlertSeverity
	Contacts Contacts
	Away     []muster.Leave                                // days off that are known of
	Turns    map[muster.PolicyName]map[int]muster.UserName // who had the last turn of steps with turns
}

// maxPreview bounds how many steps of an alert that might be are told.
const maxPreview = 60

// Explain answers a question by running the functions that decided, with the facts that were kept.
func Explain(h History, q Question) (muster.Explanation, error) {
	if q.Run != nil {
		return explainRun(h, q)
	}
	return preview(h, q)
}

func explainRun(h History, q Question) (muster.Explanation, error) {
	x := muster.Explanation{At: q.ReceivedAt, Revision: q.Revision, People: []muster.Planned{}}
	if q.Signal != nil {
		s, err := h.At(q.Revision)
		if err != nil {
			return x, fmt.Errorf("explain how the alert was routed: %w", err)
		}
		x.Steps = append(x.Steps, Arrive(s, q.Signal, q.ReceivedAt).Reasons...)
		for _, r := range q.Kept {
			if r.Facts["group"] != "" { // which alerts were open then is no fact of the catalog
				x.Steps = append(x.Steps, r)
			}
		}
	}
	for i, t := range q.Run.Taken {
		s, err := h.At(t.Revision)
		if err != nil {
			return x, fmt.Errorf("explain step %d: %w", t.Step, err)
		}
		_, eff := Retake(s, *q.Run, i)
		var pages, notes bool
		eff.Pages, pages = asKept(s, eff.Pages, pagesOfStep(q, i), t.Contacts)
		eff.Notes, notes = asSaid(t, eff.Notes)
		if today := s.Zones.Data(); (pages || notes) && t.Zones != today.Version() {
			facts := map[string]string{"zones": today.Version()}
			if t.Zones != "" {
				facts["decided_with"] = t.Zones
			}
			eff.Notes = append(eff.Notes, muster.Reason{
				Kind: muster.ReasonCondition, Ref: "zones", Revision: t.Revision, Facts: facts,
				Text: fmt.Sprintf("Step %d is told as it was decided then. With today's zone data, %s, it would read differently.", t.Step, today),
			})
		}
		tell(&x, eff)
	}
	if len(q.Run.Taken) == 0 {
		x.Steps = append(x.Steps, muster.Reason{Kind: muster.ReasonNobody, Text: "No step was taken yet: nobody was paged."})
	}
	return x, nil
}

// Retake takes a step of an escalation again, number i of run.Taken, with the snapshot of that step's revision: the same
// function with the same facts, hence the same pages and reasons.
func Retake(s *Snapshot, run muster.Escalation, i int) (muster.Escalation, escalate.Effects) {
	t := run.Taken[i]
	e := run
	e.Taken = slices.Clone(run.Taken[:i])
	e.Step, e.Round, e.Status = 0, 0, ""
	e.StepAt, e.StepStarted = muster.Instant{}, t.Started
	e.Acked, e.Turns, e.WaitsUntil = t.Acked, t.Turns, muster.Instant{}
	if i > 0 {
		before := run.Taken[i-1]
		e.Step, e.Round, e.StepAt, e.Status = before.Step, before.Round, before.At, muster.EscalationRunning
		if before.Fallback {
			e.Status = muster.EscalationExhausted
		}
		e.WaitsUntil = before.Waits
	}
	ev := escalate.Event{Kind: escalate.EventKind(t.Event), Because: t.Because}
	switch ev.Kind {
	case escalate.Unack: // acknowledged before, at an instant that decides nothing
		e.Status, e.StepAt = muster.EscalationPaused, t.At
	case escalate.Release:
		e.Status, e.StepAt = muster.EscalationPaused, muster.Instant{}
	case "": // kept before the event was
		ev.Kind = escalate.Timer
		if i == 0 {
			ev.Kind = escalate.Start
		}
	case escalate.Start, escalate.Timer, escalate.Escalate, escalate.Again, escalate.Hold, escalate.Ack, escalate.Resolve:
	}
	e, eff := Escalate(s, t.Contacts, e, ev, t.At, t.Away...)
	GatherPages(s, &eff, t.Gathered)
	return e, eff
}

// tell adds what a step did: its policy first, then what was passed over, then each page's reasons, each sentence once.
func tell(x *muster.Explanation, eff escalate.Effects) {
	from := len(x.Steps)
	add := func(list ...muster.Reason) {
		for _, r := range list {
			if !slices.ContainsFunc(x.Steps[from:], func(o muster.Reason) bool { return o.Kind == r.Kind && o.Ref == r.Ref && o.Text == r.Text }) {
				x.Steps = append(x.Steps, r)
			}
		}
	}
	paged := slices.Concat(eff.Pages, eff.Gathered)
	if len(paged) > 0 && len(paged[0].Reasons) > 0 {
		add(paged[0].Reasons[0])
	}
	add(eff.Notes...)
	for _, p := range paged {
		add(p.Reasons...)
	}
	x.People = append(x.People, paged...)
	for _, i := range eff.Informed {
		add(i.Reasons...)
	}
	x.Informed = append(x.Informed, eff.Informed...)
	x.Told = append(x.Told, eff.Told...)
}

// preview plays an alert that might be until its policy is used up, as if nobody ever answered.
func preview(h History, q Question) (muster.Explanation, error) {
	x := muster.Explanation{At: q.At, Revision: q.Revision, People: []muster.Planned{}}
	s, err := h.At(q.Revision)
	if err != nil {
		return x, fmt.Errorf("explain who would be paged: %w", err)
	}
	x.Revision = s.Catalog.Revision
	sig := q.Signal
	if sig == nil {
		if s.Catalog.Services[q.Service] == nil {
			return x, muster.Errorf(muster.ErrNotFound, "There is no service called %q.", muster.Clip(string(q.Service), 70))
		}
		sig = &muster.Signal{Service: q.Service, Severity: q.Severity, Title: s.Catalog.ServiceTitle(q.Service), State: muster.SignalFiring}
	}
	a := Arrive(s, sig, q.At)
	x.Steps = a.Reasons
	if q.Signal == nil {
		x.Steps = a.Decision.Reasons // it has no source, and no fingerprint
	}
	if a.Decision.Record {
		return x, nil
	}
	e := muster.Escalation{Policy: *a.Policy, Revision: a.PolicyRevision, Urgency: a.Decision.Urgency, Severity: sig.Severity, Turns: q.Turns[a.Policy.Name]}
	at := q.At
	ev := FirstEvent(a)
	for looks := 0; len(e.Taken) < maxPreview && looks < 10*maxPreview; looks++ { // a step that waits looks often
		var eff escalate.Effects
		e, eff = Escalate(s, q.Contacts, e, ev, at, q.Away...)
		tell(&x, eff)
		if eff.Taken != nil {
			e.Taken = append(e.Taken, *eff.Taken)
		}
		e.Turns = Turned(e.Turns, eff.Turns)
		if eff.Wake.IsZero() || e.Status == muster.EscalationExhausted {
			break
		}
		at, ev = eff.Wake, escalate.Event{Kind: escalate.Timer}
		if eff.WakeKind == muster.TimerSilenceEnd {
			ev.Kind = escalate.Release
		}
	}
	if len(x.People) == 0 {
		x.Steps = append(x.Steps, muster.Reason{Kind: muster.ReasonNobody, Text: "Nobody would be paged."})
	}
	return x, nil
}

// FirstEvent is how the escalation of an alert that arrived begins: it pages at once, or is held back by a silence or
// until a person confirms the alert.
func FirstEvent(a Arrival) escalate.Event {
	switch {
	case a.Decision.Suppressed != nil:
		return escalate.Event{Kind: escalate.Hold, Until: a.Decision.Suppressed.Until}
	case a.Decision.Triage:
		return escalate.Event{Kind: escalate.Hold}
	case !a.Decision.HoldUntil.IsZero():
		return escalate.Event{Kind: escalate.Hold, Until: a.Decision.HoldUntil}
	}
	return escalate.Event{Kind: escalate.Start}
}
