package plan

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// Era is a stretch of time in which a roster's document did not change: who had a shift is read from the document that was
// valid then.
type Era struct {
	Roster      muster.RosterName
	Schedule    *rota.Schedule
	From, Until muster.Instant
}

// PagedAt says that somebody was paged.
type PagedAt struct {
	Person muster.UserName
	Alert  muster.AlertID
	At     muster.Instant
}

// Share is what on-call asked of a person in a period. Who is on call in two rosters at once is on call once; the shadow's
// hours are in Shadow alone.
type Share struct {
	Person       muster.UserName `json:"person"`
	Primary      float64         `json:"primary_hours"`
	Secondary    float64         `json:"secondary_hours"`
	Shadow       float64         `json:"shadow_hours"`
	Total        float64         `json:"total_hours"` // as primary or secondary
	Nights       int             `json:"nights"`      // with two hours on call or more, from 22 to 7 o'clock where they live
	NightHours   float64         `json:"night_hours"`
	WeekendHours float64         `json:"weekend_hours"` // on Saturdays and Sundays where they live
	HolidayHours float64         `json:"holiday_hours"` // on public holidays that concern them
	Shifts       int             `json:"shifts"`        // turns that follow each other are one
	Pages        int             `json:"pages"`         // alerts that they were paged about
	NightPages   int             `json:"night_pages"`   // of these, at night
}

// ShareFacts is what the shares need besides the shifts.
type ShareFacts struct {
	From, Until muster.Instant
	Zone        func(muster.UserName) *time.Location
	Holidays    []muster.Leave // those of one person are left out
	Paged       []PagedAt
}

// countsAsNight is how long somebody is on call in a night that counts.
const countsAsNight = int64(2 * time.Hour / time.Microsecond)

// Shares adds up what on-call asked of everybody in a period, by name. Eras of one roster must be in order and not overlap;
// they are cut at the edges of the period.
func Shares(eras []Era, f ShareFacts) []Share {
	held := map[muster.UserName]*tally{}
	at := func(u muster.UserName) *tally {
		if held[u] == nil {
			held[u] = &tally{last: map[rosterRole]int{}}
		}
		return held[u]
	}
	for i := range eras {
		e := &eras[i]
		from, until := max(e.From.Micros(), f.From.Micros()), min(e.Until.Micros(), f.Until.Micros())
		if e.Schedule == nil || from >= until {
			continue
		}
		for _, role := range e.Schedule.Roles() {
			for _, sh := range e.Schedule.Shifts(role, muster.FromMicros(from), muster.FromMicros(until)) {
				for _, u := range sh.People {
					at(u).add(rosterRole{e.Roster, role}, span{sh.From.Micros(), sh.Until.Micros()})
				}
			}
		}
	}
	paged := map[muster.UserName]map[muster.AlertID]bool{} // true: at night
	for _, p := range f.Paged {
		if paged[p.Person] == nil {
			paged[p.Person] = map[muster.AlertID]bool{}
			at(p.Person)
		}
		hour := p.At.In(f.Zone(p.Person)).Hour()
		paged[p.Person][p.Alert] = paged[p.Person][p.Alert] || hour >= 22 || hour < 7
	}
	days := map[*time.Location]*calendarDays{}
	out := make([]Share, 0, len(held))
	for u, t := range held {
		zone := f.Zone(u)
		if days[zone] == nil {
			days[zone] = daysOf(zone, f.From, f.Until)
		}
		s := t.share(days[zone], holidaysOf(f.Holidays, zone))
		s.Person = u
		for _, night := range paged[u] {
			if s.Pages++; night {
				s.NightPages++
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Share) int { return cmp.Compare(a.Person, b.Person) })
	return out
}

type rosterRole struct {
	roster muster.RosterName
	role   muster.RosterRole
}

// tally is what one person holds.
type tally struct {
	list []heldSpan
	last map[rosterRole]int // index of the newest
}

type heldSpan struct {
	role muster.RosterRole
	span
}

func (t *tally) add(k rosterRole, x span) {
	if i, ok := t.last[k]; ok && t.list[i].until == x.from {
		t.list[i].until = x.until
		return
	}
	t.last[k] = len(t.list)
	t.list = append(t.list, heldSpan{k.role, x})
}

func (t *tally) share(d *calendarDays, holidays []span) (s Share) {
	var by [3][]span // primary, secondary, shadow
	var both []span
	for _, x := range t.list {
		switch x.role {
		case muster.PrimaryResponder:
			by[0] = append(by[0], x.span)
		case muster.SecondaryResponder:
			by[1] = append(by[1], x.span)
		default:
			by[2] = append(by[2], x.span)
			continue
		}
		both = append(both, x.span)
		s.Shifts++
	}
	both = joined(both)
	s.Primary, s.Secondary, s.Shadow, s.Total = length(joined(by[0])), length(joined(by[1])), length(joined(by[2])), length(both)
	s.NightHours, s.WeekendHours, s.HolidayHours = common(both, d.nights), common(both, d.weekends), common(both, holidays)
	s.Nights = nightsIn(both, d.nights)
	return s
}

func length(list []span) float64 {
	var sum int64
	for _, x := range list {
		sum += x.until - x.from
	}
	return hoursOf(time.Duration(sum) * time.Microsecond)
}

// nightsIn counts the nights of which a part that counts is on call. Both lists are in order and without overlap.
func nightsIn(held, nights []span) (n int) {
	i := 0
	for _, night := range nights {
		for i < len(held) && held[i].until <= night.from {
			i++
		}
		var on int64
		for j := i; j < len(held) && held[j].from < night.until; j++ {
			on += min(held[j].until, night.until) - max(held[j].from, night.from)
		}
		if on >= countsAsNight {
			n++
		}
	}
	return n
}

// calendarDays are the nights and weekends of a zone in a period.
type calendarDays struct{ nights, weekends []span }

func daysOf(zone *time.Location, from, until muster.Instant) *calendarDays {
	at := func(day time.Time, clock string) int64 {
		x, err := rota.Resolve(zone, day.Format(time.DateOnly)+"T"+clock)
		if err != nil {
			return math.MinInt64 // a date and a clock that were just written always can be read
		}
		return x.At.Micros()
	}
	d := &calendarDays{}
	dayOf := func(at muster.Instant) time.Time {
		day, _ := time.Parse(time.DateOnly, at.In(zone).Format(time.DateOnly)) // as above
		return day
	}
	for day, end := dayOf(from).AddDate(0, 0, -1), dayOf(until); !day.After(end); day = day.AddDate(0, 0, 1) {
		next := day.AddDate(0, 0, 1)
		d.nights = append(d.nights, span{at(day, "22:00"), at(next, "07:00")})
		if day.Weekday() == time.Saturday {
			d.weekends = append(d.weekends, span{at(day, "00:00"), at(day.AddDate(0, 0, 2), "00:00")})
		}
		if day.Weekday() == time.Sunday && len(d.weekends) == 0 {
			d.weekends = append(d.weekends, span{at(day, "00:00"), at(next, "00:00")})
		}
	}
	return d
}

func holidaysOf(list []muster.Leave, zone *time.Location) (out []span) {
	for i := range list {
		if l := &list[i]; l.Kind == muster.LeaveHolidays && l.Concerns("", zone.String()) {
			out = append(out, span{l.From.Micros(), l.Until.Micros()})
		}
	}
	return joined(out)
}
