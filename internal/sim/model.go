package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// Violation is a promise that was not kept.
type Violation struct {
	Invariant string // "I14"; "start": the process could not be started or ended; "proof": a page is proved that nobody answered
	At        time.Duration
	Alert     string
	Key       int // of the condition, -1 for none
	Text      string
}

// status is what the model believes of an alert.
type status string

const (
	open     status = "open"
	acked    status = "acknowledged"
	resolved status = "resolved"
)

// move is a change of an alert's status, at some moment of its span.
type move struct {
	span
	to   status
	kick kick          // "" when it pages nobody
	have []string      // who has acknowledged, while others have to
	part bool          // nothing else changes
	long time.Duration // after which an acknowledgement ends by itself; 0: never
}

// kick is why somebody has to be paged at once.
type kick string

const (
	kickOpen     kick = "the alert opened"
	kickUnack    kick = "the alert was given back"
	kickTimeout  kick = "the acknowledgement ran out"
	kickRelease  kick = "the silence ended"
	kickEscalate kick = "somebody asked for the next step"
)

// life is an alert as the model sees it.
type life struct {
	row     *muster.Alert
	key     int
	group   string
	policy  *policy
	moves   []move // in order; the first is its opening
	hushes  []span // silences of its group
	tangled bool   // too much happened at once to know the order
	loud    bool   // somebody asked for a step in spite of a silence
	over    bool   // its end came before its beginning
	pages   []*muster.Page
	calls   []*call
	told    []time.Time // calls about it, those of digests too
}

// checker compares a record with the promises.
type checker struct {
	s      *Scenario
	r      *record
	eras   []era
	faults []span            // downs and the weather of the store
	jams   map[string][]span // the weather of providers, by connector
	lives  map[string]*life
	pages  map[string]*muster.Page
	rings  map[string][]*call // by page
	sent   map[int][]*send    // by condition
	done   map[string][]*op   // by alert
	out    []Violation

	steps int
}

// era is the company from an instant on.
type era struct {
	from time.Time
	org  *org
}

// slack is how late what is due may be when nothing is wrong.
const slack = 2 * time.Second

// mending is how long what a fault broke may take to be mended: a lease and a look.
const mending = 35 * time.Second

func (c *checker) fail(invariant string, at time.Time, l *life, format string, args ...any) {
	v := Violation{Invariant: invariant, At: at.Sub(epoch), Key: -1, Text: fmt.Sprintf(format, args...)}
	if l != nil {
		v.Alert, v.Key = string(l.row.ID), l.key
	}
	c.out = append(c.out, v)
}

// build makes the model's picture of what happened out of what was sent and answered.
func (c *checker) build() {
	c.eras = []era{{epoch, c.s.Org}}
	slices.SortFunc(c.r.edits, func(a, b *edit) int { return a.to.Compare(b.to) })
	for _, e := range c.r.edits {
		if e.status < 200 || e.status > 299 {
			continue
		}
		o := c.eras[len(c.eras)-1].org.clone()
		switch d := e.put.(type) {
		case *policy:
			o.policies[d.name] = d
		case *roster:
			o.rosters[d.name] = d
		case *user:
			u := *d
			u.methods = o.users[d.name].methods
			o.users[d.name] = &u
		default:
			for i := range o.users[e.who].methods {
				if m := &o.users[e.who].methods[i]; m.name == e.method {
					m.removed = true
				}
			}
		}
		c.eras = append(c.eras, era{e.to, o})
	}
	c.faults = slices.Clone(c.r.downs)
	c.jams = map[string][]span{}
	for _, a := range c.s.Actions {
		on := span{epoch.Add(a.At), epoch.Add(a.At + a.For)}
		switch a.Kind { //nolint:exhaustive // only these two last
		case Store:
			c.faults = append(c.faults, on)
		case Provider:
			c.jams[a.Name] = append(c.jams[a.Name], on)
		}
	}
	slices.SortFunc(c.faults, func(a, b span) int { return a.from.Compare(b.from) })
	c.pages, c.rings = map[string]*muster.Page{}, map[string][]*call{}
	for _, p := range c.r.pages {
		c.pages[string(p.ID)] = p
	}
	slices.SortStableFunc(c.r.calls, func(a, b *call) int { return a.at.Compare(b.at) })
	slices.SortStableFunc(c.r.sends, func(a, b *send) int { return a.to.Compare(b.to) })
	slices.SortStableFunc(c.r.ops, func(a, b *op) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	c.sent, c.done = map[int][]*send{}, map[string][]*op{}
	for _, s := range c.r.sends {
		for _, k := range s.keys {
			c.sent[k] = append(c.sent[k], s)
		}
	}
	for _, o := range c.r.ops {
		c.done[o.alert] = append(c.done[o.alert], o)
		if p := c.pages[o.page]; p != nil && o.kind == AckPage && o.status < 400 { // and the others of its list
			for _, id := range p.Digest {
				if string(id) != o.alert {
					c.done[string(id)] = append(c.done[string(id)], o)
				}
			}
		}
	}
	c.lives = map[string]*life{}
	for _, a := range c.r.alerts {
		c.lives[string(a.ID)] = &life{row: a, key: keyOf(a.Title), group: a.Labels["group"]}
	}
	for _, p := range c.r.pages {
		if l := c.lives[string(p.Alert)]; l != nil {
			l.pages = append(l.pages, p)
		}
	}
	for _, k := range c.r.calls {
		if k.page != "" {
			c.rings[k.page] = append(c.rings[k.page], k)
		}
		if l := c.lives[k.alert]; l != nil {
			l.calls = append(l.calls, k)
			l.told = append(l.told, k.at)
		}
		if p := c.pages[k.page]; p != nil {
			for _, id := range p.Digest {
				if l := c.lives[string(id)]; l != nil && id != p.Alert {
					l.told = append(l.told, k.at)
				}
			}
		}
	}
	c.signals()
	for _, a := range c.r.alerts {
		c.fold(c.lives[string(a.ID)])
	}
}

// org is the company at an instant.
func (c *checker) org(at time.Time) *org {
	i, _ := slices.BinarySearchFunc(c.eras, at, func(e era, t time.Time) int {
		if e.from.After(t) {
			return 1
		}
		return -1
	})
	return c.eras[max(i-1, 0)].org
}

// unsure reports whether two answers about the company are right at an instant.
func (c *checker) unsure(at time.Time) bool {
	for _, e := range c.r.edits {
		if e.has(at) {
			return true
		}
	}
	return c.org(at).turns(at, time.Millisecond)
}

// grace is until when something that is due at an instant must have happened: at once, or some time after the faults that
// are in its way.
func (c *checker) grace(at time.Time, more ...span) time.Time {
	until := at.Add(slack)
	for _, f := range c.faults {
		if !f.from.After(until) && f.to.Add(mending).After(until) && !f.to.Add(mending).Before(at) {
			until = f.to.Add(mending)
		}
	}
	for _, f := range more {
		if !f.from.After(until) && f.to.Add(2*time.Minute).After(until) && !f.to.Before(at) {
			until = f.to.Add(2 * time.Minute)
		}
	}
	return until
}

// troubled reports whether a fault lay in a stretch of time, or its consequences did.
func (c *checker) troubled(from, to time.Time) bool {
	return slices.ContainsFunc(c.faults, func(f span) bool { return (span{f.from, f.to.Add(mending)}).meets(span{from, to}) })
}

// fold gathers the moves of an alert from the answers that people and monitors got.
func (c *checker) fold(l *life) {
	a := l.row
	opened := a.ReceivedAt.Time
	now := c.org(opened)
	i := slices.Index(now.groups, l.group)
	if i < 0 {
		c.fail("I26", opened, l, "the alert about %s has the group %q, which nobody sent", a.Title, l.group)
		l.tangled = true
		return
	}
	l.policy = now.policies[fmt.Sprintf("p%d", i)]
	for _, e := range c.r.edits {
		if _, ok := e.put.(*policy); ok && e.has(opened) {
			l.tangled = true
		}
	}
	l.moves = []move{{span: span{opened, opened}, to: open, kick: kickOpen}}
	end := c.r.end.Add(time.Hour)
	if !a.ResolvedAt.IsZero() {
		end = a.ResolvedAt.Time
	}
	for _, o := range c.r.ops {
		if o.kind == Silence && o.group == l.group && o.status < 300 && o.until.After(opened) {
			l.hushes = append(l.hushes, span{o.from, o.until})
			if o.has(opened) {
				l.tangled = true // was it there when the alert came?
			}
		}
	}
	var before time.Time // until when somebody did something to it
	for _, o := range c.done[string(a.ID)] {
		if o.kind == Look {
			continue
		}
		if !o.from.After(before) {
			l.tangled = true
		}
		before = o.to
		if o.kind == Resolve {
			continue
		}
		// Of a step that came while somebody waited for the answer to their wish for one, nobody knows whose it is.
		if long := o.to.Sub(o.from); o.status == 0 || long > time.Minute || o.kind == Escalate && long > time.Second {
			l.tangled = true
		}
		if o.status >= 400 {
			continue
		}
		c.timeout(l, o.from)
		last := l.moves[len(l.moves)-1]
		if len(l.moves) > 1 && !o.from.After(last.span.to) || o.from.After(end) && o.kind != AckPage && o.answer != string(resolved) {
			l.tangled = true
		}
		if o.from.After(end) {
			continue
		}
		switch {
		case (o.kind == Ack || o.kind == AckPage) && last.to == open:
			c.oneMore(l, o, last.have)
		case o.kind == Snooze:
			l.moves = append(l.moves, move{span: o.span, to: acked, long: o.long})
		case o.kind == Unack && slices.Contains(last.have, o.person()):
			less := slices.DeleteFunc(slices.Clone(last.have), func(n string) bool { return n == o.person() })
			l.moves = append(l.moves, move{span: o.span, to: open, have: less, part: true})
		case o.kind == Unack && last.to == acked:
			l.moves = append(l.moves, move{span: o.span, to: open, kick: kickUnack})
		case o.kind == Escalate:
			l.moves = append(l.moves, move{span: o.span, to: open, kick: kickEscalate, have: last.have})
			l.loud = l.loud || c.hushed(l, o.span)
		}
	}
	c.timeout(l, end)
	for i := range l.moves {
		if i > 0 && l.moves[i].span.to.After(end) && l.moves[i].from.Before(end) {
			l.tangled = true // it was under way when the alert ended
		}
	}
	l.moves = slices.DeleteFunc(l.moves, func(m move) bool { return m.from.After(end) })
	if !a.ResolvedAt.IsZero() {
		l.moves = append(l.moves, move{span: span{end, end}, to: resolved})
	}
	c.releases(l)
}

// oneMore adds an acknowledgement, which may be one of several.
func (c *checker) oneMore(l *life, o *op, have []string) {
	if slices.Contains(have, o.person()) {
		return
	}
	have = append(slices.Clone(have), o.person())
	if len(have) >= l.policy.acks {
		l.moves = append(l.moves, move{span: o.span, to: acked, long: l.policy.ackTimeout})
		return
	}
	// When nobody is left to page the alert is theirs, and what a silence leaves of it is not modelled.
	l.tangled = l.tangled || o.person() == people[0] || len(l.hushes) > 0
	l.moves = append(l.moves, move{span: o.span, to: open, have: have, part: true})
}

// have is who has acknowledged an alert at an instant on which others have to.
func (l *life) have(t time.Time) (who []string, sure bool) {
	for _, m := range l.moves {
		if m.from.After(t) {
			break
		}
		if who = m.have; m.part && m.has(t) {
			return nil, false
		}
	}
	return who, true
}

// timeout adds the end of an acknowledgement that ran out before an instant.
func (c *checker) timeout(l *life, before time.Time) {
	last := l.moves[len(l.moves)-1]
	if last.to != acked || last.long == 0 {
		return
	}
	over := span{last.from.Add(last.long), c.grace(last.span.to.Add(last.long))}
	if over.from.After(before) {
		return
	}
	if over.has(before) && before.Before(c.r.end) {
		l.tangled = true
	}
	l.moves = append(l.moves, move{span: over, to: open, kick: kickTimeout})
}

// hushed reports whether a silence of the alert's group lay in a stretch of time.
func (c *checker) hushed(l *life, s span) bool {
	return slices.ContainsFunc(l.hushes, func(h span) bool { return h.meets(s) })
}

// releases adds the ends of silences, and takes away what silences kept from happening.
func (c *checker) releases(l *life) {
	if l.loud {
		l.tangled = true
		return
	}
	for _, h := range l.hushes {
		over := span{h.to, c.grace(h.to)}
		for i := range l.moves {
			m := &l.moves[i]
			if m.kick == "" {
				continue
			}
			switch {
			case m.from.After(h.from) && m.span.to.Before(h.to):
				m.kick = ""
			case m.meets(span{h.from, h.from}) || m.meets(over):
				l.tangled = true
			}
		}
		if l.at(over.from.Add(-1)) == open && over.from.Before(c.r.end) {
			l.moves = append(l.moves, move{span: over, to: open, kick: kickRelease})
			slices.SortStableFunc(l.moves, func(a, b move) int { return a.from.Compare(b.from) })
		}
	}
}

// at is the status at an instant, "" when it is not certain.
func (l *life) at(t time.Time) status {
	now := status("")
	for _, m := range l.moves {
		if m.from.After(t) {
			break
		}
		if !m.span.to.Before(t) && m.to != now {
			return ""
		}
		now = m.to
	}
	return now
}

// stop is when something that was planned at an instant stops being wanted for certain: the next change of the alert, a
// silence, the end of the run.
func (c *checker) stop(l *life, after time.Time) time.Time {
	until := c.r.end
	for _, m := range l.moves {
		if m.part {
			continue
		}
		if over := m.to != open && m.from.Equal(after); !over && !m.span.to.After(after) && !m.from.After(after) {
			continue
		}
		if m.from.Before(until) {
			until = m.from // also when it may have happened before: nothing is certain then
		}
	}
	for _, h := range l.hushes {
		if h.to.After(after) && h.from.Before(until) {
			until = h.from
		}
	}
	return until
}

var forever = time.Unix(math.MaxInt32*4, 0)
