package plan_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

func utc(muster.UserName) *time.Location { return time.UTC }

func clock(t testing.TB, s string) muster.Instant {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return muster.At(at)
}

// A roster is edited in the middle of the week: until then the old document counts, from then on the new one.
func TestSharesAcrossEdits(t *testing.T) {
	z := rota.NewZones()
	turns := func(people ...muster.UserName) *rota.Schedule {
		return rota.Make(z, &muster.Roster{Name: "web", Rotations: []muster.Rotation{
			{Name: "days", Role: muster.PrimaryResponder, Zone: "UTC", Every: 1, Unit: muster.UnitDay, Handoff: "09:00", Start: "2026-11-02", People: people},
			{Name: "learn", Role: muster.ShadowResponder, Zone: "UTC", Every: 1, Unit: muster.UnitWeek, Handoff: "09:00", Start: "2026-11-02", People: []muster.UserName{"eli"}},
		}})
	}
	from, edit, until := clock(t, "2026-11-02 09:00"), clock(t, "2026-11-05 21:00"), clock(t, "2026-11-09 09:00")
	other := rota.Make(z, &muster.Roster{Name: "db", Overrides: []muster.Override{
		{ID: "o", Role: muster.SecondaryResponder, People: []muster.UserName{"ana"}, From: clock(t, "2026-11-02 00:00"), Until: clock(t, "2026-11-03 09:00")},
	}})
	got := plan.Shares([]plan.Era{
		{Roster: "web", Schedule: turns("ana", "ben"), From: from.Plus(-time.Hour), Until: edit},
		{Roster: "web", Schedule: turns("ben"), From: edit, Until: until.Plus(time.Hour)},
		{Roster: "db", Schedule: other, From: from, Until: until},
	}, plan.ShareFacts{
		From: from, Until: until, Zone: utc,
		Holidays: []muster.Leave{{Kind: muster.LeaveHolidays, From: clock(t, "2026-11-03 00:00"), Until: clock(t, "2026-11-04 00:00")}, {Kind: muster.LeaveOwn, Person: "ana", From: from, Until: until}},
		Paged: []plan.PagedAt{
			{Person: "ana", Alert: "a", At: clock(t, "2026-11-02 21:59")},
			{Person: "ana", Alert: "a", At: clock(t, "2026-11-02 22:04")},
			{Person: "ana", Alert: "b", At: clock(t, "2026-11-02 10:00")},
			{Person: "zoe", Alert: "b", At: clock(t, "2026-11-02 10:00")},
		},
	})
	want := []plan.Share{
		{Person: "ana", Primary: 48, Secondary: 24, Total: 48, Nights: 2, NightHours: 18, HolidayHours: 9, Shifts: 3, Pages: 2, NightPages: 1},
		{Person: "ben", Primary: 120, Total: 120, Nights: 5, NightHours: 45, WeekendHours: 48, HolidayHours: 15, Shifts: 2},
		{Person: "eli", Shadow: 168},
		{Person: "zoe", Pages: 1},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// Of a roster with one person at a time, what people have and what nobody has is all of the time, however often it is edited.
func TestSharesAndGapsAreAllOfTheTime(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		from := muster.At(time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC))
		until := from.Plus(time.Duration(rapid.IntRange(1, 40*24*60).Draw(t, "minutes")) * time.Minute)
		var eras []plan.Era
		var gaps time.Duration
		for at := from; at.Before(until.Time); {
			end := at.Plus(time.Duration(rapid.IntRange(1, 20*24*60).Draw(t, "era")) * time.Minute)
			r := &muster.Roster{Name: "r", Rotations: []muster.Rotation{{
				Name: "x", Role: muster.PrimaryResponder, Zone: rapid.SampledFrom([]string{"Europe/Berlin", "UTC", "Australia/Lord_Howe"}).Draw(t, "zone"), Every: rapid.IntRange(1, 3).Draw(t, "every"),
				Unit: rapid.SampledFrom([]muster.RotationUnit{muster.UnitDay, muster.UnitHour, muster.UnitWeek}).Draw(t, "unit"), Handoff: "02:30", Start: "2026-03-25",
				People: rapid.SliceOfN(rapid.SampledFrom([]muster.UserName{"a", "b", "c", muster.Nobody}), 1, 4).Draw(t, "people"),
			}}}
			s := rota.Make(z, r)
			for _, sh := range s.Shifts(muster.PrimaryResponder, at, sooner(end, until)) {
				if len(sh.People) == 0 {
					gaps += sh.Until.Sub(sh.From.Time)
				}
			}
			eras = append(eras, plan.Era{Roster: "r", Schedule: s, From: at, Until: end})
			at = end
		}
		sum := gaps.Hours()
		for _, s := range plan.Shares(eras, plan.ShareFacts{From: from, Until: until, Zone: utc}) {
			if s.Primary != s.Total || s.NightHours > s.Total || s.WeekendHours > s.Total {
				t.Fatalf("%+v", s)
			}
			sum += s.Primary
		}
		if math.Abs(sum-until.Sub(from.Time).Hours()) > 0.05 { // hours are told to the hundredth
			t.Fatalf("%v hours of %v", sum, until.Sub(from.Time).Hours())
		}
	})
}

func sooner(a, b muster.Instant) muster.Instant {
	if b.Before(a.Time) {
		return b
	}
	return a
}

// A year of 50 rosters, each edited every other week.
func BenchmarkSharesOfAYear(b *testing.B) {
	z := rota.NewZones()
	from := muster.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	var eras []plan.Era
	for i := range 50 {
		for k := range 26 {
			r := &muster.Roster{Name: muster.RosterName(fmt.Sprint("r", i))}
			for j, role := range []muster.RosterRole{muster.PrimaryResponder, muster.SecondaryResponder} {
				var people []muster.UserName
				for p := range 6 {
					people = append(people, muster.UserName(fmt.Sprint("u", i*3+j+p)))
				}
				r.Rotations = append(r.Rotations, muster.Rotation{Name: string(role), Role: role, Zone: "Europe/Berlin", Every: 1, Unit: muster.UnitDay, Handoff: "09:00", Start: "2025-01-01", People: people})
			}
			eras = append(eras, plan.Era{Roster: r.Name, Schedule: rota.Make(z, r), From: from.Plus(time.Duration(k*14*24) * time.Hour), Until: from.Plus(time.Duration((k+1)*14*24) * time.Hour)})
		}
	}
	f := plan.ShareFacts{From: from, Until: from.Plus(364 * 24 * time.Hour), Zone: utc}
	b.ReportAllocs()
	for b.Loop() {
		plan.Shares(eras, f)
	}
}
