package twilio_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/twilio"
	"github.com/muster-oncall/muster/internal/connector/twilio/fake"
)

// TestSign holds signatures against vectors that another implementation computed (HMAC-SHA1 of Python's standard library);
// the first two are also the examples that Twilio publishes.
func TestSign(t *testing.T) {
	doc := "https://mycompany.com/myapp.php?foo=1&bar=2"
	status := url.Values{
		"MessageSid": {"SM" + strings.Repeat("a", 32)}, "MessageStatus": {"delivered"}, "To": {"+15005550006"}, "From": {"+15005550001"},
		"AccountSid": {"AC" + strings.Repeat("0", 32)}, "ApiVersion": {"2010-04-01"},
	}
	for _, c := range []struct {
		token, address string
		form           url.Values
		want           string
	}{
		{"12345", doc, url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}}, "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		{"12345", doc, url.Values{"Sid": {"CA123"}, "SidAccount": {"AC123"}, "Digits": {"5678", "1234", "1234"}}, "IK+Dwps556ElfBT0I3Rgjkr1wJU="},
		{"the auth token of a test", "https://muster.example/answer/sms/tok_1", status, "4e55CqNI9It3MR4Mko38Ln+q0MU="},
		{"the auth token of a test", "https://muster.example:8443/answer/sms/tok_1", status, "Z73MVlyii4z2mAD2Jr729XkGCD0="},
		{
			"the auth token of a test", "https://muster.example/answer/sms",
			url.Values{"Body": {"４ 12345 ünïcode & + %"}, "From": {"+15005550006"}, "Empty": {""}, "aLower": {"x"}, "Zupper": {"y"}},
			"4FCSOXQFChIPpqY5KzUHO0XjVvQ=",
		},
	} {
		if got := twilio.Sign(c.token, c.address, c.form); got != c.want {
			t.Errorf("%s: %s", c.address, got)
		}
		if got := fake.Sign(c.token, c.address, c.form); got != c.want {
			t.Errorf("the fake signs %s: %s", c.address, got)
		}
		if !twilio.Verify(c.token, c.want, c.address, c.form) {
			t.Errorf("%s is not taken", c.address)
		}
	}
	port := "Z73MVlyii4z2mAD2Jr729XkGCD0="
	for _, c := range []struct {
		signature, address string
		want               bool
	}{
		{port, "https://muster.example:8443/answer/sms/tok_1", true},
		{"4e55CqNI9It3MR4Mko38Ln+q0MU=", "https://muster.example:8443/answer/sms/tok_1", true}, // signed without the port
		{twilio.Sign("the auth token of a test", "https://muster.example:443/answer/sms/tok_1", status), at, true},
		{port, at, false},
		{"", at, false},
		{"!", at, false},
		{strings.ToLower(port), "https://muster.example:8443/answer/sms/tok_1", false},
	} {
		if got := twilio.Verify("the auth token of a test", c.signature, c.address, status); got != c.want {
			t.Errorf("%q at %s: %v", c.signature, c.address, got)
		}
	}
}

// request makes an inbound request with its body, signed for an address.
func request(form url.Values, address, key string) (*http.Request, []byte) {
	body := form.Encode()
	r := httptest.NewRequest(http.MethodPost, "/answer/x", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", fake.Sign(key, address, form))
	return r, []byte(body)
}

func values(pairs ...string) url.Values {
	v := url.Values{"AccountSid": {account}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func TestSMSAnswers(t *testing.T) {
	_, w := world(t)
	s := make1[*twilio.SMS](t, twilio.SMSDescriptor(), w, nil)
	got := func(k connector.AnswerKind, page muster.PageID, code, from, detail string) []connector.Answer {
		return []connector.Answer{{Kind: k, Page: page, Code: code, From: from, ProviderID: "SM1", Detail: detail}}
	}
	const p = muster.PageID("pag_1")
	for name, c := range map[string]struct {
		form url.Values
		page muster.PageID
		want []connector.Answer
	}{
		"delivered":         {values("MessageSid", "SM1", "MessageStatus", "delivered"), p, got(connector.AnswerReceived, p, "", "", "delivered")},
		"sent":              {values("MessageSid", "SM1", "MessageStatus", "sent"), p, nil},
		"queued":            {values("MessageSid", "SM1", "MessageStatus", "queued"), p, nil},
		"a new word":        {values("MessageSid", "SM1", "MessageStatus", "beamed"), p, nil},
		"undelivered":       {values("MessageSid", "SM1", "MessageStatus", "undelivered", "ErrorCode", "30003"), p, got(connector.AnswerFailed, p, "", "", "undelivered: the phone cannot be reached: it is off, or has no network (Twilio error 30003)")},
		"failed":            {values("MessageSid", "SM1", "MessageStatus", "failed", "ErrorCode", "39999"), p, got(connector.AnswerFailed, p, "", "", "failed: Twilio error 39999: https://www.twilio.com/docs/api/errors/39999 says more")},
		"of no page":        {values("MessageSid", "SM1", "MessageStatus", "delivered"), "", nil},
		"acknowledge":       {values("MessageSid", "SM1", "From", ana, "Body", "4 12345"), "", got(connector.AnswerAcknowledge, "", "12345", ana, "a text message")},
		"resolve":           {values("MessageSid", "SM1", "From", ana, "Body", "６-１２３４５"), "", got(connector.AnswerResolve, "", "12345", ana, "a text message")},
		"something else":    {values("MessageSid", "SM1", "From", ana, "Body", "what?"), "", got(connector.AnswerUnclear, "", "", ana, "a text message")},
		"opted out":         {values("MessageSid", "SM1", "From", ana, "Body", "STOP", "OptOutType", "STOP"), "", got(connector.AnswerUnclear, "", "", ana, "texted STOP")},
		"status in a text":  {values("MessageSid", "SM1", "From", ana, "Body", "", "SmsStatus", "received"), "", got(connector.AnswerUnclear, "", "", ana, "a text message")},
		"hostile in status": {values("MessageSid", "SM1\r\nX", "MessageStatus", "delivered\u202E"), p, nil},
	} {
		r, body := request(c.form, at, token)
		a, err := s.Answers(r, body, at, c.page)
		if err != nil || len(a) != len(c.want) || (len(a) > 0 && a[0] != c.want[0]) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	r, body := request(values("Nothing", "x"), at, token)
	if a, err := s.Answers(r, body, at, p); muster.CodeOf(err) != muster.ErrInvalid {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestNotProved: whatever is not Twilio's own word about this account, at this address, is refused.
func TestNotProved(t *testing.T) {
	_, w := world(t)
	s := make1[*twilio.SMS](t, twilio.SMSDescriptor(), w, nil)
	v := make1[*twilio.Voice](t, twilio.VoiceDescriptor(), w, nil)
	form := values("MessageSid", "SM1", "CallSid", "CA1", "From", ana, "Body", "4 12345", "Digits", "4")
	for name, change := range map[string]func() (*http.Request, []byte, string){
		"not signed": func() (*http.Request, []byte, string) {
			r, b := request(form, at, token)
			r.Header.Del("X-Twilio-Signature")
			return r, b, at
		},
		"empty signature": func() (*http.Request, []byte, string) {
			r, b := request(form, at, token)
			r.Header.Set("X-Twilio-Signature", "")
			return r, b, at
		},
		"other token": func() (*http.Request, []byte, string) { r, b := request(form, at, token+"x"); return r, b, at },
		"other page":  func() (*http.Request, []byte, string) { r, b := request(form, at, token); return r, b, at + "x" },
		"http": func() (*http.Request, []byte, string) {
			r, b := request(form, at, token)
			return r, b, strings.Replace(at, "https", "http", 1)
		},
		"changed body": func() (*http.Request, []byte, string) {
			r, b := request(form, at, token)
			return r, append(b, "&Digits=6"...), at
		},
		"no body":    func() (*http.Request, []byte, string) { r, _ := request(form, at, token); return r, nil, at },
		"not a form": func() (*http.Request, []byte, string) { r, _ := request(form, at, token); return r, []byte("%zz"), at },
		"GET": func() (*http.Request, []byte, string) {
			r, b := request(form, at, token)
			r.Method = http.MethodGet
			return r, b, at
		},
		"another account": func() (*http.Request, []byte, string) {
			f := url.Values{"AccountSid": {strings.Replace(account, "1", "2", 1)}, "From": {ana}, "Body": {"4 12345"}, "CallSid": {"CA1"}}
			r, b := request(f, at, token)
			return r, b, at
		},
	} {
		for _, c := range []connector.Answerer{s, v} {
			r, body, address := change()
			if a, err := c.Answers(r, body, address, "pag_1"); muster.CodeOf(err) != muster.ErrUnauthenticated || a != nil {
				t.Errorf("%v %s: %+v, %v", c, name, a, err)
			}
		}
	}
}

func TestVoiceAnswers(t *testing.T) {
	_, w := world(t)
	v := make1[*twilio.Voice](t, twilio.VoiceDescriptor(), w, nil)
	for name, c := range map[string]struct {
		form url.Values
		want connector.AnswerKind
	}{
		"4":             {values("CallSid", "CA1", "To", ana, "CallStatus", "in-progress", "Digits", "4"), connector.AnswerAcknowledge},
		"6":             {values("CallSid", "CA1", "To", ana, "CallStatus", "in-progress", "Digits", "6"), connector.AnswerResolve},
		"0":             {values("CallSid", "CA1", "To", ana, "CallStatus", "in-progress", "Digits", "0"), connector.AnswerOpened},
		"9":             {values("CallSid", "CA1", "To", ana, "CallStatus", "in-progress", "Digits", "9"), connector.AnswerUnclear},
		"44":            {values("CallSid", "CA1", "To", ana, "CallStatus", "in-progress", "Digits", "44"), connector.AnswerUnclear},
		"busy":          {values("CallSid", "CA1", "To", ana, "CallStatus", "busy"), connector.AnswerFailed},
		"no-answer":     {values("CallSid", "CA1", "To", ana, "CallStatus", "no-answer"), connector.AnswerFailed},
		"failed":        {values("CallSid", "CA1", "To", ana, "CallStatus", "failed"), connector.AnswerFailed},
		"a machine":     {values("CallSid", "CA1", "To", ana, "CallStatus", "completed", "AnsweredBy", "machine_end_beep"), ""},
		"nothing said":  {values("CallSid", "CA1", "To", ana, "CallStatus", "completed"), ""},
		"still ringing": {values("CallSid", "CA1", "To", ana, "CallStatus", "ringing"), ""},
	} {
		r, body := request(c.form, at, token)
		a, err := v.Answers(r, body, at, "pag_1")
		switch {
		case err != nil, c.want == "" && len(a) > 0, c.want != "" && len(a) != 1:
			t.Errorf("%s: %+v, %v", name, a, err)
		case c.want != "" && (a[0].Kind != c.want || a[0].From != ana || a[0].Page != "pag_1" || a[0].Detail == ""):
			t.Errorf("%s: %+v", name, a)
		}
	}
	r, body := request(values("CallSid", "CA1", "Digits", "4"), at, token)
	if a, err := v.Answers(r, body, at, ""); err == nil {
		t.Errorf("a key without a page: %+v", a)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, s := range []string{"MessageSid=SM1&MessageStatus=delivered", "From=%2B15005550142&Body=4+12345", "CallSid=CA1&Digits=4", "%zz", "a=b&a=c", ""} {
		f.Add(s, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", at)
	}
	d := twilio.SMSDescriptor()
	conn, err := d.Make(connector.Config{Settings: map[string]string{"account_sid": account, "from": ours}, Secrets: map[string]string{"auth_token": token}})
	if err != nil {
		f.Fatal(err)
	}
	s := conn.(*twilio.SMS)
	f.Fuzz(func(t *testing.T, body, signature, address string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("X-Twilio-Signature", signature)
		if a, err := s.Answers(r, []byte(body), address, "pag_1"); err == nil {
			t.Errorf("%q at %q with %q: %+v", body, address, signature, a)
		}
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		r.Header.Set("X-Twilio-Signature", fake.Sign(token, address, form))
		_, err = s.Answers(r, []byte(body), address, "pag_1")
		if sid := form.Get("AccountSid"); (sid == "" || sid == account) && muster.CodeOf(err) == muster.ErrUnauthenticated {
			t.Errorf("%q at %q is signed and refused", body, address)
		}
	})
}
