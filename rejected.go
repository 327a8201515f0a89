package muster

// SignalParser reads the body of a request of a format for the source that sent it, as the doors of intake do. Signals and
// an error may come together: the signals are good, and the error tells what is wrong with the rest. A format that nobody
// knows is an error with code ErrNotFound.
type SignalParser func(format string, src *Source, body []byte, received Instant) ([]Signal, error)

// RejectedStatus is the state of a rejected signal.
type RejectedStatus string

// The states of a rejected signal.
const (
	RejectedWaiting   RejectedStatus = "waiting"   // nobody has looked at it yet
	RejectedReplayed  RejectedStatus = "replayed"  // it was read after all
	RejectedDismissed RejectedStatus = "dismissed" // a person said why it is of no use
)

// RejectedSignal is a request that nothing could be read from, or not all. It waits until a person replays or dismisses it; what was
// received lies in the signal's row.
type RejectedSignal struct {
	ID         SignalID         `json:"id"`
	Source     SourceName       `json:"source"`
	Format     string           `json:"format"`
	ReceivedAt Instant          `json:"received_at"`
	Reason     string           `json:"reason"` // why it could not be read
	Status     RejectedStatus   `json:"status"`
	SettledAt  Instant          `json:"settled_at,omitzero"`
	SettledBy  *By              `json:"settled_by,omitempty"`
	Why        string           `json:"why,omitempty"`     // it was dismissed
	Results    []ReplayedSignal `json:"results,omitempty"` // what became of what was read from it
}

// ReplayedSignal is what became of one signal of a request that was replayed.
type ReplayedSignal struct {
	Alert   AlertID `json:"alert,omitempty"`
	Outcome Outcome `json:"outcome"`
	Detail  string  `json:"detail,omitempty"`
}
