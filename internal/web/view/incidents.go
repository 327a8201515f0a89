package view

// Incidents is the list of incidents; filters live in the URL.
//
// Parts: "list".
type Incidents struct {
	Shell   Shell
	Filters []Filter // Open, Mitigated, Resolved, All, per severity, …
	Search  Search
	Rows    []Strip
	Total   int // of this filter, when known; 0 hides it
	Pager   Pager
	Empty   Empty // drawn when Rows is empty
}

// Declare is the page on which a person declares an incident. A title is enough.
//
// Form fields: title, severity, service, summary (how bad is it?), doing (what is being done?), alert (hidden, when it
// comes from an alert).
type Declare struct {
	Shell      Shell
	URL        string // POST
	Title      string // as typed, or proposed from the alert
	Summary    string
	Doing      string
	Severities []Option
	Services   []Option // the first may be "not known yet"
	AlertID    string   // "" when not from an alert
	AlertTitle string
	Wakes      string // "This pages 3 people: Ana, Ravi, Chen."; "" when it pages nobody
	Problems   []Problem
}
