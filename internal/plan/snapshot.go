package plan

import (
	"maps"
	"slices"
	"sync"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/route"
)

// Snapshot is a catalog made ready for deciding. It is never changed; many may use it at the same time.
type Snapshot struct {
	Catalog *muster.Catalog
	Rules   *route.Rules
	Zones   *rota.Zones

	schedules sync.Map // by roster; made when they are asked for first
	serves    func() map[muster.RosterName][]muster.ServiceName
	shadowed  func() map[muster.RosterName]bool
	memo      memo
}

// Schedule is a roster made ready for questions; nil when the catalog has no such roster.
func (s *Snapshot) Schedule(name muster.RosterName) *rota.Schedule {
	if v, ok := s.schedules.Load(name); ok {
		if made, ok := v.(*rota.Schedule); ok {
			return made
		}
	}
	r := s.Catalog.Rosters[name]
	if r == nil {
		return nil
	}
	made := rota.Make(s.Zones, r)
	s.schedules.Store(name, made)
	return made
}

// NewSnapshot compiles a catalog. The errors name every match that cannot be compiled; the snapshot that comes with
// them leaves those routes and silences out and decides with the rest. All snapshots that a decision looks at must
// have the same zones.
func NewSnapshot(c *muster.Catalog, zones *rota.Zones) (*Snapshot, []muster.FieldError) {
	rules, wrong := route.Compile(c)
	return newSnapshot(c, rules, zones), wrong
}

// WithZones is the same snapshot with other zones.
func (s *Snapshot) WithZones(zones *rota.Zones) *Snapshot {
	if s.Zones == zones {
		return s
	}
	return newSnapshot(s.Catalog, s.Rules, zones)
}

func newSnapshot(c *muster.Catalog, rules *route.Rules, zones *rota.Zones) *Snapshot {
	return &Snapshot{
		Catalog: c, Rules: rules, Zones: zones,
		serves:   sync.OnceValue(func() map[muster.RosterName][]muster.ServiceName { return servedBy(c) }),
		shadowed: sync.OnceValue(func() map[muster.RosterName]bool { return shadowedIn(c) }),
	}
}

// CheckExpr says everything that is wrong with the match of a route or silence.
func CheckExpr(expr string) []muster.FieldError { return route.CheckExpr(expr) }

// History finds the catalog as it stood at an earlier revision.
type History interface {
	At(rev muster.Revision) (*Snapshot, error)
}

// Contacts are the contact methods of people: a runtime fact that decisions are handed.
type Contacts map[muster.UserName][]muster.ContactFact

// reach reports whether somebody has a contact method that may be used.
func (c Contacts) reach(u muster.UserName) bool {
	return slices.ContainsFunc(c[u], func(f muster.ContactFact) bool { return f.Verified })
}

// Without are the contact methods but one.
func (c Contacts) Without(id muster.ContactID) Contacts {
	if id == "" {
		return c
	}
	is := func(f muster.ContactFact) bool { return f.ID == id }
	out := maps.Clone(c)
	for u, list := range c {
		if slices.ContainsFunc(list, is) {
			out[u] = slices.DeleteFunc(slices.Clone(list), is)
		}
	}
	return out
}

// kept are the contact methods that can be used with a catalog: those whose connectors it has.
func (c Contacts) kept(s *Snapshot) Contacts {
	gone := func(f muster.ContactFact) bool { return s.Catalog.Connectors[f.Connector] == nil }
	out := maps.Clone(c)
	for u, list := range c {
		if slices.ContainsFunc(list, gone) {
			out[u] = slices.DeleteFunc(slices.Clone(list), gone)
		}
	}
	return out
}

// Involved lists everybody whom a policy may page, so that their contacts can be read: its people, the people of its
// rosters, the experts of its topics, and the admins, who are the fallback of every policy.
func Involved(s *Snapshot, p *muster.Policy) []muster.UserName {
	var all []muster.UserName
	target := func(t muster.Target) {
		all = append(all, s.mayBe(t)...)
		if t.Topic != "" {
			all = append(all, AskedAbout(s, t.Topic)...)
		}
	}
	for i := range p.Steps {
		for _, t := range p.Steps[i].Targets {
			target(t)
		}
	}
	for _, t := range p.Fallback {
		target(t)
	}
	all = append(all, admins(s.Catalog)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// mayBe lists everybody whom a target that is a person, a team or a roster may mean.
func (s *Snapshot) mayBe(t muster.Target) (all []muster.UserName) {
	if t.User != "" {
		all = append(all, t.User)
	}
	all = append(all, s.members(t.Team)...)
	if r := s.Catalog.Rosters[t.Roster]; r != nil {
		all = append(all, r.Everybody()...)
	}
	return all
}

func admins(c *muster.Catalog) (all []muster.UserName) {
	for name, u := range c.Users {
		if u.Access == muster.AccessAdmin && !u.Disabled {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
