package command_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// texting gives Rob a phone that takes text messages by two providers, and no other contact method. A text that brought no
// proof is sent again by the second provider.
func (w *world) texting() {
	w.Helper()
	admin := muster.Actor{Name: "Test", Access: muster.AccessAdmin}
	must[*command.Applied](w, admin, "ApplyDocuments", command.ApplyDocuments{Documents: `
kind: connector
name: sms
type: sms
backup: sms-two
---
kind: connector
name: sms-two
type: sms
---
kind: user
name: rob
display: Rob
email: rob@example.org
zone: Europe/Berlin
storm: {off: true}
`})
	for _, ct := range read(w, func(r store.Reader) (map[muster.UserName][]muster.Contact, error) {
		return r.ContactsOf([]muster.UserName{"rob"})
	})["rob"] {
		must[muster.Nothing](w, admin, "RemoveContact", command.RemoveContact{Contact: ct.ID, Accept: "reaches-nobody"})
	}
	must[*muster.Contact](w, admin, "AddContact", command.AddContact{User: "rob", Method: "text", Connector: "sms", Address: "+4915112345678", Verified: true})
}

// texted is a page of a new alert that went to Rob's phone.
func (w *world) texted() *muster.Page {
	w.Helper()
	id := w.another()
	synctest.Wait()
	p := w.page(id, "text")
	if p.State != muster.PageAccepted {
		w.Fatalf("the page is %s, want accepted", p.State)
	}
	return p
}

func (w *world) answers(via muster.ConnectorName, a ...muster.PageAnswer) string {
	w.Helper()
	text, err := w.commands.AnswerPage(w.Context(), via, a)
	w.ok(err)
	return text
}

func (w *world) again(p *muster.Page) *muster.Page {
	w.Helper()
	return read(w, func(r store.Reader) (*muster.Page, error) { return r.Page(p.ID) })
}

func TestReceiptsProve(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		w.start()
		p := w.texted()
		w.answers("sms", muster.PageAnswer{Kind: muster.AnswerReceived, Page: p.ID})
		w.answers("sms", muster.PageAnswer{Kind: muster.AnswerFailed, Page: p.ID, Detail: "told out of order"})
		if p = w.again(p); p.State != muster.PageProved || !strings.Contains(p.Proof, "carrier") {
			w.Errorf("the page is %s (%s)", p.State, p.Proof)
		}
		if a := w.alert(p.Alert); a.Status != muster.AlertOpen {
			w.Errorf("a receipt made the alert %s", a.Status)
		}
		other := w.texted()
		if _, err := w.commands.AnswerPage(w.Context(), "phone", []muster.PageAnswer{{Kind: muster.AnswerReceived, Page: other.ID}}); muster.CodeOf(err) != muster.ErrForbidden {
			w.Errorf("a receipt of another connector: %v", err)
		}
		w.answers("sms", muster.PageAnswer{Kind: muster.AnswerReceived}) // of nobody knows what
		if other = w.again(other); other.State != muster.PageAccepted {
			w.Errorf("the other page is %s", other.State)
		}
	})
}

func TestPeopleAnswerInText(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		w.start()
		const from = "+4915112345678"
		code := func(p *muster.Page) string { return w.commands.Box.ReplyCode(p.ID) }

		p := w.texted()
		said := w.answers("sms", muster.PageAnswer{Kind: muster.AnswerAcknowledge, Code: code(p), From: from})
		if a := w.alert(p.Alert); a.Status != muster.AlertAcknowledged || a.AcknowledgedBy.User != "rob" || a.AcknowledgedBy.Surface != muster.SurfaceSMS {
			w.Errorf("the alert is %s by %v", a.Status, a.AcknowledgedBy)
		}
		if !strings.HasPrefix(said, "You have it") || w.again(p).State != muster.PageProved {
			w.Errorf("said %q, the page is %s", said, w.again(p).State)
		}
		if said := w.answers("sms", muster.PageAnswer{Kind: muster.AnswerResolve, Code: code(p), From: from}); !strings.HasPrefix(said, "Resolved") || w.alert(p.Alert).Status != muster.AlertResolved {
			w.Errorf("said %q", said)
		}
		if said := w.answers("sms", muster.PageAnswer{Kind: muster.AnswerAcknowledge, Code: code(p), From: from}); !strings.HasPrefix(said, "It is over") {
			w.Errorf("said %q", said)
		}

		p = w.texted()
		_, err := w.commands.AnswerPage(w.Context(), "sms", []muster.PageAnswer{{Kind: muster.AnswerAcknowledge, Code: code(p), From: "+491601"}})
		if muster.CodeOf(err) != muster.ErrForbidden {
			w.Errorf("a stranger: %v", err)
		}
		if said := w.answers("sms", muster.PageAnswer{Kind: muster.AnswerUnclear, From: from}); !strings.Contains(said, "did not understand") {
			w.Errorf("said %q", said)
		}
		if said := w.answers("sms", muster.PageAnswer{Kind: muster.AnswerAcknowledge, From: from}); !strings.Contains(said, "did not understand") {
			w.Errorf("without a code: %q", said)
		}
		if a := w.alert(p.Alert); a.Status != muster.AlertOpen {
			w.Fatalf("somebody without the code made the alert %s", a.Status)
		}
	})
}

func TestWrongCodesLock(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		w.start()
		p := w.texted()
		right := muster.PageAnswer{Kind: muster.AnswerAcknowledge, Code: w.commands.Box.ReplyCode(p.ID), From: "+4915112345678"}
		wrong := right
		if wrong.Code = "00000"; right.Code == wrong.Code {
			wrong.Code = "00001"
		}
		for range 7 {
			w.answers("sms", wrong)
		}
		if said := w.answers("sms", right); !strings.Contains(said, "Too many") || w.alert(p.Alert).Status != muster.AlertOpen {
			w.Errorf("after wrong codes: %q", said)
		}
		rows := read(w, func(r store.Reader) ([]*muster.AuditEntry, error) { return r.Audit(store.List{}) })
		n := 0
		for _, r := range rows {
			if r.Op == "wrong reply code" {
				n++
			}
		}
		if n != 5 {
			w.Errorf("%d wrong codes are in the security log, want 5", n)
		}
		pass(time.Hour)
		if said := w.answers("sms", right); !strings.HasPrefix(said, "You have it") {
			w.Errorf("an hour later: %q", said)
		}
	})
}
