package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-oncall/muster"

	"github.com/muster-oncall/muster/internal/chatop"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/intake"
)

// base is where REST lives.
const base = "/api/v1"

// maxBody is the most that a request may bring: on the wire, and after inflating.
const maxBody = 1 << 20

// Keys finds who bears a token. *command.Commands is one.
type Keys interface {
	ByToken(ctx context.Context, token string, via muster.Surface) (muster.Actor, error)
	SourceByToken(ctx context.Context, token string) (muster.SourceName, error)
}

// Receiver keeps signals. *command.Commands is one.
type Receiver interface {
	ReceiveSignals(ctx context.Context, in command.ReceiveSignals) ([]command.SignalResult, error)
}

// Auditor writes the security log. *command.Commands is one.
type Auditor interface {
	Audit(ctx context.Context, actor muster.Actor, op, ref string, facts map[string]string) error
}

// Replays remembers answers for a day, so that a request that is sent twice is done once.
type Replays interface {
	Recall(ctx context.Context, key string) (*Replay, error) // nil when there is none
	Keep(ctx context.Context, r Replay) error                // keeps the first of two with the same key
}

// Replay is an answer that was given.
type Replay struct {
	Key         string // of who asked and the header together
	RequestHash string
	Status      int
	Body        []byte
}

// Chat understands what people say. *chatop.Chat is one.
type Chat interface {
	Hear(ctx context.Context, m chatop.Message) chatop.Reply
}

// Options is what the application hands in. Fields without a word about absence are needed.
type Options struct {
	Ops     []muster.Op // of command and of query together
	Keys    Keys
	Intake  Receiver
	Audit   Auditor
	Replays Replays // nil: Idempotency-Key is refused
	Catalog func() *muster.Catalog
	Parsers map[string]intake.Parser // format to parser: "azure-monitor", "api/v2/alerts"

	Chat    Chat                                                                              // nil: no chat door
	Inbound func(ctx context.Context, name muster.ConnectorName) (connector.Connector, error) // the connector of a document

	Feeds Feeds // nil: there are no calendar feeds

	Heartbeats Heartbeats // nil: none are taken

	Answers          Answers                                     // nil: no answers about pages are taken
	VerifyAnswer     func(token string) (muster.PageID, error)   // reads the token of a page's own address for answers
	VerifyTestAnswer func(token string) (muster.NoticeID, error) // the same of the test of a contact method; nil: there are none
	Address          func() string                               // the public address of this moment; nil: PublicURL

	Ledger func(ctx context.Context, w io.Writer) error // writes the export of the ledger; nil: there is none

	Cookies   httpx.Cookies
	PublicURL string
	Version   string
	Log       *slog.Logger                    // nil: silent
	Ready     func(ctx context.Context) error // nil: ready as soon as it answers
	Metrics   *Metrics                        // nil: one of its own
	// IntakeRate is how many requests per second a key may send, and at once; 0: 20,000. More get 429 with Retry-After.
	IntakeRate int
}

// API answers programs. Make it with New.
type API struct {
	Options
	mux      *http.ServeMux
	logged   http.Handler
	routes   []route
	csrf     *http.CrossOriginProtection
	inflight inflight
	turns    [32]sync.Mutex // of messages of chats, by their key: what is sent twice at once is done once
	spec     []byte
	specTag  string
	docs     []byte
	intake   *intakeDoor
	bearers  bearers
	failures *httpx.Limiter // of audit entries about refused requests, by address

	answers   *httpx.Limiter // of answers about pages that are proved, by connector
	knocks    *httpx.Limiter // of answers about pages before they are proved, by address
	strangers *httpx.Limiter // of answers that are not proved, by address
}

// route is an operation with what reflection found once.
type route struct {
	muster.Op
	pattern string // /api/v1/alerts/{alert}
	in      input
}

// New builds the doors. It fails when two operations claim the same path or an operation cannot be described.
func New(o Options) (*API, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics()
	}
	a := &API{
		Options: o, mux: http.NewServeMux(), csrf: http.NewCrossOriginProtection(), failures: httpx.NewLimiter(1, auditEvery, 1024),
		answers: httpx.NewLimiter(answersPerSecond, time.Second, 1024), knocks: httpx.NewLimiter(answersPerSecond, time.Second, 4096), strangers: httpx.NewLimiter(answerFailures, time.Minute, 1024),
	}
	if u, _, ok := cutOrigin(o.PublicURL); ok {
		if err := a.csrf.AddTrustedOrigin(u); err != nil {
			return nil, fmt.Errorf("api: the public address: %w", err)
		}
	}
	for _, op := range o.Ops {
		if op.Path == "" {
			continue
		}
		in, err := inputOf(op)
		if err != nil {
			return nil, fmt.Errorf("api: %s: %w", op.Name, err)
		}
		rt := route{Op: op, pattern: base + op.Path, in: in}
		if err := a.handle(rt.Method+" "+rt.pattern, a.operation(&rt)); err != nil {
			return nil, fmt.Errorf("api: %s: %w", op.Name, err)
		}
		a.routes = append(a.routes, rt)
	}
	a.intake = newIntakeDoor(a)
	for pattern, h := range map[string]http.Handler{
		"GET /api/openapi.json":                http.HandlerFunc(a.serveSpec),
		"GET /api/docs":                        http.HandlerFunc(a.serveDocs),
		"GET /api/docs.css":                    http.HandlerFunc(serveDocsStyle),
		"POST /in/{key}/{format...}":           a.intake,
		"POST /in/{key}/heartbeat/{name}":      http.HandlerFunc(a.intake.heartbeat),
		"PUT /in/{key}/heartbeat/{name}":       http.HandlerFunc(a.intake.heartbeat),
		"GET /in/{key}/heartbeat/{name}":       http.HandlerFunc(heartbeatByGet),
		"POST /chat/teams/{connector}/webhook": http.HandlerFunc(a.teamsWebhook),
		"POST /answer/{connector}":             http.HandlerFunc(a.hearAnswer),
		"POST /answer/{connector}/{token}":     http.HandlerFunc(a.hearAnswer),
		"GET /cal/{file}":                      newCalendarDoor(a),
		"GET /api/v1/ledger/export":            http.HandlerFunc(a.exportLedger),
		"GET /livez":                           http.HandlerFunc(live),
		"GET /readyz":                          http.HandlerFunc(a.ready),
		"GET /metrics":                         http.HandlerFunc(a.metrics),
		"/api/":                                http.HandlerFunc(a.nowhere),
		"/in/":                                 http.HandlerFunc(a.nowhere),
		"/chat/":                               http.HandlerFunc(a.nowhere),
		"/answer/":                             http.HandlerFunc(a.nowhere),
		"/cal/":                                http.HandlerFunc(a.nowhere),
	} {
		if err := a.handle(pattern, h); err != nil {
			return nil, fmt.Errorf("api: %w", err)
		}
	}
	a.logged = httpx.Log(o.Log, a.mux)
	if err := a.describe(); err != nil {
		return nil, err
	}
	return a, nil
}

// handle registers a pattern; ServeMux panics when it contradicts another one.
func (a *API) handle(pattern string, h http.Handler) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	a.mux.Handle(pattern, h)
	return nil
}

// Mounts lists the patterns under which the API wants to be found on the process's own mux.
func (*API) Mounts() []string {
	return []string{"/api/", "/in/", "/chat/", "/answer/", "/cal/", "GET /livez", "GET /readyz", "GET /metrics"}
}

// ServeHTTP answers a request below one of [API.Mounts]. Every request is logged, those of monitors and probes apart:
// they are counted, and only failures of the former are logged.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := r.URL.Path; strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/chat/") {
		a.logged.ServeHTTP(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// Invalidate forgets which keys are known: call it when a key was made or revoked or the catalog changed, after the commit
// and before the reply. Without it a revoked key works for a second more.
func (a *API) Invalidate() {
	a.intake.forget()
	a.bearers.forget()
}

// nowhere tells what is wrong with an address: another method would do, or there is nothing.
func (a *API) nowhere(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, p := a.mux.Handler(probe); p != "" && !strings.HasPrefix(p, "/") && m != r.Method {
			allow = append(allow, m)
		}
	}
	if len(allow) > 0 {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		httpx.WriteJSON(problemWriter{w}, r, http.StatusMethodNotAllowed, httpx.Problem{
			Type: "urn:muster:problem:method", Title: "Not this method", Status: http.StatusMethodNotAllowed, Code: muster.ErrNotFound,
			Detail: fmt.Sprintf("This address takes %s, not %s.", strings.Join(allow, " or "), muster.Clip(r.Method, 20)),
		})
		return
	}
	msg := "There is nothing at this address."
	if strings.HasPrefix(r.URL.Path, "/api/") {
		msg += " " + base + " is described at /api/docs."
		first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, base+"/"), "/")
		if near := muster.Nearest(first, a.words()); near != "" && near != first {
			msg += fmt.Sprintf(" Did you mean %s/%s?", base, near)
		}
	}
	httpx.WriteError(w, r, muster.Errorf(muster.ErrNotFound, "%s", msg))
}

// words lists the first elements of all paths.
func (a *API) words() []string {
	var out []string
	for _, rt := range a.routes {
		first, _, _ := strings.Cut(strings.TrimPrefix(rt.Path, "/"), "/")
		if !strings.HasPrefix(first, "{") && !slices.Contains(out, first) {
			out = append(out, first)
		}
	}
	for _, k := range muster.Kinds() {
		out = append(out, string(k))
	}
	return out
}

// problemWriter makes WriteJSON say that it is a problem.
type problemWriter struct{ http.ResponseWriter }

// WriteHeader names the media type of problems.
func (p problemWriter) WriteHeader(status int) {
	p.Header().Set("Content-Type", httpx.ProblemType)
	p.ResponseWriter.WriteHeader(status)
}

func cutOrigin(publicURL string) (origin, host string, ok bool) {
	scheme, rest, ok := strings.Cut(publicURL, "://")
	if !ok {
		return "", "", false
	}
	host, _, _ = strings.Cut(rest, "/")
	return scheme + "://" + host, host, true
}

func live(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }

func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	if a.Ready != nil {
		if err := a.Ready(r.Context()); err != nil {
			httpx.NoteError(w, err)
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("not ready: " + muster.MessageOf(err) + "\n"))
			return
		}
	}
	_, _ = w.Write([]byte("ok\n"))
}
