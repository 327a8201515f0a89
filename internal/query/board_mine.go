package query

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// MyShift is a shift of the viewer.
type MyShift struct {
	Roster      muster.RosterName
	Title       string
	Role        muster.RosterRole
	From, Until muster.Instant
	Running     bool
	Ref         muster.ShiftRef // the turn that it is part of; empty for one that an override or swap gave
	Patch       string          // the override or swap that gave it
	Zone        *time.Location  // of the rotation; nil when none decides
}

// mine lists the viewer's shifts that are not over. Stretches of one turn that follow each other are one shift.
func (r *read) mine(ros *muster.Roster, from, until muster.Instant) (out []MyShift) {
	me := r.who.Actor.User
	if me == "" || !slices.Contains(ros.Everybody(), me) {
		return nil
	}
	s := r.snap.Schedule(ros.Name)
	for _, role := range s.Roles() {
		for _, sh := range r.snap.DayShifts(ros.Name, role, from, from.Plus(mineAhead)) {
			if !slices.Contains(sh.People, me) || !sh.Until.After(r.Now().Time) || !sh.From.Before(until.Time) {
				continue
			}
			if !sh.From.After(from.Time) {
				sh.From = began(s, role, sh.From, from, me)
			}
			sh.Until = earlier(sh.Until, until)
			m := MyShift{Roster: ros.Name, Title: r.rosterTitle(ros.Name), Role: role, From: sh.From, Until: sh.Until, Running: !sh.From.After(r.Now().Time), Patch: sh.Override + sh.Swap}
			if sh.Override == "" {
				m.Ref, m.Zone = r.turnRef(ros, s, sh, me)
			}
			out = append(out, m)
		}
	}
	return out
}

// began is when somebody's shift that runs at a moment began, which may be before the days that were looked at.
func began(s *rota.Schedule, role muster.RosterRole, looked, at muster.Instant, me muster.UserName) muster.Instant {
	h := s.Holder(role, 0, at, nil)
	if !slices.Contains(h.People, me) || h.Since.IsZero() {
		return looked
	}
	list := s.Shifts(role, h.Since, at.Plus(time.Microsecond))
	return list[len(list)-1].From
}

// turnRef names the turn of a shift, whose it is in the rotation and in which zone it is written.
func (r *read) turnRef(ros *muster.Roster, s *rota.Schedule, sh rota.Shift, me muster.UserName) (ref muster.ShiftRef, zone *time.Location) {
	i := slices.IndexFunc(ros.Rotations, func(x muster.Rotation) bool { return x.Name == sh.Layer })
	if i < 0 {
		return ref, nil
	}
	if z, err := r.snap.Zones.Load(ros.Rotations[i].Zone); err == nil {
		zone = z
	}
	if t, ok := s.TurnAt(sh.Layer, sh.From); ok && slices.Contains(t.People, me) {
		ref = t.Ref
		ref.User = me
	}
	return ref, zone
}

func sortShifts(list []MyShift) {
	slices.SortStableFunc(list, func(a, b MyShift) int { return a.From.Compare(b.From.Time) })
}

// localInstant reads a local time of a zone. A time that does not exist there is taken as Go takes it: it only finds a
// place near which a shift is looked for.
func localInstant(text string, zone *time.Location) (muster.Instant, bool) {
	t, err := time.ParseInLocation(muster.LocalMinute, text, zone)
	return muster.At(t), err == nil
}

// Load is what a person carried in the last 30 days. It is a fact for planning, not a score.
type Load struct {
	Person plan.Person
	Hours  float64 // on call as primary
	Night  float64 // of these between 22 and 7 o'clock where they live
	Pages  int     // that were begun
}

// loadDays is how far back the load of people is counted.
const loadDays = 30

// OnCallLoad counts what people carried: hours as primary of any roster or of one, those at night, and pages. Who carried
// most comes first.
func (q *Queries) OnCallLoad(ctx context.Context, who Viewer, roster muster.RosterName) ([]Load, error) {
	return ask(ctx, q, who, func(r *read) ([]Load, error) { return r.load(roster) })
}

func (r *read) load(roster muster.RosterName) ([]Load, error) {
	until := muster.At(r.Now().Truncate(time.Hour)) // so that it is counted once an hour
	from := until.Plus(-loadDays * 24 * time.Hour)
	by := map[muster.UserName]*Load{}
	for _, ros := range r.rosters() {
		if roster != "" && ros.Name != roster {
			continue
		}
		for _, own := range r.carried(ros.Name, from, until) {
			l := by[own.Person.ID]
			if l == nil {
				l = &Load{Person: own.Person}
				by[own.Person.ID] = l
			}
			l.Hours, l.Night = l.Hours+own.Hours, l.Night+own.Night
		}
	}
	pages, err := r.PagesFor("", store.List{Limit: 1000})
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		if l := by[p.Person]; l != nil && p.StartedAt.After(from.Time) {
			l.Pages++
		}
	}
	return sortedLoad(by), nil
}

type carriedKey struct {
	roster      muster.RosterName
	from, until int64
}

// carried is what people carried in one roster. The snapshot keeps it: nobody may change it.
func (r *read) carried(roster muster.RosterName, from, until muster.Instant) []Load {
	key := carriedKey{roster, from.Micros(), until.Micros()}
	return plan.Kept(r.snap, key, func(list []Load) int { return len(list) }, func() []Load {
		by := map[muster.UserName]*Load{}
		for _, sh := range r.snap.Schedule(roster).Shifts(muster.PrimaryResponder, from, until) {
			for _, u := range sh.People {
				l := by[u]
				if l == nil {
					l = &Load{Person: r.person(u)}
					by[u] = l
				}
				l.Hours += sh.Until.Sub(sh.From.Time).Hours()
				l.Night += r.night(u, sh.From, sh.Until)
			}
		}
		return sortedLoad(by)
	})
}

func sortedLoad(by map[muster.UserName]*Load) []Load {
	out := make([]Load, 0, len(by))
	for _, l := range by {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b Load) int {
		return cmp.Or(cmp.Compare(b.Hours, a.Hours), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return out
}

// night is how many hours of a stretch are night where a person lives.
func (r *read) night(u muster.UserName, from, until muster.Instant) (hours float64) {
	zone := time.UTC
	if d := r.cat.Users[u]; d != nil {
		if z, err := r.snap.Zones.Load(d.Zone); err == nil {
			zone = z
		}
	}
	for t := from.Time; t.Before(until.Time); {
		l := t.In(zone)
		next := t.Add(time.Hour - time.Duration(l.Minute())*time.Minute - time.Duration(l.Second())*time.Second - time.Duration(l.Nanosecond()))
		if next.After(until.Time) {
			next = until.Time
		}
		if h := l.Hour(); h >= 22 || h < 7 {
			hours += next.Sub(t).Hours()
		}
		t = next
	}
	return hours
}

// MyShifts lists the viewer's shifts of the next 60 days, in every roster.
func (q *Queries) MyShifts(ctx context.Context, who Viewer) ([]MyShift, error) {
	return ask(ctx, q, who, func(r *read) (out []MyShift, err error) {
		for _, ros := range r.rosters() {
			out = append(out, r.mine(ros, r.Now(), r.Now().Plus(mineAhead))...)
		}
		sortShifts(out)
		return out, nil
	})
}
