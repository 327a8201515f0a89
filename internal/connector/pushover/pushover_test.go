package pushover_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/pushover"
	"github.com/muster-oncall/muster/internal/connector/pushover/fake"
)

const (
	token = "canaryOfTheApplicationsToken12"
	ana   = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
	back  = "https://muster.example/answer/pushover/tok_1"
)

func start(t *testing.T) connectortest.World {
	f := fake.New(fake.Options{Token: token, Users: []string{ana}})
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	answer, hang := connectortest.Faults(f.Answer, `{"status":0,"errors":["body of the answer"]}`)
	return connectortest.World{
		Config:  connector.Config{Name: "pushover", Secrets: map[string]string{"token": token}, BaseURL: srv.URL},
		Address: ana, Answers: back, Host: strings.TrimPrefix(srv.URL, "http://"),
		Got: func() (out []connectortest.Got) {
			for _, m := range f.Messages() { // Pushover knows no key: the same words are recognised
				text := strings.Join([]string{m.Title, m.Message, m.URL}, "\n")
				out = append(out, connectortest.Got{Key: text + m.Form.Get("timestamp"), Text: text})
			}
			return out
		},
		Answer: answer, Hang: hang,
	}
}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: pushover.Descriptor(), Start: start,
		Bad:          map[string]string{"settings.retry": "29", "settings.expire": "10801", "settings.sound": "a b"},
		BadSecrets:   map[string]string{"token": "canary-of-no-token"},
		BadAddresses: []string{"", "ana@example.org", ana[1:], "gznej3rKEVAvPUxu9vvNnqpmZpokzF"},
		Takes:        []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification}, Can: []string{"Checker", "Answerer", "ReceiptReader", "Stopper"},
	})
}

// world is a connector and the Pushover that it talks to.
func world(t *testing.T, settings map[string]string) (*pushover.Connector, *fake.Server) {
	t.Helper()
	f := fake.New(fake.Options{Token: token, Users: []string{ana}})
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	conn, err := pushover.Descriptor().Make(connector.Config{Name: "pushover", Settings: settings, Secrets: map[string]string{"token": token}, BaseURL: srv.URL, HTTP: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return conn.(*pushover.Connector), f
}

func page(u muster.Urgency) *connector.PageMessage {
	return &connector.PageMessage{Title: "High Number of Failures", Service: "Storefront", Urgency: u, Why: "Ana is primary.", AckURL: "https://muster.example/p/tok"}
}

// TestEmergency: an urgent page sounds until it is acknowledged, another one does not, and the receipt is read.
func TestEmergency(t *testing.T) {
	p, f := world(t, map[string]string{"retry": "45", "expire": "900", "sound": "siren"})
	r, err := p.Deliver(t.Context(), connector.Delivery{Key: "k", Address: ana, AnswerURL: back, Page: page(muster.UrgencyHigh)})
	if err != nil {
		t.Fatal(err, f.Refused())
	}
	m := f.Messages()[0]
	if m.Priority != 2 || m.Retry != 45 || m.Expire != 900 || m.Callback != back || m.Form.Get("sound") != "siren" || m.Receipt != r.ProviderID {
		t.Errorf("%+v, %+v", m, r)
	}
	if left := time.Until(r.AskUntil.Time); left < 14*time.Minute || left > 15*time.Minute {
		t.Errorf("it is asked for %v", left)
	}
	if got, err := p.ReadReceipt(t.Context(), r.ProviderID); len(got) != 0 || err != nil {
		t.Errorf("before: %v, %v", got, err)
	}
	if err := f.Acknowledge(t.Context(), m.Receipt); err != nil {
		t.Fatal(err)
	}
	got, err := p.ReadReceipt(t.Context(), r.ProviderID)
	if err != nil || len(got) != 1 || got[0].Kind != connector.AnswerAcknowledge || got[0].Detail != "acknowledged in Pushover on phone" {
		t.Errorf("after: %v, %v", got, err)
	}
	r, err = p.Deliver(t.Context(), connector.Delivery{Key: "k2", Address: ana, AnswerURL: back, Page: page(muster.UrgencyLow)})
	if err != nil || f.Messages()[1].Priority != 0 || !r.AskUntil.IsZero() {
		t.Errorf("not urgent: %+v, %v", r, err)
	}
	if got, err := p.ReadReceipt(t.Context(), r.ProviderID); len(got) != 0 || err != nil || f.Asked() != 2 {
		t.Errorf("what has no receipt is asked for: %v, %v", got, err)
	}
}

// TestStop: what was acknowledged elsewhere does not sound any more, and what is over need not be stopped.
func TestStop(t *testing.T) {
	p, f := world(t, nil)
	r, err := p.Deliver(t.Context(), connector.Delivery{Key: "k", Address: ana, Page: page(muster.UrgencyHigh)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Stop(t.Context(), r.ProviderID); err != nil || !f.Messages()[0].Cancelled {
			t.Errorf("%v, %v, %+v", err, f.Refused(), f.Messages())
		}
	}
	if err := p.Stop(t.Context(), "00000000-0000-4000-8000-000000000001"); err != nil || len(f.Refused()) != 0 {
		t.Errorf("what has no receipt: %v, %v", err, f.Refused())
	}
	if err := p.Stop(t.Context(), strings.Repeat("x", 30)); !connector.IsPermanent(err) {
		t.Errorf("a receipt that Pushover does not know: %v", err)
	}
}

// TestCallback: what comes at a page's address is believed when Pushover says so itself.
func TestCallback(t *testing.T) {
	p, f := world(t, nil)
	if _, err := p.Deliver(t.Context(), connector.Delivery{Key: "k", Address: ana, AnswerURL: back, Page: page(muster.UrgencyHigh)}); err != nil {
		t.Fatal(err)
	}
	id := f.Messages()[0].Receipt
	hear := func(page muster.PageID, form url.Values) ([]connector.Answer, error) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, back, http.NoBody)
		return p.Answers(r, []byte(form.Encode()), back, page)
	}
	form := url.Values{"receipt": {id}, "acknowledged": {"1"}}
	if got, err := hear("pag_1", form); err != nil || len(got) != 0 {
		t.Errorf("a claim that Pushover does not confirm: %v, %v", got, err)
	}
	if err := f.Acknowledge(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got, err := hear("pag_1", form); err != nil || len(got) != 1 || got[0].Page != "pag_1" || got[0].Kind != connector.AnswerAcknowledge {
		t.Errorf("%v, %v", got, err)
	}
	for name, c := range map[string]struct {
		page muster.PageID
		form url.Values
		code muster.Code
	}{
		"no page":         {"", form, muster.ErrUnauthenticated},
		"another receipt": {"pag_1", url.Values{"receipt": {strings.Repeat("x", 30)}, "acknowledged": {"1"}}, muster.ErrUnauthenticated},
		"a path":          {"pag_1", url.Values{"receipt": {"../messages"}, "acknowledged": {"1"}}, muster.ErrInvalid},
		"not yet":         {"pag_1", url.Values{"receipt": {id}, "acknowledged": {"0"}}, muster.ErrInvalid},
	} {
		if got, err := hear(c.page, c.form); muster.CodeOf(err) != c.code || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	p, f := world(t, nil)
	f.Answer(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	_, err := p.Deliver(t.Context(), connector.Delivery{Key: "k", Address: ana, Page: page(muster.UrgencyHigh)})
	if connector.IsPermanent(err) || err == nil || !strings.Contains(err.Error(), "used up") {
		t.Errorf("429: %v", err)
	}
	f.Answer(nil)
	_, err = p.Deliver(t.Context(), connector.Delivery{Key: "k", Address: strings.Repeat("u", 30), Page: page(muster.UrgencyHigh)})
	if !connector.IsPermanent(err) || !strings.Contains(err.Error(), "does not know this user key") {
		t.Errorf("a stranger: %v", err)
	}
}

// TestFakeRefuses: the fake is strict, else the tests above prove nothing.
func TestFakeRefuses(t *testing.T) {
	f := fake.New(fake.Options{Token: token, Users: []string{ana}})
	form := func(change ...string) url.Values {
		v := url.Values{"token": {token}, "user": {ana}, "message": {"m"}, "priority": {"2"}, "retry": {"30"}, "expire": {"60"}}
		for i := 0; i < len(change); i += 2 {
			v.Del(change[i])
			if change[i+1] != "" {
				v.Set(change[i], change[i+1])
			}
		}
		return v
	}
	for name, c := range map[string]struct {
		form   url.Values
		status int
	}{
		"good":                 {form(), 200},
		"no token":             {form("token", ""), 400},
		"a stranger":           {form("user", strings.Repeat("u", 30)), 400},
		"no words":             {form("message", " "), 400},
		"too long":             {form("message", strings.Repeat("ü", 1025)), 400},
		"title":                {form("title", strings.Repeat("x", 251)), 400},
		"link":                 {form("url", "https://x.example/"+strings.Repeat("x", 512)), 400},
		"no link":              {form("url", "javascript:alert(1)"), 400},
		"priority":             {form("priority", "3"), 400},
		"no retry":             {form("retry", ""), 400},
		"retries too often":    {form("retry", "29"), 400},
		"no expire":            {form("expire", ""), 400},
		"expires too late":     {form("expire", "10801"), 400},
		"callback without two": {form("priority", "0", "retry", "", "expire", "", "callback", "https://x.example/"), 400},
		"callback":             {form("callback", "muster"), 400},
		"unknown":              {form("colour", "red"), 400},
		"when":                 {form("timestamp", "now"), 400},
	} {
		r := httptest.NewRequest(http.MethodPost, "/1/messages.json", strings.NewReader(c.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		f.ServeHTTP(rec, r)
		if rec.Code != c.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	for path, status := range map[string]int{
		"/1/receipts/r" + strings.Repeat("0", 28) + "1.json?token=" + token: 200, "/1/receipts/x.json?token=" + token: 404, "/1/receipts/r" + strings.Repeat("0", 28) + "1.json": 400,
		"/1/apps/limits.json?token=x": 400, "/1/sounds.json": 404,
	} {
		rec := httptest.NewRecorder()
		f.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if rec.Code != status {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	first := "/1/receipts/r" + strings.Repeat("0", 28) + "1/cancel.json"
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"cancel":                    {http.MethodPost, first, "token=" + token, 200},
		"cancel by GET":             {http.MethodGet, first + "?token=" + token, "", 404},
		"the token in the address":  {http.MethodPost, first + "?token=" + token, "", 400},
		"another token":             {http.MethodPost, first, "token=x", 400},
		"more than the token":       {http.MethodPost, first, "token=" + token + "&user=" + ana, 400},
		"a receipt that is unknown": {http.MethodPost, "/1/receipts/x/cancel.json", "token=" + token, 404},
	} {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		f.ServeHTTP(rec, r)
		if rec.Code != c.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if len(f.Messages()) != 1 || !f.Messages()[0].Cancelled {
		t.Errorf("%+v", f.Messages())
	}
}
