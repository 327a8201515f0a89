package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// measure takes every figure that is wanted: on SQLite, and those that say something about the database on PostgreSQL.
func (b *bench) measure(ctx context.Context, out *report, wanted func(string) bool) error {
	for _, f := range figures() {
		if !wanted(f.letter) {
			continue
		}
		row := row{Letter: f.letter, Figure: f.name, Must: f.must, Peers: f.peers}
		stores := []string{""}
		if f.on != lite && b.postgres != "" {
			stores = append(stores, b.postgres)
		}
		for _, store := range stores {
			column := "SQLite"
			if store != "" {
				column = "PostgreSQL"
			}
			b.log("%s: %s, %s", f.letter, f.name, column)
			got, err := b.best(ctx, f, store)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil { // the other figures are not lost
				b.log("%s: %v", f.letter, err)
				got = finding{Text: "could not be measured: " + strings.ReplaceAll(err.Error(), "\n", " ")}
			}
			got.Store, got.Judged = column, store == "" || f.on == both
			row.Found = append(row.Found, got)
		}
		out.Rows = append(out.Rows, row)
	}
	if b.postgres != "" && !b.durable {
		out.Notes = append(out.Notes, "PostgreSQL ran with fsync off: its column says nothing about disks. MUSTER_TEST_POSTGRES_DURABLE names a cluster with fsync.")
	}
	return nil
}

// best measures a figure as often as asked and keeps the best.
func (b *bench) best(ctx context.Context, f figure, store string) (best finding, err error) {
	for i := range b.runs {
		if err := b.measureLimits(ctx); err != nil { // shared machines drift: a limit means something only beside its figure
			return best, err
		}
		dsn, drop, err := b.database(ctx, store)
		if err != nil {
			return best, err
		}
		got, err := f.take(ctx, b, fmt.Sprintf("%s-%d-%s", f.letter, i, map[bool]string{true: "lite", false: "pg"}[store == ""]), dsn)
		if err = errors.Join(err, drop()); err != nil {
			return best, err
		}
		if i == 0 || got.OK && !best.OK || got.OK == best.OK && got.score > best.score {
			best = got
		}
	}
	return best, nil
}

// pageLatency is one alert after the other, at a pace that no cycle of Muster's could be in step with.
func pageLatency(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	in, args, err := b.aimed(ctx, name, store, plan{})
	if err != nil {
		return f, err
	}
	defer in.kill()
	one := func(n int, interval string) (result, error) {
		return b.measured(ctx, append([]string{"latency", "-sink", in.sink, "-n", strconv.Itoa(n), "-interval", interval, "-wait", "20s"}, args...)...)
	}
	if _, err := one(10, "31ms"); err != nil { // connections are open and code is warm, as in a server that runs
		return f, err
	}
	r, err := one(b.size.probes, "97ms")
	if err != nil {
		return f, err
	}
	f.Text = fmt.Sprintf("p50 %.1f, p99 %.1f, max %.1f ms (n=%d, answer p50 %.1f ms)", r.P50, r.P99, r.Max, r.OK, number(r.Extra["ack_p50_ms"]))
	f.OK = r.OK == b.size.probes && r.Rejected == 0 && r.P50 <= 3 && r.P99 <= 10
	f.score = -r.P99
	f.Values = map[string]float64{"p50_ms": r.P50, "p99_ms": r.P99, "max_ms": r.Max, "n": float64(r.OK), "answer_p50_ms": number(r.Extra["ack_p50_ms"])}
	f.Limit = fmt.Sprintf("an fsync takes %.2f ms, and a page two", 1000/b.limits.Fsync)
	return f, in.stop()
}

func number(v any) float64 {
	n, _ := v.(float64)
	return n
}

// allAtOnce is 50 alerts for 50 people in the same moment: how long until the last page is there.
func allAtOnce(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	in, args, err := b.aimed(ctx, name, store, plan{})
	if err != nil {
		return f, err
	}
	defer in.kill()
	var lasts []float64
	for i := range 5 {
		file := filepath.Join(b.dir, fmt.Sprintf("%s-%d.csv", name, i))
		r, err := b.measured(ctx, append([]string{"latency", "-sink", in.sink, "-n", "50", "-interval", "0s", "-wait", "20s", "-csv", file}, args...)...)
		if err != nil {
			return f, err
		}
		if r.OK != 50 {
			f.Text = fmt.Sprintf("only %d of 50 pages arrived", r.OK)
			return f, nil
		}
		last, err := lastArrival(file)
		if err != nil {
			return f, err
		}
		lasts = append(lasts, last)
	}
	slices.Sort(lasts)
	f.Text = fmt.Sprintf("last page after %.0f ms (median of %d; worst %.0f)", lasts[len(lasts)/2], len(lasts), lasts[len(lasts)-1])
	f.OK = lasts[len(lasts)-1] <= 100
	f.score = -lasts[len(lasts)-1]
	f.Values = map[string]float64{"median_ms": lasts[len(lasts)/2], "worst_ms": lasts[len(lasts)-1]}
	return f, in.stop()
}

// lastArrival is how long after the first post the last page came, in milliseconds.
func lastArrival(file string) (float64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return 0, err
	}
	begin, end := math.Inf(1), 0.0
	for _, r := range rows {
		posted, err1 := strconv.ParseFloat(r[1], 64)
		after, err2 := strconv.ParseFloat(r[3], 64)
		if err := errors.Join(err1, err2); err != nil {
			return 0, err
		}
		begin, end = min(begin, posted/1000), max(end, posted/1000+after)
	}
	return end - begin, nil
}

// intakeMixed is 64 connections, of which seven send new conditions only and the others repeat a hundred: about one alert
// in ten is new, and pages somebody.
func intakeMixed(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	in, args, err := b.aimed(ctx, name, store, plan{})
	if err != nil {
		return f, err
	}
	defer in.kill()
	s, err := listenSink(ctx, in.sink, filepath.Join(b.dir, name+".sink"))
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	began, err := in.cpu()
	if err != nil {
		return f, err
	}
	dur := b.size.load.String()
	var fresh, same result
	var freshErr, sameErr error
	var wg sync.WaitGroup
	wg.Go(func() {
		fresh, freshErr = b.measured(ctx, append([]string{"load", "-c", "7", "-d", dur, "-run", "aaa"}, args...)...)
	})
	wg.Go(func() {
		same, sameErr = b.measured(ctx, append([]string{"load", "-c", "57", "-d", dur, "-dedup", "100", "-run", "bbb"}, args...)...)
	})
	wg.Wait()
	if err := errors.Join(freshErr, sameErr); err != nil {
		return f, err
	}
	used, err := in.cpu()
	if err != nil {
		return f, err
	}
	total := fresh.OK + same.OK
	rate := fresh.PerSec + same.PerSec
	bad := fresh.Rejected + fresh.Unknown + same.Rejected + same.Unknown
	share := 100 * float64(fresh.OK) / float64(max(1, total))
	f.Text = fmt.Sprintf("%s/s, p50 %.1f, p99 %.1f ms, %.0f %% new, %d other than 2xx", thousands(rate), same.P50, max(same.P99, fresh.P99), share, bad)
	cpu := (used - began) / float64(max(1, total))
	f.Limit = fmt.Sprintf("%.0f %% of echo (%s/s); %.2f ms of CPU for each; fsync %s/s", 100*rate/b.limits.Echo, thousands(b.limits.Echo), cpu, thousands(b.limits.Fsync))
	f.OK = rate >= map[bool]float64{true: 8000, false: 6000}[store == ""] && bad == 0
	f.score = rate
	f.Values = map[string]float64{"per_s": rate, "p50_ms": same.P50, "p99_ms": max(same.P99, fresh.P99), "new_percent": share, "not_2xx": float64(bad), "of_echo": rate / b.limits.Echo, "cpu_ms_each": cpu}
	if _, ok := s.await(ctx, fresh.OK, 30*time.Second); !ok {
		f.OK = false
		f.Text += fmt.Sprintf("; only %d of %d new ones paged", s.arrived(), fresh.OK)
	}
	return f, in.stop()
}

// intakeNew is 64 connections that send new conditions only, each paging somebody.
func intakeNew(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	in, args, err := b.aimed(ctx, name, store, plan{})
	if err != nil {
		return f, err
	}
	defer in.kill()
	s, err := listenSink(ctx, in.sink, filepath.Join(b.dir, name+".sink"))
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	acked := filepath.Join(b.dir, name+".acked")
	began, err := in.cpu()
	if err != nil {
		return f, err
	}
	watch := b.backlog(s, acked)
	r, err := b.measured(ctx, append([]string{"load", "-c", "64", "-d", b.size.sustained.String(), "-acked", acked}, args...)...)
	ended := time.Now()
	waiting := r.OK - s.arrived()
	most := watch()
	if err != nil {
		return f, err
	}
	last, all := s.await(ctx, r.OK, time.Minute)
	drain := max(0, last.Sub(ended))
	used, err := in.cpu()
	if err != nil {
		return f, err
	}
	cpu := (used - began) / float64(max(1, r.OK))
	bad := r.Rejected + r.Unknown
	f.Text = fmt.Sprintf("%s/s, p50 %.1f, p99 %.1f ms, %d other than 2xx; %d pages out", thousands(r.PerSec), r.P50, r.P99, bad, s.arrived())
	if all {
		f.Text += fmt.Sprintf(", backlog at most %d, %d when the load ended, none %.2f s later", most, max(0, waiting), drain.Seconds())
	} else {
		f.Text += fmt.Sprintf(" of %d", r.OK)
	}
	f.Limit = fmt.Sprintf("%.0f %% of echo; %.2f ms of CPU for each with its page", 100*r.PerSec/b.limits.Echo, cpu)
	f.OK = r.PerSec >= 2500 && bad == 0 && all && drain < time.Second
	f.score = r.PerSec
	f.Values = map[string]float64{
		"per_s": r.PerSec, "p50_ms": r.P50, "p99_ms": r.P99, "not_2xx": float64(bad), "pages": float64(s.arrived()), "pages_again": float64(s.again()),
		"backlog_most": float64(most), "backlog_end": float64(max(0, waiting)), "drain_s": drain.Seconds(), "cpu_ms_each": cpu,
	}
	return f, in.stop()
}

// backlog looks every 100 ms how many alerts have been acknowledged to their sender and not paged about yet. Calling the
// result ends it and says what the most was.
func (b *bench) backlog(s *sink, acked string) func() int {
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		var f *os.File
		most, told := 0, 0
		buf := make([]byte, 64<<10)
		for {
			select {
			case <-stop:
				if f != nil {
					_ = f.Close() // it was read only
				}
				done <- most
				return
			case <-tick.C:
			}
			if f == nil {
				if f, _ = os.Open(acked); f == nil {
					continue // the generator has not begun
				}
			}
			for n, err := f.Read(buf); err == nil; n, err = f.Read(buf) { // what has come since
				told += bytes.Count(buf[:n], []byte("\n"))
			}
			most = max(most, told-s.arrived())
		}
	}()
	return func() int {
		close(stop)
		return <-done
	}
}

// killed is the same load with a power cut in its middle: after the next start nothing that was acknowledged is missing.
func killed(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	in, args, err := b.aimed(ctx, name, store, plan{})
	if err != nil {
		return f, err
	}
	defer in.kill()
	log := filepath.Join(b.dir, name+".sink")
	s, err := listenSink(ctx, in.sink, log)
	if err != nil {
		return f, err
	}
	acked, unknown := filepath.Join(b.dir, name+".acked"), filepath.Join(b.dir, name+".unknown")
	r, err := b.measured(ctx, append([]string{
		"load", "-c", "64", "-d", "20s", "-kill-pid", strconv.Itoa(in.cmd.Process.Pid), "-kill-after", (b.size.load / 2).String(), "-kill-grace", "200ms",
		"-acked", acked, "-unknown", unknown,
	}, args...)...)
	if err != nil {
		return f, errors.Join(err, s.close())
	}
	<-in.ended
	before := s.arrived()
	began := time.Now()
	if _, err := in.start(ctx); err != nil {
		return f, errors.Join(err, s.close())
	}
	up := time.Since(began)
	s.await(ctx, r.OK, 20*time.Second)
	settled(s)
	if err := s.close(); err != nil {
		return f, err
	}
	v, err := b.verify(ctx, acked, unknown, log)
	if err != nil {
		return f, err
	}
	f.Text = fmt.Sprintf("%d acknowledged, %d missing; %d paged before, the others after a start of %.0f ms; %d pages twice, with the same ID", v.acked, v.missing, before, ms(up), v.again)
	f.OK = v.missing == 0 && v.acked > 0
	f.score = -float64(v.missing)
	f.Values = map[string]float64{"acked": float64(v.acked), "missing": float64(v.missing), "twice": float64(v.again), "restart_ms": ms(up)}
	return f, in.stop()
}

// settled waits until no page has come for a second: those whose answer was cut off come, too.
func settled(s *sink) {
	for quiet, have := 0, s.arrived(); quiet < 10; quiet++ {
		time.Sleep(100 * time.Millisecond)
		if n := s.arrived(); n != have {
			quiet, have = 0, n
		}
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// footprint is how long a start takes, and what the server needs when nothing happens.
func footprint(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	st, err := os.Stat(b.muster)
	if err != nil {
		return f, err
	}
	var fresh []float64
	for i := range 3 {
		took, err := b.freshStart(ctx, fmt.Sprintf("%s-fresh%d", name, i))
		if err != nil {
			return f, err
		}
		fresh = append(fresh, took)
	}
	in, err := b.install(ctx, name, store, plan{})
	if err != nil {
		return f, err
	}
	defer in.kill()
	var again []float64
	for range 5 {
		if err := in.stop(); err != nil {
			return f, err
		}
		in.http.CloseIdleConnections()
		began := time.Now()
		if _, err := in.start(ctx); err != nil {
			return f, err
		}
		again = append(again, ms(time.Since(began)))
	}
	select { // let it come to rest
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return f, ctx.Err()
	}
	rss, err := in.rss()
	if err != nil {
		return f, err
	}
	slices.Sort(fresh)
	slices.Sort(again)
	mb := func(n int64) float64 { return float64(n) / 1e6 }
	f.Text = fmt.Sprintf("ready after %.0f ms (on fresh data %.0f), %.0f MB idle, binary %.1f MB", again[len(again)/2], fresh[len(fresh)/2], mb(rss), mb(st.Size()))
	f.OK = again[len(again)/2] <= 300 && fresh[len(fresh)/2] <= 300 && mb(rss) <= 80 && mb(st.Size()) <= 60
	f.score = -again[len(again)/2]
	f.Values = map[string]float64{"ready_ms": again[len(again)/2], "ready_fresh_ms": fresh[len(fresh)/2], "rss_mb": mb(rss), "binary_mb": mb(st.Size())}
	return f, in.stop()
}

// freshStart is how long a start on an empty directory takes, in milliseconds.
func (b *bench) freshStart(ctx context.Context, name string) (float64, error) {
	in, err := b.bare(ctx, name)
	if err != nil {
		return 0, err
	}
	defer in.kill()
	began := time.Now()
	if _, err := in.start(ctx); err != nil {
		return 0, err
	}
	return ms(time.Since(began)), in.stop()
}
