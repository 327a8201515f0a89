// Package connectortest is the conformance suite that each connector passes: one call of [Run] in its tests. A test of
// connector/all checks that none is left out.
//
// It serves tests only. It imports connector, goleak, the standard library and the root package, and knows no connector.
package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// Case says how a connector is tested.
type Case struct {
	Descriptor connector.Descriptor
	// Start runs the fake until the test ends, and tells how to reach it. It is called once for each part of the suite.
	Start func(t *testing.T) World
	// Bad are settings that must be refused, by the path that the error names; Settings of the world with one replaced.
	Bad map[string]string
	// BadSecrets are values of secrets that New must refuse by name, without showing them.
	BadSecrets map[string]string
	// BadAddresses are addresses of contact methods that must be refused.
	BadAddresses []string
	// Takes are the kinds of deliveries that the connector takes; all others are refused for good.
	Takes []muster.DeliveryKind
	// Can are the optional capabilities: "Checker", "Inbound", "Publisher", "RosterTable", "CalendarFeed", "Answerer",
	// "ReceiptReader", "Stopper".
	Can []string
	// Unsaid are words that a person need not read in what was delivered, though the delivery has them: a call reads out no
	// links.
	Unsaid []string
}

// World is a running fake, and what a connector needs to talk to it.
type World struct {
	Config  connector.Config
	Address string // of a contact method
	Answers string // the page's own address for receipts and answers; "" for none
	Host    string // host:port of the fake; the connector may talk to nobody else
	// Got tells what the fake accepted so far: the key by which it recognises repetitions, and everything readable.
	Got func() []Got
	// Answer makes an HTTP fake answer valid requests with a status and headers; 0 ends it. nil: does not speak HTTP.
	Answer func(status int, header http.Header)
	// Hang makes the fake take requests and not answer until the returned function is called. nil: there is no network.
	Hang func() (release func())
	// Signed makes an inbound request that is accepted, with its body. nil: not Inbound.
	Signed func(t *testing.T) (*http.Request, []byte)
}

// Got is a delivery as the fake understood it.
type Got struct{ Key, Text string }

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Helper()
	t.Run("config", c.config)
	t.Run("capabilities", c.capabilities)
	t.Run("delivers", c.delivers)
	t.Run("repeats", c.repeats)
	t.Run("hostile text", c.hostile)
	t.Run("statuses", c.statuses)
	t.Run("time-out and cancel", c.hangs)
	t.Run("nobody there", c.nobody)
	t.Run("secrets", c.secrets)
	t.Run("inbound", c.inbound)
}

// bench is one connector and the world that it talks to.
type bench struct {
	World
	conn connector.Connector
	log  *bytes.Buffer
	mu   sync.Mutex
	seen map[string]bool // addresses that were dialled
}

func (c Case) start(t *testing.T) *bench {
	t.Helper()
	leak := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leak) }) // registered first: runs when the fake has gone
	b := &bench{World: c.Start(t), log: &bytes.Buffer{}, seen: map[string]bool{}}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		b.mu.Lock()
		b.seen[addr] = true
		b.mu.Unlock()
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	tr := &http.Transport{DialContext: dial}
	t.Cleanup(tr.CloseIdleConnections)
	b.Config.HTTP = &http.Client{Transport: tr, Timeout: 10 * time.Second}
	b.Config.Dial = dial
	b.Config.Log = slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	conn, err := c.Descriptor.Make(b.Config)
	if err != nil {
		t.Fatalf("the connector cannot be made: %v", err)
	}
	b.conn = conn
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for addr := range b.seen {
			if addr != b.Host {
				t.Errorf("it talked to %s, which is not %s", addr, b.Host)
			}
		}
	})
	return b
}

var at = muster.At(time.Date(2026, 11, 27, 3, 12, 40, 0, time.UTC))

// delivery makes a valid delivery of a kind.
func (b *bench) delivery(kind muster.DeliveryKind, key string) connector.Delivery {
	d := connector.Delivery{Key: key, Kind: kind, At: at, Address: b.Address}
	switch kind {
	case muster.DeliverPage:
		d.AnswerURL = b.Answers
		d.Page = &connector.PageMessage{
			Title: "High Number of Failures", Service: "Storefront", Severity: muster.SeverityCritical, Urgency: muster.UrgencyHigh,
			Impact: "Customers cannot buy", Action: "Look at the failed requests", Summary: "15 results", Person: "Ana",
			Why: "Ana is primary of Storefront.", AckURL: "https://muster.example/p/tok", PageURL: "https://muster.example/a/alt", Round: 1, Step: 1,
			AlertID: "alt_019aab3c5d10f3a1b2c3d4e5f6071829", PageID: "pag_019aab3c5d10f3a1b2c3d4e5f6071829",
		}
	case muster.DeliverNotification:
		d.Note = &connector.Notification{
			Title: "You are on call from 09:00", Text: "Storefront, primary.", URL: "https://muster.example/oncall?roster=web", Kind: muster.NoticeShiftReminder, Person: "Ana",
		}
	case muster.DeliverWebhook:
		d.Event = &connector.Event{Type: "incident.declared", At: at, Body: json.RawMessage(`{"key":"INC-42"}`)}
	case muster.DeliverStatusPage, muster.DeliverRoster, muster.DeliverCalendar, muster.DeliverReceipt:
	}
	return d
}

func kinds() []muster.DeliveryKind {
	return []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification, muster.DeliverWebhook, muster.DeliverStatusPage}
}

func (b *bench) count() int {
	if b.Got == nil {
		return 0
	}
	return len(b.Got())
}

func (b *bench) distinct() int {
	if b.Got == nil {
		return 0
	}
	keys := map[string]bool{}
	for _, g := range b.Got() {
		keys[g.Key] = true
	}
	return len(keys)
}
