package sqlstore

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// wary is how many batches use savepoints after a command failed that had written. A savepoint copies every page that the
// command touches, a fifth of the work of a small one; and most commands that fail do so before they write. So a batch does
// without savepoints until one has to be rolled back for its sake; then the others run again, with savepoints.
const wary = 64

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

	alone    bool // run again without neighbours
	err      error
	events   []store.Event
	assigned []*muster.Entry // to be unassigned before it runs again
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
	again []*command // to run once more, before anything else
	wary  int        // so many batches still use savepoints
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

// group runs commands in one transaction, beginning with first, and commits it. A command that fails takes nothing of its
// neighbours' with it, see [wary].
func (w *writer) group(first *command) {
	if err := w.conn.begin(); err != nil {
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
		switch w.run(c, single) {
		case ran:
		case spoilt:
			w.wary = wary
			w.retry(c, false)
			return
		case lost:
			w.o.Log.Warn("the transaction was lost; its other commands run again", "op", c.op, "commands", len(w.batch), "error", c.err)
			w.retry(c, true)
			return
		}
		if single || len(w.batch) == maxBatch || time.Since(start) > maxGroup || len(w.again) > 0 && w.again[0].alone {
			break
		}
		c = w.next()
	}
	w.wary = max(0, w.wary-1)
	w.commit()
}

// What running a command did to its transaction.
type outcome int

const (
	ran    outcome = iota // it holds what the command wrote, nothing of it if the command failed
	spoilt                // it holds what a failed command wrote
	lost                  // it is gone
)

// run runs one command. single: it has the transaction to itself, which is rolled back if the command fails.
func (w *writer) run(c *command, single bool) outcome {
	start := time.Now()
	s := &liteSession{conn: w.conn, careful: w.wary > 0 && !single}
	t := &tx{s: s, d: w.d, now: muster.At(start)}
	defer func() { // also when the command ends the goroutine
		c.assigned = append(c.assigned, t.end()...)
		if c.err != nil {
			unassign(c.assigned)
		}
	}()
	c.err = protect(w.o.Log, c.op, func() error { return c.fn(t) })
	if took := time.Since(start); took > tooSlow {
		w.o.Log.Info("a command held up the writer", "op", c.op, "took", took)
	}
	broken := t.err
	if c.err == nil {
		c.err = broken // a statement failed and the command ignored it
	}
	failed := c.err != nil
	c.events = nil
	if !failed {
		c.events = t.events
	}
	switch {
	case single:
		if failed {
			w.rollback()
		}
		return ran
	case w.conn.rolled:
		return lost
	case !s.wrote:
		return ran
	case s.saved:
		if failed {
			if _, err := w.conn.exec("ROLLBACK TO command"); err != nil {
				return lost
			}
		}
		if _, err := w.conn.exec("RELEASE command"); err != nil {
			return lost
		}
		return ran
	case failed:
		return spoilt
	}
	return ran
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

// retry ends a transaction that the command last has spoilt, or in which it was lost: it gets its error, those that failed
// before it get theirs, and the others run again, each by itself if it must be.
func (w *writer) retry(last *command, alone bool) {
	w.rollback()
	if last.err == nil {
		last.err = muster.Errorf(muster.ErrUnavailable, "nothing was changed: the database lost the transaction; try again")
	}
	again := make([]*command, 0, len(w.batch)+len(w.again))
	for _, c := range w.batch {
		unassign(c.assigned)
		if c.err != nil {
			c.done <- c.err
			continue
		}
		c.alone, c.assigned = alone, nil
		again = append(again, c)
	}
	w.again = append(again, w.again...)
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
	if n := len(w.batch); n > 0 {
		last := w.batch[n-1]
		last.err = muster.Errorf(muster.ErrInternal, "nothing was changed: the command ended without an answer")
		w.retry(last, true)
	}
}

// liteSession is the writer's connection for one command.
type liteSession struct {
	conn    *liteConn
	careful bool // the first statement that writes makes a savepoint: a command that only looks, or refuses, needs none
	saved   bool
	wrote   bool
}

func (s *liteSession) write() error {
	s.wrote = true
	if !s.careful || s.saved {
		return nil
	}
	_, err := s.conn.exec("SAVEPOINT command")
	s.saved = err == nil
	return err
}

func (s *liteSession) exec(text string, args ...any) (int64, error) {
	if err := s.write(); err != nil {
		return 0, err
	}
	return s.conn.exec(text, args...)
}

// query writes, too, unless the statement is a SELECT: others change rows and return them.
func (s *liteSession) query(each func(row) error, text string, args ...any) error {
	if !strings.HasPrefix(text, "SELECT") {
		if err := s.write(); err != nil {
			return err
		}
	}
	return s.conn.query(each, text, args...)
}

func (s *liteSession) many(text string, width int, args []any) ([]int64, error) {
	if err := s.write(); err != nil {
		return nil, err
	}
	return s.conn.many(text, width, args)
}

func (s *liteSession) change(ch *alteration, args []any) ([]int64, error) {
	if err := s.write(); err != nil {
		return nil, err
	}
	return s.conn.change(ch, args)
}

func (s *liteSession) insert(in *insertion, args []any) error {
	if err := s.write(); err != nil {
		return err
	}
	return s.conn.insert(in, args)
}
