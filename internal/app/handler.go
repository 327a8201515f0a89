package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/api"
	"github.com/muster-oncall/muster/internal/chatop"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/intake"
	"github.com/muster-oncall/muster/internal/intake/alertmanager"
	"github.com/muster-oncall/muster/internal/intake/amv2"
	"github.com/muster-oncall/muster/internal/intake/azuremonitor"
	"github.com/muster-oncall/muster/internal/intake/email"
	"github.com/muster-oncall/muster/internal/intake/generic"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/web"
	"github.com/muster-oncall/muster/internal/web/static"
	"github.com/muster-oncall/muster/internal/web/view"
)

// parsers is the list of formats that the intake door understands.
func parsers() map[string]intake.Parser {
	return map[string]intake.Parser{
		"azure-monitor": azuremonitor.Parse, "alertmanager": alertmanager.Parse, "api/v2/alerts": amv2.Parse, "generic": generic.Parse, "email": email.Parse,
	}
}

// parseSignals reads what sources send, for trials and replays.
func parseSignals() muster.SignalParser {
	formats := parsers()
	return func(format string, src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error) {
		if parse := formats[format]; parse != nil {
			return parse(src, body, received)
		}
		return nil, muster.Errorf(muster.ErrNotFound, "there is no format called %q: there are %s", muster.Clip(format, 40), strings.Join(slices.Sorted(maps.Keys(formats)), ", "))
	}
}

// handler joins the surfaces: the API's doors and the pages for people.
func (a *App) handler() (http.Handler, error) {
	ops := append(a.Commands.Ops(), a.Queries.Ops()...)
	chat := chatop.New(ops, func() *muster.Catalog { return a.Live.Current().Catalog })
	chat.Zone = a.Queries.Zone
	rest, err := api.New(api.Options{
		Ops: ops, Keys: a.Commands, Intake: a.Commands, Audit: a.Commands, Replays: replays{a.DB}, Parsers: parsers(), Chat: chat,
		Catalog: func() *muster.Catalog { return a.Live.Current().Catalog }, Inbound: a.connectors.get, Feeds: a.Queries, Heartbeats: a.Commands,
		Answers: a.Commands, VerifyAnswer: a.Box.VerifyAnswer, VerifyTestAnswer: a.Box.VerifyTestAnswer, Address: a.URL, Ledger: a.Queries.ExportLedger,
		Cookies: httpx.Cookies{Secure: a.Secure()}, PublicURL: a.URL(), Version: a.Version, Log: a.Log, Ready: a.ready,
	})
	if err != nil {
		return nil, err
	}
	if err := a.figures(rest.Metrics); err != nil {
		return nil, err
	}
	a.rest.Store(rest)
	assets, err := static.New()
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Deps{
		Commands: a.Commands, Queries: a.Queries, Bus: a.Bus, Static: assets, Chat: roomChat{chat},
		VerifyPage: a.Box.VerifyPage, SignPage: a.Box.SignPage,
		VerifyTest: a.Box.VerifyTest, SignTest: a.Box.SignTest, PhonesToken: a.phonesToken, ConnectorKinds: a.connectorKinds, Reach: a.reach, Try: a.try, ContactCard: a.contactCard,
		StatusPages: a.statusFiles(), Org: func() string { return a.Org }, PublicURL: a.URL, Secure: a.Secure(), Guide: a.Guide, Demo: a.Phones != "", Log: a.Log,
	})
	if err != nil {
		return nil, err
	}
	a.pages = pages
	mux := http.NewServeMux()
	mux.Handle("/api/", httpx.SecureHeaders(a.Secure(), rest))
	for _, prefix := range []string{"/in/", "/chat/", "/answer/", "/cal/", "/livez", "/readyz", "/metrics"} { // programs ask here, and often
		mux.Handle(prefix, rest)
	}
	mux.Handle("/", httpx.SecureHeaders(a.Secure(), pages))
	return httpx.Recover(a.Log, mux), nil
}

// ready reports whether the store answers.
func (a *App) ready(ctx context.Context) error {
	return a.DB.Read(ctx, func(r store.Reader) error {
		_, err := r.Head()
		return err
	})
}

// statusDir is where status pages are rendered to.
func (a *App) statusDir() string { return filepath.Join(a.Data, "status") }

// statusFiles serves the rendered pages below /s/, as any static host would.
func (a *App) statusFiles() http.Handler {
	files := http.StripPrefix("/s/", http.FileServerFS(rooted(a.statusDir())))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/s/")
		if !plainPath(name) {
			httpx.WriteError(w, r, muster.Errorf(muster.ErrNotFound, "There is nothing at this address."))
			return
		}
		page, _, _ := strings.Cut(name, "/")
		if err := a.mayRead(r, muster.StatusPageName(page)); err != nil {
			httpx.WriteError(w, r, err)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}

func (a *App) connectorKinds() []view.Option {
	var out []view.Option
	for _, d := range a.connectors.registry {
		out = append(out, view.Option{Value: d.Kind, Text: d.Title})
	}
	return out
}

// roomChat is the grammar of chat for the composer of a room.
type roomChat struct{ chat *chatop.Chat }

func (c roomChat) Run(ctx context.Context, actor muster.Actor, incident muster.IncidentKey, text string) (string, error) {
	r := c.chat.Run(ctx, actor, string(incident), text)
	return r.Text, r.Err
}

func (c roomChat) Commands() []view.Command {
	var out []view.Command
	for _, w := range c.chat.Words() {
		out = append(out, view.Command{Word: "/" + w})
	}
	return out
}

// replays remembers answers to requests with an idempotency key in the store.
type replays struct{ db store.DB }

func (p replays) Recall(ctx context.Context, key string) (out *api.Replay, err error) {
	err = p.db.Read(ctx, func(r store.Reader) error {
		row, err := r.Replayed(key)
		if err == nil && row != nil && r.Now().Sub(row.At.Time) < 24*time.Hour {
			out = &api.Replay{Key: row.Key, RequestHash: row.RequestHash, Status: row.Status, Body: row.Body}
		}
		return err
	})
	return out, err
}

func (p replays) Keep(ctx context.Context, in api.Replay) error {
	return p.db.Write(ctx, store.LanePeople, "KeepReplay", func(tx store.Tx) error {
		if row, err := tx.Replayed(in.Key); err != nil || row != nil {
			return err
		}
		return tx.InsertReplayed(&store.Replayed{Key: in.Key, RequestHash: in.RequestHash, Status: in.Status, Body: in.Body, At: tx.Now()})
	})
}

// publishStatus renders a status page and writes it where it is served; the seam for publishers to other places. One
// publication of a page follows the other, and each renders what is true when its turn comes: the newest is the last.
func (a *App) publishStatus(ctx context.Context, page muster.StatusPageName) error {
	if done, err := a.writeStatus(ctx, page); err != nil || !done {
		return err
	}
	at := muster.At(time.Now()).Format(time.RFC3339Nano)
	a.copied(page, at)
	return a.Commands.Remember(ctx, command.MetaPublished+string(page), at)
}

// writeStatus renders a status page and writes the files that this node serves; done is false when there is no such page.
func (a *App) writeStatus(ctx context.Context, page muster.StatusPageName) (done bool, err error) {
	turn, _ := a.publishing.LoadOrStore(page, new(sync.Mutex))
	mu, _ := turn.(*sync.Mutex)
	mu.Lock()
	defer mu.Unlock()
	files, err := a.renderStatus(ctx, page)
	if err != nil || files == nil {
		return false, err
	}
	if err := a.publisher(page).Publish(ctx, files); err != nil {
		return false, fmt.Errorf("the status page %s cannot be written: %w", page, err)
	}
	return true, nil
}
