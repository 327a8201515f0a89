package twilio_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/twilio"
	"github.com/muster-oncall/muster/internal/connector/twilio/fake"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "canary-of-the-auth-token-12345678"
	ours    = "+15005550006"
	ana     = "+15005550142"
	at      = "https://muster.example/answer/sms/tok_1"
)

// world is a fake with a connector's configuration.
func world(t *testing.T) (*fake.Server, connectortest.World) {
	t.Helper()
	f := fake.New(fake.Options{AccountSID: account, AuthToken: token, Numbers: []string{ours}, Client: http.DefaultClient})
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	var mu sync.Mutex
	var fate fake.Fate
	f.Fate(func(url.Values) fake.Fate { mu.Lock(); defer mu.Unlock(); return fate })
	set := func(to fake.Fate) { mu.Lock(); defer mu.Unlock(); fate = to }
	return f, connectortest.World{
		Config: connector.Config{
			Name: "sms", Settings: map[string]string{"account_sid": account, "from": ours, "daily_limit": "100000"},
			Secrets: map[string]string{"auth_token": token}, BaseURL: srv.URL,
		},
		Address: ana, Answers: at, Host: strings.TrimPrefix(srv.URL, "http://"),
		Answer: func(status int, h http.Header) {
			set(fake.Fate{Status: status, RetryAfter: h.Get("Retry-After"), Bare: true})
		},
		Hang: func() func() {
			wait := make(chan struct{})
			set(fake.Fate{Hang: wait})
			return func() { close(wait); set(fake.Fate{}) }
		},
	}
}

func startSMS(t *testing.T) connectortest.World {
	f, w := world(t)
	w.Got = func() (out []connectortest.Got) {
		for _, m := range f.Messages() {
			out = append(out, connectortest.Got{Key: m.To + m.Body, Text: m.Body}) // people recognise a repetition by its words
		}
		return out
	}
	return w
}

func startVoice(t *testing.T) connectortest.World {
	f, w := world(t)
	w.Got = func() (out []connectortest.Got) {
		for _, c := range f.Calls() {
			out = append(out, connectortest.Got{Key: c.To + c.Said, Text: c.Said})
		}
		return out
	}
	return w
}

var (
	bad = map[string]string{
		"settings.account_sid": "AC123", "settings.from": "Muster", "settings.countries": "49", "settings.daily_limit": "none",
	}
	badAddresses = []string{"", "15005550142", "+1", "ana@example.org", "+1 500 555 0142", "whatsapp:+15005550142", "+15005550142;ext=1"}
)

func TestConformanceSMS(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: twilio.SMSDescriptor(), Start: startSMS, Bad: bad, BadSecrets: map[string]string{"auth_token": "short\x01"}, BadAddresses: badAddresses,
		Takes: []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification}, Can: []string{"Checker", "Answerer", "ReceiptReader"},
	})
}

func TestConformanceVoice(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: twilio.VoiceDescriptor(), Start: startVoice, Bad: bad, BadSecrets: map[string]string{"auth_token": "short\x01"}, BadAddresses: badAddresses,
		Takes: []muster.DeliveryKind{muster.DeliverPage}, Can: []string{"Checker", "Answerer", "ReceiptReader"},
		Unsaid: []string{"https://muster.example/p/tok"},
	})
}

// page is a page as the engine hands it over.
func page() connector.Delivery {
	return connector.Delivery{
		Key: "pag_1", Kind: muster.DeliverPage, Address: ana, AnswerURL: at,
		Page: &connector.PageMessage{
			Title: "High Number of Failures", Service: "Storefront", Severity: muster.SeverityCritical, Urgency: muster.UrgencyHigh, Impact: "Customers cannot buy",
			Person: "Ana", Why: "Ana is primary of Storefront.", AckURL: "https://muster.example/p/tok", ReplyCode: "12345", PageID: "pag_1",
		},
	}
}

// make1 makes a connector that talks to the fake, with settings changed.
func make1[C any](t *testing.T, d connector.Descriptor, w connectortest.World, change map[string]string) C {
	t.Helper()
	maps.Copy(w.Config.Settings, change)
	w.Config.HTTP = http.DefaultClient
	conn, err := d.Make(w.Config)
	if err != nil {
		t.Fatal(err)
	}
	return conn.(C)
}
