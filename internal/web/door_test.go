package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/command"
)

func TestStrangersSeeOnlyTheDoors(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	s := w.stranger()
	for _, path := range []string{"/", "/incidents", "/i/" + string(a.IncidentKey), "/a/" + string(a.AlertItem.Alert.ID), "/alerts", "/wall", "/oncall", "/services", "/status", "/reviews", "/readiness", "/settings", "/settings/people/ana", "/settings/audit", "/settings/export", "/search?q=cart", "/phones", "/nothing"} {
		got := s.get(path)
		if !strings.HasPrefix(got.at, "/signin") || strings.Contains(got.body, "Cart fails") {
			t.Errorf("%s leads a stranger to %s", path, got.at)
		}
	}
	for _, path := range []string{"/live?topic=now", "/palette?q=cart"} {
		s.get(path).want(t, http.StatusUnauthorized)
	}
	before := w.rows()
	for _, path := range []string{"/a/" + string(a.AlertItem.Alert.ID) + "/ack", "/i/" + string(a.IncidentKey) + "/say", "/declare", "/settings/keys", "/signout", "/guide/next"} {
		s.post(path, "text", "x", "title", "x", "name", "x").want(t, http.StatusUnauthorized)
	}
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("a stranger changed %v", diff)
	}
	s.get("/signin").want(t, 200, "Passphrase")
	s.get("/report/report").want(t, 200, "Report a problem")
	s.get("/phones/"+w.access.PhonesToken).want(t, 200, "Chen Wei")
	s.get("/phones/wrong").want(t, http.StatusUnauthorized)
}

func TestATokenSignsInOnlyByAPress(t *testing.T) {
	w := newWorld(t)
	s := w.stranger()
	before := w.rows()
	s.get("/signin?token="+w.access.AdminToken+"&next=/alerts").want(t, 200, "This link signs you in", w.access.AdminToken)
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("looking at the door changed %v", diff)
	}
	if got := s.get("/alerts"); got.at != "/signin?next=%2Falerts" {
		t.Errorf("signed in by looking: %s", got.at)
	}
	if got := s.post("/signin", "token", w.access.AdminToken, "next", "/alerts"); got.at != "/alerts" || got.status != 200 {
		t.Errorf("the token leads to %s, %d", got.at, got.status)
	}
	s.post("/signout")
	if got := s.get("/"); got.at != "/signin" {
		t.Errorf("after signing out / leads to %s", got.at)
	}
	s.post("/signin", "token", w.access.IntakeKey).want(t, http.StatusUnauthorized, "Not signed in")
	s.post("/signin", "token", "mst_forged").want(t, http.StatusUnauthorized, "Not signed in")
	for _, next := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "javascript:alert(1)"} {
		if got := w.stranger().post("/signin", "token", w.access.AdminToken, "next", next); got.at != "/" {
			t.Errorf("next=%s leads to %s", next, got.at)
		}
	}
}

func TestPassphrases(t *testing.T) {
	w := newWorld(t)
	w.must(w.commands.SetPassphrase(t.Context(), admin(), command.SetPassphrase{User: "ravi", Passphrase: "a long enough sentence"}))
	s := w.stranger()
	s.post("/signin", "email", "ravi@tailwindtraders.example", "passphrase", "wrong").want(t, http.StatusUnauthorized, "is not right", "ravi@tailwindtraders.example")
	s.post("/signin", "email", "nobody@tailwindtraders.example", "passphrase", "wrong").want(t, http.StatusUnauthorized, "is not right")
	if got := s.post("/signin", "email", "ravi@tailwindtraders.example", "passphrase", "a long enough sentence"); got.at != "/" {
		t.Fatalf("a right passphrase leads to %s", got.at)
	}
	s.post("/settings/people/ravi/passphrase", "old", "wrong", "new", "another long sentence").want(t, http.StatusUnprocessableEntity, "not your present passphrase")
	s.post("/settings/people/ravi/passphrase", "old", "a long enough sentence", "new", "short").want(t, http.StatusUnprocessableEntity)
	s.post("/settings/people/ravi/passphrase", "old", "a long enough sentence", "new", "another long sentence").want(t, 200, "is changed")
	s.post("/settings/people/ana/passphrase", "new", "another long sentence").want(t, http.StatusForbidden)
	for range 12 {
		s.post("/signin", "email", "ravi@tailwindtraders.example", "passphrase", "guess")
	}
	s.post("/signin", "email", "ravi@tailwindtraders.example", "passphrase", "guess").want(t, http.StatusTooManyRequests)
}

func TestOtherSitesCannotPost(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	p := w.as("ana")
	for name, change := range map[string]func(*http.Request){
		"fetch metadata": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"sibling":        func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"origin": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "https://evil.example")
		},
		"null origin": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "null")
		},
	} {
		req := p.form("/a/" + string(a.AlertItem.Alert.ID) + "/ack")
		change(req)
		if got := p.send(req); got.status != http.StatusForbidden {
			t.Errorf("%s: status %d", name, got.status)
		}
	}
	if got := w.alert(a); got.Status != "open" {
		t.Errorf("the alert is %s", got.Status)
	}
}

func TestCookiesAreClosed(t *testing.T) {
	w := newWorld(t)
	s := w.stranger()
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got := s.post("/signin", "token", w.access.AdminToken)
	if c := got.header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || strings.Contains(c, w.access.AdminToken) {
		t.Errorf("the session's cookie is %q", c)
	}
	if got.status != http.StatusSeeOther {
		t.Errorf("a form is answered %d", got.status)
	}
}

func TestReport(t *testing.T) {
	w := newWorld(t)
	s := w.stranger()
	s.get("/report/monitoring").want(t, http.StatusNotFound)
	s.post("/report/monitoring", "title", "x").want(t, http.StatusNotFound)
	s.post("/report/report", "title", "").want(t, http.StatusUnprocessableEntity, "in a few words")
	before := w.rows()
	s.post("/report/report", "title", "Spam", "website", "http://spam.example").want(t, 200, "Thank you")
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("a program's report changed %v", diff)
	}
	s.post("/report/report", "title", "Cart loses things", "impact", "Our shop", "name", "Kim", "contact", "kim@example.com", "kind", "staff").want(t, 200, "Thank you", "A person looks at it")
	s.post("/report/report", "title", "Cart loses things", "name", "Lee").want(t, 200, "know about this already")
	w.as("ana").get("/alerts?status=triage").want(t, 200, "Cart loses things")
	for range 10 {
		s.post("/report/report", "title", "Again and again")
	}
	s.post("/report/report", "title", "Again and again").want(t, http.StatusTooManyRequests, "Try again in")
}

func TestTheFirstStart(t *testing.T) {
	t.Parallel()
	w := buildWorld(t, false)
	if open, err := w.commands.BeginSetup(t.Context(), "once"); err != nil || !open {
		t.Fatalf("setup is open: %v, %v", open, err)
	}
	s := w.stranger()
	s.get("/setup?token=once").want(t, 200, "Set up Muster", `value="once"`)
	form := func(change ...string) []string {
		return append([]string{"token", "once", "name", "Ana Rossi", "email", "ana@example.com", "passphrase", "a long enough sentence", "public_url", "http://localhost:8080", "zone", "Europe/Berlin"}, change...)
	}
	s.post("/setup", "token", "once", "name", "Ana", "email", "ana@example.com", "passphrase", "short", "public_url", "http://localhost", "zone", "Europe/Berlin").want(t, http.StatusUnprocessableEntity, "12 characters")
	s.post("/setup", "token", "once", "name", "Ana", "email", "ana@example.com", "passphrase", "a long enough sentence", "public_url", "http://localhost", "zone", "EST").want(t, http.StatusUnprocessableEntity, "time zone")
	s.post("/setup", "token", "forged", "name", "Ana", "email", "ana@example.com", "passphrase", "a long enough sentence", "public_url", "http://localhost", "zone", "UTC").want(t, http.StatusForbidden, "not valid any more")
	s.post("/setup", form()...).want(t, 200, "curl --json", "/in/msi_")
	s.get("/").want(t, 200, "All quiet", "Ana Rossi")
	w.stranger().post("/setup", form()...).want(t, http.StatusForbidden)
	w.stranger().post("/signin", "email", "ana@example.com", "passphrase", "a long enough sentence").want(t, 200, "Ana Rossi")
}
