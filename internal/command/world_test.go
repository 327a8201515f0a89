package command_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
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

// documents: Ana administers, Olga owns the storefront, Rob responds, Vic looks on. Rob is paged first, then Ana.
const documents = `
kind: user
name: ana
display: Ana
email: ana@example.org
zone: America/Los_Angeles
access: admin
---
kind: user
name: olga
display: Olga
zone: UTC
---
kind: user
name: rob
display: Rob
email: rob@example.org
zone: Europe/Berlin
---
kind: user
name: vic
display: Vic
zone: UTC
access: viewer
---
kind: team
name: storefront
title: Storefront
owners: [olga]
---
kind: team
name: warehouse
title: Warehouse
---
kind: connector
name: phone
type: demo-phone
team: storefront
---
kind: connector
name: mail
type: demo-phone
---
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: first, role: primary, zone: UTC, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [rob]}
---
kind: policy
name: urgent
title: Urgent
team: storefront
steps:
  - {targets: [{roster: storefront}], wait: 5m}
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
team: storefront
service: cart
---
kind: source
name: form
title: Report form
triage: true
service: cart
---
kind: statuspage
name: public
title: Tailwind Traders
audience: public
components: [{name: cart, title: Shopping cart, service: cart}]
---
kind: route
name: critical
order: 10
match: severity == "critical"
declare: true
severity: SEV2
---
kind: route
name: default
policy: urgent
`

// ring is what a phone shows.
type ring struct {
	at     time.Duration // since the story began
	person string
	method muster.ConnectorName
	page   muster.PageID
	key    string
}

// phones are connectors that ring: they record, and answer as they are told.
type phones struct {
	mu     sync.Mutex
	began  time.Time
	rings  []ring
	notes  []note
	answer func(ring) error // nil: accepted
}

func (p *phones) deliver(name muster.ConnectorName, d connector.Delivery) error {
	r := ring{time.Since(p.began).Round(time.Millisecond), "", name, "", d.Key}
	if d.Page != nil {
		r.person, r.page = d.Page.Person, d.Page.PageID
	}
	p.mu.Lock()
	p.rings = append(p.rings, r)
	if d.Note != nil {
		p.notes = append(p.notes, note{*d.Note, name, d.Address})
	}
	answer := p.answer
	p.mu.Unlock()
	if answer != nil {
		return answer(r)
	}
	return nil
}

// note is a notification as a phone shows it.
type note struct {
	connector.Notification
	method  muster.ConnectorName
	address string
}

func (p *phones) told() []note {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]note(nil), p.notes...)
}

func (p *phones) rang() []ring {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]ring(nil), p.rings...)
}

// set says how the phones answer from here on.
func (p *phones) set(answer func(ring) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

type phone struct {
	*phones
	name muster.ConnectorName
}

func (p phone) Kind() string { return "demo-phone" }

func (p phone) Deliver(_ context.Context, d connector.Delivery) (connector.Receipt, error) {
	return connector.Receipt{}, p.deliver(p.name, d)
}

// world is commands over a real store, with an engine that a story may start and phones that ring.
type world struct {
	*testing.T
	db       store.DB
	commands *command.Commands
	engine   *engine.Engine
	phones   *phones

	mu        sync.Mutex
	started   bool
	events    []store.Event
	published atomic.Int64 // status pages
	serial    int
}

// bubble tells a story on SQLite inside a bubble: time goes on as soon as everybody waits.
func bubble(t *testing.T, story func(w *world)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	freshdb.SQLite(t, filepath.Join(dir, "muster.db"))
	synctest.Test(t, func(t *testing.T) {
		w := open(t, "sqlite:"+filepath.Join(dir, "muster.db"), dir)
		defer w.close()
		w.seed()
		story(w)
	})
}

func open(t *testing.T, dsn, dir string) *world {
	t.Helper()
	w := &world{T: t, phones: &phones{began: time.Now()}}
	db, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{OnCommit: w.committed})
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.db = db
	w.commands = newCommands(t, db, box, "test")
	w.engine = engine.New(engine.Deps{
		Commands: w.commands, Store: db, Log: slog.New(slog.DiscardHandler),
		Connector: func(_ context.Context, name muster.ConnectorName) (connector.Connector, error) {
			return phone{w.phones, name}, nil
		},
		PageLinks: func(p muster.PageID) string { return "http://muster.test/p/" + string(p) },
		TestLinks: func(n muster.NoticeID) string { return "http://muster.test/c/" + string(n) },
		PublicURL: func() string { return "http://muster.test" },
		PublishStatus: func(context.Context, muster.StatusPageName) error {
			w.published.Add(1)
			return nil
		},
	})
	return w
}

// newCommands makes the commands of a node.
func newCommands(t testing.TB, db store.DB, box *seal.Box, node string) *command.Commands {
	t.Helper()
	live := catalog.NewLive(func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error) {
		return command.CatalogAt(ctx, db, rev)
	})
	c := command.New(command.Deps{
		Store: db, IDs: muster.NewIDs(rand.Reader), Live: live, Box: box, Pass: seal.NewPassphrases(2), Node: node,
		CheckConnector: func(*muster.Connector) []muster.FieldError { return nil }, Parse: parse,
		AddressCheck: func(_, address string) (string, string, error) {
			if address == "nowhere" {
				return "", "", muster.Errorf(muster.ErrInvalid, "nowhere is not an address")
			}
			return address, "hint", nil
		},
		Abilities: func(kind string) command.Abilities {
			if kind == "voice" {
				return command.Abilities{Address: "a number", Proof: muster.ProofPerson, Surface: muster.SurfaceVoice, PagesOnly: true}
			}
			if kind == "sms" {
				return command.Abilities{Address: "a number", Proof: muster.ProofCarrier, ProofWithin: 90 * time.Second, Surface: muster.SurfaceSMS}
			}
			if kind == "browser" {
				return command.Abilities{Address: "a browser", Browser: true}
			}
			if kind == "demo-phone" {
				return command.Abilities{Address: "any words", Checked: "it is a part of Muster"}
			}
			if kind == "room" {
				return command.Abilities{Address: "a URL", Room: "url"}
			}
			return command.Abilities{Table: kind == "azure-table", Calendar: kind == "ical"}
		},
	})
	if err := c.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) committed(events []store.Event) {
	w.mu.Lock()
	w.events = append(w.events, events...)
	started := w.started
	w.mu.Unlock()
	if started {
		w.engine.Committed(events)
	}
}

func (w *world) close() {
	w.engine.Stop()
	if err := w.db.Close(); err != nil {
		w.Error(err)
	}
}

// seed writes the documents, and a phone and a mail for everybody.
func (w *world) seed() {
	w.Helper()
	admin := muster.Actor{Name: "Test", Access: muster.AccessAdmin}
	w.ok(w.commands.Batch(w.Context(), "Seed", admin, func(b *command.Batch) error {
		if err := b.Apply(command.ApplyDocuments{Documents: documents}); err != nil {
			return err
		}
		for _, u := range []muster.UserName{"ana", "olga", "rob"} {
			for i, m := range []string{"phone", "mail"} { // the phone is the older one
				if _, err := b.At(b.Now().Plus(time.Duration(i-2)*time.Second), admin).Contact(command.AddContact{User: u, Method: m, Connector: muster.ConnectorName(m), Address: string(u)}); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// start starts the engine.
func (w *world) start() {
	w.Helper()
	w.mu.Lock()
	w.started = true
	w.mu.Unlock()
	w.ok(w.engine.Start(w.Context()))
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(explain(err))
	}
}

// explain is an error with everything that it says about fields.
func explain(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*muster.Error](err); ok {
		for _, f := range e.Fields {
			text += fmt.Sprintf("\n%s:%d %s: %s", f.File, f.Line, f.Path, f.Message)
		}
	}
	return text
}

// as is a person with the rights that the catalog gives them.
func (w *world) as(u muster.UserName) muster.Actor {
	w.Helper()
	a, err := w.commands.ActorOf(u, muster.SurfaceAPI)
	w.ok(err)
	return a
}

// guest is somebody in a chat whom the catalog does not know.
func guest() muster.Actor {
	return muster.Actor{Name: "Gus (guest)", Access: muster.AccessResponder, Surface: muster.SurfaceChat}
}

// onPage is a person who came by the link of a page.
func (w *world) onPage(p *muster.Page) muster.Actor {
	w.Helper()
	a := w.as(p.Person)
	a.Surface, a.Page = muster.SurfacePage, p.ID
	return a
}

func do[Out, In any](w *world, who muster.Actor, op string, in In) (Out, error) {
	w.Helper()
	return command.Run[In, Out](w.Context(), w.commands, op, who, in)
}

func must[Out, In any](w *world, who muster.Actor, op string, in In) Out {
	w.Helper()
	out, err := do[Out](w, who, op, in)
	w.ok(err)
	return out
}

// refused runs an operation that must fail with a code.
func refused[Out, In any](w *world, code muster.Code, who muster.Actor, op string, in In) {
	w.Helper()
	if _, err := do[Out](w, who, op, in); muster.CodeOf(err) != code {
		w.Errorf("%s by %s gave %v, want %s", op, who.Name, err, code)
	}
}

// read is one look at the store.
func read[T any](w *world, fn func(store.Reader) (T, error)) (out T) {
	w.Helper()
	w.ok(w.db.Read(w.Context(), func(r store.Reader) (err error) {
		out, err = fn(r)
		return err
	}))
	return out
}

func (w *world) alert(id muster.AlertID) *muster.Alert {
	w.Helper()
	return read(w, func(r store.Reader) (*muster.Alert, error) { return r.Alert(id) })
}

func (w *world) incident(id muster.IncidentID) *muster.Incident {
	w.Helper()
	return read(w, func(r store.Reader) (*muster.Incident, error) { return r.Incident(id) })
}

func (w *world) pages(a muster.AlertID) []*muster.Page {
	w.Helper()
	return read(w, func(r store.Reader) ([]*muster.Page, error) { return r.PagesOf(a) })
}

func (w *world) timers(ref string) []muster.Timer {
	w.Helper()
	return read(w, func(r store.Reader) ([]muster.Timer, error) { return r.TimersOf(ref) })
}

// due fires the timers of a fact that are due: for stories so long that an engine, which polls, would take its time.
func (w *world) due(ref string) {
	w.Helper()
	for _, t := range w.timers(ref) {
		w.ok(w.commands.FireTimer(w.Context(), t.ID))
	}
}

// heard are the texts of a timeline.
func (w *world) heard(f store.TimelineFilter) (texts []string) {
	w.Helper()
	for _, e := range read(w, func(r store.Reader) ([]*muster.Entry, error) { return r.Timeline(f) }) {
		texts = append(texts, e.Text)
	}
	return texts
}

// signal is a signal of the monitoring.
func signal(key string, state muster.SignalState) muster.Signal {
	return muster.Signal{Key: key, State: state, Title: "Failures: " + key, Severity: muster.SeverityMajor}
}

func (w *world) send(src muster.SourceName, signals ...muster.Signal) []command.SignalResult {
	w.Helper()
	res, err := w.commands.ReceiveSignals(w.Context(), command.ReceiveSignals{Source: src, Format: "generic", Raw: []byte("{}"), Signals: signals})
	w.ok(err)
	return res
}

// fire opens an alert.
func (w *world) fire(key string) muster.AlertID {
	w.Helper()
	r := w.send("monitoring", signal(key, muster.SignalFiring))[0]
	if r.Alert == "" {
		w.Fatalf("the signal %s was not taken: %+v", key, r)
	}
	return r.Alert
}

// another opens an alert that nobody has opened before.
func (w *world) another() muster.AlertID {
	w.Helper()
	w.serial++
	return w.fire(fmt.Sprintf("condition-%d", w.serial))
}

func (w *world) declare(who muster.Actor, title string) *muster.Incident {
	w.Helper()
	return must[*muster.Incident](w, who, "DeclareIncident", command.DeclareIncident{Title: title, Service: "cart"})
}

// put writes a document as the admin, whatever its revision is.
func (w *world) put(text string) {
	w.Helper()
	must[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: text})
}

// who lists whose phones rang, in order.
func (w *world) who() (names []string) {
	for _, r := range w.phones.rang() {
		if r.page != "" { // not for what needs no answer
			names = append(names, r.person)
		}
	}
	return names
}

// pass lets time go on, in a bubble.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// yamlOf is a document as a file has it.
func yamlOf(w *world, d muster.Document) string {
	w.Helper()
	text, err := catalog.YAML(d)
	w.ok(err)
	return text
}
