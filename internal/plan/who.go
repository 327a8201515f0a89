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

// Methods implements [escalate.Who]. A person's own rules decide; without rules for the urgency, or when none of them
// can be used, every verified contact method is used in order: a mistake in the rules must not make somebody
// unreachable.
func (w *who) Methods(u muster.UserName, urgency muster.Urgency) ([]escalate.Method, []muster.Reason) {
	doc := w.s.Catalog.Users[u]
	verified := w.verified(u)
	if doc == nil || doc.Disabled || len(verified) == 0 {
		return nil, []muster.Reason{w.userReason(muster.ReasonNobody, u, "%s has no verified contact method and cannot be paged.", w.Name(u))}
	}
	w.reached[u] = true
	var why []muster.Reason
	var methods []escalate.Method
	rules := 0
	for _, r := range doc.Notify {
		if r.Urgency != "" && r.Urgency != urgency {
			continue
		}
		rules++
		used := false
		for _, c := range verified {
			if c.Method == r.Method {
				used = true
				methods = append(methods, escalate.Method{Contact: c, After: r.After.Std()})
			}
		}
		if !used {
			why = append(why, w.userReason(muster.ReasonContact, u, "%s's rules name %q, which %s.", w.Name(u), muster.Clip(r.Method, 40), w.missing(u, r.Method)))
		}
	}
	if len(methods) > 0 {
		return methods, append(why, w.userReason(muster.ReasonPerson, u, "%s's notification rules for %s urgency say how.", w.Name(u), urgency))
	}
	text := "%s has no notification rules for %s urgency, so every verified contact method is used, one after the other."
	if rules > 0 {
		text = "None of %s's notification rules for %s urgency can be used, so every verified contact method is, one after the other."
	}
	why = append(why, w.userReason(muster.ReasonPerson, u, text, w.Name(u), urgency))
	for i, c := range verified {
		methods = append(methods, escalate.Method{Contact: c, After: time.Duration(i) * methodSpacing})
	}
	for _, c := range w.contacts[u] {
		if !c.Verified {
			why = append(why, w.userReason(muster.ReasonContact, u, "%s's contact method %s is not verified and is not used.", w.Name(u), c.Method))
		}
	}
	return methods, why
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
