package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// roster reads a roster as it stands.
func (w *world) roster(name muster.RosterName) *muster.Roster {
	w.t.Helper()
	w.must(w.commands.Load(w.t.Context()))
	r := w.queries.Catalog().Rosters[name]
	if r == nil {
		w.t.Fatalf("there is no roster %s", name)
	}
	return r
}

// undo is where the toast of an answer takes back what was done.
func (a answer) undo(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`data-toast.*?action="([^"]+)"`).FindStringSubmatch(strings.ReplaceAll(a.body, "\n", " "))
	if m == nil {
		t.Fatalf("%s offers no undo: %s", a.at, clip(a.body))
	}
	return m[1]
}

func TestAnOverrideIsMadeAndTakenBack(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	from := time.Now().UTC().Add(26 * time.Hour).Truncate(time.Hour)
	zone, err := time.LoadLocation("America/Los_Angeles")
	w.must(err)
	local := func(t time.Time) string { return t.In(zone).Format("2006-01-02T15:04") }
	form := []string{"roster", "storefront", "role", "primary", "person", "ravi", "from", local(from), "to", local(from.Add(2 * time.Hour)), "why", "dentist"}
	got := p.post("/oncall/override", form...).want(t, 200, "Ravi Patel is on call from", "Undo")
	if o := w.roster("storefront").Overrides; len(o) != 1 || !o[0].From.Equal(from) || o[0].Why != "dentist" {
		t.Fatalf("overrides: %+v", o)
	}
	p.get("/oncall?roster=storefront").want(t, 200, "override", "dentist", `data-roster="storefront"`)
	p.get("/oncall?roster=storefront&at="+url.QueryEscape(local(from.Add(time.Hour)))).want(t, 200, "Ravi Patel", "An override by Ana Rossi")
	p.post(got.undo(t)).want(t, 200, "Undone")
	if o := w.roster("storefront").Overrides; len(o) != 0 {
		t.Errorf("after undo: %+v", o)
	}
	form[9] = local(from.Add(-time.Hour))
	p.post("/oncall/override", form...).want(t, http.StatusUnprocessableEntity, "Must be later than from", "dentist")
}

func TestThePagerIsTaken(t *testing.T) {
	w := newWorld(t)
	p := w.as("mia")
	got := p.post("/oncall/take", "roster", "storefront").want(t, 200, "You have the pager for Storefront until")
	p.get("/oncall/now").want(t, 200, "Mia Jensen</b>, you")
	p.post(got.undo(t)).want(t, 200, "ends now")
	w.as("vera").post("/oncall/take", "roster", "storefront").want(t, http.StatusForbidden)
}

func TestCoverIsAskedForAndTaken(t *testing.T) {
	w := newWorld(t)
	ravi, chen := w.as("ravi"), w.as("chen")
	mine := ravi.get("/oncall/mine").want(t, 200, "My shifts", "Ask for cover", "Storefront")
	ask := regexp.MustCompile(`action="(/oncall/storefront/cover)"><input type="hidden" name="at" value="([^"]+)"/?><input type="hidden" name="role" value="([^"]+)"`).FindAllStringSubmatch(mine.body, -1)
	if len(ask) < 3 {
		t.Fatalf("the page asks for %d covers", len(ask))
	}
	last := ask[len(ask)-1]
	ravi.post(last[1], "at", last[2], "role", last[3], "why", "a wedding").want(t, 200, "Asked. The shift stays yours")
	ravi.get("/oncall/mine").want(t, 200, "You asked for cover", "Withdraw")
	theirs := chen.get("/oncall/mine").want(t, 200, "Ravi Patel asks for cover", "a wedding", "I take it")
	take := regexp.MustCompile(`action="(/cover/[^"]+/accept)"`).FindStringSubmatch(theirs.body)
	if take == nil {
		t.Fatal("nothing takes it")
	}
	chen.post(take[1]).want(t, 200, "the shift has changed hands")
	if s := w.roster("storefront").Swaps; len(s) != 1 || s[0].To != "chen" || s[0].Shift.User != "ravi" {
		t.Errorf("swaps: %+v", s)
	}
	chen.get("/cover/x/accept").want(t, http.StatusNotFound)
}

func TestWhoIsOnCallNowForStrangers(t *testing.T) {
	w := newWorld(t)
	s := w.stranger()
	for _, d := range w.queries.Catalog().Documents(muster.KindRosters) {
		if r, ok := d.(*muster.Roster); ok && r.Public {
			shut := *r
			shut.Public = false
			w.put(&shut)
		}
	}
	s.get("/oncall/now").want(t, 200, "No roster may be read without signing in", "Sign in")
	r := *w.roster("storefront")
	r.Public = true
	w.put(&r)
	got := s.get("/oncall/now").want(t, 200, "Storefront", "until")
	if strings.Contains(got.body, "Payments") || strings.Contains(got.body, "@tailwind") || strings.Contains(got.body, "/settings/people") || len(got.body) > 30<<10 {
		t.Errorf("strangers see too much: %s", clip(got.body))
	}
	s.get("/oncall").want(t, 200, "Sign in")
}

// put writes a roster as an admin.
func (w *world) put(r *muster.Roster) {
	w.t.Helper()
	body, err := json.Marshal(r)
	w.must(err)
	_, err = command.Run[command.PutDocument, *command.Document](w.t.Context(), w.commands, "PutDocument", admin(),
		command.PutDocument{Kind: muster.KindRosters, Name: string(r.Name), Body: body, Any: true, Accept: "reaches-nobody", Why: "test"})
	w.must(err)
	w.must(w.commands.Load(w.t.Context()))
}

// fields are what a browser would send of the editor's form.
func editorFields(body string) (out []string) {
	i, j := strings.Index(body, "data-roster-form"), strings.Index(body, "<aside class=\"rprev\"")
	form := body[i:j]
	for _, m := range regexp.MustCompile(`<(input|select|textarea)[^>]*\sname="([^"]+)"[^>]*>`).FindAllStringSubmatchIndex(form, -1) {
		tag, name := form[m[0]:m[1]], form[m[4]:m[5]]
		value := func(s string) string {
			if v := regexp.MustCompile(`\svalue="([^"]*)"`).FindStringSubmatch(s); v != nil {
				return v[1]
			}
			return ""
		}
		switch {
		case strings.HasPrefix(tag, "<select"):
			rest := form[m[1]:]
			rest = rest[:strings.Index(rest, "</select>")]
			chosen := ""
			for _, o := range regexp.MustCompile(`<option[^>]*>`).FindAllString(rest, -1) {
				if strings.Contains(o, " selected") {
					chosen = value(o)
				}
			}
			out = append(out, name, chosen)
		case (strings.Contains(tag, "checkbox") || strings.Contains(tag, "radio")) && !strings.Contains(tag, " checked"):
		default:
			out = append(out, name, value(tag))
		}
	}
	return out
}

func set(fields []string, name, value string) []string {
	out := slices.Clone(fields)
	for i := 0; i+1 < len(out); i += 2 {
		if out[i] == name {
			out[i+1] = value
			return out
		}
	}
	return append(out, name, value)
}

func TestTheEditorWorksWithoutScript(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	f := editorFields(p.get("/oncall/storefront/edit").want(t, 200, "Rotations", "Nobody’s shift changes yet").body)
	before := *w.roster("storefront")

	// Moving a person changes the form and its preview, and saves nothing.
	moved := p.post("/oncall/storefront/edit", append(f, "do", "down:r0:0")...).want(t, 200, "change hands", "Hours", "Draft")
	if r := w.roster("storefront"); r.Rotations[0].People[0] != before.Rotations[0].People[0] {
		t.Fatal("a preview saved something")
	}
	p.post("/oncall/storefront/edit", append(editorFields(moved.body), "do", "replay")...).want(t, 200, "of the last 90 days")
	f = editorFields(moved.body)
	p.post("/oncall/storefront/edit", append(set(f, "why", "Ana first"), "do", "save")...).want(t, 200, "Saved as revision")
	after := w.roster("storefront")
	if after.Rotations[0].People[0] != before.Rotations[0].People[1] || after.Rotations[0].Name != before.Rotations[0].Name || len(after.Rotations) != len(before.Rotations) {
		t.Errorf("saved: %+v", after.Rotations)
	}

	// What is wrong stands beside its field, with what was typed.
	f = editorFields(p.get("/oncall/storefront/edit").body)
	p.post("/oncall/storefront/edit", append(set(f, "r0.zone", "Mars/Base"), "do", "save")...).want(t, http.StatusUnprocessableEntity, "Mars/Base", `aria-invalid="true"`)
	p.post("/oncall/storefront/edit", append(f, "do", "rotdrop:r1")...).want(t, 200, "no secondary")
	p.post("/oncall/storefront/edit", append(set(f, "add.shape", "sun"), "do", "add")...).want(t, 200, `value="los-angeles"`, "follow-the-sun")
	w.as("tom").get("/oncall/storefront/edit").want(t, http.StatusForbidden)
}

func TestTwoEditorsAtOnce(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	f := editorFields(p.get("/oncall/storefront/edit").body)

	// An override that somebody makes meanwhile is no conflict, and is kept.
	r := *w.roster("storefront")
	at := muster.At(time.Now().Add(48 * time.Hour))
	r.Overrides = append(r.Overrides, muster.Override{ID: "ov-x", Role: muster.PrimaryResponder, People: []muster.UserName{"mia"}, From: at, Until: at.Plus(time.Hour)})
	w.put(&r)
	p.post("/oncall/storefront/edit", append(set(f, "title", "Shop front"), "do", "save")...).want(t, 200, "Saved as revision")
	if r := w.roster("storefront"); r.Title != "Shop front" || len(r.Overrides) != 1 {
		t.Fatalf("saved: %+v", r)
	}

	// A change of the rotations is one: it is told kindly, with what changed and the two ways on.
	f = editorFields(p.get("/oncall/storefront/edit").body)
	r = *w.roster("storefront")
	r.Rotations = slices.Clone(r.Rotations)
	r.Rotations[0].Handoff = "10:00"
	w.put(&r)
	got := p.post("/oncall/storefront/edit", append(set(f, "title", "Mine"), "do", "save")...).
		want(t, http.StatusConflict, "Somebody else saved", "10:00", "Save mine over theirs", `value="Mine"`)
	over := regexp.MustCompile(`name="over" value="(\d+)"`).FindStringSubmatch(got.body)
	if over == nil {
		t.Fatal("there is no way on")
	}
	p.post("/oncall/storefront/edit", append(set(f, "title", "Mine"), "over", over[1])...).want(t, 200, "Saved as revision")
}

func TestTheGateAsksBeforeSomebodyReachesNobody(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	f := editorFields(p.get("/oncall/storefront/edit").body)
	for _, k := range []string{"r0", "r1"} {
		for i := 0; i+1 < len(f); i += 2 {
			if f[i] == k+".until" {
				f[i+1] = time.Now().UTC().Add(3 * 24 * time.Hour).Format(time.DateOnly)
			}
		}
	}
	p.post("/oncall/storefront/edit", append(f, "do", "preview")...).want(t, 200, "Gap opens")
	refused := p.post("/oncall/storefront/edit", append(f, "do", "save")...)
	if refused.status == http.StatusConflict {
		refused.want(t, http.StatusConflict, "Not saved", "it is meant so", "Ask a second person")
		p.post("/oncall/storefront/edit", append(f, "do", "propose")...).want(t, 200, "Proposed")
		p.post("/oncall/storefront/edit", append(f, "do", "save", "accept", "1")...).want(t, 200, "Saved as revision")
		return
	}
	refused.want(t, 200, "Saved as revision") // a third step of the policy names a person: somebody is reached
}

func TestABuiltRosterIsSaved(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	f := editorFields(p.get("/oncall/new").want(t, 200, "New roster", "24 × 7").body)
	f = set(set(f, "title", "Night watch"), "name", "night-watch")
	f = editorFields(p.post("/oncall/new", append(set(f, "add.shape", "24x7"), "do", "add")...).want(t, 200, `value="primary"`, `value="secondary"`).body)
	p.post("/oncall/new", append(f, "do", "save")...).want(t, 200, "Saved as revision", "Night watch")
	if r := w.roster("night-watch"); len(r.Rotations) != 2 || r.Rotations[0].Every != 3 || len(r.Rotations[0].People) == 0 {
		t.Errorf("built: %+v", r)
	}
}

func TestAWarningIsAccepted(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	p.get("/oncall?roster=storefront").want(t, 200, "Leave it so")
	until := time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
	p.post("/oncall/storefront/accept", "kind", "many_nights", "why", "until the new colleague is here", "until", until).want(t, 200, "Accepted until")
	p.get("/oncall?roster=storefront").want(t, 200, "Warnings that were accepted", "until the new colleague is here")
}

// A phone says that it is one, and gets the list without the lanes, in less than 30 KB; what is left out is one step away.
func TestPhonesGetASmallPage(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	get := func(path string) answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.server.URL+path, nil)
		w.must(err)
		req.Header.Set("Sec-CH-UA-Mobile", "?1")
		return p.send(req)
	}
	for _, path := range []string{"/oncall", "/oncall?roster=storefront"} {
		got := get(path).want(t, 200, "Storefront", "Show the lanes", "take=primary", "Hours, nights and pages of everybody")
		if strings.Contains(got.body, `class="grid"`) || len(got.body) > 30<<10 {
			t.Errorf("%s: a phone gets %d bytes", path, len(got.body))
		}
	}
	get("/oncall?roster=storefront&take=primary").want(t, 200, `id="override-now"`, "Put them on call")
	get("/oncall?roster=storefront&lanes=1").want(t, 200, `class="grid"`)
}

func TestEveryZoomIsDrawn(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	for _, zoom := range []string{"day", "week", "", "month", "year"} {
		got := p.get("/oncall?roster=storefront&zoom="+zoom+"&from=2026-03-01").want(t, 200, `class="grid"`, "Time machine")
		if len(got.body) > 600<<10 {
			t.Errorf("zoom %q has %d bytes", zoom, len(got.body))
		}
	}
	p.get("/oncall?zoom=year&from=2026-03-01").want(t, 200, "Berlin +1\u00a0h")
	p.get("/oncall?by=slide&slide=100").want(t, 200, "as the catalog stands")
	p.get("/oncall?at=nonsense").want(t, 200, "Write a day and a time")
	p.get("/oncall?at=2020-01-01T00:00").want(t, 200)
	p.get("/oncall?roster=nothing").want(t, http.StatusNotFound)
	p.get(fmt.Sprintf("/oncall?at=%d-01-01T00:00&roster=storefront", time.Now().Year()+3)).want(t, 200, "primary")
}

// The links in reminders and requests open what they are about.
func TestALinkInAMessageOpensTheShiftOrTheRequest(t *testing.T) {
	w := newWorld(t)
	ravi, chen := w.as("ravi"), w.as("chen")
	mine := ravi.get("/oncall/mine").want(t, 200, "Ask for cover")
	ask := regexp.MustCompile(`action="(/oncall/storefront/cover)"><input type="hidden" name="at" value="([^"]+)"/?><input type="hidden" name="role" value="([^"]+)"`).FindAllStringSubmatch(mine.body, -1)
	last := ask[len(ask)-1]
	link := "/oncall?roster=storefront&swap=" + last[2]
	ravi.get(link).want(t, 200, `id="swap"`, "Your shift", `id="ask-now-0"`, `action="/oncall/storefront/cover"`)
	chen.get(link).want(t, 200, "You are not on call then any more")
	asked := ravi.post(last[1], "at", last[2], "role", last[3], "why", "a wedding").want(t, 200, "Asked.")
	ravi.get(link).want(t, 200, `id="swap"`, "You asked for cover", "Withdraw")
	id := regexp.MustCompile(`/cover/([^/]+)/withdraw`).FindStringSubmatch(asked.body)
	if id == nil {
		t.Fatal("the request has no ID")
	}
	chen.get("/oncall?roster=storefront&swap="+id[1]).want(t, 200, `id="swap"`, "Ravi Patel asks for cover", "a wedding", "I take it")
	chen.post("/cover/"+id[1]+"/accept").want(t, 200, "the shift has changed hands")
	chen.get("/oncall?roster=storefront&swap="+id[1]).want(t, 200, "It was accepted by Chen Wei")
	chen.get("/oncall?swap=nothing").want(t, 200, "This request is not known any more")
}

func TestOnCallLeadsToItsOtherPages(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	got := p.get("/oncall").want(t, 200)
	for _, path := range []string{"/oncall/calendars", "/oncall/experts", "/oncall/fairness", "/oncall/storefront/handovers", "/oncall/mine", "/oncall/now"} {
		if !strings.Contains(got.body, `href="`+path+`"`) {
			t.Errorf("nothing leads to %s", path)
		}
		p.get(path).want(t, 200)
	}
}
