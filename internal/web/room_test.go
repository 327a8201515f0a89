package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
)

func (w *world) room(key muster.IncidentKey) *query.Room {
	w.t.Helper()
	r, err := w.queries.Room(w.t.Context(), query.Viewer{Actor: admin()}, string(key), 0)
	w.must(err)
	return r
}

func TestARoomFromDeclaringToTheReview(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	p.post("/declare", "title", "").want(t, http.StatusUnprocessableEntity, "in a few words")
	got := p.post("/declare", "title", "Checkout hangs", "severity", "SEV2", "service", "checkout", "summary", "Nobody can pay", "doing", "Looking at the queue").want(t, 200, "Checkout hangs", "This is its room", "Nobody can pay", "Looking at the queue")
	self := got.at
	key := muster.IncidentKey(strings.TrimPrefix(self, "/i/"))

	p.post(self+"/say", "kind", "saw", "text", "The queue is full").want(t, 200, "The queue is full")
	p.post(self+"/say", "kind", "said", "text", "").want(t, http.StatusUnprocessableEntity, "say something")
	p.post(self+"/say", "text", "/severity SEV1 everybody is affected").want(t, 200)
	p.post(self+"/say", "text", "/nonsense").want(t, http.StatusUnprocessableEntity, "/nonsense")
	if sev := w.room(key).Severity; sev != muster.SEV1 {
		t.Errorf("severity %s after the command", sev)
	}
	undo := undoOf(t, p.post(self+"/severity", "severity", "SEV3", "text", "only a few"))
	p.post(undo).want(t, 200, "is SEV1 now")
	p.post(self+"/answer", "key", "how", "text", "A customer called").want(t, 200, "A customer called")
	p.post(self+"/role", "role", "commander", "person", "ana", "done", "assign").want(t, 200, "Ana Rossi is incident commander now")
	p.post(self+"/role", "role", "commander", "person", "ghost").want(t, http.StatusUnprocessableEntity, "no person called")

	p.post(self+"/update", "known", "Payments hang", "doing", "Restarting", "audience", "organisation").want(t, http.StatusUnprocessableEntity, "Say when they hear from you again", "Payments hang")
	p.post(self+"/update", "known", "", "next_update_by", "30").want(t, http.StatusUnprocessableEntity)
	p.post(self+"/update", "known", "Payments hang", "doing", "Restarting", "next_update_by", "at", "next_update_at", "25:99").want(t, http.StatusUnprocessableEntity, "time of day")
	p.post(self+"/update", "known", "Payments hang", "doing", "Restarting", "next_update_by", "30", "audience", "organisation").want(t, 200, "Payments hang", "posted update 1")

	p.post(self+"/theories", "text", "The pool is too small")
	r := w.room(key)
	p.post(self+"/theories/"+string(r.Theories[0].ID), "state", "confirmed").want(t, 200, "Confirmed")
	p.post(self+"/actions/"+string(r.Actions[0].ID), "outcome", "done").want(t, 200, "Finished")
	p.post(self+"/pin/"+string(r.Entries[len(r.Entries)-1].ID)+"?pinned=true").want(t, 200)
	p.get(self+"?show=pinned").want(t, 200, "Pinned")

	before := w.room(key)
	p.get(self)
	if n := len(w.room(key).Seen); n != len(before.Seen) {
		t.Error("looking marked the room as seen")
	}
	vera := w.as("vera")
	if got := vera.post(self + "/seen"); got.status != http.StatusNoContent {
		t.Errorf("seen is answered %d", got.status)
	}
	if n := len(w.room(key).Seen); n != len(before.Seen)+1 {
		t.Errorf("%d have seen the room", n)
	}

	p.post(self+"/mitigate", "text", "restarted").want(t, 200, "is mitigated")
	reopened := undoOf(t, p.post(self+"/resolve"))
	p.post(reopened).want(t, 200, "is open again")
	p.post(self+"/review").want(t, http.StatusConflict, "resolve it first")
	p.post(self+"/resolve").want(t, 200, "is resolved", "Start the review")
	got = p.post(self+"/review").want(t, 200, "drafted from the timeline")
	if !strings.HasPrefix(got.at, "/reviews/") {
		t.Fatalf("the review is at %s", got.at)
	}
	p.post(got.at+"/summary", "summary", "The pool was too small.").want(t, 200, "The pool was too small.")
	p.post(got.at+"/well", "text", "We found it fast").want(t, 200, "We found it fast")
	p.post(got.at+"/findings", "text", "Pools need an alert").want(t, 200, "Pools need an alert")
	p.post(got.at+"/findings", "text", "").want(t, http.StatusUnprocessableEntity, "what was learned")
	p.post(got.at+"/items", "text", "Alert on pools", "owner", "ravi", "due", "2026-12-24").want(t, 200, "Alert on pools")
	p.post(got.at+"/items", "text", "Alert on pools", "due", "soon").want(t, http.StatusUnprocessableEntity, "2026-12-04")
	p.post(got.at+"/publish").want(t, 200, "Published")
	p.get("/readiness").want(t, 200, "Alert on pools")
}

// undoOf finds the address that takes back what a form did.
func undoOf(t *testing.T, a answer) string {
	t.Helper()
	_, toast, _ := strings.Cut(a.body, "data-toast")
	_, form, ok := strings.Cut(toast, `action="`)
	url, _, _ := strings.Cut(form, `"`)
	if !ok || a.status != 200 {
		t.Fatalf("%s offers no undo: %d", a.at, a.status)
	}
	return strings.ReplaceAll(url, "&amp;", "&")
}

func TestAnAlertIsTakenAndGivenBack(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	p, self := w.as("ravi"), "/a/"+string(a.AlertItem.Alert.ID)
	p.get(self).want(t, 200, "Why Chen Wei was paged", "Ravi Patel", "Proof of each page", "monitoring")
	undo := undoOf(t, p.post(self+"/ack"))
	if al := w.alert(a); al.AcknowledgedBy == nil || al.AcknowledgedBy.User != "ravi" {
		t.Errorf("acknowledged by %+v", al.AcknowledgedBy)
	}
	p.post(undo).want(t, 200, "Given back")
	p.post(self+"/resolve", "text", "gone").want(t, 200, "Resolved")
	p.post(self+"/ack").want(t, http.StatusConflict, "resolved already")
	p.get("/a/alt_"+strings.Repeat("0", 32)).want(t, http.StatusNotFound)
}

func TestAToastIsShownOnce(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	p, self := w.as("ravi"), "/a/"+string(a.AlertItem.Alert.ID)
	p.post(self+"/ack").want(t, 200, "data-toast")
	if got := p.get(self); strings.Contains(got.body, "data-toast") {
		t.Error("the toast is shown twice")
	}
}

func TestFormsGoBackToThePageTheyStoodOn(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	p := w.as("ravi")
	for referer, want := range map[string]string{w.server.URL + "/alerts?status=open": "/alerts?status=open", "https://evil.example/x": "/a/" + string(a.AlertItem.Alert.ID), "": "/a/" + string(a.AlertItem.Alert.ID)} {
		req := p.form("/a/" + string(a.AlertItem.Alert.ID) + "/ack")
		req.Header.Set("Referer", referer)
		if got := p.send(req); got.at != want {
			t.Errorf("from %q the form leads to %s, want %s", referer, got.at, want)
		}
	}
}
