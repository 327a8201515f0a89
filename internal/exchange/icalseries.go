package exchange

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// except are the dates that do not happen as the series' rule says: left out, or told anew. Some programs leave out a
// whole day of an event that has a time, so both forms are kept.
type except struct {
	at  map[muster.Instant]bool
	day map[string]bool // by the clocks of the event
}

func (x except) has(at muster.Instant, wall time.Time) bool {
	return x.at[at] || x.day[wall.Format("20060102")]
}

// series gives the events of one UID between lo and hi. It reports false when nothing more may be read.
func (r *calendarReader) series(s *series) bool {
	if s.faulty || s.master != nil && s.master.cancelled {
		return true
	}
	x := except{at: map[muster.Instant]bool{}, day: map[string]bool{}}
	latest := map[muster.Instant]*vevent{}
	for _, v := range s.changed {
		at, err := v.recurrence.at()
		if err != nil {
			r.faults.add(v.line, "RECURRENCE-ID", "the event %s: %s", v.title(), err)
			return true
		}
		if v.recurrence.day {
			x.day[v.recurrence.wall.Format("20060102")] = true
		}
		x.at[at] = true
		if old := latest[at]; old == nil || !newer(old, v) {
			latest[at] = v
		}
	}
	for _, v := range s.changed {
		at, _ := v.recurrence.at()
		if latest[at] != v || v.cancelled {
			continue
		}
		v.base.Instance = at
		if err := r.give(v, v.start.wall, nil); err != nil {
			r.faults.add(v.line, "DTSTART", "the event %s: %s", v.title(), err)
		}
	}
	if s.master != nil && !r.master(s.master, x) {
		return false
	}
	if len(r.out) > MaxInstances {
		r.out = nil
		r.faults.add(0, "", "the calendar has more than %d dates in this time: read a shorter time, or split the calendar", MaxInstances)
		return false
	}
	return true
}

// master gives the dates of an event that is not itself the change of one date. It reports false when the effort for
// rules is used up.
func (r *calendarReader) master(v *vevent, x except) bool {
	extra, err := r.lists(v, x)
	if err != nil {
		return true
	}
	before := len(r.out)
	fail := func(err error) {
		r.out = r.out[:before]
		r.faults.add(v.line, "", "the event %s: %s", v.title(), err)
	}
	given := map[muster.Instant]bool{}
	one := func(wall time.Time, until *moment) bool {
		at, err := resolveWall(v.start.zone, wall)
		if err != nil {
			fail(err)
			return false
		}
		if given[at] || x.has(at, wall) {
			return true
		}
		given[at] = true
		if v.rule != nil || len(extra) > 0 {
			v.base.Instance = at
		}
		if err = r.give(v, wall, until); err == nil && len(r.out)-before > MaxPerRule {
			err = fmt.Errorf("it has more than %d dates in this time: read a shorter time, or let it repeat less often", MaxPerRule)
		}
		if err != nil {
			fail(err)
		}
		return err == nil
	}
	for _, e := range extra {
		if !one(e.start.wall, e.end) {
			return true
		}
	}
	if v.rule == nil {
		one(v.start.wall, nil)
		return true
	}
	low, high := r.window(v)
	ok := v.rule.dates(v.start.wall, low, high, &r.effort, func(wall time.Time) bool {
		if v.rule.over(v.start, wall, r.clocks.floating) {
			return false
		}
		return wall.Before(low) || one(wall, nil)
	})
	if !ok {
		fail(fmt.Errorf("its dates, with those before it, take too long to work out: let it begin later, or end by a date"))
	}
	return ok
}

// window is the time asked for on the clocks of the event, earlier by its length, with days to spare for offsets.
func (r *calendarReader) window(v *vevent) (low, high time.Time) {
	spare := 48 * time.Hour
	span := time.Duration(v.lasts.days)*24*time.Hour + v.lasts.exact
	if v.hasEnd {
		span = v.end.wall.Sub(v.start.wall)
	}
	return r.lo.UTC().Add(-spare - span), r.hi.UTC().Add(spare)
}

// over reports whether wall is past the UNTIL of the rule, which itself still belongs to the dates.
func (r rule) over(start moment, wall time.Time, floating *time.Location) bool {
	u := r.until
	switch {
	case u == nil:
		return false
	case u.day:
		return midnight(wall).After(u.wall)
	case !u.utc:
		return wall.After(u.wall)
	case start.day && u.wall.Equal(midnight(u.wall)): // a day written as a time
		return wall.After(u.wall)
	case start.day:
		return wall.After(midnight(onClocks(u.wall, floating)))
	}
	at, err := resolveWall(start.zone, wall)
	return err != nil || at.After(u.wall)
}

// onClocks is what the clocks of a zone show at t, as if they were UTC.
func onClocks(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	_, offset := local.Zone()
	return t.Add(time.Duration(offset) * time.Second)
}

// give adds the event that begins at wall, if it touches the time asked for. With until it ends there, otherwise as the
// first one does.
func (r *calendarReader) give(v *vevent, wall time.Time, until *moment) error {
	e := v.base
	var err error
	if e.From, err = resolveWall(v.start.zone, wall); err != nil {
		return err
	}
	switch {
	case until != nil:
		e.Until, err = until.at()
	case v.hasEnd && v.end.zone == v.start.zone:
		e.Until, err = resolveWall(v.start.zone, wall.Add(v.end.wall.Sub(v.start.wall)))
		if long := v.end.wall.Sub(v.start.wall); err == nil && e.Until.Before(e.From.Time) {
			e.Until = e.From.Plus(long) // it begins in a gap of the clocks that it would end after
		}
	case v.hasEnd:
		var from, end muster.Instant
		if from, err = v.start.at(); err == nil {
			end, err = v.end.at()
		}
		e.Until = e.From.Plus(end.Sub(from.Time))
	default:
		e.Until, err = resolveWall(v.start.zone, wall.AddDate(0, 0, v.lasts.days))
		e.Until = e.Until.Plus(v.lasts.exact)
	}
	if err != nil {
		return err
	}
	if e.From.Before(r.hi.Time) && (e.Until.After(r.lo.Time) || e.Until.Equal(e.From.Time) && !e.From.Before(r.lo.Time)) {
		r.out = append(r.out, e)
	}
	return nil
}

// An added is a date from RDATE; end is nil unless the date has an end of its own.
type added struct {
	start moment
	end   *moment
}

// lists reads EXDATE into x, and RDATE. What is wrong is added to the faults.
func (r *calendarReader) lists(v *vevent, x except) (extra []added, failed error) {
	for _, p := range v.component.props {
		if p.name != "EXDATE" && p.name != "RDATE" {
			continue
		}
		for value := range strings.SplitSeq(p.value, ",") {
			if strings.TrimSpace(value) == "" {
				continue
			}
			err := r.listed(p, value, v, x, &extra)
			if err == nil && len(extra) > MaxPerRule {
				err = fmt.Errorf("it has more than %d dates: make it several events", MaxPerRule)
			}
			if err != nil {
				r.faults.add(p.line, p.name, "the event %s: %s", v.title(), err)
				return nil, err
			}
		}
	}
	return extra, nil
}

func (r *calendarReader) listed(p property, value string, v *vevent, x except, extra *[]added) error {
	first, last, period := strings.Cut(value, "/")
	m, err := r.clocks.moment(p, first)
	if err != nil {
		return err
	}
	at, err := m.at()
	if err != nil {
		return err
	}
	if p.name == "EXDATE" {
		if m.day {
			x.day[m.wall.Format("20060102")] = true
		} else {
			x.at[at] = true
		}
		return nil
	}
	if m.day != v.start.day {
		return fmt.Errorf("%s is a day where the event has a time, or the other way round: use the same form", quote(value))
	}
	if m.zone != v.start.zone { // on the clocks of the event, for its end is counted there
		m = moment{wall: onClocks(at.UTC(), v.start.zone), zone: v.start.zone}
	}
	a := added{start: m}
	if period {
		end := m
		if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(last)), "P") {
			long, err := parseLength(last)
			if err != nil {
				return err
			}
			end.wall = end.wall.AddDate(0, 0, long.days).Add(long.exact)
		} else if end, err = r.clocks.moment(p, last); err != nil {
			return err
		}
		until, err := end.at()
		if err != nil {
			return err
		}
		if until.Before(at.Time) {
			return fmt.Errorf("%s ends before it begins: correct one of the times", quote(value))
		}
		a.end = &end
	}
	*extra = append(*extra, a)
	return nil
}
