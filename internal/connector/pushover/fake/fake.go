// Package fake is a strict Pushover: the part of its API that takes messages and tells receipts, with the limits that its
// documentation gives and refusals as it words them, and the call by which it tells that somebody acknowledged. Tests and
// the verbs of `muster fake` use it.
//
// It imports the standard library only and shares no code with the connector. It was made from Pushover's documentation,
// not by watching Pushover.
package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Message is a message that was taken.
type Message struct {
	Request, Receipt string // Receipt: of an emergency only
	User, Title      string
	Message          string
	URL              string
	Priority         int
	Retry, Expire    int
	Callback         string
	Form             url.Values
	Acknowledged     bool
	Cancelled        bool
}

// Options are the application and the people that the fake knows.
type Options struct {
	Token  string
	Users  []string
	Client *http.Client // for calling back; nil: it does not
}

// Server is an http.Handler. Its zero value is not usable; see [New].
type Server struct {
	o        Options
	mu       sync.Mutex
	messages []*Message
	refused  []string
	asked    int
	answer   func(w http.ResponseWriter, r *http.Request) bool
	arrived  func(Message)
}

// New makes a server.
func New(o Options) *Server { return &Server{o: o} }

// Answer lets f answer valid messages. It returns whether it has answered. nil: they are taken.
func (s *Server) Answer(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// OnMessage calls f for each message that is taken.
func (s *Server) OnMessage(f func(Message)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived = f
}

// Messages are the messages that were taken, in the order in which they came.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Message, len(s.messages))
	for i, m := range s.messages {
		out[i] = *m
	}
	return out
}

// Refused tells why requests were not accepted.
func (s *Server) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// Asked is how often a receipt was asked for.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Acknowledge does what a person does on the phone. It calls back when the message asked for it and the fake can.
func (s *Server) Acknowledge(ctx context.Context, receipt string) error {
	s.mu.Lock()
	i := slices.IndexFunc(s.messages, func(m *Message) bool { return m.Receipt == receipt && receipt != "" })
	if i < 0 {
		s.mu.Unlock()
		return errors.New("fake: there is no such receipt")
	}
	m := s.messages[i]
	m.Acknowledged = true
	s.mu.Unlock()
	if m.Callback == "" || s.o.Client == nil {
		return nil
	}
	return CallBack(ctx, s.o.Client, m.Callback, receipt, m.User)
}

// CallBack tells an address that a receipt was acknowledged.
func CallBack(ctx context.Context, client *http.Client, to, receipt, user string) error {
	form := url.Values{
		"receipt": {receipt}, "acknowledged": {"1"}, "acknowledged_at": {strconv.FormatInt(time.Now().Unix(), 10)}, "acknowledged_by": {user},
		"acknowledged_by_device": {"phone"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("fake: the callback was answered %d: %s", resp.StatusCode, text)
	}
	return nil
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, isReceipt := strings.CutPrefix(r.URL.Path, "/1/receipts/")
	switch {
	case r.Method == http.MethodPost && isReceipt && strings.HasSuffix(id, "/cancel.json"):
		s.cancel(w, r, strings.TrimSuffix(id, "/cancel.json"))
	case r.Method == http.MethodPost && r.URL.Path == "/1/messages.json":
		s.take(w, r)
	case r.Method == http.MethodGet && isReceipt:
		s.tell(w, r, strings.TrimSuffix(id, ".json"))
	case r.Method == http.MethodGet && r.URL.Path == "/1/apps/limits.json":
		if r.URL.Query().Get("token") != s.o.Token {
			s.refuse(w, http.StatusBadRequest, "application token is invalid")
			return
		}
		reply(w, map[string]any{"limit": 10000, "remaining": 9999, "reset": time.Now().Unix() + 86400, "status": 1, "request": "fake"})
	default:
		s.refuse(w, http.StatusNotFound, "not found")
	}
}

func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	form, perr := url.ParseQuery(string(body))
	if err != nil || perr != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		s.refuse(w, http.StatusBadRequest, "message cannot be blank")
		return
	}
	m, why := s.check(form)
	if why != "" {
		s.refuse(w, http.StatusBadRequest, why)
		return
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	s.mu.Lock()
	n := len(s.messages) + 1
	m.Request = fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	if m.Priority == 2 {
		m.Receipt = fmt.Sprintf("r%029d", n)
	}
	s.messages = append(s.messages, m)
	arrived := s.arrived
	s.mu.Unlock()
	if arrived != nil {
		arrived(*m)
	}
	out := map[string]any{"status": 1, "request": m.Request}
	if m.Receipt != "" {
		out["receipt"] = m.Receipt
	}
	reply(w, out)
}

func (s *Server) tell(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	s.asked++
	i := slices.IndexFunc(s.messages, func(m *Message) bool { return m.Receipt == id && id != "" })
	var m Message
	if i >= 0 {
		m = *s.messages[i]
	}
	s.mu.Unlock()
	switch {
	case r.URL.Query().Get("token") != s.o.Token:
		s.refuse(w, http.StatusBadRequest, "application token is invalid")
		return
	case i < 0:
		s.refuse(w, http.StatusNotFound, "receipt not found; may be invalid or expired")
		return
	}
	out := map[string]any{"status": 1, "request": "fake", "acknowledged": 0, "acknowledged_by": "", "acknowledged_by_device": "", "expired": 0}
	if m.Cancelled {
		out["expired"] = 1
	}
	if m.Acknowledged {
		out["acknowledged"], out["acknowledged_by"], out["acknowledged_by_device"] = 1, m.User, "phone"
	}
	reply(w, out)
}

// cancel ends an emergency early. The token stands in the body, as in messages.
func (s *Server) cancel(w http.ResponseWriter, r *http.Request, id string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	form, perr := url.ParseQuery(string(body))
	switch {
	case err != nil || perr != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" || len(form) != 1:
		s.refuse(w, http.StatusBadRequest, "the token belongs into the body, and nothing else")
		return
	case form.Get("token") != s.o.Token:
		s.refuse(w, http.StatusBadRequest, "application token is invalid")
		return
	}
	s.mu.Lock()
	i := slices.IndexFunc(s.messages, func(m *Message) bool { return m.Receipt == id && id != "" })
	if i >= 0 {
		s.messages[i].Cancelled = true
	}
	s.mu.Unlock()
	if i < 0 {
		s.refuse(w, http.StatusNotFound, "receipt not found; may be invalid or expired")
		return
	}
	reply(w, map[string]any{"status": 1, "request": "fake"})
}

func (s *Server) refuse(w http.ResponseWriter, status int, why string) {
	s.mu.Lock()
	s.refused = append(s.refused, why)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": 0, "request": "fake", "errors": []string{why}})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

var (
	fields = []string{"token", "user", "message", "title", "url", "url_title", "priority", "retry", "expire", "callback", "sound", "timestamp", "tags", "ttl", "device", "html", "monospace"}
	word   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,25}$`)
)

// check says what is wrong with a message. It refuses what Pushover would cut or overlook in silence, too.
func (s *Server) check(form url.Values) (*Message, string) {
	for name, v := range form {
		if !slices.Contains(fields, name) || len(v) != 1 {
			return nil, "the field " + name + " is unknown or there twice"
		}
		if !utf8.ValidString(v[0]) {
			return nil, "the field " + name + " is not UTF-8"
		}
	}
	m := &Message{Form: form, User: form.Get("user"), Title: form.Get("title"), Message: form.Get("message"), URL: form.Get("url"), Callback: form.Get("callback")}
	var err error
	if p := form.Get("priority"); p != "" {
		m.Priority, err = strconv.Atoi(p)
	}
	m.Retry, _ = strconv.Atoi(form.Get("retry"))
	m.Expire, _ = strconv.Atoi(form.Get("expire"))
	_, terr := strconv.ParseInt(form.Get("timestamp"), 10, 64)
	switch {
	case form.Get("token") != s.o.Token:
		return nil, "application token is invalid, see https://pushover.net/api"
	case !slices.Contains(s.o.Users, m.User):
		return nil, "user identifier is not a valid user, group, or subscribed user key, see https://pushover.net/api#identifiers"
	case strings.TrimSpace(m.Message) == "":
		return nil, "message cannot be blank"
	case utf8.RuneCountInString(m.Message) > 1024:
		return nil, "message is too long"
	case utf8.RuneCountInString(m.Title) > 250:
		return nil, "title is too long"
	case len(m.URL) > 512 || utf8.RuneCountInString(form.Get("url_title")) > 100:
		return nil, "url is too long"
	case m.URL != "" && !address(m.URL):
		return nil, "url is no address"
	case err != nil || m.Priority < -2 || m.Priority > 2:
		return nil, "priority is invalid"
	case m.Priority == 2 && form.Get("retry") == "":
		return nil, "retry must be supplied with priority=2"
	case m.Priority == 2 && form.Get("expire") == "":
		return nil, "expire must be supplied with priority=2"
	case m.Priority == 2 && m.Retry < 30:
		return nil, "retry must be at least 30 seconds"
	case m.Priority == 2 && (m.Expire < 1 || m.Expire > 10800):
		return nil, "expire must be no more than 10800 seconds"
	case m.Priority != 2 && (form.Has("retry") || form.Has("expire") || form.Has("callback")):
		return nil, "retry, expire and callback belong to priority=2"
	case m.Callback != "" && !address(m.Callback):
		return nil, "callback is no address"
	case form.Has("timestamp") && terr != nil:
		return nil, "timestamp is invalid"
	case form.Has("sound") && !word.MatchString(form.Get("sound")):
		return nil, "sound is invalid"
	}
	return m, ""
}

func address(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
