package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/intake"
)

// formatAlertmanager is Alertmanager's own API, which answers 200 and nothing.
const formatAlertmanager = "api/v2/alerts"

// keyLife is how long a known intake key is believed without asking the store again.
const keyLife = time.Second

// intakeLimit is how long a sender waits for an answer: a store that hangs is a 503, well before senders give up. What was
// handed over may still be stored, and is the same when it is sent again.
const intakeLimit = 4500 * time.Millisecond

// maxKeys bounds the keys that are remembered; only keys that exist are.
const maxKeys = 10_000

// intakeDoor takes signals from monitors. Everything that comes with a valid key is kept, readable or not; the answer is
// given after the commit. It is the busiest door, so it decodes no key twice a second and reuses its buffers.
type intakeDoor struct {
	*API
	rate    int
	pool    *bodyPool
	replies sync.Pool // *[]byte
	formats map[string]intake.Parser
	json    []string // header values that all answers share
	none    []string

	mu    sync.RWMutex
	keys  map[[sha256.Size]byte]*knownKey
	count int // of forgets: a look-up that one overtook is not kept
}

// knownKey is a key that existed at the time until which it is believed. Its allowance outlives that.
type knownKey struct {
	source muster.SourceName
	until  time.Time
	allow  *rate.Limiter
}

func newIntakeDoor(a *API) *intakeDoor {
	d := &intakeDoor{
		API: a, rate: a.IntakeRate, pool: newBodyPool(maxBody), formats: a.Parsers, json: []string{"application/json"}, none: []string{"0"},
		keys: map[[sha256.Size]byte]*knownKey{},
	}
	if d.rate <= 0 {
		d.rate = 20_000
	}
	d.replies.New = func() any { b := make([]byte, 0, 512); return &b }
	return d
}

func (d *intakeDoor) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	clear(d.keys)
}

// key finds the source of a key. Keys are compared as hashes, so that the time it takes tells nothing about them.
func (d *intakeDoor) key(ctx context.Context, token string) (*knownKey, error) {
	hash := sha256.Sum256([]byte(token))
	now := time.Now()
	d.mu.RLock()
	k, count := d.keys[hash], d.count
	d.mu.RUnlock()
	if k != nil && now.Before(k.until) {
		return k, nil
	}
	src, err := d.Keys.SourceByToken(ctx, token)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		delete(d.keys, hash)
		return nil, err
	}
	next := &knownKey{source: src, until: now.Add(keyLife)}
	if k != nil {
		next.allow = k.allow
	} else {
		next.allow = rate.NewLimiter(rate.Limit(d.rate), d.rate)
	}
	if d.count != count { // a key was revoked while this one was looked up: it counts for this request alone
		return next, nil
	}
	if len(d.keys) >= maxKeys {
		clear(d.keys)
	}
	d.keys[hash] = next
	return next, nil
}

// ServeHTTP takes one request of a monitor.
func (d *intakeDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	status, err := d.take(w, r, begin)
	if err != nil {
		status = muster.CodeOf(err).HTTPStatus()
		if status == http.StatusRequestEntityTooLarge {
			w.Header().Set("Connection", "close") // the rest of the body is not read
		}
		if status >= http.StatusInternalServerError {
			d.Log.ErrorContext(r.Context(), "signals could not be stored", "format", r.PathValue("format"), "error", err, "cause", errors.Unwrap(err))
		}
		httpx.WriteError(w, r, err)
	}
	d.Metrics.intake(status, time.Since(begin))
}

func (d *intakeDoor) take(w http.ResponseWriter, r *http.Request, begin time.Time) (int, error) {
	ctx, cancel := context.WithTimeout(r.Context(), intakeLimit)
	defer cancel()
	k, err := d.key(ctx, r.PathValue("key"))
	if err != nil {
		if muster.CodeOf(err) == muster.ErrUnauthenticated {
			d.refused(r, "unknown intake key", "intake refused", r.PathValue("format"))
		}
		return 0, err
	}
	if !k.allow.AllowN(begin, 1) {
		e := muster.Errorf(muster.ErrRateLimited, "This key sends more than %d requests per second. Send again in a second, or ask for a higher limit.", d.rate)
		e.RetryAfter = time.Second
		return 0, e
	}
	format := r.PathValue("format")
	parse, ok := d.formats[format]
	if !ok {
		return 0, d.unknownFormat(format)
	}
	buf := d.pool.get()
	if err := d.pool.read(buf, r); err != nil {
		d.pool.put(buf)
		return 0, err
	}
	src := d.Catalog().Sources[k.source]
	if src == nil {
		src = &muster.Source{Name: k.source, Title: string(k.source)}
	}
	signals, wrong := parse(src, buf.Bytes(), muster.At(begin))
	in := command.ReceiveSignals{Source: k.source, Format: format, Raw: buf.Bytes(), Signals: signals}
	if wrong != nil {
		in.Reason = muster.Clip(wrong.Error(), 1000)
	} else if len(signals) == 0 {
		d.pool.put(buf)
		return d.reply(w, format, nil), nil
	}
	results, err := d.Intake.ReceiveSignals(ctx, in)
	if err != nil {
		return 0, err // the buffer may still be waiting to be stored: it is left to the garbage collector
	}
	d.pool.put(buf)
	d.Metrics.signals(results)
	if wrong != nil && (len(signals) == 0 || format == formatAlertmanager) {
		return 0, partly(wrong, len(signals))
	}
	return d.reply(w, format, results), nil
}

// partly says that what could be read was taken.
func partly(wrong error, taken int) error {
	var e *muster.Error
	if taken == 0 || !errors.As(wrong, &e) {
		return wrong
	}
	out := *e
	out.Message = strconv.Itoa(taken) + " taken, the rest not: " + e.Message
	if out.Code == muster.ErrInvalid {
		out.Code = muster.ErrUnreadable // what Alertmanager answers
	}
	return &out
}

func (d *intakeDoor) unknownFormat(format string) error {
	known := sortedKeys(d.formats)
	msg := "There is no format called " + strconv.Quote(muster.Clip(format, 40)) + ": there are " + join(known)
	if near := muster.Nearest(format, known); near != "" {
		msg += " (did you mean " + near + "?)"
	}
	return muster.Errorf(muster.ErrNotFound, "%s.", msg)
}

// reply writes the answer by hand: for a few words, a reflecting encoder costs more than everything else here.
func (d *intakeDoor) reply(w http.ResponseWriter, format string, results []command.SignalResult) int {
	h := w.Header()
	if format == formatAlertmanager {
		h["Content-Length"] = d.none
		w.WriteHeader(http.StatusOK)
		return http.StatusOK
	}
	p, ok := d.replies.Get().(*[]byte)
	if !ok {
		p = new([]byte)
	}
	b := append((*p)[:0], `{"signals":[`...)
	for i, res := range results {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"alert":`...)
		if res.Alert == "" {
			b = append(b, "null"...)
		} else {
			b = append(b, '"')
			b = append(b, res.Alert...) // made by Muster: letters, digits and _
			b = append(b, '"')
		}
		b = append(b, `,"outcome":"`...)
		b = append(b, res.Outcome...)
		b = append(b, '"')
		if res.Detail != "" {
			b = append(b, `,"detail":`...)
			if text, err := json.Marshal(res.Detail); err == nil {
				b = append(b, text...)
			} else {
				b = append(b, `""`...)
			}
		}
		b = append(b, '}')
	}
	b = append(b, "]}"...)
	h["Content-Type"] = d.json
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(b) // the sender has gone: it will send again, and nothing is counted as a new alert
	*p = b
	d.replies.Put(p)
	return http.StatusAccepted
}

// bodyPool reads bodies into buffers that are used again.
type bodyPool struct {
	limit int64
	bufs  sync.Pool
}

func newBodyPool(limit int64) *bodyPool {
	p := &bodyPool{limit: limit}
	p.bufs.New = func() any { return bytes.NewBuffer(make([]byte, 0, 4096)) }
	return p
}

func (p *bodyPool) get() *bytes.Buffer {
	b, ok := p.bufs.Get().(*bytes.Buffer)
	if !ok {
		return new(bytes.Buffer)
	}
	b.Reset()
	return b
}

// put gives a buffer back, unless it has grown so much that keeping it would cost more than making one.
func (p *bodyPool) put(b *bytes.Buffer) {
	if b.Cap() <= 128<<10 {
		p.bufs.Put(b)
	}
}
