package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

func openTest(t testing.TB, path string, o Options) (*DB, *lite) {
	t.Helper()
	db, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	l, ok := db.b.(*lite)
	if !ok {
		t.Fatalf("%s is a %T", path, db.b)
	}
	return db, l
}

func temp(t testing.TB) string { return filepath.Join(t.TempDir(), "muster.db") }

func set(key, value string) func(store.Tx) error {
	return func(tx store.Tx) error { return tx.SetMeta(key, value) }
}

func values(t *testing.T, db *DB, keys ...string) (list string) {
	t.Helper()
	if err := db.Read(t.Context(), func(r store.Reader) error {
		for _, k := range keys {
			v, err := r.Meta(k)
			if err != nil {
				return err
			}
			list += v + " "
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(list)
}

// held runs commands in one batch: the writer is held up until all of them wait in its lanes.
func held(t *testing.T, db *DB, l *lite, commands ...func(store.Tx) error) []error {
	t.Helper()
	hold, begun := make(chan struct{}), make(chan struct{})
	errs := make([]error, len(commands))
	var all sync.WaitGroup
	all.Go(func() {
		_ = db.Write(t.Context(), store.LanePeople, "hold", func(store.Tx) error {
			close(begun)
			<-hold
			return nil
		})
	})
	<-begun
	for i, c := range commands {
		all.Go(func() { errs[i] = db.Write(t.Context(), store.LanePeople, fmt.Sprint("command ", i), c) })
		for len(l.writer.lanes[store.LanePeople]) <= i {
			runtime.Gosched()
		}
	}
	close(hold)
	all.Wait()
	return errs
}

func TestCommitsAreShared(t *testing.T) {
	t.Parallel()
	commits := 0
	db, l := openTest(t, temp(t), Options{Failpoint: func(name string) {
		if name == "commit: after" {
			commits++
		}
	}})
	var commands []func(store.Tx) error
	for i := range maxBatch {
		commands = append(commands, set(fmt.Sprint(i), "x"))
	}
	for i, err := range held(t, db, l, commands...) {
		if err != nil {
			t.Errorf("command %d: %v", i, err)
		}
	}
	if commits > 3 {
		t.Errorf("%d commits for %d commands", commits, len(commands))
	}
}

// TestLostTransaction takes the transaction away from under a command, as SQLite does when the disk is full or broken:
// what its neighbours did is gone, so they run again, each by itself.
func TestLostTransaction(t *testing.T) {
	t.Parallel()
	db, l := openTest(t, temp(t), Options{})
	runs := 0
	lose := func(tx store.Tx) error {
		if err := tx.SetMeta("lost", "x"); err != nil {
			return err
		}
		if _, err := l.writer.conn.exec("ROLLBACK"); err != nil {
			return err
		}
		return tx.SetMeta("lost", "y") // in no transaction at all
	}
	loseByRead := func(tx store.Tx) error {
		if _, err := l.writer.conn.exec("ROLLBACK"); err != nil {
			return err
		}
		_, err := l.writer.conn.exec("no statement")
		return poison(tx, err)
	}
	for _, c := range []func(store.Tx) error{lose, loseByRead} {
		runs = 0
		errs := held(t, db, l, set("a", "1"), func(tx store.Tx) error {
			runs++
			return tx.SetMeta("b", fmt.Sprint(runs))
		}, func(store.Tx) error { return errors.New("mine") }, c, set("c", "1"))
		for i, want := range []string{"", "", "mine", "?", ""} {
			if got := errs[i]; want == "" && got != nil || want == "mine" && got.Error() != want || want == "?" && got == nil {
				t.Errorf("command %d: %v", i, got)
			}
		}
		if got := values(t, db, "a", "b", "c"); got != "1 2 1" {
			t.Errorf("the neighbours wrote %q", got)
		}
	}
}

func poison(s store.Tx, err error) error {
	if t, ok := s.(*tx); ok {
		return t.fail(err)
	}
	return errors.New("not a transaction of ours")
}

// TestSpoiltTransaction has a command fail after it wrote: its neighbours run again, with what they had from outside.
func TestSpoiltTransaction(t *testing.T) {
	t.Parallel()
	db, l := openTest(t, temp(t), Options{})
	for _, with := range []string{"without savepoints", "with savepoints"} {
		var entries []*muster.Entry
		var commands []func(store.Tx) error
		for i := range 6 {
			e := &muster.Entry{ID: muster.EntryID(fmt.Sprint(with, i)), Incident: muster.IncidentID(with), Kind: muster.EntrySaid}
			entries = append(entries, e)
			commands = append(commands, func(tx store.Tx) error {
				if err := tx.AppendEntries([]*muster.Entry{e}); err != nil {
					return err
				}
				if i%3 == 1 {
					return errors.New("no")
				}
				return nil
			})
		}
		errs := held(t, db, l, commands...)
		want := int64(0)
		for i, e := range entries {
			if failed := i%3 == 1; failed != (errs[i] != nil) {
				t.Errorf("%s: command %d: %v", with, i, errs[i])
			} else if failed && e.Seq != 0 {
				t.Errorf("%s: the entry of a failed command has the number %d", with, e.Seq)
			} else if !failed {
				if want++; e.Seq != want {
					t.Errorf("%s: entry %d has the number %d, wanted %d", with, i, e.Seq, want)
				}
			}
		}
	}
}

func TestCommitFails(t *testing.T) {
	t.Parallel()
	var l *lite
	fail := false
	var events []store.Event
	db, l := openTest(t, temp(t), Options{
		OnCommit: func(e []store.Event) { events = append(events, e...) },
		Failpoint: func(name string) {
			if fail && name == "commit: before" {
				fail = false
				_, _ = l.writer.conn.exec("ROLLBACK")
			}
		},
	})
	fail = true
	err := db.Write(t.Context(), store.LanePeople, "test", func(tx store.Tx) error {
		tx.Emit(store.Event{Topic: "now"})
		return tx.SetMeta("a", "1")
	})
	if muster.CodeOf(err) != muster.ErrUnavailable || len(events) != 0 {
		t.Errorf("a commit without an answer: %v, events %v", err, events)
	}
	if err := db.Write(t.Context(), store.LanePeople, "test", set("b", "1")); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// TestGoexit ends the writer's goroutine from inside a command, as a test that fails there does.
func TestGoexit(t *testing.T) {
	t.Parallel()
	db, l := openTest(t, temp(t), Options{})
	errs := held(t, db, l, set("a", "1"), func(tx store.Tx) error {
		_ = tx.SetMeta("b", "1")
		runtime.Goexit()
		return nil
	}, set("c", "1"))
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("errors are %v", errs)
	}
	if got := values(t, db, "a", "b", "c"); got != "1  1" {
		t.Errorf("wrote %q", got)
	}
}

func TestCloseWaits(t *testing.T) {
	t.Parallel()
	path := temp(t)
	db, l := openTest(t, path, Options{})
	hold, begun := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	var first, second error
	all.Go(func() {
		first = db.Write(t.Context(), store.LanePeople, "first", func(tx store.Tx) error {
			close(begun)
			<-hold
			return tx.SetMeta("a", "1")
		})
	})
	<-begun
	all.Go(func() { second = db.Write(t.Context(), store.LaneIntake, "second", set("b", "1")) })
	for len(l.writer.lanes[store.LaneIntake]) == 0 {
		runtime.Gosched()
	}
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	<-l.writer.quit
	close(hold)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	all.Wait()
	if first != nil {
		t.Errorf("the command that had begun: %v", first)
	}
	again, _ := openTest(t, path, Options{})
	want := "1"
	if second == nil {
		want = "1 1" // it shared the commit
	} else if muster.CodeOf(second) != muster.ErrUnavailable {
		t.Errorf("the command that waited: %v", second)
	}
	if got := values(t, again, "a", "b"); got != want {
		t.Errorf("after opening again: %q, wanted %q", got, want)
	}
	if err := db.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// TestCancelledWhileQueued gives up while another command holds the writer: nothing of it is done.
func TestCancelledWhileQueued(t *testing.T) {
	t.Parallel()
	db, l := openTest(t, temp(t), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var queued error
	var all sync.WaitGroup
	running, stop := context.WithCancel(t.Context())
	err := db.Write(running, store.LanePeople, "hold", func(tx store.Tx) error {
		all.Go(func() { queued = db.Write(ctx, store.LanePeople, "queued", set("queued", "1")) })
		for len(l.writer.lanes[store.LanePeople]) == 0 {
			runtime.Gosched()
		}
		cancel()
		all.Wait()
		stop()
		return tx.SetMeta("running", "1")
	})
	if muster.CodeOf(queued) != muster.ErrUnavailable || !strings.Contains(queued.Error(), "nothing was changed") {
		t.Errorf("cancelled while queued: %v", queued)
	}
	if err != nil && (muster.CodeOf(err) != muster.ErrUnavailable || !strings.Contains(err.Error(), "nobody knows")) {
		t.Errorf("cancelled while running: %v", err)
	}
	if err := db.Write(t.Context(), store.LanePeople, "after", set("after", "1")); err != nil {
		t.Fatal(err)
	}
	if got := values(t, db, "running", "queued", "after"); got != "1  1" {
		t.Errorf("wrote %q", got)
	}
}

// TestBubble runs the store where time is made up: it moves while nobody works, and the writer ends with Close.
func TestBubble(t *testing.T) {
	path := temp(t)
	synctest.Test(t, func(t *testing.T) {
		db, _ := openTest(t, path, Options{})
		begin := time.Now()
		var seen []muster.Instant
		for range 3 {
			if err := db.Write(t.Context(), store.LanePeople, "test", func(tx store.Tx) error {
				seen = append(seen, tx.Now())
				return tx.SetMeta("at", tx.Now().String())
			}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		hold := make(chan struct{})
		go func() {
			_ = db.Write(t.Context(), store.LanePeople, "hold", func(store.Tx) error {
				<-hold
				return nil
			})
		}()
		synctest.Wait()
		if err := db.Write(ctx, store.LanePeople, "late", set("late", "1")); muster.CodeOf(err) != muster.ErrUnavailable {
			t.Errorf("a command that waits for a minute: %v", err)
		}
		close(hold)
		if d := seen[2].Sub(seen[0].Time); d != 2*time.Hour || seen[0].Sub(begin) > time.Second {
			t.Errorf("instants are %v", seen)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestSlowCommandIsLogged(t *testing.T) {
	var out bytes.Buffer
	path := temp(t)
	synctest.Test(t, func(t *testing.T) {
		db, _ := openTest(t, path, Options{Log: slog.New(slog.NewTextHandler(&out, nil))})
		if err := db.Write(t.Context(), store.LanePeople, "dawdle", func(store.Tx) error {
			time.Sleep(time.Second)
			return nil
		}); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	if !strings.Contains(out.String(), "op=dawdle took=1s") {
		t.Errorf("the log says %q", out.String())
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"", "sqlite:", "mysql://root:hunter2@localhost/x", ":memory:", "postgres://u:hunter2@[", "postgres://u:hunter2@127.0.0.1:1/x"} {
		_, err := Open(t.Context(), dsn, Options{})
		if err == nil {
			t.Errorf("%q was opened", dsn)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	path := temp(t)
	db, l := openTest(t, path, Options{})
	for _, text := range []string{"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)", "UPDATE meta SET value = '99' WHERE name = '" + metaFloor + "'"} {
		if _, err := l.writer.conn.exec(text); err != nil {
			t.Fatal(err)
		}
	}
	_ = db.Close()
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "newer Muster") {
		t.Errorf("a database of a newer Muster: %v", err)
	}
	if f, err := os.Stat(path); err != nil || f.Mode().Perm() != 0o600 {
		t.Errorf("the file may be read by others: %v, %v", f.Mode(), err)
	}
}
