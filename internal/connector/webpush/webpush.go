// Package webpush sends pages and notifications to browsers (RFC 8030): encrypted so that the push service cannot read them
// (RFC 8291), and signed with a key of this installation (RFC 8292) which is derived and stored nowhere. The browser says by
// itself that it got a page, and its notification has a button that acknowledges.
//
// It imports connector, httpx, the standard library, webpush-go and the root package. Whoever can decrypt a message knows
// the page's own address for answers, and nobody else does: that is the proof of an answer. Push services promise nothing
// about time: a device that is off or saves power gets its messages later, or not within their life of ten minutes.
package webpush

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	push "github.com/SherClockHolmes/webpush-go"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

// Kind is the kind's word in documents.
const Kind = "webpush"

// How long a push service keeps what it cannot deliver, in seconds. A page that comes later helps nobody.
const (
	pageLife = 600
	noteLife = 12 * 3600
)

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Browsers (web push)", Address: "a browser's push subscription",
		Help: "Sends pages to browsers and to phones that have Muster on their home screen. The device says that it got a page; a button acknowledges. People add their browsers on their own page. Needs an https:// address.",
		Settings: []connector.Setting{
			{Name: "contact", Title: "Contact", Help: "A mail address, or an https:// address, at which push services may ask whoever runs this installation. Apple's refuses messages without.", Required: true},
		},
		Validate: func(s map[string]string) (f []muster.FieldError) {
			if c := s["contact"]; c != "" && subscriber(c) == "" {
				f = append(f, muster.FieldError{Path: "settings.contact", Message: "must be a mail address, or an address that begins with https://"})
			}
			return f
		},
		CheckAddress: func(a string) error { _, err := parse(a); return err }, TidyAddress: tidy, HintAddress: hint, BrowserKey: PublicKey,
		Proof: muster.ProofDevice, ProofWithin: time.Minute,
		New: func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

// subscriber is a contact as webpush-go takes it, "" when it is none.
func subscriber(c string) string {
	if u, err := url.Parse(c); err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil {
		return c
	}
	c = strings.TrimPrefix(c, "mailto:")
	if a, err := mail.ParseAddress(c); err == nil && a.Address == c {
		return c
	}
	return ""
}

// Connector sends to browsers.
type Connector struct {
	name, contact string
	public        string
	private       string
	base          *url.URL // of a fake; nil: the subscription's own
	http          *http.Client
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	if c.Derive == nil {
		return nil, errors.New("webpush: there is nothing to derive the key from")
	}
	w := &Connector{name: string(c.Name), contact: subscriber(c.Settings["contact"]), http: httpx.Caller(c.HTTP)}
	w.public, w.private = keys(c.Derive)
	if c.BaseURL != "" {
		base, err := url.Parse(c.BaseURL)
		if err != nil {
			return nil, fmt.Errorf("webpush: the address of the fake: %w", err)
		}
		w.base = base
	}
	return w, nil
}

// Kind implements [connector.Connector].
func (w *Connector) Kind() string { return Kind }

// String names the connector and hides its key.
func (w *Connector) String() string { return Kind + " " + w.name }

// GoString is [Connector.String].
func (w *Connector) GoString() string { return w.String() }

// LogValue is [Connector.String].
func (w *Connector) LogValue() slog.Value { return slog.StringValue(w.String()) }

// Deliver implements [connector.Connector]. It takes pages and notifications.
func (w *Connector) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	sub, err := parse(d.Address)
	if err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	o := &push.Options{Subscriber: w.contact, VAPIDPublicKey: w.public, VAPIDPrivateKey: w.private, Urgency: push.UrgencyNormal}
	var m message
	switch {
	case d.Page != nil:
		m, o.TTL = pageMessage(d.Page, d.AnswerURL), pageLife
		if d.Page.Urgency == muster.UrgencyHigh {
			o.Urgency = push.UrgencyHigh
		}
	case d.Note != nil:
		m, o.TTL = noteMessage(d.Note), noteLife
		if d.Note.Kind == muster.NoticeContactTest {
			o.TTL, o.Urgency = pageLife, push.UrgencyHigh
		}
	default:
		return connector.Receipt{}, connector.Permanent(errors.New("browsers get pages and notifications"))
	}
	if m.Tag == "" {
		m.Tag = d.Key
	}
	if m.At = d.At.UnixMilli(); d.At.IsZero() {
		m.At = time.Now().UnixMilli()
	}
	o.Topic = collapse(m.Tag)
	body, err := m.fit()
	if err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	if err := ctx.Err(); err != nil {
		return connector.Receipt{}, connector.CallError(err, false)
	}
	call := call{Connector: w}
	o.HTTPClient = &call
	resp, err := push.SendNotificationWithContext(ctx, body, sub, o)
	switch {
	case errors.Is(err, httpx.ErrRefused):
		return connector.Receipt{}, connector.Permanent(err)
	case err != nil:
		return connector.Receipt{}, connector.CallError(err, call.got.Sent)
	}
	defer resp.Body.Close() // Send has closed it; whoever reads this need not know
	if err := connector.StatusError(resp, time.Now()); err != nil {
		if why := sentences[resp.StatusCode]; why != "" {
			return connector.Receipt{}, connector.Permanent(fmt.Errorf("%s (the push service answered %d)", why, resp.StatusCode))
		}
		return connector.Receipt{}, err
	}
	return connector.Receipt{Detail: "the push service has it"}, nil
}

// call is one call of webpush-go.
type call struct {
	*Connector
	got httpx.Answer
}

// Do sends a request of webpush-go.
func (w *call) Do(r *http.Request) (_ *http.Response, err error) {
	r.Header.Set("User-Agent", "Muster")
	r.Header["Idempotency-Key"] = nil // for net/http: it then tries again when a kept-alive connection turns out to be closed
	if w.base != nil {
		r.URL.Scheme, r.URL.Host = w.base.Scheme, w.base.Host
	}
	w.got, err = httpx.Send(w.http, r)
	return w.got.Response, err
}

// sentences say what the statuses mean that end a subscription, or the hope for it.
var sentences = map[int]string{
	http.StatusBadRequest:            "the push service does not understand the subscription: remove the browser and add it again",
	http.StatusUnauthorized:          "the push service refuses the key of this installation: remove the browser and add it again",
	http.StatusForbidden:             "the push service refuses the key of this installation: remove the browser and add it again",
	http.StatusNotFound:              "the browser is not subscribed any more: remove it and add it again",
	http.StatusGone:                  "the browser is not subscribed any more: remove it and add it again",
	http.StatusRequestEntityTooLarge: "the message is too large for the push service",
}

// collapse is a tag in the form that push services take: of several messages that wait under it they keep the last.
func collapse(tag string) string {
	sum := sha256.Sum256([]byte(tag))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// Answers implements [connector.Answerer]: what a browser tells at a page's own address. That it got the page is told by
// the browser, that it is acknowledged by a press of the button.
func (w *Connector) Answers(_ *http.Request, body []byte, _ string, page muster.PageID) ([]connector.Answer, error) {
	if page == "" {
		return nil, muster.Errorf(muster.ErrUnauthenticated, "A browser tells about a page at the page's own address.")
	}
	var in struct {
		Answer string `json:"answer"`
	}
	if json.Unmarshal(body, &in) != nil {
		return nil, muster.Errorf(muster.ErrUnreadable, "The body is not JSON.")
	}
	a := connector.Answer{Page: page}
	switch in.Answer {
	case "received":
		a.Kind, a.Detail = connector.AnswerReceived, "the browser has it"
	case "acknowledge":
		a.Kind, a.Detail = connector.AnswerAcknowledge, "the notification's button"
	default:
		return nil, muster.Errorf(muster.ErrInvalid, "The answer must be received or acknowledge.")
	}
	return []connector.Answer{a}, nil
}

// WriteAnswer implements [connector.Answerer]: what came of it, for the notification.
func (w *Connector) WriteAnswer(rw http.ResponseWriter, _ *http.Request, text string) error {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(rw).Encode(map[string]string{"text": muster.CleanLine(text, 300)})
}
