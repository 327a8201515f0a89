package connector

import (
	"context"

	"github.com/muster-oncall/muster"
)

// RosterTable is a connector to a table, kept outside, of who is on call.
type RosterTable interface {
	// ReadRoster gives every row of the table, in the order of their keys.
	ReadRoster(ctx context.Context) ([]muster.RosterRow, error)
	// WriteRoster makes the table say what rows say, and leaves alone what Muster does not manage. Writing the same rows
	// twice changes nothing the second time, so an attempt whose answer was lost may be made again. Several rounds into
	// one table must not run at once.
	WriteRoster(ctx context.Context, rows []muster.RosterRow) error
}
