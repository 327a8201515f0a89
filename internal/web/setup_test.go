package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web"
)

// refusal is an error with the server's own words.
type refusal struct{ error }

func (refusal) ServerSaid() string { return "535 5.7.8 Authentication credentials invalid" }

// fresh is an installation on its first start, outside of the demo. tried hears what was tried.
func fresh(t *testing.T, tried *[]web.Trial) (*world, *person) {
	t.Helper()
	w := buildWorld(t, false)
	d := w.web.Deps
	d.Demo = false
	d.Try = func(_ context.Context, tr web.Trial) (string, error) {
		*tried = append(*tried, tr)
		if tr.Secrets["password"] != "right" && tr.Connector.Settings["username"] != "" {
			return "", refusal{errors.New("the mail server did not accept the user name and password (535)")}
		}
		return "250 queued", nil
	}
	s, err := web.New(d)
	w.must(err)
	w.server = httptest.NewServer(s)
	t.Cleanup(func() { s.Close(); w.server.Close() })
	open, err := w.commands.BeginSetup(t.Context(), "once")
	w.must(err)
	if !open {
		t.Fatal("setup is not open")
	}
	p := w.stranger()
	p.post("/setup", "token", "once", "name", "Ana Rossi", "email", "ana@example.com", "passphrase", "a long enough sentence", "public_url", "https://muster.example.org", "zone", "Europe/Berlin").
		want(t, 200, "curl --json", "/in/msi_", "its key is shown only now", "Mail server", "Skip this for now")
	return w, p
}

var keptField = regexp.MustCompile(`name="kept" value="([^"]+)"`)

func TestSetupTriesMailBeforeItSaves(t *testing.T) {
	t.Parallel()
	var tried []web.Trial
	w, p := fresh(t, &tried)
	form := func(password, kept, do string) []string {
		return []string{"host", "smtp.example.com", "port", "587", "tls", "starttls", "username", "muster", "password", password, "kept", kept, "from", "Muster <muster@example.com>", "do", do}
	}
	before := w.rows()
	got := p.post("/setup/mail", form("wrong", "", "test")...).want(t, http.StatusUnprocessableEntity, "535 5.7.8 Authentication credentials invalid", "own words", "smtp.example.com", "Save it all the same")
	if strings.Contains(got.body, `"wrong"`) {
		t.Error("the password is shown")
	}
	p.post("/setup/mail", form("wrong", "", "save")...).want(t, http.StatusUnprocessableEntity, "535 5.7.8")
	for _, table := range changed(before, w.rows()) {
		if table == "document" || table == "secret" {
			t.Errorf("trying changed %s", table)
		}
	}
	got = p.post("/setup/mail", form("right", "", "test")...).want(t, 200, "250 queued", "It went out")
	kept := keptField.FindStringSubmatch(got.body)
	if kept == nil || strings.Contains(kept[1], "right") {
		t.Fatalf("what was typed does not travel sealed: %v", kept)
	}
	if last := tried[len(tried)-1]; last.To != "ana@example.com" {
		t.Errorf("the test goes to %q", last.To)
	}
	p.post("/setup/mail", form("", "forged"+kept[1], "save")...).want(t, http.StatusUnprocessableEntity)
	if got := p.post("/setup/mail", form("", kept[1], "save")...).want(t, 200, "Mail is set up"); got.at != "/setup/team" {
		t.Errorf("after saving one is at %s", got.at)
	}
	if v, err := w.commands.SecretValue(t.Context(), "mail-password"); err != nil || v != "right" {
		t.Errorf("the stored password is %q, %v", v, err)
	}
	p.get("/setup/mail").want(t, 200, "Muster sends as", "the stored one stays")
}

func TestSetupStepsFollowFromWhatThereIs(t *testing.T) {
	t.Parallel()
	var tried []web.Trial
	w, p := fresh(t, &tried)
	before := w.rows()
	for _, path := range []string{"/setup", "/setup/you", "/setup/mail", "/setup/team", "/setup/contact", "/setup/test"} {
		p.get(path).want(t, 200, "Set up Muster", `aria-current="step"`)
	}
	p.get("/setup/nothing").want(t, http.StatusNotFound)
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("looking changed %v", diff)
	}
	for _, path := range []string{"/", "/settings", "/settings/people"} {
		p.get(path).want(t, 200, "Paging is unproven", `href="/setup"`)
	}
	p.post("/setup/team", "team", "", "service", "Shop", "unit", "week", "handoff", "09:00", "zone", "Nowhere").want(t, http.StatusUnprocessableEntity, "Give the team a name", "nobody would be paged")
	p.post("/setup/team", "team", "Web", "service", "Shop", "unit", "day", "handoff", "25:00", "zone", "Nowhere", "person", "ana-rossi").want(t, http.StatusUnprocessableEntity, "time zone")
	p.post("/setup/team", "team", "Operations", "service", "Shop", "unit", "week", "handoff", "09:00", "zone", "Europe/Berlin", "person", "ana-rossi").want(t, 200, "The team is made")
	cat := w.queries.Catalog()
	if r := cat.Routes["default"]; r.Policy != "operations-2" || cat.Services["shop"].Policy != "operations-2" || cat.Policies["operations-2"].Steps[0].Targets[0].Roster != "operations-2" {
		t.Errorf("the route leads to %q, the service to %q", r.Policy, cat.Services["shop"].Policy)
	}
	p.get("/setup").want(t, 200, "Operations looks after Shop", "Skipped", "How you are reached", "Nothing is here yet by which")
	p.get("/setup/test").want(t, 200, "This pages you.", "proves nothing")
	got := p.post("/setup/test").want(t, 200, "Planned", "Only in this browser", "End the test")
	p.get("/a/"+strings.TrimPrefix(got.at, "/setup/test?alert=")).want(t, 200, "This is a test page", "Ana Rossi")
	p.get("/setup/test").want(t, 200, "Look again")
	p.post(strings.Replace(got.at, "?alert=", "/", 1)+"/end").want(t, 200, "The test is over")
}

// Every contact method that is added in the setup is used for pages, not the first alone.
func TestSetupHasEveryMethodUsed(t *testing.T) {
	t.Parallel()
	var tried []web.Trial
	w, p := fresh(t, &tried)
	ana := muster.Actor{User: "ana-rossi", Name: "Ana Rossi", Access: muster.AccessAdmin, Surface: muster.SurfaceWeb}
	w.must(w.commands.Batch(t.Context(), "Carriers", ana, func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: "kind: connector\nname: texts\ntype: carrier\n---\nkind: connector\nname: calls\ntype: carrier\n"})
	}))
	rules := func(want string) {
		t.Helper()
		var got []string
		for _, r := range w.queries.Catalog().Users["ana-rossi"].Notify {
			got = append(got, r.Method)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("the rules name %v, not %s", got, want)
		}
	}
	for i, kind := range []string{"texts", "calls", "texts"} {
		p.post("/setup/contact", "kind", kind, "name", fmt.Sprintf("way%d", i), "address", "+4930123456").want(t, 200, "A test is on its way")
	}
	rules("phone way0 way1 way2")
	if body := p.get("/settings/people/ana-rossi").want(t, 200, "way2").body; strings.Contains(body, "No rule uses") {
		t.Error("a method is not used")
	}
	p.post("/settings/people/ana-rossi/rules", "method", "way0", "urgency", "high", "after", "3").want(t, 200, "Saved.")
	p.post("/setup/contact", "kind", "calls", "name", "way3", "address", "+4930123456").want(t, 200)
	rules("way0 way3")
}

func TestSetupIsForAdmins(t *testing.T) {
	w := newWorld(t)
	ravi := w.as("ravi")
	ravi.get("/setup").want(t, http.StatusForbidden)
	for _, path := range []string{"/setup/mail", "/setup/team", "/setup/contact", "/setup/test"} {
		ravi.post(path, "do", "anyway").want(t, http.StatusForbidden)
	}
	if got := w.stranger().get("/setup"); got.at != "/signin?next=%2Fsetup" {
		t.Errorf("a stranger is led to %s", got.at)
	}
	got := w.as("ana").get("/").want(t, 200)
	if strings.Contains(got.body, "unproven") {
		t.Error("the demo says that paging is unproven")
	}
}
