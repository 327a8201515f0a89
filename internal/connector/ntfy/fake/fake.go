// Package fake is a strict ntfy server: publishing as JSON, with the rules that its documentation gives for topics,
// priorities, tags, buttons and lengths, and refusals as it words them. Tests and the verbs of `muster fake` use it.
//
// It imports the standard library only and shares no code with the connector. It was made from ntfy's documentation, not by
// watching a server.
package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Message is a message that was published.
type Message struct {
	ID       string   `json:"id"`
	Topic    string   `json:"topic"`
	Title    string   `json:"title"`
	Message  string   `json:"message"`
	Priority int      `json:"priority"`
	Tags     []string `json:"tags"`
	Click    string   `json:"click"`
	Actions  []Action `json:"actions"`
	Sequence string   `json:"sequence_id"`
	Markdown bool     `json:"markdown"`
}

// Action is a button of a message.
type Action struct {
	Action string `json:"action"`
	Label  string `json:"label"`
	URL    string `json:"url"`
	Clear  bool   `json:"clear"`
}

// Options say who may publish.
type Options struct {
	Token          string // accepted as a bearer
	User, Password string // accepted as basic
	Open           bool   // everybody may publish
}

// Server is an http.Handler. Its zero value is not usable; see [New].
type Server struct {
	o        Options
	mu       sync.Mutex
	messages []Message
	refused  []string
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

// OnMessage calls f for each message that is published.
func (s *Server) OnMessage(f func(Message)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived = f
}

// Messages are the published messages, in the order in which they came.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Refused tells why requests were not accepted.
func (s *Server) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/v1/health" && r.Method == http.MethodGet:
		reply(w, map[string]any{"healthy": true})
		return
	case !s.known(r):
		s.refuse(w, http.StatusUnauthorized, 40101, "unauthorized")
		return
	case r.URL.Path == "/v1/account" && r.Method == http.MethodGet:
		reply(w, map[string]any{"username": "*", "role": "anonymous"})
		return
	case (r.URL.Path != "/" && r.URL.Path != "") || (r.Method != http.MethodPost && r.Method != http.MethodPut):
		s.refuse(w, http.StatusNotFound, 40401, "page not found")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<10))
	if err != nil {
		s.refuse(w, http.StatusRequestEntityTooLarge, 41303, "JSON body too large")
		return
	}
	m, code, why := check(body)
	if why != "" {
		s.refuse(w, http.StatusBadRequest, code, why)
		return
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	s.mu.Lock()
	m.ID = fmt.Sprintf("fake%08d", len(s.messages)+1)
	s.messages = append(s.messages, m)
	arrived := s.arrived
	s.mu.Unlock()
	if arrived != nil {
		arrived(m)
	}
	reply(w, map[string]any{"id": m.ID, "event": "message", "topic": m.Topic, "sequence_id": m.Sequence, "message": m.Message})
}

func (s *Server) known(r *http.Request) bool {
	h := r.Header.Get("Authorization")
	if h == "" {
		return s.o.Open
	}
	if t, ok := strings.CutPrefix(h, "Bearer "); ok {
		return s.o.Token != "" && t == s.o.Token
	}
	user, pass, ok := r.BasicAuth()
	return ok && s.o.User != "" && user == s.o.User && pass == s.o.Password
}

func (s *Server) refuse(w http.ResponseWriter, status, code int, why string) {
	s.mu.Lock()
	s.refused = append(s.refused, why)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "http": status, "error": why})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

var (
	name     = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)
	reserved = []string{"docs", "static", "file", "app", "metrics", "account", "settings", "signup", "login"}
)

// check reads a message, and says with ntfy's code what is wrong with it. Unlike ntfy it knows every field: one that it does
// not know is a mistake of the sender.
func check(body []byte) (m Message, code int, why string) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, 40017, "invalid request: request body must be message JSON"
	}
	switch {
	case m.ID != "":
		return m, 40017, "invalid request: request body must be message JSON"
	case !name.MatchString(m.Topic):
		return m, 40009, "invalid request: topic invalid"
	case slices.Contains(reserved, m.Topic):
		return m, 40010, "invalid request: topic name is disallowed"
	case !utf8.ValidString(m.Message) || !utf8.ValidString(m.Title):
		return m, 40011, "invalid message: message must be UTF-8 encoded"
	case m.Priority < 0 || m.Priority > 5:
		return m, 40007, "invalid priority parameter"
	case len(m.Message) > 4096:
		return m, 41301, "attachment too large, or bandwidth limit reached" // what is longer becomes a file
	case len(m.Title) > 1024 || strings.ContainsAny(m.Title, "\r\n"):
		return m, 40017, "invalid request: the title is no title"
	case m.Sequence != "" && !name.MatchString(m.Sequence):
		return m, 40049, "invalid request: sequence ID invalid"
	case len(m.Actions) > 3 || slices.ContainsFunc(m.Actions, wrong):
		return m, 40018, "invalid request: actions invalid"
	case m.Click != "" && !address(m.Click):
		return m, 40017, "invalid request: click is no address"
	}
	return m, 0, ""
}

func wrong(a Action) bool { return a.Action != "view" || a.Label == "" || !address(a.URL) }

func address(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
