package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestEveryFigure takes each figure in its shortest form, so that none can rot, or in its longest under make test-long. What comes out is logged and never judged:
// that is for a machine that does nothing else.
func TestEveryFigure(t *testing.T) {
	t.Setenv("NO_PROXY", "127.0.0.1")
	b := &bench{
		dir: t.TempDir(), runs: 1, postgres: os.Getenv("MUSTER_TEST_POSTGRES"), log: t.Logf,
		size: size{load: 500 * time.Millisecond, sustained: 500 * time.Millisecond, storm: 2 * time.Second, probes: 10, steps: 20, stepsOver: 500 * time.Millisecond, stored: 4000, open: 200, rest: 100 * time.Millisecond},
	}
	if os.Getenv("MUSTER_TEST_LONG") != "" {
		b.size = sizeOf(6*time.Second, true)
	}
	b.loadgen = filepath.Join(b.dir, "loadgen")
	ctx := t.Context()
	if err := b.build(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.measureLimits(ctx); err != nil {
		t.Fatal(err)
	}
	out := report{Limits: b.limits}
	var mu sync.Mutex
	take := func(t *testing.T, f figure, store, cluster string) {
		dsn, drop, err := b.database(ctx, cluster)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.take(ctx, b, f.letter+"-"+store, dsn)
		switch {
		case err != nil:
			t.Errorf("%s, %s: %v", f.name, store, err)
		case got.Text == "":
			t.Errorf("%s, %s: found nothing", f.name, store)
		}
		if err := drop(); err != nil {
			t.Error(err)
		}
		t.Logf("%s, %s: %s (%s)", f.name, store, got.Text, got.Limit)
		got.Store = store
		mu.Lock()
		defer mu.Unlock()
		out.Rows = append(out.Rows, row{Letter: f.letter, Figure: f.name, Must: f.must, Peers: f.peers, Found: []finding{got}})
	}
	var waiting sync.WaitGroup // those that wait for half a minute do so beside the others
	for _, slow := range []bool{true, false} {
		for _, f := range figures() {
			for store, cluster := range map[string]string{"SQLite": "", "PostgreSQL": b.postgres} {
				name, patient := f.letter+"/"+store, f.letter == "i" || f.letter == "j"
				switch {
				case store == "PostgreSQL" && (cluster == "" || f.on == lite) || slow != patient:
				case patient:
					waiting.Go(func() { t.Run(name, func(t *testing.T) { take(t, f, store, cluster) }) })
				default:
					t.Run(name, func(t *testing.T) { take(t, f, store, cluster) })
				}
			}
		}
	}
	waiting.Wait()
	var table strings.Builder
	out.print(&table)
	if got, want := strings.Count(table.String(), "\n| "), len(figures()); got < want {
		t.Errorf("the table has %d lines for %d figures:\n%s", got, want, &table)
	}
}

// TestTableSaysWhatWasMissed holds how the table and the exit status tell of a figure that is not what it must be.
func TestTableSaysWhatWasMissed(t *testing.T) {
	r := report{At: time.Unix(0, 0).UTC(), Rows: []row{{Letter: "a", Figure: "POST to page", Must: "≤ 3 ms", Found: []finding{
		{Store: "SQLite", Text: "2 ms", OK: true, Judged: true}, {Store: "PostgreSQL", Text: "5 ms", Judged: true},
	}}, {Letter: "d", Figure: "all new", Found: []finding{
		{Store: "SQLite", Text: "3,000/s", OK: true, Judged: true}, {Store: "PostgreSQL", Text: "9/s"},
	}}}}
	if got := fmt.Sprint(r.missed()); got != "[a on PostgreSQL]" {
		t.Errorf("missed %s", got)
	}
	var table strings.Builder
	r.print(&table)
	for _, want := range []string{"| POST to page | ≤ 3 ms | SQLite: 2 ms | yes |", "|  |  | PostgreSQL: 5 ms | **no** |", "|  |  | PostgreSQL: 9/s |  |", "`make sim SEEDS=1000`"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &table)
		}
	}
}
