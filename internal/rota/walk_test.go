package rota_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// Who walks through a long time keeps what the layers said last, over changes of clocks, too: at the edges of each shift
// that must be what they say when they are asked afresh.
func TestALongWalkSaysWhatEachMomentSays(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		from := day.Plus(-20 * 24 * time.Hour)
		until := from.Plus(time.Duration(rapid.IntRange(60, 300).Draw(t, "days")) * 24 * time.Hour)
		s := rota.Make(z, r)
		for _, role := range s.Roles() {
			end, all := from, s.Shifts(role, from, until)
			step := 1 + len(all)/50
			for i, x := range all {
				if x.From != end || !x.Until.After(x.From.Time) {
					t.Fatalf("a shift from %s until %s follows %s", x.From, x.Until, end)
				}
				end = x.Until
				if i%step != 0 {
					continue
				}
				for _, at := range []muster.Instant{x.From, x.Until.Plus(-time.Microsecond)} {
					h := s.Holder(role, 1, at, nil)
					if !slices.Equal(h.People, x.People) || len(x.People) > 0 && (h.Layer != x.Layer || h.Override != x.Override || h.Swap != x.Swap) {
						t.Fatalf("at %s the shift is %+v, on call is %+v", at, x, h)
					}
				}
			}
			if end != until {
				t.Fatalf("shifts end at %s, not %s", end, until)
			}
		}
	})
}

// Hours around the clock restrict nothing: turns of months stay whole.
func TestHoursAroundTheClockCutNoTurn(t *testing.T) {
	r := storefront()
	r.Rotations = []muster.Rotation{{
		Name: "long", Role: muster.PrimaryResponder, Zone: "Europe/Berlin", Every: 3, Unit: muster.UnitMonth, Handoff: "09:00", Start: "2026-01-01",
		People: users("ana", "ravi"), Hours: []muster.Window{{From: "09:00", To: "09:00"}},
	}}
	s := rota.Make(rota.NewZones(), r)
	from := muster.At(time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC))
	all := s.Shifts(muster.PrimaryResponder, from, from.Plus(300*24*time.Hour))
	if len(all) != 4 || all[1].From != muster.At(time.Date(2026, 4, 1, 7, 0, 0, 0, time.UTC)) || all[1].Until != muster.At(time.Date(2026, 7, 1, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("ten months of turns of three are %+v", all)
	}
	if h := s.Holder(muster.PrimaryResponder, 1, from.Plus(45*24*time.Hour), nil); h.Since != from || h.Until != all[0].Until {
		t.Errorf("in the middle of the first turn on call is %+v", h)
	}
}
