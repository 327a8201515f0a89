package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/store"
)

// SilenceAlerts holds back pages about matching alerts until a moment.
type SilenceAlerts struct {
	Name  muster.SilenceName `json:"name,omitempty" doc:"a name for the silence; one is made up when empty"`
	Match string             `json:"match,omitempty" doc:"which alerts, in CEL: labels.host == \"web-1\""`
	Alert muster.AlertID     `json:"alert,omitempty" doc:"this alert alone, instead of a match, until it is resolved: the next one pages again"`
	For   muster.Duration    `json:"for,omitempty" doc:"how long: 2h; with an alert at most, 31 days when missing"`
	Why   string             `json:"why" arg:"rest" doc:"why"`
	Team  muster.TeamName    `json:"team,omitempty" doc:"the team that owns the silence"`
}

// ownSilence is how long somebody may silence alerts who owns no team of theirs.
const ownSilence = 24 * time.Hour

func (c *Call) silenceAlerts(in SilenceAlerts) (*muster.Silence, error) {
	if c.Actor.User == "" {
		return nil, muster.Errorf(muster.ErrForbidden, "A silence needs a person who answers for it: sign in as one.")
	}
	if in.Alert != "" {
		a, err := c.Alert(in.Alert)
		if err != nil {
			return nil, err
		}
		if a.Status == muster.AlertResolved {
			return nil, muster.Errorf(muster.ErrConflict, "The alert %q is resolved: there is nothing to silence.", a.Title)
		}
		if in.For == 0 {
			in.For = muster.Duration(muster.MaxSilence)
		}
	}
	if in.Alert == "" && in.For.Std() > ownSilence && !c.Actor.Owns(in.Team) {
		return nil, muster.Errorf(muster.ErrForbidden, "A responder may silence for a day at most. For longer, name a team that you own, or ask an admin.")
	}
	if in.Name == "" {
		in.Name = muster.SilenceName("silence-" + c.IDs.Token(4))
	}
	s := &muster.Silence{
		Name: in.Name, Match: in.Match, Alert: in.Alert, From: c.Now(), Until: c.Now().Plus(in.For.Std()), Owner: c.Actor.User, Why: in.Why, Team: in.Team,
	}
	if c.Snap.Catalog.Silences[s.Name] != nil {
		return nil, muster.Errorf(muster.ErrConflict, "There is a silence called %q already.", s.Name)
	}
	// Whoever responds may silence: it has an end, a name and a reason, and it is in the audit log.
	_, err := c.elevated().writeDocs([]docChange{{kind: muster.KindSilences, name: string(s.Name), doc: s}}, in.Why)
	return s, err
}

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
	for _, d := range c.Snap.Catalog.Silences { // of this alert alone
		if d.Alert == a.ID && !c.Now().Before(d.From.Time) && c.Now().Before(d.Until.Time) {
			return &muster.Suppressed{By: d.Name, Until: d.Until, Why: d.Why}, nil
		}
	}
	return c.Snap.Decide(&s, c.Now()).Suppressed, nil
}

func heldText(s *muster.Suppressed) string {
	return fmt.Sprintf("The silence %s holds pages back until %s", s.By, s.Until.Format("2006-01-02 15:04 MST"))
}

// lookAgain makes every open alert ask about silences again, because one was written or removed: it pages at once when
// nothing holds it back any more, and is held back when something does. The newest look at once, the others by and by.
func (c *Call) lookAgain() error { return c.lookAgainAfter("") }

// How many alerts look again in one transaction, and how long the next ones wait, so that a store full of open alerts keeps
// neither writers nor other timers waiting.
const (
	atLook    = 500
	lookEvery = time.Second
)

// lookAgainRef begins what a timer is about that carries on with the open alerts after one.
const lookAgainRef = "open_alerts_after/"

// lookAgainAfter does it for the next alerts that are older than one, and leaves a timer for those after them.
func (c *Call) lookAgainAfter(after string) error {
	alerts, err := c.Alerts(store.AlertFilter{Status: []muster.AlertStatus{muster.AlertOpen}, List: store.List{Limit: atLook, After: after}})
	if err != nil {
		return err
	}
	timers := make([]muster.Timer, 0, len(alerts)+1)
	if len(alerts) == atLook {
		timers = append(timers, muster.Timer{
			ID: id[muster.TimerID](c), Kind: muster.TimerSilenceEnd, Ref: lookAgainRef + string(alerts[atLook-1].ID), DueAt: c.Now().Plus(lookEvery),
		})
	}
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
	if err := c.DeleteTimersOf(ref, muster.TimerSilenceEnd, muster.TimerSilenceRemind); err != nil {
		return err
	}
	s, ok := ch.doc.(*muster.Silence)
	if !ok || s == nil {
		return nil
	}
	return c.watchSilence(s, ref)
}

// watchSilence sets the timer of the next moment at which a silence begins, or one of its windows does, and of the hour
// before its end, when its owner is reminded. Open alerts know themselves when what holds them back ends.
func (c *Call) watchSilence(s *muster.Silence, ref string) error {
	var timers []muster.Timer
	if next := c.Snap.SilenceChanges(s, c.Now()); s.From.After(c.Now().Time) || s.Repeat != nil && !next.IsZero() && next.Before(s.Until.Time) {
		timers = append(timers, muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerSilenceEnd, Ref: ref, DueAt: next})
	}
	if at := s.Until.Plus(-muster.SilenceReminder); at.After(c.Now().Time) && s.Until.Sub(s.From.Time) > 2*muster.SilenceReminder {
		timers = append(timers, muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerSilenceRemind, Ref: ref, DueAt: at})
	}
	if len(timers) == 0 {
		return nil
	}
	c.emitTimers(timers)
	return c.InsertTimers(timers)
}

// fireSilenceRemind reminds the owner of a silence that it ends within the hour.
func (c *Call) fireSilenceRemind(t *muster.Timer) error {
	s := c.Snap.Catalog.Silences[muster.SilenceName(strings.TrimPrefix(t.Ref, muster.DocRef(muster.KindSilences, "")))]
	if s == nil || s.Until.Plus(-muster.SilenceReminder).After(c.Now().Time) || !s.Until.After(c.Now().Time) {
		return nil
	}
	until := s.Until.In(c.zoneOf(s.Owner)).Format("15:04")
	return c.notify(muster.Notice{
		Kind: muster.NoticeSilenceEnds, Person: s.Owner, Title: fmt.Sprintf("Your silence %s ends at %s", s.Name, until), Ref: t.Ref,
		Text: "Alerts that it holds back and that are open then page people. Make it longer if it is still needed: " + s.Why,
		URL:  "/settings/silences/" + string(s.Name), Key: "silence_ends/" + string(s.Name) + "/" + s.Until.Format("2006-01-02T15:04:05Z"),
	})
}

// fireSilenceEnd asks about an open alert whether a silence holds it back now: the one that did may be over, removed, made
// longer or followed by another, and one that was written just now may hold back what pages already.
func (c *Call) fireSilenceEnd(t *muster.Timer) error {
	if after, ok := strings.CutPrefix(t.Ref, lookAgainRef); ok {
		return c.lookAgainAfter(after)
	}
	if name, ok := strings.CutPrefix(t.Ref, muster.DocRef(muster.KindSilences, "")); ok { // one begins, or a window of it
		if s := c.Snap.Catalog.Silences[muster.SilenceName(name)]; s != nil && s.Repeat != nil {
			if err := c.DeleteTimersOf(t.Ref, muster.TimerSilenceRemind); err != nil {
				return err
			}
			if err := c.watchSilence(s, t.Ref); err != nil {
				return err
			}
		}
		return c.lookAgain()
	}
	a, err := c.Alert(muster.AlertID(t.Ref))
	if err != nil || a.Status != muster.AlertOpen {
		return err
	}
	if wait, err := c.waitsStill(a); err != nil || !wait.IsZero() {
		if err != nil {
			return err
		}
		return c.wakeAt(a, t, wait)
	}
	before := a.Suppressed
	if a.Suppressed, err = c.silenced(a); err != nil {
		return err
	}
	now := a.Suppressed
	waited := c.waited(a)
	switch {
	case waited != "" && before == nil && now == nil:
		return c.release(a, waited, waited)
	case before == nil && now == nil:
		return nil
	case before == nil:
		return c.hold(a)
	case now != nil: // it goes on
		return c.wakeAt(a, t, now.Until)
	}
	a.NextWakeAt = muster.Instant{}
	because := fmt.Sprintf("the silence %s held this back until %s", before.By, c.Now().UTC().Format("15:04 UTC"))
	if before.Why != "" {
		because += " (" + muster.Clip(muster.CleanLine(before.Why, 200), 80) + ")"
	}
	return c.release(a, fmt.Sprintf("The silence %s ended and the alert is still open", before.By), because)
}

// wakeAt looks at an alert again at a later moment.
func (c *Call) wakeAt(a *muster.Alert, t *muster.Timer, at muster.Instant) error {
	a.NextWakeAt = at
	again := []muster.Timer{{ID: id[muster.TimerID](c), Kind: t.Kind, Ref: t.Ref, DueAt: at}}
	c.emitTimers(again)
	if err := c.InsertTimers(again); err != nil {
		return err
	}
	return c.UpdateAlert(a)
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
