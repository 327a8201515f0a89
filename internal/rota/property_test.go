package rota_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

func TestShiftsTileTimeAndAgreeWithOnCall(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		from := drawAt(t, day)
		until := from.Plus(time.Duration(rapid.Int64Range(1, int64(12*24*time.Hour)).Draw(t, "window")) + time.Microsecond)
		at := from.Plus(time.Duration(rapid.Int64Range(0, int64(until.Sub(from.Time))-1000).Draw(t, "inside")))
		holdings := map[muster.RosterRole]rota.Holding{}
		for _, h := range rota.Make(z, r).OnCall(1, at, nil) {
			holdings[h.Role] = h
		}
		for _, role := range muster.RosterRoles() {
			end := from
			for _, s := range rota.Make(z, r).Shifts(role, from, until) {
				if s.From != end || !s.Until.After(s.From.Time) {
					t.Fatalf("a shift from %s until %s follows %s", s.From, s.Until, end)
				}
				end = s.Until
				if at.Before(s.From.Time) || !at.Before(s.Until.Time) {
					continue
				}
				h := holdings[role]
				if !slices.Equal(h.People, s.People) || h.Layer != s.Layer || h.Override != s.Override || h.Swap != s.Swap {
					t.Fatalf("at %s the shift is %+v, on call is %+v", at, s, h)
				}
				if len(s.People) > 0 && (s.From != from && s.From != h.Since || s.Until != until && s.Until != h.Until) {
					t.Fatalf("at %s the shift is %+v, on call is %+v", at, s, h)
				}
			}
			if end != until {
				t.Fatalf("shifts end at %s, not %s", end, until)
			}
		}
		for _, x := range r.Rotations {
			end := from
			for _, s := range rota.Make(z, r).LayerShifts(x.Name, from, until) {
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
		o.At = muster.FromMicros(100) // later than every other
		with := *r
		with.Overrides = append(slices.Clone(r.Overrides), o)
		at := drawAt(t, day)
		before := map[muster.RosterRole][]muster.UserName{}
		for _, h := range rota.Make(z, r).OnCall(1, at, nil) {
			before[h.Role] = h.People
		}
		inside := !at.Before(o.From.Time) && at.Before(o.Until.Time)
		for _, h := range rota.Make(z, &with).OnCall(1, at, nil) {
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
		next := rota.Make(z, r).NextChange(at)
		if !next.IsZero() && !next.After(at.Time) {
			t.Fatalf("after %s comes %s", at, next)
		}
		between := at.Plus(24 * time.Hour)
		if !next.IsZero() {
			between = at.Plus(time.Duration(rapid.Int64Range(0, int64(next.Sub(at.Time))-1000).Draw(t, "between")))
		}
		a, b := rota.Make(z, r).OnCall(1, at, nil), rota.Make(z, r).OnCall(1, between, nil)
		for i := range a {
			if !slices.Equal(a[i].People, b[i].People) || len(a[i].People) > 0 && a[i].Since != b[i].Since {
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
		for _, w := range rota.Make(z, r).Warnings(day, day.Plus(20*24*time.Hour), rota.Facts{}) {
			if w.Text == "" || w.Kind == "" || w.From.Before(last.Time) {
				t.Fatalf("%+v", w)
			}
			last = w.From
		}
	})
}
