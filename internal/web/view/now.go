package view

import "time"

// Now is the first screen: what is open, what nobody owns, who is on call, what changed since you looked.
//
// Parts: "headline", "incidents", "unowned", "oncall", "changes".
type Now struct {
	Shell Shell

	Incidents   []Strip    // open and mitigated incidents, the worst first; only the first gets the primary button
	Unowned     []AlertRow // alerts that are open and acknowledged by nobody, the worst first
	MoreUnowned int        // how many more there are than Unowned holds

	OnCall   []RosterNow
	LookedAt time.Time // when this person looked last; zero draws "Lately" instead of "Since you looked at …"
	Changes  []Change  // newest first

	AlertsURL   string // all alerts
	ScheduleURL string // on call

	// For the empty state, "All quiet".
	QuietSince time.Time // when the last incident was resolved or the last alert closed; zero: never anything
	LastDrill  Link      // "Drill: primary without signal, 9 days ago, passed"; empty: none yet
	FirstAlert string    // the curl line that sends a first alert; shown only while nothing was ever received
	Phones     Link      // the demo's phones; "" outside the demo
}

// Strip is an incident on Now and in the lists: state and age, title and five answers, promise and way in.
type Strip struct {
	Key       string // "INC-42"
	Title     string
	URL       string
	Severity  State  // tone, and the word "SEV1"
	SevWord   string // "Critical"
	Status    State  // open, mitigated, resolved, closed
	Service   string // may be ""
	Phase     string // "Remediation"
	PhaseAt   time.Time
	OpenedAt  time.Time
	ClosedAt  time.Time // resolved at; zero while it is open
	Answers   []Answer  // five, in the order when, how, who, doing, bad
	Promise   *Promise  // nil once there is nothing promised
	Commander *Person   // nil: "nobody yet"
	InRoom    int       // how many people are in the room
	ReviewURL string    // its review, once there is one
}

// Answer is one of the five answers. An empty Text asks.
type Answer struct {
	Key      string    // when, how, who, doing, bad
	Question string    // "When did we know?"; "" takes the standard words for Key
	Text     string    // "03:12, ten minutes after it began"
	Author   string    // who or what says so: "Ana", "Muster"
	Source   string    // where it was said: "room", "Azure Monitor"; optional
	At       time.Time // when it was said
	URL      string    // deep link to the entry that it comes from; optional
}

// RosterNow says who holds a roster at this moment.
type RosterNow struct {
	Name string // "Storefront"
	URL  string
	Held []OnDuty // primary, secondary, …
}

// OnDuty is one roster role and who holds it.
type OnDuty struct {
	Role      string // "Primary"
	Person    Person // an empty Name is a gap, drawn as "Nobody"
	Until     time.Time
	Elsewhere string // their own time when it differs: "12:24 Berlin"; optional
	TakeURL   string // for a gap: page or form where one takes it; optional
	Why       string // optional sentence, as title
}

// Change is one line of "since you looked".
type Change struct {
	At   time.Time
	Text string
	URL  string // optional: the thing itself
	Why  string // optional: link to the explanation, drawn as "Why"
}
