package plan

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// Load is how long somebody is on call, in hours. Who holds two roles at once is on call once.
type Load struct {
	Total    float64 `json:"total"`
	Nights   float64 `json:"nights"`   // from 22 to 7 o'clock where they live
	Weekends float64 `json:"weekends"` // on Saturdays and Sundays where they live
}

// HoursChange is the load of a person in the window, in the rosters that a change touches.
type HoursChange struct {
	Person Person `json:"person"`
	Before Load   `json:"before"`
	After  Load   `json:"after"`
}

// span is a stretch of time in microseconds.
type span struct{ from, until int64 }

// ledger gathers who holds what when, before and after.
type ledger struct {
	c       *comparison
	was, is map[muster.UserName][]span
	nights  map[*time.Location][]span
	weekend map[*time.Location][]span
}

func newLedger(c *comparison) *ledger {
	return &ledger{
		c: c, was: map[muster.UserName][]span{}, is: map[muster.UserName][]span{},
		nights: map[*time.Location][]span{}, weekend: map[*time.Location][]span{},
	}
}

func (l *ledger) add(before, after []stretch) {
	put := func(into map[muster.UserName][]span, list []stretch) {
		for _, x := range list {
			for _, u := range x.people {
				into[u] = append(into[u], span{x.from.Micros(), x.until.Micros()})
			}
		}
	}
	put(l.was, before)
	put(l.is, after)
}

// join adds what another ledger gathered.
func (l *ledger) join(o *ledger) {
	for u, list := range o.was {
		l.was[u] = append(l.was[u], list...)
	}
	for u, list := range o.is {
		l.is[u] = append(l.is[u], list...)
	}
}

// changes lists everybody, whose load changes most first.
func (l *ledger) changes() []HoursChange {
	out := []HoursChange{}
	people := map[muster.UserName]bool{}
	for u := range l.was {
		people[u] = true
	}
	for u := range l.is {
		people[u] = true
	}
	for u := range people {
		s := l.c.after
		if s.Catalog.Users[u] == nil {
			s = l.c.before
		}
		zone := time.UTC
		if d := s.Catalog.Users[u]; d != nil {
			if z, err := s.Zones.Load(d.Zone); err == nil {
				zone = z
			}
		}
		x := HoursChange{Person: Person{ID: u, Name: s.Catalog.DisplayName(u)}, Before: l.load(l.was[u], zone), After: l.load(l.is[u], zone)}
		out = append(out, x)
	}
	weight := func(x HoursChange) float64 { return math.Abs(x.After.Total - x.Before.Total) }
	slices.SortFunc(out, func(a, b HoursChange) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a.Person.Name, b.Person.Name), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return out
}

func (l *ledger) load(list []span, zone *time.Location) Load {
	if l.nights[zone] == nil {
		l.days(zone)
	}
	list = joined(list)
	all := []span{{l.c.from.Micros(), l.c.until.Micros()}}
	return Load{Total: common(list, all), Nights: common(list, l.nights[zone]), Weekends: common(list, l.weekend[zone])}
}

// days finds the nights and weekends of a zone in the window.
func (l *ledger) days(zone *time.Location) {
	at := func(day time.Time, clock string) int64 {
		x, err := rota.Resolve(zone, day.Format(time.DateOnly)+"T"+clock)
		if err != nil {
			return 0 // a date and a clock that were just written always can be read
		}
		return x.At.Micros()
	}
	from, until := l.c.from.In(zone), l.c.until.In(zone)
	day, _ := time.Parse(time.DateOnly, from.Format(time.DateOnly)) // as above
	last, _ := time.Parse(time.DateOnly, until.Format(time.DateOnly))
	for day = day.AddDate(0, 0, -1); !day.After(last); day = day.AddDate(0, 0, 1) {
		next := day.AddDate(0, 0, 1)
		l.nights[zone] = append(l.nights[zone], span{at(day, "22:00"), at(next, "07:00")})
		if d := day.Weekday(); d == time.Saturday || d == time.Sunday {
			l.weekend[zone] = append(l.weekend[zone], span{at(day, "00:00"), at(next, "00:00")})
		}
	}
}

// joined sorts spans and joins those that overlap.
func joined(list []span) (out []span) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, x := range list {
		if n := len(out); n > 0 && x.from <= out[n-1].until {
			out[n-1].until = max(out[n-1].until, x.until)
			continue
		}
		out = append(out, x)
	}
	return out
}

// common is how many hours two lists of spans, each in order and without overlap, have in common.
func common(a, b []span) float64 {
	var sum int64
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if from, until := max(a[i].from, b[j].from), min(a[i].until, b[j].until); from < until {
			sum += until - from
		}
		if a[i].until < b[j].until {
			i++
		} else {
			j++
		}
	}
	return hoursOf(time.Duration(sum) * time.Microsecond)
}

// hoursOf is a length in hours, to the hundredth.
func hoursOf(d time.Duration) float64 { return math.Round(d.Hours()*100) / 100 }

// local reads a local time of a zone.
func (s *Snapshot) local(zone, text string) (muster.Instant, error) {
	z, err := s.Zones.Load(zone)
	if err != nil {
		return muster.Instant{}, err
	}
	x, err := rota.Resolve(z, text)
	return x.At, err
}
