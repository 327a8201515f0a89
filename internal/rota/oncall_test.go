package rota_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

func texts(rs []muster.Reason) string {
	var b strings.Builder
	for _, r := range rs {
		b.WriteString(string(r.Kind) + ": " + r.Text + "\n")
	}
	return b.String()
}

func TestOnCallSaysWhoAndWhy(t *testing.T) {
	z := rota.NewZones()
	plain := storefront()
	overridden := storefront()
	overridden.Overrides = []muster.Override{
		{ID: "o1", Role: muster.PrimaryResponder, People: users("chen"), From: instant(t, "2026-03-10T10:00:00Z"), Until: instant(t, "2026-03-10T18:00:00Z"), By: "ravi", Why: "Dentist."},
		{ID: "o2", Role: muster.PrimaryResponder, From: instant(t, "2026-03-10T12:00:00Z"), Until: instant(t, "2026-03-10T13:00:00Z"), Why: "fire drill"},
	}
	layered := storefront()
	layered.Rotations = append(layered.Rotations, muster.Rotation{
		Name: "launch", Role: muster.PrimaryResponder, Zone: "UTC", Every: 1, Unit: muster.UnitDay, Handoff: "00:00", Start: "2026-03-11", Until: "2026-03-13", People: users("eli"),
	})
	broken := storefront()
	broken.Rotations[0].Zone = "Mars/Olympus"

	for _, c := range []struct {
		name     string
		roster   *muster.Roster
		at       string
		who      string
		since    string
		until    string
		sentence string
	}{
		{"the rotation's turn", plain, "2026-03-10T11:00:00Z", "ravi", "2026-03-09T08:00:00Z", "2026-03-16T08:00:00Z", `roster: The roster Storefront on call says who is the primary responder.
layer: It is the turn of Ravi in the rotation weeks, from Mon 9 Mar 2026 09:00 until Mon 16 Mar 2026 09:00, Europe/Berlin.
`},
		{"the week in which clocks are put forward has 167 hours", plain, "2026-03-29T12:00:00Z", "ravi", "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z", `roster: The roster Storefront on call says who is the primary responder.
layer: It is the turn of Ravi in the rotation weeks, from Mon 23 Mar 2026 09:00 until Mon 30 Mar 2026 09:00, Europe/Berlin.
`},
		{"nobody before the rotation begins", plain, "2026-03-02T07:59:59Z", "", "", "2026-03-02T08:00:00Z", `roster: The roster Storefront on call says who is the primary responder.
nobody: Nobody is the primary responder of Storefront on call at Mon 2 Mar 2026 08:59, Europe/Berlin: no rotation has a turn then; this changes at Mon 2 Mar 2026 09:00.
`},
		{"an override", overridden, "2026-03-10T11:00:00Z", "chen", "2026-03-10T10:00:00Z", "2026-03-10T12:00:00Z", `roster: The roster Storefront on call says who is the primary responder.
layer: It is the turn of Ravi in the rotation weeks, from Mon 9 Mar 2026 09:00 until Mon 16 Mar 2026 09:00, Europe/Berlin.
override: An override by Ravi puts Chen on call instead of Ravi from Tue 10 Mar 2026 11:00 until Tue 10 Mar 2026 19:00, Europe/Berlin: Dentist.
`},
		{"a later override states nobody", overridden, "2026-03-10T12:30:00Z", "", "2026-03-10T12:00:00Z", "2026-03-10T13:00:00Z", `roster: The roster Storefront on call says who is the primary responder.
layer: It is the turn of Ravi in the rotation weeks, from Mon 9 Mar 2026 09:00 until Mon 16 Mar 2026 09:00, Europe/Berlin.
override: An override states that nobody is on call instead of Ravi from Tue 10 Mar 2026 13:00 until Tue 10 Mar 2026 14:00, Europe/Berlin: fire drill.
nobody: Nobody is the primary responder of Storefront on call at Tue 10 Mar 2026 13:30, Europe/Berlin: an override says so; this changes at Tue 10 Mar 2026 14:00.
`},
		{"a later rotation wins where it has somebody", layered, "2026-03-11T10:00:00Z", "eli", "2026-03-11T00:00:00Z", "2026-03-12T00:00:00Z", `roster: The roster Storefront on call says who is the primary responder.
layer: It is the turn of Eli in the rotation launch (layer 2 of 2), from Wed 11 Mar 2026 00:00 until Thu 12 Mar 2026 00:00, UTC.
`},
		{"and only there", layered, "2026-03-13T10:00:00Z", "ravi", "2026-03-13T00:00:00Z", "2026-03-16T08:00:00Z", `roster: The roster Storefront on call says who is the primary responder.
layer: It is the turn of Ravi in the rotation weeks (layer 1 of 2), from Mon 9 Mar 2026 09:00 until Mon 16 Mar 2026 09:00, Europe/Berlin.
`},
		{"a rotation that cannot be read has nobody and says so", broken, "2026-03-10T11:00:00Z", "", "", "", `roster: The roster Storefront on call says who is the primary responder.
condition: The rotation weeks is left out: "Mars/Olympus" is not a known time zone: write the name of a place, such as Europe/Berlin or America/Los_Angeles, or UTC.
nobody: Nobody is the primary responder of Storefront on call at Tue 10 Mar 2026 11:00, UTC: no rotation has a turn then.
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			hs := rota.Make(z, c.roster).OnCall(7, instant(t, c.at), names)
			if len(hs) != 2 || hs[0].Role != muster.PrimaryResponder || hs[1].Role != muster.SecondaryResponder {
				t.Fatalf("%+v", hs)
			}
			h := hs[0]
			if got := joined(h.People); got != c.who {
				t.Errorf("on call is %q, want %q", got, c.who)
			}
			if got := shown(h.Since); got != c.since {
				t.Errorf("since %s, want %s", got, c.since)
			}
			if got := shown(h.Until); got != c.until {
				t.Errorf("until %s, want %s", got, c.until)
			}
			if got := texts(h.Reasons); got != c.sentence {
				t.Errorf("got:\n%swant:\n%s", got, c.sentence)
			}
			for _, r := range h.Reasons {
				if r.Ref != "rosters/storefront" || r.Revision != 7 || r.Facts["role"] != "primary" {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestARosterWithoutRotationsHoldsNothing(t *testing.T) {
	z := rota.NewZones()
	r := &muster.Roster{Name: "empty"}
	if hs := rota.Make(z, r).OnCall(1, instant(t, "2026-03-10T11:00:00Z"), nil); len(hs) != 0 {
		t.Errorf("%+v", hs)
	}
	h := rota.Make(z, r).Holder(muster.SecondaryResponder, 1, instant(t, "2026-03-10T11:00:00Z"), nil)
	const want = `roster: The roster empty says who is the secondary responder.
nobody: Nobody is the secondary responder of empty at Tue 10 Mar 2026 11:00, UTC: the roster has no rotation for this.
`
	if got := texts(h.Reasons); len(h.People) != 0 || got != want {
		t.Errorf("%v, %s", h.People, got)
	}
	if n := rota.Make(z, r).NextChange(instant(t, "2026-03-10T11:00:00Z")); !n.IsZero() {
		t.Errorf("%s", n)
	}
}

func joined(people []muster.UserName) string {
	var s []string
	for _, p := range people {
		s = append(s, string(p))
	}
	return strings.Join(s, " ")
}

func shown(i muster.Instant) string {
	if i.IsZero() {
		return ""
	}
	return i.Format(time.RFC3339)
}

func TestWarnings(t *testing.T) {
	z := rota.NewZones()
	r := storefront()
	r.Overrides = []muster.Override{
		{ID: "o1", Role: muster.PrimaryResponder, From: instant(t, "2026-03-10T12:00:00Z"), Until: instant(t, "2026-03-10T13:00:00Z")},
		{ID: "o2", Role: muster.PrimaryResponder, People: users("eli"), From: instant(t, "2026-03-11T12:00:00Z"), Until: instant(t, "2026-03-11T13:00:00Z")},
	}
	var got strings.Builder
	for _, w := range rota.Make(z, r).Warnings(instant(t, "2026-03-09T12:00:00Z"), instant(t, "2026-03-12T12:00:00Z"), rota.Facts{Names: names}) {
		got.WriteString(string(w.Kind) + ": " + w.Text + "\n")
	}
	const want = `gap: Nobody is the primary responder of Storefront on call from Tue 10 Mar 2026 13:00 until Tue 10 Mar 2026 14:00, Europe/Berlin. An override says so: remove it, or name somebody.
same_person: Eli is primary and secondary responder at once: there is no back-up. Let somebody else be the secondary.
long_shift: Ravi is the primary responder of Storefront on call for 4.8 days without a break, from Wed 11 Mar 2026 14:00 until Mon 16 Mar 2026 09:00, Europe/Berlin: shifts longer than 3 or 4 days are detrimental. Make the turns shorter, or share this one.
`
	if got.String() != want {
		t.Errorf("got:\n%swant:\n%s", got.String(), want)
	}

	alone := storefront()
	alone.Rotations = alone.Rotations[:1]
	alone.Rotations[0].Every, alone.Rotations[0].Unit = 4, muster.UnitDay
	ws := rota.Make(z, alone).Warnings(instant(t, "2026-10-20T12:00:00Z"), instant(t, "2026-11-20T12:00:00Z"), rota.Facts{Names: names})
	if slices.ContainsFunc(ws, func(w rota.Warning) bool { return w.Kind == rota.WarnLongShift && w.Level != rota.LevelAdvice }) {
		t.Errorf("four days of the calendar are not too long, even when one has 25 hours: %+v", ws)
	}
}

// Who is on call for one roster: with the reasons, without them, and a year of the final schedule.
func BenchmarkOnCall(b *testing.B) {
	s := rota.Make(rota.NewZones(), storefront())
	at := muster.FromMicros(1_795_000_000_000_000)
	b.ReportAllocs()
	for b.Loop() {
		s.OnCall(1, at, nil)
	}
}

func BenchmarkPeople(b *testing.B) {
	s := rota.Make(rota.NewZones(), storefront())
	at := muster.FromMicros(1_795_000_000_000_000)
	b.ReportAllocs()
	for b.Loop() {
		s.People(muster.PrimaryResponder, at)
	}
}

func BenchmarkMake(b *testing.B) {
	z, r := rota.NewZones(), storefront()
	b.ReportAllocs()
	for b.Loop() {
		rota.Make(z, r)
	}
}

func BenchmarkYear(b *testing.B) {
	r := storefront()
	sun := func(name, zone string) muster.Rotation {
		return muster.Rotation{
			Name: name, Role: muster.PrimaryResponder, Kind: muster.FollowTheSun, Zone: zone, Every: 1, Unit: muster.UnitDay, Handoff: "00:00",
			Start: "2026-01-01", People: users("ana", "ravi", "chen"), Hours: []muster.Window{{From: "08:00", To: "16:00"}},
		}
	}
	r.Rotations = append(r.Rotations, sun("sydney", "Australia/Sydney"), sun("london", "Europe/London"), sun("california", "America/Los_Angeles"))
	s := rota.Make(rota.NewZones(), r)
	from := muster.FromMicros(1_795_000_000_000_000)
	b.ReportAllocs()
	for b.Loop() {
		s.Shifts(muster.PrimaryResponder, from, from.Plus(365*24*time.Hour))
	}
}
