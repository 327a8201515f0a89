package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// daysOff reads who has days off now, for a policy that asks experts; for others it matters to nobody.
func (c *Call) daysOff(p *muster.Policy) ([]muster.Leave, error) {
	if !plan.AsksExperts(p) {
		return nil, nil
	}
	return c.LeaveBetween(c.Now(), c.Now().Plus(time.Second))
}

// inform tells the shadows of a step of whom they watch.
func (c *Call) inform(r *rows, a *muster.Alert, informed []muster.Informed) error {
	if len(informed) == 0 {
		return nil
	}
	var names []string
	for _, i := range informed {
		verb := "was"
		if len(i.With) > 1 {
			verb = "were"
		}
		if err := c.notify(muster.Notice{
			Person: i.User, Kind: muster.NoticeShadow, Ref: string(a.ID), URL: "/a/" + string(a.ID),
			Title: fmt.Sprintf("You shadow: %s %s paged about %s", listWords(i.With), verb, a.Title),
			Text:  "Watch and learn: nobody expects you to answer.",
			Key:   strings.Join([]string{string(muster.NoticeShadow), string(a.ID), strconv.Itoa(i.Round), strconv.Itoa(i.Step)}, "/"),
		}); err != nil {
			return err
		}
		names = append(names, i.Name)
	}
	verb := "shadows"
	if len(names) > 1 {
		verb = "shadow"
	}
	en := c.alertEntry(a, muster.EntryPage, fmt.Sprintf("Muster informed %s, who %s %s", listWords(names), verb, listWords(informed[0].With)))
	en.By = muster.Engine().By()
	r.entries = append(r.entries, en)
	return nil
}

// topic finds what somebody asks an expert about.
func (c *Call) topic(word string) (*muster.Topic, error) {
	if _, t := c.Snap.Catalog.Topic(word); t != nil {
		return t, nil
	}
	near := ""
	if n := c.Snap.Catalog.NearTopic(word); n != "" {
		near = fmt.Sprintf(" (did you mean %q?)", n)
	}
	return nil, muster.Errorf(muster.ErrInvalid, "There is no topic called %q%s. The experts and their topics are listed under On call, Experts.",
		muster.Clip(strings.TrimSpace(word), 60), near)
}

// pageExperts plans the pages of whoever is asked about a topic at this moment, and writes it on the timeline.
func (c *Call) pageExperts(r *rows, a *muster.Alert, topic, note string) (plan.Choice, error) {
	t, err := c.topic(topic)
	if err != nil {
		return plan.Choice{}, err
	}
	got, err := c.ContactsOf(plan.AskedAbout(c.Snap, t.Name))
	if err != nil {
		return plan.Choice{}, err
	}
	days, err := c.LeaveBetween(c.Now(), c.Now().Plus(time.Second))
	if err != nil {
		return plan.Choice{}, err
	}
	facts := contactFacts(got)
	choice := plan.Expert(c.Snap, facts, days, t.Name, c.Now())
	pages := plan.PageExperts(c.Snap, facts, choice, c.Actor.Name, c.Now())
	if len(pages) == 0 {
		return choice, muster.Errorf(muster.ErrConflict, "%s Page a person by name, or have an expert verify a contact method in Settings, People.",
			choice.Why[len(choice.Why)-1].Text)
	}
	for _, p := range pages {
		c.planPage(r, a, "", p)
	}
	en := c.alertEntry(a, muster.EntryPage, withNote(fmt.Sprintf("%s paged %s", c.Actor.Name, c.chosen(choice)), note))
	en.Facts = map[string]string{"topic": t.Name}
	r.entries = append(r.entries, en)
	return choice, nil
}

// chosen says whom a choice came to: "Chen, expert for Cosmos DB".
func (c *Call) chosen(x plan.Choice) string {
	names := make([]string, len(x.People))
	for i, u := range x.People {
		names[i] = c.Snap.Catalog.DisplayName(u)
	}
	switch {
	case x.Fallback:
		return fmt.Sprintf("%s, because no expert for %s can be asked now", listWords(names), x.Topic.Known())
	case x.Woken:
		return fmt.Sprintf("%s, expert for %s, though it is not their time: there is nobody else", listWords(names), x.Topic.Known())
	}
	return fmt.Sprintf("%s, expert for %s", listWords(names), x.Topic.Known())
}

// PageExpert pages the expert for a topic into the room of an incident, in one step.
type PageExpert struct {
	Incident string `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Topic    string `json:"topic" arg:"2" doc:"what the expert is to know about: database"`
	Note     string `json:"note,omitempty" arg:"rest" doc:"what you need of them"`
}

// ExpertPaged says who was paged about a topic, and why they were chosen.
type ExpertPaged struct {
	Incident muster.IncidentKey `json:"incident"`
	Alert    muster.AlertID     `json:"alert"` // that the page is about
	Topic    string             `json:"topic"`
	People   []plan.Person      `json:"people"`
	Fallback bool               `json:"fallback"` // they are the fallback of the topic, no experts
	Why      []muster.Reason    `json:"why"`
}

// pageExpert pages about the incident's newest alert that is not over. An incident without one gets an alert of its own, so
// that the expert has something to acknowledge.
func (c *Call) pageExpert(in PageExpert) (*ExpertPaged, error) {
	inc, err := c.openIncident(in.Incident)
	if err != nil {
		return nil, err
	}
	if _, err = c.topic(in.Topic); err != nil {
		return nil, err
	}
	var r rows
	a, err := c.alertOf(&r, inc)
	if err != nil {
		return nil, err
	}
	choice, err := c.pageExperts(&r, a, in.Topic, in.Note)
	if err != nil {
		return nil, err
	}
	out := &ExpertPaged{
		Incident: inc.Key, Alert: a.ID, Topic: choice.Topic.Name, Fallback: choice.Fallback, Why: choice.Why, People: []plan.Person{},
	}
	for _, u := range choice.People {
		out.People = append(out.People, plan.Person{ID: u, Name: c.Snap.Catalog.DisplayName(u)})
	}
	return out, r.flush(c)
}

// alertOf is the newest alert of an incident that is not over; without one, a new one is added to r.
func (c *Call) alertOf(r *rows, inc *muster.Incident) (*muster.Alert, error) {
	open := []muster.AlertStatus{muster.AlertOpen, muster.AlertAcknowledged}
	alerts, err := c.Alerts(store.AlertFilter{Incident: inc.ID, Status: open, List: store.List{Limit: 1}})
	if err != nil {
		return nil, err
	}
	if len(alerts) == 0 {
		return c.ownAlert(r, inc), nil
	}
	return c.Alert(alerts[0].ID) // locks it
}

// RoomSource is where the alerts of incidents come from that had none. No document has to describe it.
const RoomSource muster.SourceName = "room"

// expertWait is how long the alert that an expert is paged about waits for an answer before its policy pages: an open alert
// never waits for ever. It is longer than a step, because people are at work in the room.
const expertWait = 15 * time.Minute

// ownAlert makes the alert of an incident that has none. It is routed like others, but its policy waits: at first only those
// are paged whom somebody asks for.
func (c *Call) ownAlert(r *rows, inc *muster.Incident) *muster.Alert {
	sig := &muster.Signal{
		Source: RoomSource, Key: string(inc.ID), State: muster.SignalFiring, Title: inc.Title, Severity: severityOf(inc.Severity),
		Service: inc.Service, DetectedAt: c.Now(), DetectedBy: muster.DetectedByStaff,
	}
	ar := plan.Arrive(c.Snap, sig, c.Now())
	impact := muster.Unknown
	if bad := inc.Answers[muster.QuestionBad].Text; bad != "" {
		impact = bad
	}
	a := &muster.Alert{
		ID: id[muster.AlertID](c), Status: muster.AlertOpen, Title: inc.Title, Severity: sig.Severity, Urgency: muster.UrgencyHigh, Impact: impact,
		Action: muster.Unknown, Source: RoomSource, Service: inc.Service, Policy: ar.Decision.Policy, Route: ar.Decision.Route,
		Fingerprint: ar.Fingerprint, Labels: map[string]string{}, Links: []muster.ContextLink{}, DetectedBy: muster.DetectedByStaff,
		DetectedAt: c.Now(), ReceivedAt: c.Now(), LastSignalAt: c.Now(), Incident: inc.ID, IncidentKey: inc.Key,
		Revision: c.Snap.Catalog.Revision,
		Reasons: append([]muster.Reason{{
			Kind: muster.ReasonSource, Ref: string(inc.Key),
			Text: fmt.Sprintf("%s asked for an expert in %s, which had no open alert. The policy waits %s for an answer.", c.Actor.Name, inc.Key, muster.Duration(expertWait)),
		}}, ar.Decision.Reasons...),
	}
	a.NextWakeAt = c.Now().Plus(expertWait)
	r.alerts = append(r.alerts, a)
	r.escalations = append(r.escalations, &muster.Escalation{
		ID: id[muster.EscalationID](c), Alert: a.ID, Policy: *ar.Policy, Revision: ar.PolicyRevision, Urgency: muster.UrgencyHigh,
		Status: muster.EscalationRunning, StepAt: c.Now(),
	})
	r.timers = append(r.timers, muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerEscalate, Ref: string(a.ID), DueAt: a.NextWakeAt})
	return a
}

func severityOf(s muster.Severity) muster.AlertSeverity {
	switch s {
	case muster.SEV1:
		return muster.SeverityCritical
	case muster.SEV2:
		return muster.SeverityMajor
	case muster.SEV3, muster.SEV4:
	}
	return muster.SeverityMinor
}

// expertAnswers gives the role of an expert in the incident of an alert to the actor who acknowledges, when they were paged
// as one.
func (c *Call) expertAnswers(a *muster.Alert) error {
	if a.Incident == "" || c.Actor.User == "" {
		return nil
	}
	pages, err := c.PagesOf(a.ID)
	if err != nil {
		return err
	}
	topic := ""
	for _, p := range pages {
		if t := plan.AskedAs(p.Person, p.Why); p.Person == c.Actor.User && t != "" {
			topic = t
		}
	}
	if topic == "" {
		return nil
	}
	inc, err := c.Incident(a.Incident)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(inc.Roles, func(ra muster.RoleAssignment) bool {
		return ra.Role == muster.RoleSubjectMatterExpert && ra.Person == c.Actor.User && ra.Until.IsZero() && !ra.Proposed
	}) {
		return nil
	}
	_, err = c.assignRole(AssignRole{Incident: string(inc.Key), Role: muster.RoleSubjectMatterExpert, Person: c.Actor.User, Topic: topic})
	return err
}
