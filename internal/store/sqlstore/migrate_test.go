package sqlstore

import (
	"database/sql"
	"io/fs"
	"slices"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

// TestCountsAreCarriedOver opens a database of the time when alerts were counted in their rows and signals were found by an
// index: what was counted and what was found is what it was.
func TestCountsAreCarriedOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		driver  string
		dialect goose.Dialect
		dsn     func(t testing.TB) string
	}{
		"sqlite":   {"sqlite", goose.DialectSQLite3, temp},
		"postgres": {"pgx", goose.DialectPostgres, storetest.Postgres},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := c.dsn(t)
			before(t, c.driver, c.dialect, dsn)
			db, err := Open(t.Context(), dsn, Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			if err := db.Write(t.Context(), store.LanePeople, "test", func(tx store.Tx) error {
				return tx.InsertSignals([]muster.RawSignal{{ID: "sig_6", Alert: "alt_1", Outcome: muster.OutcomeAppended, ReceivedAt: muster.FromMicros(60)}})
			}); err != nil {
				t.Fatal(err)
			}
			if err := db.Read(t.Context(), func(r store.Reader) error {
				for alert, want := range map[muster.AlertID][]muster.SignalID{"alt_1": {"sig_6", "sig_5", "sig_3", "sig_1"}, "alt_2": {"sig_2"}, "alt_3": nil, "": {"sig_4"}} {
					list, err := r.SignalsOf(alert, store.List{})
					if err != nil {
						return err
					}
					var got []muster.SignalID
					for i := range list {
						got = append(got, list[i].ID)
					}
					if !slices.Equal(got, want) {
						t.Errorf("signals of %q: %v, wanted %v", alert, got, want)
					}
				}
				a, err := r.Alert("alt_1")
				if err == nil && (a.Signals != 4 || a.LastSignalAt.Micros() != 60) {
					t.Errorf("%d signals until %v", a.Signals, a.LastSignalAt)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// before makes a database as it was before 00003_counts.sql, with three alerts and five signals.
func before(t *testing.T, driver string, dialect goose.Dialect, dsn string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(dialect, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	run := func(text string, args ...any) {
		if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for _, id := range []string{"alt_1", "alt_2", "alt_3"} {
		run(`INSERT INTO alert (id, status, triage, held, source, service, severity, incident, received_at, signals, last_signal_at, search, reasons, body)
			VALUES ($1, 'resolved', FALSE, FALSE, 's', '', '', '', 10, 3, 50, '', 'null', '{"id":"`+id+`","status":"resolved"}')`, id)
	}
	for id, alert := range map[string]string{"sig_1": "alt_1", "sig_2": "alt_2", "sig_3": "alt_1", "sig_4": "", "sig_5": "alt_1"} {
		run(`INSERT INTO signal (id, alert, outcome, received_at, body) VALUES ($1, $2, 'appended', 10, '{"id":"`+id+`"}')`, id, alert)
	}
}
