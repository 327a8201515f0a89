// Package ntfy publishes pages and notifications to topics of an ntfy server, ntfy.sh or one's own, as JSON. Phones that
// subscribe to the topic show them.
//
// It imports connector, httpx, the standard library and the root package. What the server takes is accepted and proves
// nothing: topics have no receipts. The only button of a message opens the page, because whatever stands in a message can be
// read by everybody who knows the topic. Servers before 2.16 show a repetition as a second message; newer ones put it in
// the place of the first.
package ntfy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

// Kind is the kind's word in documents.
const Kind = "ntfy"

// host is the public server.
const host = "https://ntfy.sh"

var (
	topic = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)
	token = regexp.MustCompile(`^tk_[A-Za-z0-9]{5,64}$`)
	taken = []string{"docs", "static", "file", "app", "metrics", "account", "settings", "signup", "login", "v1"} // paths of the server itself
)

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "ntfy", Address: "a topic of the ntfy server",
		Help: "Sends pages to the ntfy app, on ntfy.sh or a server of your own. Urgent pages have the highest priority, which a phone can let through while it is silent. " +
			"Whoever knows a topic can read it: choose names that nobody guesses, or protect them with a token.",
		Settings: []connector.Setting{
			{Name: "url", Title: "Server", Help: "https://ntfy.sh, or the address of your own server.", Default: host},
			{Name: "topic", Title: "Topic of a room", Help: "Where steps of a policy tell a room. People have topics of their own."},
			{Name: "user", Title: "User", Help: "Of the ntfy server, when you sign in with a password instead of a token."},
			{Name: "token", Title: "Access token", Help: "tk_ and what follows, from the account page of the ntfy server.", Secret: true},
			{Name: "password", Title: "Password", Help: "Of the user.", Secret: true},
		},
		Validate: func(s map[string]string) (f []muster.FieldError) {
			if u := s["url"]; u != "" && !plainURL(u) {
				f = append(f, muster.FieldError{Path: "settings.url", Message: "is not the address of a server: write https:// and its name, with nothing behind it but a path"})
			}
			if t := s["topic"]; t != "" {
				if err := checkTopic(t); err != nil {
					f = append(f, muster.FieldError{Path: "settings.topic", Message: err.Error()})
				}
			}
			if strings.Contains(s["user"], ":") {
				f = append(f, muster.FieldError{Path: "settings.user", Message: "must not hold a colon"})
			}
			return f
		},
		Together: func(settings, secrets map[string]string) (f []muster.FieldError) {
			switch user, pass, tok := settings["user"] != "", secrets["password"] != "", secrets["token"] != ""; {
			case tok && (user || pass):
				f = append(f, muster.FieldError{Path: "secrets.token", Message: "give a token, or a user and a password: not both"})
			case user && !pass:
				f = append(f, muster.FieldError{Path: "secrets.password", Message: "is missing: the password of the user"})
			case pass && !user:
				f = append(f, muster.FieldError{Path: "settings.user", Message: "is missing: whose password it is"})
			}
			return f
		},
		CheckAddress: checkTopic, TidyAddress: strings.TrimSpace, Proof: muster.ProofPerson,
		Room: "topic", Checked: "the server is well, and knows the token or the password if there is one",
		New: func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

func plainURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && muster.SafeURL(s) != "" && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}

func checkTopic(a string) error {
	if !topic.MatchString(a) {
		return errors.New("a topic has 1 to 64 letters, digits, hyphens and underscores, and no address before it")
	}
	if slices.Contains(taken, strings.ToLower(a)) {
		return fmt.Errorf("%q is a word of the ntfy server itself: choose another topic", a)
	}
	return nil
}

// Connector publishes to topics.
type Connector struct {
	name, base string
	room       string // the topic of what has no address
	auth       string // the header, "" for none
	http       *http.Client
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	n := &Connector{name: string(c.Name), base: strings.TrimSuffix(c.Settings["url"], "/"), room: c.Settings["topic"], http: httpx.Caller(c.HTTP)}
	bad := func(name, msg string) error {
		return muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{{Path: "secrets." + name, Message: msg}})
	}
	if c.BaseURL != "" {
		n.base = strings.TrimSuffix(c.BaseURL, "/")
	}
	if t := strings.TrimSpace(c.Secrets["token"]); t != "" {
		if !token.MatchString(t) {
			return nil, bad("token", "is not an access token of ntfy: it is tk_ and letters and digits")
		}
		n.auth = "Bearer " + t
	} else if p := c.Secrets["password"]; p != "" {
		if strings.ContainsAny(p, "\r\n\x00") {
			return nil, bad("password", "must be one line")
		}
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(c.Settings["user"], p)
		n.auth = r.Header.Get("Authorization")
	}
	return n, nil
}

// Kind implements [connector.Connector].
func (n *Connector) Kind() string { return Kind }

// String names the connector and hides its token.
func (n *Connector) String() string { return Kind + " " + n.name }

// GoString is [Connector.String].
func (n *Connector) GoString() string { return n.String() }

// LogValue is [Connector.String].
func (n *Connector) LogValue() slog.Value { return slog.StringValue(n.String()) }

// Deliver implements [connector.Connector]. It takes pages and notifications.
func (n *Connector) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	to := d.Address
	if to == "" && d.Page == nil { // a page is for a person
		to = n.room
	}
	if err := checkTopic(to); err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	var m message
	switch {
	case d.Page != nil:
		m = pageMessage(d.Page)
	case d.Note != nil:
		m = noteMessage(d.Note)
	default:
		return connector.Receipt{}, connector.Permanent(errors.New("ntfy carries pages and notifications"))
	}
	if m.Topic = to; m.Sequence == "" {
		m.Sequence = d.Key
	}
	if !topic.MatchString(m.Sequence) {
		m.Sequence = ""
	}
	body, err := json.Marshal(m)
	if err != nil {
		return connector.Receipt{}, connector.Permanent(fmt.Errorf("the message cannot be written as JSON: %w", err))
	}
	text, err := n.call(ctx, http.MethodPost, "", d.Key, body)
	if err != nil {
		return connector.Receipt{}, err
	}
	var out struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(text, &out) // it was taken all the same, without a reference
	return connector.Receipt{ProviderID: muster.CleanLine(out.ID, 40), Detail: "ntfy has it"}, nil
}

// Check implements [connector.Checker]: it asks whether the server is well, and who the token or the user is.
func (n *Connector) Check(ctx context.Context) error {
	if _, err := n.call(ctx, http.MethodGet, "/v1/health", "", nil); err != nil {
		return err
	}
	if n.auth == "" {
		return nil
	}
	_, err := n.call(ctx, http.MethodGet, "/v1/account", "", nil)
	return err
}

func (n *Connector) call(ctx context.Context, method, path, key string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, n.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, connector.Permanent(errors.New("the address of the ntfy server is not right"))
	}
	req.Header.Set("User-Agent", "Muster")
	req.Header.Set("Accept", "application/json")
	if n.auth != "" {
		req.Header.Set("Authorization", n.auth)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header["Idempotency-Key"] = []string{key} // for net/http: it then tries again when a kept-alive connection turns out to be closed
	}
	got, err := httpx.Send(n.http, req)
	switch {
	case errors.Is(err, httpx.ErrRefused):
		return nil, connector.Permanent(err)
	case err != nil:
		return nil, connector.CallError(err, got.Sent)
	}
	status := got.Response.StatusCode
	if err := connector.StatusError(got.Response, time.Now()); err != nil {
		if why := sentences[status]; why != "" && connector.IsPermanent(err) {
			return nil, connector.Permanent(fmt.Errorf("%s (ntfy answered %d)", why, status))
		} else if why != "" {
			return nil, connector.Temporary(fmt.Errorf("%s (ntfy answered %d)", why, status), connector.RetryAfter(err))
		}
		return nil, err
	}
	return got.Body, nil
}

// sentences say what the statuses mean that installations meet.
var sentences = map[int]string{
	http.StatusUnauthorized:          "the server does not know this token, or this user and password: store a new one",
	http.StatusForbidden:             "the server does not let this sender write to the topic: allow it there, or give the connector a token",
	http.StatusNotFound:              "this is not the address of an ntfy server: correct the connector",
	http.StatusRequestEntityTooLarge: "the message is too large for the server",
	http.StatusTooManyRequests:       "the server's limit of messages is used up: give the connector a token, or run a server of your own",
	http.StatusInsufficientStorage:   "the server has no phone that takes messages for this topic",
}
