package web_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheLedgerIsATableAndAFile(t *testing.T) {
	w := newWorld(t)
	p := w.as("ravi")
	p.get("/oncall/fairness").want(t, 200, "Ravi Patel", "Last 90 days", `<svg class="hbar"`, `href="/oncall/fairness.csv?from=`)
	p.get("/oncall/fairness?roster=storefront&from=2026-01-01&to=2026-01-02").want(t, 200, `value="2026-01-01"`, `name="roster" value="storefront"`)
	p.get("/oncall/fairness?from=yesterday").want(t, http.StatusUnprocessableEntity, "This is not a day")
	p.get("/oncall/fairness?from=2026-02-01&to=2026-01-01").want(t, http.StatusUnprocessableEntity, "Must not be before")
	p.get("/oncall/fairness?roster=nothing").want(t, http.StatusNotFound)
	got := p.get("/oncall/fairness.csv").want(t, 200, "person,name,from,until")
	if h := got.header.Get("Content-Type"); !strings.HasPrefix(h, "text/csv") || !strings.Contains(got.header.Get("Content-Disposition"), "fairness-") {
		t.Errorf("the file has the headers %v", got.header)
	}
	w.stranger().get("/oncall/fairness").want(t, 200, "Sign in")
}

func TestHandoverNotesAreWrittenAndRead(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	p.get("/oncall/storefront/handovers").want(t, 200, "Hand-overs", "No shift has changed hands yet", "What should they know?")
	p.post("/oncall/storefront/handovers", "role", "primary", "text", "Watch the <b>queue</b>").want(t, 200, "Kept: those who follow read it", "Watch the &lt;b&gt;queue")
	w.as("vera").get("/oncall/storefront/handovers").want(t, 200, "Watch the &lt;b&gt;queue")
	w.as("vera").post("/oncall/storefront/handovers", "role", "primary", "text", "x").want(t, http.StatusForbidden)
	p.get("/oncall/nothing/handovers").want(t, http.StatusNotFound)
}
