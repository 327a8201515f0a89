package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/connector/teams/fake"
)

// TestBadInput is what people and machines get wrong, and what some try on purpose: a clear answer in the product's words,
// and nothing lost.
func TestBadInput(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	in := "/in/" + d.Line.IntakeKey
	big := `{"title":"` + strings.Repeat("x", 1<<20) + `"}`
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 8<<20)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	user := func(zone string) string {
		return `{"display":"Eve","zone":` + zone + `}`
	}
	for _, c := range []struct {
		name, method, path string
		body               any
		status             int
		says               string
		header             []string
	}{
		{"an alert that is too large", "POST", in + "/generic", big, 413, "larger than", nil},
		{"a gzip bomb", "POST", in + "/generic", bomb.Bytes(), 413, "inflating", []string{"Content-Encoding", "gzip"}},
		{"an operation that is too large", "POST", "/api/v1/incidents", big, 413, "larger than", nil},
		{"an alert that is no JSON", "POST", in + "/generic", `{"title": `, 400, "breaks off", nil},
		{"the seed's format, no JSON", "POST", in + "/azure-monitor", `not json`, 400, "not readable", nil},
		{"an operation that is no JSON", "POST", "/api/v1/incidents", `{"title": `, 400, "not JSON", nil},
		{"an empty alert", "POST", in + "/azure-monitor", ``, 400, "", nil},
		{"a key twice in an alert", "POST", in + "/generic", `{"title":"a","title":"b"}`, 400, "twice", nil},
		{"a key twice in an operation", "POST", "/api/v1/incidents", `{"title":"a","title":"b"}`, 400, "twice", nil},
		{"a key twice, deep inside", "POST", in + "/azure-monitor", `{"alertContext":{"AlertType":"a","AlertType":"b"}}`, 400, "twice", nil},
		{"a wrong type in an operation", "POST", "/api/v1/incidents", `{"title": 7}`, 422, "must be a text", nil},
		{"an alert that is a number", "POST", in + "/generic", `7`, 422, "object", nil},
		{"labels that are numbers", "POST", in + "/api/v2/alerts", `[{"labels":{"alertname":7}}]`, 422, "must be a text", nil},
		{"Alertmanager's webhook without alerts", "POST", in + "/alertmanager", `{"alerts":{}}`, 422, "alerts", nil},
		{"an unknown field", "POST", "/api/v1/incidents", `{"titel":"x"}`, 422, "did you mean title", nil},
		{"an unknown intake key", "POST", "/in/msi_0123456789abcdefghij/generic", `{"title":"x"}`, 401, "intake key", nil},
		{"an admin's token as intake key", "POST", "/in/" + d.Line.AdminToken + "/generic", `{"title":"x"}`, 401, "intake key", nil},
		{"an intake key as admin's token", "GET", "/api/v1/alerts", nil, 401, "not known", []string{"Authorization", "Bearer " + d.Line.IntakeKey}},
		{"nobody", "GET", "/api/v1/alerts", nil, 401, "", []string{"Authorization", "Basic eDp5"}},
		{"an unknown format", "POST", in + "/alertmanger", `{}`, 404, "did you mean alertmanager", nil},
		{"an unknown alert", "GET", "/api/v1/alerts/alt_00000000000000000000000000000000", nil, 404, "", nil},
		{"no zone", "PUT", "/api/v1/users/eve", user(`""`), 422, "a time zone is missing", []string{"If-None-Match", "*"}},
		{"the zone Local", "PUT", "/api/v1/users/eve", user(`"Local"`), 422, "not the time zone of a place", []string{"If-None-Match", "*"}},
		{"the zone EST", "PUT", "/api/v1/users/eve", user(`"EST"`), 422, "not the time zone of a place", []string{"If-None-Match", "*"}},
		{"a zone of nowhere", "PUT", "/api/v1/users/eve", user(`"Europe/Atlantis"`), 422, "not a known time zone", []string{"If-None-Match", "*"}},
		{"a zone that is a path", "PUT", "/api/v1/users/eve", user(`"../../etc/passwd"`), 422, "time zone", []string{"If-None-Match", "*"}},
		{"a policy without steps", "PUT", "/api/v1/policies/empty", `{"title":"E","team":"storefront","steps":[]}`, 422, "reaches nobody", []string{"If-None-Match", "*"}},
		{"a step without targets", "PUT", "/api/v1/policies/empty", `{"title":"E","team":"storefront","steps":[{"targets":[],"wait":"5m"}]}`, 422, "reaches nobody", []string{"If-None-Match", "*"}},
		{"a policy for a roster that is not there", "PUT", "/api/v1/policies/empty", `{"title":"E","team":"storefront","steps":[{"targets":[{"roster":"storfront"}],"wait":"5m"}]}`, 422, "storefront", []string{"If-None-Match", "*"}},
		{"no If-Match", "PUT", "/api/v1/users/eve", user(`"UTC"`), 412, "If-Match", nil},
		{"an old If-Match", "PUT", "/api/v1/teams/storefront", `{"title":"S"}`, 412, "", []string{"If-Match", `"999999"`}},
		{"the default route removed", "DELETE", "/api/v1/routes/default", nil, 409, "default", []string{"If-Match", "*"}},
		{"a route that cannot be read", "PUT", "/api/v1/routes/wrong", `{"order":5,"match":"severity = 'critical'"}`, 422, "match", []string{"If-None-Match", "*"}},
		{"a page of the list that is not one", "GET", "/api/v1/alerts?limit=many", nil, 422, "limit", nil},
		{"an unknown document kind", "GET", "/api/v1/rosterz", nil, 404, "rosters", nil},
		{"another method", "DELETE", in + "/generic", nil, 405, "POST", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := d.Try(c.method, c.path, c.body, c.header...)
			if err != nil {
				t.Fatal(err)
			}
			r.t = t
			r.Want(c.status, c.says)
			var p struct {
				Status        int
				Title, Detail string
			}
			if json.Unmarshal(r.Body, &p) != nil || p.Status != c.status || p.Title == "" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/problem+json") {
				t.Errorf("the answer is no problem+json: %s %s", r.Header.Get("Content-Type"), r.Body)
			}
			for _, inner := range []string{"goroutine", ".go:", "sql", "panic"} {
				if strings.Contains(string(r.Body), inner) {
					t.Errorf("the answer shows what is inside (%s): %s", inner, r.Body)
				}
			}
		})
	}
	// Nothing of it was lost or did harm: what could not be read is told of, and the next alert pages.
	id := d.As("").Do("POST", in+"/generic", `{"title":"After all that","severity":"major"}`).Want(http.StatusAccepted).Text("signals.0.alert")
	d.Await(5*time.Second, "a page", func() bool { return d.Do("GET", "/api/v1/alerts/"+id, nil).Text("pages.0.state") == "accepted" })
	d.Do("GET", "/api/v1/audit", nil).Want(http.StatusOK, "intake refused")
	d.Stop()
}

func TestForgedMessagesFromTeams(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	m := fake.Message{Mention: "StatusPage", Text: "open Forged", Name: "Eve", At: time.Now()}
	body := m.Body()
	good, err := fake.Sign(d.Line.TeamsSecret, body)
	if err != nil {
		t.Fatal(err)
	}
	other, err := fake.Sign(base64.StdEncoding.EncodeToString([]byte("another secret, just as long....")), body)
	if err != nil {
		t.Fatal(err)
	}
	stranger := d.As("")
	for name, c := range map[string]struct{ sign, body string }{
		"no signature":             {"", string(body)},
		"another secret":           {other, string(body)},
		"a space more":             {good, string(body) + " "},
		"no base64":                {"HMAC ???", string(body)},
		"an admin's token instead": {"Bearer " + d.Line.AdminToken, string(body)},
	} {
		r := stranger.Do("POST", d.Line.TeamsWebhookURL, c.body, "Authorization", c.sign, "Content-Type", "application/json")
		if r.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	if got := d.Do("GET", "/api/v1/incidents?q=Forged", nil).Want(http.StatusOK); got.Text("items.0.key") != "" {
		t.Errorf("a forged message opened %s", got.Body)
	}
	d.Do("GET", "/api/v1/audit", nil).Want(http.StatusOK, "chat refused")
	stranger.Do("POST", d.Line.TeamsWebhookURL, string(body), "Authorization", good, "Content-Type", "application/json").Want(http.StatusOK)
	d.Stop()
}

func TestForgedAndExpiredPageLinks(t *testing.T) {
	data := t.TempDir()
	d := StartDemo(t, data)
	stranger := d.As("")
	id := stranger.Do("POST", "/in/"+d.Line.IntakeKey+"/azure-monitor", seedAlert(t)).Want(http.StatusAccepted).Text("signals.0.alert")
	var token string
	d.Await(5*time.Second, "the page on a phone", func() bool {
		token = pageOnPhones(stranger.Do("GET", d.Line.PhoneURL, nil), "High Number of Failures")
		return token != ""
	})
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(raw)
	flipped[len(flipped)-1] ^= 1
	other := bytes.Clone(raw)
	other[3] ^= 1
	for name, c := range map[string]struct {
		token  string
		status int
		says   string
	}{
		"a bit of the signature":       {base64.RawURLEncoding.EncodeToString(flipped), 401, "not one of ours"},
		"another page":                 {base64.RawURLEncoding.EncodeToString(other), 401, "not one of ours"},
		"cut off":                      {token[:len(token)-4], 401, "not one of ours"},
		"words":                        {"please-let-me-in", 401, "not one of ours"},
		"one that expired an hour ago": {expire(t, data, raw), 403, "expired"},
	} {
		for _, do := range []string{"GET /p/" + c.token, "POST /p/" + c.token + "/ack"} {
			method, path, _ := strings.Cut(do, " ")
			r := stranger.Do(method, path, nil)
			if r.Status != c.status || !strings.Contains(string(r.Body), c.says) {
				t.Errorf("%s: %s: %d, want %d and %q: %s", name, method, r.Status, c.status, c.says, r.Body)
			}
			if strings.Contains(string(r.Body), "High Number of Failures") {
				t.Errorf("%s shows the alert", name)
			}
		}
	}
	if got := d.Do("GET", "/api/v1/alerts/"+id, nil).Text("status"); got != "open" {
		t.Errorf("the alert is %s after forged links", got)
	}
	d.Do("GET", "/api/v1/audit", nil).Want(http.StatusOK, "forged page link refused")
	stranger.Do("POST", "/p/"+token+"/ack", nil).Want(http.StatusSeeOther)
	d.Stop()
}

// expire signs the link of a page anew with an expiry in the past: only who has the installation's key can.
func expire(t *testing.T, data string, raw []byte) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "seal.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		if key, err = hex.DecodeString(strings.TrimSpace(string(text))); err != nil {
			t.Fatal(err)
		}
	}
	links, err := hkdf.Key(sha256.New, key, nil, "muster page links", 32)
	if err != nil {
		t.Fatal(err)
	}
	const id, signed = 16, 20 // bytes of the page's ID, and of what is signed: then the expiry in seconds
	sign := func(b []byte) []byte {
		m := hmac.New(sha256.New, links)
		m.Write(b[:signed])
		return m.Sum(nil)[:len(b)-signed]
	}
	if !bytes.Equal(sign(raw), raw[signed:]) {
		t.Fatal("the links in pages are signed in another way than this test knows")
	}
	out := bytes.Clone(raw)
	binary.BigEndian.PutUint32(out[id:], uint32(time.Now().Add(-time.Hour).Unix()))
	copy(out[signed:], sign(out))
	return base64.RawURLEncoding.EncodeToString(out)
}

// TestCatalogWithTenErrors applies and validates a file in which ten things are wrong: ten are told, with their lines.
func TestCatalogWithTenErrors(t *testing.T) {
	const file = "../internal/catalog/testdata/ten-errors.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), os.Getenv(binaryEnv), "validate", file).CombinedOutput()
	if err == nil {
		t.Error("validate ends with status 0")
	}
	lines := []string{":5:", ":8:", ":13:", ":19:", ":21:", ":27:", ":33:", ":35:", ":43:", ":49:"}
	for _, l := range lines {
		if !strings.Contains(string(out), "ten-errors.yaml"+l) {
			t.Errorf("validate does not tell of line %s\n%s", l, out)
		}
	}
	if !strings.Contains(string(out), "did you mean policy?") {
		t.Errorf("validate does not suggest the nearest word:\n%s", out)
	}
	d := StartDemo(t, t.TempDir())
	r := d.Do("POST", "/api/v1/apply", map[string]any{"documents": string(text), "file": "ten-errors.yaml"}).Want(http.StatusUnprocessableEntity, "did you mean policy?")
	if list, _ := r.JSON("errors").([]any); len(list) < 10 {
		t.Errorf("apply tells of %d errors, want ten: %s", len(list), r.Body)
	}
	// All of it or none: nothing changed.
	d.Do("GET", "/api/v1/silences/move", nil).Want(http.StatusNotFound)
	d.Stop()
}

// TestHostileTextStaysText sends what attackers write into alerts, and reads every screen that shows it.
func TestHostileTextStaysText(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	stranger := d.As("")
	const script = `<script>alert(1)</script><img src=x onerror=alert(2)>`
	body := map[string]any{
		"title":   "Hostile " + script + " @everyone <at>Ana</at> \u202etxet",
		"summary": script + "\n[click](javascript:alert(3)) \u0000\u200b", "severity": "critical", "key": `"><script>`,
		"link": "javascript:alert(4)", "labels": map[string]string{"x\"><script>": "<b>", "host": script},
		"impact": "{{constructor.constructor('x')()}} <!channel>", "action": "rm -rf / ; $(reboot)",
	}
	id := stranger.Do("POST", "/in/"+d.Line.IntakeKey+"/generic", body).Want(http.StatusAccepted).Text("signals.0.alert")
	a := d.Do("GET", "/api/v1/alerts/"+id, nil).Want(http.StatusOK)
	if strings.ContainsAny(a.Text("title"), "\u202e\u0000\u200b") || strings.ContainsAny(a.Text("summary"), "\u0000") {
		t.Errorf("hidden direction or control characters are kept: %q %q", a.Text("title"), a.Text("summary"))
	}
	if strings.Contains(string(a.Body), `"url":"javascript:`) {
		t.Errorf("a link that runs script is kept: %s", a.Body)
	}
	key := a.Text("incident_key")
	d.Do("POST", "/api/v1/incidents/"+key+"/updates", map[string]any{"known": script, "doing": script, "in": "30m", "audience": "public"}).Want(http.StatusCreated)
	d.Do("POST", "/api/v1/incidents/"+key+"/timeline", map[string]any{"kind": "saw", "text": script}).Want(http.StatusCreated)
	d.Await(5*time.Second, "the update on the status page", func() bool {
		return strings.Contains(string(stranger.Do("GET", d.Line.StatusURL, nil).Body), "&lt;script&gt;")
	})

	browser := NewClient(t, d.URL, "")
	form := "token=" + d.Line.AdminToken
	browser.Do("POST", "/signin", form, "Content-Type", "application/x-www-form-urlencoded").Want(http.StatusSeeOther)
	for _, path := range []string{"/", "/alerts", "/a/" + id, "/i/" + key, "/incidents", "/status", "/wall", "/phones", d.Line.PhoneURL, d.Line.StatusURL} {
		r := browser.Do("GET", path, nil).Want(http.StatusOK)
		for _, bad := range []string{"<script>alert(", "<img src=x", `href="javascript:`, "\u202e"} {
			if strings.Contains(string(r.Body), bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
		if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(path, "/s/") && (csp == "" || strings.Contains(csp, "script-src 'unsafe-inline'")) {
			t.Errorf("%s has the content security policy %q", path, csp)
		}
	}
	d.Stop()
}
