package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// shiftsOf reads the shifts that a page of the form of a swap offers, in order: whose they are and their values.
func shiftsOf(body, selectID string) (values []string) {
	i := strings.Index(body, `id="`+selectID+`"`)
	if i < 0 {
		return nil
	}
	rest := body[i:]
	rest = rest[:strings.Index(rest, "</select>")]
	for _, m := range regexp.MustCompile(`<option value="([^"]+)"`).FindAllStringSubmatch(rest, -1) {
		values = append(values, html.UnescapeString(m[1]))
	}
	return values
}

// valueOf is what a field of a page has.
func valueOf(t *testing.T, body, id string) string {
	t.Helper()
	m := regexp.MustCompile(`id="` + id + `"[^>]*?\svalue="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("there is no field %s", id)
	}
	return html.UnescapeString(m[1])
}

// reach gives somebody a way to be reached that is verified.
func (w *world) reach(u muster.UserName) {
	w.t.Helper()
	w.as("ana").post("/settings/connectors", "body", "kind: connector\nname: pagers\ntype: webhook\n")
	w.as(u).post("/settings/people/"+string(u)+"/contacts", "kind", "pagers", "name", "pager", "address", "https://pager.example/"+string(u))
	w.stranger().post("/c/" + w.box.SignTest(w.told(u)[0].ID, muster.At(time.Now().Add(time.Hour))) + "/prove")
}

// askPage opens the whole form about the last of somebody's shifts that their page lists, which has not begun.
func (p *person) askPage(t *testing.T) (path string, page answer) {
	t.Helper()
	mine := p.get("/oncall/mine").want(t, 200, "Somebody, a part, or in exchange")
	links := regexp.MustCompile(`href="(/oncall/storefront/cover\?[^"]+)"`).FindAllStringSubmatch(mine.body, -1)
	if len(links) < 2 {
		t.Fatalf("%d links lead to the form", len(links))
	}
	path = html.UnescapeString(links[1][1])
	return path, p.get(path).want(t, 200, "Ask for cover", "Everybody on the roster", "In exchange")
}

func TestCoverOfAPartIsAskedOfOnePerson(t *testing.T) {
	w := newWorld(t)
	ravi, chen := w.as("ravi"), w.as("chen")
	path, page := ravi.askPage(t)
	q, err := url.ParseQuery(path[strings.Index(path, "?")+1:])
	w.must(err)
	zone := w.queries.Zone("ravi")
	begin, err := time.ParseInLocation("2006-01-02T15:04", valueOf(t, page.body, "cv-from"), zone)
	w.must(err)
	local := func(d time.Duration) string { return begin.Add(d).Format("2006-01-02T15:04") }

	// The list is asked again for a part; nothing is sent by that.
	q.Set("from", local(2*time.Hour))
	q.Set("until", local(5*time.Hour))
	q.Set("to", "chen")
	again := ravi.get("/oncall/storefront/cover?"+q.Encode()).want(t, 200, `value="chen" checked`)
	if got := valueOf(t, again.body, "cv-until"); got != local(5*time.Hour) {
		t.Errorf("the part is forgotten: %s", got)
	}

	form := []string{"at", q.Get("at"), "role", q.Get("role"), "from", local(-time.Hour), "until", local(5 * time.Hour), "to", "chen", "why", "school play"}
	ravi.post("/oncall/storefront/cover", form...).want(t, http.StatusUnprocessableEntity, "Must be within the shift", "school play", `value="chen" checked`)
	form[5] = local(2 * time.Hour)
	ravi.post("/oncall/storefront/cover", form...).want(t, 200, "The shift stays yours until Chen Wei takes it")
	w.as("noor").get("/oncall/mine").want(t, 200)
	theirs := chen.get("/oncall/mine").want(t, 200, "Ravi Patel asks for cover", "school play")
	take := regexp.MustCompile(`action="(/cover/[^"]+/accept)"`).FindStringSubmatch(theirs.body)
	if take == nil {
		t.Fatal("nothing takes it")
	}
	chen.post(take[1]).want(t, 200, "the shift has changed hands")
	r := w.roster("storefront")
	found := false
	for _, o := range r.Overrides {
		found = found || (o.From.Equal(begin.Add(2*time.Hour)) && o.Until.Equal(begin.Add(5*time.Hour)) && o.People[0] == "chen")
	}
	for _, s := range r.Swaps {
		found = found || s.To == "chen"
	}
	if !found {
		t.Errorf("the part did not change hands: %+v %+v", r.Overrides, r.Swaps)
	}
}

// Beside the form stands whom to ask: who can take it, least loaded first, then who should not, each with the reason.
func TestWhomToAskStandsBesideTheForm(t *testing.T) {
	w := newWorld(t)
	docs := "kind: roster\nname: desk\ntitle: Desk\nteam: storefront\nrotations:\n  - {name: primary, role: primary, zone: UTC, every: 1, unit: day, handoff: \"09:00\", start: \"2026-01-05\", people: [zoe, yan, xia, wim]}\n"
	for _, u := range []string{"zoe", "yan", "xia", "wim"} {
		docs += "---\nkind: user\nname: " + u + "\ndisplay: " + strings.ToUpper(u) + "\nemail: " + u + "@example.com\nzone: UTC\naccess: responder\n"
	}
	w.must(w.commands.Batch(t.Context(), "desk", admin(), func(b *command.Batch) error { return b.Apply(command.ApplyDocuments{Documents: docs}) }))
	w.must(w.commands.Load(t.Context()))
	w.reach("yan")
	w.reach("wim")
	zoe := w.as("zoe")
	links := regexp.MustCompile(`href="(/oncall/desk/cover\?[^"]+)"`).FindAllStringSubmatch(zoe.get("/oncall/mine").body, -1)
	if len(links) < 2 {
		t.Fatalf("%d links lead to the form", len(links))
	}
	page := zoe.get(html.UnescapeString(links[1][1])).want(t, 200, "YAN", "WIM", "hours on call in the last 30 days", "Has no verified contact method.")
	can, cannot, _ := strings.Cut(page.body, "who should not")
	if !strings.Contains(can, `name="to" value="yan"`) || !strings.Contains(can, `name="to" value="wim"`) || !strings.Contains(cannot, `name="to" value="xia"`) {
		t.Errorf("the list is not in order: %s", clip(page.body))
	}
}

func TestAShiftIsOfferedInReturn(t *testing.T) {
	w := newWorld(t)
	ravi := w.as("ravi")
	path, page := ravi.askPage(t)
	q, err := url.ParseQuery(path[strings.Index(path, "?")+1:])
	w.must(err)
	var back, other string
	for _, v := range shiftsOf(page.body, "cv-back") {
		if strings.HasPrefix(v, "chen|") && back == "" {
			back = v
		} else if !strings.HasPrefix(v, "chen|") {
			other = v
		}
	}
	if back == "" || other == "" {
		t.Fatalf("in exchange there are %q", shiftsOf(page.body, "cv-back"))
	}
	ask := func(to, back string) answer {
		return ravi.post("/oncall/storefront/cover", "at", q.Get("at"), "role", q.Get("role"), "from", valueOf(t, page.body, "cv-from"), "until", valueOf(t, page.body, "cv-until"), "to", to, "back", back)
	}
	ask("", back).want(t, http.StatusUnprocessableEntity, "choose them, or nothing in exchange")
	ask("chen", other).want(t, http.StatusUnprocessableEntity, "choose one of whom you ask")
	ask("chen", back).want(t, 200, "until Chen Wei takes it")
	theirs := w.as("chen").get("/oncall/mine").want(t, 200, "in exchange")
	take := regexp.MustCompile(`action="(/cover/[^"]+/accept)"`).FindStringSubmatch(theirs.body)
	w.as("chen").post(take[1]).want(t, 200, "the shift has changed hands")
	if s := w.roster("storefront").Swaps; len(s) != 1 || s[0].Return == nil || s[0].Return.User != "chen" {
		t.Errorf("swaps: %+v", s)
	}
}

func TestAnOwnerArrangesASwap(t *testing.T) {
	w := newWorld(t)
	ana := w.as("ana")
	ana.get("/oncall?roster=storefront").want(t, 200, `href="/oncall/storefront/arrange"`)
	page := ana.get("/oncall/storefront/arrange").want(t, 200, "Arrange a swap", "Choose a shift")
	var shift string
	for _, v := range shiftsOf(page.body, "cv-shift") {
		if strings.HasPrefix(v, "ravi|primary|") {
			shift = v
		}
	}
	if shift == "" {
		t.Fatalf("there are %q", shiftsOf(page.body, "cv-shift"))
	}
	form := ana.get("/oncall/storefront/arrange?shift="+url.QueryEscape(shift)).want(t, 200, "Ravi Patel’s shift as primary", "Who takes it", `value="chen"`)
	parts := strings.Split(shift, "|")
	fields := []string{"person", "ravi", "role", parts[1], "rotation", parts[2], "at", parts[3], "from", valueOf(t, form.body, "cv-from"), "until", valueOf(t, form.body, "cv-until"), "why", "ill"}
	ana.post("/oncall/storefront/arrange", fields...).want(t, http.StatusUnprocessableEntity, "say who takes the shift")
	done := ana.post("/oncall/storefront/arrange", append(fields, "to", "chen")...).want(t, 200, "Chen Wei has Ravi Patel", "Undo")
	if s := w.roster("storefront").Swaps; len(s) != 1 || s[0].To != "chen" || s[0].Shift.User != "ravi" {
		t.Fatalf("swaps: %+v", s)
	}
	ana.post(done.undo(t)).want(t, 200, "Undone")
	if s := w.roster("storefront").Swaps; len(s) != 0 {
		t.Errorf("after undo: %+v", s)
	}
	w.as("tom").get("/oncall/storefront/arrange").want(t, http.StatusForbidden)
	w.as("tom").post("/oncall/storefront/arrange", append(fields, "to", "chen")...).want(t, http.StatusForbidden)
	if r := w.roster("storefront"); r.Team != muster.TeamName("storefront") {
		t.Errorf("team: %s", r.Team)
	}
}
