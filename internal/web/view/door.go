package view

import "time"

// SignIn asks for a passphrase, or takes a token.
//
// Form fields: email, passphrase, next (hidden); or token, next.
type SignIn struct {
	Shell    Shell
	URL      string // POST e-mail and passphrase
	TokenURL string // POST token; "" hides it
	Token    string // from the link; filled in, and sent only by a press
	Email    string
	Next     string
	Problem  string
}

// Setup is the first start: admin, address, zone. [Wizard] follows.
//
// Form fields: token (hidden), name, email, passphrase, public_url, zone.
type Setup struct {
	Shell     Shell
	URL       string // POST
	Token     string
	Name      string
	Email     string
	PublicURL string
	LocalHost bool // the address would say localhost: warns that links on phones would not work
	Zone      string
	Zones     []string // suggestions
	Problems  []Problem
}

// Report is the public form on which staff and customers report without an account.
//
// Form fields: title (what is wrong), summary, impact (who is affected), name, contact, kind (customer|staff).
type Report struct {
	Shell    Shell
	URL      string // POST
	Title    string
	Summary  string
	Impact   string
	Name     string
	Contact  string
	Kind     string
	Services []Option // optional: field service
	Status   Note     // what we already know: "We know that the shopping cart fails. Next update 11:30 UTC."
	Problems []Problem
	// Sent is set once it was received.
	Sent    bool
	SentRef string // "Reported at 11:24 UTC"
	Known   bool   // it was added to something that we know already
}

// Error is what went wrong, in the user's words.
type Error struct {
	Shell     Shell
	Status    int    // 404
	Title     string // "There is no incident INC-99"
	Text      string // what to do
	Back      Link
	RequestID string
}

// Wall is the screen on a wall: no chrome, big type. It needs a session or the wall's own link.
//
// Parts: "wall".
type Wall struct {
	Shell    Shell
	Name     string // "Storefront", or the organisation
	Headline string
	Main     *WallIncident // the worst; nil: all quiet
	Also     []Strip
	Unowned  int
	OldestAt time.Time // the oldest unowned alert
	OnCall   []RosterNow
	Quiet    time.Time // since when it is quiet
}

// WallIncident is the incident that fills the wall.
type WallIncident struct {
	Key, Title string
	Severity   State
	OpenedAt   time.Time
	Bad, Doing string
	Commander  string
	Others     string // "Tom communicates, Mia scribes"
	Aware      string
	Phases     []Phase
	Promise    *Promise
	LastSaid   string
	LastSaidAt time.Time
}
