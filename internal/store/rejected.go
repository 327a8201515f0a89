package store

import "github.com/muster-oncall/muster"

// RejectedFilter selects rejected signals. Zero fields select everything.
type RejectedFilter struct {
	List
	Source muster.SourceName
	Status []muster.RejectedStatus
}

// OwnSamples is the name under which the newest of what came from a source in a format of our own is kept: reports and signs
// of life, which no mapping reads. No source has such a name.
func OwnSamples(source muster.SourceName) muster.SourceName { return source + "/own" }

// RejectedReader reads requests that could not be read in full, and finds what sources sent lately.
type RejectedReader interface {
	RejectedSignal(id muster.SignalID) (*muster.RejectedSignal, error)
	RejectedSignals(f RejectedFilter) ([]*muster.RejectedSignal, error)
	// CountRejected counts those of a source that wait, up to a most; "" is every source.
	CountRejected(source muster.SourceName, most int) (int, error)
	// RequestSignals gives the signals of a request by its first one, in the order in which they stood there, without Raw.
	RequestSignals(first muster.SignalID) ([]muster.RawSignal, error)
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
