package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// startAlertmanager runs a real Alertmanager that sends everything to url at once, and returns its own address.
func startAlertmanager(t *testing.T, to string) *Client {
	t.Helper()
	bin, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		if os.Getenv("MUSTER_TEST_POSTGRES") != "" || os.Getenv("MUSTER_TEST_REQUIRED") != "" {
			t.Fatal("prometheus-alertmanager is not installed: scripts/deps.sh installs it")
		}
		t.Skip("prometheus-alertmanager is not installed: make test installs it")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "alertmanager.yml")
	text := fmt.Sprintf(`
route:
  receiver: muster
  group_by: ['...']
  group_wait: 10ms
  group_interval: 500ms
  repeat_interval: 1h
receivers:
  - name: muster
    webhook_configs:
      - url: %s
        send_resolved: true
`, to)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	cmd := exec.CommandContext(t.Context(), bin, "--config.file="+config, "--storage.path="+dir, "--web.listen-address="+addr, "--cluster.listen-address=")
	var log lockedBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("Alertmanager wrote:\n%s", log.String())
		}
	})
	c := NewClient(t, "http://"+addr, "")
	c.Await(20*time.Second, "Alertmanager to be ready", func() bool {
		r, err := c.Try("GET", "/-/ready", nil)
		return err == nil && r.Status == http.StatusOK
	})
	return c
}

// alertCalled is the newest alert with these words in its title.
func (c *Client) alertCalled(title string) *Reply {
	c.t.Helper()
	var found *Reply
	c.Await(10*time.Second, "an alert called "+title, func() bool {
		list := c.Do("GET", "/api/v1/alerts?q="+url.QueryEscape(title), nil).Want(http.StatusOK)
		id := list.Text("items.0.id")
		if id == "" {
			return false
		}
		found = c.Do("GET", "/api/v1/alerts/"+id, nil).Want(http.StatusOK)
		return true
	})
	return found
}

func TestRealAlertmanagerFiresAndResolves(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	am := startAlertmanager(t, d.URL+"/in/"+d.Line.IntakeKey+"/alertmanager")
	alert := map[string]any{
		"labels":       map[string]string{"alertname": "CheckoutErrors", "severity": "critical", "service": "checkout", "region": "westeurope"},
		"annotations":  map[string]string{"summary": "Checkout answers 5xx", "description": "12 % of requests fail", "impact": "Customers cannot pay"},
		"generatorURL": "https://prometheus.example.org/graph?g0.expr=up",
		"startsAt":     time.Now().Add(-time.Minute).Format(time.RFC3339Nano),
	}
	am.Do("POST", "/api/v2/alerts", []any{alert}, "Content-Type", "application/json").Want(http.StatusOK)
	a := d.alertCalled("Checkout answers 5xx")
	for path, want := range map[string]string{
		"status": "open", "severity": "critical", "service": "checkout", "impact": "Customers cannot pay", "summary": "12 % of requests fail",
		"labels.region": "westeurope", "links.0.url": "https://prometheus.example.org/graph?g0.expr=up", "policy": "payments-urgent",
	} {
		if got := a.Text(path); got != want {
			t.Errorf("%s of the alert is %q, want %q", path, got, want)
		}
	}
	id := a.Text("id")
	d.Await(5*time.Second, "somebody to be paged", func() bool {
		return d.Do("GET", "/api/v1/alerts/"+id, nil).Text("pages.0.state") == "accepted"
	})

	alert["endsAt"] = time.Now().Format(time.RFC3339Nano)
	am.Do("POST", "/api/v2/alerts", []any{alert}, "Content-Type", "application/json").Want(http.StatusOK)
	d.Await(20*time.Second, "Alertmanager to report the end", func() bool {
		return d.Do("GET", "/api/v1/alerts/"+id, nil).Text("status") == "resolved"
	})

	// The same condition again is a new alert.
	delete(alert, "endsAt")
	alert["startsAt"] = time.Now().Format(time.RFC3339Nano)
	am.Do("POST", "/api/v2/alerts", []any{alert}, "Content-Type", "application/json").Want(http.StatusOK)
	d.Await(20*time.Second, "the alert to fire again", func() bool {
		a := d.alertCalled("Checkout answers 5xx")
		return a.Text("id") != id && a.Text("status") == "open"
	})
}

// TestPrometheusSendsStraightToMuster posts what Prometheus posts to an Alertmanager: alerts again and again with an end
// that moves on; the end passes when Prometheus goes quiet.
func TestPrometheusSendsStraightToMuster(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	stranger := d.As("")
	post := func(name string, ends time.Time) {
		t.Helper()
		r := stranger.Do("POST", "/in/"+d.Line.IntakeKey+"/api/v2/alerts", []any{map[string]any{
			"labels": map[string]string{"alertname": name, "severity": "warning", "service": "search"}, "annotations": map[string]string{"summary": name + " summary"},
			"startsAt": time.Now().Add(-time.Minute).Format(time.RFC3339Nano), "endsAt": ends.Format(time.RFC3339Nano), "generatorURL": "http://prometheus:9090/graph",
		}}).Want(http.StatusOK)
		if len(r.Body) != 0 {
			t.Errorf("Alertmanager's API answers nothing, this answers %s", r.Body)
		}
	}
	began := time.Now()
	post("Slow", began.Add(700*time.Millisecond))
	id := d.alertCalled("Slow summary").Text("id")
	post("Slow", began.Add(2*time.Second)) // it moves on
	d.Await(10*time.Second, "the alert to end", func() bool { return d.Do("GET", "/api/v1/alerts/"+id, nil).Text("status") == "resolved" })
	if took := time.Since(began); took < 2*time.Second || took > 6*time.Second {
		t.Errorf("the alert ended after %v; its sender had moved the end to 2 s", took)
	}

	// An end that has passed ends it at once.
	post("Short", time.Now().Add(time.Hour))
	id = d.alertCalled("Short summary").Text("id")
	post("Short", time.Now().Add(-time.Second))
	if got := d.Do("GET", "/api/v1/alerts/"+id, nil).Text("status"); got != "resolved" {
		t.Errorf("the alert is %s after an end that has passed", got)
	}

	// As Alertmanager does, it takes the good ones of a request and tells of the bad ones.
	stranger.Do("POST", "/in/"+d.Line.IntakeKey+"/api/v2/alerts",
		`[{"labels":{"alertname":"Good"}},{"labels":{"severity":"warning"}}]`).Want(http.StatusBadRequest, "alertname")
	d.alertCalled("Good")
	d.Stop()
}
