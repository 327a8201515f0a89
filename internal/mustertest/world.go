// Package mustertest is the world for tests: a whole installation with phones that ring, in and out of bubbles of
// testing/synctest, on SQLite and on PostgreSQL. Tests touch it from outside: by HTTP, as people and programs do. It may
// import app and the fakes.
//
// In a bubble all HTTP goes over net.Pipe and the store is SQLite: time goes on as soon as everybody waits.
package mustertest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/app"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store/freshdb"
)

// TeamsSecret is the security token of the world's outgoing webhook, as Teams shows it.
var TeamsSecret = base64.StdEncoding.EncodeToString([]byte("teams security token, 32 bytes.."))

// Options choose the world.
type Options struct {
	Dir   string // data directory; "" is a new one of the test
	Store string // DSN; "" is SQLite in Dir
	Docs  string // documents to begin with; "" is [Storefront]

	TZData string // zip or directory with time zones; "" is what is built in

	Auditor   bool              // the auditor looks every 15 seconds
	Failpoint func(name string) // called at named places; nil: nothing

	With func(*app.Deps) // changes what the application is made of: entropy, transport; nil: nothing
}

// World is an installation with people whose phones ring.
type World struct {
	T   testing.TB
	App *app.App

	URL    string
	Client *http.Client
	Intake string // key of the source "monitoring"
	Phones *Phones
	tokens map[muster.UserName]string
}

// New opens an installation, seeds it if it is empty, and stops it at the end of the test.
func New(t testing.TB, o Options) *World {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Docs == "" {
		o.Docs = Storefront
	}
	if o.Store == "" {
		freshdb.SQLite(t, filepath.Join(o.Dir, "muster.db"))
	}
	l := newPipes()
	w := &World{T: t, URL: "http://muster.test", Phones: newPhones(), tokens: map[muster.UserName]string{}}
	every := time.Duration(-1)
	if o.Auditor {
		every = 0
	}
	deps := app.Deps{
		Data: o.Dir, Store: o.Store, Listener: l, PublicURL: w.URL, Transport: w.Phones, Log: slog.New(slog.DiscardHandler), Version: "test", TZData: o.TZData, Failpoint: o.Failpoint, AuditEvery: every,
	}
	if o.With != nil {
		o.With(&deps)
	}
	a, err := app.New(t.Context(), deps)
	if err != nil {
		t.Fatal(err)
	}
	w.App = a
	w.Client = &http.Client{
		Transport:     &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) }, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.seed(o.Docs)
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// Stop ends the installation. Call it before the bubble ends.
func (w *World) Stop() {
	w.T.Helper()
	w.Client.CloseIdleConnections()
	if err := w.App.Stop(); err != nil {
		w.T.Errorf("the world did not stop cleanly: %v", err)
	}
}

// seed writes documents, contact methods and keys into an empty installation, and finds the keys of one that is not.
func (w *World) seed(docs string) {
	w.T.Helper()
	ctx := w.T.Context()
	c := w.App.Commands
	if len(c.Live.Current().Catalog.Users) == 0 {
		err := c.Batch(ctx, "Seed", muster.Actor{Name: "Test", Access: muster.AccessAdmin}, func(b *command.Batch) error {
			if err := b.Apply(command.ApplyDocuments{Documents: docs, File: "world.yaml"}); err != nil {
				return err
			}
			for name, value := range map[string]string{
				"phones-secret": "whsec_" + base64.StdEncoding.EncodeToString([]byte("the phones' signing secret, 32 by")), "teams-secret": TeamsSecret,
			} {
				if err := b.Secret(name, value); err != nil {
					return err
				}
			}
			for u := range b.Snap.Catalog.Users {
				if _, err := b.Contact(command.AddContact{User: u, Method: "phone", Connector: "phones", Address: "https://phone.test/" + string(u), Verified: true}); err != nil {
					return err
				}
				token, _ := b.Tokens()
				if err := b.Secret("test-"+string(u), token); err != nil {
					return err
				}
				if err := b.Key(command.CreateKey{Name: "Test: " + string(u), User: u}, token); err != nil {
					return err
				}
			}
			_, intake := b.Tokens()
			if err := b.Secret("test-intake", intake); err != nil {
				return err
			}
			return b.Key(command.CreateKey{Name: "Test: intake", Source: "monitoring"}, intake)
		})
		if err != nil {
			w.T.Fatal(err)
		}
	}
	for u := range c.Live.Current().Catalog.Users {
		token, err := c.SecretValue(ctx, "test-"+string(u))
		if err != nil {
			w.T.Fatal(err)
		}
		w.tokens[u] = token
	}
	var err error
	if w.Intake, err = c.SecretValue(ctx, "test-intake"); err != nil {
		w.T.Fatal(err)
	}
}

// Postgres returns the DSN of a new database on the tests' cluster. Without a cluster the test is skipped, and fails when
// the tests were started by make, which starts one.
func Postgres(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("MUSTER_TEST_POSTGRES")
	if dsn == "" {
		if os.Getenv("MUSTER_TEST_REQUIRED") != "" {
			t.Fatal("MUSTER_TEST_POSTGRES is not set: make starts a cluster and sets it")
		}
		t.Skip("MUSTER_TEST_POSTGRES is not set: this story needs PostgreSQL; make test starts one")
	}
	return newDatabase(t, dsn)
}

// Token is the API key of a person.
func (w *World) Token(of muster.UserName) string { return w.tokens[of] }

// Answer is what a request got.
type Answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request as a person; "" is nobody. in is nil, a string or bytes as they are, or anything as JSON.
func (w *World) Do(as muster.UserName, method, path string, in any) *Answer {
	w.T.Helper()
	var body io.Reader
	switch v := in.(type) {
	case nil:
	case string:
		body = strings.NewReader(v)
	case []byte:
		body = bytes.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			w.T.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(w.T.Context(), method, w.URL+path, body)
	if err != nil {
		w.T.Fatal(err)
	}
	if token := w.tokens[as]; token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return w.Send(req)
}

// Send sends a request as it is.
func (w *World) Send(req *http.Request) *Answer {
	w.T.Helper()
	resp, err := w.Client.Do(req)
	if err != nil {
		w.T.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.T.Fatal(err)
	}
	return &Answer{t: w.T, Status: resp.StatusCode, Header: resp.Header, Body: b}
}

// Want fails unless the answer has the status.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("the answer was %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// JSON is the value at a path of the answer: "items.0.status". Numbers are float64, missing is nil.
func (a *Answer) JSON(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		a.t.Fatalf("the answer is not JSON: %v: %s", err, a.Body)
	}
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// Text is the string at a path, "" when there is none.
func (a *Answer) Text(path string) string {
	a.t.Helper()
	s, _ := a.JSON(path).(string)
	return s
}

// Fire sends a generic signal and returns the alert.
func (w *World) Fire(key, severity string) string {
	w.T.Helper()
	return w.signal(key, severity, "firing")
}

// Clear reports that a condition ended.
func (w *World) Clear(key string) { w.T.Helper(); w.signal(key, "critical", "resolved") }

func (w *World) signal(key, severity, state string) string {
	w.T.Helper()
	return w.Do("", "POST", "/in/"+w.Intake+"/generic", map[string]any{
		"title": "Failures of " + key, "key": key, "severity": severity, "state": state,
	}).Want(http.StatusAccepted).Text("signals.0.alert")
}

// Phones is everybody's phone: webhooks that the world receives.
type Phones struct {
	mu    sync.Mutex
	began time.Time
	rings []Ring
	fail  func(r Ring) int // status to answer, 0: 204
	hosts map[string]http.Handler
}

// Ring is a page or a notice that reached a phone. A notice has no Page.
type Ring struct {
	After  time.Duration // since the world began
	Person string
	Title  string
	Page   string
	Link   string // the page's own screen, or where a notice leads
	Key    string // idempotency key
}

func newPhones() *Phones { return &Phones{began: time.Now()} }

// Fail makes the phones answer with what fn says.
func (p *Phones) Fail(fn func(Ring) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = fn
}

// RoundTrip implements http.RoundTripper: whatever leaves the installation arrives here.
func (p *Phones) RoundTrip(req *http.Request) (*http.Response, error) {
	if h := p.host(req.URL.Host); h != nil {
		return answered(h, req), nil
	}
	var body struct {
		Data struct {
			Person  string `json:"person"`
			Title   string `json:"title"`
			PageID  string `json:"page_id"`
			PageURL string `json:"page_url"`
			URL     string `json:"url"`
		} `json:"data"`
	}
	if req.Body != nil {
		defer req.Body.Close()
		if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
			return nil, err
		}
	}
	r := Ring{
		Person: body.Data.Person, Title: body.Data.Title, Page: body.Data.PageID, Link: cmp.Or(body.Data.PageURL, body.Data.URL), Key: req.Header.Get("webhook-id"),
	}
	p.mu.Lock()
	r.After = time.Since(p.began)
	p.rings = append(p.rings, r)
	fail := p.fail
	p.mu.Unlock()
	status := http.StatusNoContent
	if fail != nil {
		if s := fail(r); s != 0 {
			status = s
		}
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Body: http.NoBody, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}, nil
}

// Rang lists what reached the phones.
func (p *Phones) Rang() []Ring {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Ring(nil), p.rings...)
}
