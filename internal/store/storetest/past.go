package storetest

import (
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// pastAlerts: what opened alerts is found among what was appended, by time, in pages.
func pastAlerts(w *world) {
	begin := w.tick()
	var openers []muster.SignalID
	for i, a := range w.alerts(6, nil) {
		outcome := []muster.Outcome{muster.OutcomeOpened, muster.OutcomeSilenced, muster.OutcomeTriage}[i%3]
		for _, o := range []muster.Outcome{outcome, muster.OutcomeAppended, muster.OutcomeAppended, muster.OutcomeResolved} {
			s := muster.RawSignal{ID: id[muster.SignalID](w), Alert: a.ID, Outcome: o, ReceivedAt: w.tick(), Raw: []byte("{}"), Signal: muster.Signal{Title: fmt.Sprint(i)}}
			w.write(func(tx store.Tx) error { return tx.InsertSignals([]muster.RawSignal{s}) })
			if o == outcome {
				openers = append(openers, s.ID)
			}
		}
	}
	end := w.tick()
	signals := func(since, until muster.Instant, l store.List) (s string) {
		w.read(func(r store.Reader) error {
			rows, err := r.OpeningSignals(since, until, l)
			for _, x := range rows {
				s += x.Signal.Title + " "
			}
			n, err2 := r.CountOpeningSignals(since, until)
			s += fmt.Sprint("of ", n)
			if err == nil {
				err = err2
			}
			return err
		})
		return s
	}
	alerts := func(since, until muster.Instant, l store.List) (s string) {
		w.read(func(r store.Reader) error {
			rows, err := r.PastAlerts(since, until, l)
			n, err2 := r.CountPastAlerts(since, until)
			s = fmt.Sprint(len(rows), " of ", n)
			if err == nil {
				err = err2
			}
			return err
		})
		return s
	}
	same(w, "what opened alerts", "5 4 3 2 1 0 of 6", signals(begin, end, store.List{}))
	same(w, "the second page", "3 2 of 6", signals(begin, end, store.List{Limit: 2, After: string(openers[4])}))
	same(w, "what was before", "of 0", signals(begin.Plus(-time.Hour), begin, store.List{}))
	same(w, "alerts", "6 of 6", alerts(begin, end, store.List{}))
	same(w, "a page of alerts", "2 of 6", alerts(begin, end, store.List{Limit: 2}))
	same(w, "alerts of later", "0 of 0", alerts(end, end.Plus(time.Hour), store.List{}))
}

// proposals: found by status, newest first.
func proposals(w *world) {
	made := func(why string) *muster.Proposal {
		p := &muster.Proposal{ID: id[muster.ProposalID](w), Status: muster.ProposalOpen, Why: why, At: w.tick(), Base: map[string]muster.Revision{"rosters/web": 4}}
		w.write(func(tx store.Tx) error { return tx.InsertProposal(p) })
		return p
	}
	first, second := made("first"), made("second")
	list := func(f store.ProposalFilter) (s string) {
		w.read(func(r store.Reader) error {
			rows, err := r.Proposals(f)
			for _, x := range rows {
				s += fmt.Sprintf("%s:%s:%d ", x.Why, x.Status, x.Base["rosters/web"])
			}
			return err
		})
		return s
	}
	same(w, "all", "second:open:4 first:open:4 ", list(store.ProposalFilter{}))
	same(w, "a page", "first:open:4 ", list(store.ProposalFilter{List: store.List{Limit: 1, After: string(second.ID)}}))
	first.Status = muster.ProposalApproved
	w.write(func(tx store.Tx) error { return tx.UpdateProposal(first) })
	same(w, "open ones", "second:open:4 ", list(store.ProposalFilter{Status: []muster.ProposalStatus{muster.ProposalOpen}}))
	w.read(func(r store.Reader) error {
		p, err := r.Proposal(first.ID)
		if err == nil && p.Status != muster.ProposalApproved {
			w.Errorf("%+v", p)
		}
		_, missing := r.Proposal("chg_x")
		w.wants(muster.ErrNotFound, missing)
		return err
	})
	for _, wanted := range []int{1, 0} { // those that are open stay
		w.write(func(tx store.Tx) error {
			n, err := tx.DeleteProposalsBefore(w.tick(), 5)
			same(w, "deleted", wanted, n)
			return err
		})
	}
}
