package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
)

// Deps is what the application hands in.
type Deps struct {
	Store store.DB
	IDs   *muster.IDs
	Live  *catalog.Live
	Box   *seal.Box
	Pass  *seal.Passphrases
	Node  string        // name of this process among those that share the store
	Lease time.Duration // how long a started delivery is this node's; 0: 20 s, for a call (15 s) and to write what came of it
	Log   *slog.Logger
	// CheckConnector checks the settings of a connector document, with the kinds that are built in.
	CheckConnector catalog.KindCheck
	// AddressCheck checks and tidies a contact address for a kind of connector, and gives a hint that may be shown.
	AddressCheck func(kind, address string) (tidy, hint string, err error)
	// Abilities says what a kind of connector can be used for besides telling people; nil: nothing.
	Abilities func(kind string) Abilities
	// Parse reads what sources send; nil: nothing can be replayed.
	Parse muster.SignalParser
}

// Commands runs operations. Make it with New; it is safe for concurrent use.
type Commands struct {
	Deps
	intake combiner[receiveItem, []SignalResult]
	said   *repeats
	starts combiner[startItem, startResult]
	ends   combiner[DeliveryResult, struct{}]
	reload sync.Mutex
	codes  [32]sync.Mutex // of answers in text, by their sender: tries are counted one after the other
	turn   chan struct{}  // holds one: whose change is being judged and written
	ops    []muster.Op

	sampled samples // of what sources send
}

// New returns the commands over a store. Call [Commands.Load] once before the first operation.
func New(d Deps) *Commands {
	if d.Lease == 0 {
		d.Lease = 20 * time.Second
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	c := &Commands{Deps: d, said: newRepeats(), turn: make(chan struct{}, 1)}
	c.intake.run, c.intake.weight = c.receive, func(it receiveItem) int { return max(1, len(it.Signals)) }
	c.starts.run = c.start
	c.ends.run = c.finish
	c.intake.panicked, c.starts.panicked, c.ends.panicked = c.panicked, c.panicked, c.panicked
	c.ops = append(c.table(), slices.Concat(c.calendarTable(), c.auditorTable(), c.replayTable())...)
	return c
}

func (c *Commands) panicked(p any) {
	c.Log.Error("a set of commands panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// Call is one run of an operation: its transaction, who does it, and the catalog that it decides with.
type Call struct {
	store.Tx
	Actor muster.Actor
	Snap  *plan.Snapshot
	*Commands
	docs *bool // set when documents were written

	ledger *record // what happened to pages

	gate    *gate
	consent consent

	agreed []muster.UserName // who need not be told that their shifts change
}

// errStale says that the catalog moved on: load it and run the command again.
var errStale = errors.New("command: the catalog is newer than the snapshot")

// Load brings the snapshot to the newest revision.
func (c *Commands) Load(ctx context.Context) error {
	c.reload.Lock()
	defer c.reload.Unlock()
	var cat *muster.Catalog
	err := c.Store.Read(ctx, func(r store.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		if cur := c.Live.Current(); cur != nil && cur.Catalog.Revision >= head {
			return nil
		}
		cat, err = readCatalog(r, head)
		return err
	})
	if err != nil || cat == nil {
		return err
	}
	snap, wrong := plan.NewSnapshot(cat, c.Live.Zones())
	for _, f := range wrong {
		c.Log.Error("a document of the catalog cannot be used", "problem", f.String())
	}
	c.Live.Swap(snap)
	return nil
}

// CatalogAt reads the catalog as it was at a revision: the loader of catalog.Live.
func CatalogAt(ctx context.Context, db store.DB, rev muster.Revision) (cat *muster.Catalog, err error) {
	err = db.Read(ctx, func(r store.Reader) error {
		cat, err = readCatalog(r, rev)
		return err
	})
	return cat, err
}

func readCatalog(r store.Reader, rev muster.Revision) (*muster.Catalog, error) {
	rows, err := r.DocsAt(rev)
	if err != nil {
		return nil, err
	}
	docs := make([]muster.Document, 0, len(rows))
	revs := make(map[string]muster.Revision, len(rows))
	for _, row := range rows {
		d, err := decodeDoc(row)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
		revs[muster.DocRef(row.Kind, row.Name)] = row.Revision
	}
	return muster.NewCatalog(rev, docs, revs), nil
}

// write runs fn as one command, with a snapshot that is not older than the transaction.
func (c *Commands) write(ctx context.Context, lane store.Lane, op string, actor muster.Actor, fn func(*Call) error) error {
	g := &gate{}
	done := func() {}
	defer func() { done() }()
	for try, waited := 0, false; ; try++ {
		var last *Call
		err := c.Store.Write(ctx, lane, op, func(tx store.Tx) error {
			snap := c.Live.Current()
			head, err := tx.Head()
			if err != nil {
				return err
			}
			if head > snap.Catalog.Revision {
				return errStale
			}
			g.asked = 0
			last = &Call{Tx: tx, Actor: actor, Snap: snap, Commands: c, docs: new(bool), gate: g, ledger: &record{at: tx.Now()}}
			if err := fn(last); err != nil {
				return err
			}
			return last.writeLedger()
		})
		if err == nil && last != nil && *last.docs {
			// Who changed the catalog sees it from here on. It is changed whether or not it can be read at this moment: the
			// next command tries again.
			if err := c.Load(context.WithoutCancel(ctx)); err != nil {
				c.Log.Error("the catalog that was just written cannot be read", "op", op, "error", err)
			}
			return nil
		}
		if isUnjudged(err) && !waited {
			// Changes that are judged take turns: else each one that is written makes the verdicts of all others stale.
			if done, err = c.waitTurn(ctx); err != nil {
				return err
			}
			waited, try = true, -1
			if err := c.Load(ctx); err != nil {
				return err
			}
			continue
		}
		if ask, ok := errors.AsType[*unjudged](err); ok && len(g.verdicts) < maxJudged {
			v, err := c.judge(ctx, ask)
			if err != nil {
				return err
			}
			g.verdicts = append(g.verdicts, v)
			try-- // nothing went wrong
			continue
		}
		switch {
		case !errors.Is(err, errStale) && !isUnjudged(err):
			return err
		case try >= 5 && (!waited || try >= maxJudged):
			return muster.WrapError(muster.ErrUnavailable, err, "The catalog changes too fast at this moment: nothing was changed. Try again.")
		}
		if err := c.Load(ctx); err != nil {
			return err
		}
	}
}

// turnPatience is how long a change waits until those before it are judged and written, and nodePatience how long for one
// of another node, which may have stopped in the middle of it: then the change goes on without the turn, and is judged again
// when somebody was faster.
const (
	turnPatience = 30 * time.Second
	nodePatience = 10 * time.Second
)

// waitTurn waits until no other change is judged, on this node or on another. Whoever gets the turn calls done after it.
func (c *Commands) waitTurn(ctx context.Context) (done func(), err error) {
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case c.turn <- struct{}{}:
		done := c.nodeTurn(ctx)
		return func() { done(); <-c.turn }, nil
	case <-ctx.Done():
		return func() {}, muster.WrapError(muster.ErrUnavailable, ctx.Err(), "Others change the catalog at this moment, and you did not wait: nothing was changed. Try again.")
	case <-patience.C:
		return func() {}, muster.Errorf(muster.ErrUnavailable, "Many others change the catalog at this moment: nothing was changed. Try again.")
	}
}

// nodeTurn waits for the turn among nodes, which is a courtesy: without it the change is judged all the same.
func (c *Commands) nodeTurn(ctx context.Context) (done func()) {
	turns, ok := c.Store.(store.NodeTurns)
	if !ok {
		return func() {}
	}
	patient, cancel := context.WithTimeout(ctx, nodePatience)
	defer cancel()
	done, err := turns.TakeTurn(patient, "change")
	if err != nil {
		c.Log.Debug("a change is judged without the turn among nodes", "error", err)
		return func() {}
	}
	return done
}

// Do runs an operation that is not in the table: for the engine and for what only a browser does.
func (c *Commands) do(ctx context.Context, op string, actor muster.Actor, fn func(*Call) error) error {
	return c.write(ctx, store.LanePeople, op, actor, fn)
}

// mustOwn refuses an actor who is not an owner of the team.
func (c *Call) mustOwn(team muster.TeamName, what string) error {
	if c.Actor.Owns(team) {
		return nil
	}
	if team == "" {
		return muster.Errorf(muster.ErrForbidden, "Only an admin may change %s, because no team owns it.", what)
	}
	return muster.Errorf(muster.ErrForbidden, "Only an owner of the team %q or an admin may change %s.", team, what)
}

func id[T ~string](c *Call) T { return muster.NewID[T](c.IDs, c.Now().Time) }
