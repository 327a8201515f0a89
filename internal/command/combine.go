package command

import (
	"context"
	"sync"

	"github.com/muster-oncall/muster"
)

// combiner gathers what comes in while a transaction is under way and runs it as the next one: a set instead of many
// commands. The first comer never waits for others. It owns no goroutine while nothing is to do.
//
// run gets at most maxSet items and returns one result for each; when it fails as a whole, each item is run singly, so
// that one that cannot be stored does not fail its neighbours. A store that is unavailable is that for each of them, so
// they are told at once. Whatever run does, a panic included, everybody gets an answer.
type combiner[In, Out any] struct {
	run      func(ctx context.Context, items []In) ([]Out, error)
	weight   func(In) int // how much work an item is; nil: 1
	panicked func(p any)  // is told of a panic of run; nil: nobody

	mu      sync.Mutex
	queue   []waiting[In, Out]
	running bool
}

type waiting[In, Out any] struct {
	in   In
	done chan result[Out]
}

type result[Out any] struct {
	out Out
	err error
}

// maxSet bounds the items of a set, and what they weigh: large enough for a storm, small enough that a person's command does
// not wait for it. One that weighs more by itself is a set of its own. Senders of long lists get their answers one set after
// the other, so that the next lists are read while these are written.
const (
	maxSet    = 256
	maxWeight = 1000
)

// maxQueue bounds what waits; beyond it intake answers 503, which senders repeat.
const maxQueue = 16 * 1024

// Do adds an item and waits for its result. A context that ends while the item waits gives an unknown outcome: the item
// may still be stored.
func (c *combiner[In, Out]) Do(ctx context.Context, in In) (Out, error) {
	w := waiting[In, Out]{in: in, done: make(chan result[Out], 1)}
	var zero Out
	if !c.add(w) {
		return zero, &muster.Error{Code: muster.ErrUnavailable, Message: "Too much is waiting to be stored. Send it again in a moment.", RetryAfter: retryAfter}
	}
	select {
	case r := <-w.done:
		return r.out, r.err
	case <-ctx.Done():
		return zero, &muster.Error{Code: muster.ErrUnavailable, Message: "The request ended before the answer was known. Send it again: nothing is stored twice.", RetryAfter: retryAfter}
	}
}

func (c *combiner[In, Out]) add(w waiting[In, Out]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) >= maxQueue {
		return false
	}
	c.queue = append(c.queue, w)
	if !c.running {
		c.running = true
		go c.loop()
	}
	return true
}

func (c *combiner[In, Out]) loop() {
	for {
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.running = false
			c.queue = nil
			c.mu.Unlock()
			return
		}
		n := c.next()
		set := c.queue[:n:n]
		c.queue = c.queue[n:]
		c.mu.Unlock()
		c.runSet(set)
	}
}

// next is how many of those that wait are the next set.
func (c *combiner[In, Out]) next() int {
	n := min(len(c.queue), maxSet)
	if c.weight == nil {
		return n
	}
	sum := 0
	for i := range n {
		if sum += c.weight(c.queue[i].in); sum > maxWeight {
			return max(i, 1)
		}
	}
	return n
}

// runSet runs a set with a context of its own: a caller that goes away must not cancel its neighbours.
func (c *combiner[In, Out]) runSet(set []waiting[In, Out]) {
	items := make([]In, len(set))
	for i, w := range set {
		items[i] = w.in
	}
	outs, err := c.attempt(items)
	if err != nil && len(set) > 1 && muster.CodeOf(err) != muster.ErrUnavailable {
		for _, w := range set {
			c.runSet([]waiting[In, Out]{w})
		}
		return
	}
	for i, w := range set {
		r := result[Out]{err: err}
		if err == nil {
			r.out = outs[i]
		}
		w.done <- r
	}
}

func (c *combiner[In, Out]) attempt(items []In) (outs []Out, err error) {
	defer func() {
		if p := recover(); p != nil {
			if c.panicked != nil {
				c.panicked(p)
			}
			err = muster.Errorf(muster.ErrInternal, "Something went wrong inside Muster: the log says more.")
		}
	}()
	outs, err = c.run(context.Background(), items)
	if err == nil && len(outs) != len(items) {
		err = muster.Errorf(muster.ErrInternal, "Something went wrong inside Muster: %d results for %d items.", len(outs), len(items))
	}
	return outs, err
}
