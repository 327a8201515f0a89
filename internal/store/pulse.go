package store

import "github.com/muster-oncall/muster"

// PulseReader reads what is known of the heartbeats of other systems.
type PulseReader interface {
	Pulse(source muster.SourceName, name string) (*muster.Pulse, error) // nil when nothing is known
	Pulses(source muster.SourceName) ([]muster.Pulse, error)            // by source and name; "" is every source
	// RejectedSignals gives signals of a source that could not be read, newest first, without Raw. It looks at the newest 20,000
	// signals of all sources.
	RejectedSignals(source muster.SourceName, limit int) ([]muster.RawSignal, error)
}

// PulseWriter writes it.
type PulseWriter interface {
	PutPulse(p *muster.Pulse) error
	DeletePulse(source muster.SourceName, name string) error
	// SettleSignal writes that a signal which could not be read has been replayed.
	SettleSignal(s *muster.RawSignal) error
}
