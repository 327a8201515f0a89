package sim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// weather is which faults are on at an instant.
type weather struct {
	mu      sync.Mutex
	luck    *rand.Rand
	actions []Action
}

// fault is the fault that hits a call at this moment, nil for none.
func (w *weather) fault(kind Kind, name string, at time.Duration) *Action {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.actions {
		a := &w.actions[i]
		if a.Kind == kind && (name == "" || a.Name == name) && at >= a.At && at < a.At+a.For && w.luck.Float64() < a.Share {
			return a
		}
	}
	return nil
}

func (w *weather) between(a, b time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return a + time.Duration(w.luck.Int64N(int64(b-a)+1))
}

// providers is the outside world of an installation: whatever leaves arrives here.
type providers struct {
	r *run
	n *node
}

// connectors are the names of the connectors by the hosts of their addresses.
var connectors = map[string]string{"phone.test": "phones", "pager.test": "pagers"}

// RoundTrip implements [http.RoundTripper].
func (p *providers) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.n.dead.Load() {
		return nil, errors.New("the process is dead")
	}
	now := time.Now()
	c := &call{at: now, host: req.URL.Host, address: strings.TrimPrefix(req.URL.Path, "/"), key: req.Header.Get("webhook-id")}
	if err := c.read(req); err != nil {
		return nil, err
	}
	a := p.r.weather.fault(Provider, connectors[c.host], now.Sub(epoch))
	wait := time.Duration(0)
	if p.r.weather.between(0, 9) == 0 {
		wait = p.r.weather.between(time.Millisecond, 3*time.Second)
	}
	if a != nil {
		c.fault, c.after = a.How, a.After
		if a.How == faultHang {
			wait = time.Hour
		}
	}
	p.r.rec.mu.Lock()
	p.r.rec.calls = append(p.r.rec.calls, c)
	p.r.rec.mu.Unlock()
	if t := httptrace.ContextClientTrace(req.Context()); c.fault != faultReset && t != nil && t.WroteHeaders != nil {
		t.WroteHeaders()
	}
	err := p.n.sleep(req.Context(), wait)
	p.r.rec.mu.Lock()
	c.done, c.cut = time.Now(), p.n.ctx.Err() != nil || p.n.dead.Load()
	p.r.rec.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case c.fault == faultLost:
		return nil, io.ErrUnexpectedEOF
	case c.fault == faultReset:
		return nil, errors.New("connection refused")
	}
	resp := &http.Response{
		StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	switch c.fault {
	case fault500:
		resp.StatusCode = http.StatusInternalServerError
	case fault410:
		resp.StatusCode = http.StatusGone
	case fault429:
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", strconv.Itoa(int(c.after/time.Second)))
	}
	resp.Status = http.StatusText(resp.StatusCode)
	return resp, nil
}

// read takes what the message says. Messages of kinds that are not known yet count as notices.
func (c *call) read(req *http.Request) error {
	var body struct {
		Type string `json:"type"`
		Data struct {
			Title   string `json:"title"`
			PageID  string `json:"page_id"`
			AlertID string `json:"alert_id"`
			PageURL string `json:"page_url"`
			Step    int    `json:"step"`
			Round   int    `json:"round"`
		} `json:"data"`
	}
	if req.Body != nil {
		defer req.Body.Close()
		if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
			return err
		}
	}
	d := body.Data
	c.title, c.page, c.alert, c.link, c.step, c.round, c.notice = d.Title, d.PageID, d.AlertID, d.PageURL, d.Step, d.Round, body.Type != "page"
	return nil
}

// database stands in front of the store of one process.
type database struct {
	store.DB
	r *run
	n *node
}

func away(text string) error { return muster.Errorf(muster.ErrUnavailable, "%s", text) }

// Write implements [store.DB], with the weather of the moment. A process that is dead writes nothing.
func (d *database) Write(ctx context.Context, lane store.Lane, name string, fn func(store.Tx) error) error {
	if d.n.dead.Load() {
		return away("the process is dead")
	}
	var a *Action
	if d.n.up.Load() {
		a = d.r.weather.fault(Store, "", time.Since(epoch))
	}
	if a == nil {
		return d.DB.Write(ctx, lane, name, fn)
	}
	pause := d.r.weather.between(time.Millisecond, 2*time.Second)
	switch a.How {
	case storeRefuses:
		return away("nothing was changed: the simulator refuses it")
	case storeQueues:
		if err := d.n.sleep(ctx, pause); err != nil {
			return away("nothing was changed")
		}
		return d.DB.Write(ctx, lane, name, fn)
	case storeMutes:
		if err := d.DB.Write(ctx, lane, name, func(tx store.Tx) error { return fn(muted{tx}) }); err != nil {
			return err
		}
		return away("nobody knows whether this was saved")
	case storeLoses:
		if err := d.DB.Write(ctx, lane, name, fn); err != nil {
			return err
		}
		return away("nobody knows whether this was saved")
	}
	err := d.DB.Write(ctx, lane, name, fn)
	if d.n.sleep(ctx, pause) != nil {
		return away("nobody knows whether this was saved")
	}
	return err
}

// Read implements [store.DB].
func (d *database) Read(ctx context.Context, fn func(store.Reader) error) error {
	if d.n.dead.Load() {
		return away("the process is dead")
	}
	return d.DB.Read(ctx, fn)
}

// muted is a transaction whose events are lost.
type muted struct{ store.Tx }

// Emit implements [store.Tx].
func (muted) Emit(store.Event) {}
