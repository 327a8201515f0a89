package teams_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/teams"
	"github.com/muster-oncall/muster/internal/connector/teams/fake"
)

const secret = "dGhlIHNlY3VyaXR5IHRva2VuIG9mIHRoaXMgd2ViaG9vaw=="

func signed(t *testing.T, body []byte) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/chat/teams/status/webhook", bytes.NewReader(body))
	sig, err := fake.Sign(secret, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", sig)
	return r
}

var said = fake.Message{
	Mention: "StatusPage", Text: "open Checkout is slow &amp; orders fail", Name: "Ravi", ObjectID: "b130c271-d2eb-45f9-83ab-9eb3fe3788bc",
	At: time.Date(2026, 11, 27, 3, 12, 40, 0, time.UTC),
}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: teams.Descriptor(),
		Start: func(*testing.T) connectortest.World {
			return connectortest.World{
				Config: connector.Config{Name: "status", Secrets: map[string]string{"secret": secret}},
				Signed: func(t *testing.T) (*http.Request, []byte) { t.Helper(); b := said.Body(); return signed(t, b), b },
			}
		},
		BadSecrets: map[string]string{"secret": "not base64 at all"},
		Can:        []string{"Inbound"},
	})
}

func bot(t *testing.T) *teams.Connector {
	t.Helper()
	c, err := teams.New(connector.Config{Name: "status", Secrets: map[string]string{"secret": secret}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReceive(t *testing.T) {
	c := bot(t)
	body := said.Body()
	got, err := c.Receive(signed(t, body), body)
	want := connector.ChatMessage{
		ID: "1795749160000", ActorID: "b130c271-d2eb-45f9-83ab-9eb3fe3788bc", ActorName: "Ravi", Text: "open Checkout is slow & orders fail",
		Room: "19:253b1f341670408fb6fe51050b6e5ceb@thread.skype", Tenant: "72f988bf-86f1-41af-91ab-2d7cd011db47",
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for in, want := range map[string]string{
		"<at>StatusPage</at> help":                                                  "help",
		"<at>StatusPage</at>&nbsp;update we&nbsp;look\n":                            "update we look",
		"<at id=\"0\">Status Page</at> open a &lt;b&gt;":                            "open a <b>",
		"<p><at>S</at> open one<br>two</p>":                                         "open one\ntwo",
		"<at>S</at> page <at>Ana Rossi</at> now":                                    "page Ana Rossi now",
		"<at>S</at> 5 < 6 and 7 > 3":                                                "5 < 6 and 7 > 3",
		"<at>S</at> \u202eevil\u0000":                                               "evil",
		"no mention":                                                                "no mention",
		"<at>S</at> <a href=\"javascript:alert(1)\">x</a><script>alert(1)</script>": "xalert(1)",
	} {
		body, _ := json.Marshal(map[string]any{"type": "message", "text": in, "from": map[string]any{"id": "29:1"}})
		if m, err := c.Receive(signed(t, body), body); err != nil || m.Text != want {
			t.Errorf("%q: %q, %v; want %q", in, m.Text, err, want)
		}
	}
	for body, code := range map[string]muster.Code{
		"":                                muster.ErrUnreadable,
		"{":                               muster.ErrUnreadable,
		"{\"type\":\"message\xff\"}":      muster.ErrUnreadable,
		`{"type":["message"]}`:            muster.ErrUnreadable,
		`{"type":"conversationUpdate"}`:   muster.ErrInvalid,
		`{"type":"message","text":"hi"}`:  muster.ErrInvalid,
		strings.Repeat("[", 100_000) + "": muster.ErrUnreadable,
	} {
		if _, err := c.Receive(signed(t, []byte(body)), []byte(body)); muster.CodeOf(err) != code {
			t.Errorf("%.40q: %v", body, err)
		}
	}
}

func TestReply(t *testing.T) {
	c := bot(t)
	for _, text := range []string{"Incident INC-42 is open.", "<at>everyone</at> & <script>", strings.Repeat("long 🔥 ", 10_000)} {
		rec := httptest.NewRecorder()
		if err := c.Reply(rec, text); err != nil {
			t.Fatal(err)
		}
		got, err := fake.Read(rec.Code, rec.Header().Get("Content-Type"), rec.Body.Bytes())
		if err != nil || strings.Contains(got, "<") {
			t.Errorf("%.60q: %v", got, err)
		}
	}
}

func TestFakeSpeaksToAServer(t *testing.T) {
	c := bot(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		m, err := c.Receive(r, body)
		if err != nil {
			http.Error(w, err.Error(), muster.CodeOf(err).HTTPStatus())
			return
		}
		_ = c.Reply(w, "heard: "+m.Text)
	}))
	defer srv.Close()
	if got, err := fake.Post(t.Context(), srv.Client(), srv.URL, secret, said); err != nil || got != "heard: open Checkout is slow &amp; orders fail" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := fake.Post(t.Context(), srv.Client(), srv.URL, "b3RoZXIgc2VjcmV0IGVudGlyZWx5", said); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("forged: %v", err)
	}
}

// TestFakeRefuses: the fake is strict, else the tests above prove nothing.
func TestFakeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		kind, body string
	}{
		"status":       {202, "application/json", `{"type":"message","text":"x"}`},
		"content type": {200, "text/plain", `{"type":"message","text":"x"}`},
		"not JSON":     {200, "application/json", `x`},
		"no type":      {200, "application/json", `{"text":"x"}`},
		"no text":      {200, "application/json", `{"type":"message"}`},
		"too large":    {200, "application/json", `{"type":"message","text":"` + strings.Repeat("x", 30<<10) + `"}`},
	} {
		if text, err := fake.Read(c.status, c.kind, []byte(c.body)); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
}
