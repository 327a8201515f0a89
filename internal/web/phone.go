package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// byPage checks the token of a page's link and makes its person the actor: the token is the proof. Forged and expired
// links are written down.
func (v *visit) byPage() (*query.PagePhone, error) {
	token := v.r.PathValue("token")
	id, err := v.VerifyPage(token)
	if err != nil {
		op := "forged page link refused"
		if id != "" {
			op = "expired page link refused"
		}
		v.written(op, string(id), nil)
		return nil, err
	}
	d, err := v.Queries.PagePhone(v.ctx(), query.Viewer{}, id)
	if err != nil {
		return nil, err
	}
	a, err := v.Commands.ActorOf(d.Page.Person, muster.SurfacePage)
	if err != nil {
		return nil, muster.Errorf(muster.ErrForbidden, "This page was for somebody who has left. Sign in to see the alert.")
	}
	if !a.Access.AtLeast(muster.AccessResponder) {
		a.Access = muster.AccessResponder // whoever is paged may answer
	}
	a.Page = id
	zone := v.Queries.Zone(a.User)
	d, err = v.Queries.PagePhone(v.ctx(), query.Viewer{Actor: a, Zone: zone}, id)
	v.actor, v.zone = a, zone
	return d, err
}

// phonePage shows a page to its person. It acts never.
func phonePage(v *visit) error {
	d, err := v.byPage()
	if err != nil {
		return v.lost(err)
	}
	return v.phone(http.StatusOK, d, "")
}

// whyYou says in a breath why the page came to this person: whose turn it is, and from the second step on also who did
// not answer. Whatever is rarer, an override or a swap, is told in full.
func (v *visit) whyYou(d *query.PagePhone) string {
	role, roster, until, before := "", "", muster.Instant{}, ""
	for _, r := range d.Page.Why {
		switch r.Kind {
		case muster.ReasonOverride, muster.ReasonSwap:
			return strings.Join(d.WhyYou, " ")
		case muster.ReasonStep:
			if before = r.Text; r.Facts["step"] == "1" && r.Facts["round"] == "1" {
				before = ""
			}
		case muster.ReasonRoster:
			role, roster = muster.Role(r.Facts["role"]).Word(), r.Facts["title"]
		case muster.ReasonLayer:
			if t, err := time.Parse(time.RFC3339, r.Facts["until"]); err == nil {
				until = muster.At(t)
			}
		default: // the other kinds do not say why it is this person
		}
	}
	if roster == "" || role == "" || until.IsZero() {
		return strings.Join(d.WhyYou, " ")
	}
	return strings.TrimSpace(before + " You are " + role + " of " + roster + " until " + v.clock(until) + ".")
}

// lost tells a stranger that a link opens nothing.
func (v *visit) lost(err error) error {
	v.actor = muster.Actor{}
	return err
}

func (v *visit) phone(status int, d *query.PagePhone, problem string) error {
	a, self := d.Alert, "/p/"+v.r.PathValue("token")
	p := view.Phone{
		Shell: v.plainShell(a.Title), Person: d.Page.Name, PagedAt: d.Page.PlannedAt.Time, Title: a.Title, Service: d.Service,
		Severity: alertSeverity(a.Severity), OpenedAt: a.ReceivedAt.Time, Big: muster.Clip(bigWords(a), 400), Action: muster.Clip(known(a.Action), 600),
		WhyYou: v.whyYou(d), IfNotAt: d.Next.At.Time, WhoKnows: "Nobody yet. You would be the first.", Token: v.r.PathValue("token"),
		AlertURL: "/a/" + string(a.ID), WhyURL: "/a/" + string(a.ID) + "#why", Problem: problem,
	}
	p.Shell.JS, p.Shell.CSS = v.Static.Path("phone.js"), v.Static.Path("phone.css")
	p.Severity.Solid = a.Severity == muster.SeverityCritical
	if a.Status != muster.AlertOpen {
		p.WhoKnows = "Nobody else yet."
	}
	if len(d.WhoKnows) > 0 {
		p.WhoKnows = joined(d.WhoKnows) + "."
	}
	var next, escalate []string
	for _, who := range d.Next.People {
		next = append(next, who.Name)
	}
	for _, who := range d.Escalate {
		escalate = append(escalate, who.Name)
	}
	if a.Status == muster.AlertOpen && len(next) > 0 {
		p.IfNot = "Muster pages " + joined(next)
	} else {
		p.IfNotAt = time.Time{}
	}
	if a.IncidentKey != "" {
		p.RoomURL = "/i/" + string(a.IncidentKey)
	}
	switch a.Status {
	case muster.AlertOpen:
		if acknowledgedBy(a, v.actor.User) {
			p.Done, p.DoneText = view.State{Tone: view.ToneOK, Word: "You have acknowledged"}, ofSeveral(a)+". Muster goes on paging others."
		} else {
			p.AckURL = self + "/ack"
		}
	case muster.AlertAcknowledged:
		p.Done, p.DoneText = v.ackDone(a)
	case muster.AlertResolved:
		p.Done, p.DoneText = view.State{Tone: view.ToneOK, Word: "It is over"}, "Resolved at "+v.clock(a.ResolvedAt)+"."
	}
	if len(a.Acks) > 0 && p.AckURL != "" {
		p.WhoKnows = capital(ofSeveral(a)) + "."
	}
	if a.Status != muster.AlertResolved {
		if snoozable(a) {
			p.SnoozeURL = self + "/snooze"
		}
		if len(escalate) > 0 {
			p.EscalateURL, p.EscalateTo = self+"/escalate", joined(escalate)
		}
		if p.RoomURL == "" {
			p.DeclareURL = self + "/declare"
		}
	}
	v.digestOnPhone(&p, d)
	v.rating(&p, d)
	return v.render(status, view.PhonePage(p))
}

func bigWords(a *muster.Alert) string {
	if s := known(a.Impact); s != "" {
		return s
	}
	return a.Summary
}

func (v *visit) ackDone(a *muster.Alert) (view.State, string) {
	at := "since " + v.clock(a.AcknowledgedAt) + "."
	switch {
	case a.Snooze != nil:
		return view.State{Tone: view.ToneOK, Word: "Snoozed"}, a.Snooze.By.Name + " snoozed it until " + v.clock(a.Snooze.Until) + ". Then it pages again."
	case a.AcknowledgedBy == nil:
		return view.State{Tone: view.ToneOK, Word: "Acknowledged"}, capital(at)
	case a.AcknowledgedBy.User == v.actor.User:
		return view.State{Tone: view.ToneOK, Word: "You have it"}, "You have it " + at + " Muster pages nobody else."
	}
	return view.State{Tone: view.ToneOK, Word: a.AcknowledgedBy.Name + " has it"}, a.AcknowledgedBy.Name + " has it " + at
}

// onPhone is what a button of the phone page does, as the page's person.
func onPhone(op string) handler {
	return func(v *visit) error {
		d, err := v.byPage()
		if err != nil {
			return v.lost(err)
		}
		_, err = run[*muster.Alert](v, op, command.NoteAlert{Alert: d.Alert.ID})
		return v.phoneDone(d, err)
	}
}

// snoozeOnPhone puts the page's alert off, as the page's person.
func snoozeOnPhone(v *visit) error {
	d, err := v.byPage()
	if err != nil {
		return v.lost(err)
	}
	_, err = v.snooze(d.Alert.ID)
	return v.phoneDone(d, err)
}

// rateOnPhone takes whether the page was useful, as the page's person.
func rateOnPhone(v *visit) error {
	d, err := v.byPage()
	if err != nil {
		return v.lost(err)
	}
	_, err = run[*muster.Rating](v, "RatePage", command.RatePage{Alert: d.Alert.ID, Useful: v.field("useful") == "yes", Why: v.field("why")})
	return v.phoneDone(d, err)
}

// digestOnPhone lists the alerts of a page about several, and says whether there is something left to acknowledge.
func (v *visit) digestOnPhone(p *view.Phone, d *query.PagePhone) {
	if len(d.Digest) == 0 {
		return
	}
	open := 0
	for _, a := range d.Digest {
		if a.Status == muster.AlertOpen && !acknowledgedBy(a, v.actor.User) {
			open++
		}
		p.Digest = append(p.Digest, v.oneOfSeveral(a))
	}
	p.Title, p.Big, p.Action = itoa(len(d.Digest))+" alerts at once", "", ""
	p.SnoozeURL, p.EscalateURL, p.AckURL = "", "", ""
	p.Shell.Title = p.Title
	if open > 0 {
		p.AckURL, p.Done = "/p/"+v.r.PathValue("token")+"/ack", view.State{}
		return
	}
	p.Done, p.DoneText = view.State{Tone: view.ToneOK, Word: "All of them are taken care of"}, "Nothing on this page pages anybody any more."
}

// oneOfSeveral is an alert in the list of a digest or a group, with who has it.
func (v *visit) oneOfSeveral(a *muster.Alert) view.PhoneAlert {
	row := view.PhoneAlert{Title: a.Title, Service: v.Queries.Catalog().ServiceTitle(a.Service), Severity: alertSeverity(a.Severity), URL: "/a/" + string(a.ID)}
	switch a.Status {
	case muster.AlertOpen:
	case muster.AlertAcknowledged:
		if row.Status = "acknowledged"; a.AcknowledgedBy != nil {
			row.Status = a.AcknowledgedBy.Name + " has it"
		}
	case muster.AlertResolved:
		row.Status = "over"
	}
	return row
}

// rating asks whether the page was useful, once somebody has the alert.
func (v *visit) rating(p *view.Phone, d *query.PagePhone) {
	switch {
	case d.Rating != nil && d.Rating.Useful:
		p.Rated = "You said that this page was useful."
	case d.Rating != nil:
		p.Rated = "You said that this page was not useful."
	case d.Alert.Status != muster.AlertOpen:
		p.RateURL = "/p/" + v.r.PathValue("token") + "/rate"
	}
}

// seenOnPhone is told by the page's script after a gesture of a person: it proves that they opened the page.
func seenOnPhone(v *visit) error {
	d, err := v.byPage()
	if err != nil {
		return v.lost(err)
	}
	if err := v.Commands.SeePage(v.ctx(), v.actor, d.Alert.ID); err != nil {
		return err
	}
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}

// declareOnPhone opens a room for the page's alert.
func declareOnPhone(v *visit) error {
	d, err := v.byPage()
	if err != nil {
		return v.lost(err)
	}
	_, err = run[*muster.Incident](v, "DeclareIncident", command.DeclareIncident{Alert: d.Alert.ID, Severity: severityFor(d.Alert.Severity)})
	return v.phoneDone(d, err)
}

// phoneDone shows the page again: as it stands after the press, or with what went wrong.
func (v *visit) phoneDone(d *query.PagePhone, err error) error {
	if err == nil {
		v.w.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.w, v.r, "/p/"+v.r.PathValue("token"), http.StatusSeeOther)
		return nil
	}
	if code := muster.CodeOf(err); code != muster.ErrConflict && code != muster.ErrUnavailable {
		return v.lost(err)
	}
	fresh, ferr := v.Queries.PagePhone(v.ctx(), v.viewer(), d.Page.ID)
	if ferr != nil {
		return v.lost(ferr)
	}
	return v.phone(muster.CodeOf(err).HTTPStatus(), fresh, muster.MessageOf(err))
}

// demoPhone is the kind of connector whose pages appear in the browser.
const demoPhone = "demo-phone"

// phones shows the phones in the browser: everybody's in the demo, one's own elsewhere.
func phones(v *visit) error {
	only := v.actor.User
	if v.Demo {
		only = ""
	}
	return v.phonesPage(v.live("Phones", "", "phones"), only)
}

// phonesByToken is the same for whoever has the demo's own link.
func phonesByToken(v *visit) error {
	if err := v.phonesToken(); err != nil {
		return err
	}
	s := v.plainShell("Phones")
	s.LiveURL = "/phones/" + v.r.PathValue("token") + "/live?after=" + v.mark
	return v.phonesPage(s, "")
}

func (v *visit) phonesToken() error {
	if v.PhonesToken == nil || !v.PhonesToken(v.r.PathValue("token")) {
		v.written("forged phones link refused", "", nil)
		return muster.Errorf(muster.ErrUnauthenticated, "This link does not open the demo's phones. Take the one that the demo printed.")
	}
	return nil
}

// phonesLive is the live stream of the demo's phones.
func phonesLive(v *visit) error {
	if err := v.phonesToken(); err != nil {
		return err
	}
	t, err := topicOf("phones")
	if err != nil {
		return err
	}
	return v.stream(t, "phones "+v.remote(), v.phonesToken)
}

func (v *visit) phonesPage(s view.Shell, only muster.UserName) error {
	list, err := v.Queries.Phones(v.ctx(), v.viewer(), demoPhone)
	if err != nil {
		return err
	}
	p := view.Phones{Shell: s}
	for _, ph := range list {
		if only != "" && ph.User.Name != only {
			continue
		}
		zone := v.Queries.Zone(ph.User.Name)
		t := v.now.In(zone)
		h := view.DemoPhone{
			Person: docTitle(ph.User), You: ph.User.Name == v.actor.User, Place: city(zone), Clock: t.Format("15:04"), Duty: ph.Duty,
			Night: t.Hour() < 7 || t.Hour() >= 22,
		}
		for _, pg := range ph.Pages {
			h.Pages = append(h.Pages, v.demoPage(pg))
		}
		for _, n := range ph.Notices {
			h.Notes = append(h.Notes, v.demoNote(n))
		}
		p.Phones = append(p.Phones, h)
	}
	return v.render(http.StatusOK, view.PhonesPage(p))
}

func (v *visit) demoPage(pg query.PhonePage) view.DemoPage {
	d := view.DemoPage{
		At: pg.Page.StartedAt.Time, Title: pg.Alert.Title, Text: muster.Clip(bigWords(pg.Alert), 140), Severity: alertSeverity(pg.Alert.Severity), Ringing: pg.Ringing,
	}
	if v.SignPage != nil {
		d.URL = "/p/" + v.SignPage(pg.Page.ID, muster.At(v.now.Add(24*time.Hour)))
	}
	switch {
	case pg.Ringing:
		d.State = view.State{Tone: view.ToneCritical, Word: "ringing"}
	case pg.Page.State == muster.PageProved:
		d.State = view.State{Tone: view.ToneOK, Word: "answered"}
	case pg.Alert.Status == muster.AlertAcknowledged:
		d.State = view.State{Tone: view.ToneOK, Word: "acknowledged by somebody else"}
	default:
		d.State = view.State{Word: "over"}
	}
	return d
}

// demoNote is a notice as the phone shows it: with the link that a message would bear.
func (v *visit) demoNote(n *muster.Notice) view.DemoNote {
	d := view.DemoNote{At: n.At.Time, Kind: n.Kind.Word(), Title: n.Title, Text: muster.Clip(n.Text, 140)}
	switch {
	case !n.Kind.Tries():
		if muster.LocalPath(n.URL) {
			d.URL = n.URL
		}
	case v.SignTest != nil:
		d.URL = "/c/" + v.SignTest(n.ID, muster.At(v.now.Add(24*time.Hour)))
	}
	return d
}
