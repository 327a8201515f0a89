package muster

// Signal is one message from a source, as it was understood. The bytes that were received are kept beside it for replay.
type Signal struct {
	Source     SourceName        `json:"source"`
	Key        string            `json:"key,omitempty"` // what the sender calls the condition; the fingerprint is made of it where the format says so
	State      SignalState       `json:"state"`
	Title      string            `json:"title"`
	Summary    string            `json:"summary,omitempty"`
	Severity   AlertSeverity     `json:"severity"`
	Impact     string            `json:"impact"` // "unknown" when missing
	Action     string            `json:"action"` // "unknown" when missing
	Service    ServiceName       `json:"service,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Links      []ContextLink     `json:"links,omitempty"`
	Identity   []string          `json:"identity,omitempty"`   // label names or values that the format names as the identity, see route.Fingerprint
	DetectedAt Instant           `json:"detected_at"`          // believed: within 24 hours of receipt, else receipt
	ClaimedAt  string            `json:"claimed_at,omitempty"` // the payload's own time, kept when it is not believed
	EndsAt     Instant           `json:"ends_at,omitzero"`     // resolves by a timer when it passes (Alertmanager's endsAt)
	DetectedBy DetectedBy        `json:"detected_by,omitempty"`
	Reporter   string            `json:"reporter,omitempty"` // who reported it by the form, as they called themselves
	Triage     bool              `json:"triage,omitempty"`
	Mapped     []string          `json:"mapped,omitempty"` // how the format found the fields, for the explanation
}

// Unknown is what an alert shows for an impact or an action that nobody gave.
const Unknown = "unknown"

// Fingerprint is the identity that deduplicates: 32 hexadecimal digits, equal within a source for the same condition.
type Fingerprint string

// Suppressed says which silence holds an alert's pages back, and until when.
type Suppressed struct {
	By    SilenceName `json:"by"`
	Until Instant     `json:"until"`
	Why   string      `json:"why,omitempty"`
}

// Alert is a deduplicated, ongoing condition that needs a response.
type Alert struct {
	ID             AlertID           `json:"id"`
	Status         AlertStatus       `json:"status"`
	Triage         bool              `json:"triage"` // until somebody confirms it
	Suppressed     *Suppressed       `json:"suppressed"`
	Title          string            `json:"title"`
	Summary        string            `json:"summary"`
	Severity       AlertSeverity     `json:"severity"`
	Urgency        Urgency           `json:"urgency"`
	Impact         string            `json:"impact"`
	Action         string            `json:"action"`
	Source         SourceName        `json:"source"`
	Service        ServiceName       `json:"service"`
	Policy         PolicyName        `json:"policy,omitempty"`
	Route          RouteName         `json:"route"`
	Fingerprint    Fingerprint       `json:"fingerprint"`
	Labels         map[string]string `json:"labels"`
	Links          []ContextLink     `json:"links"`
	DetectedBy     DetectedBy        `json:"detected_by"`
	Reporter       string            `json:"reporter,omitempty"`
	DetectedAt     Instant           `json:"detected_at"`
	ClaimedAt      string            `json:"claimed_at,omitempty"`
	ReceivedAt     Instant           `json:"received_at"`
	LastSignalAt   Instant           `json:"last_signal_at"`
	Signals        int               `json:"signals"`
	AcknowledgedAt Instant           `json:"acknowledged_at"`
	AcknowledgedBy *By               `json:"acknowledged_by"`
	ResolvedAt     Instant           `json:"resolved_at"`
	ResolvedBy     *By               `json:"resolved_by"`
	Acks           []Acknowledgement `json:"acks,omitempty"`        // where the policy asks for several: who has acknowledged
	AcksNeeded     int               `json:"acks_needed,omitempty"` // how many it asks for, when that is more than one
	Snooze         *Snooze           `json:"snooze,omitempty"`      // the acknowledgement has this end
	Recorded       bool              `json:"recorded,omitempty"`    // by its route: shown and counted, and nobody is paged
	HoldUntil      Instant           `json:"hold_until,omitzero"`   // its route waits until then before anybody is paged
	Group          AlertID           `json:"group,omitempty"`       // the first alert of its group, which it joined: it pages nobody while that is not over
	Members        int               `json:"members,omitempty"`     // how many alerts joined this one
	Exhausted      bool              `json:"exhausted,omitempty"`   // its policy is used up: the fallback is paged again and again
	Incident       IncidentID        `json:"incident,omitempty"`
	IncidentKey    IncidentKey       `json:"incident_key,omitempty"`
	NextWakeAt     Instant           `json:"next_wake_at"` // when Muster does something about it by itself; copied from the timer
	Revision       Revision          `json:"revision"`     // of the catalog that routed it
	Reasons        []Reason          `json:"-"`            // source to policy, as they were decided
}

// EscalationStatus is the state of one run of a policy.
type EscalationStatus string

// The states of an escalation.
const (
	EscalationRunning   EscalationStatus = "running"
	EscalationPaused    EscalationStatus = "paused"    // acknowledged, silenced or waiting for triage
	EscalationExhausted EscalationStatus = "exhausted" // every round is used up: the fallback was paged and is paged again
	EscalationEnded     EscalationStatus = "ended"     // the alert is resolved
)

// Escalation is one run of a policy for an alert. Policy is the snapshot that the run took.
type Escalation struct {
	ID          EscalationID     `json:"id"`
	Alert       AlertID          `json:"alert"`
	Policy      Policy           `json:"policy"`
	Revision    Revision         `json:"revision"` // of the policy's document
	Urgency     Urgency          `json:"urgency"`
	Status      EscalationStatus `json:"status"`
	Step        int              `json:"step"`  // the step that was taken last, counts from 1; 0 before the first
	Round       int              `json:"round"` // counts from 1
	StepAt      Instant          `json:"step_at"`
	StepStarted Instant          `json:"step_started"` // first real attempt of the step (I15)
	Generation  int              `json:"generation"`   // raised by every change, so that an old timer finds itself stale
	Taken       []StepTaken      `json:"taken"`        // what was decided with, so that it can be explained later

	Severity   AlertSeverity     `json:"severity,omitempty"`   // of the alert, for steps that ask
	Acked      []Acknowledgement `json:"acked,omitempty"`      // so far, while the policy asks for more; they are not paged again
	WaitsUntil Instant           `json:"waits_until,omitzero"` // the last step waits for somebody to come on call, until then at most
	Turns      map[int]UserName  `json:"turns,omitempty"`      // who had the last turn of a step with turns; handed in anew each time, see [StepTaken].Turns
}

// Acknowledgement is one person's word that they have an alert.
type Acknowledgement struct {
	User UserName `json:"user,omitempty"` // empty: a machine
	Name string   `json:"name"`
	At   Instant  `json:"at"`
}

// Same reports whether two acknowledgements are of the same person, or machine.
func (a Acknowledgement) Same(b Acknowledgement) bool {
	return a.User == b.User && (a.User != "" || a.Name == b.Name)
}

// Snooze says who put an alert off, and until when: then it pages again.
type Snooze struct {
	By    By      `json:"by"`
	Until Instant `json:"until"`
}

// Told is a room or a webhook that an escalation step tells. It is no page: nobody is reached by it.
type Told struct {
	Connector ConnectorName `json:"connector"`
	Title     string        `json:"title"`
	Step      int           `json:"step"`
	Round     int           `json:"round"`
	Reasons   []Reason      `json:"why"`
}

// StepTaken keeps the facts with which a step was decided: with the catalog's revision they give the same answer again.
type StepTaken struct {
	Step     int                        `json:"step"`
	Round    int                        `json:"round"`
	At       Instant                    `json:"at"`
	Revision Revision                   `json:"revision"`
	Fallback bool                       `json:"fallback,omitempty"` // the policy was used up
	Event    string                     `json:"event,omitempty"`    // what led to the step: start, timer, unack, release, escalate
	Because  string                     `json:"because,omitempty"`  // what the event said of itself
	Started  Instant                    `json:"started,omitzero"`   // first real attempt of the step before
	Contacts map[UserName][]ContactFact `json:"contacts,omitempty"`
	Spared   []UserName                 `json:"spared,omitempty"` // of Contacts: who was looked at and not paged
	Away     []Leave                    `json:"away,omitempty"`   // days off at that moment of experts whom a topic names
	Acked    []Acknowledgement          `json:"acked,omitempty"`
	Turns    map[int]UserName           `json:"turns,omitempty"`      // who had the last turn of each step with turns
	Waits    Instant                    `json:"waits_until,omitzero"` // nobody was paged: the step waits until then at most
	Gathered map[UserName]Gathering     `json:"gathered,omitempty"`   // whose pages were left to a digest
	Said     []Reason                   `json:"said,omitempty"`       // what no page carries, in the words of that moment
	Zones    string                     `json:"zones,omitempty"`      // release of the zone data that it was decided with
}

// ContactFact is what a decision needs to know of a contact method: not the address.
type ContactFact struct {
	ID        ContactID     `json:"id"`
	Method    string        `json:"method"`
	Connector ConnectorName `json:"connector"`
	Hint      string        `json:"hint,omitempty"`
	Verified  bool          `json:"verified"`
}

// RawSignal is a signal row: what was received and what became of it.
type RawSignal struct {
	ID         SignalID   `json:"id"`
	Source     SourceName `json:"source"`
	Format     string     `json:"format"`
	Alert      AlertID    `json:"alert,omitempty"`
	Outcome    Outcome    `json:"outcome"`
	Detail     string     `json:"detail,omitempty"`
	ReceivedAt Instant    `json:"received_at"`
	Signal     Signal     `json:"signal"`
	Raw        []byte     `json:"-"`               // the request's body; kept with the first signal of a request
	Part       int        `json:"part,omitempty"`  // the how-manieth signal of its request, from 0
	First      SignalID   `json:"first,omitempty"` // the row that holds Raw, when Part > 0
	Same       SignalID   `json:"-"`               // of the same alert: what Signal says besides its times is kept there alone
}
