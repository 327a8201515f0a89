package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// told is an alert that was posted by hand: its token, its ID, and whose it is.
type told struct {
	token, id string
	person    int
}

// tell posts n alerts of different people, one after the other, spread over a time.
func (in *installation) tell(ctx context.Context, n int, over time.Duration) ([]told, error) {
	text, err := os.ReadFile(in.keys)
	if err != nil {
		return nil, err
	}
	keys := strings.Fields(string(text))
	out := make([]told, 0, n)
	tick := time.NewTicker(over / time.Duration(n))
	defer tick.Stop()
	for i := range n {
		t := told{token: fmt.Sprintf("lg-steps-%d", i), person: i % people}
		var answer struct {
			Signals []struct {
				Alert string `json:"alert"`
			} `json:"signals"`
		}
		body := map[string]any{"title": "step " + t.token, "key": t.token, "severity": "major"}
		if err := in.call(ctx, http.MethodPost, "/in/"+keys[t.person]+"/generic", body, &answer, http.StatusAccepted); err != nil {
			return nil, err
		}
		if len(answer.Signals) != 1 {
			return nil, fmt.Errorf("the answer to %s names %d alerts", t.token, len(answer.Signals))
		}
		t.id = answer.Signals[0].Alert
		out = append(out, t)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
	return out, nil
}

// due asks each alert when its second step is due: when its first page was really handed over, and the wait.
func (in *installation) due(ctx context.Context, alerts []told) (map[string]time.Time, error) {
	out := make(map[string]time.Time, len(alerts))
	for _, t := range alerts {
		var a struct {
			Pages []struct {
				Step    int       `json:"step"`
				Started time.Time `json:"started_at"`
			} `json:"pages"`
		}
		if err := in.call(ctx, http.MethodGet, "/api/v1/alerts/"+t.id, nil, &a, http.StatusOK); err != nil {
			return nil, err
		}
		for _, p := range a.Pages {
			if p.Step == 1 && !p.Started.IsZero() && (out[t.token].IsZero() || p.Started.Before(out[t.token].Add(-stepWait))) {
				out[t.token] = p.Started.Add(stepWait)
			}
		}
		if out[t.token].IsZero() {
			return nil, fmt.Errorf("no page of the first step of %s was handed over", t.id)
		}
	}
	return out, nil
}

// steps is how late the second phone rings when the first is not answered.
func steps(ctx context.Context, b *bench, name, store string) (finding, error) {
	f, late, err := stepLateness(ctx, b, name, store, false)
	if err != nil || len(late) == 0 {
		return f, err
	}
	p50, p99, worst := at(late, 0.5), at(late, 0.99), late[len(late)-1]
	f.Text = fmt.Sprintf("p50 %.1f, p99 %.1f, max %.1f ms late (n=%d)", p50, p99, worst, len(late)) + f.Text
	f.OK = f.OK && p99 <= 50
	f.score = -p99
	f.Values = map[string]float64{"p50_ms": p50, "p99_ms": p99, "max_ms": worst, "n": float64(len(late))}
	f.Limit = fmt.Sprintf("an fsync takes %.2f ms", 1000/b.limits.Fsync)
	return f, nil
}

// stepsAfterRestart is the same with a power cut half a second before the first step is due, and a start at once.
func stepsAfterRestart(ctx context.Context, b *bench, name, store string) (finding, error) {
	f, late, err := stepLateness(ctx, b, name, store, true)
	if err != nil || len(late) == 0 {
		return f, err
	}
	p99, worst := at(late, 0.99), late[len(late)-1]
	f.Text = fmt.Sprintf("p99 %.0f, max %.0f ms after due, or after the start of the process when that was later (n=%d); ready %.0f ms after it", p99, worst, len(late), f.Values["ready_ms"]) + f.Text
	f.OK = f.OK && worst <= 1000
	f.score = -worst
	f.Values["p99_ms"], f.Values["max_ms"], f.Values["n"] = p99, worst, float64(len(late))
	f.Limit = fmt.Sprintf("an fsync takes %.2f ms", 1000/b.limits.Fsync)
	return f, nil
}

// stepLateness pages first phones that nobody answers and measures when the second ones ring, in milliseconds after they
// ought to.
func stepLateness(ctx context.Context, b *bench, name, store string, kill bool) (f finding, late []float64, err error) {
	in, err := b.install(ctx, name, store, plan{second: true})
	if err != nil {
		return f, nil, err
	}
	defer in.kill()
	s, err := listenSink(ctx, in.sink, filepath.Join(b.dir, name+".sink"))
	if err != nil {
		return f, nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	alerts, err := in.tell(ctx, b.size.steps, b.size.stepsOver)
	if err != nil {
		return f, nil, err
	}
	if _, ok := s.await(ctx, len(alerts), 10*time.Second); !ok {
		f.Text = fmt.Sprintf("only %d of %d first pages arrived", s.arrived(), len(alerts))
		return f, nil, nil
	}
	settled(s) // results of the last pages are written
	due, err := in.due(ctx, alerts)
	if err != nil {
		return f, nil, err
	}
	var up time.Time
	f.Values = map[string]float64{}
	if kill {
		first := due[slices.MinFunc(alerts, func(x, y told) int { return cmp.Compare(due[x.token].UnixNano(), due[y.token].UnixNano()) }).token]
		select {
		case <-ctx.Done():
			return f, nil, ctx.Err()
		case <-time.After(time.Until(first) - 500*time.Millisecond):
		}
		if n := s.called(); n != len(alerts) {
			return f, nil, fmt.Errorf("%d pages came before the second step was due", n-len(alerts))
		}
		in.kill()
		in.http.CloseIdleConnections()
		up = time.Now()
		if _, err := in.start(ctx); err != nil {
			return f, nil, err
		}
		f.Values["ready_ms"] = ms(time.Since(up))
	}
	for end := time.Now().Add(stepWait + b.size.stepsOver + 10*time.Second); s.called() < 2*len(alerts) && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(10 * time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	missing, early := 0, 0
	for _, t := range alerts {
		rang := s.calls[call{t.token, fmt.Sprintf("/u%d", (t.person+1)%people)}]
		switch want := due[t.token]; {
		case rang.IsZero():
			missing++
		case rang.Before(want):
			early++
		default:
			if want.Before(up) {
				want = up
			}
			late = append(late, ms(rang.Sub(want)))
		}
	}
	slices.Sort(late)
	f.OK = missing == 0 && early == 0
	if !f.OK {
		f.Text = fmt.Sprintf("; %d second phones never rang, %d rang early", missing, early)
	}
	return f, late, nil
}

// at is a quantile of sorted values, by nearest rank.
func at(sorted []float64, q float64) float64 {
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}
