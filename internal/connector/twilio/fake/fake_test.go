package fake_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/connector/twilio/fake"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "the auth token of a test"
	ours    = "+15005550006"
	theirs  = "+15005550142"
)

// TestRefuses: the fake is strict, else tests with it prove nothing.
func TestRefuses(t *testing.T) {
	f := fake.New(fake.Options{AccountSID: account, AuthToken: token, Numbers: []string{ours}})
	message := func(change ...string) url.Values {
		v := url.Values{"To": {theirs}, "From": {ours}, "Body": {"Hello"}, "StatusCallback": {"https://muster.example/answer/x"}}
		for i := 0; i < len(change); i += 2 {
			v.Del(change[i])
			if change[i+1] != "" {
				v.Set(change[i], change[i+1])
			}
		}
		return v
	}
	say := `<?xml version="1.0"?><Response><Gather numDigits="1" action="https://muster.example/a"><Say>Hello</Say></Gather></Response>`
	call := func(twiml string, change ...string) url.Values {
		v := url.Values{"To": {theirs}, "From": {ours}, "Twiml": {twiml}, "Timeout": {"45"}}
		for i := 0; i < len(change); i += 2 {
			v.Del(change[i])
			if change[i+1] != "" {
				v.Set(change[i], change[i+1])
			}
		}
		return v
	}
	for name, c := range map[string]struct {
		what   string
		form   url.Values
		change func(*http.Request)
		status int
		code   int
	}{
		"good":               {"Messages", message(), nil, 201, 0},
		"good call":          {"Calls", call(say), nil, 201, 0},
		"no password":        {"Messages", message(), func(r *http.Request) { r.Header.Del("Authorization") }, 401, 20003},
		"wrong password":     {"Messages", message(), func(r *http.Request) { r.SetBasicAuth(account, "x") }, 401, 20003},
		"other account":      {"Messages", message(), func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, account, account+"0", 1) }, 404, 20404},
		"JSON":               {"Messages", message(), func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 415, 20415},
		"PUT":                {"Messages", message(), func(r *http.Request) { r.Method = http.MethodPut }, 405, 20004},
		"elsewhere":          {"Faxes", message(), nil, 404, 20404},
		"no To":              {"Messages", message("To", ""), nil, 400, 21604},
		"not E.164":          {"Messages", message("To", "015112345678"), nil, 400, 21211},
		"invalid number":     {"Messages", message("To", fake.Invalid), nil, 400, 21211},
		"no From":            {"Messages", message("From", ""), nil, 400, 21603},
		"another's From":     {"Messages", message("From", "+15005550007"), nil, 400, 21606},
		"no Body":            {"Messages", message("Body", ""), nil, 400, 21602},
		"long Body":          {"Messages", message("Body", strings.Repeat("x", 1601)), nil, 400, 21617},
		"to itself":          {"Messages", message("To", ours), nil, 400, 21266},
		"callback nowhere":   {"Messages", message("StatusCallback", "/answer"), nil, 400, 21609},
		"callback with _":    {"Messages", message("StatusCallback", "https://mu_ster.example/x"), nil, 400, 21609},
		"unknown parameter":  {"Messages", message("Bdoy", "x"), nil, 400, 20001},
		"twice":              {"Messages", url.Values{"To": {theirs}, "From": {ours, ours}, "Body": {"x"}}, nil, 400, 20001},
		"no number":          {"Messages", message("ValidityPeriod", "soon"), nil, 400, 20001},
		"too long validity":  {"Messages", message("ValidityPeriod", "36001"), nil, 400, 21621},
		"bad service":        {"Messages", message("MessagingServiceSid", "MG1"), nil, 400, 20001},
		"opted out":          {"Messages", message("To", fake.Blocked), nil, 400, 21610},
		"landline":           {"Messages", message("To", fake.NotAMobile), nil, 400, 21614},
		"country off":        {"Messages", message("To", fake.NoCountry), nil, 400, 21408},
		"call: no document":  {"Calls", call(""), nil, 400, 21205},
		"call: another From": {"Calls", call(say, "From", "+15005550007"), nil, 400, 21210},
		"call: no From":      {"Calls", call(say, "From", ""), nil, 400, 20001},
		"call: bad method":   {"Calls", call(say, "StatusCallbackMethod", "PUT"), nil, 400, 20001},
		"call: long":         {"Calls", call("<Response><Say>" + strings.Repeat("x", 4000) + "</Say></Response>"), nil, 400, 21255},
		"call: not closed":   {"Calls", call("<Response><Say>x</Response>"), nil, 400, 12100},
		"call: other verb":   {"Calls", call("<Response><Dial>+666</Dial></Response>"), nil, 400, 12100},
		"call: verb inside":  {"Calls", call("<Response><Say>a<Hangup/></Say></Response>"), nil, 400, 12100},
		"call: doctype":      {"Calls", call("<!DOCTYPE x [<!ENTITY a 'b'>]><Response><Say>x</Say></Response>"), nil, 400, 12100},
		"call: stray text":   {"Calls", call("<Response>x</Response>"), nil, 400, 12100},
		"call: attribute":    {"Calls", call(`<Response><Say onclick="x">x</Say></Response>`), nil, 400, 12100},
		"call: zero digits":  {"Calls", call(`<Response><Gather numDigits="0"/></Response>`), nil, 400, 12100},
		"call: no address":   {"Calls", call(`<Response><Gather action="x"/></Response>`), nil, 400, 12100},
		"call: country off":  {"Calls", call(say, "To", fake.NoCountry), nil, 400, 21215},
	} {
		r := httptest.NewRequest(http.MethodPost, "/2010-04-01/Accounts/"+account+"/"+c.what+".json", strings.NewReader(c.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(account, token)
		if c.change != nil {
			c.change(r)
		}
		rec := httptest.NewRecorder()
		f.ServeHTTP(rec, r)
		if rec.Code != c.status || (c.code != 0 && !strings.Contains(rec.Body.String(), `"code":`+strconv.Itoa(c.code))) {
			t.Errorf("%s: %d %s, want %d %d", name, rec.Code, rec.Body, c.status, c.code)
		}
	}
	if len(f.Messages()) != 1 || len(f.Calls()) != 1 || len(f.Refused()) != 38 {
		t.Error(len(f.Messages()), len(f.Calls()), len(f.Refused()))
	}
	f.OptOut(theirs)
	r := httptest.NewRequest(http.MethodPost, "/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(message().Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(account, token)
	rec := httptest.NewRecorder()
	if f.ServeHTTP(rec, r); !strings.Contains(rec.Body.String(), "21610") {
		t.Error(rec.Body)
	}
}

// TestCallsBack: what the fake tells is signed, and it does not take an answer that Twilio would not.
func TestCallsBack(t *testing.T) {
	var f *fake.Server
	answer := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Header.Get("X-Twilio-Signature") != fake.Sign(token, "http://"+r.Host+r.URL.Path, r.PostForm) {
			t.Error("not signed", err)
		}
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(srv.Close)
	f = fake.New(fake.Options{AccountSID: account, AuthToken: token, Numbers: []string{ours}, Client: srv.Client()})
	for text, want := range map[string]string{
		"": "", "<Response/>": "", "<Response><Message>a &amp; b</Message></Response>": "a & b", "<Response><Message>a</Response>": "error", "ok": "error",
	} {
		answer = text
		if got, err := f.Text(t.Context(), srv.URL+"/x", theirs, "4 12345"); (err != nil) != (want == "error") || (err == nil && got != want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if f.Report(t.Context(), "SM1", "delivered", 0) == nil || f.End(t.Context(), "CA1", "busy") == nil {
		t.Error("of nothing")
	}
}
