package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/mustertest"
)

// failpoints are the places at which the binary ends itself when MUSTER_FAILPOINT names them, as app.Failpoints lists
// them, and alerts pass them: before, during and after a commit, before and after a page left, around a timer.
var failpoints = []string{
	"commit: before", "commit: after", "commit: reply", "deliver-before-start", "deliver-after-start", "deliver-after-call",
	"deliver-after-result", "timer-before", "timer-after",
}

// crashCatalog pages Ravi, and Ana after the shortest wait that a policy may have. Critical alerts are incidents.
const crashCatalog = `
kind: user
name: ana
display: Ana
email: ana@example.org
zone: Europe/Berlin
access: admin
notify: [{method: hook}]
storm: {off: true}
---
kind: user
name: ravi
display: Ravi
zone: Europe/Berlin
storm: {off: true}
---
kind: connector
name: hook
type: webhook
secrets: {secret: hook-secret}
---
kind: policy
name: urgent
title: Urgent
team: operations
steps:
  - {targets: [{user: ravi}], wait: 30s}
  - {targets: [{user: ana}], wait: 1h}
---
kind: source
name: monitoring
title: Monitoring
---
kind: statuspage
name: public
title: Public
audience: public
---
kind: route
name: critical
order: 10
match: severity == "critical"
policy: urgent
severity: SEV2
declare: true
---
kind: route
name: default
policy: urgent
`

// crashWorld is an installation that dies often.
type crashWorld struct {
	*Installation
	t       testing.TB
	phones  *Phones
	monitor string // intake key

	mu    sync.Mutex
	sent  []*sentAlert
	seq   atomic.Int64
	phase string
}

// sentAlert is an alert that was answered with 2xx: it must not be lost.
type sentAlert struct {
	title    string
	phase    string // what killed the process meanwhile
	alert    string // "" for Alertmanager's API, which does not tell
	critical bool
	ends     bool // its sender said when it ends
	acked    bool // an acknowledgement was answered with 2xx
}

func newCrashWorld(t testing.TB, store string) *crashWorld {
	t.Helper()
	w := &crashWorld{t: t, phones: NewPhones(t), Installation: NewInstallation(t, t.TempDir(), store)}
	w.Do("PUT", "/api/v1/secrets/hook-secret", map[string]any{"value": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}).Want(http.StatusNoContent)
	w.Do("POST", "/api/v1/apply", map[string]any{"documents": crashCatalog, "why": "crash test"}).Want(http.StatusOK)
	for _, u := range []string{"ana", "ravi"} {
		w.Do("POST", "/api/v1/users/"+u+"/contacts", map[string]any{"method": "hook", "connector": "hook", "address": w.phones.URL + "/" + u, "verified": true}).Want(http.StatusCreated)
	}
	w.monitor = w.Do("POST", "/api/v1/keys", map[string]any{"name": "monitoring", "source": "monitoring"}).Want(http.StatusCreated).Text("token")
	return w
}

// load sends alerts from several connections until the process is gone or everything was sent.
func (w *crashWorld) load(phase string, most int64) {
	w.mu.Lock()
	w.phase = phase
	w.mu.Unlock()
	last := w.seq.Load() + most
	p := w.Process
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for !p.Gone() {
				n := w.seq.Add(1)
				if n > last {
					return
				}
				w.send(phase, n)
			}
		})
	}
	wg.Wait()
}

// send sends the n-th alert. Answers that do not come are what a crash is about: then nothing is promised.
func (w *crashWorld) send(phase string, n int64) {
	s := &sentAlert{title: fmt.Sprintf("Alert %s-%d.", strings.NewReplacer(" ", "", ":", "", "#", "x").Replace(phase), n), phase: phase}
	stranger := w.As("")
	kind := n % 5
	if kind == 0 { // it ends by a timer
		s.ends = true
		r, err := stranger.Try("POST", "/in/"+w.monitor+"/api/v2/alerts", []map[string]any{{
			"labels":      map[string]string{"alertname": "Ends", "n": fmt.Sprint(n), "severity": "warning"},
			"annotations": map[string]string{"summary": s.title}, "endsAt": time.Now().Add(300 * time.Millisecond).Format(time.RFC3339Nano),
		}})
		if err == nil && r.Status == http.StatusOK {
			w.keep(s)
		}
		return
	}
	severity := "major"
	if kind == 1 {
		severity, s.critical = "critical", true
	}
	r, err := stranger.Try("POST", "/in/"+w.monitor+"/generic", map[string]any{"title": s.title, "key": fmt.Sprint(n), "severity": severity})
	if err != nil || r.Status != http.StatusAccepted {
		return
	}
	s.alert = r.Text("signals.0.alert")
	if kind == 2 {
		r, err := w.Try("POST", "/api/v1/alerts/"+s.alert+"/acknowledge", nil)
		s.acked = err == nil && r.Status == http.StatusOK
		if !s.acked {
			s.ends = true // nobody knows whether it was acknowledged: its page may have been cancelled
		}
	}
	w.keep(s)
}

func (w *crashWorld) keep(s *sentAlert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, s)
}

// of lists what was answered with 2xx in a phase, everything for "".
func (w *crashWorld) of(phase string) (out []*sentAlert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.sent {
		if phase == "" || s.phase == phase {
			out = append(out, s)
		}
	}
	return out
}

// goesOn checks that everything of a phase that was answered with 2xx is there and goes on.
func (w *crashWorld) goesOn(phase string) {
	w.t.Helper()
	sent := w.of(phase)
	var missing []string
	if !Eventually(15*time.Second, func() bool {
		rang := map[string]bool{}
		for _, r := range w.phones.Rang() {
			rang[r.Title] = true
		}
		missing = missing[:0]
		for _, s := range sent {
			if !rang[s.title] && !s.ends && !s.acked {
				missing = append(missing, s.title)
			}
		}
		return len(missing) == 0
	}) {
		w.t.Errorf("%s: %d of %d alerts were answered with 2xx and paged nobody: %v", phase, len(missing), len(sent), missing[:min(len(missing), 5)])
	}
	for _, s := range sent {
		if s.alert == "" {
			continue
		}
		a := w.Do("GET", "/api/v1/alerts/"+s.alert, nil).Want(http.StatusOK, s.title)
		if s.acked && a.Text("status") != "acknowledged" {
			w.t.Errorf("%s: %s was acknowledged, answered with 2xx, and is %s", phase, s.title, a.Text("status"))
		}
		if s.critical && a.Text("incident_key") == "" {
			w.t.Errorf("%s: %s is critical and its incident is gone: %s", phase, s.title, a.Body)
		}
	}
	for _, s := range sent {
		if !s.ends || s.alert != "" {
			continue
		}
		w.Await(10*time.Second, s.title+" to end by its timer", func() bool {
			r := w.Do("GET", "/api/v1/alerts?q="+url.QueryEscape(s.title), nil).Want(http.StatusOK)
			return r.Text("items.0.status") == "resolved"
		})
	}
}

func TestKilledAtEveryFailpointAndAtRandom(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		killedAndGoesOn(t, "")
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		dsn := mustertest.Postgres(t)
		t.Parallel()
		killedAndGoesOn(t, dsn)
	})
}

func killedAndGoesOn(t *testing.T, store string) {
	w := newCrashWorld(t, store)
	kills, counts := 20, []int{1, 9}
	if os.Getenv("MUSTER_TEST_LONG") != "" {
		kills, counts = 200, []int{1, 2, 5, 9, 30, 60}
	}

	// Before the first crash: an alert that nobody answers, and an incident with a room and a promise.
	first := w.As("").Do("POST", "/in/"+w.monitor+"/generic", map[string]any{"title": "Nobody answers.", "key": "first", "severity": "major"}).Want(http.StatusAccepted).Text("signals.0.alert")
	began := time.Now()
	key := w.Do("POST", "/api/v1/incidents", map[string]any{"title": "Outlives the crashes", "severity": "SEV1"}).Want(http.StatusCreated).Text("key")
	room := "/api/v1/incidents/" + key
	w.Do("POST", room+"/timeline", map[string]any{"kind": "saw", "text": "It was there before the first crash"}).Want(http.StatusCreated)
	w.Do("POST", room+"/updates", map[string]any{"known": "Something is wrong", "doing": "We look", "in": "30m", "audience": "public"}).Want(http.StatusCreated)
	promise := w.Do("GET", room, nil).Want(http.StatusOK).JSON("promise")
	w.Process.Kill()

	for _, name := range failpoints {
		for _, n := range counts {
			phase := fmt.Sprintf("%s#%d", name, n)
			err := w.Start("MUSTER_FAILPOINT=" + phase)
			if err == nil {
				w.load(phase, int64(80+20*n))
				select {
				case <-w.Process.Ended():
				case <-time.After(5 * time.Second):
					t.Errorf("%s: the process never came there", phase)
				}
			}
			w.Process.Kill()
			w.MustStart()
			w.goesOn(phase)
			w.Process.Kill()
		}
	}

	seed := uint64(time.Now().UnixNano())
	t.Logf("random moments of seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	for i := range kills {
		phase := fmt.Sprintf("kill%d", i)
		p, _ := w.launch(nil)
		w.Process = p
		w.HTTP.CloseIdleConnections()
		ready := func() bool { return p.Gone() || w.Ready() }
		if i%4 == 0 { // while it starts
			timer := time.AfterFunc(time.Duration(moments.Int64N(int64(400*time.Millisecond))), p.Kill)
			Eventually(5*time.Second, ready)
			w.load(phase, 200)
			timer.Stop()
		} else { // while it works
			Eventually(20*time.Second, ready)
			timer := time.AfterFunc(time.Duration(moments.Int64N(int64(400*time.Millisecond))), p.Kill)
			w.load(phase, 200)
			<-p.Ended()
			timer.Stop()
		}
		p.Kill()
	}
	w.MustStart()
	for i := range kills {
		w.goesOn(fmt.Sprintf("kill%d", i))
	}

	// The room of before is there, with what was said and promised.
	w.Do("GET", room+"/timeline", nil).Want(http.StatusOK, "It was there before the first crash", "Something is wrong")
	if after := w.Do("GET", room, nil).Want(http.StatusOK, "Outlives the crashes").JSON("promise"); fmt.Sprint(after) != fmt.Sprint(promise) {
		t.Errorf("the promise was %v and is %v", promise, after)
	}
	w.As("").Do("GET", "/s/public/", nil).Want(http.StatusOK, "Something is wrong")

	// The alert that nobody answered went on to its second step, no earlier than it should.
	w.Await(40*time.Second, "the second step of the first alert", func() bool { return len(w.ringsOf(first)) > 1 })
	rings := w.ringsOf(first)
	if rings[0].Person != "Ravi" || rings[len(rings)-1].Person != "Ana" || rings[len(rings)-1].At.Sub(began) < 30*time.Second {
		t.Errorf("the first alert rang %+v", rings)
	}
	w.everyPageHasOneID()
	w.eachRepeatHasItsDeath(w.Installation)
	w.everyIncidentHasOneAlert()
	t.Logf("%d alerts were answered with 2xx, %d pages rang", len(w.of("")), len(w.phones.Rang()))
	w.Process.Stop()
}

// ringsOf lists the rings of an alert, each page once.
func (w *crashWorld) ringsOf(alert string) (out []Ring) {
	for _, r := range w.phones.Rang() {
		if r.Alert == alert && !slices.ContainsFunc(out, func(o Ring) bool { return o.Page == r.Page }) {
			out = append(out, r)
		}
	}
	return out
}

// everyPageHasOneID checks that a page that went out twice says that it is the same, and that no step paged twice.
func (w *crashWorld) everyPageHasOneID() {
	w.t.Helper()
	type step struct {
		alert, person string
		step, round   int
	}
	ids := map[step]string{}
	twice := 0
	for _, r := range w.phones.Rang() {
		at := step{r.Alert, r.Person, r.Step, r.Round}
		if r.Key != r.Page {
			w.t.Errorf("a page went out with the ID %s, and is %s", r.Key, r.Page)
		}
		switch have := ids[at]; {
		case have == "":
			ids[at] = r.Key
		case have != r.Key:
			w.t.Errorf("%s rang twice for %s, with the IDs %s and %s", r.Person, r.Title, have, r.Key)
		default:
			twice++
		}
	}
	w.t.Logf("%d pages, %d sent again with the same ID", len(ids), twice)
}

// eachRepeatHasItsDeath checks that a page rang once more at most for each time that a process died between two rings.
func (w *crashWorld) eachRepeatHasItsDeath(nodes ...*Installation) {
	w.t.Helper()
	var deaths []time.Time
	for _, in := range nodes {
		for _, p := range in.launched {
			if p.Gone() {
				deaths = append(deaths, p.died)
			}
		}
	}
	const blur = time.Second // a ring is seen a little after it was sent, a death a little after it happened
	before := map[string]time.Time{}
	for _, r := range w.phones.Rang() {
		last, again := before[r.Key]
		if again && !slices.ContainsFunc(deaths, func(d time.Time) bool { return d.After(last.Add(-blur)) && d.Before(r.At) }) {
			w.t.Errorf("%s rang again for %s (%s) though no process had died since, %v before", r.Person, r.Title, r.Key, r.At.Sub(last))
		}
		before[r.Key] = r.At
	}
}

// everyIncidentHasOneAlert checks that no crash declared an incident twice.
func (w *crashWorld) everyIncidentHasOneAlert() {
	w.t.Helper()
	declared := map[string]string{}
	for cursor := ""; ; {
		r := w.Do("GET", "/api/v1/incidents?limit=200&cursor="+url.QueryEscape(cursor), nil).Want(http.StatusOK)
		items, _ := r.JSON("items").([]any)
		for i := range items {
			title, key := r.Text(fmt.Sprintf("items.%d.title", i)), r.Text(fmt.Sprintf("items.%d.key", i))
			if other := declared[title]; other != "" {
				w.t.Errorf("%q was declared as %s and as %s", title, other, key)
			}
			declared[title] = key
		}
		if cursor = r.Text("next"); cursor == "" {
			return
		}
	}
}
