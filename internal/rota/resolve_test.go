package rota_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones of a machine without zone data

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

func instant(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, s string,
) muster.Instant {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return muster.At(at)
}

func TestResolveRefusesWhatIsNoLocalTime(t *testing.T) {
	for _, in := range []string{"", "yesterday", "2026-02-30T10:00", "2026-03-29T02:30Z", "2026-03-29 02:30"} {
		if _, err := rota.Resolve(time.UTC, in); muster.CodeOf(err) != muster.ErrInvalid {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// oddZones change their clocks by half an hour, at midnight, against summer, by a whole day, or never.
var oddZones = []string{
	"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca", "Africa/Cairo",
	"Pacific/Apia", "Asia/Beirut", "America/Santiago", "Asia/Kathmandu", "America/St_Johns", "Europe/Dublin",
	"Asia/Manila", "America/Nuuk", "Asia/Gaza", "UTC",
}

// Every instant is among the instants that its own wall clock means, and the first of them is the answer; a time in a gap
// lands after the gap, later by its length.
func TestResolveIsTheReverseOfTheClock(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		zone, err := z.Load(rapid.SampledFrom(oddZones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(-1_500_000_000, 2_200_000_000).Draw(t, "at")/60*60, 0).In(zone)
		if at.Second() != 0 {
			return // local mean time of long ago counts seconds: a form without them cannot say it
		}
		got, err := rota.Resolve(zone, at.Format("2006-01-02T15:04"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for i, a := range got.All {
			found = found || a.Equal(at)
			if i > 0 && !a.After(got.All[i-1].Time) {
				t.Fatalf("%v is not in order", got.All)
			}
		}
		if !found || got.At != got.All[0] {
			t.Fatalf("%s: %+v", at, got)
		}
	})
}
