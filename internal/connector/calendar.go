package connector

import "context"

// FeedKind is what the days of a calendar feed mean.
type FeedKind string

// The kinds of feeds.
const (
	FeedLeave    FeedKind = "leave"    // days on which one person, or each person named, is away
	FeedHolidays FeedKind = "holidays" // days on which everybody of a place is off
)

// Feed says how the events of a calendar are to be read.
type Feed struct {
	Kind   FeedKind
	Person string // the user whose leave it is; "": each event says whose, by attendee, organizer or the beginning of its summary
	Zone   string // of days and times that name none: an IANA name
}

// FeedVersion is by what the other side recognises what was fetched before. It means nothing to anybody else.
type FeedVersion struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
}

// FeedContent is what a fetch brought.
type FeedContent struct {
	Version   FeedVersion
	Unchanged bool   // what was fetched at the version asked about still holds; there is no body
	Body      []byte // iCalendar, as it was sent: not parsed, at most 2 MiB
}

// CalendarFeed is a connector that reads a calendar which somebody else keeps.
type CalendarFeed interface {
	// Feed says how the calendar is to be read.
	Feed() Feed
	// Fetch brings the calendar, unless it is still the one of version known; the zero version always brings it. An error
	// leaves what was fetched before as it is: a calendar that cannot be read is not an empty one.
	Fetch(ctx context.Context, known FeedVersion) (FeedContent, error)
}
