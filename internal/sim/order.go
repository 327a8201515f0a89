package sim

import (
	"math"
	"slices"
	"time"
)

// early is how long an end is kept whose beginning has not come.
const early = 5 * time.Minute

// order compares what became of a beginning or an end with the sender's own times (I5): an end that is older than the newest
// beginning does not end the alert, and a beginning that is older than an end which came before it pages nobody. Where two
// requests were under way together it knows nothing.
func (c *checker) order(s *send, i int) {
	key, res := s.keys[i], s.results[i]
	if s.unknown > 0 {
		return
	}
	if !s.clear {
		if over, sure := c.overBefore(s, key); sure && res.Outcome != "appended" && over != (res.Outcome == "resolved") {
			c.fail("I5", s.to, c.lives[res.Alert], "c%d begins, and that it was over before that is %v; it is %q", key, over, res.Outcome)
		}
		return
	}
	l := c.lives[res.Alert]
	if l == nil {
		return
	}
	ended := s.from // at the earliest
	if !s.claim.IsZero() {
		ended = s.claim
	}
	stale, perhaps := false, false
	for _, f := range c.sent[key] {
		perhaps = perhaps || !f.clear && f.unknown > 0 && !f.from.After(s.to) // into which alert its attempts went is not known
		if f.clear || f.status != 202 || !slices.ContainsFunc(f.results, func(r sendResult) bool { return r.Alert == res.Alert }) {
			continue
		}
		first, last := f.from, f.to
		if !f.claim.IsZero() && f.claim.Before(first) {
			first, last = f.claim, f.claim
		}
		if f.to.Before(s.from) {
			stale = stale || first.After(ended) && !ended.Before(l.row.DetectedAt.Time)
		}
		perhaps = perhaps || f.meets(s.span) || last.After(ended) && !first.After(ended)
	}
	if !perhaps && stale != (res.Outcome == "rejected") {
		c.fail("I5", s.to, l, "c%d ends, and that this is older than its newest beginning is %v; it is %q", key, stale, res.Outcome)
	}
}

// overBefore reports whether a condition was over before its beginning came.
func (c *checker) overBefore(s *send, key int) (over, sure bool) {
	var e *send
	for _, o := range c.sent[key] {
		switch {
		case o == s:
		case !o.to.Before(s.from) && !s.to.Before(o.from):
			return false, false
		case o.clear && o.to.Before(s.from) && (e == nil || o.to.After(e.to)):
			e = o
		}
	}
	if e == nil || e.status != 202 {
		return false, e == nil
	}
	for _, o := range c.sent[key] {
		if o != s && o != e && !o.to.Before(e.from) && !o.from.After(s.to) {
			return false, false
		}
	}
	j := slices.Index(e.keys, key)
	switch {
	case e.results[j].Outcome != "rejected" || e.results[j].Alert != "" || s.claim.IsZero():
		return false, true
	case s.from.Sub(e.to) > early:
		return false, true
	case s.to.Sub(e.from) >= early || !s.claim.Before(s.from):
		return false, false
	}
	first, last := e.from, e.to
	if !e.claim.IsZero() && !e.claim.After(e.from) {
		first, last = e.claim, e.claim
	}
	if s.claim.After(last) {
		return false, true
	}
	return true, !s.claim.After(first)
}

// turns checks that the people of a step who take turns are paged equally often, give or take one. It looks at steps that
// name people, in stories in which neither they nor the policy change.
func (c *checker) turns() {
	type place struct {
		policy string
		step   int
	}
	count := map[place]map[string]int{}
	changed := map[string]bool{}
	for _, e := range c.r.edits {
		switch d := e.put.(type) {
		case *policy:
			changed[d.name] = true
		case *roster:
		default:
			return
		}
	}
	for _, a := range c.r.alerts {
		l := c.lives[string(a.ID)]
		if l.policy == nil || changed[l.policy.name] || l.policy.acks > 1 {
			continue
		}
		for _, g := range c.rungs(l) {
			if g.step > len(l.policy.steps) || !l.policy.steps[g.step-1].turns {
				continue
			}
			at := place{l.policy.name, g.step}
			if count[at] == nil {
				count[at] = map[string]int{}
				for _, t := range l.policy.steps[g.step-1].targets {
					if t.user == "" {
						return
					}
					count[at][t.user] = 0
				}
			}
			count[at][string(g.pages[0].Person)]++
		}
	}
	for at, of := range count {
		least, most := math.MaxInt, 0
		for _, n := range of {
			least, most = min(least, n), max(most, n)
		}
		if most-least > 1 {
			c.fail("I26", c.r.end, nil, "the people of step %d of %s take turns and were paged so often: %v", at.step, at.policy, of)
		}
	}
}
