package command_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

// Twenty people override twenty shifts at the same moment: each of them has it, and none is told to try again.
func TestTwentyOverridesAtOnce(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		const n = 20
		begin := muster.At(time.Now().Add(24 * time.Hour))
		errs := make([]error, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				from := begin.Plus(time.Duration(i) * 24 * time.Hour)
				_, errs[i] = do[*muster.Override](w, w.as("rob"), "OverrideShift", command.OverrideShift{
					Roster: "storefront", People: []muster.UserName{"olga"}, From: from, Until: from.Plus(8 * time.Hour), Why: fmt.Sprintf("no. %d", i),
				})
			})
		}
		all.Wait()
		for i, err := range errs {
			if err != nil {
				t.Errorf("override %d: %v", i, err)
			}
		}
		if got := len(w.commands.Live.Current().Catalog.Rosters["storefront"].Overrides); got != n {
			t.Errorf("there are %d overrides, want %d", got, n)
		}
	})
}

// Two nodes share a database, and twenty people override twenty shifts at the same moment, ten on each: none is told to try
// again.
func TestTwentyOverridesOnTwoNodes(t *testing.T) {
	t.Parallel()
	dsn, dir := storetest.Postgres(t), t.TempDir()
	one := open(t, dsn, dir)
	defer one.close()
	one.seed()
	one.put(lone)
	one.put(shifts("rob"))
	two := open(t, dsn, dir)
	defer two.close()
	const n = 20
	begin := muster.At(time.Now().Add(24 * time.Hour))
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		w := []*world{one, two}[i%2]
		all.Go(func() {
			from := begin.Plus(time.Duration(i) * 24 * time.Hour)
			_, errs[i] = do[*muster.Override](w, w.as("rob"), "OverrideShift", command.OverrideShift{
				Roster: "storefront", People: []muster.UserName{"olga"}, From: from, Until: from.Plus(8 * time.Hour), Why: fmt.Sprintf("no. %d", i),
			})
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("override %d: %v", i, err)
		}
	}
	one.ok(one.commands.Load(t.Context()))
	if got := len(one.commands.Live.Current().Catalog.Rosters["storefront"].Overrides); got != n {
		t.Errorf("there are %d overrides, want %d", got, n)
	}
}
