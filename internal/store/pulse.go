package store

import "github.com/muster-oncall/muster"

// PulseReader reads what is known of the heartbeats of other systems.
type PulseReader interface {
	Pulse(source muster.SourceName, name string) (*muster.Pulse, error) // nil when nothing is known
	Pulses(source muster.SourceName) ([]muster.Pulse, error)            // by source and name; "" is every source
}

// PulseWriter writes it.
type PulseWriter interface {
	PutPulse(p *muster.Pulse) error
	DeletePulse(source muster.SourceName, name string) error
}
