package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

// age is a version of Muster that knows the migrations up to a number, and more of its own.
func age(t *testing.T, upTo int64, more map[string]string) Options {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		n, err := goose.NumericComponent(name)
		if err != nil {
			t.Fatal(err)
		}
		if n > upTo {
			continue
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(name, "migrations/")] = &fstest.MapFile{Data: text}
	}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := schemaOf(files)
	if err != nil {
		t.Fatal(err)
	}
	return Options{schema: s}
}

// additive are the statements that leave older versions working.
var additive = []*regexp.Regexp{
	regexp.MustCompile(`^CREATE TABLE `),
	regexp.MustCompile(`^CREATE INDEX `),
	regexp.MustCompile(`^DROP INDEX `), // a slow answer is an answer
	regexp.MustCompile(`^INSERT INTO `),
	regexp.MustCompile(`^ALTER TABLE \w+ ADD COLUMN \w+ \w+ NOT NULL DEFAULT `),
	regexp.MustCompile(`^ALTER TABLE \w+ ADD COLUMN \w+ \w+$`), // may be NULL
}

// TestMigrationsAreAdditiveOrSayWhatTheyBreak reads every migration: one that older versions cannot live with has to say
// so, because it keeps them from starting.
func TestMigrationsAreAdditiveOrSayWhatTheyBreak(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	created := regexp.MustCompile(`CREATE TABLE (\w+)`)
	unique := regexp.MustCompile(`^CREATE UNIQUE INDEX \w+ ON (\w+)`)
	for _, name := range names {
		b, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		if strings.Contains(text, breaking) {
			continue
		}
		own := map[string]bool{}
		for _, m := range created.FindAllStringSubmatch(text, -1) {
			own[m[1]] = true
		}
		var plain strings.Builder
		for line := range strings.Lines(text) {
			code, _, _ := strings.Cut(line, "--")
			plain.WriteString(code)
		}
		for statement := range strings.SplitSeq(plain.String(), ";") {
			statement = strings.Join(strings.Fields(statement), " ")
			ok := statement == ""
			for _, a := range additive {
				ok = ok || a.MatchString(statement)
			}
			if m := unique.FindStringSubmatch(statement); m != nil {
				ok = own[m[1]] // on a table that is there already it refuses what older versions write
			}
			if !ok {
				t.Errorf("%s: older versions may not live with %q: make it additive, or begin a comment with %q and say why", name, statement, breaking)
			}
		}
	}
}

// TestOldAndNewRunSideBySide opens a database of the version before with this one while the old one goes on writing, and
// starts the old one again afterwards: it works, and what it cannot live with is refused.
func TestOldAndNewRunSideBySide(t *testing.T) {
	t.Parallel()
	has := newest(t)
	additive := map[string]string{fmt.Sprintf("%05d_more.sql", has+1): "-- +goose Up\nCREATE TABLE extra (id TEXT NOT NULL PRIMARY KEY);\nALTER TABLE secret ADD COLUMN note TEXT NOT NULL DEFAULT '';\n"}
	breaks := map[string]string{fmt.Sprintf("%05d_less.sql", has+2): breaking + " a value is gone.\n-- +goose Up\nALTER TABLE secret DROP COLUMN note;\n"}
	for name, c := range map[string]struct {
		dsn func(t testing.TB) string
		// shared: several processes work on one store
		shared bool
	}{"sqlite": {temp, false}, "postgres": {storetest.Postgres, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := c.dsn(t)
			open := func(o Options) (*DB, error) { return Open(t.Context(), dsn, o) }
			old, err := open(age(t, has, nil))
			if err != nil {
				t.Fatal(err)
			}
			next := age(t, has, additive)
			if c.shared {
				writes := keepWriting(t, old)
				fresh, err := open(next)
				if err != nil {
					t.Fatal(err)
				}
				keepWriting(t, fresh)()
				if n := writes(); n == 0 {
					t.Error("the old version wrote nothing meanwhile")
				}
				defer fresh.Close()
			}
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			if !c.shared {
				fresh, err := open(next)
				if err != nil {
					t.Fatal(err)
				}
				if err := fresh.Close(); err != nil {
					t.Fatal(err)
				}
			}
			// The upgrade is taken back: the old version starts on the newer schema.
			if old, err = open(age(t, has, nil)); err != nil {
				t.Fatalf("the version before does not start: %v", err)
			}
			if err := old.Write(t.Context(), store.LanePeople, "test", func(tx store.Tx) error { return tx.PutSecret("name", []byte("sealed")) }); err != nil {
				t.Errorf("the version before cannot write: %v", err)
			}
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			// A version that breaks the others makes them refuse to start.
			both := map[string]string{}
			for _, m := range []map[string]string{additive, breaks} {
				maps.Copy(both, m)
			}
			latest, err := open(age(t, has, both))
			if err != nil {
				t.Fatal(err)
			}
			if err := latest.Close(); err != nil {
				t.Fatal(err)
			}
			for _, o := range []Options{age(t, has, nil), next} {
				if _, err := open(o); muster.CodeOf(err) != muster.ErrConflict {
					t.Errorf("a version that cannot live with the schema started: %v", err)
				}
			}
		})
	}
}

// TestAMigrationThatComesLateIsTaken opens a database that took the newest migration and lacks one before it.
func TestAMigrationThatComesLateIsTaken(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]func(t testing.TB) string{"sqlite": temp, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := dsn(t)
			files, ok := age(t, newest(t), nil).schema.files.(fstest.MapFS)
			if !ok || files["00013_heartbeat.sql"] == nil {
				t.Fatal("the migration that is to come late is not there")
			}
			delete(files, "00013_heartbeat.sql")
			less, err := schemaOf(files)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range []Options{{schema: less}, {}} {
				db, err := Open(t.Context(), dsn, o)
				if err != nil {
					t.Fatal(err)
				}
				err = db.Read(t.Context(), func(r store.Reader) error { return second(r.Pulses("")) })
				if lacks := o.schema.files != nil; (err != nil) != lacks {
					t.Errorf("the table is missing should be %v: %v", lacks, err)
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// keepWriting writes all the time until the function that it returns is called, which tells how often. No write may fail.
func keepWriting(t *testing.T, db *DB) (stop func() int64) {
	t.Helper()
	var n atomic.Int64
	var wg sync.WaitGroup
	done := make(chan struct{})
	began := make(chan struct{})
	var once sync.Once
	for i := range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				key := fmt.Sprintf("secret %p-%d-%d", &n, i, n.Load())
				if err := db.Write(context.Background(), store.LanePeople, "test", func(tx store.Tx) error {
					if err := tx.PutSecret(key, []byte("sealed")); err != nil {
						return err
					}
					return tx.InsertTimers([]muster.Timer{{ID: muster.TimerID(key), Kind: muster.TimerPromise, Ref: key, DueAt: tx.Now()}})
				}); err != nil {
					t.Errorf("a write failed: %v", errors.Join(err, errors.Unwrap(err)))
					once.Do(func() { close(began) })
					return
				}
				n.Add(1)
				once.Do(func() { close(began) })
			}
		})
	}
	<-began
	return func() int64 {
		close(done)
		wg.Wait()
		return n.Load()
	}
}
