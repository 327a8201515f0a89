package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/chatop"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/demo"
	"github.com/muster-oncall/muster/internal/event"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store/freshdb"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
	"github.com/muster-oncall/muster/internal/web"
	"github.com/muster-oncall/muster/internal/web/static"
	"github.com/muster-oncall/muster/internal/web/view"
)

// world is the web surface over a real store with the demo's people in it. Nothing is sent: there is no engine.
type world struct {
	t        testing.TB
	commands *command.Commands
	queries  *query.Queries
	box      *seal.Box
	web      *web.Web
	server   *httptest.Server
	access   *demo.Access
	db       *sql.DB // reads the file behind the store's back
}

type roomChat struct{ chat *chatop.Chat }

func (c roomChat) Run(ctx context.Context, actor muster.Actor, inc muster.IncidentKey, text string) (string, error) {
	r := c.chat.Run(ctx, actor, string(inc), text)
	return r.Text, r.Err
}

func (c roomChat) Commands() []view.Command { return []view.Command{{Word: "severity"}} }

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	return buildWorld(t, true)
}

func buildWorld(t testing.TB, seeded bool) *world {
	t.Helper()
	w := &world{t: t}
	ctx, file, bus := t.Context(), filepath.Join(t.TempDir(), "muster.db"), event.New()
	freshdb.SQLite(t, file)
	db, err := sqlstore.Open(ctx, "sqlite:"+file, sqlstore.Options{OnCommit: bus.Publish})
	w.must(err)
	t.Cleanup(func() { w.must(db.Close()) })
	w.box, err = seal.Open(t.TempDir())
	w.must(err)
	live := catalog.NewLive(func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error) {
		return command.CatalogAt(ctx, db, rev)
	})
	w.commands = command.New(command.Deps{
		Store: db, IDs: muster.NewIDs(rand.Reader), Live: live, Box: w.box, Pass: seal.NewPassphrases(2), Node: "test",
		CheckConnector: func(*muster.Connector) []muster.FieldError { return nil }, Parse: parse,
		AddressCheck: func(_, address string) (string, string, error) { return address, "hint", nil },
	})
	w.must(w.commands.Load(ctx))
	w.access = &demo.Access{}
	if seeded {
		w.access, err = demo.Seed(ctx, w.commands)
		w.must(err)
		w.must(w.commands.Batch(ctx, "Viewer", admin(), func(b *command.Batch) error {
			return b.Apply(command.ApplyDocuments{Documents: "kind: user\nname: vera\ndisplay: Vera Looks\nemail: vera@example.com\nzone: UTC\naccess: viewer\n---\nkind: user\nname: vesna\ndisplay: Vesna New\nzone: UTC\n"})
		}))
	}
	w.queries = query.New(query.Deps{Store: db, Live: live, Parse: parse})
	assets, err := static.New()
	w.must(err)
	chat := chatop.New(append(w.commands.Ops(), w.queries.Ops()...), func() *muster.Catalog { return live.Current().Catalog })
	w.web, err = web.New(web.Deps{
		Commands: w.commands, Queries: w.queries, Bus: bus, Static: assets, Chat: roomChat{chat}, VerifyPage: w.box.VerifyPage, SignPage: w.box.SignPage,
		VerifyTest: w.box.VerifyTest, SignTest: w.box.SignTest, Reach: reach, ContactCard: func() []byte { return []byte("BEGIN:VCARD\r\n") },
		PhonesToken: func(s string) bool { return s == w.access.PhonesToken }, Demo: true, Org: func() string { return "Tailwind Traders" },
	})
	w.must(err)
	w.server = httptest.NewServer(w.web)
	t.Cleanup(func() { w.web.Close(); w.server.Close() })
	w.db, err = sql.Open("sqlite", "file:"+file+"?mode=ro")
	w.must(err)
	t.Cleanup(func() { w.must(w.db.Close()) })
	return w
}

func admin() muster.Actor {
	return muster.Actor{User: "ana", Name: "Ana Rossi", Access: muster.AccessAdmin, Surface: muster.SurfaceWeb}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// fire receives a critical signal from monitoring: it declares an incident and pages whoever is on call.
func (w *world) fire(title string) *query.Alert {
	w.t.Helper()
	return w.receive("monitoring", muster.Signal{State: muster.SignalFiring, Title: title, Severity: muster.SeverityCritical, Service: "cart", Identity: []string{title}})
}

func (w *world) receive(source muster.SourceName, s muster.Signal) *query.Alert {
	w.t.Helper()
	got, err := w.commands.ReceiveSignals(w.t.Context(), command.ReceiveSignals{Source: source, Format: "generic", Raw: []byte("{}"), Signals: []muster.Signal{s}})
	w.must(err)
	a, err := w.queries.Alert(w.t.Context(), query.Viewer{Actor: admin()}, got[0].Alert)
	w.must(err)
	return a
}

// person is a browser.
type person struct {
	*world
	client *http.Client
}

func (w *world) stranger() *person {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &person{w, &http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

// as is the browser of somebody who is signed in.
func (w *world) as(u muster.UserName) *person {
	w.t.Helper()
	token, err := w.commands.OpenSession(w.t.Context(), u, "test")
	w.must(err)
	p := w.stranger()
	at, err := url.Parse(w.server.URL)
	w.must(err)
	p.client.Jar.SetCookies(at, []*http.Cookie{{Name: "muster", Value: token, Path: "/"}})
	return p
}

// answer is what a browser got, after redirects.
type answer struct {
	status int
	at     string // path and query
	body   string
	header http.Header
}

func (p *person) send(req *http.Request) answer {
	p.t.Helper()
	res, err := p.client.Do(req)
	p.must(err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	p.must(err)
	return answer{res.StatusCode, res.Request.URL.RequestURI(), string(body), res.Header}
}

func (p *person) get(path string) answer {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.server.URL+path, nil)
	p.must(err)
	return p.send(req)
}

// post sends a form: fields are names and values in turn.
func (p *person) post(path string, fields ...string) answer {
	p.t.Helper()
	return p.send(p.form(path, fields...))
}

func (p *person) form(path string, fields ...string) *http.Request {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.server.URL+path, strings.NewReader(form.Encode()))
	p.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

func (a answer) want(t *testing.T, status int, parts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d: %s", a.at, a.status, status, clip(a.body))
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("%s does not say %q", a.at, part)
		}
	}
	return a
}

func clip(s string) string {
	if i := strings.Index(s, "<main"); i >= 0 {
		s = s[i:]
	}
	return s[:min(len(s), 600)]
}

// rows counts the rows of every table and sums their content, so that any change shows.
func (w *world) rows() map[string]string {
	w.t.Helper()
	var tables []string
	list, err := w.db.QueryContext(w.t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	w.must(err)
	defer func() { _ = list.Close() }()
	for list.Next() {
		var name string
		w.must(list.Scan(&name))
		tables = append(tables, name)
	}
	w.must(list.Err())
	out := map[string]string{}
	for _, name := range tables {
		out[name] = w.content(name)
	}
	return out
}

func (w *world) content(table string) string {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), `SELECT * FROM "`+table+`"`)
	w.must(err)
	defer func() { _ = rows.Close() }()
	cols, err := rows.Columns()
	w.must(err)
	var all bytes.Buffer
	for rows.Next() {
		vals := make([]sql.RawBytes, len(cols))
		ptrs := make([]any, len(cols))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		w.must(rows.Scan(ptrs...))
		for _, v := range vals {
			all.Write(v)
			all.WriteByte(0)
		}
		all.WriteByte('\n')
	}
	w.must(rows.Err())
	return all.String()
}

// unchanged reports the tables that differ.
func changed(before, after map[string]string) (tables []string) {
	for name := range maps.Keys(after) {
		if before[name] != after[name] {
			tables = append(tables, name)
		}
	}
	return tables
}
