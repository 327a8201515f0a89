package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// otherWays are kinds of connectors, and what each is good for at night.
var otherWays = []view.Field{
	{Name: "ntfy", Value: "An app for Android and iPhone; the public server or your own. Set up in a minute."},
	{Name: "webpush", Value: "Notifications of browsers and of Muster on the home screen, with an Acknowledge button. Needs https."},
	{Name: "pushover", Value: "An app that sounds until it is acknowledged."},
	{Name: "twilio-sms", Value: "Text messages; answered by text."},
	{Name: "twilio-voice", Value: "Phone calls; answered by a key. The loudest."},
}

func (v *visit) contactStep(st *setupState) *view.SetupContact {
	self := "/settings/people/" + string(v.actor.User)
	c := &view.SetupContact{URL: "/setup/contact", MineURL: self + "#reach", AddURL: "/settings/connectors/new", Name: "mail", Address: st.profile.User.Email}
	known := map[string]bool{}
	for _, d := range st.cat.Documents(muster.KindConnectors) {
		conn, ok := d.(*muster.Connector)
		if !ok || v.Reach == nil {
			continue
		}
		known[conn.Kind] = true
		how := v.Reach(conn.Kind)
		if how.Address == "" || how.Key != "" || conn.Kind == demoPhone && !v.Demo {
			continue
		}
		c.Kinds = append(c.Kinds, view.Option{Value: string(conn.Name), Text: docTitle(conn) + ": " + how.Address, Selected: conn.Kind == mailKind && st.mail != nil && conn.Name == st.mail.Connector.Name})
	}
	if !slices.ContainsFunc(c.Kinds, func(o view.Option) bool { return o.Selected }) {
		c.Name, c.Address = "", ""
	}
	for _, o := range otherWays {
		if !known[o.Name] {
			c.Others = append(c.Others, o)
		}
	}
	for i := range st.profile.Contacts {
		c.Methods = append(c.Methods, v.setupMethod(st, &st.profile.Contacts[i]))
	}
	if len(c.Methods) > 0 && slices.ContainsFunc(st.profile.Contacts, func(m muster.Contact) bool { return m.Method == c.Name }) {
		c.Name, c.Address = "", ""
	}
	if st.reached() == nil {
		c.Skip = "Without it, only the phone in this browser rings, while this browser is open."
	}
	return c
}

func (v *visit) setupMethod(st *setupState, c *muster.Contact) view.SetupMethod {
	m := view.SetupMethod{ID: string(c.ID), Name: joinDots(c.Method, c.Hint)}
	switch {
	case !st.outside(c):
		m.State, m.Note = view.State{Word: "Here"}, "Rings in a tab that shows Muster. It proves nothing about the night."
	case c.LastProved.IsZero():
		m.Test = true
		m.State, m.Note = view.State{Tone: view.ToneMinor, Word: "Waits for you"}, "Open the link in the message and press the button there. This page notices by itself."
		if failed := v.failedTest(st, c); failed != "" {
			m.State, m.Note = view.State{Tone: view.ToneCritical, Word: "Not delivered"}, failed
		}
	case unruled(st.profile, c) != "":
		m.State, m.Note = view.State{Tone: view.ToneMinor, Word: "Not used"}, unruled(st.profile, c)+" Add a rule for it among your contact methods."
	default:
		m.State, m.Note = view.State{Tone: view.ToneOK, Word: "Verified"}, "You answered at "+v.clock(c.LastProved)+"."
	}
	return m
}

// failedTest says that what was sent last by a contact's connector could not be delivered.
func (v *visit) failedTest(st *setupState, c *muster.Contact) string {
	if st.mail == nil || st.mail.Connector.Name != c.Connector || st.mail.Last == nil || st.mail.Last.State != muster.DeliveryFailed {
		return ""
	}
	return "The last mail could not be delivered. Try the mail server in step 2, then send the test again."
}

// setupContact adds a contact method of the admin and sends its test, or sends the test again.
func setupContact(v *visit) error {
	if err := v.setupAdmin(); err != nil {
		return err
	}
	const here = "/setup/contact"
	if v.field("do") == "test" {
		if _, err := run[muster.Nothing](v, "TestContact", command.OneContact{Contact: muster.ContactID(v.field("contact"))}); err != nil {
			return err
		}
		return v.done(here, "The test is on its way.", "")
	}
	ct, err := run[*muster.Contact](v, "AddContact", command.AddContact{
		User: v.actor.User, Method: string(userName(v.field("name"))), Connector: muster.ConnectorName(v.field("kind")), Address: v.field("address"),
	})
	if code := muster.CodeOf(err); code == muster.ErrInvalid || code == muster.ErrConflict {
		return v.wizard(http.StatusUnprocessableEntity, stepContact, func(p *view.Wizard) {
			p.Contact.Name, p.Contact.Address, p.Contact.Kinds = v.field("name"), v.field("address"), options(p.Contact.Kinds, v.field("kind"))
			p.Contact.Problems = problems(err, map[string]string{"method": "name", "connector": "kind"})
		})
	}
	if err != nil {
		return err
	}
	if err := v.goesFirst(ct); err != nil {
		return err
	}
	if _, err := run[muster.Nothing](v, "TestContact", command.OneContact{Contact: ct.ID}); err != nil {
		return err
	}
	return v.done(here, "Added. A test is on its way: open the link in it and press the button.", "")
}

// goesFirst has pages use a new contact method at once. Where the admin has no rules yet, they are made of every method: else
// the phone in the browser, which is the oldest, would come first and the new one two minutes later. Where there are some,
// one is added: what no rule names is never used.
func (v *visit) goesFirst(ct *muster.Contact) error {
	cat := v.Queries.Catalog()
	u := cat.Users[v.actor.User]
	if u == nil || names(u.Notify, ct.Method) {
		return nil
	}
	rules := slices.Clone(u.Notify)
	if len(rules) == 0 {
		d, err := v.Queries.Profile(v.ctx(), v.viewer(), u.Name)
		if err != nil {
			return err
		}
		for i := range d.Contacts {
			if c := &d.Contacts[i]; c.ID != ct.ID && !c.VerifiedAt.IsZero() {
				rules = append(rules, muster.NotificationRule{Method: c.Method})
			}
		}
	}
	return v.saveRules(u, cat.RevisionOf(muster.DocRef(muster.KindUsers, string(u.Name))), append(rules, muster.NotificationRule{Method: ct.Method}), "setup: contact method")
}

// testTitle is how the alert of a test page is called, and found again.
const testTitle = "This is a test page: nothing is wrong"

func (v *visit) testStep(st *setupState) (*view.SetupTest, error) {
	t := &view.SetupTest{URL: "/setup/test"}
	t.Wakes, t.Note = v.testWakes(st)
	id := muster.AlertID(v.param("alert"))
	if id == "" {
		for _, p := range st.profile.Pages { // the newest first
			if p.Title == testTitle {
				id = p.Alert
				break
			}
		}
	}
	if id == "" {
		return t, nil
	}
	a, err := v.Queries.Alert(v.ctx(), v.viewer(), id)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	t.Sent, t.Again, t.Alert = true, "/setup/test?alert="+string(id), view.Link{Text: "The test’s alert, and why it pages whom", URL: "/a/" + string(id)}
	t.Way = way(a)
	t.Rungs = v.ladder(a.Pages)
	for i := range t.Rungs {
		t.Rungs[i].WhyURL = "/a/" + string(id) + "#why"
	}
	if a.Status != muster.AlertResolved {
		t.EndURL = "/setup/test/" + string(id) + "/end"
	}
	t.Result = v.testResult(st, a)
	return t, nil
}

// way is how far the page got that got farthest.
func way(a *query.Alert) []view.WayMark {
	out := []view.WayMark{{Word: "Planned"}, {Word: "Started"}, {Word: "Accepted"}, {Word: "Proved"}, {Word: "Acknowledged", At: a.AcknowledgedAt.Time}}
	for _, p := range a.Pages {
		for i, at := range []time.Time{p.PlannedAt.Time, p.StartedAt.Time, p.AcceptedAt.Time, p.ProvedAt.Time} {
			if !at.IsZero() && (out[i].At.IsZero() || at.Before(out[i].At)) {
				out[i].At = at
			}
		}
	}
	return out
}

func (v *visit) testResult(st *setupState, a *query.Alert) *view.Note {
	why := view.Link{Text: "Why", URL: "/a/" + string(a.ID) + "#why"}
	outside := func(p query.Page) bool {
		c := st.cat.Connectors[p.Connector]
		return c != nil && v.provesPaging(c.Kind)
	}
	switch {
	case a.AcknowledgedBy != nil && slices.ContainsFunc(a.Pages, func(p query.Page) bool { return outside(p) && !p.ProvedAt.IsZero() }):
		return &view.Note{Tone: view.ToneOK, Lead: "It works", Text: a.AcknowledgedBy.Name + " got the page and acknowledged it at " + v.clock(a.AcknowledgedAt) + "."}
	case a.AcknowledgedBy != nil:
		return &view.Note{Tone: view.ToneMinor, Lead: "Not proven", Text: "It was acknowledged here or in the browser. Use the link in the message, on the device that is to wake you."}
	case a.Status == muster.AlertResolved:
		return &view.Note{Tone: view.ToneMinor, Lead: "It is over", Text: "The test ended before anybody acknowledged."}
	case len(a.Pages) == 0:
		return &view.Note{Tone: view.ToneCritical, Lead: "Nobody was paged", Text: "The alert came in and reached nobody.", Link: why}
	case !slices.ContainsFunc(a.Pages, outside):
		return &view.Note{Tone: view.ToneMinor, Lead: "Only in this browser", Text: "No contact method outside of this browser was used: add one in step 4.", Link: why}
	case !slices.ContainsFunc(a.Pages, func(p query.Page) bool { return outside(p) && p.State != muster.PageFailed }):
		return &view.Note{Tone: view.ToneCritical, Lead: "It did not get out", Text: "Every try failed; the table says why."}
	}
	return &view.Note{Tone: view.ToneInfo, Lead: "Waiting for you", Text: "Open the link in the message and press Acknowledge. This page follows by itself."}
}

// testWakes says whom a test page would page, and what stands in its way.
func (v *visit) testWakes(st *setupState) (string, *view.Note) {
	const plain = "This pages whoever is on call for what no other route takes."
	if st.reached() == nil {
		note := view.Note{Tone: view.ToneMinor, Lead: "Only in this browser", Text: "You have no tried contact method yet, so the page rings here alone and proves nothing.", Link: view.Link{Text: "Step 4", URL: "/setup/contact"}}
		return v.testPeople(st, plain), &note
	}
	return v.testPeople(st, plain), nil
}

func (v *visit) testPeople(st *setupState, otherwise string) string {
	if st.team == nil {
		return otherwise
	}
	x, err := v.Queries.Why(v.ctx(), v.actor, query.AskWhy{Service: string(st.team.service.Name), Severity: muster.SeverityMajor})
	if err != nil {
		return otherwise
	}
	var names []string
	for _, p := range x.People {
		name := p.Name
		if p.User == v.actor.User {
			name = "you"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "This pages nobody: see On call."
	}
	return wakes(names)
}

// setupTest sends a test page by the whole way: a signal comes in, a route takes it, a policy asks a roster, and whoever is
// on call is paged.
func setupTest(v *visit) error {
	if err := v.setupAdmin(); err != nil {
		return err
	}
	if err := v.setups.Check(v.remote()); err != nil {
		return err
	}
	cat := v.Queries.Catalog()
	source := muster.SourceName("first")
	if cat.Sources[source] == nil {
		for _, d := range cat.Documents(muster.KindSources) {
			source = muster.SourceName(d.DocName())
			break
		}
	}
	sig := muster.Signal{
		Source: source, State: muster.SignalFiring, Title: testTitle, Severity: muster.SeverityMajor, DetectedAt: muster.At(v.now), Reporter: v.actor.Name,
		Impact: "None: " + v.actor.Name + " tries out whether pages arrive.", Action: "Press Acknowledge. Nothing else is to be done.",
		Identity: []string{"setup", v.now.UTC().Format(time.RFC3339Nano)}, Mapped: []string{v.actor.Name + " sent it from the setup."},
	}
	if m := teamOf(cat); m != nil {
		sig.Service = m.service.Name
	}
	raw, err := json.Marshal(&sig)
	if err != nil {
		return err
	}
	got, err := v.Commands.ReceiveSignals(v.ctx(), command.ReceiveSignals{Source: source, Format: "setup", Raw: raw, Signals: []muster.Signal{sig}})
	if err != nil {
		return err
	}
	if len(got) == 0 || got[0].Alert == "" {
		return muster.Errorf(muster.ErrConflict, "The test was taken and made no alert. See Alerts for what became of it.")
	}
	if err := v.Commands.Audit(v.ctx(), v.actor, "send test page", string(got[0].Alert), nil); err != nil {
		return err
	}
	return v.done("/setup/test?alert="+string(got[0].Alert), "The test page is on its way.", "")
}

// endSetupTest ends the alert of a test.
func endSetupTest(v *visit) error {
	if err := v.setupAdmin(); err != nil {
		return err
	}
	id := muster.AlertID(v.r.PathValue("alert"))
	if _, err := run[*muster.Alert](v, "ResolveAlert", command.NoteAlert{Alert: id, Note: "the test is over"}); err != nil {
		return err
	}
	return v.done("/setup/test?alert="+string(id), "The test is over.", "")
}
