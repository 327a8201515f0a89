package view

import "time"

// ProposedChanges is the list of proposed changes of the catalog, newest first.
type ProposedChanges struct {
	Shell Shell
	Rows  []ChangeHead
}

// ChangeHead is what is told of a proposal in a line.
type ChangeHead struct {
	URL       string
	State     State
	Why       string // in the words of whoever proposed it
	Summary   string // what it would change
	By        string
	At        time.Time
	DecidedBy string // "" while it is open
	DecidedAt time.Time
	Note      string // of whoever decided
}

// ProposedChange is one proposal, with what it would do.
type ProposedChange struct {
	Shell Shell
	ChangeHead
	ApproveURL, RejectURL string // POST, with note; "" draws none
	Touches               []Link
	Bad                   []Note // who would reach nobody
	Gaps                  int    // so many open
	Handed                []HandedRow
	More                  int // so many more shifts change hands
	Load                  []LoadRow
	Warnings              []Note
	Clocks                []string
	Past                  Replay // alerts of the last 90 days
	Documents             string // as they would be written
	Removed               []string
}
