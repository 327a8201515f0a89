package view

import "time"

// Alerts is the list of alerts; filters live in the URL.
//
// Parts: "list".
type Alerts struct {
	Shell   Shell
	Filters []Filter // Open, Acknowledged, Triage, Silenced, Resolved, All
	Search  Search
	Rows    []AlertRow
	Total   int
	Pager   Pager
	Empty   Empty
	Report  Link // the public report form; optional
}

// AlertRow is an alert in a table: on Now, in the list, at a service.
type AlertRow struct {
	ID         string
	Title      string
	URL        string
	Severity   State // Critical, Major, …
	Status     State // Open, Acknowledged by Ana, Resolved, Silenced until …
	Service    Link
	Source     string    // "Azure Monitor"
	OpenedAt   time.Time // received
	ResolvedAt time.Time
	Signals    int
	Next       string // what happens next: "Noor paged; Tom at 03:26"
	Incident   Link   // INC-42; may be empty
	AckURL     string // POST, no fields; "" when there is nothing to acknowledge
	Triage     bool   // waits for somebody to confirm it
}

// Alert is one alert: summary, impact, action; why these people; how far each page got.
//
// Parts: "head", "trio", "why", "ladder", "timeline", "side".
type Alert struct {
	Shell Shell

	ID         string
	Title      string
	Severity   State
	Status     State // Open, Acknowledged by Ana, Resolved
	Service    Link
	OpenedAt   time.Time
	ResolvedAt time.Time
	AckUntil   time.Time // the acknowledgement runs out then; zero: it does not
	Signals    int
	Key        string // short name if there is one; optional

	Summary, Impact, Action string // "" is drawn as "unknown", with who could tell
	Triage                  bool
	Reporter                string // of a report: "Kim from Support, kim@example.com"
	Silenced                *Silenced

	// The primary button: Acknowledge, or the room once there is one. The others are POSTs.
	Primary      Button
	AckURL       string // no fields
	AckMore      string // what Acknowledge does besides: "… and 3 that joined it"
	UnackURL     string // optional text
	SnoozeURL    string // for or until, optional text
	QuietURL     string // POST why, and for: silences this alert alone until it is resolved
	RateURL      string // POST useful=yes or no, and why: was the page useful? "" for whoever was not paged
	Rated        string // "yes" or "no": what the person said already
	EscalateURL  string // no fields; EscalateTo says whom it pages
	EscalateTo   string // "This pages Chen."; "" when nobody is left
	ResolveURL   string // optional text
	ConfirmURL   string // POST confirm=1: triage → open; pages by its route
	ConfirmWakes string // "This pages 2 people: Ravi, Ana."
	DismissURL   string // POST text: triage → resolved
	Expert       AskExpert
	DeclareURL   string // link to the declare page, with the alert filled in
	SilenceURL   string // link to a new silence with this alert's labels
	Incident     Link

	Holds      []Note       // what holds its pages back, or joins them with others
	Joined     []PhoneAlert // the alerts that joined it
	JoinedNote string       // "the first 50 of 120"

	Why        []Why  // one for each person who was or will be paged, the newest decision first; the first is unfolded
	Next       string // "Muster pages Chen at 03:16 if nobody acknowledges."; "" when nothing follows
	NextAt     time.Time
	Ladder     []Rung
	Ledger     *PageLedger // of the page that was asked for; nil: none
	LadderNote *Note

	Guidance    []Guidance
	Similar     []SimilarAlert
	SimilarNote string // "3 in 90 days"
	From        Origin
	Timeline    []Entry
	Problems    []Problem
}

// Silenced says by which silence an alert pages nobody, and until when.
type Silenced struct {
	By     string // name of the silence
	URL    string
	Owner  string
	Until  time.Time
	Why    string
	Once   bool   // of this alert alone: over when the alert is
	EndURL string // POST: ends it; "" when you may not
}

// Why is an explanation: the chain from the signal to the person, in the words of the function that decided.
type Why struct {
	Title      string // "Why Ana was paged"
	DecidedAt  time.Time
	MachineURL string // the time machine with this service and moment; optional
	Steps      []WhyStep
}

// WhyStep is one link of the chain.
type WhyStep struct {
	Kind  string // source, mapping, fingerprint, route, silence, policy, step, roster, layer, override, swap, condition, person, contact, page, nobody
	Text  string
	Link  Link // "routes, revision 14"
	Final bool // the proof, or the stated gap: drawn with its tone
	Tone  Tone // of a final step: ok when proved, major for nobody
}

// Rung is one page by one contact method, and how far it got. A zero instant with no word is "not yet".
type Rung struct {
	Person    string
	You       bool
	Method    string // "SMS", "demo phone", "e-mail"
	Via       Link   // the connector that carried it
	Proves    string // what proves a page by it: "the carrier's receipt, or the person"
	Backup    string // why this one went at all, when it stands in for another: "stands in for sms: no proof came"
	WhyURL    string // explanation of this page; optional
	LedgerURL string // what the ledger says of it; optional

	PlannedAt  time.Time
	StartedAt  time.Time
	AcceptedAt time.Time // the provider's word
	ProvedAt   time.Time // a receipt or a person
	By         string    // what proved it: "acknowledged", "opened"

	// State is the page's: planned, started, accepted, proved, unknown, failed, cancelled.
	State string
	// Word stands where the ladder ends: "no report", "phone off", "not needed"; "" takes the state's own.
	Word     string
	Attempts int // deliveries tried; shown from two on
	Tried    []Attempt

	Digest    []PhoneAlert // it tells of exactly these
	DigestURL string       // POST page: acknowledges exactly these; "" when there is nothing to acknowledge, or it is not yours
	ID        string       // of the page
}

// Attempt is one call of a provider.
type Attempt struct {
	At   time.Time
	Text string // "failed after 2.1 s: HTTP 500"
}

// SimilarAlert is an alert of the past with the same fingerprint or service.
type SimilarAlert struct {
	Title string // "18 Sep: cart-api 4.11 rollout"
	URL   string
	Note  string // "Rolled back, 34 min. Review INC-27"
	State State
}

// Origin is where an alert came from.
type Origin struct {
	Source      Link
	Format      string
	FirstAt     time.Time
	LastAt      time.Time
	DetectedAt  time.Time
	Fingerprint string
	Labels      []Field
	RawURL      string // the newest signal as received; optional
}
