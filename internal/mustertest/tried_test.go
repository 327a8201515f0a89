package mustertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/app"
	carrier "github.com/muster-oncall/muster/internal/connector/carrier/fake"
	email "github.com/muster-oncall/muster/internal/connector/email/fake"
	ntfy "github.com/muster-oncall/muster/internal/connector/ntfy/fake"
	pushover "github.com/muster-oncall/muster/internal/connector/pushover/fake"
	twilio "github.com/muster-oncall/muster/internal/connector/twilio/fake"
	webpush "github.com/muster-oncall/muster/internal/connector/webpush/fake"
	"github.com/muster-oncall/muster/internal/mustertest"
	"github.com/muster-oncall/muster/internal/store"
)

// wires is a listener whose connections are dialled in memory.
type wires struct {
	in   chan net.Conn
	over chan struct{}
	once *sync.Once
}

func (w wires) Accept() (net.Conn, error) {
	select {
	case c := <-w.in:
		return c, nil
	case <-w.over:
		return nil, net.ErrClosed
	}
}
func (w wires) Close() error   { w.once.Do(func() { close(w.over) }); return nil }
func (w wires) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25} }

func (w wires) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case w.in <- theirs:
		return ours, nil
	case <-w.over:
		return nil, errors.New("nobody listens")
	}
}

const everyKind = `
kind: connector
name: pushover
type: pushover
secrets: {token: pushover-token}
---
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
name: ntfy
type: ntfy
settings: {url: "https://ntfy.test"}
secrets: {token: ntfy-token}
---
kind: connector
name: ntfy-room
type: ntfy
settings: {url: "https://ntfy.test", topic: the-room}
secrets: {token: ntfy-token}
---
kind: connector
name: carrier
type: carrier
settings:
  url: https://carrier.test/send
  body: '{"messages":[{"to":"{to}","text":"{text}","ref":"{id}","callback":"{callback}"}]}'
  header: Authorization
  from: "+15005550006"
secrets: {header_value: carrier-key}
---
kind: connector
name: browsers
type: webpush
settings: {contact: muster@example.org}
---
kind: connector
name: post
type: email
settings: {host: 127.0.0.1, port: "25", tls: none, from: muster@example.org}
`

// The Test of a connector asks its provider as far as that goes without somebody's address, and says what is known then. The
// Test of a contact method really sends something, whatever its kind.
func TestTryingOutEveryKind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		line := wires{make(chan net.Conn), make(chan struct{}), &sync.Once{}}
		mails := email.New(email.Options{})
		go func() { _ = mails.Serve(line) }()
		defer mails.Close()
		w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: mustertest.Storefront + "\n---\n" + everyKind, With: func(d *app.Deps) { d.Dial = line.dial }})
		defer w.Stop()
		push := webpush.New("https://push.test")
		pager := pushover.New(pushover.Options{Token: pushoverToken, Users: []string{ravisKey}})
		phone := twilio.New(twilio.Options{AccountSID: twilioAccount, AuthToken: twilioToken, Numbers: []string{twilioNumber}, Client: w.Client})
		topics := ntfy.New(ntfy.Options{Token: "tk_0123456789"})
		texts := carrier.New("the-key", "", w.Client)
		for host, h := range map[string]http.Handler{"push.test": push, "api.pushover.net": pager, "api.twilio.com": phone, "ntfy.test": topics, "carrier.test": texts} {
			w.Phones.Serve(host, h)
		}
		browser, err := push.Subscribe(w.App.BrowserKey("webpush"))
		if err != nil {
			t.Fatal(err)
		}
		secret := func(name, value string) {
			w.Do("ana", "PUT", "/api/v1/secrets/"+name, map[string]any{"value": value}).Want(http.StatusNoContent)
		}
		tried := func(key string) (out muster.Tried) {
			t.Helper()
			err := w.App.DB.Read(t.Context(), func(r store.Reader) error {
				v, err := r.Meta(key)
				if err != nil || v == "" {
					return err
				}
				return json.Unmarshal([]byte(v), &out)
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		for name, value := range map[string]string{"pushover-token": strings.Repeat("x", 30), "twilio-token": strings.Repeat("x", 32), "ntfy-token": "tk_9876543210", "carrier-key": "Bearer x"} {
			secret(name, value)
		}
		for _, name := range []string{"pushover", "sms", "voice", "ntfy", "ntfy-room"} {
			w.Do("ana", "POST", "/api/v1/connectors/"+name+"/test", nil).Want(http.StatusNoContent)
			pass(time.Second)
			if got := tried(muster.TriedKey(muster.ConnectorName(name))); got.OK || got.Detail == "" {
				t.Errorf("%s with a wrong secret: %+v", name, got)
			}
		}
		for name, value := range map[string]string{"pushover-token": pushoverToken, "twilio-token": twilioToken, "ntfy-token": "tk_0123456789", "carrier-key": "Bearer the-key"} {
			secret(name, value)
		}
		pass(10 * time.Minute) // circuits and further attempts
		for name, says := range map[string]string{
			"pushover": "Nothing was sent. Known now: Pushover knows the API token. Not known: whether a person is reached. A contact method has a test of its own for that.",
			"sms":      "Nothing was sent. Known now: Twilio knows the account and takes its auth token. Not known",
			"voice":    "Nothing was sent. Known now: Twilio knows the account and takes its auth token. Not known",
			"ntfy":     "Nothing was sent. Known now: the server is well, and knows the token or the password if there is one. Not known",
			"post":     "Nothing was sent. Known now: the mail server answers, and lets Muster sign in if it asks for a password. Not known",
		} {
			w.Do("ana", "POST", "/api/v1/connectors/"+name+"/test", nil).Want(http.StatusNoContent)
			pass(time.Second)
			if got := tried(muster.TriedKey(muster.ConnectorName(name))); !got.OK || !strings.HasPrefix(got.Detail, says) {
				t.Errorf("%s: %+v", name, got)
			}
		}
		w.Do("ana", "POST", "/api/v1/connectors/ntfy-room/test", nil).Want(http.StatusNoContent)
		pass(time.Second)
		if list := topics.Messages(); len(list) != 1 || list[0].Topic != "the-room" || len(phone.Messages())+len(phone.Calls())+len(pager.Messages())+len(mails.Mails()) > 0 {
			t.Errorf("the room got %+v, refused %v", list, topics.Refused())
		}
		for _, name := range []string{"carrier", "browsers"} {
			if a := w.Do("ana", "POST", "/api/v1/connectors/"+name+"/test", nil).Want(http.StatusConflict); !strings.Contains(string(a.Body), "send a test to a contact method that uses it") {
				t.Errorf("%s: %s", name, a.Body)
			}
		}

		for name, address := range map[string]string{
			"pushover": ravisKey, "sms": ravisNumber, "voice": ravisNumber, "ntfy": "ravis-topic", "carrier": ravisNumber, "browsers": browser.Subscription(), "post": "ravi@example.org", "phones": "https://phone.test/x",
		} {
			id := w.Do("ana", "POST", "/api/v1/users/ravi/contacts", map[string]any{"method": "by-" + name, "connector": name, "address": address, "verified": true}).Want(http.StatusCreated).Text("id")
			w.Do("ana", "POST", "/api/v1/contacts/"+id+"/test", nil).Want(http.StatusNoContent)
			pass(2 * time.Second)
			if got := tried(muster.TriedKey(muster.ContactID(id))); !got.OK || string(got.By) != name {
				t.Errorf("the contact method by %s: %+v", name, got)
			}
		}
		for what, n := range map[string]int{
			"Pushover": len(pager.Messages()), "texts": len(phone.Messages()), "calls": len(phone.Calls()), "ntfy": len(topics.Messages()) - 1, "the carrier": len(texts.Messages()),
			"the browser": len(push.Pushes()), "mail": len(mails.Mails()), "the phone": len(w.Phones.Rang()),
		} {
			if n != 1 {
				t.Errorf("%s got %d tests, want 1", what, n)
			}
		}
	})
}

// What sounds in Pushover is silenced there when the alert is acknowledged elsewhere, or is over, and goes on when it is not.
func TestAnEmergencyEndsWithTheAcknowledgement(t *testing.T) {
	t.Parallel()
	docs := ravi(t, "  - {method: pushover}\n", emergency)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: docs})
		defer w.Stop()
		f := pushover.New(pushover.Options{Token: pushoverToken, Users: []string{ravisKey}})
		w.Phones.Serve("api.pushover.net", f)
		w.Do("ana", "PUT", "/api/v1/secrets/pushover-token", map[string]any{"value": pushoverToken}).Want(http.StatusNoContent)
		w.Do("ana", "POST", "/api/v1/users/ravi/contacts", map[string]any{"method": "pushover", "connector": "pushover", "address": ravisKey, "verified": true}).Want(http.StatusCreated)
		for i, how := range []string{"acknowledge", "resolve"} {
			alert := w.Fire("cart", "critical")
			pass(90 * time.Second)
			if len(f.Messages()) != i+1 || f.Messages()[i].Cancelled {
				t.Fatalf("%s: before, %+v, refused: %v", how, f.Messages(), f.Refused())
			}
			w.Do("ana", "POST", "/api/v1/alerts/"+alert+"/"+how, map[string]any{}).Want(http.StatusOK)
			pass(2 * time.Second)
			if !f.Messages()[i].Cancelled {
				t.Errorf("%s: it goes on sounding: %v", how, f.Refused())
			}
			asked := f.Asked()
			pass(20 * time.Minute)
			if f.Asked() > asked {
				t.Errorf("%s: Pushover is asked %d times about what is over", how, f.Asked()-asked)
			}
			w.Clear("cart")
			pass(time.Minute)
		}
	})
}
