package plan

import (
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

// Escalate tells an escalation what happened, at now. Policy steps come from the snapshot that the run took; rosters,
// overrides and notification rules from the snapshot that is handed in. Effects.Taken is complete: it has the revision
// and the contacts of everybody who is paged, so that [Explain] finds the same again, and the words about who is not. The caller adds it to the
// escalation. days are days off at that moment: they matter to policies that ask experts (see [AsksExperts]).
func Escalate(s *Snapshot, contacts Contacts, e muster.Escalation, ev escalate.Event, now muster.Instant, days ...muster.Leave) (muster.Escalation, escalate.Effects) {
	w := &who{s: s, contacts: contacts, at: now, days: days, reached: map[muster.UserName]bool{}}
	run, started := e, e.StepStarted
	e, eff := escalate.Step(e, ev, now, w)
	if eff.Taken != nil {
		eff.Taken.Revision = s.Catalog.Revision
		eff.Taken.Event, eff.Taken.Because, eff.Taken.Started = string(opening(ev.Kind, run)), ev.Because, started
		eff.Taken.Contacts = map[muster.UserName][]muster.ContactFact{}
		for u := range w.reached {
			eff.Taken.Contacts[u] = slices.Clone(contacts[u])
			if !slices.ContainsFunc(eff.Pages, func(p muster.Planned) bool { return p.User == u }) {
				eff.Taken.Spared = append(eff.Taken.Spared, u)
			}
		}
		slices.Sort(eff.Taken.Spared)
		eff.Taken.Acked, eff.Taken.Turns = e.Acked, run.Turns
		eff.Taken.Away = s.away(&e.Policy, days, now)
		s.inform(&run, &e, &eff)
		eff.Taken.Said, eff.Taken.Zones = eff.Notes, s.Zones.Data().Version() // pages carry their own words
	}
	return e, eff
}

// opening is the kind of an event; whatever led to the first step of all (a timer, or a hold that was over before it
// began) started the escalation, unless a person did or a pause ended.
func opening(kind escalate.EventKind, run muster.Escalation) escalate.EventKind {
	if len(run.Taken) == 0 && (kind == escalate.Timer || kind == escalate.Hold) {
		return escalate.Start
	}
	return kind
}

// PageByHand plans the pages of a person whom somebody pages about an alert. None means that the person cannot be
// reached.
func PageByHand(s *Snapshot, contacts Contacts, person muster.UserName, by string, now muster.Instant) []muster.Planned {
	w := &who{s: s, contacts: contacts, at: now, reached: map[muster.UserName]bool{}, because: "somebody asked for them"}
	return w.byHand(person, []muster.Reason{w.userReason(muster.ReasonPerson, person, "%s asked for %s.", by, w.Name(person))})
}

// PageExperts plans the pages of whom [Expert] chose when somebody asked for an expert. None means that nobody can be
// reached, and the reasons of the choice say why.
func PageExperts(s *Snapshot, contacts Contacts, c Choice, by string, now muster.Instant) (pages []muster.Planned) {
	w := &who{s: s, contacts: contacts, at: now, reached: map[muster.UserName]bool{}, because: "somebody asked for an expert"}
	ref := muster.DocRef(muster.KindRosters, c.Roster)
	first := muster.Reason{
		Kind: muster.ReasonStep, Ref: ref, Revision: s.Catalog.RevisionOf(ref), Text: fmt.Sprintf("%s asked for an expert for %s.", by, c.Topic.Known()),
		Facts: map[string]string{"topic": c.Topic.Name},
	}
	for _, u := range c.People {
		pages = append(pages, w.byHand(u, append([]muster.Reason{first}, c.Why...))...)
	}
	return pages
}

// byHand plans the pages of a person whom no step pages.
func (w *who) byHand(person muster.UserName, why []muster.Reason) (pages []muster.Planned) {
	ways := w.Methods(person, muster.UrgencyHigh, true)
	how := ways.Why
	for _, m := range ways.Methods {
		last := w.contactReason(m)
		pages = append(pages, muster.Planned{
			User: person, Name: w.Name(person), Contact: m.Contact, At: w.at.Plus(m.After),
			Reasons: slices.Concat(why, how, []muster.Reason{last}),
		})
	}
	return pages
}

// contactReason says how somebody is paged whom no step pages.
func (w *who) contactReason(m escalate.Method) muster.Reason {
	text := fmt.Sprintf("Paged by %s", m.Contact.Method)
	if m.After > 0 {
		text += fmt.Sprintf(", %s later", muster.Duration(m.After))
	}
	return muster.Reason{
		Kind: muster.ReasonContact, Ref: muster.DocRef(muster.KindConnectors, m.Contact.Connector), Text: text + ".",
		Facts: map[string]string{"contact": string(m.Contact.ID), "method": m.Contact.Method},
	}
}
