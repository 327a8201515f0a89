package webhook_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/webhook"
	"github.com/muster-oncall/muster/internal/connector/webhook/fake"
	"github.com/muster-oncall/muster/internal/httpx"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func start(t *testing.T) connectortest.World {
	t.Helper()
	f, err := fake.New(secret)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	answer, hang := connectortest.Faults(f.Answer, "body of the answer")
	return connectortest.World{
		Config: connector.Config{
			Name: "hook", Settings: map[string]string{"url": srv.URL}, Secrets: map[string]string{"secret": secret},
		},
		Address: srv.URL + "/hook?token=canary-in-the-address",
		Host:    strings.TrimPrefix(srv.URL, "http://"),
		Got: func() (out []connectortest.Got) {
			for _, m := range f.Messages() {
				out = append(out, connectortest.Got{Key: m.ID, Text: string(m.Body)})
			}
			return out
		},
		Answer: answer, Hang: hang,
	}
}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: webhook.Descriptor(), Start: start,
		Bad:          map[string]string{"settings.url": "ftp://x.example/"},
		BadSecrets:   map[string]string{"secret": "whsec_dG9vIHNob3J0", "previous_secret": "no-prefix-at-all"},
		BadAddresses: []string{"", "x", "javascript:alert(1)", "https://user:pw@x.example/", "//x.example"},
		Takes:        []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification, muster.DeliverWebhook},
		Can:          []string{"Checker"},
	})
}

// TestSign holds the published example of Standard Webhooks against the signature.
func TestSign(t *testing.T) {
	key, err := webhook.ParseSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	got := webhook.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

func TestShapeOfEvents(t *testing.T) {
	w := start(t)
	conn, err := webhook.Descriptor().Make(w.Config)
	if err == nil {
		_, err = conn.Deliver(t.Context(), connector.Delivery{Key: "dlv_1", Kind: muster.DeliverWebhook, Event: &connector.Event{
			Type: "incident.declared", At: muster.At(time.Date(2026, 11, 27, 3, 12, 40, 0, time.UTC)), Body: json.RawMessage(`{"key":"INC-42"}`),
		}})
	}
	if !errors.Is(err, httpx.ErrRefused) || !connector.IsPermanent(err) {
		t.Errorf("without an allow list, this machine is not to be talked to: %v", err)
	}
	w.Config.HTTP = http.DefaultClient
	conn, err = webhook.Descriptor().Make(w.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Deliver(t.Context(), connector.Delivery{Key: "dlv_1", Kind: muster.DeliverWebhook, Event: &connector.Event{
		Type: "incident.declared", At: muster.At(time.Date(2026, 11, 27, 3, 12, 40, 0, time.UTC)), Body: json.RawMessage(`{"key":"INC-42"}`),
	}}); err != nil {
		t.Fatal(err)
	}
	want := `{"type":"incident.declared","timestamp":"2026-11-27T03:12:40Z","data":{"key":"INC-42"}}`
	if got := w.Got(); len(got) != 1 || got[0].Text != want || got[0].Key != "dlv_1" {
		t.Errorf("%+v", got)
	}
}

func TestRotationSignsWithBoth(t *testing.T) {
	w := start(t) // checks with the older secret
	w.Config.HTTP = http.DefaultClient
	w.Config.Secrets = map[string]string{"secret": "whsec_bmV3ZXIgc2VjcmV0IG9mIHRoaXJ0eSB0d28gYnl0ZXM=", "previous_secret": secret}
	conn, err := webhook.Descriptor().Make(w.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Deliver(t.Context(), connector.Delivery{Key: "dlv_1", Note: &connector.Notification{Title: "x"}}); err != nil {
		t.Error(err)
	}
}

// TestFakeRefuses: the fake is strict, else the tests above prove nothing.
func TestFakeRefuses(t *testing.T) {
	f, err := fake.New(secret)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := webhook.ParseSecret(secret)
	body := `{"type":"x","timestamp":"2026-11-27T03:12:40Z","data":{}}`
	now, old := time.Now().Unix(), time.Now().Add(-6*time.Minute).Unix()
	for name, c := range map[string]struct {
		id, sig, body string
		ts            int64
		status        int
	}{
		"good":            {"a", "", body, now, 204},
		"again":           {"a", "", body, now, 204},
		"no id":           {"", "", body, now, 401},
		"unsigned":        {"b", "v1,", body, now, 401},
		"another version": {"b", "v2,AAAA", body, now, 401},
		"old":             {"b", "", body, old, 401},
		"no envelope":     {"b", "", `{}`, now, 401},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		ts := time.Unix(c.ts, 0)
		stamp := itoa(ts.Unix())
		if c.sig == "" {
			c.sig = webhook.Sign(key, c.id, stamp, []byte(c.body))
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("webhook-id", c.id)
		r.Header.Set("webhook-timestamp", stamp)
		r.Header.Set("webhook-signature", c.sig)
		rec := httptest.NewRecorder()
		f.ServeHTTP(rec, r)
		if rec.Code != c.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if m := f.Messages(); len(m) != 1 || m[0].Repeats != 1 {
		t.Errorf("%+v", m)
	}
}

func itoa(n int64) string { b, _ := json.Marshal(n); return string(b) }

func BenchmarkDeliver(b *testing.B) {
	f, _ := fake.New(secret)
	srv := httptest.NewServer(f)
	defer srv.Close()
	conn, err := webhook.Descriptor().Make(connector.Config{Settings: map[string]string{"url": srv.URL}, Secrets: map[string]string{"secret": secret}, HTTP: srv.Client()})
	if err != nil {
		b.Fatal(err)
	}
	d := connector.Delivery{Key: "dlv_1", Kind: muster.DeliverPage, Page: &connector.PageMessage{Title: "High Number of Failures", Person: "Ana"}, At: muster.At(time.Now())}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Deliver(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}
