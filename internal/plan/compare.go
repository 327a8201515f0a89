package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// Consequences is what a change of the catalog means for who is on call in a window.
type Consequences struct {
	From   muster.Instant `json:"from"`
	Until  muster.Instant `json:"until"`
	Looked muster.Instant `json:"looked,omitzero"` // until here it was asked whether somebody is reached; zero: until Until
	Short  bool           `json:"short,omitempty"` // time was over: Until is earlier than asked for

	Unwarned int `json:"unwarned,omitempty"` // rosters that change for whose warnings no time was left

	Shifts   []ShiftChange `json:"shifts"`   // that change hands, earliest first; at most [MaxShiftChanges]
	More     int           `json:"more"`     // so many more
	Opens    []Gap         `json:"opens"`    // where somebody is on call now and nobody would be
	Closes   []Gap         `json:"closes"`   // where nobody is and somebody would be
	Lost     []Lost        `json:"lost"`     // when a policy would reach nobody whom it reaches now
	Hours    []HoursChange `json:"hours"`    // of everybody in the rosters that change, by how much they change
	Clocks   []ClockChange `json:"clocks"`   // what a change of the clocks does to turns
	Warnings []Warned      `json:"warnings"` // that are new
	Gone     []Warned      `json:"gone"`     // warnings that are gone
}

// MaxShiftChanges is how many shifts that change hands are listed.
const MaxShiftChanges = 500

// ShiftChange is a stretch of time in which somebody else holds a roster role. Nobody is an empty list.
type ShiftChange struct {
	Roster muster.RosterName `json:"roster"`
	Title  string            `json:"title"` // the roster's
	Role   muster.RosterRole `json:"role"`
	From   muster.Instant    `json:"from"`
	Until  muster.Instant    `json:"until"`
	Before []Person          `json:"before"`
	After  []Person          `json:"after"`
}

// Gap is a stretch of time in which nobody holds a roster role.
type Gap struct {
	Roster muster.RosterName `json:"roster"`
	Title  string            `json:"title"`
	Role   muster.RosterRole `json:"role"`
	From   muster.Instant    `json:"from"`
	Until  muster.Instant    `json:"until"`
	People []Person          `json:"people"` // who holds it on the other side of the change
	Stated bool              `json:"stated"` // an override to nobody says so
}

// Lost is a stretch of time in which a policy would reach nobody, and reaches somebody now.
type Lost struct {
	Policy muster.PolicyName `json:"policy"` // as things are
	For    []string          `json:"for"`    // the services and routes that it looks after: "services/shop"
	Titles []string          `json:"titles"` // the same in words
	From   muster.Instant    `json:"from"`
	Until  muster.Instant    `json:"until"`
	Before []Person          `json:"before"` // who is paged first as things are
	Admins []Person          `json:"admins"` // who would be paged as the last resort
	Zone   string            `json:"zone"`   // of the people concerned, to tell the times in
	Why    []muster.Reason   `json:"why"`
}

// ClockChange is what a change of the clocks does to a turn, or to the hand-offs of a rotation that counts hours.
type ClockChange struct {
	Roster   muster.RosterName `json:"roster"`
	Rotation string            `json:"rotation"`
	Zone     string            `json:"zone"`
	From     muster.Instant    `json:"from"` // of the turn
	Until    muster.Instant    `json:"until"`
	People   []Person          `json:"people"`
	Hours    float64           `json:"hours"` // that pass
	Usual    float64           `json:"usual"` // that the clocks show
	Text     string            `json:"text"`
}

// Warned is a warning about a roster.
type Warned struct {
	Roster muster.RosterName `json:"roster"`
	Kind   string            `json:"kind"`
	Level  string            `json:"level"` // warning or advice
	Role   muster.RosterRole `json:"role,omitempty"`
	Person muster.UserName   `json:"person,omitempty"`
	From   muster.Instant    `json:"from"`
	Until  muster.Instant    `json:"until"`
	Text   string            `json:"text"`
}

// Facts are the contact methods of everybody before and after a change, for one that changes these, too.
type Facts struct{ Was, Is Contacts }

// Compare says what a change from one catalog to another means in a window. Contacts are those of everybody. It looks at
// what the change touches alone, so that a small change of a large catalog is quick.
func Compare(before, after *Snapshot, contacts Contacts, from, until muster.Instant) Consequences {
	return CompareWithin(context.Background(), before, after, contacts, from, until)
}

// CompareWithin is [Compare] that ends when ctx does, and tells how far it came.
func CompareWithin(ctx context.Context, before, after *Snapshot, contacts Contacts, from, until muster.Instant) Consequences {
	return newComparison(ctx, before, after, Facts{Was: contacts, Is: contacts}, from, until).compare()
}

// comparison is one comparison under way. It stops, and tells how far it came, when ctx ends.
type comparison struct {
	ctx           context.Context //nolint:containedctx // the time of the comparison, which lives as long as this value
	before, after *Snapshot
	from, until   muster.Instant
	was, is       *reacher
	wasOn, isOn   *Duties
	moved         map[muster.UserName]bool // who joined or left
	touched       []muster.RosterName
	wards         map[handed][]muster.Document // what may be lost
	out           Consequences
}

func newComparison(ctx context.Context, before, after *Snapshot, facts Facts, from, until muster.Instant) *comparison {
	c := &comparison{
		ctx: ctx, before: before, after: after, from: from, until: until,
		was: newReacher(before, facts.Was.kept(before)), is: newReacher(after, facts.Is.kept(after)),
		out: Consequences{
			From: from, Until: until, Shifts: []ShiftChange{}, Opens: []Gap{}, Closes: []Gap{}, Lost: []Lost{},
			Hours: []HoursChange{}, Clocks: []ClockChange{}, Warnings: []Warned{}, Gone: []Warned{},
		},
	}
	c.people()
	c.rosters()
	return c
}

// over reports whether the time for the comparison is over.
func (c *comparison) over() bool { return c.ctx.Err() != nil }

func (c *comparison) compare() Consequences {
	if !c.from.Before(c.until.Time) {
		return c.out
	}
	held := c.walk()
	c.wasOn, c.isOn = c.before.Duties(c.from, c.until), c.after.Duties(c.from, c.until)
	for i, name := range c.touched {
		if c.over() {
			c.out.Unwarned = len(c.touched) - i
			break
		}
		c.clocks(name)
		c.warnings(name)
	}
	c.out.Hours = held.changes()
	slices.SortStableFunc(c.out.Shifts, func(a, b ShiftChange) int { return a.From.Compare(b.From.Time) })
	if n := len(c.out.Shifts); n > MaxShiftChanges {
		c.out.Shifts, c.out.More = c.out.Shifts[:MaxShiftChanges], n-MaxShiftChanges
	}
	return c.out
}

// people finds who can be paged on one side alone: who joins or leaves, and who loses every contact method.
func (c *comparison) people() {
	c.moved = map[muster.UserName]bool{}
	here := func(s *Snapshot, u muster.UserName) bool { d := s.Catalog.Users[u]; return d != nil && !d.Disabled }
	for u := range c.before.Catalog.Users {
		if here(c.before, u) != here(c.after, u) {
			c.moved[u] = true
		}
	}
	for u := range c.after.Catalog.Users {
		if here(c.before, u) != here(c.after, u) || c.was.contacts.reach(u) != c.is.contacts.reach(u) {
			c.moved[u] = true
		}
	}
}

// rosters finds those that the change touches, by name.
func (c *comparison) rosters() {
	names := map[muster.RosterName]bool{}
	look := func(list map[muster.RosterName]*muster.Roster) {
		for name := range list {
			was, is := c.before.Catalog.Rosters[name], c.after.Catalog.Rosters[name]
			switch {
			case was == nil || is == nil:
				names[name] = true
			case !Same(was, is), slices.ContainsFunc(is.Everybody(), func(u muster.UserName) bool { return c.moved[u] }):
				names[name] = true
			}
		}
	}
	look(c.before.Catalog.Rosters)
	look(c.after.Catalog.Rosters)
	for name := range names {
		c.touched = append(c.touched, name)
	}
	slices.Sort(c.touched)
}

// stretch is a stretch of time in which the same people hold a roster role.
type stretch struct {
	from, until muster.Instant
	people      []muster.UserName // sorted; who has left is left out
	stated      bool              // an override to nobody
}

// stretches is the final schedule of a roster role, as it pages, in the window.
func (s *Snapshot) stretches(name muster.RosterName, role muster.RosterRole, from, until muster.Instant) (out []stretch) {
	schedule := s.Schedule(name)
	if schedule == nil {
		return []stretch{{from: from, until: until}}
	}
	w := who{s: s}
	for _, x := range schedule.Shifts(role, from, until) {
		here, _ := w.present(x.People, nil)
		slices.Sort(here)
		next := stretch{from: x.From, until: x.Until, people: here, stated: len(x.People) == 0 && x.Override != ""}
		if n := len(out); n > 0 && slices.Equal(out[n-1].people, here) && out[n-1].stated == next.stated {
			out[n-1].until = x.Until
			continue
		}
		out = append(out, next)
	}
	return out
}

// shifts compares the schedules of a roster.
func (c *comparison) shifts(name muster.RosterName, held *ledger) {
	var roles []muster.RosterRole
	title := string(name)
	for _, s := range []*Snapshot{c.before, c.after} {
		if schedule := s.Schedule(name); schedule != nil {
			roles = append(roles, schedule.Roles()...)
			title = cmp.Or(schedule.Roster().Title, title)
		}
	}
	slices.Sort(roles) // primary before secondary
	for _, role := range slices.Compact(roles) {
		a, b := c.before.stretches(name, role, c.from, c.until), c.after.stretches(name, role, c.from, c.until)
		held.add(a, b)
		var last *ShiftChange
		var gap *Gap
		for i, j, at := 0, 0, c.from; i < len(a) && j < len(b); {
			end := a[i].until
			if b[j].until.Before(end.Time) {
				end = b[j].until
			}
			x := ShiftChange{
				Roster: name, Title: title, Role: role, From: at, Until: end,
				Before: persons(c.before, a[i].people), After: persons(c.after, b[j].people),
			}
			switch {
			case slices.Equal(a[i].people, b[j].people):
				last, gap = nil, nil
			case last != nil && slices.Equal(last.Before, x.Before) && slices.Equal(last.After, x.After):
				last.Until = end
			default:
				c.out.Shifts = append(c.out.Shifts, x)
				last = &c.out.Shifts[len(c.out.Shifts)-1]
			}
			gap = c.gap(gap, x, a[i].stated || b[j].stated)
			at = end
			if !a[i].until.After(end.Time) {
				i++
			}
			if !b[j].until.After(end.Time) {
				j++
			}
		}
	}
}

// gap notes where a change of hands opens or closes a gap, and joins it to the one that goes on.
func (c *comparison) gap(open *Gap, x ShiftChange, stated bool) *Gap {
	g := Gap{Roster: x.Roster, Title: x.Title, Role: x.Role, From: x.From, Until: x.Until, Stated: stated}
	var list *[]Gap
	switch {
	case len(x.Before) > 0 && len(x.After) == 0:
		list, g.People = &c.out.Opens, x.Before
	case len(x.Before) == 0 && len(x.After) > 0:
		list, g.People = &c.out.Closes, x.After
	default:
		return nil
	}
	if open != nil && len(*list) > 0 && open == &(*list)[len(*list)-1] && open.Until.Equal(g.From.Time) && open.Stated == stated {
		open.Until = g.Until
		for _, p := range g.People {
			if !slices.Contains(open.People, p) {
				open.People = append(slices.Clone(open.People), p)
			}
		}
		return open
	}
	*list = append(*list, g)
	return &(*list)[len(*list)-1]
}

// warnings compares what is wrong with a roster.
func (c *comparison) warnings(name muster.RosterName) {
	list := func(s *Snapshot, d *Duties, contacts Contacts) (out []Warned) {
		schedule := s.Schedule(name)
		if schedule == nil {
			return nil
		}
		for _, w := range schedule.Warnings(c.from, c.until, d.Facts(name, contacts)) {
			if !w.Until.IsZero() && !w.Until.After(c.from.Time) {
				continue // it lies in the past: nothing can be done about it
			}
			out = append(out, Warned{name, string(w.Kind), string(w.Level), w.Role, w.Person, w.From, w.Until, w.Text})
		}
		return out
	}
	without := func(all, others []Warned) (out []Warned) {
		for _, w := range all {
			if !slices.ContainsFunc(others, func(o Warned) bool { o.Text = w.Text; return o == w }) {
				out = append(out, w)
			}
		}
		return out
	}
	was, is := list(c.before, c.wasOn, c.was.contacts), list(c.after, c.isOn, c.is.contacts)
	c.out.Warnings = append(c.out.Warnings, without(is, was)...)
	c.out.Gone = append(c.out.Gone, without(was, is)...)
}

// clocks finds the turns of a roster, as it would be, over which the clocks change.
func (c *comparison) clocks(name muster.RosterName) {
	schedule := c.after.Schedule(name)
	if schedule == nil {
		return
	}
	r := schedule.Roster()
	for i := range r.Rotations {
		rotation := &r.Rotations[i]
		zone, err := c.after.Zones.Load(rotation.Zone)
		if err != nil || len(rotation.Shifts) > 0 {
			continue
		}
		for _, x := range schedule.LayerShifts(rotation.Name, c.from, c.until) {
			if offset(x.From, zone) == offset(x.Until, zone) || len(x.People) == 0 {
				continue
			}
			turn, ok := schedule.TurnAt(rotation.Name, x.From)
			if !ok || offset(turn.From, zone) == offset(turn.Until, zone) {
				continue
			}
			c.out.Clocks = append(c.out.Clocks, c.clock(name, rotation, turn, zone))
		}
	}
}

func (c *comparison) clock(name muster.RosterName, r *muster.Rotation, turn rota.Turn, zone *time.Location) ClockChange {
	moved := offset(turn.Until, zone) - offset(turn.From, zone)
	length := turn.Until.Sub(turn.From.Time)
	x := ClockChange{
		Roster: name, Rotation: r.Name, Zone: r.Zone, From: turn.From, Until: turn.Until, People: persons(c.after, turn.People),
		Hours: hoursOf(length), Usual: hoursOf(length + moved),
	}
	day := turn.Until.In(zone).Format("Mon 2 Jan 2006")
	if r.Unit == muster.UnitHour {
		x.Text = fmt.Sprintf("%s counts hours as they pass: when the clocks change, its hand-off on %s is at %s instead of %s, %s.",
			r.Name, day, turn.Until.In(zone).Format("15:04"), turn.Until.In(zone).Add(-moved).Format("15:04"), r.Zone)
		return x
	}
	x.Text = fmt.Sprintf("The turn of %s in %s that ends on %s lasts %s hours instead of %s, because the clocks change in %s.",
		names(x.People), r.Name, day, number(x.Hours), number(x.Usual), r.Zone)
	return x
}

func offset(at muster.Instant, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

func number(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

// names lists people in words.
func names(list []Person) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = p.Name
	}
	switch n := len(words); n {
	case 0:
		return "nobody"
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
