package carrier_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/carrier"
	"github.com/muster-oncall/muster/internal/connector/carrier/fake"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
)

const (
	key    = "canary-of-the-carriers-key"
	secret = "canary-of-the-inbound-secret"
	ana    = "+4915112345678"
)

func config(url string) connector.Config {
	return connector.Config{
		Name: "sms",
		Settings: map[string]string{
			"url": url, "body": `{"messages":[{"to":"{to}","text":"{text}","ref":"{id}","callback":"{callback}"}]}`, "header": "Authorization",
			"id_field": "messages.0.id", "from": "+4915100000000", "inbound_check": "hmac-sha256", "inbound_header": "X-Signature", "daily_limit": "100000",
			"text_from_field": "inbound.from", "text_field": "inbound.text",
		},
		Secrets: map[string]string{"header_value": "Bearer " + key, "inbound_secret": secret},
	}
}

func start(t *testing.T) connectortest.World {
	f := fake.New(key, secret, http.DefaultClient)
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	answer, hang := connectortest.Faults(f.Answer, "body of the answer")
	return connectortest.World{
		Config: config(srv.URL), Address: ana, Answers: "https://muster.example/answer/sms/tok_1", Host: strings.TrimPrefix(srv.URL, "http://"),
		Got: func() (out []connectortest.Got) {
			for _, m := range f.Messages() {
				out = append(out, connectortest.Got{Key: m.Ref, Text: m.Text})
			}
			return out
		},
		Answer: answer, Hang: hang,
	}
}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: carrier.Descriptor(), Start: start,
		Bad: map[string]string{
			"settings.url": "ftp://x.example/", "settings.method": "DELETE", "settings.content": "xml", "settings.body": `{"to":{to}}`, "settings.from": "Muster",
			"settings.countries": "49", "settings.daily_limit": "-1", "settings.inbound_check": "none", "settings.header": "a b", "settings.inbound_header": "a:b",
		},
		BadSecrets:   map[string]string{"inbound_secret": "0123456789", "header_value": "two\r\nlines"},
		BadAddresses: []string{"", "015112345678", "+1", "ana@example.org"},
		Takes:        []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification}, Can: []string{"Answerer"},
	})
}

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		path   string
	}{
		"no {text}":           {map[string]string{"body": `{"to":"{to}"}`}, "settings.body"},
		"unknown placeholder": {map[string]string{"body": `{"to":"{to}","text":"{text}","x":"{secret}"}`}, "settings.body"},
		"in the host":         {map[string]string{"url": "https://{to}.example/"}, "settings.url"},
		"no country":          {map[string]string{"from": ""}, "settings.countries"},
		"header alone":        {map[string]string{"header": ""}, "settings.header"},
	} {
		cfg := config("https://carrier.example/send")
		maps.Copy(cfg.Settings, c.change)
		if f := carrier.Descriptor().Check(cfg.Settings, cfg.Secrets); len(f) == 0 || f[0].Path != c.path {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// TestTemplates: whatever a text holds, it stays one string of the body.
func TestTemplates(t *testing.T) {
	var got *http.Request
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got, body = r, string(b)
	}))
	t.Cleanup(srv.Close)
	hostile := `a"},{"to":"+666 & text={id} {to} %00 ünïcode`
	for name, c := range map[string]struct {
		change     map[string]string
		query, out string
		kind       string
	}{
		"json": {
			map[string]string{"body": `{"to":"{to}","text":"[{text}]","n":1,"callback":"{callback}"}`},
			"",
			`{"n":1,"text":"[a\"},{\"to\":\"+666 \u0026 text={id} {to} %00 ünïcode]","to":"+4915112345678"}`, "application/json",
		},
		"form": {
			map[string]string{"content": "form", "body": "to={to}&text={text}&callback={callback}"},
			"",
			"text=a%22%7D%2C%7B%22to%22%3A%22%2B666+%26+text%3D%7Bid%7D+%7Bto%7D+%2500+%C3%BCn%C3%AFcode&to=%2B4915112345678", "application/x-www-form-urlencoded",
		},
		"GET": {
			map[string]string{"content": "none", "body": "", "method": "GET", "url": srv.URL + "/send?to={to}&text={text}"},
			"to=%2B4915112345678&text=a%22%7D%2C%7B%22to%22%3A%22%2B666+%26+text%3D%7Bid%7D+%7Bto%7D+%2500+%C3%BCn%C3%AFcode", "", "",
		},
	} {
		cfg := config(srv.URL)
		cfg.HTTP = http.DefaultClient
		maps.Copy(cfg.Settings, c.change)
		conn, err := carrier.Descriptor().Make(cfg)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := conn.Deliver(t.Context(), connector.Delivery{Key: "dlv_1", Address: ana, Note: &connector.Notification{Title: hostile}}); err != nil {
			t.Fatal(name, err)
		}
		if got.URL.RawQuery != c.query || body != c.out || got.Header.Get("Content-Type") != c.kind {
			t.Errorf("%s: %q %q %q", name, got.URL.RawQuery, body, got.Header.Get("Content-Type"))
		}
	}
}

func TestAnswers(t *testing.T) {
	f := fake.New(key, secret, nil)
	conn, err := carrier.Descriptor().Make(config("https://carrier.example/send"))
	if err != nil {
		t.Fatal(err)
	}
	k := conn.(*carrier.Connector)
	const at = "https://muster.example/answer/sms"
	text := func(from, text string) any {
		return map[string]any{"inbound": map[string]string{"from": from, "text": text}}
	}
	for name, c := range map[string]struct {
		say  any
		page muster.PageID
		want connector.AnswerKind
		code string
		bad  muster.Code
	}{
		"delivered":    {map[string]string{"status": "Delivered"}, "pag_1", connector.AnswerReceived, "", ""},
		"expired":      {map[string]string{"status": "expired"}, "pag_1", connector.AnswerFailed, "", ""},
		"on its way":   {map[string]string{"status": "sent"}, "pag_1", "", "", ""},
		"no status":    {map[string]string{"state": "sent"}, "pag_1", "", "", muster.ErrInvalid},
		"acknowledged": {text("4915112345678", "4 12345"), "", connector.AnswerAcknowledge, "12345", ""},
		"resolved":     {text("+49 151 12345678", "resolve 12345"), "", connector.AnswerResolve, "12345", ""},
		"unclear":      {text("+4915112345678", "hm"), "", connector.AnswerUnclear, "", ""},
		"from nobody":  {text("Ana", "4 12345"), "", "", "", muster.ErrInvalid},
		"a list":       {[]int{1}, "", "", "", muster.ErrInvalid},
	} {
		r, body, err := f.Back(t.Context(), at, c.say)
		if err != nil {
			t.Fatal(err)
		}
		a, err := k.Answers(r, body, at, c.page)
		switch {
		case muster.CodeOf(err) != c.bad, (c.want == "") != (len(a) == 0):
			t.Errorf("%s: %+v, %v", name, a, err)
		case c.want != "" && (a[0].Kind != c.want || a[0].Code != c.code || a[0].Page != c.page || (c.page == "" && a[0].From != ana)):
			t.Errorf("%s: %+v", name, a)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"none":        func(r *http.Request) { r.Header.Del("X-Signature") },
		"two":         func(r *http.Request) { r.Header.Add("X-Signature", r.Header.Get("X-Signature")) },
		"wrong":       func(r *http.Request) { r.Header.Set("X-Signature", strings.Repeat("0", 64)) },
		"not hex":     func(r *http.Request) { r.Header.Set("X-Signature", "zz!") },
		"the secret":  func(r *http.Request) { r.Header.Set("X-Signature", secret) },
		"empty":       func(r *http.Request) { r.Header.Set("X-Signature", "") },
		"prefix only": func(r *http.Request) { r.Header.Set("X-Signature", "sha256=") },
	} {
		r, body, err := f.Back(t.Context(), at, text(ana, "4 12345"))
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		if a, err := k.Answers(r, body, at, ""); muster.CodeOf(err) != muster.ErrUnauthenticated || a != nil {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	r, body, err := f.Back(t.Context(), at, text(ana, "4 12345"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Answers(r, append(body, ' '), at, ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
		t.Error("a changed body:", err)
	}
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	r.Header.Set("X-Signature", base64.StdEncoding.EncodeToString(m.Sum(nil)))
	if a, err := k.Answers(r, body, at, ""); err != nil || len(a) != 1 {
		t.Error("in base64:", a, err)
	}
}

// TestSharedSecret: the simpler proof, with a form; without settings for it nothing is believed.
func TestSharedSecret(t *testing.T) {
	cfg := config("https://carrier.example/send")
	maps.Copy(cfg.Settings, map[string]string{"inbound_check": "secret", "text_from_field": "msisdn", "text_field": "body"})
	conn, err := carrier.Descriptor().Make(cfg)
	if err != nil {
		t.Fatal(err)
	}
	form := "msisdn=4915112345678&body=4+12345"
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Signature", secret)
	a, err := conn.(*carrier.Connector).Answers(r, []byte(form), "", "")
	if err != nil || len(a) != 1 || a[0].Kind != connector.AnswerAcknowledge || a[0].From != ana {
		t.Error(a, err)
	}
	r.Header.Set("X-Signature", secret+"x")
	if _, err := conn.(*carrier.Connector).Answers(r, []byte(form), "", ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
		t.Error(err)
	}
	delete(cfg.Settings, "inbound_header")
	delete(cfg.Secrets, "inbound_secret")
	if conn, err = carrier.Descriptor().Make(cfg); err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Signature", "")
	if _, err := conn.(*carrier.Connector).Answers(r, []byte(form), "", ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
		t.Error(err)
	}
}

// TestFakeRefuses: the fake is strict, else the tests above prove nothing.
func TestFakeRefuses(t *testing.T) {
	f := fake.New(key, secret, nil)
	good := `{"messages":[{"to":"+4915112345678","text":"x","ref":"dlv_1"}]}`
	for name, c := range map[string]struct {
		method, auth, kind, body string
		status                   int
	}{
		"good":       {"POST", "Bearer " + key, "application/json", good, 202},
		"GET":        {"GET", "Bearer " + key, "application/json", good, 405},
		"no key":     {"POST", "", "application/json", good, 401},
		"a form":     {"POST", "Bearer " + key, "application/x-www-form-urlencoded", good, 415},
		"more":       {"POST", "Bearer " + key, "application/json", strings.Replace(good, `"ref"`, `"x":"y","ref"`, 1), 400},
		"two":        {"POST", "Bearer " + key, "application/json", good + good, 400},
		"no number":  {"POST", "Bearer " + key, "application/json", strings.Replace(good, "+49", "0", 1), 422},
		"no text":    {"POST", "Bearer " + key, "application/json", strings.Replace(good, `"x"`, `""`, 1), 422},
		"no ref":     {"POST", "Bearer " + key, "application/json", strings.Replace(good, `dlv_1`, ``, 1), 422},
		"to nowhere": {"POST", "Bearer " + key, "application/json", strings.Replace(good, `"ref"`, `"callback":"x","ref"`, 1), 422},
	} {
		r := httptest.NewRequest(c.method, "/", strings.NewReader(c.body))
		r.Header.Set("Authorization", c.auth)
		r.Header.Set("Content-Type", c.kind)
		rec := httptest.NewRecorder()
		if f.ServeHTTP(rec, r); rec.Code != c.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
}
