package sim

import (
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"
)

// number reads a setting of the environment.
func number(t *testing.T, name string) (n uint64, set bool) {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, v)
	}
	return n, true
}

// plan is how many stories are told: so many seeds, or until so many escalations were looked at.
type plan struct {
	first, seeds uint64
	escalations  int
	size         Size
	workers      int
	limit        time.Duration // then no other story is begun; 0: none
}

// planned reads MUSTER_SIM_SEED (that one alone), MUSTER_SIM_SEEDS (so many) and MUSTER_TEST_LONG (1,000 seeds, a million
// escalations). The usual form tells the same stories each time until they hold 100,000 escalations, or as many of them as it
// can in a hundred seconds, and says how many escalations that were. Under the race detector it tells two small stories,
// because there one takes as long as twenty.
func planned(t *testing.T) plan {
	t.Helper()
	p := plan{first: 1, seeds: 1, escalations: 100_000, size: Usual, workers: 2, limit: 100 * time.Second}
	switch {
	case watched:
		p.seeds, p.escalations, p.size, p.workers = 2, 0, Small, 1
	case os.Getenv("MUSTER_TEST_LONG") != "":
		p.seeds, p.escalations, p.limit = 1000, 1_000_000, 0
	}
	if n, ok := number(t, "MUSTER_SIM_SEEDS"); ok {
		p.seeds, p.escalations, p.limit = n, 0, 0
	}
	if n, ok := number(t, "MUSTER_SIM_SEED"); ok {
		p.first, p.seeds, p.escalations, p.workers, p.limit = n, 1, 0, 1, 0
	}
	if os.Getenv("MUSTER_SIM_SIZE") == "small" {
		p.size = Small
	}
	return p
}

// tally is what all seeds together came to.
type tally struct {
	mu                        sync.Mutex
	began                     time.Time
	stage                     *Stage
	next                      uint64
	seeds, escalations, steps int
	calls                     int
	broken                    []uint64
}

// take gives the next seed. Both the number of seeds and that of escalations have to be reached, where both are asked for.
func (c *tally) take(p plan) (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := p.limit > 0 && time.Since(c.began) > p.limit
	if c.next-p.first >= p.seeds && c.escalations >= p.escalations || len(c.broken) > 0 || late {
		return 0, false
	}
	c.next++
	return c.next - 1, true
}

// TestPromises lets the whole application live through one story after the other and compares what happened with what is
// promised in docs/reliability.md. The first broken promise ends it, with the smallest story that breaks it.
func TestPromises(t *testing.T) {
	p := planned(t)
	began := time.Now()
	all := &tally{next: p.first, began: began, stage: NewStage(t)}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // there is much garbage and much room
	t.Run("seeds", func(t *testing.T) {
		for range p.workers {
			t.Run("worker", func(t *testing.T) {
				if p.workers > 1 {
					t.Parallel()
				}
				for seed, more := all.take(p); more; seed, more = all.take(p) {
					tell(t, seed, p, all)
				}
			})
		}
	})
	took := time.Since(began)
	t.Logf("%d seeds: %d escalations with %d steps and %d calls in %s, %.0f escalations a second; broken: %d",
		all.seeds, all.escalations, all.steps, all.calls, took.Round(time.Second), float64(all.escalations)/took.Seconds(), len(all.broken))
}

func tell(t *testing.T, seed uint64, p plan, all *tally) {
	t.Helper()
	s := Draw(seed, p.size)
	o := all.stage.Run(t, s)
	all.mu.Lock()
	all.seeds++
	all.escalations += o.Escalations
	all.steps += o.Steps
	all.calls += o.Calls
	if len(o.Violations) > 0 {
		all.broken = append(all.broken, seed)
	}
	all.mu.Unlock()
	if len(o.Violations) == 0 {
		return
	}
	v, small := o.Violations[0], s
	if os.Getenv("MUSTER_SIM_SHRINK") != "no" && v.Invariant != "start" {
		if less, outcome, ok := all.stage.Shrink(t, s, v); ok {
			small, o = less, outcome
		}
	}
	t.Error(Report(s, small, v, o))
}
