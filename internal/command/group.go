package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// groupLook is how often an alert that joined another one looks by itself whether that is over.
const groupLook = 15 * time.Minute

// join makes a new alert one of the group of an earlier one, if there is one that is not over: then it pages nobody by
// itself. Else it is the first of its group.
func (b *intakeBatch) join(a *muster.Alert, ar plan.Arrival, event escalate.Event) (escalate.Event, error) {
	d := ar.Decision
	if d.Group == "" || event.Kind != escalate.Start && d.HoldUntil.IsZero() || a.Suppressed != nil || a.Triage {
		return event, nil
	}
	first, begun, err := b.HeadOf(d.Group)
	if err != nil {
		return event, err
	}
	var head *muster.Alert
	if first != "" && b.Now().Sub(begun.Time) <= d.GroupFor.Std() {
		if head, err = b.alertOf(first); err != nil {
			return event, err
		}
	}
	if head == nil || head.Status == muster.AlertResolved {
		return event, b.PutHead(d.Group, a.ID, b.Now())
	}
	head.Members++
	if !b.fresh[head.ID] {
		if err := b.UpdateAlert(head); err != nil {
			return event, err
		}
	}
	if err := b.InsertMember(head.ID, a.ID); err != nil {
		return event, err
	}
	ref := muster.DocRef(muster.KindRoutes, d.Route)
	why := muster.Reason{
		Kind: muster.ReasonRoute, Ref: ref, Revision: b.Snap.Catalog.RevisionOf(ref), Text: b.joinedText(d.Route, head),
		Facts: map[string]string{"group": string(head.ID), "rule": string(d.Route)},
	}
	a.Group, a.HoldUntil, a.Reasons = head.ID, muster.Instant{}, append(a.Reasons, why)
	en := b.alertEntry(a, muster.EntryAlert, why.Text)
	en.By = muster.Engine().By()
	b.entries = append(b.entries, en)
	return escalate.Event{Kind: escalate.Hold, Until: b.Now().Plus(groupLook)}, nil
}

func (c *Call) joinedText(route muster.RouteName, head *muster.Alert) string {
	by := ""
	if r := c.Snap.Catalog.Routes[route]; r != nil && r.Group != nil && len(r.Group.By) > 0 {
		by = " with the same " + strings.Join(r.Group.By, ", ") + " within " + r.Group.Within.String()
	}
	return fmt.Sprintf("It joined the alert %q: the route %s groups alerts%s. It pages nobody by itself while that one is not over.",
		muster.Clip(head.Title, 80), route, by)
}

// alertOf is an alert that is there, or one of this set; nil when it is gone.
func (b *intakeBatch) alertOf(ref muster.AlertID) (*muster.Alert, error) {
	for _, a := range b.alerts {
		if a.ID == ref {
			return a, nil
		}
	}
	a, err := b.Alert(ref)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, nil
	}
	return a, err
}

// waitsStill is until when an open alert waits at least, because its hold is not over or the alert that it joined is not.
func (c *Call) waitsStill(a *muster.Alert) (until muster.Instant, err error) {
	if a.HoldUntil.After(c.Now().Time) {
		return a.HoldUntil, nil
	}
	if a.Group == "" {
		return until, nil
	}
	head, err := c.AlertsIn([]muster.AlertID{a.Group})
	if err != nil || len(head) == 0 || head[0].Status == muster.AlertResolved {
		return until, err
	}
	return c.Now().Plus(groupLook), nil
}

// waited ends what an alert waited for besides a silence, and says what that was; "" when it was nothing.
func (c *Call) waited(a *muster.Alert) string {
	switch {
	case a.Group != "":
		a.Group = ""
		return "The alert that it had joined is over, and this one is not"
	case !a.HoldUntil.IsZero():
		a.HoldUntil = muster.Instant{}
		if r := c.Snap.Catalog.Routes[a.Route]; r != nil && r.Hold > 0 {
			return fmt.Sprintf("It is not over after the %s that the route %s waits", r.Hold, a.Route)
		}
		return "It is not over after the time that its route waits"
	}
	return ""
}

// flapped counts an alert that is over within its hold, and says so.
func (c *Call) flapped(a *muster.Alert, text string) (string, error) {
	if a.HoldUntil.IsZero() || a.Status != muster.AlertOpen {
		return text, nil
	}
	a.HoldUntil = muster.Instant{}
	n, err := c.CountFlap(c.Now().UTC().Format(time.DateOnly), store.AlertKey{Source: a.Source, Fingerprint: a.Fingerprint}, a.Route, a.Service)
	if n == 1 {
		return text + ". Resolved within its hold, it paged nobody; for the first time today", err
	}
	return fmt.Sprintf("%s. Resolved within its hold, it paged nobody; %d times today", text, n), err
}

// freeMembers lets the alerts that had joined one that is over look whether they page now.
func (c *Call) freeMembers(head *muster.Alert) error {
	if head.Members == 0 {
		return nil
	}
	members, err := c.Members(head.ID)
	if err != nil {
		return err
	}
	timers := make([]muster.Timer, 0, len(members))
	for _, m := range members {
		if err := c.DeleteTimersOf(string(m), muster.TimerSilenceEnd); err != nil {
			return err
		}
		timers = append(timers, muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerSilenceEnd, Ref: string(m), DueAt: c.Now()})
	}
	c.emitTimers(timers)
	if err := c.InsertTimers(timers); err != nil {
		return err
	}
	return c.DeleteMembers(head.ID)
}

// ackMembers acknowledges with the first alert of a group those that belong to it at this moment, and nothing later.
func (c *Call) ackMembers(head *muster.Alert, note string) error {
	if head.Members == 0 || head.Status != muster.AlertAcknowledged {
		return nil
	}
	members, err := c.Members(head.ID)
	if err != nil {
		return err
	}
	own := *c
	own.Actor.Page = "" // the page is about the first one
	for _, m := range members {
		a, err := own.Alert(m)
		if err != nil || a.Status != muster.AlertOpen || a.Group != head.ID {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := own.ackOne(NoteAlert{Alert: m, Note: note}); err != nil {
			return err
		}
	}
	return nil
}
