package ntfy_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/ntfy"
	"github.com/muster-oncall/muster/internal/connector/ntfy/fake"
)

const (
	tok   = "tk_canaryOfTheAccessToken1234567"
	topic = "ana-8c1f20d7"
)

func serve(t *testing.T, o fake.Options) (*fake.Server, string) {
	f := fake.New(o)
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return f, srv.URL
}

func start(t *testing.T) connectortest.World {
	f, url := serve(t, fake.Options{Token: tok})
	answer, hang := connectortest.Faults(f.Answer, "body of the answer")
	return connectortest.World{
		Config:  connector.Config{Name: "push", Settings: map[string]string{"url": url}, Secrets: map[string]string{"token": tok}},
		Address: topic, Host: strings.TrimPrefix(url, "http://"),
		Got: func() (out []connectortest.Got) {
			for _, m := range f.Messages() {
				out = append(out, connectortest.Got{Key: m.Sequence, Text: strings.Join([]string{m.Title, m.Message, m.Click}, "\n")})
			}
			return out
		},
		Answer: answer, Hang: hang,
	}
}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: ntfy.Descriptor(), Start: start,
		Bad:          map[string]string{"settings.url": "ntfy.sh", "settings.user": "a:b"},
		BadSecrets:   map[string]string{"token": "canary-of-no-token"},
		BadAddresses: []string{"", "a b", "https://ntfy.sh/mine", "account", "v1", strings.Repeat("x", 65), "ü"},
		Takes:        []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification}, Can: []string{"Checker"},
	})
}

func TestTogether(t *testing.T) {
	for name, c := range map[string]struct {
		settings, secrets map[string]string
		wrong             string
	}{
		"nothing":        {nil, nil, ""},
		"token":          {nil, map[string]string{"token": "x"}, ""},
		"user":           {map[string]string{"user": "ana"}, map[string]string{"password": "x"}, ""},
		"both":           {map[string]string{"user": "ana"}, map[string]string{"password": "x", "token": "x"}, "secrets.token"},
		"no password":    {map[string]string{"user": "ana"}, nil, "secrets.password"},
		"whose password": {nil, map[string]string{"password": "x"}, "settings.user"},
	} {
		f := ntfy.Descriptor().Check(c.settings, c.secrets)
		if c.wrong == "" && len(f) > 0 || c.wrong != "" && (len(f) != 1 || f[0].Path != c.wrong) {
			t.Errorf("%s: %v", name, f)
		}
	}
}

func page() *connector.PageMessage {
	return &connector.PageMessage{
		Title: "High Number of Failures", Service: "Storefront", Severity: muster.SeverityCritical, Urgency: muster.UrgencyHigh, Impact: "Customers cannot buy",
		Why: "Ana is primary of Storefront.", AckURL: "https://muster.example/p/tok", PageURL: "https://muster.example/a/1", PageID: "pag_019aab3c5d10f3a1b2c3d4e5f6071829",
	}
}

// TestUrgency: only what is urgent is loud, and the only button opens the page.
func TestUrgency(t *testing.T) {
	f, url := serve(t, fake.Options{User: "ana", Password: "a long password"})
	conn, err := ntfy.Descriptor().Make(connector.Config{
		Name: "push", Settings: map[string]string{"url": url, "user": "ana"}, Secrets: map[string]string{"password": "a long password"}, HTTP: http.DefaultClient,
	})
	if err != nil {
		t.Fatal(err)
	}
	low, linkless := page(), page()
	low.Urgency, low.Severity = muster.UrgencyLow, muster.SeverityInfo
	linkless.AckURL, linkless.PageURL = "", "javascript:alert(1)"
	for _, p := range []*connector.PageMessage{page(), low, linkless} {
		if r, err := conn.Deliver(t.Context(), connector.Delivery{Key: "dlv_1", Kind: muster.DeliverPage, Address: topic, Page: p}); err != nil || r.ProviderID == "" {
			t.Fatalf("%+v, %v, %v", r, err, f.Refused())
		}
	}
	got := f.Messages()
	if m := got[0]; m.Priority != 5 || m.Tags[0] != "rotating_light" || m.Topic != topic || m.Title != "Storefront: High Number of Failures" || m.Sequence != "pag_019aab3c5d10f3a1b2c3d4e5f6071829" ||
		m.Click != "https://muster.example/p/tok" || len(m.Actions) != 1 || m.Actions[0].Action != "view" || m.Actions[0].URL != m.Click {
		t.Errorf("urgent: %+v", m)
	}
	if m := got[1]; m.Priority != 3 || m.Tags[0] != "bell" {
		t.Errorf("not urgent: %+v", m)
	}
	if m := got[2]; m.Click != "" || len(m.Actions) != 0 {
		t.Errorf("without a link: %+v", m)
	}
	if err := conn.(connector.Checker).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCheckFindsAWrongToken(t *testing.T) {
	_, url := serve(t, fake.Options{Token: tok})
	conn, err := ntfy.Descriptor().Make(connector.Config{Name: "push", Settings: map[string]string{"url": url}, Secrets: map[string]string{"token": tok + "x"}, HTTP: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(connector.Checker).Check(t.Context()); !connector.IsPermanent(err) || !strings.Contains(err.Error(), "does not know this token") {
		t.Error(err)
	}
	_, err = conn.Deliver(t.Context(), connector.Delivery{Key: "k", Address: "a topic", Page: page()})
	if !connector.IsPermanent(err) || errors.Is(err, t.Context().Err()) {
		t.Errorf("a topic that is none: %v", err)
	}
}

// TestFakeRefuses: the fake is strict, else the tests above prove nothing.
func TestFakeRefuses(t *testing.T) {
	f := fake.New(fake.Options{Token: tok})
	for name, c := range map[string]struct {
		auth, body string
		status     int
	}{
		"good":          {"Bearer " + tok, `{"topic":"t","message":"m","priority":5,"actions":[{"action":"view","label":"Open","url":"https://x.example/"}]}`, 200},
		"nobody":        {"", `{"topic":"t","message":"m"}`, 401},
		"wrong token":   {"Bearer tk_other", `{"topic":"t","message":"m"}`, 401},
		"no topic":      {"Bearer " + tok, `{"message":"m"}`, 400},
		"its own topic": {"Bearer " + tok, `{"topic":"docs","message":"m"}`, 400},
		"priority":      {"Bearer " + tok, `{"topic":"t","priority":6}`, 400},
		"no JSON":       {"Bearer " + tok, `hello`, 400},
		"unknown field": {"Bearer " + tok, `{"topic":"t","mesage":"m"}`, 400},
		"acting button": {"Bearer " + tok, `{"topic":"t","actions":[{"action":"http","label":"Ack","url":"https://x.example/"}]}`, 400},
		"four buttons":  {"Bearer " + tok, `{"topic":"t","actions":[` + strings.TrimSuffix(strings.Repeat(`{"action":"view","label":"o","url":"https://x.example/"},`, 4), ",") + `]}`, 400},
		"a file":        {"Bearer " + tok, `{"topic":"t","message":"` + strings.Repeat("x", 4097) + `"}`, 400},
		"too large":     {"Bearer " + tok, `{"topic":"t","message":"` + strings.Repeat("x", 9000) + `"}`, 413},
		"sequence":      {"Bearer " + tok, `{"topic":"t","sequence_id":"a b"}`, 400},
		"click":         {"Bearer " + tok, `{"topic":"t","click":"javascript:alert(1)"}`, 400},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		if c.auth != "" {
			r.Header.Set("Authorization", c.auth)
		}
		rec := httptest.NewRecorder()
		f.ServeHTTP(rec, r)
		if rec.Code != c.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if len(f.Messages()) != 1 {
		t.Errorf("%+v", f.Messages())
	}
}
