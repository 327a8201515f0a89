package query

import (
	"context"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// provenDepth is how many of the newest pages [Queries.Proven] looks at.
const provenDepth = 2000

// Proven is the newest page that shows that paging works: its person got it, by a connector that counts, and they
// acknowledged its alert. It is nil when nobody ever did.
func (q *Queries) Proven(ctx context.Context, who Viewer, counts func(kind string) bool) (*Page, error) {
	return ask(ctx, q, who, func(r *read) (*Page, error) {
		after := ""
		for range provenDepth / maxLimit {
			pages, err := r.PagesFor("", store.List{Limit: maxLimit, After: after})
			if err != nil || len(pages) == 0 {
				return nil, err
			}
			for _, p := range pages {
				ok, err := r.proves(p, counts)
				if err != nil {
					return nil, err
				}
				if ok {
					return &Page{Page: p, Name: r.cat.DisplayName(p.Person)}, nil
				}
			}
			after = string(pages[len(pages)-1].ID)
		}
		return nil, nil
	})
}

func (r *read) proves(p *muster.Page, counts func(kind string) bool) (bool, error) {
	c := r.cat.Connectors[p.Connector]
	if p.ProvedAt.IsZero() || c == nil || !counts(c.Kind) {
		return false, nil
	}
	a, err := r.Reader.Alert(p.Alert)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return false, nil // it was kept for a time and is gone
	}
	if err != nil {
		return false, err
	}
	return a.AcknowledgedBy != nil && a.AcknowledgedBy.User == p.Person, nil
}
