package query

import (
	"context"
	"encoding/json"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// PageTests is when everybody gets test pages.
func (q *Queries) PageTests(ctx context.Context) (out muster.PageTests, err error) {
	err = q.Store.Read(ctx, func(r store.Reader) error {
		out, err = pageTests(r)
		return err
	})
	return out, err
}

func pageTests(r store.MetaReader) (out muster.PageTests, err error) {
	text, err := r.Meta(muster.PageTestsKey)
	if err != nil || text == "" {
		return out, err
	}
	return out, json.Unmarshal([]byte(text), &out)
}
