// Package app wires Muster together: store, commands, engine, connectors and surfaces, in one explicit place. It is the
// one package that may import everything, and it decides nothing.
package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/api"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector/all"
	"github.com/muster-oncall/muster/internal/engine"
	"github.com/muster-oncall/muster/internal/event"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
	"github.com/muster-oncall/muster/internal/web"
)

// Deps is what an installation is made of. Tests hand in a listener, a transport and an entropy source of their own.
type Deps struct {
	Data         string            // directory for the database, the key and rendered pages; it is made if need be
	Store        string            // DSN; "" is SQLite in Data
	Listener     net.Listener      // needed
	MailListener net.Listener      // where mail for intake keys is taken; nil: nowhere
	MailTLS      *tls.Config       // for STARTTLS; nil: it is not offered
	PublicURL    string            // "" is what setup stored, else the listener's address
	Key          string            // seals secrets; "" is a file in Data
	Node         string            // "" is made and kept in Data
	AllowPrivate []netip.Prefix    // inside networks that connectors may reach
	Via          map[string]string // hosts that connectors reach at another address
	Transport    http.RoundTripper // replaces the egress client's, for fakes; nil: the strict one
	Dial         func(ctx context.Context, network, addr string) (net.Conn, error)
	Entropy      io.Reader // nil: crypto/rand
	Log          *slog.Logger
	TZData       string // zip or directory with the time zones; "": those that are built in
	Failpoint    func(string)
	Around       func(store.DB) store.DB // puts something around the store: faults, for the simulator; nil: nothing
	Version      string
	AuditEvery   time.Duration // between two looks of the auditor; 0: 15 s, negative: there is no auditor

	// For the demo.
	Org    string    // name of the organisation
	Guide  web.Guide // the guided strip
	Phones string    // token that opens the demo's phones; "": there are none
}

// App is an installation of Muster in this process.
type App struct {
	Deps
	DB       store.DB
	Auditor  *engine.Auditor  // nil: there is none
	watch    *sqlstore.Reader // the auditor's own
	dsn      string
	records  *sqlstore.Reader // for what reads the whole database at once
	Box      *seal.Box
	Live     *catalog.Live
	Commands *command.Commands
	Queries  *query.Queries
	Engine   *engine.Engine
	Bus      *event.Bus
	Handler  http.Handler

	zones      zoneWatch
	nodes      nodes
	lock       *os.File // of the data directory, while SQLite lies in it
	connectors *connectors
	pages      *web.Web
	publishing sync.Map // StatusPageName to *sync.Mutex
	rest       atomic.Pointer[api.API]
	public     atomic.Pointer[string]
	server     *http.Server
	mail       mailIn
	served     chan error
	ctx        context.Context //nolint:containedctx // ends when the app stops: streams hang on it
	cancel     context.CancelFunc
}

// New opens the store and wires everything. Nothing runs before [App.Start].
func New(ctx context.Context, d Deps) (*App, error) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Entropy == nil {
		d.Entropy = rand.Reader
	}
	if err := os.MkdirAll(d.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data directory cannot be made: %w", err)
	}
	a := &App{Deps: d, Bus: event.New(), served: make(chan error, 1)}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.unlock())
	}
	if err := a.wire(ctx); err != nil {
		return nil, errors.Join(err, a.records.Close(), a.DB.Close(), a.unlock())
	}
	return a, nil
}

// open opens the key and the store.
func (a *App) open(ctx context.Context) (err error) {
	if a.Key != "" {
		a.Box, err = seal.FromText(a.Key)
	} else {
		a.Box, err = seal.Open(a.Data)
	}
	if err != nil {
		return err
	}
	dsn := a.Store
	if dsn == "" {
		if a.lock, err = lockDir(a.Data); err != nil {
			return err
		}
		dsn = dsnOf("", a.Data)
	}
	a.DB, err = sqlstore.Open(ctx, dsn, sqlstore.Options{OnCommit: a.committed, OnHint: a.hinted, Log: a.Log, Failpoint: a.Failpoint})
	if err != nil {
		return fmt.Errorf("the store cannot be opened: %w", err)
	}
	a.dsn = dsn
	if a.records, err = sqlstore.OpenReader(ctx, dsn, sqlstore.Options{Log: a.Log, Timeout: verifyWait}); err != nil {
		return errors.Join(fmt.Errorf("the store cannot be opened for reading: %w", err), a.DB.Close())
	}
	if a.Around != nil {
		a.DB = a.Around(a.DB)
	}
	return nil
}

// verifyWait is how long reading the whole ledger may take.
const verifyWait = 15 * time.Minute

// committed is the store's commit hook.
func (a *App) committed(events []store.Event) {
	if a.Engine != nil {
		a.Engine.Committed(events)
	}
	for _, e := range events {
		a.react(e.Topic)
	}
	a.Bus.Publish(events)
}

func (a *App) wire(ctx context.Context) error {
	ids := muster.NewIDs(a.Entropy)
	node, err := a.nodeName(ids)
	if err != nil {
		return err
	}
	a.Live = catalog.NewLive(func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error) {
		return command.CatalogAt(ctx, a.DB, rev)
	})
	if err := a.openZones(); err != nil {
		return err
	}
	egress := httpx.NewEgress(httpx.EgressOptions{AllowPrivate: a.AllowPrivate, Via: a.Via, Timeout: 15 * time.Second, MaxResponse: 3 << 20}) // a calendar may have 2 MiB
	if a.Transport != nil {
		egress = &http.Client{Transport: a.Transport, Timeout: 15 * time.Second}
	}
	dial := a.Dial
	if dial == nil {
		dial = httpx.EgressOptions{AllowPrivate: a.AllowPrivate, Via: a.Via, Timeout: 15 * time.Second}.DialContext
	}
	a.connectors = &connectors{registry: all.Registry(), live: a.Live, http: egress, dial: dial, log: a.Log}
	a.Commands = command.New(command.Deps{
		Store: a.DB, IDs: ids, Live: a.Live, Box: a.Box, Pass: seal.NewPassphrases(2), Node: node, Log: a.Log,
		CheckConnector: a.connectors.check, AddressCheck: a.connectors.address,
		Abilities: a.connectors.abilities, Parse: parseSignals(),
	})
	a.connectors.commands = a.Commands
	if err := a.Commands.Load(ctx); err != nil {
		return fmt.Errorf("the catalog cannot be read: %w", err)
	}
	if err := a.findPublicURL(ctx); err != nil {
		return err
	}
	a.Queries = query.New(query.Deps{Store: a.DB, Live: a.Live, Version: a.Version, Records: a.records, LedgerKey: a.Commands.LedgerKey, Watching: a.watching, Parse: parseSignals()})
	a.Engine = engine.New(engine.Deps{
		Commands: a.Commands, Store: a.DB, Log: a.Log, Connector: a.connectors.get, PageLinks: a.pageLink,
		TestLinks: a.testLink, AnswerLinks: a.answerLink, TestAnswerLinks: a.testAnswerLink, PublicURL: a.URL, PublishStatus: a.publishStatus, Failpoint: a.Failpoint,
	})
	own := httpx.NewEgress(httpx.EgressOptions{AllowPrivate: a.AllowPrivate, Timeout: 15 * time.Second})
	if a.Transport != nil {
		own = egress
	}
	return a.openAuditor(ctx, a.dsn, own)
}

// nodeName is the name of this process among those that share the store. It is kept, so that a process that starts again
// takes over what it had begun at once.
func (a *App) nodeName(ids *muster.IDs) (string, error) {
	if a.Node != "" {
		return a.Node, nil
	}
	file := filepath.Join(a.Data, "node")
	if b, err := os.ReadFile(file); err == nil && len(strings.TrimSpace(string(b))) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	name := "node-" + ids.Token(6)
	if err := os.WriteFile(file, []byte(name+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("the name of this node cannot be kept: %w", err)
	}
	return name, nil
}

// findPublicURL takes the address that was configured, else the one that setup stored, else the listener's.
func (a *App) findPublicURL(ctx context.Context) error {
	u := a.Deps.PublicURL
	if u == "" {
		var err error
		if u, err = a.Commands.Recall(ctx, command.MetaPublicURL); err != nil {
			return err
		}
	}
	if u == "" {
		u = "http://" + a.Listener.Addr().String()
	}
	u = strings.TrimRight(u, "/")
	a.public.Store(&u)
	return nil
}

// settingsChanged takes over what setup stored.
func (a *App) settingsChanged() {
	if err := a.findPublicURL(a.ctx); err != nil && a.ctx.Err() == nil {
		a.Log.Error("the public address cannot be read", "error", err)
	}
}

// URL is the address under which people reach Muster.
func (a *App) URL() string { return *a.public.Load() }

// Secure reports whether people reach Muster by HTTPS.
func (a *App) Secure() bool { return strings.HasPrefix(a.URL(), "https://") }

// pageLife is how long the link in a page works.
const pageLife = 7 * 24 * time.Hour

// pageLink is the address of a page's own screen. It is signed from the moment at which the page was planned, as the others
// are: a page that is sent again is the same page, to the letter.
func (a *App) pageLink(p muster.PageID) string {
	return a.URL() + "/p/" + a.Box.SignPage(p, muster.MadeAt(p).Plus(pageLife))
}

// answerLink is the address at which a provider answers about a page; "" when providers cannot reach this installation.
func (a *App) answerLink(conn muster.ConnectorName, p muster.PageID) string {
	if !a.reachable() {
		return ""
	}
	return a.URL() + "/answer/" + string(conn) + "/" + a.Box.SignAnswer(p, muster.MadeAt(p).Plus(pageLife))
}

// reachable reports whether providers can reach this installation.
func (a *App) reachable() bool {
	at, err := url.Parse(a.URL())
	return err == nil && (at.Scheme == "https" || nearby(at.Hostname()))
}

// nearby reports whether an address is for trying Muster out: on this machine, or under a name that is kept for tests.
func nearby(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".test") || err == nil && ip.IsLoopback()
}

// testLife is how long the link in the test of a contact method works.
const testLife = 24 * time.Hour

// testLink is the address at which the test of a contact method is answered.
func (a *App) testLink(n muster.NoticeID) string {
	return a.URL() + "/c/" + a.Box.SignTest(n, muster.MadeAt(n).Plus(testLife))
}

// testAnswerLink is the address at which a provider tells which key was pressed in the test of a contact method.
func (a *App) testAnswerLink(conn muster.ConnectorName, n muster.NoticeID) string {
	if !a.reachable() {
		return ""
	}
	return a.URL() + "/answer/" + string(conn) + "/" + a.Box.SignTestAnswer(n, muster.MadeAt(n).Plus(testLife))
}

// Start renders what is missing, runs the engine and serves HTTP.
func (a *App) Start(ctx context.Context) (err error) {
	if a.Handler, err = a.handler(); err != nil {
		return err
	}
	if err := a.publishAll(ctx); err != nil {
		return err
	}
	a.nodes.ready.Store(true)
	if err := a.Engine.Start(ctx); err != nil {
		return fmt.Errorf("the engine cannot be started: %w", err)
	}
	if a.Auditor != nil {
		a.Auditor.Start()
	}
	a.compareZones(ctx)
	a.server = &http.Server{
		// Whoever neither sends nor takes what they asked for is let go. Live streams set the deadline anew with each event.
		Handler: a.Handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return a.ctx },
	}
	go func() { a.served <- a.server.Serve(a.Listener) }()
	a.openMail()
	a.watchZones()
	a.watchNodes()
	return nil
}

// shutdownWait is how long requests that are under way may take to end.
const shutdownWait = 5 * time.Second

// Stop ends everything in order: no new requests, no new pages, then the store.
func (a *App) Stop() error {
	if a.Auditor != nil {
		a.Auditor.Stop()
	}
	a.cancel()
	a.zones.watching.Wait()
	a.nodes.watching.Wait()
	if a.pages != nil {
		a.pages.Close()
	}
	err := a.closeMail()
	if a.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownWait)
		defer cancel()
		if serr := a.server.Shutdown(ctx); serr != nil {
			err = errors.Join(err, a.server.Close())
		}
		if serr := <-a.served; !errors.Is(serr, http.ErrServerClosed) {
			err = errors.Join(err, serr)
		}
	}
	a.Engine.Stop()
	if a.watch != nil {
		err = errors.Join(err, a.watch.Close())
	}
	return errors.Join(err, a.records.Close(), a.DB.Close(), a.unlock())
}

// Done is closed when the server ended by itself; its error tells why.
func (a *App) Done() <-chan error { return a.served }
