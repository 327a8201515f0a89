package command

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
)

// step runs an event of the escalation of an alert and gathers what follows.
func (c *Call) step(r *rows, a *muster.Alert, event escalate.Event) error {
	_, err := c.stepped(r, a, event)
	return err
}

// stepped is step, and gives the escalation as it is afterwards; nil when there is none.
func (c *Call) stepped(r *rows, a *muster.Alert, event escalate.Event) (*muster.Escalation, error) {
	e, err := r.runOf(c, a.ID)
	if err != nil || e == nil {
		return nil, err
	}
	if event.Kind == escalate.Resolve { // pages nobody: there is nobody to look up
		run, eff := plan.Escalate(c.Snap, nil, *e, event, c.Now())
		r.runs = append(r.runs, &run)
		return &run, c.apply(r, a, &run, eff)
	}
	contacts, err := c.contactsFor(&e.Policy)
	if err != nil {
		return nil, err
	}
	days, err := c.daysOff(&e.Policy)
	if err != nil {
		return nil, err
	}
	if e.Turns, err = c.turns(&e.Policy); err != nil {
		return nil, err
	}
	run, eff := plan.Escalate(c.Snap, contacts, *e, event, c.Now(), days...)
	r.runs = append(r.runs, &run)
	return &run, c.apply(r, a, &run, eff)
}

// runOf is the escalation of an alert, as an earlier event of the same command left it.
func (r *rows) runOf(c *Call, a muster.AlertID) (*muster.Escalation, error) {
	for i, run := range slices.Backward(r.runs) {
		if run.Alert == a {
			r.runs = slices.Delete(r.runs, i, i+1)
			return run, nil
		}
	}
	return c.EscalationOf(a)
}

// maxRearm bounds how often a step that could not be begun waits again.
const maxRearm = 3

// fireEscalate is the timer of the next step. A step that Muster itself was late to begin keeps its full wait (I15).
func (c *Call) fireEscalate(t *muster.Timer) error {
	a, err := c.Alert(muster.AlertID(t.Ref))
	if err != nil {
		return err
	}
	e, err := c.EscalationOf(a.ID)
	if err != nil || e == nil || e.Generation != t.Generation || a.Status != muster.AlertOpen {
		return err
	}
	pages, err := c.PagesSince(a.ID, e.StepAt) // those of the step that runs
	if err != nil {
		return err
	}
	c.countUnproved(e, pages)
	gathered, err := c.IsGathered(a.ID)
	if err != nil {
		return err
	}
	e.StepStarted = c.firstStart(e, pages, gathered, c.Now().Sub(t.DueAt.Time))
	contacts, err := c.contactsFor(&e.Policy)
	if err != nil {
		return err
	}
	days, err := c.daysOff(&e.Policy)
	if err != nil {
		return err
	}
	if e.Turns, err = c.turns(&e.Policy); err != nil {
		return err
	}
	var r rows
	run, eff := plan.Escalate(c.Snap, contacts, *e, escalate.Event{Kind: escalate.Timer}, c.Now(), days...)
	if len(eff.Pages) > 0 || run.Status == muster.EscalationExhausted {
		text := fmt.Sprintf("Muster escalated: no answer for %s", muster.Duration(c.Now().Sub(e.StepAt.Time).Round(time.Second)))
		if !e.WaitsUntil.IsZero() {
			text = "Muster escalated: step " + strconv.Itoa(e.Step) + " had waited for somebody to come on call"
		}
		if run.Status == muster.EscalationExhausted && e.Status != muster.EscalationExhausted {
			text = "Muster used up the policy: nobody answered"
		}
		r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, text))
	}
	if err := c.apply(&r, a, &run, eff); err != nil {
		return err
	}
	r.runs = append(r.runs, &run)
	r.changed = append(r.changed, a)
	return r.flush(c)
}

// firstStart is the first real attempt of the running step. While pages of the step wait for Muster itself, the step
// counts as begun now, at most maxRearm times its wait. For how long Muster was away, so that the timer is late, does not
// count.
func (c *Call) firstStart(e *muster.Escalation, pages []*muster.Page, gathered bool, late time.Duration) muster.Instant {
	var first muster.Instant
	waiting := gathered
	for _, p := range pages {
		if len(p.Digest) > 0 { // it stands for what each of its alerts had planned before
			if !about(p, e.Alert) || p.PlannedAt.Before(e.StepAt.Time) {
				continue
			}
		} else if p.Escalation != e.ID || p.Step != e.Step || p.Round != e.Round {
			continue
		}
		began, waits := c.began(p)
		if !began.IsZero() && (first.IsZero() || began.Before(first.Time)) {
			first = began
		}
		waiting = waiting || waits
	}
	if !first.IsZero() || !waiting || e.Step < 1 {
		return first
	}
	wait := escalate.RepeatFallback
	if e.Step <= len(e.Policy.Steps) {
		wait = e.Policy.Steps[e.Step-1].Wait.Std()
	}
	if c.Now().Sub(e.StepAt.Time)-late > maxRearm*wait {
		return first
	}
	return c.Now()
}

// began is when the first attempt at a page was made, zero while there was none; waits says that it waits for Muster. What a
// process began and did not live to tell is made again when its lease is over: it counts from there.
func (c *Call) began(p *muster.Page) (at muster.Instant, waits bool) {
	switch {
	case p.StartedAt.IsZero() || tried(p):
		return p.StartedAt, p.State == muster.PagePlanned && !p.DueAt.After(c.Now().Time)
	case p.State == muster.PageStarted && !p.StartedAt.Plus(c.Lease).After(c.Now().Time), p.State == muster.PageUnknown:
		return muster.Instant{}, true
	}
	return p.StartedAt, false
}
