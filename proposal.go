package muster

// Proposal is a change of the catalog that waits for a second person, because it would reach nobody or because somebody
// wants another's eyes on it.
type Proposal struct {
	ID        ProposalID          `json:"id"`
	Status    ProposalStatus      `json:"status"`
	Documents string              `json:"documents"` // in YAML, as they would be applied
	Remove    []string            `json:"remove"`    // "rosters/web"
	Base      map[string]Revision `json:"base"`      // of the documents that it is about; 0: there was none
	Why       string              `json:"why"`
	Dangers   []string            `json:"dangers"` // what it would lose, in sentences, when it was proposed
	Summary   string              `json:"summary"` // what it would change, in a sentence
	By        By                  `json:"by"`
	At        Instant             `json:"at"`
	DecidedBy *By                 `json:"decided_by"`
	DecidedAt Instant             `json:"decided_at"`
	Note      string              `json:"note,omitempty"`     // of whoever decided
	Revision  Revision            `json:"revision,omitempty"` // that an approval wrote last
}

// ProposalStatus is how far a proposal got.
type ProposalStatus string

// The states of a proposal.
const (
	ProposalOpen     ProposalStatus = "open"
	ProposalApproved ProposalStatus = "approved"
	ProposalRejected ProposalStatus = "rejected"
)
