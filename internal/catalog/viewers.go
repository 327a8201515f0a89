package catalog

import (
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
)

// CheckViewers says who of those that a change puts on call is only a viewer: a viewer could be paged, and could not
// acknowledge. What was so before is left alone, so that a catalog which has it already can be edited; before may be nil.
// Shadows are told and not asked, so they may be viewers.
func CheckViewers(before, next *muster.Catalog) (wrong []muster.FieldError) {
	if !slices.ContainsFunc(next.Documents(muster.KindUsers), func(d muster.Document) bool { return viewer(next, muster.UserName(d.DocName())) }) {
		return nil
	}
	had := map[string]bool{}
	if before != nil {
		for _, w := range viewersIn(before) {
			had[w.key] = true
		}
	}
	told := map[string]bool{}
	for _, w := range viewersIn(next) {
		if had[w.key] || told[w.key] {
			continue
		}
		told[w.key] = true
		wrong = append(wrong, muster.FieldError{Path: w.path, Message: fmt.Sprintf(
			"%s is a viewer, and could not acknowledge a page: make them a responder (access: responder), or name somebody else", next.DisplayName(w.user))})
	}
	return wrong
}

func viewer(c *muster.Catalog, name muster.UserName) bool {
	u := c.Users[name]
	return u != nil && u.Access == muster.AccessViewer && !u.Disabled
}

type viewerOnCall struct {
	user muster.UserName
	path string
	key  string // the document and the person
}

// viewersIn finds the viewers whom a roster or a policy would page.
func viewersIn(c *muster.Catalog) (out []viewerOnCall) {
	ref := ""
	look := func(u muster.UserName, path string) {
		if viewer(c, u) {
			out = append(out, viewerOnCall{u, ref + "." + path, ref + " " + string(u)})
		}
	}
	targets := func(path string, list []muster.Target) {
		for i, t := range list {
			look(t.User, fmt.Sprintf("%s[%d].user", path, i))
		}
	}
	for _, d := range c.Documents(muster.KindRosters) {
		r, ok := d.(*muster.Roster)
		if !ok {
			continue
		}
		ref = muster.DocRef(muster.KindRosters, string(r.Name))
		viewersOn(r, look, targets)
	}
	for _, d := range c.Documents(muster.KindPolicies) {
		p, ok := d.(*muster.Policy)
		if !ok {
			continue
		}
		ref = muster.DocRef(muster.KindPolicies, string(p.Name))
		for i := range p.Steps {
			targets(fmt.Sprintf("steps[%d].targets", i), p.Steps[i].Targets)
		}
		targets("fallback", p.Fallback)
	}
	return out
}

func viewersOn(r *muster.Roster, look func(u muster.UserName, path string), targets func(path string, list []muster.Target)) {
	for i := range r.Rotations {
		t := &r.Rotations[i]
		if t.Role == muster.ShadowResponder {
			continue
		}
		for j, u := range t.People {
			look(u, fmt.Sprintf("rotations[%d].people[%d]", i, j))
		}
		for j := range t.Shifts {
			for k, u := range t.Shifts[j].People {
				look(u, fmt.Sprintf("rotations[%d].shifts[%d].people[%d]", i, j, k))
			}
		}
	}
	for i := range r.Overrides {
		if o := &r.Overrides[i]; o.Role != muster.ShadowResponder {
			for j, u := range o.People {
				look(u, fmt.Sprintf("overrides[%d].people[%d]", i, j))
			}
		}
	}
	for i := range r.Swaps {
		look(r.Swaps[i].To, fmt.Sprintf("swaps[%d].to", i))
	}
	for i := range r.Topics {
		for j, u := range r.Topics[i].Experts {
			look(u, fmt.Sprintf("topics[%d].experts[%d]", i, j))
		}
		targets(fmt.Sprintf("topics[%d].fallback", i), r.Topics[i].Fallback)
	}
}
