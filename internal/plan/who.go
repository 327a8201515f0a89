package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

// methodSpacing is how far apart the contact methods of a person without rules of their own are used.
const methodSpacing = 2 * time.Minute

// who answers an escalation's questions from a snapshot and the contacts at one instant. It implements [escalate.Who]
// and [escalate.Namer], and remembers whose contacts led to a page.
type who struct {
	s        *Snapshot
	contacts Contacts
	at       muster.Instant
	days     []muster.Leave // days off that experts may have
	reached  map[muster.UserName]bool
	woken    map[muster.UserName]bool // experts who are asked in spite of their quiet hours
	because  string                   // why people's hours do not count when it is pressing; "": nobody else is reached
}

var (
	_ escalate.Who   = (*who)(nil)
	_ escalate.Namer = (*who)(nil)
)

// Name implements [escalate.Namer].
func (w *who) Name(u muster.UserName) string { return w.s.Catalog.DisplayName(u) }

func (w *who) userReason(kind muster.ReasonKind, u muster.UserName, format string, args ...any) muster.Reason {
	ref := muster.DocRef(muster.KindUsers, u)
	return muster.Reason{
		Kind: kind, Ref: ref, Revision: w.s.Catalog.RevisionOf(ref), Text: fmt.Sprintf(format, args...),
		Facts: map[string]string{"user": string(u)},
	}
}

// OnCall implements [escalate.Who].
func (w *who) OnCall(t muster.Target) ([]muster.UserName, []muster.Reason) {
	if t.User != "" {
		return w.present([]muster.UserName{t.User}, []muster.Reason{w.userReason(muster.ReasonPerson, t.User, "The step names %s.", w.Name(t.User))})
	}
	if t.Topic != "" {
		c := w.expert(t.Topic)
		if c.Woken {
			w.wake(c.People)
		}
		return c.People, c.Why
	}
	if t.Team != "" {
		return w.team(t.Team)
	}
	ref := muster.DocRef(muster.KindRosters, t.Roster)
	if w.s.Catalog.Rosters[t.Roster] == nil {
		return nil, []muster.Reason{{Kind: muster.ReasonNobody, Ref: ref, Revision: w.s.Catalog.Revision, Text: fmt.Sprintf("There is no roster called %s any more.", t.Roster)}}
	}
	role := t.Role
	if role == "" {
		role = muster.PrimaryResponder
	}
	h := w.s.Schedule(t.Roster).Holder(role, w.s.Catalog.RevisionOf(ref), w.at, w.Name)
	return w.present(h.People, h.Reasons)
}

// present leaves out people who are disabled or gone, and says so.
func (w *who) present(people []muster.UserName, why []muster.Reason) ([]muster.UserName, []muster.Reason) {
	var here []muster.UserName
	for _, u := range people {
		switch d := w.s.Catalog.Users[u]; {
		case d == nil:
			why = append(why, w.userReason(muster.ReasonNobody, u, "There is no person called %s any more.", u))
		case d.Disabled:
			why = append(why, w.userReason(muster.ReasonNobody, u, "%s has left and is passed over.", w.Name(u)))
		default:
			here = append(here, u)
		}
	}
	return here, why
}

func (w *who) verified(u muster.UserName) (out []muster.ContactFact) {
	for _, c := range w.contacts[u] {
		if c.Verified {
			out = append(out, c)
		}
	}
	return out
}

func (w *who) missing(u muster.UserName, method string) string {
	for _, c := range w.contacts[u] {
		if c.Method == method {
			return "is not verified and is not used"
		}
	}
	return "is none of their contact methods"
}

// Fallback implements [escalate.Who]: every admin who can be reached.
func (w *who) Fallback() ([]muster.UserName, []muster.Reason) {
	var people []muster.UserName
	var names []string
	for _, u := range admins(w.s.Catalog) {
		if len(w.verified(u)) > 0 {
			people = append(people, u)
			names = append(names, w.Name(u))
		}
	}
	if len(people) == 0 {
		return nil, []muster.Reason{{Kind: muster.ReasonNobody, Revision: w.s.Catalog.Revision, Text: "No admin has a verified contact method."}}
	}
	return people, []muster.Reason{{
		Kind: muster.ReasonPerson, Revision: w.s.Catalog.Revision, Text: "The fallback is every admin who can be reached: " + strings.Join(names, ", ") + ".",
	}}
}
