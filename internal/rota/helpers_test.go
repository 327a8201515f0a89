package rota_test

import (
	"fmt"
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

// drawRoster draws a roster with layers, ends and overrides around the year 2026 or around odd days of the past.
func drawRoster(t *rapid.T) (*muster.Roster, muster.Instant) {
	base := rapid.SampledFrom([]string{"2026-03-25", "2026-10-22", "2011-12-27", "2026-04-02", "2026-02-12"}).Draw(t, "base")
	day, err := time.Parse(time.DateOnly, base)
	if err != nil {
		t.Fatal(err)
	}
	everybody := users("a", "b", "c", "d")
	r := &muster.Roster{Name: "r", Title: "R"}
	for i := range rapid.IntRange(0, 4).Draw(t, "rotations") {
		start := day.AddDate(0, 0, rapid.IntRange(-40, 12).Draw(t, "start"))
		x := muster.Rotation{
			Name: fmt.Sprintf("r%d", i), Role: rapid.SampledFrom(muster.RosterRoles()).Draw(t, "role"),
			Zone: rapid.SampledFrom(oddZones).Draw(t, "zone"), Every: rapid.IntRange(1, 3).Draw(t, "every"),
			Unit:    rapid.SampledFrom([]muster.RotationUnit{muster.UnitDay, muster.UnitDay, muster.UnitWeek}).Draw(t, "unit"),
			Handoff: rapid.SampledFrom([]string{"00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00", "09:00", "23:45"}).Draw(t, "handoff"),
			Start:   start.Format(time.DateOnly), People: rapid.SliceOfN(rapid.SampledFrom(everybody), 1, 4).Draw(t, "people"),
		}
		if rapid.Bool().Draw(t, "ends") {
			x.Until = start.AddDate(0, 0, rapid.IntRange(1, 40).Draw(t, "until")).Format(time.DateOnly)
		}
		r.Rotations = append(r.Rotations, x)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "overrides") {
		r.Overrides = append(r.Overrides, drawOverride(t, day, fmt.Sprintf("o%d", i)))
	}
	return r, muster.At(day)
}

func drawOverride(t *rapid.T, day time.Time, id string) muster.Override {
	from := muster.At(day.Add(time.Duration(rapid.IntRange(-5*24*60, 12*24*60).Draw(t, "from")) * time.Minute))
	return muster.Override{
		ID: id, Role: rapid.SampledFrom(muster.RosterRoles()).Draw(t, "override role"),
		People: rapid.SliceOfN(rapid.SampledFrom(users("x", "y")), 0, 2).Draw(t, "override people"),
		From:   from, Until: from.Plus(time.Duration(rapid.IntRange(1, 5*24*60).Draw(t, "length")) * time.Minute),
	}
}

func drawAt(t *rapid.T, day muster.Instant) muster.Instant {
	return day.Plus(time.Duration(rapid.Int64Range(int64(-6*24*time.Hour), int64(14*24*time.Hour)).Draw(t, "at")))
}
