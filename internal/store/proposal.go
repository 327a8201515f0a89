package store

import "github.com/muster-oncall/muster"

// ProposalFilter selects proposed changes. Zero fields select everything.
type ProposalFilter struct {
	List
	Status []muster.ProposalStatus
}

// ProposalReader reads proposed changes.
type ProposalReader interface {
	Proposal(id muster.ProposalID) (*muster.Proposal, error)
	Proposals(f ProposalFilter) ([]*muster.Proposal, error) // newest first
}

// ProposalWriter writes proposed changes.
type ProposalWriter interface {
	InsertProposal(p *muster.Proposal) error
	UpdateProposal(p *muster.Proposal) error
	DeleteProposalsBefore(t muster.Instant, limit int) (int, error) // that were made before and are decided: the janitor's
}
