package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/engine"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/freshdb"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

const documents = `
kind: user
name: ana
display: Ana
zone: America/Los_Angeles
access: admin
---
kind: user
name: ravi
display: Ravi
zone: Europe/Berlin
---
kind: team
name: storefront
title: Storefront
---
kind: connector
name: phone
type: demo-phone
---
kind: connector
name: mail
type: demo-phone
---
kind: policy
name: urgent
title: Urgent
team: storefront
steps:
  - {targets: [{user: ravi}], wait: 5m}
  - {targets: [{user: ana}], wait: 5m}
ack_timeout: 30m
---
kind: service
name: cart
title: Shopping cart
team: storefront
policy: urgent
---
kind: source
name: monitoring
title: Azure Monitor
service: cart
---
kind: route
name: default
policy: urgent
`

// ring is what a phone shows.
type ring struct {
	at     time.Duration // since the story began
	person string
	page   muster.PageID
	key    string
}

// phones are connectors that ring: they record, and answer as they are told.
type phones struct {
	mu     sync.Mutex
	began  time.Time
	rings  []ring
	answer func(person string, n int) error // nil: accepted
}

func (p *phones) Kind() string { return "demo-phone" }

func (p *phones) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	p.mu.Lock()
	p.rings = append(p.rings, ring{time.Since(p.began).Round(time.Millisecond), d.Page.Person, d.Page.PageID, d.Key})
	n, answer := len(p.rings), p.answer
	p.mu.Unlock()
	if answer != nil {
		if err := answer(d.Page.Person, n); err != nil {
			return connector.Receipt{}, err
		}
	}
	return connector.Receipt{ProviderID: fmt.Sprint(n)}, nil
}

func (p *phones) rang() []ring {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]ring(nil), p.rings...)
}

// world is commands and engine over a real SQLite file, with phones that ring.
type world struct {
	t        testing.TB
	db       store.DB
	commands *command.Commands
	engine   *engine.Engine
	phones   *phones
}

func newWorld(t testing.TB, dir string) *world {
	t.Helper()
	w := &world{t: t, phones: &phones{began: time.Now()}}
	freshdb.SQLite(t, filepath.Join(dir, "muster.db"))
	db, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(dir, "muster.db"), sqlstore.Options{
		OnCommit: func(evs []store.Event) {
			if w.engine != nil {
				w.engine.Committed(evs)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.db = db
	live := catalog.NewLive(func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error) {
		return command.CatalogAt(ctx, db, rev)
	})
	w.commands = command.New(command.Deps{
		Store: db, IDs: muster.NewIDs(rand.Reader), Live: live, Box: box, Pass: seal.NewPassphrases(1), Node: "test",
		CheckConnector: func(*muster.Connector) []muster.FieldError { return nil },
		AddressCheck:   func(_, address string) (string, string, error) { return address, "phone", nil },
	})
	if err := w.commands.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.engine = engine.New(engine.Deps{
		Commands: w.commands, Store: db, Log: slog.New(slog.DiscardHandler),
		Connector:     func(context.Context, muster.ConnectorName) (connector.Connector, error) { return w.phones, nil },
		PageLinks:     func(p muster.PageID) string { return "http://muster.test/p/" + string(p) },
		PublishStatus: func(context.Context, muster.StatusPageName) error { return nil },
	})
	return w
}

func (w *world) seed() {
	w.t.Helper()
	who := muster.Actor{Name: "Test", Access: muster.AccessAdmin}
	err := w.commands.Batch(w.t.Context(), "Seed", who, func(b *command.Batch) error {
		if err := b.Apply(command.ApplyDocuments{Documents: documents}); err != nil {
			return err
		}
		for _, u := range []muster.UserName{"ana", "ravi"} {
			if _, err := b.Contact(command.AddContact{User: u, Method: "phone", Connector: "phone", Address: string(u)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start() {
	w.t.Helper()
	if err := w.engine.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stop() {
	w.engine.Stop()
	if err := w.db.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) fire(key string) command.SignalResult {
	w.t.Helper()
	return w.signal(key, muster.SignalFiring)
}

func (w *world) signal(key string, state muster.SignalState) command.SignalResult {
	w.t.Helper()
	res, err := w.commands.ReceiveSignals(w.t.Context(), command.ReceiveSignals{
		Source: "monitoring", Format: "generic", Raw: []byte("{}"),
		Signals: []muster.Signal{{Key: key, State: state, Title: "Failures: " + key, Severity: muster.SeverityCritical}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return res[0]
}

func (w *world) ack(a muster.AlertID, who muster.UserName, page muster.PageID) {
	w.t.Helper()
	actor, err := w.commands.ActorOf(who, muster.SurfacePage)
	if err != nil {
		w.t.Fatal(err)
	}
	actor.Page = page
	if _, err := command.Run[command.NoteAlert, *muster.Alert](w.t.Context(), w.commands, "AckAlert", actor, command.NoteAlert{Alert: a}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pages(a muster.AlertID) []*muster.Page {
	w.t.Helper()
	var pages []*muster.Page
	if err := w.db.Read(w.t.Context(), func(r store.Reader) (err error) {
		pages, err = r.PagesOf(a)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return pages
}

func (w *world) expect(want ...ring) {
	w.t.Helper()
	got := w.phones.rang()
	if len(got) != len(want) {
		w.t.Fatalf("%d phones rang, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i].person != want[i].person || got[i].at < want[i].at || got[i].at > want[i].at+2*time.Second {
			w.t.Errorf("ring %d: %s at %v, want %s at %v", i+1, got[i].person, got[i].at, want[i].person, want[i].at)
		}
	}
}

func wait(d time.Duration) {
	time.Sleep(d) // inside a bubble: time goes on at once
	synctest.Wait()
}

func TestAPhoneRingsTimeGoesOnTheNextPhoneRings(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir)
		defer w.stop()
		w.seed()
		w.start()
		alert := w.fire("cart").Alert
		wait(time.Second)
		w.expect(ring{person: "Ravi"})
		wait(5 * time.Minute)
		w.expect(ring{person: "Ravi"}, ring{at: 5 * time.Minute, person: "Ana"})

		w.ack(alert, "ana", w.phones.rang()[1].page)
		wait(20 * time.Minute)
		w.expect(ring{person: "Ravi"}, ring{at: 5 * time.Minute, person: "Ana"})
		pages := w.pages(alert)
		if pages[0].State != muster.PageAccepted || pages[1].State != muster.PageProved {
			t.Errorf("Ravi's page is %s and Ana's %s, want accepted and proved: only hers bears a token that came back", pages[0].State, pages[1].State)
		}

		// The acknowledgement runs out: the policy begins again.
		wait(12 * time.Minute)
		if got := w.phones.rang(); len(got) != 3 || got[2].person != "Ravi" {
			t.Fatalf("after the acknowledgement ran out the phones rang %+v, want Ravi's third", got)
		}
		if r := w.signal("cart", muster.SignalResolved); r.Outcome != muster.OutcomeResolved || r.Alert != alert {
			t.Fatalf("the end of the condition gave %+v", r)
		}
		wait(3 * time.Hour)
		if got := w.phones.rang(); len(got) != 3 {
			t.Fatalf("a resolved alert rang %d times more", len(got)-3)
		}
	})
}

func TestTheSameConditionPagesOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir)
		defer w.stop()
		w.seed()
		w.start()
		first := w.fire("cart")
		if first.Outcome != muster.OutcomeOpened {
			t.Fatalf("the first signal gave %+v", first)
		}
		for range 20 {
			if r := w.fire("cart"); r.Outcome != muster.OutcomeAppended || r.Alert != first.Alert {
				t.Fatalf("a repetition gave %+v", r)
			}
		}
		other := w.fire("checkout")
		if other.Alert == first.Alert {
			t.Fatal("two conditions became one alert")
		}
		wait(time.Second)
		w.expect(ring{person: "Ravi"}, ring{person: "Ravi"})
	})
}

func TestAProviderThatFailsIsTriedAgainWithTheSameKey(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir)
		defer w.stop()
		w.seed()
		w.phones.answer = func(_ string, n int) error {
			if n < 3 {
				return connector.Temporary(errors.New("the provider is busy"), 0)
			}
			return nil
		}
		w.start()
		alert := w.fire("cart").Alert
		wait(30 * time.Second)
		got := w.phones.rang()
		if len(got) != 3 || got[0].key != got[2].key || got[0].page != got[2].page {
			t.Fatalf("the attempts were %+v, want three with one key", got)
		}
		p := w.pages(alert)[0]
		if p.State != muster.PageAccepted || len(p.Attempts) != 3 || p.Attempts[0].Result != "failed" {
			t.Fatalf("the page tells %s after %+v", p.State, p.Attempts)
		}
	})
}

func TestStartedAgainItGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	var alert muster.AlertID
	var first []ring
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir)
		w.seed()
		w.start()
		alert = w.fire("cart").Alert
		wait(time.Minute)
		first = w.phones.rang()
		w.stop()
	})
	synctest.Test(t, func(t *testing.T) { // a bubble begins at midnight again: the past minute is still to come
		w := newWorld(t, dir)
		defer w.stop()
		w.start()
		wait(7 * time.Minute)
		got := w.phones.rang()
		if len(first) != 1 || len(got) != 1 || got[0].person != "Ana" {
			t.Fatalf("before: %+v, after the start: %+v, want Ravi before and Ana after", first, got)
		}
		w.ack(alert, "ana", got[0].page)
	})
}
