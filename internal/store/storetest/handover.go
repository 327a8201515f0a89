package storetest

import (
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// handovers: one note for each change of a roster role, one draft beside them, found newest first.
func handovers(w *world) {
	put := func(role muster.RosterRole, at muster.Instant, words string) (n *muster.HandoverNote, made bool) {
		n = &muster.HandoverNote{ID: id[muster.HandoverID](w), Roster: "web", Role: role, At: at, From: []muster.UserName{"ana"}, Words: words}
		w.write(func(tx store.Tx) (err error) {
			made, err = tx.InsertHandover(n)
			return err
		})
		return n, made
	}
	at := w.tick()
	first, made := put(muster.PrimaryResponder, at, "first")
	_, again := put(muster.PrimaryResponder, at, "again")
	same(w, "made once", "true false", fmt.Sprint(made, again))
	put(muster.SecondaryResponder, at, "second")
	put(muster.PrimaryResponder, w.tick(), "third")
	draft, made := put(muster.PrimaryResponder, muster.Instant{}, "draft")
	_, again = put(muster.PrimaryResponder, muster.Instant{}, "draft again")
	same(w, "drafted once", "true false", fmt.Sprint(made, again))
	list := func(f store.HandoverFilter) (s string) {
		w.read(func(r store.Reader) error {
			rows, err := r.Handovers(f)
			for _, n := range rows {
				s += n.Words + " "
			}
			return err
		})
		return s
	}
	same(w, "all", "third second first ", list(store.HandoverFilter{}))
	same(w, "of a role", "third first ", list(store.HandoverFilter{Roster: "web", Role: muster.PrimaryResponder}))
	same(w, "of another roster", "", list(store.HandoverFilter{Roster: "'\x00"}))
	same(w, "a page", "first ", list(store.HandoverFilter{Role: muster.PrimaryResponder, List: store.List{Limit: 1, After: string(first.ID) + "x"}}))
	first.Words = "mended"
	w.write(func(tx store.Tx) error { return tx.UpdateHandover(first) })
	w.write(func(tx store.Tx) error { return tx.DeleteHandover(draft.ID) })
	w.read(func(r store.Reader) error {
		got, err := r.Handover(first.ID)
		same(w, "a note", first, got)
		if d, err := r.HandoverDraft("web", muster.PrimaryResponder); d != nil || err != nil {
			w.Errorf("a draft that was removed is %v, %v", d, err)
		}
		return err
	})
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error { return tx.UpdateHandover(&muster.HandoverNote{ID: "hnd_x"}) }))
	put(muster.PrimaryResponder, muster.Instant{}, "draft")
	for _, wanted := range []int{2, 1, 0} {
		w.write(func(tx store.Tx) error {
			n, err := tx.DeleteHandoversBefore(w.tick(), 2)
			same(w, "deleted", wanted, n)
			return err
		})
	}
	w.read(func(r store.Reader) error {
		d, err := r.HandoverDraft("web", muster.PrimaryResponder)
		if d == nil {
			w.Errorf("the draft was deleted, too")
		}
		return err
	})
}

// ledger: pages in short, and what was written about the documents of a kind over a period.
func ledger(w *world) {
	a := w.alerts(1, func(_ int, a *muster.Alert) { a.Service = "cart" })[0]
	before := w.tick()
	page := func(alert muster.AlertID, state muster.PageState) *muster.Page {
		return &muster.Page{ID: id[muster.PageID](w), Alert: alert, Person: "ana", State: state}
	}
	pages := []*muster.Page{page(a.ID, muster.PageProved), page(a.ID, muster.PageCancelled), page("alt_gone", muster.PageFailed)}
	after := w.tick()
	pages = append(pages, page(a.ID, muster.PageProved))
	w.write(func(tx store.Tx) error { return tx.InsertPages(pages) })
	w.read(func(r store.Reader) error {
		got, err := r.PagedBetween(before, after)
		same(w, "pages", []store.Paged{
			{Person: "ana", Alert: a.ID, Service: "cart", At: before.Plus(1e6)}, {Person: "ana", Alert: "alt_gone", At: before.Plus(3e6)},
		}, got)
		return err
	})

	var at []muster.Instant
	for i, name := range []string{"web", "web", "db", "web", "web"} {
		at = append(at, w.tick())
		body := fmt.Sprint(i)
		if i == 4 {
			body = ""
		}
		w.write(func(tx store.Tx) error {
			head, err := tx.LockHead()
			if err != nil {
				return err
			}
			return tx.InsertDocs([]muster.DocRevision{
				{Revision: head + 1, Kind: muster.KindRosters, Name: name, Body: body, At: at[i]},
				{Revision: head + 2, Kind: muster.KindTeams, Name: name, Body: body, At: at[i]},
			})
		})
	}
	history := func(since, until muster.Instant) (s string) {
		w.read(func(r store.Reader) error {
			rows, err := r.HistoryOf(muster.KindRosters, since, until)
			for _, d := range rows {
				s += d.Name + d.Body + " "
			}
			return err
		})
		return s
	}
	same(w, "from before the first", "web0 web1 db2 web3 web ", history(before, at[4]))
	same(w, "from the second on", "web1 db2 web3 ", history(at[1], at[3]))
	same(w, "after the last", "db2 web ", history(at[4], at[4].Plus(1e9)))
}
