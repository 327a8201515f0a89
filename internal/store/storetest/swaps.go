package storetest

import (
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// swapRequests: found by status, roster and the people whom they name.
func swapRequests(w *world) {
	made := func(roster muster.RosterName, status muster.SwapStatus, by, holder, asked muster.UserName) *muster.SwapRequest {
		s := &muster.SwapRequest{
			ID: id[muster.SwapRequestID](w), Kind: muster.SwapAsked, Roster: roster, Status: status, By: by, Holder: holder, Asked: asked,
			Why: string(roster) + "/" + string(by), CreatedAt: w.tick(),
		}
		w.write(func(tx store.Tx) error { return tx.InsertSwapRequest(s) })
		return s
	}
	first := made("web", muster.SwapOpen, "ana", "ana", "")
	made("web", muster.SwapAccepted, "ben", "ana", "")
	last := made("shop", muster.SwapOpen, "ben_", "ben_", "anabel")
	list := func(f store.SwapFilter) (s string) {
		w.read(func(r store.Reader) error {
			rows, err := r.SwapRequests(f)
			for _, x := range rows {
				s += x.Why + ":" + string(x.Status) + " "
			}
			return err
		})
		return s
	}
	same(w, "all", "shop/ben_:open web/ben:accepted web/ana:open ", list(store.SwapFilter{}))
	same(w, "open", "shop/ben_:open web/ana:open ", list(store.SwapFilter{Status: []muster.SwapStatus{muster.SwapOpen}}))
	same(w, "of a roster", "web/ben:accepted web/ana:open ", list(store.SwapFilter{Roster: "web"}))
	same(w, "that name Ana", "web/ben:accepted web/ana:open ", list(store.SwapFilter{Person: "ana"}))
	same(w, "that name Ben", "web/ben:accepted ", list(store.SwapFilter{Person: "ben"}))
	same(w, "that name a hostile name", "", list(store.SwapFilter{Person: "%' --\x00"}))
	same(w, "a page", "web/ben:accepted ", list(store.SwapFilter{List: store.List{Limit: 1, After: string(last.ID)}}))

	first.Status, first.Taker, first.AnsweredBy = muster.SwapAccepted, "ben", "ben"
	w.write(func(tx store.Tx) error { return tx.UpdateSwapRequest(first) })
	same(w, "that name Ben, now", "web/ben:accepted web/ana:accepted ", list(store.SwapFilter{Person: "ben"}))
	same(w, "still open", "shop/ben_:open ", list(store.SwapFilter{Status: []muster.SwapStatus{muster.SwapOpen}}))
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error {
		return tx.UpdateSwapRequest(&muster.SwapRequest{ID: "swp_x", Status: muster.SwapOpen})
	}))

	// The janitor deletes the oldest that are not open, a few at a time; what is open stays however old it is.
	newest := made("web", muster.SwapDeclined, "cho", "cho", "")
	sweep := func(before muster.Instant, limit, want int) {
		w.Helper()
		w.write(func(tx store.Tx) error {
			n, err := tx.DeleteSwapRequestsBefore(before, limit)
			if n != want {
				w.Errorf("deleted %d swap requests, wanted %d", n, want)
			}
			return err
		})
	}
	sweep(first.CreatedAt.Plus(-time.Second), 10, 0)
	sweep(muster.MadeAt(newest.ID), 1, 1)
	same(w, "without the oldest", "web/cho:declined shop/ben_:open web/ben:accepted ", list(store.SwapFilter{}))
	sweep(muster.MadeAt(newest.ID), 10, 1)
	same(w, "what is open, and what is newer", "web/cho:declined shop/ben_:open ", list(store.SwapFilter{}))
}
