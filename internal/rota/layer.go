package rota

import (
	"math"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// Moments inside the package are microseconds since 1970, as stores keep them; these two stand for always and never.
const (
	always = math.MinInt64
	never  = math.MaxInt64
)

// daySeconds is the length of a day of the calendar, which knows no clocks that are put back.
const daySeconds = 24 * 60 * 60

// layer is a rotation, made ready for arithmetic.
type layer struct {
	rotation   *muster.Rotation
	zone       *time.Location
	first      int64 // wall clock of the first hand-off, as seconds that it would be in UTC
	step       int64 // length of a turn: seconds of the calendar, seconds as they pass for hours, or months
	start, end int64 // microseconds
	days       dayMask
	hours      hours
	crew       crew
	fixed      []fixed
	problem    string
}

// fixed is a shift that is given by itself. Those that overlap were cut, so that each moment has one.
type fixed struct {
	from, until int64
	people      []muster.UserName
}

func newLayer(z *Zones, r *muster.Rotation) layer {
	l := layer{rotation: r, start: always, end: never}
	bad := func(why string) layer { return layer{rotation: r, start: never, end: never, problem: why} }
	zone, err := z.Load(r.Zone)
	if err != nil {
		return bad(muster.MessageOf(err))
	}
	l.zone = zone
	if l.hours, err = newHours(r.Hours); err != nil {
		return bad("its hours cannot be read")
	}
	if l.hours.always() {
		l.hours = nil
	}
	if len(r.Shifts) > 0 {
		l.fixed = disjoint(r.Shifts)
		return l
	}
	if l.first, err = localDay(r.Start, r.Handoff); err != nil {
		return bad("its start or hand-off cannot be read")
	}
	l.step = int64(r.Every)
	switch r.Unit {
	case muster.UnitHour:
		l.step *= 3600
	case muster.UnitDay:
		l.step *= daySeconds
	case muster.UnitWeek:
		l.step *= 7 * daySeconds
	case muster.UnitMonth:
	default:
		return bad("its unit is none of hour, day, week and month")
	}
	if l.step <= 0 {
		return bad("its turns have no length")
	}
	if l.days = maskOf(r.Days); l.days != 0 && r.Unit == muster.UnitDay {
		for !l.days.has(floorDiv(l.first, daySeconds)) {
			l.first += daySeconds
		}
	} else {
		l.days = 0
	}
	if len(r.People) == 0 {
		return bad("it has no people")
	}
	l.start = l.local(l.first)
	if r.Until != "" {
		last, err := localDay(r.Until, r.Handoff)
		if err != nil {
			return bad("its end cannot be read")
		}
		l.end = l.local(last)
	}
	if l.end <= l.start {
		return bad("it ends before it begins")
	}
	if l.crew, err = newCrew(&l); err != nil {
		return bad("the days of its members cannot be read")
	}
	return l
}

// localDay reads a date and a time of day as the seconds that they would be in UTC.
func localDay(day, clock string) (int64, error) {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, err
	}
	c, err := clockSeconds(clock)
	return d.Unix() + c, err
}

func clockSeconds(clock string) (int64, error) {
	c, err := time.Parse("15:04", clock)
	return int64(c.Hour()*3600 + c.Minute()*60), err
}

// face is the clocks of a zone around a moment: as long as they are not changed, reading them is an addition.
type face struct {
	zone        *time.Location
	offset      int64
	from, until int64 // seconds, a day and more away from the changes before and after
	wall        int64 // what they show at the moment
}

// margin is more than any change of clocks ever was.
const margin = 2 * daySeconds

// face reads the clocks at an instant.
func (l *layer) face(at int64) face {
	sec := floorDiv(at, 1e6)
	t := time.Unix(sec, 0).In(l.zone)
	_, offset := t.Zone()
	f := face{zone: l.zone, offset: int64(offset), from: math.MinInt64, until: math.MaxInt64, wall: sec + int64(offset)}
	from, until := zoneBounds(t)
	if !from.IsZero() {
		f.from = from.Unix() + margin
	}
	if !until.IsZero() {
		f.until = until.Unix() - margin
	}
	return f
}

// near is face, read from the clocks of another moment where they are not changed in between.
func (l *layer) near(f *face, at int64) face {
	sec := floorDiv(at, 1e6)
	if sec < f.from || sec >= f.until {
		return l.face(at)
	}
	g := *f
	g.wall = sec + f.offset
	return g
}

// local is the instant, in microseconds, at which the clocks show a wall clock.
func (f *face) local(wall int64) int64 {
	if sec := wall - f.offset; f.from <= sec && sec < f.until {
		return sec * 1e6
	}
	return resolve(f.zone, wall, nil) * 1e6
}

// local is the instant at which the clocks of the zone show a wall clock.
func (l *layer) local(wall int64) int64 { return resolve(l.zone, wall, nil) * 1e6 }

// wallOf is the wall clock at which turn k begins; it has no meaning for turns of hours and fixed shifts.
func (l *layer) wallOf(k int64) int64 {
	switch {
	case l.rotation.Unit == muster.UnitMonth:
		return addMonths(l.first, k*l.step)
	case l.days != 0:
		first := floorDiv(l.first, daySeconds)
		return l.first + (l.days.nth(first, k*int64(l.rotation.Every))-first)*daySeconds
	}
	return l.first + k*l.step
}

// begin is the instant at which turn k begins.
func (l *layer) begin(k int64) int64 { return l.beginBy(&face{zone: l.zone, from: math.MaxInt64}, k) }

// beginBy is begin, read from the clocks of a moment that is near.
func (l *layer) beginBy(f *face, k int64) int64 {
	switch {
	case l.fixed != nil:
		return l.fixed[k].from
	case l.rotation.Unit == muster.UnitHour:
		return l.start + k*l.step*1e6
	}
	return f.local(l.wallOf(k))
}

// finish is the instant at which turn k is over; the next may begin later.
func (l *layer) finish(k int64) int64 {
	switch {
	case l.fixed != nil:
		return l.fixed[k].until
	case l.days != 0:
		first := floorDiv(l.first, daySeconds)
		last := l.days.nth(first, (k+1)*int64(l.rotation.Every)-1)
		return min(l.local(l.first+(last+1-first)*daySeconds), l.end)
	}
	return min(l.begin(k+1), l.end)
}

// dayOf is the day of the calendar on which turn k begins, as days since 1970.
func (l *layer) dayOf(k int64) int64 {
	if l.rotation.Unit == muster.UnitHour {
		f := l.face(l.begin(k))
		return floorDiv(f.wall, daySeconds)
	}
	return floorDiv(l.wallOf(k), daySeconds)
}

// spanAt finds the turn that covers a moment between start and end, by arithmetic on the calendar, and the stretch of it
// around the moment. Without on it is the stretch between two turns. A turn that a skipped day leaves without length is
// passed over but counted.
func (l *layer) spanAt(at int64) (k, from, until int64, on bool) { return l.spanBy(&face{}, at) }

// spanBy is spanAt, read from the clocks of a moment that may be near.
func (l *layer) spanBy(was *face, at int64) (k, from, until int64, on bool) {
	if l.fixed != nil {
		return l.fixedAt(at)
	}
	f := l.near(was, at)
	switch {
	case l.rotation.Unit == muster.UnitHour:
		k = floorDiv(at-l.start, l.step*1e6)
		return k, l.begin(k), l.begin(k + 1), true
	case l.days != 0:
		return l.dayTurn(&f, at)
	case l.rotation.Unit == muster.UnitMonth:
		k = floorDiv(months(f.wall)-months(l.first), l.step)
	default:
		k = floorDiv(f.wall-l.first, l.step)
	}
	from, until = l.beginBy(&f, k), l.beginBy(&f, k+1)
	for from > at {
		k--
		from, until = l.beginBy(&f, k), from
	}
	for until <= at {
		k++
		from, until = until, l.beginBy(&f, k+1)
	}
	return k, from, until, true
}

func (l *layer) fixedAt(at int64) (k, from, until int64, on bool) {
	i, found := slices.BinarySearchFunc(l.fixed, at, func(f fixed, at int64) int {
		switch {
		case f.until <= at:
			return -1
		case f.from > at:
			return 1
		}
		return 0
	})
	if found {
		return int64(i), l.fixed[i].from, l.fixed[i].until, true
	}
	from, until = always, never
	if i > 0 {
		from = l.fixed[i-1].until
	}
	if i < len(l.fixed) {
		until = l.fixed[i].from
	}
	return 0, from, until, false
}

// dayTurn is spanAt for turns that count certain days of the week only.
func (l *layer) dayTurn(f *face, at int64) (k, from, until int64, on bool) {
	first, every := floorDiv(l.first, daySeconds), int64(l.rotation.Every)
	handoff := l.first - first*daySeconds
	begin := func(day int64) int64 { return f.local(day*daySeconds + handoff) }
	day := floorDiv(f.wall-handoff, daySeconds)
	for begin(day) > at {
		day--
	}
	for begin(day+1) <= at {
		day++
	}
	lo, hi := day, day+1
	if !l.days.has(day) {
		for !l.days.has(lo - 1) {
			lo--
		}
		for !l.days.has(hi) {
			hi++
		}
		return 0, begin(lo), begin(hi), false
	}
	k = floorDiv(l.days.count(first, day), every)
	for lo > first && l.days.has(lo-1) && floorDiv(l.days.count(first, lo-1), every) == k {
		lo--
	}
	for l.days.has(hi) && floorDiv(l.days.count(first, hi), every) == k {
		hi++
	}
	return k, begin(lo), begin(hi), true
}

// stretch is a length of time in which a layer's answer does not change.
type stretch struct {
	from, until int64
	turn        int64
	people      []muster.UserName // none: the layer has nobody
}

// at asks the layer alone who is on call.
func (l *layer) at(at int64) stretch { return l.atBy(&face{}, at) }

// atBy is at, read from the clocks of a moment that may be near; afterwards f is those of this moment.
func (l *layer) atBy(f *face, at int64) stretch {
	s := stretch{from: always, until: never}
	switch {
	case l.problem != "":
		return s
	case at < l.start:
		s.until = l.start
		return s
	case at >= l.end:
		s.from = l.end
		return s
	}
	lo, hi := l.start, l.end
	if l.fixed == nil || len(l.hours) > 0 {
		*f = l.near(f, at)
	}
	if len(l.hours) > 0 {
		in, from, until := l.hours.atBy(l, f, at, lo, hi)
		if !in {
			s.from, s.until = from, until
			return s
		}
		lo, hi = from, until
	}
	k, from, until, on := l.spanBy(f, at)
	s.from, s.until, s.turn = max(from, lo), min(until, hi), k
	if on {
		s.people = l.people(k)
	}
	return s
}

// people is whose turn k is.
func (l *layer) people(k int64) []muster.UserName {
	if l.fixed != nil {
		return l.fixed[k].people
	}
	return l.crew.turn(k)
}

// disjoint cuts shifts that overlap, so that each moment belongs to one; where several overlap, all of their people are
// on call.
func disjoint(shifts []muster.FixedShift) []fixed {
	var edges []int64
	for _, s := range shifts {
		if s.Until.After(s.From.Time) {
			edges = append(edges, s.From.Micros(), s.Until.Micros())
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	sorted := slices.SortedStableFunc(slices.Values(shifts), func(a, b muster.FixedShift) int { return a.From.Compare(b.From.Time) })
	out, open := []fixed{}, []muster.FixedShift(nil)
	for i := 0; i+1 < len(edges); i++ {
		from, until := edges[i], edges[i+1]
		open = slices.DeleteFunc(open, func(s muster.FixedShift) bool { return s.Until.Micros() <= from })
		for len(sorted) > 0 && sorted[0].From.Micros() <= from {
			if sorted[0].Until.Micros() > from {
				open = append(open, sorted[0])
			}
			sorted = sorted[1:]
		}
		var people []muster.UserName
		for _, s := range open {
			for _, p := range s.People {
				if !slices.Contains(people, p) && p != muster.Nobody {
					people = append(people, p)
				}
			}
		}
		if len(people) > 0 {
			out = append(out, fixed{from, until, people})
		}
	}
	return out
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// months counts the months of a wall clock.
func months(wall int64) int64 {
	t := time.Unix(wall, 0).UTC()
	return int64(t.Year())*12 + int64(t.Month()) - 1
}

// addMonths moves a wall clock by months; a day that the month does not have becomes its last.
func addMonths(wall, n int64) int64 {
	t := time.Unix(wall, 0).UTC()
	m := months(wall) + n
	year, month := int(floorDiv(m, 12)), time.Month(m-floorDiv(m, 12)*12+1)
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	day := time.Date(year, month, min(t.Day(), last), 0, 0, 0, 0, time.UTC).Unix()
	return day + (wall - floorDiv(wall, daySeconds)*daySeconds)
}
