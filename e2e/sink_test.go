package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Ring is a webhook that reached a phone.
type Ring struct {
	At     time.Time
	Key    string // the message's own ID: the same for each attempt
	Path   string // of the phone
	Title  string
	Person string
	Alert  string
	Page   string
	Link   string
	Step   int
	Round  int
}

// Phones is everybody's phone: a server that takes webhooks.
type Phones struct {
	*httptest.Server
	mu    sync.Mutex
	rings []Ring
	hold  func(Ring) <-chan struct{} // a ring is answered when this is closed; nil: at once
}

// Hold makes rings wait for their answer as fn says.
func (p *Phones) Hold(fn func(Ring) <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = fn
}

// NewPhones starts a server at a port of its own.
func NewPhones(t testing.TB) *Phones {
	t.Helper()
	p := &Phones{}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

// ServeHTTP takes a webhook.
func (p *Phones) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Data struct {
			Title  string `json:"title"`
			Person string `json:"person"`
			Alert  string `json:"alert_id"`
			Page   string `json:"page_id"`
			Link   string `json:"page_url"`
			Step   int    `json:"step"`
			Round  int    `json:"round"`
		} `json:"data"`
	}
	b, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(b, &body) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	d := body.Data
	p.mu.Lock()
	ring := Ring{time.Now(), r.Header.Get("Webhook-Id"), r.URL.Path, d.Title, d.Person, d.Alert, d.Page, d.Link, d.Step, d.Round}
	p.rings = append(p.rings, ring)
	hold := p.hold
	p.mu.Unlock()
	if hold != nil {
		if answer := hold(ring); answer != nil {
			<-answer
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// Rang lists what reached the phones so far.
func (p *Phones) Rang() []Ring {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Ring(nil), p.rings...)
}
