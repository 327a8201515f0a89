package command

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// acknowledgement is the actor's word that they have an alert.
func (c *Call) acknowledgement() muster.Acknowledgement {
	return muster.Acknowledgement{User: c.Actor.User, Name: c.Actor.Name, At: c.Now()}
}

// counted brings the alert in line with what its escalation says of acknowledgements.
func (c *Call) counted(a *muster.Alert, e *muster.Escalation, eff escalate.Effects) error {
	a.Acks, a.AcksNeeded = nil, 0
	if e.Policy.Acks > 1 {
		a.Acks, a.AcksNeeded = e.Acked, e.Policy.Acks
	}
	if eff.Acknowledged && a.Status == muster.AlertOpen {
		c.acknowledged(a, e)
	}
	if who := eff.Answered; who != nil && who.User != "" {
		return c.cancelPages(a, who.Name+" acknowledged already", who.User)
	}
	return nil
}

// acknowledged makes an alert acknowledged: by the actor, or by who acknowledged last when the engine found that nobody else
// is left to page.
func (c *Call) acknowledged(a *muster.Alert, e *muster.Escalation) {
	by := c.Actor.By()
	if c.Actor.User == "" && e != nil && len(e.Acked) > 0 {
		if last := e.Acked[len(e.Acked)-1]; last.User != "" {
			by = muster.By{User: last.User, Name: last.Name}
		}
	}
	a.Status, a.AcknowledgedAt, a.AcknowledgedBy = muster.AlertAcknowledged, c.Now(), &by
	a.Triage, a.HoldUntil = false, muster.Instant{}
}

// answer acknowledges an open alert as the actor; until is the end of a snooze, zero for a plain acknowledgement. Where the
// policy asks for several, the alert may be open still after it.
func (c *Call) answer(r *rows, a *muster.Alert, until muster.Instant) error {
	e, err := c.stepped(r, a, escalate.Event{Kind: escalate.Ack, By: c.acknowledgement(), Until: until})
	if err != nil {
		return err
	}
	if e == nil { // nobody is paged about it: whoever has it has it
		c.acknowledged(a, nil)
		return nil
	}
	if a.Status != muster.AlertOpen || !a.Triage {
		return nil
	}
	a.Triage = false // it is real, and the others have to be paged
	if a.Suppressed != nil {
		return nil
	}
	if err := c.declareByRoute(r, a); err != nil {
		return err
	}
	return c.step(r, a, escalate.Event{Kind: escalate.Release})
}

// ofSeveral tells how many have acknowledged where more than one has to: " (1 of 2)".
func ofSeveral(a *muster.Alert) string {
	if a.AcksNeeded < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d of %d)", len(a.Acks), a.AcksNeeded)
}

// takeBack takes one of several acknowledgements back.
func (c *Call) takeBack(a *muster.Alert, note string) (*muster.Alert, error) {
	if !slices.ContainsFunc(a.Acks, c.acknowledgement().Same) {
		return a, nil
	}
	var r rows
	if err := c.step(&r, a, escalate.Event{Kind: escalate.Unack, By: c.acknowledgement()}); err != nil {
		return nil, err
	}
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, withNote(c.Actor.Name+" took their acknowledgement back"+ofSeveral(a), note)))
	r.changed = append(r.changed, a)
	return a, r.flush(c)
}

// turns reads who had the last turn of each step; nil for a policy whose people take none.
func (c *Call) turns(p *muster.Policy) (map[int]muster.UserName, error) {
	if !plan.TakesTurns(p) {
		return nil, nil
	}
	return store.Turns(c, p.Name)
}

// keepTurns keeps whose turn it was, for the next alert.
func (c *Call) keepTurns(e *muster.Escalation, taken map[int]muster.UserName) error {
	if len(taken) == 0 {
		return nil
	}
	return store.KeepTurns(c, e.Policy.Name, plan.Turned(e.Turns, taken))
}

// webhookKind is the kind of connector that is told by an event, as machines are. Others get words.
const webhookKind = "webhook"

// tellRooms writes the deliveries to rooms and webhooks that a step tells. They are no pages: what becomes of them changes
// nothing.
func (c *Call) tellRooms(r *rows, a *muster.Alert, eff escalate.Effects) error {
	if len(eff.Told) == 0 {
		return nil
	}
	var names []string
	for _, t := range eff.Told {
		doc := c.Snap.Catalog.Connectors[t.Connector]
		if doc == nil {
			continue
		}
		d := &muster.Delivery{
			ID: id[muster.DeliveryID](c), Kind: muster.DeliverNotification, Connector: t.Connector, Alert: a.ID, Ref: "alert/" + string(a.ID),
			State: muster.DeliveryPlanned, DueAt: c.Now(), CreatedAt: c.Now(),
		}
		var body any = c.roomMessage(a, eff)
		if doc.Kind == webhookKind {
			d.Kind, d.Ref = muster.DeliverWebhook, "alert.escalated"
			body = map[string]any{
				"alert": a.ID, "title": a.Title, "severity": a.Severity, "urgency": a.Urgency, "service": a.Service, "status": a.Status,
				"step": t.Step, "round": t.Round, "paged": peopleOf(eff.Pages), "url": "/a/" + string(a.ID),
			}
		}
		var err error
		if d.Payload, err = json.Marshal(body); err != nil {
			return err
		}
		c.leaseIfDue(d)
		r.deliveries = append(r.deliveries, d)
		names = append(names, t.Title)
	}
	if len(names) == 0 {
		return nil
	}
	en := c.alertEntry(a, muster.EntryPage, "Muster told "+listWords(names))
	en.By = muster.Engine().By()
	r.entries = append(r.entries, en)
	return nil
}

// checkTold refuses policies that tell what is no room: what takes no messages, like a table, a calendar or a webhook of a
// chat that only answers; what needs the address of a person; and what has no room set.
// What was so before a change stays, or a catalog of an earlier Muster could not be mended piece by piece.
func (c *Commands) checkTold(was, cat *muster.Catalog) (wrong []muster.FieldError) {
	if c.Deps.Abilities == nil {
		return nil
	}
	for _, d := range cat.Documents(muster.KindPolicies) {
		p, ok := d.(*muster.Policy)
		if !ok {
			continue
		}
		check := func(path string, targets []muster.Target) {
			for i, t := range targets {
				doc := cat.Connectors[t.Connector]
				if doc == nil || was.Policies[p.Name] != nil && plan.Same(was.Policies[p.Name], p) && was.Connectors[doc.Name] != nil && plan.Same(was.Connectors[doc.Name], doc) {
					continue
				}
				if why := noRoom(doc, c.does(doc)); why != "" {
					wrong = append(wrong, muster.FieldError{Path: fmt.Sprintf("%s.%s[%d].connector", muster.DocRef(muster.KindPolicies, p.Name), path, i), Message: why})
				}
			}
		}
		for i := range p.Steps {
			check(fmt.Sprintf("steps[%d].targets", i), p.Steps[i].Targets)
		}
		check("fallback", p.Fallback)
	}
	return wrong
}

// noRoom says why a connector cannot tell a room; "" when it can.
func noRoom(doc *muster.Connector, can Abilities) string {
	switch {
	case can.Address == "" && can.Room == "":
		return fmt.Sprintf("%s (%s) takes no messages, so nobody would be told: name another connector, or somebody to page", doc.Name, doc.Kind)
	case can.Room == "":
		return fmt.Sprintf("%s (%s) needs the address of a person, %s, and a step tells a room: name a connector that posts to one, like a webhook, or the person", doc.Name, doc.Kind, can.Address)
	case doc.Settings[can.Room] == "":
		return fmt.Sprintf("%s (%s) has no %s of its own, so no room would be told: write it into the settings of the connector", doc.Name, doc.Kind, can.Room)
	}
	return ""
}

// RoomMessage is what a room is told of an alert. URL is a path inside Muster.
type RoomMessage struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	URL   string `json:"url"`
}

func (c *Call) roomMessage(a *muster.Alert, eff escalate.Effects) RoomMessage {
	lines := []string{strings.TrimSpace("Severity: " + string(a.Severity) + ". " + c.Snap.Catalog.ServiceTitle(a.Service))}
	if a.Impact != "" && a.Impact != muster.Unknown {
		lines = append(lines, "Impact: "+a.Impact)
	}
	switch paged := pagedText(eff.Pages); {
	case paged != "":
		lines = append(lines, paged+".")
	default:
		lines = append(lines, "Nobody was paged at this moment.")
	}
	return RoomMessage{
		Title: muster.CleanLine(a.Title, 200), Text: muster.CleanText(strings.Join(lines, "\n"), 2000), URL: "/a/" + string(a.ID),
	}
}

func peopleOf(pages []muster.Planned) []muster.UserName {
	out := []muster.UserName{}
	for _, p := range pages {
		if !slices.Contains(out, p.User) {
			out = append(out, p.User)
		}
	}
	return out
}

// exhausted tells the owners of the team when a policy is used up, once for each time, and when a step waits because nobody is
// on call. Everybody sees it on the first screen.
func (c *Call) exhausted(a *muster.Alert, e *muster.Escalation, eff escalate.Effects) error {
	a.Exhausted = e.Status == muster.EscalationExhausted
	t := eff.Taken
	if t == nil || a.Status != muster.AlertOpen {
		return nil
	}
	n := muster.Notice{Ref: string(a.ID), URL: "/a/" + string(a.ID)}
	switch last := len(e.Taken) - 1; {
	case t.Fallback && (last < 0 || !e.Taken[last].Fallback):
		n.Kind, n.Title = muster.NoticeExhausted, "Nobody answered: "+a.Title
		n.Text = "The policy " + titleOr(e.Policy.Title, string(e.Policy.Name)) + " is used up. The fallback is paged, again and again, until somebody acknowledges."
		if len(eff.Pages) == 0 {
			n.Text = "The policy " + titleOr(e.Policy.Title, string(e.Policy.Name)) + " is used up, and the fallback reaches nobody either. Muster tries again and again."
		}
	case !t.Waits.IsZero():
		n.Kind, n.Title = muster.NoticeNobodyOnCall, "Nobody is on call: "+a.Title
		for _, why := range eff.Notes {
			if why.Facts["until"] != "" {
				n.Text = why.Text
			}
		}
	default:
		return nil
	}
	n.Key = strings.Join([]string{string(n.Kind), string(a.ID), strconv.Itoa(t.Round), strconv.Itoa(t.Step)}, "/")
	for _, u := range c.ownersFor(a, e) {
		n.Person = u
		if err := c.notify(n); err != nil {
			return err
		}
	}
	return nil
}

func titleOr(title, name string) string {
	if title == "" {
		return name
	}
	return title
}

// ownersFor lists the owners of the team of an alert's policy, and of its service.
func (c *Call) ownersFor(a *muster.Alert, e *muster.Escalation) (out []muster.UserName) {
	teams := []muster.TeamName{e.Policy.Team}
	if s := c.Snap.Catalog.Services[a.Service]; s != nil {
		teams = append(teams, s.Team)
	}
	for _, name := range teams {
		if t := c.Snap.Catalog.Teams[name]; t != nil {
			for _, u := range t.Owners {
				if !slices.Contains(out, u) {
					out = append(out, u)
				}
			}
		}
	}
	return out
}
