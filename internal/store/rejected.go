package store

import "github.com/muster-oncall/muster"

// RejectedFilter selects rejected signals. Zero fields select everything.
type RejectedFilter struct {
	List
	Source muster.SourceName
	Status []muster.RejectedStatus
}

// RejectedReader reads requests that nothing could be read from, and finds what sources sent lately.
type RejectedReader interface {
	RejectedSignal(id muster.SignalID) (*muster.RejectedSignal, error)
	RejectedSignals(f RejectedFilter) ([]*muster.RejectedSignal, error)
	// CountRejected counts those of a source that wait, up to a most; "" is every source.
	CountRejected(source muster.SourceName, most int) (int, error)
	// Samples gives the first signals of requests that a source sent lately, newest first, without Raw.
	Samples(source muster.SourceName) ([]muster.RawSignal, error)
}

// RejectedWriter writes them. The janitor's DeleteSignalsBefore deletes them with their signals.
type RejectedWriter interface {
	InsertRejected(s *muster.RejectedSignal) error
	UpdateRejected(s *muster.RejectedSignal) error
	// KeepSample keeps a request as the newest one of a source, of which it keeps the newest few.
	KeepSample(source muster.SourceName, id muster.SignalID, keep int) error
}
