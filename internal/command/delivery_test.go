package command_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/store"
)

// deliveryOf is the delivery of a page.
func (w *world) deliveryOf(p *muster.Page) *muster.Delivery {
	w.Helper()
	all := read(w, func(r store.Reader) ([]*muster.Delivery, error) { return r.DeliveriesBy(p.Connector, store.List{}) })
	i := slices.IndexFunc(all, func(d *muster.Delivery) bool { return d.Page == p.ID })
	if i < 0 {
		w.Fatalf("the page %s has no delivery", p.ID)
	}
	return all[i]
}

// page is the first page of an alert by a contact method.
func (w *world) page(id muster.AlertID, method string) *muster.Page {
	w.Helper()
	for _, p := range w.pages(id) {
		if p.Method == method {
			return p
		}
	}
	w.Fatalf("nobody was paged by %s", method)
	return nil
}

// begin starts a delivery as the engine does; it must be wanted.
func (w *world) begin(d *muster.Delivery) command.Started {
	w.Helper()
	s, ok, err := w.commands.StartDelivery(w.Context(), d, nil)
	w.ok(err)
	if !ok {
		w.Fatalf("the delivery %s is not wanted", d.ID)
	}
	return s
}

func (w *world) finish(s command.Started, r command.DeliveryResult) {
	w.Helper()
	r.Delivery, r.Page, r.At = s.Delivery, s.Page, time.Now()
	w.ok(w.commands.FinishDelivery(w.Context(), r))
}

// I14: an acknowledgement between the plan and the start.
func TestNothingIsStartedAfterAnAcknowledgement(t *testing.T) {
	bubble(t, func(w *world) { notAfterAck(w) })
}

func notAfterAck(w *world) {
	for _, how := range []string{"by the row", "by what the event brought"} {
		w.forget()
		id := w.another()
		ev := w.ready(id)
		d := ev.Delivery
		ready, ok := ev.Ready.(*command.Started)
		if !ok {
			w.Fatalf("%s: the event brought a %T", how, ev.Ready)
		}
		if how == "by the row" {
			ready = nil
		}
		must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id})
		_, started, err := w.commands.StartDelivery(w.Context(), d, ready)
		w.ok(err)
		if started {
			w.Errorf("%s: a page was started after the alert was acknowledged", how)
		}
		if p := w.pages(id)[0]; p.State != muster.PageCancelled || !p.StartedAt.IsZero() {
			w.Errorf("%s: the page is %s, started at %s", how, p.State, p.StartedAt)
		}
		if got := read(w, func(r store.Reader) (*muster.Delivery, error) { return r.Delivery(d.ID) }); got.State != muster.DeliveryCancelled {
			w.Errorf("%s: the delivery is %s", how, got.State)
		}
	}
}

// forget drops the events so far.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = nil
}

// ready is the event that brought a page of an alert to the engine.
func (w *world) ready(id muster.AlertID) store.Event {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ev := range w.events {
		if ev.Delivery != nil && ev.Delivery.Alert == id {
			return ev
		}
	}
	w.Fatal("no page of the alert came to the engine")
	return store.Event{}
}

func TestWhatIsLeftAfterAnAcknowledgementInFlight(t *testing.T) {
	bubble(t, func(w *world) { ackInFlight(w) })
}

func ackInFlight(w *world) {
	id := w.another()
	page := w.pages(id)[0]
	s := w.begin(w.deliveryOf(page))
	must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id})
	if p := w.pages(id)[0]; p.State != muster.PageStarted {
		w.Fatalf("a page in flight is %s after the acknowledgement: it is on its way", p.State)
	}
	w.finish(s, command.DeliveryResult{Accepted: true, ProviderID: "x1"})
	if p := w.pages(id)[0]; p.State != muster.PageAccepted || len(p.Attempts) != 1 || p.Attempts[0].Provider != "x1" {
		w.Errorf("the page is %s after %+v", p.State, p.Attempts)
	}
	// One that failed is not tried again, and does not say that another attempt follows.
	id = w.another()
	s = w.begin(w.deliveryOf(w.pages(id)[0]))
	must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id})
	w.finish(s, command.DeliveryResult{Detail: "busy"})
	d := w.deliveryOf(w.pages(id)[0])
	if _, ok, err := w.commands.StartDelivery(w.Context(), d, nil); err != nil || ok {
		w.Errorf("the second attempt after the acknowledgement: %v, %v", ok, err)
	}
	if p := w.pages(id)[0]; p.State != muster.PageCancelled || p.Detail != "Olga acknowledged first" || len(p.Attempts) != 1 {
		w.Errorf("the page is %s, %q, after %+v", p.State, p.Detail, p.Attempts)
	}
	// A proof that comes while the page is in flight stays.
	id = w.another()
	page = w.pages(id)[0]
	s = w.begin(w.deliveryOf(page))
	must[*muster.Alert](w, w.onPage(page), "AckAlert", command.NoteAlert{Alert: id})
	w.finish(s, command.DeliveryResult{Accepted: true})
	if p := w.pages(id)[0]; p.State != muster.PageProved || len(p.Attempts) != 1 {
		w.Errorf("the page is %s after %+v, want proved", p.State, p.Attempts)
	}
}

// I18: a node whose lease ended writes nothing, neither a start nor a result.
func TestAStaleClaimWritesNothing(t *testing.T) {
	bubble(t, func(w *world) { fencing(w) })
}

func fencing(w *world) {
	id := w.another()
	old := w.deliveryOf(w.pages(id)[0])
	s := w.begin(old)
	w.ok(w.db.Write(w.Context(), store.LanePeople, "EndLease", func(tx store.Tx) error { return tx.ReleaseLeases("test", tx.Now()) }))
	claimed, err := w.commands.ClaimDeliveries(w.Context(), 10)
	w.ok(err)
	i := slices.IndexFunc(claimed, func(d *muster.Delivery) bool { return d.ID == old.ID })
	if i < 0 || claimed[i].Epoch != old.Epoch+1 {
		w.Fatalf("what a node had begun is not claimed again: %+v", claimed)
	}
	if _, ok, err := w.commands.StartDelivery(w.Context(), old, nil); err != nil || ok {
		w.Errorf("a start with an old claim: %v, %v", ok, err)
	}
	again := w.begin(claimed[i])
	if again.Delivery.Attempts != 2 {
		w.Errorf("it counts %d attempts, want 2", again.Delivery.Attempts)
	}
	w.finish(s, command.DeliveryResult{Permanent: true, Detail: "too late"})
	p := w.pages(id)[0]
	if p.State != muster.PageStarted {
		w.Errorf("the result of an old claim made the page %s", p.State)
	}
	if len(p.Attempts) != 1 || p.Attempts[0].Result != "unknown" {
		w.Errorf("the attempt whose result is lost is told as %+v", p.Attempts)
	}
	w.finish(again, command.DeliveryResult{Accepted: true})
	if p := w.pages(id)[0]; p.State != muster.PageAccepted || len(p.Attempts) != 2 {
		w.Errorf("the page is %s after %+v", p.State, p.Attempts)
	}
	if n, err := w.commands.ClaimDeliveries(w.Context(), 10); err != nil || len(n) != 0 {
		w.Errorf("what is done is claimed again: %+v, %v", n, err)
	}
}

// Both claims of one delivery may come to be in one set: only the newer one counts.
func TestTwoClaimsInOneSet(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.another()
		old := w.deliveryOf(w.pages(id)[0])
		pass(31 * time.Second) // the lease ends
		claimed, err := w.commands.ClaimDeliveries(w.Context(), 10)
		w.ok(err)
		if len(claimed) != 1 {
			w.Fatalf("claimed %+v", claimed)
		}
		type answer struct {
			ok  bool
			err error
		}
		answers := make(chan answer, 20)
		for range 10 { // some of them share a set
			go func() { _, ok, err := w.commands.StartDelivery(w.Context(), old, nil); answers <- answer{ok, err} }()
			go func() {
				_, ok, err := w.commands.StartDelivery(w.Context(), claimed[0], nil)
				answers <- answer{ok, err}
			}()
		}
		started := 0
		for range 20 {
			a := <-answers
			w.ok(a.err)
			if a.ok {
				started++
			}
		}
		if started > 10 {
			w.Errorf("%d starts were allowed, ten of them with an old claim", started)
		}
	})
}

func TestAFailedAttemptIsTriedAgainLaterAndLater(t *testing.T) {
	bubble(t, func(w *world) {
		w.phones.set(func(ring) error { return connector.Temporary(errors.New("busy\nand a second line"), 0) })
		w.start()
		id := w.fire("cart")
		pass(4 * time.Minute)
		var at []time.Duration
		for _, r := range w.phones.rang() {
			if r.method == "phone" {
				at = append(at, r.at)
			}
		}
		if len(at) < 6 {
			w.Fatalf("the phone was tried at %v", at)
		}
		for i := 2; i < len(at); i++ {
			if before, now := at[i-1]-at[i-2], at[i]-at[i-1]; now < before*3/2 && now < 2*time.Minute {
				w.Errorf("the attempts came at %v: they do not spread", at)
			}
		}
		p := w.pages(id)[0]
		if p.State == muster.PageFailed || p.Attempts[0].Result != "failed" || strings.Contains(p.Attempts[0].Detail, "\n") || !strings.Contains(p.Detail, "follows") {
			w.Errorf("the page is %s, %q, after %+v", p.State, p.Detail, p.Attempts)
		}
		pass(20 * time.Minute)
		if p := w.pages(id)[0]; p.State != muster.PageFailed || len(p.Attempts) != 8 {
			w.Errorf("in the end the page is %s after %d attempts, want failed after eight", p.State, len(p.Attempts))
		}
	})
}

func TestAProviderThatAsksForTimeGetsIt(t *testing.T) {
	bubble(t, func(w *world) {
		w.phones.set(func(r ring) error {
			if r.method == "phone" {
				return connector.Temporary(errors.New("slow down"), 3*time.Minute)
			}
			return nil
		})
		w.start()
		w.fire("cart")
		pass(179 * time.Second)
		n := 0
		for _, r := range w.phones.rang() {
			if r.method == "phone" {
				n++
			}
		}
		if n != 1 {
			w.Errorf("the phone was tried %d times within the three minutes that it asked for", n)
		}
	})
}

func TestAMethodThatFailsForGoodBringsTheNextForward(t *testing.T) {
	bubble(t, func(w *world) {
		w.phones.set(func(r ring) error {
			if r.method == "phone" {
				return connector.Permanent(errors.New("there is no such number"))
			}
			return nil
		})
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		got := w.phones.rang()
		if len(got) != 2 || got[1].method != "mail" {
			w.Fatalf("rang %+v, want the mail right after the phone", got)
		}
		byPhone, byMail := w.page(id, "phone"), w.page(id, "mail")
		if byPhone.State != muster.PageFailed || byPhone.Detail != "there is no such number" || byMail.State != muster.PageAccepted {
			w.Errorf("the pages are %s (%s) and %s", byPhone.State, byPhone.Detail, byMail.State)
		}
		pass(4 * time.Minute)
		if n := len(w.phones.rang()); n != 2 {
			w.Errorf("%d calls, want two: the mail went out once", n)
		}
	})
}

// Without any sign from the person the next method is used, before the next step (I24).
func TestTheNextMethodIsUsedWhenNothingComesBack(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		w.fire("cart")
		pass(4 * time.Minute)
		got := w.phones.rang()
		if len(got) != 2 || got[0].method != "phone" || got[1].method != "mail" || got[1].at != 2*time.Minute {
			w.Errorf("rang %+v, want the phone, and the mail two minutes later", got)
		}
	})
}

func TestAContactMethodThatIsRemovedBringsTheNextForward(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.fire("cart")
		contact := w.pages(id)[0].Contact
		must[muster.Nothing](w, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: contact})
		pass(31 * time.Second) // nobody started it, and its lease ends
		w.start()
		pass(time.Second)
		if got := w.phones.rang(); len(got) != 1 || got[0].method != "mail" {
			w.Errorf("rang %+v, want the mail alone, at once", got)
		}
		if p := w.page(id, "phone"); p.State != muster.PageFailed || p.Detail != "the contact method was removed" {
			w.Errorf("the page by phone is %s, %q", p.State, p.Detail)
		}
	})
}

func TestAPersonWhoLeftIsNotPaged(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.fire("cart")
		u := *w.commands.Live.Current().Catalog.Users["rob"]
		u.Disabled = true
		w.put(yamlOf(w, &u))
		pass(31 * time.Second)
		w.start()
		pass(4 * time.Minute)
		if who := w.who(); len(who) != 0 {
			w.Errorf("the phones of %v rang, want nobody's: Rob has left", who)
		}
		if p := w.page(id, "phone"); p.State != muster.PageFailed || p.Detail != "Rob has left" {
			w.Errorf("the page is %s, %q", p.State, p.Detail)
		}
		pass(2 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Ana"}) {
			w.Errorf("the phones of %v rang, want Ana's: the next step", who)
		}
	})
}

// An answer that never came is unknown: it is sent again with the same key, so that a phone can tell.
func TestAnUnknownResultIsSentAgainWithItsKey(t *testing.T) {
	bubble(t, func(w *world) {
		w.phones.set(func(r ring) error {
			if len(w.phones.rang()) == 1 {
				return connector.Unknown(errors.New("the connection broke"))
			}
			return nil
		})
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		if p := w.pages(id)[0]; p.State != muster.PageUnknown {
			w.Errorf("the page is %s, want unknown", p.State)
		}
		pass(5 * time.Second)
		got := w.phones.rang()
		if len(got) != 2 || got[0].key != got[1].key || got[0].key != string(got[0].page) {
			w.Errorf("rang %+v, want twice with the page's key", got)
		}
		if p := w.pages(id)[0]; p.State != muster.PageAccepted || p.Attempts[0].Result != "unknown" {
			w.Errorf("the page is %s after %+v", p.State, p.Attempts)
		}
	})
}

// A connector that panics fails its attempt and nothing else.
func TestAConnectorThatPanics(t *testing.T) {
	bubble(t, func(w *world) {
		w.phones.set(func(r ring) error {
			if r.person == "Rob" && r.at < time.Second {
				panic("from within")
			}
			return nil
		})
		w.start()
		id := w.fire("cart")
		pass(10 * time.Second)
		if p := w.pages(id)[0]; p.State != muster.PageAccepted || len(p.Attempts) != 2 || p.Attempts[0].Result != "failed" {
			w.Errorf("the page is %s after %+v", p.State, p.Attempts)
		}
	})
}

func TestATimerIsFiredOnce(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.fire("cart")
		tm := w.timers(string(id))
		if len(tm) != 1 || tm[0].Kind != muster.TimerEscalate {
			w.Fatalf("the timers are %+v", tm)
		}
		w.ok(w.commands.FireTimer(w.Context(), tm[0].ID)) // not due
		if got := w.timers(string(id)); len(got) != 1 || got[0].ID != tm[0].ID {
			w.Fatalf("a timer that is not due was fired: %+v", got)
		}
		w.ok(w.db.Write(w.Context(), store.LanePeople, "Start", func(tx store.Tx) error { // as if the page had gone out in time
			p := w.pages(id)[0]
			p.State, p.StartedAt = muster.PageAccepted, tx.Now()
			return tx.UpdatePages([]*muster.Page{p})
		}))
		pass(5 * time.Minute)
		for range 3 {
			w.ok(w.commands.FireTimer(w.Context(), tm[0].ID))
		}
		n := 0
		for _, p := range w.pages(id) {
			if p.Person == "ana" {
				n++
			}
		}
		if n != 2 {
			w.Errorf("Ana has %d pages, want her phone and her mail once", n)
		}
		synctest.Wait()
	})
}
