package exchange

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// A moment is a date or a time as a calendar writes it: a reading of clocks, and whose clocks.
type moment struct {
	wall time.Time // the reading, as if the clocks were UTC
	zone *time.Location
	day  bool // a date: wall is its midnight
}

// at is the instant of the moment.
func (m moment) at() (muster.Instant, error) { return resolveWall(m.zone, m.wall) }

// resolveWall turns a reading of the clocks of zone into an instant, as rota does everywhere: of two the first, and over
// a gap forward.
func resolveWall(zone *time.Location, wall time.Time) (muster.Instant, error) {
	if y := wall.Year(); y < 1900 || y > 9999 {
		return muster.Instant{}, fmt.Errorf("the year is not one from 1900 to 9999: correct it")
	}
	if zone == time.UTC {
		return muster.At(wall), nil
	}
	r, err := rota.Resolve(zone, wall.Format("2006-01-02T15:04:05"))
	if err != nil {
		return muster.Instant{}, err
	}
	return r.At, nil
}

// clocks finds the zones that a calendar names.
type clocks struct {
	floating *time.Location // of times and dates that name no zone
	load     func(string) (*time.Location, error)
	says     map[string]string         // TZID → IANA name, by the calendar's own word
	known    map[string]*time.Location // TZID → zone, nil when it cannot be found
}

// zone finds the zone of a TZID: an IANA name, one with a maker's prefix ("/freeassociation.sourceforge.net/Europe/Rome"),
// Microsoft's name, or one for which the calendar itself gives the IANA name.
func (c *clocks) zone(tzid string) (*time.Location, error) {
	if z, ok := c.known[tzid]; ok {
		if z == nil {
			return nil, c.unknown(tzid)
		}
		return z, nil
	}
	z := c.find(tzid)
	c.known[tzid] = z
	if z == nil {
		return nil, c.unknown(tzid)
	}
	return z, nil
}

func (c *clocks) unknown(tzid string) error {
	return fmt.Errorf("the time zone %s is not known: choose the zone of a place, such as Europe/Berlin, in the program that the calendar comes from", quote(tzid))
}

func (c *clocks) find(tzid string) *time.Location {
	name := strings.TrimSpace(tzid)
	switch strings.ToUpper(name) {
	case "UTC", "GMT", "Z", "ETC/UTC", "ETC/GMT":
		return time.UTC
	}
	names := []string{name}
	if place, ok := windowsZones[strings.ToLower(name)]; ok {
		names = append(names, place)
	}
	if parts := strings.Split(name, "/"); len(parts) > 2 && parts[0] == "" {
		for _, n := range []int{3, 2} { // America/Indiana/Knox before Indiana/Knox
			if len(parts) > n {
				names = append(names, strings.Join(parts[len(parts)-n:], "/"))
			}
		}
	}
	if place := c.says[tzid]; place != "" {
		names = append(names, place)
	}
	for _, n := range names {
		if n == "" || n == "Local" || strings.HasPrefix(n, "/") || len(n) > 64 {
			continue
		}
		if z, err := c.load(n); err == nil && z != nil {
			return z
		}
	}
	return nil
}

// moment reads one value of a property such as DTSTART.
func (c *clocks) moment(p property, value string) (moment, error) {
	value = strings.TrimSpace(value)
	if len(value) == 8 {
		day, err := time.Parse("20060102", value)
		if err != nil {
			return moment{}, fmt.Errorf("%s is not a day: write it like 20261123", quote(value))
		}
		return moment{wall: day, zone: c.floating, day: true}, nil
	}
	text, utc := strings.CutSuffix(value, "Z")
	wall, err := time.Parse("20060102T150405", text)
	if err != nil || len(text) != 15 {
		return moment{}, fmt.Errorf("%s is not a time: write it like 20261123T090000Z", quote(value))
	}
	m := moment{wall: wall, zone: c.floating}
	switch tzid := p.param("TZID"); {
	case utc:
		m.zone = time.UTC
	case tzid != "":
		if m.zone, err = c.zone(tzid); err != nil {
			return moment{}, err
		}
	}
	return m, nil
}

// longestEvent is a number of days. What lasts longer has a mistake in a year.
const longestEvent = 36_525

var errTooLong = fmt.Errorf("it lasts more than a hundred years: correct its end")

// A length is how long an event lasts: whole days of the calendar, then exact time.
type length struct {
	days  int
	exact time.Duration
}

// parseLength reads a duration such as P1W, P1DT12H or PT30M. One that runs backwards is refused.
func parseLength(s string) (length, error) {
	bad := func() (length, error) {
		return length{}, fmt.Errorf("%s is not a length of time: write it like P1D, P1W or PT8H", quote(s))
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "+"), "P")
	if !ok || rest == "" {
		return bad()
	}
	var out length
	clock := false
	for rest != "" {
		if rest[0] == 'T' && !clock && len(rest) > 1 {
			clock, rest = true, rest[1:]
			continue
		}
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		n, err := strconv.Atoi(rest[:i])
		if err != nil || i == len(rest) || n > 1_000_000 { // eleven days of seconds, two thousand years of days
			return bad()
		}
		switch unit := rest[i]; {
		case unit == 'W' && !clock:
			out.days += 7 * n
		case unit == 'D' && !clock:
			out.days += n
		case unit == 'H' && clock:
			out.exact += time.Duration(n) * time.Hour
		case unit == 'M' && clock:
			out.exact += time.Duration(n) * time.Minute
		case unit == 'S' && clock:
			out.exact += time.Duration(n) * time.Second
		default:
			return bad()
		}
		rest = rest[i+1:]
		if out.days > longestEvent || out.exact > longestEvent*24*time.Hour {
			return length{}, errTooLong
		}
	}
	return out, nil
}
