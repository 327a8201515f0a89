package muster

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Roster is a named set of engineers with their rotations. It answers who is expected to respond.
type Roster struct {
	Name      RosterName   `json:"name"`
	Title     string       `json:"title"`
	Team      TeamName     `json:"team"`
	Role      Role         `json:"role,omitempty"`   // the incident role that the roster is proposed for; empty: primary and secondary responder
	Public    bool         `json:"public,omitempty"` // who is on call now may be read without signing in
	Rotations []Rotation   `json:"rotations"`        // several of one roster role are layers: a later one wins where it has somebody
	Overrides []Override   `json:"overrides,omitempty"`
	Swaps     []Swap       `json:"swaps,omitempty"`
	Topics    []Topic      `json:"topics,omitempty"`   // whom to ask about what: subject matter experts, who are not on call all the time
	Accepted  []Acceptance `json:"accepted,omitempty"` // warnings that somebody accepted, with a reason and an end

	Publish []ConnectorName `json:"publish,omitempty"` // tables kept outside that are told at each change of hands
}

// Nobody is a place in a rotation that is left empty on purpose: a lower layer shows through. No person has this name.
const Nobody UserName = "nobody"

// RotationKind says which pattern a rotation follows, in the words of people.
type RotationKind string

// The kinds of rotations.
const (
	TwentyFourSeven RotationKind = "24x7"           // days in a row, around the clock
	FollowTheSun    RotationKind = "follow-the-sun" // only within working hours, one rotation for each zone
	Weekend         RotationKind = "weekend"
	Custom          RotationKind = "custom"
)

// RotationUnit is the unit in which a rotation counts its turns: days, weeks and months of the local calendar, or hours
// as they pass.
type RotationUnit string

// The units of rotations.
const (
	UnitHour  RotationUnit = "hour"
	UnitDay   RotationUnit = "day"
	UnitWeek  RotationUnit = "week"
	UnitMonth RotationUnit = "month" // begins on the same day of the month; in shorter months on their last day
)

// Rotation hands on-call around people: turn k begins at Start's date plus k×Every units, at Handoff o'clock in Zone, and
// belongs to person k modulo their number.
type Rotation struct {
	Name     string       `json:"name"`
	Role     RosterRole   `json:"role"`
	Kind     RotationKind `json:"kind,omitempty"` // 24x7 when empty
	Zone     string       `json:"zone"`
	Every    int          `json:"every,omitempty"`    // turns last so many units
	Unit     RotationUnit `json:"unit,omitempty"`     // hour, day, week or month
	Handoff  string       `json:"handoff,omitempty"`  // "09:00", local
	Start    string       `json:"start,omitempty"`    // "2026-11-02": first day of the first turn; nobody before
	Until    string       `json:"until,omitempty"`    // "2027-03-01": the rotation ends on this day at Handoff
	Days     []Weekday    `json:"days,omitempty"`     // with unit day: only these days are turns, so that the others cost nobody a turn
	Hours    []Window     `json:"hours,omitempty"`    // on call only within these; none: around the clock
	Together int          `json:"together,omitempty"` // so many people at once; 1 when empty
	People   []UserName   `json:"people,omitempty"`   // in turn; [Nobody] is an empty place
	Members  []Member     `json:"members,omitempty"`  // from and until when somebody takes turns; who is not named here always does
	Shifts   []FixedShift `json:"shifts,omitempty"`   // given one by one, instead of turns: imported from a calendar or a table
}

// Weekday is a day of the week: "mon".
type Weekday string

// Weekdays lists the days from Monday.
func Weekdays() []Weekday { return []Weekday{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// WeekdayOf is the day of the week of a date.
func WeekdayOf(d time.Weekday) Weekday { return Weekdays()[(int(d)+6)%7] }

// Window is a stretch of the day. One that ends before it begins, or when it begins, ends on the next day.
type Window struct {
	Days []Weekday `json:"days,omitempty"` // on which it begins; every day when empty
	From string    `json:"from"`           // "22:00", local
	To   string    `json:"to"`             // "06:00", local
}

// Member says from when until when somebody takes turns in a rotation. A turn belongs to who is a member on the day on
// which it begins; who joins or leaves costs nobody else a turn.
type Member struct {
	User  UserName `json:"user"`
	From  string   `json:"from,omitempty"`  // "2026-12-01": first day
	Until string   `json:"until,omitempty"` // first day on which they are not a member any more
}

// FixedShift is a shift that follows no pattern.
type FixedShift struct {
	From   Instant    `json:"from"`
	Until  Instant    `json:"until"`
	People []UserName `json:"people"`
}

// Override replaces who is on call in a window. No people means nobody, stated. Of overrides and swaps that overlap, the
// one that was made later wins; those without At count as made first, in their order.
type Override struct {
	ID     string     `json:"id"` // unique in the roster, also among swaps
	Role   RosterRole `json:"role"`
	People []UserName `json:"people"`
	From   Instant    `json:"from"`
	Until  Instant    `json:"until"`
	Why    string     `json:"why,omitempty"`
	By     UserName   `json:"by,omitempty"` // set when a person made it through an operation: apply leaves it alone
	At     Instant    `json:"at,omitzero"`  // when it was made
}

// Swap gives somebody's shift to somebody else, and in exchange perhaps a shift of theirs. It belongs to the shifts, not to
// the hours: when a rotation's hand-off moves, the swap moves along.
type Swap struct {
	ID     string    `json:"id"`
	Shift  ShiftRef  `json:"shift"`              // that is handed over
	To     UserName  `json:"to"`                 // who takes it
	From   Instant   `json:"from,omitzero"`      // only from here on; zero: from its beginning
	Until  Instant   `json:"until,omitzero"`     // only until here; zero: until its end
	Return *ShiftRef `json:"in_return,omitzero"` // the shift of To that is given in exchange
	Why    string    `json:"why,omitempty"`
	By     UserName  `json:"by,omitempty"` // who arranged it: apply leaves it alone
	At     Instant   `json:"at,omitzero"`  // when it was agreed
}

// ShiftRef names a shift by whose turn it is and when it begins. It means that person's turn in the rotation which begins
// nearest to Start, less than one turn away: so it survives a change of the hand-off, and lapses when the person has no turn
// there any more.
type ShiftRef struct {
	Rotation string   `json:"rotation"`
	User     UserName `json:"user"`
	Start    string   `json:"start"` // "2026-12-21T09:00", local, in the rotation's zone
}

// Topic is something that subject matter experts know about: "database".
type Topic struct {
	Name     string     `json:"name"`
	Title    string     `json:"title,omitempty"`
	Experts  []UserName `json:"experts"`            // asked in this order; who has quiet hours is passed over
	Fallback []Target   `json:"fallback,omitempty"` // when no expert can be asked; empty: the first expert is woken
}

// Acceptance says that a warning is known and stays as it is for a while.
type Acceptance struct {
	Kind     string     `json:"kind"` // of the warning: "long_shift"
	Role     RosterRole `json:"role,omitempty"`
	Rotation string     `json:"rotation,omitempty"`
	Person   UserName   `json:"person,omitempty"`
	Why      string     `json:"why"`
	Until    Instant    `json:"until"`
	By       UserName   `json:"by,omitempty"`
	At       Instant    `json:"at,omitzero"`
}

// The longest things of a roster.
const (
	MaxRotations = 40
	MaxPatches   = 2000 // overrides and swaps
	MaxShifts    = 5000 // given one by one, in one rotation
)

// Everybody lists whom the roster may put on call, in no order; [Nobody] is nobody.
func (d *Roster) Everybody() (all []UserName) {
	for i := range d.Rotations {
		all = append(all, d.Rotations[i].People...)
		for _, s := range d.Rotations[i].Shifts {
			all = append(all, s.People...)
		}
	}
	for i := range d.Overrides {
		all = append(all, d.Overrides[i].People...)
	}
	for i := range d.Swaps {
		all = append(all, d.Swaps[i].To, d.Swaps[i].Shift.User)
	}
	return slices.DeleteFunc(all, func(u UserName) bool { return u == Nobody })
}

// DocKind implements [Document].
func (d *Roster) DocKind() Kind     { return KindRosters }
func (d *Roster) DocName() string   { return string(d.Name) }
func (d *Roster) DocTeam() TeamName { return d.Team }

var (
	clockShape = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	idShape    = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
)

// fieldErrors gathers what is wrong, with paths below one place.
type fieldErrors struct {
	path string
	list []FieldError
}

func (f *fieldErrors) add(path, format string, args ...any) {
	f.list = append(f.list, FieldError{Path: strings.TrimPrefix(f.path+"."+path, "."), Message: fmt.Sprintf(format, args...)})
}

func (f *fieldErrors) at(format string, args ...any) *fieldErrors {
	return &fieldErrors{path: strings.TrimPrefix(f.path+"."+fmt.Sprintf(format, args...), ".")}
}

func (f *fieldErrors) take(list []FieldError) { f.list = append(f.list, list...) }

// Check implements [Document].
func (d *Roster) Check() []FieldError {
	var f fieldErrors
	f.take(CheckName(string(d.Name)))
	f.take(need("title", d.Title, "a title is missing"))
	f.take(need("team", string(d.Team), "name the team that owns the roster"))
	if d.Role != "" {
		f.take(oneOf("role", d.Role, Roles()...))
	}
	names := map[string]bool{}
	if len(d.Rotations) > MaxRotations {
		f.add("rotations", "at most %d rotations", MaxRotations)
	}
	for i := range d.Rotations {
		r, at := &d.Rotations[i], f.at("rotations[%d]", i)
		r.check(at)
		if names[r.Name] {
			at.add("name", "two rotations are called %q", r.Name)
		}
		names[r.Name] = true
		f.take(at.list)
	}
	d.checkPatches(&f)
	for i, t := range d.Topics {
		at := f.at("topics[%d]", i)
		if !nameShape.MatchString(t.Name) {
			at.add("name", "%q cannot be a topic: use lower-case letters, digits and hyphens inside", Clip(t.Name, 40))
		}
		if slices.ContainsFunc(d.Topics[:i], func(o Topic) bool { return o.Name == t.Name }) {
			at.add("name", "two topics are called %q", t.Name)
		}
		if len(t.Experts) == 0 {
			at.add("experts", "name at least one expert")
		}
		at.take(checkTargets(at.path+".fallback", t.Fallback))
		for j, target := range t.Fallback {
			if target.Topic != "" {
				at.add(fmt.Sprintf("fallback[%d].topic", j), "a topic cannot fall back to a topic: name a roster or a user")
			}
			if target.Team != "" || target.Connector != "" {
				at.add(fmt.Sprintf("fallback[%d]", j), "a topic falls back to a roster or a user")
			}
		}
		f.take(at.list)
	}
	for i, a := range d.Accepted {
		at := f.at("accepted[%d]", i)
		at.take(need(at.path+".kind", a.Kind, "say which warning is accepted"))
		at.take(need(at.path+".why", a.Why, "say why the warning is accepted"))
		if a.Until.IsZero() {
			at.add("until", "an accepted warning needs an end")
		}
		f.take(at.list)
	}
	return f.list
}

func (d *Roster) checkPatches(f *fieldErrors) {
	if len(d.Overrides)+len(d.Swaps) > MaxPatches {
		f.add("overrides", "at most %d overrides and swaps: remove those that are over", MaxPatches)
	}
	ids := map[string]bool{}
	id := func(at *fieldErrors, id string) {
		if !idShape.MatchString(id) || ids[id] {
			at.add("id", "must be lower-case letters, digits, - or _, and unique in the roster")
		}
		ids[id] = true
	}
	for i, o := range d.Overrides {
		at := f.at("overrides[%d]", i)
		at.take(oneOf(at.path+".role", o.Role, RosterRoles()...))
		id(at, o.ID)
		if !o.Until.After(o.From.Time) {
			at.add("until", "must be later than from")
		}
		f.take(at.list)
	}
	for i := range d.Swaps {
		s, at := &d.Swaps[i], f.at("swaps[%d]", i)
		id(at, s.ID)
		s.check(at)
		f.take(at.list)
	}
}

func (s *Swap) check(at *fieldErrors) {
	at.take(need(at.path+".to", string(s.To), "name who takes the shift"))
	s.Shift.check(at.at("shift"), at)
	if s.To != "" && s.To == s.Shift.User {
		at.add("to", "%s has this shift already", s.To)
	}
	if s.Return != nil {
		s.Return.check(at.at("in_return"), at)
		if s.Return.User != s.To {
			at.add("in_return.user", "must be %s, who takes the other shift", s.To)
		}
	}
	if !s.Until.IsZero() && !s.From.IsZero() && !s.Until.After(s.From.Time) {
		at.add("until", "must be later than from")
	}
}

func (r ShiftRef) check(at, into *fieldErrors) {
	at.take(need(at.path+".rotation", r.Rotation, "name the rotation of the shift"))
	at.take(need(at.path+".user", string(r.User), "name whose shift it is"))
	if _, err := time.Parse(LocalMinute, r.Start); err != nil {
		at.add("start", "%q is not a local time: write it like 2026-12-21T09:00", Clip(r.Start, 30))
	}
	into.take(at.list)
}

// LocalMinute is the form of a local time without an offset.
const LocalMinute = "2006-01-02T15:04"

func (r *Rotation) check(f *fieldErrors) {
	f.take(need(f.path+".name", r.Name, "a name is missing"))
	f.take(oneOf(f.path+".role", r.Role, RosterRoles()...))
	f.take(CheckZone(f.path+".zone", r.Zone))
	if r.Kind != "" {
		f.take(oneOf(f.path+".kind", r.Kind, TwentyFourSeven, FollowTheSun, Weekend, Custom))
	}
	for i, w := range r.Hours {
		w.check(f.at("hours[%d]", i), f)
	}
	if r.Kind == FollowTheSun && len(r.Hours) == 0 {
		f.add("hours", "a rotation that follows the sun needs the working hours of its zone, such as from 09:00 to 17:00")
	}
	if len(r.Shifts) > 0 {
		r.checkFixed(f)
		return
	}
	r.checkTurns(f)
	r.checkMembers(f)
}

func (r *Rotation) checkFixed(f *fieldErrors) {
	if len(r.Shifts) > MaxShifts {
		f.add("shifts", "at most %d shifts in one rotation", MaxShifts)
	}
	if r.Every != 0 || r.Unit != "" || len(r.People) > 0 || len(r.Days) > 0 || len(r.Members) > 0 {
		f.add("shifts", "a rotation has either turns (every, unit, people) or shifts one by one, not both")
	}
	for i, s := range r.Shifts {
		if !s.Until.After(s.From.Time) {
			f.add(fmt.Sprintf("shifts[%d].until", i), "must be later than from")
		}
		if len(s.People) == 0 {
			f.add(fmt.Sprintf("shifts[%d].people", i), "name at least one person")
		}
	}
}

func (r *Rotation) checkTurns(f *fieldErrors) {
	f.take(oneOf(f.path+".unit", r.Unit, UnitHour, UnitDay, UnitWeek, UnitMonth))
	longest := map[RotationUnit]int{UnitHour: 24 * 366, UnitMonth: 24}[r.Unit]
	if longest == 0 {
		longest = 366
	}
	if r.Every < 1 || r.Every > longest {
		f.add("every", "must be between 1 and %d: a turn needs a length", longest)
	}
	if !clockShape.MatchString(r.Handoff) {
		f.add("handoff", "%q is not a time of day: write it like 09:00", Clip(r.Handoff, 20))
	}
	start, ok := f.day("start", r.Start)
	if r.Until != "" {
		if until, ok2 := f.day("until", r.Until); ok && ok2 && !until.After(start) {
			f.add("until", "must be later than start")
		}
	}
	if len(r.Days) > 0 {
		f.take(checkDays(f.path+".days", r.Days))
		if r.Unit != UnitDay && r.Unit != "" {
			f.add("days", "turns on certain days of the week go with unit day; use hours to restrict a rotation by the %s", r.Unit)
		}
	}
	if len(r.People) == 0 {
		f.add("people", "name at least one person")
	}
	if len(r.People) > 500 {
		f.add("people", "at most 500 people")
	}
	if r.Together < 0 || r.Together > max(1, len(r.People)) {
		f.add("together", "must be between 1 and the number of people")
	}
}

func (r *Rotation) checkMembers(f *fieldErrors) {
	seen := map[UserName]bool{}
	for i, m := range r.Members {
		at := f.at("members[%d]", i)
		if !slices.Contains(r.People, m.User) {
			at.add("user", "%q is not among the people of the rotation", Clip(string(m.User), 40))
		}
		if seen[m.User] {
			at.add("user", "%s is named twice", m.User)
		}
		seen[m.User] = true
		var from, until time.Time
		ok1, ok2 := false, false
		if m.From != "" {
			from, ok1 = at.day("from", m.From)
		}
		if m.Until != "" {
			until, ok2 = at.day("until", m.Until)
		}
		if ok1 && ok2 && !until.After(from) {
			at.add("until", "must be later than from")
		}
		f.take(at.list)
	}
}

func (f *fieldErrors) day(path, s string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		f.add(path, "%q is not a day of the calendar: write it like 2026-11-02", Clip(s, 20))
	}
	return t, err == nil
}

func checkDays(path string, days []Weekday) (f []FieldError) {
	for i, d := range days {
		f = append(f, oneOf(fmt.Sprintf("%s[%d]", path, i), d, Weekdays()...)...)
	}
	return f
}

func (w Window) check(at, into *fieldErrors) {
	at.take(checkDays(at.path+".days", w.Days))
	for _, c := range []struct{ path, clock string }{{"from", w.From}, {"to", w.To}} {
		if !clockShape.MatchString(c.clock) {
			at.add(c.path, "%q is not a time of day: write it like 09:00", Clip(c.clock, 20))
		}
	}
	into.take(at.list)
}
