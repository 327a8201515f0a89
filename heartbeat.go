package muster

import (
	"fmt"
	"time"
)

// Heartbeat is a sign of life that a system of others promises to give: a nightly job, a queue worker. When it does not come
// in time, that is an alert of the source; when it comes again, the alert is resolved.
type Heartbeat struct {
	Name     string        `json:"name"`
	Title    string        `json:"title,omitempty"` // of the alert
	Every    Duration      `json:"every"`
	Grace    Duration      `json:"grace,omitempty"`    // how much later it may come; 1m when empty
	Service  ServiceName   `json:"service,omitempty"`  // the source's when empty
	Severity AlertSeverity `json:"severity,omitempty"` // major when empty
}

// The limits of heartbeats.
const (
	MinHeartbeat  = 30 * time.Second
	MaxHeartbeat  = 366 * 24 * time.Hour
	MaxHeartbeats = 200 // of one source
)

// Allowance is how long after a sign of life the next one may come.
func (h *Heartbeat) Allowance() time.Duration { return h.Every.Std() + h.Patience() }

// Patience is Grace, or its default.
func (h *Heartbeat) Patience() time.Duration {
	if h.Grace > 0 {
		return h.Grace.Std()
	}
	return time.Minute
}

// HeartbeatStatus says how a heartbeat is.
type HeartbeatStatus string

// How a heartbeat can be.
const (
	HeartbeatWaiting HeartbeatStatus = "waiting" // the first sign of life has not come, and is not late
	HeartbeatOK      HeartbeatStatus = "ok"
	HeartbeatLate    HeartbeatStatus = "late"
	HeartbeatFailed  HeartbeatStatus = "failed" // its system says itself that something is wrong
)

// Pulse is what is known of a heartbeat.
type Pulse struct {
	Source   SourceName      `json:"source"`
	Name     string          `json:"name"`
	Status   HeartbeatStatus `json:"status"`
	Since    Instant         `json:"since"`              // of the status
	LastSeen Instant         `json:"last_seen,omitzero"` // the last sign of life, a report of a failure included
	DueAt    Instant         `json:"due_at"`             // when it is late
}

// Trouble reports whether there is an alert about it.
func (p *Pulse) Trouble() bool { return p.Status == HeartbeatLate || p.Status == HeartbeatFailed }

// Heartbeat finds a heartbeat of a source, nil when there is none of that name.
func (d *Source) Heartbeat(name string) *Heartbeat {
	for i := range d.Heartbeats {
		if d.Heartbeats[i].Name == name {
			return &d.Heartbeats[i]
		}
	}
	return nil
}

// checkHeartbeats says what is wrong with the heartbeats of a source.
func (d *Source) checkHeartbeats() (f []FieldError) {
	if len(d.Heartbeats) > MaxHeartbeats {
		f = append(f, FieldError{Path: "heartbeats", Message: fmt.Sprintf("are %d: a source has at most %d, make another one", len(d.Heartbeats), MaxHeartbeats)})
	}
	seen := map[string]bool{}
	for i := range d.Heartbeats {
		h := &d.Heartbeats[i]
		at := fmt.Sprintf("heartbeats[%d].", i)
		for _, e := range CheckName(h.Name) {
			f = append(f, FieldError{Path: at + "name", Message: e.Message})
		}
		if seen[h.Name] {
			f = append(f, FieldError{Path: at + "name", Message: "there are two of this name"})
		}
		seen[h.Name] = true
		f = append(f, tooLong(at+"title", h.Title, 200)...)
		if h.Every.Std() < MinHeartbeat || h.Every.Std() > MaxHeartbeat {
			f = append(f, FieldError{Path: at + "every", Message: "must be from 30s to 366d: how often the system gives a sign of life"})
		}
		if h.Grace < 0 || h.Grace.Std() > MaxHeartbeat {
			f = append(f, FieldError{Path: at + "grace", Message: "must be from 0 to 366d: how much later the sign of life may come"})
		}
		if h.Severity != "" {
			f = append(f, oneOf(at+"severity", h.Severity, SeverityCritical, SeverityMajor, SeverityMinor, SeverityInfo)...)
		}
	}
	return f
}
