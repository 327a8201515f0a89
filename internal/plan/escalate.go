package plan

import (
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

// Escalate tells an escalation what happened, at now. Policy steps come from the snapshot that the run took; rosters,
// overrides and notification rules from the snapshot that is handed in. Effects.Taken is complete: it has the revision
// and the contacts of everybody who is paged, so that [Explain] finds the same again. The caller adds it to the
// escalation.
func Escalate(s *Snapshot, contacts Contacts, e muster.Escalation, ev escalate.Event, now muster.Instant) (muster.Escalation, escalate.Effects) {
	w := &who{s: s, contacts: contacts, at: now, reached: map[muster.UserName]bool{}}
	run, started := e, e.StepStarted
	e, eff := escalate.Step(e, ev, now, w)
	if eff.Taken != nil {
		eff.Taken.Revision = s.Catalog.Revision
		eff.Taken.Event, eff.Taken.Because, eff.Taken.Started = string(opening(ev.Kind, run)), ev.Because, started
		eff.Taken.Contacts = map[muster.UserName][]muster.ContactFact{}
		for _, p := range eff.Pages {
			if w.reached[p.User] {
				eff.Taken.Contacts[p.User] = slices.Clone(contacts[p.User])
			}
		}
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
	w := &who{s: s, contacts: contacts, at: now, reached: map[muster.UserName]bool{}}
	methods, how := w.Methods(person, muster.UrgencyHigh)
	var pages []muster.Planned
	first := w.userReason(muster.ReasonPerson, person, "%s asked for %s.", by, w.Name(person))
	for _, m := range methods {
		text := fmt.Sprintf("Paged by %s", m.Contact.Method)
		if m.After > 0 {
			text += fmt.Sprintf(", %s later", muster.Duration(m.After))
		}
		last := muster.Reason{
			Kind: muster.ReasonContact, Ref: muster.DocRef(muster.KindConnectors, m.Contact.Connector), Text: text + ".",
			Facts: map[string]string{"contact": string(m.Contact.ID), "method": m.Contact.Method},
		}
		pages = append(pages, muster.Planned{
			User: person, Name: w.Name(person), Contact: m.Contact, At: now.Plus(m.After),
			Reasons: slices.Concat([]muster.Reason{first}, how, []muster.Reason{last}),
		})
	}
	return pages
}
