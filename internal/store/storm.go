package store

import "github.com/muster-oncall/muster"

// StormReader reads what is known of storms of pages.
type StormReader interface {
	// RecentPages are the alerts about which people were paged since an instant, as far as that was planned (a page that
	// repeats another one counts with it); at most some thousand, newest first. It locks nothing.
	RecentPages(people []muster.UserName, since muster.Instant) ([]muster.RecentPage, error)
	// Storms are the storms that are on for people. In a Tx their rows are locked, in the order of the names.
	Storms(people []muster.UserName) ([]muster.Storming, error)
	// Gathered lists what waits for the next digest of a person, oldest first.
	Gathered(person muster.UserName, limit int) ([]muster.Gathered, error)
	// IsGathered reports whether a page about an alert waits for a digest.
	IsGathered(alert muster.AlertID) (bool, error)
	// AlertsIn gives the alerts with these identifiers that there are, in the given order. It locks nothing.
	AlertsIn(ids []muster.AlertID) ([]*muster.Alert, error)
}

// StormWriter writes it.
type StormWriter interface {
	PutStorm(s *muster.Storming) error
	DeleteStorm(person muster.UserName) error
	InsertGathered(rows []muster.Gathered) error // one that is there already is replaced
	DeleteGathered(person muster.UserName, alerts []muster.AlertID) error
	DropGathered(alert muster.AlertID, people ...muster.UserName) error // of everybody when no people are named
}
