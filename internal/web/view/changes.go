package view

import "time"

// ProposedChanges is the list of proposed changes of the catalog, newest first: those that wait, then those decided.
type ProposedChanges struct {
	Shell         Shell
	Tabs          SettingsTabs
	Open, Decided []ChangeHead
}

// ChangeHead is what is told of a proposal in a line.
type ChangeHead struct {
	ID, URL   string
	State     State
	Why       string   // in the words of whoever proposed it
	Summary   string   // what it would change
	Dangers   []string // what it would lose; of those that wait, and the first two in the list
	By        string
	At        time.Time
	DecidedBy string // "" while it is open
	DecidedAt time.Time
	Note      string // of whoever decided
}

// ProposedChange is one proposal, with what it would do.
type ProposedChange struct {
	Shell Shell
	Tabs  SettingsTabs
	ChangeHead
	ApproveURL, RejectURL string    // POST, with note; "" draws none
	RejectText            string    // "Reject it", "Take it back"
	Who                   string    // who may approve it, and why you may not
	Problems              []Problem // why what was pressed was not done
	Typed                 string    // the note that was sent with it
	Bad                   []Note    // when nobody would be reached: the first ones
	Lost                  []string  // and the others
	Gaps                  int       // so many open
	Handed                []HandedRow
	More                  int // so many more shifts change hands
	Load                  []LoadRow
	Warnings              []Note
	Clocks                []string
	Past                  Replay // alerts of the last 90 days
	Diffs                 []ChangeDiff
}

// ChangeDiff is what a change does to one document.
type ChangeDiff struct {
	Ref, URL string
	What     string // "new", "removed", "changed"
	Lines    []DiffLine
}
