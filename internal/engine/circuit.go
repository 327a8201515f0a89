package engine

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
)

// What opens a circuit, and how often a single delivery tries whether the provider works again. Meanwhile the others wait
// for holdFor and a bit, and go other ways.
const (
	circuitAfter = 5
	probeEvery   = 5 * time.Second
	holdFor      = 10 * time.Second
)

// Circuit is a connector whose calls failed one after the other.
type Circuit struct {
	Connector muster.ConnectorName
	Since     time.Time
	Failures  int
	Problem   string // of the last call
}

// circuits remember how the calls of each connector went, on this node. A failure that is about the one message, such as a
// number that does not exist, says nothing about the provider.
type circuits struct {
	mu sync.Mutex
	by map[muster.ConnectorName]*circuit
}

type circuit struct {
	Circuit
	open  bool
	probe time.Time // when the next delivery may try
}

// admit reports whether a delivery may go now: always while the circuit is closed, and a single one now and then while
// it is open.
func (c *circuits) admit(name muster.ConnectorName) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.by[name]
	if k == nil || !k.open {
		return true
	}
	now := time.Now()
	if now.Before(k.probe) {
		return false
	}
	k.probe = now.Add(probeEvery)
	return true
}

// worked notes that a call went well, and reports whether that closed the circuit.
func (c *circuits) worked(name muster.ConnectorName) (closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.by[name]
	if k == nil {
		return false
	}
	delete(c.by, name)
	return k.open
}

// failed notes that a call failed, and reports whether the circuit is open now, and whether it opened by that. asked is how
// long the provider wants to be left alone.
func (c *circuits) failed(name muster.ConnectorName, problem string, asked time.Duration) (open, opened bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[muster.ConnectorName]*circuit{}
	}
	k := c.by[name]
	if k == nil {
		k = &circuit{Circuit: Circuit{Connector: name}}
		c.by[name] = k
	}
	now := time.Now()
	k.Failures++
	k.Problem = problem
	if !k.open && k.Failures >= circuitAfter {
		k.open, k.Since, opened = true, now, true
	}
	if at := now.Add(max(probeEvery, min(asked, time.Minute))); k.open && at.After(k.probe) {
		k.probe = at
	}
	return k.open, opened
}

// Circuits lists the connectors that are in trouble on this node.
func (e *Engine) Circuits() (out []Circuit) {
	e.circuits.mu.Lock()
	defer e.circuits.mu.Unlock()
	for _, k := range e.circuits.by {
		if k.open {
			out = append(out, k.Circuit)
		}
	}
	slices.SortFunc(out, func(a, b Circuit) int { return cmp.Compare(a.Connector, b.Connector) })
	return out
}

// Unproved counts the pages since the start of this node that their providers had accepted, and of which nothing showed that
// they arrived, when the next step of the policy came.
func (e *Engine) Unproved() int64 { return e.unproved.Load() }

// spread is holdFor and up to half of it more, the same for the same delivery: what waited together shall not come back
// together.
func spread(id muster.DeliveryID) time.Duration {
	n := 0
	for _, b := range []byte(id) {
		n = (n*31 + int(b)) % 1000
	}
	return holdFor + holdFor/2*time.Duration(n)/1000
}
