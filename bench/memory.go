package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"
)

// stored is what a full store costs: memory, and how much longer a page takes than on an empty one. The store is filled
// through the intake by lists of alerts: most are recorded and resolved, the others are open, have paged somebody, and wait
// for their next step.
func stored(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	in, args, err := b.aimed(ctx, name, store, plan{record: true})
	if err != nil {
		return f, err
	}
	defer in.kill()
	probe := func() (result, error) {
		one := func(n int) (result, error) {
			return b.measured(ctx, append([]string{"latency", "-sink", in.sink, "-n", strconv.Itoa(n), "-interval", "47ms", "-wait", "20s"}, args...)...)
		}
		if _, err := one(10); err != nil {
			return result{}, err
		}
		return one(b.size.probes)
	}
	empty, err := probe()
	if err != nil {
		return f, err
	}
	filling := in.sample(time.Second)
	began := time.Now()
	if err := in.stock(ctx, b, name); err != nil {
		_, lost := filling()
		return f, errors.Join(err, lost)
	}
	took := time.Since(began)
	while, err := filling()
	if err != nil {
		return f, err
	}
	if err := pause(ctx, b.size.rest); err != nil {
		return f, err
	}
	probing := in.sample(250 * time.Millisecond)
	full, err := probe()
	rss, lost := probing()
	if err := errors.Join(err, lost); err != nil {
		return f, err
	}
	f.Text = fmt.Sprintf("%s alerts, %s of them open: %.0f MB (%.0f MB at most while it was filled, in %.0f s); page p99 %.1f ms, %.1f ms when it was empty",
		thousands(float64(b.size.stored)), thousands(float64(b.size.open)), rss.most, while.most, took.Seconds(), full.P99, empty.P99)
	f.OK = rss.most <= 200 && full.OK == b.size.probes && full.P99 <= 1.5*empty.P99
	f.score = -full.P99 / max(empty.P99, 0.001)
	f.Values = map[string]float64{
		"stored": float64(b.size.stored), "open": float64(b.size.open), "rss_mb": rss.most, "rss_filling_mb": while.most, "fill_s": took.Seconds(), "p50_ms": full.P50, "p99_ms": full.P99,
		"empty_p50_ms": empty.P50, "empty_p99_ms": empty.P99,
	}
	f.Limit = fmt.Sprintf("an fsync takes %.2f ms", 1000/b.limits.Fsync)
	return f, in.stop()
}

// stock fills the store.
func (in *installation) stock(ctx context.Context, b *bench, name string) (err error) {
	s, err := listenSink(ctx, in.sink, filepath.Join(b.dir, name+".sink"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	closed, err := in.batches(in.keys+".record", 4)
	if err != nil {
		return err
	}
	if err := closed.fill(ctx, "closed", b.size.stored-b.size.open, 200, true); err != nil {
		return err
	}
	open, err := in.batches(in.keys, people)
	if err != nil {
		return err
	}
	if err := open.fill(ctx, "open", b.size.open, 100, false); err != nil {
		return err
	}
	if _, ok := s.await(ctx, b.size.open, 5*time.Minute); !ok {
		return fmt.Errorf("only %d of %d pages about open alerts came", s.arrived(), b.size.open)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
