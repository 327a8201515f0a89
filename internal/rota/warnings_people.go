package rota

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// duty is a stretch of a person's duty, of this roster or of another.
type duty struct {
	from, until int64
	roster      string // title; "" is this roster
	layer       string
	role        muster.RosterRole
}

func (d duty) own() bool { return d.roster == "" }

// people looks at what is asked of each person who is primary or secondary in the window.
func (c *checker) people() {
	own := map[muster.UserName][]duty{}
	var all []muster.UserName
	for _, role := range c.s.Roles() {
		if !needed(role) {
			continue
		}
		for _, s := range c.s.bench(role).shifts(c.lo-Lookback.Microseconds(), c.hi) {
			for _, u := range s.People {
				if own[u] == nil {
					all = append(all, u)
				}
				own[u] = append(own[u], duty{from: s.From.Micros(), until: s.Until.Micros(), layer: s.Layer, role: role})
			}
		}
	}
	slices.Sort(all)
	nights := map[*time.Location][]night{}
	for _, u := range all {
		mine := own[u]
		slices.SortStableFunc(mine, func(a, b duty) int { return cmp.Compare(a.from, b.from) })
		first := slices.IndexFunc(mine, func(d duty) bool { return d.until > c.lo })
		if first < 0 || c.f.gone(u) {
			continue // whose shifts are over; who has left is told apart
		}
		c.reach(u, mine[first])
		var others []duty
		if c.f.Elsewhere != nil {
			for _, d := range c.f.Elsewhere(u) {
				others = append(others, duty{from: d.From.Micros(), until: d.Until.Micros(), roster: cmp.Or(d.Title, string(d.Roster)), layer: d.Layer, role: d.Role})
			}
		}
		c.elsewhere(u, mine, others)
		// Who is the back-up sleeps unless the primary does not answer: rest and nights are counted for who is paged first.
		work := slices.DeleteFunc(slices.Concat(mine, others), func(d duty) bool { return d.role != muster.PrimaryResponder })
		slices.SortStableFunc(work, func(a, b duty) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.until, b.until)) })
		if len(work) == 0 {
			continue
		}
		c.rest(u, work)
		zone := c.f.zone(u)
		if nights[zone] == nil {
			nights[zone] = nightsOf(zone, c.lo-Lookback.Microseconds(), c.hi)
		}
		c.nights(u, zone, work, nights[zone])
	}
	c.leave()
}

func (c *checker) reach(u muster.UserName, d duty) {
	if c.f.reachable(u) {
		return
	}
	c.add(Warning{
		Kind: WarnUnreachable, Role: d.role, Person: u, From: instant(max(d.from, c.lo)), Until: instant(d.until),
		Text: fmt.Sprintf("%s is the %s of %s and has no verified contact method: nothing would reach them. Ask them to add one and to answer its test.",
			c.f.Names.of(u), Position(d.role), c.title()),
	})
}

// elsewhere advises who is on call in two rosters at once, once for each other roster.
func (c *checker) elsewhere(u muster.UserName, mine, others []duty) {
	type clash struct {
		role        muster.RosterRole
		from, until int64
		more        int
	}
	found := map[string]*clash{}
	var order []string
	latest := make([]int64, len(mine)) // end of anything up to here: mine is in order of its beginning
	for i, d := range mine {
		latest[i] = d.until
		if i > 0 {
			latest[i] = max(latest[i], latest[i-1])
		}
	}
	for _, o := range others {
		first, _ := slices.BinarySearchFunc(latest, max(o.from, c.lo)+1, cmp.Compare[int64])
		for _, d := range mine[first:] {
			if d.from >= min(o.until, c.hi) {
				break
			}
			from, until := max(o.from, d.from, c.lo), min(o.until, d.until, c.hi)
			switch x := found[o.roster]; {
			case from >= until:
			case x == nil:
				found[o.roster] = &clash{role: d.role, from: from, until: until}
				order = append(order, o.roster)
			case x.more == 0 && x.until == from:
				x.until = until
			default:
				x.more++
			}
		}
	}
	slices.Sort(order)
	zone := c.f.zone(u)
	for _, roster := range order {
		x := found[roster]
		c.add(Warning{
			Kind: WarnSamePerson, Level: LevelAdvice, Role: x.role, Person: u, From: instant(x.from), Until: instant(x.until),
			Text: fmt.Sprintf("%s is on call for %s and for %s at once, from %s until %s, %s%s. Two incidents at a time would need two people: let somebody else have one of them.",
				c.f.Names.of(u), c.title(), roster, clock(x.from, zone), clock(x.until, zone), place(zone), more(x.more)),
		})
	}
}

func more(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", and once more"
	}
	return fmt.Sprintf(", and %d times more", n)
}

// pause is how long a break within the hours of one rotation may be without ending the shift.
const pause = 2 * time.Hour

// rest warns when somebody's next shift begins soon after one ends: the first time in the window, and how often. Work is in
// order of its beginning.
func (c *checker) rest(u muster.UserName, work []duty) {
	enough := EnoughRest.Microseconds()
	var first *Warning
	times := 0
	zone := c.f.zone(u)
	last := work[0]
	for _, d := range work[1:] {
		free := d.from - last.until
		sameShift := free < pause.Microseconds() && d.layer == last.layer && d.roster == last.roster
		if free > 0 && free < enough && !sameShift && d.from > c.lo && (d.own() || last.own()) {
			if times++; first == nil {
				first = &Warning{
					Kind: WarnLittleRest, Person: u, From: instant(last.until), Until: instant(d.from),
					Text: fmt.Sprintf("%s has %s between two shifts, from %s until %s, %s",
						c.f.Names.of(u), restOf(time.Duration(free)*time.Microsecond), clock(last.until, zone), clock(d.from, zone), place(zone)),
				}
				if own := d; own.own() {
					first.Role = own.role
				} else {
					first.Role = last.role
				}
				for _, x := range []duty{last, d} {
					if !x.own() {
						first.Text += " (" + x.roster + ")"
					}
				}
			}
		}
		if d.until > last.until {
			last = d
		}
	}
	if first == nil {
		return
	}
	first.Text += more(times-1) + ": people need 11 hours of rest. Swap one of the shifts, or move the hand-off."
	c.add(*first)
}

func restOf(d time.Duration) string {
	d = d.Round(time.Minute)
	switch {
	case d == time.Hour:
		return "1 hour"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d < time.Hour:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d:%02d hours", d/time.Hour, d%time.Hour/time.Minute)
}

// night is the night that begins on a day.
type night struct{ day, from, until int64 }

// Nights are from 22 to 7 o'clock where people live. Who is on call for two hours of a night or more has that night.
const (
	nightBegins = 22 * 3600
	nightEnds   = 7 * 3600
	nightCounts = int64(2 * time.Hour / time.Microsecond)
)

func nightsOf(zone *time.Location, lo, hi int64) (out []night) {
	first, last := floorDiv(wall(lo, zone), daySeconds*1e6)-1, floorDiv(wall(hi, zone), daySeconds*1e6)
	for d := first; d <= last; d++ {
		out = append(out, night{
			d, resolve(zone, d*daySeconds+nightBegins, nil) * 1e6, resolve(zone, (d+1)*daySeconds+nightEnds, nil) * 1e6,
		})
	}
	return out
}

// nights warns of the 14 days, not all of them over, in which somebody has most nights.
func (c *checker) nights(u muster.UserName, zone *time.Location, work []duty, all []night) {
	var mine []night
	i := 0
	for _, n := range all {
		for i < len(work) && work[i].until <= n.from {
			i++
		}
		var on int64
		end := n.from
		for _, d := range work[i:] {
			if d.from >= n.until {
				break
			}
			if from, until := max(d.from, end), min(d.until, n.until); from < until {
				on += until - from
				end = until
			}
		}
		if on >= nightCounts {
			mine = append(mine, n)
		}
	}
	best, from, until := 0, night{}, night{}
	for j, k := 0, 0; k < len(mine); k++ {
		for mine[k].day-mine[j].day >= 14 {
			j++
		}
		if n := k - j + 1; n > best && mine[k].until > c.lo {
			best, from, until = n, mine[j], mine[k]
		}
	}
	if best < ManyNights || !slices.ContainsFunc(work, func(d duty) bool { return d.own() && d.from < until.until && d.until > from.from }) {
		return
	}
	w := Warning{
		Kind: WarnManyNights, Level: LevelAdvice, Person: u, From: instant(from.from), Until: instant(until.until),
		Text: fmt.Sprintf("%s is on call in %d nights within 14 days, from %s until %s, %s: more than 7 wear people out, and fewer than 5 are better. Share the nights with others, or let people of another zone have them.",
			c.f.Names.of(u), best, clock(from.from, zone), clock(until.until, zone), place(zone)),
	}
	if best > MostNights {
		w.Level = LevelWarning
	}
	c.add(w)
}

// leave tells who is on call during days off.
func (c *checker) leave() {
	zoneOf := func(u muster.UserName) string { return c.f.zone(u).String() }
	for _, x := range LeaveConflicts(c.s, c.f.Leave, zoneOf, instant(c.lo), instant(c.hi)) {
		if !needed(x.Role) || c.f.gone(x.Person) {
			continue
		}
		zone := c.f.zone(x.Person)
		w := Warning{
			Kind: WarnOnLeave, Role: x.Role, Rotation: x.Layer, Person: x.Person, From: x.From, Until: x.Until,
			Text: fmt.Sprintf("%s is the %s of %s during %s, from %s until %s, %s. Find somebody who takes over.",
				c.f.Names.of(x.Person), Position(x.Role), c.title(), x.Leave.Words(), clock(x.From.Micros(), zone), clock(x.Until.Micros(), zone), place(zone)),
		}
		if x.Leave.Kind == muster.LeaveHolidays {
			w.Level = LevelAdvice
		}
		c.add(w)
	}
}

// leavers tells who has left and still has turns: in a rotation, whenever their turn is, and by overrides and swaps in the
// window.
func (c *checker) leavers() {
	if c.f.Gone == nil {
		return
	}
	told := map[muster.UserName]bool{}
	for i := range c.s.benches {
		for j := range c.s.benches[i].layers {
			l := &c.s.benches[i].layers[j]
			if l.end <= c.lo || l.fixed != nil {
				continue
			}
			for _, u := range slices.Compact(slices.Sorted(slices.Values(l.rotation.People))) {
				if u == muster.Nobody || !c.f.Gone(u) || c.over(l, u) {
					continue
				}
				told[u] = true
				w := Warning{Kind: WarnLeaver, Role: l.rotation.Role, Rotation: l.rotation.Name, Person: u, From: instant(c.lo)}
				for _, s := range c.stretches[w.Role] {
					if slices.Contains(s.people, u) {
						w.From, w.Until = instant(max(s.from, c.lo)), instant(s.until)
						break
					}
				}
				w.Text = fmt.Sprintf("%s has left and still takes turns in the rotation %s: nobody is paged then. Take them out of it.", c.f.Names.of(u), l.rotation.Name)
				c.add(w)
			}
		}
	}
	for _, role := range c.s.Roles() {
		for _, s := range personal(c.stretches[role]) {
			u := s.people[0]
			if told[u] || !c.f.Gone(u) {
				continue
			}
			told[u] = true
			c.add(Warning{
				Kind: WarnLeaver, Role: role, Person: u, From: instant(max(s.from, c.lo)), Until: instant(s.until),
				Text: fmt.Sprintf("%s has left and is still the %s of %s: nobody is paged then. Put somebody else on call.", c.f.Names.of(u), Position(role), c.title()),
			})
		}
	}
}

// over reports whether somebody's membership in a rotation has ended before the window.
func (c *checker) over(l *layer, u muster.UserName) bool {
	for _, m := range l.rotation.Members {
		if m.User != u || m.Until == "" {
			continue
		}
		if end, err := localDay(m.Until, l.rotation.Handoff); err == nil && l.zone != nil {
			return l.local(end) <= c.lo
		}
	}
	return false
}
