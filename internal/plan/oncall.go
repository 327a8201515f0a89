package plan

import (
	"slices"

	"github.com/muster-oncall/muster"
)

// Person is somebody with the name to show.
type Person struct {
	ID   muster.UserName `json:"id"`
	Name string          `json:"name"`
}

// Row says who holds a role of a roster at an instant. No people is a gap, and Why says so.
type Row struct {
	Service  muster.ServiceName   `json:"service"`  // that was asked for, or the only one that the roster serves; else ""
	Services []muster.ServiceName `json:"services"` // whose policies page the roster
	Roster   muster.RosterName    `json:"roster"`
	Role     muster.RosterRole    `json:"role"`
	People   []Person             `json:"people"`
	Since    muster.Instant       `json:"since"` // null: since ever
	Until    muster.Instant       `json:"until"` // the next change; null: never
	Why      []muster.Reason      `json:"why"`
}

// OnCallFilter narrows who is asked about; empty fields ask about all.
type OnCallFilter struct {
	Service muster.ServiceName
	Roster  muster.RosterName
}

// OnCall lists who is on call at an instant: a row for each role of each roster, by name. People who have left are not
// listed, as they are not paged.
func OnCall(s *Snapshot, at muster.Instant, f OnCallFilter) []Row {
	rows := []Row{}
	if f.Roster != "" {
		if r := s.Catalog.Rosters[f.Roster]; r != nil {
			rows = s.onCall(rows, r, at, f.Service)
		}
		return rows
	}
	for _, d := range s.Catalog.Documents(muster.KindRosters) {
		if r, ok := d.(*muster.Roster); ok {
			rows = s.onCall(rows, r, at, f.Service)
		}
	}
	return rows
}

// onCall adds the rows of a roster, if it serves the service that is asked for.
func (s *Snapshot) onCall(rows []Row, r *muster.Roster, at muster.Instant, service muster.ServiceName) []Row {
	serves := s.Serves(r.Name)
	if service != "" && !slices.Contains(serves, service) {
		return rows
	}
	rev := s.Catalog.RevisionOf(muster.DocRef(muster.KindRosters, r.Name))
	schedule := s.Schedule(r.Name)
	holdings := schedule.OnCall(rev, at, s.Catalog.DisplayName)
	if len(holdings) == 0 && len(r.Topics) == 0 { // without rotations there is a gap, too, unless it is a list of experts
		holdings = append(holdings, schedule.Holder(muster.PrimaryResponder, rev, at, s.Catalog.DisplayName))
	}
	for _, h := range holdings {
		if h.Role == muster.ShadowResponder && len(h.People) == 0 {
			continue // nobody learns at the moment: that is no gap
		}
		row := Row{Service: service, Services: serves, Roster: r.Name, Role: h.Role, People: []Person{}, Since: h.Since, Until: h.Until}
		if row.Service == "" && len(row.Services) == 1 {
			row.Service = row.Services[0]
		}
		w := who{s: s, at: at}
		here, why := w.present(h.People, h.Reasons)
		row.Why = why
		for _, u := range here {
			row.People = append(row.People, Person{ID: u, Name: s.Catalog.DisplayName(u)})
		}
		rows = append(rows, row)
	}
	return rows
}

// Serves lists the services whose policies page a roster, by name. The list must not be changed.
func (s *Snapshot) Serves(r muster.RosterName) []muster.ServiceName {
	if list := s.serves()[r]; list != nil {
		return list
	}
	return []muster.ServiceName{}
}

// servedBy lists the services whose policies page a roster, by name.
func servedBy(c *muster.Catalog) map[muster.RosterName][]muster.ServiceName {
	out := map[muster.RosterName][]muster.ServiceName{}
	for _, d := range c.Documents(muster.KindServices) {
		svc, ok := d.(*muster.Service)
		if !ok {
			continue
		}
		p := c.Policies[svc.Policy]
		if p == nil {
			continue
		}
		for _, step := range p.Steps {
			for _, t := range step.Targets {
				if t.Roster != "" && !slices.Contains(out[t.Roster], svc.Name) {
					out[t.Roster] = append(out[t.Roster], svc.Name)
				}
			}
		}
	}
	return out
}
