// Package fake is a strict Twilio: the part of its REST API that sends messages and calls people, held against Twilio's own
// description, and the requests by which Twilio tells what became of them, signed. It refuses what Twilio refuses, with
// Twilio's error codes. Tests and the verbs of `muster fake` use it.
//
// It imports contracts and the standard library, and shares no code with the connector. It was made from Twilio's
// documentation, not by watching Twilio.
package fake

import (
	"encoding/json"
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
)

// Options are the account that the fake has.
type Options struct {
	AccountSID string
	AuthToken  string
	Numbers    []string     // that belong to the account
	Client     *http.Client // for calling back; nil: it cannot
}

// Message is a text message that was accepted.
type Message struct {
	SID, To, From, Body string
	StatusCallback      string
	Status              string
	Segments            int
	Form                url.Values
}

// Call is a phone call that was accepted.
type Call struct {
	SID, To, From  string
	Said           string // what is read out
	Action         string // where a key is told
	StatusCallback string
	Status         string
	Form           url.Values
}

// Fate is what happens to a request instead of the usual.
type Fate struct {
	Status     int             // HTTP status of an error; 0: it is accepted
	Code       int             // Twilio's error code beside Status
	RetryAfter string          // header beside Status
	Hang       <-chan struct{} // no answer before this is closed, or the client goes
	Bare       bool            // the answer to Status is no JSON
}

// Server is an http.Handler. Its zero value is not usable; see [New].
type Server struct {
	o       Options
	schemas func() (map[string]*schema, error) // by the server, not by the package: who only signs does not carry the contract

	mu       sync.Mutex
	n        int
	messages []*Message
	calls    []*Call
	refused  []string
	fate     func(form url.Values) Fate
	opted    map[string]bool
	arrived  func(Message)
	rang     func(Call)
}

// New makes a server.
func New(o Options) *Server {
	return &Server{o: o, schemas: sync.OnceValues(readSchemas), opted: map[string]bool{}}
}

// Fate lets f decide what happens to valid requests. nil: all are accepted.
func (s *Server) Fate(f func(form url.Values) Fate) { s.mu.Lock(); defer s.mu.Unlock(); s.fate = f }

// OnMessage calls f for each message, after Twilio has answered. f may call back from another goroutine.
func (s *Server) OnMessage(f func(Message)) { s.mu.Lock(); defer s.mu.Unlock(); s.arrived = f }

// OnCall calls f for each call.
func (s *Server) OnCall(f func(Call)) { s.mu.Lock(); defer s.mu.Unlock(); s.rang = f }

// OptOut lets a number have texted STOP.
func (s *Server) OptOut(number string) { s.mu.Lock(); defer s.mu.Unlock(); s.opted[number] = true }

// Messages are the accepted messages in the order in which they came.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Message, len(s.messages))
	for i, m := range s.messages {
		out[i] = *m
	}
	return out
}

// Calls are the accepted calls in the order in which they came.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Call, len(s.calls))
	for i, c := range s.calls {
		out[i] = *c
	}
	return out
}

// Refused tells why requests were not accepted.
func (s *Server) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// refusal is an error as Twilio words it.
type refusal struct {
	status, code int
	why          string
}

var route = regexp.MustCompile(`^/2010-04-01/Accounts/([^/]+)/(Messages|Calls)(?:/([^/]+))?\.json$`)

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		s.refuse(w, refusal{http.StatusRequestEntityTooLarge, 20413, "the body is too large or broke off"})
		return
	}
	at := route.FindStringSubmatch(r.URL.Path)
	if at == nil {
		s.refuse(w, refusal{http.StatusNotFound, 20404, "The requested resource " + r.URL.Path + " was not found"})
		return
	}
	user, password, ok := r.BasicAuth()
	if !ok || user != s.o.AccountSID || password != s.o.AuthToken {
		w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
		s.refuse(w, refusal{http.StatusUnauthorized, 20003, "Authenticate"})
		return
	}
	if at[1] != s.o.AccountSID {
		s.refuse(w, refusal{http.StatusNotFound, 20404, "The requested account was not found"})
		return
	}
	switch {
	case r.Method == http.MethodGet && at[3] == "":
		s.list(w, r, at[2])
	case r.Method == http.MethodGet:
		s.get(w, at[2], at[3])
	case r.Method == http.MethodPost && at[3] == "":
		s.post(w, r, at[2], string(body))
	default:
		s.refuse(w, refusal{http.StatusMethodNotAllowed, 20004, "Method not allowed"})
	}
}

func (s *Server) refuse(w http.ResponseWriter, f refusal) {
	s.mu.Lock()
	s.refused = append(s.refused, fmt.Sprintf("%d: %s", f.code, f.why))
	s.mu.Unlock()
	reply(w, f.status, map[string]any{"code": f.code, "message": f.why, "more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(f.code), "status": f.status})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, what string) {
	if n, err := strconv.Atoi(r.URL.Query().Get("PageSize")); r.URL.RawQuery != "" && (err != nil || n < 1 || n > 1000) {
		s.refuse(w, refusal{http.StatusBadRequest, 20001, "PageSize is not a number from 1 to 1000"})
		return
	}
	reply(w, http.StatusOK, map[string]any{strings.ToLower(what): []any{}, "page": 0, "page_size": 1})
}

func (s *Server) get(w http.ResponseWriter, what, sid string) {
	s.mu.Lock()
	var found any
	for _, m := range s.messages {
		if what == "Messages" && m.SID == sid {
			found = s.message(m)
		}
	}
	for _, c := range s.calls {
		if what == "Calls" && c.SID == sid {
			found = s.call(c)
		}
	}
	s.mu.Unlock()
	if found == nil {
		s.refuse(w, refusal{http.StatusNotFound, 20404, "The requested resource was not found"})
		return
	}
	reply(w, http.StatusOK, found)
}

func (s *Server) post(w http.ResponseWriter, r *http.Request, what, body string) {
	form, f := s.read(r, what, body)
	if f != nil {
		s.refuse(w, *f)
		return
	}
	s.mu.Lock()
	decide := s.fate
	s.mu.Unlock()
	var fate Fate
	if decide != nil {
		fate = decide(form)
	}
	if fate.Hang != nil {
		select {
		case <-fate.Hang:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case fate.Status == 0:
	case fate.Bare:
		if fate.RetryAfter != "" {
			w.Header().Set("Retry-After", fate.RetryAfter)
		}
		w.WriteHeader(fate.Status)
		_, _ = w.Write([]byte("body of the answer")) // 204 and 304 take none
		return
	default:
		if fate.RetryAfter != "" {
			w.Header().Set("Retry-After", fate.RetryAfter)
		}
		s.refuse(w, refusal{fate.Status, fate.Code, "body of the answer"})
		return
	}
	if what == "Messages" {
		s.takeMessage(w, form)
	} else {
		s.takeCall(w, form)
	}
}

func (s *Server) takeMessage(w http.ResponseWriter, form url.Values) {
	s.mu.Lock()
	m := &Message{
		SID: s.sid("SM"), To: form.Get("To"), From: form.Get("From"), Body: form.Get("Body"), StatusCallback: form.Get("StatusCallback"),
		Status: "queued", Segments: segments(form.Get("Body")), Form: form,
	}
	if m.From == "" {
		m.Status, m.From = "accepted", s.o.Numbers[0]
	}
	s.messages = append(s.messages, m)
	told, arrived, out := *m, s.arrived, s.message(m)
	s.mu.Unlock()
	reply(w, http.StatusCreated, out)
	if arrived != nil {
		arrived(told)
	}
}

func (s *Server) takeCall(w http.ResponseWriter, form url.Values) {
	doc, _ := readMarkup(form.Get("Twiml")) // was read before
	s.mu.Lock()
	c := &Call{
		SID: s.sid("CA"), To: form.Get("To"), From: form.Get("From"), Said: doc.said, Action: doc.action, StatusCallback: form.Get("StatusCallback"),
		Status: "queued", Form: form,
	}
	s.calls = append(s.calls, c)
	told, rang, out := *c, s.rang, s.call(c)
	s.mu.Unlock()
	reply(w, http.StatusCreated, out)
	if rang != nil {
		rang(told)
	}
}

// sid makes a reference. The caller holds the lock.
func (s *Server) sid(kind string) string { s.n++; return fmt.Sprintf("%s%032x", kind, s.n) }

func (s *Server) message(m *Message) map[string]any {
	return map[string]any{
		"sid": m.SID, "account_sid": s.o.AccountSID, "to": m.To, "from": m.From, "body": m.Body, "status": m.Status,
		"num_segments": strconv.Itoa(m.Segments), "num_media": "0", "direction": "outbound-api", "error_code": nil, "error_message": nil,
		"api_version": "2010-04-01", "price": nil, "price_unit": "USD", "date_created": time.Now().UTC().Format(time.RFC1123Z),
		"uri": "/2010-04-01/Accounts/" + s.o.AccountSID + "/Messages/" + m.SID + ".json",
	}
}

func (s *Server) call(c *Call) map[string]any {
	return map[string]any{
		"sid": c.SID, "account_sid": s.o.AccountSID, "to": c.To, "from": c.From, "status": c.Status, "direction": "outbound-api",
		"api_version": "2010-04-01", "uri": "/2010-04-01/Accounts/" + s.o.AccountSID + "/Calls/" + c.SID + ".json",
	}
}
