package sqlstore

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

const (
	maxBatch  = 256                   // commands in one commit
	maxGroup  = 50 * time.Millisecond // of commands; then what is done is committed, so that the first need not wait for the last
	tooSlow   = 20 * time.Millisecond // for one command, which holds up everybody
	laneDepth = 1024                  // commands that wait in a lane before their callers do
)

// The states of a command. Only one of the two who wait for it (writer and caller) moves it out of queued.
const (
	queued int32 = iota
	begun
	givenUp
)

// command is one call of Write on its way through the writer.
type command struct {
	op    string
	fn    func(store.Tx) error
	gone  func() error // the caller's context: not nil when nobody waits any more
	state atomic.Int32
	done  chan error

	alone  bool // run again without neighbours
	err    error
	events []store.Event
}

// writer is the one goroutine that writes to SQLite.
type writer struct {
	o       *Options
	d       *dialect
	conn    *liteConn
	lanes   [2]chan *command
	quit    chan struct{} // closed by close: no more commands
	stopped chan struct{} // closed by the goroutine at its end

	open  bool       // a transaction is
	batch []*command // that run in it, in order
	again []*command // to run singly, before anything else
}

func startWriter(conn *liteConn, d *dialect, o *Options) *writer {
	w := &writer{
		o: o, d: d, conn: conn, quit: make(chan struct{}), stopped: make(chan struct{}),
		lanes: [2]chan *command{make(chan *command, laneDepth), make(chan *command, laneDepth)},
	}
	go w.loop()
	return w
}

// write queues a command and waits for its commit.
func (w *writer) write(ctx context.Context, lane store.Lane, op string, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return notBegun(err)
	}
	c := &command{op: op, fn: fn, gone: ctx.Err, done: make(chan error, 1)}
	select {
	case <-w.quit:
		return errClosed()
	default:
	}
	select {
	case w.lanes[lane] <- c:
	case <-ctx.Done():
		return notBegun(ctx.Err())
	case <-w.quit:
		return errClosed()
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		if c.state.CompareAndSwap(queued, givenUp) {
			return notBegun(ctx.Err())
		}
	case <-w.stopped:
	}
	select {
	case err := <-c.done: // it was ready at the same moment
		return err
	default:
	}
	if c.state.CompareAndSwap(queued, givenUp) {
		return errClosed()
	}
	return unknown(ctx.Err())
}

func notBegun(cause error) error {
	return muster.WrapError(muster.ErrUnavailable, cause, "nothing was changed: the request was given up while it waited; try again")
}

func errClosed() error {
	return muster.Errorf(muster.ErrUnavailable, "nothing was changed: Muster is stopping; try again")
}

func unknown(cause error) error {
	return muster.WrapError(muster.ErrUnavailable, cause, "nobody knows whether this was saved: look before you try again")
}

// close waits for the commands that have begun and ends the goroutine. Those that still wait are not done.
func (w *writer) close() {
	close(w.quit)
	<-w.stopped
}

func (w *writer) loop() {
	ended := false
	defer func() {
		if !ended { // a command left by runtime.Goexit, which cannot be held up: somebody else goes on
			w.abandon()
			go w.loop()
			return
		}
		close(w.stopped)
	}()
	for {
		first := w.wait()
		if first == nil {
			ended = true
			return
		}
		w.group(first)
	}
}

// wait gives the first command of the next batch, nil when the store is closed.
func (w *writer) wait() *command {
	if len(w.again) > 0 {
		return w.next()
	}
	for {
		select {
		case <-w.quit:
			return nil
		default:
		}
		if c := w.next(); c != nil {
			return c
		}
		select {
		case c := <-w.lanes[store.LanePeople]:
			if w.begin(c) {
				return c
			}
		case c := <-w.lanes[store.LaneIntake]:
			if w.begin(c) {
				return c
			}
		case <-w.quit:
			return nil
		}
	}
}

// next gives a command that waits, nil when none does. People and engine go first, but of a batch intake gets a quarter.
func (w *writer) next() *command {
	for {
		if len(w.again) > 0 {
			c := w.again[0]
			w.again = w.again[1:]
			return c
		}
		first, second := w.lanes[store.LanePeople], w.lanes[store.LaneIntake]
		if len(w.batch) >= maxBatch*3/4 {
			first, second = second, first
		}
		var c *command
		select {
		case c = <-first:
		default:
			select {
			case c = <-second:
			default:
				return nil
			}
		}
		if w.begin(c) {
			return c
		}
	}
}

// begin takes a command from its caller. False: the caller has given it up, or is about to.
func (w *writer) begin(c *command) bool {
	if err := c.gone(); err != nil && c.state.CompareAndSwap(queued, givenUp) {
		c.done <- notBegun(err)
		return false
	}
	return c.state.CompareAndSwap(queued, begun)
}

// group runs commands in one transaction, beginning with first, and commits it.
func (w *writer) group(first *command) {
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		w.o.Log.Error("the database cannot be written to", "error", err)
		first.done <- muster.WrapError(muster.ErrUnavailable, err, "nothing was changed: the database cannot be written to at present; try again")
		return
	}
	w.open = true
	start := time.Now()
	w.batch = w.batch[:0]
	for c := first; c != nil; {
		w.batch = append(w.batch, c)
		single := c.alone || len(w.batch) == 1 && len(w.again)+len(w.lanes[0])+len(w.lanes[1]) == 0
		if !w.run(c, single) {
			w.retry(c)
			return
		}
		if single || len(w.batch) == maxBatch || time.Since(start) > maxGroup || len(w.again) > 0 {
			break
		}
		c = w.next()
	}
	w.commit()
}

// run runs one command, in a savepoint unless it has the transaction to itself. False: the transaction is lost.
func (w *writer) run(c *command, single bool) (ok bool) {
	start := time.Now()
	s := &liteSession{conn: w.conn, open: single}
	t := &tx{s: s, d: w.d, now: muster.At(start)}
	returned := false
	defer func() {
		if !returned {
			t.end(false)
		}
	}()
	c.err = protect(w.o.Log, c.op, func() error { return c.fn(t) })
	returned = true
	if took := time.Since(start); took > tooSlow {
		w.o.Log.Warn("a command held up the writer", "op", c.op, "took", took)
	}
	broken := t.err
	if c.err == nil {
		c.err = broken // a statement failed and the command ignored it
	}
	failed := c.err != nil
	t.end(!failed)
	if failed {
		c.events = nil
	} else {
		c.events = t.events
	}
	if single {
		if failed {
			w.rollback()
		}
		return true
	}
	if broken != nil && !s.open && !w.inTransaction() {
		return false
	}
	if !s.open {
		return true // it wrote nothing
	}
	if failed {
		if _, err := w.conn.exec("ROLLBACK TO command"); err != nil {
			return false
		}
	}
	_, err := w.conn.exec("RELEASE command")
	return err == nil
}

// protect runs a command and turns a panic into an error.
func protect(log *slog.Logger, op string, fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("a command panicked", "op", op, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = muster.Errorf(muster.ErrInternal, "something went wrong inside Muster, and nothing was changed: the log says more")
		}
	}()
	return fn()
}

// inTransaction reports whether the transaction still exists: SQLite rolls it back by itself when the disk is full or
// broken, and it refuses a BEGIN inside a transaction.
func (w *writer) inTransaction() bool {
	if _, err := w.conn.exec("BEGIN"); err != nil {
		return true
	}
	_, _ = w.conn.exec("ROLLBACK")
	return false
}

// retry ends a transaction that was lost with the command last: it gets its error, the others run again, singly.
func (w *writer) retry(last *command) {
	w.o.Log.Warn("a transaction was lost; its other commands run again", "op", last.op, "commands", len(w.batch), "error", last.err)
	w.rollback()
	if last.err == nil {
		last.err = muster.Errorf(muster.ErrUnavailable, "nothing was changed: the database lost the transaction; try again")
	}
	for _, c := range w.batch {
		if c == last || c.err != nil {
			c.done <- c.err
			continue
		}
		c.alone = true
		w.again = append(w.again, c)
	}
	w.batch = w.batch[:0]
}

// rollback ends the transaction, if there is one.
func (w *writer) rollback() {
	w.open = false
	if _, err := w.conn.exec("ROLLBACK"); err != nil {
		w.o.Log.Debug("rolling back", "error", err) // it is gone already
	}
}

// commit makes the batch last, hands out its events and answers the callers, in this order.
func (w *writer) commit() {
	var events []store.Event
	for _, c := range w.batch {
		events = append(events, c.events...)
	}
	if w.open {
		w.o.Failpoint("commit: before")
		if _, err := w.conn.exec("COMMIT"); err != nil {
			w.o.Log.Error("a commit failed", "commands", len(w.batch), "error", err)
			w.rollback()
			for _, c := range w.batch {
				if c.err == nil {
					c.err = unknown(err)
				}
			}
			events = nil
		} else {
			w.open = false
			w.o.Failpoint("commit: after")
		}
	}
	if len(events) > 0 {
		w.o.OnCommit(events)
	}
	w.o.Failpoint("commit: reply")
	for i, c := range w.batch {
		c.done <- c.err
		w.batch[i] = nil
	}
	w.batch = w.batch[:0]
}

// abandon clears up after a command that ended the goroutine instead of returning.
func (w *writer) abandon() {
	w.rollback()
	for i, c := range w.batch {
		if i == len(w.batch)-1 {
			c.err = muster.Errorf(muster.ErrInternal, "nothing was changed: the command ended without an answer")
		}
		if c.err != nil {
			c.done <- c.err
			continue
		}
		c.alone = true
		w.again = append(w.again, c)
	}
	w.batch = w.batch[:0]
}

// liteSession is the writer's connection for one command. The savepoint is made by the first statement that writes: a
// command that only looks, or refuses, needs none.
type liteSession struct {
	conn *liteConn
	open bool
}

func (s *liteSession) save() error {
	if s.open {
		return nil
	}
	_, err := s.conn.exec("SAVEPOINT command")
	s.open = err == nil
	return err
}

func (s *liteSession) exec(text string, args ...any) (int64, error) {
	if err := s.save(); err != nil {
		return 0, err
	}
	return s.conn.exec(text, args...)
}

// query makes a savepoint, too, unless the statement is a SELECT: others write and return what they wrote.
func (s *liteSession) query(each func(row) error, text string, args ...any) error {
	if len(text) < 6 || text[:6] != "SELECT" {
		if err := s.save(); err != nil {
			return err
		}
	}
	return s.conn.query(each, text, args...)
}

func (s *liteSession) many(text string, width int, args []any) ([]int64, error) {
	if err := s.save(); err != nil {
		return nil, err
	}
	return s.conn.many(text, width, args)
}

func (s *liteSession) insert(in *insertion, args []any) error {
	if err := s.save(); err != nil {
		return err
	}
	return s.conn.insert(in, args)
}
