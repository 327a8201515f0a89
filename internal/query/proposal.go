package query

import (
	"context"
	"slices"
	"strconv"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// ProposalDetail is a proposed change as whoever decides about it sees it.
type ProposalDetail struct {
	*muster.Proposal
	Diffs     []ProposalDiff // of its documents, against what it was proposed on
	Stale     []string       // documents that were changed since it was proposed; of an open one
	Approvers []plan.Person  // who may approve it besides whoever proposed it; of an open one
	Mine      bool           // the viewer proposed it, and so cannot approve it
	MayDecide bool           // the viewer may write all of its documents
}

// DiffLine is a line of a comparison.
type DiffLine = catalog.DiffLine

// ProposalDiff is what a proposed change does to one document.
type ProposalDiff struct {
	Kind    muster.Kind
	Name    string
	New     bool // there was none
	Removed bool
	Lines   []DiffLine
}

// ProposalDetail reads one proposed change.
func (q *Queries) ProposalDetail(ctx context.Context, who Viewer, id muster.ProposalID) (*ProposalDetail, error) {
	return ask(ctx, q, who, func(r *read) (*ProposalDetail, error) {
		p, err := r.change(OneChange{Change: id})
		if err != nil {
			return nil, err
		}
		out := &ProposalDetail{Proposal: p, Mine: p.By.User != "" && p.By.User == who.Actor.User}
		base, err := r.baseOf(p)
		if err != nil {
			return nil, err
		}
		parsed, _ := catalog.ParseText("documents", p.Documents) // it was read when it was proposed
		edits, _ := catalog.Edits(base, parsed, p.Remove)
		for _, e := range edits {
			old := base.Document(e.Kind, e.Name)
			out.Diffs = append(out.Diffs, ProposalDiff{
				Kind: e.Kind, Name: e.Name, New: old == nil, Removed: e.Doc == nil, Lines: catalog.DiffText(old, e.Doc),
			})
		}
		if p.Status != muster.ProposalOpen {
			return out, nil
		}
		for ref, rev := range p.Base {
			if r.cat.RevisionOf(ref) != rev {
				out.Stale = append(out.Stale, ref)
			}
		}
		slices.Sort(out.Stale)
		out.Approvers = r.people(catalog.Approvers(r.cat, edits, p.By.User))
		out.MayDecide = who.Actor.User != "" && catalog.MayWrite(r.cat, edits, who.Actor)
		return out, nil
	})
}

// baseOf is a catalog of the documents of a proposal, as they stood when it was made.
func (r *read) baseOf(p *muster.Proposal) (*muster.Catalog, error) {
	var docs []muster.Document
	for ref, rev := range p.Base {
		kind, name, ok := muster.SplitDocRef(ref)
		if !ok || rev == 0 {
			continue // there was none
		}
		rows, err := r.DocHistory(kind, name, store.List{Limit: 1, After: strconv.FormatInt(int64(rev)+1, 10)})
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 || rows[0].Body == "" {
			continue
		}
		d, err := decode(rows[0])
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return muster.NewCatalog(0, docs, nil), nil
}
