package rota_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"
	_ "time/tzdata" // the zones of a machine without zone data

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

type vector struct {
	ID, Kind, Why string
	Input, Expect json.RawMessage
}

func vectors(t *testing.T, kind string) (out []vector) {
	t.Helper()
	b, err := os.ReadFile("testdata/dst_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []vector }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		if c.Kind == kind {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		t.Fatalf("the file has no vectors of kind %s", kind)
	}
	return out
}

func decode[T any](t *testing.T, b json.RawMessage) (v T) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

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

func TestResolveVectors(t *testing.T) {
	z := rota.NewZones()
	for _, c := range vectors(t, "resolve_local") {
		t.Run(c.ID, func(t *testing.T) {
			in := decode[struct{ Local, Zone string }](t, c.Input)
			want := decode[struct {
				Instant       string
				ResolvedLocal string `json:"resolved_local"`
				Status        rota.LocalStatus
				All           []string
			}](t, c.Expect)
			zone, err := z.Load(in.Zone)
			if err != nil {
				t.Fatal(err)
			}
			got, err := rota.Resolve(zone, in.Local)
			if err != nil {
				t.Fatal(err)
			}
			if got.At != instant(t, want.Instant) || got.Status != want.Status {
				t.Errorf("%s %s is %s (%s), want %s (%s): %s", in.Local, in.Zone, got.At, got.Status, want.Instant, want.Status, c.Why)
			}
			if l := got.Local.Format(time.RFC3339); l != want.ResolvedLocal {
				t.Errorf("shown as %s, want %s", l, want.ResolvedLocal)
			}
			if want.Status == rota.LocalAmbiguous && len(got.All) != len(want.All) {
				t.Errorf("happens at %v, want %v", got.All, want.All)
			}
			for i, w := range want.All {
				if i < len(got.All) && got.All[i] != instant(t, w) {
					t.Errorf("time %d is %s, want %s", i, got.All[i], w)
				}
			}
		})
	}
}

func TestResolveRefusesWhatIsNoLocalTime(t *testing.T) {
	for _, in := range []string{"", "yesterday", "2026-02-30T10:00", "2026-03-29T02:30Z", "2026-03-29 02:30"} {
		if _, err := rota.Resolve(time.UTC, in); muster.CodeOf(err) != muster.ErrInvalid {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestZoneNames(t *testing.T) {
	z := rota.NewZones()
	for _, c := range vectors(t, "zone_name") {
		in := decode[struct{ Zone string }](t, c.Input)
		want := decode[struct{ Valid bool }](t, c.Expect)
		for range 2 { // the second time from memory
			if _, err := z.Load(in.Zone); (err == nil) != want.Valid {
				t.Errorf("%s %q: %v, want valid %v: %s", c.ID, in.Zone, err, want.Valid, c.Why)
			}
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
