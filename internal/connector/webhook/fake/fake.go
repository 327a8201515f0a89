// Package fake is a strict receiver of Standard Webhooks: it takes only what a careful receiver takes. Tests and the
// verbs of `muster fake` use it. It imports the standard library only and shares no code with the connector.
package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// window is how far a message's timestamp may lie from now.
const window = 5 * time.Minute

// Message is what was accepted.
type Message struct {
	ID      string
	Type    string
	Body    []byte
	At      time.Time
	Repeats int // how often it came again
}

// Receiver is an http.Handler. Its zero value is not usable; see [New].
type Receiver struct {
	mu       sync.Mutex
	key      []byte
	seen     map[string]int
	messages []Message
	refused  []string
	answer   func(w http.ResponseWriter, r *http.Request) bool
	arrived  func(Message)
}

// New makes a receiver for a secret as it is handed out: whsec_ and base64.
func New(secret string) (*Receiver, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || !strings.HasPrefix(secret, "whsec_") {
		return nil, fmt.Errorf("the secret is not whsec_ and base64")
	}
	return &Receiver{key: key, seen: map[string]int{}}, nil
}

// Answer lets f answer valid messages instead of 204. It returns whether it has answered. nil: answer 204 again.
func (f *Receiver) Answer(answer func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// OnMessage calls f for each message that is accepted for the first time.
func (f *Receiver) OnMessage(arrived func(Message)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.arrived = arrived
}

// Messages are the accepted messages, without repetitions, in the order in which they came.
func (f *Receiver) Messages() []Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Message, len(f.messages))
	for i, m := range f.messages {
		m.Repeats = f.seen[m.ID] - 1
		out[i] = m
	}
	return out
}

// Refused tells why requests were not accepted.
func (f *Receiver) Refused() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.refused...)
}

// ServeHTTP implements [http.Handler].
func (f *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		f.refuse(w, http.StatusRequestEntityTooLarge, "the body is too large or broke off")
		return
	}
	m, why := f.check(r, body)
	if why != "" {
		f.refuse(w, http.StatusUnauthorized, why)
		return
	}
	f.mu.Lock()
	answer := f.answer
	f.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	f.mu.Lock()
	f.seen[m.ID]++
	first := f.seen[m.ID] == 1
	if first {
		f.messages = append(f.messages, m)
	}
	arrived := f.arrived
	f.mu.Unlock()
	if first && arrived != nil {
		arrived(m)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *Receiver) refuse(w http.ResponseWriter, status int, why string) {
	f.mu.Lock()
	f.refused = append(f.refused, why)
	f.mu.Unlock()
	http.Error(w, why, status)
}

func (f *Receiver) check(r *http.Request, body []byte) (m Message, why string) {
	id, ts := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	switch {
	case r.Method != http.MethodPost:
		return m, "not a POST"
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return m, "not JSON"
	case id == "" || len(id) > 200 || strings.ContainsAny(id, ". \t"):
		return m, "webhook-id is missing or cannot be signed"
	}
	sec, err := strconv.ParseInt(ts, 10, 64)
	if err != nil || time.Since(time.Unix(sec, 0)).Abs() > window {
		return m, "webhook-timestamp is missing or outside of five minutes"
	}
	mac := hmac.New(sha256.New, f.key)
	fmt.Fprintf(mac, "%s.%s.", id, ts)
	mac.Write(body)
	want := mac.Sum(nil)
	ok := false
	for one := range strings.FieldsSeq(r.Header.Get("webhook-signature")) {
		version, sig, _ := strings.Cut(one, ",")
		got, err := base64.StdEncoding.DecodeString(sig)
		ok = ok || (version == "v1" && err == nil && hmac.Equal(got, want))
	}
	if !ok {
		return m, "webhook-signature is wrong"
	}
	var env struct {
		Type      string          `json:"type"`
		Timestamp time.Time       `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &env); err != nil || env.Type == "" || env.Timestamp.IsZero() || len(env.Data) == 0 {
		return m, "the body is not {type, timestamp, data}"
	}
	return Message{ID: id, Type: env.Type, Body: body, At: env.Timestamp}, ""
}
