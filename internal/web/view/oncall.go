package view

import "time"

// OnCall answers who: now, by lanes for two weeks, and at any moment through the time machine.
//
// Parts: "head", "now", "lanes".
type OnCall struct {
	Shell Shell

	Headline              string   // "Storefront: Ravi until 09:00, then Leo"
	Rosters               []Filter // one chip per roster, or All
	Warnings              []Note   // gaps first, then shifts over four days, no secondary, unreachable people
	Now                   []RosterNow
	Schedules             []Schedule // one per roster shown
	Earlier, Later, Today string     // URLs that move the window

	Override OverrideForm
	Machine  Machine
	MyShifts []Shift
	Fairness []Fairness // may be empty
	FairNote string     // "night is 22–07 local"
	ICalURL  string     // subscribe; optional
}

// Schedule is the lanes of one roster.
type Schedule struct {
	Name     string    // "Storefront"
	URL      string    // its document
	Summary  string    // "Ravi until 09:00, then Leo"
	From, To time.Time // the window: midnights in the viewer's zone
	Lanes    []Lane    // final schedule first, layers below
}

// Lane is one row: the final schedule of a role, a rotation, or the overrides.
type Lane struct {
	Title  string // "Final schedule", "Berlin", "Overrides"
	Note   string // "primary", "10–18 CET"
	Final  bool
	Blocks []Block
}

// Block is one stretch on a lane.
type Block struct {
	From, To  time.Time // may reach beyond the window
	Person    string    // "" for a gap
	You       bool
	Kind      string // shift, override, replaced, gap
	Shade     int    // 0, 1, 2: grey steps that tell zones or rotations apart
	Note      string // "for Mia: dentist, agreed by both"; shown where there is room, and on hover
	Elsewhere string // "12:00 to 20:00 Berlin", on hover
}

// OverrideForm replaces who is on call in a window.
//
// Form fields: roster, role, person, from, to (2006-01-02T15:04 in the viewer's zone), why.
type OverrideForm struct {
	URL      string // POST; "" when you may not
	Open     bool
	Rosters  []Option
	Roles    []Option
	People   []Option
	From, To string // as typed or proposed
	Why      string
	Problems []Problem
	Existing []OverrideRow // present and coming
}

// OverrideRow is an override that exists.
type OverrideRow struct {
	Text      string // "Noor for Mia, primary of Storefront"
	From, To  time.Time
	Why, By   string
	RemoveURL string // POST, no fields
}

// Machine is the time machine: a service and a moment → who, and by which rule.
//
// Form fields (GET): service, at (2006-01-02T15:04 in the viewer's zone).
type Machine struct {
	URL      string // GET
	Services []Option
	At       string
	Asked    bool      // an answer is shown
	Moment   time.Time // the moment asked about
	Service  string
	Waves    []Wave // who is paged when
	Why      Why
	Problems []Problem
}

// Wave is one step of the answer: "First paged", "After 5 min".
type Wave struct {
	When   string
	People string // "Noor, override for Mia"; "" is nobody
	Note   string
}

// Shift is one of my shifts.
type Shift struct {
	Roster, Role string
	From, To     time.Time
	Running      bool
}

// Fairness is one person's row of the ledger.
type Fairness struct {
	Person Person
	Hours  float64 // on call
	Night  float64 // of these at night
	Mean   float64 // everybody's average
	Pages  int
	Heavy  bool // carries more nights than is fair
}
