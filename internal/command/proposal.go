package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
)

// ProposeChange keeps a change of the catalog for a second person to approve.
type ProposeChange struct {
	Documents string   `json:"documents,omitempty" raw:"yes" doc:"documents in YAML, divided by ---, or in JSON"`
	Remove    []string `json:"remove,omitempty" doc:"documents to remove: rosters/web"`
	Why       string   `json:"why,omitempty" doc:"why, for whoever approves it and for the history"`

	parsed []catalog.Parsed
}

// prepare reads the documents before the transaction begins.
func (in *ProposeChange) prepare() error {
	parsed, wrong := catalog.ParseText("documents", in.Documents)
	in.parsed = parsed
	if len(wrong) == 0 && len(parsed) == 0 && len(in.Remove) == 0 {
		wrong = []muster.FieldError{{Path: "documents", Message: "say what is to change: documents, or the names of those to remove"}}
	}
	return muster.Invalid("The documents are not right", wrong)
}

// DecideChange approves or rejects a proposed change.
type DecideChange struct {
	Change muster.ProposalID `json:"change" path:"change" arg:"1" doc:"the proposal's ID"`
	Note   string            `json:"note,omitempty" arg:"rest" doc:"why"`
}

// edits are the changes of documents and of names to remove.
func (c *Call) edits(parsed []catalog.Parsed, remove []string) ([]docChange, error) {
	list, wrong := catalog.Edits(c.Snap.Catalog, parsed, remove)
	if len(wrong) > 0 {
		return nil, muster.Invalid("The change is not right", wrong)
	}
	changes := make([]docChange, len(list))
	for i, e := range list {
		changes[i] = docChange{kind: e.Kind, name: e.Name, doc: e.Doc}
		if e.From != nil {
			changes[i].file, changes[i].line = e.From.File, e.From.Line
		}
	}
	return changes, nil
}

func (c *Call) proposeChange(in ProposeChange) (*muster.Proposal, error) {
	changes, err := c.edits(in.parsed, in.Remove)
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return nil, muster.Errorf(muster.ErrConflict, "The catalog says all of this already: there is nothing to propose.")
	}
	next, err := c.afterDocs(changes)
	if err != nil {
		return nil, located(in.parsed, err)
	}
	v, err := c.judged(changes, next)
	if err != nil {
		return nil, err
	}
	p := &muster.Proposal{
		ID: id[muster.ProposalID](c), Status: muster.ProposalOpen, Documents: in.Documents, Remove: some(in.Remove), Base: map[string]muster.Revision{},
		Why: muster.CleanText(in.Why, 500), Dangers: []string{}, By: c.Actor.By(), At: c.Now(),
	}
	for _, ch := range changes {
		ref := muster.DocRef(ch.kind, ch.name)
		p.Base[ref] = c.Snap.Catalog.RevisionOf(ref)
	}
	p.Summary = plan.Summary(len(changes), nil, nil)
	if v != nil {
		p.Dangers, p.Summary = some(v.dangers()), plan.Summary(len(changes), &v.consequences, &v.replayed)
	}
	if err := c.audit("propose change", string(p.ID), map[string]string{"documents": strings.Join(refsOf(p), " "), "why": p.Why}); err != nil {
		return nil, err
	}
	if err := c.InsertProposal(p); err != nil {
		return nil, err
	}
	return p, c.tellProposed(p, changes)
}

func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// refsOf lists the documents that a proposal is about.
func refsOf(p *muster.Proposal) (refs []string) {
	for ref := range p.Base {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	return refs
}

// proposal finds a proposal that nobody has decided about.
func (c *Call) proposal(in DecideChange) (*muster.Proposal, error) {
	if _, err := muster.ParseID[muster.ProposalID](string(in.Change)); err != nil {
		return nil, err
	}
	p, err := c.Proposal(in.Change)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no proposed change %s.", in.Change)
	}
	if err != nil {
		return nil, err
	}
	if p.Status != muster.ProposalOpen {
		return nil, muster.Errorf(muster.ErrConflict, "This change was %s by %s already.", p.Status, p.DecidedBy.Name)
	}
	return p, nil
}

// approveChange writes a proposed change. Whoever proposed it cannot approve it, and whoever approves it must be allowed to
// write its documents.
func (c *Call) approveChange(in DecideChange) (*muster.Proposal, error) {
	p, err := c.proposal(in)
	if err != nil {
		return nil, err
	}
	parsed, wrong := catalog.ParseText("documents", p.Documents)
	if len(wrong) > 0 {
		return nil, muster.Invalid("The documents of the proposal are not right any more: reject it and propose the change again", wrong)
	}
	for _, ref := range refsOf(p) {
		if err := c.mayWriteRef(ref, parsed); err != nil {
			return nil, err
		}
	}
	if c.Actor.User == "" {
		return nil, muster.Errorf(muster.ErrForbidden, "A change is approved by a person: sign in, or use the API key of one.")
	}
	if c.Actor.User == p.By.User {
		return nil, muster.Errorf(muster.ErrConflict, "You proposed this change: somebody else has to approve it.")
	}
	for _, ref := range refsOf(p) {
		if have := c.Snap.Catalog.RevisionOf(ref); have != p.Base[ref] {
			return nil, muster.Errorf(muster.ErrConflict, "%s was changed since this was proposed: it was at revision %d, and is at %d. Reject the proposal, and propose the change again on what is there now.",
				ref, p.Base[ref], have)
		}
	}
	changes, err := c.edits(parsed, p.Remove)
	if err != nil {
		return nil, err
	}
	up := *c
	up.consent.by = fmt.Sprintf("proposed by %s, approved by %s", p.By.Name, c.Actor.Name)
	up.consent.safe = len(p.Dangers) == 0
	if p.Revision, err = up.writeDocs(changes, p.Why); err != nil {
		return nil, located(parsed, err)
	}
	return p, c.decide(p, muster.ProposalApproved, in.Note)
}

// rejectChange ends a proposal: by whoever proposed it, or by somebody who could approve it.
func (c *Call) rejectChange(in DecideChange) (*muster.Proposal, error) {
	p, err := c.proposal(in)
	if err != nil {
		return nil, err
	}
	if c.Actor.User == "" || c.Actor.User != p.By.User {
		parsed, _ := catalog.ParseText("documents", p.Documents) // what cannot be read is judged by what is there
		for _, ref := range refsOf(p) {
			if err := c.mayWriteRef(ref, parsed); err != nil {
				return nil, err
			}
		}
	}
	return p, c.decide(p, muster.ProposalRejected, in.Note)
}

// mayWriteRef asks for the right to write a document of a proposal.
func (c *Call) mayWriteRef(ref string, parsed []catalog.Parsed) error {
	var old, next muster.Document
	if k, name, ok := muster.SplitDocRef(ref); ok {
		old = c.Snap.Catalog.Document(k, name)
	}
	for i := range parsed {
		if parsed[i].Ref() == ref {
			next = parsed[i].Doc
		}
	}
	if old == nil && next == nil {
		return c.mustOwn("", ref)
	}
	return c.mayWrite(old, next, ref)
}

func (c *Call) decide(p *muster.Proposal, status muster.ProposalStatus, note string) error {
	by := c.Actor.By()
	p.Status, p.DecidedBy, p.DecidedAt, p.Note = status, &by, c.Now(), muster.CleanText(note, 500)
	what := "reject change"
	if status == muster.ProposalApproved {
		what = "approve change"
	}
	facts := map[string]string{"documents": strings.Join(refsOf(p), " "), "proposed by": p.By.Name}
	if p.Note != "" {
		facts["note"] = p.Note
	}
	if err := c.audit(what, string(p.ID), facts); err != nil {
		return err
	}
	if err := c.UpdateProposal(p); err != nil {
		return err
	}
	return c.tellDecided(p)
}
