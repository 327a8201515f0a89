package connectortest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/connector"
)

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
