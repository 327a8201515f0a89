package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// The steps of setup, in their order. Their state is kept nowhere: it follows from what there is.
const (
	stepYou     = "you"
	stepMail    = "mail"
	stepTeam    = "team"
	stepContact = "contact"
	stepTest    = "test"
)

var setupSteps = []string{stepYou, stepMail, stepTeam, stepContact, stepTest}

// setupState is what there is.
type setupState struct {
	cat     *muster.Catalog
	profile *query.Profile
	mail    *query.ConnectorRow // the first connector for mail
	team    *madeTeam
	proof   *query.Page // that shows that paging works
}

func (s *Web) setupRoutes() {
	s.open("GET /setup", setupDoor)
	s.open("POST /setup", setUp)
	s.page("GET /setup/{step}", func(v *visit) error { return v.wizard(http.StatusOK, v.r.PathValue("step"), nil) })
	s.page("POST /setup/mail", setupMail)
	s.page("POST /setup/team", setupTeam)
	s.page("POST /setup/contact", setupContact)
	s.page("POST /setup/test", setupTest)
	s.page("POST /setup/test/{alert}/end", endSetupTest)
}

// setupDoor is the first start for whoever has the one-time link, and the five steps for an admin.
func setupDoor(v *visit) error {
	if v.param("token") != "" {
		return setupPage(v)
	}
	if err := v.identify(); err != nil {
		v.stranger(err)
		return nil
	}
	return v.wizard(http.StatusOK, "", nil)
}

// setupAdmin refuses whoever may not set an installation up.
func (v *visit) setupAdmin() error {
	if !v.can(muster.AccessAdmin) {
		return muster.Errorf(muster.ErrForbidden, "Only an admin sets Muster up.")
	}
	return nil
}

// wizard shows the steps with one of them open, "" for the next. fill adds what came of a form.
func (v *visit) wizard(status int, open string, fill func(*view.Wizard)) error {
	if err := v.setupAdmin(); err != nil {
		return err
	}
	st, err := v.setupState()
	if err != nil {
		return err
	}
	done := []bool{true, st.mail != nil, st.team != nil, st.reached() != nil, st.proof != nil}
	next := nextStep(done)
	at := slices.Index(setupSteps, open)
	if open == "" {
		at = next
	}
	if at < 0 {
		return muster.Errorf(muster.ErrNotFound, "Setup has no step called %q.", muster.Clip(open, 40))
	}
	p := view.Wizard{Shell: v.shell("Set up", view.PlaceSettings), NowURL: "/"}
	if st.proof != nil {
		p.Proven = v.provenWords(st)
	}
	if setupSteps[at] == stepContact || setupSteps[at] == stepTest {
		p.Shell.LiveURL = "/live?topic=setup&after=" + v.mark
	}
	titles, notes := []string{"You", "Mail", "Team", "How you are reached", "Test page"}, v.setupNotes(st)
	for i, key := range setupSteps {
		p.Steps = append(p.Steps, view.WizardStep{
			Number: i + 1, Title: titles[i], Note: notes[i], URL: "/setup/" + key, Open: i == at, State: stepState(done, i, at, next),
		})
	}
	if at+1 < len(setupSteps) {
		p.Next = view.Link{Text: "Go on: " + strings.ToLower(titles[at+1][:1]) + titles[at+1][1:], URL: "/setup/" + setupSteps[at+1]}
		if !done[at] {
			p.Next.Text = "Skip this for now"
		}
	}
	if err := v.setupBody(&p, st, setupSteps[at]); err != nil {
		return err
	}
	if fill != nil {
		fill(&p)
	}
	return v.render(status, view.WizardPage(p))
}

// nextStep is the one after the last that is done: what was skipped does not come back by itself.
func nextStep(done []bool) int {
	last := 0
	for i := range done {
		if done[i] {
			last = i
		}
	}
	return min(last+1, len(done)-1)
}

func stepState(done []bool, i, open, next int) view.State {
	switch {
	case done[i]:
		return view.State{Tone: view.ToneOK, Word: "Done"}
	case i == open:
		return view.State{Tone: view.ToneInfo, Word: "Next"}
	case i < open || slices.Contains(done[i:], true):
		return view.State{Word: "Skipped"}
	case i == next:
		return view.State{Tone: view.ToneInfo, Word: "Next"}
	}
	return view.State{Word: "To do"}
}

func (v *visit) setupState() (*setupState, error) {
	st := &setupState{cat: v.Queries.Catalog()}
	var err error
	if st.profile, err = v.Queries.Profile(v.ctx(), v.viewer(), v.actor.User); err != nil {
		return nil, err
	}
	rows, err := v.Queries.Connectors(v.ctx(), v.viewer())
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Connector.Kind == mailKind && st.mail == nil {
			st.mail = &rows[i]
		}
	}
	st.team = teamOf(st.cat)
	st.proof, err = v.Queries.Proven(v.ctx(), v.viewer(), v.provesPaging)
	return st, err
}

// reached is the contact method by which the admin is reached outside of this browser, and which a test has shown to work.
func (st *setupState) reached() *muster.Contact {
	for i := range st.profile.Contacts {
		c := &st.profile.Contacts[i]
		if !c.VerifiedAt.IsZero() && !c.LastProved.IsZero() && st.outside(c) {
			return c
		}
	}
	return nil
}

// outside reports whether a contact method reaches its person when no browser shows Muster.
func (st *setupState) outside(c *muster.Contact) bool {
	conn := st.cat.Connectors[c.Connector]
	return conn != nil && conn.Kind != demoPhone
}

func (v *visit) setupNotes(st *setupState) []string {
	notes := []string{
		st.profile.User.Display + ", admin", "So that pages, tests and notices go out by mail.", "Who is on call, for what, and where every alert goes.",
		"By mail or phone, tried out with a link.", "A real page that you acknowledge: it proves the whole way.",
	}
	if st.mail != nil {
		notes[1] = mailWords(st.mail.Connector)
	}
	if st.team != nil {
		notes[2] = st.team.words()
	}
	if c := st.reached(); c != nil {
		notes[3] = joinDots(c.Method, c.Hint)
	}
	if st.proof != nil {
		notes[4] = v.provenWords(st)
	}
	return notes
}

func (v *visit) provenWords(st *setupState) string {
	p := st.proof
	return p.Name + " got a page by " + p.Method + " at " + v.clock(p.ProvedAt) + " and acknowledged it."
}

// setupBody fills in what the open step shows.
func (v *visit) setupBody(p *view.Wizard, st *setupState, step string) error {
	switch step {
	case stepMail:
		p.Mail = v.mailStep(st)
	case stepTeam:
		p.Team = v.teamStep(st)
	case stepContact:
		p.Contact = v.contactStep(st)
	case stepTest:
		t, err := v.testStep(st)
		p.Test = t
		return err
	default:
		u := st.profile.User
		p.You = &view.SetupYou{Edit: view.Link{Text: "Change them in your document", URL: docURL(muster.KindUsers, u.Name)}}
		p.You.Facts = []view.Fact{
			{Name: "Name", Value: u.Display}, {Name: "E-mail", Value: u.Email}, {Name: "Time zone", Value: u.Zone}, {Name: "Public address", Value: v.seenURL()},
		}
		if onlyHere(v.seenURL()) {
			p.You.Facts[3].Warning = "Links in pages say this: phones cannot open them. Start the server with --public-url."
		}
	}
	return nil
}

// provesPaging reports whether a page by a kind of connector shows that paging works: the phone in the browser rings only
// while somebody looks at it. In the demo it is everybody's phone.
func (v *visit) provesPaging(kind string) bool { return kind != demoPhone || v.Demo }

// unproven warns admins for as long as nobody has acknowledged a page; nil when somebody has.
func (v *visit) unproven() *view.Note {
	if v.Demo || !v.can(muster.AccessAdmin) || v.proven.Load() {
		return nil
	}
	proof, err := v.Queries.Proven(v.ctx(), v.viewer(), v.provesPaging)
	if err != nil {
		v.Log.WarnContext(v.ctx(), "it cannot be found out whether paging is proven", "error", err)
		return nil
	}
	if proof != nil {
		v.proven.Store(true)
		return nil
	}
	return &view.Note{
		Tone: view.ToneMajor, Lead: "Paging is unproven:", Text: "nobody has acknowledged a page that came by mail or phone. Send yourself a test page.",
		Link: view.Link{Text: "Set up and test", URL: "/setup"},
	}
}

// applied writes documents, all of them or none, as the file of a person would.
func (v *visit) applied(why string, docs ...muster.Document) error {
	list := make([]map[string]any, len(docs))
	for i, d := range docs {
		b, err := json.Marshal(d)
		if err == nil {
			err = json.Unmarshal(b, &list[i])
		}
		if err != nil {
			return err
		}
		if d.DocKind() == muster.KindConnectors {
			list[i]["type"] = list[i]["kind"] // "kind" says what the document is
		}
		list[i]["kind"] = d.DocKind().Singular()
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	in := command.ApplyDocuments{Documents: string(text), File: "setup.json", Why: why}
	if v.field("accept") != "" {
		in.Accept = query.ReachesNobody
	}
	_, err = run[*command.Applied](v, "ApplyDocuments", in)
	return err
}

// freeName is a name for a document that nothing has yet: shop, shop-2.
func freeName(name string, taken func(string) bool) string {
	out := name
	for n := 2; taken(out); n++ {
		out = name + "-" + itoa(n)
	}
	return out
}
