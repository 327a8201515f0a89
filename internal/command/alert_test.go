package command_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

func TestAnAcknowledgementStopsPaging(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		a := must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id, Note: "on it"})
		if a.Status != muster.AlertAcknowledged || a.AcknowledgedBy == nil || a.AcknowledgedBy.User != "olga" {
			w.Fatalf("the alert is %s by %+v", a.Status, a.AcknowledgedBy)
		}
		again := must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		if again.AcknowledgedBy.User != "olga" || again.AcknowledgedAt != a.AcknowledgedAt {
			w.Errorf("a second acknowledgement changed the first: %+v", again.AcknowledgedBy)
		}
		if n := strings.Count(strings.Join(w.heard(store.TimelineFilter{Alert: id}), "\n"), "acknowledged"); n != 1 {
			w.Errorf("the timeline tells of %d acknowledgements, want one", n)
		}
		pass(29 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("the phones of %v rang, want Rob's first method alone", who)
		}
		for _, p := range w.pages(id) {
			if p.State != muster.PageAccepted && (p.State != muster.PageCancelled || p.Detail != "Olga acknowledged first") {
				w.Errorf("a page of Rob's is %s, %q", p.State, p.Detail)
			}
		}
		pass(2 * time.Minute) // the acknowledgement runs out
		if a := w.alert(id); a.Status != muster.AlertOpen || a.AcknowledgedBy != nil {
			w.Errorf("after the acknowledgement ran out the alert is %s, %+v", a.Status, a.AcknowledgedBy)
		}
		if who := w.who(); len(who) != 2 || who[1] != "Rob" {
			w.Errorf("the phones of %v rang, want Rob's again", who)
		}
	})
}

func TestOnlyTheTokenOfAPageProvesIt(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id, other := w.fire("cart"), w.fire("pay")
		pass(3 * time.Minute) // phone and mail
		pages := w.pages(id)
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: other})
		for _, p := range w.pages(other) {
			if p.State == muster.PageProved {
				w.Error("Rob acknowledged in the browser, and a page of his counts as proved")
			}
		}
		// A page's link is good for its own alert and person.
		refused[*muster.Alert](w, muster.ErrForbidden, w.onPage(pages[0]), "AckAlert", command.NoteAlert{Alert: w.another()})
		stolen := w.as("olga")
		stolen.Page = pages[0].ID
		refused[*muster.Alert](w, muster.ErrForbidden, stolen, "AckAlert", command.NoteAlert{Alert: id})
		refused[*muster.Alert](w, muster.ErrForbidden, stolen, "EscalateAlert", command.NoteAlert{Alert: id})
		if p := w.pages(id)[0]; p.State != muster.PageAccepted {
			w.Fatalf("the page is %s before its person answered", p.State)
		}
		must[*muster.Alert](w, w.onPage(pages[0]), "AckAlert", command.NoteAlert{Alert: id})
		got := w.pages(id)
		if got[0].State != muster.PageProved || got[0].Proof != "Rob acknowledged" || got[0].ProvedAt.IsZero() {
			w.Errorf("the page that was answered is %s: %q", got[0].State, got[0].Proof)
		}
		if got[1].State != muster.PageAccepted {
			w.Errorf("the page that was not answered is %s", got[1].State)
		}
		ct := read(w, func(r store.Reader) (*muster.Contact, error) { return r.Contact(got[0].Contact) })
		if ct.LastProved.IsZero() {
			w.Error("the contact method does not know that it works")
		}
	})
}

// Somebody answers a page of an alert that is over: that is no error, and the answer is kept.
func TestAnAnswerThatComesTooLateIsKept(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		must[*muster.Alert](w, w.as("olga"), "ResolveAlert", command.NoteAlert{Alert: id})
		refused[*muster.Alert](w, muster.ErrConflict, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		a := must[*muster.Alert](w, w.onPage(w.pages(id)[0]), "AckAlert", command.NoteAlert{Alert: id})
		if p := w.pages(id)[0]; a.Status != muster.AlertResolved || p.State != muster.PageProved {
			w.Errorf("the alert is %s and the page %s, want resolved and proved", a.Status, p.State)
		}
	})
}

func TestGivingBackPagesAgain(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		must[*muster.Alert](w, w.as("olga"), "UnackAlert", command.NoteAlert{Alert: id}) // it is open already
		must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id})
		pass(time.Minute)
		must[*muster.Alert](w, w.as("olga"), "UnackAlert", command.NoteAlert{Alert: id})
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Rob"}) {
			w.Errorf("the phones of %v rang, want Rob's twice", who)
		}
		must[*muster.Alert](w, w.as("olga"), "ResolveAlert", command.NoteAlert{Alert: id})
		must[*muster.Alert](w, w.as("olga"), "ResolveAlert", command.NoteAlert{Alert: id})
		for _, op := range []string{"UnackAlert", "EscalateAlert"} {
			refused[*muster.Alert](w, muster.ErrConflict, w.as("olga"), op, command.NoteAlert{Alert: id})
		}
		if a := w.alert(id); a.Status != muster.AlertResolved || !a.NextWakeAt.IsZero() || len(w.timers(string(id))) != 0 {
			w.Errorf("a resolved alert is %s and wakes at %s", a.Status, a.NextWakeAt)
		}
		pass(3 * time.Hour)
		if who := w.who(); len(who) != 2 {
			w.Errorf("a resolved alert rang: %v", who)
		}
	})
}

func TestEscalatingByHand(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		must[*muster.Alert](w, w.onPage(w.pages(id)[0]), "EscalateAlert", command.NoteAlert{Alert: id})
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Ana"}) {
			w.Errorf("the phones of %v rang, want Ana's right after Rob asked for it", who)
		}
		if p := w.pages(id)[0]; p.State != muster.PageProved || p.Proof != "Rob escalated" {
			w.Errorf("Rob's page is %s, %q", p.State, p.Proof)
		}
		pass(3 * time.Minute) // Rob's mail would be due; he answered already
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Ana", "Ana"}) {
			w.Errorf("the phones of %v rang, want Ana's mail and not Rob's", who)
		}
	})
}

func TestPagingAPersonByHand(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		must[*muster.Alert](w, w.as("rob"), "PageResponder", command.PageResponder{Alert: id, Person: "olga", Note: "I need you"})
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Olga"}) {
			w.Fatalf("the phones of %v rang, want Olga's, though the alert is acknowledged", who)
		}
		refused[*muster.Alert](w, muster.ErrInvalid, w.as("rob"), "PageResponder", command.PageResponder{Alert: id, Person: "nobody"})
		refused[*muster.Alert](w, muster.ErrConflict, w.as("rob"), "PageResponder", command.PageResponder{Alert: id, Person: "vic"}) // no contact method
		must[*muster.Alert](w, w.as("rob"), "ResolveAlert", command.NoteAlert{Alert: id})
		refused[*muster.Alert](w, muster.ErrConflict, w.as("rob"), "PageResponder", command.PageResponder{Alert: id, Person: "olga"})
		pass(time.Hour)
		if who := w.who(); len(who) != 2 {
			w.Errorf("Olga's mail went out after the alert was over: %v", who)
		}
	})
}

func TestAcknowledgingEndsTriage(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.send("form", signal("cart", muster.SignalFiring))[0].Alert
		must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id})
		if a := w.alert(id); a.Triage || a.Status != muster.AlertAcknowledged {
			w.Fatalf("the alert is %s, in triage: %v", a.Status, a.Triage)
		}
		pass(31 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("after the acknowledgement ran out the phones of %v rang, want Rob's", who)
		}
	})
}

// An edit in the middle of an escalation takes no wake-up away (I12).
func TestAPolicyThatIsRemovedStillEscalates(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		w.fire("cart")
		pass(time.Second)
		w.put(`
kind: policy
name: calm
title: Calm
team: storefront
steps: [{targets: [{user: olga}], wait: 1h}]
---
kind: service
name: cart
title: Shopping cart
team: storefront
policy: calm
---
kind: route
name: default
policy: calm
`)
		must[muster.Nothing](w, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindPolicies, Name: "urgent", Any: true})
		pass(5*time.Minute + 10*time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Rob", "Ana"}) {
			w.Errorf("the phones of %v rang, want Ana's as the policy said that the alert began with", who)
		}
	})
}
