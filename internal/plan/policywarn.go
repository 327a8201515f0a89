package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// PolicyWarning is something about a policy, or about a person's notification rules, that can be meant so, and may cost a
// missed page.
type PolicyWarning struct {
	Policy muster.PolicyName `json:"policy"`
	User   muster.UserName   `json:"user,omitempty"` // whose rules it is about, instead of a policy
	Kind   string            `json:"kind"`           // mail_only, unreachable, always_conditional, rules_gap
	Text   string            `json:"text"`
}

// MailKind is the kind of connectors whose pages wait until somebody reads their mail. The address may be a distribution
// list's: nobody can tell from outside.
const MailKind = "email"

// PolicyWarnings looks at every policy: whom it may reach, by what, and when; and at people's notification rules. Contacts
// are those of everybody.
func PolicyWarnings(s *Snapshot, contacts Contacts) (out []PolicyWarning) {
	for _, d := range s.Catalog.Documents(muster.KindPolicies) {
		if p, ok := d.(*muster.Policy); ok {
			out = append(out, WarnPolicy(s, contacts, p)...)
		}
	}
	return append(out, ruleWarnings(s, contacts)...)
}

// WarnPolicy is [PolicyWarnings] of one policy.
func WarnPolicy(s *Snapshot, contacts Contacts, p *muster.Policy) (out []PolicyWarning) {
	title := cmp.Or(p.Title, string(p.Name))
	warn := func(kind, format string, args ...any) {
		out = append(out, PolicyWarning{Policy: p.Name, Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	var people, mail []muster.UserName
	reached := false
	for _, u := range s.mayPage(p) {
		if d := s.Catalog.Users[u]; d == nil || d.Disabled {
			continue
		}
		people = append(people, u)
		switch loud, quiet := s.loudness(contacts[u]); {
		case loud:
			reached = true
		case quiet:
			mail = append(mail, u)
		}
	}
	names := func(list []muster.UserName) string {
		words := make([]string, 0, 4)
		for i, u := range list {
			if i == 3 && len(list) > 4 {
				words = append(words, fmt.Sprintf("%d others", len(list)-3))
				break
			}
			words = append(words, s.Catalog.DisplayName(u))
		}
		return strings.Join(words, ", ")
	}
	switch {
	case len(people) == 0 || reached:
	case len(mail) > 0:
		warn("mail_only", "The policy %s reaches people by mail alone (%s), which may be a distribution list that nobody reads at night. Add a contact method that rings.", title, names(mail))
	default:
		warn("unreachable", "Nobody whom the policy %s names has a verified contact method (%s): only its fallback would be paged.", title, names(people))
	}
	if len(p.Steps) > 0 && !slices.ContainsFunc(p.Steps, func(st muster.Step) bool { return st.When == nil && !st.Informs() }) {
		warn("always_conditional", "Every step of the policy %s that pages somebody has a condition: when none holds, its fallback is paged at once.", title)
	}
	return out
}

// mayPage lists everybody whom the steps of a policy may page, each once. Admins are left out, who are the last resort.
func (s *Snapshot) mayPage(p *muster.Policy) (all []muster.UserName) {
	for i := range p.Steps {
		for _, t := range p.Steps[i].Targets {
			all = append(all, s.mayBe(t)...)
			if t.Topic != "" {
				all = append(all, AskedAbout(s, t.Topic)...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// loudness says by what somebody can be paged: by something that rings, or by mail alone.
func (s *Snapshot) loudness(list []muster.ContactFact) (loud, quiet bool) {
	for _, f := range list {
		c := s.Catalog.Connectors[f.Connector]
		switch {
		case !f.Verified || c == nil:
		case c.Kind == MailKind:
			quiet = true
		default:
			return true, quiet
		}
	}
	return false, quiet
}
