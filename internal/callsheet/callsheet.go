package callsheet

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
)

// The days of a sheet, when nobody says how many, and at most.
const (
	DefaultDays = 14
	MostDays    = 62
)

// Days checks how many days somebody asks for; 0 is [DefaultDays].
func Days(n int) (int, error) {
	switch {
	case n == 0:
		return DefaultDays, nil
	case n < 1 || n > MostDays:
		return 0, muster.Invalid("The call sheet cannot be made", []muster.FieldError{{Path: "days", Message: "take a number from 1 to 62: 14"}})
	}
	return n, nil
}

// Sheet says who is on call for each roster and role in the next days, and how to reach them.
type Sheet struct {
	At       muster.Instant  `json:"at"` // when it was made
	Until    muster.Instant  `json:"until"`
	Revision muster.Revision `json:"revision"`
	Numbers  bool            `json:"numbers"` // addresses are told in full
	Rosters  []Roster        `json:"rosters"`
	People   []Person        `json:"people"` // who are on it, by name
}

// Roster is one roster of a sheet.
type Roster struct {
	Name     muster.RosterName    `json:"name"`
	Title    string               `json:"title"`
	Services []muster.ServiceName `json:"services"`
	Roles    []Role               `json:"roles"`
}

// Role is who has a role of a roster, one after the other.
type Role struct {
	Role   muster.RosterRole `json:"role"`
	Shifts []Shift           `json:"shifts"`
}

// Shift is one stretch of duty. No people is a gap.
type Shift struct {
	From   muster.Instant `json:"from"`
	Until  muster.Instant `json:"until"`
	People []plan.Person  `json:"people"`
}

// Person is somebody on the sheet.
type Person struct {
	plan.Person
	Zone string `json:"zone"`
	Ways []Way  `json:"ways"`
}

// Way is how somebody is reached.
type Way struct {
	Method    string               `json:"method"`
	Connector muster.ConnectorName `json:"connector"`
	Address   string               `json:"address"` // a hint, "+1 ··· 0142", unless the sheet has numbers
	Verified  bool                 `json:"verified"`
}

// Make builds a sheet from now on. contacts are those of everybody; address tells an address as the paper shall have it, nil:
// hints alone.
func Make(s *plan.Snapshot, now muster.Instant, days int, contacts map[muster.UserName][]muster.Contact, address func(*muster.Contact) (string, error)) (*Sheet, error) {
	out := &Sheet{
		At: now, Until: now.Plus(time.Duration(days) * 24 * time.Hour), Revision: s.Catalog.Revision, Numbers: address != nil,
		Rosters: []Roster{}, People: []Person{},
	}
	on := map[muster.UserName]bool{}
	for _, d := range s.Catalog.Documents(muster.KindRosters) {
		r, ok := d.(*muster.Roster)
		if !ok {
			continue
		}
		row := Roster{Name: r.Name, Title: cmp.Or(r.Title, string(r.Name)), Services: s.Serves(r.Name), Roles: []Role{}}
		schedule := s.Schedule(r.Name)
		if schedule == nil {
			continue
		}
		for _, role := range schedule.Roles() {
			if role == muster.ShadowResponder {
				continue // shadows are not called
			}
			x := Role{Role: role, Shifts: []Shift{}}
			for _, sh := range schedule.Shifts(role, now, out.Until) {
				x.add(s, on, sh.From, sh.Until, sh.People)
			}
			row.Roles = append(row.Roles, x)
		}
		if len(row.Roles) > 0 {
			out.Rosters = append(out.Rosters, row)
		}
	}
	for u := range on {
		p := Person{Person: plan.Person{ID: u, Name: s.Catalog.DisplayName(u)}, Ways: []Way{}}
		if d := s.Catalog.Users[u]; d != nil {
			p.Zone = d.Zone
		}
		for i := range contacts[u] {
			ct := &contacts[u][i]
			w := Way{Method: ct.Method, Connector: ct.Connector, Address: ct.Hint, Verified: !ct.VerifiedAt.IsZero()}
			if address != nil {
				full, err := address(ct)
				if err != nil {
					return nil, err
				}
				w.Address = muster.CleanLine(full, 300)
			}
			p.Ways = append(p.Ways, w)
		}
		out.People = append(out.People, p)
	}
	slices.SortFunc(out.People, func(a, b Person) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// add adds a shift: people who have left are not on call, and turns of the same people become one stretch.
func (r *Role) add(s *plan.Snapshot, on map[muster.UserName]bool, from, until muster.Instant, people []muster.UserName) {
	sh := Shift{From: from, Until: until, People: []plan.Person{}}
	for _, u := range people {
		if d := s.Catalog.Users[u]; d == nil || d.Disabled {
			continue
		}
		on[u] = true
		sh.People = append(sh.People, plan.Person{ID: u, Name: s.Catalog.DisplayName(u)})
	}
	if n := len(r.Shifts); n > 0 && slices.Equal(r.Shifts[n-1].People, sh.People) {
		r.Shifts[n-1].Until = until
		return
	}
	r.Shifts = append(r.Shifts, sh)
}
