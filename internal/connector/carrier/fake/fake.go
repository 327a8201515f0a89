// Package fake is a strict carrier of text messages by HTTP, of the usual kind: it takes {"messages":[{to,text,ref,callback}]}
// with a bearer key, and tells what became of a message, and what people text, with an HMAC over the body.
//
// It imports the standard library only and shares no code with the connector. It stands for no carrier in particular.
package fake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"unicode/utf8"
)

// Message is what was accepted.
type Message struct {
	ID                      string
	To, Text, Ref, Callback string
}

// Server is an http.Handler. Its zero value is not usable; see [New].
type Server struct {
	key, secret string
	client      *http.Client

	mu       sync.Mutex
	messages []Message
	refused  []string
	answer   func(w http.ResponseWriter, r *http.Request) bool
}

// New makes a carrier: key signs customers in, secret signs what the carrier tells. client calls back.
func New(key, secret string, client *http.Client) *Server {
	return &Server{key: key, secret: secret, client: client}
}

// Answer lets f answer valid messages. It returns whether it has answered. nil: the carrier takes them.
func (s *Server) Answer(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Messages are the accepted messages in the order in which they came, repetitions too.
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

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		s.refuse(w, http.StatusRequestEntityTooLarge, "the body is too large or broke off")
		return
	}
	m, status, why := s.check(r, body)
	if why != "" {
		s.refuse(w, status, why)
		return
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	s.mu.Lock()
	m.ID = fmt.Sprintf("msg-%d", len(s.messages)+1)
	s.messages = append(s.messages, m)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": []any{map[string]any{"id": m.ID, "status": "queued"}}})
}

func (s *Server) refuse(w http.ResponseWriter, status int, why string) {
	s.mu.Lock()
	s.refused = append(s.refused, why)
	s.mu.Unlock()
	http.Error(w, why, status)
}

func (s *Server) check(r *http.Request, body []byte) (m Message, status int, why string) {
	switch {
	case r.Method != http.MethodPost:
		return m, http.StatusMethodNotAllowed, "not a POST"
	case r.Header.Get("Authorization") != "Bearer "+s.key:
		return m, http.StatusUnauthorized, "the key is missing or wrong"
	case r.Header.Get("Content-Type") != "application/json":
		return m, http.StatusUnsupportedMediaType, "not JSON"
	}
	var in struct {
		Messages []struct {
			To, Text, Ref, Callback string
		} `json:"messages"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if !utf8.Valid(body) || dec.Decode(&in) != nil || dec.More() || len(in.Messages) != 1 {
		return m, http.StatusBadRequest, "the body is not one message"
	}
	m = Message{To: in.Messages[0].To, Text: in.Messages[0].Text, Ref: in.Messages[0].Ref, Callback: in.Messages[0].Callback}
	u, err := url.Parse(m.Callback)
	switch {
	case !e164.MatchString(m.To):
		return m, http.StatusUnprocessableEntity, "to is not a number"
	case m.Text == "" || len(m.Text) > 1600:
		return m, http.StatusUnprocessableEntity, "text is empty or too long"
	case m.Ref == "":
		return m, http.StatusUnprocessableEntity, "ref is missing"
	case m.Callback != "" && (err != nil || u.Host == ""):
		return m, http.StatusUnprocessableEntity, "callback is not a URL"
	}
	return m, 0, ""
}

// Back makes a request as the carrier makes it, signed.
func (s *Server) Back(ctx context.Context, to string, v any) (*http.Request, []byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	mac := hmac.New(sha256.New, []byte(s.secret))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return req, body, nil
}

// Report tells what became of a message: queued, sent, delivered, failed.
func (s *Server) Report(ctx context.Context, id, status string) error {
	s.mu.Lock()
	i := slices.IndexFunc(s.messages, func(m Message) bool { return m.ID == id })
	var m Message
	if i >= 0 {
		m = s.messages[i]
	}
	s.mu.Unlock()
	if m.Callback == "" {
		return errors.New("there is no such message, or nobody to tell")
	}
	_, err := s.send(ctx, m.Callback, map[string]string{"id": id, "ref": m.Ref, "status": status})
	return err
}

// Text brings what somebody texted to an address, and returns what is texted back.
func (s *Server) Text(ctx context.Context, to, from, text string) (string, error) {
	return s.send(ctx, to, map[string]any{"inbound": map[string]string{"from": from, "text": text}})
}

func (s *Server) send(ctx context.Context, to string, v any) (string, error) {
	req, _, err := s.Back(ctx, to, v)
	if err != nil {
		return "", err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil && (resp.StatusCode < 200 || resp.StatusCode > 299) {
		err = fmt.Errorf("the other side answered %d: %s", resp.StatusCode, body)
	}
	return string(body), err
}
