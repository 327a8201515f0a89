// Package fake is a strict push service together with the browsers that subscribe to it: it takes what RFC 8030, 8188, 8291
// and 8292 allow, decrypts each message as the browser would, and can answer it as Muster's service worker does. Tests and
// the verbs of `muster fake` use it.
//
// It imports the standard library only and shares no code with the connector or the library that this uses.
package fake

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Browser is one subscription.
type Browser struct {
	ID   string
	key  *ecdh.PrivateKey
	auth []byte
	app  string // the key of the sender that it subscribed to
	gone bool
	at   string
}

// Subscription is what the browser's PushManager gives.
func (b *Browser) Subscription() string {
	return fmt.Sprintf(`{"endpoint":%q,"expirationTime":null,"keys":{"p256dh":%q,"auth":%q}}`, b.at+"/push/"+b.ID,
		base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(b.auth))
}

// Push is a message that a browser got.
type Push struct {
	Browser string
	Body    []byte // in the clear
	TTL     int
	Urgency string
	Topic   string
}

// Field is a text of the message.
func (p Push) Field(name string) string {
	var m map[string]any
	if json.Unmarshal(p.Body, &m) != nil {
		return ""
	}
	s, _ := m[name].(string)
	return s
}

// Service is an http.Handler. Its zero value is not usable; see [New].
type Service struct {
	origin string

	mu       sync.Mutex
	browsers map[string]*Browser
	pushes   []Push
	refused  []string
	answer   func(w http.ResponseWriter, r *http.Request) bool
	arrived  func(Push)
}

// New makes a service whose public address is origin: https://push.example.
func New(origin string) *Service {
	return &Service{origin: strings.TrimSuffix(origin, "/"), browsers: map[string]*Browser{}}
}

// Subscribe makes a browser that takes messages signed with a key.
func (s *Service) Subscribe(applicationKey string) (*Browser, error) {
	raw, err := base64.RawURLEncoding.DecodeString(applicationKey)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("fake: the key of the sender is none: %w", err)
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	auth := make([]byte, 16)
	_, _ = rand.Read(auth) // never fails
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &Browser{ID: fmt.Sprintf("browser-%d", len(s.browsers)+1), key: key, auth: auth, app: applicationKey, at: s.origin}
	s.browsers[b.ID] = b
	return b, nil
}

// Unsubscribe ends a subscription.
func (s *Service) Unsubscribe(b *Browser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.gone = true
}

// Answer lets f answer valid messages. It returns whether it has answered. nil: they are taken.
func (s *Service) Answer(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// OnPush calls f for each message that a browser gets.
func (s *Service) OnPush(f func(Push)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived = f
}

// Pushes are the messages that browsers got, in the order in which they came.
func (s *Service) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pushes)
}

// Refused tells why requests were not accepted.
func (s *Service) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// Tell does what the service worker does with a message: it tells Muster at the message's own address that it was received,
// or that its button was pressed.
func Tell(ctx context.Context, client *http.Client, p Push, answer string) (text string, err error) {
	body, err := json.Marshal(map[string]string{"answer": answer})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Field("answer"), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil || resp.StatusCode/100 != 2 {
		return "", fmt.Errorf("fake: the answer was answered %d: %s", resp.StatusCode, got)
	}
	var out struct {
		Text string `json:"text"`
	}
	return out.Text, json.Unmarshal(got, &out)
}

// ServeHTTP implements [http.Handler].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<10))
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "the body broke off")
		return
	}
	id, ok := strings.CutPrefix(r.URL.Path, "/push/")
	s.mu.Lock()
	b := s.browsers[id]
	gone := b != nil && b.gone
	s.mu.Unlock()
	switch {
	case r.Method != http.MethodPost:
		s.refuse(w, http.StatusMethodNotAllowed, "not a POST")
		return
	case !ok || b == nil:
		s.refuse(w, http.StatusNotFound, "there is no such subscription")
		return
	case gone:
		s.refuse(w, http.StatusGone, "the subscription has ended")
		return
	case len(body) > 4096:
		s.refuse(w, http.StatusRequestEntityTooLarge, "the message is larger than 4096 bytes")
		return
	}
	if why := s.signed(r.Header.Get("Authorization"), b); why != "" {
		s.refuse(w, http.StatusForbidden, why)
		return
	}
	p, why := headers(r.Header)
	if why == "" {
		p.Body, err = b.decrypt(body)
		if err != nil {
			why = err.Error()
		}
	}
	if why == "" && !json.Valid(p.Body) {
		why = "the message is not JSON"
	}
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
	p.Browser = b.ID
	s.mu.Lock()
	s.pushes = append(s.pushes, p)
	arrived, n := s.arrived, len(s.pushes)
	s.mu.Unlock()
	w.Header().Set("Location", s.origin+"/m/"+strconv.Itoa(n))
	w.WriteHeader(http.StatusCreated)
	if arrived != nil {
		arrived(p)
	}
}

func (s *Service) refuse(w http.ResponseWriter, status int, why string) {
	s.mu.Lock()
	s.refused = append(s.refused, why)
	s.mu.Unlock()
	http.Error(w, why, status)
}

var topic = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

func headers(h http.Header) (p Push, why string) {
	var err error
	p.TTL, err = strconv.Atoi(h.Get("TTL"))
	p.Urgency, p.Topic = h.Get("Urgency"), h.Get("Topic")
	switch {
	case err != nil || p.TTL < 0:
		return p, "TTL is missing or wrong"
	case p.Urgency != "" && !slices.Contains([]string{"very-low", "low", "normal", "high"}, p.Urgency):
		return p, "Urgency is wrong"
	case p.Topic != "" && !topic.MatchString(p.Topic):
		return p, "Topic is wrong"
	case h.Get("Content-Encoding") != "aes128gcm":
		return p, "Content-Encoding is not aes128gcm"
	}
	return p, ""
}

// signed checks who sends (RFC 8292).
func (s *Service) signed(header string, b *Browser) (why string) {
	rest, ok := strings.CutPrefix(header, "vapid ")
	if !ok {
		return "not signed"
	}
	var token, key string
	for part := range strings.SplitSeq(rest, ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "t":
			token = value
		case "k":
			key = value
		}
	}
	if key != b.app {
		return "the key is not the one that the browser subscribed to"
	}
	raw, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return "the key is not base64url"
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		return "the key is no point of P-256"
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "the token is no JWT"
	}
	var head struct{ Typ, Alg string }
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(sig) != 64 || !read(parts[0], &head) || !read(parts[1], &claims) || head.Alg != "ES256" {
		return "the token is no JWT of ES256"
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return "the signature is wrong"
	}
	sub, err := url.Parse(claims.Sub)
	switch left := time.Until(time.Unix(claims.Exp, 0)); {
	case claims.Aud != s.origin:
		return "the token is for " + claims.Aud
	case left <= 0 || left > 24*time.Hour:
		return "the token has ended, or ends too late"
	case err != nil || sub.Scheme != "mailto" && sub.Scheme != "https":
		return "the token does not say whom to ask"
	}
	return ""
}

func read(part string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(b, into) == nil
}

// decrypt reads a message of one record (RFC 8188) with the keys of RFC 8291.
func (b *Browser) decrypt(body []byte) ([]byte, error) {
	if len(body) < 21 || len(body) < 21+int(body[20]) {
		return nil, errors.New("the message has no header")
	}
	salt, size, id := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:21+int(body[20])]
	record := body[21+len(id):]
	if size < 18 || len(record) > int(size) {
		return nil, errors.New("the message has more than one record")
	}
	from, err := ecdh.P256().NewPublicKey(id)
	if err != nil {
		return nil, errors.New("the key id is no point of P-256")
	}
	shared, err := b.key.ECDH(from)
	if err != nil {
		return nil, err
	}
	info := append(append([]byte("WebPush: info\x00"), b.key.PublicKey().Bytes()...), id...)
	ikm, err := hkdf.Key(sha256.New, shared, b.auth, string(info), 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, errors.New("the message cannot be decrypted")
	}
	plain = bytes.TrimRight(plain, "\x00")
	if len(plain) == 0 || plain[len(plain)-1] != 2 {
		return nil, errors.New("the last record does not end as one")
	}
	return plain[:len(plain)-1], nil
}
