package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// Duties answers who is primary or secondary of which roster in a window, for questions about people across all rosters.
// Each roster is asked once a day, when somebody on it is asked about: the snapshot keeps the answer. It is for one goroutine.
type Duties struct {
	s           *Snapshot
	from, until muster.Instant
	on          map[muster.UserName][]muster.RosterName
	asked       map[muster.RosterName]map[muster.UserName][]rota.Duty // of whole days
}

// Duties prepares questions about a window and the time that counts for it, [rota.Lookback] before.
func (s *Snapshot) Duties(from, until muster.Instant) *Duties {
	return &Duties{s: s, from: from.Plus(-rota.Lookback), until: until, asked: map[muster.RosterName]map[muster.UserName][]rota.Duty{}}
}

// Rosters lists the rosters that may put somebody on call, by name.
func (d *Duties) Rosters(u muster.UserName) []muster.RosterName {
	if d.on == nil {
		type everybody struct{}
		d.on = Kept(d.s, everybody{}, func(on map[muster.UserName][]muster.RosterName) int { return len(on) }, d.s.rostersOfPeople)
	}
	return d.on[u]
}

func (s *Snapshot) rostersOfPeople() map[muster.UserName][]muster.RosterName {
	on := map[muster.UserName][]muster.RosterName{}
	for _, doc := range s.Catalog.Documents(muster.KindRosters) {
		ros, ok := doc.(*muster.Roster)
		if !ok {
			continue
		}
		people := ros.Everybody()
		slices.Sort(people)
		for _, p := range slices.Compact(people) {
			on[p] = append(on[p], ros.Name)
		}
	}
	return on
}

// heldDays is a roster, one of its roles ("" for what [Duties] counts), and whole days in UTC, so that what is computed holds
// until midnight.
type heldDays struct {
	roster      muster.RosterName
	role        muster.RosterRole
	from, until int64
}

const dayMicros = int64(24 * time.Hour / time.Microsecond)

func wholeDays(roster muster.RosterName, role muster.RosterRole, from, until muster.Instant) heldDays {
	before := func(us int64) int64 { return us - (us%dayMicros+dayMicros)%dayMicros }
	return heldDays{roster, role, before(from.Micros()), before(until.Micros()-1) + dayMicros}
}

// DayShifts is the final schedule of a roster role in the days, in UTC, that a window touches: shifts are cut at midnight
// before the window and after it. The snapshot keeps it: nobody may change it.
func (s *Snapshot) DayShifts(roster muster.RosterName, role muster.RosterRole, from, until muster.Instant) []rota.Shift {
	key := wholeDays(roster, role, from, until)
	return Kept(s, key, func(list []rota.Shift) int { return len(list) }, func() []rota.Shift {
		schedule := s.Schedule(roster)
		if schedule == nil {
			return nil
		}
		return schedule.Shifts(role, muster.FromMicros(key.from), muster.FromMicros(key.until))
	})
}

// In lists the duty of a person in one roster.
func (d *Duties) In(roster muster.RosterName, u muster.UserName) (out []rota.Duty) {
	held, ok := d.asked[roster]
	if !ok {
		held = d.s.heldIn(roster, d.from, d.until)
		d.asked[roster] = held
	}
	for _, x := range held[u] {
		if !x.Until.After(d.from.Time) || !x.From.Before(d.until.Time) {
			continue
		}
		if x.From.Before(d.from.Time) {
			x.From = d.from
		}
		if x.Until.After(d.until.Time) {
			x.Until = d.until
		}
		out = append(out, x)
	}
	return out
}

// heldIn is who has which duty in the days that a window touches.
func (s *Snapshot) heldIn(roster muster.RosterName, from, until muster.Instant) map[muster.UserName][]rota.Duty {
	size := func(held map[muster.UserName][]rota.Duty) (n int) {
		for _, list := range held {
			n += len(list)
		}
		return n
	}
	key := wholeDays(roster, "", from, until)
	return Kept(s, key, size, func() map[muster.UserName][]rota.Duty {
		held := map[muster.UserName][]rota.Duty{}
		schedule := s.Schedule(roster)
		if schedule == nil {
			return held
		}
		title := cmp.Or(schedule.Roster().Title, string(roster))
		for _, role := range []muster.RosterRole{muster.PrimaryResponder, muster.SecondaryResponder} {
			for _, sh := range schedule.Shifts(role, muster.FromMicros(key.from), muster.FromMicros(key.until)) {
				for _, p := range sh.People {
					held[p] = append(held[p], rota.Duty{Roster: roster, Title: title, Role: sh.Role, Layer: sh.Layer, From: sh.From, Until: sh.Until})
				}
			}
		}
		return held
	})
}

// Except lists a person's duty in all rosters but one.
func (d *Duties) Except(roster muster.RosterName) func(muster.UserName) []rota.Duty {
	return func(u muster.UserName) (out []rota.Duty) {
		for _, name := range d.Rosters(u) {
			if name != roster {
				out = append(out, d.In(name, u)...)
			}
		}
		return out
	}
}

// Facts is what the warnings about a roster need to know of people. Contacts are those of everybody; nil: all can be reached.
func (d *Duties) Facts(roster muster.RosterName, contacts Contacts) rota.Facts {
	f := rota.Facts{
		Names: d.s.Catalog.DisplayName, Zone: d.s.zoneOf, Elsewhere: d.Except(roster),
		Gone: func(u muster.UserName) bool { p := d.s.Catalog.Users[u]; return p == nil || p.Disabled },
	}
	if contacts != nil {
		f.Reachable = func(u muster.UserName) bool {
			return slices.ContainsFunc(contacts[u], func(c muster.ContactFact) bool { return c.Verified })
		}
	}
	return f
}

// zoneOf is where somebody lives; UTC when nobody knows.
func (s *Snapshot) zoneOf(u muster.UserName) *time.Location {
	if d := s.Catalog.Users[u]; d != nil {
		if z, err := s.Zones.Load(d.Zone); err == nil {
			return z
		}
	}
	return time.UTC
}
