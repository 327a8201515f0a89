package rota

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// WarningKind says what is wrong with a schedule.
type WarningKind string

// The kinds of warnings. [WarnOldZoneData] is another.
const (
	WarnGap         WarningKind = "gap"            // nobody is on call
	WarnNoSecondary WarningKind = "no_secondary"   // the roster has no back-up at all
	WarnSamePerson  WarningKind = "same_person"    // primary and back-up are one person; as advice: on call in two rosters at once
	WarnLongShift   WarningKind = "long_shift"     // on call for more than [LongestShift] without a break; as advice: more than [LongShift]
	WarnLittleRest  WarningKind = "little_rest"    // less than [EnoughRest] between two shifts, in all rosters together
	WarnManyNights  WarningKind = "many_nights"    // as primary, more than [MostNights] in 14 days, in all rosters together; as advice: [ManyNights] and more
	WarnUnreachable WarningKind = "unreachable"    // no verified contact method
	WarnLeaver      WarningKind = "leaver"         // has left, or is not known, and still has turns
	WarnOnLeave     WarningKind = "on_leave"       // on call during leave; as advice: on a public holiday
	WarnLapsedSwap  WarningKind = "lapsed_swap"    // a swap that means no shift any more
	WarnShadowAlone WarningKind = "shadow_alone"   // somebody learns while nobody is primary
	WarnDrifting    WarningKind = "drifting_hours" // turns of hours, whose hand-off does not stay at the same o'clock
)

// WarningKinds lists the kinds, what is worst first.
func WarningKinds() []WarningKind {
	return []WarningKind{
		WarnGap, WarnLeaver, WarnUnreachable, WarnNoSecondary, WarnSamePerson, WarnShadowAlone, WarnLapsedSwap, WarnOnLeave,
		WarnLongShift, WarnLittleRest, WarnManyNights, WarnDrifting, WarnOldZoneData,
	}
}

// Word is the kind in words.
func (k WarningKind) Word() string {
	switch k {
	case WarnGap:
		return "Gap"
	case WarnNoSecondary:
		return "No back-up"
	case WarnSamePerson:
		return "Twice on call"
	case WarnLongShift:
		return "Long shift"
	case WarnLittleRest:
		return "Little rest"
	case WarnManyNights:
		return "Many nights"
	case WarnUnreachable:
		return "Unreachable"
	case WarnLeaver:
		return "Has left"
	case WarnOnLeave:
		return "On leave"
	case WarnLapsedSwap:
		return "Lapsed swap"
	case WarnShadowAlone:
		return "Shadow alone"
	case WarnDrifting:
		return "Drifting hours"
	case WarnOldZoneData:
		return "Old zone data"
	}
	return string(k)
}

// WarningLevel says how bad it is.
type WarningLevel string

// The levels.
const (
	LevelWarning WarningLevel = "warning"
	LevelAdvice  WarningLevel = "advice" // better otherwise, but nothing fails
)

// The limits that warnings are about. Days are days of the calendar: on-call shifts longer than three or four of them are
// detrimental to the people who have them.
const (
	LongestShift = 4 * 24 * time.Hour
	LongShift    = 3 * 24 * time.Hour
	EnoughRest   = 11 * time.Hour // between two shifts
	MostNights   = 7              // in 14 days
	ManyNights   = 5
	MaxWarnings  = 200 // of one roster
)

// Warning is something that people should mend before the shift begins.
type Warning struct {
	Kind     WarningKind
	Level    WarningLevel
	Role     muster.RosterRole // empty: it concerns no single role
	Rotation string            // that it concerns, where it concerns one
	Person   muster.UserName   // whom it concerns, where it concerns one
	From     muster.Instant
	Until    muster.Instant // zero: without end
	Text     string         // what is wrong, and what to do
}

// Facts is what a schedule does not know by itself. The zero value knows nothing: everybody is there and can be reached,
// lives in UTC, and is on no other roster.
type Facts struct {
	Names     Namer
	Reachable func(muster.UserName) bool           // has a verified contact method; nil: everybody
	Gone      func(muster.UserName) bool           // has left, or is not known; nil: nobody
	Zone      func(muster.UserName) *time.Location // where they live; nil: UTC
	Elsewhere func(muster.UserName) []Duty         // on the other rosters, from [Lookback] before the window until its end; nil: nothing
	Leave     []muster.Leave
	// ZoneDataOld says that the time zone data may lack rules of today.
	ZoneDataOld bool
}

// Lookback is how far before a window duty counts for what is asked of people within it.
const Lookback = 15 * 24 * time.Hour

// Duty is a stretch of time in which somebody is primary or secondary of a roster.
type Duty struct {
	Roster muster.RosterName
	Title  string // the roster's
	Role   muster.RosterRole
	Layer  string // rotation whose turn it is
	From   muster.Instant
	Until  muster.Instant
}

func (f *Facts) gone(u muster.UserName) bool      { return f.Gone != nil && f.Gone(u) }
func (f *Facts) reachable(u muster.UserName) bool { return f.Reachable == nil || f.Reachable(u) }

func (f *Facts) zone(u muster.UserName) *time.Location {
	if f.Zone != nil {
		if z := f.Zone(u); z != nil {
			return z
		}
	}
	return time.UTC
}

// Warnings says what is wrong with the schedule in [from, until): earliest first, at most [MaxWarnings], of which advice
// gives way first. A shift that reaches over an edge of the window is judged, and told, by its whole length. What happens to
// a person again and again is told once, with how often.
func (s *Schedule) Warnings(from, until muster.Instant, f Facts) []Warning {
	if !from.Before(until.Time) {
		return nil
	}
	c := &checker{s: s, f: &f, lo: from.Micros(), hi: until.Micros(), stretches: map[muster.RosterRole][]segment{}}
	c.roles()
	c.backup()
	c.twice()
	c.shadows()
	c.lapsed()
	c.drifting()
	c.people()
	c.leavers()
	c.zoneData()
	rank := func(w Warning) int { return slices.Index(WarningKinds(), w.Kind) }
	order := func(a, b Warning) int {
		return cmp.Or(
			a.From.Compare(b.From.Time), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Rotation, b.Rotation),
			cmp.Compare(a.Person, b.Person), a.Until.Compare(b.Until.Time), cmp.Compare(a.Text, b.Text),
		)
	}
	slices.SortFunc(c.out, order)
	if len(c.out) > MaxWarnings {
		slices.SortStableFunc(c.out, func(a, b Warning) int { return cmp.Compare(b.Level, a.Level) }) // "warning" is after "advice"
		c.out = c.out[:MaxWarnings]
		slices.SortFunc(c.out, order)
	}
	return c.out
}

// Accepted finds the entry of a roster by which somebody accepted a warning and which has not ended; nil: there is none.
func Accepted(r *muster.Roster, w Warning, now muster.Instant) *muster.Acceptance {
	for i := range r.Accepted {
		a := &r.Accepted[i]
		if a.Kind == string(w.Kind) && a.Until.After(now.Time) && (a.Role == "" || a.Role == w.Role) &&
			(a.Rotation == "" || a.Rotation == w.Rotation) && (a.Person == "" || a.Person == w.Person) {
			return a
		}
	}
	return nil
}
