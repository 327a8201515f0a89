package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// away is a store that can be read and not be written, and has a timer that is due.
type away struct {
	store.DB
	writes atomic.Int64
}

type dueTimer struct{ store.Reader }

func (dueTimer) Now() muster.Instant { return muster.At(time.Now()) }
func (dueTimer) DueTimers(now muster.Instant, _ int) ([]muster.Timer, error) {
	return []muster.Timer{{ID: "tmr_1", Kind: muster.TimerEscalate, DueAt: now}}, nil
}

func (a *away) Read(_ context.Context, fn func(store.Reader) error) error { return fn(dueTimer{}) }
func (a *away) Write(context.Context, store.Lane, string, func(store.Tx) error) error {
	a.writes.Add(1)
	return muster.Errorf(muster.ErrUnavailable, "the disk is full")
}

// A full disk must not make the loop spin.
func TestAStoreThatTakesNothingIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &away{}
		e := New(Deps{Store: db, Log: slog.New(slog.DiscardHandler), Commands: &command.Commands{Deps: command.Deps{Store: db, Lease: 30 * time.Second}}})
		e.wg.Go(e.timerLoop)
		time.Sleep(10*time.Second + time.Millisecond)
		if n := db.writes.Load(); n < 9 || n > 12 {
			t.Errorf("%d attempts in ten seconds, want about ten", n)
		}
		e.Stop()
	})
}

func idle() *Engine {
	return New(Deps{Log: slog.New(slog.DiscardHandler), Commands: &command.Commands{Deps: command.Deps{Lease: 30 * time.Second}}})
}

// What is announced for later must not put off what is due sooner.
func TestAnAnnouncementNeverPutsOffAnEarlierWakeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, start := idle(), time.Now()
		go func() {
			time.Sleep(9 * time.Second)
			e.timers.announce(start.Add(14 * time.Second)) // in five seconds: less than the ten that the loop was to sleep
		}()
		e.sleep(&e.timers, muster.At(start.Add(10*time.Second)))
		if slept := time.Since(start); slept != 10*time.Second {
			t.Errorf("the loop slept %v, want the 10s that it had", slept)
		}
	})
}

func TestAnAnnouncementWakesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, start := idle(), time.Now()
		go func() {
			time.Sleep(time.Second)
			e.timers.announce(start.Add(5 * time.Second))
			e.timers.announce(start.Add(3 * time.Second))
			e.timers.announce(start.Add(4 * time.Second))
		}()
		e.sleep(&e.timers, muster.Instant{})
		if slept := time.Since(start); slept != 3*time.Second {
			t.Errorf("the loop slept %v, want 3s", slept)
		}
		e.timers.take()
		start = time.Now()
		e.sleep(&e.timers, muster.At(start.Add(time.Hour)))
		if slept := time.Since(start); slept != safetyPoll {
			t.Errorf("the loop slept %v, want the safety poll's %v", slept, safetyPoll)
		}
	})
}

// A delivery that is claimed anew while it waits for a worker stands in the queue once, with the newer claim.
func TestAStaleClaimGivesItsPlaceToTheNewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var mu sync.Mutex
		var got []int64
		var wg sync.WaitGroup
		p := &pools{wg: &wg, deliver: func(w work) {
			<-gate
			mu.Lock()
			defer mu.Unlock()
			if w.delivery.ID == "dlv_waits" {
				got = append(got, w.delivery.Epoch)
			}
		}}
		for range perConnector {
			p.add(work{delivery: &muster.Delivery{ID: muster.DeliveryID("dlv_" + time.Now().String())}})
			time.Sleep(time.Millisecond)
		}
		for epoch := range int64(50) {
			p.add(work{delivery: &muster.Delivery{ID: "dlv_waits", Epoch: epoch + 1}})
		}
		p.add(work{delivery: &muster.Delivery{ID: "dlv_waits", Epoch: 7}}) // late news of an old claim
		close(gate)
		wg.Wait()
		if len(got) != 1 || got[0] != 50 {
			t.Errorf("the delivery was begun with the epochs %v, want once, with 50", got)
		}
	})
}

// A write of a delivery is run again while the store is away, and not for ever.
func TestInsist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, start := idle(), time.Now()
		away := muster.Errorf(muster.ErrUnavailable, "away")
		n := 0
		err := e.insist(func() error {
			if n++; time.Since(start) < 3*time.Second {
				return away
			}
			return nil
		})
		if took := time.Since(start); err != nil || took > 6*time.Second {
			t.Errorf("the store was away for 3s; the write gave %v after %v", err, took)
		}
		start = time.Now()
		if err := e.insist(func() error { return away }); !errors.Is(err, away) || time.Since(start) > 30*time.Second {
			t.Errorf("a store that stays away: %v after %v, want its error before the lease ends", err, time.Since(start))
		}
		start = time.Now()
		if err := e.insist(func() error { return context.Canceled }); !errors.Is(err, context.Canceled) || time.Since(start) > 0 {
			t.Errorf("another error is not tried again: %v after %v", err, time.Since(start))
		}
		e.cancel()
		if err := e.insist(func() error { return away }); !errors.Is(err, away) {
			t.Errorf("an engine that stops: %v", err)
		}
	})
}
