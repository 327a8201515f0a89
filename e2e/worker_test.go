package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	webpush "github.com/muster-oncall/muster/internal/connector/webpush/fake"
)

// TestBrowserServiceWorker brings a page to the service worker of a browser: the binary encrypts it for the push service, which
// decrypts it as a browser would and hands it over. The worker tells that the page came, which proves it, and shows it; the
// notification's button acknowledges the alert. A message that cannot be read is shown all the same.
func TestBrowserServiceWorker(t *testing.T) {
	p := NewProviders(t)
	in := NewInstallation(t, t.TempDir(), "", func(in *Installation) { in.Args, in.Env = p.Args, p.Env })
	in.Do("PUT", "/api/v1/secrets/twilio-token", map[string]any{"value": twilioToken}).Want(http.StatusNoContent)
	in.Do("POST", "/api/v1/apply", map[string]any{"documents": fmt.Sprintf(meansCatalog, p.MailPort), "why": "a test", "accept": "reaches-nobody"}).Want(http.StatusOK)
	bodo, err := p.Push.Subscribe(in.pushKey())
	if err != nil {
		t.Fatal(err)
	}
	in.Do("POST", "/api/v1/users/bodo/contacts", map[string]any{"method": "browser", "connector": "browsers", "address": bodo.Subscription(), "verified": true}).Want(http.StatusCreated)
	monitor := in.Do("POST", "/api/v1/keys", map[string]any{"name": "monitoring", "source": "monitoring"}).Want(http.StatusCreated).Text("token")

	w := NewWorker(t, NewBrowser(t), in.URL)
	alert := in.As("").Do("POST", "/in/"+monitor+"/generic", map[string]any{
		"title": "Search is slow", "key": "search", "severity": "critical", "labels": map[string]string{"host": "bodo"},
	}).Want(http.StatusAccepted).Text("signals.0.alert")
	var push webpush.Push
	in.Await(patience, "the push message", func() bool {
		if all := p.Push.Pushes(); len(all) > 0 {
			push = all[0]
		}
		return push.Body != nil
	})
	state := func() (status, page string) {
		a := in.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK)
		return a.Text("status"), a.Text("pages.0.state")
	}
	in.Await(patience, "the page to be accepted", func() bool { _, page := state(); return page == "accepted" })

	w.Deliver(string(push.Body))
	w.Shows("Search is slow", "Acknowledge")
	in.Await(patience, "the page to be proved by the device", func() bool { _, page := state(); return page == "proved" })
	if status, _ := state(); status != "open" {
		t.Errorf("that the device has the page made the alert %s", status)
	}
	w.Press("Search is slow", "acknowledge")
	in.Await(patience, "the alert to be acknowledged", func() bool { status, _ := state(); return status == "acknowledged" })
	w.Shows("You have it", "") // in the place of the page
	w.Deliver("no JSON")
	w.Shows("Muster", "")
	in.Process.Stop()
}

// Worker is the service worker of a site, in a tab that may show notifications.
type Worker struct {
	t      testing.TB
	tab    *Tab // of the site
	inside *Tab // the worker itself
	id     serviceworker.RegistrationID
}

// NewWorker opens a site in a browser and registers its worker.
func NewWorker(t testing.TB, b *Browser, site string) *Worker {
	t.Helper()
	w := &Worker{t: t, tab: b.Tab(site)}
	ids := make(chan serviceworker.RegistrationID, 10)
	if err := chromedp.Listen(w.tab.ctx, func(ev any) {
		if e, ok := ev.(*serviceworker.EventWorkerRegistrationUpdated); ok {
			for _, r := range e.Registrations {
				select {
				case ids <- r.RegistrationID:
				default:
				}
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.CallBrowser(w.tab.ctx, browser.SetPermission, browser.SetPermissionParams{
		Origin: site, Permission: &browser.PermissionDescriptor{Name: "notifications"}, Setting: "granted",
	}); err != nil {
		t.Fatalf("the browser may not show notifications: %v", err)
	}
	w.tab.Go("/signin")
	if _, err := chromedp.Call(w.tab.ctx, serviceworker.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	w.tab.Until("the worker", `(window.registered ||= navigator.serviceWorker.register("/sw.js", {scope: "/"}), navigator.serviceWorker.ready.then(r => (window.worker = r).active.state === "activated"))`)
	if !Eventually(patience, func() bool {
		select {
		case w.id = <-ids:
		default:
		}
		return w.id != ""
	}) {
		t.Fatal("the browser does not tell of its worker")
	}
	all, err := chromedp.Targets(w.tab.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Type == "service_worker" && i.URL == site+"/sw.js" {
			w.inside = b.attach(i.TargetID, site)
		}
	}
	if w.inside == nil {
		t.Fatalf("the browser does not list its worker: %+v", all)
	}
	return w
}

// attach takes hold of what is no tab, such as a worker.
func (b *Browser) attach(id target.ID, site string) *Tab {
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
	b.t.Cleanup(cancel)
	return &Tab{t: b.t, ctx: ctx, base: site}
}

// Deliver hands the worker a message as the browser's push service does.
func (w *Worker) Deliver(data string) {
	w.t.Helper()
	if _, err := chromedp.Call(w.tab.ctx, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: w.tab.base, RegistrationID: w.id, Data: data}); err != nil {
		w.t.Fatalf("the worker takes no message: %v", err)
	}
}

// Shows waits for a notification whose title holds a text, with a button, "" for any.
func (w *Worker) Shows(title, button string) {
	w.t.Helper()
	w.tab.Until("the notification "+title, fmt.Sprintf(`window.worker.getNotifications().then(all => all.some(n =>
		n.title.includes(%s) && (!%s || n.actions.some(a => a.title === %[2]s))))`, quoted(title), quoted(button)))
}

// Press presses a button of a notification. Chromium without a screen has nothing to press, so the event is made in the
// worker; what the worker has the browser wait for is waited for.
func (w *Worker) Press(title, action string) {
	w.t.Helper()
	if !Eval[bool](w.inside, fmt.Sprintf(`registration.getNotifications().then(async (all) => {
		const ev = new NotificationEvent("notificationclick", {notification: all.find(n => n.title.includes(%s)), action: %s});
		let done = false;
		ev.waitUntil = (p) => { done = p.then(() => true); };
		self.dispatchEvent(ev);
		return done;
	})`, quoted(title), quoted(action))) {
		w.t.Errorf("the worker does nothing about %q of %s", action, title)
	}
}
