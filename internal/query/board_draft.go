package query

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// RosterDraft says what a roster that is not saved yet would change.
type RosterDraft struct {
	From, Until   muster.Instant
	Before, After []Lane // final schedules
	Layers        []Lane // of the draft
	Change        plan.Consequences
	Wrong         []muster.FieldError // what the catalog would not take; then the rest says what it would be
}

// draftAhead is how far ahead a draft is looked at.
const draftAhead = 30 * 24 * time.Hour

// draftTime is how long comparing may take; then it is told how far it came.
const draftTime = 3 * time.Second

// RosterDraft compares a roster with the one of its name as it stands, from now for 30 days. A roster that does not exist
// yet is compared with nothing. The draft must be well formed by itself (Check), and is not changed.
func (q *Queries) RosterDraft(ctx context.Context, who Viewer, draft *muster.Roster) (*RosterDraft, error) {
	return ask(ctx, q, who, func(r *read) (*RosterDraft, error) {
		from := muster.At(r.Now().Truncate(time.Hour))
		out := &RosterDraft{From: from, Until: from.Plus(draftAhead)}
		old := r.cat.Rosters[draft.Name]
		docs := slices.DeleteFunc(r.cat.All(), func(d muster.Document) bool {
			return d.DocKind() == muster.KindRosters && d.DocName() == string(draft.Name)
		})
		next := &plan.Snapshot{
			Catalog: muster.NewCatalog(r.cat.Revision+1, append(docs, draft), r.cat.Revisions), Rules: r.snap.Rules, Zones: r.snap.Zones,
		}
		ref := muster.DocRef(muster.KindRosters, draft.Name)
		for _, f := range catalog.Check(next.Catalog, nil, r.snap.Zones) {
			if rest, ours := strings.CutPrefix(f.Path, ref+"."); ours {
				f.Path = rest
				out.Wrong = append(out.Wrong, f)
			}
		}
		contacts, err := everybody(r)
		if err != nil {
			return nil, err
		}
		within, cancel := context.WithTimeout(ctx, draftTime)
		defer cancel()
		out.Change = plan.CompareWithin(within, r.snap, next, contacts, out.From, out.Until)
		if old != nil {
			out.Before = r.lanesOf(old, r.snap.Schedule(old.Name), out.From, out.Until, true)
		}
		schedule := rota.Make(r.snap.Zones, draft)
		for _, l := range r.lanesOf(draft, schedule, out.From, out.Until, false) {
			switch l.Kind {
			case LaneFinal:
				out.After = append(out.After, l)
			case LaneLayer:
				out.Layers = append(out.Layers, l)
			case LanePatches:
			}
		}
		return out, nil
	})
}

// RosterChanged is what became of a roster since a revision.
type RosterChanged struct {
	PatchesOnly bool // nothing but overrides, swaps and accepted warnings
	Newest      muster.Revision
	By          muster.By
	At          muster.Instant
	Why         string
	Diff        []catalog.DiffLine
}

// RosterSince says what became of a roster since a revision of it, and who wrote the newest.
func (q *Queries) RosterSince(ctx context.Context, who Viewer, name muster.RosterName, since muster.Revision) (*RosterChanged, error) {
	return ask(ctx, q, who, func(r *read) (*RosterChanged, error) {
		now := r.cat.Rosters[name]
		if now == nil {
			return nil, noDocument(r.cat, muster.KindRosters, string(name))
		}
		rows, err := r.DocHistory(muster.KindRosters, string(name), store.List{Limit: maxLimit})
		if err != nil {
			return nil, err
		}
		out := &RosterChanged{Newest: r.cat.RevisionOf(muster.DocRef(muster.KindRosters, name))}
		for i, row := range rows {
			if i == 0 {
				out.By, out.At, out.Why = row.By, row.At, row.Why
			}
			if row.Revision != since {
				continue
			}
			old, err := decode(row)
			if err != nil {
				return nil, err
			}
			if was, ok := old.(*muster.Roster); ok {
				out.PatchesOnly = plan.Same(withoutPatches(was), withoutPatches(now))
				out.Diff = catalog.DiffText(was, now)
			}
			return out, nil
		}
		return nil, muster.Errorf(muster.ErrNotFound, "The roster %s has no revision %d.", name, since)
	})
}

func withoutPatches(r *muster.Roster) *muster.Roster {
	x := *r
	x.Overrides, x.Swaps, x.Accepted = nil, nil, nil
	return &x
}
