package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Size is how large a story is.
type Size struct {
	Batches int // of conditions that begin together
	Batch   int // conditions in the largest of them
}

// The sizes of stories. The usual one has more than a thousand conditions, the small one is quick.
var (
	Usual = Size{Batches: 6, Batch: 400}
	Small = Size{Batches: 10, Batch: 25}
)

// places are where a process can be killed: the failpoints of the store and of the engine.
var places = []string{
	"commit: before", "commit: after", "commit: reply", "deliver-before-start", "deliver-after-start", "deliver-after-call",
	"deliver-after-result", "timer-before", "timer-after",
}

// The faults of providers and of the store.
const (
	fault500   = "500"   // the provider answers 500
	fault429   = "429"   // the provider answers 429 and says when to come again
	fault410   = "410"   // the provider says that the address is gone
	faultHang  = "hang"  // the provider takes the call and says nothing
	faultLost  = "lost"  // the provider takes the page, and its answer is lost
	faultReset = "reset" // the connection breaks before anything is sent

	storeRefuses = "are refused"            // before their commit
	storeLoses   = "lose their answer"      // after their commit: nobody is told that it was made
	storeMutes   = "lose answer and events" // and nobody wakes up
	storeSlow    = "answer late"            // some time after their commit
	storeQueues  = "begin late"
)

type drawer struct {
	*rand.Rand
	s     *Scenario
	keys  int
	now   *org // as the edits so far leave it
	quiet map[string]time.Duration
	began []begin // batches
}

// begin is when conditions of a group begin together.
type begin struct {
	at    time.Duration
	group string
}

func pick[T any](d *drawer, of ...T) T { return of[d.IntN(len(of))] }

func (d *drawer) between(a, b time.Duration) time.Duration {
	return a + time.Duration(d.Int64N(int64(b-a)+1)).Truncate(time.Millisecond)
}

func (d *drawer) chance(p float64) bool { return d.Float64() < p }

// Draw makes the story of a seed.
func Draw(seed uint64, size Size) *Scenario {
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, 0x6d7573746572)), quiet: map[string]time.Duration{}}
	d.s = &Scenario{Seed: seed, Length: d.between(2*time.Hour, 4*time.Hour), Settle: 25 * time.Minute}
	d.s.Org = d.org()
	d.now = d.s.Org.clone()
	for range size.Batches {
		d.batch(size)
	}
	if d.chance(0.25) {
		d.lateFallback()
	}
	d.edits()
	d.misfortune()
	slices.SortStableFunc(d.s.Actions, func(a, b Action) int { return cmp.Compare(a.At, b.At) })
	for i := range d.s.Actions {
		d.s.Actions[i].ID = i
	}
	return d.s
}

// people are those whom a company may have; the first is its admin.
var people = []string{"boss", "ana", "ben", "cleo", "dan", "eva"}

func (d *drawer) add(a Action) { d.s.Actions = append(d.s.Actions, a) }

func (d *drawer) org() *org {
	o := &org{users: map[string]*user{}, rosters: map[string]*roster{}, policies: map[string]*policy{}}
	if d.chance(0.2) {
		o.storm = &storm{3 + d.IntN(4), time.Duration(1+d.IntN(2)) * time.Minute}
	}
	names := people[:4+d.IntN(3)]
	for _, n := range names {
		u := &user{name: n, admin: n == "boss", methods: []method{{name: "phone", verified: true}}}
		if d.chance(0.5) {
			u.methods = append(u.methods, method{name: "pager", verified: true})
		}
		if d.chance(0.4) {
			u.methods = append(u.methods, method{name: "spare"}) // nobody verifies it
		}
		if d.chance(0.5) {
			u.rules = d.rules(u)
		}
		u.storm = o.storm
		o.users[n] = u
	}
	for i := range 1 + d.IntN(2) {
		r := &roster{name: fmt.Sprintf("r%d", i)}
		for _, role := range []string{"primary", "secondary"} {
			if role == "primary" || d.chance(0.7) {
				r.rotations = append(r.rotations, d.rotation(role, names))
			}
		}
		o.rosters[r.name] = r
	}
	for i := range 2 + d.IntN(3) {
		p := d.policy(fmt.Sprintf("p%d", i), o)
		o.policies[p.name] = p
		o.groups = append(o.groups, fmt.Sprintf("g%d", i))
	}
	return o
}

func (d *drawer) rules(u *user) (out []rule) {
	for i, m := range u.methods {
		after := time.Duration(0)
		if i > 0 {
			after = d.between(30*time.Second, 4*time.Minute).Truncate(time.Second)
		}
		out = append(out, rule{m.name, after})
	}
	return out
}

func (d *drawer) rotation(role string, names []string) rotation {
	turns := slices.Clone(names)
	d.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	return rotation{role: role, weekly: d.chance(0.3), hour: d.IntN(6), people: turns[:1+d.IntN(3)]}
}

func (d *drawer) target(o *org) target {
	if d.chance(0.6) {
		return target{roster: fmt.Sprintf("r%d", d.IntN(len(o.rosters))), role: pick(d, "primary", "primary", "secondary")}
	}
	return target{user: d.person(o)}
}

func (d *drawer) person(o *org) string {
	return people[d.IntN(len(o.users))]
}

func (d *drawer) policy(name string, o *org) *policy {
	p := &policy{name: name, repeat: d.IntN(3), ackTimeout: pick(d, 0, 10*time.Minute, 25*time.Minute)}
	for range 1 + d.IntN(3) {
		s := policyStep{wait: d.between(2*time.Minute, 12*time.Minute).Truncate(time.Second)}
		for range 1 + d.IntN(5)/4 {
			s.targets = append(s.targets, d.target(o))
		}
		if d.chance(0.15) {
			d.condition(&s)
		}
		if d.chance(0.15) {
			d.turns(&s, o)
		}
		p.steps = append(p.steps, s)
	}
	if d.chance(0.15) {
		p.acks = 2
	}
	if d.chance(0.3) {
		p.fallback = []target{{user: d.person(o)}}
	}
	for _, s := range p.steps {
		if slices.ContainsFunc(s.targets, func(t target) bool { return t.role != "secondary" }) {
			return p
		}
	}
	// A policy that names nothing but roles that nobody has is refused.
	last := &p.steps[len(p.steps)-1]
	last.targets = append(last.targets, target{roster: "r0", role: "primary"})
	return p
}

func (d *drawer) condition(s *policyStep) {
	if d.chance(0.6) {
		s.only = pick(d, []string{"critical"}, []string{"critical", "major"}, []string{"minor"})
		return
	}
	s.from = d.IntN(3)
	s.to = s.from + 1 + d.IntN(2)
}

// turns makes the people of a step take turns: two or three whom it names.
func (d *drawer) turns(s *policyStep, o *org) {
	s.turns, s.targets = true, nil
	for _, i := range d.Perm(len(o.users))[:2+d.IntN(2)] {
		s.targets = append(s.targets, target{user: people[i]})
	}
}

// batch draws conditions that begin together, and what becomes of them.
func (d *drawer) batch(size Size) {
	s := d.s
	n := 1 + d.IntN(size.Batch)
	at := d.between(time.Minute, s.Length)
	group := pick(d, s.Org.groups...)
	keys := make([]int, n)
	for i := range keys {
		keys[i] = d.keys
		d.keys++
	}
	d.began = append(d.began, begin{at, group})
	d.add(Action{At: at, Kind: Fire, Keys: keys, Group: group, Twice: d.chance(0.2)})
	if d.chance(0.3) && at > 10*time.Minute {
		d.overtaken(at, group)
	}
	if d.chance(0.1) { // an end that comes before its beginning
		d.add(Action{At: at - time.Second, Kind: Clear, Keys: keys[:1], Group: group})
	}
	fates := min(n, 2+d.IntN(4))
	for range d.IntN(3) { // told of again
		d.add(Action{At: at + d.between(time.Second, 10*time.Minute), Kind: Fire, Keys: keys[:fates], Group: group, Twice: d.chance(0.1)})
	}
	for _, k := range keys[:fates] { // each of these has a fate of its own, and ends later, if at all
		d.fate(at, k, group)
	}
	kept := 0
	if d.chance(0.1) {
		kept = 1 // until nobody is left to ask
	}
	d.add(Action{At: at + d.between(12*time.Minute, 40*time.Minute), Kind: Clear, Keys: keys[kept:fates], Group: group})
	if fates == n {
		return
	}
	end := d.between(5*time.Second, 2*time.Minute) // the others end together, most of them soon
	if d.chance(0.1) {
		end = d.between(2*time.Minute, 12*time.Minute)
	}
	if d.chance(0.3) {
		d.add(Action{At: at + d.between(time.Second, end-time.Second), Kind: Fire, Keys: keys[:fates+d.IntN(n-fates)], Group: group, Twice: d.chance(0.2)})
	}
	d.add(Action{At: at + end, Kind: Clear, Keys: keys[fates:], Group: group, Twice: d.chance(0.1)})
}

// fate draws what people do about one condition.
func (d *drawer) fate(at time.Duration, key int, group string) {
	for range 1 + d.IntN(3) {
		at += d.between(0, 9*time.Minute)
		kind := pick(d, Ack, Ack, AckPage, AckPage, AckPage, Look, Unack, Unack, Escalate, Escalate, Resolve, Fire, Clear, Snooze)
		a := Action{At: at, Kind: kind, Keys: []int{key}, Group: group, Who: d.person(d.s.Org), Twice: d.chance(0.05)}
		if kind == Snooze {
			a.For = d.between(time.Minute, 15*time.Minute).Truncate(time.Second)
		}
		d.add(a)
	}
}

// overtaken draws conditions whose end overtakes a beginning on its way, or is overtaken by one. The monitor says when they
// were.
func (d *drawer) overtaken(at time.Duration, group string) {
	for range 1 + d.IntN(4) {
		keys := []int{d.keys}
		d.keys++
		tell := func(kind Kind, at, claim time.Duration) {
			d.add(Action{At: at, Kind: kind, Keys: keys, Group: group, Claim: claim})
		}
		if d.chance(0.6) { // the end comes first
			comes := at - d.between(time.Second, 7*time.Minute)
			ended := comes - d.between(0, 10*time.Second)
			began := ended + d.between(-5*time.Minute, 30*time.Second)
			tell(Clear, comes, ended)
			tell(Fire, at, min(began, at-time.Second))
		} else { // two beginnings, and an end that lies before the second, or behind it
			again := at + d.between(10*time.Second, 3*time.Minute)
			tell(Fire, at, at-time.Second)
			tell(Fire, again, again-time.Second)
			tell(Clear, again+d.between(time.Second, time.Minute), again+d.between(-8*time.Second, time.Second)-time.Second)
		}
		tell(Clear, at+d.between(5*time.Minute, 15*time.Minute), 0)
	}
}

// lateFallback draws a policy that is used up, and a process that is away from the moment at which the fallback is planned
// until it is due again.
func (d *drawer) lateFallback() {
	o, group := d.s.Org, pick(d, d.s.Org.groups...)
	at := d.between(time.Minute, d.s.Length/2)
	key := d.keys
	d.keys++
	p := o.policies[fmt.Sprintf("p%d", slices.Index(o.groups, group))]
	end := at
	round, step, _ := o.next(p, severity(key), 1, 0, epoch.Add(end))
	for step <= len(p.steps) {
		end += p.wait(step)
		round, step, _ = o.next(p, severity(key), round, step, epoch.Add(end))
	}
	end += time.Duration(d.IntN(2)) * p.wait(len(p.steps)+1)
	if end > d.s.Length-10*time.Minute {
		return
	}
	d.add(Action{At: at, Kind: Fire, Keys: []int{key}, Group: group})
	d.add(Action{At: end - 5*time.Millisecond, Kind: Crash, How: "commit: after", Nth: 1, For: d.between(5*time.Minute+10*time.Second, 9*time.Minute)})
	d.add(Action{At: end + 20*time.Minute, Kind: Clear, Keys: []int{key}, Group: group})
}

// edits draws silences and what admins change while alerts are under way.
func (d *drawer) edits() {
	type edit struct {
		at   time.Duration
		make func(at time.Duration)
	}
	var edits []edit
	for range d.IntN(3) {
		edits = append(edits, edit{d.between(0, d.s.Length), func(at time.Duration) {
			group, long := pick(d, d.s.Org.groups...), d.between(5*time.Minute, 40*time.Minute).Truncate(time.Second)
			if at < d.quiet[group] { // one at a time: which of two is named is not what is tested here
				return
			}
			d.quiet[group] = at + long + 10*time.Minute
			d.add(Action{At: at, Kind: Silence, Group: group, For: long, Who: d.person(d.s.Org)})
		}})
	}
	for range d.IntN(6) {
		edits = append(edits, edit{d.between(0, d.s.Length), d.edit})
	}
	if d.chance(0.3) { // somebody leaves who is being called
		b := pick(d, d.began...)
		who := ""
		edits = append(edits, edit{b.at + d.between(5*time.Second, 90*time.Second), func(at time.Duration) { who = d.leaver(at, b) }})
		edits = append(edits, edit{b.at + d.between(20*time.Minute, 40*time.Minute), func(at time.Duration) { d.disable(at, who, false) }})
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	for _, e := range edits {
		e.make(e.at)
	}
}

// leaver draws that somebody leaves who is called about conditions that began a moment ago, with a method to come.
func (d *drawer) leaver(at time.Duration, b begin) string {
	o := d.now
	p := o.policies[fmt.Sprintf("p%d", slices.Index(o.groups, b.group))]
	_, _, want := o.next(p, severity(0), 1, 0, epoch.Add(b.at))
	for _, w := range want {
		if w.after > at-b.at && !o.users[w.person].admin {
			d.disable(at, w.person, true)
			return w.person
		}
	}
	return ""
}

func (d *drawer) disable(at time.Duration, who string, gone bool) {
	if who == "" || d.now.users[who].disabled == gone {
		return
	}
	u := *d.now.users[who]
	u.disabled = gone
	d.now.users[who] = &u
	d.add(Action{At: at, Kind: PutUser, put: &u})
}

func (d *drawer) edit(at time.Duration) {
	o := d.now
	switch d.IntN(6) {
	case 0:
		p := d.policy(fmt.Sprintf("p%d", d.IntN(len(o.policies))), o)
		o.policies[p.name] = p
		d.add(Action{At: at, Kind: PutPolicy, put: p})
	case 1, 2, 3:
		r := *o.rosters[fmt.Sprintf("r%d", d.IntN(len(o.rosters)))]
		r.rotations, r.overrides = slices.Clone(r.rotations), slices.Clone(r.overrides)
		if i := d.IntN(len(r.rotations)); d.chance(0.3) {
			r.rotations[i] = d.rotation(r.rotations[i].role, people[:4])
		} else {
			from := epoch.Add(at + d.between(-time.Hour, time.Hour)).Truncate(time.Second)
			r.overrides = append(r.overrides, override{
				role: pick(d, "primary", "secondary"), person: d.person(o), from: from, to: from.Add(d.between(20*time.Minute, 3*time.Hour).Truncate(time.Second)),
			})
		}
		o.rosters[r.name] = &r
		d.add(Action{At: at, Kind: PutRoster, put: &r})
	case 4:
		u := *o.users[d.person(o)]
		if d.chance(0.5) && !u.admin {
			u.disabled = !u.disabled
		} else {
			u.rules = d.rules(&u)
		}
		o.users[u.name] = &u
		d.add(Action{At: at, Kind: PutUser, put: &u})
	default:
		if who := d.person(o); who != "boss" { // somebody must be left
			d.add(Action{At: at, Kind: Remove, Who: who, Name: pick(d, "phone", "pager")})
		}
	}
}

// misfortune draws what goes wrong: for each seed other things, and for some nothing, so that no fault hides another.
func (d *drawer) misfortune() {
	when := func() time.Duration { return d.between(0, d.s.Length-10*time.Minute) }
	if d.chance(0.5) {
		for range 1 + d.IntN(4) {
			d.add(Action{At: when(), Kind: Crash, How: pick(d, places...), Nth: 1 + d.IntN(40), For: d.between(time.Second, 8*time.Minute)})
		}
	}
	if d.chance(0.25) {
		d.add(Action{At: when(), Kind: Restart, For: d.between(0, 3*time.Minute)})
	}
	if d.chance(0.5) {
		for range 1 + d.IntN(3) {
			a := Action{
				At: when(), Kind: Provider, Name: pick(d, "phones", "phones", "pagers"), Share: pick(d, 1, 0.5, 0.2), For: d.between(time.Minute, 15*time.Minute),
				How: pick(d, fault500, fault429, fault410, faultHang, faultLost, faultReset),
			}
			if a.How == fault429 {
				a.After = d.between(time.Second, 90*time.Second).Truncate(time.Second)
			}
			d.add(a)
		}
	}
	if d.chance(0.4) {
		for range 1 + d.IntN(3) {
			d.add(Action{
				At: when(), Kind: Store, How: pick(d, storeRefuses, storeLoses, storeMutes, storeSlow, storeQueues),
				Share: pick(d, 1, 0.3, 0.1), For: d.between(time.Second, 2*time.Minute),
			})
		}
	}
}

// epoch is when every bubble begins.
var epoch = mustTime("2000-01-01T00:00:00Z")
