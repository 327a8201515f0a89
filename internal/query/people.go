package query

import (
	"context"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
)

// PersonRow is a person in Settings: what they may do, how they are reached, what they are on call for.
type PersonRow struct {
	User     *muster.User
	Revision muster.Revision
	Access   muster.AccessRole // what they have in effect; "" for somebody who has left
	Teams    []string          // titles
	Contacts []muster.Contact  // without addresses
	Duty     string            // "primary responder of Storefront"; "" when off duty
	Warning  string            // "cannot be paged: no contact method is verified"
}

// People lists everybody.
func (q *Queries) People(ctx context.Context, who Viewer) ([]PersonRow, error) {
	return ask(ctx, q, who, func(r *read) ([]PersonRow, error) {
		contacts, err := r.ContactsOf(nil)
		if err != nil {
			return nil, err
		}
		duty := r.duties()
		var out []PersonRow
		for _, d := range r.cat.Documents(muster.KindUsers) {
			if u, ok := d.(*muster.User); ok {
				out = append(out, r.personRow(u, contacts[u.Name], duty[u.Name]))
			}
		}
		return out, nil
	})
}

// Profile is one person's own page.
type Profile struct {
	PersonRow
	Shifts []MyShift // of the next 30 days
	Pages  []Page    // the newest
	Tried  map[muster.ContactID]*muster.Tried

	RulesGap string // hours of the week for which their notification rules have no contact method; "": none
}

// Profile reads one person.
func (q *Queries) Profile(ctx context.Context, who Viewer, name muster.UserName) (*Profile, error) {
	return ask(ctx, q, who, func(r *read) (*Profile, error) {
		u := r.cat.Users[name]
		if u == nil {
			return nil, noDocument(r.cat, muster.KindUsers, string(name))
		}
		contacts, err := r.ContactsOf([]muster.UserName{name})
		if err != nil {
			return nil, err
		}
		out := &Profile{PersonRow: r.personRow(u, contacts[name], r.duties()[name])}
		viewer := r.who
		r.who.Actor.User = name
		for _, ros := range r.rosters() {
			out.Shifts = append(out.Shifts, r.mine(ros, r.Now(), r.Now().Plus(loadDays*24*time.Hour))...)
		}
		r.who = viewer
		l, err := r.pages(ListPages{User: name, Limit: 20})
		if err != nil {
			return nil, err
		}
		out.Pages, out.Tried = l.Items, map[muster.ContactID]*muster.Tried{}
		facts := make([]muster.ContactFact, 0, len(out.Contacts))
		for _, c := range out.Contacts {
			facts = append(facts, fact(c))
			if out.Tried[c.ID], err = tried(r, muster.TriedKey(c.ID)); err != nil {
				return nil, err
			}
		}
		out.RulesGap = plan.WarnRules(r.snap, plan.Contacts{name: facts}, u)
		return out, nil
	})
}

func (r *read) personRow(u *muster.User, contacts []muster.Contact, duty string) PersonRow {
	row := PersonRow{
		User: u, Revision: r.withRevision(u).Revision, Access: r.cat.AccessOf(u.Name), Contacts: unsealed(contacts), Duty: duty,
	}
	for _, t := range u.Teams {
		title := string(t)
		if d := r.cat.Teams[t]; d != nil {
			title = titleOf(d)
		}
		row.Teams = append(row.Teams, title)
	}
	if u.Disabled {
		return row
	}
	verified := 0
	for _, c := range contacts {
		if !c.VerifiedAt.IsZero() {
			verified++
		}
	}
	switch {
	case verified == 0 && len(contacts) == 0:
		row.Warning = "cannot be paged: there is no contact method"
	case verified == 0:
		row.Warning = "cannot be paged: no contact method is verified"
	}
	return row
}

// Wakes says whom paging a person, or declaring for a service, would wake: the sentence before the button.
func Wakes(people []plan.Person) string {
	switch len(people) {
	case 0:
		return "This pages nobody."
	case 1:
		return "This pages " + people[0].Name + "."
	}
	return "This pages " + count(len(people), "person", "people") + ": " + names(people) + "."
}
