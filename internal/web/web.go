package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/event"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// Static serves style sheets and scripts under names that carry their content's hash.
type Static interface {
	http.Handler
	Path(name string) string // "app.css" to "/static/app.0a1b2c.css"
	File(name string) []byte // what has to lie under a name of its own
}

// Chat runs a text that begins with "/" in a room, as chat does.
type Chat interface {
	// Run does what the text says in the incident's room and answers in a sentence.
	Run(ctx context.Context, actor muster.Actor, incident muster.IncidentKey, text string) (reply string, err error)
	// Commands lists the words that may follow "/".
	Commands() []view.Command
}

// Guide leads through the demo. The zero value leads nowhere.
type Guide struct {
	// Strip is what the strip says to this person on the page at path; nil draws none.
	Strip func(ctx context.Context, actor muster.Actor, path string) *view.Guide
	// Act does what a button of the strip posts to /guide/{act}; to is the page that shows the result, "" the same page.
	Act func(ctx context.Context, actor muster.Actor, act string) (to string, err error)
}

// Deps is what the application hands in. Functions that are nil switch their part off.
type Deps struct {
	Commands *command.Commands
	Queries  *query.Queries
	Bus      *event.Bus
	Static   Static
	Chat     Chat // nil: the composer takes no commands

	VerifyPage     func(token string) (muster.PageID, error)             // of a page's link: forged is unauthenticated, expired is forbidden
	SignPage       func(id muster.PageID, until muster.Instant) string   // for the demo's phones
	VerifyTest     func(token string) (muster.NoticeID, error)           // of the link in a test of a contact method, as VerifyPage
	SignTest       func(id muster.NoticeID, until muster.Instant) string // for the demo's phones
	PhonesToken    func(token string) bool                               // whether it opens the demo's phones; nil outside the demo
	Reach          func(kind string) Reach                               // how people are reached by connectors of a kind
	Try            func(context.Context, Trial) (said string, err error) // tries settings of a connector out that nobody has saved; nil: they cannot be
	ContactCard    func() []byte                                         // our numbers as a vCard; empty when there are none
	ConnectorKinds func() []view.Option                                  // kinds of connectors that may be added
	StatusPages    http.Handler                                          // the published status pages, below /s/

	Demo      bool          // everybody who is signed in may answer every phone in the browser
	Org       func() string // name of the organisation
	PublicURL func() string // without a slash at its end; "" when it is not known yet
	Secure    bool          // the public address is https: cookies are tied to it
	Guide     Guide
	Log       *slog.Logger
}

// Web is the handler of every page. Make it with New, and call Close when the server stops: it ends the live streams,
// which http.Server.Shutdown would wait for.
type Web struct {
	Deps
	cookies httpx.Cookies
	mux     *http.ServeMux
	origin  originCheck
	streams streams
	md      markdown

	signIns   *httpx.Limiter // by address
	passes    *httpx.Limiter // by account
	reports   *httpx.Limiter // by address
	forgeries *httpx.Limiter // by address: how many forged links are written down
	setups    *httpx.Limiter

	drawn sync.Pool // rooms into which pages are drawn: *bytes.Buffer

	proven atomic.Bool // somebody has acknowledged a page: that stays true

	closing chan struct{}
	close   sync.Once
}

// New returns the handler of every page.
func New(d Deps) (*Web, error) {
	for name, missing := range map[string]bool{
		"Commands": d.Commands == nil, "Queries": d.Queries == nil, "Bus": d.Bus == nil, "Static": d.Static == nil, "VerifyPage": d.VerifyPage == nil,
	} {
		if missing {
			return nil, errors.New("web: " + name + " is missing")
		}
	}
	if d.Org == nil {
		d.Org = func() string { return "" }
	}
	if d.PublicURL == nil {
		d.PublicURL = func() string { return "" }
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	w := &Web{
		Deps: d, cookies: httpx.Cookies{Secure: d.Secure}, mux: http.NewServeMux(), closing: make(chan struct{}),
		md:      newMarkdown(),
		signIns: httpx.NewLimiter(30, time.Minute, 4096), passes: httpx.NewLimiter(10, 10*time.Minute, 4096),
		reports: httpx.NewLimiter(6, 10*time.Minute, 4096), forgeries: httpx.NewLimiter(3, 10*time.Minute, 1024),
		setups: httpx.NewLimiter(10, time.Minute, 1024),
	}
	w.streams.open = map[string]int{}
	w.routes()
	return w, nil
}

// ServeHTTP implements http.Handler: requests that change something must come from our own pages.
func (s *Web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, err := s.origin.around(s.PublicURL(), s.mux)
	if err != nil {
		httpx.WriteError(w, r, muster.WrapError(muster.ErrInternal, err, "The public address of this installation cannot be used."))
		return
	}
	h.ServeHTTP(w, r)
}

// Close ends the live streams. It may be called twice.
func (s *Web) Close() { s.close.Do(func() { close(s.closing) }) }

// originCheck keeps the same-origin check for the public address of the moment: setup may change it.
type originCheck struct {
	mu  sync.Mutex
	url string
	h   http.Handler
}

func (o *originCheck) around(url string, next http.Handler) (http.Handler, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.h == nil || o.url != url {
		h, err := httpx.SameOrigin(url, next)
		if err != nil {
			return nil, err
		}
		o.h, o.url = h, url
	}
	return o.h, nil
}
