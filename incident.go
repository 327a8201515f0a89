package muster

// Incident is a tracked, coordinated response.
type Incident struct {
	ID          IncidentID          `json:"id"`
	Key         IncidentKey         `json:"key"`
	Number      int64               `json:"number"`
	Title       string              `json:"title"`
	Status      IncidentStatus      `json:"status"`
	Phase       Phase               `json:"phase"`
	Severity    Severity            `json:"severity"`
	Service     ServiceName         `json:"service,omitempty"`
	Answers     map[Question]Answer `json:"answers"`
	Roles       []RoleAssignment    `json:"roles"`
	Promise     *Promise            `json:"promise"`
	DetectedBy  DetectedBy          `json:"detected_by,omitempty"`
	DetectedAt  Instant             `json:"detected_at"` // when it began to show
	KnownAt     Instant             `json:"known_at"`    // when a human first knew
	DeclaredAt  Instant             `json:"declared_at"`
	DeclaredBy  By                  `json:"declared_by"`
	MitigatedAt Instant             `json:"mitigated_at"`
	ResolvedAt  Instant             `json:"resolved_at"`
	ClosedAt    Instant             `json:"closed_at"`
	Phases      []PhaseSpan         `json:"phases"`
	Actions     []CurrentAction     `json:"actions"`
	Theories    []Theory            `json:"theories"`
	StatusPages []StatusPageName    `json:"status_pages"` // on which it is shown
	Components  []string            `json:"components"`   // of those pages that it affects
	Public      bool                `json:"public"`       // opened on a public page
	Updates     int                 `json:"updates"`      // status updates so far
	FromPage    bool                `json:"from_page"`    // declared by opening it on the status page: closing it there resolves it
	OffPageAt   Instant             `json:"off_page_at"`  // its last public update was posted: pages show it as over
	Review      ReviewID            `json:"review,omitempty"`
	Revision    Revision            `json:"revision"`
	Generation  int                 `json:"-"` // raised by each new promise, so that an old promise's timer is stale
	Created     bool                `json:"-"` // by the operation that answers with it; not kept
}

// Answer is an answer to one of the five questions, with who gave it and when.
type Answer struct {
	Text string  `json:"text"`
	By   By      `json:"by"`
	At   Instant `json:"at"`
}

// RoleAssignment says who held a role from when to when. Proposed ones wait for the person to take them.
type RoleAssignment struct {
	Role     Role     `json:"role"`
	Person   UserName `json:"person"`
	Name     string   `json:"name"`
	From     Instant  `json:"from"`
	Until    Instant  `json:"until"` // zero: still
	Proposed bool     `json:"proposed,omitempty"`
	Why      string   `json:"why,omitempty"`
	Topic    string   `json:"topic,omitempty"` // of a subject matter expert
}

// Promise is the next promised update.
type Promise struct {
	By     Instant `json:"by"`
	Kept   bool    `json:"kept"` // false and By in the past: overdue
	Author By      `json:"author"`
	MadeAt Instant `json:"made_at"`
}

// PhaseSpan is a stretch of time in a phase.
type PhaseSpan struct {
	Phase Phase   `json:"phase"`
	From  Instant `json:"from"`
	Until Instant `json:"until"` // zero: running
}

// CurrentAction is a claimed remediation effort.
type CurrentAction struct {
	ID        ActionID `json:"id"`
	Text      string   `json:"text"`
	Person    UserName `json:"person,omitempty"`
	Name      string   `json:"name"`
	StartedAt Instant  `json:"started_at"`
	EndedAt   Instant  `json:"ended_at"`
	Outcome   string   `json:"outcome,omitempty"`
}

// TheoryState is what became of a theory.
type TheoryState string

// The states of a theory.
const (
	TheoryOpen      TheoryState = "open"
	TheoryConfirmed TheoryState = "confirmed"
	TheoryRuledOut  TheoryState = "ruled_out"
)

// Theory is an explanation that somebody proposed.
type Theory struct {
	ID    TheoryID    `json:"id"`
	Text  string      `json:"text"`
	State TheoryState `json:"state"`
	By    By          `json:"by"`
	At    Instant     `json:"at"`
}

// Entry is a timeline entry: an immutable, timed fact about an incident or an alert. Seq counts within its topic and is
// the event ID of the live stream.
type Entry struct {
	ID       EntryID           `json:"id"`
	Incident IncidentID        `json:"incident,omitempty"`
	Alert    AlertID           `json:"alert,omitempty"`
	Seq      int64             `json:"seq"`
	Kind     EntryKind         `json:"kind"`
	Text     string            `json:"text"`
	By       By                `json:"by"`
	At       Instant           `json:"at"`       // when it happened
	Recorded Instant           `json:"recorded"` // when it was written down
	Pinned   bool              `json:"pinned"`
	Ref      string            `json:"ref,omitempty"` // a page, alert, update that it is about
	Facts    map[string]string `json:"facts,omitempty"`
}

// StatusUpdate tells an audience what is known, what is being done and when they hear again.
type StatusUpdate struct {
	ID           UpdateID       `json:"id"`
	Incident     IncidentID     `json:"incident"`
	Number       int            `json:"number"`
	Known        string         `json:"known"`
	Doing        string         `json:"doing"`
	NextUpdateBy Instant        `json:"next_update_by"` // null with Final
	Final        bool           `json:"final"`
	Audience     Audience       `json:"audience"`
	By           By             `json:"by"`
	At           Instant        `json:"at"`
	Status       IncidentStatus `json:"status"` // of the incident when it was posted
}

// Awareness says who has seen an incident, and when first and last.
type Awareness struct {
	Incident IncidentID `json:"-"`
	Person   UserName   `json:"person"`
	Name     string     `json:"name"`
	First    Instant    `json:"first"`
	Last     Instant    `json:"last"`
	Via      Surface    `json:"via"`
}

// ReviewStatus is the state of a review.
type ReviewStatus string

// The states of a review.
const (
	ReviewDraft     ReviewStatus = "draft"
	ReviewPublished ReviewStatus = "published"
)

// Review is a post-incident review: the whole lifecycle including the human response.
type Review struct {
	ID          ReviewID     `json:"id"`
	Incident    IncidentID   `json:"incident"`
	Key         IncidentKey  `json:"key"`
	Title       string       `json:"title"`
	Status      ReviewStatus `json:"status"`
	OpenedAt    Instant      `json:"opened_at"`
	OpenedBy    By           `json:"opened_by"`
	DueAt       Instant      `json:"due_at"`
	PublishedAt Instant      `json:"published_at"`
	Summary     string       `json:"summary"`
	WentWell    string       `json:"went_well"`
	Findings    []Finding    `json:"findings"`
	ActionItems []ActionItem `json:"action_items"`
	Timeline    []Entry      `json:"timeline"` // copied when the review was opened
	Phases      []PhaseSpan  `json:"phases"`
	Gaps        []Gap        `json:"gaps"`
	Clocks      []Clock      `json:"clocks"`
	Questions   []string     `json:"questions"` // that start with how and what
	Version     int          `json:"version"`   // its ETag
	Created     bool         `json:"-"`         // by the operation that answers with it; not kept
}

// Gap is a long silence in a timeline.
type Gap struct {
	From  Instant `json:"from"`
	Until Instant `json:"until"`
}

// Clock is a derived length of time: "detection", "to acknowledge", "to mitigate".
type Clock struct {
	Name    string  `json:"name"`
	From    Instant `json:"from"`
	Until   Instant `json:"until"`
	Seconds float64 `json:"seconds"`
}

// Finding is a learned fact.
type Finding struct {
	ID   FindingID `json:"id"`
	Text string    `json:"text"`
	By   By        `json:"by"`
	At   Instant   `json:"at"`
}

// ActionItem is an owned improvement.
type ActionItem struct {
	ID    ActionItemID `json:"id"`
	Text  string       `json:"text"`
	Owner UserName     `json:"owner,omitempty"`
	Due   string       `json:"due,omitempty"` // "2026-12-04"
	Done  bool         `json:"done"`
	By    By           `json:"by"`
	At    Instant      `json:"at"`
}
