package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
)

func TestDocumentsAreChangedOnTheRevisionThatWasRead(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	at := func() string { return fmt.Sprint(w.queries.Catalog().RevisionOf("teams/storefront")) }
	first := at()
	text := "kind: team\nname: storefront\ntitle: The shop\nowners: [ana]\n"
	p.get("/settings/teams/storefront").want(t, 200, "storefront", `value="`+first+`"`)
	p.post("/settings/teams/storefront/check", "body", text, "etag", first).want(t, 200, "Nothing is wrong")
	if at() != first {
		t.Fatal("checking wrote the document")
	}
	p.post("/settings/teams/storefront", "body", text, "etag", first, "why", "a better name").want(t, 200, "Saved as revision", "The shop", "a better name")
	p.post("/settings/teams/storefront", "body", text, "etag", first).want(t, http.StatusConflict, "was changed since")
	p.post("/settings/teams/storefront", "body", "kind: team\nname: storefront\ntitle: X\nowners: [ghost]\n", "etag", at()).want(t, http.StatusUnprocessableEntity, "ghost", "data-line=\"4\"")
	p.post("/settings/teams/storefront", "body", "kind: team\nname: other\ntitle: X\n", "etag", at()).want(t, http.StatusUnprocessableEntity, "cannot be renamed")
	p.get("/settings/teams/storefront?revision="+at()).want(t, 200, "The shop", "Revision "+first+" to ")
	p.post("/settings/teams/storefront/restore/"+first).want(t, 200, "is the newest again")

	p.get("/settings/teams/new").want(t, 200, "kind: team")
	p.post("/settings/teams", "body", "kind: team\nname: night\ntitle: Night\n").want(t, 200, "Saved as revision", "night")
	p.post("/settings/teams", "body", "kind: team\nname: night\ntitle: Night\n").want(t, http.StatusConflict, "exists already")
	p.post("/settings/teams/night/delete", "why", "not needed").want(t, 200, "Its history is kept")
	p.post("/settings/teams/storefront/delete", "why", "oops").want(t, http.StatusUnprocessableEntity)
	p.post("/settings/routes/default/delete", "why", "oops").want(t, http.StatusConflict, "cannot be removed")
	if got := p.get("/settings/export"); !strings.Contains(got.body, "kind: roster") || !strings.Contains(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the export is %s", clip(got.body))
	}
}

// What would reach nobody is refused, with what is lost, and written when the box is ticked.
func TestTheGateInTheEditor(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	at := func(ref string) string { return fmt.Sprint(w.queries.Catalog().RevisionOf(ref)) }
	policy := "kind: policy\nname: storefront-urgent\ntitle: Urgent\nteam: storefront\nsteps:\n  - {targets: [{roster: storefront}], wait: 5m}\n"
	p.post("/settings/policies/storefront-urgent", "body", policy, "etag", at("policies/storefront-urgent")).want(t, 200, "Saved as revision")
	r := w.queries.Catalog().Rosters["storefront"]
	who := r.Rotations[0].People[0]
	text := "kind: roster\nname: storefront\ntitle: Storefront\nteam: storefront\nrotations:\n" +
		"  - {name: first, role: primary, zone: UTC, every: 1, unit: day, handoff: \"09:00\", start: \"2020-01-01\", people: [" + string(who) + ", nobody]}\n"
	etag := at("rosters/storefront")
	p.post("/settings/rosters/storefront/check", "body", text, "etag", etag).want(t, 200, "It is not saved yet", "gaps open", "nobody on call would be paged")
	got := p.post("/settings/rosters/storefront", "body", text, "etag", etag, "why", "quiet").want(t, http.StatusConflict, "would reach nobody", `name="accept"`, "quiet", "people: [")
	if at("rosters/storefront") != etag || strings.Contains(got.body, "Saved as") {
		t.Error("it was written")
	}
	p.post("/settings/rosters/storefront", "body", text, "etag", etag, "why", "quiet", "accept", "reaches-nobody").want(t, 200, "Saved as revision", "quiet (accepted: reaches-nobody)")
}

// So is taking the last who can be paged out of a team that a policy pages.
func TestTheGateGuardsTeamsInTheEditor(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	at := func(ref string) string { return fmt.Sprint(w.queries.Catalog().RevisionOf(ref)) }
	p.post("/settings/teams", "body", "kind: team\nname: night\ntitle: Night\n").want(t, 200, "Saved")
	p.post("/settings/users/vesna", "body", "kind: user\nname: vesna\ndisplay: Vesna New\nzone: UTC\nteams: [night]\n", "etag", at("users/vesna")).want(t, 200, "Saved")
	u := *w.queries.Catalog().Users["ravi"]
	text := func(teams string) string {
		return "kind: user\nname: ravi\ndisplay: " + u.Display + "\nemail: " + u.Email + "\nzone: " + u.Zone + "\n" + teams
	}
	p.post("/settings/users/ravi", "body", text("teams: [night]\n"), "etag", at("users/ravi"), "accept", "reaches-nobody").want(t, 200, "Saved")
	p.post("/settings/policies/storefront-urgent", "body", "kind: policy\nname: storefront-urgent\ntitle: Urgent\nteam: storefront\nsteps:\n  - {targets: [{team: night}], wait: 5m}\n",
		"etag", at("policies/storefront-urgent")).want(t, 200, "Saved")
	p.post("/settings/users/ravi", "body", text(""), "etag", at("users/ravi")).want(t, http.StatusConflict, "would reach nobody", `name="accept"`)
	p.post("/settings/users/ravi", "body", text(""), "etag", at("users/ravi"), "accept", "reaches-nobody").want(t, 200, "Saved", "accepted: reaches-nobody")
}

func TestAKeyIsShownOnce(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	p.post("/settings/keys", "name", "").want(t, http.StatusUnprocessableEntity, "what the key is for")
	got := p.post("/settings/keys", "name", "For the build", "access", "me").want(t, 200, "mst_", "Copy it now", "For the build")
	if got.header.Get("Cache-Control") != "no-store" {
		t.Error("the page with the key may be kept")
	}
	list := p.get("/settings/keys").want(t, 200, "For the build")
	if strings.Contains(list.body, "Copy it now") {
		t.Error("the key is shown twice")
	}
	_, rest, _ := strings.Cut(list.body, `action="/settings/keys/`)
	id, _, _ := strings.Cut(rest, `/revoke"`)
	p.post("/settings/keys/"+id+"/revoke").want(t, 200, "Revoked", "revoked")
}

func TestContactMethodsAreOnesOwn(t *testing.T) {
	w := newWorld(t)
	ravi := w.as("ravi")
	ravi.post("/settings/people/ravi/contacts", "kind", "phone", "name", "Second phone", "address", "x").want(t, 200, "second-phone")
	ravi.post("/settings/people/ana/contacts", "kind", "phone", "name", "x", "address", "x").want(t, http.StatusForbidden)
	if got := ravi.get("/settings/people/ana"); strings.Contains(got.body, "/remove") || strings.Contains(got.body, "Change it") {
		t.Error("somebody else's contact methods can be changed")
	}
}

func TestOverrides(t *testing.T) {
	w := newWorld(t)
	p := w.as("ravi")
	p.post("/oncall/override", "roster", "storefront", "role", "primary", "person", "ravi", "from", "2030-01-01T10:00", "to", "nonsense").want(t, http.StatusUnprocessableEntity, "Write a day and a time")
	p.post("/oncall/override", "roster", "storefront", "role", "primary", "person", "ravi", "from", "2030-01-01T10:00", "to", "2030-01-01T18:00", "why", "swap").want(t, 200, "Ravi Patel is on call from")
	p.get("/oncall?roster=storefront&from=2030-01-01").want(t, 200, "swap")
	p.get("/oncall?service=cart&at=2030-01-01T11:00").want(t, 200, "First paged", "Ravi Patel")
	o := w.queries.Catalog().Rosters["storefront"].Overrides
	if len(o) != 1 || o[0].From.UTC().Hour() != 9 { // Ravi lives in Berlin
		t.Fatalf("the override is %+v", o)
	}
	w.as("ana").post("/oncall/storefront/undo/"+o[0].ID).want(t, 200, "Undone")
	if o := w.queries.Catalog().Rosters["storefront"].Overrides; len(o) != 0 {
		t.Errorf("left: %+v", o)
	}
}

func TestStatusFromTheEditor(t *testing.T) {
	w := newWorld(t)
	p := w.as("tom")
	p.get("/status").want(t, 200, "Announce")
	p.post("/status/public/open", "title", "").want(t, http.StatusUnprocessableEntity, "in a few words")
	p.post("/status/public/open", "title", "Paying fails", "known", "Cards are refused").want(t, 200, "Announced", "Cards are refused")
	p.get("/status/public/preview/").want(t, 200, "Cards are refused")
	p.get("/status/public/preview/style.css").want(t, 200)
	list, err := w.queries.Now(t.Context(), viewer())
	w.must(err)
	key := string(list.Incidents[0].Key)
	p.post("/status/incidents/"+key+"/update", "known", "Half of them", "audience", "public").want(t, http.StatusUnprocessableEntity, "Say when they hear")
	p.post("/status/incidents/"+key+"/update", "known", "Half of them", "next_update_by", "60", "audience", "public").want(t, 200, "Half of them")
	p.post("/status/incidents/"+key+"/close", "known", "It works again").want(t, 200, "is closed on the page")
}

func TestRunbooksAreMarkdownWithoutMarkup(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	p.post("/settings/runbooks", "body", "kind: runbook\nname: evil\ntitle: Evil\ntext: |\n  ## First\n\n  <script>alert(1)</script> [x](javascript:alert(2)) <b onclick=x>hm</b>\n\n  Be **bold**\n").want(t, 200, "Saved")
	got := p.get("/runbooks/evil").want(t, 200, "<h2", "<strong>bold</strong>")
	for _, bad := range []string{"<script>alert", "javascript:", "onclick"} {
		if strings.Contains(got.body, bad) {
			t.Errorf("the runbook holds %q", bad)
		}
	}
}

func TestThemeIsKeptByTheBrowser(t *testing.T) {
	w := newWorld(t)
	s := w.stranger()
	s.post("/theme", "theme", "dark")
	s.get("/signin").want(t, 200, `data-theme="dark"`)
	s.post("/theme", "theme", "system")
	if got := s.get("/signin"); strings.Contains(got.body, "data-theme") {
		t.Error("the theme is still set")
	}
}

// People say themselves when they are reminded of shifts, and that they want no reminder.
func TestRemindersAreChosenOnOnesOwnPage(t *testing.T) {
	w := newWorld(t)
	p := w.as("ravi")
	chosen := func() []muster.Reminder { return w.queries.Catalog().Users["ravi"].Reminders }
	p.get("/settings/people/ravi").want(t, 200, "Reminders of shifts", `value="7d" checked`, `value="start" checked`)
	p.post("/settings/people/ravi/reminders", "remind", "1d").want(t, 200, "Saved", `value="1d" checked`)
	if got := chosen(); len(got) != 1 || got[0] != muster.RemindDay {
		t.Errorf("reminders: %v", got)
	}
	p.post("/settings/people/ravi/reminders").want(t, 200, "Saved")
	if got := chosen(); got == nil || len(got) != 0 {
		t.Errorf("no reminder is %v", got)
	}
	w.as("chen").post("/settings/people/ravi/reminders", "remind", "1d").want(t, http.StatusForbidden)
	p.post("/settings/people/ghost/reminders").want(t, http.StatusNotFound)
}
