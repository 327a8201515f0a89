package command

import (
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/plan"
)

// OneAlert names an alert.
type OneAlert struct {
	Alert muster.AlertID `json:"alert" path:"alert" arg:"1" doc:"the alert's ID"`
}

// NoteAlert names an alert, with a word about it.
type NoteAlert struct {
	Alert muster.AlertID `json:"alert" path:"alert" arg:"1" doc:"the alert's ID"`
	Note  string         `json:"note,omitempty" arg:"rest" doc:"a word about it, for the timeline"`
}

// ackAlert acknowledges: pages stop, the time-out of the acknowledgement starts. By a page about several alerts exactly these
// are acknowledged.
func (c *Call) ackAlert(in NoteAlert) (*muster.Alert, error) {
	p, err := c.answeredDigest()
	if err != nil {
		return nil, err
	}
	a, err := c.ackOne(in)
	if err == nil {
		err = c.ackMembers(a, in.Note)
	}
	if err != nil || p == nil {
		return a, err
	}
	return a, c.ackOthers(p, a.ID, in.Note)
}

// ackOne acknowledges one alert.
func (c *Call) ackOne(in NoteAlert) (*muster.Alert, error) {
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	if err := c.prove(a, c.Actor.Name+" acknowledged"); err != nil {
		return nil, err
	}
	if a.Status != muster.AlertResolved {
		if err := c.expertAnswers(a); err != nil {
			return nil, err
		}
	}
	switch a.Status {
	case muster.AlertAcknowledged:
		return a, nil
	case muster.AlertResolved:
		if c.Actor.Page != "" {
			return a, nil // whoever was paged did answer: that is kept, and the page shows that it is over
		}
		return nil, muster.Errorf(muster.ErrConflict, "The alert %q is resolved already: there is nothing to acknowledge.", a.Title)
	case muster.AlertOpen:
	}
	if slices.ContainsFunc(a.Acks, c.acknowledgement().Same) {
		return a, nil // one of several that are needed
	}
	var r rows
	if err := c.answer(&r, a, muster.Instant{}); err != nil {
		return nil, err
	}
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, withNote(c.Actor.Name+" acknowledged"+ofSeveral(a)+viaText(c.Actor), in.Note)))
	r.changed = append(r.changed, a)
	c.recordAnswer(muster.LedgerAcknowledged, a)
	if a.Incident != "" {
		if err := c.knownBy(a.Incident); err != nil {
			return nil, err
		}
	}
	return a, r.flush(c)
}

// knownBy notes that a human knows of the incident of an alert now.
func (c *Call) knownBy(ref muster.IncidentID) error {
	inc, err := c.Incident(ref)
	if err != nil {
		return err
	}
	next, changed := lifecycle.Known(*inc, c.Now())
	if changed {
		if err := c.UpdateIncident(&next); err != nil {
			return err
		}
	}
	return c.seen(ref)
}

func viaText(a muster.Actor) string {
	switch a.Surface {
	case muster.SurfacePage:
		return " from the page"
	case muster.SurfaceChat:
		return " from chat"
	case muster.SurfaceCLI:
		return " from the command line"
	case muster.SurfaceSMS:
		return " by text message"
	case muster.SurfaceVoice:
		return " by phone"
	case muster.SurfacePush:
		return " from the push message"
	case muster.SurfaceWeb, muster.SurfaceAPI, muster.SurfaceIntake, muster.SurfaceEngine, muster.SurfaceSetup:
	}
	return ""
}

func withNote(text, note string) string {
	if note == "" {
		return text
	}
	return text + ": " + muster.Clip(note, 2000)
}

// prove writes the proof of a page: only an actor that came with the page's own token has one. The token is good for the
// page's own alert and person, and for nothing else.
func (c *Call) prove(a *muster.Alert, how string) error {
	if c.Actor.Page == "" {
		return nil
	}
	p, err := c.Page(c.Actor.Page)
	if err != nil {
		return err
	}
	if !about(p, a.ID) || p.Person != c.Actor.User {
		return muster.Errorf(muster.ErrForbidden, "The link of this page is for another alert. Open the link in the page that you got about this one.")
	}
	if p.State == muster.PageProved {
		return nil
	}
	if err := c.proved(p, how); err != nil {
		return err
	}
	if ct, err := c.Contact(p.Contact); err == nil {
		ct.LastProved = c.Now()
		if err := c.UpdateContact(ct); err != nil {
			return err
		}
	} else if muster.CodeOf(err) != muster.ErrNotFound {
		return err
	}
	return nil
}

// unackAlert gives an acknowledged alert back: it pages again from the first step.
func (c *Call) unackAlert(in NoteAlert) (*muster.Alert, error) {
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	switch a.Status {
	case muster.AlertOpen:
		return c.takeBack(a, in.Note)
	case muster.AlertResolved:
		return nil, muster.Errorf(muster.ErrConflict, "The alert %q is resolved: declare an incident or wait for a new alert.", a.Title)
	case muster.AlertAcknowledged:
	}
	return a, c.reopenPaging(a, withNote(c.Actor.Name+" gave the alert back", in.Note), c.Actor.Name+" gave the alert back")
}

// reopenPaging ends an acknowledgement: the alert pages again from the first step, or is held back by a silence that is
// active now.
func (c *Call) reopenPaging(a *muster.Alert, text, because string) (err error) {
	var r rows
	a.Status, a.AcknowledgedAt, a.AcknowledgedBy, a.Snooze = muster.AlertOpen, muster.Instant{}, nil, nil
	if a.Suppressed, err = c.silenced(a); err != nil {
		return err
	}
	event := escalate.Event{Kind: escalate.Unack, Because: because}
	if a.Suppressed != nil {
		event.Until = a.Suppressed.Until
		text += ". " + heldText(a.Suppressed)
	}
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, text))
	if err := c.step(&r, a, event); err != nil {
		return err
	}
	r.changed = append(r.changed, a)
	return r.flush(c)
}

// escalateAlert takes the next step now.
func (c *Call) escalateAlert(in NoteAlert) (*muster.Alert, error) {
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	if a.Status == muster.AlertResolved {
		return nil, muster.Errorf(muster.ErrConflict, "The alert %q is resolved: nobody needs to be paged about it.", a.Title)
	}
	if a.Recorded {
		return nil, muster.Errorf(muster.ErrConflict, "The route %s records this alert and pages nobody, so it has no step to escalate to. Page a person, or declare an incident.", a.Route)
	}
	if err := c.prove(a, c.Actor.Name+" escalated"); err != nil {
		return nil, err
	}
	var r rows
	held := a.Triage || a.Suppressed != nil || !a.HoldUntil.IsZero()
	a.HoldUntil, a.Group = muster.Instant{}, ""
	a.Status, a.AcknowledgedAt, a.AcknowledgedBy, a.Snooze = muster.AlertOpen, muster.Instant{}, nil, nil
	a.Triage, a.Suppressed = false, nil
	if err := c.DeleteTimersOf(string(a.ID), muster.TimerSilenceEnd); err != nil {
		return nil, err
	}
	if held {
		if err := c.declareByRoute(&r, a); err != nil {
			return nil, err
		}
	}
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, withNote(c.Actor.Name+" escalated", in.Note)))
	if err := c.step(&r, a, escalate.Event{Kind: escalate.Escalate, Because: c.Actor.Name + " asked for it"}); err != nil {
		return nil, err
	}
	r.changed = append(r.changed, a)
	return a, r.flush(c)
}

// resolveAlertOp ends an alert by hand.
func (c *Call) resolveAlertOp(in NoteAlert) (*muster.Alert, error) {
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	if a.Status == muster.AlertResolved {
		return a, nil
	}
	return a, c.resolveAlert(a, withNote(c.Actor.Name+" resolved the alert", in.Note))
}

// resolveAlert ends an alert that is not resolved.
func (c *Call) resolveAlert(a *muster.Alert, text string) error {
	var r rows
	text, err := c.flapped(a, text)
	if err != nil {
		return err
	}
	by := c.Actor.By()
	a.Status, a.ResolvedAt, a.ResolvedBy = muster.AlertResolved, c.Now(), &by
	c.recordAnswer(muster.LedgerResolved, a)
	a.Triage, a.Suppressed, a.Snooze = false, nil, nil
	if err := c.step(&r, a, escalate.Event{Kind: escalate.Resolve}); err != nil {
		return err
	}
	if err := c.DeleteTimersOf(string(a.ID)); err != nil {
		return err
	}
	a.NextWakeAt = muster.Instant{}
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, text))
	r.changed = append(r.changed, a)
	if err := r.flush(c); err != nil {
		return err
	}
	return c.freeMembers(a)
}

// confirmAlert ends triage: the alert is real, and pages.
func (c *Call) confirmAlert(in NoteAlert) (*muster.Alert, error) {
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	if !a.Triage || a.Status != muster.AlertOpen {
		return a, nil
	}
	a.Triage = false
	return a, c.release(a, withNote(c.Actor.Name+" confirmed the alert", in.Note), "")
}

// release starts the paging of an alert that was held back. because is for the explanation of the page: what held it back.
func (c *Call) release(a *muster.Alert, text, because string) error {
	var r rows
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, text))
	if a.Suppressed == nil && !a.Triage {
		if err := c.declareByRoute(&r, a); err != nil {
			return err
		}
		if err := c.step(&r, a, escalate.Event{Kind: escalate.Release, Because: because}); err != nil {
			return err
		}
	}
	r.changed = append(r.changed, a)
	return r.flush(c)
}

// PageResponder pages a person by hand about an alert, or whoever is asked about a topic at this moment.
type PageResponder struct {
	Alert  muster.AlertID  `json:"alert" path:"alert" arg:"2" doc:"the alert's ID"`
	Person muster.UserName `json:"person,omitempty" arg:"1" doc:"the name of the person, or a topic: then its expert is paged"`
	Topic  string          `json:"topic,omitempty" doc:"a topic instead of a person: its expert is paged"`
	Note   string          `json:"note,omitempty" arg:"rest" doc:"what you need of them"`
}

func (c *Call) pageResponder(in PageResponder) (*muster.Alert, error) {
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	u := c.Snap.Catalog.Users[in.Person]
	if in.Topic == "" && u == nil {
		if _, t := c.Snap.Catalog.Topic(string(in.Person)); t != nil {
			in.Topic, in.Person = t.Name, ""
		}
	}
	switch {
	case in.Topic != "" && in.Person != "":
		return nil, muster.Invalid("Nobody can be paged like this", []muster.FieldError{{Path: "topic", Message: "name either a person or a topic"}})
	case in.Topic == "" && in.Person == "":
		return nil, muster.Invalid("Nobody can be paged like this", []muster.FieldError{{Path: "person", Message: "name a person, or a topic"}})
	case in.Topic == "" && (u == nil || u.Disabled):
		return nil, c.unknownPerson(in.Person)
	case a.Status == muster.AlertResolved:
		return nil, muster.Errorf(muster.ErrConflict, "The alert %q is resolved: nobody needs to be paged about it.", a.Title)
	case in.Topic != "":
		var r rows
		if _, err := c.pageExperts(&r, a, in.Topic, in.Note); err != nil {
			return nil, err
		}
		return a, r.flush(c)
	}
	got, err := c.ContactsOf([]muster.UserName{in.Person})
	if err != nil {
		return nil, err
	}
	pages := plan.PageByHand(c.Snap, contactFacts(got), in.Person, c.Actor.Name, c.Now())
	if len(pages) == 0 {
		return nil, muster.Errorf(muster.ErrConflict, "%s cannot be paged: no contact method of theirs is verified. Add one in Settings, People.", u.Display)
	}
	var r rows
	for _, p := range pages {
		c.planPage(&r, a, "", p)
	}
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryPage, withNote(fmt.Sprintf("%s paged %s", c.Actor.Name, u.Display), in.Note)))
	return a, r.flush(c)
}

// unknownPerson says that a word is neither a person nor a topic, and what was meant perhaps.
func (c *Call) unknownPerson(word muster.UserName) error {
	near := nearestUser(c, string(word))
	if t := c.Snap.Catalog.NearTopic(string(word)); near == "" && t != "" {
		near = fmt.Sprintf(" (did you mean the topic %q?)", t)
	}
	return muster.Errorf(muster.ErrInvalid, "There is no person called %q%s.", muster.Clip(string(word), 60), near)
}

func nearestUser(c *Call, word string) string {
	var names []string
	for u := range c.Snap.Catalog.Users {
		names = append(names, string(u))
	}
	if n := muster.Nearest(word, names); n != "" {
		return fmt.Sprintf(" (did you mean %q?)", n)
	}
	return ""
}
