package plan

import (
	"cmp"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/rota"
)

// reach is whom a policy reaches first, from one moment until another: the people of the first step that reaches anybody,
// which the engine takes at once.
type reach struct {
	from, until int64             // microseconds; until is [forever] when nothing changes it any more
	people      []muster.UserName // sorted; empty when nobody whom the policy names can be reached
	admins      []muster.UserName // who is paged as the last resort when people is empty
	why         []muster.Reason   // why people is empty
}

const forever = int64(1<<63 - 1)

// lastResort notices whether an escalation fell back on every admin, whom no policy named.
type lastResort struct {
	*who
	used bool
}

// Fallback implements [escalate.Who].
func (l *lastResort) Fallback() ([]muster.UserName, []muster.Reason) {
	l.used = true
	return l.who.Fallback()
}

// reacher answers whom policies reach, once for each stretch of time in which the answer is the same. It is used by one
// goroutine.
type reacher struct {
	s        *Snapshot
	contacts Contacts
	known    map[reachKey][]*reach            // by from
	hours    map[muster.PolicyName][]ownHours // of those whom a policy may page
}

type reachKey struct {
	policy   muster.PolicyName
	urgency  muster.Urgency
	severity muster.AlertSeverity // "" where no step asks for it
}

func newReacher(s *Snapshot, contacts Contacts) *reacher {
	return &reacher{s: s, contacts: contacts, known: map[reachKey][]*reach{}, hours: map[muster.PolicyName][]ownHours{}}
}

// at is whom the policy reaches at a moment. A policy that the catalog does not have is the one without steps.
func (r *reacher) at(policy muster.PolicyName, urgency muster.Urgency, severity muster.AlertSeverity, at int64) *reach {
	key := reachKey{policy: policy, urgency: urgency}
	if p := r.s.Catalog.Policies[policy]; p != nil && asksSeverity(p) {
		key.severity = severity
	}
	list := r.known[key]
	i, found := slices.BinarySearchFunc(list, at, func(x *reach, at int64) int { return cmp.Compare(x.from, at) })
	if found {
		return list[i]
	}
	if i > 0 && at < list[i-1].until {
		return list[i-1]
	}
	x := r.ask(key, at)
	r.known[key] = slices.Insert(list, i, x)
	return x
}

// ask lets the escalation take its first step at a moment.
func (r *reacher) ask(key reachKey, at int64) *reach {
	p, rev := r.s.policy(key.policy)
	now := muster.FromMicros(at)
	w := &lastResort{who: &who{s: r.s, contacts: r.contacts, at: now, reached: map[muster.UserName]bool{}}}
	_, eff := escalate.Step(muster.Escalation{Policy: *p, Revision: rev, Urgency: key.urgency, Severity: key.severity}, escalate.Event{Kind: escalate.Start}, now, w)
	x := &reach{from: at, until: forever}
	for _, topic := range topicsOf(p) { // days off are left out: nobody knows of them when a change is compared
		if next := Expert(r.s, r.contacts, nil, topic, now).Until; !next.IsZero() {
			x.until = min(x.until, next.Micros())
		}
	}
	for _, name := range r.s.rostersOf(p) {
		if s := r.s.Schedule(name); s != nil {
			if next := s.NextChange(now); !next.IsZero() {
				x.until = min(x.until, next.Micros())
			}
		}
	}
	for _, next := range []muster.Instant{r.s.turnOfHours(p, now), turnOf(r.s, r.hoursOf(p), now)} {
		if !next.IsZero() {
			x.until = min(x.until, next.Micros())
		}
	}
	if !eff.Wake.IsZero() && eff.Taken != nil && !eff.Taken.Waits.IsZero() {
		x.people = r.later(*p, eff.Taken.Step, key, now, eff.Taken.Waits)
	}
	for _, page := range eff.Pages {
		x.people = append(x.people, page.User)
	}
	slices.Sort(x.people)
	x.people = slices.Compact(x.people)
	if w.used {
		x.people, x.admins, x.why = nil, x.people, eff.Notes
	}
	return x
}

// hoursOf are the own hours that may alter whom a policy reaches. Those of everybody else would only cut its stretches.
func (r *reacher) hoursOf(p *muster.Policy) []ownHours {
	list, known := r.hours[p.Name]
	if !known {
		list = r.s.ownHours(Involved(r.s, p))
		r.hours[p.Name] = list
	}
	return list
}

// later is whom a step that waits for somebody to come on call pages then: that is reaching them, too.
func (r *reacher) later(p muster.Policy, step int, key reachKey, now, until muster.Instant) (people []muster.UserName) {
	at := func(now muster.Instant) *who {
		return &who{s: r.s, contacts: r.contacts, at: now, reached: map[muster.UserName]bool{}}
	}
	for _, t := range p.Steps[step-1].Targets {
		next := at(now).Next(t, until)
		if next.IsZero() {
			continue
		}
		_, eff := escalate.Step(muster.Escalation{Policy: p, Urgency: key.urgency, Severity: key.severity}, escalate.Event{Kind: escalate.Start}, next, at(next))
		for _, page := range eff.Pages {
			people = append(people, page.User)
		}
		return people
	}
	return nil
}

// asksSeverity reports whether a step of a policy is for some severities alone.
func asksSeverity(p *muster.Policy) bool {
	return slices.ContainsFunc(p.Steps, func(s muster.Step) bool { return s.When != nil && len(s.When.Severity) > 0 })
}

// turnOfHours is when a condition of a policy about hours or the night may change next; zero: it has none.
func (s *Snapshot) turnOfHours(p *muster.Policy, now muster.Instant) (next muster.Instant) {
	one := func(zone string, hours []muster.Window) {
		if _, until, err := rota.Within(s.Zones, zone, hours, now); err == nil && !until.IsZero() && (next.IsZero() || until.Before(next.Time)) {
			next = until
		}
	}
	for i := range p.Steps {
		w := p.Steps[i].When
		if w == nil {
			continue
		}
		if len(w.Hours) > 0 {
			one(w.Zone, w.Hours)
		}
		if w.Night != nil {
			for _, u := range Involved(s, p) {
				if d := s.Catalog.Users[u]; d != nil {
					one(d.Zone, night)
				}
			}
		}
	}
	return next
}

// rostersOf lists the rosters that a policy asks, each once: also those that have its topics, and to which they fall back.
func (s *Snapshot) rostersOf(p *muster.Policy) (names []muster.RosterName) {
	one := func(name muster.RosterName) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add := func(list []muster.Target) {
		for _, t := range list {
			one(t.Roster)
			if r, topic := s.Catalog.Topic(t.Topic); topic != nil {
				one(r.Name)
				for _, f := range topic.Fallback {
					one(f.Roster)
				}
			}
		}
	}
	for i := range p.Steps {
		add(p.Steps[i].Targets)
	}
	add(p.Fallback)
	return names
}
