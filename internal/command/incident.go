package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// OneIncident names an incident by its ID or key.
type OneIncident struct {
	Incident string `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
}

// NoteIncident names an incident, with a word about it.
type NoteIncident struct {
	Incident string `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Note     string `json:"note,omitempty" arg:"rest" doc:"a word about it, for the timeline"`
}

// incident finds an incident by ID or key.
func (c *Call) incident(ref string) (*muster.Incident, error) {
	if key, ok := muster.ParseIncidentKey(ref); ok {
		return c.IncidentByKey(key)
	}
	iid, err := muster.ParseID[muster.IncidentID](ref)
	if err != nil {
		return nil, muster.Errorf(muster.ErrNotFound, "%q is not an incident: write its key, like INC-42.", muster.Clip(ref, 60))
	}
	return c.Incident(iid)
}

// DeclareIncident opens an incident. A title is enough.
type DeclareIncident struct {
	Title      string             `json:"title" arg:"rest" doc:"what is wrong, in a few words"`
	Severity   muster.Severity    `json:"severity,omitempty" doc:"SEV1 to SEV4; SEV3 when empty"`
	Service    muster.ServiceName `json:"service,omitempty" doc:"the service that it concerns"`
	Alert      muster.AlertID     `json:"alert,omitempty" doc:"the alert that it began with"`
	Impact     string             `json:"impact,omitempty" doc:"who notices it, and what they notice"`
	DetectedBy muster.DetectedBy  `json:"detected_by,omitempty" doc:"monitoring, customer or staff"`
	Public     bool               `json:"public,omitempty" doc:"show it on the public status pages"`
}

func (c *Call) declareIncident(in DeclareIncident) (*muster.Incident, error) {
	in.Title = strings.TrimSpace(in.Title)
	var a *muster.Alert
	if in.Alert != "" {
		var err error
		if a, err = c.Alert(in.Alert); err != nil {
			return nil, err
		}
		if err = c.prove(a, c.Actor.Name+" declared an incident"); err != nil {
			return nil, err
		}
		if a.Incident != "" {
			return c.Incident(a.Incident)
		}
		if in.Title == "" {
			in.Title = a.Title
		}
		if in.Service == "" {
			in.Service = a.Service
		}
	}
	var wrong []muster.FieldError
	if in.Title == "" {
		wrong = append(wrong, muster.FieldError{Path: "title", Message: "say in a few words what is wrong"})
	}
	if in.Severity == "" {
		in.Severity = muster.SEV3
	}
	wrong = append(wrong, checkSeverity(in.Severity)...)
	switch in.DetectedBy {
	case "", muster.DetectedByMonitoring, muster.DetectedByCustomer, muster.DetectedByStaff:
	default:
		wrong = append(wrong, muster.FieldError{Path: "detected_by", Message: "is one of monitoring, customer, staff"})
	}
	if in.Service != "" && c.Snap.Catalog.Services[in.Service] == nil {
		wrong = append(wrong, muster.FieldError{Path: "service", Message: fmt.Sprintf("there is no service called %q", muster.Clip(string(in.Service), 60))})
	}
	if len(wrong) > 0 {
		return nil, muster.Invalid("The incident cannot be declared like this", wrong)
	}
	var r rows
	inc, err := c.declare(&r, in, a)
	if err != nil {
		return nil, err
	}
	if a != nil {
		r.changed = append(r.changed, a)
	}
	return inc, r.flush(c)
}

func checkSeverity(s muster.Severity) []muster.FieldError {
	switch s {
	case muster.SEV1, muster.SEV2, muster.SEV3, muster.SEV4:
		return nil
	}
	return []muster.FieldError{{Path: "severity", Message: fmt.Sprintf("%q is not one of SEV1, SEV2, SEV3, SEV4", muster.Clip(string(s), 20))}}
}

// declareFor declares an incident for an alert whose route says so.
func (c *Call) declareFor(r *rows, a *muster.Alert, sev muster.Severity) error {
	if sev == "" {
		sev = muster.SEV3
	}
	by := c.Actor
	c.Actor = muster.Engine()
	_, err := c.declare(r, DeclareIncident{Title: a.Title, Severity: sev, Service: a.Service, Alert: a.ID}, a)
	c.Actor = by
	return err
}

// declareByRoute declares the incident of an alert that was held back when it arrived, now that it pages.
func (c *Call) declareByRoute(r *rows, a *muster.Alert) error {
	doc := c.Snap.Catalog.Routes[a.Route]
	if doc == nil || !doc.Declare || a.Incident != "" {
		return nil
	}
	return c.declareFor(r, a, doc.Severity)
}

// declare writes a new incident: five answers opened, roles proposed, room opened by its first entry.
func (c *Call) declare(r *rows, in DeclareIncident, a *muster.Alert) (*muster.Incident, error) {
	n, err := c.NextIncidentNumber()
	if err != nil {
		return nil, err
	}
	d := lifecycle.Declaration{
		ID: id[muster.IncidentID](c), Number: n, Key: muster.KeyOf(n), Title: muster.Clip(in.Title, 200), Severity: in.Severity,
		Service: in.Service, DetectedBy: in.DetectedBy, By: c.Actor.By(), Revision: c.Snap.Catalog.Revision,
	}
	if d.DetectedBy == "" {
		d.DetectedBy = muster.DetectedByStaff
	}
	if a != nil {
		d.DetectedAt, d.DetectedBy, d.KnownAt = a.DetectedAt, a.DetectedBy, a.AcknowledgedAt
	}
	opened, err := lifecycle.Declare(d, c.Now())
	if err != nil {
		return nil, err
	}
	inc := &opened
	inc.Roles, inc.Actions, inc.Theories = []muster.RoleAssignment{}, []muster.CurrentAction{}, []muster.Theory{}
	inc.StatusPages, inc.Components = []muster.StatusPageName{}, []string{}
	c.proposeRoles(inc)
	if in.Impact != "" {
		inc.Answers[muster.QuestionBad] = muster.Answer{Text: muster.Clip(in.Impact, 500), By: c.Actor.By(), At: c.Now()}
	}
	if in.Public {
		c.showOn(inc)
	}
	if err := c.InsertIncident(inc); err != nil {
		return nil, err
	}
	why := ""
	if a != nil {
		if c.Actor.Machine {
			why = fmt.Sprintf(", because the route %s says so", a.Route)
		}
	}
	en := c.incidentEntry(inc, muster.EntryIncident, fmt.Sprintf("%s declared %s, %s, and opened this room%s", c.Actor.Name, inc.Key, inc.Severity, why))
	en.Pinned = true
	if a != nil {
		a.Incident, a.IncidentKey = inc.ID, inc.Key
		if i := slices.IndexFunc(r.entries, func(e *muster.Entry) bool { return e.Kind == muster.EntrySignal && e.Alert == a.ID }); i >= 0 {
			r.entries[i].Incident = inc.ID // the alert opened just now: its first entry is the room's, too
		} else {
			fired := c.alertEntry(a, muster.EntrySignal, firedText(c.sourceName(a.Source), a))
			fired.At, fired.By = a.DetectedAt, c.sourceName(a.Source).By()
			r.entries = append(r.entries, fired)
		}
		if !a.AcknowledgedAt.IsZero() {
			acked := c.alertEntry(a, muster.EntryAlert, a.AcknowledgedBy.Name+" acknowledged the alert")
			acked.At, acked.By = a.AcknowledgedAt, *a.AcknowledgedBy
			r.entries = append(r.entries, acked)
		}
	}
	r.entries = append(r.entries, en)
	if t := rolesProposed(inc); t != "" {
		r.entries = append(r.entries, c.machineEntry(inc, muster.EntryRole, t))
	}
	if err := c.seenBy(inc.ID, c.Actor); err != nil {
		return nil, err
	}
	inc.Created = true
	return inc, c.publish(inc)
}

func (c *Call) sourceName(s muster.SourceName) muster.Actor {
	title := string(s)
	if d := c.Snap.Catalog.Sources[s]; d != nil {
		title = d.Title
	}
	return muster.Actor{Name: title, Machine: true, Surface: muster.SurfaceIntake}
}

func rolesProposed(inc *muster.Incident) string {
	var parts []string
	for _, ra := range inc.Roles {
		if ra.Proposed {
			parts = append(parts, fmt.Sprintf("%s as %s", ra.Name, ra.Role.Word()))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Muster proposes " + listWords(parts)
}

// proposeRoles proposes roles from the rosters: whoever is on call for the service as primary and secondary responder,
// and the rosters that are kept for an incident role.
func (c *Call) proposeRoles(inc *muster.Incident) {
	var duties []lifecycle.Duty
	for _, row := range plan.OnCall(c.Snap, c.Now(), plan.OnCallFilter{}) {
		ros := c.Snap.Catalog.Rosters[row.Roster]
		if ros == nil || (ros.Role == "" && !slices.Contains(row.Services, inc.Service)) {
			continue
		}
		d := lifecycle.Duty{Roster: row.Roster, Title: ros.Title, For: ros.Role, Position: row.Role}
		for _, p := range row.People {
			d.People = append(d.People, p.ID)
		}
		duties = append(duties, d)
	}
	facts := lifecycle.Facts{Person: c.Snap.Catalog.DisplayName}
	inc.Roles = append(inc.Roles, lifecycle.ProposeRoles(*inc, duties, facts, c.Now())...)
}

// incidentEntry makes an entry of an incident.
func (c *Call) incidentEntry(inc *muster.Incident, kind muster.EntryKind, text string) *muster.Entry {
	e := c.entry(kind, text)
	e.Incident = inc.ID
	return e
}

func (c *Call) machineEntry(inc *muster.Incident, kind muster.EntryKind, text string) *muster.Entry {
	e := c.incidentEntry(inc, kind, text)
	e.By = muster.Engine().By()
	return e
}

// save writes an incident that changed, with the entries that say so. A person who changes something knows of it.
func (c *Call) save(inc *muster.Incident, entries ...*muster.Entry) error {
	if !c.Actor.Machine {
		*inc, _ = lifecycle.Known(*inc, c.Now())
	}
	if err := c.UpdateIncident(inc); err != nil {
		return err
	}
	if err := c.seenBy(inc.ID, c.Actor); err != nil {
		return err
	}
	r := rows{entries: entries}
	return r.flush(c)
}

// seen notes that the actor knows of an incident: who else is aware?
func (c *Call) seen(inc muster.IncidentID) error { return c.seenBy(inc, c.Actor) }

func (c *Call) seenBy(inc muster.IncidentID, a muster.Actor) error {
	if a.User == "" {
		return nil
	}
	first, err := c.Seen(muster.Awareness{Incident: inc, Person: a.User, Name: a.Name, First: c.Now(), Last: c.Now(), Via: a.Surface})
	if first {
		c.Emit(store.Event{Topic: "incident:" + string(inc), Parts: []string{string(muster.EntrySeen)}})
	}
	return err
}

// MarkSeen notes that the actor has opened an incident.
func (c *Call) markSeen(in OneIncident) (muster.Nothing, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return muster.Nothing{}, err
	}
	return muster.Nothing{}, c.seen(inc.ID)
}

// stateChange is a step of the incident's state machine; it reports false when the state holds already.
type stateChange func(muster.Incident, muster.Instant) (muster.Incident, bool, error)

// transition runs a step of the incident's state machine.
func (c *Call) transition(ref, note, did string, to stateChange) (*muster.Incident, error) {
	inc, err := c.incident(ref)
	if err != nil {
		return nil, err
	}
	next, changed, err := to(*inc, c.Now())
	if err != nil || !changed {
		return inc, err
	}
	en := c.incidentEntry(&next, muster.EntryIncident, withNote(c.Actor.Name+" "+did, note))
	en.Pinned = true
	if err := c.save(&next, en); err != nil {
		return nil, err
	}
	return &next, c.publish(&next)
}

func (c *Call) mitigateIncident(in NoteIncident) (*muster.Incident, error) {
	return c.transition(in.Incident, in.Note, "marked the incident as mitigated", lifecycle.Mitigate)
}

// reopenIncident goes back to responding. An update from chat finds it again, also after it was closed on the page.
func (c *Call) reopenIncident(in NoteIncident) (*muster.Incident, error) {
	return c.transition(in.Incident, in.Note, "reopened the incident", func(i muster.Incident, now muster.Instant) (muster.Incident, bool, error) {
		next, changed, err := lifecycle.Reopen(i, now)
		if changed {
			next.OffPageAt = muster.Instant{}
		}
		return next, changed, err
	})
}

func (c *Call) closeIncident(in NoteIncident) (*muster.Incident, error) {
	return c.transition(in.Incident, in.Note, "closed the incident", lifecycle.Close)
}

// resolveIncident ends the response. Open alerts of the incident are resolved with it, and the running promise is over:
// the resolution is the last word, or a final update says more.
func (c *Call) resolveIncident(in NoteIncident) (*muster.Incident, error) {
	inc, err := c.transition(in.Incident, in.Note, "resolved the incident", func(i muster.Incident, now muster.Instant) (muster.Incident, bool, error) {
		next, changed, err := lifecycle.Resolve(i, now)
		if changed && next.Promise != nil {
			kept := *next.Promise
			kept.Kept = true
			next.Promise = &kept
		}
		return next, changed, err
	})
	if err != nil {
		return nil, err
	}
	if err := c.DeleteTimersOf(string(inc.ID), muster.TimerPromise); err != nil {
		return nil, err
	}
	return inc, c.endAlerts(inc)
}

// endAlerts resolves the alerts of an incident that is over.
func (c *Call) endAlerts(inc *muster.Incident) error {
	open := store.AlertFilter{Incident: inc.ID, Status: []muster.AlertStatus{muster.AlertOpen, muster.AlertAcknowledged}, List: store.List{Limit: 200}}
	for {
		alerts, err := c.Alerts(open)
		if err != nil || len(alerts) == 0 {
			return err
		}
		for _, a := range alerts {
			if a, err = c.Alert(a.ID); err != nil { // locks it
				return err
			}
			if a.Status == muster.AlertResolved {
				continue
			}
			if err := c.resolveAlert(a, c.Actor.Name+" resolved the alert with "+string(inc.Key)); err != nil {
				return err
			}
		}
	}
}

// SetSeverity changes how bad an incident is.
type SetSeverity struct {
	Incident string          `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Severity muster.Severity `json:"severity" arg:"2" doc:"SEV1 to SEV4"`
	Why      string          `json:"why,omitempty" arg:"rest" doc:"why"`
}

func (c *Call) setSeverity(in SetSeverity) (*muster.Incident, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	in.Severity = muster.Severity(strings.ToUpper(string(in.Severity)))
	if wrong := checkSeverity(in.Severity); len(wrong) > 0 {
		return nil, muster.Invalid("The severity cannot be set", wrong)
	}
	if inc.Severity == in.Severity {
		return inc, nil
	}
	en := c.incidentEntry(inc, muster.EntryDecided, withNote(fmt.Sprintf("%s to %s", inc.Severity, in.Severity), in.Why))
	en.Pinned = true
	inc.Severity = in.Severity
	if err := c.save(inc, en); err != nil {
		return nil, err
	}
	return inc, c.publish(inc)
}

// SetAnswer answers one of the five questions.
type SetAnswer struct {
	Incident string          `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Question muster.Question `json:"question" arg:"2" doc:"when, how, who, doing or bad"`
	Text     string          `json:"text" arg:"rest" doc:"the answer"`
}

func (c *Call) setAnswer(in SetAnswer) (*muster.Incident, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	known := false
	for _, q := range muster.Questions() {
		known = known || q == in.Question
	}
	in.Text = strings.TrimSpace(in.Text)
	switch {
	case !known:
		return nil, muster.Invalid("The question is not known", []muster.FieldError{{Path: "question", Message: "is one of when, how, who, doing, bad"}})
	case in.Text == "":
		delete(inc.Answers, in.Question)
		return inc, c.save(inc, c.incidentEntry(inc, muster.EntryAnswer, c.Actor.Name+" took back the answer: "+in.Question.Word()))
	}
	if inc.Answers == nil {
		inc.Answers = map[muster.Question]muster.Answer{}
	}
	inc.Answers[in.Question] = muster.Answer{Text: muster.Clip(in.Text, 500), By: c.Actor.By(), At: c.Now()}
	return inc, c.save(inc, c.incidentEntry(inc, muster.EntryAnswer, in.Question.Word()+" "+muster.Clip(in.Text, 500)))
}

// LinkAlert joins an alert to an incident.
type LinkAlert struct {
	Incident string         `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Alert    muster.AlertID `json:"alert" arg:"2" doc:"the alert's ID"`
}

func (c *Call) linkAlert(in LinkAlert) (*muster.Incident, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	switch a.Incident {
	case inc.ID:
		return inc, nil
	case "":
	default:
		return nil, muster.Errorf(muster.ErrConflict, "The alert belongs to %s already.", a.IncidentKey)
	}
	a.Incident, a.IncidentKey = inc.ID, inc.Key
	*inc, _ = lifecycle.Detected(*inc, a.DetectedAt)
	if err := c.UpdateAlert(a); err != nil {
		return nil, err
	}
	return inc, c.save(inc, c.alertEntry(a, muster.EntryAlert, fmt.Sprintf("%s joined the alert %s", c.Actor.Name, a.Title)))
}
