// Command bench measures what the README quotes. It builds the stripped binary and the load generator, starts the binary
// on fresh data, sets it up as its first admin would, and drives it from outside over HTTP. Each figure stands beside what
// the machine could do in the same run (a bare HTTP echo, fsync), what Muster must reach, and what peers did on the same
// kind of machine.
//
//	go run ./bench                     every figure, in five minutes
//	go run ./bench -only a,b           some of them
//	go run ./bench -runs 3             each of them three times; the best counts, and the table says so
//	go run ./bench -only d,l,m -long   the long form: a minute of pages, five of storm, a million alerts
//	./scripts/postgres.sh run --both go run ./bench     with a column for PostgreSQL
//
// It imports nothing of Muster. Generator, server and sink share the cores; on a machine that does other work at the same
// time the figures are worth little.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run: the tools, and what was found.
type bench struct {
	dir      string // everything that the run writes
	muster   string // the binaries
	loadgen  string
	size     size
	runs     int
	postgres string // DSN of a cluster, "" for none
	durable  bool   // its commits reach the disk
	limits   limits // of a moment ago
	most     limits // of the whole run
	log      func(format string, args ...any)
}

// size is how much is measured.
type size struct {
	load      time.Duration // of most figures
	sustained time.Duration // of the load that pages somebody each time
	storm     time.Duration
	probes    int // pages whose time is taken
	steps     int // alerts that nobody acknowledges
	stepsOver time.Duration
	stored    int // alerts in a full store
	open      int // of these
	rest      time.Duration
}

func sizeOf(load time.Duration, long bool) size {
	s := size{load: load, sustained: load, storm: 20 * time.Second, probes: 200, steps: 200, stepsOver: 5 * time.Second, stored: 50_000, open: 5_000, rest: 5 * time.Second}
	if long {
		s.sustained, s.storm, s.stored, s.open, s.rest = time.Minute, 5*time.Minute, 1_000_000, 100_000, 30*time.Second
	}
	return s
}

// limits are what the machine can do.
type limits struct {
	Echo   float64 `json:"echo_per_s"`    // bare net/http, 64 connections
	Fsync  float64 `json:"fsync_per_s"`   // 4 KiB, one writer
	Fsync8 float64 `json:"fsync_8_per_s"` // eight writers
}

func run(ctx context.Context) error {
	only := flag.String("only", "", "letters of the figures to measure, from a to m: a,b,h; all when empty")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	runs := flag.Int("runs", 1, "measure each figure so many times; the best counts")
	dur := flag.Duration("d", 6*time.Second, "how long each load lasts")
	long := flag.Bool("long", false, "the long form of d (a minute), l (five minutes) and m (a million alerts)")
	binary := flag.String("muster", "", "a binary that is built already")
	keep := flag.Bool("keep", false, "keep the data and logs, and say where")
	flag.Parse()
	if err := loopbackProxy(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "muster-bench-")
	if err != nil {
		return err
	}
	if *keep {
		fmt.Fprintln(os.Stderr, "bench: everything is kept in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	b := &bench{
		dir: dir, muster: *binary, loadgen: filepath.Join(dir, "loadgen"), size: sizeOf(*dur, *long), runs: max(1, *runs),
		log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) },
	}
	if b.postgres, b.durable = os.Getenv("MUSTER_TEST_POSTGRES_DURABLE"), true; b.postgres == "" {
		b.postgres, b.durable = os.Getenv("MUSTER_TEST_POSTGRES"), false
	}
	if err := b.build(ctx); err != nil {
		return err
	}
	wanted := func(letter string) bool {
		return *only == "" || slices.Contains(strings.Split(strings.ToLower(*only), ","), letter)
	}
	out := report{At: time.Now().UTC().Truncate(time.Second), Cores: runtime.NumCPU(), Go: runtime.Version(), Runs: b.runs, Long: *long}
	if err := b.measure(ctx, &out, wanted); err != nil {
		return err
	}
	out.Limits = b.most
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	out.print(os.Stdout)
	if missed := out.missed(); len(missed) > 0 {
		return fmt.Errorf("missed: %s", strings.Join(missed, ", "))
	}
	return nil
}

// loopbackProxy makes sure that requests to 127.0.0.1 do not leave through somebody's proxy.
func loopbackProxy() error { return os.Setenv("NO_PROXY", "127.0.0.1") }

// build makes the stripped binary, as a release has it, and the load generator.
func (b *bench) build(ctx context.Context) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("start this within the repository: %w", err)
	}
	build := func(out, pkg string, flags ...string) error {
		cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, flags...), "-o", out, pkg)...)
		cmd.Dir, cmd.Env = strings.TrimSpace(string(root)), append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", pkg, err, text)
		}
		return nil
	}
	if b.muster == "" {
		b.log("building the stripped binary")
		b.muster = filepath.Join(b.dir, "muster")
		if err := build(b.muster, "./cmd/muster", "-ldflags=-s -w"); err != nil {
			return err
		}
	}
	return build(b.loadgen, "./bench/loadgen")
}
