package mustertest_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/muster-oncall/muster/internal/app"
	"github.com/muster-oncall/muster/internal/mustertest"
)

// eventually asks again until something holds: the story runs in real time.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

// TestSomebodyChangesThePast edits what an installation has written down, one way after the other, and has each found.
func TestSomebodyChangesThePast(t *testing.T) {
	t.Parallel()
	for _, db := range []struct{ name, driver string }{{"SQLite", "sqlite"}, {"PostgreSQL", "pgx"}} {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			dsn, path := "", filepath.Join(dir, "muster.db")
			if db.driver == "pgx" {
				dsn = mustertest.Postgres(t)
				path = dsn
			}
			w := mustertest.New(t, mustertest.Options{Dir: dir, Store: dsn})
			alert := pagedAndAnswered(t, w)
			for _, key := range []string{"search", "checkout"} {
				w.Fire(key, "critical")
			}
			eventually(t, "paging about three alerts", func() bool { return len(w.Phones.Rang()) >= 3 })
			w.Clear("search")
			asked(t, w, alert)
			w.Stop()

			args := []string{"verify", "--data", dir}
			if dsn != "" {
				args = append(args, "--store", dsn)
			}
			verify := func() (string, error) {
				var out strings.Builder
				_, err := app.AuditStore(context.Background(), args, func(string) string { return "" }, &out)
				return out.String(), err
			}
			out, err := verify()
			if err != nil || !strings.Contains(out, "Nothing is wrong") || !strings.Contains(out, "3 pages") {
				t.Fatalf("nobody changed anything: %v\n%s", err, out)
			}
			export := filepath.Join(t.TempDir(), "ledger.ndjson")
			if _, err := app.AuditStore(t.Context(), append([]string{"export"}, append(args[1:], export)...), func(string) string { return "" }, os.Stderr); err != nil {
				t.Fatal(err)
			}
			conn, err := sql.Open(db.driver, path)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetMaxOpenConns(1)
			for _, c := range changes {
				t.Run(c.name, func(t *testing.T) {
					tables := strings.Fields(c.tables)
					for _, table := range tables {
						run(t, conn, "CREATE TABLE keep_"+table+" AS SELECT * FROM "+table)
					}
					run(t, conn, c.edit)
					out, err := verify()
					if err == nil || !strings.Contains(out, "WRONG: "+c.want) {
						t.Errorf("it was not found: %v\n%s", err, out)
					}
					for _, table := range tables {
						run(t, conn, "DELETE FROM "+table)
						run(t, conn, "INSERT INTO "+table+" SELECT * FROM keep_"+table)
						run(t, conn, "DROP TABLE keep_"+table)
					}
				})
			}
			if out, err := verify(); err != nil {
				t.Errorf("everything was put back: %v\n%s", err, out)
			}
		})
	}
}

// changes are ways to change the past. Each is undone afterwards.
var changes = []struct{ name, tables, edit, want string }{
	{"a page row says that it was proved", "page", `UPDATE page SET state = 'proved', life = REPLACE(life, '"state":"accepted"', '"state":"proved"') WHERE state = 'accepted'`, "The page pag_"},
	{"a page row says that it was never proved", "page", `UPDATE page SET state = 'accepted', life = REPLACE(life, '"state":"proved"', '"state":"accepted"') WHERE state = 'proved'`, "The page pag_"},
	{"a page row names somebody else", "page", `UPDATE page SET body = REPLACE(body, '"person":"ravi"', '"person":"zoe"')`, "The page pag_"},
	{"a page row was removed", "page", `DELETE FROM page WHERE state = 'proved'`, "The page pag_"},
	{"a ledger row was edited", "ledger", `UPDATE ledger SET body = REPLACE(body, '"person":"ravi"', '"person":"zoe"') WHERE body LIKE '%planned%'`, "The ledger was changed: row "},
	{"a ledger row was removed", "ledger", `DELETE FROM ledger WHERE id = (SELECT id FROM ledger_seal WHERE pos = 2)`, "The ledger was changed: row 2 "},
	{"a ledger row and its place were removed", "ledger ledger_seal", `DELETE FROM ledger WHERE id = (SELECT id FROM ledger_seal WHERE pos = 2); DELETE FROM ledger_seal WHERE pos = 2`, "The ledger was changed: row 2 is missing"},
	{"two ledger rows were swapped", "ledger_seal", `UPDATE ledger_seal SET pos = 0 WHERE pos = 1; UPDATE ledger_seal SET pos = 1 WHERE pos = 2; UPDATE ledger_seal SET pos = 2 WHERE pos = 0`, "The ledger was changed: row 1 "},
	{"the end of the ledger was cut off", "ledger ledger_seal page", `DELETE FROM ledger WHERE id = (SELECT id FROM ledger_seal ORDER BY pos DESC LIMIT 1); DELETE FROM ledger_seal WHERE pos = (SELECT MAX(pos) FROM ledger_seal)`, "The end of the ledger was cut off"},
	{"a checkpoint was moved", "ledger_checkpoint", `UPDATE ledger_checkpoint SET at = at + 5`, "The checkpoint at row "},
	{"a checkpoint was edited", "ledger_checkpoint", `UPDATE ledger_checkpoint SET body = REPLACE(body, '"position":', '"position":1')`, "The checkpoint at row "},
	{"a row of the security log was edited", "audit", `UPDATE audit SET body = REPLACE(body, '"name":"', '"name":"Not ') WHERE seq = 2`, "The security log was changed: row 2 "},
	{"the end of the security log was cut off", "audit", `DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)`, "The end of the security log was cut off"},
}

func run(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	for one := range strings.SplitSeq(text, "; ") {
		if _, err := db.ExecContext(t.Context(), one); err != nil {
			t.Fatalf("%s: %v", one, err)
		}
	}
}

// pagedAndAnswered: an alert pages Ravi, and he acknowledges by the page's own link.
func pagedAndAnswered(t *testing.T, w *mustertest.World) (alert string) {
	t.Helper()
	alert = w.Fire("cart", "critical")
	eventually(t, "paging", func() bool { return len(w.Phones.Rang()) == 1 })
	link := w.Phones.Rang()[0].Link
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link+"/ack", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if a := w.Send(req); a.Status >= 400 {
		t.Fatalf("acknowledging by the page's link: %d %s", a.Status, a.Body)
	}
	return alert
}

// asked: the ledger is told by REST, to those who may see it.
func asked(t *testing.T, w *mustertest.World, alert string) {
	t.Helper()
	page := w.Do("ana", http.MethodGet, "/api/v1/alerts/"+alert, nil).Want(http.StatusOK).Text("pages.0.id")
	kinds := func() (s string) {
		list := w.Do("ravi", http.MethodGet, "/api/v1/pages/"+page+"/ledger", nil).Want(http.StatusOK)
		for i := 0; list.Text(fmt.Sprintf("items.%d.kind", i)) != ""; i++ {
			s += list.Text(fmt.Sprintf("items.%d.kind", i)) + " "
		}
		return s
	}
	eventually(t, "the page's story", func() bool {
		k := kinds()
		return strings.HasPrefix(k, "planned started ") && strings.Contains(k, "accepted ") && strings.Contains(k, "acknowledged ")
	})
	eventually(t, "sealing", func() bool {
		n, _ := w.Do("ravi", http.MethodGet, "/api/v1/ledger", nil).Want(http.StatusOK).JSON("position").(float64)
		return n > 5
	})
	w.Do("ravi", http.MethodGet, "/api/v1/ledger/verify", nil).Want(http.StatusForbidden)
	w.Do("ravi", http.MethodGet, "/api/v1/ledger/export", nil).Want(http.StatusForbidden)
	if wrong := w.Do("ana", http.MethodGet, "/api/v1/ledger/verify", nil).Want(http.StatusOK).Text("wrong"); wrong != "" {
		t.Errorf("nothing was changed, and verifying says: %s", wrong)
	}
	if body := string(w.Do("ana", http.MethodGet, "/api/v1/ledger/export", nil).Want(http.StatusOK).Body); !strings.Contains(body, `{"end":`) {
		t.Errorf("the export has no end: %.300s", body)
	}
}
