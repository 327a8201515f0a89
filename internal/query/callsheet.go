package query

import (
	"context"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/callsheet"
)

// AskCallSheet asks who is on call in the next days.
type AskCallSheet struct {
	Days int `json:"days,omitempty" query:"days" doc:"how many days: 14 when empty, 62 at most"`
}

// callSheetTable is the call sheet. It is a part of [Queries.Ops].
func (q *Queries) callSheetTable() []muster.Op {
	return []muster.Op{
		answer(q, muster.Op{Name: "CallSheet", Summary: "Say who is on call in the next days, and by what they are reached: for paper", Path: "/callsheet", CLI: "callsheet"}, (*read).callSheet),
	}
}

// CallSheet reads the call sheet for its screen.
func (q *Queries) CallSheet(ctx context.Context, who Viewer, days int) (*callsheet.Sheet, error) {
	return ask(ctx, q, who, func(r *read) (*callsheet.Sheet, error) { return r.callSheet(AskCallSheet{Days: days}) })
}

// callSheet has hints of addresses alone: in full they are told by an operation that is written down.
func (r *read) callSheet(in AskCallSheet) (*callsheet.Sheet, error) {
	days, err := callsheet.Days(in.Days)
	if err != nil {
		return nil, err
	}
	contacts, err := r.ContactsOf(nil)
	if err != nil {
		return nil, err
	}
	return callsheet.Make(r.snap, r.Now(), days, contacts, nil)
}
