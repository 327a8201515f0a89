package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// org is the company as the simulator means it to be: the model that the checker asks who should have been paged. It
// knows only what it generates: turns of days or weeks in UTC, overrides, fixed rules of contact.
type org struct {
	users    map[string]*user
	rosters  map[string]*roster
	policies map[string]*policy
	groups   []string // the i-th group of alerts takes the i-th policy
	storm    *storm   // what everybody wants gathered; nil: nothing
}

// storm is from how many pages in which time on a person's pages are gathered.
type storm struct {
	pages  int
	within time.Duration
}

type user struct {
	name     string
	admin    bool
	disabled bool
	rules    []rule   // none: every verified method, two minutes apart
	methods  []method // in the order in which they were added
	storm    *storm
}

type rule struct {
	method string
	after  time.Duration
}

type method struct {
	name     string
	id       string // of the contact method; known once it exists
	verified bool
	removed  bool
}

type roster struct {
	name      string
	rotations []rotation
	overrides []override
}

type rotation struct {
	role   string
	weekly bool
	hour   int
	people []string
}

type override struct {
	role     string
	person   string
	from, to time.Time
}

type policy struct {
	name       string
	steps      []policyStep
	repeat     int
	ackTimeout time.Duration
	acks       int // so many people have to acknowledge; 0: one
	fallback   []target
}

type policyStep struct {
	targets []target
	wait    time.Duration
	only    []string // severities; none: all
	from    int      // the hours of the day in which it is taken; from and to are 0: always
	to      int
	turns   bool // its people take turns
}

// holds reports whether the condition of a step holds.
func (s *policyStep) holds(severity string, at time.Time) bool {
	h := at.UTC().Hour()
	return (len(s.only) == 0 || slices.Contains(s.only, severity)) && (s.from == s.to || h >= s.from && h < s.to)
}

type target struct {
	user         string
	roster, role string
}

// rotaStart is the Monday on which every rotation began.
var rotaStart = mustTime("1999-12-27T00:00:00Z")

func mustTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func (o *org) clone() *org {
	c := &org{users: map[string]*user{}, rosters: map[string]*roster{}, policies: map[string]*policy{}, groups: o.groups, storm: o.storm}
	for n, u := range o.users {
		v := *u
		v.methods, v.rules = slices.Clone(u.methods), slices.Clone(u.rules)
		c.users[n] = &v
	}
	for n, r := range o.rosters {
		v := *r
		v.rotations, v.overrides = slices.Clone(r.rotations), slices.Clone(r.overrides)
		c.rosters[n] = &v
	}
	maps.Copy(c.policies, o.policies) // which are replaced as a whole
	return c
}

// onCall is who holds a role of a roster at an instant, "" for nobody.
func (r *roster) onCall(role string, at time.Time) string {
	for _, o := range slices.Backward(r.overrides) {
		if o.role == role && !at.Before(o.from) && at.Before(o.to) {
			return o.person
		}
	}
	for _, ro := range r.rotations {
		if ro.role != role {
			continue
		}
		turn := 24 * time.Hour
		if ro.weekly {
			turn *= 7
		}
		since := at.Sub(rotaStart.Add(time.Duration(ro.hour) * time.Hour))
		if since < 0 {
			return ""
		}
		return ro.people[int(since/turn)%len(ro.people)]
	}
	return ""
}

// turns reports whether some role of a roster changes hands within a moment of an instant: then either person is right.
func (o *org) turns(at time.Time, near time.Duration) bool {
	for _, r := range o.rosters {
		for _, role := range []string{"primary", "secondary"} {
			if r.onCall(role, at.Add(-near)) != r.onCall(role, at.Add(near)) {
				return true
			}
		}
	}
	return false
}

// want is a page that should be planned: whom, how, how long after the step.
type want struct {
	person, method string
	after          time.Duration
}

// reach is how a person is paged; none: they cannot be.
func (o *org) reach(person string) (out []want) {
	u := o.users[person]
	if u == nil || u.disabled {
		return nil
	}
	has := func(name string) bool {
		return slices.ContainsFunc(u.methods, func(m method) bool { return m.name == name && m.verified && !m.removed })
	}
	for _, r := range u.rules {
		if has(r.method) {
			out = append(out, want{person, r.method, r.after})
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, m := range u.methods {
		if m.verified && !m.removed {
			out = append(out, want{person, m.name, time.Duration(len(out)) * 2 * time.Minute})
		}
	}
	return out
}

// targets is who is meant, without those who have acknowledged already.
func (o *org) targets(ts []target, at time.Time, have []string) (out []want) {
	seen := map[string]bool{}
	for _, t := range ts {
		who := t.user
		if t.roster != "" {
			who = ""
			if r := o.rosters[t.roster]; r != nil {
				who = r.onCall(t.role, at)
			}
		}
		if who == "" || seen[who] || slices.Contains(have, who) {
			continue
		}
		if u := o.users[who]; u == nil || u.disabled {
			continue
		}
		seen[who] = true
		out = append(out, o.reach(who)...)
	}
	return out
}

// fallback is whom an exhausted policy pages.
func (o *org) fallback(p *policy, at time.Time, have []string) []want {
	if out := o.targets(p.fallback, at, have); len(out) > 0 {
		return out
	}
	var out []want
	for _, n := range slices.Sorted(maps.Keys(o.users)) {
		if o.users[n].admin && !slices.Contains(have, n) {
			out = append(out, o.reach(n)...)
		}
	}
	return out
}

// next is the step that a policy takes after one, and whom it pages: the model's own reading of "a step that reaches
// nobody goes on at once, after the last round the fallback".
func (o *org) next(p *policy, severity string, round, step int, at time.Time, have ...string) (int, int, []want) {
	n := len(p.steps)
	if step > n {
		return round + 1, n + 1, o.fallback(p, at, have)
	}
	round = max(round, 1)
	for range n {
		if step == n {
			if round > p.repeat {
				break
			}
			round, step = round+1, 0
		}
		step++
		if !p.steps[step-1].holds(severity, at) {
			continue
		}
		if w := o.targets(p.steps[step-1].targets, at, have); len(w) > 0 {
			return round, step, w
		}
	}
	return round, n + 1, o.fallback(p, at, have)
}

// wait is how long a step waits for an answer.
func (p *policy) wait(step int) time.Duration {
	if step > len(p.steps) {
		return 5 * time.Minute
	}
	return p.steps[step-1].wait
}

// The documents, as Muster reads them.

func (u *user) doc() string {
	var b strings.Builder
	fmt.Fprintf(&b, "kind: user\nname: %s\ndisplay: %s\nzone: UTC\n", u.name, strings.ToUpper(u.name[:1])+u.name[1:])
	if u.admin {
		b.WriteString("access: admin\n")
	}
	if u.disabled {
		b.WriteString("disabled: true\n")
	}
	b.WriteString("reminders: []\n")
	if len(u.rules) > 0 {
		b.WriteString("notify:\n")
		for _, r := range u.rules {
			fmt.Fprintf(&b, "  - {method: %s, after: %s}\n", r.method, r.after)
		}
	}
	if u.storm != nil {
		fmt.Fprintf(&b, "storm: {pages: %d, within: %s}\n", u.storm.pages, u.storm.within)
	} else {
		b.WriteString("storm: {off: true}\n")
	}
	return b.String()
}

func (r *roster) doc() string {
	var b strings.Builder
	fmt.Fprintf(&b, "kind: roster\nname: %s\ntitle: Roster %s\nteam: team\nrotations:\n", r.name, r.name)
	for i, ro := range r.rotations {
		unit := "day"
		if ro.weekly {
			unit = "week"
		}
		fmt.Fprintf(&b, "  - {name: rotation-%d, role: %s, zone: UTC, every: 1, unit: %s, handoff: \"%02d:00\", start: \"1999-12-27\", people: [%s]}\n",
			i, ro.role, unit, ro.hour, strings.Join(ro.people, ", "))
	}
	if len(r.overrides) > 0 {
		b.WriteString("overrides:\n")
		for i, o := range r.overrides {
			fmt.Fprintf(&b, "  - {id: override-%d, role: %s, people: [%s], from: %q, until: %q}\n", i, o.role, o.person, o.from.Format(time.RFC3339), o.to.Format(time.RFC3339))
		}
	}
	return b.String()
}

func (p *policy) doc() string {
	var b strings.Builder
	fmt.Fprintf(&b, "kind: policy\nname: %s\ntitle: Policy %s\nteam: team\nsteps:\n", p.name, p.name)
	for _, s := range p.steps {
		fmt.Fprintf(&b, "  - {targets: %s, wait: %s%s}\n", targetsDoc(s.targets), s.wait, s.moreDoc())
	}
	fmt.Fprintf(&b, "repeat: %d\n", p.repeat)
	if p.ackTimeout > 0 {
		fmt.Fprintf(&b, "ack_timeout: %s\n", p.ackTimeout)
	}
	if p.acks > 0 {
		fmt.Fprintf(&b, "acks: %d\n", p.acks)
	}
	if len(p.fallback) > 0 {
		fmt.Fprintf(&b, "fallback: %s\n", targetsDoc(p.fallback))
	}
	return b.String()
}

func (s *policyStep) moreDoc() (text string) {
	var when []string
	if len(s.only) > 0 {
		when = append(when, "severity: ["+strings.Join(s.only, ", ")+"]")
	}
	if s.from != s.to {
		when = append(when, fmt.Sprintf("hours: [{from: \"%02d:00\", to: \"%02d:00\"}], zone: UTC", s.from, s.to))
	}
	if len(when) > 0 {
		text = ", when: {" + strings.Join(when, ", ") + "}"
	}
	if s.turns {
		text += ", round_robin: true"
	}
	return text
}

func targetsDoc(ts []target) string {
	parts := make([]string, len(ts))
	for i, t := range ts {
		parts[i] = "{user: " + t.user + "}"
		if t.roster != "" {
			parts[i] = "{roster: " + t.roster + ", role: " + t.role + "}"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// docs is the catalog to begin with.
func (o *org) docs() string {
	var all []string
	for _, n := range slices.Sorted(maps.Keys(o.users)) {
		all = append(all, o.users[n].doc())
	}
	all = append(all, "kind: team\nname: team\ntitle: Team\n",
		"kind: connector\nname: phones\ntype: webhook\nsecrets: {secret: phones-secret}\n",
		"kind: connector\nname: pagers\ntype: webhook\nsecrets: {secret: phones-secret}\n",
		"kind: source\nname: monitoring\ntitle: Monitoring\n")
	for _, n := range slices.Sorted(maps.Keys(o.rosters)) {
		all = append(all, o.rosters[n].doc())
	}
	for _, n := range slices.Sorted(maps.Keys(o.policies)) {
		all = append(all, o.policies[n].doc())
	}
	for i, g := range o.groups {
		all = append(all, fmt.Sprintf("kind: service\nname: %s\ntitle: Service %s\nteam: team\npolicy: p%d\n", g, g, i))
	}
	all = append(all, "kind: route\nname: default\npolicy: p0\n")
	for i, g := range o.groups {
		all = append(all, fmt.Sprintf("kind: route\nname: to-%s\norder: %d\nmatch: labels.group == %q\nservice: %s\n", g, 10+i, g, g))
	}
	return strings.Join(all, "---\n")
}
