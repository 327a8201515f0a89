package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/connector/teams/fake"
	"github.com/muster-oncall/muster/internal/contracts"
)

// seedAlert is the alert of the talk that Muster is built from, as it is published.
func seedAlert(t testing.TB) []byte {
	t.Helper()
	b, err := contracts.FS.ReadFile("ops20-alert_body.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var pageToken = regexp.MustCompile(`/p/([A-Za-z0-9_-]{20,})`)

// pageOnPhones is the token of the page that the demo's phones show for an alert, "" while there is none.
func pageOnPhones(r *Reply, title string) string {
	if i := strings.Index(string(r.Body), title); i < 0 {
		return ""
	}
	m := pageToken.FindSubmatch(r.Body)
	if m == nil {
		return ""
	}
	return string(m[1])
}

// TestFromTheAlertToTheReview is the whole way, by plain HTTP: what a stranger does with curl.
func TestFromTheAlertToTheReview(t *testing.T) {
	data := t.TempDir()
	d := StartDemo(t, data)
	stranger := d.As("")

	// The alert comes in. Within a second everything is there.
	began := time.Now()
	got := stranger.Do("POST", d.URL+"/in/"+d.Line.IntakeKey+"/azure-monitor", seedAlert(t)).Want(http.StatusAccepted, `"outcome":"opened"`)
	id := got.Text("signals.0.alert")
	alert, link := d.Do("GET", "/api/v1/alerts/"+id, nil), ""
	d.Await(patience, "alert, page and incident", func() bool {
		alert = d.Do("GET", "/api/v1/alerts/"+id, nil).Want(http.StatusOK)
		if alert.Text("pages.0.state") == "accepted" && alert.Text("incident_key") != "" {
			link = pageOnPhones(stranger.Do("GET", d.Line.PhoneURL, nil).Want(http.StatusOK), "High Number of Failures")
		}
		return link != ""
	})
	t.Logf("it took %v until everything was there", time.Since(began)) // bench judges
	for path, want := range map[string]string{"title": "High Number of Failures", "severity": "critical", "status": "open", "service": "cart"} {
		if got := alert.Text(path); got != want {
			t.Errorf("%s of the alert is %q, want %q", path, got, want)
		}
	}
	why := d.Do("GET", "/api/v1/alerts/"+id+"/why", nil).Want(http.StatusOK, "critical-monitoring", "storefront-urgent")
	if person := alert.Text("pages.0.person"); person == "" || why.Text("people.0.id") != person {
		t.Errorf("%q was paged, and the explanation says %q", person, why.Text("people.0.id"))
	}
	steps, _ := why.JSON("steps").([]any)
	var kinds []string
	for i := range steps {
		kinds = append(kinds, why.Text(fmt.Sprintf("steps.%d.kind", i)))
	}
	for _, k := range []string{"source", "fingerprint", "route", "policy", "step", "roster", "person", "contact"} {
		if !slices.Contains(kinds, k) {
			t.Errorf("the explanation has no step of kind %q: %v", k, kinds)
		}
	}
	d.Do("GET", "/api/v1/pages/"+alert.Text("pages.0.id")+"/why", nil).Want(http.StatusOK)
	key := alert.Text("incident_key")
	room := "/api/v1/incidents/" + key
	inc := d.Do("GET", room, nil).Want(http.StatusOK, "High Number of Failures")
	if inc.Text("status") != "open" || inc.Text("severity") != "SEV2" {
		t.Errorf("the incident is %s", inc.Body)
	}
	for _, q := range []string{"when", "how", "bad"} {
		if inc.Text("answers."+q+".text") == "" {
			t.Errorf("the incident does not answer %q: %s", q, inc.Body)
		}
	}

	// Looking at the page does nothing; its button acknowledges, and proves that the page arrived.
	stranger.Do("GET", "/p/"+link, nil).Want(http.StatusOK, "High Number of Failures")
	if got := d.Do("GET", "/api/v1/alerts/"+id, nil); got.Text("status") != "open" {
		t.Fatalf("looking made the alert %s", got.Text("status"))
	}
	stranger.Do("POST", "/p/"+link+"/ack", nil).Want(http.StatusSeeOther)
	if got := d.Do("GET", "/api/v1/alerts/"+id, nil); got.Text("status") != "acknowledged" || got.Text("pages.0.state") != "proved" {
		t.Errorf("after the button: %s", got.Body)
	}
	d.Do("POST", "/api/v1/alerts/"+id+"/acknowledge", nil).Want(http.StatusOK) // it holds already
	if got := d.Do("GET", room, nil).Want(http.StatusOK); got.Text("answers.who.text") == "" {
		t.Errorf("somebody knows, and the incident does not say who: %s", got.Body)
	}

	// An update is on the static page: served, and as a file that any host could serve.
	d.Do("POST", room+"/updates", map[string]any{
		"known": "Customers cannot add items to the cart", "doing": "We undo the last release", "in": "20m", "audience": "public",
	}).Want(http.StatusCreated)
	onPage := func(text string) func() bool {
		return func() bool {
			served := stranger.Do("GET", d.Line.StatusURL, nil).Want(http.StatusOK)
			file, err := os.ReadFile(filepath.Join(data, "status", "public", "index.html"))
			return err == nil && strings.Contains(string(served.Body), text) && strings.Contains(string(file), text)
		}
	}
	d.Await(5*time.Second, "the update on the status page", onPage("Customers cannot add items to the cart"))

	// From Teams, signed as Teams signs it.
	say := func(text string) string {
		t.Helper()
		answer, err := fake.Post(t.Context(), d.HTTP, d.Line.TeamsWebhookURL, d.Line.TeamsSecret, fake.Message{Mention: "StatusPage", Text: text, Name: "Tom Becker", At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if answer := say("update Two of six regions work again"); !strings.Contains(answer, "the default") {
		t.Errorf("the answer in Teams does not say which promise was filled in: %q", answer)
	}
	d.Await(5*time.Second, "the update from Teams on the status page", onPage("Two of six regions work again"))

	// It is over. The review is drafted from what was said.
	d.Do("POST", room+"/timeline", map[string]any{"kind": "did", "text": "Rolled cart-api back"}).Want(http.StatusCreated)
	d.Do("POST", room+"/mitigate", nil).Want(http.StatusOK)
	d.Do("POST", room+"/resolve", nil).Want(http.StatusOK)
	if got := d.Do("GET", "/api/v1/alerts/"+id, nil); got.Text("status") != "resolved" {
		t.Errorf("the alert is %s after its incident was resolved", got.Text("status"))
	}
	draft := d.Do("POST", room+"/review", nil).Want(http.StatusCreated, "Customers cannot add items to the cart", "Two of six regions work again", "Rolled cart-api back")
	if n, _ := draft.JSON("timeline").([]any); len(n) < 8 || draft.Text("status") != "draft" {
		t.Errorf("the draft holds %d entries: %s", len(n), draft.Body)
	}

	// The same directory gives the same tokens, and what happened is still there.
	line := d.Line
	d.Stop()
	again := StartDemo(t, data)
	if again.Line.AdminToken != line.AdminToken || again.Line.IntakeKey != line.IntakeKey || again.Line.TeamsSecret != line.TeamsSecret {
		t.Error("the same directory gave other tokens")
	}
	if got := again.Do("GET", room, nil).Want(http.StatusOK); got.Text("status") != "resolved" {
		t.Errorf("after a restart the incident is %s", got.Text("status"))
	}
	again.Stop()
}
