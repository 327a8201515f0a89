package rota_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
)

func users(names ...string) (out []muster.UserName) {
	for _, n := range names {
		out = append(out, muster.UserName(n))
	}
	return out
}

// storefront is a roster as people have it: weekly turns in Berlin, somebody else on top for a week, a back-up.
func storefront() *muster.Roster {
	return &muster.Roster{
		Name: "storefront", Title: "Storefront on call", Team: "storefront",
		Rotations: []muster.Rotation{
			{Name: "weeks", Role: muster.PrimaryResponder, Zone: "Europe/Berlin", Every: 1, Unit: muster.UnitWeek, Handoff: "09:00", Start: "2026-03-02", People: users("ana", "ravi")},
			{Name: "backup", Role: muster.SecondaryResponder, Zone: "America/Los_Angeles", Every: 3, Unit: muster.UnitDay, Handoff: "10:00", Start: "2026-03-02", People: users("chen", "dana", "eli")},
		},
	}
}

func names(u muster.UserName) string {
	return map[muster.UserName]string{"ana": "Ana", "ravi": "Ravi", "chen": "Chen", "dana": "Dana", "eli": "Eli"}[u]
}

// drawRoster draws a roster with everything that one may have, around the year 2026 or around odd days of the past.
func drawRoster(t *rapid.T) (*muster.Roster, muster.Instant) {
	base := rapid.SampledFrom([]string{"2026-03-25", "2026-10-22", "2011-12-27", "2026-04-02", "2026-02-12"}).Draw(t, "base")
	day, err := time.Parse(time.DateOnly, base)
	if err != nil {
		t.Fatal(err)
	}
	r := &muster.Roster{Name: "r", Title: "R", Team: "t"}
	for i := range rapid.IntRange(0, 4).Draw(t, "rotations") {
		r.Rotations = append(r.Rotations, drawRotation(t, day, fmt.Sprintf("r%d", i)))
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "overrides") {
		r.Overrides = append(r.Overrides, drawOverride(t, day, fmt.Sprintf("o%d", i)))
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "swaps") {
		if len(r.Rotations) > 0 {
			r.Swaps = append(r.Swaps, drawSwap(t, r, day, fmt.Sprintf("s%d", i)))
		}
	}
	return r, muster.At(day)
}

var (
	everybody = users("a", "b", "c", "d")
	clocks    = []string{"00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00", "09:00", "23:45"}
)

func drawRotation(t *rapid.T, day time.Time, name string) muster.Rotation {
	start := day.AddDate(0, 0, rapid.IntRange(-40, 12).Draw(t, "start"))
	x := muster.Rotation{
		Name: name, Role: rapid.SampledFrom(muster.RosterRoles()).Draw(t, "role"),
		Zone: rapid.SampledFrom(oddZones).Draw(t, "zone"),
	}
	if rapid.IntRange(0, 2).Draw(t, "restricted") == 0 {
		for range rapid.IntRange(1, 3).Draw(t, "windows") {
			x.Hours = append(x.Hours, muster.Window{
				Days: rapid.SliceOfNDistinct(rapid.SampledFrom(muster.Weekdays()), 0, 4, rapid.ID).Draw(t, "on"),
				From: rapid.SampledFrom(clocks).Draw(t, "hours from"), To: rapid.SampledFrom(clocks).Draw(t, "hours to"),
			})
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "fixed") == 0 {
		for range rapid.IntRange(1, 5).Draw(t, "shifts") {
			from := muster.At(day.Add(time.Duration(rapid.IntRange(-100, 300).Draw(t, "shift from")) * time.Hour))
			x.Shifts = append(x.Shifts, muster.FixedShift{
				From: from, Until: from.Plus(time.Duration(rapid.IntRange(1, 60).Draw(t, "shift length")) * time.Hour),
				People: rapid.SliceOfN(rapid.SampledFrom(everybody), 1, 1).Draw(t, "shift people"),
			})
		}
		x.Shifts = apart(x.Shifts)
		return x
	}
	x.Every = rapid.IntRange(1, 3).Draw(t, "every")
	x.Unit = rapid.SampledFrom([]muster.RotationUnit{muster.UnitDay, muster.UnitDay, muster.UnitWeek, muster.UnitMonth, muster.UnitHour}).Draw(t, "unit")
	if x.Unit == muster.UnitHour {
		x.Every *= rapid.SampledFrom([]int{1, 4, 12}).Draw(t, "hours")
	}
	x.Handoff = rapid.SampledFrom(clocks).Draw(t, "handoff")
	x.Start = start.Format(time.DateOnly)
	x.People = rapid.SliceOfN(rapid.SampledFrom(append(users("a", "b", "c", "d"), muster.Nobody)), 1, 5).Draw(t, "people")
	x.Together = rapid.IntRange(0, min(3, len(x.People))).Draw(t, "together")
	if x.Unit == muster.UnitDay && rapid.IntRange(0, 2).Draw(t, "some days") == 0 {
		x.Days = rapid.SliceOfNDistinct(rapid.SampledFrom(muster.Weekdays()), 1, 5, rapid.ID).Draw(t, "days")
	}
	if rapid.Bool().Draw(t, "ends") {
		x.Until = start.AddDate(0, 0, rapid.IntRange(1, 40).Draw(t, "until")).Format(time.DateOnly)
	}
	if rapid.Bool().Draw(t, "members") {
		for _, u := range slices.Compact(slices.Sorted(slices.Values(x.People))) {
			m := muster.Member{User: u}
			from := start.AddDate(0, 0, rapid.IntRange(-3, 20).Draw(t, "joins"))
			if rapid.Bool().Draw(t, "does join") {
				m.From = from.Format(time.DateOnly)
			}
			if rapid.Bool().Draw(t, "leaves") {
				m.Until = from.AddDate(0, 0, rapid.IntRange(1, 30).Draw(t, "stays")).Format(time.DateOnly)
			}
			x.Members = append(x.Members, m)
		}
	}
	return x
}

// apart leaves out shifts that overlap an earlier one.
func apart(shifts []muster.FixedShift) (out []muster.FixedShift) {
	slices.SortFunc(shifts, func(a, b muster.FixedShift) int { return a.From.Compare(b.From.Time) })
	for _, s := range shifts {
		if n := len(out); n == 0 || !s.From.Before(out[n-1].Until.Time) {
			out = append(out, s)
		}
	}
	return out
}

func drawOverride(t *rapid.T, day time.Time, id string) muster.Override {
	from := muster.At(day.Add(time.Duration(rapid.IntRange(-5*24*60, 12*24*60).Draw(t, "from")) * time.Minute))
	o := muster.Override{
		ID: id, Role: rapid.SampledFrom(muster.RosterRoles()).Draw(t, "override role"),
		People: rapid.SliceOfN(rapid.SampledFrom(users("x", "y")), 0, 2).Draw(t, "override people"),
		From:   from, Until: from.Plus(time.Duration(rapid.IntRange(1, 5*24*60).Draw(t, "length")) * time.Minute),
	}
	if rapid.Bool().Draw(t, "dated") {
		o.At = muster.FromMicros(rapid.Int64Range(1, 6).Draw(t, "made"))
	}
	return o
}

func drawSwap(t *rapid.T, r *muster.Roster, day time.Time, id string) muster.Swap {
	ref := func(what string) muster.ShiftRef {
		x := rapid.SampledFrom(r.Rotations).Draw(t, what)
		start := day.Add(time.Duration(rapid.IntRange(-5*24*4, 12*24*4).Draw(t, what+" start")) * 15 * time.Minute)
		return muster.ShiftRef{Rotation: x.Name, User: rapid.SampledFrom(everybody).Draw(t, what+" user"), Start: start.Format(muster.LocalMinute)}
	}
	s := muster.Swap{ID: id, Shift: ref("shift"), At: muster.FromMicros(rapid.Int64Range(1, 6).Draw(t, "agreed"))}
	s.To = rapid.SampledFrom(slices.DeleteFunc(users("a", "b", "c", "d", "x"), func(u muster.UserName) bool { return u == s.Shift.User })).Draw(t, "to")
	if rapid.Bool().Draw(t, "returns") {
		back := ref("return")
		back.User = s.To
		s.Return = &back
	}
	if rapid.Bool().Draw(t, "part") {
		s.From = muster.At(day.Add(time.Duration(rapid.IntRange(-5*24, 10*24).Draw(t, "part from")) * time.Hour))
		s.Until = s.From.Plus(time.Duration(rapid.IntRange(1, 100).Draw(t, "part length")) * time.Hour)
	}
	return s
}

func drawAt(t *rapid.T, day muster.Instant) muster.Instant {
	return day.Plus(time.Duration(rapid.Int64Range(int64(-6*24*time.Hour), int64(14*24*time.Hour)).Draw(t, "at")))
}
