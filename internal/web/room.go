package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// room is the room of an incident.
func room(v *visit) error { return v.room(http.StatusOK, nil) }

// room shows the room; change fills in what was wrong with a form.
func (v *visit) room(status int, change func(*view.Room)) error {
	d, err := v.Queries.Room(v.ctx(), v.viewer(), v.ref(), 0)
	if err != nil {
		return err
	}
	inc := d.IncidentItem.Incident
	self := "/i/" + string(inc.Key)
	p := view.Room{
		Shell: v.live(string(inc.Key)+" "+inc.Title, view.PlaceIncidents, "incident:"+string(inc.ID)+"&last_event_id="+itoa(int(d.LastSeq))),
		ID:    string(inc.ID), Key: string(inc.Key), Title: inc.Title, Status: incidentStatus(inc.Status), Severity: severity(inc.Severity),
		Service: v.serviceLink(inc.Service), DeclaredAt: inc.DeclaredAt.Time, DeclaredBy: inc.DeclaredBy.Name, BackURL: "/",
		Promise: v.promiseOf(inc, self+"?update=1#update-now"), Phases: v.phases(inc), Answers: v.answers(d.IncidentItem),
		Roles: v.rolesHeld(d), Guidance: guidance(d.Guidance), Stream: v.streamOf(d, self), SeenURL: self + "/seen",
	}
	p.Severity.Word = strings.TrimSpace(p.Severity.Word + " " + severityWord(inc.Severity))
	v.roomLists(&p, d, self)
	if v.can(muster.AccessResponder) {
		v.roomForms(&p, d, self)
	} else if inc.Review != "" {
		p.Review = view.Button{Text: "Review", URL: "/reviews/" + string(inc.Review), Icon: "review", Get: true}
	}
	if change != nil {
		change(&p)
	}
	return v.render(status, view.RoomPage(p))
}

// roomLists fills in what stands beside the stream.
func (v *visit) roomLists(p *view.Room, d *query.Room, self string) {
	for _, a := range d.Actions {
		va := view.Action{Text: a.Text, Person: a.Name, StartedAt: a.StartedAt.Time, EndedAt: a.EndedAt.Time}
		if a.EndedAt.IsZero() {
			va.FinishURL = v.may(muster.AccessResponder, self+"/actions/"+string(a.ID))
		} else {
			va.Outcome = view.State{Tone: view.ToneOK, Word: capital(a.Outcome)}
		}
		p.Actions = append(p.Actions, va)
	}
	for _, t := range d.Theories {
		p.Theories = append(p.Theories, view.Theory{
			Text: t.Text, By: t.By.Name, Open: t.State == muster.TheoryOpen, URL: v.may(muster.AccessResponder, self+"/theories/"+string(t.ID)),
			State: theoryState(t.State),
		})
	}
	for _, it := range d.Items {
		note := v.alertStatus(it.Alert).Word
		if it.Signals > 1 {
			note += " · " + plural(it.Signals, "signal", "signals")
		}
		p.Alerts = append(p.Alerts, view.RoomAlert{Title: it.Title, URL: "/a/" + string(it.Alert.ID), State: alertSeverity(it.Alert.Severity), Note: note})
	}
	for _, s := range d.Status {
		if s.Shown || s.Updates > 0 {
			p.StatusPages = append(p.StatusPages, v.statusLine(s))
		}
	}
	for _, w := range d.Seen {
		p.Seen = append(p.Seen, view.Seen{Who: w.Name, At: w.First.Time})
	}
	p.SeenTotal = len(d.Seen)
}

func theoryState(s muster.TheoryState) view.State {
	switch s {
	case muster.TheoryConfirmed:
		return view.State{Tone: view.ToneOK, Word: "Confirmed"}
	case muster.TheoryRuledOut:
		return view.State{Tone: view.ToneNone, Word: "Ruled out"}
	case muster.TheoryOpen:
	}
	return view.State{Tone: view.ToneInfo, Word: "Open"}
}

func (v *visit) statusLine(s query.RoomStatus) view.StatusLine {
	l := view.StatusLine{State: view.State{Tone: view.ToneInfo, Word: "Shown"}, Text: s.Title, URL: "/s/" + string(s.Page) + "/"}
	if len(s.Components) > 0 {
		l.Text += ": " + joined(s.Components)
	}
	l.Note = plural(s.Updates, "update", "updates") + ", for " + audienceWord(s.Audience)
	if !s.PublishedAt.IsZero() {
		l.Note += ", published " + v.clock(s.PublishedAt)
	}
	return l
}

func audienceWord(a muster.Audience) string {
	switch a {
	case muster.AudiencePublic:
		return "everybody"
	case muster.AudienceOrganisation:
		return "the organisation"
	case muster.AudienceResponders:
	}
	return "responders"
}

// rolesHeld lists the roles with who holds them: the three of every incident also when nobody does.
func (v *visit) rolesHeld(d *query.Room) (out []view.RoleHeld) {
	for _, role := range muster.Roles() {
		found := false
		for _, ra := range d.Roles {
			if ra.Role != role {
				continue
			}
			found = true
			out = append(out, view.RoleHeld{
				Value: string(role), Role: capital(role.Word()), Short: shortRole(role), Topic: ra.Topic, Person: *v.person(ra.Person, ra.Name),
				Since: ra.From.Time, CanHandOff: v.can(muster.AccessResponder),
			})
		}
		always := role == muster.RoleIncidentCommander || role == muster.RoleCommunicationCoordinator || role == muster.RoleScribe
		if !found && always {
			out = append(out, view.RoleHeld{Value: string(role), Role: capital(role.Word()), Short: shortRole(role)})
		}
	}
	return out
}

// roomForms fills in what a responder can do.
func (v *visit) roomForms(p *view.Room, d *query.Room, self string) {
	inc := d.IncidentItem.Incident
	p.AnswerURL, p.RoleURL, p.TheoryURL, p.LinkAlertURL, p.SeverityURL = self+"/answer", self+"/role", self+"/theories", self+"/link", self+"/severity"
	p.Severities, p.People = severities(inc.Severity), v.userOptions("")
	for _, r := range muster.Roles() {
		p.RoleNames = append(p.RoleNames, view.Option{Value: string(r), Text: capital(r.Word())})
	}
	for _, ra := range d.Proposals {
		p.Proposals = append(p.Proposals, view.RoleProposal{Value: string(ra.Role), Role: capital(ra.Role.Word()), Person: *v.person(ra.Person, ra.Name), ID: string(ra.Person), Why: ra.Why})
	}
	p.Composer = view.Composer{URL: self + "/say", Commands: v.commands()}
	switch inc.Status {
	case muster.IncidentOpen:
		p.MitigateURL, p.ResolveURL, p.StartActionURL = self+"/mitigate", self+"/resolve", self+"/actions"
	case muster.IncidentMitigated:
		p.ResolveURL, p.ReopenURL, p.StartActionURL = self+"/resolve", self+"/reopen", self+"/actions"
	case muster.IncidentResolved, muster.IncidentClosed:
		p.ReopenURL = self + "/reopen"
	}
	if inc.Status != muster.IncidentClosed {
		p.Update = v.updateForm(self+"/update", inc, d.Updates)
		p.Update.Open = v.param("update") != "" && v.r.Method == http.MethodGet
	}
	if slices.ContainsFunc(d.Items, func(it query.AlertItem) bool { return it.Alert.Status != muster.AlertResolved }) {
		p.PageURL = self + "/page"
		for _, w := range d.Wakes {
			p.PageWhom = append(p.PageWhom, view.Option{Value: string(w.ID), Text: w.Name, Hint: "wakes " + w.Name + v.nightly(w.ID)})
		}
	}
	if !over(inc.Status) {
		p.Expert = v.askExpert(self + "/expert")
	}
	switch {
	case inc.Review != "":
		p.Review = view.Button{Text: "Review", URL: "/reviews/" + string(inc.Review), Icon: "review", Get: true}
	case over(inc.Status):
		p.Review = view.Button{Text: "Start the review", URL: self + "/review", Icon: "review"}
	}
}

// nightly warns that it is night where somebody is.
func (v *visit) nightly(u muster.UserName) string {
	if t := v.now.In(v.Queries.Zone(u)); t.Hour() < 7 || t.Hour() >= 22 {
		return ", where it is " + t.Format("15:04")
	}
	return ""
}

// commands are the words that may follow "/" in the composer.
func (v *visit) commands() []view.Command {
	if v.Chat == nil {
		return nil
	}
	hints := map[string]string{}
	for _, list := range [][]muster.Op{v.Commands.Ops(), v.Queries.Ops()} {
		for _, op := range list {
			hints[op.Chat] = op.Summary
		}
	}
	out := v.Chat.Commands()
	for i := range out {
		out[i].Word = strings.TrimPrefix(out[i].Word, "/")
		if out[i].Hint == "" {
			out[i].Hint = hints[out[i].Word]
		}
	}
	return out
}

// updateForm is the form for the next status update of an incident. updates are newest first.
func (v *visit) updateForm(url string, inc *muster.Incident, updates []*muster.StatusUpdate) view.UpdateForm {
	f := view.UpdateForm{
		URL: url, Number: inc.Updates + 1,
		Minutes: []view.Option{{Value: "15", Text: "15 min"}, {Value: "30", Text: "30 min", Selected: true}, {Value: "60", Text: "1 hour"}, {Value: "120", Text: "2 hours"}},
	}
	to := muster.AudienceOrganisation
	if len(updates) > 0 {
		f.LastKnown, f.LastDoing, to = updates[0].Known, updates[0].Doing, updates[0].Audience
	}
	for _, a := range []muster.Audience{muster.AudienceResponders, muster.AudienceOrganisation, muster.AudiencePublic} {
		o := view.Option{Value: string(a), Text: capital(a), Selected: a == to}
		if a == muster.AudiencePublic {
			o.Hint = "on the public status page"
		}
		f.Audiences = append(f.Audiences, o)
	}
	return f
}

// phases are the five, each with its clock: a phase that came again counts from its first beginning.
func (v *visit) phases(inc *muster.Incident) (out []view.Phase) {
	for _, name := range muster.Phases() {
		ph := view.Phase{Name: capital(name)}
		running := false
		for _, s := range inc.Phases {
			if s.Phase != name {
				continue
			}
			if ph.From.IsZero() || s.From.Before(ph.From) {
				ph.From = s.From.Time
			}
			if s.Until.After(ph.To) {
				ph.To = s.Until.Time
			}
			running = running || s.Until.IsZero()
		}
		switch {
		case running:
			ph.To = time.Time{}
		case name == muster.PhaseDetection && !inc.DetectedAt.IsZero() && !inc.KnownAt.IsZero():
			ph.Words = v.clock(inc.DetectedAt) + " began, " + v.clock(inc.KnownAt) + " known"
		case name == muster.PhaseAnalysis && ph.From.IsZero():
			ph.Words = "opens when resolved"
		case name == muster.PhaseReadiness && ph.From.IsZero():
			ph.Words = "opens with the review"
		}
		out = append(out, ph)
	}
	return out
}

// guidance is what helps beside an incident or an alert.
func guidance(list []query.Guidance) (out []view.Guidance) {
	for _, g := range list {
		vg := view.Guidance{Icon: "out", Text: g.Title, URL: webLink(g.URL)}
		if g.Kind == "runbook" {
			vg.Icon, vg.URL, vg.Body, vg.Note = "book", refRunbook(g.Ref), g.Text, "Runbook, never followed yet"
			if g.Proven != "" {
				vg.Note = "Runbook, followed last on " + dayOf(g.Proven)
			}
		}
		out = append(out, vg)
	}
	return out
}

// webLink is a link from outside that may stand in a page: only http and https lead anywhere.
func webLink(u string) string {
	if strings.HasPrefix(u, "https://") || strings.HasPrefix(u, "http://") {
		return u
	}
	return ""
}

// unresolved lists the alerts of an incident that are not over, newest first.
func (v *visit) unresolved(ref string) ([]query.AlertItem, error) {
	list, err := v.Queries.AlertList(v.ctx(), v.viewer(), query.ListAlerts{Incident: ref, Status: []muster.AlertStatus{muster.AlertOpen, muster.AlertAcknowledged}})
	return list.Items, err
}

// keyOf is the key of an incident that is named by its ID or key.
func (v *visit) keyOf(ref string) (muster.IncidentKey, error) {
	if key, ok := muster.ParseIncidentKey(ref); ok {
		return key, nil
	}
	inc, err := v.Queries.Incident(v.ctx(), v.viewer(), ref)
	if err != nil {
		return "", err
	}
	return inc.Key, nil
}

// entriesAfter asks for what was added to a room's timeline after an entry.
func (v *visit) entriesAfter(id muster.IncidentID, after int64) ([]*muster.Entry, error) {
	return v.Queries.TimelineAfter(v.ctx(), v.viewer(), string(id), after)
}
