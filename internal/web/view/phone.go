package view

import "time"

// Phone is the page behind the link in a text message, mail or push: the alert and one thumb-wide button. It needs no
// account, no script and stays below 30 KB. GET never acts; the forms POST the token.
//
// Form fields: token, and what Acknowledge and Escalate need: none.
type Phone struct {
	Shell Shell

	Person   string // whose page it is: "Ana"
	PagedAt  time.Time
	Title    string
	Service  string
	Severity State
	OpenedAt time.Time
	Big      string // what is wrong, one or two sentences: summary or impact
	Action   string // recommended action; optional

	WhyYou   string    // "You are secondary. Ravi (primary) has not answered for 5 min."
	IfNot    string    // "Muster pages Chen" ; "" when nothing follows
	IfNotAt  time.Time // when that happens
	WhoKnows string    // "Nobody yet. You would be the first."
	Token    string    // the page's own; sent with every form

	AckURL      string // POST; "" when it is acknowledged already, or over
	SnoozeURL   string // POST with for or until; "" when it is over, or more people have to acknowledge first
	EscalateURL string // POST; "" when there is nobody to escalate to
	EscalateTo  string // "Chen": "Page Chen now"
	RoomURL     string // the incident's room; "" when there is none
	DeclareURL  string // POST with token: declares; "" when there is a room, or you may not
	AlertURL    string // whole alert
	WhyURL      string // full explanation

	// Done replaces the big button once it was pressed, or the page is void: "You have it since 03:12."
	Done     State
	DoneText string

	Digest []PhoneAlert // a page about several alerts: Acknowledge acknowledges exactly these

	RateURL string // POST with useful=yes or no, and why: was this page useful? "" while nobody has the alert, and once it was said
	Rated   string // what the person said already: "You said that this page was useful."
	Problem string // what went wrong with the last press
}

// PhoneAlert is one alert of a page about several.
type PhoneAlert struct {
	Title    string
	Service  string
	Severity State
	Status   string // "acknowledged by Chen", "over"; "" while it is open
	URL      string
}

// Phones is the demo's screen: a drawn phone for each person with the pages that it received.
//
// Parts: "phones".
type Phones struct {
	Shell  Shell
	Phones []DemoPhone
}

// DemoPhone is one person's phone.
type DemoPhone struct {
	Person string
	You    bool
	Place  string     // "Seattle"
	Clock  string     // their own time, "03:24"
	Night  bool       // it is night where they are
	Duty   string     // "secondary of Storefront"; "" when off duty
	Pages  []DemoPage // newest first
	Notes  []DemoNote // newest first
}

// DemoNote is a notice as it stands on a phone.
type DemoNote struct {
	At    time.Time
	Kind  string
	Title string
	Text  string
	URL   string // where to look, or the answer to a test; optional
}

// DemoPage is a page as it stands on a phone.
type DemoPage struct {
	At       time.Time
	Title    string
	Text     string
	Severity State
	State    State  // ringing, acknowledged, stopped
	URL      string // the phone page, with its token
	Ringing  bool
}
