package route

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
)

// Rules are the routes and silences of a catalog, compiled. They are never changed and safe for concurrent use.
type Rules struct {
	catalog  *muster.Catalog
	routes   []compiledRoute // in the order in which they are asked, without the default route
	fallback *muster.Route   // the default route; nil in a catalog without one
	silences []compiledSilence
}

type compiledRoute struct {
	doc   *muster.Route
	match *match // nil: everything
	ref   string
	rev   muster.Revision
}

type compiledSilence struct {
	doc   *muster.Silence
	match *match
	ref   string
	rev   muster.Revision
}

// Compile compiles every match of a catalog. Errors name all that is wrong, at paths like "routes/storefront.match";
// the rules that come with errors leave those routes and silences out and can be used for the rest.
func Compile(c *muster.Catalog) (*Rules, []muster.FieldError) {
	r := &Rules{catalog: c, fallback: c.Routes[muster.DefaultRoute]}
	l, err := newLanguage()
	if err != nil {
		return r, []muster.FieldError{{Message: err.Error()}}
	}
	var wrong []muster.FieldError
	for _, d := range c.Documents(muster.KindRoutes) {
		doc, ok := d.(*muster.Route)
		if !ok || doc.Name == muster.DefaultRoute {
			continue
		}
		ref := muster.DocRef(muster.KindRoutes, doc.Name)
		one := compiledRoute{doc: doc, ref: ref, rev: c.RevisionOf(ref)}
		if doc.Match != "" {
			prog, f := l.compile(ref+".match", doc.Match)
			if len(f) > 0 {
				wrong = append(wrong, f...)
				continue
			}
			one.match = prog
		}
		r.routes = append(r.routes, one)
	}
	slices.SortStableFunc(r.routes, func(a, b compiledRoute) int {
		return cmp.Or(cmp.Compare(a.doc.Order, b.doc.Order), cmp.Compare(a.doc.Name, b.doc.Name))
	})
	for _, d := range c.Documents(muster.KindSilences) {
		doc, ok := d.(*muster.Silence)
		if !ok {
			continue
		}
		ref := muster.DocRef(muster.KindSilences, doc.Name)
		if doc.Alert != "" {
			continue // it is about one alert that is there already, and about no signal
		}
		prog, f := l.compile(ref+".match", doc.Match)
		if len(f) > 0 {
			wrong = append(wrong, f...)
			continue
		}
		r.silences = append(r.silences, compiledSilence{doc: doc, match: prog, ref: ref, rev: c.RevisionOf(ref)})
	}
	return r, wrong
}

// reason makes a reason about a document of the catalog.
func (r *Rules) reason(kind muster.ReasonKind, ref, format string, args ...any) muster.Reason {
	return muster.Reason{Kind: kind, Ref: ref, Revision: r.catalog.RevisionOf(ref), Text: fmt.Sprintf(format, args...)}
}
