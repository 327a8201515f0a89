package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// underLoad is how long a page takes while 1,000 signals a second come in, a tenth of which are new and page somebody.
func underLoad(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	const fresh, same = 100, 900
	const interval = 47 * time.Millisecond // in step with nothing
	in, args, err := b.aimed(ctx, name, store, plan{})
	if err != nil {
		return f, err
	}
	defer in.kill()
	if _, err := b.measured(ctx, append([]string{"latency", "-sink", in.sink, "-n", "10", "-interval", "31ms", "-wait", "20s"}, args...)...); err != nil {
		return f, err
	}
	dur := time.Duration(b.size.probes)*interval + time.Second
	var background [2]result
	var errs [3]error
	var wg sync.WaitGroup
	wg.Go(func() {
		background[0], errs[0] = b.measured(ctx, append([]string{"load", "-c", "16", "-rate", strconv.Itoa(fresh), "-d", dur.String(), "-run", "aaa"}, args...)...)
	})
	wg.Go(func() {
		background[1], errs[1] = b.measured(ctx, append([]string{"load", "-c", "32", "-rate", strconv.Itoa(same), "-d", dur.String(), "-dedup", "100", "-run", "bbb"}, args...)...)
	})
	var r result
	wg.Go(func() {
		r, errs[2] = b.measured(ctx, append([]string{"latency", "-sink", in.sink, "-n", strconv.Itoa(b.size.probes), "-interval", interval.String(), "-wait", "20s"}, args...)...)
	})
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return f, err
	}
	rate := background[0].PerSec + background[1].PerSec
	bad := background[0].Rejected + background[0].Unknown + background[1].Rejected + background[1].Unknown + r.Rejected
	f.Text = fmt.Sprintf("p50 %.1f, p99 %.1f, max %.1f ms (n=%d) beside %s/s, %d other than 2xx", r.P50, r.P99, r.Max, r.OK, thousands(rate), bad)
	f.OK = r.OK == b.size.probes && bad == 0 && r.P99 <= 50 && rate >= 0.97*(fresh+same)
	f.score = -r.P99
	f.Values = map[string]float64{"p50_ms": r.P50, "p99_ms": r.P99, "max_ms": r.Max, "n": float64(r.OK), "beside_per_s": rate, "not_2xx": float64(bad)}
	f.Limit = fmt.Sprintf("an fsync takes %.2f ms", 1000/b.limits.Fsync)
	return f, in.stop()
}

// stormOf is how many of the people are in a storm; the others are paged about other services.
const stormOf = 40

// storm is 100,000 new conditions a minute of 40 services, and what becomes of the pages of ten others meanwhile.
func storm(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	const perSecond = 100_000.0 / 60
	in, args, err := b.aimed(ctx, name, store, plan{gather: stormOf})
	if err != nil {
		return f, err
	}
	defer in.kill()
	many, few, err := in.split(stormOf)
	if err != nil {
		return f, err
	}
	interval := max(47*time.Millisecond, b.size.storm/300)
	n := max(1, int(b.size.storm/interval))
	var load, probe result
	var errs [2]error
	var wg sync.WaitGroup
	memory := in.sample(250 * time.Millisecond)
	wg.Go(func() {
		load, errs[0] = b.measured(ctx, append([]string{"load", "-c", "64", "-rate", fmt.Sprintf("%.2f", perSecond), "-d", b.size.storm.String(), "-run", "storm"}, with(args, "-keys", many)...)...)
	})
	wg.Go(func() {
		probe, errs[1] = b.measured(ctx, append([]string{"latency", "-sink", in.sink, "-n", strconv.Itoa(n), "-interval", interval.String(), "-wait", "20s", "-run", "other"}, with(args, "-keys", few)...)...)
	})
	wg.Wait()
	rss, err := memory()
	if err = errors.Join(err, errs[0], errs[1]); err != nil {
		return f, err
	}
	bad := load.Rejected + load.Unknown + probe.Rejected
	grown := rss.last / rss.second
	f.Text = fmt.Sprintf("%s/min for %.0f s, p99 of the answers %.0f ms, %d other than 2xx; pages of other services p50 %.1f, p99 %.1f, max %.1f ms (n=%d of %d); memory %.0f MB in the second fifth, %.0f MB in the last, %.0f MB at most",
		thousands(load.PerSec*60), load.Seconds, load.P99, bad, probe.P50, probe.P99, probe.Max, probe.OK, n, rss.second, rss.last, rss.most)
	f.OK = bad == 0 && probe.OK == n && probe.P99 < 5000 && load.PerSec >= 0.97*perSecond && grown <= 1.25
	f.score = -probe.P99
	f.Values = map[string]float64{
		"per_min": load.PerSec * 60, "seconds": load.Seconds, "answer_p99_ms": load.P99, "not_2xx": float64(bad), "p50_ms": probe.P50, "p99_ms": probe.P99, "max_ms": probe.Max,
		"n": float64(probe.OK), "rss_second_fifth_mb": rss.second, "rss_last_fifth_mb": rss.last, "rss_most_mb": rss.most,
	}
	f.Limit = fmt.Sprintf("%.0f %% of echo (%s/s)", 100*load.PerSec/b.limits.Echo, thousands(b.limits.Echo))
	return f, in.stop()
}

// with replaces the value of an argument.
func with(args []string, name, value string) []string {
	out := slices.Clone(args)
	out[slices.Index(out, name)+1] = value
	return out
}

// split writes the keys of the first n people and those of the others into files of their own.
func (in *installation) split(n int) (first, rest string, err error) {
	text, err := os.ReadFile(in.keys)
	if err != nil {
		return "", "", err
	}
	keys := strings.Fields(string(text))
	first, rest = in.keys+".first", in.keys+".rest"
	return first, rest, errors.Join(
		os.WriteFile(first, []byte(strings.Join(keys[:n], "\n")), 0o600),
		os.WriteFile(rest, []byte(strings.Join(keys[n:], "\n")), 0o600))
}

// resident is the memory of a server in megabytes while something went on.
type resident struct{ second, last, most float64 } // the median of the second and of the last fifth of the time, and the most

// sample looks at the server's memory until the function that it returns is called.
func (in *installation) sample(every time.Duration) func() (resident, error) {
	type found struct {
		mb  []float64
		err error
	}
	stop, done := make(chan struct{}), make(chan found)
	go func() {
		var f found
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			n, err := in.rss()
			f.mb, f.err = append(f.mb, float64(n)/1e6), errors.Join(f.err, err)
			select {
			case <-stop:
				done <- f
				return
			case <-tick.C:
			}
		}
	}()
	return func() (resident, error) {
		close(stop)
		f := <-done
		n := len(f.mb)
		part := func(from, to int) float64 {
			s := slices.Sorted(slices.Values(f.mb[from:max(to, from+1)]))
			return s[len(s)/2]
		}
		return resident{part(n/5, 2*n/5), part(n-max(1, n/5), n), slices.Max(f.mb)}, f.err
	}
}
