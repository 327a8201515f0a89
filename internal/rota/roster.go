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
	step       int64 // calendar length of a turn, in seconds
	start, end int64 // microseconds
	problem    string
}

func newLayer(z *Zones, r *muster.Rotation) layer {
	l := layer{rotation: r, end: never}
	bad := func(why string) layer { return layer{rotation: r, start: never, end: never, problem: why} }
	zone, err := z.Load(r.Zone)
	if err != nil {
		return bad(muster.MessageOf(err))
	}
	first, err := localDay(r.Start, r.Handoff)
	if err != nil {
		return bad("its start or hand-off cannot be read")
	}
	l.zone, l.first = zone, first
	l.step = int64(r.Every) * daySeconds
	switch r.Unit {
	case muster.UnitDay:
	case muster.UnitWeek:
		l.step *= 7
	default:
		return bad("its unit is neither day nor week")
	}
	if l.step <= 0 {
		return bad("its turns have no length")
	}
	if len(r.People) == 0 {
		return bad("it has no people")
	}
	l.start = l.handoff(0)
	if r.Until != "" {
		last, err := localDay(r.Until, r.Handoff)
		if err != nil {
			return bad("its end cannot be read")
		}
		l.end = resolve(zone, last, nil) * 1e6
	}
	if l.end <= l.start {
		return bad("it ends before it begins")
	}
	return l
}

// localDay reads a date and a time of day as the seconds that they would be in UTC.
func localDay(day, clock string) (int64, error) {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, err
	}
	c, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, err
	}
	return d.Unix() + int64(c.Hour()*3600+c.Minute()*60), nil
}

// handoff is the instant at which turn k begins.
func (l *layer) handoff(k int64) int64 { return resolve(l.zone, l.first+k*l.step, nil) * 1e6 }

// turn finds the turn that covers at, by arithmetic on the calendar: the wall clock gives its number but for a step or two
// where clocks are put forward or back. A turn that a skipped day leaves without length is passed over but counted.
func (l *layer) turn(at int64) (k, from, until int64) {
	sec := floorDiv(at, 1e6)
	_, offset := time.Unix(sec, 0).In(l.zone).Zone()
	k = floorDiv(sec+int64(offset)-l.first, l.step)
	from, until = l.handoff(k), l.handoff(k+1)
	for from > at {
		k--
		from, until = l.handoff(k), from
	}
	for until <= at {
		k++
		from, until = until, l.handoff(k+1)
	}
	return k, from, until
}

// person is whose turn k is.
func (l *layer) person(k int64) muster.UserName {
	n := int64(len(l.rotation.People))
	return l.rotation.People[(k%n+n)%n]
}

// segment is a stretch of time in which one thing decides: a turn of a layer, an override, or nothing.
type segment struct {
	from, until int64
	layer       *layer
	turn        int64
	override    *muster.Override
	people      []muster.UserName
}

// same reports whether two segments have the same people.
func (s segment) same(o segment) bool { return slices.Equal(s.people, o.people) }

// bench is what decides about one roster role.
type bench struct {
	role      muster.RosterRole
	layers    []layer
	overrides []*muster.Override
}

// rolesOf lists the roster roles that a roster has a rotation or an override for.
func rolesOf(r *muster.Roster) (roles []muster.RosterRole) {
	for _, role := range muster.RosterRoles() {
		if slices.ContainsFunc(r.Rotations, func(x muster.Rotation) bool { return x.Role == role }) ||
			slices.ContainsFunc(r.Overrides, func(x muster.Override) bool { return x.Role == role }) {
			roles = append(roles, role)
		}
	}
	return roles
}

func newBench(z *Zones, r *muster.Roster, role muster.RosterRole) bench {
	b := bench{role: role}
	for i := range r.Rotations {
		if r.Rotations[i].Role == role {
			b.layers = append(b.layers, newLayer(z, &r.Rotations[i]))
		}
	}
	for i := range r.Overrides {
		o := &r.Overrides[i]
		if o.Role == role && o.Until.After(o.From.Time) {
			b.overrides = append(b.overrides, o)
		}
	}
	return b
}

// at finds what decides at a moment, and from when until when it does. It asks in order of precedence; whoever does not
// cover the moment bounds the stretch by its own end before and its own start after.
func (b *bench) at(at int64) segment {
	s := segment{from: always, until: never}
	for _, o := range slices.Backward(b.overrides) {

		from, until := o.From.Micros(), o.Until.Micros()
		if s.meets(from, until, at) {
			s.override, s.people = o, o.People
			return s
		}
	}
	return b.layerAt(at, s)
}

// layerAt goes on with the layers.
func (b *bench) layerAt(at int64, s segment) segment {
	for i := len(b.layers) - 1; i >= 0; i-- {
		l := &b.layers[i]
		if l.problem != "" || !s.meets(l.start, l.end, at) {
			continue
		}
		k, from, until := l.turn(at)
		s.from, s.until = max(s.from, from), min(s.until, until)
		s.layer, s.turn, s.people = l, k, []muster.UserName{l.person(k)}
		return s
	}
	return s
}

// meets narrows the segment by an interval and reports whether the interval covers the moment.
func (s *segment) meets(from, until, at int64) bool {
	switch {
	case until <= at:
		s.from = max(s.from, until)
		return false
	case from > at:
		s.until = min(s.until, from)
		return false
	}
	s.from, s.until = max(s.from, from), min(s.until, until)
	return true
}

// instant turns microseconds into an instant; always and never are the zero instant.
func instant(us int64) muster.Instant {
	if us == always || us == never {
		return muster.Instant{}
	}
	return muster.FromMicros(us)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
