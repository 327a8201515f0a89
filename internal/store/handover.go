package store

import "github.com/muster-oncall/muster"

// HandoverFilter selects hand-over notes that are no drafts.
type HandoverFilter struct {
	List
	Roster muster.RosterName
	Role   muster.RosterRole
}

// HandoverReader reads hand-over notes.
type HandoverReader interface {
	Handover(id muster.HandoverID) (*muster.HandoverNote, error)
	Handovers(f HandoverFilter) ([]*muster.HandoverNote, error)                                   // newest first
	HandoverDraft(roster muster.RosterName, role muster.RosterRole) (*muster.HandoverNote, error) // nil when there is none
}

// HandoverWriter writes them.
type HandoverWriter interface {
	// InsertHandover writes a note, and nothing when there is one of the same change, or a draft, already: then made is false.
	InsertHandover(n *muster.HandoverNote) (made bool, err error)
	UpdateHandover(n *muster.HandoverNote) error // that is, what people write
	DeleteHandover(id muster.HandoverID) error
	DeleteHandoversBefore(t muster.Instant, limit int) (int, error) // of changes, never drafts: the janitor's
}

// Paged is a page in short: for counting.
type Paged struct {
	Person  muster.UserName
	Alert   muster.AlertID
	Service muster.ServiceName
	At      muster.Instant // when it was planned, to the millisecond
}

// LedgerReader reads the past in short.
type LedgerReader interface {
	// PagedBetween gives the pages that were made from one instant until another and were not cancelled, oldest first.
	PagedBetween(from, until muster.Instant) ([]Paged, error)
	// HistoryOf gives the revisions of all documents of a kind that were written until an instant, oldest first. Of those of
	// each document that are not newer than since, it gives the newest only.
	HistoryOf(kind muster.Kind, since, until muster.Instant) ([]muster.DocRevision, error)
}
