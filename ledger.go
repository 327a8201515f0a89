package muster

import "slices"

// LedgerKind says what happened to a page, in the ledger.
type LedgerKind string

// The kinds of ledger events, in the order in which a page meets them.
const (
	LedgerPlanned      LedgerKind = "planned"      // somebody is to be paged: who, how, and why them
	LedgerStarted      LedgerKind = "started"      // it is being handed to the provider
	LedgerAccepted     LedgerKind = "accepted"     // the provider took it
	LedgerFailed       LedgerKind = "failed"       // an attempt, or the page, failed
	LedgerUnknown      LedgerKind = "unknown"      // no complete answer: it may have arrived
	LedgerReceived     LedgerKind = "received"     // the carrier or the device has it
	LedgerOpened       LedgerKind = "opened"       // a person opened it
	LedgerAcknowledged LedgerKind = "acknowledged" // a person has it: by which means is told
	LedgerResolved     LedgerKind = "resolved"     // a person or a source ended the alert
	LedgerCancelled    LedgerKind = "cancelled"    // it was not needed any more
)

// State is the state of a page after an event of this kind, "" where the event is not about a page.
func (k LedgerKind) State() PageState {
	switch k {
	case LedgerPlanned:
		return PagePlanned
	case LedgerStarted:
		return PageStarted
	case LedgerAccepted:
		return PageAccepted
	case LedgerFailed:
		return PageFailed
	case LedgerUnknown:
		return PageUnknown
	case LedgerReceived, LedgerOpened, LedgerAcknowledged:
		return PageProved
	case LedgerCancelled:
		return PageCancelled
	case LedgerResolved:
	}
	return ""
}

// LedgerEvent is one thing that happened to a page or to an alert. Alert, Person, Method, Connector, Step, Round and Why
// are told when the page is planned, and never change.
type LedgerEvent struct {
	Kind      LedgerKind    `json:"kind"`
	Page      PageID        `json:"page,omitempty"` // empty: it is about the alert, or about Ref
	Alert     AlertID       `json:"alert,omitempty"`
	Person    UserName      `json:"person,omitempty"`
	Method    string        `json:"method,omitempty"`
	Connector ConnectorName `json:"connector,omitempty"`
	Step      int           `json:"step,omitempty"`
	Round     int           `json:"round,omitempty"`
	N         int           `json:"n,omitempty"`     // its place in the life of the page: the event with the highest one counts
	State     PageState     `json:"state,omitempty"` // of the page after it, where that is not what Kind says
	Provider  string        `json:"provider_id,omitempty"`
	Means     string        `json:"means,omitempty"` // how a person acknowledged: "page", "chat", "api"
	Ref       string        `json:"ref,omitempty"`   // what else it is about: a contact method that is tried out
	Why       string        `json:"why,omitempty"`
	At        Instant       `json:"at,omitzero"` // where it is not the row's own instant
}

// After is the state of the page after the event.
func (e *LedgerEvent) After() PageState {
	if e.State != "" {
		return e.State
	}
	return e.Kind.State()
}

// LedgerRow is what one transaction did to pages: its events as a JSON list, as they were written. Position, Hash and with
// them the chain come when the row is sealed, within a second of its commit.
type LedgerRow struct {
	ID       LedgerID
	At       Instant
	Body     string
	Position int64  // 1, 2, 3 …; 0: not sealed yet
	Hash     string // over the row and the Hash before it
}

// Checkpoint says, signed by this installation, how far ledger and security log were at a moment: whoever keeps one
// elsewhere can prove later that nothing before it was changed.
type Checkpoint struct {
	Position  int64   `json:"position"` // of the ledger's last row
	Hash      string  `json:"hash"`     // of that row
	At        Instant `json:"at"`
	AuditSeq  int64   `json:"audit_seq"`  // of the security log's last row
	AuditHash string  `json:"audit_hash"` // of that row
	Key       string  `json:"key"`        // public key, Ed25519, base64
	Signature string  `json:"signature"`  // over the lines of its content, see internal/ledger, base64
}

// WhyPerson is the one sentence of a page's reasons that tells a person why it is them.
func WhyPerson(why []Reason) string {
	for _, kind := range []ReasonKind{ReasonOverride, ReasonSwap, ReasonLayer, ReasonStep, ReasonPolicy} {
		for _, w := range slices.Backward(why) {
			if w.Kind == kind {
				return w.Text
			}
		}
	}
	return ""
}
