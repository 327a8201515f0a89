package view

import "time"

// Status is the editor of status pages: what each says now, its components, where it is published.
//
// Parts: "pages".
type Status struct {
	Shell Shell
	Pages []StatusPage
	Empty Empty
}

// StatusPage is one status page as its editors see it.
type StatusPage struct {
	Name       string    // "Tailwind Traders"
	State      State     // Partial outage
	Headline   string    // the largest words on it: what the customer cannot do
	Audience   string    // public, internal
	URL        string    // the page itself
	PreviewURL string    // rendered as it would be now; optional
	Document   Link      // components, wording
	Confirmed  time.Time // last confirmed
	NextBy     time.Time // next promise on it; zero: none

	Components []Component
	Updates    []StatusUpdateRow // newest first
	Targets    []PublishTarget
	Open       []StatusIncident // incidents on it
	OpenForm   OpenStatusForm   // for announcing something without going through a room
}

// Component is one component with its present state. Its form POSTs state=operational|degraded|partial|major|maintenance.
type Component struct {
	Name    string
	State   State
	URL     string // POST; "" when it follows its incident only
	States  []Option
	Days    []int  // last 90 days, oldest first: 0 well, 1 degraded, 2 outage, -1 no data; may be empty
	Percent string // "99.94 % available"; optional
}

// StatusUpdateRow is an update that stands on the page.
type StatusUpdateRow struct {
	At       time.Time
	By       string
	Kind     string // "Known", "Being fixed", "Over"
	Text     string
	NextBy   time.Time
	Incident Link
}

// PublishTarget is a place that the page is pushed to.
type PublishTarget struct {
	Name  string
	State State     // Published, Waiting, Failed
	At    time.Time // when it took the page last
	Note  string
	URL   string
}

// StatusIncident is an open incident on the page with its update form.
type StatusIncident struct {
	Key, Title, URL string
	Promise         *Promise
	Update          UpdateForm
	CloseURL        string // POST known: last words, final
}

// OpenStatusForm announces something to the public. Form fields: page (hidden), title, known.
type OpenStatusForm struct {
	URL      string // POST; "" when you may not
	Page     string
	Title    string
	Known    string
	Wakes    string
	Problems []Problem
}
