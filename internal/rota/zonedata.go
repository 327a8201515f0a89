package rota

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// builtIn is made by scripts/zoneinfo.sh.
//
//go:embed zoneinfo/zoneinfo.zip
var builtIn []byte

// ZoneData is a release of the IANA time zone database, compiled. It is never changed; many may use it at the same time.
type ZoneData struct {
	version  string
	released muster.Instant // midnight UTC; zero when nothing tells
	source   string
	zip      []byte
	zones    map[string]*zip.File
}

// UnknownVersion is the version of data that does not say its own.
const UnknownVersion = "unknown"

// Limits of zone data from outside. The database has about 600 names of at most 4 kB.
const (
	maxZoneZip     = 4 << 20
	maxZoneMembers = 4000
	maxZoneBytes   = 64 << 10
	maxZoneText    = 512 << 10 // of a member that tells the version
)

// WarnOldZoneData warns that the data may lack rules of today.
const WarnOldZoneData WarningKind = "old_zone_data"

// zoneLife is how old data may become before people are warned: rules change several times a year somewhere.
const zoneLife = 365 * 24 * time.Hour

// BuiltInZones is the data that Muster carries.
func BuiltInZones() *ZoneData {
	d, err := openZones(builtIn)
	if err != nil { // a test reads every zone of it
		d = &ZoneData{version: UnknownVersion}
	}
	d.source = "built in"
	return d
}

// ReadZoneData reads a zip of TZif files under their names, such as Go's zoneinfo.zip. The version is what a member
// "+VERSION" says ("2026f", and the day of the release after it if it is known), else the first line of "tzdata.zi", else
// the zip's comment. Every zone is read once: data with a broken one is refused as a whole. Members that are no zones are
// left alone.
func ReadZoneData(b []byte) (*ZoneData, error) {
	if len(b) > maxZoneZip {
		return nil, muster.Errorf(muster.ErrInvalid, "the zone data has %d bytes; at most %d are allowed", len(b), maxZoneZip)
	}
	d, err := openZones(b)
	if err != nil {
		return nil, err
	}
	for _, name := range d.Names() {
		tz, err := d.read(name)
		if err == nil && !strings.Contains(name, "/") && !bytes.HasPrefix(tz, []byte("TZif")) {
			delete(d.zones, name) // a table or a text beside the zones
			continue
		}
		if err == nil {
			err = checkTZif(name, tz)
		}
		if err != nil {
			return nil, muster.WrapError(muster.ErrInvalid, err, "the zone %s of the zone data cannot be used: %v", muster.Clip(name, 60), err)
		}
	}
	if len(d.zones) == 0 {
		return nil, errNoZones()
	}
	return d, nil
}

func errNoZones() error {
	return muster.Errorf(muster.ErrInvalid, "the zone data has no time zone: its members must be called like Europe/Berlin, without a folder above")
}

// From gives the same data with the name of where it comes from.
func (d *ZoneData) From(source string) *ZoneData {
	c := *d
	c.source = source
	return &c
}

// Zip is the data as [ReadZoneData] reads it. Nobody may change it.
func (d *ZoneData) Zip() []byte { return d.zip }

// Version is that of the database, such as "2026f", or [UnknownVersion].
func (d *ZoneData) Version() string { return d.version }

// Released is the day on which the version was released: as the data says, else the day of its files, which the year in
// its version bounds. Zero when nothing tells.
func (d *ZoneData) Released() muster.Instant { return d.released }

// Source says where the data comes from: "built in", or the name of a file.
func (d *ZoneData) Source() string { return d.source }

// Old reports whether the data was released more than a year before now, or does not say when.
func (d *ZoneData) Old(now muster.Instant) bool {
	return d.released.IsZero() || now.Sub(d.released.Time) > zoneLife
}

// String is like "2026f of 27 October 2026 (built in)".
func (d *ZoneData) String() string {
	s := d.version
	if d.version == UnknownVersion {
		s = "of unknown version"
	}
	if !d.released.IsZero() {
		s += " of " + d.released.UTC().Format("2 January 2006")
	}
	if d.source != "" {
		s += " (" + d.source + ")"
	}
	return s
}

// Has reports whether the data has a zone.
func (d *ZoneData) Has(name string) bool {
	_, ok := d.zones[name]
	return ok || name == "UTC"
}

// Names lists the zones in order.
func (d *ZoneData) Names() []string {
	names := make([]string, 0, len(d.zones))
	for n := range d.zones {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (d *ZoneData) load(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	tz, err := d.read(name)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(name, tz)
}

func (d *ZoneData) read(name string) ([]byte, error) {
	f := d.zones[name]
	if f == nil {
		return nil, fmt.Errorf("it is not in the data")
	}
	return inflate(f, maxZoneBytes)
}

// inflate believes no size that the zip states.
func inflate(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("it has more than %d bytes", limit)
	}
	return b, nil
}

var (
	zoneShape    = regexp.MustCompile(`^[A-Za-z0-9+_-]{1,40}(/[A-Za-z0-9+_-]{1,40}){0,3}$`)
	versionShape = regexp.MustCompile(`^(19|20)\d\d[a-z]{1,2}$`)
)

// versionMember holds the version, and after it the day of the release.
const versionMember = "+VERSION"

// openZones lists what a zip holds.
func openZones(b []byte) (*ZoneData, error) {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, muster.WrapError(muster.ErrInvalid, err, "the zone data is not a zip of time zones: %v", err)
	}
	if len(r.File) > maxZoneMembers {
		return nil, muster.Errorf(muster.ErrInvalid, "the zone data has %d members; at most %d are allowed", len(r.File), maxZoneMembers)
	}
	d := &ZoneData{version: UnknownVersion, zip: b, zones: make(map[string]*zip.File, len(r.File))}
	told := map[string]*zip.File{}
	var newest time.Time
	for _, f := range r.File {
		if f.Name == versionMember || f.Name == "tzdata.zi" {
			told[f.Name] = f
			continue
		}
		top, _, _ := strings.Cut(f.Name, "/")
		if !zoneShape.MatchString(f.Name) || top == "posix" || top == "right" {
			continue
		}
		if d.zones[f.Name] != nil {
			return nil, muster.Errorf(muster.ErrInvalid, "the zone data has %s twice", muster.Clip(f.Name, 60))
		}
		d.zones[f.Name] = f
		if f.Modified.After(newest) && f.Modified.Year() > 1980 { // a zip without times says 1980
			newest = f.Modified
		}
	}
	if len(d.zones) == 0 {
		return nil, errNoZones()
	}
	if f := told["tzdata.zi"]; f != nil && !f.Modified.IsZero() {
		newest = f.Modified
	}
	day := d.tell(told, r.Comment)
	if day.IsZero() {
		day = bounded(newest, d.version)
	}
	if !day.IsZero() {
		d.released = muster.At(day.UTC().Truncate(24 * time.Hour))
	}
	return d, nil
}

// tell finds the version, and the day of its release where the data states it.
func (d *ZoneData) tell(told map[string]*zip.File, comment string) (day time.Time) {
	for _, name := range []string{versionMember, "tzdata.zi"} {
		f := told[name]
		if f == nil {
			continue
		}
		b, err := inflate(f, maxZoneText)
		if err != nil {
			continue
		}
		line, _, _ := strings.Cut(string(b), "\n")
		words := strings.Fields(strings.TrimPrefix(line, "# version "))
		if len(words) == 0 || !versionShape.MatchString(words[0]) {
			continue
		}
		d.version = words[0]
		if len(words) > 1 {
			if t, err := time.Parse(time.DateOnly, words[1]); err == nil {
				day = t
			}
		}
		return day
	}
	for w := range strings.FieldsSeq(comment) {
		if versionShape.MatchString(w) {
			d.version = w
		}
	}
	return day
}

// bounded keeps the day of a file, which copying makes younger than its content, within the year of the version.
func bounded(day time.Time, version string) time.Time {
	if !versionShape.MatchString(version) {
		return day
	}
	year, err := strconv.Atoi(version[:4])
	if err != nil {
		return day
	}
	first, _ := time.Parse(time.DateOnly, fmt.Sprintf("%04d-01-01", year))
	last := first.AddDate(1, 0, -1)
	switch {
	case day.Before(first):
		return first
	case day.After(last):
		return last
	}
	return day
}
