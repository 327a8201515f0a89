package escalate

import (
	"time"

	"github.com/muster-oncall/muster"
)

// Step is what an escalation does about an event. It returns the escalation as it is afterwards and what follows. The
// escalation's Taken is read for the explanation and not changed; see [Effects].Taken.
func Step(e muster.Escalation, ev Event, now muster.Instant, who Who) (muster.Escalation, Effects) {
	if e.Status == muster.EscalationEnded {
		return e, Effects{}
	}
	switch ev.Kind {
	case Start:
		if fresh(e) {
			return begin(e, ev, now, who, "")
		}
	case Timer:
		return timer(e, ev, now, who)
	case Ack:
		return ack(e, now)
	case Unack:
		if e.Status != muster.EscalationPaused || held(e) {
			return e, Effects{}
		}
		if ev.Until.After(now.Time) {
			return hold(e, ev.Until)
		}
		e, eff := begin(e, ev, now, who, "the acknowledgement ended")
		eff.CancelTimers = true
		return e, eff
	case Hold:
		return onHold(e, ev, now, who)
	case Release:
		if held(e) {
			e, eff := begin(e, ev, now, who, "the alert is not held back any more")
			eff.CancelTimers = true
			return e, eff
		}
	case Escalate:
		if ev.Because == "" {
			ev.Because = "somebody asked for it"
		}
		e, eff := advance(e, ev, now, who)
		eff.CancelTimers = true
		return e, eff
	case Resolve:
		e.Status = muster.EscalationEnded
		e.Generation++
		return e, Effects{CancelTimers: true, CancelPages: true}
	}
	return e, Effects{}
}

// fresh reports whether nothing has happened to the escalation yet.
func fresh(e muster.Escalation) bool {
	return e.Step == 0 && e.Round == 0 && (e.Status == "" || e.Status == muster.EscalationRunning)
}

// held reports whether the escalation is held back, as opposed to acknowledged.
func held(e muster.Escalation) bool {
	return e.Status == muster.EscalationPaused && e.StepAt.IsZero()
}

func timer(e muster.Escalation, ev Event, now muster.Instant, who Who) (muster.Escalation, Effects) {
	if e.Status != muster.EscalationRunning && e.Status != muster.EscalationExhausted {
		return e, Effects{} // a timer of what came before the pause
	}
	if fresh(e) {
		return begin(e, ev, now, who, "")
	}
	since := e.StepAt
	if e.StepStarted.After(since.Time) {
		since = e.StepStarted
	}
	if due := since.Plus(waitOf(e)); due.After(now.Time) {
		return e, Effects{Wake: due, WakeKind: muster.TimerEscalate}
	}
	return advance(e, ev, now, who)
}

// waitOf is how long the step that was taken last waits for an answer.
func waitOf(e muster.Escalation) time.Duration {
	if e.Status == muster.EscalationExhausted {
		return RepeatFallback
	}
	if e.Step >= 1 && e.Step <= len(e.Policy.Steps) {
		return max(e.Policy.Steps[e.Step-1].Wait.Std(), minWait)
	}
	return minWait
}

func ack(e muster.Escalation, now muster.Instant) (muster.Escalation, Effects) {
	if e.Status == muster.EscalationPaused && !held(e) {
		return e, Effects{} // acknowledged already
	}
	e.Status = muster.EscalationPaused
	e.StepAt, e.StepStarted = now, muster.Instant{}
	e.Generation++
	eff := Effects{CancelTimers: true, CancelPages: true}
	if d := e.Policy.AckTimeout.Std(); d > 0 {
		eff.Wake, eff.WakeKind = now.Plus(d), muster.TimerAckTimeout
	}
	return e, eff
}

// onHold holds an escalation back. An acknowledged one stays as it is: it pages nobody anyway. A hold that is over before
// it began holds nothing back.
func onHold(e muster.Escalation, ev Event, now muster.Instant, who Who) (muster.Escalation, Effects) {
	over := !ev.Until.IsZero() && !ev.Until.After(now.Time)
	switch {
	case e.Status == muster.EscalationPaused && !held(e):
		return e, Effects{}
	case over && fresh(e):
		return begin(e, ev, now, who, "")
	case over:
		return e, Effects{}
	}
	return hold(e, ev.Until)
}

func hold(e muster.Escalation, until muster.Instant) (muster.Escalation, Effects) {
	e.Status = muster.EscalationPaused
	e.StepAt, e.StepStarted = muster.Instant{}, muster.Instant{}
	e.Generation++
	eff := Effects{CancelTimers: true, CancelPages: true}
	if !until.IsZero() {
		eff.Wake, eff.WakeKind = until, muster.TimerSilenceEnd
	}
	return e, eff
}

// begin starts a round at step 1. Otherwise is said when the event does not say why.
func begin(e muster.Escalation, ev Event, now muster.Instant, who Who, otherwise string) (muster.Escalation, Effects) {
	if ev.Because == "" {
		ev.Because = otherwise
	}
	e.Round++
	e.Step = 0
	return walk(e, ev, now, who)
}

// advance takes the step after the last one, in the next round where this one is over.
func advance(e muster.Escalation, ev Event, now muster.Instant, who Who) (muster.Escalation, Effects) {
	switch {
	case e.Round == 0:
		return begin(e, ev, now, who, "")
	case e.Step > len(e.Policy.Steps): // the fallback was paged last
		e.Round++
		return exhaust(e, ev, now, &decision{who: who})
	}
	return walk(e, ev, now, who)
}

// walk looks for the next step that reaches somebody, after e.Step. Steps that reach nobody are passed over at once. When
// a whole turn around the policy reaches nobody, another would not either: the policy counts as used up. So one event
// asks about each step at most once.
func walk(e muster.Escalation, ev Event, now muster.Instant, who Who) (muster.Escalation, Effects) {
	e.Step, e.Round = max(e.Step, 0), max(e.Round, 1) // numbers from elsewhere must not break paging
	d := &decision{who: who, empty: true}
	for range e.Policy.Steps {
		if e.Step >= len(e.Policy.Steps) {
			if e.Round > e.Policy.Repeat {
				d.empty = false
				break
			}
			e.Round++
			e.Step = 0
		}
		e.Step++
		if pages := d.step(e, ev, now); len(pages) > 0 {
			return settle(e, muster.EscalationRunning, now, d, pages)
		}
	}
	return exhaust(e, ev, now, d)
}

// exhaust pages the fallback. It counts as the step after the policy's last.
func exhaust(e muster.Escalation, ev Event, now muster.Instant, d *decision) (muster.Escalation, Effects) {
	e.Step = len(e.Policy.Steps) + 1
	pages := d.fallback(e, ev, now)
	e, eff := settle(e, muster.EscalationExhausted, now, d, pages)
	eff.Taken.Fallback = true
	return e, eff
}

// settle writes down that a step was taken.
func settle(e muster.Escalation, status muster.EscalationStatus, now muster.Instant, d *decision, pages []muster.Planned) (muster.Escalation, Effects) {
	e.Status = status
	e.StepAt, e.StepStarted = now, muster.Instant{}
	e.Generation++
	return e, Effects{
		Pages: pages, Notes: d.notes,
		Wake: now.Plus(waitOf(e)), WakeKind: muster.TimerEscalate,
		Taken: &muster.StepTaken{Step: e.Step, Round: e.Round, At: now},
	}
}
