package command_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
)

// rungBy lists by which connectors a phone rang about an alert, and when.
func (w *world) rungBy(id muster.AlertID) (out []string) {
	w.Helper()
	pages := map[muster.PageID]bool{}
	for _, p := range w.pages(id) {
		pages[p.ID] = true
	}
	for _, r := range w.phones.rang() {
		if pages[r.page] {
			out = append(out, fmt.Sprintf("%s %s", r.at.Round(time.Second), r.method))
		}
	}
	return out
}

func TestTheSecondProviderGoesWithoutProof(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		w.phones.began = time.Now()
		w.start()
		p := w.texted()
		pass(2 * time.Minute)
		if got := fmt.Sprint(w.rungBy(p.Alert)); got != "[0s sms 1m30s sms-two]" {
			w.Errorf("the phone rang %s", got)
		}
		pages := w.pages(p.Alert)
		again := pages[len(pages)-1]
		if again.Repeats != p.ID || again.Connector != "sms-two" || again.Contact != p.Contact || !strings.Contains(again.Why[len(again.Why)-1].Text, "no proof within 1m30s") {
			w.Errorf("the page goes again as %+v", again)
		}
		for _, r := range w.phones.rang() {
			if r.page != "" && (r.page != p.ID || r.key != string(p.ID)) {
				w.Errorf("the phone cannot see that it is the same page: %+v", r)
			}
		}
		// the answer comes by the second provider, with the code of the second page
		if said := w.answers("sms-two", muster.PageAnswer{Kind: muster.AnswerAcknowledge, Code: w.commands.Box.ReplyCode(again.ID), From: "+4915112345678"}); !strings.HasPrefix(said, "You have it") {
			w.Errorf("said %q", said)
		}
		pass(time.Hour)
		for _, timer := range w.timers(string(p.Alert)) {
			if timer.Kind == muster.TimerProof {
				w.Errorf("a timer stays: %+v", timer)
			}
		}
	})
}

func TestAProofStopsTheStandIn(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		w.phones.began = time.Now()
		w.start()
		p := w.texted()
		pass(time.Minute)
		w.answers("sms", muster.PageAnswer{Kind: muster.AnswerReceived, Page: p.ID})
		pass(3 * time.Minute)
		if got := fmt.Sprint(w.rungBy(p.Alert)); got != "[0s sms]" {
			w.Errorf("the phone rang %s", got)
		}
	})
}

func TestWhatFailsForGoodGoesOnAtOnce(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		w.phones.began = time.Now()
		w.start()
		w.phones.set(func(r ring) error {
			if r.method == "sms" {
				return connector.Permanent(errors.New("the provider knows no such number"))
			}
			return nil
		})
		id := w.another()
		synctest.Wait()
		if got := fmt.Sprint(w.rungBy(id)); got != "[0s sms 0s sms-two]" {
			w.Errorf("the phone rang %s", got)
		}
		w.phones.set(nil)
		p := w.texted()
		w.answers("sms", muster.PageAnswer{Kind: muster.AnswerFailed, Page: p.ID, Detail: "unreachable"})
		synctest.Wait()
		if got := fmt.Sprint(w.rungBy(p.Alert)); got != "[0s sms 0s sms-two]" {
			w.Errorf("after a failure told later the phone rang %s", got)
		}
		if p = w.again(p); p.State != muster.PageFailed || !strings.Contains(p.Detail, "unreachable") {
			w.Errorf("the page is %s: %s", p.State, p.Detail)
		}
	})
}

// A contact method that is due long after the first one has its stand-in like any other: when it brings no proof, and when its
// provider is in trouble.
func TestALateWayHasItsStandIn(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		must[*muster.Contact](w, w.as("ana"), "AddContact", command.AddContact{User: "rob", Method: "phone", Connector: "phone"})
		w.put("kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\nstorm: {off: true}\n" +
			"notify: [{method: phone}, {method: text, after: 90m}]\n")
		w.phones.began = time.Now()
		w.start()
		ids := []muster.AlertID{w.another()}
		pass(10 * time.Minute)
		for range 4 {
			ids = append(ids, w.another())
		}
		pass(85 * time.Minute) // the text of the first went, and none of the others
		w.phones.set(func(r ring) error {
			if r.method == "sms" {
				return connector.Temporary(errors.New("the other side answered 500"), 0)
			}
			return nil
		})
		if got := fmt.Sprint(w.rungBy(ids[0])); !strings.Contains(got, "1h30m0s sms ") || !strings.Contains(got, "1h31m30s sms-two") {
			w.Errorf("a text that brought no proof: the phone rang %s", got)
		}
		pass(10 * time.Minute)
		if c := w.engine.Circuits(); len(c) != 1 || c[0].Connector != "sms" {
			w.Fatalf("in trouble are %+v", c)
		}
		for _, id := range ids {
			pages := slices.DeleteFunc(w.pages(id), func(p *muster.Page) bool { return p.Person != "rob" })
			again := pages[len(pages)-1]
			if again.Connector != "sms-two" || again.State != muster.PageAccepted {
				w.Fatalf("the phone rang %v; the last page is %s by %s: %s", w.rungBy(id), again.State, again.Connector, again.Detail)
			}
			w.answers("sms-two", muster.PageAnswer{Kind: muster.AnswerReceived, Page: again.ID})
			if p := w.again(again); p.State != muster.PageProved {
				w.Errorf("the page of the stand-in is %s", p.State)
			}
			for _, p := range pages {
				if strings.Contains(p.Detail, "was in trouble for") {
					w.Errorf("a page failed by %s before it had waited: %s", p.Connector, p.Detail)
				}
			}
		}
	})
}

// A provider that is down: after some failures its pages go another way at once, and single ones try it.
func TestACircuitOpensAndCloses(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		w.phones.began = time.Now()
		w.start()
		w.phones.set(func(r ring) error {
			if r.method == "sms" {
				return connector.Temporary(errors.New("the other side answered 500"), 0)
			}
			return nil
		})
		for range 10 {
			w.another()
		}
		pass(time.Minute)
		if c := w.engine.Circuits(); len(c) != 1 || c[0].Connector != "sms" || !strings.Contains(c[0].Problem, "500") {
			w.Fatalf("in trouble are %+v", c)
		}
		id := w.another()
		synctest.Wait()
		if got := w.rungBy(id); len(got) == 0 || !strings.HasSuffix(got[len(got)-1], "sms-two") {
			w.Errorf("the phone rang %v", got)
		}
		calls := len(w.phones.rang())
		pass(time.Minute)
		if n := len(w.phones.rang()) - calls; n > 14 {
			w.Errorf("a provider in trouble was called %d times in a minute", n)
		}
		w.phones.set(nil)
		pass(time.Minute)
		if c := w.engine.Circuits(); len(c) != 0 {
			w.Errorf("still in trouble: %+v", c)
		}
		if p := w.texted(); p.Connector != "sms" {
			w.Errorf("paged by %s", p.Connector)
		}
	})
}

func TestBackupsAreChecked(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		for doc, says := range map[string]string{
			"kind: connector\nname: sms\ntype: sms\nbackup: sms\n":       "cannot stand in for itself",
			"kind: connector\nname: sms-two\ntype: sms\nbackup: sms\n":   "in a circle",
			"kind: connector\nname: sms-two\ntype: sms\nbackup: smss\n":  "did you mean sms",
			"kind: connector\nname: sms-two\ntype: sms\nbackup: phone\n": "cannot reach the addresses",
		} {
			_, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: doc})
			if err == nil || !strings.Contains(explain(err), says) {
				w.Errorf("%q: %v", says, err)
			}
		}
	})
}

// asked is a provider that is asked what became of a page.
type ctx = context.Context

type asked struct {
	phone
	read func(id string) []connector.Answer
}

func (a asked) Deliver(ctx ctx, d connector.Delivery) (connector.Receipt, error) {
	r, err := a.phone.Deliver(ctx, d)
	if d.Page != nil {
		r.ProviderID = "receipt-" + string(d.Page.PageID)
	}
	return r, err
}

func (a asked) ReadReceipt(_ ctx, id string) ([]connector.Answer, error) { return a.read(id), nil }

func TestProvidersAreAskedUntilThePageIsProved(t *testing.T) {
	bubble(t, func(w *world) {
		w.texting()
		var mu sync.Mutex
		asks := map[string]int{}
		w.engine.Connector = func(_ ctx, name muster.ConnectorName) (connector.Connector, error) {
			return asked{phone{w.phones, name}, func(id string) []connector.Answer {
				mu.Lock()
				defer mu.Unlock()
				if asks[id]++; asks[id] == 3 && len(asks) == 1 {
					return []connector.Answer{{Kind: connector.AnswerReceived, ProviderID: id}}
				}
				return nil
			}}, nil
		}
		w.start()
		p := w.texted()
		pass(time.Minute)
		if p = w.again(p); asks["receipt-"+string(p.ID)] != 3 || p.State != muster.PageProved || p.ProvedAt.Sub(p.AcceptedAt.Time).Round(time.Second) != 15*time.Second {
			w.Errorf("asked %v; the page is %s after %s", asks, p.State, p.ProvedAt.Sub(p.AcceptedAt.Time))
		}
		q := w.texted() // nothing is ever known of it: both providers are asked for three times as long as a proof may take
		pass(time.Hour)
		if n := asks["receipt-"+string(q.ID)]; n < 20 || n > 60 {
			w.Errorf("asked %d times", n)
		}
	})
}
