// Package carrier sends pages as text messages through any provider that takes them by HTTP: one request per message, made
// of the operator's own template, and receipts and replies in whatever form the provider has, read by the names of fields.
//
// It imports connector, httpx, phone, the standard library and the root package. Templates have placeholders and nothing
// else. It sends each message once; whether a provider recognises a repetition by {id} is the provider's affair.
package carrier

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/phone"
)

// Kind is the kind's word in documents.
const Kind = "carrier"

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Text messages (any carrier by HTTP)", Address: "a mobile number with its country",
		Help: "Sends text messages through a provider of your own. {to}, {text}, {id} and {callback} stand for the number, the words, an ID that stays the same over repetitions, and the address for receipts.",
		Settings: []connector.Setting{
			{Name: "url", Title: "URL", Help: "Where messages are sent to. Placeholders may stand in its query.", Required: true},
			{Name: "method", Title: "Method", Help: "POST, PUT or GET.", Default: http.MethodPost},
			{Name: "content", Title: "Form of the body", Help: "json, form, or none.", Default: "json"},
			{Name: "body", Title: "Body", Help: `Such as {"to":"{to}","text":"{text}","reference":"{id}","callback":"{callback}"}, or to={to}&text={text}.`},
			{Name: "header", Title: "Header to sign in with", Help: "Such as Authorization."},
			{Name: "header_value", Title: "Value of that header", Help: "Such as Bearer and the provider's key.", Secret: true},
			{Name: "id_field", Title: "Field of the answer with the message's ID", Help: "Such as messages.0.id."},
			{Name: "from", Title: "Sender's number", Help: "As people see it: for the contact card, and for the country that may be reached."},
			{Name: "countries", Title: "Numbers that may be reached", Help: "How they begin: +49, +43. Empty: the country of the sender."},
			{Name: "daily_limit", Title: "Daily limit", Help: "How many may leave in a day (UTC). The last fifth is for pages of high urgency.", Default: phone.DefaultDaily},
			{Name: "inbound_check", Title: "How the provider proves itself", Help: "secret (a header has the secret) or hmac-sha256 (a header has the HMAC of the body, in hex or base64).", Default: "secret"},
			{Name: "inbound_header", Title: "Header with the proof", Help: "Such as X-Signature. Without it, nothing that comes in is believed."},
			{Name: "inbound_secret", Title: "Secret of the proof", Secret: true},
			{Name: "receipt_field", Title: "Field with the status of a message", Default: "status"},
			{Name: "receipt_delivered", Title: "Words for “the phone has it”", Default: "delivered"},
			{Name: "receipt_failed", Title: "Words for “it did not arrive”", Default: "failed, undelivered, expired, rejected"},
			{Name: "text_from_field", Title: "Field with who texted", Default: "from"},
			{Name: "text_field", Title: "Field with what was texted", Default: "text"},
		},
		Validate: validate, Together: together, CheckAddress: phone.Check, TidyAddress: phone.Tidy, Numbers: numbers,
		Proof: muster.ProofCarrier, ProofWithin: time.Minute,
		New: func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

func validate(s map[string]string) (f []muster.FieldError) {
	bad := func(name, format string, args ...any) {
		f = append(f, muster.FieldError{Path: "settings." + name, Message: fmt.Sprintf(format, args...)})
	}
	if u := s["url"]; u != "" && muster.SafeURL(fill(u, func(string) string { return "x" })) == "" {
		bad("url", "is not an address: it must begin with https:// or http:// and hold no password")
	} else if host, _, _ := strings.Cut(u, "?"); strings.ContainsAny(host, "{}") {
		bad("url", "placeholders may stand in the query alone, behind the question mark")
	}
	if m := s["method"]; m != "" && !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodGet}, m) {
		bad("method", "%q is not one of POST, PUT, GET", muster.Clip(m, 20))
	}
	if c := s["content"]; c != "" && !slices.Contains([]string{"json", "form", "none"}, c) {
		bad("content", "%q is not one of json, form, none", muster.Clip(c, 20))
	}
	if _, err := parseBody(cmp.Or(s["content"], "json"), s["body"]); err != nil {
		bad("body", "%s", err)
	}
	if all := s["url"] + s["body"]; s["url"] != "" && (!strings.Contains(all, "{to}") || !strings.Contains(all, "{text}")) {
		bad("body", "{to} and {text} must stand in the body or in the query of the URL")
	}
	if from := s["from"]; from != "" && phone.Check(from) != nil {
		bad("from", "%s", phone.Check(from))
	}
	if s["from"] != "" || s["countries"] != "" || s["url"] != "" {
		if _, err := phone.ParsePrefixes(s["countries"], s["from"]); err != nil {
			bad("countries", "%s", err)
		}
	}
	if d := s["daily_limit"]; d != "" {
		if _, err := phone.ParseDaily(d); err != nil {
			bad("daily_limit", "%s", err)
		}
	}
	if c := s["inbound_check"]; c != "" && c != "secret" && c != "hmac-sha256" {
		bad("inbound_check", "%q is not one of secret, hmac-sha256", muster.Clip(c, 20))
	}
	for _, h := range []string{"header", "inbound_header"} {
		if v := s[h]; v != "" && !token(v) {
			bad(h, "%q is not the name of a header", muster.Clip(v, 40))
		}
	}
	return f
}

// together: a header without its value, or the reverse, is a slip that would show at night.
func together(settings, secrets map[string]string) (f []muster.FieldError) {
	for header, secret := range map[string]string{"header": "header_value", "inbound_header": "inbound_secret"} {
		if (settings[header] == "") != (secrets[secret] == "") {
			f = append(f, muster.FieldError{Path: "settings." + header, Message: "the header and the secret " + secret + " belong together: give both or none"})
		}
	}
	slices.SortFunc(f, func(a, b muster.FieldError) int { return strings.Compare(a.Path, b.Path) })
	return f
}

// token reports whether s can be the name of a header.
func token(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func numbers(s map[string]string) []string {
	if phone.Check(s["from"]) != nil {
		return nil
	}
	return []string{s["from"]}
}

// Connector sends text messages.
type Connector struct {
	name             string
	url, method      string
	body             body
	header, value    string
	idField          string
	inbound          proof
	receipt          string
	delivered, lost  []string
	textFrom, textOf string
	http             *http.Client
	countries        phone.Prefixes
	quota            *phone.Quota
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	s := c.Settings
	k := &Connector{
		name: string(c.Name), url: s["url"], method: s["method"], header: s["header"], value: strings.TrimSpace(c.Secrets["header_value"]), idField: s["id_field"], http: httpx.Caller(c.HTTP),
		inbound: proof{check: s["inbound_check"], header: s["inbound_header"], secret: []byte(strings.TrimSpace(c.Secrets["inbound_secret"]))},
		receipt: s["receipt_field"], delivered: words(s["receipt_delivered"]), lost: words(s["receipt_failed"]), textFrom: s["text_from_field"], textOf: s["text_field"],
	}
	bad := func(path, msg string) error {
		return muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{{Path: path, Message: msg}})
	}
	if strings.ContainsFunc(k.value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, bad("secrets.header_value", "must be one line of ASCII")
	}
	if n := len(k.inbound.secret); n > 0 && n < 16 {
		return nil, bad("secrets.inbound_secret", "is too short: take at least 16 characters")
	}
	var err error
	if k.body, err = parseBody(s["content"], s["body"]); err != nil {
		return nil, bad("settings.body", err.Error())
	}
	if k.countries, err = phone.ParsePrefixes(s["countries"], s["from"]); err != nil {
		return nil, bad("settings.countries", err.Error())
	}
	daily, err := phone.ParseDaily(s["daily_limit"])
	if err != nil {
		return nil, bad("settings.daily_limit", err.Error())
	}
	k.quota = phone.NewQuota(k.name, daily, c.Log)
	if c.BaseURL != "" {
		k.url = c.BaseURL
	}
	return k, nil
}

func words(s string) (out []string) {
	for w := range strings.SplitSeq(s, ",") {
		if w = strings.ToLower(strings.TrimSpace(w)); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// Kind implements [connector.Connector].
func (k *Connector) Kind() string { return Kind }

// String names the connector and hides its secrets.
func (k *Connector) String() string { return "carrier " + k.name }

// GoString is [Connector.String].
func (k *Connector) GoString() string { return k.String() }

// LogValue is [Connector.String].
func (k *Connector) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Deliver implements [connector.Connector]. It takes pages and notifications.
func (k *Connector) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	v := map[string]string{"to": d.Address, "id": d.Key, "callback": d.AnswerURL}
	high := false
	switch {
	case d.Page != nil:
		v["text"], high = phone.PageText(d.Page), d.Page.Urgency == muster.UrgencyHigh
	case d.Note != nil:
		v["text"] = cmp.Or(phone.NoteText(d.Note), "Muster: a message without words")
	default:
		return connector.Receipt{}, connector.Permanent(errors.New("text messages carry pages and notifications"))
	}
	if err := k.countries.Check(d.Address, k.name); err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	if err := k.quota.Take(time.Now(), high); err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	r, err := k.send(ctx, v)
	if err != nil && !connector.IsUnknown(err) {
		k.quota.Give()
	}
	return r, err
}

func (k *Connector) send(ctx context.Context, v map[string]string) (connector.Receipt, error) {
	text, kind, err := k.body.fill(v)
	if err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	to := fill(k.url, func(name string) string { return url.QueryEscape(v[name]) })
	req, err := http.NewRequestWithContext(ctx, k.method, to, strings.NewReader(text))
	if err != nil {
		return connector.Receipt{}, connector.Permanent(errors.New("the URL of the carrier is not an address"))
	}
	req.Header.Set("User-Agent", "Muster")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if k.header != "" {
		req.Header.Set(k.header, k.value)
	}
	got, err := httpx.Send(k.http, req)
	switch {
	case errors.Is(err, httpx.ErrRefused):
		return connector.Receipt{}, connector.Permanent(err)
	case err != nil:
		return connector.Receipt{}, connector.CallError(err, got.Sent)
	}
	if err := connector.StatusError(got.Response, time.Now()); err != nil {
		return connector.Receipt{}, err
	}
	out := connector.Receipt{Detail: fmt.Sprintf("HTTP %d", got.Response.StatusCode)}
	var doc any
	if k.idField != "" && json.Unmarshal(got.Body, &doc) == nil {
		out.ProviderID = muster.CleanLine(field(doc, k.idField), 100)
	}
	return out, nil
}
