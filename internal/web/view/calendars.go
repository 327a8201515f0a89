package view

import "time"

// Calendars is the page on which schedules meet other calendars.
type Calendars struct {
	Shell      Shell
	Problems   []Problem
	Fresh      string // address of the feed that was just made; shown this once
	FeedURL    string // POST of, title; "": none may be made
	Of         []Option
	Feeds      []FeedRow
	Conflicts  []LeaveRow
	LeaveURL   string // POST from, until, title
	Leave      []LeaveRow
	States     []CalendarRow
	RefreshURL string // POST
}

// FeedRow is a calendar feed.
type FeedRow struct {
	Title     string
	Of        string
	MadeAt    time.Time
	RevokeURL string // POST
}

// LeaveRow is leave, or a shift that falls into it.
type LeaveRow struct {
	Text        string
	From, Until time.Time
	URL         string
	Source      string
	RemoveURL   string // POST
}

// CalendarRow is a connector with what reading from it came to.
type CalendarRow struct {
	Name  string
	Text  string
	At    time.Time
	State State
}
