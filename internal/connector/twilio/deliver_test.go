package twilio_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/twilio"
	"github.com/muster-oncall/muster/internal/connector/twilio/fake"
	"github.com/muster-oncall/muster/internal/contracts"
)

var update = flag.Bool("update", false, "write the golden file")

// TestRequestsFitTheContract has Twilio's own description judge what leaves, and what the fake answers, by a library that
// neither of the two uses.
func TestRequestsFitTheContract(t *testing.T) {
	text, err := contracts.FS.ReadFile("twilio-2010.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	_, w := world(t)
	behind, err := url.Parse(w.Config.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.URL.Host, r.URL.Scheme = "", ""
		found, params := operation(doc, r)
		if found == nil {
			t.Errorf("%s %s: there is no such operation", r.Method, r.URL)
			return
		}
		in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: found, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		judged++
		req := r.Clone(r.Context())
		req.URL.Scheme, req.URL.Host, req.RequestURI = behind.Scheme, behind.Host, ""
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		out.SetBodyBytes(body)
		if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil && !strings.Contains(err.Error(), "date-time-rfc-2822") {
			t.Errorf("the answer to %s %s: %v", r.Method, r.URL, err)
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(resp.StatusCode)
		_, _ = rw.Write(body)
	}))
	t.Cleanup(srv.Close)
	w.Config.BaseURL = srv.URL
	s, v := make1[*twilio.SMS](t, twilio.SMSDescriptor(), w, nil), make1[*twilio.Voice](t, twilio.VoiceDescriptor(), w, nil)
	for _, conn := range []interface {
		connector.Connector
		connector.Checker
		connector.ReceiptReader
	}{s, v} {
		r, err := conn.Deliver(t.Context(), page())
		if err != nil {
			t.Fatal(conn, err)
		}
		if err := conn.Check(t.Context()); err != nil {
			t.Error(conn, err)
		}
		if a, err := conn.ReadReceipt(t.Context(), r.ProviderID); err != nil || a != nil {
			t.Error(conn, a, err)
		}
	}
	if judged != 6 {
		t.Error(judged, "requests were judged")
	}
}

// operation finds the operation of a request. The routers of the library do not read {Sid}.json.
func operation(doc *openapi3.T, r *http.Request) (*routers.Route, map[string]string) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/2010-04-01/Accounts/")
	parts := strings.Split(strings.TrimSuffix(rest, ".json"), "/")
	path, params := "/2010-04-01/Accounts/{AccountSid}/", map[string]string{"AccountSid": parts[0]}
	switch {
	case !ok || !strings.HasSuffix(rest, ".json") || len(parts) < 2 || len(parts) > 3:
		return nil, nil
	case len(parts) == 3:
		path += parts[1] + "/{Sid}.json"
		params["Sid"] = parts[2]
	default:
		path += parts[1] + ".json"
	}
	item := doc.Paths.Value(path)
	if item == nil || item.GetOperation(r.Method) == nil {
		return nil, nil
	}
	return &routers.Route{Spec: doc, Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)}, params
}

func TestErrors(t *testing.T) {
	f, w := world(t)
	s := make1[*twilio.SMS](t, twilio.SMSDescriptor(), w, map[string]string{"countries": "+1"})
	for _, c := range []struct {
		fate             fake.Fate
		address, want    string
		permanent, later bool
	}{
		{fake.Fate{}, fake.Invalid, "not a number that exists: correct the contact method (Twilio error 21211)", true, false},
		{fake.Fate{}, fake.Blocked, "must text START", true, false},
		{fake.Fate{}, fake.NotAMobile, "not a mobile number", true, false},
		{fake.Fate{}, fake.NoCountry, "Geo permissions", true, false},
		{fake.Fate{}, fake.NoRoute, "use another sender", true, false},
		{fake.Fate{}, "+4915112345678", "add it to the setting countries", true, false},
		{fake.Fate{}, "015112345678", "write it like", true, false},
		{fake.Fate{Status: 429, Code: 20429, RetryAfter: "7"}, ana, "too many requests", false, true},
		{fake.Fate{Status: 400, Code: 21611}, ana, "queue at Twilio is full", false, false},
		{fake.Fate{Status: 500, Code: 20500}, ana, "20500", false, false},
		{fake.Fate{Status: 503, Code: 20503, RetryAfter: "7"}, ana, "20503", false, true},
		{fake.Fate{Status: 401, Code: 20003}, ana, "store the token", true, false},
		{fake.Fate{Status: 403, Code: 12345}, ana, "https://www.twilio.com/docs/api/errors/12345", true, false},
	} {
		f.Fate(func(url.Values) fake.Fate { return c.fate })
		d := page()
		d.Address = c.address
		_, err := s.Deliver(t.Context(), d)
		if err == nil || !strings.Contains(err.Error(), c.want) || connector.IsPermanent(err) != c.permanent || (connector.RetryAfter(err) == 7*time.Second) != c.later {
			t.Errorf("%+v to %s: %v (permanent %v, after %v)", c.fate, c.address, err, connector.IsPermanent(err), connector.RetryAfter(err))
		}
		if err != nil && strings.Contains(err.Error(), "body of the answer") {
			t.Errorf("the answer's own words show: %v", err)
		}
	}
}

// TestLimit: what is over the daily limit fails for good and loudly, so that the next contact method goes; pages of high
// urgency have the last fifth to themselves; what Twilio refused does not count.
func TestLimit(t *testing.T) {
	f, w := world(t)
	s := make1[*twilio.SMS](t, twilio.SMSDescriptor(), w, map[string]string{"daily_limit": "5"})
	low, high := page(), page()
	low.Page.Urgency = muster.UrgencyLow
	f.Fate(func(url.Values) fake.Fate { return fake.Fate{Status: 500} })
	for range 10 {
		if _, err := s.Deliver(t.Context(), high); connector.IsPermanent(err) {
			t.Fatal(err)
		}
	}
	f.Fate(nil)
	for range 4 {
		if _, err := s.Deliver(t.Context(), low); err != nil {
			t.Fatal(err)
		}
	}
	for i, d := range []connector.Delivery{low, high, high} {
		_, err := s.Deliver(t.Context(), d)
		if i == 1 && err != nil {
			t.Error("the last fifth is for high urgency:", err)
		}
		if i != 1 && (!connector.IsPermanent(err) || !strings.Contains(err.Error(), "raise its setting daily_limit")) {
			t.Error(i, err)
		}
	}
	if n := len(f.Messages()); n != 5 {
		t.Error(n, "messages left")
	}
}

func TestSMSOptions(t *testing.T) {
	f, w := world(t)
	pool := "MG" + strings.Repeat("a", 32)
	s := make1[*twilio.SMS](t, twilio.SMSDescriptor(), w, map[string]string{"from": pool, "countries": "+1"})
	d := page()
	d.AnswerURL = ""
	if _, err := s.Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	m := f.Messages()[0].Form
	if m.Get("MessagingServiceSid") != pool || m.Has("From") || m.Has("StatusCallback") || m.Get("ValidityPeriod") != "600" {
		t.Error(m)
	}
	if f := twilio.SMSDescriptor().Check(map[string]string{"account_sid": account, "from": pool}, w.Config.Secrets); len(f) != 1 || f[0].Path != "settings.countries" {
		t.Error("a pool of numbers tells no country:", f)
	}
	if n := twilio.SMSDescriptor().Numbers(map[string]string{"from": ours}); len(n) != 1 || n[0] != ours {
		t.Error(n)
	}
	if n := twilio.SMSDescriptor().Numbers(map[string]string{"from": pool}); n != nil {
		t.Error(n)
	}
	if err := f.Report(t.Context(), f.Messages()[0].SID, "delivered", 0); err != nil {
		t.Fatal(err)
	}
	a, err := s.ReadReceipt(t.Context(), f.Messages()[0].SID) // who cannot be called back asks
	if err != nil || len(a) != 1 || a[0].Kind != connector.AnswerReceived {
		t.Error(a, err)
	}
	if _, err := s.ReadReceipt(t.Context(), "../Calls"); !connector.IsPermanent(err) {
		t.Error(err)
	}
}

// TestCall is a whole call: it reads the page out, again after 0, and says what came of the key.
func TestCall(t *testing.T) {
	f, w := world(t)
	v := make1[*twilio.Voice](t, twilio.VoiceDescriptor(), w, nil)
	var got []connector.Answer
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a, err := v.Answers(r, body, "http://"+r.Host+r.URL.Path, "pag_1")
		if err != nil {
			t.Error(err)
		}
		got = append(got, a...)
		text := ""
		if len(a) > 0 && a[0].Kind == connector.AnswerAcknowledge {
			text = "You acknowledged <Storefront>."
		}
		if err := v.WriteAnswer(rw, r, text); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	d := page()
	d.AnswerURL = srv.URL + "/answer/voice/tok_1"
	r, err := v.Deliver(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	first := f.Calls()[0].Said
	for key, want := range map[string]string{"0": first, "4": "You acknowledged <Storefront>.", "9": "Press 4 to acknowledge, 6 to resolve, 0 to hear it again.", "6": "Thank you."} {
		if said, err := f.Press(t.Context(), r.ProviderID, key); err != nil || said != want {
			t.Errorf("after %s it says %q, %v", key, said, err)
		}
	}
	if len(got) != 4 {
		t.Errorf("%+v", got)
	}
	if err := f.End(t.Context(), r.ProviderID, "completed"); err != nil || len(got) != 4 {
		t.Errorf("the end of a call proves something: %+v, %v", got[4:], err)
	}
	if err := f.End(t.Context(), r.ProviderID, "busy"); err != nil || len(got) != 5 || got[4].Kind != connector.AnswerFailed {
		t.Errorf("%+v, %v", got, err)
	}
	d.AnswerURL = ""
	if _, err := v.Deliver(t.Context(), d); !connector.IsPermanent(err) || !strings.Contains(err.Error(), "--public-url") {
		t.Error(err)
	}
	d = connector.Delivery{Address: ana, AnswerURL: srv.URL, Note: &connector.Notification{Kind: muster.NoticeContactTest, Person: "Ana"}}
	if _, err := v.Deliver(t.Context(), d); err != nil || !strings.Contains(f.Calls()[1].Said, "Press 4 to confirm") {
		t.Error(err)
	}
}

func TestReplyToText(t *testing.T) {
	_, w := world(t)
	s := make1[*twilio.SMS](t, twilio.SMSDescriptor(), w, nil)
	for _, c := range []struct{ form, text, want string }{
		{"Body=x&From=y", "", `<Response></Response>`},
		{"Body=x&From=y", "Acknowledged: </Message><Message to=\"+666\">&\x00", `<Response><Message>Acknowledged: &lt;/Message&gt;&lt;Message to=&#34;+666&#34;&gt;&amp;</Message></Response>`},
		{"MessageStatus=delivered", "ignored", ""},
	} {
		r, rec := httptest.NewRequest(http.MethodPost, "/", nil), httptest.NewRecorder()
		r.PostForm, _ = url.ParseQuery(c.form)
		if err := s.WriteAnswer(rec, r, c.text); err != nil || !strings.HasSuffix(rec.Body.String(), c.want) || (c.want == "") != (rec.Body.Len() == 0) {
			t.Errorf("%q: %v %s", c.text, err, rec.Body)
		}
	}
}

// TestMarkup holds the documents for calls about hostile pages against testdata/twiml.golden.
func TestMarkup(t *testing.T) {
	f, w := world(t)
	v := make1[*twilio.Voice](t, twilio.VoiceDescriptor(), w, nil)
	var b strings.Builder
	for _, c := range []struct{ name, title string }{
		{"usual", "High Number of Failures"},
		{"markup", `</Say><Dial>+666</Dial><Say>"&'`},
		{"bidi and control", "\u202Egnp.exe\u202C\x00\x1b[2J\r\nb"},
		{"emoji", "🔥 down 👩‍👩‍👧‍👦"},
		{"ten kilobytes", strings.Repeat("&\"'<>", 2000)},
		{"not UTF-8", "a\xff\xfeb"},
		{"link", "see https://evil.example/x"},
		{"nothing", ""},
	} {
		d := page()
		d.Page.Title = c.title
		if c.name == "ten kilobytes" {
			p := d.Page
			p.Service, p.Impact, p.Why, p.Person = c.title, c.title, c.title, c.title
		}
		if _, err := v.Deliver(t.Context(), d); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		calls := f.Calls()
		fmt.Fprintf(&b, "== %s\n%s\n", c.name, calls[len(calls)-1].Form.Get("Twiml"))
	}
	d := page()
	for i := range 9 {
		d.Page.Digest = append(d.Page.Digest, connector.DigestLine{Title: fmt.Sprint("Alert ", i), Service: "Storefront", Severity: muster.SeverityMajor})
	}
	if _, err := v.Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	calls := f.Calls()
	fmt.Fprintf(&b, "== digest\n%s\n", calls[len(calls)-1].Form.Get("Twiml"))
	const file = "testdata/twiml.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("it differs from %s (look, then -update):\n%s", file, b.String())
	}
}
