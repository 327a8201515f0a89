package rota

import (
	"time"

	"github.com/muster-oncall/muster"
)

// LocalStatus says how often a local time happens.
type LocalStatus string

// The statuses of a local time.
const (
	LocalUnique    LocalStatus = "unique"
	LocalAmbiguous LocalStatus = "ambiguous" // happens more than once: the first counts
	LocalGap       LocalStatus = "gap"       // is skipped: read with the offset before the gap
)

// Resolved is what a local time means.
type Resolved struct {
	At     muster.Instant
	Status LocalStatus
	Local  time.Time        // At on the clocks of the zone
	All    []muster.Instant // every instant with this local time, earliest first; empty in a gap
}

// Resolve reads a local time such as "2026-03-29T02:30" (seconds may follow) on the clocks of a zone.
func Resolve(zone *time.Location, local string) (Resolved, error) {
	wall, err := time.Parse("2006-01-02T15:04", local)
	if err != nil {
		wall, err = time.Parse("2006-01-02T15:04:05", local)
	}
	if err != nil {
		return Resolved{}, muster.Errorf(muster.ErrInvalid, "%q is not a local time: write it like 2026-03-29T02:30, without an offset", muster.Clip(local, 40))
	}
	var all []int64
	at := resolve(zone, wall.Unix(), &all)
	r := Resolved{At: muster.At(time.Unix(at, 0)), Status: LocalUnique, Local: time.Unix(at, 0).In(zone)}
	for _, s := range all {
		r.All = append(r.All, muster.At(time.Unix(s, 0)))
	}
	switch {
	case len(all) == 0:
		r.Status = LocalGap
	case len(all) > 1:
		r.Status = LocalAmbiguous
	}
	return r, nil
}

// reach is more than any offset from UTC that was ever used (Manila before 1844: almost 16 hours).
const reach = 17 * 60 * 60

// resolve turns a wall clock, as the seconds that it would be in UTC, into seconds since 1970. It walks the periods of
// equal offset around the moment, in nearly all cases a single one. With all, it collects every match instead of
// stopping at the first.
func resolve(zone *time.Location, wall int64, all *[]int64) int64 {
	first, found := int64(0), false
	gap, inGap := int64(0), false
	for at, walked := wall-reach, false; ; walked = true {
		t := time.Unix(at, 0).In(zone)
		_, offset := t.Zone()
		from, until := zoneBounds(t)
		c := wall - int64(offset)
		begun, over := from.IsZero() || c >= from.Unix(), !until.IsZero() && c >= until.Unix()
		if walked {
			begun = c >= at // what was before is told already
		}
		switch {
		case begun && !over:
			if !found {
				first, found = c, true
			}
			if all == nil {
				return first
			}
			*all = append(*all, c)
		case over:
			// The clock of this period passes the local time only after the period has ended: if no period matches, this,
			// the last one to be too late, is the period before the gap.
			gap, inGap = c, true
		}
		if until.IsZero() || until.Unix() > wall+reach {
			break
		}
		at = until.Unix()
	}
	if !found && inGap {
		return gap
	}
	return first
}

// zoneBounds is [time.Time.ZoneBounds] without its mistake: after the last change that the data lists, the runtime ends
// the year 365 days after it began, so on the last day of leap years a period ends before the moment that it is asked for,
// and a walk from one period to the next would stand still. The end of such a year need not be a change of clocks.
func zoneBounds(t time.Time) (from, until time.Time) {
	from, until = t.ZoneBounds()
	if !until.IsZero() && !until.After(t) {
		until = until.Add(daySeconds * time.Second)
	}
	return from, until
}
