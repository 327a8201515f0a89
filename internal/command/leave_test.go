package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
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

// Many conflicts are told in several transactions. The timer waits for the last one, and whoever was told already is not
// told again.
func TestManyShiftsDuringLeaveAreToldInSets(t *testing.T) {
	bubble(t, func(w *world) {
		w.roster(muster.Rotation{People: []muster.UserName{"rob"}, Every: 1, Unit: muster.UnitDay})
		day := func(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
		for i := range 22 { // the last one is more than six weeks ahead
			must[*muster.Leave](w, w.as("rob"), "AddLeave", command.AddLeave{User: "rob", From: day(1 + 2*i), Until: day(1 + 2*i)})
		}
		told := func() (n int) {
			for _, x := range w.notices("rob") {
				if x.Kind == muster.NoticeLeaveConflict {
					n++
				}
			}
			return n
		}
		check := func() muster.Timer {
			w.Helper()
			timers := read(w, func(r store.Reader) ([]muster.Timer, error) { return r.TimersOf("leave") })
			if len(timers) != 1 || timers[0].Kind != muster.TimerLeaveCheck {
				w.Fatalf("timers of the check: %v", timers)
			}
			return timers[0]
		}
		first := check()
		w.ok(w.commands.FireTimer(w.Context(), first.ID))
		if n := told(); n != 21 {
			w.Errorf("Rob was told %d times", n)
		}
		next := check()
		if next.ID == first.ID || time.Until(next.DueAt.Time) != 24*time.Hour {
			w.Errorf("the next check is at %s", next.DueAt)
		}
		time.Sleep(25 * time.Hour)
		w.ok(w.commands.FireTimer(w.Context(), first.ID)) // it is gone
		w.ok(w.commands.FireTimer(w.Context(), next.ID))
		if n := told(); n != 22 { // one more day lies ahead
			w.Errorf("a day later Rob was told %d times", n)
		}
	})
}
