package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	webpush "github.com/muster-oncall/muster/internal/connector/webpush/fake"
)

// meansCatalog has a person for each means of answering, each paged about their own host, and Omar, who gets a mail first
// and a text two seconds later.
const meansCatalog = `
kind: connector
name: sms
type: twilio-sms
settings: {account_sid: ` + twilioAccount + `, from: "` + twilioNumber + `"}
secrets: {auth_token: twilio-token}
---
kind: connector
name: voice
type: twilio-voice
settings: {account_sid: ` + twilioAccount + `, from: "` + twilioNumber + `"}
secrets: {auth_token: twilio-token}
---
kind: connector
name: browsers
type: webpush
settings: {contact: muster@example.org}
---
kind: connector
name: mail
type: email
settings: {host: 127.0.0.1, port: "%d", tls: none, from: Muster <muster@example.org>}
---
kind: source
name: monitoring
title: Monitoring
---
{kind: user, name: sara, display: Sara, zone: UTC, notify: [{method: text}]}
---
{kind: user, name: vera, display: Vera, zone: UTC, notify: [{method: home}]}
---
{kind: user, name: bodo, display: Bodo, zone: UTC, notify: [{method: browser}]}
---
{kind: user, name: mona, display: Mona, zone: UTC, notify: [{method: mail}]}
---
{kind: user, name: omar, display: Omar, zone: UTC, notify: [{method: mail}, {method: text, after: 2s}]}
---
{kind: policy, name: sara, title: Sara, team: operations, steps: [{targets: [{user: sara}], wait: 1h}]}
---
{kind: policy, name: vera, title: Vera, team: operations, steps: [{targets: [{user: vera}], wait: 1h}]}
---
{kind: policy, name: bodo, title: Bodo, team: operations, steps: [{targets: [{user: bodo}], wait: 1h}]}
---
{kind: policy, name: mona, title: Mona, team: operations, steps: [{targets: [{user: mona}], wait: 1h}]}
---
{kind: policy, name: omar, title: Omar, team: operations, steps: [{targets: [{user: omar}], wait: 1h}]}
---
{kind: route, name: sara, order: 1, match: labels.host == "sara", policy: sara}
---
{kind: route, name: vera, order: 2, match: labels.host == "vera", policy: vera}
---
{kind: route, name: bodo, order: 3, match: labels.host == "bodo", policy: bodo}
---
{kind: route, name: mona, order: 4, match: labels.host == "mona", policy: mona}
---
{kind: route, name: default, policy: omar}
`

var (
	textCode = regexp.MustCompile(`Reply 4 (\d{5}) to acknowledge`)
	ackForm  = regexp.MustCompile(`action="(/p/[A-Za-z0-9_-]+/ack)"`)
)

// TestAcknowledgedByEachMeans has four people answer their pages: by text, by a key in a call, by the button of a push
// message, and by the link and the button of a mail. The story of the alert and the ledger tell by which means. Then the
// alert of the talk reaches a phone by text, because the mail before it proved nothing.
func TestAcknowledgedByEachMeans(t *testing.T) {
	p := NewProviders(t)
	in := NewInstallation(t, t.TempDir(), "", func(in *Installation) { in.Args, in.Env = p.Args, p.Env })
	in.Do("PUT", "/api/v1/secrets/twilio-token", map[string]any{"value": twilioToken}).Want(http.StatusNoContent)
	in.Do("POST", "/api/v1/apply", map[string]any{"documents": fmt.Sprintf(meansCatalog, p.MailPort), "why": "a test", "accept": "reaches-nobody"}).Want(http.StatusOK)
	reach := func(user, method, connector, address string) {
		t.Helper()
		in.Do("POST", "/api/v1/users/"+user+"/contacts", map[string]any{"method": method, "connector": connector, "address": address, "verified": true}).Want(http.StatusCreated)
	}
	browser, err := p.Push.Subscribe(in.pushKey())
	if err != nil {
		t.Fatal(err)
	}
	reach("sara", "text", "sms", "+1 (500) 555-0141")
	reach("vera", "home", "voice", "+15005550142")
	reach("bodo", "browser", "browsers", browser.Subscription())
	reach("mona", "mail", "mail", "mona@example.org")
	reach("omar", "mail", "mail", "omar@example.org")
	reach("omar", "text", "sms", "+15005550145")
	monitor := in.Do("POST", "/api/v1/keys", map[string]any{"name": "monitoring", "source": "monitoring"}).Want(http.StatusCreated).Text("token")

	for _, means := range []struct {
		user, name, title string
		by                string // as the ledger calls it
		answer            func(t *testing.T, title string) (said string)
	}{
		{"sara", "Sara", "Orders wait", "sms", func(t *testing.T, title string) string {
			t.Helper()
			code := textCode.FindStringSubmatch(p.text(t, in, "+15005550141", title))
			if code == nil {
				t.Fatal("the text does not say how to answer")
			}
			said, err := p.Twilio.Text(t.Context(), in.URL+"/answer/sms", "+15005550141", "4 "+code[1])
			if err != nil {
				t.Fatal(err)
			}
			return said
		}},
		{"vera", "Vera", "Payments fail", "voice", func(t *testing.T, title string) string {
			t.Helper()
			in.Await(patience, "the call", func() bool { return len(p.Twilio.Calls()) > 0 })
			call := p.Twilio.Calls()[0]
			if call.To != "+15005550142" || !strings.Contains(call.Said, title) {
				t.Fatalf("the call is %+v", call)
			}
			said, err := p.Twilio.Press(t.Context(), call.SID, "4")
			if err != nil {
				t.Fatal(err)
			}
			return said
		}},
		{"bodo", "Bodo", "Search is slow", "push", func(t *testing.T, title string) string {
			t.Helper()
			in.Await(patience, "the push message", func() bool { return len(p.Push.Pushes()) > 0 })
			push := p.Push.Pushes()[0]
			if push.Field("title") != title {
				t.Fatalf("the push message is %s", push.Body)
			}
			said, err := webpush.Tell(t.Context(), in.HTTP, push, "acknowledge")
			if err != nil {
				t.Fatal(err)
			}
			return said
		}},
		{"mona", "Mona", "Images are missing", "page", func(t *testing.T, title string) string {
			t.Helper()
			stranger := in.As("") // the browser that opens the link is signed in nowhere
			screen := stranger.Do("GET", p.mailed(t, in, "mona@example.org", title), nil).Want(http.StatusOK, title)
			form := ackForm.FindSubmatch(screen.Body)
			if form == nil {
				t.Fatalf("the screen of the page has no button: %s", screen.Body)
			}
			to := stranger.Do("POST", string(form[1]), nil).Want(http.StatusSeeOther).Header.Get("Location")
			return string(stranger.Do("GET", to, nil).Want(http.StatusOK).Body)
		}},
	} {
		t.Run(means.by, func(t *testing.T) {
			alert := in.As("").Do("POST", "/in/"+monitor+"/generic", map[string]any{
				"title": means.title, "key": means.user, "severity": "critical", "labels": map[string]string{"host": means.user},
			}).Want(http.StatusAccepted).Text("signals.0.alert")
			in.awaitPage(alert, 0, "accepted") // a person may be faster than the result of the call is written
			said := means.answer(t, means.title)
			if !strings.Contains(said, "You have it") {
				t.Errorf("after the answer: %q", said)
			}
			story := in.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK)
			page := story.Text("pages.0.id")
			if story.Text("status") != "acknowledged" || story.Text("acknowledged_by.name") != means.name || story.Text("pages.0.state") != "proved" || story.JSON("pages.1") != nil {
				t.Errorf("the alert after the answer: %s", story.Body)
			}
			if !told(story, means.name, "acknowledged", means.by) {
				t.Errorf("the story does not tell that %s acknowledged by %s: %s", means.name, means.by, story.Body)
			}
			in.audited(t, page, "planned", "started", "accepted", "acknowledged")
			if out := in.CLI("--json", "audit", "page", page); !strings.Contains(out, `"means":"`+means.by+`"`) && !strings.Contains(out, `"means": "`+means.by+`"`) {
				t.Errorf("muster audit page does not say that it was acknowledged by %s: %s", means.by, out)
			}
		})
	}

	t.Run("a text after a mail", func(t *testing.T) {
		stranger := in.As("")
		alert := stranger.Do("POST", "/in/"+monitor+"/azure-monitor", seedAlert(t)).Want(http.StatusAccepted).Text("signals.0.alert")
		const title = "High Number of Failures"
		stranger.Do("GET", p.mailed(t, in, "omar@example.org", title), nil).Want(http.StatusOK, title) // as a mail scanner does: it proves nothing
		before := in.awaitPage(alert, 0, "accepted")
		if before.Text("status") != "open" || before.Text("pages.0.method") != "mail" || before.Text("pages.0.state") != "accepted" {
			t.Errorf("after the mail: %s", before.Body)
		}
		p.text(t, in, "+15005550145", title)
		in.awaitPage(alert, 1, "accepted")
		sid := p.sent("+15005550145")
		if err := p.Twilio.Report(t.Context(), sid, "delivered", 0); err != nil {
			t.Fatal(err)
		}
		after := in.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK)
		if after.Text("status") != "open" || after.Text("pages.0.state") != "accepted" || after.Text("pages.1.method") != "text" || after.Text("pages.1.state") != "proved" {
			t.Errorf("after the text: %s", after.Body)
		}
		in.audited(t, after.Text("pages.1.id"), "planned", "started", "accepted", "received")
	})

	for _, why := range append(p.Twilio.Refused(), append(p.Push.Refused(), p.Mail.Refused()...)...) {
		t.Errorf("a provider refused: %s", why)
	}
	if out := in.CLI("audit", "verify"); !strings.Contains(out, "ledger") {
		t.Errorf("muster audit verify says: %s", out)
	}
	in.Process.Stop()
}

// awaitPage waits until the n-th page of an alert is in a state, and gives the alert.
func (in *Installation) awaitPage(alert string, n int, state string) (r *Reply) {
	in.t.Helper()
	in.Await(patience, fmt.Sprintf("page %d of %s to be %s", n, alert, state), func() bool {
		r = in.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK)
		return r.Text(fmt.Sprintf("pages.%d.state", n)) == state
	})
	return r
}

// told reports whether an entry of an alert's story bears a name and a word, and came by a means.
func told(story *Reply, name, word, by string) bool {
	entries, _ := story.JSON("timeline").([]any)
	for i := range entries {
		at := fmt.Sprintf("timeline.%d.", i)
		if strings.Contains(story.Text(at+"text"), word) && story.Text(at+"by.name") == name && story.Text(at+"by.surface") == by {
			return true
		}
	}
	return false
}

// text waits for a text message to a number about an alert, and gives its words.
func (p *Providers) text(t *testing.T, in *Installation, to, title string) (body string) {
	t.Helper()
	in.Await(patience, "a text to "+to, func() bool {
		for _, m := range p.Twilio.Messages() {
			if m.To == to && strings.Contains(m.Body, title) {
				body = m.Body
			}
		}
		return body != ""
	})
	return body
}

// sent is Twilio's reference of the last text to a number.
func (p *Providers) sent(to string) (sid string) {
	for _, m := range p.Twilio.Messages() {
		if m.To == to {
			sid = m.SID
		}
	}
	return sid
}

// mailed waits for a mail about an alert, and gives the link in it.
func (p *Providers) mailed(t *testing.T, in *Installation, to, title string) (link string) {
	t.Helper()
	at := regexp.MustCompile(regexp.QuoteMeta(in.URL) + `/p/[A-Za-z0-9_-]+`)
	in.Await(patience, "a mail to "+to, func() bool {
		for _, m := range p.Mail.Mails() {
			if m.To == to && strings.Contains(m.Subject, title) {
				link = at.FindString(m.Text)
			}
		}
		return link != ""
	})
	return link
}

// audited checks what `muster audit page` tells of a page, in this order.
func (in *Installation) audited(t *testing.T, page string, kinds ...string) {
	t.Helper()
	out := in.CLI("audit", "page", page)
	rest := out
	for _, k := range kinds {
		_, after, ok := strings.Cut(rest, k)
		if !ok {
			t.Fatalf("muster audit page does not tell %q where it should: %s", k, out)
		}
		rest = after
	}
}

// CLI runs a verb of the binary against the installation; it must succeed.
func (in *Installation) CLI(args ...string) string {
	in.t.Helper()
	cmd := exec.CommandContext(in.t.Context(), os.Getenv(binaryEnv), args...)
	cmd.Env = append(os.Environ(), "MUSTER_URL="+in.URL, "MUSTER_TOKEN="+in.Token)
	out, err := cmd.CombinedOutput()
	if err != nil {
		in.t.Fatalf("muster %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

var pushKeyOf = regexp.MustCompile(`data-key="([A-Za-z0-9_-]+)"`)

// pushKey is the key with which a browser subscribes: the page of the person who is signed in has it.
func (in *Installation) pushKey() string {
	in.t.Helper()
	screen := in.Do("GET", "/settings/people/ana", nil).Want(http.StatusOK)
	key := pushKeyOf.FindSubmatch(screen.Body)
	if key == nil {
		in.t.Fatalf("the page of a person offers no notifications of this browser: %s", screen.Body)
	}
	return string(key[1])
}
