package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// Duties answers who is primary or secondary of which roster in a window, for questions about people across all rosters.
// Each roster is asked once, when somebody on it is asked about. It is for one goroutine.
type Duties struct {
	s           *Snapshot
	from, until muster.Instant
	on          map[muster.UserName][]muster.RosterName
	held        map[muster.RosterName]map[muster.UserName][]rota.Duty
}

// Duties prepares questions about a window and the time that counts for it, [rota.Lookback] before.
func (s *Snapshot) Duties(from, until muster.Instant) *Duties {
	return &Duties{s: s, from: from.Plus(-rota.Lookback), until: until, held: map[muster.RosterName]map[muster.UserName][]rota.Duty{}}
}

// Rosters lists the rosters that may put somebody on call, by name.
func (d *Duties) Rosters(u muster.UserName) []muster.RosterName {
	if d.on == nil {
		d.on = map[muster.UserName][]muster.RosterName{}
		for _, doc := range d.s.Catalog.Documents(muster.KindRosters) {
			ros, ok := doc.(*muster.Roster)
			if !ok {
				continue
			}
			people := ros.Everybody()
			slices.Sort(people)
			for _, p := range slices.Compact(people) {
				d.on[p] = append(d.on[p], ros.Name)
			}
		}
	}
	return d.on[u]
}

// In lists the duty of a person in one roster.
func (d *Duties) In(roster muster.RosterName, u muster.UserName) []rota.Duty {
	held, ok := d.held[roster]
	if !ok {
		held = map[muster.UserName][]rota.Duty{}
		if s := d.s.Schedule(roster); s != nil {
			title := cmp.Or(s.Roster().Title, string(roster))
			for _, role := range []muster.RosterRole{muster.PrimaryResponder, muster.SecondaryResponder} {
				for _, sh := range s.Shifts(role, d.from, d.until) {
					for _, p := range sh.People {
						held[p] = append(held[p], rota.Duty{Roster: roster, Title: title, Role: sh.Role, Layer: sh.Layer, From: sh.From, Until: sh.Until})
					}
				}
			}
		}
		d.held[roster] = held
	}
	return held[u]
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
