package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// finishedPages writes the result of an attempt after a person proved one page and another was cancelled.
func finishedPages(w *world) {
	now := w.tick()
	states := []muster.PageState{muster.PageStarted, muster.PageProved, muster.PageCancelled, muster.PageUnknown}
	var pages []*muster.Page
	for _, s := range states {
		pages = append(pages, &muster.Page{ID: id[muster.PageID](w), Alert: "alt_1", Person: "ana", State: muster.PagePlanned, PlannedAt: now, Detail: string(s)})
	}
	w.write(func(tx store.Tx) error { return tx.InsertPages(pages) })
	for i, p := range pages {
		p.State, p.Proof = states[i], "proof of "+string(states[i])
	}
	w.write(func(tx store.Tx) error { return tx.UpdatePages(pages) })
	results := make([]*muster.Page, len(pages))
	for i, p := range pages {
		result := *p
		result.State, result.Detail, result.Proof, result.AcceptedAt = muster.PageAccepted, "late", "", now
		result.Attempts = []muster.Attempt{{At: now, Took: 7, Result: "accepted"}}
		results[i] = &result
	}
	w.write(func(tx store.Tx) error { return tx.FinishPages(results) })
	w.read(func(r store.Reader) error {
		for i := range pages {
			want := *results[i]
			if i == 1 || i == 2 {
				want.State, want.Detail, want.Proof = pages[i].State, pages[i].Detail, pages[i].Proof
			}
			got, err := r.Page(want.ID)
			if err != nil {
				return err
			}
			same(w, "finished page", &want, got)
		}
		return nil
	})
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error {
		return tx.FinishPages([]*muster.Page{{ID: "pag_x", State: muster.PageFailed}})
	}))
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error {
		return tx.UpdatePages([]*muster.Page{{ID: "pag_x", State: muster.PageFailed}})
	}))
}

func timers(w *world) {
	base := w.tick()
	var rows []muster.Timer
	for i, seconds := range []int{30, 10, 20, 10} {
		rows = append(rows, muster.Timer{ID: id[muster.TimerID](w), Kind: muster.TimerEscalate, Ref: "esc_1", DueAt: base.Plus(time.Duration(seconds) * time.Second), Generation: i})
	}
	rows[0].Kind, rows[2].Ref = muster.TimerAckTimeout, "esc_2"
	w.write(func(tx store.Tx) error { return tx.InsertTimers(rows) })
	due := func(seconds, limit int) (order string) {
		w.read(func(r store.Reader) error {
			list, err := r.DueTimers(base.Plus(time.Duration(seconds)*time.Second), limit)
			for _, t := range list {
				order += fmt.Sprint(t.Generation)
			}
			return err
		})
		return order
	}
	for _, c := range []struct {
		seconds, limit int
		want           string
	}{{9, 10, ""}, {10, 10, "13"}, {10, 1, "1"}, {20, 10, "132"}, {99, 10, "1320"}} {
		if got := due(c.seconds, c.limit); got != c.want {
			w.Errorf("due after %d s: %s, wanted %s", c.seconds, got, c.want)
		}
	}
	next := func() (at muster.Instant) {
		w.read(func(r store.Reader) (err error) {
			at, err = r.NextTimer()
			return err
		})
		return at
	}
	same(w, "next timer", rows[1].DueAt, next())
	w.write(func(tx store.Tx) error {
		got, err := tx.LockTimer(rows[1].ID)
		if err != nil {
			return err
		}
		same(w, "locked timer", &rows[1], got)
		if err := tx.MoveTimer(rows[1].ID, base.Plus(time.Hour)); err != nil {
			return err
		}
		return tx.DeleteTimersOf("esc_1", muster.TimerAckTimeout, muster.TimerPromise)
	})
	if got := due(7200, 10); got != "321" {
		w.Errorf("after moving and deleting: %s", got)
	}
	w.write(func(tx store.Tx) error { return tx.DeleteTimersOf("esc_1") })
	w.write(func(tx store.Tx) error {
		if gone, err := tx.LockTimer(rows[1].ID); gone != nil || err != nil {
			w.Errorf("a deleted timer is %v, %v", gone, err)
		}
		return tx.DeleteTimer(rows[1].ID) // gone already: nothing happens
	})
	same(w, "next timer", rows[2].DueAt, next())
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error { return tx.MoveTimer("tmr_x", base) }))
}

func (w *world) deliveries(n int, set func(i int, d *muster.Delivery)) []*muster.Delivery {
	w.Helper()
	list := make([]*muster.Delivery, n)
	for i := range list {
		list[i] = &muster.Delivery{
			ID: id[muster.DeliveryID](w), Kind: muster.DeliverPage, Connector: "demo", Page: id[muster.PageID](w), State: muster.DeliveryPlanned,
			DueAt: w.tick(), CreatedAt: w.tick(), Payload: []byte(`{"to":"ana"}`),
		}
		if set != nil {
			set(i, list[i])
		}
	}
	w.write(func(tx store.Tx) error { return tx.InsertDeliveries(list) })
	return list
}

func (w *world) claim(node string, now muster.Instant, limit int) (claimed []*muster.Delivery) {
	w.Helper()
	w.write(func(tx store.Tx) (err error) {
		claimed, err = tx.ClaimDeliveries(node, now, now.Plus(30*time.Second), limit)
		return err
	})
	return claimed
}

func (w *world) next(now muster.Instant) (at muster.Instant) {
	w.Helper()
	w.read(func(r store.Reader) (err error) {
		at, err = r.NextDelivery(now)
		return err
	})
	return at
}

func claims(w *world) {
	base := w.tick()
	after := func(s int) muster.Instant { return base.Plus(time.Duration(s) * time.Second) }
	list := w.deliveries(7, func(i int, d *muster.Delivery) {
		switch i {
		case 0:
			d.DueAt = after(10)
		case 1:
			d.DueAt, d.LeaseNode, d.LeaseUntil, d.Epoch = after(1), "born", after(20), 1 // born leased
		case 2:
			d.State, d.DueAt, d.LeaseNode, d.LeaseUntil, d.Epoch = muster.DeliveryStarted, after(1), "dead", after(15), 4
		case 3:
			d.State = muster.DeliveryDone
		case 4:
			d.State = muster.DeliveryFailed
		case 5:
			d.State = muster.DeliveryCancelled
		case 6:
			d.DueAt = after(5)
		}
	})
	same(w, "next delivery", after(5), w.next(base))
	if got := w.claim("a", after(4), 10); len(got) != 0 {
		w.Fatalf("claimed what is not due: %v", got)
	}
	got := w.claim("a", after(12), 1)
	if len(got) != 1 || got[0].ID != list[6].ID {
		w.Fatalf("the earliest was not claimed first: %v", got)
	}
	want := *list[6]
	want.LeaseNode, want.LeaseUntil, want.Epoch = "a", after(42), 1
	same(w, "claimed delivery", &want, got[0])
	if got := w.claim("b", after(12), 10); len(got) != 1 || got[0].ID != list[0].ID {
		w.Fatalf("claimed %v", got)
	}
	same(w, "next delivery", after(15), w.next(after(12)))
	got = w.claim("b", after(20), 10)
	if len(got) != 2 || got[0].ID != list[1].ID || got[0].State != muster.DeliveryPlanned || got[0].Epoch != 2 ||
		got[1].ID != list[2].ID || got[1].State != muster.DeliveryStarted || got[1].Epoch != 5 {
		w.Fatalf("claimed after the lease: %+v", got)
	}
	if got := w.claim("c", after(42), 10); len(got) != 2 {
		w.Fatalf("claimed %d rows of the first two leases", len(got))
	}
}

func fencing(w *world) {
	w.deliveries(2, nil)
	now := w.tick()
	mine := w.claim("slow", now, 10)
	theirs := w.claim("quick", now.Plus(time.Minute), 1)
	for _, d := range append(mine, theirs...) {
		d.State, d.Attempts = muster.DeliveryDone, 7
	}
	w.write(func(tx store.Tx) error {
		written, err := tx.UpdateDeliveries(mine)
		if len(written) != 1 || written[theirs[0].ID] {
			w.Errorf("the late claimer wrote %v", written)
		}
		return err
	})
	w.write(func(tx store.Tx) error {
		written, err := tx.UpdateDeliveries(theirs)
		if len(written) != 1 || !written[theirs[0].ID] {
			w.Errorf("the rightful claimer wrote %v", written)
		}
		return err
	})
	w.read(func(r store.Reader) error {
		d, err := r.Delivery(theirs[0].ID)
		if err == nil && (d.State != muster.DeliveryDone || d.Attempts != 7 || d.LeaseNode != "quick") {
			w.Errorf("the delivery is %+v", d)
		}
		return err
	})
	if at := w.next(now); !at.IsZero() {
		w.Errorf("when all is done, the next delivery is at %v", at)
	}
}

func outboxMoves(w *world) {
	base := w.tick()
	list := w.deliveries(4, func(i int, d *muster.Delivery) {
		d.DueAt = base.Plus(time.Hour)
		if i == 3 {
			d.State, d.DueAt, d.LeaseNode, d.LeaseUntil, d.Epoch = muster.DeliveryStarted, base, "n", base.Plus(time.Hour), 3
		}
	})
	w.write(func(tx store.Tx) error { return tx.HastenDelivery(list[1].Page, base.Plus(time.Minute)) })
	same(w, "next delivery", base.Plus(time.Minute), w.next(base))
	w.write(func(tx store.Tx) error { return tx.HastenDelivery(list[1].Page, base.Plus(2*time.Hour)) }) // later: stays
	same(w, "next delivery", base.Plus(time.Minute), w.next(base))

	held := w.claim("n", base.Plus(time.Minute), 10)
	w.write(func(tx store.Tx) error {
		return tx.CancelDeliveries([]muster.PageID{list[0].Page, list[1].Page, list[3].Page})
	})
	held[0].State = muster.DeliveryStarted
	w.write(func(tx store.Tx) error {
		written, err := tx.UpdateDeliveries(held)
		if len(written) != 0 {
			w.Error("a worker started a delivery that was cancelled")
		}
		return err
	})
	w.read(func(r store.Reader) error {
		for i, want := range []muster.DeliveryState{muster.DeliveryCancelled, muster.DeliveryCancelled, muster.DeliveryPlanned, muster.DeliveryStarted} {
			d, err := r.Delivery(list[i].ID)
			if err != nil {
				return err
			}
			if d.State != want {
				w.Errorf("delivery %d is %s, wanted %s", i, d.State, want)
			}
		}
		return nil
	})
	again := base.Plus(2 * time.Minute)
	w.write(func(tx store.Tx) error { return tx.ReleaseLeases("other", again) })
	if got := w.claim("m", again, 10); len(got) != 0 {
		w.Errorf("another node's leases were released")
	}
	w.write(func(tx store.Tx) error { return tx.ReleaseLeases("n", again) })
	if got := w.claim("m", again, 10); len(got) != 1 || got[0].ID != list[3].ID || got[0].Epoch != 4 {
		w.Errorf("after the release: %v", got)
	}
}

// manyClaimers lets claimers race for rows: each row goes to one of them.
func manyClaimers(w *world) {
	const rows, claimers = 400, 8
	w.deliveries(rows, nil)
	now := w.tick()
	var mu sync.Mutex
	owner := map[muster.DeliveryID]string{}
	w.none(w.together(claimers, func(i int) error {
		node := fmt.Sprint("node-", i)
		for {
			var got []*muster.Delivery
			if err := w.try(func(tx store.Tx) (err error) {
				got, err = tx.ClaimDeliveries(node, now, now.Plus(time.Hour), 7)
				return err
			}); err != nil {
				return err
			}
			mu.Lock()
			for _, d := range got {
				if owner[d.ID] != "" {
					w.Errorf("%s went to %s and to %s", d.ID, owner[d.ID], node)
				}
				owner[d.ID] = node
			}
			taken := len(owner)
			mu.Unlock()
			if taken == rows {
				return nil
			}
		}
	}))
}

// manyTimers lets nodes race for timers: the effect of each commits once.
func manyTimers(w *world) {
	const n = 60
	var rows []muster.Timer
	for range n {
		rows = append(rows, muster.Timer{ID: id[muster.TimerID](w), Kind: muster.TimerEscalate, Ref: "esc_1", DueAt: w.tick()})
	}
	w.write(func(tx store.Tx) error { return tx.InsertTimers(rows) })
	w.none(w.together(6, func(int) error {
		for _, row := range rows {
			if err := w.try(func(tx store.Tx) error {
				t, err := tx.LockTimer(row.ID)
				if err != nil || t == nil {
					return err
				}
				if err := tx.AppendEntries([]*muster.Entry{{ID: id[muster.EntryID](w), Alert: muster.AlertID(t.ID), Kind: muster.EntryAlert}}); err != nil {
					return err
				}
				return tx.DeleteTimer(t.ID)
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.read(func(r store.Reader) error {
		for _, row := range rows {
			fired, err := r.Timeline(store.TimelineFilter{Alert: muster.AlertID(row.ID)})
			if err != nil {
				return err
			}
			if len(fired) != 1 {
				w.Errorf("timer %s fired %d times", row.ID, len(fired))
			}
		}
		return nil
	})
}
