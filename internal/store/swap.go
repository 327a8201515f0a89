package store

import "github.com/muster-oncall/muster"

// SwapFilter selects swap requests. Zero fields select everything.
type SwapFilter struct {
	List
	Status []muster.SwapStatus
	Roster muster.RosterName
	Person muster.UserName // whom the request names: see [muster.SwapRequest.Parties]
}

// SwapReader reads swap requests.
type SwapReader interface {
	SwapRequest(id muster.SwapRequestID) (*muster.SwapRequest, error)
	SwapRequests(f SwapFilter) ([]*muster.SwapRequest, error) // newest first
}

// SwapWriter writes swap requests.
type SwapWriter interface {
	InsertSwapRequest(s *muster.SwapRequest) error
	UpdateSwapRequest(s *muster.SwapRequest) error
	DeleteSwapRequestsBefore(t muster.Instant, limit int) (int, error) // that were made before and are not open: the janitor's
}
