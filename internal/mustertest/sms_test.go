package mustertest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster/internal/connector/twilio/fake"
	"github.com/muster-oncall/muster/internal/mustertest"
)

const (
	twilioAccount = "AC00000000000000000000000000000001"
	twilioToken   = "the-auth-token-of-the-world-1234"
	twilioNumber  = "+15005550006"
	ravisNumber   = "+15005550142"
	zoesNumber    = "+15005550143"
)

// withTwilio tells a story in a bubble in which Ravi is texted first and called a minute later.
func withTwilio(t *testing.T, story func(t *testing.T, w *mustertest.World, f *fake.Server)) {
	t.Helper()
	docs := strings.Replace(mustertest.Storefront, "display: Ravi\nzone: Europe/Berlin\n",
		"display: Ravi\nzone: Europe/Berlin\nnotify:\n  - {urgency: high, method: sms}\n  - {urgency: high, method: voice, after: 1m}\n", 1)
	if docs == mustertest.Storefront {
		t.Fatal("the document of Ravi has changed")
	}
	for _, kind := range []string{"sms", "voice"} {
		docs += "\n---\nkind: connector\nname: " + kind + "\ntype: twilio-" + kind + "\nsettings: {account_sid: " + twilioAccount +
			", from: \"" + twilioNumber + "\"}\nsecrets: {auth_token: twilio-token}\n"
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: docs})
		defer w.Stop()
		f := fake.New(fake.Options{AccountSID: twilioAccount, AuthToken: twilioToken, Numbers: []string{twilioNumber}, Client: w.Client})
		w.Phones.Serve("api.twilio.com", f)
		w.Do("ana", "PUT", "/api/v1/secrets/twilio-token", map[string]any{"value": twilioToken}).Want(http.StatusNoContent)
		add := func(user, method, number string) {
			w.Do("ana", "POST", "/api/v1/users/"+user+"/contacts", map[string]any{"method": method, "connector": method, "address": number, "verified": true}).Want(http.StatusCreated)
		}
		add("ravi", "sms", "+1 (500) 555-0142") // as people write it
		add("ravi", "voice", ravisNumber)
		add("zoe", "sms", zoesNumber)
		story(t, w, f)
	})
}

var replyCode = regexp.MustCompile(`Reply 4 (\d{5}) to acknowledge, 6 (\d{5}) to resolve`)

// codeOf is the code in a text message.
func codeOf(t *testing.T, m fake.Message) string {
	t.Helper()
	found := replyCode.FindStringSubmatch(m.Body)
	if found == nil || found[1] != found[2] {
		t.Fatalf("the message does not say how to answer:\n%s", m.Body)
	}
	return found[1]
}

func status(t *testing.T, w *mustertest.World, alert, want string) *mustertest.Answer {
	t.Helper()
	a := w.Do("ana", "GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK)
	if a.Text("status") != want {
		t.Fatalf("the alert is %s, want %s: %s", a.Text("status"), want, a.Body)
	}
	return a
}

const inbound = "http://muster.test/answer/sms"

func TestAcknowledgeByText(t *testing.T) {
	withTwilio(t, func(t *testing.T, w *mustertest.World, f *fake.Server) {
		alert := w.Fire("cart", "critical")
		pass(time.Second)
		if len(f.Messages()) != 1 || f.Messages()[0].To != ravisNumber {
			t.Fatalf("Ravi was not texted: %+v, refused: %v", f.Messages(), f.Refused())
		}
		m := f.Messages()[0]

		// Twilio has it, then the carrier: nothing is proved. The carrier's receipt proves it, and nobody calls Ravi.
		for _, word := range []string{"queued", "sent"} {
			if err := f.Report(t.Context(), m.SID, word, 0); err != nil {
				t.Fatal(err)
			}
		}
		if a := status(t, w, alert, "open"); a.Text("pages.0.state") != "accepted" {
			t.Fatalf("before the receipt: %s", a.Body)
		}
		for range 2 { // receipts come twice now and then
			if err := f.Report(t.Context(), m.SID, "delivered", 0); err != nil {
				t.Fatal(err)
			}
		}
		if a := status(t, w, alert, "open"); a.Text("pages.0.state") != "proved" {
			t.Fatalf("after the receipt: %s", a.Body)
		}
		pass(2 * time.Minute)
		if len(f.Calls()) != 0 {
			t.Errorf("a call in spite of the receipt: %+v", f.Calls())
		}

		// Somebody else who knows the code, and Ravi with a wrong one, get nowhere; neither does a request that is not signed.
		code := codeOf(t, m)
		if _, err := f.Text(t.Context(), inbound, zoesNumber, "4 "+code); err != nil {
			t.Error(err)
		}
		if _, err := f.Text(t.Context(), inbound, "+15005550199", "4 "+code); err != nil {
			t.Error(err)
		}
		wrong := "4 " + code[:4] + string('0'+(code[4]-'0'+1)%10)
		if said, err := f.Text(t.Context(), inbound, ravisNumber, wrong); err != nil || said == "" {
			t.Errorf("a wrong code: %q, %v", said, err)
		}
		req, err := fake.Back(t.Context(), "not the token", inbound, f.TextForm(ravisNumber, "4 "+code))
		if err != nil {
			t.Fatal(err)
		}
		w.Send(req).Want(http.StatusUnauthorized)
		status(t, w, alert, "open")

		// Ravi answers with the code of his page.
		said, err := f.Text(t.Context(), inbound, ravisNumber, "4-"+code)
		if err != nil || !strings.Contains(said, "You have it") {
			t.Errorf("%q, %v", said, err)
		}
		if a := status(t, w, alert, "acknowledged"); a.Text("acknowledged_by.name") != "Ravi" {
			t.Errorf("who acknowledged: %s", a.Body)
		}
		if _, err := f.Text(t.Context(), inbound, ravisNumber, "resolve "+code); err != nil {
			t.Error(err)
		}
		status(t, w, alert, "resolved")
	})
}

// TestGuessedCodes: five wrong codes of a number lock it for an hour, for right ones too.
func TestGuessedCodes(t *testing.T) {
	withTwilio(t, func(t *testing.T, w *mustertest.World, f *fake.Server) {
		alert := w.Fire("cart", "critical")
		pass(time.Second)
		code := codeOf(t, f.Messages()[0])
		for i := range 5 {
			guess := code[:4] + string('0'+(code[4]-'0'+byte(i)+1)%10)
			if _, err := f.Text(t.Context(), inbound, ravisNumber, "4 "+guess); err != nil {
				t.Error(err)
			}
		}
		if _, err := f.Text(t.Context(), inbound, ravisNumber, "4 "+code); err != nil {
			t.Error(err)
		}
		status(t, w, alert, "open")
		pass(time.Hour + time.Minute)
		if _, err := f.Text(t.Context(), inbound, ravisNumber, "4 "+code); err != nil {
			t.Error(err)
		}
		status(t, w, alert, "acknowledged")
	})
}

func TestAcknowledgeByKey(t *testing.T) {
	withTwilio(t, func(t *testing.T, w *mustertest.World, f *fake.Server) {
		// The message does not arrive: Ravi is called at once instead of after a minute.
		alert := w.Fire("cart", "critical")
		pass(time.Second)
		if err := f.Report(t.Context(), f.Messages()[0].SID, "undelivered", 30003); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if len(f.Calls()) != 1 || !strings.Contains(f.Calls()[0].Said, "Failures of cart") {
			t.Fatalf("Ravi was not called: %+v, refused: %v", f.Calls(), f.Refused())
		}
		call := f.Calls()[0]

		// An answering machine takes the call: it ends without a key, and proves nothing.
		if err := f.End(t.Context(), call.SID, "completed"); err != nil {
			t.Fatal(err)
		}
		if a := status(t, w, alert, "open"); a.Text("pages.1.state") == "proved" {
			t.Fatalf("an answering machine proved a page: %s", a.Body)
		}
		// A key that nobody signed, and a key at an address that was made up, do nothing.
		forged, err := fake.Back(t.Context(), "not the token", call.Action, url.Values{"CallSid": {call.SID}, "Digits": {"4"}})
		if err != nil {
			t.Fatal(err)
		}
		w.Send(forged).Want(http.StatusUnauthorized)
		made, err := f.Back(t.Context(), call.Action+"x", url.Values{"CallSid": {call.SID}, "Digits": {"4"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Send(made); got.Status < 400 {
			t.Errorf("a made-up address was answered %d", got.Status)
		}
		status(t, w, alert, "open")

		// Ravi listens, hears it again, and presses 4.
		if said, err := f.Press(t.Context(), call.SID, "0"); err != nil || said != call.Said {
			t.Errorf("after 0: %q, %v", said, err)
		}
		said, err := f.Press(t.Context(), call.SID, "4")
		if err != nil || !strings.Contains(said, "You have it") {
			t.Errorf("after 4: %q, %v", said, err)
		}
		status(t, w, alert, "acknowledged")
	})
}

// A telephone is verified by a key: nobody can open a link in a call. A key that nobody signed, and one at another address,
// verify nothing; what is not urgent does not make it ring.
func TestVerifyATelephoneByKey(t *testing.T) {
	withTwilio(t, func(t *testing.T, w *mustertest.World, f *fake.Server) {
		added := w.Do("ravi", "POST", "/api/v1/users/ravi/contacts", map[string]any{"method": "home", "connector": "voice", "address": "+1 500 555 0177"}).Want(http.StatusCreated)
		verified := func() bool {
			t.Helper()
			for i := range 5 {
				c := w.Do("ravi", "GET", "/api/v1/users/ravi/contacts", nil).Want(http.StatusOK)
				if at := fmt.Sprintf("items.%d.", i); c.Text(at+"id") == added.Text("id") {
					return strings.HasPrefix(c.Text(at+"verified_at"), "2")
				}
			}
			t.Fatal("the contact method is gone")
			return false
		}
		if verified() {
			t.Fatal("it is verified before anybody answered")
		}
		w.Do("ravi", "POST", "/api/v1/contacts/"+added.Text("id")+"/test", nil).Want(http.StatusNoContent)
		pass(time.Second)
		if len(f.Calls()) != 1 || !strings.Contains(f.Calls()[0].Said, "Press 4 to confirm") {
			t.Fatalf("calls: %+v, refused: %v", f.Calls(), f.Refused())
		}
		call := f.Calls()[0]
		forged, err := fake.Back(t.Context(), "not the token", call.Action, url.Values{"CallSid": {call.SID}, "Digits": {"4"}})
		if err != nil {
			t.Fatal(err)
		}
		w.Send(forged).Want(http.StatusUnauthorized)
		if said, err := f.Press(t.Context(), call.SID, "0"); err != nil || said != call.Said || verified() {
			t.Errorf("after 0: %q, %v", said, err)
		}
		if said, err := f.Press(t.Context(), call.SID, "4"); err != nil || !strings.Contains(said, "Muster knows now") || !verified() {
			t.Errorf("after 4: %q, %v", said, err)
		}
	})
}

// TestTwilioHasTrouble: it asks to wait, breaks, and is heard of again; the page comes, with the same words.
func TestTwilioHasTrouble(t *testing.T) {
	withTwilio(t, func(t *testing.T, w *mustertest.World, f *fake.Server) {
		var tries []string
		f.Fate(func(form url.Values) fake.Fate {
			if form.Get("Body") == "" {
				return fake.Fate{}
			}
			switch tries = append(tries, form.Get("Body")+" "+form.Get("StatusCallback")); len(tries) {
			case 1:
				return fake.Fate{Status: http.StatusTooManyRequests, Code: 20429, RetryAfter: "3"}
			case 2:
				return fake.Fate{Status: http.StatusInternalServerError, Code: 20500}
			}
			return fake.Fate{}
		})
		w.Fire("cart", "critical")
		pass(30 * time.Second)
		if len(tries) != 3 || tries[0] != tries[1] || tries[1] != tries[2] || len(f.Messages()) != 1 {
			t.Fatalf("%d tries, %d messages: %q", len(tries), len(f.Messages()), tries)
		}
		// Nobody hears of it any more: no receipt. After the minute Ravi is called.
		pass(time.Minute)
		if len(f.Calls()) != 1 {
			t.Errorf("%d calls after a message without a receipt", len(f.Calls()))
		}
	})
}
