package webpush_test

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/webpush"
	"github.com/muster-oncall/muster/internal/connector/webpush/fake"
)

const (
	origin = "https://push.example"
	back   = "https://muster.example/answer/browsers/tok_1"
)

func derive(purpose string) []byte {
	sum := sha256.Sum256([]byte("an installation/" + purpose))
	return sum[:]
}

func world(t *testing.T) (*fake.Service, *fake.Browser, connector.Config) {
	t.Helper()
	f := fake.New(origin)
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	b, err := f.Subscribe(webpush.PublicKey(derive))
	if err != nil {
		t.Fatal(err)
	}
	return f, b, connector.Config{Name: "browsers", Settings: map[string]string{"contact": "muster@example.org"}, BaseURL: srv.URL, Derive: derive, HTTP: srv.Client()}
}

func start(t *testing.T) connectortest.World {
	f, b, cfg := world(t)
	answer, hang := connectortest.Faults(f.Answer, "body of the answer")
	return connectortest.World{
		Config: cfg, Address: b.Subscription(), Answers: back, Host: strings.TrimPrefix(cfg.BaseURL, "http://"),
		Got: func() (out []connectortest.Got) {
			for _, p := range f.Pushes() {
				out = append(out, connectortest.Got{Key: p.Field("tag") + p.Topic, Text: string(p.Body)})
			}
			return out
		},
		Answer: answer, Hang: hang,
	}
}

func TestConformance(t *testing.T) {
	const good = `{"endpoint":"https://fcm.googleapis.com/fcm/send/x","keys":{"p256dh":"BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM","auth":"tBHItJI5svbpez7KI4CCXg"}}`
	bad := []string{"", "https://fcm.googleapis.com/fcm/send/x", "{}", strings.Repeat(" ", 3000)}
	for _, host := range []string{"localhost", "127.0.0.1", "10.0.0.1", "[::1]", "push.internal", "printer.local", "intranet", "push.example:8443", "user@push.example"} {
		bad = append(bad, strings.Replace(good, "fcm.googleapis.com", host, 1))
	}
	bad = append(bad, strings.Replace(good, "https:", "http:", 1), strings.Replace(good, "BNcR", "AAAA", 1), strings.Replace(good, "tBHItJI5", "", 1))
	if err := webpush.Descriptor().CheckAddress(good); err != nil {
		t.Fatal(err)
	}
	connectortest.Run(t, connectortest.Case{
		Descriptor: webpush.Descriptor(), Start: start, Bad: map[string]string{"settings.contact": "nobody"}, BadAddresses: bad,
		Takes: []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification}, Can: []string{"Answerer"},
	})
}

func page(u muster.Urgency) *connector.PageMessage {
	return &connector.PageMessage{
		Title: "High Number of Failures", Service: "Storefront", Severity: muster.SeverityCritical, Urgency: u, Why: "Ana is primary.", AckURL: "https://muster.example/p/tok",
		PageID: "pag_019aab3c5d10f3a1b2c3d4e5f6071829",
	}
}

// TestWhatTheBrowserGets: the page's own tag and address, urgency and life; a repetition has the same topic.
func TestWhatTheBrowserGets(t *testing.T) {
	f, b, cfg := world(t)
	conn, err := webpush.Descriptor().Make(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []connector.Delivery{
		{Key: "pag_1", Page: page(muster.UrgencyHigh), AnswerURL: back},
		{Key: "pag_1", Page: page(muster.UrgencyHigh), AnswerURL: back},
		{Key: "pag_2", Page: page(muster.UrgencyLow)},
		{Key: "dlv_1", Note: &connector.Notification{Title: "A test", Kind: muster.NoticeContactTest, URL: "https://muster.example/c/tok"}},
	} {
		d.Address = b.Subscription()
		if _, err := conn.Deliver(t.Context(), d); err != nil {
			t.Fatal(err, f.Refused())
		}
	}
	got := f.Pushes()
	if p := got[0]; p.Urgency != "high" || p.TTL != 600 || p.Field("tag") != "pag_019aab3c5d10f3a1b2c3d4e5f6071829" || p.Field("open") != "https://muster.example/p/tok" ||
		p.Field("answer") != back || p.Field("severity") != "critical" || p.Topic != got[1].Topic || len(p.Topic) != 32 {
		t.Errorf("%+v %s", p, p.Body)
	}
	if p := got[2]; p.Urgency != "normal" || p.Field("answer") != "" {
		t.Errorf("%+v %s", p, p.Body)
	}
	if p := got[3]; p.Field("kind") != "test" || p.Topic == got[0].Topic {
		t.Errorf("%+v %s", p, p.Body)
	}
	f.Unsubscribe(b)
	_, err = conn.Deliver(t.Context(), connector.Delivery{Key: "k", Address: b.Subscription(), Page: page(muster.UrgencyHigh)})
	if !connector.IsPermanent(err) || !strings.Contains(err.Error(), "not subscribed any more") {
		t.Errorf("after the end: %v", err)
	}
}

// TestKeyIsDerived: the same installation has the same key for ever; another one's messages are refused.
func TestKeyIsDerived(t *testing.T) {
	if a, b := webpush.PublicKey(derive), webpush.PublicKey(derive); a != b || len(a) != 87 {
		t.Errorf("%q, %q", a, b)
	}
	for name, raw := range map[string][]byte{"zero": make([]byte, 32), "most": []byte(strings.Repeat("\xff", 32))} {
		if k := webpush.PublicKey(func(string) []byte { return raw }); len(k) != 87 {
			t.Errorf("%s: %q", name, k)
		}
	}
	f, b, cfg := world(t)
	cfg.Derive = func(string) []byte { return make([]byte, 32) }
	conn, err := webpush.Descriptor().Make(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Deliver(t.Context(), connector.Delivery{Key: "k", Address: b.Subscription(), Page: page(muster.UrgencyHigh)})
	if !connector.IsPermanent(err) || len(f.Pushes()) != 0 || !strings.Contains(err.Error(), "refuses the key") {
		t.Errorf("%v, %v", err, f.Refused())
	}
}

func TestAddress(t *testing.T) {
	_, b, _ := world(t)
	d := webpush.Descriptor()
	tidy := d.TidyAddress(b.Subscription())
	if strings.Contains(tidy, "expirationTime") || d.CheckAddress(tidy) != nil || d.HintAddress(tidy) != "a browser (push.example)" {
		t.Errorf("%s, %s", tidy, d.HintAddress(tidy))
	}
	if h := d.HintAddress(strings.Replace(tidy, "push.example", "web.push.apple.com", 1)); h != "Safari" {
		t.Error(h)
	}
}

func TestAnswers(t *testing.T) {
	_, _, cfg := world(t)
	made, err := webpush.Descriptor().Make(cfg)
	if err != nil {
		t.Fatal(err)
	}
	conn := made.(connector.Answerer)
	for body, want := range map[string]connector.AnswerKind{`{"answer":"received"}`: connector.AnswerReceived, `{"answer":"acknowledge"}`: connector.AnswerAcknowledge} {
		r := httptest.NewRequest(http.MethodPost, back, http.NoBody)
		if got, err := conn.Answers(r, []byte(body), back, "pag_1"); err != nil || len(got) != 1 || got[0].Kind != want || got[0].Page != "pag_1" {
			t.Errorf("%s: %v, %v", body, got, err)
		}
		if _, err := conn.Answers(r, []byte(body), back, ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
			t.Errorf("without a page: %v", err)
		}
	}
	for body, code := range map[string]muster.Code{"": muster.ErrUnreadable, `{"answer":"resolve"}`: muster.ErrInvalid} {
		if _, err := conn.Answers(httptest.NewRequest(http.MethodPost, back, http.NoBody), []byte(body), back, "pag_1"); muster.CodeOf(err) != code {
			t.Errorf("%q: %v", body, err)
		}
	}
	rec := httptest.NewRecorder()
	if err := conn.WriteAnswer(rec, nil, "You have it."); err != nil || !json.Valid(rec.Body.Bytes()) || !strings.Contains(rec.Body.String(), "You have it.") {
		t.Errorf("%v %s", err, rec.Body)
	}
}

// TestFakeRefuses: the fake is strict, else the tests above prove nothing. Each case spoils one thing of a good message.
func TestFakeRefuses(t *testing.T) {
	f, b, cfg := world(t)
	spoil := map[string]struct {
		change func(r *http.Request)
		status int
	}{
		"good":          {func(*http.Request) {}, 201},
		"GET":           {func(r *http.Request) { r.Method = http.MethodGet }, 405},
		"a stranger":    {func(r *http.Request) { r.URL.Path = "/push/nobody" }, 404},
		"not signed":    {func(r *http.Request) { r.Header.Del("Authorization") }, 403},
		"signature":     {func(r *http.Request) { cut(r, "Authorization") }, 403},
		"no TTL":        {func(r *http.Request) { r.Header.Del("TTL") }, 400},
		"urgency":       {func(r *http.Request) { r.Header.Set("Urgency", "very-high") }, 400},
		"topic":         {func(r *http.Request) { r.Header.Set("Topic", strings.Repeat("x", 33)) }, 400},
		"not encrypted": {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"title":"x"}`)) }, 400},
		"encoding":      {func(r *http.Request) { r.Header.Set("Content-Encoding", "aesgcm") }, 400},
		"too large":     {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", 4097))) }, 413},
		"another byte": {func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			body[len(body)-1]++
			r.Body = io.NopCloser(strings.NewReader(string(body)))
		}, 400},
	}
	for name, c := range spoil {
		rec := httptest.NewRecorder()
		one := cfg
		one.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			c.change(r)
			f.ServeHTTP(rec, r)
			return rec.Result(), nil
		})}
		conn, err := webpush.Descriptor().Make(one)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Deliver(t.Context(), connector.Delivery{Key: "k", Address: b.Subscription(), Page: page(muster.UrgencyHigh)}) // the recorder has heard it
		if rec.Code != c.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if len(f.Pushes()) != 1 {
		t.Errorf("%d arrived", len(f.Pushes()))
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// cut changes a letter of a signature.
func cut(r *http.Request, name string) {
	v := []byte(r.Header.Get(name))
	i := strings.LastIndex(string(v), ".") + 3
	if v[i] == 'A' {
		v[i] = 'B'
	} else {
		v[i] = 'A'
	}
	r.Header.Set(name, string(v))
}
