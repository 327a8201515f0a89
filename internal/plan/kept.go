package plan

import (
	"cmp"
	"slices"

	"github.com/muster-oncall/muster"
)

// pagesOfStep are the pages that taken step i of a run planned, as they were written. Pages that say another one again by
// another provider, and those about several alerts, are not its own.
func pagesOfStep(q Question, i int) (out []*muster.Page) {
	t := q.Run.Taken[i]
	for _, p := range q.Pages {
		switch {
		case p.Escalation != q.Run.ID || p.Step != t.Step || p.Round != t.Round, p.Repeats != "" || len(p.Digest) > 0 || len(p.Why) == 0:
		case p.PlannedAt.Before(t.At.Time), i+1 < len(q.Run.Taken) && !p.PlannedAt.Before(q.Run.Taken[i+1].At.Time):
		default:
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b *muster.Page) int { return a.DueAt.Compare(b.DueAt.Time) })
	return out
}

// asKept tells the pages of a step in the words that were written down when they were planned: zone data may have changed
// since, and what has happened stays told as it was decided. differs says that the same step reads differently today.
// Without pages that were kept, it is told as today.
func asKept(s *Snapshot, today []muster.Planned, pages []*muster.Page, contacts Contacts) (told []muster.Planned, differs bool) {
	if len(pages) == 0 {
		return today, false
	}
	left := slices.Clone(today)
	for _, p := range pages {
		one := muster.Planned{
			User: p.Person, Name: s.Catalog.DisplayName(p.Person), Contact: muster.ContactFact{ID: p.Contact, Method: p.Method, Connector: p.Connector, Verified: true},
			At: p.DueAt, Step: p.Step, Round: p.Round, Reasons: p.Why,
		}
		for _, f := range contacts[p.Person] {
			if f.ID == p.Contact {
				one.Contact = f
			}
		}
		at := slices.IndexFunc(left, func(o muster.Planned) bool {
			return o.User == p.Person && o.Contact.ID == p.Contact && o.Contact.Connector == p.Connector
		})
		if at < 0 {
			differs = true
		} else {
			differs = differs || !slices.EqualFunc(left[at].Reasons, p.Why, sameReason)
			one.Contact = left[at].Contact
			left = slices.Delete(left, at, at+1)
		}
		told = append(told, one)
	}
	slices.SortStableFunc(told, func(a, b muster.Planned) int {
		return cmp.Compare(rankOf(today, a), rankOf(today, b))
	})
	return told, differs || len(left) > 0
}

// rankOf is where today's decision has a page: people see the order in which they were chosen.
func rankOf(today []muster.Planned, p muster.Planned) int {
	i := slices.IndexFunc(today, func(o muster.Planned) bool { return o.User == p.User && o.Contact.ID == p.Contact.ID })
	if i < 0 {
		return len(today)
	}
	return i
}

func sameReason(a, b muster.Reason) bool {
	return a.Kind == b.Kind && a.Ref == b.Ref && a.Text == b.Text
}

// asSaid tells what no page carries in the words that were kept with the step. differs says that they would be others today.
// Of a step that was taken before they were kept, those of today are told.
func asSaid(t muster.StepTaken, today []muster.Reason) (told []muster.Reason, differs bool) {
	if t.Zones == "" {
		return today, false
	}
	return slices.Clone(t.Said), !slices.EqualFunc(t.Said, today, sameReason)
}
