package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestBrowserScannerProvesNothing: a mail scanner opens the link of a page in a browser of its own, runs its scripts, makes up
// events and follows every link. It proves and acknowledges nothing. A person who touches the screen proves that they
// opened it, and still acknowledges nothing.
func TestBrowserScannerProvesNothing(t *testing.T) {
	d, b := StartDemo(t, t.TempDir()), NewBrowser(t)
	alert := d.As("").Do("POST", d.URL+"/in/"+d.Line.IntakeKey+"/azure-monitor", seedAlert(t)).Want(http.StatusAccepted).Text("signals.0.alert")
	link := d.ringing()
	d.Await(patience, "the page to be accepted", func() bool { return d.pageState(alert) == "accepted" })

	scanner := b.Private(d.Line.URL)
	scanner.Go(link)
	scanner.Sees("h1", "High Number of Failures")
	Eval[bool](scanner, `(["pointerdown","touchstart","keydown","click"].forEach(kind => document.querySelector("h1").dispatchEvent(new Event(kind, {bubbles: true}))), true)`)
	links := Eval[[]string](scanner, `[...document.querySelectorAll("a[href]")].map(a => a.href)`)
	if len(links) == 0 {
		t.Error("the page has no links to follow")
	}
	for _, to := range links {
		if strings.HasPrefix(to, d.URL) {
			Eval[int](scanner, `fetch("`+to+`").then(r => r.status)`)
		}
	}
	if got := d.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK); got.Text("status") != "open" || got.Text("pages.0.state") != "accepted" {
		t.Fatalf("after the scanner: the alert is %s, the page %s", got.Text("status"), got.Text("pages.0.state"))
	}

	phone := b.Private(d.Line.URL)
	phone.Go(link)
	phone.Click("h1")
	d.Await(patience, "the page to be proved", func() bool { return d.pageState(alert) == "proved" })
	got := d.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK, "opened the page")
	if got.Text("status") != "open" {
		t.Errorf("touching the screen made the alert %s", got.Text("status"))
	}
}
