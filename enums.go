package muster

import "slices"

// AlertStatus is the state of an alert.
type AlertStatus string

// The states of an alert.
const (
	AlertOpen         AlertStatus = "open"
	AlertAcknowledged AlertStatus = "acknowledged"
	AlertResolved     AlertStatus = "resolved"
)

// SignalState says whether a source reports that the condition began or ended.
type SignalState string

// The states of a signal.
const (
	SignalFiring   SignalState = "firing"
	SignalResolved SignalState = "resolved"
)

// Outcome says what became of a signal.
type Outcome string

// The outcomes of a signal. Each signal has exactly one.
const (
	OutcomeOpened   Outcome = "opened"   // a new alert
	OutcomeAppended Outcome = "appended" // counted on an open alert
	OutcomeResolved Outcome = "resolved" // ended an open alert
	OutcomeSilenced Outcome = "silenced" // a new alert that pages nobody until the silence ends
	OutcomeTriage   Outcome = "triage"   // a new alert that somebody has to confirm
	OutcomeRejected Outcome = "rejected" // kept, but no alert: a resolve without an alert, or unreadable
)

// PageState is how far a page got.
type PageState string

// The states of a page. "Delivered" is not a word of ours: accepted is the provider's word, proved a receipt or a person.
const (
	PagePlanned   PageState = "planned"
	PageStarted   PageState = "started"
	PageAccepted  PageState = "accepted"
	PageProved    PageState = "proved"
	PageUnknown   PageState = "unknown"
	PageFailed    PageState = "failed"
	PageCancelled PageState = "cancelled"
)

// Urgency is how hard to page. It is apart from [Severity].
type Urgency string

// The urgencies.
const (
	UrgencyHigh Urgency = "high"
	UrgencyLow  Urgency = "low"
)

// Severity is the incident scale: 1 is the worst.
type Severity string

// The severities.
const (
	SEV1 Severity = "SEV1"
	SEV2 Severity = "SEV2"
	SEV3 Severity = "SEV3"
	SEV4 Severity = "SEV4"
)

// AlertSeverity is the severity that a source gave an alert, in our words.
type AlertSeverity string

// The severities of alerts.
const (
	SeverityCritical AlertSeverity = "critical"
	SeverityMajor    AlertSeverity = "major"
	SeverityMinor    AlertSeverity = "minor"
	SeverityInfo     AlertSeverity = "info"
	SeverityUnknown  AlertSeverity = "unknown"
)

// Phase is a part of the lifecycle of an incident. Phases may overlap and return.
type Phase string

// The five phases.
const (
	PhaseDetection   Phase = "detection"
	PhaseResponse    Phase = "response"
	PhaseRemediation Phase = "remediation"
	PhaseAnalysis    Phase = "analysis"
	PhaseReadiness   Phase = "readiness"
)

// Phases lists the phases in order.
func Phases() []Phase {
	return []Phase{PhaseDetection, PhaseResponse, PhaseRemediation, PhaseAnalysis, PhaseReadiness}
}

// IncidentStatus is the state of an incident.
type IncidentStatus string

// The states of an incident.
const (
	IncidentOpen      IncidentStatus = "open"
	IncidentMitigated IncidentStatus = "mitigated"
	IncidentResolved  IncidentStatus = "resolved"
	IncidentClosed    IncidentStatus = "closed"
)

// Role is a function in an incident. It is not the position on a roster (see [RosterRole]).
type Role string

// The roles of an incident.
const (
	RolePrimaryResponder         Role = "primary"
	RoleSecondaryResponder       Role = "secondary"
	RoleIncidentCommander        Role = "commander"
	RoleCommunicationCoordinator Role = "communication"
	RoleScribe                   Role = "scribe"
	RoleSubjectMatterExpert      Role = "expert"
)

// Roles lists the six roles in the order in which screens show them.
func Roles() []Role {
	return []Role{
		RoleIncidentCommander, RoleCommunicationCoordinator, RoleScribe,
		RolePrimaryResponder, RoleSecondaryResponder, RoleSubjectMatterExpert,
	}
}

// Word is the role in words.
func (r Role) Word() string {
	switch r {
	case RolePrimaryResponder:
		return "primary responder"
	case RoleSecondaryResponder:
		return "secondary responder"
	case RoleIncidentCommander:
		return "incident commander"
	case RoleCommunicationCoordinator:
		return "communication coordinator"
	case RoleScribe:
		return "scribe"
	case RoleSubjectMatterExpert:
		return "subject matter expert"
	}
	return string(r)
}

// RosterRole is a position on a roster: who is paged first, who is the back-up.
type RosterRole string

// The roster roles.
const (
	PrimaryResponder   RosterRole = "primary"
	SecondaryResponder RosterRole = "secondary"
	ShadowResponder    RosterRole = "shadow" // a trainee: is informed of what the primary is paged about, and is never alone
)

// RosterRoles lists the roster roles in the order of paging.
func RosterRoles() []RosterRole {
	return []RosterRole{PrimaryResponder, SecondaryResponder, ShadowResponder}
}

// Word is the roster role in words.
func (r RosterRole) Word() string {
	if r == ShadowResponder {
		return "shadow"
	}
	return Role(r).Word()
}

// Audience is for whom a status update is.
type Audience string

// The audiences, each wider than the one before.
const (
	AudienceResponders   Audience = "responders"
	AudienceOrganisation Audience = "organisation"
	AudiencePublic       Audience = "public"
)

// EntryKind says what a timeline entry is. The first five are the scribe's words.
type EntryKind string

// The kinds of timeline entries.
const (
	EntrySaid    EntryKind = "said"
	EntrySaw     EntryKind = "saw"
	EntryDid     EntryKind = "did"
	EntryDecided EntryKind = "decided"
	EntryFelt    EntryKind = "felt"

	EntrySignal    EntryKind = "signal"   // a source reported
	EntryAlert     EntryKind = "alert"    // opened, acknowledged, escalated, resolved
	EntryPage      EntryKind = "page"     // somebody was paged
	EntryIncident  EntryKind = "incident" // declared, mitigated, resolved, reopened, severity
	EntryRole      EntryKind = "role"
	EntryAnswer    EntryKind = "answer" // one of the five answers
	EntryAction    EntryKind = "action"
	EntryTheory    EntryKind = "theory"
	EntryUpdate    EntryKind = "update"    // a status update
	EntryPromise   EntryKind = "promise"   // a promised update is due or overdue
	EntryReview    EntryKind = "review"    // review opened, published, finding, action item
	EntrySeen      EntryKind = "seen"      // somebody saw this for the first time
	EntryPublished EntryKind = "published" // a status page was rendered
)

// ScribeKinds lists the kinds that people choose between in the composer.
func ScribeKinds() []EntryKind {
	return []EntryKind{EntrySaid, EntrySaw, EntryDid, EntryDecided, EntryFelt}
}

// Question is one of the five questions that an incident answers.
type Question string

// The five questions.
const (
	QuestionWhen  Question = "when"  // when did we know?
	QuestionHow   Question = "how"   // how did we know?
	QuestionWho   Question = "who"   // who else is aware?
	QuestionDoing Question = "doing" // what is being done?
	QuestionBad   Question = "bad"   // how bad is it?
)

// Questions lists the five questions in order.
func Questions() []Question {
	return []Question{QuestionWhen, QuestionHow, QuestionWho, QuestionDoing, QuestionBad}
}

// Word is the question in words.
func (q Question) Word() string {
	switch q {
	case QuestionWhen:
		return "When did we know?"
	case QuestionHow:
		return "How did we know?"
	case QuestionWho:
		return "Who else is aware?"
	case QuestionDoing:
		return "What is being done?"
	case QuestionBad:
		return "How bad is it?"
	}
	return string(q)
}

// AccessRole is what a person or key may do in Muster, least first.
type AccessRole string

// The access roles.
const (
	AccessViewer    AccessRole = "viewer"
	AccessResponder AccessRole = "responder"
	AccessTeamOwner AccessRole = "team-owner" // of the teams that the user document names
	AccessAdmin     AccessRole = "admin"
)

var accessOrder = []AccessRole{AccessViewer, AccessResponder, AccessTeamOwner, AccessAdmin}

// AtLeast reports whether r includes the rights of min.
func (r AccessRole) AtLeast(min AccessRole) bool {
	i, j := slices.Index(accessOrder, r), slices.Index(accessOrder, min)
	return i >= 0 && j >= 0 && i >= j
}

// DetectedBy says who found a problem first.
type DetectedBy string

// Who found it.
const (
	DetectedByMonitoring DetectedBy = "monitoring"
	DetectedByCustomer   DetectedBy = "customer"
	DetectedByStaff      DetectedBy = "staff"
)

// Surface is the way by which an operation came in.
type Surface string

// The surfaces.
const (
	SurfaceWeb    Surface = "web"
	SurfaceAPI    Surface = "api"
	SurfaceCLI    Surface = "cli"
	SurfaceChat   Surface = "chat"
	SurfaceIntake Surface = "intake"
	SurfacePage   Surface = "page"  // the link in a page
	SurfaceSMS    Surface = "sms"   // a text message in answer to a page
	SurfaceVoice  Surface = "voice" // a key pressed in a call
	SurfacePush   Surface = "push"  // a button of a push message
	SurfaceEngine Surface = "engine"
	SurfaceSetup  Surface = "setup"
)
