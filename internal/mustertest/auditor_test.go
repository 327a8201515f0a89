package mustertest_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/mustertest"
	"github.com/muster-oncall/muster/internal/store"
)

// watchdog is somebody outside who hears heartbeats.
type watchdog struct {
	mu    sync.Mutex
	beats []time.Time
	body  string
}

func (d *watchdog) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body) // what broke off is not what the story asks about
	d.mu.Lock()
	defer d.mu.Unlock()
	d.beats, d.body = append(d.beats, time.Now()), string(b)
}

func (d *watchdog) heard() (n int, last time.Time, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n = len(d.beats); n > 0 {
		last = d.beats[n-1]
	}
	return n, last, d.body
}

// gateAt holds up whoever comes to a named place while it is closed.
type gateAt struct {
	mu     sync.Mutex
	name   string
	closed chan struct{}
}

func (g *gateAt) shut(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.name, g.closed = name, make(chan struct{})
}

func (g *gateAt) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed != nil {
		close(g.closed)
	}
	g.name, g.closed = "", nil
}

func (g *gateAt) pass(name string) {
	g.mu.Lock()
	wait := g.closed
	if name != g.name {
		wait = nil
	}
	g.mu.Unlock()
	if wait != nil {
		<-wait
	}
}

// watched tells a story with the auditor, a watchdog outside and a gate that can hold things up.
func watched(t *testing.T, story func(t *testing.T, w *mustertest.World, d *watchdog, g *gateAt)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := &gateAt{}
		w := mustertest.New(t, mustertest.Options{Dir: dir, Auditor: true, Failpoint: g.pass})
		defer w.Stop()
		defer g.open()
		d := &watchdog{}
		w.Phones.Serve("watchdog.test", d)
		w.Do("ravi", http.MethodPut, "/api/v1/heartbeat", map[string]any{"url": "https://watchdog.test/x"}).Want(http.StatusForbidden)
		w.Do("ana", http.MethodPut, "/api/v1/heartbeat", map[string]any{"url": "https://watchdog.test/secret", "every": "1m"}).Want(http.StatusOK)
		story(t, w, d, g)
	})
}

func findings(w *mustertest.World) (kinds string) {
	for _, f := range w.App.Auditor.Status().Findings {
		kinds += f.Kind + " "
	}
	return kinds
}

func directly(w *mustertest.World) (who []string) {
	for _, r := range w.Phones.Rang() {
		if strings.HasPrefix(r.Title, "Muster itself") {
			who = append(who, r.Person)
		}
	}
	return who
}

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	watched(t, func(t *testing.T, w *mustertest.World, d *watchdog, _ *gateAt) {
		w.Fire("cart", "critical")
		pass(10*time.Minute + time.Second)
		n, _, body := d.heard()
		if n < 9 || n > 11 || !strings.Contains(body, "ledger ") || strings.HasSuffix(body, "ledger 0:\n") {
			t.Errorf("%d heartbeats within 10 minutes, the last one says %q", n, body)
		}
		if f := findings(w); f != "" {
			t.Errorf("the auditor found %s", f)
		}
		about := w.Do("ravi", http.MethodGet, "/api/v1/watch", nil).Want(http.StatusOK)
		if about.Text("heartbeat") != "watchdog.test" || about.Text("heartbeat_at") == "" || strings.Contains(string(about.Body), "secret") {
			t.Errorf("what is told about the heartbeat: %s", about.Body)
		}
	})
}

// The writer stalls: nothing can be written, so nothing gets into the outbox. The heartbeat stops, and the admin's phone
// rings all the same.
func TestTheWriterStalls(t *testing.T) {
	t.Parallel()
	watched(t, func(t *testing.T, w *mustertest.World, d *watchdog, g *gateAt) {
		pass(5 * time.Minute)
		stalled := time.Now()
		g.shut("commit: before")
		pass(3 * time.Minute)
		if _, last, _ := d.heard(); last.Sub(stalled) > time.Minute {
			t.Errorf("the last heartbeat came %s after the writer had stalled", last.Sub(stalled))
		}
		if who := directly(w); len(who) != 1 || who[0] != "Ana" {
			t.Errorf("reached directly: %v, wanted the admin once", who)
		}
		if f := findings(w); !strings.Contains(f, "writer stalls") {
			t.Errorf("the auditor found %q", f)
		}
		n, _, _ := d.heard()
		g.open()
		pass(2 * time.Minute)
		if m, _, _ := d.heard(); m <= n {
			t.Errorf("the heartbeat did not come back")
		}
		if f := findings(w); f != "" {
			t.Errorf("it is over, and the auditor still finds %q", f)
		}
	})
}

// Somebody deletes the timer of an open alert by hand: nothing would happen to it any more.
func TestATimerIsDeleted(t *testing.T) {
	t.Parallel()
	watched(t, func(t *testing.T, w *mustertest.World, d *watchdog, _ *gateAt) {
		alert := w.Fire("cart", "critical")
		pass(time.Minute)
		err := w.App.DB.Write(t.Context(), store.LanePeople, "test", func(tx store.Tx) error { return tx.DeleteTimersOf(alert) })
		if err != nil {
			t.Fatal(err)
		}
		n, _, _ := d.heard()
		pass(3 * time.Minute)
		if m, _, _ := d.heard(); m > n {
			t.Errorf("%d heartbeats while an alert is forgotten", m-n)
		}
		if who := directly(w); len(who) != 1 || who[0] != "Ana" {
			t.Errorf("told: %v, wanted the admin once", who)
		}
		if f := findings(w); f != "no wake-up " {
			t.Errorf("the auditor found %q", f)
		}
		w.Do("ana", http.MethodPost, "/api/v1/alerts/"+alert+"/acknowledge", nil).Want(http.StatusOK)
		pass(time.Minute)
		if f := findings(w); f != "" {
			t.Errorf("somebody has it, and the auditor still finds %q", f)
		}
	})
}

// The loop that delivers hangs: pages are written down and never begun.
func TestDeliveriesHang(t *testing.T) {
	t.Parallel()
	watched(t, func(t *testing.T, w *mustertest.World, d *watchdog, g *gateAt) {
		pass(time.Minute)
		g.shut("deliver-before-start")
		hung := time.Now()
		w.Fire("cart", "critical")
		pass(3 * time.Minute)
		if _, last, _ := d.heard(); last.Sub(hung) > time.Minute {
			t.Errorf("the last heartbeat came %s after deliveries had hung", last.Sub(hung))
		}
		if f := findings(w); !strings.Contains(f, "deliveries late") {
			t.Errorf("the auditor found %q", f)
		}
		list := w.Do("ana", http.MethodGet, "/api/v1/notices", nil).Want(http.StatusOK)
		if !strings.Contains(string(list.Body), string(muster.NoticeAuditor)) {
			t.Errorf("the admin is not told: %s", list.Body)
		}
	})
}

// The loop of timers hangs: the probe's own timer shows it before anybody is forgotten.
func TestTimersHang(t *testing.T) {
	t.Parallel()
	watched(t, func(t *testing.T, w *mustertest.World, d *watchdog, g *gateAt) {
		pass(time.Minute)
		hung := time.Now()
		g.shut("timer-before")
		pass(3 * time.Minute)
		if _, last, _ := d.heard(); last.Sub(hung) > time.Minute {
			t.Errorf("the last heartbeat came %s after timers had hung", last.Sub(hung))
		}
		if f := findings(w); !strings.Contains(f, "timers late") {
			t.Errorf("the auditor found %q", f)
		}
		if who := directly(w); len(who) != 1 || who[0] != "Ana" {
			t.Errorf("told: %v, wanted the admin once", who)
		}
	})
}
