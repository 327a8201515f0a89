package exchange

import (
	"time"

	"github.com/muster-oncall/muster"
)

// Calendar is a feed that calendar programs subscribe to.
type Calendar struct {
	Name    string
	Refresh time.Duration // how often subscribers may come back; 0: they choose
	Events  []Event
}

// Event is one stretch of time in a calendar. Instants count in whole seconds there.
type Event struct {
	UID         string // stays the same for as long as the event exists, however it changes
	Sequence    int64  // grows with each change of the event
	From, Until muster.Instant
	Summary     string
	Description string // may have several lines
	URL         string // https or http
	Stamp       muster.Instant
	Cancelled   bool // is told to subscribers; never read

	// What is only read. A published calendar names no attendees (RFC 5546, section 3.2.1).

	Line     int            // of the file, at which the event begins
	People   []string       // mail addresses in lower case: attendees who did not decline, then the organizer
	AllDay   bool           // From and Until are midnights of the zone that the reader was given
	Instance muster.Instant // of a recurring event: the start by its rule, which stays when this one date is moved
}
