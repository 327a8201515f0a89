package sqlstore

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// InsertProposal writes a new proposal.
func (t *tx) InsertProposal(p *muster.Proposal) error {
	_, err := t.exec("INSERT INTO change_proposal (id, status, body) VALUES ($1, $2, $3)", string(p.ID), string(p.Status), t.encode(p))
	return err
}

// UpdateProposal writes a proposal as it is given.
func (t *tx) UpdateProposal(p *muster.Proposal) error {
	return t.change("proposal", string(p.ID), "UPDATE change_proposal SET status = $2, body = $3 WHERE id = $1", string(p.ID), string(p.Status), t.encode(p))
}

// DeleteProposalsBefore deletes the oldest proposals that were made before an instant and are decided.
func (t *tx) DeleteProposalsBefore(before muster.Instant, limit int) (int, error) {
	n, err := t.exec("DELETE FROM change_proposal WHERE id IN (SELECT id FROM change_proposal WHERE id < $1 AND status <> $3 ORDER BY id LIMIT $2)",
		madeAt("chg", before), limit, string(muster.ProposalOpen))
	return int(n), err
}

// Proposal gives one proposal.
func (t *tx) Proposal(id muster.ProposalID) (*muster.Proposal, error) {
	return get(t, "proposal", string(id), scanBody[muster.Proposal], "SELECT body FROM change_proposal WHERE id = $1"+t.lock, string(id))
}

// Proposals lists proposals, newest first.
func (t *tx) Proposals(f store.ProposalFilter) ([]*muster.Proposal, error) {
	var w where
	oneOf(&w, "status", f.Status)
	w.list(f.List)
	return all(t, scanBody[muster.Proposal], "SELECT body FROM change_proposal"+w.text.String(), w.args...)
}
