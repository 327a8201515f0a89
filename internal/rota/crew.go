package rota

import (
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// crew says whose turn it is. People take turns in the order of the list, so many at once as Together says. Where somebody
// joins or leaves on a day, the list is another from the first turn on that begins then, and goes on after the last person
// who had a turn: who joins or leaves costs nobody else a turn.
type crew struct {
	together int64
	eras     []era
}

// era is a run of turns with the same list.
type era struct {
	first int64 // turn
	list  []muster.UserName
	base  int64 // place in the list of the first person of turn first
	turns [][]muster.UserName
}

func newCrew(l *layer) (crew, error) {
	r := l.rotation
	c := crew{together: int64(max(1, r.Together))}
	dates, err := newDates(r.Members)
	if err != nil {
		return c, err
	}
	last := -1 // place in People of the last person who had a turn
	for i, day := range dates.edges {
		e := era{}
		if i > 0 {
			if e.first = l.turnOn(day); e.first <= 0 {
				e.first = 0
			}
		}
		var places []int
		for p, u := range r.People {
			if dates.member(u, day) {
				e.list = append(e.list, u)
				places = append(places, p)
			}
		}
		if n := len(c.eras); n > 0 {
			was := &c.eras[n-1]
			if was.first == e.first {
				c.eras = c.eras[:n-1] // nobody had a turn in it
			} else if was.list != nil {
				last = was.place(e.first-1, c.together, r.People, last)
			}
		}
		if len(places) > 0 {
			at := slices.IndexFunc(places, func(p int) bool { return p > last })
			e.base = int64(max(at, 0))
		}
		c.eras = append(c.eras, e)
	}
	for i := range c.eras {
		c.eras[i].prepare(c.together)
	}
	return c, nil
}

// place is the place in people of the last person of turn k.
func (e *era) place(k, together int64, people []muster.UserName, last int) int {
	n := int64(len(e.list))
	i := e.base + (k-e.first+1)*together - 1
	i -= floorDiv(i, n) * n
	// The list has the people in their order, each place once: find the place by counting.
	want, seen := i, int64(-1)
	j := 0
	for p, u := range people {
		if j < len(e.list) && e.list[j] == u {
			j++
			if seen++; seen == want {
				return p
			}
		}
	}
	return last
}

// prepare makes the list of each turn, so that asking takes no memory.
func (e *era) prepare(together int64) {
	n := int64(len(e.list))
	if n == 0 {
		return
	}
	for k := range n / gcd(n, together) {
		var turn []muster.UserName
		for i := range together {
			j := e.base + k*together + i
			if u := e.list[j-floorDiv(j, n)*n]; u != muster.Nobody && !slices.Contains(turn, u) {
				turn = append(turn, u)
			}
		}
		e.turns = append(e.turns, turn)
	}
}

// turn is who has turn k; nobody for an empty place.
func (c *crew) turn(k int64) []muster.UserName {
	i := len(c.eras) - 1
	for i > 0 && c.eras[i].first > k {
		i--
	}
	e := &c.eras[i]
	n := int64(len(e.turns))
	if n == 0 {
		return nil
	}
	k -= e.first
	return e.turns[k-floorDiv(k, n)*n]
}

// turnOn is the first turn that begins on a day or later.
func (l *layer) turnOn(day int64) int64 {
	if l.dayOf(0) >= day {
		return 0
	}
	hi := int64(1)
	for l.dayOf(hi) < day {
		hi *= 2
	}
	lo := hi / 2 // begins before the day
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; l.dayOf(mid) < day {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// dates are the days on which people join and leave, as days since 1970.
type dates struct {
	from, until map[muster.UserName]int64
	edges       []int64 // in order; the first stands for the beginning
}

func newDates(members []muster.Member) (d dates, err error) {
	d = dates{map[muster.UserName]int64{}, map[muster.UserName]int64{}, []int64{always}}
	read := func(s string, into map[muster.UserName]int64, u muster.UserName) {
		t, perr := time.Parse(time.DateOnly, s)
		switch {
		case s == "":
		case perr != nil:
			err = perr
		default:
			into[u] = t.Unix() / daySeconds
			d.edges = append(d.edges, into[u])
		}
	}
	for _, m := range members {
		read(m.From, d.from, m.User)
		read(m.Until, d.until, m.User)
	}
	slices.Sort(d.edges)
	d.edges = slices.Compact(d.edges)
	return d, err
}

func (d dates) member(u muster.UserName, day int64) bool {
	from, joins := d.from[u]
	until, leaves := d.until[u]
	return (!joins || day >= from) && (!leaves || day < until)
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
