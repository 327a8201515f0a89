package e2e

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// strip presses the buttons of the demo's strip as a browser would.
type strip struct {
	*Client
	t testing.TB
}

var saidText = regexp.MustCompile(`<p class="said"[^>]*>([^<]*)</p>`)

// guided starts the demo that plays, under its supervisor, and signs in.
func guided(t *testing.T) (*Process, *strip) {
	t.Helper()
	p, stdout := StartProcess(t, nil, "demo", "--json", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	var line DemoLine
	if err := json.NewDecoder(stdout).Decode(&line); err != nil {
		t.Fatalf("the demo printed no line of JSON: %v; it wrote:\n%s", err, p.Stderr())
	}
	s := &strip{NewClient(t, line.URL, ""), t}
	form := url.Values{"token": {line.AdminToken}}.Encode()
	s.Do("POST", "/signin", form, "Content-Type", "application/x-www-form-urlencoded").Want(http.StatusSeeOther)
	return p, s
}

// press presses a button, follows to where it leads, and gives what the strip says there.
func (s *strip) press(act string) (said, at string) {
	s.t.Helper()
	at = s.Do("POST", "/guide/"+act, "").Want(http.StatusSeeOther).Header.Get("Location")
	if at == "" || strings.HasPrefix(at, "http") {
		at = "/settings/keys"
	}
	return s.said(at), at
}

func (s *strip) said(at string) string {
	s.t.Helper()
	page := s.Do("GET", at, nil).Want(http.StatusOK)
	m := saidText.FindSubmatch(page.Body)
	if m == nil {
		s.t.Fatalf("%s has no strip:\n%.2000s", at, page.Body)
	}
	return html.UnescapeString(string(m[1]))
}

// until presses the button again and again while what the step waits for has not happened.
func (s *strip) until(within time.Duration, again string) (said, at string) {
	s.t.Helper()
	s.Await(within, "a step that does not say "+again, func() bool {
		said, at = s.press("scene")
		return !strings.Contains(said, again)
	})
	return said, at
}

func (s *strip) wants(said, want string) {
	s.t.Helper()
	if ok, err := regexp.MatchString(want, said); err != nil || !ok {
		s.t.Errorf("the strip says %q, and not %q (%v)", said, want, err)
	}
}

// Nobody answers at 03:07: half a minute later the second phone rings, and the strip says why in one sentence.
func TestScene0307(t *testing.T) {
	t.Parallel()
	_, s := guided(t)
	said, _ := s.press("night")
	s.wants(said, "03:07")
	said, alert := s.press("scene")
	s.wants(said, `^Payments fail, and \w+ \w+’s phone rings`)
	said, _ = s.until(90*time.Second, "Still ringing")
	s.wants(said, `did not answer, so \w+ \w+’s phone rings\. Why \w+ \w+\? “Step 2 of 2: step 1 paged \w+ \w+ at \d\d:\d\d UTC and waited 30s without an answer\.”`)
	said, _ = s.press("scene")
	s.wants(said, "presses Acknowledge")
	said, _ = s.press("scene")
	s.wants(said, `^1 page was proved by a person; 1 was accepted`)
	if !strings.Contains(string(s.Do("GET", alert, nil).Body), "resolved") {
		t.Error("the alert of the scene stays open")
	}
}

// The server is killed with -9 while a page is half begun: another process sends it, and the log verifies.
func TestScenePullThePlug(t *testing.T) {
	t.Parallel()
	p, s := guided(t)
	s.press("plug")
	said, _ := s.press("scene")
	s.wants(said, `^Process \d+ is being killed`)
	old := regexp.MustCompile(`\d+`).FindString(said)
	if n, _ := strconv.Atoi(old); n == p.cmd.Process.Pid {
		t.Fatal("the supervisor itself is to be killed")
	}
	s.Await(20*time.Second, "another process", func() bool {
		r, err := s.Try("POST", "/guide/scene", "")
		if err != nil || r.Status != http.StatusSeeOther {
			return false // the connection broke with the process
		}
		r, err = s.Try("GET", "/", nil)
		if err != nil {
			return false
		}
		m := saidText.FindSubmatch(r.Body)
		if m == nil {
			return false
		}
		said = html.UnescapeString(string(m[1]))
		return !strings.Contains(said, "Press again") && !strings.Contains(said, "is being killed")
	})
	s.wants(said, `^It did\. Process `+old+` is dead; process \d+ found the page begun and without an end, and \w+ \w+’s phone rang .* after the alert came in: attempt 2, the same page\.`)
	said, _ = s.press("scene")
	s.wants(said, `^It does: \d+ rows, each chained to the one before, say the same as \d+ pages`)
}
