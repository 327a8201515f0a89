package engine

import (
	"context"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// atOnce is how many timers fire at the same time: their commands share commits.
const atOnce = 32

// poisonDelay is how long a timer that fails is put off, so that it does not hold up the others.
const poisonDelay = 10 * time.Second

func (e *Engine) timerLoop() {
	for {
		e.timers.take()
		next, err := e.fireDue()
		if err != nil && e.ctx.Err() == nil {
			e.Log.Error("timers cannot be fired", "error", err)
			next = muster.At(time.Now().Add(time.Second))
		}
		if !e.sleep(&e.timers, next) {
			return
		}
	}
}

// fireDue fires what is due and returns when the next one is.
func (e *Engine) fireDue() (next muster.Instant, err error) {
	for e.ctx.Err() == nil {
		var due []muster.Timer
		err := e.Store.Read(e.ctx, func(r store.Reader) (err error) {
			if due, err = r.DueTimers(r.Now(), 256); err != nil || len(due) > 0 {
				return err
			}
			next, err = r.NextTimer()
			return err
		})
		if err != nil || len(due) == 0 {
			return next, err
		}
		var wg sync.WaitGroup
		slots, stuck := make(chan struct{}, atOnce), make([]error, len(due))
		for i, t := range due {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				stuck[i] = e.fire(t)
			})
		}
		wg.Wait()
		for _, err := range stuck {
			if err != nil {
				return next, err // what is due stays due: without a pause this would spin
			}
		}
	}
	return next, e.ctx.Err()
}

// fire lets a timer happen. An error says that it is still due: the store does not take anything.
func (e *Engine) fire(t muster.Timer) error {
	ctx := context.WithoutCancel(e.ctx)
	e.Failpoint("timer-before")
	err := e.Commands.FireTimer(ctx, t.ID)
	e.Failpoint("timer-after")
	if err == nil || muster.CodeOf(err) == muster.ErrUnavailable {
		return err
	}
	e.Log.Error("a timer failed", "timer", t.ID, "kind", t.Kind, "ref", t.Ref, "error", err)
	err = e.Commands.DelayTimer(ctx, t.ID, poisonDelay)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil // somebody else took it meanwhile
	}
	return err
}
