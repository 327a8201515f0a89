// Package webhook sends signed webhooks as Standard Webhooks describes them: webhook-id, webhook-timestamp and
// webhook-signature over "id.timestamp.body" with HMAC-SHA256. Pages, notifications and events all leave as
// {"type","timestamp","data"}.
//
// It imports connector, httpx, the standard library and the root package. It does not follow redirects, and what the
// other side answers is never shown: only its status counts.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

// Kind is the kind's word in documents.
const Kind = "webhook"

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Webhook",
		Help:    "Sends signed JSON by HTTP POST (Standard Webhooks). A contact method's address is the URL to send to; without one, the URL below is used.",
		Address: "a URL", Room: "url", Checked: "the receiver takes a signed ping at the connector's own URL",
		Settings: []connector.Setting{
			{Name: "url", Title: "URL", Help: "Where to send what has no address of its own: events and notifications."},
			{Name: "secret", Title: "Signing secret", Help: "whsec_ and 24 to 64 bytes in base64. The receiver checks signatures with it.", Required: true, Secret: true},
			{Name: "previous_secret", Title: "Previous signing secret", Help: "While receivers change over, messages are signed with both.", Secret: true},
		},
		Validate: func(s map[string]string) (f []muster.FieldError) {
			if u := s["url"]; u != "" && muster.SafeURL(u) == "" {
				f = append(f, muster.FieldError{Path: "settings.url", Message: "is not an address: it must begin with https:// or http:// and hold no password"})
			}
			return f
		},
		CheckAddress: func(a string) error {
			if muster.SafeURL(a) == "" {
				return errors.New("the address must be a URL that begins with https:// or http:// and holds no password")
			}
			return nil
		},
		New: func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

// Connector sends webhooks.
type Connector struct {
	name string
	url  string
	keys [][]byte
	http *http.Client
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	w := &Connector{name: string(c.Name), url: c.Settings["url"], http: httpx.Caller(c.HTTP)}
	if c.BaseURL != "" {
		w.url = c.BaseURL
	}
	for _, name := range []string{"secret", "previous_secret"} {
		text := c.Secrets[name]
		if text == "" {
			continue
		}
		key, err := ParseSecret(text)
		if err != nil {
			return nil, muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{{Path: "secrets." + name, Message: err.Error()}})
		}
		w.keys = append(w.keys, key)
	}
	return w, nil
}

// ParseSecret reads a signing secret: whsec_ and 24 to 64 bytes in base64. Its error does not show the secret.
func ParseSecret(text string) ([]byte, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "whsec_")
	key, err := base64.StdEncoding.DecodeString(rest)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("is not a signing secret: it must be whsec_ and 24 to 64 bytes in base64")
	}
	return key, nil
}

// Sign returns the value of webhook-signature for a message.
func Sign(key []byte, id, timestamp string, body []byte) string {
	m := hmac.New(sha256.New, key)
	signed := make([]byte, 0, len(id)+len(timestamp)+2)
	signed = append(append(append(append(signed, id...), '.'), timestamp...), '.')
	m.Write(signed)
	m.Write(body)
	var sum [sha256.Size]byte
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(sum[:0]))
}

// Kind implements [connector.Connector].
func (w *Connector) Kind() string { return Kind }

// String names the connector and hides its keys.
func (w *Connector) String() string { return "webhook " + w.name }

// GoString is [Connector.String].
func (w *Connector) GoString() string { return w.String() }

// LogValue is [Connector.String].
func (w *Connector) LogValue() slog.Value { return slog.StringValue(w.String()) }

// message is the body of every webhook.
type message struct {
	Type      string         `json:"type"`
	Timestamp muster.Instant `json:"timestamp"`
	Data      any            `json:"data"`
}

// Deliver implements [connector.Connector].
func (w *Connector) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	msg := message{Timestamp: d.At}
	switch {
	case d.Page != nil:
		msg.Type, msg.Data = "page", d.Page
	case d.Note != nil:
		msg.Type, msg.Data = "notification", d.Note
	case d.Event != nil:
		msg.Type, msg.Timestamp, msg.Data = d.Event.Type, d.Event.At, d.Event.Body
	default:
		return connector.Receipt{}, connector.Permanent(fmt.Errorf("a webhook cannot carry a delivery of kind %q", d.Kind))
	}
	if msg.Timestamp.IsZero() {
		msg.Timestamp = muster.At(time.Now())
	}
	to := d.Address
	if to == "" {
		to = w.url
	}
	if to == "" {
		return connector.Receipt{}, connector.Permanent(errors.New("there is no URL to send to: give the connector one, or the contact method"))
	}
	return w.send(ctx, to, d.Key, msg)
}

// Check implements [connector.Checker]: it sends a message of type "ping" to the connector's own URL.
func (w *Connector) Check(ctx context.Context) error {
	if w.url == "" {
		return connector.Permanent(errors.New("the connector has no URL of its own: test a contact method that uses it"))
	}
	at := muster.At(time.Now())
	_, err := w.send(ctx, w.url, "ping-"+strconv.FormatInt(at.Micros(), 10), message{Type: "ping", Timestamp: at, Data: struct{}{}})
	return err
}

func (w *Connector) send(ctx context.Context, to, id string, msg message) (connector.Receipt, error) {
	body, err := json.Marshal(msg)
	if err != nil {
		return connector.Receipt{}, connector.Permanent(fmt.Errorf("the message cannot be written as JSON: %w", err))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil || muster.SafeURL(to) == "" {
		return connector.Receipt{}, connector.Permanent(errors.New("the URL to send to is not an address"))
	}
	ts := strconv.FormatInt(time.Now().Unix(), 10)
	sig := Sign(w.keys[0], id, ts, body)
	if len(w.keys) > 1 {
		sig += " " + Sign(w.keys[1], id, ts, body)
	}
	h := req.Header
	h["Content-Type"] = []string{"application/json"}
	h["User-Agent"] = []string{"Muster"}
	h["Webhook-Id"] = []string{id}
	h["Webhook-Timestamp"] = []string{ts}
	h["Webhook-Signature"] = []string{sig}
	h["Idempotency-Key"] = []string{id} // with it, net/http tries again when a kept-alive connection turns out to be closed
	got, err := httpx.Send(w.http, req)
	switch {
	case errors.Is(err, httpx.ErrRefused):
		return connector.Receipt{}, connector.Permanent(err)
	case err != nil:
		return connector.Receipt{}, connector.CallError(err, got.Sent)
	}
	if err := connector.StatusError(got.Response, time.Now()); err != nil {
		return connector.Receipt{}, err
	}
	return connector.Receipt{Detail: "HTTP " + strconv.Itoa(got.Response.StatusCode)}, nil
}
