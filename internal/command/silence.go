package command

import (
	"fmt"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/store"
)

// silenced finds the silence that holds the pages of an alert back at this moment, nil if there is none. It asks the rules
// as intake did, with the newest signal of the condition.
func (c *Call) silenced(a *muster.Alert) (*muster.Suppressed, error) {
	if a.Recorded {
		return nil, nil // there are no pages to hold back
	}
	s := muster.Signal{
		Source: a.Source, State: muster.SignalFiring, Title: a.Title, Summary: a.Summary, Severity: a.Severity, Service: a.Service,
		Labels: a.Labels, DetectedBy: a.DetectedBy, Triage: a.Triage,
	}
	rows, err := c.SignalsOf(a.ID, store.List{Limit: 5})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Signal.State == muster.SignalFiring {
			s = rows[i].Signal
			break
		}
	}
	return c.Snap.Rules.Decide(&s, c.Now()).Suppressed, nil
}

func heldText(s *muster.Suppressed) string {
	return fmt.Sprintf("The silence %s holds pages back until %s", s.By, s.Until.Format("2006-01-02 15:04 MST"))
}

// lookAgain makes every open alert ask about silences again, because one was written or removed: it pages at once when
// nothing holds it back any more, and is held back when something does. Beyond the newest 1,000 open alerts a silence
// keeps the end that it had.
func (c *Call) lookAgain() error {
	alerts, err := c.Alerts(store.AlertFilter{Status: []muster.AlertStatus{muster.AlertOpen}, List: store.List{Limit: 1000}})
	if err != nil {
		return err
	}
	timers := make([]muster.Timer, 0, len(alerts))
	for _, a := range alerts {
		if err := c.DeleteTimersOf(string(a.ID), muster.TimerSilenceEnd); err != nil {
			return err
		}
		timers = append(timers, muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerSilenceEnd, Ref: string(a.ID), DueAt: c.Now()})
	}
	c.emitTimers(timers)
	return c.InsertTimers(timers)
}

// lookAgainAt sets the timer that makes open alerts look again when a silence of the future begins.
func (c *Call) lookAgainAt(ch docChange) error {
	ref := muster.DocRef(ch.kind, ch.name)
	if err := c.DeleteTimersOf(ref, muster.TimerSilenceEnd); err != nil {
		return err
	}
	s, ok := ch.doc.(*muster.Silence)
	if !ok || s == nil || !s.From.After(c.Now().Time) {
		return nil
	}
	begin := []muster.Timer{{ID: id[muster.TimerID](c), Kind: muster.TimerSilenceEnd, Ref: ref, DueAt: s.From}}
	c.emitTimers(begin)
	return c.InsertTimers(begin)
}

// fireSilenceEnd asks about an open alert whether a silence holds it back now: the one that did may be over, removed, made
// longer or followed by another, and one that was written just now may hold back what pages already.
func (c *Call) fireSilenceEnd(t *muster.Timer) error {
	if strings.HasPrefix(t.Ref, muster.DocRef(muster.KindSilences, "")) { // one begins
		return c.lookAgain()
	}
	a, err := c.Alert(muster.AlertID(t.Ref))
	if err != nil || a.Status != muster.AlertOpen {
		return err
	}
	before := a.Suppressed
	if a.Suppressed, err = c.silenced(a); err != nil {
		return err
	}
	now := a.Suppressed
	switch {
	case before == nil && now == nil:
		return nil
	case before == nil:
		return c.hold(a)
	case now != nil: // it goes on
		a.NextWakeAt = now.Until
		again := muster.Timer{ID: id[muster.TimerID](c), Kind: t.Kind, Ref: t.Ref, DueAt: now.Until}
		c.emitTimers([]muster.Timer{again})
		if err := c.InsertTimers([]muster.Timer{again}); err != nil {
			return err
		}
		return c.UpdateAlert(a)
	}
	a.NextWakeAt = muster.Instant{}
	return c.release(a, fmt.Sprintf("The silence %s ended and the alert is still open", before.By))
}

// hold stops the paging of an open alert because of the silence that it bears. What waits for triage goes on waiting for a
// person after that.
func (c *Call) hold(a *muster.Alert) error {
	var r rows
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, heldText(a.Suppressed)))
	if err := c.step(&r, a, escalate.Event{Kind: escalate.Hold, Until: a.Suppressed.Until}); err != nil {
		return err
	}
	r.changed = append(r.changed, a)
	return r.flush(c)
}
