package sim

import (
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// tries is how often one page is handed to its provider.
const tries = 8

// page checks the life of one page: I21, I22, I24, I25.
func (c *checker) page(p *muster.Page) {
	l := c.lives[string(p.Alert)]
	if l == nil {
		return
	}
	calls := c.rings[string(p.ID)]
	c.settled(l, p, calls)
	for i, k := range calls {
		if i+1 < len(calls) {
			c.again(l, p, k, calls[i+1])
		}
	}
	if n := len(calls); n > 0 {
		c.goesOn(l, p, calls)
	} else if !l.tangled {
		c.begun(l, p)
	}
	if n := len(calls); n > tries && !c.troubled(calls[0].at, calls[n-1].at) {
		c.fail("I25", calls[n-1].at, l, "%s was called %d times by %s with one page about c%d", p.Person, n, p.Method, l.key)
	}
}

// settled checks the state that a page has in the end.
func (c *checker) settled(l *life, p *muster.Page, calls []*call) {
	took := slices.ContainsFunc(calls, func(k *call) bool { return k.fault == "" })
	switch p.State {
	case muster.PageAccepted:
		if !took {
			c.fail("I21", p.DueAt.Time, l, "the page about c%d for %s is accepted, and nobody got it", l.key, p.Person)
		}
	case muster.PageProved:
		if !slices.ContainsFunc(c.r.ops, func(o *op) bool { return o.kind == AckPage && o.page == string(p.ID) }) {
			c.fail("proof", p.DueAt.Time, l, "the page about c%d for %s is proved, and nobody answered it", l.key, p.Person)
		}
	case muster.PageFailed, muster.PageCancelled:
		if p.Detail == "" {
			c.fail("I21", p.DueAt.Time, l, "the page about c%d for %s is %s, and nothing says why", l.key, p.Person, p.State)
		}
	default:
		if p.DueAt.Before(c.r.end.Add(-8 * time.Minute)) {
			c.fail("I21", p.DueAt.Time, l, "the page about c%d for %s is still %s in the end", l.key, p.Person, p.State)
		}
	}
}

// again checks that a page which was sent again had to be (I22), and not too soon (I25).
func (c *checker) again(l *life, p *muster.Page, k, next *call) {
	if k.cut || c.troubled(k.at, next.at) {
		return // what came of the first call was lost, or may have been
	}
	switch k.fault {
	case "":
		c.fail("I22", next.at, l, "%s was called a second time by %s with one page about c%d, though the first call was answered", p.Person, p.Method, l.key)
	case fault410:
		c.fail("I25", next.at, l, "%s was called again by %s though the provider had said that the address is gone", p.Person, p.Method)
	case fault429:
		if next.at.Before(k.done.Add(k.after - time.Millisecond)) { // instants are kept in microseconds
			c.fail("I25", next.at, l, "the provider of %s asked to be left alone for %s and was called after %s", p.Connector, k.after, next.at.Sub(k.done))
		}
	default:
		if next.at.Before(k.done.Add(time.Second)) {
			c.fail("I25", next.at, l, "%s was called again by %s at once after a failure", p.Person, p.Method)
		}
	}
}

// goesOn checks that a call that failed is followed by another as long as the page is wanted (I25), and that a page whose
// method failed for good is followed by the next method at once (I24).
func (c *checker) goesOn(l *life, p *muster.Page, calls []*call) {
	k := calls[len(calls)-1]
	if k.fault == "" && !k.cut || l.tangled {
		return
	}
	if k.fault == fault410 {
		c.nextMethod(l, p, k)
		return
	}
	done := k.done
	if done.IsZero() {
		done = k.at
	}
	pause := max(2*time.Minute, min(k.after, 10*time.Minute))
	late := c.grace(done.Add(pause+pause/4), c.jams[string(p.Connector)]...)
	if len(calls) < tries && late.Before(c.wanted(l, p, k.at)) {
		c.fail("I25", late, l, "the call to %s by %s about c%d failed (%s), and no other followed", p.Person, p.Method, l.key, k.fault)
	}
}

// nextMethod checks that the person's next method is used at once when one failed for good: the first of those that had not
// been tried.
func (c *checker) nextMethod(l *life, p *muster.Page, k *call) {
	var next *muster.Page
	var tried time.Time
	for _, o := range l.pages {
		if o.Person != p.Person || !o.PlannedAt.Equal(p.PlannedAt.Time) || o.ID == p.ID {
			continue
		}
		at := forever
		if calls := c.rings[string(o.ID)]; len(calls) > 0 {
			at = calls[0].at
		}
		if !at.After(k.done) || o.State == muster.PageFailed && at.Equal(forever) {
			continue
		}
		if next == nil || at.Before(tried) {
			next, tried = o, at
		}
	}
	if next == nil {
		return
	}
	late := c.grace(k.done, c.jams[string(next.Connector)]...)
	if tried.After(late) && late.Before(c.wanted(l, next, k.at)) && next.PlannedAt.Before(k.done) {
		c.fail("I24", late, l, "%s failed for %s, and %s was not tried at once", p.Method, p.Person, next.Method)
	}
}

// wanted is until when a page is wanted for certain.
func (c *checker) wanted(l *life, p *muster.Page, after time.Time) time.Time {
	until := c.stop(l, after)
	for _, e := range c.r.edits {
		u, _ := e.put.(*user)
		about := e.put == nil && e.who == string(p.Person) || u != nil && u.name == string(p.Person)
		if about && !e.to.Before(p.PlannedAt.Time) && e.from.Before(until) {
			until = e.from
		}
	}
	for _, o := range c.done[string(l.row.ID)] { // whoever has acknowledged is not called, though others have to
		if (o.kind == Ack || o.kind == AckPage) && o.person() == string(p.Person) && !o.to.Before(p.PlannedAt.Time) && o.from.Before(until) {
			until = o.from
		}
	}
	for _, o := range c.r.ops { // whoever answered one page of a step gets no other of it
		if other := c.pages[o.page]; o.kind == AckPage && other != nil && other.Person == p.Person && other.PlannedAt.Equal(p.PlannedAt.Time) && o.from.Before(until) {
			until = o.from
		}
	}
	return until
}

// begun checks that a page that nobody was called with was not wanted any more when it was due.
func (c *checker) begun(l *life, p *muster.Page) {
	if p.Escalation == "" {
		return
	}
	late := c.grace(p.DueAt.Time, c.jams[string(p.Connector)]...)
	if !late.Before(c.wanted(l, p, p.PlannedAt.Time)) {
		return
	}
	invariant := "I21"
	if p.DueAt.After(p.PlannedAt.Time) {
		invariant = "I24"
	}
	c.fail(invariant, late, l, "%s was to be called by %s about c%d at %s and was not (the page is %s: %s)", p.Person, p.Method, l.key,
		p.DueAt.Sub(epoch), p.State, p.Detail)
}
