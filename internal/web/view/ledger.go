package view

import (
	"strings"
	"time"
)

// Ledger is what on-call asked of people in a period: a table with bars, and no score.
type Ledger struct {
	Shell    Shell
	Periods  []Filter // "Last 30 days", "Last 90 days", "Next 90 days"
	From, To time.Time
	Rosters  []Filter
	URL      string // GET from, to, roster: another period
	FromDay  string // "2026-11-01"
	ToDay    string
	Roster   string
	Problems []Problem
	CSV      string // the same as a file
	Rows     []LedgerRow
	Empty    string
}

// LedgerRow is one person's share.
type LedgerRow struct {
	Person                         Person
	Left                           bool
	Primary, Secondary, Shadow     float64 // hours
	Total, Night, Weekend, Holiday float64
	Nights, Shifts                 int
	Pages, NightPages              int
}

// bar is how wide the row's hours, and those at night, are drawn: of 200, to the scale of the longest.
func (r LedgerRow) bar(list []LedgerRow) (all, night float64) {
	top := 0.0
	for _, o := range list {
		top = max(top, o.Total)
	}
	if top == 0 {
		return 0, 0
	}
	return r.Total * 200 / top, r.Night * 200 / top
}

// Handovers is the hand-over notes of a roster, the newest first, with the draft of the next.
type Handovers struct {
	Shell  Shell
	Roster Link
	Drafts []HandoverDraft
	Notes  []HandoverNote
	Pager  Pager
}

// HandoverDraft is what those who follow will be told.
type HandoverDraft struct {
	Role    string // "Primary responder"
	Who     string
	Until   time.Time // the next change; zero: nobody follows
	Words   string
	By      string // who wrote them; ""
	SaveURL string // POST role, text; "" when the viewer may not write
	Key     string // makes the field's ID unique
}

// HandoverNote is one change of hands.
type HandoverNote struct {
	ID       string
	Role     string
	From, To string
	At       time.Time
	Since    time.Time
	Summary  []string
	Items    []HandoverItem
	Words    string
	By       string
	EditURL  string // POST note, role, text; ""
	RoleName string // the roster role as forms send it
}

// HandoverItem is something that goes on.
type HandoverItem struct {
	Kind  State // "Alert", "Incident", "Silence"
	Link  Link
	State string
}

func lines(list []string) string { return strings.Join(list, "\n") }

func editWord(words string) string {
	if words == "" {
		return "Add to the note"
	}
	return "Change what you wrote"
}
