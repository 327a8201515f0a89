package rota_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// The oracle answers who is on call in the slowest and plainest way: it writes down every turn from the first on, day after
// day with the standard library's calendar, and every window of every day, and then looks where a moment lies. It shares
// with the package only how a local time is read, which the vectors prove.
type oracle struct {
	t     *rapid.T
	z     *rota.Zones
	r     *muster.Roster
	until time.Time // turns are written down until here
	turns map[string][]oracleTurn
	hours map[string][][2]int64
}

type oracleTurn struct {
	number, from, until int64
	whole               int64 // when the turn is over: until, but for turns of several days with pauses
	begin               int64 // when the turn begins
	people              []muster.UserName
}

func newOracle(t *rapid.T, z *rota.Zones, r *muster.Roster, until time.Time) *oracle {
	o := &oracle{t: t, z: z, r: r, until: until, turns: map[string][]oracleTurn{}, hours: map[string][][2]int64{}}
	for i := range r.Rotations {
		o.rotation(&r.Rotations[i])
	}
	return o
}

func (o *oracle) instant(x *muster.Rotation, day time.Time, clock string) int64 {
	zone, err := o.z.Load(x.Zone)
	if err != nil {
		o.t.Fatal(err)
	}
	got, err := rota.Resolve(zone, day.Format(time.DateOnly)+"T"+clock)
	if err != nil {
		o.t.Fatal(err)
	}
	return got.At.Micros()
}

func (o *oracle) rotation(x *muster.Rotation) {
	day := o.until.AddDate(0, 0, -250).Truncate(24 * time.Hour) // for shifts that are given one by one
	if x.Start != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, x.Start); err != nil {
			o.t.Fatal(err)
		}
	}
	for d := day.AddDate(0, 0, -3); d.Before(o.until); d = d.AddDate(0, 0, 1) {
		for _, w := range x.Hours {
			if len(w.Days) > 0 && !slices.Contains(w.Days, muster.WeekdayOf(d.Weekday())) {
				continue
			}
			end := d
			if w.To <= w.From {
				end = d.AddDate(0, 0, 1)
			}
			o.hours[x.Name] = append(o.hours[x.Name], [2]int64{o.instant(x, d, w.From), o.instant(x, end, w.To)})
		}
	}
	last := -1
	turn := func(number int64, from, until int64, begins time.Time) {
		people := o.next(x, begins, &last)
		if from < until || x.Days != nil {
			o.turns[x.Name] = append(o.turns[x.Name], oracleTurn{number: number, from: from, until: until, begin: from, whole: until, people: people})
		}
	}
	switch {
	case len(x.Shifts) > 0:
		for i, s := range x.Shifts {
			o.turns[x.Name] = append(o.turns[x.Name], oracleTurn{int64(i), s.From.Micros(), s.Until.Micros(), s.Until.Micros(), s.From.Micros(), s.People})
		}
	case x.Unit == muster.UnitHour:
		from := muster.FromMicros(o.instant(x, day, x.Handoff)).Time
		zone, _ := o.z.Load(x.Zone)
		for k := int64(0); from.Before(o.until); k++ {
			until := from.Add(time.Duration(x.Every) * time.Hour)
			turn(k, from.UnixMicro(), until.UnixMicro(), from.In(zone))
			from = until
		}
	case len(x.Days) > 0:
		o.someDays(x, day, &last)
	default:
		begins := func(k int) time.Time {
			switch x.Unit {
			case muster.UnitHour, muster.UnitDay:
			case muster.UnitWeek:
				return day.AddDate(0, 0, 7*k*x.Every)
			case muster.UnitMonth:
				first := time.Date(day.Year(), day.Month()+time.Month(k*x.Every), 1, 0, 0, 0, 0, time.UTC)
				for d := first.AddDate(0, 0, 30); ; d = d.AddDate(0, 0, -1) {
					if d.Month() == first.Month() && d.Day() <= day.Day() {
						return d
					}
				}
			}
			return day.AddDate(0, 0, k*x.Every)
		}
		for k := 0; begins(k).Before(o.until); k++ {
			turn(int64(k), o.instant(x, begins(k), x.Handoff), o.instant(x, begins(k+1), x.Handoff), begins(k))
		}
	}
}

// someDays writes down turns that count certain days of the week, a piece for each day.
func (o *oracle) someDays(x *muster.Rotation, day time.Time, last *int) {
	var people []muster.UserName
	var pieces []int
	n := 0
	for ; day.Before(o.until); day = day.AddDate(0, 0, 1) {
		if !slices.Contains(x.Days, muster.WeekdayOf(day.Weekday())) {
			continue
		}
		from, until := o.instant(x, day, x.Handoff), o.instant(x, day.AddDate(0, 0, 1), x.Handoff)
		if n%x.Every == 0 {
			people, pieces = o.next(x, day, last), nil
		}
		list := append(o.turns[x.Name], oracleTurn{number: int64(n / x.Every), from: from, until: until, begin: from, people: people})
		pieces = append(pieces, len(list)-1)
		for _, p := range pieces {
			list[p].begin, list[p].whole = list[pieces[0]].from, until
		}
		o.turns[x.Name] = list
		n++
	}
}

// next is who has the next turn: as many people as belong together, in the order of the list, after whoever came last.
func (o *oracle) next(x *muster.Rotation, begins time.Time, last *int) (people []muster.UserName) {
	day := begins.Format(time.DateOnly)
	member := func(u muster.UserName) bool {
		for _, m := range x.Members {
			if m.User == u {
				return (m.From == "" || day >= m.From) && (m.Until == "" || day < m.Until)
			}
		}
		return true
	}
	if !slices.ContainsFunc(x.People, member) {
		return nil
	}
	for range max(1, x.Together) {
		for {
			*last = (*last + 1) % len(x.People)
			if member(x.People[*last]) {
				break
			}
		}
		if u := x.People[*last]; u != muster.Nobody && !slices.Contains(people, u) {
			people = append(people, u)
		}
	}
	return people
}

func (o *oracle) layer(x *muster.Rotation, at int64) (turns []oracleTurn) {
	if x.Start != "" && x.Until != "" {
		until, err := time.Parse(time.DateOnly, x.Until)
		if err != nil {
			o.t.Fatal(err)
		}
		if at >= o.instant(x, until, x.Handoff) {
			return nil
		}
	}
	if len(x.Hours) > 0 && !slices.ContainsFunc(o.hours[x.Name], func(w [2]int64) bool { return w[0] <= at && at < w[1] }) {
		return nil
	}
	for _, t := range o.turns[x.Name] {
		if t.from <= at && at < t.until && len(t.people) > 0 {
			turns = append(turns, t)
		}
	}
	return turns
}

// base is what the layers say: the highest that has somebody.
func (o *oracle) base(role muster.RosterRole, at int64) (rotation string, turn oracleTurn) {
	for i := len(o.r.Rotations) - 1; i >= 0; i-- {
		x := &o.r.Rotations[i]
		if x.Role != role {
			continue
		}
		if turns := o.layer(x, at); len(turns) > 0 {
			all := turns[0]
			all.people = slices.Clone(all.people)
			for _, t := range turns[1:] { // fixed shifts that overlap
				for _, p := range t.people {
					if !slices.Contains(all.people, p) {
						all.people = append(all.people, p)
					}
				}
			}
			return x.Name, all
		}
	}
	return "", oracleTurn{number: -1}
}

// find is the turn that a reference of a swap means.
func (o *oracle) find(ref muster.ShiftRef) (found oracleTurn, ok bool) {
	for i := range o.r.Rotations {
		x := &o.r.Rotations[i]
		if x.Name != ref.Rotation {
			continue
		}
		day, clock, _ := strings.Cut(ref.Start, "T")
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			o.t.Fatal(err)
		}
		at, best := o.instant(x, d, clock), int64(1)<<62
		ends := int64(1) << 62
		if x.Until != "" {
			until, _ := time.Parse(time.DateOnly, x.Until)
			ends = o.instant(x, until, x.Handoff)
		}
		for _, t := range o.turns[x.Name] {
			away := max(t.begin-at, at-t.begin)
			if t.begin < ends && slices.Contains(t.people, ref.User) && away < best && away < min(t.whole, ends)-t.begin {
				found, ok, best = t, true, away
			}
		}
	}
	return found, ok
}

type oraclePatch struct {
	made        int64
	from, until int64
	override    *muster.Override
	rotation    string
	turn        int64
	gives, to   muster.UserName
}

func (o *oracle) patches(role muster.RosterRole) (out []oraclePatch) {
	roleOf := func(rotation string) muster.RosterRole {
		for i := range o.r.Rotations {
			if o.r.Rotations[i].Name == rotation {
				return o.r.Rotations[i].Role
			}
		}
		return ""
	}
	for i := range o.r.Overrides {
		if x := &o.r.Overrides[i]; x.Role == role {
			p := oraclePatch{from: x.From.Micros(), until: x.Until.Micros(), override: x}
			if !x.At.IsZero() {
				p.made = x.At.Micros()
			}
			out = append(out, p)
		}
	}
	for _, s := range o.r.Swaps {
		give, ok := o.find(s.Shift)
		if !ok {
			continue
		}
		var back oracleTurn
		if s.Return != nil {
			if back, ok = o.find(*s.Return); !ok {
				continue
			}
		}
		p := oraclePatch{made: s.At.Micros(), from: give.begin, until: give.whole, rotation: s.Shift.Rotation, turn: give.number, gives: s.Shift.User, to: s.To}
		if !s.From.IsZero() {
			p.from = max(p.from, s.From.Micros())
		}
		if !s.Until.IsZero() {
			p.until = min(p.until, s.Until.Micros())
		}
		if roleOf(s.Shift.Rotation) == role {
			out = append(out, p)
		}
		if s.Return != nil && roleOf(s.Return.Rotation) == role {
			out = append(out, oraclePatch{made: s.At.Micros(), from: back.begin, until: back.whole, rotation: s.Return.Rotation, turn: back.number, gives: s.To, to: s.Shift.User})
		}
	}
	slices.SortStableFunc(out, func(a, b oraclePatch) int { return int(min(1, max(-1, a.made-b.made))) })
	return out
}

func (o *oracle) onCall(role muster.RosterRole, patches []oraclePatch, at int64) []muster.UserName {
	rotation, turn := o.base(role, at)
	people := turn.people
	for _, p := range patches { // the later made, the later applied
		switch {
		case at < p.from || at >= p.until:
		case p.override != nil:
			people, rotation = p.override.People, "" // a swap that was made before does not count any more
			if r, t := o.base(role, at); slices.ContainsFunc(patches, func(q oraclePatch) bool { return q.override == nil }) {
				rotation, turn = r, t
				turn.people = nil
			}
		case p.rotation == rotation && p.turn == turn.number:
			if turn.people == nil { // over an override: the swap begins with the turn's own people
				_, whole := o.base(role, at)
				if !slices.Contains(whole.people, p.gives) {
					continue
				}
				people, turn.people = whole.people, whole.people
			}
			if i := slices.Index(people, p.gives); i >= 0 {
				people = slices.Clone(people)
				if slices.Contains(people, p.to) {
					people = slices.Delete(people, i, i+1)
				} else {
					people[i] = p.to
				}
			}
		}
	}
	return people
}

// A million moments: a hundred rosters with everything that a roster may have, ten thousand moments in each.
func TestOnCallIsWhatTheOracleSays(t *testing.T) {
	z := rota.NewZones()
	rapid.Check(t, func(t *rapid.T) {
		r, day := drawRoster(t)
		if wrong := r.Check(); len(wrong) > 0 {
			t.Fatalf("%v", wrong)
		}
		o := newOracle(t, z, r, day.Add(200*24*time.Hour))
		s := rota.Make(z, r)
		seed := rapid.Uint64().Draw(t, "moments")
		const moments = 3400 // of each of three roles
		for _, role := range muster.RosterRoles() {
			patches := o.patches(role)
			for range moments {
				seed = seed*6364136223846793005 + 1442695040888963407
				at := day.Plus(time.Duration(int64(seed>>20)%int64(18*24*time.Hour) - int64(4*24*time.Hour)))
				if seed>>3&1 == 0 {
					at = muster.At(at.Truncate(15 * time.Minute)) // where things change
				}
				if got, want := s.People(role, at), o.onCall(role, patches, at.Micros()); !slices.Equal(got, want) {
					t.Fatalf("%s at %s: %v, want %v", role, at, got, want)
				}
			}
		}
	})
}
