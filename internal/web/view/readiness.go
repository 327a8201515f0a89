package view

// Readiness says how well we would do tomorrow: coverage, overdue action items, drills.
type Readiness struct {
	Shell    Shell
	Headline string // "Covered for 30 days. 2 action items are overdue."
	Coverage []Note // gaps and warnings of the next 30 days; empty: all covered
	Overdue  []ActionItem
	Open     []ActionItem
	Figures  []Figure // detection gap, proved contact methods, drills …
	Unproved []Unproved
	Runbooks []RunbookRow
}

// Unproved is a contact method that never proved that it reaches its person.
type Unproved struct {
	Person, Method, Note string
	TestURL              string // POST: sends a test page
}

// RunbookRow is a runbook and when it was last proven.
type RunbookRow struct {
	Name, URL string
	Note      string // "proven 9 days ago"
	State     State
}
