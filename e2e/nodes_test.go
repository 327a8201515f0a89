package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/muster-oncall/muster/internal/mustertest"
)

// beside starts another node on the store of an installation: equal, with a data directory and a port of its own.
func (w *crashWorld) beside(store string) *Installation {
	w.t.Helper()
	data := w.t.TempDir()
	key, err := os.ReadFile(filepath.Join(w.Data, "seal.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(data, "seal.key"), key, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	in := &Installation{Client: NewClient(w.t, fmt.Sprintf("http://127.0.0.1:%d", FreePort(w.t)), w.Token), Data: data, Store: store}
	in.MustStart()
	return in
}

// report sends an alert to a node and says what came of it: its ID, or the status that refused it, and how long it took.
func (w *crashWorld) report(to *Client, title string) (alert string, status int, took time.Duration) {
	began := time.Now()
	r, err := to.As("").Try("POST", "/in/"+w.monitor+"/generic", map[string]any{"title": title, "key": title, "severity": "major"})
	took = time.Since(began)
	if err != nil {
		return "", 0, took
	}
	if r.Status == http.StatusAccepted {
		alert = r.Text("signals.0.alert")
	}
	return alert, r.Status, took
}

// awaitRings waits until an alert rang so often at somebody's, repetitions included.
func (w *crashWorld) awaitRings(within time.Duration, person, alert string, n int) []Ring {
	w.t.Helper()
	var rings []Ring
	w.Await(within, fmt.Sprintf("%d rings of %s", n, alert), func() bool {
		rings = rings[:0]
		for _, r := range w.phones.Rang() {
			if r.Alert == alert && r.Person == person {
				rings = append(rings, r)
			}
		}
		return len(rings) >= n
	})
	return rings
}

// Proxy stands between a node and its database, and can be cut: then nothing comes through any more, and nobody is told.
type Proxy struct {
	l  net.Listener
	to string

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

// NewProxy listens for a server.
func NewProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{l: l, to: to}
	go p.run()
	t.Cleanup(func() {
		_ = l.Close()
		p.Heal()
	})
	return p
}

func (p *Proxy) run() {
	for {
		from, err := p.l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conns = append(p.conns, from)
		cut := p.cut
		p.mu.Unlock()
		if cut {
			continue // it is open, and silent
		}
		to, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, to)
		p.mu.Unlock()
		go p.carry(from, to)
		go p.carry(to, from)
	}
}

func (p *Proxy) carry(from, to net.Conn) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		p.mu.Lock()
		cut := p.cut
		p.mu.Unlock()
		if cut {
			continue // what is said is lost, until it is healed
		}
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				_ = from.Close()
				return
			}
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

// Cut loses everything from now on; connections stay open.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
}

// Heal lets new connections through; those of before are of no use to anybody.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// through is the DSN of a store behind a proxy.
func through(t testing.TB, dsn string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProxy(t, u.Host)
	u.Host = p.l.Addr().String()
	return p, u.String()
}

// TestTwoNodes does to one of two nodes what happens to machines: it is killed while it holds a page that it has started,
// it is paused past its lease and goes on, it is cut off from the database. The three go on at the same time, each on a
// database of its own, because each takes as long as a lease.
func TestTwoNodes(t *testing.T) {
	stores := [3]string{mustertest.Postgres(t), mustertest.Postgres(t), mustertest.Postgres(t)}
	t.Parallel()

	// Killed: the page was started and never sent.
	killed := newCrashWorld(t, stores[0])
	other := killed.beside(stores[0])
	killed.Process.Kill()
	if err := killed.Start("MUSTER_FAILPOINT=deliver-after-start"); err != nil {
		t.Fatal(err)
	}
	lost, _, _ := killed.report(killed.Client, "The node dies.")
	diedAt := time.Now()
	if lost == "" {
		t.Fatal("the alert was not taken")
	}
	<-killed.Process.Ended()

	// Paused: the phone has the page and answers late.
	paused := newCrashWorld(t, stores[1])
	second := paused.beside(stores[1])
	answer := make(chan struct{})
	var once sync.Once
	paused.phones.Hold(func(Ring) (wait <-chan struct{}) {
		once.Do(func() { wait = answer })
		return wait
	})
	slow, _, _ := paused.report(paused.Client, "The node sleeps.")
	paused.awaitRings(10*time.Second, "Ravi", slow, 1)
	if err := paused.Process.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	pausedAt := time.Now()

	// Cut off: it runs, and reaches nothing.
	cut := newCrashWorld(t, stores[2])
	third := cut.beside(stores[2])
	cut.MustStop()
	proxy, behind := through(t, stores[2])
	cut.Store = behind
	cut.MustStart()
	steps, _, _ := cut.report(cut.Client, "Somebody else goes on.")
	cut.awaitRings(10*time.Second, "Ravi", steps, 1)
	proxy.Cut()
	for i := range 3 {
		alert, status, took := cut.report(cut.Client, "Cut off.")
		if alert != "" || status != http.StatusServiceUnavailable || took > 5*time.Second {
			t.Errorf("a node that is cut off answered %d after %v (%d)", status, took, i)
		}
	}
	again, status, took := cut.report(third.Client, "Cut off.")
	if status != http.StatusAccepted {
		t.Fatalf("the other node answered %d after %v", status, took)
	}
	cut.awaitRings(5*time.Second, "Ravi", again, 1)
	t.Logf("cut off: 503, and the other node took and paged it within %v", took)

	// The page of the node that died arrives from the other one.
	rings := killed.awaitRings(60*time.Second, "Ravi", lost, 1)
	t.Logf("killed: the page arrived %v after the node had died", rings[0].At.Sub(diedAt).Round(time.Millisecond))
	other.Do("GET", "/api/v1/alerts/"+lost, nil).Want(http.StatusOK, "The node dies.")

	// The page of the node that sleeps is sent again by the other; then it wakes up, and its word counts no more.
	rings = paused.awaitRings(60*time.Second, "Ravi", slow, 2)
	t.Logf("paused: the page arrived again %v after the node had been stopped", rings[1].At.Sub(pausedAt).Round(time.Millisecond))
	if rings[0].Key != rings[1].Key || rings[0].Page != rings[1].Page {
		t.Errorf("the two rings are not the same page: %+v", rings)
	}
	second.Do("POST", "/api/v1/alerts/"+slow+"/acknowledge", nil).Want(http.StatusOK)
	before := second.Do("GET", "/api/v1/alerts/"+slow+"/why", nil).Want(http.StatusOK)
	if err := paused.Process.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	close(answer)
	paused.Await(15*time.Second, "the node that slept to be ready", paused.Ready)
	_, _, _ = paused.report(paused.Client, "It works again.")
	paused.MustStop() // what it had to say is said by now
	after := second.Do("GET", "/api/v1/alerts/"+slow+"/why", nil).Want(http.StatusOK)
	if a, b := fmt.Sprint(before.JSON("pages")), fmt.Sprint(after.JSON("pages")); a != b {
		t.Errorf("the late word of the node that slept was written:\n%s\n%s", a, b)
	}
	if rings := paused.awaitRings(time.Second, "Ravi", slow, 2); len(rings) != 2 {
		t.Errorf("the page rang %d times", len(rings))
	}

	// The step that the node which is cut off had armed is taken by the other one; healed, it goes on.
	cut.awaitRings(60*time.Second, "Ana", steps, 1)
	proxy.Heal()
	cut.Await(20*time.Second, "the node to be ready again", cut.Ready)
	if alert, status, _ := cut.report(cut.Client, "Healed."); status != http.StatusAccepted {
		t.Errorf("healed, the node answered %d", status)
	} else {
		cut.awaitRings(10*time.Second, "Ravi", alert, 1)
	}
	for _, w := range []*crashWorld{killed, paused, cut} {
		w.everyPageHasOneID()
	}
	other.MustStop()
	second.MustStop()
	third.MustStop()
}

// TestNodesAreHinted changes the catalog at one node, and the other knows it long before its next look.
func TestNodesAreHinted(t *testing.T) {
	store := mustertest.Postgres(t)
	t.Parallel()
	w := newCrashWorld(t, store)
	other := w.beside(store)
	w.Do("POST", "/api/v1/apply", map[string]any{"documents": "kind: team\nname: platform\ntitle: Platform\n", "why": "a test"}).Want(http.StatusOK)
	began := time.Now()
	w.Await(5*time.Second, "the other node to know the team", func() bool {
		r, err := other.Try("GET", "/api/v1/teams/platform", nil)
		return err == nil && r.Status == http.StatusOK
	})
	t.Logf("the other node knew after %v", time.Since(began).Round(time.Millisecond))
	w.MustStop()
	other.MustStop()
}

// TestANewerSchemaIsTakenOrRefusedLoudly starts on databases that a newer version has changed: one that says that older
// versions can work with it, and one that says that they cannot (I38).
func TestANewerSchemaIsTakenOrRefusedLoudly(t *testing.T) {
	store := mustertest.Postgres(t)
	t.Parallel()
	w := newCrashWorld(t, store)
	w.MustStop()
	do := func(statement string) {
		conn, err := pgx.Connect(context.Background(), store)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
	do("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
	w.MustStart()
	alert := w.alert("Taken by the version before.")
	w.awaitRings(10*time.Second, "Ravi", alert, 1)
	w.MustStop()
	do("UPDATE meta SET value = '99999' WHERE name = 'schema_floor'")
	Refused(t, "newer Muster", "serve", "--listen", "127.0.0.1:0", "--data", w.Data, "--store", store)
}

// TestTwoNodesKilledInTurn kills one of two nodes again and again, at named failpoints and at random moments, while
// monitors send to the other when one does not answer. Nothing that was answered with 2xx is lost.
func TestTwoNodesKilledInTurn(t *testing.T) {
	if os.Getenv("MUSTER_TEST_LONG") == "" {
		t.Skip("200 kills take a quarter of an hour: make test-long (TestTwoNodes is the short form)")
	}
	store := mustertest.Postgres(t)
	w := newCrashWorld(t, store)
	other := w.beside(store)
	nodes := []*Installation{w.Installation, other}
	seed := uint64(time.Now().UnixNano())
	t.Logf("random moments of seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	for i := range 200 {
		victim, friend := nodes[i%2], nodes[(i+1)%2]
		phase := fmt.Sprintf("two%d", i)
		if i%4 < 2 { // at a failpoint
			victim.Process.Kill()
			if err := victim.Start(fmt.Sprintf("MUSTER_FAILPOINT=%s#%d", failpoints[i%len(failpoints)], 1+moments.IntN(20))); err != nil {
				t.Log(err)
			}
		}
		timer := time.AfterFunc(time.Duration(100+moments.Int64N(600))*time.Millisecond, victim.Process.Kill)
		w.spread(phase, 120, victim.Client, friend.Client)
		timer.Stop()
		victim.Process.Kill()
		victim.MustStart()
	}
	sent := w.of("")
	w.Await(90*time.Second, "every page", func() bool {
		rang := map[string]bool{}
		for _, r := range w.phones.Rang() {
			rang[r.Title] = true
		}
		for _, s := range sent {
			if !rang[s.title] {
				return false
			}
		}
		return true
	})
	for _, s := range sent {
		w.Do("GET", "/api/v1/alerts/"+s.alert, nil).Want(http.StatusOK, s.title)
	}
	w.everyPageHasOneID()
	w.eachRepeatHasItsDeath(nodes...)
	t.Logf("200 kills: %d alerts were answered with 2xx and none was lost", len(sent))
	w.MustStop()
	other.MustStop()
}

// spread sends alerts from several connections, each to the other node when one does not take it.
func (w *crashWorld) spread(phase string, most int, nodes ...*Client) {
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			for i := range most / 4 {
				title := fmt.Sprintf("Alert %s-%d-%d.", phase, c, i)
				for try := range 6 {
					if alert, _, _ := w.report(nodes[(c+try)%len(nodes)], title); alert != "" {
						w.keep(&sentAlert{title: title, phase: phase, alert: alert})
						break
					}
				}
			}
		})
	}
	wg.Wait()
}
