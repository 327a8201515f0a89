package query

import (
	"context"
	"net/url"

	"github.com/muster-oncall/muster"
)

// Watch is what the auditor of this node knows.
type Watch struct {
	LookedAt   muster.Instant `json:"looked_at"` // null: it has not looked yet
	TookMicros int64          `json:"took_us"`
	Findings   []WatchFinding `json:"findings"`
	BeatTo     string         `json:"heartbeat,omitempty"`       // the host that heartbeats go to
	BeatAt     muster.Instant `json:"heartbeat_at"`              // of the last one that was taken
	BeatError  string         `json:"heartbeat_error,omitempty"` // why the last one was not
	Node       string         `json:"node"`                      // whose circuits these are: each node has its own, in memory
	Circuits   []WatchCircuit `json:"circuits"`
}

// WatchCircuit is a connector whose provider is in trouble, as one node sees it.
type WatchCircuit struct {
	Connector muster.ConnectorName `json:"connector"`
	Since     muster.Instant       `json:"since"`
	Failures  int                  `json:"failures"` // calls in a row
	Problem   string               `json:"problem"`  // of the last call
}

// WatchFinding is something that should not be.
type WatchFinding struct {
	Kind  string         `json:"kind"`
	Text  string         `json:"text"`
	Since muster.Instant `json:"since"`
}

// WatchNow says what the auditor found, for banners.
func (q *Queries) WatchNow() Watch {
	if q.Watching == nil {
		return Watch{Findings: []WatchFinding{}, Circuits: []WatchCircuit{}}
	}
	w := q.Watching()
	if w.Findings == nil {
		w.Findings = []WatchFinding{}
	}
	if w.Circuits == nil {
		w.Circuits = []WatchCircuit{}
	}
	if u, err := url.Parse(w.BeatTo); err == nil {
		w.BeatTo = u.Host // the rest of the address is a secret of a kind
	}
	return w
}

func (q *Queries) watch(context.Context, muster.Actor, muster.Nothing) (Watch, error) {
	return q.WatchNow(), nil
}
