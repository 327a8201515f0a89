package rota_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// oracle answers who is on call in the slowest and plainest way: it walks through all turns from the start.
func oracle(t *rapid.T, z *rota.Zones, r *muster.Roster, role muster.RosterRole, at muster.Instant) []muster.UserName {
	for _, o := range slices.Backward(r.Overrides) {
		if o.Role == role && !at.Before(o.From.Time) && at.Before(o.Until.Time) {
			return o.People
		}
	}
	for _, x := range slices.Backward(r.Rotations) {
		if x.Role != role {
			continue
		}
		zone, err := z.Load(x.Zone)
		if err != nil {
			t.Fatal(err)
		}
		handoff := func(day string) muster.Instant {
			got, err := rota.Resolve(zone, day+"T"+x.Handoff)
			if err != nil {
				t.Fatal(err)
			}
			return got.At
		}
		if x.Until != "" && !at.Before(handoff(x.Until).Time) {
			continue
		}
		day, err := time.Parse(time.DateOnly, x.Start)
		if err != nil {
			t.Fatal(err)
		}
		var who []muster.UserName
		for k := 0; ; k++ {
			if handoff(day.Format(time.DateOnly)).After(at.Time) {
				break
			}
			who = []muster.UserName{x.People[k%len(x.People)]}
			n := x.Every
			if x.Unit == muster.UnitWeek {
				n *= 7
			}
			day = day.AddDate(0, 0, n)
		}
		if who != nil {
			return who
		}
	}
	return nil
}

func TestOnCallIsWhatTheOracleSays(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		at := drawAt(t, day)
		for _, h := range rota.OnCall(z, r, 1, at, nil) {
			if want := oracle(t, z, r, h.Role, at); !slices.Equal(h.People, want) {
				t.Fatalf("%s at %s: %v, want %v", h.Role, at, h.People, want)
			}
			if (!h.Since.IsZero() && h.Since.After(at.Time)) || (!h.Until.IsZero() && !h.Until.After(at.Time)) {
				t.Fatalf("%s lies outside of [%s, %s)", at, h.Since, h.Until)
			}
			if told := slices.ContainsFunc(h.Reasons, func(x muster.Reason) bool { return x.Kind == muster.ReasonNobody }); told != (len(h.People) == 0) {
				t.Fatalf("nobody is told %v for %v: %v", told, h.People, h.Reasons)
			}
		}
	})
}

func TestShiftsTileTimeAndAgreeWithOnCall(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		from := drawAt(t, day)
		until := from.Plus(time.Duration(rapid.Int64Range(1, int64(12*24*time.Hour)).Draw(t, "window")) + time.Microsecond)
		at := from.Plus(time.Duration(rapid.Int64Range(0, int64(until.Sub(from.Time))-1000).Draw(t, "inside")))
		holdings := map[muster.RosterRole]rota.Holding{}
		for _, h := range rota.OnCall(z, r, 1, at, nil) {
			holdings[h.Role] = h
		}
		for _, role := range muster.RosterRoles() {
			end := from
			for _, s := range rota.Shifts(z, r, role, from, until) {
				if s.From != end || !s.Until.After(s.From.Time) {
					t.Fatalf("a shift from %s until %s follows %s", s.From, s.Until, end)
				}
				end = s.Until
				if at.Before(s.From.Time) || !at.Before(s.Until.Time) {
					continue
				}
				h := holdings[role]
				if !slices.Equal(h.People, s.People) || h.Layer != s.Layer || h.Override != s.Override {
					t.Fatalf("at %s the shift is %+v, on call is %+v", at, s, h)
				}
				if s.From != from && s.From != h.Since || s.Until != until && s.Until != h.Until {
					t.Fatalf("at %s the shift is %+v, on call is %+v", at, s, h)
				}
			}
			if end != until {
				t.Fatalf("shifts end at %s, not %s", end, until)
			}
		}
		for _, x := range r.Rotations {
			end := from
			for _, s := range rota.LayerShifts(z, r, x.Name, from, until) {
				if s.From != end || !s.Until.After(s.From.Time) {
					t.Fatalf("a shift of %s from %s until %s follows %s", x.Name, s.From, s.Until, end)
				}
				end = s.Until
			}
		}
	})
}

func TestAnOverrideChangesNobodyOutsideItsWindow(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		o := drawOverride(t, day.Time, "new")
		with := *r
		with.Overrides = append(slices.Clone(r.Overrides), o)
		at := drawAt(t, day)
		before := map[muster.RosterRole][]muster.UserName{}
		for _, h := range rota.OnCall(z, r, 1, at, nil) {
			before[h.Role] = h.People
		}
		inside := !at.Before(o.From.Time) && at.Before(o.Until.Time)
		for _, h := range rota.OnCall(z, &with, 1, at, nil) {
			want := before[h.Role]
			if inside && h.Role == o.Role {
				want = o.People
			}
			if !slices.Equal(h.People, want) {
				t.Fatalf("%s at %s: %v, want %v", h.Role, at, h.People, want)
			}
		}
	})
}

func TestTheNextChangeIsLaterAndNothingChangesBefore(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		at := drawAt(t, day)
		next := rota.NextChange(z, r, at)
		if !next.IsZero() && !next.After(at.Time) {
			t.Fatalf("after %s comes %s", at, next)
		}
		between := at.Plus(24 * time.Hour)
		if !next.IsZero() {
			between = at.Plus(time.Duration(rapid.Int64Range(0, int64(next.Sub(at.Time))-1000).Draw(t, "between")))
		}
		a, b := rota.OnCall(z, r, 1, at, nil), rota.OnCall(z, r, 1, between, nil)
		for i := range a {
			if !slices.Equal(a[i].People, b[i].People) || a[i].Since != b[i].Since {
				t.Fatalf("%s: %+v, %s: %+v", at, a[i], between, b[i])
			}
		}
	})
}

func TestWarningsAreTotal(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		last := muster.Instant{}
		for _, w := range rota.Warnings(z, r, day, day.Plus(20*24*time.Hour), nil) {
			if w.Text == "" || w.Kind == "" || w.From.Before(last.Time) {
				t.Fatalf("%+v", w)
			}
			last = w.From
		}
	})
}
