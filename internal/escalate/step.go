package escalate

import (
	"slices"
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
		return ack(e, ev, now)
	case Unack:
		if e.Status != muster.EscalationPaused || held(e) {
			return takenBack(e, ev.By), Effects{}
		}
		e.Acked = nil
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
	case Again:
		if e.Status == muster.EscalationRunning || e.Status == muster.EscalationExhausted {
			e.Acked = nil
			e, eff := begin(e, ev, now, who, "it begins again")
			eff.CancelTimers, eff.CancelPages = true, true
			return e, eff
		}
	case Escalate:
		if ev.Because == "" {
			ev.Because = "somebody asked for it"
		}
		if e.Status == muster.EscalationPaused && !held(e) {
			e.Acked = nil // the acknowledgement ends with it
		}
		e, eff := advance(e, ev, now, who)
		eff.CancelTimers = true
		return e, eff
	case Resolve:
		e.Status, e.WaitsUntil = muster.EscalationEnded, muster.Instant{}
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
	if !e.WaitsUntil.IsZero() {
		return lookAgain(e, ev, now, who)
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

// needed is how many people have to acknowledge.
func needed(e muster.Escalation) int { return max(e.Policy.Acks, 1) }

// ack counts an acknowledgement. One that is not enough leaves the escalation as it goes on, and its person alone is not paged
// any more. One with an end of its own, a snooze, is enough alone, and takes the place of what was there before: whoever
// asks for it has seen to it that the others have acknowledged.
func ack(e muster.Escalation, ev Event, now muster.Instant) (muster.Escalation, Effects) {
	if e.Status == muster.EscalationPaused && !held(e) && !ev.Until.After(now.Time) {
		return e, Effects{} // acknowledged already
	}
	by := ev.By
	by.At = now
	if n := needed(e); n > 1 && !ev.Until.After(now.Time) {
		if slices.ContainsFunc(e.Acked, by.Same) {
			return e, Effects{}
		}
		e.Acked = append(slices.Clone(e.Acked), by)
		if len(e.Acked) < n {
			return e, Effects{Answered: &by}
		}
	}
	return acknowledged(e, ev.Until, now)
}

// acknowledged pauses an escalation until the acknowledgement ends: at until, or by the policy's time-out.
func acknowledged(e muster.Escalation, until, now muster.Instant) (muster.Escalation, Effects) {
	e.Status = muster.EscalationPaused
	e.StepAt, e.StepStarted, e.WaitsUntil = now, muster.Instant{}, muster.Instant{}
	e.Generation++
	eff := Effects{CancelTimers: true, CancelPages: true, Acknowledged: true}
	switch d := e.Policy.AckTimeout.Std(); {
	case until.After(now.Time):
		eff.Wake, eff.WakeKind = until, muster.TimerAckTimeout
	case d > 0:
		eff.Wake, eff.WakeKind = now.Plus(d), muster.TimerAckTimeout
	}
	return e, eff
}

// takenBack leaves out one of several acknowledgements.
func takenBack(e muster.Escalation, by muster.Acknowledgement) muster.Escalation {
	if i := slices.IndexFunc(e.Acked, by.Same); i >= 0 {
		e.Acked = slices.Delete(slices.Clone(e.Acked), i, i+1)
	}
	return e
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
	e.StepAt, e.StepStarted, e.WaitsUntil = muster.Instant{}, muster.Instant{}, muster.Instant{}
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
	return walk(e, ev, now, &decision{who: who, empty: true})
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
	return walk(e, ev, now, &decision{who: who, empty: true})
}

// walk looks for the next step that reaches somebody, after e.Step. Steps that reach nobody, or whose condition does not hold,
// are passed over at once, unless one waits for somebody to come on call. When a whole turn around the policy reaches
// nobody, another would not either: the policy counts as used up. So one event asks about each step at most once.
func walk(e muster.Escalation, ev Event, now muster.Instant, d *decision) (muster.Escalation, Effects) {
	e.Step, e.Round = max(e.Step, 0), max(e.Round, 1) // numbers from elsewhere must not break paging
	e.WaitsUntil = muster.Instant{}
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
		pages, met := d.step(e, ev, now)
		if len(pages) > 0 {
			return settle(e, muster.EscalationRunning, now, d, pages)
		}
		if !met {
			continue
		}
		if next := d.comes(e, ev, now); !d.spare && !next.IsZero() {
			e.WaitsUntil = now.Plus(holdOf(e))
			d.waits(e, next)
			e, eff := settle(e, muster.EscalationRunning, now, d, nil)
			eff.Wake, eff.Taken.Waits = look(now, next, e.WaitsUntil), e.WaitsUntil
			return e, eff
		}
		d.passed(e)
	}
	return exhaust(e, ev, now, d)
}

// look is when a step that waits looks again.
func look(now, next, until muster.Instant) muster.Instant {
	at := now.Plus(holdLook)
	for _, other := range []muster.Instant{next, until} {
		if other.After(now.Time) && other.Before(at.Time) {
			at = other
		}
	}
	return at
}

// lookAgain looks whether the step that waits reaches somebody now. Its wait ends when nobody will come any more.
func lookAgain(e muster.Escalation, ev Event, now muster.Instant, who Who) (muster.Escalation, Effects) {
	if e.Step < 1 || e.Step > len(e.Policy.Steps) {
		return walk(e, ev, now, &decision{who: who, empty: true})
	}
	d := &decision{who: who, empty: true, again: true}
	pages, met := d.step(e, ev, now)
	switch {
	case len(pages) > 0:
		e.WaitsUntil = muster.Instant{}
		return settle(e, muster.EscalationRunning, now, d, pages)
	case met && !d.spare && e.WaitsUntil.After(now.Time):
		if next := d.next(e, e.WaitsUntil); !next.IsZero() {
			return e, Effects{Wake: look(now, next, e.WaitsUntil), WakeKind: muster.TimerEscalate}
		}
	}
	if met {
		d.passed(e)
	}
	d.again = false
	return walk(e, ev, now, d)
}

// exhaust pages the fallback. It counts as the step after the policy's last. When there is nobody left to page but those who
// have acknowledged, the alert is in their hands: that is as many acknowledgements as there can be.
func exhaust(e muster.Escalation, ev Event, now muster.Instant, d *decision) (muster.Escalation, Effects) {
	e.Step, e.WaitsUntil = len(e.Policy.Steps)+1, muster.Instant{}
	pages := d.fallback(e, ev, now)
	if len(pages) == 0 && len(e.Acked) > 0 {
		d.handed(e)
		e, eff := acknowledged(e, muster.Instant{}, now)
		eff.Notes, eff.Told = d.notes, d.rooms
		return e, eff
	}
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
		Pages: pages, Notes: d.notes, Told: d.rooms, Turns: d.turns,
		Wake: now.Plus(waitOf(e)), WakeKind: muster.TimerEscalate,
		Taken: &muster.StepTaken{Step: e.Step, Round: e.Round, At: now},
	}
}
