package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// figure is something to measure.
type figure struct {
	letter, name, must, peers string
	on                        databases
	take                      func(ctx context.Context, b *bench, name, store string) (finding, error)
}

// databases is where a figure is measured and has to be what it must be.
type databases int

const (
	lite     databases = iota // SQLite alone
	compared                  // PostgreSQL, too, for comparison
	both                      // both, and each must
)

// figures lists what is measured. The peers' figures are of 2026-11-22, taken with the same generator on the same kind of
// machine: GoAlert at commit 2458b9d (v0.34.1+46) on PostgreSQL 15, Alertmanager 0.25.0, which keeps alerts in memory only.
func figures() []figure {
	return []figure{
		{"a", "POST to page at a webhook sink, low rate", "p50 ≤ 3 ms, p99 ≤ 10 ms", "GoAlert 2,530 / 4,980 ms; Alertmanager (in memory) 1.1 / 2.4 ms", both, pageLatency},
		{"b", "50 alerts for 50 people at once, last page", "≤ 100 ms", "GoAlert 76 s", lite, allAtOnce},
		{"c", "durable intake, 64 connections, 10 % new keys", "≥ 8,000/s (PostgreSQL 6,000/s), nothing but 2xx", "GoAlert 570/s; Alertmanager (in memory) 11,200/s; bare echo 17,300/s", both, intakeMixed},
		{"d", "the same, all keys new, each paging somebody", "≥ 2,500/s, every page out, backlog flat", "–", compared, intakeNew},
		{"e", "kill -9 under that load", "0 acknowledged lost, every one paged", "GoAlert: 4 of 4 pages in flight lost", lite, killed},
		{"f", "start to ready, idle memory, stripped binary", "≤ 300 ms, ≤ 80 MB, ≤ 60 MB", "GoAlert 150 ms, 53 MB, 70 MB", lite, footprint},
		{"g", "who is on call, 16 connections, each request another of 1,000 rosters", "≥ 8,000/s", "GoAlert 88–309/s", lite, onCall},
		{"h", "POST to page beside 1,000 signals/s, a tenth of them new", "p99 ≤ 50 ms", "–", both, underLoad},
		{"i", "the second phone, after the wait that began when the first one really rang", "p99 ≤ 50 ms late", "–", compared, steps},
		{"j", "the same with kill -9 just before, and a start at once", "≤ 1 s late", "–", lite, stepsAfterRestart},
		{"k", "lists of 100 alerts to Alertmanager's API, 64 connections, 10 % new, default storm mode", "≥ 30,000 alerts/s, nothing but 2xx", "–", compared, batched},
		{"l", "storm: 100,000 new conditions a minute, one request each", "nothing but 2xx, pages of other services p99 < 5 s, memory flat", "–", lite, storm},
		{"m", "a full store: memory, and a page's p99", "≤ 200 MB, ≤ 1.5 × that of an empty one", "–", lite, stored},
	}
}

// finding is what was measured on one database.
type finding struct {
	Store  string             `json:"store"`
	Judged bool               `json:"judged"` // else it is there for comparison
	Text   string             `json:"text"`
	Limit  string             `json:"limit,omitempty"` // beside what the machine could do in this run
	OK     bool               `json:"ok"`
	Values map[string]float64 `json:"values"`
	score  float64            // more is better
}

// row is a line of the table.
type row struct {
	Letter string    `json:"letter"`
	Figure string    `json:"figure"`
	Must   string    `json:"must"`
	Peers  string    `json:"peers"`
	Found  []finding `json:"found"`
}

// report is a whole run.
type report struct {
	At     time.Time `json:"at"`
	Cores  int       `json:"cores"`
	Go     string    `json:"go"`
	Runs   int       `json:"runs"`
	Long   bool      `json:"long"`
	Limits limits    `json:"limits"`
	Rows   []row     `json:"rows"`
	Notes  []string  `json:"notes,omitempty"`
}

// missed lists the figures that are not what they must be.
func (r *report) missed() (out []string) {
	for _, row := range r.Rows {
		for _, f := range row.Found {
			if f.Judged && !f.OK {
				out = append(out, row.Letter+" on "+f.Store)
			}
		}
	}
	return out
}

// print writes the table in Markdown, so that it can be quoted as it is.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "Measured %s on %d cores (%s), generator, server and sink on the same ones. The machine at its best in the same run: HTTP echo %s/s over 64 connections; fsync of 4 KiB %s/s by one writer, %s/s by eight. Limits in the table are those of the moment before each figure.",
		r.At.Format("2006-01-02 15:04 MST"), r.Cores, r.Go, thousands(r.Limits.Echo), thousands(r.Limits.Fsync), thousands(r.Limits.Fsync8))
	if r.Runs > 1 {
		fmt.Fprintf(w, " Each figure is the best of %d runs.", r.Runs)
	}
	if r.Long {
		fmt.Fprint(w, " This is the long form.")
	}
	fmt.Fprint(w, "\n\n| | must | found | | of the machine's limit | peers, same kind of machine |\n|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		for i, f := range row.Found {
			name, must, peers := row.Figure, row.Must, row.Peers
			if i > 0 {
				name, must, peers = "", "", ""
			}
			found := f.Text
			if len(row.Found) > 1 {
				found = f.Store + ": " + found
			}
			verdict := "yes"
			switch {
			case !f.Judged:
				verdict = ""
			case !f.OK:
				verdict = "**no**"
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", name, must, found, verdict, f.Limit, peers)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "\n%s\n", n)
	}
	elsewhere(w)
}

// elsewhere names the promises that are no figures of speed, and the commands that prove them.
func elsewhere(w io.Writer) {
	fmt.Fprint(w, "\n| proved elsewhere | by |\n|---|---|\n")
	for _, p := range []struct{ what, by string }{
		{"1,000,000 simulated escalations over 1,000 seeds, 0 violations", "make sim SEEDS=1000"},
		{"30 of 30 planted bugs caught", "MUSTER_TEST_LONG=1 go test ./internal/sim -run TestMutants -v -timeout 90m"},
		{"200 times kill -9, at failpoints and at random: 0 acknowledged lost, at most 1 extra send for each kill and page", "MUSTER_TEST_LONG=1 go test ./e2e -run TestKilledAtEveryFailpointAndAtRandom -v -timeout 90m"},
		{"two nodes killed in turn: pages arrive from the other", "MUSTER_TEST_LONG=1 ./scripts/postgres.sh run go test ./e2e -run TestTwoNodes -v -timeout 90m"},
		{"10 failovers of PostgreSQL: 0 lost, first page ≤ 15 s", "MUSTER_TEST_LONG=1 ./scripts/postgres.sh run --both go test ./e2e -run TestPrimaryIsLostUnderLoad -v -timeout 90m"},
		{"a provider down for 30 minutes: every page proved by another way ≤ 60 s after its deadline", "go test ./internal/mustertest -run TestAProviderIsDownForHalfAnHour -v"},
		{"all of these, and a short form of each figure above", "make test-long"},
	} {
		fmt.Fprintf(w, "| %s | `%s` |\n", p.what, p.by)
	}
}

// thousands writes 12345.6 as 12,346.
func thousands(f float64) string {
	s := fmt.Sprintf("%.0f", f)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// database makes a database of its own on a cluster for one measurement, by psql; nothing for SQLite.
func (b *bench) database(ctx context.Context, cluster string) (dsn string, drop func() error, err error) {
	if cluster == "" {
		return "", func() error { return nil }, nil
	}
	name := "muster_bench_" + strings.ToLower(rand.Text()[:10])
	if err := psql(ctx, cluster, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	u, err := url.Parse(cluster)
	if err != nil {
		return "", nil, errors.New("the address of the PostgreSQL cluster is not a URL")
	}
	u.Path = "/" + name
	return u.String(), func() error { return psql(context.WithoutCancel(ctx), cluster, "DROP DATABASE "+name+" WITH (FORCE)") }, nil
}

func psql(ctx context.Context, dsn, sql string) error {
	if out, err := exec.CommandContext(ctx, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, dsn).CombinedOutput(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, out)
	}
	return nil
}
