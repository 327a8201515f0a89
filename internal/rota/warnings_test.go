package rota_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// told lists warnings of some kinds in short.
func told(t *testing.T, r *muster.Roster, from, until string, f rota.Facts, kinds ...rota.WarningKind) string {
	t.Helper()
	var b strings.Builder
	for _, w := range rota.Make(rota.NewZones(), r).Warnings(instant(t, from), instant(t, until), f) {
		if slices.Contains(kinds, w.Kind) {
			fmt.Fprintf(&b, "%s %s %s\n", w.Level, w.Person, w.Text)
		}
	}
	return b.String()
}

func TestWarningsOfPeople(t *testing.T) {
	r := storefront()
	r.Rotations[0].Every, r.Rotations[0].Unit = 1, muster.UnitDay
	r.Rotations[0].Hours = []muster.Window{{From: "08:00", To: "22:00"}}
	r.Rotations[0].Handoff, r.Rotations[0].People = "00:00", users("ana")
	f := rota.Facts{
		Names: names, Reachable: func(u muster.UserName) bool { return u != "chen" }, Gone: func(u muster.UserName) bool { return u == "dana" },
		Elsewhere: func(u muster.UserName) []rota.Duty {
			if u != "ana" {
				return nil
			}
			return []rota.Duty{{Roster: "db", Title: "Database", Role: muster.PrimaryResponder, From: instant(t, "2026-03-10T11:00:00Z"), Until: instant(t, "2026-03-10T12:00:00Z")}}
		},
		Leave: []muster.Leave{
			{Kind: muster.LeaveOwn, Person: "ana", Title: "Skiing", From: instant(t, "2026-03-11T09:00:00Z"), Until: instant(t, "2026-03-11T19:00:00Z")},
			{Kind: muster.LeaveHolidays, Title: "Founders' day", From: instant(t, "2026-03-12T05:00:00Z"), Until: instant(t, "2026-03-12T06:00:00Z")},
		},
		ZoneDataOld: true,
	}
	const want = `warning dana Dana has left and still takes turns in the rotation backup: nobody is paged then. Take them out of it.
advice  The time zone data is more than a year old, or nobody knows how old it is: where rules have changed since, shifts begin at the wrong hour. Install a new version of Muster or newer data.
warning ana Ana has 10 hours between two shifts, from Mon 9 Mar 2026 21:00 until Tue 10 Mar 2026 07:00, UTC, and 2 times more: people need 11 hours of rest. Swap one of the shifts, or move the hand-off.
advice ana Ana is on call for Storefront on call and for Database at once, from Tue 10 Mar 2026 11:00 until Tue 10 Mar 2026 12:00, UTC. Two incidents at a time would need two people: let somebody else have one of them.
warning ana Ana is the primary responder of Storefront on call during leave (Skiing), from Wed 11 Mar 2026 09:00 until Wed 11 Mar 2026 19:00, UTC. Find somebody who takes over.
warning chen Chen is the secondary responder of Storefront on call and has no verified contact method: nothing would reach them. Ask them to add one and to answer its test.
advice chen Chen is the secondary responder of Storefront on call during the holiday Founders' day, from Thu 12 Mar 2026 05:00 until Thu 12 Mar 2026 06:00, UTC. Find somebody who takes over.
`
	got := told(t, r, "2026-03-09T12:00:00Z", "2026-03-12T12:00:00Z", f, rota.WarnLittleRest, rota.WarnUnreachable, rota.WarnLeaver, rota.WarnSamePerson,
		rota.WarnOnLeave, rota.WarnOldZoneData)
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	r.Rotations[1].Members = []muster.Member{{User: "dana", Until: "2026-03-08"}}
	if got := told(t, r, "2026-03-09T12:00:00Z", "2026-03-12T12:00:00Z", f, rota.WarnLeaver); got != "" {
		t.Errorf("whose membership ended is told: %s", got)
	}
}

func TestWarningsOfNights(t *testing.T) {
	weeks := storefront()
	in := func(zone string) rota.Facts {
		z, err := rota.NewZones().Load(zone)
		if err != nil {
			t.Fatal(err)
		}
		return rota.Facts{Names: names, Zone: func(muster.UserName) *time.Location { return z }}
	}
	got := told(t, weeks, "2026-03-09T12:00:00Z", "2026-03-17T12:00:00Z", in("Europe/Berlin"), rota.WarnManyNights)
	if !strings.Contains(got, "advice ana Ana is on call in 7 nights") || strings.Contains(got, "warning") {
		t.Errorf("seven nights of a week are advice: %s", got)
	}
	weeks.Rotations[0].People = users("ana")
	if got := told(t, weeks, "2026-03-20T12:00:00Z", "2026-04-20T12:00:00Z", in("Europe/Berlin"), rota.WarnManyNights); !strings.HasPrefix(got, "warning ana Ana is on call in 14 nights") {
		t.Errorf("%s", got)
	}
	// A night in Berlin is day in Tokyo.
	weeks.Rotations[0].Hours = []muster.Window{{From: "22:00", To: "07:00"}}
	if got := told(t, weeks, "2026-03-20T12:00:00Z", "2026-03-28T12:00:00Z", in("Asia/Tokyo"), rota.WarnManyNights); strings.Contains(got, " ana ") {
		t.Errorf("%s", got)
	}
}

func TestWarningsOfShape(t *testing.T) {
	r := storefront()
	r.Rotations = append(r.Rotations, muster.Rotation{
		Name: "learn", Role: muster.ShadowResponder, Zone: "Europe/Berlin", Every: 1, Unit: muster.UnitWeek, Handoff: "09:00", Start: "2026-03-09", People: users("eli"),
	})
	r.Rotations[0].Unit, r.Rotations[0].Every = muster.UnitHour, 12
	r.Overrides = []muster.Override{{ID: "o1", Role: muster.PrimaryResponder, From: instant(t, "2026-03-10T12:00:00Z"), Until: instant(t, "2026-03-10T13:00:00Z")}}
	r.Swaps = []muster.Swap{{ID: "s1", Shift: muster.ShiftRef{Rotation: "backup", User: "ravi", Start: "2026-03-11T10:00"}, To: "ana"}}
	const want = `advice eli Eli is the shadow of Storefront on call for 7 days without a break, from Mon 9 Mar 2026 09:00 until Mon 16 Mar 2026 09:00, Europe/Berlin: shifts longer than 3 or 4 days are detrimental. Make the turns shorter, or share this one.
`
	got := told(t, r, "2026-03-09T12:00:00Z", "2026-03-12T12:00:00Z", rota.Facts{Names: names}, rota.WarnLongShift)
	if strings.Replace(got, "warning", "advice", 1) != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	const shape = `warning eli Eli is a shadow of Storefront on call while nobody is the primary: a shadow is never paged alone. Put a primary on call then.
warning ravi The swap by which Ana has a shift of Ravi does not apply: ravi has no shift in the rotation backup that begins near 11 Mar 2026 10:00 any more. Arrange it anew, or undo it.
advice  Turns of 12 hours in the rotation weeks count hours as they pass: when the clocks of Europe/Berlin change on 29 Mar 2026, the hand-off drifts by one hour. To keep it at the same o'clock, use turns of days and two rotations with hours, such as from 08:00 to 20:00 and from 20:00 to 08:00.
`
	got = told(t, r, "2026-03-09T12:00:00Z", "2026-03-12T12:00:00Z", rota.Facts{Names: names}, rota.WarnShadowAlone, rota.WarnLapsedSwap, rota.WarnDrifting)
	if got != shape {
		t.Errorf("got:\n%swant:\n%s", got, shape)
	}
	r.Rotations, r.Overrides = r.Rotations[2:], nil
	got = told(t, r, "2026-03-15T12:00:00Z", "2026-03-20T12:00:00Z", rota.Facts{Names: names}, rota.WarnGap, rota.WarnShadowAlone)
	if strings.Count(got, "shadow of") != 1 || strings.Contains(got, "Nobody") {
		t.Errorf("a roster of a shadow alone: %s", got)
	}
}

func TestAcceptedWarnings(t *testing.T) {
	r := storefront()
	now := instant(t, "2026-03-09T12:00:00Z")
	w := rota.Warning{Kind: rota.WarnLongShift, Role: muster.PrimaryResponder, Person: "ana"}
	r.Accepted = []muster.Acceptance{
		{Kind: "long_shift", Person: "ravi", Until: now.Plus(time.Hour)},
		{Kind: "long_shift", Rotation: "weeks", Until: now.Plus(time.Hour)},
		{Kind: "long_shift", Person: "ana", Until: now},
	}
	if a := rota.Accepted(r, w, now); a != nil {
		t.Errorf("accepted by %+v", a)
	}
	if a := rota.Accepted(r, w, now.Plus(-time.Second)); a != &r.Accepted[2] {
		t.Errorf("accepted by %+v", a)
	}
}

// However much is wrong, there are few warnings, and the same ones each time.
func TestWarningsAreFewAndInOrder(t *testing.T) {
	z := rota.NewZones()
	f := rota.Facts{
		Reachable: func(u muster.UserName) bool { return u != "a" }, Gone: func(u muster.UserName) bool { return u == "b" },
		Elsewhere: func(u muster.UserName) (out []rota.Duty) {
			for h := range 60 {
				at := muster.FromMicros(1_774_400_000_000_000).Plus(time.Duration(h*7) * time.Hour)
				out = append(out, rota.Duty{Roster: "x", From: at, Until: at.Plus(3 * time.Hour)})
			}
			return out
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		s := rota.Make(z, r)
		a, b := s.Warnings(day, day.Plus(60*24*time.Hour), f), s.Warnings(day, day.Plus(60*24*time.Hour), f)
		if len(a) > rota.MaxWarnings || !slices.Equal(a, b) {
			t.Fatalf("%d warnings, the same: %v", len(a), slices.Equal(a, b))
		}
		for _, w := range a {
			if w.Level != rota.LevelAdvice && w.Level != rota.LevelWarning || !slices.Contains(rota.WarningKinds(), w.Kind) || w.Kind.Word() == string(w.Kind) {
				t.Fatalf("%+v", w)
			}
		}
	})
}
