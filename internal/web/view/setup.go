package view

import "time"

// Wizard is the setup of an installation in five steps: you, mail, team, contact method, test page. One of them is open; each
// can wait, and says what it means if it does.
//
// Parts: "steps".
type Wizard struct {
	Shell   Shell
	Proven  string // who acknowledged which page, in a sentence; "": paging is unproven
	Command string // the line that sends a first alert; shown once, because of the key in it
	NowURL  string
	Steps   []WizardStep
	Next    Link // to the step after the open one; "" for the last one

	// What the open step shows; the others are nil.
	You     *SetupYou
	Mail    *SetupMail
	Team    *SetupTeam
	Contact *SetupContact
	Test    *SetupTest
}

// WizardStep is one line of the list.
type WizardStep struct {
	Number int
	Title  string
	Note   string // what it came to, or what it is for
	State  State  // Done, Next, Skipped, To do
	URL    string // opens it
	Open   bool
}

// SetupYou is the first admin, who exists already.
type SetupYou struct {
	Facts []Fact
	Edit  Link
}

// SetupMail is the mail server.
//
// Form fields: host, port, tls, username, password, kept (hidden, sealed), from; the button do is test, save or anyway.
type SetupMail struct {
	URL                        string // POST
	Host, Port, Username, From string
	TLS                        []Option
	Kept                       string // the password that was typed before, sealed; "" when none was
	Stored                     bool   // a password is stored
	To                         string // where the test goes
	Problems                   []Problem

	Said   *MailSaid // what came of the last try; nil: nothing was tried
	Saved  string    // how it stands: "Muster sends as … by …"
	Anyway bool      // it does not work, and may be saved all the same
	Skip   string    // what it means to do without
}

// MailSaid is what came of a try.
type MailSaid struct {
	OK     bool
	Text   string // in our words
	Server string // in the server's own: "535 5.7.8 Authentication credentials invalid"
}

// SetupTeam makes a team with all that belongs to it.
//
// Form fields: team, service, unit (day|week), handoff, zone, person (several).
type SetupTeam struct {
	URL           string // POST
	Team, Service string
	Units         []Option
	Handoff, Zone string
	Zones         []string
	People        []Option
	Wakes         string // whom it pages
	Problems      []Problem
	Anyway        bool // not everybody in it can be paged yet: a button accepts that

	Have []Link // what is there already, in a sentence each
	Skip string
}

// SetupContact is how the admin is reached.
//
// Form fields: kind, name, address; or contact with do=test.
type SetupContact struct {
	URL      string // POST
	Kinds    []Option
	Name     string
	Address  string
	Problems []Problem
	Methods  []SetupMethod
	Others   []Field // other kinds of connectors, and what each is good for
	AddURL   string  // a new connector
	MineURL  string  // one's own page, where browsers are added
	Skip     string
}

// SetupMethod is a contact method of the admin.
type SetupMethod struct {
	ID    string
	Name  string // "mail · a…@example.org"
	State State
	Note  string
	Test  bool // a test can be sent
}

// SetupTest is the test page: whom it would page, and how far the last one got.
type SetupTest struct {
	URL    string // POST
	Wakes  string // whom it pages, in a sentence
	Note   *Note  // what stands in its way
	Sent   bool   // there is one
	Way    []WayMark
	Alert  Link
	Again  string // GET: looks again, for browsers without script
	EndURL string // POST: ends the test's alert; "" when it is over
	Result *Note
	Rungs  []Rung
}

// WayMark is how far a page got: planned, started, accepted, proved, acknowledged.
type WayMark struct {
	Word string
	At   time.Time // zero: not yet
}
