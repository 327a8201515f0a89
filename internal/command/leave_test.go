package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// Every entry is compared with every roster while nothing else is written: so there are not endlessly many, and a shift
// that falls into several is told once.
func TestDaysOffAreFewAndToldOnce(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		w.roster(muster.Rotation{People: []muster.UserName{"rob"}, Every: 7, Unit: muster.UnitDay})
		day := func(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
		for i := range 61 {
			_, err := do[*muster.Leave](w, w.as("rob"), "AddLeave", command.AddLeave{User: "rob", From: day(10), Until: day(11)})
			if i < 60 {
				w.ok(err)
			} else if muster.CodeOf(err) != muster.ErrConflict || !strings.Contains(err.Error(), "60 entries of days off") {
				w.Errorf("one more: %v", err)
			}
		}
		pass(time.Minute)
		n := 0
		for _, x := range w.notices("rob") {
			if x.Kind == muster.NoticeLeaveConflict {
				n++
			}
		}
		if n != 1 {
			w.Errorf("Rob was told %d times", n)
		}
	})
}
