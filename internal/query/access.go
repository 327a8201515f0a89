package query

import (
	"cmp"
	"slices"

	"github.com/muster-oncall/muster"
)

// ListKeys asks for API keys: one's own, those of sources whose team one owns; an admin sees all.
type ListKeys struct {
	Revoked bool   `json:"revoked,omitempty" query:"revoked" doc:"also those that have ended"`
	Limit   int    `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor  string `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

func (r *read) keys(in ListKeys) (out muster.Listing[*muster.APIKey], err error) {
	p, err := pageOf[muster.APIKeyID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	all, err := r.Keys()
	if err != nil {
		return out, err
	}
	rows := slices.DeleteFunc(slices.Clone(all), func(k *muster.APIKey) bool {
		return !r.maySee(k) || (!in.Revoked && !k.RevokedAt.IsZero())
	})
	slices.SortFunc(rows, func(a, b *muster.APIKey) int { return cmp.Compare(b.ID, a.ID) })
	return within(rows, p, func(k *muster.APIKey) string { return string(k.ID) }), nil
}

func (r *read) maySee(k *muster.APIKey) bool {
	a := r.who.Actor
	if a.Access == muster.AccessAdmin || (a.User != "" && k.User == a.User) {
		return true
	}
	s := r.cat.Sources[k.Source]
	return s != nil && a.Owns(s.Team)
}

// ListContacts asks for the contact methods of a person.
type ListContacts struct {
	User muster.UserName `json:"user" path:"user" arg:"1" doc:"whose"`
}

// contactList gives hints, never addresses.
func (r *read) contactList(in ListContacts) (out muster.Listing[muster.Contact], err error) {
	if r.cat.Users[in.User] == nil {
		return out, noDocument(r.cat, muster.KindUsers, string(in.User))
	}
	got, err := r.ContactsOf([]muster.UserName{in.User})
	return whole(unsealed(got[in.User])), err
}

// unsealed leaves the sealed addresses out.
func unsealed(list []muster.Contact) []muster.Contact {
	out := slices.Clone(list)
	for i := range out {
		out[i].Sealed = nil
	}
	return out
}

// ListAudit asks for the security log, newest first.
type ListAudit struct {
	Limit  int    `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

func (r *read) audit(in ListAudit) (out muster.Listing[*muster.AuditEntry], err error) {
	if r.who.Actor.Access != muster.AccessAdmin {
		return out, muster.Errorf(muster.ErrForbidden, "Only an admin may read the security log.")
	}
	p, err := pageOf[muster.AuditID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	rows, err := r.Audit(p.list())
	if err != nil {
		return out, err
	}
	return muster.ListingOf(rows, p.limit, func(e *muster.AuditEntry) string { return string(e.ID) }), nil
}
