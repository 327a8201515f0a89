package muster

import (
	"encoding/json"
	"time"
)

// Page is a demand for one responder's attention by one contact method.
type Page struct {
	ID         PageID        `json:"id"`
	Alert      AlertID       `json:"alert"`
	Escalation EscalationID  `json:"escalation,omitempty"` // empty: a person paged by hand
	Person     UserName      `json:"person"`
	Method     string        `json:"method"`
	Connector  ConnectorName `json:"connector"`
	Contact    ContactID     `json:"contact"`
	Step       int           `json:"step"`
	Round      int           `json:"round"`
	Repeats    PageID        `json:"repeats,omitempty"` // the page that this one says again by another provider
	Digest     []AlertID     `json:"digest,omitempty"`  // a page about several alerts: exactly these, the worst first; Alert is the first of them
	Service    ServiceName   `json:"service,omitempty"` // of Alert when the page was planned
	Apart      bool          `json:"apart,omitempty"`   // went singly although a storm of other services was on for the person
	State      PageState     `json:"state"`
	Detail     string        `json:"detail,omitempty"` // why it failed or was cancelled
	PlannedAt  Instant       `json:"planned_at"`
	DueAt      Instant       `json:"due_at"`
	StartedAt  Instant       `json:"started_at"`
	AcceptedAt Instant       `json:"accepted_at"`
	ProvedAt   Instant       `json:"proved_at"`
	Proof      string        `json:"proof,omitempty"` // "Ana opened the page", "Ana acknowledged"
	Why        []Reason      `json:"why"`
	Revision   Revision      `json:"revision"` // of the catalog that chose the person
	Attempts   []Attempt     `json:"attempts"`
}

// Proof says what counts as proof that a page reached its person, besides the person opening or acknowledging it. The
// provider's word that it took a page is never one.
type Proof string

// The kinds of proof that providers can give.
const (
	ProofPerson  Proof = "person"  // none: mail, ntfy, webhook and voice are proved by a person only
	ProofCarrier Proof = "carrier" // SMS: the carrier says that it was delivered to the phone
	ProofDevice  Proof = "device"  // push: the device says that it got it
)

// PageAnswerKind says what came back about a page.
type PageAnswerKind string

// The kinds of answers. Received is a proof by a receipt; what a person does proves more.
const (
	AnswerReceived    PageAnswerKind = "received"    // the carrier or the device has it
	AnswerFailed      PageAnswerKind = "failed"      // the provider took it and could not bring it
	AnswerOpened      PageAnswerKind = "opened"      // a person opened it
	AnswerAcknowledge PageAnswerKind = "acknowledge" // a person acknowledges
	AnswerResolve     PageAnswerKind = "resolve"     // a person resolves
	AnswerEscalate    PageAnswerKind = "escalate"    // a person passes it on
	AnswerUnclear     PageAnswerKind = "unclear"     // a person said something that is none of these
)

// PageAnswer is what a provider tells about a page, or what a person answered to it.
type PageAnswer struct {
	Kind       PageAnswerKind
	Page       PageID // "" when the request was not made at a page's own address: then Code says which
	Code       string // the reply code that the person gave, digits alone
	From       string // the address that answered, as contact methods write it; proves nothing alone
	ProviderID string // the provider's reference of what was delivered
	Detail     string // for the record: "delivered", "busy"
}

// DefaultProofWithin is how long a page may stay without proof before the next way to the person is tried.
const DefaultProofWithin = 2 * time.Minute

// Attempt is one call of a connector.
type Attempt struct {
	At       Instant `json:"at"`
	Took     int64   `json:"took_us"` // microseconds
	Result   string  `json:"result"`  // accepted, failed, unknown
	Detail   string  `json:"detail,omitempty"`
	Provider string  `json:"provider_id,omitempty"` // the provider's own reference
}

// DeliveryKind says what a delivery hands to a connector.
type DeliveryKind string

// The kinds of deliveries.
const (
	DeliverPage         DeliveryKind = "page"
	DeliverNotification DeliveryKind = "notification" // to a person or a room, no acknowledgement expected
	DeliverStatusPage   DeliveryKind = "statuspage"   // render and publish a status page
	DeliverWebhook      DeliveryKind = "webhook"      // an outgoing webhook about something that happened
	DeliverRoster       DeliveryKind = "roster"       // write rosters into a table kept outside, or read one from it
	DeliverCalendar     DeliveryKind = "calendar"     // fetch a calendar of leave or holidays
	DeliverReceipt      DeliveryKind = "receipt"      // ask the provider of a page what became of it
)

// DeliveryState is how far a delivery got.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPlanned   DeliveryState = "planned"
	DeliveryStarted   DeliveryState = "started" // with a lease: after it the outcome is unknown and the delivery is sent again
	DeliveryDone      DeliveryState = "done"
	DeliveryFailed    DeliveryState = "failed"
	DeliveryCancelled DeliveryState = "cancelled"
)

// Delivery is a row of the outbox: something to hand to a connector. Its ID is the idempotency key at the provider.
type Delivery struct {
	ID         DeliveryID
	Kind       DeliveryKind
	Connector  ConnectorName
	Page       PageID  // for DeliverPage
	Alert      AlertID // for DeliverPage
	Service    ServiceName
	Urgency    Urgency // of the alert: who waits in a provider's queue together goes in turns of services, high urgency first
	Ref        string  // for the other kinds: what it is about, see the engine
	Payload    json.RawMessage
	State      DeliveryState
	DueAt      Instant
	Attempts   int
	LeaseNode  string
	LeaseUntil Instant
	Epoch      int64 // raised by each claim; a result with an older one is refused
	CreatedAt  Instant
}
