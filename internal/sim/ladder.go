package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// rung is a step that Muster took: the pages that it planned at one instant.
type rung struct {
	at          time.Time
	round, step int
	pages       []*muster.Page
	first       time.Time // call; zero: there was none
}

func (c *checker) rungs(l *life) (out []*rung) {
	slices.SortStableFunc(l.pages, func(a, b *muster.Page) int {
		return cmp.Or(a.PlannedAt.Compare(b.PlannedAt.Time), cmp.Compare(a.Round, b.Round), cmp.Compare(a.Step, b.Step))
	})
	for _, p := range l.pages {
		if p.Escalation == "" {
			continue
		}
		n := len(out)
		if n == 0 || !out[n-1].at.Equal(p.PlannedAt.Time) || out[n-1].round != p.Round || out[n-1].step != p.Step {
			out = append(out, &rung{at: p.PlannedAt.Time, round: p.Round, step: p.Step})
			n++
		}
		g := out[n-1]
		g.pages = append(g.pages, p)
		if k := c.rings[string(p.ID)]; len(k) > 0 && (g.first.IsZero() || k[0].at.Before(g.first)) {
			g.first = k[0].at
		}
	}
	return out
}

// ladder checks that the steps of an alert are those of its policy, at their times, and reach whom they should: I8, I9, I10,
// I11, I13, I15, I24, I26.
func (c *checker) ladder(l *life) {
	rungs := c.rungs(l)
	c.steps += len(rungs)
	if l.tangled {
		return
	}
	var kicks []move
	for _, m := range l.moves {
		if m.kick != "" {
			kicks = append(kicks, m)
		}
	}
	round, step := 0, 0
	var last *rung
	for _, g := range rungs {
		for len(kicks) > 0 && c.late(kicks[0]).Before(g.at) {
			c.unheard(l, kicks[0])
			kicks = kicks[1:]
		}
		var why kick
		if len(kicks) > 0 && !kicks[0].from.After(g.at) {
			why, kicks = kicks[0].kick, kicks[1:]
		}
		if why == "" && !c.timed(l, last, g) {
			return // one mistake is enough: what follows from it says nothing new
		}
		if why != "" && last != nil {
			c.missing(l, last, g.at)
		}
		from := [2]int{round, step}
		switch why {
		case kickOpen, kickUnack, kickTimeout, kickRelease:
			from = [2]int{round + 1, 0}
		case kickEscalate:
			if round == 0 {
				from = [2]int{1, 0}
			}
		}
		if have, sure := l.have(g.at); sure && !c.unsure(g.at) && !l.policy.changes(g.at) {
			r, s, want := c.org(g.at).next(l.policy, severity(l.key), from[0], from[1], g.at, have...)
			if r != g.round || s != g.step {
				invariant := "I11"
				if s > len(l.policy.steps) || g.step > len(l.policy.steps) {
					invariant = "I10"
				}
				c.fail(invariant, g.at, l, "step %d of round %d was taken about c%d; it is the turn of step %d of round %d", g.step, g.round, l.key, s, r)
				return
			}
			c.people(l, g, want)
		}
		round, step, last = g.round, g.step, g
	}
	for _, k := range kicks {
		if c.late(k).Before(c.stop(l, k.span.to)) {
			c.unheard(l, k)
		}
	}
	if last != nil {
		c.missing(l, last, forever)
	}
}

// late is until when a kick must have led to pages.
func (c *checker) late(k move) time.Time { return c.grace(k.span.to) }

func (c *checker) unheard(l *life, k move) {
	if !c.late(k).Before(c.stop(l, k.span.to)) {
		return
	}
	invariant := "I8"
	switch k.kick {
	case kickTimeout, kickRelease:
		invariant = "I13"
	case kickOpen, kickUnack, kickEscalate:
	}
	c.fail(invariant, k.span.to, l, "nobody was paged about c%d when %s", l.key, k.kick)
}

// due is the earliest and the latest moment for the step after one.
func (c *checker) due(l *life, g *rung) (early, late time.Time) {
	wait := l.policy.wait(g.step)
	start := g.at
	if g.first.After(start) {
		start = g.first
	}
	early = g.at.Add(wait)
	// That a page is begun may be written and its call never come, because it did not get through. Muster counts from what it
	// wrote.
	begun := g.first
	for _, p := range g.pages {
		if s := p.StartedAt.Time; !s.IsZero() && s.Before(begun) && c.troubled(s, g.first) {
			begun = s
		}
	}
	if begun.After(g.at) && begun.Sub(g.at) < 3*wait {
		early = begun.Add(wait - 5*time.Second) // the page was begun a little before its call
		if early.Before(g.at.Add(wait)) {
			early = g.at.Add(wait)
		}
	}
	var jams []span
	for _, p := range g.pages {
		jams = append(jams, c.jams[string(p.Connector)]...)
	}
	late = c.grace(start.Add(wait), jams...)
	if c.troubled(g.at, late) || len(jams) > 0 {
		late = late.Add(wait) // it counts from the first real attempt, and that was hindered
	}
	return early, late
}

// timed checks that a step that nothing else asked for comes when the one before it has had its time.
func (c *checker) timed(l *life, last, g *rung) bool {
	if last == nil {
		c.fail("I26", g.at, l, "step %d was taken about c%d, and nothing had happened", g.step, l.key)
		return false
	}
	if now := l.at(g.at); now == acked || now == resolved {
		c.fail("I14", g.at, l, "step %d was taken about c%d though it was %s", g.step, l.key, now)
		return false
	}
	early, late := c.due(l, last)
	switch {
	case g.at.Before(early):
		c.fail("I15", g.at, l, "step %d of round %d was taken about c%d %s after the one before, which has %s",
			g.step, g.round, l.key, g.at.Sub(last.at).Round(time.Second), l.policy.wait(last.step))
		return false
	case g.at.After(late):
		c.fail("I9", g.at, l, "step %d of round %d was taken about c%d %s late", g.step, g.round, l.key, g.at.Sub(late).Round(time.Second))
		return false
	}
	return true
}

// missing checks that after a step there was another, unless something stopped it.
func (c *checker) missing(l *life, g *rung, next time.Time) {
	_, late := c.due(l, g)
	if late.Before(c.stop(l, g.at)) && late.Before(next) {
		invariant := "I8"
		if g.step > len(l.policy.steps) || g.step == len(l.policy.steps) && g.round > l.policy.repeat {
			invariant = "I10"
		}
		c.fail(invariant, late, l, "nobody acknowledged c%d, and after step %d of round %d nothing followed", l.key, g.step, g.round)
	}
}

// changes reports whether the condition of some step may hold or not at an instant: at full hours.
func (p *policy) changes(at time.Time) bool {
	near := at.Add(time.Second)
	return near.Sub(near.Truncate(time.Hour)) < 2*time.Second && slices.ContainsFunc(p.steps, func(s policyStep) bool { return s.from != s.to })
}

// people compares who was paged, by what and when, with the model.
func (c *checker) people(l *life, g *rung, wants []want) {
	if g.step <= len(l.policy.steps) && l.policy.steps[g.step-1].turns { // one of them: turns checks that it is each in turn
		wants = slices.DeleteFunc(slices.Clone(wants), func(w want) bool { return w.person != string(g.pages[0].Person) })
		if len(wants) == 0 {
			c.fail("I26", g.at, l, "step %d about c%d pages %s, whose turn it cannot be", g.step, l.key, g.pages[0].Person)
			return
		}
	}
	var got, should []string
	for _, p := range g.pages {
		after := p.DueAt.Sub(g.at)
		name := string(p.Person) + " by " + p.Method
		for _, w := range wants {
			if w.person == string(p.Person) && w.method == p.Method && after < w.after {
				if !c.failedBefore(g, p) {
					c.fail("I24", g.at, l, "%s is paged about c%d after %s instead of %s, and nothing before it failed", name, l.key, after, w.after)
				}
				after = w.after
			}
		}
		got = append(got, fmt.Sprintf("%s after %s", name, after))
	}
	for _, w := range wants {
		should = append(should, fmt.Sprintf("%s by %s after %s", w.person, w.method, w.after))
	}
	slices.Sort(got)
	slices.Sort(should)
	if !slices.Equal(got, should) {
		c.fail(c.wrong(g, wants), g.at, l, "step %d of round %d about c%d pages %s; it should be %s", g.step, g.round, l.key, strings.Join(got, ", "), strings.Join(should, ", "))
	}
}

// wrong says which promise is broken when the wrong pages are planned.
func (c *checker) wrong(g *rung, want []want) string {
	who := map[string]bool{}
	for _, w := range want {
		who[w.person] = true
	}
	for _, p := range g.pages {
		if !who[string(p.Person)] {
			return "I26"
		}
		for _, m := range c.org(g.at).users[string(p.Person)].methods {
			if m.name == p.Method && (!m.verified || m.removed) {
				return "I27"
			}
		}
	}
	have := map[string]bool{}
	for _, p := range g.pages {
		have[string(p.Person)] = true
	}
	for p := range who {
		if !have[p] {
			return "I26"
		}
	}
	return "I24"
}

// failedBefore reports whether the next method may come at once: another page of the same person and step failed for good,
// or its provider fails so often that it is left alone for a while.
func (c *checker) failedBefore(g *rung, p *muster.Page) bool {
	return slices.ContainsFunc(g.pages, func(o *muster.Page) bool {
		return o.Person == p.Person && o.ID != p.ID && (o.State == muster.PageFailed || c.jammed(string(o.Connector), g.at, p.DueAt.Time))
	})
}

// jammed reports whether a provider failed in a stretch of time, or shortly before.
func (c *checker) jammed(connector string, from, to time.Time) bool {
	return slices.ContainsFunc(c.jams[connector], func(j span) bool {
		return (span{j.from, j.to.Add(5 * time.Minute)}).meets(span{from, to})
	})
}
