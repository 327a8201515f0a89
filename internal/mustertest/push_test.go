package mustertest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pushover "github.com/muster-oncall/muster/internal/connector/pushover/fake"
	webpush "github.com/muster-oncall/muster/internal/connector/webpush/fake"
	"github.com/muster-oncall/muster/internal/mustertest"
)

const (
	pushoverToken = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
	ravisKey      = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
)

// ravi is the world's document with Ravi's rules of notification, and a connector.
func ravi(t *testing.T, rules, conn string) string {
	t.Helper()
	docs := strings.Replace(mustertest.Storefront, "display: Ravi\nzone: Europe/Berlin\n", "display: Ravi\nzone: Europe/Berlin\nnotify:\n"+rules, 1)
	if docs == mustertest.Storefront {
		t.Fatal("the document of Ravi has changed")
	}
	return docs + "\n---\n" + conn
}

const emergency = "kind: connector\nname: pushover\ntype: pushover\nsettings: {retry: \"60\", expire: \"1800\"}\nsecrets: {token: pushover-token}\n"

// An urgent page sounds in Pushover. Ravi acknowledges there: that acknowledges the alert, by Pushover's call, or by the
// receipt when Pushover cannot call.
func TestAcknowledgeInPushover(t *testing.T) {
	t.Parallel()
	for name, calls := range map[string]bool{"by the callback": true, "by the receipt": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			docs := ravi(t, "  - {method: pushover}\n", emergency)
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: docs})
				defer w.Stop()
				o := pushover.Options{Token: pushoverToken, Users: []string{ravisKey}}
				if calls {
					o.Client = w.Client
				}
				f := pushover.New(o)
				w.Phones.Serve("api.pushover.net", f)
				w.Do("ana", "PUT", "/api/v1/secrets/pushover-token", map[string]any{"value": pushoverToken}).Want(http.StatusNoContent)
				w.Do("ana", "POST", "/api/v1/users/ravi/contacts", map[string]any{"method": "pushover", "connector": "pushover", "address": ravisKey, "verified": true}).Want(http.StatusCreated)
				alert := w.Fire("cart", "critical")
				pass(2 * time.Second)
				if len(f.Messages()) != 1 || f.Messages()[0].Priority != 2 {
					t.Fatalf("Ravi's phone does not sound: %+v, refused: %v", f.Messages(), f.Refused())
				}
				if a := status(t, w, alert, "open"); a.Text("pages.0.state") != "accepted" {
					t.Fatalf("before he answers: %s", a.Body)
				}
				m := f.Messages()[0]
				if err := pushover.CallBack(t.Context(), w.Client, m.Callback, m.Receipt, ravisKey); err != nil {
					t.Fatal(err)
				}
				status(t, w, alert, "open") // Pushover itself says otherwise
				if err := f.Acknowledge(t.Context(), m.Receipt); err != nil {
					t.Fatal(err)
				}
				if !calls {
					pass(20 * time.Second)
				}
				a := status(t, w, alert, "acknowledged")
				if a.Text("acknowledged_by.name") != "Ravi" || a.Text("pages.0.state") != "proved" {
					t.Errorf("who acknowledged: %s", a.Body)
				}
				asked := f.Asked()
				pass(10 * time.Minute)
				if f.Asked() > asked+1 {
					t.Errorf("Pushover is asked %d times more about what is acknowledged", f.Asked()-asked)
				}
			})
		})
	}
}

// A browser says that it got the page: that proves it, and the text that would follow does not go. The notification's button
// acknowledges. A browser that has unsubscribed fails at once, and the next method goes.
func TestAcknowledgeInABrowser(t *testing.T) {
	t.Parallel()
	docs := ravi(t, "  - {method: browser}\n  - {method: later, after: 1m}\n", "kind: connector\nname: browsers\ntype: webpush\nsettings: {contact: muster@example.org}\n")
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: docs})
		defer w.Stop()
		f := webpush.New("https://push.test")
		w.Phones.Serve("push.test", f)
		b, err := f.Subscribe(w.App.BrowserKey("webpush"))
		if err != nil {
			t.Fatal(err)
		}
		w.Do("ana", "POST", "/api/v1/users/ravi/contacts", map[string]any{"method": "browser", "connector": "browsers", "address": b.Subscription(), "verified": true}).Want(http.StatusCreated)
		w.Do("ana", "POST", "/api/v1/users/ravi/contacts", map[string]any{"method": "later", "connector": "phones", "address": "https://phone.test/later", "verified": true}).Want(http.StatusCreated)

		alert := w.Fire("cart", "critical")
		pass(time.Second)
		if len(f.Pushes()) != 1 {
			t.Fatalf("Ravi's browser got %d messages: %v", len(f.Pushes()), f.Refused())
		}
		p := f.Pushes()[0]
		if p.Urgency != "high" || !strings.HasPrefix(p.Field("tag"), "pag_") || !strings.Contains(p.Field("open"), "/p/") {
			t.Errorf("%+v %s", p, p.Body)
		}
		if _, err := webpush.Tell(t.Context(), w.Client, p, "received"); err != nil {
			t.Fatal(err)
		}
		if a := status(t, w, alert, "open"); a.Text("pages.0.state") != "proved" {
			t.Fatalf("after the receipt: %s", a.Body)
		}
		pass(90 * time.Second)
		if rung := len(w.Phones.Rang()); rung != 0 {
			t.Errorf("%d others rang in spite of the receipt", rung)
		}
		text, err := webpush.Tell(t.Context(), w.Client, p, "acknowledge")
		if err != nil || !strings.Contains(text, "You have it") {
			t.Errorf("%q, %v", text, err)
		}
		if a := status(t, w, alert, "acknowledged"); a.Text("acknowledged_by.name") != "Ravi" {
			t.Errorf("who acknowledged: %s", a.Body)
		}

		f.Unsubscribe(b)
		w.Fire("search", "critical")
		pass(5 * time.Second)
		if rung := len(w.Phones.Rang()); rung != 1 {
			t.Errorf("%d others rang after the browser had unsubscribed, want 1", rung)
		}
	})
}
