package sqlstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// Hints tell other nodes what a commit made true, so that they look at once instead of at their next safety poll. They
// are gathered for a moment and sent by a connection of their own: NOTIFY inside of each transaction would serialise the
// commits. A hint may be lost, come late or come twice; nothing may depend on it.
const (
	hintChannel = "muster"
	hintEvery   = 20 * time.Millisecond
	hintBytes   = 7500 // of one NOTIFY; PostgreSQL takes fewer than 8,000
	hintMost    = 500  // topics that wait to be sent; beyond, everything is said to have changed
	hintAlive   = 10 * time.Second
	hintAnswer  = 3 * time.Second
)

// hint is an event on the wire.
type hint struct {
	Topic string   `json:"t"`
	Parts []string `json:"p,omitempty"`
	Seq   int64    `json:"s,omitempty"`
	Due   int64    `json:"d,omitempty"`
	Rev   int64    `json:"r,omitempty"`
}

// hints sends and receives.
type hints struct {
	config *pgx.ConnConfig
	node   string // tells our own hints from those of others
	got    func([]store.Event)
	log    *slog.Logger
	ctx    context.Context //nolint:containedctx // the life of the two loops
	cancel context.CancelFunc
	wg     sync.WaitGroup
	kick   chan struct{}

	mu    sync.Mutex
	wait  map[string]*hint
	order []string
	all   bool
}

// startHints begins to send and to listen.
func startHints(config *pgx.ConnConfig, o *Options) *hints {
	own := config.Copy()
	own.RuntimeParams["application_name"] = "muster-hints"
	own.RuntimeParams["synchronous_commit"] = "off" // a hint need not survive anything
	own.ConnectTimeout = 5 * time.Second
	h := &hints{
		config: own, node: muster.NewIDs(rand.Reader).Token(6), got: o.OnHint, log: o.Log,
		kick: make(chan struct{}, 1), wait: map[string]*hint{},
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.wg.Go(func() { h.again(h.send) })
	h.wg.Go(func() { h.again(h.listen) })
	return h
}

func (h *hints) close() {
	h.cancel()
	h.wg.Wait()
}

// add keeps the events of a commit for the next hint. A delivery that is leased to this node concerns nobody else.
func (h *hints) add(events []store.Event) {
	h.mu.Lock()
	for i := range events {
		if e := &events[i]; e.Delivery == nil {
			h.merge(e)
		}
	}
	waits := h.all || len(h.order) > 0
	h.mu.Unlock()
	if waits {
		select {
		case h.kick <- struct{}{}:
		default:
		}
	}
}

// merge joins an event with what waits of its topic: the earliest moment, the newest number, all parts.
func (h *hints) merge(e *store.Event) {
	if h.all {
		return
	}
	w := h.wait[e.Topic]
	if w == nil {
		if len(h.order) >= hintMost {
			h.all, h.order, h.wait = true, nil, map[string]*hint{}
			return
		}
		w = &hint{Topic: e.Topic}
		h.wait[e.Topic] = w
		h.order = append(h.order, e.Topic)
	}
	for _, p := range e.Parts {
		if !slices.Contains(w.Parts, p) {
			w.Parts = append(w.Parts, p)
		}
	}
	w.Seq, w.Rev = max(w.Seq, e.Seq), max(w.Rev, int64(e.Revision))
	if !e.Due.IsZero() && (w.Due == 0 || e.Due.Micros() < w.Due) {
		w.Due = e.Due.Micros()
	}
}

// take gives what waits as texts that fit into a NOTIFY each.
func (h *hints) take() (texts []string) {
	h.mu.Lock()
	wait, order, all := h.wait, h.order, h.all
	h.wait, h.order, h.all = map[string]*hint{}, nil, false
	h.mu.Unlock()
	if all {
		return []string{h.node + " [{\"t\":\"" + store.TopicMissed + "\"}]"}
	}
	var b strings.Builder
	for _, topic := range order {
		text, err := json.Marshal(wait[topic])
		if err != nil || len(text) > hintBytes-len(h.node)-4 {
			continue // a topic that nobody can be told of is found by looking
		}
		if b.Len() > 0 && b.Len()+len(text)+2 > hintBytes {
			texts = append(texts, b.String()+"]")
			b.Reset()
		}
		if b.Len() == 0 {
			b.WriteString(h.node + " [")
		} else {
			b.WriteByte(',')
		}
		b.Write(text)
	}
	if b.Len() > 0 {
		texts = append(texts, b.String()+"]")
	}
	return texts
}

// again runs a loop on a connection of its own until the end, with longer and longer pauses while it cannot.
func (h *hints) again(loop func(*pgx.Conn) error) {
	for pause := 100 * time.Millisecond; h.ctx.Err() == nil; pause = min(2*pause, 5*time.Second) {
		conn, err := pgx.ConnectConfig(h.ctx, h.config)
		if err == nil {
			began := time.Now()
			err = loop(conn)
			closing, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = conn.Close(closing) // it may be broken already
			cancel()
			if time.Since(began) > hintAlive {
				pause = 100 * time.Millisecond
			}
		}
		if h.ctx.Err() != nil {
			return
		}
		h.log.Debug("hints of other nodes are interrupted: they are found by looking", "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-h.ctx.Done():
			timer.Stop()
		}
	}
}

// send sends what waits, at most once in hintEvery. What it could not send is lost.
func (h *hints) send(conn *pgx.Conn) error {
	for {
		select {
		case <-h.ctx.Done():
			return nil
		case <-h.kick:
		}
		for _, text := range h.take() {
			ctx, cancel := context.WithTimeout(h.ctx, hintAnswer)
			_, err := conn.Exec(ctx, "SELECT pg_notify($1, $2)", hintChannel, text)
			cancel()
			if err != nil {
				return err
			}
		}
		timer := time.NewTimer(hintEvery)
		select {
		case <-timer.C:
		case <-h.ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// listen hands on what others send. It begins with store.TopicMissed, because before it nobody listened, and asks
// once in a while whether the connection is still one.
func (h *hints) listen(conn *pgx.Conn) error {
	ask := func(text string) error {
		ctx, cancel := context.WithTimeout(h.ctx, hintAnswer)
		defer cancel()
		_, err := conn.Exec(ctx, text)
		return err
	}
	if err := ask("LISTEN " + hintChannel); err != nil {
		return err
	}
	h.got([]store.Event{{Topic: store.TopicMissed}})
	for {
		ctx, cancel := context.WithTimeout(h.ctx, hintAlive)
		n, err := conn.WaitForNotification(ctx)
		idle := ctx.Err() != nil && h.ctx.Err() == nil && !conn.IsClosed()
		cancel()
		switch {
		case err == nil:
			if events := h.read(n.Payload); len(events) > 0 {
				h.got(events)
			}
		case !idle:
			return err
		default:
			if err := ask("SELECT 1"); err != nil {
				return err
			}
		}
	}
}

// read gives the events of another node's hint, nothing for our own and for what cannot be read.
func (h *hints) read(payload string) []store.Event {
	node, text, ok := strings.Cut(payload, " ")
	var list []hint
	if !ok || node == h.node || json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	events := make([]store.Event, len(list))
	for i, w := range list {
		events[i] = store.Event{Topic: w.Topic, Parts: w.Parts, Seq: w.Seq, Revision: muster.Revision(w.Rev)}
		if w.Due != 0 {
			events[i].Due = muster.FromMicros(w.Due)
		}
	}
	return events
}
