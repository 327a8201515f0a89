package web

import (
	"encoding/json"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// names reports whether a rule names a contact method.
func names(rules []muster.NotificationRule, method string) bool {
	return slices.ContainsFunc(rules, func(r muster.NotificationRule) bool { return r.Method == method })
}

// neverRung is of a method that no page uses.
const neverRung = "No rule uses this method: it is never rung."

// unruled says what it means that no rule names a verified contact method; "" when one does, or when every method is used,
// because no rule can be.
func unruled(d *query.Profile, c *muster.Contact) string {
	rules := d.User.Notify
	if c.VerifiedAt.IsZero() || names(rules, c.Method) {
		return ""
	}
	ruled := func(urgency muster.Urgency) bool {
		return slices.ContainsFunc(rules, func(r muster.NotificationRule) bool {
			return (r.Urgency == "" || r.Urgency == urgency) && slices.ContainsFunc(d.Contacts, func(o muster.Contact) bool { return o.Method == r.Method && !o.VerifiedAt.IsZero() })
		})
	}
	switch high, low := ruled(muster.UrgencyHigh), ruled(muster.UrgencyLow); {
	case high && low:
		return neverRung
	case high:
		return "No rule uses this method: it is never rung for urgent pages."
	case low:
		return "No rule uses this method: it is rung for urgent pages alone."
	}
	return ""
}

// addRule has a contact method used for every page at once, beside what the other rules say.
func addRule(v *visit) error {
	name, method := muster.UserName(v.r.PathValue("name")), v.field("method")
	d, err := v.Queries.Profile(v.ctx(), v.viewer(), name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(d.Contacts, func(c muster.Contact) bool { return c.Method == method }) {
		return muster.Errorf(muster.ErrNotFound, "%s has no contact method called %q.", docTitle(d.User), muster.Clip(method, 40))
	}
	if !names(d.User.Notify, method) {
		rules := append(slices.Clone(d.User.Notify), muster.NotificationRule{Method: method})
		if err := v.saveRules(d.User, d.Revision, rules, "a rule for a contact method"); err != nil {
			return err
		}
	}
	return v.done("/settings/people/"+string(name), "Saved: "+method+" is used for every page.", "")
}

// saveRules writes a person's rules of notification, if nobody wrote the document after that revision.
func (v *visit) saveRules(u *muster.User, rev muster.Revision, rules []muster.NotificationRule, why string) error {
	next := *u
	next.Notify = rules
	body, err := json.Marshal(&next)
	if err != nil {
		return err
	}
	_, err = run[*command.Document](v, "PutDocument", command.PutDocument{
		Kind: muster.KindUsers, Name: string(u.Name), Body: body, IfMatch: rev, Why: why,
	})
	return err
}
