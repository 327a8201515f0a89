package view

import "time"

// Bell is the way to what a person was told, with how much of it is new.
//
// Parts: "bell" in the rail, "bell-more" on the phone's More button.
type Bell struct {
	URL    string
	Unseen int
}

// word is the count as it is shown: nobody reads three digits.
func (b *Bell) word() string {
	if b.Unseen > 99 {
		return "99+"
	}
	return num(b.Unseen)
}

// Notices is what the viewer was told, newest first.
//
// Parts: "notices".
type Notices struct {
	Shell   Shell
	Filters []Filter
	SeenURL string // POST: marks all as seen; "" when there is nothing new
	Rows    []NoticeRow
	Empty   string
	Pager   Pager
}

// NoticeRow is one notice.
type NoticeRow struct {
	Kind    State // "Your shift", "Swap asked for"
	Title   string
	Text    string
	URL     string // where to look; optional
	At      time.Time
	Sent    string // "also sent to phone"; "" when it shows here alone
	New     bool
	SeenURL string // POST; "" when it is seen
}

// ContactTest is the page behind the link in the test of a contact method. It needs no account and no script; GET never
// acts, the form posts to ProveURL.
type ContactTest struct {
	Shell    Shell
	Person   string // "Ana"
	Method   string // "pager"
	Address  string // masked
	SentAt   time.Time
	ProveURL string // POST; "" when there is nothing left to do
	Done     State  // stands in the button's place
	DoneText string
}
