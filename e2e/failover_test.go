package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// pair is a primary and a synchronous standby of PostgreSQL, which the test kills and promotes as Patroni would.
type pair struct {
	t        testing.TB
	bin, dir string
	password string
	as       *syscall.Credential // PostgreSQL does not run as root
	ports    [2]int
	servers  [2]*exec.Cmd
	logs     [2]*lockedBuffer
	primary  int
}

// newPair starts both. Without PostgreSQL the test is skipped, visibly; under make it fails.
func newPair(t testing.TB) *pair {
	t.Helper()
	if os.Getenv("MUSTER_TEST_POSTGRES") == "" {
		if os.Getenv("MUSTER_TEST_REQUIRED") != "" {
			t.Fatal("MUSTER_TEST_POSTGRES is not set: make sets it")
		}
		t.Skip("MUSTER_TEST_POSTGRES is not set: this test starts PostgreSQL servers of its own; make test runs it")
	}
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if initdb, perr := exec.LookPath("initdb"); len(bins) == 0 && perr == nil {
		bins = []string{filepath.Dir(initdb)}
	}
	if err != nil || len(bins) == 0 {
		t.Fatal("the programs of PostgreSQL are neither in /usr/lib/postgresql/*/bin nor on the path: scripts/deps.sh installs them")
	}
	p := &pair{t: t, bin: slices.Max(bins), ports: [2]int{FreePort(t), FreePort(t)}}
	if p.dir, err = os.MkdirTemp("", "muster-pair-"); err != nil { //nolint:usetesting // the user postgres cannot enter the folder that a test gets
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill(0)
		p.kill(1)
		_ = os.RemoveAll(p.dir)
	})
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal("there is no user postgres that could run PostgreSQL, which root cannot: scripts/deps.sh installs it")
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(p.dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	secret := make([]byte, 12)
	_, _ = rand.Read(secret) // crypto/rand does not fail
	p.password = hex.EncodeToString(secret)
	if err := os.WriteFile(filepath.Join(p.dir, "password"), []byte(p.password+"\n"), 0o644); err != nil { //nolint:gosec // of this test, in a directory of its own
		t.Fatal(err)
	}
	p.run("initdb", "-D", p.data(0), "--username=muster", "--pwfile="+filepath.Join(p.dir, "password"), "--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync")
	p.start(0)
	p.standby(1)
	return p
}

func (p *pair) data(i int) string { return filepath.Join(p.dir, "s"+strconv.Itoa(i)) }

func (p *pair) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), filepath.Join(p.bin, name), args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "PGPASSWORD="+p.password, "HOME="+p.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	return cmd
}

func (p *pair) run(name string, args ...string) {
	p.t.Helper()
	if out, err := p.command(name, args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// start starts a server and waits until it answers.
func (p *pair) start(i int) {
	p.t.Helper()
	cmd := p.command("postgres", "-D", p.data(i), "-p", strconv.Itoa(p.ports[i]), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "shared_buffers=32MB", "-c", "dynamic_shared_memory_type=mmap", "-c", "wal_receiver_status_interval=1s", "-c", "wal_retrieve_retry_interval=500ms", "-c", "jit=off")
	p.logs[i] = &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = p.logs[i], p.logs[i]
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.servers[i] = cmd
	if !Eventually(30*time.Second, func() bool {
		conn, err := pgx.Connect(context.Background(), p.one(i, "postgres"))
		if err == nil {
			_ = conn.Close(context.Background())
		}
		return err == nil
	}) {
		p.t.Fatalf("server %d does not answer:\n%s", i, p.logs[i])
	}
}

// standby makes server i a copy of the primary, and lets commits wait for it.
func (p *pair) standby(i int) {
	p.t.Helper()
	p.kill(i)
	if err := os.RemoveAll(p.data(i)); err != nil {
		p.t.Fatal(err)
	}
	p.run("pg_basebackup", "-D", p.data(i), "-R", "-c", "fast", "-X", "stream", "-d",
		fmt.Sprintf("host=127.0.0.1 port=%d user=muster password=%s application_name=s%d", p.ports[p.primary], p.password, i))
	p.start(i)
	p.do("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (s0, s1)'")
	p.do("SELECT pg_reload_conf()")
	p.synchronous()
}

// synchronous waits until the standby has everything and commits wait for it.
func (p *pair) synchronous() {
	p.t.Helper()
	if !Eventually(30*time.Second, func() bool {
		return p.value("SELECT COUNT(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')") == "1"
	}) {
		p.t.Fatalf("the standby does not follow:\n%s", p.logs[1-p.primary])
	}
}

// kill ends a server and its children as a power cut would.
func (p *pair) kill(i int) {
	cmd := p.servers[i]
	if cmd == nil {
		return
	}
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid)) // where there is no such file they end by themselves
	_ = cmd.Process.Kill()
	for child := range strings.FieldsSeq(string(children)) {
		if pid, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = cmd.Wait()
	p.servers[i] = nil
}

// promote makes the standby the primary, on which commits wait for nobody until it has a standby of its own.
func (p *pair) promote() {
	p.t.Helper()
	p.primary = 1 - p.primary
	p.run("pg_ctl", "promote", "-w", "-D", p.data(p.primary))
}

func (p *pair) one(i int, database string) string {
	return fmt.Sprintf("postgres://muster:%s@127.0.0.1:%d/%s?sslmode=disable&connect_timeout=5", p.password, p.ports[i], database)
}

// dsn lists both, as a node is told them.
func (p *pair) dsn() string {
	return fmt.Sprintf("postgres://muster:%s@127.0.0.1:%d,127.0.0.1:%d/muster?sslmode=disable&target_session_attrs=read-write&connect_timeout=3", p.password, p.ports[0], p.ports[1])
}

func (p *pair) do(statement string) {
	p.t.Helper()
	p.value(statement)
}

// value is the first value of a statement's first row, on the primary.
func (p *pair) value(statement string) string {
	p.t.Helper()
	conn, err := pgx.Connect(context.Background(), p.one(p.primary, "postgres"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	results, err := conn.PgConn().Exec(context.Background(), statement).ReadAll()
	if err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
	if len(results) == 0 || len(results[0].Rows) == 0 {
		return ""
	}
	return string(bytes.Clone(results[0].Rows[0][0]))
}

// TestPrimaryIsLostUnderLoad kills the primary while monitors send to two nodes, and promotes the synchronous standby.
// Nothing that was answered with 2xx is lost, and pages go out again within seconds.
func TestPrimaryIsLostUnderLoad(t *testing.T) {
	p := newPair(t)
	t.Parallel()
	p.do("CREATE DATABASE muster")
	w := newCrashWorld(t, p.dsn())
	other := w.beside(p.dsn())
	w.commitsOnOneServerCountForNothing(p, other)

	rounds := 1
	if os.Getenv("MUSTER_TEST_LONG") != "" {
		rounds = 10
	}
	var slowest time.Duration
	for round := range rounds {
		phase := fmt.Sprintf("failover%d", round)
		done := make(chan struct{})
		var wg sync.WaitGroup
		refused := make(chan struct{}, 100_000)
		for c := range 6 {
			wg.Go(func() {
				node := []*Client{w.Client, other.Client}[c%2]
				for i := 0; ; i++ {
					select {
					case <-done:
						return
					default:
					}
					title := fmt.Sprintf("Alert %s-%d-%d.", phase, c, i)
					alert, status, took := w.report(node, title)
					switch {
					case alert != "":
						w.keep(&sentAlert{title: title, phase: phase, alert: alert})
					case took > 6*time.Second || status != http.StatusServiceUnavailable:
						t.Errorf("%s was answered %d after %v", title, status, took)
						return
					default:
						refused <- struct{}{}
					}
				}
			})
		}
		w.Await(20*time.Second, "some load", func() bool { return len(w.of(phase)) > 200 })
		killed := time.Now()
		p.kill(p.primary)
		acked := len(w.of(phase))
		p.promote()
		promoted := time.Now()
		w.Await(60*time.Second, "alerts to be taken again", func() bool { return len(w.of(phase)) > acked+20 })
		first := promoted.Add(w.firstRingAfter(promoted)).Sub(killed)
		slowest = max(slowest, first)
		close(done)
		wg.Wait()
		t.Logf("failover %d: %d answered with 2xx before the kill, promoted %v later, first page %v after the kill; %d requests refused meanwhile",
			round, acked, promoted.Sub(killed).Round(time.Millisecond), first.Round(time.Millisecond), len(refused))
		w.allArePaged(phase, 75*time.Second)
		if round+1 < rounds {
			p.standby(1 - p.primary)
		}
	}
	w.everyPageHasOneID()
	t.Logf("%d failovers: %d alerts were answered with 2xx, none was lost; the slowest first page came %v after the kill", rounds, len(w.of("")), slowest.Round(time.Millisecond))
	if rounds > 1 && slowest > firstPageWithin {
		t.Errorf("the slowest first page came %v after its primary was killed, want %v at most", slowest, firstPageWithin)
	}
	w.MustStop()
	other.MustStop()
}

// firstPageWithin is how soon after the loss of a primary pages go out again at the latest, where its standby is promoted at
// once. The long run asserts it; the short one, beside all other tests, tells it alone.
const firstPageWithin = 15 * time.Second

// firstRingAfter waits for the first page of an alert that was taken after a moment.
func (w *crashWorld) firstRingAfter(at time.Time) time.Duration {
	w.t.Helper()
	var first time.Time
	w.Await(60*time.Second, "a page", func() bool {
		for _, r := range w.phones.Rang() {
			if r.At.After(at) {
				first = r.At
				return true
			}
		}
		return false
	})
	return first.Sub(at)
}

// allArePaged checks that everything of a phase is there and rang. What a node had begun when the primary was lost takes
// as long as a lease.
func (w *crashWorld) allArePaged(phase string, within time.Duration) {
	w.t.Helper()
	sent := w.of(phase)
	var missing []string
	if !Eventually(within, func() bool {
		rang := map[string]bool{}
		for _, r := range w.phones.Rang() {
			rang[r.Title] = true
		}
		missing = missing[:0]
		for _, s := range sent {
			if !rang[s.title] {
				missing = append(missing, s.title)
			}
		}
		return len(missing) == 0
	}) {
		w.t.Errorf("%s: %d of %d alerts were answered with 2xx and paged nobody: %v", phase, len(missing), len(sent), missing[:min(5, len(missing))])
	}
	for i, s := range sent {
		if i%10 == 0 || len(sent) < 500 {
			w.Do("GET", "/api/v1/alerts/"+s.alert, nil).Want(http.StatusOK, s.title)
		}
	}
}

// commitsOnOneServerCountForNothing takes the standby away. A commit then waits, and may be ended by an operator with
// "canceling wait for synchronous replication": it is on one server only, so the sender gets 503, and asks again.
func (w *crashWorld) commitsOnOneServerCountForNothing(p *pair, other *Installation) {
	w.t.Helper()
	standby := 1 - p.primary
	p.kill(standby)
	alert, status, took := w.report(w.Client, "Nobody confirms.")
	if status != http.StatusServiceUnavailable || took > 5*time.Second {
		w.t.Errorf("without the standby %q was answered %d after %v", alert, status, took)
	}
	answered := make(chan string, 1)
	go func() {
		alert, status, took := w.report(other.Client, "Half confirmed.")
		answered <- fmt.Sprintf("%s %d after %v", alert, status, took.Round(time.Millisecond))
	}()
	cancelled := 0
	got := ""
	w.Await(20*time.Second, "the answer", func() bool {
		n, _ := strconv.Atoi(p.value("SELECT COUNT(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
		cancelled += n
		select {
		case got = <-answered:
			return true
		default:
			return false
		}
	})
	if !strings.HasPrefix(got, " 503 ") || cancelled == 0 {
		w.t.Errorf("%d commits were cancelled while they waited for the standby, and the sender was answered%s", cancelled, got)
	}
	w.t.Logf("without the standby: 503 after %v; with pg_cancel_backend during the wait:%s", took.Round(time.Millisecond), got)
	p.start(standby)
	p.synchronous()
	for title, node := range map[string]*Client{"Nobody confirms.": other.Client, "Half confirmed.": w.Client} {
		var alert string
		w.Await(40*time.Second, title, func() bool {
			alert, _, _ = w.report(node, title)
			return alert != ""
		})
		w.awaitRings(60*time.Second, "Ravi", alert, 1)
		w.keep(&sentAlert{title: title, phase: "standby", alert: alert})
	}
}
