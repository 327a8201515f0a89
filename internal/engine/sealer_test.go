package engine

import (
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// Looks for rows without a place begin near, wide ones as far back as a transaction can be late, and the first one at the
// beginning.
func TestWhereSealingLooks(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC)
	newest := muster.At(start)
	var s sealing
	if got := s.since(start, false); got != "" {
		t.Errorf("the first look begins at %q", got)
	}
	s.newest = newest
	for _, c := range []struct {
		after time.Duration
		wide  bool
		want  muster.LedgerID
	}{
		{time.Second, false, command.SealSince(newest, sealNear)},
		{time.Minute, true, command.SealSince(newest, command.SealLate)},
		{sealWhole + time.Second, false, ""},
		{sealWhole + 2*time.Second, false, command.SealSince(newest, sealNear)},
	} {
		if got := s.since(start.Add(c.after), c.wide); got != c.want {
			t.Errorf("after %s it begins at %q, not %q", c.after, got, c.want)
		}
	}
	if near, wide := command.SealSince(newest, sealNear), command.SealSince(newest, command.SealLate); near <= wide {
		t.Errorf("near is %s, wide is %s", near, wide)
	}
}
