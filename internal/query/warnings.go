package query

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// warner is what warnings need to know of people, read once for all rosters in a window.
type warner struct {
	from, until muster.Instant
	duties      *plan.Duties
	contacts    plan.Contacts
	leave       []muster.Leave
}

// warnings are those of a schedule of the catalog, with what somebody accepted.
func (r *read) warnings(ros *muster.Roster, s *rota.Schedule, from, until muster.Instant) ([]Warning, error) {
	if r.warn == nil || r.warn.from != from || r.warn.until != until {
		contacts, err := everybody(r)
		if err != nil {
			return nil, err
		}
		leave, err := r.LeaveBetween(from, until)
		if err != nil {
			return nil, err
		}
		r.warn = &warner{from: from, until: until, duties: r.snap.Duties(from, until), contacts: contacts, leave: leave}
	}
	f := r.warn.duties.Facts(ros.Name, r.warn.contacts)
	f.Leave, f.ZoneDataOld = r.warn.leave, r.snap.Zones.Data().Old(r.Now())
	list := s.Warnings(from, until, f)
	out := make([]Warning, len(list))
	for i, w := range list {
		out[i] = Warning{Warning: w, Accepted: rota.Accepted(ros, w, r.Now())}
	}
	return out, nil
}
