package store

import "github.com/muster-oncall/muster"

// WatchReader finds what should not be there. It is the auditor's, which shares no connection with anybody.
type WatchReader interface {
	// Unwoken lists open alerts that nothing holds back and that have no timer which would wake them.
	Unwoken(limit int) ([]muster.AlertID, error)
	// LostPages lists pages of open alerts that are not over and that no delivery carries, of those with this identifier or
	// a later one.
	LostPages(since muster.PageID, limit int) ([]muster.PageID, error)
	// Overdue counts timers, and deliveries that nobody has begun or ended, that were due before an instant.
	Overdue(before muster.Instant) (timers, deliveries int, err error)
}
