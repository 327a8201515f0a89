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
	onPostgres                bool
	take                      func(ctx context.Context, b *bench, name, store string) (finding, error)
}

// figures lists what is measured. The peers' figures are of 2026-11-22, taken with the same generator on the same kind of
// machine: GoAlert at commit 2458b9d (v0.34.1+46) on PostgreSQL 15, Alertmanager 0.25.0, which keeps alerts in memory only.
func figures() []figure {
	return []figure{
		{"a", "POST to page at a webhook sink, low rate", "p50 ≤ 5 ms, p99 ≤ 25 ms", "GoAlert 2,530 / 4,980 ms; Alertmanager (in memory) 1.1 / 2.4 ms", true, pageLatency},
		{"b", "50 alerts for 50 people at once, last page", "≤ 250 ms", "GoAlert 76 s", false, allAtOnce},
		{"c", "durable intake, 64 connections, 10 % new keys", "≥ 5,000/s, nothing but 2xx", "GoAlert 570/s; Alertmanager (in memory) 11,200/s; bare echo 17,300/s", true, intakeMixed},
		{"d", "the same, all keys new, each paging somebody", "≥ 1,500/s, every page out, backlog flat", "–", true, intakeNew},
		{"e", "kill -9 under that load", "0 acknowledged lost, every one paged", "GoAlert: 4 of 4 pages in flight lost", false, killed},
		{"f", "start to ready, idle memory, stripped binary", "≤ 300 ms, ≤ 80 MB, ≤ 60 MB", "GoAlert 150 ms, 53 MB, 70 MB", false, footprint},
		{"g", "who is on call, 16 connections, each request another of 1,000 rosters", "≥ 8,000/s", "GoAlert 88–309/s", false, onCall},
	}
}

// finding is what was measured on one database.
type finding struct {
	Store  string             `json:"store"`
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
	Limits limits    `json:"limits"`
	Rows   []row     `json:"rows"`
	Notes  []string  `json:"notes,omitempty"`
}

// missed lists the figures that are not what they must be. PostgreSQL's are for comparison.
func (r *report) missed() (out []string) {
	for _, row := range r.Rows {
		for _, f := range row.Found {
			if f.Store == "SQLite" && !f.OK {
				out = append(out, row.Letter)
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
			case f.Store != "SQLite":
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
