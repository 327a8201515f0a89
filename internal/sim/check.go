package sim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// check compares a record with the promises and returns those that were not kept, earliest first, and how many escalations
// and steps were looked at.
func check(s *Scenario, r *record) (out []Violation, escalations, steps int) {
	c := &checker{s: s, r: r}
	c.out = append(c.out, r.early...)
	if r.end.IsZero() {
		return c.out, 0, 0
	}
	c.build()
	c.conditions()
	for _, a := range r.alerts {
		l := c.lives[string(a.ID)]
		if len(l.told) > 0 {
			escalations++
		}
		c.answers(l)
		if s.Org.storm == nil {
			c.ladder(l)
		}
	}
	if s.Org.storm == nil {
		c.turns()
	} else {
		c.storms()
	}
	c.calls()
	for _, p := range r.pages {
		c.page(p)
	}
	c.told()
	c.books()
	slices.SortStableFunc(c.out, func(a, b Violation) int { return cmp.Compare(a.At, b.At) })
	return c.out, escalations, c.steps
}

// signals compares what monitors were answered with the alerts: nothing that was taken is lost, and nothing is made up
// (I1, I2, I6).
func (c *checker) signals() {
	least, most := map[string]int{}, map[int]int{}
	for _, s := range c.r.sends {
		for _, k := range s.keys {
			most[k] += 1 + s.unknown
		}
		if s.status != 202 {
			c.fail("I2", s.to, nil, "a monitor was answered %d after %d attempts without an answer", s.status, s.unknown)
			continue
		}
		for i, res := range s.results {
			c.order(s, i)
			switch res.Outcome {
			case "rejected":
				if !s.clear {
					c.fail("I6", s.to, nil, "the beginning of c%d was rejected: %s", s.keys[i], res.Detail)
				}
				continue
			case "opened", "silenced", "appended", "resolved":
			default:
				c.fail("I6", s.to, nil, "what became of c%d is %q, which is no outcome", s.keys[i], res.Outcome)
			}
			l := c.lives[res.Alert]
			if l == nil {
				c.fail("I1", s.to, nil, "a monitor was told that c%d is in the alert %s, which does not exist", s.keys[i], res.Alert)
				continue
			}
			if !s.clear {
				least[res.Alert]++
				l.over = l.over || res.Outcome == "resolved"
			}
			if l.key != s.keys[i] {
				c.fail("I4", s.to, l, "what was sent about c%d went into the alert about %s", s.keys[i], l.row.Title)
			}
			if l.row.ReceivedAt.After(s.to) {
				c.fail("I1", s.to, l, "the alert about c%d was made after its monitor was answered", s.keys[i])
			}
			if at := l.row.ResolvedAt; !s.clear && !at.IsZero() && at.Before(s.from) {
				c.fail("I1", s.to, l, "what was sent about c%d went into an alert that was over", s.keys[i])
			}
			if s.clear && (l.row.ResolvedAt.IsZero() || l.row.ResolvedAt.After(s.to)) {
				c.fail("I37", s.to, l, "a monitor was told that the alert about c%d is resolved, and it is not", s.keys[i])
			}
			if s.unknown == 0 && !s.clear && (res.Outcome == "opened" || res.Outcome == "silenced") {
				c.held(l, s, res.Outcome)
			}
		}
	}
	for _, l := range c.lives {
		if n := l.row.Signals; n < least[string(l.row.ID)] || n > most[l.key] {
			c.fail("I6", l.row.ReceivedAt.Time, l, "the alert about %s counts %d signals; %d were taken and %d sent", l.row.Title, n, least[string(l.row.ID)], most[l.key])
		}
	}
}

// held compares whether an alert was silenced when it came with what was asked for.
func (c *checker) held(l *life, s *send, outcome string) {
	quiet, perhaps := false, false
	for _, o := range c.r.ops {
		if o.kind != Silence || o.group != s.group || o.status >= 300 {
			continue
		}
		quiet = quiet || o.to.Before(s.from) && o.until.After(s.to)
		perhaps = perhaps || o.meets(s.span) || s.has(o.until)
	}
	if !perhaps && quiet != (outcome == "silenced") {
		c.fail("I13", s.to, l, "the alert about c%d is %q when it comes, and that its group is silenced is %v", l.key, outcome, quiet)
	}
}

// over is when an alert ended, the end of time for one that has not.
func over(l *life) time.Time {
	if l.row.ResolvedAt.IsZero() {
		return time.Unix(1<<40, 0)
	}
	return l.row.ResolvedAt.Time
}

// conditions checks that a condition never has two alerts at once (I3).
func (c *checker) conditions() {
	of := map[int][]*life{}
	for _, a := range c.r.alerts {
		l := c.lives[string(a.ID)]
		of[l.key] = append(of[l.key], l)
	}
	for key, ls := range of {
		slices.SortFunc(ls, func(a, b *life) int { // of two in one instant the one that is over came first
			return cmp.Or(a.row.ReceivedAt.Compare(b.row.ReceivedAt.Time), over(a).Compare(over(b)))
		})
		for i, l := range ls {
			if !slices.ContainsFunc(c.sent[key], func(s *send) bool { return !s.clear && s.has(l.row.ReceivedAt.Time) }) {
				c.fail("I3", l.row.ReceivedAt.Time, l, "the alert about c%d was made when nobody had sent anything about it", key)
			}
			if i == 0 {
				continue
			}
			if before := ls[i-1].row.ResolvedAt; before.IsZero() || before.After(l.row.ReceivedAt.Time) {
				c.fail("I3", l.row.ReceivedAt.Time, l, "c%d got a second alert while its first was open", key)
			}
		}
	}
}

// answers compares what people were answered with what they had done, and the final status with all of it (I37).
func (c *checker) answers(l *life) {
	resolves := false
	for _, s := range c.sent[l.key] {
		resolves = resolves || (s.clear || l.over) && s.has(l.row.ResolvedAt.Time)
	}
	if l.over && len(l.pages) > 0 {
		c.fail("I5", l.row.ReceivedAt.Time, l, "somebody was to be called about c%d, which was over when its beginning came", l.key)
	}
	for _, o := range c.done[string(l.row.ID)] {
		resolves = resolves || o.kind == Resolve && o.has(l.row.ResolvedAt.Time)
		want := map[Kind]status{Ack: acked, Unack: open, Escalate: open, Resolve: resolved, Snooze: acked}[o.kind]
		switch {
		case o.status == 200 && o.kind == Ack && o.answer == string(open) && l.policy != nil && l.policy.acks > 1: // one of several
		case o.status == 200 && o.kind == Escalate && o.answer == string(acked) && l.policy != nil && l.policy.acks > 1 && l.tangled: // nobody else is left
		case o.status == 409 && o.kind == Snooze && l.policy != nil && l.policy.acks > 1: // the others first
		case o.status == 200 && o.kind != Look && o.answer != string(want):
			c.fail("I37", o.to, l, "%s asked to %s, and the alert about c%d was %s afterwards", o.who, o.kind, l.key, o.answer)
		case o.status == 409 && l.row.ResolvedAt.After(o.to), o.status == 409 && l.row.ResolvedAt.IsZero():
			c.fail("I37", o.to, l, "%s was refused to %s the alert about c%d, which was not over", o.who, o.kind, l.key)
		case (o.status == 401 || o.status == 403 && (o.kind == AckPage || o.kind == Look)) && c.gone(o.person(), o.span): // who has left may do nothing
		case o.status == 0 || o.status >= 400 && o.status != 409:
			c.fail("I2", o.to, l, "%s was answered %d to %s", o.who, o.status, o.kind)
		}
	}
	if !l.row.ResolvedAt.IsZero() && !resolves {
		c.fail("I37", l.row.ResolvedAt.Time, l, "the alert about c%d was resolved, and nobody had asked for it", l.key)
	}
	if now := l.at(c.r.end); !l.tangled && now != "" && string(now) != string(l.row.Status) {
		c.fail("I37", c.r.end, l, "the alert about c%d is %s in the end; by what was done it is %s", l.key, l.row.Status, now)
	}
}

// gone reports whether a person may have left by then.
func (c *checker) gone(who string, s span) bool {
	return slices.ContainsFunc(c.eras, func(e era) bool { return !e.from.After(s.to) && e.org.users[who].disabled })
}

// told checks that nobody was told the same twice (I33).
func (c *checker) told() {
	seen := map[string]bool{}
	for _, n := range c.r.notices {
		k := string(n.Person) + "/" + n.Key
		if seen[k] {
			c.fail("I33", n.At.Time, nil, "%s was told twice: %s", n.Person, n.Title)
		}
		seen[k] = true
	}
}

// calls checks each call that a provider received.
func (c *checker) calls() {
	for _, k := range c.r.calls {
		if strings.HasSuffix(k.address, "-spare") {
			c.fail("I27", k.at, c.lives[k.alert], "%s was called, which nobody has verified", k.address)
		}
		if k.notice || k.page == "" {
			continue
		}
		p, l := c.pages[k.page], c.lives[k.alert]
		if p == nil || l == nil {
			c.fail("I20", k.at, l, "%s was called about the page %s of the alert %s, of which there is no record", k.address, k.page, k.alert)
			continue
		}
		if k.key != k.page || string(p.Alert) != k.alert {
			c.fail("I23", k.at, l, "the call to %s bears the key %s instead of its page's, %s", k.address, k.key, k.page)
		}
		begun := p.StartedAt
		if len(p.Attempts) > 0 && p.Attempts[0].At.Before(begun.Time) { // one whose process did not live to tell
			begun = p.Attempts[0].At
		}
		if begun.IsZero() || begun.After(k.at) {
			c.fail("I20", k.at, l, "%s was called about c%d before it was written down that the page is begun", k.address, l.key)
		}
		if who, _, _ := strings.Cut(k.address, "-"); who != string(p.Person) || connectors[k.host] != string(p.Connector) {
			c.fail("I26", k.at, l, "the page for %s by %s went to %s at %s", p.Person, p.Method, k.address, k.host)
		}
		c.unwanted(k, p, l)
	}
}

// unwanted checks that a call was still wanted when it was made (I14, I13, I27).
func (c *checker) unwanted(k *call, p *muster.Page, l *life) {
	at := k.at
	if c.troubled(at.Add(-slack), at) { // between the commit that begins a page and its call some time may pass
		at = at.Add(-2*slack - time.Second)
	}
	if len(p.Digest) > 0 {
		c.unwantedDigest(k, p, l, at)
	}
	if p.Escalation != "" && !l.tangled && len(p.Digest) == 0 {
		if now := l.at(at); (now == acked || now == resolved) && l.at(k.at) == now {
			c.fail("I14", k.at, l, "%s was called about c%d though it was %s", k.address, l.key, now)
		}
	}
	for _, h := range l.hushes {
		if !l.loud && !l.tangled && len(p.Digest) == 0 && at.Add(-slack).After(h.from) && at.Before(h.to) && l.at(at) == open && c.silenceSure(l, h, at) {
			c.fail("I13", k.at, l, "%s was called about c%d though %s is silenced", k.address, l.key, l.group)
		}
	}
	for _, e := range c.r.edits {
		if e.to.After(at.Add(-1)) || e.status > 299 || e.status == 0 {
			continue
		}
		switch d := e.put.(type) {
		case nil:
			if e.who == string(p.Person) && e.method == p.Method {
				c.fail("I27", k.at, l, "%s was called by %s, which was removed", p.Person, p.Method)
			}
		case *user:
			if u := c.org(at).users[d.name]; d.name == string(p.Person) && u.disabled {
				c.fail("I27", k.at, l, "%s was called, who has left", p.Person)
			}
		}
	}
}

// silenceSure reports whether a silence had surely been made at an instant.
func (c *checker) silenceSure(l *life, h span, at time.Time) bool {
	return slices.ContainsFunc(c.r.ops, func(o *op) bool {
		return o.kind == Silence && o.group == l.group && o.from.Equal(h.from) && o.until.Equal(h.to) && c.grace(o.to).Before(at)
	})
}
