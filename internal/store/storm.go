package store

import (
	"time"

	"github.com/muster-oncall/muster"
)

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

// NoiseReader reads what is known of noise: what people said of pages, and what was over before it paged anybody.
type NoiseReader interface {
	RatingOf(alert muster.AlertID, person muster.UserName) (*muster.Rating, error) // nil: none
	Noise(since muster.Instant) ([]muster.Noise, error)                            // by route and service, the noisiest first
	Volume(since muster.Instant, atMost int) (muster.Volume, error)                // of the newest alerts and pages, at most so many of each
	EarlyEnds(keys []AlertKey) (map[AlertKey]muster.Instant, error)                // ends without a beginning, by the senders' clocks
	HeadOf(group string) (muster.AlertID, muster.Instant, error)                   // the first alert of a group and when it began; "" for none
	Members(head muster.AlertID) ([]muster.AlertID, error)                         // alerts that joined it, oldest first
}

// NoiseWriter writes it.
type NoiseWriter interface {
	PutRating(r *muster.Rating) error
	CountFlap(day string, key AlertKey, route muster.RouteName, service muster.ServiceName) (times int, err error)
	PutEarlyEnd(key AlertKey, ended, received muster.Instant) error // older ones than received less [EarlyEndLife] are deleted
	DeleteEarlyEnd(key AlertKey) error
	PutHead(group string, head muster.AlertID, begun muster.Instant) error
	InsertMember(head, alert muster.AlertID) error
	DeleteMembers(head muster.AlertID) error
}

// EarlyEndLife is how long an end that came before its beginning is kept.
const EarlyEndLife = 5 * time.Minute
