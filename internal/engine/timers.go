package engine

import (
	"context"
	"errors"
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
			e.Log.Error("timers cannot be read", "error", err)
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
		slots := make(chan struct{}, atOnce)
		for _, t := range due {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				e.fire(t)
			})
		}
		wg.Wait()
	}
	return next, e.ctx.Err()
}

func (e *Engine) fire(t muster.Timer) {
	e.Failpoint("timer-before")
	err := e.Commands.FireTimer(context.WithoutCancel(e.ctx), t.ID)
	e.Failpoint("timer-after")
	if err == nil {
		return
	}
	e.Log.Error("a timer failed", "timer", t.ID, "kind", t.Kind, "ref", t.Ref, "error", err)
	if derr := e.Commands.DelayTimer(context.WithoutCancel(e.ctx), t.ID, poisonDelay); derr != nil {
		e.Log.Error("a timer that failed cannot be put off", "timer", t.ID, "error", errors.Join(err, derr))
	}
}
