package rota

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// Schedule is a roster made ready for questions. It is never changed: many may ask it at the same time. It keeps pointing
// into the roster, which must not change either.
type Schedule struct {
	roster  *muster.Roster
	benches []bench // one for each roster role that the roster has something for
	lapsed  []Lapse
}

// Lapse is a swap that does not apply any more, with the reason in a sentence.
type Lapse struct {
	Swap *muster.Swap
	Text string
}

// Make prepares a roster.
func Make(z *Zones, r *muster.Roster) *Schedule {
	s := &Schedule{roster: r}
	for _, role := range muster.RosterRoles() {
		if slices.ContainsFunc(r.Rotations, func(x muster.Rotation) bool { return x.Role == role }) ||
			slices.ContainsFunc(r.Overrides, func(x muster.Override) bool { return x.Role == role }) {
			s.benches = append(s.benches, newBench(z, r, role))
		}
	}
	for i := range r.Swaps {
		if text := s.patch(&r.Swaps[i], len(r.Overrides)+i); text != "" {
			s.lapsed = append(s.lapsed, Lapse{&r.Swaps[i], text})
		}
	}
	for i := range s.benches {
		slices.SortStableFunc(s.benches[i].patches, func(a, b patch) int { return cmp.Or(cmp.Compare(a.made, b.made), cmp.Compare(a.order, b.order)) })
	}
	return s
}

// Roster is what the schedule was made of.
func (s *Schedule) Roster() *muster.Roster { return s.roster }

// Roles lists the roster roles that the roster has a rotation or an override for.
func (s *Schedule) Roles() (roles []muster.RosterRole) {
	for i := range s.benches {
		roles = append(roles, s.benches[i].role)
	}
	return roles
}

// Lapsed lists the swaps that do not apply any more.
func (s *Schedule) Lapsed() []Lapse { return s.lapsed }

// bench finds what decides about a role; a role that the roster has nothing for gets an empty one.
func (s *Schedule) bench(role muster.RosterRole) *bench {
	for i := range s.benches {
		if s.benches[i].role == role {
			return &s.benches[i]
		}
	}
	return &bench{role: role}
}

// bench is what decides about one roster role.
type bench struct {
	role    muster.RosterRole
	layers  []layer
	patches []patch // the later made after the earlier
}

// patch is an override, or a swap of one turn.
type patch struct {
	made        int64 // when; 0: not known
	order       int
	from, until int64
	override    *muster.Override
	swap        *muster.Swap
	layer       *layer // whose turn is swapped
	turn        int64
	gives, to   muster.UserName
}

func newBench(z *Zones, r *muster.Roster, role muster.RosterRole) bench {
	b := bench{role: role}
	for i := range r.Rotations {
		if r.Rotations[i].Role == role {
			b.layers = append(b.layers, newLayer(z, &r.Rotations[i]))
		}
	}
	for i := range r.Overrides {
		if o := &r.Overrides[i]; o.Role == role && o.Until.After(o.From.Time) {
			b.patches = append(b.patches, patch{made: made(o.At), order: i, from: o.From.Micros(), until: o.Until.Micros(), override: o})
		}
	}
	return b
}

func made(at muster.Instant) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Micros()
}

// patch adds a swap to the benches of its rotations; a text says why it does not apply.
func (s *Schedule) patch(x *muster.Swap, order int) string {
	give, why := s.turnOf(x.Shift)
	if why != "" {
		return why
	}
	pieces := []patch{give}
	if x.Return != nil {
		back, why := s.turnOf(*x.Return)
		if why != "" {
			return why
		}
		pieces = append(pieces, back)
	}
	for i, p := range pieces {
		p.made, p.order, p.swap = made(x.At), order, x
		p.gives, p.to = x.Shift.User, x.To
		if i == 1 {
			p.gives, p.to = x.To, x.Shift.User
		} else {
			if !x.From.IsZero() {
				p.from = max(p.from, x.From.Micros())
			}
			if !x.Until.IsZero() {
				p.until = min(p.until, x.Until.Micros())
			}
		}
		if p.from < p.until {
			b := s.bench(p.layer.rotation.Role)
			b.patches = append(b.patches, p)
		}
	}
	return ""
}

// turnOf finds the turn that a reference means: the person's turn that begins nearest to the stated time, less than its
// own length away.
func (s *Schedule) turnOf(ref muster.ShiftRef) (patch, string) {
	var l *layer
	for i := range s.benches {
		for j := range s.benches[i].layers {
			if x := &s.benches[i].layers[j]; x.rotation.Name == ref.Rotation {
				l = x
			}
		}
	}
	if l == nil || l.problem != "" {
		return patch{}, fmt.Sprintf("the rotation %s is not there any more", ref.Rotation)
	}
	wall, err := time.Parse(muster.LocalMinute, ref.Start)
	if err != nil {
		return patch{}, fmt.Sprintf("%q is not a local time", ref.Start)
	}
	if k, ok := l.nearest(l.local(wall.Unix()), ref.User); ok {
		return patch{layer: l, turn: k, from: max(l.begin(k), l.start), until: l.finish(k)}, ""
	}
	return patch{}, fmt.Sprintf("%s has no shift in the rotation %s that begins near %s any more", ref.User, ref.Rotation, wall.Format("2 Jan 2006 15:04"))
}

// nearest is a person's turn that begins nearest to a moment, less than its own length away.
func (l *layer) nearest(at int64, u muster.UserName) (k int64, ok bool) {
	around := min(max(at, l.start), l.end-1)
	mid, from, until, on := l.spanAt(around)
	if !on {
		mid, _, _, _ = l.spanAt(from - 1)
		if l.fixed != nil && until != never { // the shift after the gap, too
			mid, _, _, _ = l.spanAt(until)
		}
	}
	best := int64(never)
	for c := mid - 2; c <= mid+2; c++ {
		if c < 0 || (l.fixed != nil && c >= int64(len(l.fixed))) || !slices.Contains(l.people(c), u) {
			continue
		}
		begin := l.begin(c)
		if begin >= l.end {
			break
		}
		if away := max(begin-at, at-begin); away < best && away < l.finish(c)-begin {
			k, ok, best = c, true, away
		}
	}
	return k, ok
}

// segment is a stretch of time in which one thing decides: a turn of a layer, a patch, or nothing.
type segment struct {
	from, until int64
	layer       *layer // whose turn it is, also under a patch
	turn        int64
	patch       *patch // the newest that decides
	people      []muster.UserName
}

// same reports whether two segments have the same people.
func (s segment) same(o segment) bool { return slices.Equal(s.people, o.people) }

func (s *segment) narrow(from, until int64) { s.from, s.until = max(s.from, from), min(s.until, until) }

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
	s.narrow(from, until)
	return true
}

// memory keeps the last answer of each layer of a bench, and the clocks of its zone then, for who walks through time. Nil
// keeps nothing.
type memory []recollection

type recollection struct {
	stretch
	clocks face
}

// ask asks layer i of a bench, unless the moment lies in what it answered last.
func (m memory) ask(b *bench, i int, at int64) stretch {
	l := &b.layers[i]
	if m == nil {
		return l.at(at)
	}
	if m[i].from <= at && at < m[i].until {
		return m[i].stretch
	}
	x := l.atBy(&m[i].clocks, at)
	m[i].stretch = x
	if len(l.hours) > 0 && x.until > at+month {
		m[i].stretch = stretch{} // hours around the clock are told for a month only, which ends elsewhere from another moment
	}
	return x
}

// base is what the layers say by themselves. It asks the highest first; one that has nobody bounds the stretch by its own.
func (b *bench) base(at int64) segment { return b.baseBy(nil, at) }

func (b *bench) baseBy(m memory, at int64) segment {
	s := segment{from: always, until: never}
	for i := len(b.layers) - 1; i >= 0; i-- {
		l := &b.layers[i]
		x := m.ask(b, i, at)
		s.narrow(x.from, x.until)
		if len(x.people) > 0 {
			s.layer, s.turn, s.people = l, x.turn, x.people
			return s
		}
	}
	return s
}

// at finds what decides at a moment, and from when until when it does.
func (b *bench) at(at int64) segment { return b.atBy(nil, at) }

func (b *bench) atBy(m memory, at int64) segment {
	s := segment{from: always, until: never}
	swapped := 0 // patches from here on are swaps that lie above every override that covers the moment
	for i := len(b.patches) - 1; i >= 0; i-- {
		p := &b.patches[i]
		if !s.meets(p.from, p.until, at) {
			continue
		}
		if p.override != nil {
			s.patch, s.people, swapped = p, p.override.People, i+1
			break
		}
	}
	if s.patch != nil && !b.swapsAt(at, swapped) {
		return s
	}
	base := b.baseBy(m, at)
	s.narrow(base.from, base.until)
	people, copied := base.people, false
	for i := swapped; i < len(b.patches); i++ {
		p := &b.patches[i]
		if p.swap == nil || at < p.from || at >= p.until || base.layer != p.layer || base.turn != p.turn {
			continue
		}
		place := slices.Index(people, p.gives)
		if place < 0 {
			continue
		}
		if !copied {
			people, copied = slices.Clone(people), true
		}
		if slices.Contains(people, p.to) {
			people = slices.Delete(people, place, place+1)
		} else {
			people[place] = p.to
		}
		s.patch = p
	}
	if copied || s.patch == nil {
		s.people = people
		s.layer, s.turn = base.layer, base.turn
	}
	return s
}

// settled is at, but a stretch in which nobody is on call is told whole: where one layer's pause follows another's, nothing
// changes for anybody.
func (b *bench) settled(at int64) segment {
	s := b.at(at)
	if !s.gap() {
		return s
	}
	for range manyPauses {
		if s.until == never {
			break
		}
		next := b.at(s.until)
		if !next.gap() {
			break
		}
		s.until = next.until
	}
	for range manyPauses {
		if s.from == always {
			break
		}
		before := b.at(s.from - 1)
		if !before.gap() {
			break
		}
		s.from = before.from
	}
	return s
}

// manyPauses bounds how far a gap is followed: beyond it the answer is right, but may say that it changes where it does not.
const manyPauses = 100

// gap reports whether nobody is on call although no override says so.
func (s *segment) gap() bool {
	return len(s.people) == 0 && (s.patch == nil || s.patch.override == nil)
}

// swapsAt reports whether a swap above place i covers a moment.
func (b *bench) swapsAt(at int64, i int) bool {
	return slices.ContainsFunc(b.patches[i:], func(p patch) bool { return p.swap != nil && p.from <= at && at < p.until })
}

// instant turns microseconds into an instant; always and never are the zero instant.
func instant(us int64) muster.Instant {
	if us == always || us == never {
		return muster.Instant{}
	}
	return muster.FromMicros(us)
}
