package sim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// What is gathered waits so long for the first digest of a storm.
const gatherFor = 10 * time.Second

// storms checks a story in which the pages of people are gathered. Who is paged at which step is not compared there, but
// that being gathered hides nothing, that nobody gets more pages than they asked for, and, by way of what was
// acknowledged, that the button of a digest acknowledges exactly its list.
func (c *checker) storms() {
	for _, a := range c.r.alerts {
		c.heard(c.lives[string(a.ID)])
	}
	limit := c.s.Org.storm
	type whom struct{ person, group string }
	got := map[whom][]*muster.Page{}
	for _, p := range c.r.pages {
		l := c.lives[string(p.Alert)]
		if l == nil || p.Escalation == "" || len(p.Digest) > 0 || c.asked(l, p.PlannedAt.Time) {
			continue
		}
		k := whom{string(p.Person), l.group}
		got[k] = append(got[k], p)
	}
	for k, pages := range got {
		slices.SortFunc(pages, func(a, b *muster.Page) int {
			return cmp.Or(a.PlannedAt.Compare(b.PlannedAt.Time), strings.Compare(string(a.ID), string(b.ID)))
		})
		from := 0
		for i, p := range pages {
			for p.PlannedAt.Sub(pages[from].PlannedAt.Time) >= limit.within {
				from++
			}
			about := map[muster.AlertID]bool{}
			for _, o := range pages[from : i+1] {
				about[o.Alert] = true
			}
			if len(about) > limit.pages+1 { // one that was gathered alone has a page like any other
				c.fail("I28", p.PlannedAt.Time, c.lives[string(p.Alert)], "%s is paged singly about %d alerts of %s within %s and asked for %d at most", k.person, len(about), k.group, limit.within, limit.pages)
				break
			}
		}
	}
}

// asked reports whether a person may have asked for the step that was taken at an instant.
func (c *checker) asked(l *life, at time.Time) bool {
	return slices.ContainsFunc(c.done[string(l.row.ID)], func(o *op) bool { return o.kind == Escalate && o.has(at) })
}

// heard checks that somebody is called about an alert, singly or in a digest, after each moment at which it has to page.
func (c *checker) heard(l *life) {
	if l.tangled {
		return
	}
	for _, k := range l.moves {
		if k.kick == "" {
			continue
		}
		var jams []span
		for _, j := range c.jams {
			jams = append(jams, j...)
		}
		late := c.grace(k.span.to.Add(gatherFor+3*c.s.Org.storm.within), jams...)
		if !late.Before(c.stop(l, k.span.to)) || slices.ContainsFunc(jams, func(j span) bool { return j.meets(span{k.from, late}) }) {
			continue
		}
		if !slices.ContainsFunc(l.told, func(at time.Time) bool { return !at.Before(k.from) && !at.After(late) }) {
			c.fail("I28", late, l, "nobody was told of c%d, singly or in a digest, when %s", l.key, k.kick)
		}
	}
}

// unwantedDigest checks that at least one alert of a digest could be paged about when its call was made.
func (c *checker) unwantedDigest(k *call, p *muster.Page, l *life, at time.Time) {
	for _, id := range p.Digest {
		o := c.lives[string(id)]
		if o == nil || o.tangled {
			return
		}
		if now := o.at(at); now != acked && now != resolved || o.at(k.at) != now {
			return
		}
	}
	c.fail("I14", k.at, l, "%s was called about %d alerts though each was acknowledged or over", k.address, len(p.Digest))
}
