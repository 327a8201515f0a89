package view

import "time"

// CallSheet is who is on call in the next days and how to reach them, for paper.
type CallSheet struct {
	Shell   Shell
	Lead    string
	Days    []Filter
	FileURL string // GET: one file that needs nothing else
	People  []CallPerson
	Roles   []CallRole
}

// CallPerson is somebody on the sheet.
type CallPerson struct {
	Person      Person
	Zone, Reach string
	None        bool // nothing reaches them
}

// CallRole is who has a role of a roster, one after the other.
type CallRole struct {
	Title, Role string
	Shifts      []CallShift
}

// CallShift is one stretch of duty; nobody is a gap.
type CallShift struct{ From, Until, Who string }

// Sealed is how far the ledger is, and what a verification found.
//
// Form fields: known (a head that was kept elsewhere).
type Sealed struct {
	At        time.Time // of the last checkpoint; zero: none yet
	Position  int       // row that it signs
	Rows      int
	Head, Key string
	VerifyURL string // POST
	Known     string
	Result    *Note // nil: nobody asked
}

// PageLedger is what the ledger says of one page.
type PageLedger struct {
	Title string
	Lines []LedgerLine
}

// LedgerLine is one event.
type LedgerLine struct {
	At         time.Time
	What, Text string
	Sealed     string // "sealed at row 812"
}

// Heartbeat is where Muster tells somebody outside that all is well.
//
// Form fields: url, every.
type Heartbeat struct {
	Shell    Shell
	Tabs     SettingsTabs
	URL      string // POST
	To       string // host that heartbeats go to; "": none
	BeatAt   time.Time
	Error    string
	LookedAt time.Time // of the auditor
	Findings []Note
	Address  string // as it was typed
	Every    string
	Problems []Problem
	Tests    *PageTests // nil: draws none
}

// PageTests is the setting of regular test pages.
//
// Form fields: weekday ("" is off), hour.
type PageTests struct {
	URL      string // POST
	Weekdays []Option
	Hours    []Option
	On       bool
	Note     string
}
