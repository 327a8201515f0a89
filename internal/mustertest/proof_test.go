package mustertest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector/twilio/fake"
	"github.com/muster-oncall/muster/internal/mustertest"
	"github.com/muster-oncall/muster/internal/store"
)

const secondAccount = "AC00000000000000000000000000000002"

// A provider of text messages is down for half an hour: it hangs, or answers 500. Of 200 pages of 15 people each is proved by
// the second provider within a minute after its own time was over.
func TestAProviderIsDownForHalfAnHour(t *testing.T) {
	t.Parallel()
	const people, alerts, every = 15, 200, 9 * time.Second
	var docs strings.Builder
	docs.WriteString(mustertest.Storefront)
	for i, acc := range []string{twilioAccount, secondAccount} {
		name, backup := "sms", "\nbackup: sms-two"
		if i == 1 {
			name, backup = "sms-two", ""
		}
		fmt.Fprintf(&docs, "\n---\nkind: connector\nname: %s\ntype: twilio-sms\nsettings: {account_sid: %s, from: %q}\nsecrets: {auth_token: twilio-token}%s\n", name, acc, twilioNumber, backup)
	}
	for i := range people {
		fmt.Fprintf(&docs, "\n---\nkind: user\nname: p%d\ndisplay: P%d\nzone: UTC\nnotify: [{method: sms}]\n", i, i)
		fmt.Fprintf(&docs, "---\nkind: policy\nname: p%d\ntitle: P%d\nteam: storefront\nsteps: [{targets: [{user: p%d}], wait: 30m}]\n", i, i, i)
		fmt.Fprintf(&docs, "---\nkind: route\nname: p%d\norder: %d\nmatch: labels.host == \"p%d\"\npolicy: p%d\n", i, i+1, i, i)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: docs.String()})
		defer w.Stop()
		second := fake.New(fake.Options{AccountSID: secondAccount, AuthToken: twilioToken, Numbers: []string{twilioNumber}, Client: w.Client})
		var calls atomic.Int64
		w.Phones.Serve("api.twilio.com", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, twilioAccount) {
				second.ServeHTTP(rw, r)
				return
			}
			if calls.Add(1)%2 == 0 {
				<-r.Context().Done()
			}
			rw.WriteHeader(http.StatusInternalServerError)
		}))
		w.Do("ana", "PUT", "/api/v1/secrets/twilio-token", map[string]any{"value": twilioToken}).Want(http.StatusNoContent)
		for i := range people {
			w.Do("ana", "POST", fmt.Sprintf("/api/v1/users/p%d/contacts", i), map[string]any{
				"method": "sms", "connector": "sms", "address": fmt.Sprintf("+15005551%03d", i), "verified": true,
			}).Want(http.StatusCreated)
		}
		var fired []muster.AlertID
		told := 0
		for s := range int((alerts*every + 3*time.Minute) / time.Second) {
			if s%int(every/time.Second) == 0 && len(fired) < alerts {
				id := w.Do("", "POST", "/in/"+w.Intake+"/generic", map[string]any{
					"title": "Failures", "key": fmt.Sprint(len(fired)), "severity": "major", "state": "firing", "labels": map[string]string{"host": fmt.Sprintf("p%d", len(fired)%people)},
				}).Want(http.StatusAccepted).Text("signals.0.alert")
				fired = append(fired, muster.AlertID(id))
			}
			pass(time.Second)
			for _, m := range second.Messages()[told:] {
				told++
				if err := second.Report(t.Context(), m.SID, "delivered", 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		var worst time.Duration
		unproved := 0
		for _, id := range fired {
			var pages []*muster.Page
			if err := w.App.DB.Read(t.Context(), func(r store.Reader) (err error) {
				pages, err = r.PagesOf(id)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var began, proved muster.Instant
			for _, p := range pages {
				switch {
				case p.Connector == "sms":
					began = p.PlannedAt
				case p.Connector == "sms-two" && p.State == muster.PageProved && p.Repeats != "":
					proved = p.ProvedAt
				}
			}
			if proved.IsZero() || began.IsZero() {
				unproved++
				continue
			}
			worst = max(worst, proved.Sub(began.Time))
		}
		const deadline = time.Minute
		if unproved > 0 || worst > deadline+time.Minute {
			t.Errorf("%d of %d pages are not proved; the slowest proof came after %s, and pages should be proved within %s", unproved, len(fired), worst, deadline)
		}
		t.Logf("%d pages, %d calls of the provider that was down, the slowest proof after %s (the deadline is %s)", len(fired), calls.Load(), worst, deadline)
	})
}

// The seed's alert: the mail is taken by its server and proves nothing; two minutes later the phone gets a text, and the
// carrier's receipt proves it, so that nothing else follows.
func TestMailProvesNothingAndATextFollows(t *testing.T) {
	t.Parallel()
	docs := strings.Replace(mustertest.Storefront, "display: Ravi\nzone: Europe/Berlin\n",
		"display: Ravi\nzone: Europe/Berlin\nnotify:\n  - {method: phone}\n  - {method: sms, after: 2m}\n  - {method: later, after: 4m}\n", 1)
	docs += fmt.Sprintf("\n---\nkind: connector\nname: sms\ntype: twilio-sms\nsettings: {account_sid: %s, from: %q}\nsecrets: {auth_token: twilio-token}\n", twilioAccount, twilioNumber)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: docs})
		defer w.Stop()
		f := fake.New(fake.Options{AccountSID: twilioAccount, AuthToken: twilioToken, Numbers: []string{twilioNumber}, Client: w.Client})
		w.Phones.Serve("api.twilio.com", f)
		w.Do("ana", "PUT", "/api/v1/secrets/twilio-token", map[string]any{"value": twilioToken}).Want(http.StatusNoContent)
		for method, c := range map[string][2]string{"sms": {"sms", ravisNumber}, "later": {"phones", "https://phone.test/later"}} {
			w.Do("ana", "POST", "/api/v1/users/ravi/contacts", map[string]any{"method": method, "connector": c[0], "address": c[1], "verified": true}).Want(http.StatusCreated)
		}
		alert := w.Fire("AppCenter Health Check", "major")
		pass(time.Minute)
		if a := status(t, w, alert, "open"); a.Text("pages.0.state") != "accepted" || len(f.Messages()) != 0 {
			t.Fatalf("after a minute: %s, texts %v", a.Body, f.Messages())
		}
		pass(time.Minute)
		if len(f.Messages()) != 1 || !strings.Contains(f.Messages()[0].Body, "AppCenter Health Check") {
			t.Fatalf("no text followed the message that proved nothing: %v", f.Messages())
		}
		if err := f.Report(t.Context(), f.Messages()[0].SID, "delivered", 0); err != nil {
			t.Fatal(err)
		}
		pass(150 * time.Second)
		if rung := len(w.Phones.Rang()); rung != 1 {
			t.Errorf("%d webhooks rang, want the first alone: the text was proved", rung)
		}
		if _, err := f.Text(t.Context(), inbound, ravisNumber, "4 "+codeOf(t, f.Messages()[0])); err != nil {
			t.Fatal(err)
		}
		status(t, w, alert, "acknowledged")
	})
}
