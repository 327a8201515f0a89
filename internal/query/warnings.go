package query

import (
	"fmt"
	"hash/fnv"
	"time"

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
	facts       uint64 // sums up the contacts, the leave, and whether the zone data is old
}

// warnedKey is all that the warnings about a roster follow from, besides the snapshot.
type warnedKey struct {
	roster      muster.RosterName
	from, until int64
	facts       uint64
}

// warnings are those of a schedule of the catalog, with what somebody accepted. The window begins with a full hour, so that
// they are computed once in it, as long as nothing changes.
func (r *read) warnings(ros *muster.Roster, s *rota.Schedule, from, until muster.Instant) ([]Warning, error) {
	from, until = muster.At(from.Truncate(time.Hour)), muster.At(until.Truncate(time.Hour))
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
		r.warn.facts = r.warn.sum(r.snap.Zones.Data().Old(r.Now()))
	}
	key := warnedKey{ros.Name, from.Micros(), until.Micros(), r.warn.facts}
	list := plan.Kept(r.snap, key, func(list []rota.Warning) int { return len(list) }, func() []rota.Warning {
		f := r.warn.duties.Facts(ros.Name, r.warn.contacts)
		f.Leave, f.ZoneDataOld = r.warn.leave, r.snap.Zones.Data().Old(r.Now())
		return s.Warnings(from, until, f)
	})
	out := make([]Warning, 0, len(list))
	for _, w := range list {
		if !w.Until.IsZero() && !w.Until.After(r.Now().Time) {
			continue // it was over within this hour
		}
		out = append(out, Warning{Warning: w, Accepted: rota.Accepted(ros, w, r.Now())})
	}
	return out, nil
}

// sum tells apart what the store said of people, in whatever order: who can be reached, and who is away.
func (w *warner) sum(old bool) uint64 {
	var total uint64
	add := func(text string) {
		h := fnv.New64a()
		_, _ = h.Write([]byte(text)) // a hash does not fail
		total += h.Sum64()
	}
	for u, list := range w.contacts {
		for i := range list {
			if list[i].Verified {
				add("reached " + string(u))
				break
			}
		}
	}
	for i := range w.leave {
		add(fmt.Sprintf("away %+v", w.leave[i]))
	}
	if old {
		total = ^total
	}
	return total
}
