package rota_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// member is a file of a zip that a test makes.
type member struct {
	name string
	data []byte
}

func zipOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func utcAt(t *testing.T, s string) muster.Instant {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return muster.At(at)
}

// tzif is a zone of version 2: offsets in seconds, changes as (instant, number of the offset), and the rule after them.
func tzif(offsets []int32, changes [][2]int64, rule string) []byte {
	block := func(times [][2]int64) []byte {
		b := append([]byte("TZif2"), make([]byte, 15)...)
		for _, n := range []int{0, 0, 0, len(times), len(offsets), 4} {
			b = binary.BigEndian.AppendUint32(b, uint32(n)) //nolint:gosec // a handful
		}
		for _, c := range times {
			b = binary.BigEndian.AppendUint64(b, uint64(c[0])) //nolint:gosec // two's complement
		}
		for _, c := range times {
			b = append(b, byte(c[1]))
		}
		for _, o := range offsets {
			b = append(binary.BigEndian.AppendUint32(b, uint32(o)), 0, 0) //nolint:gosec // two's complement
		}
		return append(b, "LMT\x00"...)
	}
	return append(append(block(nil), block(changes)...), ("\n" + rule + "\n")...)
}

// steady is a place that is always at one offset, in hours as POSIX writes it: "8" is -08:00.
func steady(west int32) []byte {
	return tzif([]int32{-west * 3600}, nil, "LMT"+string('0'+west))
}

// TestVancouverKeepsItsClocks needs data that is newer than what Go 1.26 carries.
func TestVancouverKeepsItsClocks(t *testing.T) {
	z := rota.NewZones()
	for zone, want := range map[string]int{"America/Vancouver": -7, "America/Edmonton": -6, "America/Winnipeg": -5, "Africa/Casablanca": 0, "Europe/Berlin": 1, "US/Pacific": -8} {
		loc, err := z.Load(zone)
		if err != nil {
			t.Fatal(err)
		}
		if _, off := utcAt(t, "2026-12-15T12:00:00Z").In(loc).Zone(); off != want*3600 {
			t.Errorf("%s is %d seconds from UTC in December 2026, want %d hours", zone, off, want)
		}
	}
}

func TestBuiltInZones(t *testing.T) {
	d := rota.BuiltInZones()
	if d.Version() != "2026f" || d.Released() != utcAt(t, "2026-10-27T00:00:00Z") || d.Source() != "built in" {
		t.Errorf("it is %s", d)
	}
	if s := d.String(); s != "2026f of 27 October 2026 (built in)" {
		t.Errorf("told as %q", s)
	}
	if d.Old(utcAt(t, "2027-10-26T00:00:00Z")) || !d.Old(utcAt(t, "2027-10-28T00:00:00Z")) {
		t.Error("it is old after a year")
	}
	names := d.Names()
	if len(names) < 590 {
		t.Errorf("it has %d names, too few for all with their aliases", len(names))
	}
	z := rota.NewZones()
	for _, n := range names {
		if !strings.Contains(n, "/") {
			continue // no place
		}
		if _, err := z.Load(n); err != nil {
			t.Errorf("%s: %v", n, err)
		}
	}
}

// TestReadZoneDataTakesItsOwn puts every zone through the checks of data from outside.
func TestReadZoneDataTakesItsOwn(t *testing.T) {
	own := rota.BuiltInZones()
	d, err := rota.ReadZoneData(own.Zip())
	if err != nil {
		t.Fatal(err)
	}
	if d.Version() != own.Version() || d.Released() != own.Released() || len(d.Names()) != len(own.Names()) {
		t.Errorf("%s with %d names, want %s with %d", d, len(d.Names()), own, len(own.Names()))
	}
}

func TestTheVersionOfZoneData(t *testing.T) {
	zone := member{"Europe/Berlin", steady(1)}
	for name, c := range map[string]struct {
		members []member
		version string
		day     string // "" is none
	}{
		"with a day":      {[]member{zone, {"+VERSION", []byte("2025b 2025-03-22\n")}}, "2025b", "2025-03-22"},
		"as FreeBSD":      {[]member{zone, {"+VERSION", []byte("2025b\n")}}, "2025b", "2025-01-01"},
		"tzdata.zi":       {[]member{zone, {"tzdata.zi", []byte("# version 2024a\nR d 1916\n")}}, "2024a", "2024-01-01"},
		"a table besides": {[]member{zone, {"leapseconds", []byte("# x")}, {"zone.tab", []byte("# x")}}, rota.UnknownVersion, ""},
		"nonsense":        {[]member{zone, {"+VERSION", []byte("<script>\n")}}, rota.UnknownVersion, ""},
	} {
		d, err := rota.ReadZoneData(zipOf(t, c.members...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		day := ""
		if !d.Released().IsZero() {
			day = d.Released().Format(time.DateOnly)
		}
		if d.Version() != c.version || day != c.day || len(d.Names()) != 1 {
			t.Errorf("%s: %s of %q with %v", name, d.Version(), day, d.Names())
		}
	}
	unknown, err := rota.ReadZoneData(zipOf(t, zone))
	if err != nil || !unknown.Old(utcAt(t, "2026-11-22T00:00:00Z")) {
		t.Errorf("data that does not tell its age counts as old: %v", err)
	}
}

// Compact data lists no changes that a rule tells, and the runtime is wrong about the last day of leap years then.
func TestTheLastDayOfALeapYear(t *testing.T) {
	z := zonesOf(t, member{"Europe/Berlin", tzif([]int32{3600, 7200}, [][2]int64{{828234000, 1}, {846378000, 0}}, "CET-1CEST,M3.5.0,M10.5.0/3")})
	loc, err := z.Load("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for local, want := range map[string]string{
		"2028-12-20T09:00": "2028-12-20T08:00:00Z", "2028-12-30T23:30": "2028-12-30T22:30:00Z", "2028-12-31T00:30": "2028-12-30T23:30:00Z",
		"2028-12-31T01:00": "2028-12-31T00:00:00Z", "2028-12-31T12:00": "2028-12-31T11:00:00Z", "2028-12-31T23:59": "2028-12-31T22:59:00Z",
		"2029-01-01T00:30": "2028-12-31T23:30:00Z", "2029-01-01T01:00": "2029-01-01T00:00:00Z", "2029-01-01T20:00": "2029-01-01T19:00:00Z",
		"2027-12-31T12:00": "2027-12-31T11:00:00Z", "2028-01-01T01:00": "2028-01-01T00:00:00Z",
	} {
		got, err := rota.Resolve(loc, local)
		if err != nil || got.At != utcAt(t, want) || got.Status != rota.LocalUnique || len(got.All) != 1 {
			t.Errorf("%s is %+v (%v), want %s once", local, got, err, want)
		}
	}
}

func TestHostileZoneDataIsRefused(t *testing.T) {
	good := member{"Europe/Berlin", steady(1)}
	long := make([]member, 4001)
	for i := range long {
		long[i] = member{"x/" + strings.Repeat("y", 1+i%30), nil}
	}
	leap := steady(1)
	second := 44 + 6 + 4 // the header, one offset and its letters
	leap[second+28+3] = 1
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, "not a zip"},
		"no zip":        {[]byte("TZif2"), "not a zip"},
		"no zones":      {zipOf(t, member{"README", []byte("x")}), "no time zone"},
		"a folder":      {zipOf(t, member{"../../etc/passwd", steady(1)}), "no time zone"},
		"right":         {zipOf(t, member{"right/Europe/Berlin", steady(1)}), "no time zone"},
		"too long":      {make([]byte, 5<<20), "at most"},
		"too many":      {zipOf(t, long...), "at most 4000"},
		"twice":         {zipOf(t, good, good), "twice"},
		"a bomb":        {zipOf(t, member{"Europe/Berlin", make([]byte, 50<<20)}), "more than 65536 bytes"},
		"no zone":       {zipOf(t, good, member{"Europe/Paris", []byte("hello")}), "Europe/Paris"},
		"cut off":       {zipOf(t, member{"Europe/Berlin", steady(1)[:100]}), "cut off"},
		"liar":          {zipOf(t, member{"Europe/Berlin", append([]byte("TZif2"), bytes.Repeat([]byte{255}, 60)...)}), "more than it can hold"},
		"out of order":  {zipOf(t, member{"Europe/Berlin", tzif([]int32{0, 3600}, [][2]int64{{2000, 1}, {1000, 0}}, "LMT0")}), "out of order"},
		"standing":      {zipOf(t, member{"Europe/Berlin", tzif([]int32{0, 3600}, [][2]int64{{1000, 1}, {1000, 0}}, "LMT0")}), "out of order"},
		"no such type":  {zipOf(t, member{"Europe/Berlin", tzif([]int32{0}, [][2]int64{{1000, 9}}, "LMT0")}), "does not have"},
		"far away":      {zipOf(t, member{"Europe/Berlin", tzif([]int32{90000}, nil, "LMT0")}), "any place"},
		"far rule":      {zipOf(t, member{"Europe/Berlin", tzif([]int32{0}, [][2]int64{{1000, 0}}, "LMT24")}), "any place"},
		"no offset":     {zipOf(t, member{"Europe/Berlin", tzif(nil, nil, "LMT0")}), "no offset"},
		"leap seconds":  {zipOf(t, member{"Europe/Berlin", append(leap, make([]byte, 20)...)}), "leap seconds"},
		"corrupted zip": {corrupt(zipOf(t, good)), "cannot be used"},
	} {
		_, err := rota.ReadZoneData(c.data)
		if muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(muster.MessageOf(err), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// corrupt turns the content of the first member over, so that its checksum is wrong.
func corrupt(b []byte) []byte {
	b = bytes.Clone(b)
	for i := 30 + len("Europe/Berlin"); i < 30+len("Europe/Berlin")+8; i++ {
		b[i] ^= 0x5a
	}
	return b
}

func FuzzReadZoneData(f *testing.F) {
	f.Add([]byte("PK"))
	f.Add(steady(3))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, data := range [][]byte{b, zipOf(t, member{"Europe/Berlin", b})} {
			d, err := rota.ReadZoneData(data)
			if err != nil {
				continue
			}
			z := rota.NewZonesFrom(d)
			for _, n := range d.Names() {
				if loc, err := z.Load(n); err == nil {
					if _, err := rota.Resolve(loc, "2026-03-29T02:30"); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

func zonesOf(t *testing.T, members ...member) *rota.Zones {
	t.Helper()
	d, err := rota.ReadZoneData(zipOf(t, members...))
	if err != nil {
		t.Fatal(err)
	}
	return rota.NewZonesFrom(d)
}

// pacific is a roster in a place whose clocks new data changes.
func pacific() *muster.Roster {
	return &muster.Roster{
		Name: "pacific", Title: "Pacific on call",
		Rotations: []muster.Rotation{
			{Name: "days", Role: muster.PrimaryResponder, Zone: "America/Vancouver", Every: 1, Unit: muster.UnitDay, Handoff: "09:00", Start: "2026-11-02", People: users("ana", "ravi")},
			{Name: "elsewhere", Role: muster.SecondaryResponder, Zone: "Europe/Berlin", Every: 1, Unit: muster.UnitDay, Handoff: "09:00", Start: "2026-11-02", People: users("chen")},
		},
	}
}

func TestMovedHandoffs(t *testing.T) {
	berlin := member{"Europe/Berlin", steady(1)}
	old := zonesOf(t, berlin, member{"America/Vancouver", steady(8)})
	fresh := zonesOf(t, berlin, member{"America/Vancouver", steady(7)})
	now := utcAt(t, "2026-11-22T00:00:00Z")
	got := rota.MovedHandoffs(old, fresh, pacific(), now, now.Plus(3*24*time.Hour))
	if len(got) != 3 {
		t.Fatalf("three hand-offs move, got %+v", got)
	}
	m := got[1]
	if m.Was != utcAt(t, "2026-11-23T17:00:00Z") || m.Is != utcAt(t, "2026-11-23T16:00:00Z") || m.Rotation != "days" || m.Roster != "pacific" || m.Zone != "America/Vancouver" {
		t.Errorf("got %+v", m)
	}
	if len(m.People) != 1 || m.People[0] != "ravi" || len(m.Concerns()) != 2 {
		t.Errorf("it concerns %v, whose shift begins is %v", m.Concerns(), m.People)
	}
	if again := rota.MovedHandoffs(old, old, pacific(), now, now.Plus(90*24*time.Hour)); len(again) > 0 {
		t.Errorf("the same data moves nothing, got %+v", again)
	}
	// Half an hour after a hand-off that fresh data puts an hour later: it has happened, and stays.
	after := utcAt(t, "2026-11-23T16:30:00Z")
	for _, m := range rota.MovedHandoffs(fresh, old, pacific(), after, after.Plus(24*time.Hour)) {
		if !m.Was.After(after.Time) {
			t.Errorf("the past moved: %+v", m)
		}
	}
	// Half an hour before a hand-off that fresh data puts an hour earlier: it is now, and people are told.
	before := utcAt(t, "2026-11-23T16:30:00Z")
	got = rota.MovedHandoffs(old, fresh, pacific(), before, before.Plus(time.Hour))
	if len(got) != 1 || !got[0].Is.Before(before.Time) {
		t.Errorf("got %+v", got)
	}
}

func TestZoneUpdateVectors(t *testing.T) {
	b, err := os.ReadFile("testdata/dst_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			ID, Kind, Why string
			Input         struct {
				Local         string `json:"handoff_local"`
				Now           string
				Before, After struct {
					Offset int `json:"offset_seconds"`
				}
				Fired bool `json:"already_fired"`
			}
			Expect json.RawMessage
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range file.Cases {
		if c.Kind != "tz_update" {
			continue
		}
		seen++
		in := c.Input
		var want struct {
			Before, After string
			Recompute     bool
			NotifyOwners  *bool `json:"notify_owners"`
			FireAgain     *bool `json:"fire_again"`
		}
		if err := json.Unmarshal(c.Expect, &want); err != nil {
			t.Fatal(err)
		}
		got, err := rota.ZoneUpdate(in.Local, in.Before.Offset, in.After.Offset, utcAt(t, in.Now), in.Fired)
		if err != nil {
			t.Fatal(err)
		}
		if got.Before != utcAt(t, want.Before) || got.After != utcAt(t, want.After) || got.Recompute != want.Recompute ||
			want.NotifyOwners != nil && got.NotifyOwners != *want.NotifyOwners || want.FireAgain != nil && got.FireAgain != *want.FireAgain {
			t.Errorf("%s: %+v, want %s: %s", c.ID, got, c.Expect, c.Why)
		}
	}
	if seen < 4 {
		t.Errorf("only %d cases", seen)
	}
	if _, err := rota.ZoneUpdate("yesterday", 0, 0, muster.Instant{}, false); muster.CodeOf(err) != muster.ErrInvalid {
		t.Error(err)
	}
}

// A change of rules makes the next shift begin at another instant; the same snapshot of the past gives the same answer.
func TestReplacedDataMovesAFutureShift(t *testing.T) {
	r := pacific()
	at := utcAt(t, "2026-11-23T16:30:00Z")
	old := zonesOf(t, member{"America/Vancouver", steady(8)}, member{"Europe/Berlin", steady(1)})
	if p := rota.Make(old, r).People(muster.PrimaryResponder, at); len(p) != 1 || p[0] != "ana" {
		t.Errorf("by the old rules it is %v", p)
	}
	if p := rota.Make(rota.NewZones(), r).People(muster.PrimaryResponder, at); len(p) != 1 || p[0] != "ravi" {
		t.Errorf("by the new rules it is %v", p)
	}
}
