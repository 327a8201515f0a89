package store

import "github.com/muster-oncall/muster"

// MaxPast is the most that one call of a [PastReader] gives.
const MaxPast = 20_000

// PastReader reads what opened the alerts of the past, a lot at a time: so that they can be played through another catalog.
// Times are those of receipt; until is not included.
type PastReader interface {
	// OpeningSignals lists the signals that opened alerts, newest first, without Raw.
	OpeningSignals(since, until muster.Instant, l List) ([]muster.RawSignal, error)
	CountOpeningSignals(since, until muster.Instant) (int, error)
	// PastAlerts lists alerts, newest first, without Reasons and as they were written last: for those whose signals are not
	// kept any more.
	PastAlerts(since, until muster.Instant, l List) ([]*muster.Alert, error)
	CountPastAlerts(since, until muster.Instant) (int, error)
}
