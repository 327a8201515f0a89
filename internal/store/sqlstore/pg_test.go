package sqlstore_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

// postgres is a store with a connection beside it that can do to it what happens to databases.
type postgres struct {
	*testing.T
	dsn  string
	db   *sqlstore.DB
	side *pgx.Conn

	atCommit func() // called before the next commit
	events   atomic.Int64
}

func newPostgres(t *testing.T, timeout time.Duration) *postgres {
	t.Helper()
	p := &postgres{T: t, dsn: storetest.Postgres(t)}
	db, err := sqlstore.Open(t.Context(), p.dsn, sqlstore.Options{
		Timeout:  timeout,
		OnCommit: func(e []store.Event) { p.events.Add(int64(len(e))) },
		Failpoint: func(name string) {
			if do := p.atCommit; do != nil && name == "commit: before" {
				p.atCommit = nil
				do()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p.db = db
	if p.side, err = pgx.Connect(t.Context(), p.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.side.Close(context.Background()) })
	return p
}

func (p *postgres) do(statement string) {
	p.Helper()
	if _, err := p.side.Exec(p.Context(), statement); err != nil {
		p.Fatalf("%s: %v", statement, err)
	}
}

// cut ends every connection of the store.
func (p *postgres) cut() {
	p.do("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
}

func (p *postgres) write(fn func(tx store.Tx) error) error {
	return p.db.Write(p.Context(), store.LanePeople, "test", func(tx store.Tx) error {
		tx.Emit(store.Event{Topic: "now"})
		return fn(tx)
	})
}

func (p *postgres) value(key string) (v string) {
	p.Helper()
	if err := p.db.Read(p.Context(), func(r store.Reader) (err error) {
		v, err = r.Meta(key)
		return err
	}); err != nil {
		p.Fatal(err)
	}
	return v
}

func (p *postgres) unknown(err error) {
	p.Helper()
	if muster.CodeOf(err) != muster.ErrUnavailable || !strings.Contains(err.Error(), "nobody knows") {
		p.Errorf("the error is %v", err)
	}
	if p.events.Load() != 0 {
		p.Error("events came out of a commit without an answer")
	}
}

// TestConnectionsAreCut cuts every connection while a command runs and while the pool is idle: the command runs again.
func TestConnectionsAreCut(t *testing.T) {
	t.Parallel()
	p := newPostgres(t, 0)
	runs := 0
	if err := p.write(func(tx store.Tx) error {
		runs++
		if err := tx.SetMeta("first", fmt.Sprint(runs)); err != nil {
			return err
		}
		if runs == 1 {
			p.cut()
		}
		return tx.SetMeta("second", fmt.Sprint(runs))
	}); err != nil {
		t.Fatalf("after %d runs: %v", runs, err)
	}
	if got := p.value("first") + p.value("second"); got != "22" || p.events.Load() != 1 {
		t.Errorf("wrote %q, %d events", got, p.events.Load())
	}
	p.cut()
	if err := p.write(func(tx store.Tx) error { return tx.SetMeta("idle", "1") }); err != nil {
		t.Errorf("after idle connections were cut: %v", err)
	}
	p.cut()
	if got := p.value("idle"); got != "1" {
		t.Errorf("reading after a cut gives %q", got)
	}
	p.events.Store(0)
	p.atCommit = p.cut
	p.unknown(p.write(func(tx store.Tx) error { return tx.SetMeta("commit", "1") }))
}

// TestReplicationIsNotWaitedFor has the server say, during a commit, that it gave up waiting for its standby: the commit
// succeeds, and yet nobody may be told so.
func TestReplicationIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	p := newPostgres(t, 0)
	p.do(`CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE WARNING 'canceling wait for synchronous replication due to user request'; RETURN NULL; END $$`)
	p.do(`CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON meta DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()`)
	p.unknown(p.write(func(tx store.Tx) error { return tx.SetMeta("a", "1") }))
	p.do(`DROP TRIGGER warn ON meta`)
	if err := p.write(func(tx store.Tx) error { return tx.SetMeta("b", "1") }); err != nil {
		t.Errorf("the next commit: %v", err)
	}
}

// TestSlowCommit waits for a commit no longer than it may, and does not disturb it.
func TestSlowCommit(t *testing.T) {
	t.Parallel()
	p := newPostgres(t, 2*time.Second)
	p.do(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(9); RETURN NULL; END $$`)
	p.do(`CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON meta DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()`)
	begin := time.Now()
	p.unknown(p.write(func(tx store.Tx) error { return tx.SetMeta("a", "1") }))
	if took := time.Since(begin); took > 8*time.Second { // before the server was done
		t.Errorf("the answer took %v", took)
	}
	// A cancelled commit would have been rolled back: the lock shows when it is over, the row that it was not hurried.
	p.do("BEGIN; LOCK TABLE meta IN ACCESS EXCLUSIVE MODE; COMMIT")
	if got := p.value("a"); got != "1" {
		t.Errorf("the commit was disturbed: %q", got)
	}
}

// TestLockedRow waits for a row that somebody else holds no longer than it may.
func TestLockedRow(t *testing.T) {
	t.Parallel()
	p := newPostgres(t, 300*time.Millisecond)
	p.do("BEGIN; UPDATE counter SET value = value")
	begin := time.Now()
	err := p.write(func(tx store.Tx) error {
		_, err := tx.NextIncidentNumber()
		return err
	})
	if muster.CodeOf(err) != muster.ErrUnavailable || time.Since(begin) > 3*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	p.do("ROLLBACK")
	if err := p.write(func(tx store.Tx) error {
		_, err := tx.NextIncidentNumber()
		return err
	}); err != nil {
		t.Errorf("after the row was let go: %v", err)
	}
}

// TestDeadlock has two commands lock two rows in opposite order: both are done.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	p := newPostgres(t, 0)
	for _, k := range []string{"a", "b"} {
		if err := p.write(func(tx store.Tx) error { return tx.SetMeta(k, "") }); err != nil {
			t.Fatal(err)
		}
	}
	var both, all sync.WaitGroup
	both.Add(2)
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		all.Go(func() {
			first := true
			if err := p.write(func(tx store.Tx) error {
				v, err := tx.Meta(order[0])
				if err != nil {
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				w, err := tx.Meta(order[1])
				if err != nil {
					return err
				}
				if err := tx.SetMeta(order[0], v+"x"); err != nil {
					return err
				}
				return tx.SetMeta(order[1], w+"x")
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := p.value("a") + p.value("b"); got != "xxxx" {
		t.Errorf("wrote %q", got)
	}
}

// TestManyHosts lists a host that is not there first, as a DSN does after a failover.
func TestManyHosts(t *testing.T) {
	t.Parallel()
	dsn, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	dsn.Host = "127.0.0.1:1," + dsn.Host
	q := dsn.Query()
	q.Set("target_session_attrs", "read-write")
	dsn.RawQuery = q.Encode()
	db := open(t, dsn.String(), nil)
	if err := db.Write(t.Context(), store.LaneIntake, "test", func(tx store.Tx) error { return tx.SetMeta("a", "1") }); err != nil {
		t.Error(err)
	}
}

// TestNodesStartTogether opens one empty database from several nodes at once.
func TestNodesStartTogether(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			db, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Write(t.Context(), store.LanePeople, "test", func(tx store.Tx) error {
				_, err := tx.NextIncidentNumber()
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
