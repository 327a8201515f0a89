// Package connectortest is the conformance suite that each connector passes: one call of [Run] in its tests. A test of
// connector/all checks that none is left out.
//
// It serves tests only. It imports connector, goleak, the standard library and the root package, and knows no connector.
package connectortest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// Case says how a connector is tested.
type Case struct {
	Descriptor connector.Descriptor
	// Start runs the fake until the test ends, and tells how to reach it. It is called once for each part of the suite.
	Start func(t *testing.T) World
	// Bad are settings that must be refused, by the path that the error names; Settings of the world with one replaced.
	Bad map[string]string
	// BadSecrets are values of secrets that New must refuse by name, without showing them.
	BadSecrets map[string]string
	// BadAddresses are addresses of contact methods that must be refused.
	BadAddresses []string
	// Takes are the kinds of deliveries that the connector takes; all others are refused for good.
	Takes []muster.DeliveryKind
	// Can are the optional capabilities: "Checker", "Inbound", "Publisher", "RosterTable", "CalendarFeed", "Answerer",
	// "ReceiptReader".
	Can []string
	// Unsaid are words that a person need not read in what was delivered, though the delivery has them: a call reads out no
	// links.
	Unsaid []string
}

// World is a running fake, and what a connector needs to talk to it.
type World struct {
	Config  connector.Config
	Address string // of a contact method
	Answers string // the page's own address for receipts and answers; "" for none
	Host    string // host:port of the fake; the connector may talk to nobody else
	// Got tells what the fake accepted so far: the key by which it recognises repetitions, and everything readable.
	Got func() []Got
	// Answer makes an HTTP fake answer valid requests with a status and headers; 0 ends it. nil: does not speak HTTP.
	Answer func(status int, header http.Header)
	// Hang makes the fake take requests and not answer until the returned function is called. nil: there is no network.
	Hang func() (release func())
	// Signed makes an inbound request that is accepted, with its body. nil: not Inbound.
	Signed func(t *testing.T) (*http.Request, []byte)
}

// Got is a delivery as the fake understood it.
type Got struct{ Key, Text string }

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Helper()
	t.Run("config", c.config)
	t.Run("capabilities", c.capabilities)
	t.Run("delivers", c.delivers)
	t.Run("repeats", c.repeats)
	t.Run("hostile text", c.hostile)
	t.Run("statuses", c.statuses)
	t.Run("time-out and cancel", c.hangs)
	t.Run("nobody there", c.nobody)
	t.Run("secrets", c.secrets)
	t.Run("inbound", c.inbound)
}

// bench is one connector and the world that it talks to.
type bench struct {
	World
	conn connector.Connector
	log  *bytes.Buffer
	mu   sync.Mutex
	seen map[string]bool // addresses that were dialled
}

func (c Case) start(t *testing.T) *bench {
	t.Helper()
	leak := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leak) }) // registered first: runs when the fake has gone
	b := &bench{World: c.Start(t), log: &bytes.Buffer{}, seen: map[string]bool{}}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		b.mu.Lock()
		b.seen[addr] = true
		b.mu.Unlock()
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	tr := &http.Transport{DialContext: dial}
	t.Cleanup(tr.CloseIdleConnections)
	b.Config.HTTP = &http.Client{Transport: tr, Timeout: 10 * time.Second}
	b.Config.Dial = dial
	b.Config.Log = slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	conn, err := c.Descriptor.Make(b.Config)
	if err != nil {
		t.Fatalf("the connector cannot be made: %v", err)
	}
	b.conn = conn
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for addr := range b.seen {
			if addr != b.Host {
				t.Errorf("it talked to %s, which is not %s", addr, b.Host)
			}
		}
	})
	return b
}

var at = muster.At(time.Date(2026, 11, 27, 3, 12, 40, 0, time.UTC))

// delivery makes a valid delivery of a kind.
func (b *bench) delivery(kind muster.DeliveryKind, key string) connector.Delivery {
	d := connector.Delivery{Key: key, Kind: kind, At: at, Address: b.Address}
	switch kind {
	case muster.DeliverPage:
		d.AnswerURL = b.Answers
		d.Page = &connector.PageMessage{
			Title: "High Number of Failures", Service: "Storefront", Severity: muster.SeverityCritical, Urgency: muster.UrgencyHigh,
			Impact: "Customers cannot buy", Action: "Look at the failed requests", Summary: "15 results", Person: "Ana",
			Why: "Ana is primary of Storefront.", AckURL: "https://muster.example/p/tok", PageURL: "https://muster.example/a/alt", Round: 1, Step: 1,
			AlertID: "alt_019aab3c5d10f3a1b2c3d4e5f6071829", PageID: "pag_019aab3c5d10f3a1b2c3d4e5f6071829",
		}
	case muster.DeliverNotification:
		d.Note = &connector.Notification{
			Title: "You are on call from 09:00", Text: "Storefront, primary.", URL: "https://muster.example/oncall?roster=web", Kind: muster.NoticeShiftReminder, Person: "Ana",
		}
	case muster.DeliverWebhook:
		d.Event = &connector.Event{Type: "incident.declared", At: at, Body: json.RawMessage(`{"key":"INC-42"}`)}
	case muster.DeliverStatusPage, muster.DeliverRoster, muster.DeliverCalendar, muster.DeliverReceipt:
	}
	return d
}

func kinds() []muster.DeliveryKind {
	return []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification, muster.DeliverWebhook, muster.DeliverStatusPage}
}

func (c Case) config(t *testing.T) {
	d := c.Descriptor
	if d.Kind == "" || d.Title == "" || d.Help == "" || d.New == nil {
		t.Errorf("the descriptor is not complete: %q, %q, %q", d.Kind, d.Title, d.Help)
	}
	for _, kind := range []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification} {
		if d.Address != "" && !slices.Contains(c.Takes, kind) && (!d.PagesOnly || kind == muster.DeliverPage) {
			t.Errorf("people are reached by it, so it must take each %s", kind)
		}
	}
	missing := paths(d.Check(nil, nil))
	for _, s := range d.Settings {
		where := "settings."
		if s.Secret {
			where = "secrets."
		}
		if s.Title == "" {
			t.Errorf("the setting %s has no title", s.Name)
		}
		if s.Required && s.Default == "" && !slices.Contains(missing, where+s.Name) {
			t.Errorf("nobody says that %s%s is missing: %v", where, s.Name, missing)
		}
	}
	b := c.start(t)
	if f := d.Check(b.Config.Settings, b.Config.Secrets); len(f) > 0 {
		t.Errorf("a good configuration is refused: %v", f)
	}
	if f := d.Check(with(b.Config.Settings, "colour", "red"), b.Config.Secrets); !slices.Contains(paths(f), "settings.colour") {
		t.Errorf("an unknown setting goes through: %v", f)
	}
	if f := d.Check(b.Config.Settings, with(b.Config.Secrets, "colour", "red")); !slices.Contains(paths(f), "secrets.colour") {
		t.Errorf("an unknown secret goes through: %v", f)
	}
	for path, value := range c.Bad {
		name := strings.TrimPrefix(path, "settings.")
		if f := d.Check(with(b.Config.Settings, name, value), b.Config.Secrets); !slices.Contains(paths(f), path) {
			t.Errorf("%s=%q goes through: %v", path, value, f)
		}
	}
	for name, value := range c.BadSecrets {
		cfg := b.Config
		cfg.Secrets = with(cfg.Secrets, name, value)
		_, err := d.Make(cfg)
		var e *muster.Error
		if !errors.As(err, &e) || !slices.Contains(paths(e.Fields), "secrets."+name) || strings.Contains(err.Error(), value) {
			t.Errorf("the secret %s=%q: %v", name, value, err)
		}
	}
	for _, a := range c.BadAddresses {
		if d.CheckAddress == nil || d.CheckAddress(a) == nil {
			t.Errorf("the address %q goes through", a)
		}
	}
	if d.CheckAddress != nil {
		if err := d.CheckAddress(b.Address); err != nil {
			t.Errorf("a good address is refused: %v", err)
		}
	}
}

func (c Case) capabilities(t *testing.T) {
	b := c.start(t)
	if got := b.conn.Kind(); got != c.Descriptor.Kind {
		t.Errorf("it calls itself %q", got)
	}
	var can []string
	if check, ok := b.conn.(connector.Checker); ok {
		can = append(can, "Checker")
		if err := check.Check(t.Context()); err != nil {
			t.Errorf("the check fails: %v", err)
		}
	}
	if _, ok := b.conn.(connector.Inbound); ok {
		can = append(can, "Inbound")
	}
	if _, ok := b.conn.(connector.Publisher); ok {
		can = append(can, "Publisher")
	}
	if _, ok := b.conn.(connector.RosterTable); ok {
		can = append(can, "RosterTable")
	}
	if _, ok := b.conn.(connector.CalendarFeed); ok {
		can = append(can, "CalendarFeed")
	}
	if _, ok := b.conn.(connector.Answerer); ok {
		can = append(can, "Answerer")
	}
	if _, ok := b.conn.(connector.ReceiptReader); ok {
		can = append(can, "ReceiptReader")
	}
	if !slices.Equal(can, c.Can) {
		t.Errorf("it can %v and claims %v", can, c.Can)
	}
}

func (c Case) delivers(t *testing.T) {
	b := c.start(t)
	for i, kind := range kinds() {
		key := fmt.Sprintf("dlv_%032d", i)
		before := b.count()
		r, err := b.conn.Deliver(t.Context(), b.delivery(kind, key))
		if !slices.Contains(c.Takes, kind) {
			if !connector.IsPermanent(err) || b.count() != before {
				t.Errorf("%s: it does not take these, and says %v", kind, err)
			}
			continue
		}
		if err != nil || r.Detail == "" {
			t.Errorf("%s: %+v, %v", kind, r, err)
			continue
		}
		if b.Got != nil && b.count() != before+1 {
			t.Errorf("%s: %d arrived", kind, b.count()-before)
		}
		if b.Got != nil {
			for _, want := range says(kind) {
				if text := b.Got()[before].Text; !strings.Contains(text, want) && !slices.Contains(c.Unsaid, want) {
					t.Errorf("%s: it does not say %q:\n%s", kind, want, text)
				}
			}
		}
	}
}

// says is what a person must be able to read of what was delivered.
func says(kind muster.DeliveryKind) []string {
	switch kind {
	case muster.DeliverPage:
		return []string{"High Number of Failures", "Storefront", "Customers cannot buy", "Ana is primary", "https://muster.example/p/tok"}
	case muster.DeliverNotification:
		return []string{"You are on call from 09:00", "Storefront, primary.", "https://muster.example/oncall?roster=web"}
	case muster.DeliverWebhook, muster.DeliverStatusPage, muster.DeliverRoster, muster.DeliverCalendar, muster.DeliverReceipt:
	}
	return nil
}

// repeats: the same key twice is recognised by the other side.
func (c Case) repeats(t *testing.T) {
	b := c.start(t)
	for _, kind := range c.Takes {
		d := b.delivery(kind, "dlv_same_"+string(kind))
		before := b.distinct()
		for range 2 {
			if _, err := b.conn.Deliver(t.Context(), d); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if b.Got != nil && b.distinct() != before+1 {
			t.Errorf("%s: the repetition has another key", kind)
		}
	}
}

// Hostile are texts that must not break anything.
func Hostile() []string {
	return []string{
		"", " ", strings.Repeat("long ", 20_000), strings.Repeat("🔥", 5_000), strings.Repeat("x", 100_000),
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</td></table></body></html>", "{{.Secret}} ${env:HOME} %s%n",
		"@channel @everyone <!here> <@U123>", "[link](javascript:alert(1))", "javascript:alert(1)",
		"a\r\nBcc: victim@evil.example\r\n\r\nbody", "a\nSubject: other", "a\rb", "nul\x00here", "esc\x1b[2J", "bell\x07",
		"\u202Egnp.exe\u202C", "\u2066isolate\u2069", "\u200Frtl", "שלום עולם", "مرحبا", "Ünïcödé ß 漢字", "👩‍👩‍👧‍👦", "e\u0301\u0301\u0301",
		"bad \xff\xfe utf8", "\ufeffbom", ".\r\n.", "..", "line\u2028separator", "=?utf-8?q?=41?=",
	}
}

func (c Case) hostile(t *testing.T) {
	if !slices.Contains(c.Takes, muster.DeliverPage) && !slices.Contains(c.Takes, muster.DeliverNotification) {
		return
	}
	b := c.start(t)
	for i, s := range Hostile() {
		for _, kind := range []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification} {
			if !slices.Contains(c.Takes, kind) {
				continue
			}
			d := b.delivery(kind, fmt.Sprintf("dlv_hostile_%d_%s", i, kind))
			if d.Page != nil {
				p := d.Page
				p.Title, p.Service, p.Impact, p.Action, p.Summary, p.Person, p.Why = s, s, s, s, s, s, s
				p.Severity, p.ReplyCode, p.PageURL = muster.AlertSeverity(s), s, s
			} else {
				d.Note.Title, d.Note.Text, d.Note.URL, d.Note.Kind, d.Note.Person = s, s, s, muster.NoticeKind(s), s
			}
			before := b.count()
			if _, err := b.conn.Deliver(t.Context(), d); err != nil {
				t.Errorf("%s with %q: %v", kind, muster.Clip(s, 40), err)
			} else if b.Got != nil && b.count() != before+1 {
				t.Errorf("%s with %q did not arrive", kind, muster.Clip(s, 40))
			}
		}
	}
}

// statuses is the whole table from HTTP status to what the engine is told.
func (c Case) statuses(t *testing.T) {
	b := c.start(t)
	if b.Answer == nil {
		return
	}
	defer b.Answer(0, nil)
	for status := 200; status < 600; status++ {
		b.Answer(status, http.Header{"Location": {"https://elsewhere.invalid/"}})
		_, err := b.conn.Deliver(t.Context(), b.delivery(c.Takes[0], fmt.Sprintf("dlv_status_%d", status)))
		ok := status < 300
		again := status == 408 || status == 425 || status == 429 || status >= 500
		switch {
		case ok != (err == nil):
			t.Errorf("%d: %v", status, err)
		case !ok && connector.IsPermanent(err) == again:
			t.Errorf("%d: permanent is %v", status, connector.IsPermanent(err))
		case err != nil && strings.Contains(err.Error(), "body of the answer"):
			t.Errorf("%d: the body of the answer shows: %v", status, err)
		}
	}
	for _, status := range []int{429, 503} {
		for value, want := range map[string]time.Duration{"7": 7 * time.Second, "0": 0, "": 0, "soon": 0, "-5": 0, "99999999999": time.Hour} {
			b.Answer(status, http.Header{"Retry-After": {value}})
			_, err := b.conn.Deliver(t.Context(), b.delivery(c.Takes[0], "dlv_after"))
			if got := connector.RetryAfter(err); got != want {
				t.Errorf("%d with Retry-After %q waits %v, not %v", status, value, got, want)
			}
		}
		b.Answer(status, http.Header{"Retry-After": {time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)}})
		_, err := b.conn.Deliver(t.Context(), b.delivery(c.Takes[0], "dlv_after"))
		if got := connector.RetryAfter(err); got < 80*time.Second || got > 90*time.Second {
			t.Errorf("%d with a date waits %v", status, got)
		}
	}
}

// hangs: a provider that does not answer holds a worker no longer than the deadline.
func (c Case) hangs(t *testing.T) {
	b := c.start(t)
	if b.Hang == nil || len(c.Takes) == 0 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, kind := range c.Takes {
			if _, err := b.conn.Deliver(ctx, b.delivery(kind, "dlv_cancelled")); err == nil || connector.IsPermanent(err) {
				t.Errorf("%s after the end of its context: %v", kind, err)
			}
		}
		return
	}
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"deadline": func(p context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(p, 100*time.Millisecond)
		},
		"cancel": func(p context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(p)
			timer := time.AfterFunc(100*time.Millisecond, cancel)
			return ctx, func() { timer.Stop(); cancel() }
		},
	} {
		release := b.Hang()
		ctx, cancel := end(t.Context())
		begin := time.Now()
		_, err := b.conn.Deliver(ctx, b.delivery(c.Takes[0], "dlv_hang_"+name))
		cancel()
		release()
		if took := time.Since(begin); err == nil || connector.IsPermanent(err) || took > 3*time.Second {
			t.Errorf("%s: %v after %v", name, err, took)
		}
	}
}

// nobody: a provider that is not there is a temporary failure, and nothing was sent.
func (c Case) nobody(t *testing.T) {
	b := c.start(t)
	if b.Hang == nil || len(c.Takes) == 0 {
		return
	}
	refuse := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") }
	cfg := b.Config
	cfg.Dial = refuse
	cfg.HTTP = &http.Client{Transport: &http.Transport{DialContext: refuse}}
	conn, err := c.Descriptor.Make(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Deliver(t.Context(), b.delivery(c.Takes[0], "dlv_nobody")); err == nil || connector.IsPermanent(err) || connector.IsUnknown(err) {
		t.Errorf("nobody there: %v", err)
	}
}

// secrets: nothing that can be printed, logged or returned shows a secret.
func (c Case) secrets(t *testing.T) {
	b := c.start(t)
	var out strings.Builder
	show := func(v any) {
		j, _ := json.Marshal(v) //nolint:errchkjson // what cannot be written shows nothing
		fmt.Fprintf(&out, "%v %+v %#v %s\n", v, v, v, j)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	show(b.Config)
	show(&b.Config)
	show(b.conn)
	for _, kind := range kinds() {
		d := b.delivery(kind, "dlv_secret")
		r, err := b.conn.Deliver(t.Context(), d)
		fmt.Fprintf(&out, "%+v %+v\n", r, err)
	}
	if b.Answer != nil {
		for _, status := range []int{302, 401, 500} {
			b.Answer(status, nil)
			_, err := b.conn.Deliver(t.Context(), b.delivery(c.Takes[0], "dlv_secret"))
			fmt.Fprintf(&out, "%+v\n", err)
		}
	}
	cfg := b.Config
	for name := range cfg.Secrets {
		cfg.Secrets = with(cfg.Secrets, name, cfg.Secrets[name]+"-wrong")
	}
	if conn, err := c.Descriptor.Make(cfg); err != nil {
		fmt.Fprintf(&out, "%+v\n", err)
	} else if len(c.Takes) > 0 {
		_, err := conn.Deliver(t.Context(), b.delivery(c.Takes[0], "dlv_wrong"))
		fmt.Fprintf(&out, "%+v\n", err)
	}
	all := out.String() + b.log.String()
	for name, secret := range b.Config.Secrets {
		raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")) // only some are base64
		for _, form := range []string{secret, strings.TrimPrefix(secret, "whsec_"), string(raw), fmt.Sprintf("%x", raw), fmt.Sprintf("%d", raw), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if len(form) > 4 && strings.Contains(all, form) {
				t.Errorf("the secret %s shows as %q", name, form)
			}
		}
	}
}

func (c Case) inbound(t *testing.T) {
	b := c.start(t)
	in, ok := b.conn.(connector.Inbound)
	if !ok {
		return
	}
	r, body := b.Signed(t)
	m, err := in.Receive(r, body)
	if err != nil || m.Text == "" || m.ActorName == "" {
		t.Fatalf("a signed request: %+v, %v", m, err)
	}
	for name, change := range map[string]func(r *http.Request, body []byte) (*http.Request, []byte){
		"body changed": func(r *http.Request, b []byte) (*http.Request, []byte) { return r, append(bytes.Clone(b), ' ') },
		"body empty":   func(r *http.Request, _ []byte) (*http.Request, []byte) { return r, nil },
		"not signed":   func(r *http.Request, b []byte) (*http.Request, []byte) { r.Header.Del("Authorization"); return r, b },
		"scheme alone": func(r *http.Request, b []byte) (*http.Request, []byte) {
			r.Header.Set("Authorization", "HMAC ")
			return r, b
		},
		"another one's": func(r *http.Request, b []byte) (*http.Request, []byte) {
			r.Header.Set("Authorization", "HMAC "+base64.StdEncoding.EncodeToString(make([]byte, 32)))
			return r, b
		},
		"no base64": func(r *http.Request, b []byte) (*http.Request, []byte) {
			r.Header.Set("Authorization", "HMAC ***")
			return r, b
		},
		"as a bearer": func(r *http.Request, b []byte) (*http.Request, []byte) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "HMAC", "Bearer", 1))
			return r, b
		},
	} {
		r, body := b.Signed(t)
		r, body = change(r, body)
		if m, err := in.Receive(r, body); muster.CodeOf(err) != muster.ErrUnauthenticated || m != (connector.ChatMessage{}) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

func (b *bench) count() int {
	if b.Got == nil {
		return 0
	}
	return len(b.Got())
}

func (b *bench) distinct() int {
	if b.Got == nil {
		return 0
	}
	keys := map[string]bool{}
	for _, g := range b.Got() {
		keys[g.Key] = true
	}
	return len(keys)
}

func paths(f []muster.FieldError) (out []string) {
	for _, e := range f {
		out = append(out, e.Path)
	}
	return out
}

func with(m map[string]string, k, v string) map[string]string {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]string{}
	}
	out[k] = v
	return out
}
