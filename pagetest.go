package muster

import "time"

// PageTestsKey is the installation's value that holds [PageTests] as JSON.
const PageTestsKey = "page_tests"

// PageTests is the setting of regular test pages: every person gets one a week. The zero value is off.
type PageTests struct {
	Weekday string  `json:"weekday"` // "monday"; "": off
	Hour    int     `json:"hour"`    // in each person's own time
	Since   Instant `json:"since"`   // until when tests have been sent
}

// PageTestAnswer is how long people have to answer a test page.
const PageTestAnswer = 24 * time.Hour

// Missed reports whether the contact method was tried out by a test page that nobody answered in time.
func (c *Contact) Missed(now Instant) bool {
	return !c.TestedAt.IsZero() && c.LastProved.Before(c.TestedAt.Time) && !c.TestedAt.Plus(PageTestAnswer).After(now.Time)
}
