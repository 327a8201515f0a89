package view

import "time"

// Tabs of Settings, for SettingsTabs.Current.
const (
	TabDocuments  = "documents"
	TabSources    = "sources"
	TabConnectors = "connectors"
	TabPeople     = "people"
	TabKeys       = "keys"
	TabChanges    = "changes"
	TabAudit      = "audit"
	TabHeartbeat  = "heartbeat"
)

// SettingsTabs is the row of places inside Settings; an empty URL leaves a tab out.
type SettingsTabs struct {
	Current                                                        string
	Documents, Changes, Connectors, People, Keys, Audit, Heartbeat string
	Sources                                                        string
}

// Catalog is the list of documents by kind.
type Catalog struct {
	Shell     Shell
	Tabs      SettingsTabs
	Kinds     []DocumentKind
	Revision  int    // newest revision of the whole catalog
	ExportURL string // everything as one file
	About     []Fact // what runs here
}

// Fact is something that is so, with what is wrong about it.
type Fact struct {
	Name, Value, Warning string
}

// DocumentKind is one kind with its documents.
type DocumentKind struct {
	Kind   string // "rosters"
	Title  string // "Rosters"
	Hint   string // one line: what it is for
	NewURL string
	Docs   []DocumentRow
}

// DocumentRow is one document in the list.
type DocumentRow struct {
	Name, Title, URL string
	Revision         int
	By               string
	At               time.Time
	Note             string // "3 rotations, 8 people"
}

// Document is one document: its text in an editor, its history, and what differs between revisions.
//
// Form fields: body, why, etag (hidden), name (only when New).
type Document struct {
	Shell Shell
	Tabs  SettingsTabs

	Kind, KindTitle, KindURL string
	Name                     string
	New                      bool
	Format                   string // "YAML"
	Body                     string
	ETag                     string
	URL                      string // POST; "" when you may only read
	Why                      string
	CheckURL                 string    // POST the same fields: validates without saving; optional
	DeleteURL                string    // POST why
	Problems                 []Problem // with lines
	Accept                   string    // the word that accepts a change which reaches nobody; "" when it was not refused for that
	ProposeURL               string    // POST the same fields: asks a second person instead
	Effect                   string    // what saving would do: "Changes who is on call on 3 days"; optional
	Revisions                []RevisionRow
	Shown                    int        // the revision that is shown when it is not the newest; 0: the newest
	Diff                     []DiffLine // between two revisions; empty: none asked for
	DiffTitle                string     // "Revision 13 to 14"
	UsedBy                   []Link
	Help                     []Figure // fields of this kind and what they mean; optional
	Kinds                    []Filter // of a new connector: which kind
	Connector                *ConnectorPanel
}

// ConnectorPanel is how a connector does, and who stands in for it.
//
// Form fields: backup.
type ConnectorPanel struct {
	Row       ConnectorRow
	Help      string
	Within    string // how long a proof may take: "2 min"
	Trouble   *Note  // its provider is in trouble
	BackupURL string // POST; "" when you may not, or nobody is paged by it
	Backups   []Option
	For       []Link // the connectors that it stands in for
	Problems  []Problem
}

// RevisionRow is one revision of a document.
type RevisionRow struct {
	Revision   int
	At         time.Time
	By, Why    string
	Current    bool
	DiffURL    string // against the one before
	RestoreURL string // POST: makes it the newest again
}

// DiffLine is one line of a diff. Op is "+", "-" or " ".
type DiffLine struct {
	Op       string
	Old, New int // line numbers; 0 where the line does not exist
	Text     string
}

// Connectors is the list of ways out.
//
// Parts: "list".
type Connectors struct {
	Shell  Shell
	Tabs   SettingsTabs
	Rows   []ConnectorRow
	NewURL string
	Empty  Empty

	Trouble []Note // providers in trouble, as this node sees them
}

// ConnectorRow is one connector.
type ConnectorRow struct {
	Name, Kind, URL string
	State           State     // Works, Failed, Never used
	LastAt          time.Time // last delivery
	LastText        string    // "to Ana, accepted after 180 ms", or the error
	TestURL         string    // POST: sends a test; optional
	TestHint        string    // "sends one mail to ana@…"
	Waiting         int       // deliveries that wait
	Proves          string    // what proves a page by it: "a person only"; "" when nobody is paged by it
	Backup          Link      // who stands in when it brings no proof; optional
}

// People is the list of people with their contact methods.
type People struct {
	Shell  Shell
	Tabs   SettingsTabs
	Rows   []PersonRow
	NewURL string
}

// PersonRow is one person.
type PersonRow struct {
	Person  Person
	Access  string // "admin", "responder", …
	Teams   string
	Zone    string // "Berlin, 12:24"
	Methods []ContactMethodRow
	Warning string // "cannot be reached at night"
}

// ContactMethodRow is an address of a person, masked.
type ContactMethodRow struct {
	Name, Kind, Address string // "phone", "SMS", "+1 ··· 0142"
	State               State  // Proved on Tuesday, Never proved, Failed
	TestURL             string // POST
	RemoveURL           string // POST
	Unverified          bool
	Unused              string // that no rule names it, and what that means
	UseURL              string // POST method: adds a rule
	Last                string // what became of the last page by it
	Tried               string // what the last test of it came to
}

// Profile is one person's own page: contact methods, zone, theme.
//
// Add form: POST kind, name, address. Passphrase form: POST old, new.
type Profile struct {
	Shell    Shell
	Tabs     SettingsTabs
	Row      PersonRow
	AddURL   string
	Kinds    []Option
	PassURL  string
	Document Link

	Push      *PushOffer // on one's own page
	Insist    *Insist    // after a removal that would leave somebody unreachable
	Unproved  string     // which methods never brought a proof
	CardURL   string     // our numbers as a contact card
	RulesURL  string     // POST method, urgency, after, days, from, to: each as often as there are lines; quiet-days, quiet-from, quiet-to
	Rules     []RuleRow
	RulesNote string
	RulesGaps string // hours of the week for which the rules have nothing
	Quiet     OwnHours
	RulesOpen bool

	RemindURL string   // POST remind: when they are reminded of shifts; "" when you may not
	Reminders []Option // each with whether it is wanted

	Shifts     []Shift
	MoreShifts Link // to those that are not listed
	Problems   []Problem
}

// Keys is the list of API keys.
//
// Create form: POST name, access. Fresh is shown once.
type Keys struct {
	Shell    Shell
	Tabs     SettingsTabs
	URL      string
	Access   []Option
	Fresh    string // the new key's secret, right after it was made
	Rows     []KeyRow
	Problems []Problem
}

// KeyRow is one key.
type KeyRow struct {
	Name, Access, By string
	MadeAt, UsedAt   time.Time
	RevokeURL        string // POST
	Revoked          bool
}

// Audit is the security log.
type Audit struct {
	Shell   Shell
	Tabs    SettingsTabs
	Filters []Filter
	Search  Search
	Rows    []AuditRow
	Pager   Pager
	Sealed  Sealed
}

// AuditRow is one entry.
type AuditRow struct {
	At                        time.Time
	Who, Surface, What, About string
	URL                       string // of the thing
	State                     State  // refused, done
}
