package muster

import "fmt"

// Leave is a stretch of days off: somebody's own, or the public holidays of a place. Shifts that fall into it are told weeks
// ahead; it takes nobody off a roster.
type Leave struct {
	ID     LeaveID       `json:"id"`
	Person UserName      `json:"person,omitempty"` // empty: of everybody whom the holidays concern
	Kind   LeaveKind     `json:"kind"`
	From   Instant       `json:"from"`
	Until  Instant       `json:"until"`
	Title  string        `json:"title,omitempty"`  // "Summer holiday", "Christmas Day"
	Zone   string        `json:"zone,omitempty"`   // of holidays: they concern those who live on its clocks; empty: everybody
	Source ConnectorName `json:"source,omitempty"` // the calendar that it was read from; empty: entered by hand
	By     UserName      `json:"by,omitempty"`     // who entered it
}

// LeaveKind says whose days off they are.
type LeaveKind string

// The kinds of leave.
const (
	LeaveOwn      LeaveKind = "leave"    // one person's
	LeaveHolidays LeaveKind = "holidays" // of everybody at a place
)

// Concerns reports whether a person who lives in a zone is off.
func (l *Leave) Concerns(u UserName, zone string) bool {
	if l.Kind == LeaveHolidays {
		return l.Zone == "" || l.Zone == zone
	}
	return l.Person == u
}

// Words is the leave in a few words: "leave (Summer holiday)", "the holiday Christmas Day".
func (l *Leave) Words() string {
	switch {
	case l.Kind == LeaveHolidays && l.Title != "":
		return "the holiday " + l.Title
	case l.Kind == LeaveHolidays:
		return "a public holiday"
	case l.Title != "":
		return fmt.Sprintf("leave (%s)", l.Title)
	}
	return "leave"
}

// Feed is an address at which calendar programs read shifts without signing in: a person's, or those of a roster. Whoever
// knows the address reads them, until it is revoked.
type Feed struct {
	ID        FeedID     `json:"id"`
	Title     string     `json:"title"`
	Person    UserName   `json:"person,omitempty"` // whose shifts, on every roster; or
	Roster    RosterName `json:"roster,omitempty"` // the roster whose shifts
	CreatedAt Instant    `json:"created_at"`
	By        By         `json:"by"`
}
