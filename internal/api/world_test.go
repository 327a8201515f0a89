package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/api"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/chatop"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/teams"
	"github.com/muster-oncall/muster/internal/intake"
	"github.com/muster-oncall/muster/internal/intake/alertmanager"
	"github.com/muster-oncall/muster/internal/intake/amv2"
	"github.com/muster-oncall/muster/internal/intake/azuremonitor"
	"github.com/muster-oncall/muster/internal/intake/generic"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/freshdb"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

const teamsSecret = "c2VjcmV0IG9mIHRoZSB3ZWJob29rIGZvciB0ZXN0cw=="

// world is an installation without an engine: everything up to the rows that it would carry out.
type world struct {
	t        testing.TB
	api      *api.API
	commands *command.Commands
	queries  *query.Queries
	db       store.DB
	admin    string // token of ana, who is an admin
	viewer   string // token of vic, who may look
	session  string // of ana's browser
	key      string // intake key of the source "monitor"
	reject   error  // what the next ReceiveSignals fails with
}

const documents = `
kind: user
name: ana
display: Ana Rossi
email: ana@example.org
zone: Europe/Rome
access: admin
directory: dir-ana
---
kind: user
name: vic
display: Vic Moreau
zone: UTC
access: viewer
---
kind: team
name: shop
title: Shop
owners: [ana]
---
kind: policy
name: everybody
title: Everybody
team: shop
steps:
  - targets: [{user: ana}]
    wait: 5m
---
kind: route
name: default
title: Everything
policy: everybody
---
kind: source
name: monitor
title: Monitor
team: shop
---
kind: statuspage
name: public
title: Shop
audience: public
`

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	w := &world{t: t}
	freshdb.SQLite(t, filepath.Join(dir, "muster.db"))
	db, err := sqlstore.Open(ctx, "sqlite:"+filepath.Join(dir, "muster.db"), sqlstore.Options{OnCommit: w.committed})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	box, err := seal.Open(dir)
	must(t, err)
	live := catalog.NewLive(func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error) {
		return command.CatalogAt(ctx, db, rev)
	})
	c := command.New(command.Deps{
		Store: db, IDs: muster.NewIDs(rand.Reader), Live: live, Box: box, Pass: seal.NewPassphrases(1), Node: "test",
		CheckConnector: func(*muster.Connector) []muster.FieldError { return nil },
		AddressCheck:   func(_, a string) (string, string, error) { return a, a, nil },
	})
	must(t, c.Load(ctx))
	setup := muster.Actor{Name: "setup", Access: muster.AccessAdmin, Surface: muster.SurfaceSetup}
	_, err = command.Run[command.ApplyDocuments, *command.Applied](ctx, c, "ApplyDocuments", setup, command.ApplyDocuments{Documents: documents})
	must(t, err)
	must(t, c.Load(ctx))
	w.commands, w.db, w.queries = c, db, query.New(query.Deps{Store: db, Live: live})
	w.admin = w.newKey(setup, command.CreateKey{Name: "ana", User: "ana"})
	w.viewer = w.newKey(setup, command.CreateKey{Name: "vic", User: "vic"})
	w.key = w.newKey(setup, command.CreateKey{Name: "monitor", Source: "monitor"})
	w.session, err = c.OpenSession(ctx, "ana", "test")
	must(t, err)

	hook, err := teams.Descriptor().Make(connector.Config{Name: "statusbot", Secrets: map[string]string{"secret": teamsSecret}})
	must(t, err)
	ops := append(c.Ops(), w.queries.Ops()...)
	snapshot := func() *muster.Catalog { return live.Current().Catalog }
	w.api, err = api.New(api.Options{
		Ops: ops, Keys: c, Intake: w, Audit: c, Replays: &memory{}, Catalog: snapshot, Chat: chatop.New(ops, snapshot),
		Parsers: map[string]intake.Parser{
			"azure-monitor": azuremonitor.Parse, "alertmanager": alertmanager.Parse, "api/v2/alerts": amv2.Parse, "generic": generic.Parse,
		},
		Inbound: func(_ context.Context, name muster.ConnectorName) (connector.Connector, error) {
			if name != "statusbot" {
				return nil, muster.Errorf(muster.ErrNotFound, "There is no connector called %q.", name)
			}
			return hook, nil
		},
		PublicURL: "https://muster.example", Heartbeats: c,
	})
	must(t, err)
	return w
}

// committed does for the API what the application does.
func (w *world) committed(events []store.Event) {
	for _, e := range events {
		if w.api != nil && (e.Topic == "keys" || e.Topic == "catalog") {
			w.api.Invalidate()
		}
	}
}

// ReceiveSignals fails once when the test says so.
func (w *world) ReceiveSignals(ctx context.Context, in command.ReceiveSignals) ([]command.SignalResult, error) {
	if err := w.reject; err != nil {
		w.reject = nil
		return nil, err
	}
	return w.commands.ReceiveSignals(ctx, in)
}

func (w *world) newKey(by muster.Actor, in command.CreateKey) string {
	k, err := command.Run[command.CreateKey, *command.NewKey](w.t.Context(), w.commands, "CreateKey", by, in)
	must(w.t, err)
	return k.Token
}

// memory remembers answers.
type memory struct {
	mu sync.Mutex
	m  map[string]api.Replay
}

func (m *memory) Recall(_ context.Context, key string) (*api.Replay, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.m[key]; ok {
		return &r, nil
	}
	return nil, nil //nolint:nilnil // the interface's word for "none"
}

func (m *memory) Keep(_ context.Context, r api.Replay) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.m == nil {
		m.m = map[string]api.Replay{}
	}
	m.m[r.Key] = r
	return nil
}

// do sends a request as an admin, unless the headers say otherwise: name, value, name, value.
func (w *world) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	var src io.Reader = http.NoBody
	if body != "" {
		src = strings.NewReader(body)
	}
	req := httptest.NewRequestWithContext(w.t.Context(), method, path, src)
	req.Header.Set("Authorization", "Bearer "+w.admin)
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		} else {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, req)
	return rec
}

// object reads an answer that is an object.
func object(t *testing.T, rec *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		t.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	return out
}

func want(t *testing.T, rec *httptest.ResponseRecorder, status int, words ...string) {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if status >= 400 && rec.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("an error of type %s", rec.Header().Get("Content-Type"))
	}
	for _, word := range words {
		if !bytes.Contains(rec.Body.Bytes(), []byte(word)) {
			t.Errorf("%q is missing in %s", word, rec.Body)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
