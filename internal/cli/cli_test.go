package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/cli"
)

// server answers by method and path, and remembers what it was asked.
type server struct {
	*httptest.Server
	answers map[string]string // "GET /api/v1/alerts" → body; a body that begins with a number has that status
	later   map[string]string // from the second time on
	asked   []string
	bodies  []string
}

func serve(t *testing.T, answers map[string]string) *server {
	t.Helper()
	s := &server{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+r.Header.Get("If-Match"))
		s.bodies = append(s.bodies, string(b))
		body, ok := s.answers[r.Method+" "+r.URL.Path]
		if next := s.later[r.Method+" "+r.URL.Path]; next != "" && len(s.asked) > 1 {
			body = next
		}
		if !ok {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"title":"Not found","code":"not_found","detail":"There is no such alert."}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func muster(t *testing.T, s *server, tty bool, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	env := map[string]string{"MUSTER_TOKEN": "tok"}
	if s != nil {
		env["MUSTER_URL"] = s.URL
	}
	zone := time.FixedZone("CET", 3600)
	status = cli.Run(context.Background(), args, cli.Env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(k string) string { return env[k] }, TTY: tty, Zone: zone,
	})
	return status, out.String(), errs.String()
}

func TestVerbsBecomeRequests(t *testing.T) {
	for _, c := range []struct {
		args      []string
		asks      string
		body      string
		onlyInput bool
	}{
		{args: []string{"ack", "alt_1", "looking", "at", "it"}, asks: "POST /api/v1/alerts/alt_1/acknowledge", body: `{"note":"looking at it"}`},
		{args: []string{"declare", "Checkout", "is", "slow", "--severity", "SEV2", "--public"}, asks: "POST /api/v1/incidents", body: `{"title":"Checkout is slow","severity":"SEV2","public":true}`},
		{args: []string{"update", "INC-4", "--in=45m", "--", "--We", "know"}, asks: "POST /api/v1/incidents/INC-4/updates", body: `{"known":"--We know","in":"45m"}`},
		{args: []string{"status", "open", "It", "is", "slow"}, asks: "POST /api/v1/status/open", body: `{"text":"It is slow"}`},
		{args: []string{"role", "INC-4", "commander", "ana"}, asks: "POST /api/v1/incidents/INC-4/roles", body: `{"role":"commander","person":"ana"}`},
		{args: []string{"alerts", "--status", "open", "--limit=5"}, asks: "GET /api/v1/alerts?limit=5&status=open"},
		{args: []string{"delete", "teams", "shop", "--why", "gone"}, asks: "DELETE /api/v1/teams/shop?why=gone Bearer tok *"},
		{args: []string{"show", "inc-42"}, asks: "GET /api/v1/incidents/INC-42"},
		{args: []string{"show", "policy", "urgent"}, asks: "GET /api/v1/policies/urgent"},
		{args: []string{"oncall", "shop"}, asks: "GET /api/v1/oncall?service=shop"},
		{args: []string{"oncall", "--at", "2026-12-25T03:00", "--tz", "Europe/Berlin", "--roster", "web"}, asks: "GET /api/v1/oncall?at=2026-12-25T02%3A00%3A00Z&roster=web"},
		{args: []string{"oncall", "--at=2026-12-25T03:00+09:00"}, asks: "GET /api/v1/oncall?at=2026-12-24T18%3A00%3A00Z"},
		{args: []string{"why", "shop", "2026-07-01 03:00", "--tz=America/Los_Angeles"}, asks: "GET /api/v1/why?at=2026-07-01T10%3A00%3A00Z&service=shop"},
		{args: []string{"why", "shop", "2026-07-01T03:00"}, asks: "GET /api/v1/why?at=2026-07-01T02%3A00%3A00Z&service=shop"},
		{args: []string{"why", "alt_1"}, asks: "GET /api/v1/why?service=alt_1"},
	} {
		s := serve(t, nil)
		muster(t, s, false, c.args...)
		if len(s.asked) != 1 || !strings.HasPrefix(s.asked[0], c.asks) {
			t.Errorf("%v asked %q, want %q", c.args, s.asked, c.asks)
			continue
		}
		if c.body != "" && !sameJSON(t, s.bodies[0], c.body) {
			t.Errorf("%v sent %s, want %s", c.args, s.bodies[0], c.body)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y map[string]any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil || len(x) != len(y) {
		return false
	}
	for k := range x {
		if x[k] != y[k] {
			return false
		}
	}
	return true
}

func TestTables(t *testing.T) {
	list := `{"items":[{"id":"alt_1","status":"open","severity":"critical","title":"High\u001b[31m load","service":"","received_at":"2026-03-01T22:30:00Z"}],"next":null}`
	s := serve(t, map[string]string{"GET /api/v1/alerts": list})
	if _, out, _ := muster(t, s, true, "alerts"); !strings.Contains(out, "STATUS  SEVERITY  TITLE") || !strings.Contains(out, "2026-03-01 23:30") || strings.Contains(out, "\x1b") {
		t.Errorf("on a terminal:\n%q", out)
	}
	if _, out, _ := muster(t, s, false, "alerts"); out != "open\tcritical\tHigh[31m load\t\t2026-03-01 23:30\talt_1\n" {
		t.Errorf("in a pipe:\n%q", out)
	}
	if _, out, _ := muster(t, s, true, "alerts", "--json"); out != list+"\n" {
		t.Errorf("with --json:\n%q", out)
	}
}

func TestExitStatus(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"ack", "alt_9"}, 3, "There is no such alert."},
		{[]string{"akc", "alt_9"}, 2, `did you mean "ack"?`},
		{[]string{"ack"}, 2, "ALERT is missing"},
		{[]string{"ack", "alt_9", "--nte", "x"}, 2, "did you mean --note?"},
		{[]string{"alert"}, 2, "alert resolve"},
		{[]string{"override", "shop"}, 2, "--until"},
		{[]string{"alerts", "--limit", "many"}, 2, "whole number"},
		{[]string{"alerts", "--url", "http://127.0.0.1:1"}, 6, "cannot be reached"},
		{[]string{"alerts", "--url", "muster"}, 2, "is not the address"},
		{[]string{"show", "what"}, 2, "is not an ID"},
	} {
		status, _, errs := muster(t, s, false, c.args...)
		if status != c.status || !strings.Contains(errs, c.says) {
			t.Errorf("%v: status %d, says %q; want %d, %q", c.args, status, errs, c.status, c.says)
		}
	}
	if status, out, _ := muster(t, nil, false); status != 0 || !strings.Contains(out, "muster ack") || !strings.Contains(out, "muster demo") {
		t.Errorf("overview: %d %s", status, out)
	}
	if status, out, _ := muster(t, nil, false, "help", "ack"); status != 0 || !strings.Contains(out, "muster ack ALERT [NOTE…]") {
		t.Errorf("help: %d %s", status, out)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := write("good.yaml", "kind: user\nname: ana\ndisplay: Ana\nzone: UTC\n---\nkind: team\nname: shop\ntitle: Shop\nowners: [ana]\n")
	if status, out, errs := muster(t, nil, false, "validate", good); status != 0 || !strings.Contains(out, "2 documents, all right") {
		t.Errorf("%d %s %s", status, out, errs)
	}
	bad := write("bad.yaml", "kind: user\nname: ana\ndisplay: Ana\nzone: EST\n---\nkind: polcy\nname: x\n")
	status, _, errs := muster(t, nil, false, "validate", bad)
	if status != 2 || !strings.Contains(errs, "bad.yaml:4:") || !strings.Contains(errs, "did you mean policy?") {
		t.Errorf("%d %s", status, errs)
	}
	loose := write("loose.yaml", "kind: team\nname: shop\ntitle: Shop\nowners: [nobody]\n")
	if status, _, errs := muster(t, nil, false, "validate", loose); status != 2 || !strings.Contains(errs, "loose.yaml:4:") {
		t.Errorf("%d %s", status, errs)
	}
	s := serve(t, map[string]string{
		"POST /api/v1/apply": `{"revision":9,"changes":[{"kind":"users","name":"ana","what":"created"}]}`,
		"POST /api/v1/plan":  `{"changes":[{"kind":"users","name":"ana","what":"added"}]}`,
	})
	status, out, _ := muster(t, s, false, "apply", "--why", "first", good)
	if status != 0 || !strings.Contains(out, "users/ana created") || !strings.Contains(out, "revision 9") || !strings.Contains(s.bodies[1], "kind: team") || !strings.Contains(s.bodies[1], "first") {
		t.Errorf("%d %s %s", status, out, s.bodies)
	}
}

// A plan goes through the whole past, tells what it found, and fails when the change would reach nobody.
func TestPlan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.yaml")
	if err := os.WriteFile(file, []byte("kind: roster\nname: web\ntitle: Web\nteam: shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const first = `{"revision":4,"changes":[{"kind":"rosters","name":"web","what":"changed"}],"of":3,"replayed":2,"same_people_count":1,"other_people_count":1,
		"other_people":[{"alert":"alt_1","title":"Cart \u001b[31m fails","at":"2026-11-01T03:00:00Z","before":[{"id":"ana","name":"Ana"}],"after":[{"id":"ben","name":"Ben"}]}],
		"reach_nobody":[],"dangers":["From Monday nobody."],"next":"sig_2","consequences":{"from":"2026-11-22T09:00:00Z","until":"2027-01-06T09:00:00Z",
		"shifts":[{"roster":"web","title":"Web","role":"primary","from":"2026-12-24T08:00:00Z","until":"2026-12-25T08:00:00Z","before":[{"id":"ana","name":"Ana"}],"after":[]}],
		"opens":[{"roster":"web","title":"Web","role":"primary","from":"2026-12-24T08:00:00Z","until":"2026-12-25T08:00:00Z","people":[{"id":"ana","name":"Ana"}]}],
		"lost":[{"policy":"urgent","for":["services/cart"],"titles":["Cart"],"from":"2026-12-24T08:00:00Z","until":"2026-12-25T08:00:00Z","before":[{"id":"ana","name":"Ana"}],"zone":"America/New_York"}],
		"hours":[{"person":{"id":"ana","name":"Ana"},"before":{"total":24,"nights":9,"weekends":0},"after":{"total":0,"nights":0,"weekends":0}}]}}`
	s := serve(t, map[string]string{"POST /api/v1/plan": first})
	s.later = map[string]string{"POST /api/v1/plan": `{"changes":[{"kind":"rosters","name":"web","what":"changed"}],"of":3,"replayed":1,"reach_nobody_count":1,
		"reach_nobody":[{"alert":"alt_0","title":"Disk full","at":"2026-10-30T03:00:00Z","before":[{"id":"ana","name":"Ana"}],"after":[]}],"other_people":[],"dangers":["Disk full."],"next":null}`}
	status, out, errs := muster(t, s, false, "plan", "--days-back", "30", file)
	if status != 5 || !strings.Contains(errs, "2 of 3 past alerts played") || !strings.Contains(errs, "would reach nobody") || !strings.Contains(s.bodies[1], `"cursor":"sig_2"`) || !strings.Contains(s.bodies[0], `"days_back":30`) {
		t.Errorf("%d %s %s", status, errs, s.bodies)
	}
	for _, want := range []string{
		"~ rosters/web", "1 shift changes hands", "Thu 2026-12-24 09:00 – Fri 2026-12-25 09:00 Web primary responder: Ana → nobody", "Gaps that open",
		"Ana: 24 (9, 0) → 0 (0, 0)", "Of 3 past alerts, 1 would have reached the same people, 1 other people, 1 nobody.",
		"! 2026-10-30 04:00  Disk full: Ana → nobody  alt_0", "Cart [31m fails: Ana → Ben", "Times are those of CET",
		"From Thu 24 Dec 2026 09:00 until Fri 25 Dec 2026 09:00, CET (Thu 03:00 until Fri 03:00 in America/New York), nobody on call would be paged for Cart",
		`"Disk full" of Fri 30 Oct 2026 04:00 CET`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	s = serve(t, map[string]string{"POST /api/v1/plan": `{"changes":[],"next":null}`})
	if status, out, _ := muster(t, s, false, "plan", file); status != 0 || !strings.Contains(out, "Nothing changes.") {
		t.Errorf("%d %s", status, out)
	}
	if status, out, _ := muster(t, s, false, "plan", "--json", "--remove", "rosters/old"); status != 0 || !strings.HasPrefix(out, `{"revision"`) || !strings.Contains(s.bodies[1], `"remove":["rosters/old"]`) {
		t.Errorf("%d %s %s", status, out, s.bodies)
	}
	if status, _, errs := muster(t, s, false, "plan", "--acept", "x", file); status != 2 || !strings.Contains(errs, "has no flag --acept") {
		t.Errorf("%d %s", status, errs)
	}
}

func TestFakeTeams(t *testing.T) {
	status, out, _ := muster(t, nil, false, "fake", "teams", "--to", "http://127.0.0.1:1/x", "c2VjcmV0", "open", "It's slow")
	if status != 0 || !strings.HasPrefix(out, "curl ") || !strings.Contains(out, "Authorization: HMAC ") || !strings.Contains(out, `'\''`) {
		t.Errorf("%d %s", status, out)
	}
}

func TestFakeTwilio(t *testing.T) {
	status, out, _ := muster(t, nil, false, "fake", "twilio", "--to", "https://muster.example/answer/sms", "the-auth-token", "text", "4", "12345")
	if status != 0 || !strings.HasPrefix(out, "curl ") || !strings.Contains(out, "X-Twilio-Signature: ") || !strings.Contains(out, "Body=4+12345") {
		t.Errorf("%d %s", status, out)
	}
	for _, bad := range [][]string{{"token"}, {"token", "text"}, {"token", "fax", "x"}, {"--to"}} {
		if status, _, errs := muster(t, nil, false, append([]string{"fake", "twilio"}, bad...)...); status != 2 || !strings.Contains(errs, "Try muster help") {
			t.Errorf("%v: %d %s", bad, status, errs)
		}
	}
}
