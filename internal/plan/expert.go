package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// Choice is who is asked about a topic at a moment, and why.
type Choice struct {
	Roster   muster.RosterName // that has the topic
	Topic    muster.Topic
	People   []muster.UserName // empty: nobody, and a reason says so
	Fallback bool              // People are the fallback, not an expert
	Woken    bool              // People is an expert who is asked in spite of quiet hours or days off: there is nobody else
	Why      []muster.Reason
	Until    muster.Instant // when quiet hours begin or end next that the answer depends on; zero: never
}

// Expert decides who is asked about a topic: the first of its experts who has not left, has no quiet hours, no days off, and
// can be reached. When there is none, it is the fallback, as far as it can be reached. When there is nobody else, the first
// expert who can be reached is woken: rather one who has quiet hours than one who is away. days are the days off that are
// known of.
func Expert(s *Snapshot, contacts Contacts, days []muster.Leave, topic string, at muster.Instant) Choice {
	w := &who{s: s, contacts: contacts, at: at, days: days, reached: map[muster.UserName]bool{}}
	return w.expert(topic)
}

// Standing is what decides whether an expert is asked at a moment. Its words say why not; "" when nothing stands against it.
type Standing struct {
	Left, Quiet, Away, Unreachable bool
	Until                          muster.Instant // when the quiet hours end
	Words                          string         // "has quiet hours until 08:00 Europe/Berlin"
}

// StandingOf looks at one person at a moment.
func StandingOf(s *Snapshot, contacts Contacts, days []muster.Leave, u muster.UserName, at muster.Instant) Standing {
	w := &who{s: s, contacts: contacts, at: at, days: days, reached: map[muster.UserName]bool{}}
	st, _ := w.standing(u)
	return st
}

func (w *who) expert(topic string) Choice {
	r, t := w.s.Catalog.Topic(topic)
	if t == nil {
		return Choice{Why: []muster.Reason{{
			Kind: muster.ReasonNobody, Revision: w.s.Catalog.Revision, Text: fmt.Sprintf("There is no topic called %s any more.", muster.Clip(topic, 70)),
		}}}
	}
	c := Choice{Roster: r.Name, Topic: *t}
	ref := muster.DocRef(muster.KindRosters, r.Name)
	names := make([]string, len(t.Experts))
	for i, u := range t.Experts {
		names[i] = w.Name(u)
	}
	c.Why = []muster.Reason{{
		Kind: muster.ReasonRoster, Ref: ref, Revision: w.s.Catalog.RevisionOf(ref), Facts: map[string]string{"topic": t.Name},
		Text: fmt.Sprintf("The roster %s names whom to ask about %s: %s.", cmp.Or(r.Title, string(r.Name)), t.Known(), strings.Join(names, ", then ")),
	}}
	var quiet, away []muster.UserName // who could be woken
	for _, u := range t.Experts {
		st, changes := w.standing(u)
		if !changes.IsZero() && (c.Until.IsZero() || changes.Before(c.Until.Time)) {
			c.Until = changes
		}
		if st.Words == "" {
			return w.ask(c, u, "%s is the first expert who can be asked.")
		}
		c.Why = append(c.Why, w.userReason(muster.ReasonCondition, u, "%s %s, and is passed over.", w.Name(u), st.Words))
		switch reachable := len(w.verified(u)) > 0; {
		case st.Left || !reachable:
		case st.Away:
			away = append(away, u)
		default:
			quiet = append(quiet, u)
		}
	}
	for _, target := range t.Fallback {
		people, why := w.OnCall(target)
		for _, u := range people {
			switch {
			case slices.Contains(c.People, u):
			case len(w.verified(u)) == 0:
				why = append(why, w.userReason(muster.ReasonCondition, u, "%s has no verified contact method and cannot be paged.", w.Name(u)))
			default:
				c.People = append(c.People, u)
			}
		}
		c.Why = append(c.Why, why...)
	}
	if len(c.People) > 0 {
		c.Fallback = true
		c.Why = append(c.Why, muster.Reason{
			Kind: muster.ReasonPerson, Ref: ref, Revision: w.s.Catalog.RevisionOf(ref), Facts: map[string]string{"topic": t.Name},
			Text: "No expert can be asked now, so it is the fallback of the topic: " + joinNames(w, c.People) + ".",
		})
		return c
	}
	c.Woken = true
	switch {
	case len(quiet) > 0:
		return w.ask(c, quiet[0], "There is nobody else to ask, so %s is woken in spite of quiet hours.")
	case len(away) > 0:
		return w.ask(c, away[0], "There is nobody else to ask, so %s is paged in spite of days off.")
	}
	c.Woken = false
	c.Why = append(c.Why, muster.Reason{
		Kind: muster.ReasonNobody, Ref: ref, Revision: w.s.Catalog.RevisionOf(ref),
		Text: "Nobody can be asked about " + t.Known() + ": no expert can be reached, and no fallback.",
	})
	return c
}

func (w *who) ask(c Choice, u muster.UserName, text string) Choice {
	r := w.userReason(muster.ReasonPerson, u, text, w.Name(u))
	r.Facts[ExpertIn] = c.Topic.Name
	c.People, c.Why = []muster.UserName{u}, append(c.Why, r)
	return c
}

// ExpertIn is the fact of a page's reasons that names the topic, when a person was paged as an expert.
const ExpertIn = "expert_in"

// AskedAs is the topic for which a person was paged as an expert by a page with these reasons, "" when it was not so.
func AskedAs(u muster.UserName, why []muster.Reason) string {
	for _, r := range why {
		if r.Kind == muster.ReasonPerson && r.Facts["user"] == string(u) && r.Facts[ExpertIn] != "" {
			return r.Facts[ExpertIn]
		}
	}
	return ""
}

func joinNames(w *who, people []muster.UserName) string {
	names := make([]string, len(people))
	for i, u := range people {
		names[i] = w.Name(u)
	}
	return strings.Join(names, " and ")
}

// standing says what stands against asking a person, and when their quiet hours begin or end next. What contacts tell is
// asked last: those of people who are passed over for another reason are not kept with a step.
func (w *who) standing(u muster.UserName) (st Standing, changes muster.Instant) {
	d := w.s.Catalog.Users[u]
	if d == nil || d.Disabled {
		return Standing{Left: true, Words: "has left"}, changes
	}
	quiet, until, err := rota.Within(w.s.Zones, d.Zone, d.Quiet, w.at)
	if err == nil {
		changes = until
	}
	for i := range w.days {
		if l := &w.days[i]; l.Concerns(u, d.Zone) && !w.at.Before(l.From.Time) && w.at.Before(l.Until.Time) {
			return Standing{Away: true, Quiet: quiet, Words: "is away, " + l.Words()}, changes
		}
	}
	switch {
	case quiet:
		st = Standing{Quiet: true, Until: until, Words: "has quiet hours"}
		if zone, err := w.s.Zones.Load(d.Zone); err == nil && !until.IsZero() {
			st.Words += " until " + until.In(zone).Format("15:04") + " " + strings.ReplaceAll(zone.String(), "_", " ")
		}
	case len(w.verified(u)) == 0:
		st = Standing{Unreachable: true, Words: "has no verified contact method"}
	}
	return st, changes
}

// topicsOf lists the topics that a policy asks, each once.
func topicsOf(p *muster.Policy) (topics []string) {
	add := func(list []muster.Target) {
		for _, t := range list {
			if t.Topic != "" && !slices.Contains(topics, t.Topic) {
				topics = append(topics, t.Topic)
			}
		}
	}
	for i := range p.Steps {
		add(p.Steps[i].Targets)
	}
	add(p.Fallback)
	return topics
}

// AsksExperts reports whether a policy pages the experts of a topic: then who has days off matters to it.
func AsksExperts(p *muster.Policy) bool { return len(topicsOf(p)) > 0 }

// AskedAbout lists everybody whom a topic may page, so that their contacts can be read.
func AskedAbout(s *Snapshot, topic string) (all []muster.UserName) {
	_, t := s.Catalog.Topic(topic)
	if t == nil {
		return nil
	}
	all = slices.Clone(t.Experts)
	for _, f := range t.Fallback {
		all = append(all, s.mayBe(f)...)
	}
	return all
}

// away leaves of the days off those that concern, at a moment, an expert whom a policy may ask.
func (s *Snapshot) away(p *muster.Policy, days []muster.Leave, at muster.Instant) (out []muster.Leave) {
	if len(days) == 0 {
		return nil
	}
	var experts []muster.UserName
	for _, topic := range topicsOf(p) {
		if _, t := s.Catalog.Topic(topic); t != nil {
			experts = append(experts, t.Experts...)
		}
	}
	for _, l := range days {
		if at.Before(l.From.Time) || !at.Before(l.Until.Time) {
			continue
		}
		if slices.ContainsFunc(experts, func(u muster.UserName) bool {
			d := s.Catalog.Users[u]
			return d != nil && l.Concerns(u, d.Zone)
		}) {
			out = append(out, l)
		}
	}
	return out
}
