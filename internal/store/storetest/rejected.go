package storetest

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// rejected: what could not be read waits until it is settled, and the newest requests of each source are kept as samples.
func rejected(w *world) {
	var rows []*muster.RejectedSignal
	var before muster.Instant // the last one
	for i, source := range []muster.SourceName{"probes", "probes", "'; --\x00", "probes"} {
		before = w.tick()
		s := &muster.RejectedSignal{ID: id[muster.SignalID](w), Source: source, Format: "generic", ReceivedAt: w.tick(), Reason: "no JSON", Status: muster.RejectedWaiting}
		raw := muster.RawSignal{ID: s.ID, Source: source, Outcome: muster.OutcomeRejected, ReceivedAt: s.ReceivedAt, Raw: []byte{byte(i), 0xff}}
		w.write(func(tx store.Tx) error {
			if err := tx.InsertSignals([]muster.RawSignal{raw}); err != nil {
				return err
			}
			if err := tx.InsertRejected(s); err != nil {
				return err
			}
			return tx.KeepSample(source, s.ID, 2)
		})
		rows = append(rows, s)
	}
	list := func(f store.RejectedFilter) (ids []muster.SignalID) {
		for _, s := range ask(w, func(r store.Reader) ([]*muster.RejectedSignal, error) { return r.RejectedSignals(f) }) {
			ids = append(ids, s.ID)
		}
		return ids
	}
	count := func(source muster.SourceName, most int) int {
		return ask(w, func(r store.Reader) (int, error) { return r.CountRejected(source, most) })
	}
	samples := func() (ids []muster.SignalID) {
		for _, s := range ask(w, func(r store.Reader) ([]muster.RawSignal, error) { return r.Samples("probes") }) {
			ids = append(ids, s.ID)
		}
		return ids
	}
	all := store.RejectedFilter{Source: "probes"}
	same(w, "those of a source", []muster.SignalID{rows[3].ID, rows[1].ID, rows[0].ID}, list(all))
	same(w, "a page", []muster.SignalID{rows[1].ID}, list(store.RejectedFilter{Source: "probes", List: store.List{Limit: 1, After: string(rows[3].ID)}}))
	same(w, "all that wait", 4, count("", 100))
	same(w, "no more than asked", 2, count("probes", 2))
	same(w, "the newest samples", []muster.SignalID{rows[3].ID, rows[1].ID}, samples())

	at := w.tick()
	part := func(n int, first muster.SignalID) muster.RawSignal {
		return muster.RawSignal{ID: muster.NewID[muster.SignalID](w.ids, at.Time), Source: "probes", Outcome: muster.OutcomeRejected, ReceivedAt: at, Part: n, First: first, Detail: string(rune('a' + n))}
	}
	first, other := part(0, ""), part(0, "")
	request := []muster.RawSignal{first, part(1, first.ID), part(2, first.ID), part(3, first.ID)}
	w.write(func(tx store.Tx) error {
		return tx.InsertSignals([]muster.RawSignal{request[2], part(1, other.ID), request[0], other, request[3], request[1]})
	})
	of := func(id muster.SignalID) []muster.RawSignal {
		return ask(w, func(r store.Reader) ([]muster.RawSignal, error) { return r.RequestSignals(id) })
	}
	same(w, "the signals of a request", request, of(first.ID))
	same(w, "the signals of none", 0, len(of("sig_none")))

	by := muster.By{Name: "Ana"}
	rows[1].Status, rows[1].SettledAt, rows[1].SettledBy, rows[1].Why = muster.RejectedDismissed, w.tick(), &by, "a test"
	w.write(func(tx store.Tx) error {
		if err := second(tx.RejectedSignal(rows[1].ID)); err != nil { // locks
			return err
		}
		return tx.UpdateRejected(rows[1])
	})
	same(w, "one", rows[1], ask(w, func(r store.Reader) (*muster.RejectedSignal, error) { return r.RejectedSignal(rows[1].ID) }))
	same(w, "those that wait", 2, count("probes", 100))
	same(w, "those that do not", []muster.SignalID{rows[1].ID}, list(store.RejectedFilter{Status: []muster.RejectedStatus{muster.RejectedDismissed}}))
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error { return second(tx.RejectedSignal("sig_none")) }))

	w.write(func(tx store.Tx) error { return second(tx.DeleteSignalsBefore(before, 100)) })
	same(w, "what is left", []muster.SignalID{rows[3].ID}, list(store.RejectedFilter{}))
	same(w, "the samples that are left", []muster.SignalID{rows[3].ID}, samples())
}
