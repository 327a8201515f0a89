package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
)

// alert reads an alert again.
func (w *world) alert(a *query.Alert) *muster.Alert {
	w.t.Helper()
	got, err := w.queries.Alert(w.t.Context(), query.Viewer{Actor: admin()}, a.AlertItem.Alert.ID)
	w.must(err)
	return got.AlertItem.Alert
}

// link is the path of a page's own screen.
func (w *world) link(p query.Page, life time.Duration) string {
	return "/p/" + w.box.SignPage(p.ID, muster.At(time.Now().Add(life)))
}

func TestThePhonePageIsSmallAndActsOnlyByAPress(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	pg := a.Pages[0]
	path := w.link(pg, time.Hour)
	s := w.stranger()
	before := w.rows()
	got := s.get(path).want(t, 200, "Cart fails", "Acknowledge", "Why you", "Ravi Patel")
	if len(got.body) > 30<<10 || strings.Count(got.body, "<script") != 1 || !strings.Contains(got.body, "/static/phone.") || strings.Contains(got.body, "style=") {
		t.Errorf("the phone page has %d bytes", len(got.body))
	}
	if h := got.header; h.Get("Cache-Control") != "no-store" {
		t.Errorf("the phone page may be kept: %v", h)
	}
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("looking at a page changed %v", diff)
	}
	s.post(path+"/ack").want(t, 200, "You have it")
	al := w.alert(a)
	if al.Status != muster.AlertAcknowledged || al.AcknowledgedBy.User != pg.Person || al.AcknowledgedBy.Surface != muster.SurfacePage {
		t.Errorf("acknowledged by %+v", al.AcknowledgedBy)
	}
	after, err := w.queries.Alert(t.Context(), query.Viewer{Actor: admin()}, al.ID)
	w.must(err)
	if after.Pages[0].State != muster.PageProved {
		t.Errorf("the page is %s, want proved", after.Pages[0].State)
	}
	s.post(path+"/ack").want(t, 200, "You have it") // a second press holds already
}

// A gesture proves that the page was opened, and answers nothing; looking proves nothing.
func TestSeenProvesAndAnswersNothing(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	path, s := w.link(a.Pages[0], time.Hour), w.stranger()
	state := func() (muster.PageState, muster.AlertStatus) {
		got, err := w.queries.Alert(t.Context(), query.Viewer{Actor: admin()}, a.ID)
		w.must(err)
		return got.Pages[0].State, got.Status
	}
	s.get(path).want(t, 200)
	if p, _ := state(); p == muster.PageProved {
		t.Fatal("looking proves the page")
	}
	s.post("/p/x/seen").want(t, 401)
	s.post(path+"/seen").want(t, 204)
	if p, al := state(); p != muster.PageProved || al != muster.AlertOpen {
		t.Errorf("after a gesture the page is %s and the alert %s", p, al)
	}
}

func TestForgedAndExpiredLinks(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	good := w.link(a.Pages[0], time.Hour)
	forged := good[:len(good)-2] + "xx"
	expired := w.link(a.Pages[0], -time.Hour)
	s := w.stranger()
	for path, status := range map[string]int{forged: 401, "/p/nonsense": 401, expired: 403} {
		for _, got := range []answer{s.get(path), s.post(path + "/ack")} {
			if got.status != status || strings.Contains(got.body, "Cart fails") {
				t.Errorf("%s: %d: %s", path, got.status, clip(got.body))
			}
		}
	}
	if al := w.alert(a); al.Status != muster.AlertOpen {
		t.Errorf("the alert is %s", al.Status)
	}
	w.as("ana").get("/settings/audit").want(t, 200, "page link refused", "Refused")
}

func TestEscalateAndDeclareFromThePhone(t *testing.T) {
	w := newWorld(t)
	a := w.receive("monitoring", muster.Signal{State: muster.SignalFiring, Title: "Slow checkout", Severity: muster.SeverityMajor, Service: "cart"})
	path, s := w.link(a.Pages[0], time.Hour), w.stranger()
	s.get(path).want(t, 200, "Declare")
	s.post(path+"/declare").want(t, 200, "Open the room")
	s.post(path+"/escalate").want(t, 200)
	after, err := w.queries.Alert(t.Context(), query.Viewer{Actor: admin()}, a.AlertItem.Alert.ID)
	w.must(err)
	if len(after.Pages) < 2 || after.IncidentKey == "" {
		t.Errorf("%d pages, incident %q", len(after.Pages), after.IncidentKey)
	}
}

var href = regexp.MustCompile(`(?:href|src)="(/[^"]*)"`)

// TestLookingChangesNothing walks every page that can be reached and compares all tables.
func TestLookingChangesNothing(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	p := w.as("ana")
	p.post("/i/"+string(a.IncidentKey)+"/say", "kind", "saw", "text", "503 from the cart")
	todo := []string{
		"/", "/wall", "/incidents?status=all", "/alerts?status=all", "/declare?alert=" + string(a.AlertItem.Alert.ID), "/oncall?service=cart&at=2026-12-25T03:00",
		"/search?q=cart", "/palette?q=cart", "/phones", "/phones/" + w.access.PhonesToken, "/settings/export", "/status/public/preview/", "/report/report",
		"/setup?token=x", "/signin?token=" + w.access.AdminToken, w.link(a.Pages[0], time.Hour), "/i/" + string(a.IncidentKey) + "?show=people",
		"/settings/rosters/storefront?revision=1", "/settings/silences/new?alert=" + string(a.AlertItem.Alert.ID), "/nothing", "/i/INC-99", "/settings/nothing",
	}
	for _, k := range muster.Kinds() {
		todo = append(todo, "/settings/"+string(k)+"/new")
	}
	before := w.rows()
	seen := map[string]bool{}
	for len(todo) > 0 {
		path, _, _ := strings.Cut(todo[0], "#")
		todo = todo[1:]
		if seen[path] || strings.HasPrefix(path, "/static/") || strings.HasPrefix(path, "/s/") || strings.Contains(path, "from=") || strings.HasPrefix(path, "/live") || len(seen) > 300 {
			continue
		}
		seen[path] = true
		got := p.get(path)
		if got.status >= 500 {
			t.Errorf("%s: %d: %s", path, got.status, clip(got.body))
		}
		for _, m := range href.FindAllStringSubmatch(got.body, -1) {
			todo = append(todo, strings.ReplaceAll(m[1], "&amp;", "&"))
		}
	}
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("looking at %d pages changed %v", len(seen), diff)
	}
	if len(seen) < 80 {
		t.Errorf("only %d pages were found", len(seen))
	}
}

func TestViewersSeeButDoNotAct(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	id, key := string(a.AlertItem.Alert.ID), string(a.IncidentKey)
	vera := w.as("vera")
	forms := regexp.MustCompile(`<form[^>]*action="([^"]*)"`)
	harmless := []string{"/theme", "/signout", "/search", "/oncall#machine", "/i/" + key + "/seen"}
	for _, path := range []string{"/", "/alerts", "/a/" + id, "/i/" + key, "/incidents", "/oncall", "/status", "/reviews", "/services", "/settings", "/settings/people", "/settings/keys", "/settings/connectors"} {
		got := vera.get(path).want(t, 200)
		for _, m := range forms.FindAllStringSubmatch(got.body, -1) {
			if !slices.Contains(harmless, m[1]) && m[1] != path {
				t.Errorf("%s offers a viewer %s", path, m[1])
			}
		}
	}
	before := w.rows()
	for _, c := range [][]string{
		{"/a/" + id + "/ack"},
		{"/a/" + id + "/escalate"},
		{"/a/" + id + "/resolve"},
		{"/declare", "title", "x"},
		{"/i/" + key + "/say", "text", "x"},
		{"/i/" + key + "/update", "known", "x", "next_update_by", "30"},
		{"/i/" + key + "/severity", "severity", "SEV1"},
		{"/i/" + key + "/resolve"},
		{"/i/" + key + "/role", "role", "scribe", "person", "vera"},
		{"/status/public/open", "title", "x"},
		{"/settings/keys", "name", "x"},
		{"/settings/teams/storefront", "body", "kind: team\nname: storefront\ntitle: Mine\n", "etag", "1"},
		{"/oncall/override", "roster", "storefront", "from", "2026-11-22T10:00", "to", "2026-11-22T12:00"},
		{"/settings/connectors/phone/test"},
		{"/i/" + key + "/say", "text", "/severity SEV1"},
	} {
		vera.post(c[0], c[1:]...).want(t, http.StatusForbidden)
	}
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("a viewer changed %v", diff)
	}
	vera.get("/settings/audit").want(t, http.StatusForbidden)
	w.as("ravi").post("/settings/teams/payments", "body", "kind: team\nname: payments\ntitle: Mine\n", "etag", fmt.Sprint(w.queries.Catalog().RevisionOf("teams/payments"))).want(t, http.StatusForbidden)
}

func TestHostileTextIsShownAsText(t *testing.T) {
	w := newWorld(t)
	const bad = `<script>alert(1)</script>"><img src=x onerror=alert(2)>`
	a := w.receive("monitoring", muster.Signal{
		State: muster.SignalFiring, Title: bad, Summary: bad, Impact: bad, Action: bad, Severity: muster.SeverityCritical, Service: "cart",
		Labels: map[string]string{"host": bad}, Links: []muster.ContextLink{{Title: bad, URL: "javascript:alert(3)"}},
	})
	key := string(a.IncidentKey)
	p := w.as("ana")
	p.post("/i/"+key+"/say", "kind", "said", "text", bad)
	p.post("/i/"+key+"/theories", "text", bad)
	p.post("/i/"+key+"/answer", "key", "bad", "text", bad)
	p.post("/i/"+key+"/update", "known", bad, "doing", bad, "next_update_by", "30", "audience", "public")
	p.post("/i/"+key+"/actions", "text", bad)
	for _, path := range []string{"/", "/incidents", "/alerts", "/a/" + string(a.AlertItem.Alert.ID), "/i/" + key, "/wall", w.link(a.Pages[0], time.Hour), "/status", "/search?q=alert", "/declare?alert=" + string(a.AlertItem.Alert.ID), "/phones", "/services/cart", "/settings/silences/new?alert=" + string(a.AlertItem.Alert.ID), "/report/report", "/incidents?q=" + "%3Cscript%3Ealert(1)"} {
		got := p.get(path).want(t, 200)
		if strings.Contains(got.body, "<script>alert") || strings.Contains(got.body, "<img src=x") || strings.Contains(got.body, `"javascript:`) {
			t.Errorf("%s holds hostile markup", path)
		}
	}
	if got := p.get("/palette?q=script"); strings.Contains(got.body, "<script") || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("the palette says %s", got.body)
	}
}
