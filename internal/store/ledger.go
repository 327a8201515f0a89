package store

import "github.com/muster-oncall/muster"

// ChainReader reads the ledger of pages: see docs/audit.md.
type ChainReader interface {
	// LedgerHead gives position and hash of the newest sealed row, zero when there is none. In a Tx it is locked until the
	// commit, so that two nodes cannot seal to the same end.
	LedgerHead() (muster.LedgerRow, error)
	// Unsealed lists rows that have no position yet and whose identifier is not less than since, oldest first.
	Unsealed(since muster.LedgerID, limit int) ([]muster.LedgerRow, error)
	// Sealed lists rows by their position, beginning after one. A row that is gone has its position and hash alone.
	Sealed(after int64, limit int) ([]muster.LedgerRow, error)
	// LedgerOf lists rows that were written from one instant until another, sealed or not, and mention a text: a page.
	LedgerOf(mention string, from, until muster.Instant, limit int) ([]muster.LedgerRow, error)
	// Checkpoints lists checkpoints by when they were made, beginning after an instant.
	Checkpoints(after muster.Instant, limit int) ([]muster.Checkpoint, error)
	LastCheckpoint() (*muster.Checkpoint, error) // nil when there is none
	// PagesAfter lists pages by identifier, beginning after one: all of them, a lot at a time.
	PagesAfter(id muster.PageID, limit int) ([]*muster.Page, error)
}

// ChainWriter writes it. Rows are never changed and never deleted.
type ChainWriter interface {
	InsertLedger(row *muster.LedgerRow) error // without Position and Hash
	// SealLedger writes Position and Hash of rows that are there. A position that is taken is an error with code ErrConflict.
	SealLedger(rows []muster.LedgerRow) error
	InsertCheckpoint(c *muster.Checkpoint) error
}
