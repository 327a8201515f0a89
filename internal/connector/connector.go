// Package connector says what an adapter to an outside system is: what it is handed, what it answers, how it tells the
// engine whether trying again makes sense, and how it describes its settings.
//
// A connector does one call and reports. It never sleeps, never tries again, never touches the store and never logs a
// secret: the engine owns retries, rate limits and the record of attempts. Each connector lives in a folder of its own
// here, may import this package, httpx and the one library that it exists for, and has a strict fake beside it. This
// package imports the standard library and the root package only.
package connector

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"

	"github.com/muster-oncall/muster"
)

// Connector is the one behaviour that every adapter has. Both methods are safe for concurrent use.
type Connector interface {
	// Kind is the word that documents use: "email", "webhook".
	Kind() string
	// Deliver hands d over and returns what the provider answered. It honours the deadline of ctx. An error is made by
	// [Temporary], [Permanent] or [Unknown]; any other error counts as temporary. Delivering the same Key twice is
	// harmless: the receiving side can recognise the repetition.
	Deliver(ctx context.Context, d Delivery) (Receipt, error)
}

// Delivery is what a connector is handed. Exactly one of Page, Note and Event is set, as Kind says.
type Delivery struct {
	Key     string // idempotency key: the same for every attempt
	Kind    muster.DeliveryKind
	At      muster.Instant // when that happened which the delivery tells; the same for every attempt
	Page    *PageMessage
	Note    *Notification
	Event   *Event
	Address string // of the contact method: a mail address, a URL; "" when the connector has only one destination
	// AnswerURL is where the provider brings receipts and what a person answered about this page; "" when Muster has no
	// public address or the delivery is not a page. It bears the page's own token: see [Answerer].
	AnswerURL string
}

// PageMessage is a page in words. Every text may be hostile: it came from an alert.
type PageMessage struct {
	Title     string               `json:"title"`
	Service   string               `json:"service,omitempty"`
	Severity  muster.AlertSeverity `json:"severity"`
	Urgency   muster.Urgency       `json:"urgency"`
	Impact    string               `json:"impact"`
	Action    string               `json:"action"`
	Summary   string               `json:"summary,omitempty"`
	Person    string               `json:"person"`            // the name to show of who is paged
	Why       string               `json:"why"`               // why this person, in a sentence
	AckURL    string               `json:"ack_url,omitempty"` // opens the page with the button; opening alone does nothing
	PageURL   string               `json:"page_url,omitempty"`
	ReplyCode string               `json:"reply_code,omitempty"` // for channels that are answered in text: five digits of this page alone
	Digest    []DigestLine         `json:"digest,omitempty"`     // a page about several alerts: exactly these, the worst first
	Round     int                  `json:"round"`
	Step      int                  `json:"step"`
	AlertID   muster.AlertID       `json:"alert_id"`
	PageID    muster.PageID        `json:"page_id"`
	Test      bool                 `json:"test,omitempty"` // somebody tries out the contact method
}

// DigestLine is one alert of a page about several.
type DigestLine struct {
	AlertID  muster.AlertID       `json:"alert_id"`
	Title    string               `json:"title"`
	Service  string               `json:"service,omitempty"`
	Severity muster.AlertSeverity `json:"severity"`
}

// Notification is information that expects no answer. Its texts may be hostile: people wrote them.
type Notification struct {
	Title  string            `json:"title"`
	Text   string            `json:"text"`
	URL    string            `json:"url,omitempty"`    // where to look
	Kind   muster.NoticeKind `json:"kind,omitempty"`   // what it is about; empty: the test of a connector
	Person string            `json:"person,omitempty"` // the name to show of who is told
}

// Event is something that happened, for machines.
type Event struct {
	Type string          `json:"type"` // "incident.declared"
	At   muster.Instant  `json:"at"`
	Body json.RawMessage `json:"body"`
}

// Receipt is the provider's word that it took a delivery. It proves nothing about the person.
type Receipt struct {
	ProviderID string // the provider's own reference, "" when it gives none
	Detail     string // for the record of the attempt: "250 queued", "HTTP 204"
	// AskUntil is until when a [ReceiptReader] is asked what became of the page: as long as the provider goes on trying to
	// reach the person. Zero: three times the kind's ProofWithin.
	AskUntil muster.Instant
}

// Checker is a connector that can try itself out without bothering anybody: the Test button.
type Checker interface {
	Check(ctx context.Context) error
}

// Inbound is a connector that receives chat messages by HTTP and answers in the same response.
type Inbound interface {
	// Receive proves that the request comes from the other side, on the raw body, and reads it. A request that is not
	// proved gives an [muster.Error] with [muster.ErrUnauthenticated].
	Receive(r *http.Request, body []byte) (ChatMessage, error)
	// Reply writes the answer into the HTTP response in the form that the other side expects.
	Reply(w http.ResponseWriter, text string) error
}

// ChatMessage is what somebody said to Muster in a chat.
type ChatMessage struct {
	ID        string // the chat's own, to recognise a repetition
	ActorID   string // in the chat's directory (Teams: aadObjectId); "" when it gives none
	ActorName string
	Email     string // "" when the chat gives none
	Text      string // plain, without the mention of Muster itself
	Room      string // the chat's channel or conversation
	Tenant    string
}

// AnswerKind says what came back about a page.
type AnswerKind = muster.PageAnswerKind

// The kinds of answers, as the root package has them.
const (
	AnswerReceived    = muster.AnswerReceived
	AnswerFailed      = muster.AnswerFailed
	AnswerOpened      = muster.AnswerOpened
	AnswerAcknowledge = muster.AnswerAcknowledge
	AnswerResolve     = muster.AnswerResolve
	AnswerEscalate    = muster.AnswerEscalate
	AnswerUnclear     = muster.AnswerUnclear
)

// Answer is what a provider tells about a page, or what a person answered to it.
type Answer = muster.PageAnswer

// Answerer is a connector to which the provider brings receipts and answers by HTTP.
type Answerer interface {
	// Answers proves that the request comes from the provider, on the raw body, and reads it. at is the public address at
	// which the provider believes to speak to Muster: signatures are made over it. page is set when the request was made
	// at that page's own AnswerURL; for the test of a contact method it is the notice's ID. A request that is not proved gives an [muster.Error] with [muster.ErrUnauthenticated].
	Answers(r *http.Request, body []byte, at string, page muster.PageID) ([]Answer, error)
	// WriteAnswer says in the provider's form what came of the answers: text is for the person, "" when there is nothing to
	// say to anybody.
	WriteAnswer(w http.ResponseWriter, r *http.Request, text string) error
}

// ReceiptReader is a connector whose provider is asked what became of a delivery, because it does not tell by itself.
type ReceiptReader interface {
	// ReadReceipt asks about the delivery that has this reference. None is no answer and no error.
	ReadReceipt(ctx context.Context, providerID string) ([]Answer, error)
}

// Stopper is a connector whose provider goes on by itself to try to reach the person, and can be told to leave it.
type Stopper interface {
	// Stop ends what the delivery with this reference set going. Stopping what is over is no error.
	Stop(ctx context.Context, providerID string) error
}

// Publisher is a connector that brings a status page to where it is read. files maps slash-separated relative paths to
// contents: the whole page. A reader sees the old files or the new ones, never half a file.
type Publisher interface {
	Publish(ctx context.Context, files map[string][]byte) error
}

// Config is what a connector is made of: its document, its secrets in the clear, and the ways out of the process.
type Config struct {
	Name     muster.ConnectorName
	Settings map[string]string
	Secrets  map[string]string // setting to the value of the secret
	HTTP     *http.Client      // the egress client; nil: a strict one of its own
	BaseURL  string            // replaces the provider's address, for fakes
	Log      *slog.Logger
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error) // for what is not HTTP; nil: net.Dialer
	RootCAs  *x509.CertPool                                                    // authorities that what is not HTTP trusts; nil: the system's
	Ring     func(ctx context.Context, person string, page PageMessage) error  // for the phone in the browser; nil: nobody listens
	// Derive gives 32 bytes that this installation always gives for the same purpose: for keys that nobody has to store.
	Derive func(purpose string) []byte
}

// String names the connector and nothing else, so that a secret does not get into a log by accident.
func (c Config) String() string { return "connector " + string(c.Name) }

// GoString is [Config.String].
func (c Config) GoString() string { return c.String() }

// MarshalJSON gives the name alone.
func (c Config) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"name": string(c.Name)})
}

// LogValue gives the name alone.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
