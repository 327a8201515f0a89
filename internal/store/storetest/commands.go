package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

func (w *world) emitted() []store.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]store.Event(nil), w.events...)
}

func (w *world) value(key string) (value string) {
	w.Helper()
	w.read(func(r store.Reader) (err error) {
		value, err = r.Meta(key)
		return err
	})
	return value
}

// events checks that an event tells of rows that can be read, before Write returns, in the order of Emit.
func events(w *world) {
	w.write(func(tx store.Tx) error {
		tx.Emit(store.Event{Topic: "now", Seq: 1})
		tx.Emit(store.Event{Topic: "alert:alt_1", Seq: 2})
		if err := tx.SetMeta("a", "1"); err != nil {
			return err
		}
		if len(w.emitted()) != 0 {
			w.Error("an event came before the commit")
		}
		return nil
	})
	if got := w.emitted(); len(got) != 2 || got[0].Seq != 1 || got[1].Topic != "alert:alt_1" {
		w.Fatalf("events are %+v", got)
	}
	_ = w.try(func(tx store.Tx) error {
		tx.Emit(store.Event{Topic: "never"})
		return errors.New("no")
	})
	_ = w.try(func(tx store.Tx) error {
		tx.Emit(store.Event{Topic: "never"})
		panic("no")
	})
	w.none(w.together(writers, func(n int) error {
		for k := range rounds {
			if err := w.try(func(tx store.Tx) error {
				tx.Emit(store.Event{Topic: fmt.Sprint(n), Seq: int64(k)})
				tx.Emit(store.Event{Topic: fmt.Sprint(n), Seq: int64(k)})
				return tx.SetMeta(fmt.Sprint("n", n), fmt.Sprint(k))
			}); err != nil {
				return err
			}
			last := int64(-1)
			for _, e := range w.emitted() {
				if e.Topic == fmt.Sprint(n) {
					last = e.Seq
				}
			}
			if last != int64(k) {
				return fmt.Errorf("Write returned before its events were handed out: %d, wanted %d", last, k)
			}
		}
		return nil
	}))
	seen := map[string]int64{}
	for i, e := range w.emitted()[2:] {
		if e.Topic == "never" {
			w.Fatal("an event of a failed command came out")
		}
		if want := seen[e.Topic] / 2; e.Seq != want {
			w.Fatalf("event %d of %s has the number %d, wanted %d", i, e.Topic, e.Seq, want)
		}
		seen[e.Topic]++
	}
}

func failedCommand(w *world) {
	no := muster.Errorf(muster.ErrForbidden, "you may not")
	err := w.try(func(tx store.Tx) error {
		if err := tx.InsertAlerts([]*muster.Alert{w.alert(nil)}); err != nil {
			return err
		}
		if err := tx.SetMeta("a", "1"); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		w.Errorf("the command's own error is lost: %v", err)
	}
	if w.value("a") != "" {
		w.Error("a failed command left something")
	}
}

// swallowedError ignores the error of a statement: what follows is refused, and nothing is kept.
func swallowedError(w *world) {
	w.write(func(tx store.Tx) error { return tx.InsertReplayed(&store.Replayed{Key: "k"}) })
	err := w.try(func(tx store.Tx) error {
		if err := tx.SetMeta("before", "1"); err != nil {
			return err
		}
		_ = tx.InsertReplayed(&store.Replayed{Key: "k"})
		if err := tx.SetMeta("after", "1"); muster.CodeOf(err) != muster.ErrConflict {
			w.Errorf("a statement after the failed one: %v", err)
		}
		if _, err := tx.Alerts(store.AlertFilter{}); muster.CodeOf(err) != muster.ErrConflict {
			w.Errorf("a query after the failed statement: %v", err)
		}
		return nil
	})
	w.wants(muster.ErrConflict, err)
	if w.value("before")+w.value("after") != "" {
		w.Error("a command with a failed statement left something")
	}
}

func panickingCommand(w *world) {
	w.wants(muster.ErrInternal, w.try(func(tx store.Tx) error {
		if err := tx.SetMeta("a", "1"); err != nil {
			return err
		}
		panic("oh")
	}))
	if w.value("a") != "" {
		w.Error("a panicking command left something")
	}
	w.write(func(tx store.Tx) error { return tx.SetMeta("b", "1") })
}

// neighbours runs commands that go wrong in every way beside commands that do not: each of these is done, once.
func neighbours(w *world) {
	w.write(func(tx store.Tx) error { return tx.InsertReplayed(&store.Replayed{Key: "k"}) })
	var good atomic.Int64
	errs := w.together(24, func(n int) error {
		for k := range 15 {
			key := fmt.Sprintf("%d/%d", n, k)
			ctx, cancel := context.WithCancel(w.Context())
			err := w.db.Write(ctx, store.Lane(n%2), "test", func(tx store.Tx) error {
				if err := tx.SetMeta(key, "bad"); err != nil {
					return err
				}
				switch n % 8 {
				case 0:
					return errors.New("no")
				case 1:
					panic("oh")
				case 2:
					_ = tx.InsertReplayed(&store.Replayed{Key: "k"})
					return nil
				case 3:
					cancel()
				case 4:
					_, err := tx.Alerts(store.AlertFilter{Query: "a b c d e f"})
					return err
				}
				if err := tx.SetMeta(key, "good"); err != nil {
					return err
				}
				return tx.AppendEntries([]*muster.Entry{{ID: id[muster.EntryID](w), Alert: muster.AlertID(key), Kind: muster.EntrySaid}})
			})
			cancel()
			switch {
			case n%8 < 3 && err == nil:
				return fmt.Errorf("%s should have failed", key)
			case n%8 > 3 && err != nil:
				return fmt.Errorf("%s failed: %s", key, causes(err))
			case n%8 == 3 && err != nil && muster.CodeOf(err) != muster.ErrUnavailable:
				return fmt.Errorf("%s failed: %s", key, causes(err))
			case n%8 > 4:
				good.Add(1)
			}
		}
		return nil
	})
	w.none(errs)
	w.write(func(store.Tx) error { return nil }) // whatever was cancelled is over
	for n := range 24 {
		for k := range 15 {
			key := fmt.Sprintf("%d/%d", n, k)
			want := ""
			switch n % 8 {
			case 3, 5, 6, 7:
				want = "good"
			case 4:
				want = "bad"
			}
			if got := w.value(key); got != want {
				w.Errorf("%s is %q, wanted %q", key, got, want)
			}
			if want == "good" {
				w.read(func(r store.Reader) error {
					list, err := r.Timeline(store.TimelineFilter{Alert: muster.AlertID(key)})
					if len(list) != 1 {
						w.Errorf("%s was done %d times", key, len(list))
					}
					return err
				})
			}
		}
	}
}

func cancelledCommand(w *world) {
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	w.wants(muster.ErrUnavailable, w.db.Write(ctx, store.LanePeople, "test", func(store.Tx) error {
		w.Error("a cancelled command was begun")
		return nil
	}))
	w.wants(muster.ErrUnavailable, w.db.Read(ctx, func(store.Reader) error {
		w.Error("a cancelled read was begun")
		return nil
	}))
	// Cancelled while it runs: it goes on to its end, and the caller is told that or that nobody knows.
	ctx, cancel = context.WithCancel(w.Context())
	err := w.db.Write(ctx, store.LanePeople, "test", func(tx store.Tx) error {
		cancel()
		return tx.SetMeta("a", "1")
	})
	if err != nil && muster.CodeOf(err) != muster.ErrUnavailable {
		w.Errorf("a command that was cancelled while it ran: %v", causes(err))
	}
	w.write(func(store.Tx) error { return nil })
	if w.value("a") != "1" {
		w.Error("a command that had begun was not finished")
	}
	// Cancelled between two statements of a read.
	ctx, cancel = context.WithCancel(w.Context())
	w.wants(muster.ErrUnavailable, w.db.Read(ctx, func(r store.Reader) error {
		cancel()
		_, err := r.Meta("a")
		return err
	}))
}

// lanes checks that a person's command does not wait for the whole of a storm.
func lanes(w *world) {
	var done atomic.Int64
	var storm sync.WaitGroup
	hold, held := make(chan struct{}), make(chan struct{})
	storm.Go(func() {
		_ = w.try(func(store.Tx) error {
			close(held)
			<-hold
			return nil
		})
	})
	<-held
	for range 400 {
		storm.Go(func() {
			if err := w.db.Write(w.Context(), store.LaneIntake, "test", func(tx store.Tx) error { return tx.SetMeta(w.ids.Token(8), "x") }); err != nil {
				w.Errorf("intake: %v", causes(err))
			}
			done.Add(1)
		})
	}
	close(hold)
	w.write(func(tx store.Tx) error { return tx.SetMeta("person", "x") })
	if n := done.Load(); n > 390 {
		w.Logf("the person came after %d of 400", n) // on a fast store the storm may be over already: no failure
	}
	storm.Wait()
}

func snapshot(w *world) {
	w.write(func(tx store.Tx) error { return tx.SetMeta("a", "1") })
	w.read(func(r store.Reader) error {
		before, err := r.Meta("a")
		if err != nil {
			return err
		}
		w.write(func(tx store.Tx) error { return tx.SetMeta("a", "2") })
		after, err := r.Meta("a")
		if before != "1" || after != "1" {
			w.Errorf("one read saw %q and %q", before, after)
		}
		first, second := r.Now(), r.Now()
		if first.IsZero() || first != second || first.Nanosecond()%1000 != 0 {
			w.Errorf("the instants of one read are %v and %v", first, second)
		}
		return err
	})
	if w.value("a") != "2" {
		w.Error("a later read does not see the commit")
	}
}

// keptTransaction keeps what a command and a read got: neither works after the end.
func keptTransaction(w *world) {
	var kept store.Tx
	w.write(func(tx store.Tx) error {
		kept = tx
		return nil
	})
	w.wants(muster.ErrInternal, kept.SetMeta("a", "1"))
	var reader store.Reader
	w.read(func(r store.Reader) error {
		reader = r
		return nil
	})
	w.wants(muster.ErrInternal, second(reader.Meta("a")))
}

func afterClose(w *world) {
	w.write(func(tx store.Tx) error { return tx.SetMeta("a", "1") })
	if err := w.db.Close(); err != nil {
		w.Fatal(err)
	}
	w.wants(muster.ErrUnavailable, w.try(func(store.Tx) error { return nil }))
	w.wants(muster.ErrUnavailable, w.db.Read(background(), func(store.Reader) error { return nil }))
}
