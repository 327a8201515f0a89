package sqlstore

import "github.com/muster-oncall/muster"

func scanID[T ~string](r row) (T, error) {
	var s string
	err := r.Scan(&s)
	return T(s), err
}

// Unwoken lists open alerts without a wake-up. The end that a sender gave is none: it resolves and pages nobody.
func (t *tx) Unwoken(limit int) ([]muster.AlertID, error) {
	return all(t, scanID[muster.AlertID], "SELECT a.id FROM alert a WHERE a.status = 'open' AND NOT a.held AND NOT EXISTS "+
		"(SELECT 1 FROM timer t WHERE t.ref = a.id AND t.kind <> 'alert_ends') LIMIT $1", limit)
}

// LostPages lists pages that nobody will send any more.
func (t *tx) LostPages(since muster.PageID, limit int) ([]muster.PageID, error) {
	return all(t, scanID[muster.PageID], "SELECT p.id FROM page p WHERE p.id >= $1 AND (p.state = 'planned' OR p.state = 'started' OR p.state = 'unknown') "+
		"AND p.id NOT IN (SELECT page FROM delivery WHERE wake_at IS NOT NULL) "+
		"AND EXISTS (SELECT 1 FROM alert a WHERE a.id = p.alert AND a.status = 'open') LIMIT $2", string(since), limit)
}

// Overdue counts what waits for too long.
func (t *tx) Overdue(before muster.Instant) (timers, deliveries int, err error) {
	n, err := t.number("SELECT COUNT(*) FROM timer WHERE due_at < $1", before.Micros())
	if err != nil {
		return 0, 0, err
	}
	m, err := t.number("SELECT COUNT(*) FROM delivery WHERE wake_at IS NOT NULL AND (wake_at < $1 OR state = 'planned' AND due_at < $1)", before.Micros())
	return int(n), int(m), err
}
