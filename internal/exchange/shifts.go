package exchange

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// ShiftsOf are the shifts of a roster that touch the time between two instants, whole, a row for each person. People who
// have left are not listed, as they are not paged.
func ShiftsOf(s *rota.Schedule, cat *muster.Catalog, from, until muster.Instant) (rows []ShiftRow) {
	for _, role := range s.Roles() {
		for _, sh := range s.WholeShifts(role, from, until) {
			for _, u := range sh.People {
				d := cat.Users[u]
				if d == nil || d.Disabled {
					continue
				}
				rows = append(rows, ShiftRow{
					Roster: string(s.Roster().Name), Role: string(role), Person: cat.DisplayName(u), Email: d.Email, From: sh.From, Until: sh.Until,
				})
			}
		}
	}
	return rows
}
