// Package engine runs the loops: timers that are due, deliveries that want out, the catalog of other nodes, the janitor. It decides nothing: what a
// timer does and whether a page is still wanted is a command; how a message leaves is a connector. Loops sleep until the
// earliest row is due, wake when a commit says so, and look once in a while on their own, because a wake-up may be lost
// and a row may not.
//
// It may import command, query, store, event, connector and workflow.
package engine

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/store"
)

// safetyPoll is how often the loops look without having been woken.
const safetyPoll = 15 * time.Second

// Deps is what the application hands in.
type Deps struct {
	Commands *command.Commands
	Store    store.DB
	Log      *slog.Logger
	// Connector returns the connector of a document, made anew when the document or a secret changed.
	Connector func(ctx context.Context, name muster.ConnectorName) (connector.Connector, error)
	// PageLinks returns the address of the page's own screen, with its token in it.
	PageLinks func(p muster.PageID) string
	// TestLinks returns the address at which the test of a contact method is answered; nil: nowhere.
	TestLinks func(test muster.NoticeID) string
	// AnswerLinks returns the address at which a connector's provider answers about a page; nil, or "": it cannot.
	AnswerLinks func(c muster.ConnectorName, p muster.PageID) string
	// TestAnswerLinks returns the address at which a provider tells what was answered to the test of a contact method; nil,
	// or "": it cannot.
	TestAnswerLinks func(c muster.ConnectorName, test muster.NoticeID) string
	// PublicURL is the address under which people reach Muster, without a slash at its end; nil: notices bear paths.
	PublicURL func() string
	// PublishStatus renders a status page and pushes it out.
	PublishStatus func(ctx context.Context, page muster.StatusPageName) error
	// Timeout bounds one call of a connector; 0: 15 s.
	Timeout time.Duration
	// Failpoint is called at named places, so that a test can kill the process there; nil: nothing.
	Failpoint func(name string)
}

// Engine runs the loops. Start it once; Stop may be called twice and waits for what is under way.
type Engine struct {
	Deps
	ctx     context.Context //nolint:containedctx // the life of the loops, from New to Stop
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	timers  waker
	claims  waker
	ledger  chan struct{} // there is something to seal
	catalog chan struct{} // has a value when another node changed the catalog
	began   atomic.Bool   // Start has been called, and Stop not yet
	workers pools

	circuits circuits
	unproved atomic.Int64 // pages that were accepted and not proved when the next step came
	tables   sync.Map     // ConnectorName to *sync.Mutex: whose turn it is to write a table
}

// waker wakes a loop no later than an instant.
type waker struct {
	mu   sync.Mutex
	due  time.Time // earliest that was announced and not yet looked at; zero: none
	kick chan struct{}
}

func (w *waker) announce(due time.Time) {
	w.mu.Lock()
	sooner := w.due.IsZero() || due.Before(w.due)
	if sooner {
		w.due = due
	}
	w.mu.Unlock()
	if sooner {
		select {
		case w.kick <- struct{}{}:
		default:
		}
	}
}

// take forgets what was announced, because the loop is about to look.
func (w *waker) take() {
	w.mu.Lock()
	w.due = time.Time{}
	w.mu.Unlock()
}

// New returns an engine that is not running.
func New(d Deps) *Engine {
	if d.Timeout == 0 {
		d.Timeout = 15 * time.Second
	}
	if d.Failpoint == nil {
		d.Failpoint = func(string) {}
	}
	if d.TestLinks == nil {
		d.TestLinks = func(muster.NoticeID) string { return "" }
	}
	if d.AnswerLinks == nil {
		d.AnswerLinks = func(muster.ConnectorName, muster.PageID) string { return "" }
	}
	if d.TestAnswerLinks == nil {
		d.TestAnswerLinks = func(muster.ConnectorName, muster.NoticeID) string { return "" }
	}
	if d.PublicURL == nil {
		d.PublicURL = func() string { return "" }
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := &Engine{Deps: d, ctx: ctx, cancel: cancel}
	e.timers.kick, e.claims.kick = make(chan struct{}, 1), make(chan struct{}, 1)
	e.catalog = make(chan struct{}, 1)
	e.ledger = make(chan struct{}, 1)
	e.workers.deliver = e.deliver
	e.workers.wg = &e.wg
	return e
}

// Start takes over what this node had begun before and runs the loops.
func (e *Engine) Start(ctx context.Context) error {
	e.began.Store(true)
	err := e.Store.Write(ctx, store.LanePeople, "ReleaseLeases", func(tx store.Tx) error {
		return tx.ReleaseLeases(e.Commands.Node, tx.Now())
	})
	if err != nil {
		return err
	}
	if err := e.Commands.AfterRestore(ctx); err != nil { // the mark stays: the next start tries again
		e.Log.Error("open alerts could not all be paged again after the restore", "error", err)
	}
	if err := e.Commands.ArmCalendars(ctx); err != nil {
		return err
	}
	if err := e.Commands.ArmRosters(ctx); err != nil {
		return err
	}
	if err := e.Commands.ArmHeartbeats(ctx); err != nil {
		return err
	}
	for _, loop := range []func(){e.timerLoop, e.claimLoop, e.janitorLoop, e.catalogLoop, e.sealLoop} {
		e.wg.Go(loop)
	}
	return nil
}

// Stop ends the loops and waits for calls that are under way, which end with their own time-out at the latest.
func (e *Engine) Stop() {
	e.cancel()
	e.workers.stop()
	e.wg.Wait()
	e.release()
}

// release gives back what this node had taken and not begun, so that another one need not wait for the end of the leases.
func (e *Engine) release() {
	if !e.began.Swap(false) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	err := e.Store.Write(ctx, store.LanePeople, "ReleaseLeases", func(tx store.Tx) error {
		tx.Emit(store.Event{Topic: "deliveries", Due: tx.Now()})
		return tx.ReleaseLeases(e.Commands.Node, tx.Now())
	})
	if err != nil {
		e.Log.Warn("what was not begun is left to the end of its leases", "error", err)
	}
}

// Committed is told of every commit: the store's hook. It never waits.
func (e *Engine) Committed(events []store.Event) {
	for _, ev := range events {
		switch ev.Topic {
		case command.TopicUnproved:
			e.unproved.Add(ev.Seq)
		case "timers":
			e.timers.announce(ev.Due.Time)
		case "deliveries":
			if ev.Delivery != nil {
				ready, _ := ev.Ready.(*command.Started)
				e.workers.add(work{ev.Delivery, ready})
			} else {
				e.claims.announce(ev.Due.Time)
			}
		case "ledger":
			select {
			case e.ledger <- struct{}{}:
			default:
			}
		}
	}
}

// Hinted is told of the commits of other nodes, if it is told of them: each loop looks at its next safety poll anyway.
// After store.TopicMissed every loop looks at once. It never waits.
func (e *Engine) Hinted(events []store.Event) {
	for _, ev := range events {
		switch ev.Topic {
		case "timers":
			e.timers.announce(ev.Due.Time)
		case "deliveries":
			e.claims.announce(ev.Due.Time)
		case "catalog", store.TopicMissed:
			select {
			case e.catalog <- struct{}{}:
			default:
			}
			if ev.Topic == store.TopicMissed {
				e.timers.announce(time.Now())
				e.claims.announce(time.Now())
			}
		}
	}
}

// sleep waits until due (zero: nothing is due), at most safetyPoll, or until the waker announces something sooner. It
// returns false when the engine stops.
func (e *Engine) sleep(w *waker, due muster.Instant) bool {
	until := time.Now().Add(safetyPoll)
	if !due.IsZero() && due.Before(until) {
		until = due.Time
	}
	timer := time.NewTimer(max(time.Until(until), 0))
	defer timer.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-w.kick:
			w.mu.Lock()
			d := w.due
			w.mu.Unlock()
			if !d.IsZero() && d.Before(until) {
				until = d
				timer.Reset(max(time.Until(until), 0))
			}
		}
	}
}

// catalogLoop keeps up with a catalog that other nodes change: whatever writes looks by itself, but who may sign in and who
// is on call are also read where nothing is written.
func (e *Engine) catalogLoop() {
	tick := time.NewTicker(safetyPoll)
	defer tick.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-tick.C:
		case <-e.catalog:
		}
		if err := e.Commands.Load(e.ctx); err != nil && e.ctx.Err() == nil {
			e.Log.Error("the catalog cannot be read", "error", err)
		}
	}
}
