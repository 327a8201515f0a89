package view

import "time"

// Reviews is the list of reviews: drafts first.
type Reviews struct {
	Shell   Shell
	Filters []Filter
	Rows    []ReviewRow
	Pager   Pager
	Empty   Empty
}

// ReviewRow is a review in the list.
type ReviewRow struct {
	Key, Title, URL string
	State           State // Draft, Published
	Severity        State
	At              time.Time // when the incident began
	Took            time.Duration
	Actions, Done   int // action items, and how many are done
	Owner           string
}

// Review is a post-incident review.
//
// Parts: "findings", "questions", "actions". Section forms POST to their URLs; a save of one part keeps the others.
type Review struct {
	Shell Shell

	Key, Title  string
	IncidentURL string
	State       State // Draft, Published
	At          time.Time
	Summary     string
	SummaryURL  string // POST summary; "" when you may not, or published
	PublishURL  string // POST; "" when published or you may not

	Phases     []Phase // those that have begun; drawn to scale
	Marks      []Mark  // mitigated, resolved
	Silences   []Span  // silent gaps
	SilentNote string  // "4 minutes or more"

	Figures []Figure // found by, paged to acknowledged, customers affected, updates kept, people

	Well        []string // what went well
	WellURL     string   // POST text adds one
	Findings    []Finding
	FindingURL  string   // POST text, kind=finding|well adds one
	Questions   []string // begin with how or what
	QuestionURL string   // POST text; 422 when it begins with why or who
	Actions     []ActionItem
	ActionURL   string // POST text, owner, due (2006-01-02), tracker
	Owners      []Option
	TookPart    []Figure // Ana: commander
	Felt        []Quote
	Timeline    []Entry
	Problems    []Problem
}

// Mark is a moment on the bar of phases.
type Mark struct {
	At   time.Time
	Text string // "mitigated"
}

// Span is a stretch of time.
type Span struct {
	From, To time.Time
}

// Figure is a label and what it says.
type Figure struct {
	Label, Value string
}

// Finding is a learned fact, with who said it and where.
type Finding struct {
	Text string
	Who  string // "Ravi, Mia"
	At   Link   // deep link: "03:13:20"
}

// ActionItem is an improvement with an owner and a date.
type ActionItem struct {
	Text    string
	Owner   string // "" is drawn as "No owner yet"
	Due     time.Time
	Tracker Link // "Boards 3112"
	Done    bool
	Overdue bool
	DoneURL string // POST done=1|0
	Review  Link   // where it comes from, on Readiness
}

// Quote is how it felt.
type Quote struct {
	Text, Who string
	At        time.Time
}
