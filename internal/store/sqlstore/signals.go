package sqlstore

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// RejectedSignal gives one rejected signal.
func (t *tx) RejectedSignal(id muster.SignalID) (*muster.RejectedSignal, error) {
	return get(t, "rejected signal", string(id), scanBody[muster.RejectedSignal], "SELECT body FROM rejected_signal WHERE id = $1"+t.lock, string(id))
}

// RejectedSignals lists rejected signals, newest first.
func (t *tx) RejectedSignals(f store.RejectedFilter) ([]*muster.RejectedSignal, error) {
	var w where
	if f.Source != "" {
		w.and("source = ?", storable(string(f.Source)))
	}
	oneOf(&w, "status", f.Status)
	w.list(f.List)
	return all(t, scanBody[muster.RejectedSignal], "SELECT body FROM rejected_signal"+w.text.String(), w.args...)
}

// CountRejected counts those that wait, up to a most.
func (t *tx) CountRejected(source muster.SourceName, most int) (int, error) {
	var w where
	w.and("status = 'waiting'")
	if source != "" {
		w.and("source = ?", storable(string(source)))
	}
	w.raw(" LIMIT ?", limit(most))
	n, err := t.number("SELECT COUNT(*) FROM (SELECT 1 FROM rejected_signal"+w.text.String()+") AS waiting", w.args...)
	return int(n), err
}

// InsertRejected writes a new rejected signal.
func (t *tx) InsertRejected(s *muster.RejectedSignal) error {
	_, err := t.exec("INSERT INTO rejected_signal (id, source, status, body) VALUES ($1, $2, $3, $4)",
		string(s.ID), storable(string(s.Source)), string(s.Status), t.encode(s))
	return err
}

// UpdateRejected writes a rejected signal as it is given.
func (t *tx) UpdateRejected(s *muster.RejectedSignal) error {
	return t.change("rejected signal", string(s.ID), "UPDATE rejected_signal SET status = $2, body = $3 WHERE id = $1", string(s.ID), string(s.Status), t.encode(s))
}

// RequestSignals gives the signals of a request. It finds them by identifier: they were made in one millisecond.
func (t *tx) RequestSignals(first muster.SignalID) ([]muster.RawSignal, error) {
	at := muster.MadeAt(first)
	list, err := all(t, scanKept, "SELECT body FROM signal WHERE id >= $1 AND id < $2", madeAt("sig", at), madeAt("sig", at.Plus(time.Millisecond)))
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(s muster.RawSignal) bool { return s.ID != first && s.First != first })
	slices.SortFunc(list, func(a, b muster.RawSignal) int { return cmp.Compare(a.Part, b.Part) })
	return list, t.sayAgain(list)
}

// maxSamples is how many requests of a source are kept as samples, whatever is asked for.
const maxSamples = 100

// Samples gives the first signals of requests of a source, newest first.
func (t *tx) Samples(source muster.SourceName) ([]muster.RawSignal, error) {
	return t.signals("SELECT signal.body FROM source_sample JOIN signal ON signal.id = source_sample.id WHERE source_sample.source = $1 "+
		"ORDER BY source_sample.id DESC LIMIT $2", storable(string(source)), maxSamples)
}

// KeepSample keeps a request as the newest one of a source.
func (t *tx) KeepSample(source muster.SourceName, id muster.SignalID, keep int) error {
	if _, err := t.exec("INSERT INTO source_sample (source, id) VALUES ($1, $2) ON CONFLICT (source, id) DO NOTHING", storable(string(source)), string(id)); err != nil {
		return err
	}
	_, err := t.exec("DELETE FROM source_sample WHERE source = $1 AND id < (SELECT MIN(id) FROM (SELECT id FROM source_sample WHERE source = $1 ORDER BY id DESC LIMIT $2) AS newest)",
		storable(string(source)), min(keep, maxSamples))
	return err
}

// deleteRejectedBefore deletes what belongs to signals that are older than an identifier.
func (t *tx) deleteRejectedBefore(before string, limit int) error {
	for _, table := range []string{"rejected_signal", "source_sample"} {
		if _, err := t.exec("DELETE FROM "+table+" WHERE id IN (SELECT id FROM "+table+" WHERE id < $1 ORDER BY id LIMIT $2)", before, limit); err != nil {
			return err
		}
	}
	return nil
}
