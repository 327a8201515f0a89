package command

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/muster-oncall/muster"
)

// held is a combiner whose first run waits until it is let go, so that what comes in meanwhile becomes one set.
type held struct {
	combiner[int, int]
	mu   sync.Mutex
	sets [][]int
	gate chan struct{}
	do   func(items []int) error // nil: nothing fails
}

func newHeld(do func([]int) error) *held {
	h := &held{gate: make(chan struct{}), do: do}
	h.run = func(_ context.Context, items []int) ([]int, error) {
		h.mu.Lock()
		h.sets = append(h.sets, slices.Clone(items))
		first := len(h.sets) == 1
		h.mu.Unlock()
		if first {
			<-h.gate
		}
		if h.do != nil {
			if err := h.do(items); err != nil {
				return nil, err
			}
		}
		out := make([]int, len(items))
		for i, n := range items {
			out[i] = 10 * n
		}
		return out, nil
	}
	return h
}

// story asks for 0, waits until it runs, asks for 1 to n, and lets go. It returns the answers in order.
func (h *held) story(t *testing.T, n int) ([]int, []error) {
	t.Helper()
	outs, errs := make([]int, n+1), make([]error, n+1)
	var wg sync.WaitGroup
	for i := range n + 1 {
		wg.Go(func() { outs[i], errs[i] = h.Do(t.Context(), i) })
		if i == 0 || n < 20 {
			synctest.Wait() // in order
		}
	}
	synctest.Wait()
	close(h.gate)
	wg.Wait()
	return outs, errs
}

func TestWhatComesInMeanwhileIsOneSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(nil)
		outs, errs := h.story(t, 5)
		if !slices.Equal(outs, []int{0, 10, 20, 30, 40, 50}) || errors.Join(errs...) != nil {
			t.Errorf("the answers were %v, %v", outs, errs)
		}
		if len(h.sets) != 2 || !slices.Equal(h.sets[1], []int{1, 2, 3, 4, 5}) {
			t.Errorf("the sets were %v, want the first alone and the others together, in order", h.sets)
		}
	})
}

func TestASetIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(nil)
		if _, errs := h.story(t, 2*maxSet+10); errors.Join(errs...) != nil {
			t.Error(errors.Join(errs...))
		}
		for _, s := range h.sets {
			if len(s) > maxSet {
				t.Errorf("a set has %d items, want at most %d", len(s), maxSet)
			}
		}
	})
}

func TestOneThatFailsDoesNotFailItsNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("three cannot be stored")
		h := newHeld(func(items []int) error {
			if slices.Contains(items, 3) {
				return bad
			}
			return nil
		})
		outs, errs := h.story(t, 4)
		for i, err := range errs {
			if want := i == 3; errors.Is(err, bad) != want || (!want && outs[i] != 10*i) {
				t.Errorf("item %d gave %d, %v", i, outs[i], err)
			}
		}
	})
}

func TestAnUnavailableStoreIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(func(items []int) error {
			if len(items) > 1 {
				return muster.Errorf(muster.ErrUnavailable, "away")
			}
			return nil
		})
		_, errs := h.story(t, 4)
		for i, err := range errs[1:] {
			if muster.CodeOf(err) != muster.ErrUnavailable {
				t.Errorf("item %d gave %v, want unavailable", i+1, err)
			}
		}
		if len(h.sets) != 2 {
			t.Errorf("%d runs: each was tried singly on a store that is away", len(h.sets))
		}
	})
}

func TestAPanicLeavesNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		h := newHeld(func(items []int) error {
			if slices.Contains(items, 2) {
				panic("two")
			}
			return nil
		})
		h.panicked = func(any) { told++ }
		outs, errs := h.story(t, 3)
		if muster.CodeOf(errs[2]) != muster.ErrInternal || errs[1] != nil || errs[3] != nil || outs[3] != 30 {
			t.Errorf("the answers were %v, %v: want an error for the second alone", outs, errs)
		}
		if told != 2 { // with its set, and singly
			t.Errorf("%d panics were told, want 2", told)
		}
		if out, err := h.Do(t.Context(), 7); err != nil || out != 70 {
			t.Errorf("after the panic: %d, %v", out, err)
		}
	})
}

func TestResultsThatDoNotMatchAreAnError(t *testing.T) {
	c := combiner[int, int]{run: func(context.Context, []int) ([]int, error) { return nil, nil }}
	if _, err := c.Do(t.Context(), 1); muster.CodeOf(err) != muster.ErrInternal {
		t.Errorf("no result for one item gave %v", err)
	}
}

func TestACallerThatGoesAwayDoesNotCancelItsNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(nil)
		go func() { _, _ = h.Do(t.Context(), 0) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		left, stayed := make(chan error, 1), make(chan error, 1)
		go func() { _, err := h.Do(ctx, 1); left <- err }()
		go func() { _, err := h.Do(t.Context(), 2); stayed <- err }()
		synctest.Wait()
		cancel()
		var e *muster.Error
		if err := <-left; muster.CodeOf(err) != muster.ErrUnavailable || !errors.As(err, &e) || e.RetryAfter <= 0 {
			t.Errorf("whoever left got %v, want unavailable with a time to try again", err)
		}
		close(h.gate)
		if err := <-stayed; err != nil {
			t.Errorf("the neighbour got %v", err)
		}
		synctest.Wait()
		if len(h.sets) != 2 || len(h.sets[1]) != 2 {
			t.Errorf("the sets were %v: what was queued is stored, though nobody waits for it", h.sets)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = h.Do(ctx, 0) })
		synctest.Wait()
		for i := range maxQueue {
			if !h.add(waiting[int, int]{in: i, done: make(chan result[int], 1)}) {
				t.Fatalf("item %d of %d did not fit", i+1, maxQueue)
			}
		}
		_, err := h.Do(ctx, 1)
		var e *muster.Error
		if muster.CodeOf(err) != muster.ErrUnavailable || !errors.As(err, &e) || e.RetryAfter <= 0 {
			t.Errorf("one too many got %v, want unavailable with a time to try again", err)
		}
		cancel()
		close(h.gate)
		wg.Wait()
	})
}

// A set holds no more than a person's command can wait for: what weighs much comes in several sets, and what weighs more than
// all of one is a set of its own.
func TestSetsAreBoundedByWeight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(nil)
		h.weight = func(n int) int { return []int{1, 400, 400, 300, 5000, 1, 999, 1}[n] }
		outs, errs := h.story(t, 7)
		for i := range outs {
			if errs[i] != nil || outs[i] != 10*i {
				t.Errorf("%d got %d, %v", i, outs[i], errs[i])
			}
		}
		want := [][]int{{0}, {1, 2}, {3}, {4}, {5, 6}, {7}}
		if !slices.EqualFunc(h.sets, want, slices.Equal) {
			t.Errorf("sets %v, not %v", h.sets, want)
		}
	})
}
