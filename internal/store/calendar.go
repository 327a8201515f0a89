package store

import "github.com/muster-oncall/muster"

// LeaveReader reads leave and public holidays.
type LeaveReader interface {
	Leave(id muster.LeaveID) (*muster.Leave, error)
	// LeaveBetween gives what touches the time from one instant to another, the earliest first.
	LeaveBetween(from, until muster.Instant) ([]muster.Leave, error)
}

// LeaveWriter writes them.
type LeaveWriter interface {
	InsertLeave(l *muster.Leave) error
	DeleteLeave(id muster.LeaveID) error
	DeleteLeaveOf(person muster.UserName) error // of every source
	// ReplaceLeave makes rows all that there is of a source.
	ReplaceLeave(source muster.ConnectorName, rows []muster.Leave) error
}

// FeedReader reads calendar feeds. Their tokens are looked up by hash.
type FeedReader interface {
	FeedByHash(hash string) (*muster.Feed, error) // ErrNotFound also when it was revoked
	Feeds() ([]*muster.Feed, error)               // newest first
}

// FeedWriter writes calendar feeds.
type FeedWriter interface {
	InsertFeed(hash string, f *muster.Feed) error
	DeleteFeed(id muster.FeedID) error
}
