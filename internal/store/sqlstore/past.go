package sqlstore

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// opening is the condition of the index signal_opening, word for word.
const opening = "(outcome = 'opened' OR outcome = 'silenced' OR outcome = 'triage')"

// between is the condition on identifiers of what was made between two instants.
func between(prefix string, since, until muster.Instant) *where {
	w := &where{}
	w.and("id >= ? AND id < ?", madeAt(prefix, since), madeAt(prefix, until))
	return w
}

func manyRows(n int) int {
	if n <= 0 || n > store.MaxPast {
		return store.MaxPast
	}
	return n
}

func (w *where) past(l store.List) {
	if l.After != "" {
		w.and("id < ?", l.After)
	}
	w.raw(" ORDER BY id DESC LIMIT ?", manyRows(l.Limit))
}

// OpeningSignals lists the signals that opened alerts, newest first.
func (t *tx) OpeningSignals(since, until muster.Instant, l store.List) ([]muster.RawSignal, error) {
	w := between("sig", since, until)
	w.and(opening)
	w.past(l)
	return t.signals("SELECT body FROM signal"+w.text.String(), w.args...)
}

// CountOpeningSignals counts them.
func (t *tx) CountOpeningSignals(since, until muster.Instant) (int, error) {
	w := between("sig", since, until)
	w.and(opening)
	n, err := t.number("SELECT COUNT(*) FROM signal"+w.text.String(), w.args...)
	return int(n), err
}

// PastAlerts lists alerts, newest first.
func (t *tx) PastAlerts(since, until muster.Instant, l store.List) ([]*muster.Alert, error) {
	w := between("alt", since, until)
	w.past(l)
	return all(t, scanBody[muster.Alert], "SELECT body FROM alert"+w.text.String(), w.args...)
}

// CountPastAlerts counts them.
func (t *tx) CountPastAlerts(since, until muster.Instant) (int, error) {
	w := between("alt", since, until)
	n, err := t.number("SELECT COUNT(*) FROM alert"+w.text.String(), w.args...)
	return int(n), err
}
