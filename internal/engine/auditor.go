package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/store"
)

const (
	auditEvery   = 15 * time.Second
	auditDoubt   = 30 * time.Second // so late is not well any more: the heartbeat stops
	auditLate    = time.Minute      // so late is found: admins are told
	auditRead    = 10 * time.Second // for one look
	auditSend    = 20 * time.Second // for one direct message
	auditRepeat  = 15 * time.Minute // of direct messages, while the writer stalls
	auditBack    = 2 * time.Hour    // how old pages are that each look asks about; the first one asks about all
	auditExample = 5
)

// Reachable is a way to an admin that works without the store: the auditor keeps it in memory.
type Reachable struct {
	Person    string
	Connector connector.Connector
	Address   string
}

// Finding is something that should not be.
type Finding struct {
	Kind  string // "no wake-up", "writer stalls": each kind is told once while it lasts
	Text  string
	Since muster.Instant
}

// Heartbeat is where the auditor tells somebody outside that all is well.
type Heartbeat struct {
	URL   string
	Every time.Duration
}

// AuditorDeps is what the application hands in.
type AuditorDeps struct {
	Reader store.ReadDB // with connections of its own
	// Probe writes something that commits. It may hang.
	Probe func(ctx context.Context) error
	// Tell tells admins through the outbox. It may hang.
	Tell func(ctx context.Context, f Finding) error
	// Reach gives the ways to the admins.
	Reach func(ctx context.Context, r store.Reader) ([]Reachable, error)
	// Beat gives where heartbeats go; an empty URL: nowhere.
	Beat func(r store.Reader) (Heartbeat, error)
	// HTTP sends heartbeats.
	HTTP  *http.Client
	Log   *slog.Logger
	Every time.Duration // between two looks; 0: 15 s
}

// Auditor looks whether anybody was forgotten. It is code of its own, reads by connections of its own and shares no lock
// with the loops: what holds them up does not hold it up. When the writer stalls it sends directly, past the outbox, to
// addresses that it keeps in memory; nobody else does that.
type Auditor struct {
	AuditorDeps
	cancel context.CancelFunc
	wg     sync.WaitGroup

	// The loop's own.
	probing time.Time // when the probe was begun that has not come back; zero: none
	probed  chan error
	whole   bool // every page was asked about once
	reach   []Reachable
	beat    Heartbeat
	head    string // of the ledger
	told    map[string]time.Time
	direct  time.Time // when admins were reached directly last
	next    time.Time // heartbeat

	mu       sync.Mutex // of what Status gives
	status   AuditorStatus
	lastBeat chan beatResult
}

// AuditorStatus is what the auditor knows.
type AuditorStatus struct {
	LookedAt  muster.Instant
	Took      time.Duration // of the last look
	Findings  []Finding
	BeatURL   string
	BeatAt    muster.Instant // of the last heartbeat that was taken
	BeatError string         // why the last one was not
}

type beatResult struct {
	at  time.Time
	err error
}

// NewAuditor returns an auditor that is not running.
func NewAuditor(d AuditorDeps) *Auditor {
	if d.Every == 0 {
		d.Every = auditEvery
	}
	return &Auditor{AuditorDeps: d, probed: make(chan error, 1), lastBeat: make(chan beatResult, 1), told: map[string]time.Time{}}
}

// Start begins to look.
func (a *Auditor) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.wg.Go(func() { a.loop(ctx) })
}

// Stop ends looking. It does not wait for a probe that hangs.
func (a *Auditor) Stop() {
	if a.cancel != nil {
		a.cancel()
		a.wg.Wait()
	}
}

// Status is what was found at the last look.
func (a *Auditor) Status() AuditorStatus {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

func (a *Auditor) loop(ctx context.Context) {
	tick := time.NewTicker(a.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-a.lastBeat:
			a.keepBeat(b)
		case err := <-a.probed:
			a.probeCame(err)
		case <-tick.C:
			a.look(ctx)
		}
	}
}

// look is one round: probe, read, tell, and beat if all is well.
func (a *Auditor) look(ctx context.Context) {
	began := time.Now()
	select { // what came back at the same moment counts
	case err := <-a.probed:
		a.probeCame(err)
	default:
	}
	findings, well := a.writer(began)
	a.probe(ctx)
	rctx, cancel := context.WithTimeout(ctx, auditRead)
	err := a.Reader.Read(rctx, func(r store.Reader) error {
		more, fine, err := a.read(rctx, r)
		findings, well = append(findings, more...), well && fine
		return err
	})
	cancel()
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		a.Log.Error("the auditor cannot read", "error", err)
		findings, well = append(findings, Finding{Kind: "no reading", Text: "The database cannot be read: nobody knows who is waiting."}), false
	}
	a.publish(ctx, findings, began)
	if well && a.beat.URL != "" && !began.Before(a.next) {
		a.next = began.Add(a.beat.Every - time.Second)
		a.ping(ctx)
	}
}

// writer judges the probe of the last round.
func (a *Auditor) writer(now time.Time) (out []Finding, well bool) {
	if a.probing.IsZero() {
		return nil, true
	}
	if wait := now.Sub(a.probing); wait >= auditLate {
		return []Finding{{Kind: "writer stalls", Text: fmt.Sprintf("Nothing has been written for %s: nobody is paged.", muster.Duration(wait.Round(time.Second)))}}, false
	}
	return nil, now.Sub(a.probing) < min(auditDoubt, 2*a.Every)
}

// probe begins to write, unless the last probe has not come back yet.
func (a *Auditor) probe(ctx context.Context) {
	if !a.probing.IsZero() {
		return
	}
	a.probing = time.Now()
	go func() { a.probed <- a.Probe(ctx) }() // not waited for: it may hang for ever
}

// probeCame takes the end of a probe. One that failed counts as not come back: the stall goes on.
func (a *Auditor) probeCame(err error) {
	if err == nil {
		a.probing, a.direct = time.Time{}, time.Time{}
		return
	}
	a.Log.Warn("the auditor's probe was not written", "error", err)
	began := a.probing
	a.probe2(began)
}

// probe2 tries again after a probe that failed, and keeps when the trouble began.
func (a *Auditor) probe2(began time.Time) {
	time.AfterFunc(time.Second, func() {
		ctx, cancel := context.WithTimeout(context.Background(), auditRead)
		defer cancel()
		a.probed <- a.Probe(ctx)
	})
	a.probing = began
}

// read asks what should not be there.
func (a *Auditor) read(ctx context.Context, r store.Reader) (out []Finding, well bool, err error) {
	now := r.Now()
	timers, deliveries, err := r.Overdue(now.Plus(-auditLate))
	if err != nil {
		return nil, false, err
	}
	soonT, soonD, err := r.Overdue(now.Plus(-auditDoubt))
	if err != nil {
		return nil, false, err
	}
	well = soonT == 0 && soonD == 0
	if timers > 0 {
		out = append(out, Finding{Kind: "timers late", Text: fmt.Sprintf("%d timers are late by more than a minute: escalations do not go on.", timers)})
	}
	if deliveries > 0 {
		out = append(out, Finding{Kind: "deliveries late", Text: fmt.Sprintf("%d messages have waited for more than a minute: nobody sends them.", deliveries)})
	}
	alerts, err := r.Unwoken(auditExample)
	if err != nil {
		return nil, false, err
	}
	if len(alerts) > 0 {
		out = append(out, Finding{Kind: "no wake-up", Text: fmt.Sprintf("Nothing will happen to the open alert %s any more: no timer is set. Acknowledge or escalate it by hand.", alerts[0])})
	}
	since := muster.PageID("")
	if a.whole {
		since = muster.PageID(fmt.Sprintf("pag_%012x", max(now.Plus(-auditBack).UnixMilli(), 0)))
	}
	pages, err := r.LostPages(since, auditExample)
	if err != nil {
		return nil, false, err
	}
	a.whole = true
	if len(pages) > 0 {
		out = append(out, Finding{Kind: "page lost", Text: fmt.Sprintf("The page %s waits, and nothing will send it.", pages[0])})
	}
	if a.beat, err = a.Beat(r); err != nil {
		return nil, false, err
	}
	head, err := r.LedgerHead()
	if err != nil {
		return nil, false, err
	}
	a.head = fmt.Sprintf("%d:%s", head.Position, head.Hash)
	if reach, err := a.Reach(ctx, r); err != nil {
		a.Log.Error("the auditor does not know whom to reach", "error", err)
	} else {
		a.reach = reach
	}
	return out, well && len(out) == 0, nil
}

// publish keeps what was found, and tells what is new.
func (a *Auditor) publish(ctx context.Context, findings []Finding, began time.Time) {
	lasting := map[string]bool{}
	for i := range findings {
		f := &findings[i]
		lasting[f.Kind] = true
		first, known := a.told[f.Kind]
		if !known {
			first = began
			a.Log.Error("the auditor found something", "kind", f.Kind, "finding", f.Text)
		}
		f.Since = muster.At(first)
		switch {
		case f.Kind == "writer stalls":
			a.told[f.Kind] = first
			if a.direct.IsZero() || began.Sub(a.direct) >= auditRepeat {
				a.direct = began
				a.reachDirectly(ctx, *f)
			}
		case !known:
			a.told[f.Kind] = first
			go a.tell(ctx, *f)
		}
	}
	for kind := range a.told {
		if !lasting[kind] {
			a.Log.Info("what the auditor found is over", "kind", kind)
			delete(a.told, kind)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status.LookedAt, a.status.Took, a.status.Findings, a.status.BeatURL = muster.At(began), time.Since(began), findings, a.beat.URL
}

// tell tells admins through the outbox, and goes on trying for a while.
func (a *Auditor) tell(ctx context.Context, f Finding) {
	for range 5 {
		tctx, cancel := context.WithTimeout(ctx, auditRead)
		err := a.Tell(tctx, f)
		cancel()
		if err == nil || ctx.Err() != nil {
			return
		}
		a.Log.Error("admins cannot be told what the auditor found", "kind", f.Kind, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(a.Every):
		}
	}
}

// reachDirectly is the one exception to the outbox: the writer stalls, so nothing gets into it.
func (a *Auditor) reachDirectly(ctx context.Context, f Finding) {
	if len(a.reach) == 0 {
		a.Log.Error("the writer stalls, and the auditor knows no way to any admin")
	}
	for _, to := range a.reach {
		go func() {
			sctx, cancel := context.WithTimeout(ctx, auditSend)
			defer cancel()
			defer func() {
				if p := recover(); p != nil {
					a.Log.Error("a connector panicked", "panic", fmt.Sprint(p))
				}
			}()
			key := fmt.Sprintf("auditor-%x", f.Since.UnixMilli())
			_, err := to.Connector.Deliver(sctx, connector.Delivery{
				Key: key, Kind: muster.DeliverPage, At: f.Since, Address: to.Address,
				Page: &connector.PageMessage{
					Title: "Muster itself: " + f.Text, Severity: muster.SeverityCritical, Urgency: muster.UrgencyHigh, Impact: "Nobody is paged about anything until this is mended.",
					Action: "Look at the server and its database.", Person: to.Person, Why: "You are an admin, and Muster cannot reach anybody in the usual way.", Round: 1, Step: 1, PageID: muster.PageID(key),
				},
			})
			if err != nil {
				a.Log.Error("an admin could not be reached directly", "person", to.Person, "error", err)
			}
		}()
	}
}
