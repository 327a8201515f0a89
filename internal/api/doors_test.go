package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector/teams/fake"
	"github.com/muster-oncall/muster/internal/store"
)

func TestIntake(t *testing.T) {
	w := newWorld(t)
	seed, err := os.ReadFile(filepath.Join("..", "contracts", "ops20-alert_body.json"))
	must(t, err)
	in := "/in/" + w.key
	rec := w.do("POST", in+"/azure-monitor", string(seed))
	want(t, rec, 202, `{"signals":[{"alert":"alt_`, `"outcome":"opened"`)
	if rec.Header().Get("Content-Type") != "application/json" {
		t.Error(rec.Header())
	}
	object(t, rec) // the answer is written by hand: it has to be JSON
	want(t, w.do("POST", in+"/azure-monitor", string(seed)), 202, `"outcome":"appended"`)

	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err = z.Write(seed)
	must(t, err)
	must(t, z.Close())
	want(t, w.do("POST", in+"/azure-monitor", zipped.String(), "Content-Encoding", "gzip"), 202, "appended")

	am := `[{"labels":{"alertname":"HighLoad"},"annotations":{"summary":"load"},"startsAt":"2026-01-01T00:00:00Z"}]`
	rec = w.do("POST", in+"/api/v2/alerts", am)
	if want(t, rec, 200); rec.Body.Len() != 0 {
		t.Errorf("Alertmanager's API answers nothing, not %s", rec.Body)
	}
	want(t, w.do("POST", in+"/generic", `{"title":"Ended","state":"resolved"}`), 202, `{"alert":null,"outcome":"rejected","detail":"`)
}

// What can be read is taken; the rest is told of in the answer, and kept.
func TestAPartThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	in := "/in/" + w.key
	for i, c := range []struct {
		format, body string
		status       int
		says         string
	}{
		{"generic", `[{"title":"Backup failed"},7]`, 202, `"},{"alert":null,"outcome":"rejected","detail":"Nothing in this says what is wrong: [1]: `},
		{"alertmanager", `{"status":"firing","alerts":[{"labels":{"alertname":"a"}},{"labels":7},{"labels":{"alertname":"b"}}]}`, 202, `{"alert":null,"outcome":"rejected","detail":"Some alerts are not what Alertmanager sends: alerts[1].labels: `},
		{"api/v2/alerts", `[{"labels":{"alertname":"c"}},{"labels":{}}]`, 400, "1 taken, the rest not"},
	} {
		want(t, w.do("POST", in+"/"+c.format, c.body), c.status, c.says)
		if kept := w.rejected(); len(kept) != i+1 || string(kept[0]) != c.body {
			t.Errorf("%s: kept are %q", c.format, kept)
		}
	}
	must(t, w.db.Read(t.Context(), func(r store.Reader) error {
		n, err := r.CountRejected("", 10)
		if n != 3 {
			t.Errorf("%d wait", n)
		}
		return err
	}))
}

func TestIntakeRefusals(t *testing.T) {
	w := newWorld(t)
	in := "/in/" + w.key + "/generic"
	want(t, w.do("POST", "/in/msi_nobody/generic", `{"title":"x"}`), 401)
	want(t, w.do("POST", "/in/"+w.admin+"/generic", `{"title":"x"}`), 401)
	want(t, w.do("POST", in, strings.Repeat("x", 1<<20+1)), 413)

	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := z.Write(make([]byte, 8<<20))
	must(t, err)
	must(t, z.Close())
	want(t, w.do("POST", in, bomb.String(), "Content-Encoding", "gzip"), 413)
	want(t, w.do("POST", in, "{}", "Content-Encoding", "gzip"), 400)
	want(t, w.do("POST", in, "{}", "Content-Encoding", "br"), 400)

	// What cannot be read is kept all the same.
	want(t, w.do("POST", "/in/"+w.key+"/azure-monitor", `{"not": json`), 400)
	rows := w.rejected()
	if len(rows) != 1 || string(rows[0]) != `{"not": json` {
		t.Errorf("kept: %q", rows)
	}

	w.reject = &muster.Error{Code: muster.ErrUnavailable, Message: "Not known.", RetryAfter: 2 * time.Second}
	rec := w.do("POST", in, `{"title":"x"}`)
	if want(t, rec, 503); rec.Header().Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
	}
	want(t, w.do("GET", in, ""), 405)
}

// rejected reads the raw requests without an alert.
func (w *world) rejected() (raw [][]byte) {
	w.t.Helper()
	must(w.t, w.db.Read(w.t.Context(), func(r store.Reader) error {
		rows, err := r.SignalsOf("", store.List{Limit: 10})
		if err != nil {
			return err
		}
		for _, row := range rows {
			full, err := r.Signal(row.ID)
			if err != nil {
				return err
			}
			raw = append(raw, full.Raw)
		}
		return nil
	}))
	return raw
}

func TestARevokedKeyStops(t *testing.T) {
	w := newWorld(t)
	want(t, w.do("POST", "/in/"+w.key+"/generic", `{"title":"x"}`), 202)
	var keys struct{ Items []muster.APIKey }
	must(t, json.Unmarshal(w.do("GET", "/api/v1/keys", "").Body.Bytes(), &keys))
	for _, k := range keys.Items {
		if k.Source != "" {
			want(t, w.do("DELETE", "/api/v1/keys/"+string(k.ID), ""), 204)
		}
	}
	w.api.Invalidate()
	want(t, w.do("POST", "/in/"+w.key+"/generic", `{"title":"x"}`), 401)
}

func TestTeams(t *testing.T) {
	w := newWorld(t)
	const path = "/chat/teams/statusbot/webhook"
	n := 0
	say := func(text string, m fake.Message) string {
		t.Helper()
		n++
		m.Mention, m.Text, m.At = "StatusPage", text, time.Unix(1_700_000_000+int64(n), 0)
		body := m.Body()
		sign, err := fake.Sign(teamsSecret, body)
		must(t, err)
		rec := w.do("POST", path, string(body), "Authorization", sign)
		want(t, rec, 200, `"type":"message"`)
		if again := w.do("POST", path, string(body), "Authorization", sign); again.Body.String() != rec.Body.String() {
			t.Errorf("sent again it is answered %s, before %s", again.Body, rec.Body)
		}
		text, _ = object(t, rec)["text"].(string)
		return text
	}
	guest := fake.Message{Name: "Dana"}
	for _, step := range []struct{ text, answer string }{
		{"update x", "There is no open incident right now."},
		{"close x", "There is no open incident right now."},
		{"help", "open [MESSAGE]"},
		{"opne x", "Did you mean"},
		{"open Checkout is slow", "INC-1 is open on the status page: Checkout is slow."},
		{"update We found it.", "(the default; begin with in=1h"},
		{"update in=1h Repairing.", "The next update is promised by"},
		{"open Search is slow, too", "There is an open incident already, INC-1"},
		{"ack", "I do not know who you are, Dana"},
		{"note Seen it as well", "Noted in the timeline."},
		{"close It works.", "INC-1 is closed on the status page and resolved."},
		{"update x", "There is no open incident right now."},
	} {
		if got := say(step.text, guest); !strings.Contains(got, step.answer) {
			t.Errorf("%s: %s (want %s)", step.text, got, step.answer)
		}
	}
	if got := say("declare Something else", fake.Message{Name: "Someone", ObjectID: "dir-ana"}); !strings.Contains(got, "INC-2 is declared") {
		t.Errorf("ana, by her directory ID: %s", got)
	}
	want(t, w.do("GET", "/api/v1/incidents/INC-2", ""), 200, `"user":"ana"`, `"surface":"chat"`)
	want(t, w.do("GET", "/api/v1/incidents/INC-1", ""), 200, `Dana (guest)`)

	twice := string(fake.Message{Mention: "StatusPage", Text: "open Sent again and again", Name: "Dana", At: time.Unix(1_800_000_000, 0)}.Body())
	sign, err := fake.Sign(teamsSecret, []byte(twice))
	must(t, err)
	var answers [4]string
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = w.do("POST", path, twice, "Authorization", sign).Body.String() })
	}
	wg.Wait()
	for _, a := range answers[1:] {
		if a != answers[0] {
			t.Errorf("at the same moment it is answered %s and %s", answers[0], a)
		}
	}

	body := string(fake.Message{Mention: "StatusPage", Text: "open x", Name: "Eve"}.Body())
	for name, sign := range map[string]string{"none": "", "wrong": "HMAC AAAA", "another": "Bearer " + w.admin} {
		rec := w.do("POST", path, body, "Authorization", sign)
		want(t, rec, 401)
		if strings.Contains(rec.Body.String(), teamsSecret) {
			t.Error(name, "shows the secret")
		}
	}
	sign, err = fake.Sign(teamsSecret, []byte(body))
	must(t, err)
	want(t, w.do("POST", path, body+" ", "Authorization", sign), 401)
	want(t, w.do("POST", "/chat/teams/other/webhook", body, "Authorization", sign), 401)
	want(t, w.do("GET", "/api/v1/audit", ""), 200, "chat refused")
}
