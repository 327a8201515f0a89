package muster

import "slices"

// HandoverNote is what those who were on call tell those who are now, at a change of shift: a summary that Muster draws up,
// and words of their own. Before the change it is a draft, of which there is one for each roster role at most.
type HandoverNote struct {
	ID     HandoverID `json:"id"`
	Roster RosterName `json:"roster"`
	Role   RosterRole `json:"role"`
	At     Instant    `json:"at,omitzero"`    // of the change; zero: a draft
	Since  Instant    `json:"since,omitzero"` // when the shift began that is handed over
	From   []UserName `json:"from"`           // who was on call
	To     []UserName `json:"to"`             // who is

	Summary    []string       `json:"summary"` // sentences that Muster drew up
	Items      []HandoverItem `json:"items"`   // what the summary is about
	Alerts     int            `json:"alerts"`  // received during the shift, about the services that the roster serves
	Pages      int            `json:"pages"`   // to those who were on call, about these services
	NightPages int            `json:"night_pages"`

	Words   string   `json:"words,omitempty"` // of those who were on call
	WordsBy UserName `json:"words_by,omitempty"`
	WordsAt Instant  `json:"words_at,omitzero"`
}

// HandoverItem is something that goes on beyond the shift.
type HandoverItem struct {
	Kind  HandoverKind `json:"kind"`
	Ref   string       `json:"ref"`   // an alert's ID, an incident's key, a silence's name
	Title string       `json:"title"` // of the thing
	State string       `json:"state"` // "acknowledged by Ana", "mitigated", "ends Tue 24 Nov 09:00 UTC"
}

// HandoverKind says what a thing of a hand-over note is.
type HandoverKind string

// The things of a hand-over note.
const (
	HandoverAlert    HandoverKind = "alert"
	HandoverIncident HandoverKind = "incident"
	HandoverSilence  HandoverKind = "silence"
)

// MaxHandoverWords is the longest text that people may add to a hand-over note.
const MaxHandoverWords = 4000

// Draft reports whether the change is still to come.
func (n *HandoverNote) Draft() bool { return n.At.IsZero() }

// Concerns reports whether a person hands over or takes over.
func (n *HandoverNote) Concerns(u UserName) bool {
	return slices.Contains(n.From, u) || slices.Contains(n.To, u)
}

// Reminder says when somebody is reminded of a shift of theirs.
type Reminder string

// The reminders.
const (
	RemindWeek  Reminder = "7d"    // seven days before the shift begins
	RemindDay   Reminder = "1d"    // a day before
	RemindStart Reminder = "start" // when it begins
)

// Reminders lists the reminders, the earliest first.
func Reminders() []Reminder { return []Reminder{RemindWeek, RemindDay, RemindStart} }

// Reminded lists when the person is reminded of shifts: always, unless they chose otherwise.
func (d *User) Reminded() []Reminder {
	if d.Reminders == nil {
		return Reminders()
	}
	return d.Reminders
}
