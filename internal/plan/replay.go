package plan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// PastAlert is an alert that was: the signal that opened it, and when that was received. The title is the alert's.
type PastAlert struct {
	Alert  muster.AlertID
	Signal *muster.Signal
	At     muster.Instant
}

// Outcome is a past alert that a change would have sent elsewhere.
type Outcome struct {
	Alert    muster.AlertID  `json:"alert"`
	Title    string          `json:"title"`
	At       muster.Instant  `json:"at"`                 // when it was received
	PlayedAt muster.Instant  `json:"played_at,omitzero"` // the same hour of a later week, when a rotation of the change has begun only since
	Before   []Person        `json:"before"`             // who is paged first as things are
	After    []Person        `json:"after"`              // and after the change; empty: nobody whom a policy names
	Why      []muster.Reason `json:"why,omitempty"`      // why After is empty
}

// Replayed sums up past alerts that were played through two catalogs.
type Replayed struct {
	Alerts      int       `json:"replayed"`
	Same        int       `json:"same_people_count"`
	Others      int       `json:"other_people_count"`
	Lost        int       `json:"reach_nobody_count"` // that reach somebody as things are
	OtherPeople []Outcome `json:"other_people"`       // the newest, at most [MaxOutcomes]
	ReachNobody []Outcome `json:"reach_nobody"`       // the newest, at most [MaxOutcomes]
	Unplayed    int       `json:"unplayed,omitempty"` // for which no time was left
}

// MaxOutcomes is how many alerts of each kind are listed.
const MaxOutcomes = 50

// Add adds what another part of the same past came to. Parts are added the newest first.
func (r *Replayed) Add(o Replayed) {
	r.Alerts, r.Same, r.Others, r.Lost, r.Unplayed = r.Alerts+o.Alerts, r.Same+o.Same, r.Others+o.Others, r.Lost+o.Lost, r.Unplayed+o.Unplayed
	r.OtherPeople = firstFew(append(r.OtherPeople, o.OtherPeople...))
	r.ReachNobody = firstFew(append(r.ReachNobody, o.ReachNobody...))
}

// Far says how far a replay came that had not enough time; "" when it had.
func (r *Replayed) Far() string {
	switch {
	case r.Unplayed == 0:
		return ""
	case r.Alerts == 0:
		return fmt.Sprintf("Time was over before any of %s could be played.", count(r.Unplayed, "past alert", "past alerts"))
	}
	return fmt.Sprintf("Played the newest %s of the past, then time was over: whom %s would have reached is not told here.",
		count(r.Alerts, "alert", "alerts"), count(r.Unplayed, "older one", "older ones"))
}

func firstFew(list []Outcome) []Outcome {
	if list == nil {
		return []Outcome{}
	}
	return list[:min(len(list), MaxOutcomes)]
}

// Replay plays past alerts through two catalogs: how each is routed, and whom the first step pages that reaches anybody,
// decided by the functions that the engine runs. Contacts are those of everybody, as they are now: they are no part of
// the catalog.
//
// It does not ask what the past was but what the change means for such alerts. So overrides, swaps and single shifts that
// were over by now (the moment of the question) do not count as taken away by a change that tidies them up; and an alert
// from before a rotation of the change begins is played at the same hour of the first week in which it has begun.
//
// An alert that a silence holds back is played at the silence's end; one that waits for triage reaches nobody. Every admin
// being paged as the last resort is not reaching somebody.
//
// On-call is asked once for each policy and stretch of time, routes once for each different set of what they look at.
func Replay(before, after *Snapshot, past []PastAlert, contacts Contacts, now muster.Instant) Replayed {
	return ReplayFacts(context.Background(), before, after, past, Facts{Was: contacts, Is: contacts}, now)
}

// playedAtOnce is how many alerts are played between two looks at the time.
const playedAtOnce = 512

// ReplayFacts is [Replay] for a change that may be one of contact methods, too. It ends when ctx does; then the oldest alerts
// are not played.
func ReplayFacts(ctx context.Context, before, after *Snapshot, past []PastAlert, facts Facts, now muster.Instant) Replayed {
	after = withPast(before, after, now)
	p := &player{
		before: newDecider(before), after: newDecider(after),
		was: newReacher(before, facts.Was.kept(before)), is: newReacher(after, facts.Is.kept(after)),
	}
	p.alike = sameRouting(before.Catalog, after.Catalog)
	order := make([]int, len(past))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return past[a].At.Compare(past[b].At.Time) })
	var out Replayed
	var others, lost []moved
	// The newest part first, and the oldest of a part: then an answer about on-call holds for the alerts that follow.
	for ; len(order) > 0 && ctx.Err() == nil; order = order[:max(len(order)-playedAtOnce, 0)] {
		for _, i := range order[max(len(order)-playedAtOnce, 0):] {
			out.Alerts++
			m := p.play(&past[i])
			switch {
			case slices.Equal(m.was.people, m.is.people):
				out.Same++
			case len(m.is.people) == 0:
				lost = append(lost, m)
			default:
				others = append(others, m)
			}
		}
	}
	out.Unplayed = len(order)
	for _, list := range [][]moved{others, lost} {
		slices.SortStableFunc(list, func(a, b moved) int { return a.alert.At.Compare(b.alert.At.Time) })
	}
	out.Others, out.Lost = len(others), len(lost)
	out.OtherPeople, out.ReachNobody = p.newest(others), p.newest(lost)
	return out
}

type player struct {
	before, after *decider
	was, is       *reacher
	alike         bool // both catalogs route alike
}

// moved is an alert that went through both catalogs.
type moved struct {
	alert   *PastAlert
	was, is *reach
	later   int64 // see begun
}

func (p *player) play(a *PastAlert) moved {
	at := a.At.Micros()
	b := p.before.decide(a.Signal, at)
	d := b
	if !p.alike {
		d = p.after.decide(a.Signal, at)
	}
	m := moved{alert: a, was: b.reach(p.was, at), is: d.reach(p.is, at)}
	if len(m.was.people) > 0 && len(m.is.people) == 0 && !d.triage {
		if m.later = p.begun(d.policy, at); m.later > 0 {
			m.was, m.is = b.reach(p.was, m.later), d.reach(p.is, m.later)
		}
	}
	return m
}

// newest tells the newest of a list, the newest first.
func (p *player) newest(list []moved) []Outcome {
	out := []Outcome{}
	for _, m := range slices.Backward(list) {
		if len(out) == MaxOutcomes {
			break
		}
		x := Outcome{
			Alert: m.alert.Alert, Title: m.alert.Signal.Title, At: m.alert.At,
			Before: persons(p.was.s, m.was.people), After: persons(p.is.s, m.is.people),
		}
		if m.later > 0 {
			x.PlayedAt = muster.FromMicros(m.later)
		}
		if len(m.is.people) == 0 {
			x.Why = m.is.why
		}
		out = append(out, x)
	}
	return out
}

const week = int64(7*24*time.Hour) / 1000

// begun is the moment, whole weeks after at, from which on every rotation of the policy that the change brings has begun;
// 0 when all of them had at that moment.
func (p *player) begun(policy muster.PolicyName, at int64) int64 {
	doc := p.is.s.Catalog.Policies[policy]
	if doc == nil {
		return 0
	}
	latest := at
	for _, name := range p.is.s.rostersOf(doc) {
		r := p.is.s.Catalog.Rosters[name]
		if r == nil || r == p.was.s.Catalog.Rosters[name] {
			continue
		}
		for i := range r.Rotations {
			if begins := beginning(p.is.s, &r.Rotations[i]); begins > latest {
				latest = begins
			}
		}
	}
	if latest == at {
		return 0
	}
	return at + (latest-at+week-1)/week*week
}

// beginning is when the first turn or shift of a rotation begins, 0 when that cannot be read.
func beginning(s *Snapshot, r *muster.Rotation) int64 {
	if len(r.Shifts) > 0 {
		first := r.Shifts[0].From
		for _, x := range r.Shifts {
			if x.From.Before(first.Time) {
				first = x.From
			}
		}
		return first.Micros()
	}
	at, err := s.local(r.Zone, r.Start+"T"+r.Handoff)
	if err != nil {
		return 0
	}
	return at.Micros()
}

// withPast is after with the overrides, swaps and single shifts of before that were over, where after left them out.
func withPast(before, after *Snapshot, now muster.Instant) *Snapshot {
	var docs []muster.Document
	for name, is := range after.Catalog.Rosters {
		was := before.Catalog.Rosters[name]
		if was == nil || was == is {
			continue
		}
		next := *is
		for _, o := range was.Overrides {
			if !o.Until.After(now.Time) && !slices.ContainsFunc(is.Overrides, func(x muster.Override) bool { return x.ID == o.ID }) {
				next.Overrides = append(slices.Clone(next.Overrides), o)
			}
		}
		next.Swaps = keptSwaps(was, is, now)
		next.Rotations = keptShifts(was, is, now)
		docs = append(docs, &next)
	}
	if docs == nil {
		return after
	}
	c := *after.Catalog
	c.Rosters = maps.Clone(after.Catalog.Rosters)
	for _, d := range docs {
		if r, ok := d.(*muster.Roster); ok {
			c.Rosters[r.Name] = r
		}
	}
	return newSnapshot(&c, after.Rules, after.Zones) // the rules look at no roster
}

// keptSwaps is the swaps of is, and those of was that it left out and whose shift began before now.
func keptSwaps(was, is *muster.Roster, now muster.Instant) []muster.Swap {
	out := is.Swaps
	day := now.UTC().Format(muster.LocalMinute)
	for _, s := range was.Swaps {
		over := s.Shift.Start < day && (s.Return == nil || s.Return.Start < day)
		if over && !slices.ContainsFunc(is.Swaps, func(x muster.Swap) bool { return x.ID == s.ID }) {
			out = append(slices.Clone(out), s)
		}
	}
	return out
}

// keptShifts is the rotations of is, with the shifts of was that were over and that it left out.
func keptShifts(was, is *muster.Roster, now muster.Instant) []muster.Rotation {
	out := slices.Clone(is.Rotations)
	for i := range out {
		if len(out[i].Shifts) == 0 {
			continue
		}
		j := slices.IndexFunc(was.Rotations, func(r muster.Rotation) bool { return r.Name == out[i].Name })
		if j < 0 {
			continue
		}
		var over []muster.FixedShift
		for _, x := range was.Rotations[j].Shifts {
			taken := slices.ContainsFunc(out[i].Shifts, func(o muster.FixedShift) bool {
				return o.From.Before(x.Until.Time) && x.From.Before(o.Until.Time)
			})
			if !x.Until.After(now.Time) && !taken {
				over = append(over, x)
			}
		}
		if over != nil {
			out[i].Shifts = append(over, out[i].Shifts...)
			slices.SortStableFunc(out[i].Shifts, func(a, b muster.FixedShift) int { return a.From.Compare(b.From.Time) })
		}
	}
	return out
}

func persons(s *Snapshot, names []muster.UserName) []Person {
	out := make([]Person, len(names))
	for i, u := range names {
		out[i] = Person{ID: u, Name: s.Catalog.DisplayName(u)}
	}
	slices.SortFunc(out, func(a, b Person) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
