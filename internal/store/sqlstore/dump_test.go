package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

// newest is the version of the schema that this source makes.
func newest(t *testing.T) int64 {
	t.Helper()
	s, err := ownSchema()
	if err != nil {
		t.Fatal(err)
	}
	return s.newest
}

// everything reads a whole store: the rows of each table as text, in order.
func everything(t *testing.T, dsn string) (tables []Table, rows map[string][]string) {
	t.Helper()
	d, err := OpenDump(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	rows = map[string][]string{}
	for _, table := range d.Tables {
		rows[table.Name] = []string{}
		if err := d.Rows(t.Context(), table, func(r Row) error {
			text, err := MarshalRow(nil, r)
			if err != nil {
				return err
			}
			back, err := UnmarshalRow(text, table)
			if err == nil && !reflect.DeepEqual(back, r) {
				err = fmt.Errorf("%v came back as %v", r, back)
			}
			rows[table.Name] = append(rows[table.Name], string(text))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(rows[table.Name])
	}
	return d.Tables, rows
}

// move carries a store over, as backup and migrate-store do.
func move(t *testing.T, from, to string) error {
	t.Helper()
	d, err := OpenDump(t.Context(), from)
	if err != nil {
		return err
	}
	defer d.Close()
	l, err := OpenLoad(t.Context(), to, d.Schema)
	if err != nil {
		return err
	}
	defer l.Close()
	for _, table := range d.Tables {
		var rows []Row
		if err := d.Rows(t.Context(), table, func(r Row) error {
			rows = append(rows, r)
			return nil
		}); err != nil {
			return err
		}
		if err := l.Insert(t.Context(), table, rows); err != nil {
			return err
		}
		if n, err := l.Count(t.Context(), table); err != nil || n != int64(len(rows)) {
			return fmt.Errorf("%d rows of %s: %w", n, table.Name, err)
		}
	}
	return l.Commit(t.Context())
}

// words finds the values that a CHECK allows for a column: state = 'planned', or status IN ('open', …).
var words = regexp.MustCompile(`(\w+) (?:= |IN \()'(\w+)'`)

// fillEach writes three rows into every table that is there: values of each type, and what a CHECK wants.
func fillEach(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d, err := OpenDump(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	tables := d.Tables
	d.Close()
	for _, table := range tables {
		var ddl string
		if err := db.QueryRowContext(t.Context(), "SELECT sql FROM sqlite_master WHERE name = ?", table.Name).Scan(&ddl); err != nil {
			t.Fatal(err)
		}
		allowed := map[string]string{}
		for _, m := range words.FindAllStringSubmatch(ddl, -1) {
			if allowed[m[1]] == "" {
				allowed[m[1]] = m[2]
			}
		}
		for i := range 3 {
			var marks []string
			var args []any
			for n, c := range table.Columns {
				marks = append(marks, "?")
				switch c.Type {
				case "text":
					v := fmt.Sprintf("%s %d <ü> \"☎\"\n", c.Name, i)
					if w := allowed[c.Name]; w != "" {
						v = w
					}
					args = append(args, v)
				case "bigint":
					args = append(args, int64(1)<<60+int64(100*n+i))
				case "boolean":
					args = append(args, i == 1)
				case "bytea":
					args = append(args, []any{[]byte{0, 0xff, byte(i)}, []byte{}, []byte("text")}[i])
				}
			}
			if _, err := db.ExecContext(t.Context(), "INSERT INTO "+table.Name+" ("+table.columns()+") VALUES ("+strings.Join(marks, ", ")+")", args...); err != nil {
				t.Fatalf("a row of %s: %v (this test writes into every table: teach it what that one wants)", table.Name, err)
			}
		}
	}
}

// TestEveryTableIsCarriedOver fills every table, moves the store from SQLite to PostgreSQL and back, and misses nothing.
// It knows no table by name: one that a migration adds is carried over, or fails here.
func TestEveryTableIsCarriedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second, pg := filepath.Join(dir, "first.db"), filepath.Join(dir, "second.db"), storetest.Postgres(t)
	db, err := Open(t.Context(), first, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	fillEach(t, first)
	tables, want := everything(t, first)
	if len(tables) < 20 {
		t.Fatalf("only %d tables", len(tables))
	}
	for _, hop := range [][2]string{{first, pg}, {pg, "sqlite:" + second}} {
		if err := move(t, hop[0], hop[1]); err != nil {
			t.Fatal(err)
		}
		others, got := everything(t, hop[1])
		if !reflect.DeepEqual(tables, others) {
			t.Errorf("the two databases do not have the same tables:\n%v\n%v", tables, others)
		}
		for name, rows := range want {
			if len(rows) < 3 {
				t.Errorf("only %d rows in %s", len(rows), name)
			}
			if !slices.Equal(got[name], rows) {
				t.Errorf("%s differs:\n%s\n%s", name, strings.Join(rows, "\n"), strings.Join(got[name], "\n"))
			}
		}
		db, err := Open(t.Context(), hop[1], Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []string{pg, second} {
		if err := move(t, first, to); muster.CodeOf(err) != muster.ErrConflict {
			t.Errorf("a store that holds something was overwritten: %v", err)
		}
	}
	if _, err := OpenLoad(t.Context(), filepath.Join(dir, "third.db"), newest(t)+1); muster.CodeOf(err) != muster.ErrConflict {
		t.Errorf("data of a newer version was taken: %v", err)
	}
	if _, err := OpenDump(t.Context(), filepath.Join(dir, "none.db")); muster.CodeOf(err) != muster.ErrNotFound {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestOldDataGoesThroughTheMigrations dumps a database of before the third migration, as an old backup holds it, and loads
// it: opening it brings schema and rows up to date.
func TestOldDataGoesThroughTheMigrations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, "old.db"), filepath.Join(dir, "fresh.db")
	before(t, "sqlite", "sqlite3", old)
	if err := move(t, old, fresh); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), fresh, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Read(t.Context(), func(r store.Reader) error {
		a, err := r.Alert("alt_1")
		if err == nil && a.Signals != 3 {
			t.Errorf("%d signals", a.Signals)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestADumpIsOneState writes while a dump reads: it sees nothing of that, and nobody waits for it.
func TestADumpIsOneState(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]func(t testing.TB) string{"sqlite": temp, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := dsn(t)
			db, err := Open(t.Context(), dsn, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			set := func(key string) {
				if err := db.Write(context.Background(), store.LanePeople, "test", func(tx store.Tx) error { return tx.SetMeta(key, "x") }); err != nil {
					t.Fatal(err)
				}
			}
			set("before")
			d, err := OpenDump(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			set("after")
			var seen []string
			for _, table := range d.Tables {
				if table.Name != "meta" {
					continue
				}
				if err := d.Rows(t.Context(), table, func(r Row) error {
					seen = append(seen, r[0].(string))
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			if slices.Sort(seen); !slices.Equal(seen, []string{"before", metaFloor}) {
				t.Errorf("the dump holds %v", seen)
			}
		})
	}
}
