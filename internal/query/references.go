package query

import (
	"slices"

	"github.com/muster-oncall/muster"
)

// usedBy lists the documents that name a document, in the order of the kinds.
func usedBy(c *muster.Catalog, k muster.Kind, name string) (refs []string) {
	want := muster.DocRef(k, name)
	for _, d := range c.All() {
		if ref := muster.DocRef(d.DocKind(), d.DocName()); ref != want && slices.Contains(namedBy(d), want) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// namedBy lists the documents that a document names.
func namedBy(d muster.Document) (refs []string) {
	if t := d.DocTeam(); t != "" {
		refs = append(refs, muster.DocRef(muster.KindTeams, t))
	}
	users := func(list ...muster.UserName) {
		for _, u := range list {
			refs = append(refs, muster.DocRef(muster.KindUsers, u))
		}
	}
	targets := func(list []muster.Target) {
		for _, t := range list {
			refs = append(refs, muster.DocRef(muster.KindRosters, t.Roster), muster.DocRef(muster.KindTeams, t.Team), muster.DocRef(muster.KindConnectors, t.Connector))
			users(t.User)
		}
	}
	switch d := d.(type) {
	case *muster.User:
		for _, t := range d.Teams {
			refs = append(refs, muster.DocRef(muster.KindTeams, t))
		}
	case *muster.Team:
		users(d.Owners...)
	case *muster.Service:
		refs = append(refs, muster.DocRef(muster.KindPolicies, d.Policy), muster.DocRef(muster.KindRunbooks, d.Runbook))
	case *muster.Roster:
		for _, x := range d.Rotations {
			users(x.People...)
		}
		for _, x := range d.Overrides {
			users(x.People...)
		}
		for _, x := range d.Topics {
			users(x.Experts...)
			targets(x.Fallback)
		}
	case *muster.Policy:
		for _, s := range d.Steps {
			targets(s.Targets)
		}
		targets(d.Fallback)
	case *muster.Route:
		refs = append(refs, muster.DocRef(muster.KindServices, d.Service), muster.DocRef(muster.KindPolicies, d.Policy))
	case *muster.Silence:
		users(d.Owner)
	case *muster.Source:
		refs = append(refs, muster.DocRef(muster.KindServices, d.Service))
	case *muster.StatusPage:
		for _, x := range d.Components {
			refs = append(refs, muster.DocRef(muster.KindServices, x.Service))
		}
	}
	return refs
}
