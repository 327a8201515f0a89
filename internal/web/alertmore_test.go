package web_test

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/store"
)

// search fires an alert that pages Ravi and declares no incident.
func (w *world) search(title string, labels map[string]string) *query.Alert {
	w.t.Helper()
	return w.receive("monitoring", muster.Signal{State: muster.SignalFiring, Title: title, Severity: muster.SeverityMinor, Service: "search", Identity: []string{title}, Labels: labels})
}

func (w *world) write(fn func(tx store.Tx) error) {
	w.t.Helper()
	w.must(w.commands.Store.Write(w.t.Context(), store.LanePeople, "test", fn))
}

func (w *world) apply(docs string) {
	w.t.Helper()
	w.must(w.commands.Batch(w.t.Context(), "Apply", admin(), func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: docs, Accept: command.ReachesNobody})
	}))
}

// paged makes a page of an alert look as if it had gone out.
func (w *world) paged(p *muster.Page) {
	w.t.Helper()
	p.State, p.StartedAt, p.AcceptedAt = muster.PageAccepted, p.PlannedAt, p.PlannedAt
	p.Attempts = append(p.Attempts, muster.Attempt{At: p.PlannedAt, Took: 2_100_000, Result: "failed", Detail: "HTTP 500"}, muster.Attempt{At: p.PlannedAt, Took: 180_000, Result: "accepted"})
	w.write(func(tx store.Tx) error { return tx.UpdatePages([]*muster.Page{p}) })
}

func TestWhoWasPagedSaysOnTheAlertWhetherItWasUseful(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	pg := a.Pages[0]
	w.paged(pg.Page)
	self := "/a/" + string(pg.Alert)
	me := w.as(pg.Person)
	if got := me.get(self).want(t, 200, "Proof of each page"); strings.Contains(got.body, "Was this page useful?") {
		t.Error("who has not answered yet is asked")
	}
	me.post(self+"/ack").want(t, 200, "Was this page useful?")
	me.post(self+"/rate", "useful", "no", "why", "it mends itself").want(t, 200, "You said no", "did not find the page useful: it mends itself")
	me.post(self+"/rate", "useful", "yes").want(t, 200, "You said yes")
	if got := w.as("mia").get(self); strings.Contains(got.body, "Was this page useful?") {
		t.Error("who was not paged is asked")
	}
	w.as("vera").post(self+"/rate", "useful", "no").want(t, http.StatusForbidden)
	got := me.get("/readiness").want(t, 200, "Noise", "Shopping cart", "100 % of 1", "Do pages arrive?", "more like it")
	if n := strings.Count(got.body, `class="warn `); n > 40 {
		t.Errorf("readiness has %d warnings in a row: those that are alike are told by the first", n)
	}
}

func TestAnAlertIsSilencedUntilItIsResolved(t *testing.T) {
	w := newWorld(t)
	a := w.search("Search is slow", nil)
	id := a.AlertItem.Alert.ID
	self := "/a/" + string(id)
	me := w.as("ana")
	me.get(self).want(t, 200, "Silence until resolved", "the next one pages again")
	me.post(self+"/silence", "why", "we know", "for", "soon").want(t, http.StatusUnprocessableEntity)
	me.post(self+"/silence", "why", "we know").want(t, 200, "The next one pages again.")
	var name muster.SilenceName
	for _, s := range w.queries.Catalog().Silences {
		if s.Alert == id && s.Why == "we know" {
			name = s.Name
		}
	}
	if name == "" {
		t.Fatal("there is no silence")
	}
	w.write(func(tx store.Tx) error { // as its timer does
		al, err := tx.Alert(id)
		if err != nil {
			return err
		}
		al.Suppressed = &muster.Suppressed{By: name, Until: tx.Now().Plus(time.Hour), Why: "we know"}
		return tx.UpdateAlert(al)
	})
	me.get(self).want(t, 200, "else until it is resolved", "End the silence")
	me.post(self+"/unsilence").want(t, 200, "the alert pages again")
	if w.queries.Catalog().Silences[name] != nil {
		t.Error("the silence is still there")
	}
	w.as("vera").post(self+"/silence", "why", "x").want(t, http.StatusForbidden)
}

func TestAnAlertShowsItsGroupAndItsHold(t *testing.T) {
	w := newWorld(t)
	w.apply("kind: route\nname: hosts\norder: 1\nmatch: \"'host' in labels\"\npolicy: storefront-urgent\ngroup: {by: [host], within: 5m}\n---\n" +
		"kind: route\nname: flappy\norder: 2\nmatch: \"'flappy' in labels\"\npolicy: storefront-urgent\nhold: 10m\n")
	first := w.search("Disk is full", map[string]string{"host": "web-1"}).AlertItem.Alert
	second := w.search("Logs cannot be written", map[string]string{"host": "web-1"}).AlertItem.Alert
	me := w.as("ana")
	me.get("/a/"+string(first.ID)).want(t, 200, "Joined this alert", "Logs cannot be written", "also the 1 alert that joined it")
	me.get("/a/"+string(second.ID)).want(t, 200, "Joined another alert", "Disk is full", "pages nobody by itself")
	me.post("/a/" + string(first.ID) + "/ack")
	me.get("/a/"+string(first.ID)).want(t, 200, "Ana Rossi has it")
	held := w.search("Probe failed once", map[string]string{"flappy": "yes"}).AlertItem.Alert
	me.get("/a/"+string(held.ID)).want(t, 200, "Its route waits until", "counted as a flap", "/settings/routes/flappy")
}

// A digest is a frozen list: the button acknowledges exactly that, also beside a signed-in person's other alerts.
func TestADigestIsAcknowledgedOnTheAlertExactlyAsItIs(t *testing.T) {
	w := newWorld(t)
	var ids []muster.AlertID
	for _, title := range []string{"One", "Two", "Three"} {
		ids = append(ids, w.search(title, nil).AlertItem.Alert.ID)
	}
	slices.Sort(ids)
	digest := &muster.Page{
		ID: muster.NewID[muster.PageID](muster.NewIDs(rand.Reader), time.Now()), Alert: ids[0], Person: "ana", Method: "phone", Connector: "phone",
		State: muster.PagePlanned, PlannedAt: muster.At(time.Now()), Digest: ids[:2],
	}
	w.write(func(tx store.Tx) error { return tx.InsertPages([]*muster.Page{digest}) })
	w.paged(digest)
	me, self := w.as("ana"), "/a/"+string(ids[1])
	me.get(self).want(t, 200, "and of no later one", "Acknowledge these 2", "what was tried")
	if got := w.as("ravi").get(self); strings.Contains(got.body, "Acknowledge these") {
		t.Error("somebody else may answer the page")
	}
	w.as("ravi").post(self+"/digest", "page", string(digest.ID)).want(t, http.StatusNotFound)
	me.post(self+"/digest", "page", string(digest.ID)).want(t, 200, "You have these 2")
	for i, want := range []muster.AlertStatus{muster.AlertAcknowledged, muster.AlertAcknowledged, muster.AlertOpen} {
		a, err := w.queries.Alert(t.Context(), query.Viewer{Actor: admin()}, ids[i])
		w.must(err)
		if a.Status != want {
			t.Errorf("alert %d is %s, want %s", i, a.Status, want)
		}
	}
}
