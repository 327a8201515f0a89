package view

import "time"

// Room is one incident: header, phases, five answers, stream, guidance.
//
// Parts: "head", "phases", "answers", "actions", "theories", "roles", "stream" (appended at the end), "update",
// "guidance", "alerts", "status", "seen".
type Room struct {
	Shell Shell

	ID, Key    string // "inc_…", "INC-42"
	Title      string
	Status     State
	Severity   State // Solid for SEV1; Word "SEV1 Critical"
	Service    Link  // may be empty
	DeclaredAt time.Time
	DeclaredBy string
	BackURL    string // Now; the arrow on phones
	BridgeURL  string // call link; "" draws none
	ShareURL   string // read-only view for stakeholders; "" draws none

	Promise *Promise
	Phases  []Phase // five, in order

	Answers   []Answer
	AnswerURL string // POST key (when|how|who|doing|bad), text; "" when you may not

	Roles     []RoleHeld
	Proposals []RoleProposal // proposed from the rosters, not yet accepted
	RoleURL   string         // POST role, person, done=assign|handoff|accept; "" when you may not
	RoleNames []Option       // roles that can be given
	People    []Option       // people who can be given one

	Actions        []Action
	StartActionURL string // POST text, person (optional)
	Theories       []Theory
	TheoryURL      string // POST text: adds one

	Stream   Stream
	Composer Composer
	Update   UpdateForm

	Guidance     []Guidance
	Alerts       []RoomAlert
	LinkAlertURL string // POST alert (key, ID or link)
	StatusPages  []StatusLine
	Seen         []Seen
	SeenTotal    int
	SeenURL      string // POST, no fields: the script tells that the room is in view, and when it is left; "" tells nothing

	// What can be done with the incident now. Each is a POST with an optional field "text" (why); empty: not now.
	MitigateURL, ResolveURL, ReopenURL string
	SeverityURL                        string // POST severity, text
	Severities                         []Option
	PageURL                            string    // POST target, text: pages somebody into the room
	PageWhom                           []Option  // people, teams, rosters; Hint says who it wakes
	Expert                             AskExpert // pages an expert into the room
	Review                             Button    // open the review, or start one
	Problems                           []Problem // what was wrong with the last form
}

// Phase is one of the five with its clock.
type Phase struct {
	Name  string    // "Detection"
	From  time.Time // zero: to come
	To    time.Time // zero: running, when From is set
	Words string    // "03:02 began, 03:12 known"; "opens when resolved"
}

// RoleHeld is a role and who holds it.
type RoleHeld struct {
	Value      string // for the form: commander, communication, scribe, expert
	Role       string // "Incident commander"
	Short      string // "Commander", for the header
	Topic      string // for experts: "Cosmos DB"
	Person     Person // empty Name: nobody yet
	Since      time.Time
	CanHandOff bool
}

// RoleProposal is somebody whom a roster proposes for a role.
type RoleProposal struct {
	Value  string // role
	Role   string
	Person Person
	ID     string // of the person, for the form
	Why    string // "primary of Storefront until 09:00"
}

// Action is an effort in progress or done. Its buttons POST outcome=done|failed|dropped and text.
type Action struct {
	Text      string
	Person    string
	StartedAt time.Time
	EndedAt   time.Time // zero while it runs
	Outcome   State     // set once it ended
	FinishURL string    // "" when it ended or you may not
}

// Theory is a supposed cause. Its buttons POST state=open|confirmed|ruled_out.
type Theory struct {
	Text  string
	State State // Open (info), Confirmed (ok), Ruled out (none)
	URL   string
	Open  bool
	By    string
}

// Stream is the conversation and the timeline in one. Entries come oldest first. The view adds day separators, the line
// "New since you left", and silences.
type Stream struct {
	Entries     []Entry
	Filters     []Filter      // All, People, Machines, Pinned
	SeenAt      time.Time     // what came later is new; zero draws no line
	SilentAfter time.Duration // a pause from this length on is drawn; zero takes two minutes
	Unfiltered  bool          // true when no filter narrows it; silences are drawn only then
	OlderURL    string        // earlier entries; "" when this is the beginning
	Here        string        // "6 here"; optional
}

// Entry is one line of a timeline.
type Entry struct {
	ID  string // unique in the page; also the anchor of the deep link
	URL string // deep link
	At  time.Time
	// Kind is said, saw, did, decided, felt, or signal, alert, page, incident, role, answer, action, theory, update,
	// promise, review, seen, published; an unknown one gets a plain dot.
	Kind    string
	Machine bool   // said by Muster or a source, not by a person: drawn smaller
	Who     string // "Ana", "Azure Monitor", "Muster"
	You     bool
	Verb    string // "said", "decided", "posted update 1"; "" takes the kind's own
	Detail  string // after the verb, small: "to the status page and 214 subscribers"
	Text    string // what was said; for machines the whole sentence after Who
	Via     string // "Teams", "phone"; optional
	Links   []Link // after the text: Why, the alert, …
	Pinned  bool
	PinURL  string // POST, no fields: pins or unpins
	UndoURL string // POST, no fields; "" when it cannot be undone any more
	Update  *UpdateShown
}

// UpdateShown is a status update inside the stream.
type UpdateShown struct {
	Known, Doing string
	NextBy       time.Time // zero with Final
	Final        bool
	Audience     string // "everybody", "organisation", "responders"
}

// Composer is the line at which one adds to the timeline.
//
// Form fields: kind (said|saw|did|decided|felt), text. A text that begins with "/" is a command.
type Composer struct {
	URL      string // POST; "" when you may only read
	Kind     string // the kind chosen last; "" is said
	Text     string // as typed, after an error
	Commands []Command
	Problem  string
}

// Command is one of the words that may follow "/".
type Command struct {
	Word string // "update"
	Hint string // "what we know; what we do"
}

// UpdateForm is the form for a status update.
//
// Form fields: known, doing, next_update_by (minutes from now as a number, "at", or "final" for no further update),
// next_update_at (HH:MM in the viewer's zone, used with "at"), audience (responders|organisation|public).
type UpdateForm struct {
	URL       string // POST; "" when you may not
	Open      bool   // show it unfolded
	Number    int    // "Update 2"
	Known     string
	Doing     string
	Audiences []Option // Hint says whom it reaches: "214 subscribers"
	Minutes   []Option // 15, 30, 60, 120: choices for the next promise
	At        string   // HH:MM as typed
	Final     bool
	LastKnown string // what the last update said, to start from; optional
	LastDoing string
	Problems  []Problem
}

// Guidance is a runbook, a link or a query beside an incident or an alert.
type Guidance struct {
	Icon string // book, out, chart
	Text string
	URL  string
	Note string // "Runbook, proven in a drill 9 days ago"
	Body string // a short text shown in place (troubleshooting steps); optional, plain text, lines kept
}

// RoomAlert is an alert linked to the incident.
type RoomAlert struct {
	Title string
	URL   string
	State State  // tone of severity; Word for readers of the screen
	Note  string // "Acknowledged by Ana · 12 signals"
}

// StatusLine is what a status page says about the incident.
type StatusLine struct {
	State State  // Word "Partial outage"
	Text  string // "Shopping cart: partial outage"
	Note  string // "Update 1 live since 03:18 in 3 of 3 places"
	URL   string
}

// Seen is who has seen the incident and when.
type Seen struct {
	Who  string // "Chen, Mia, Noor", "Support, 3 of 4"
	At   time.Time
	Note string // instead of a time: "in the room", "not yet, asleep until 07:00"
}
