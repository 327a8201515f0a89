package muster

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
)

// User is a person. Phone numbers and the like are contact methods, not part of the document.
type User struct {
	Name      UserName           `json:"name"`
	Display   string             `json:"display"`             // "Ana Rossi"
	Email     string             `json:"email,omitempty"`     // for signing in
	Zone      string             `json:"zone"`                // where she lives: "America/Los_Angeles"
	Title     string             `json:"title,omitempty"`     // what she does: "Storefront engineer"
	Teams     []TeamName         `json:"teams,omitempty"`     // that she belongs to
	Access    AccessRole         `json:"access,omitempty"`    // viewer, responder (when empty) or admin; owners are named by the team
	Directory string             `json:"directory,omitempty"` // her ID in the chat's directory
	Notify    []NotificationRule `json:"notify,omitempty"`    // in order; none means every verified contact method, two minutes apart
	Reminders []Reminder         `json:"reminders,omitzero"`  // of shifts: 7d, 1d, start; all when missing, none when the list is empty
	Quiet     []Window           `json:"quiet,omitempty"`     // in their zone: not asked as an expert then, as long as somebody else can be
	Disabled  bool               `json:"disabled,omitempty"`  // has left: is never paged and cannot sign in
}

// NotificationRule says which contact method to use, and how long after the page was planned.
type NotificationRule struct {
	Urgency Urgency  `json:"urgency,omitempty"` // empty: both
	Method  string   `json:"method"`            // name of the contact method: "phone"
	After   Duration `json:"after,omitempty"`
}

// Team is a group of people who own services.
type Team struct {
	Name   TeamName   `json:"name"`
	Title  string     `json:"title"`
	Owners []UserName `json:"owners,omitempty"` // may change the team's documents
}

// Service is an owned thing that alerts concern.
type Service struct {
	Name        ServiceName   `json:"name"`
	Title       string        `json:"title"`
	Team        TeamName      `json:"team"`
	Policy      PolicyName    `json:"policy"` // who is paged about it
	Description string        `json:"description,omitempty"`
	Impact      string        `json:"impact,omitempty"` // what customers notice when it fails
	Runbook     RunbookName   `json:"runbook,omitempty"`
	Links       []ContextLink `json:"links,omitempty"`
}

// ContextLink is a metric, tool or document that is shown beside an alert.
type ContextLink struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Policy is an escalation policy: ordered steps.
type Policy struct {
	Name       PolicyName `json:"name"`
	Title      string     `json:"title"`
	Team       TeamName   `json:"team"`
	Steps      []Step     `json:"steps"`
	Repeat     int        `json:"repeat,omitempty"`      // so many more rounds after the first
	AckTimeout Duration   `json:"ack_timeout,omitempty"` // an acknowledged alert pages again after this; 0: never
	Fallback   []Target   `json:"fallback,omitempty"`    // paged when every round is used up; empty: every admin
}

// Step is an escalation step: everybody of Targets is paged at once, then Wait passes before the next step.
type Step struct {
	Targets []Target `json:"targets"`
	Wait    Duration `json:"wait"`
}

// Target is whom a step pages: a roster role, a person, or who is asked about a topic at that moment.
type Target struct {
	Roster RosterName `json:"roster,omitempty"`
	Role   RosterRole `json:"role,omitempty"` // with Roster; empty: primary
	User   UserName   `json:"user,omitempty"`
	Topic  string     `json:"topic,omitempty"` // name of a topic of some roster: its experts, see [Topic]
}

// DefaultRoute is the name of the route that takes what no other route takes. It cannot be removed.
const DefaultRoute RouteName = "default"

// Route is a rule that sends an alert to a service and its policy. Routes are asked by Order, then name; the first whose
// Match is true decides; the default route comes last and matches everything.
type Route struct {
	Name     RouteName   `json:"name"`
	Title    string      `json:"title,omitempty"`
	Team     TeamName    `json:"team,omitempty"`
	Order    int         `json:"order,omitempty"`
	Match    string      `json:"match,omitempty"`    // CEL over source, title, severity, service, labels, detected_by; empty: everything
	Service  ServiceName `json:"service,omitempty"`  // empty: the service that the signal names
	Policy   PolicyName  `json:"policy,omitempty"`   // empty: the service's
	Urgency  Urgency     `json:"urgency,omitempty"`  // high when empty
	Severity Severity    `json:"severity,omitempty"` // of the incident that Declare makes
	Declare  bool        `json:"declare,omitempty"`  // declare an incident at once
	Triage   bool        `json:"triage,omitempty"`   // page about alerts in triage too
}

// Silence holds back pages about matching alerts until it ends.
type Silence struct {
	Name  SilenceName `json:"name"`
	Match string      `json:"match"` // CEL, as in Route
	From  Instant     `json:"from"`
	Until Instant     `json:"until"`
	Owner UserName    `json:"owner"`
	Why   string      `json:"why"`
	Team  TeamName    `json:"team,omitempty"`
}

// MaxSilence is the longest silence.
const MaxSilence = 31 * 24 * time.Hour

// Source is where signals come from. Its key is kept apart, as a hash.
type Source struct {
	Name        SourceName  `json:"name"`
	Title       string      `json:"title"`
	Team        TeamName    `json:"team,omitempty"`
	DetectedBy  DetectedBy  `json:"detected_by,omitempty"` // monitoring when empty
	Triage      bool        `json:"triage,omitempty"`      // its alerts have to be confirmed by a person
	Service     ServiceName `json:"service,omitempty"`     // when a signal names none
	Fingerprint []string    `json:"fingerprint,omitempty"` // labels that make the identity; empty: what the format says
	Mapping     *Mapping    `json:"mapping,omitempty"`     // for the generic format
}

// Mapping says where the generic format finds its fields. A path is dotted: "data.items", "labels.host", "tags[0]". With
// Items the other paths start at each element; a path that begins with "$." starts at the top. A value in double quotes
// is taken as it is.
type Mapping struct {
	Items      string                   `json:"items,omitempty"` // an array: one signal for each element
	Title      string                   `json:"title,omitempty"`
	Key        string                   `json:"key,omitempty"` // what the sender calls the condition
	Summary    string                   `json:"summary,omitempty"`
	Impact     string                   `json:"impact,omitempty"`
	Action     string                   `json:"action,omitempty"`
	Service    string                   `json:"service,omitempty"`
	Severity   string                   `json:"severity,omitempty"`
	Severities map[string]AlertSeverity `json:"severities,omitempty"` // the sender's words to ours
	State      string                   `json:"state,omitempty"`
	Resolved   []string                 `json:"resolved,omitempty"` // values of State that mean resolved; none: "resolved", "ok", "closed"
	At         string                   `json:"at,omitempty"`
	Link       string                   `json:"link,omitempty"`
	Labels     map[string]string        `json:"labels,omitempty"` // label to path; a path to an object takes all of its values
}

// Runbook is guidance for responders: not a prescription.
type Runbook struct {
	Name   RunbookName   `json:"name"`
	Title  string        `json:"title"`
	Team   TeamName      `json:"team,omitempty"`
	Text   string        `json:"text"` // Markdown
	Links  []ContextLink `json:"links,omitempty"`
	Proven string        `json:"proven,omitempty"` // "2026-11-18": the day on which somebody last followed it
}

// Connector is a configured adapter to an outside system. Secrets are referred to by name.
type Connector struct {
	Name     ConnectorName     `json:"name"`
	Title    string            `json:"title,omitempty"`
	Kind     string            `json:"kind"` // "email", "webhook", "demo-phone", "teams-webhook"
	Team     TeamName          `json:"team,omitempty"`
	Settings map[string]string `json:"settings,omitempty"` // as the kind's own description says
	Secrets  map[string]string `json:"secrets,omitempty"`  // setting to the name of a stored secret
}

// StatusPage is a page of components and updates for an audience.
type StatusPage struct {
	Name       StatusPageName `json:"name"`
	Title      string         `json:"title"`
	Team       TeamName       `json:"team,omitempty"`
	Audience   Audience       `json:"audience"` // public or organisation
	Intro      string         `json:"intro,omitempty"`
	Support    string         `json:"support,omitempty"` // address of the help desk, shown at the foot
	Components []Component    `json:"components,omitempty"`
	Promise    Duration       `json:"promise,omitempty"` // the default promise of an update from chat; 30m when empty
}

// DefaultPromise is promised by an update from chat that names no time, when the page's document has no other.
const DefaultPromise = 30 * time.Minute

// Component is the public face of a service.
type Component struct {
	Name    string      `json:"name"`
	Title   string      `json:"title"`
	Service ServiceName `json:"service,omitempty"`
}

// The kinds, names and owners of documents.
func (d *User) DocKind() Kind           { return KindUsers }
func (d *User) DocName() string         { return string(d.Name) }
func (d *User) DocTeam() TeamName       { return "" }
func (d *Team) DocKind() Kind           { return KindTeams }
func (d *Team) DocName() string         { return string(d.Name) }
func (d *Team) DocTeam() TeamName       { return d.Name }
func (d *Service) DocKind() Kind        { return KindServices }
func (d *Service) DocName() string      { return string(d.Name) }
func (d *Service) DocTeam() TeamName    { return d.Team }
func (d *Policy) DocKind() Kind         { return KindPolicies }
func (d *Policy) DocName() string       { return string(d.Name) }
func (d *Policy) DocTeam() TeamName     { return d.Team }
func (d *Route) DocKind() Kind          { return KindRoutes }
func (d *Route) DocName() string        { return string(d.Name) }
func (d *Route) DocTeam() TeamName      { return d.Team }
func (d *Silence) DocKind() Kind        { return KindSilences }
func (d *Silence) DocName() string      { return string(d.Name) }
func (d *Silence) DocTeam() TeamName    { return d.Team }
func (d *Source) DocKind() Kind         { return KindSources }
func (d *Source) DocName() string       { return string(d.Name) }
func (d *Source) DocTeam() TeamName     { return d.Team }
func (d *Runbook) DocKind() Kind        { return KindRunbooks }
func (d *Runbook) DocName() string      { return string(d.Name) }
func (d *Runbook) DocTeam() TeamName    { return d.Team }
func (d *Connector) DocKind() Kind      { return KindConnectors }
func (d *Connector) DocName() string    { return string(d.Name) }
func (d *Connector) DocTeam() TeamName  { return d.Team }
func (d *StatusPage) DocKind() Kind     { return KindStatusPages }
func (d *StatusPage) DocName() string   { return string(d.Name) }
func (d *StatusPage) DocTeam() TeamName { return d.Team }

// Check implements [Document].
func (d *User) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	f = append(f, need("display", d.Display, "a name to show is missing")...)
	f = append(f, CheckZone("zone", d.Zone)...)
	if d.Email != "" {
		if a, err := mail.ParseAddress(d.Email); err != nil || a.Address != d.Email {
			f = append(f, FieldError{Path: "email", Message: fmt.Sprintf("%q is not an e-mail address", Clip(d.Email, 80))})
		}
	}
	if d.Access != "" {
		f = append(f, oneOf("access", d.Access, AccessViewer, AccessResponder, AccessAdmin)...)
	}
	for i, r := range d.Notify {
		p := fmt.Sprintf("notify[%d]", i)
		f = append(f, need(p+".method", r.Method, "name a contact method")...)
		if r.Urgency != "" {
			f = append(f, oneOf(p+".urgency", r.Urgency, UrgencyHigh, UrgencyLow)...)
		}
		if r.After.Std() > 2*time.Hour {
			f = append(f, FieldError{Path: p + ".after", Message: "at most 2h: a person who is paged later is not reached"})
		}
	}
	for i, r := range d.Reminders {
		f = append(f, oneOf(fmt.Sprintf("reminders[%d]", i), r, Reminders()...)...)
	}
	quiet := fieldErrors{path: "quiet"}
	for i, w := range d.Quiet {
		w.check(&fieldErrors{path: fmt.Sprintf("quiet[%d]", i)}, &quiet)
	}
	f = append(f, quiet.list...)
	if d.Name == Nobody {
		f = append(f, FieldError{Path: "name", Message: "nobody is the word for an empty place in a rotation: choose another name"})
	}
	return f
}

// Check implements [Document].
func (d *Team) Check() []FieldError {
	return append(CheckName(string(d.Name)), need("title", d.Title, "a title is missing")...)
}

// Check implements [Document].
func (d *Service) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	f = append(f, need("title", d.Title, "a title is missing")...)
	f = append(f, need("team", string(d.Team), "name the team that owns the service")...)
	f = append(f, need("policy", string(d.Policy), "name the policy that says who is paged")...)
	return append(f, checkLinks("links", d.Links)...)
}

func checkLinks(path string, links []ContextLink) (f []FieldError) {
	for i, l := range links {
		p := fmt.Sprintf("%s[%d]", path, i)
		f = append(f, need(p+".title", l.Title, "a title is missing")...)
		if SafeURL(l.URL) == "" {
			f = append(f, FieldError{Path: p + ".url", Message: fmt.Sprintf("%q is not a link: it must begin with https:// or http://", Clip(l.URL, 60))})
		}
	}
	return f
}

// SafeURL returns u when it is an absolute http or https address without user information, "" otherwise. Only such
// addresses become links: alert text is hostile.
func SafeURL(u string) string {
	p, err := url.Parse(strings.TrimSpace(u))
	if err != nil || p.Host == "" || p.User != nil || (p.Scheme != "https" && p.Scheme != "http") {
		return ""
	}
	return p.String()
}

// Check implements [Document].
func (d *Policy) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	f = append(f, need("title", d.Title, "a title is missing")...)
	f = append(f, need("team", string(d.Team), "name the team that owns the policy")...)
	if len(d.Steps) == 0 {
		f = append(f, FieldError{Path: "steps", Message: "the policy reaches nobody: give it at least one step with a target"})
	}
	if len(d.Steps) > 20 {
		f = append(f, FieldError{Path: "steps", Message: "at most 20 steps"})
	}
	for i, s := range d.Steps {
		p := fmt.Sprintf("steps[%d]", i)
		if len(s.Targets) == 0 {
			f = append(f, FieldError{Path: p + ".targets", Message: "the step reaches nobody: name a roster, a person or a topic"})
		}
		if s.Wait.Std() < 30*time.Second || s.Wait.Std() > 24*time.Hour {
			f = append(f, FieldError{Path: p + ".wait", Message: "must be between 30s and 1d: how long to wait for an answer before the next step"})
		}
		f = append(f, checkTargets(p+".targets", s.Targets)...)
	}
	f = append(f, checkTargets("fallback", d.Fallback)...)
	if d.Repeat < 0 || d.Repeat > 9 {
		f = append(f, FieldError{Path: "repeat", Message: "must be between 0 and 9"})
	}
	if d.AckTimeout != 0 && (d.AckTimeout.Std() < time.Minute || d.AckTimeout.Std() > 7*24*time.Hour) {
		f = append(f, FieldError{Path: "ack_timeout", Message: "must be between 1m and 7d"})
	}
	return f
}

func checkTargets(path string, ts []Target) (f []FieldError) {
	for i, t := range ts {
		p := fmt.Sprintf("%s[%d]", path, i)
		named := 0
		for _, n := range []string{string(t.Roster), string(t.User), t.Topic} {
			if n != "" {
				named++
			}
		}
		switch {
		case named != 1:
			f = append(f, FieldError{Path: p, Message: "name either a roster, a user or a topic: exactly one of them"})
		case t.Roster == "" && t.Role != "":
			f = append(f, FieldError{Path: p + ".role", Message: "a role goes with a roster, not with a user or a topic"})
		case t.Role != "":
			f = append(f, oneOf(p+".role", t.Role, RosterRoles()...)...)
		}
	}
	return f
}

// Check implements [Document]. The expression is checked by the router, which knows the language.
func (d *Route) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	f = append(f, tooLong("match", d.Match, 4096)...)
	if d.Name == DefaultRoute {
		if d.Match != "" {
			f = append(f, FieldError{Path: "match", Message: "the default route takes everything that no other route takes: it has no match"})
		}
		if d.Policy == "" && d.Service == "" {
			f = append(f, FieldError{Path: "policy", Message: "the default route needs a policy or a service: it must page somebody"})
		}
	} else {
		f = append(f, need("match", d.Match, "say which alerts the route takes; only the default route takes all")...)
	}
	if d.Urgency != "" {
		f = append(f, oneOf("urgency", d.Urgency, UrgencyHigh, UrgencyLow)...)
	}
	if d.Severity != "" {
		f = append(f, oneOf("severity", d.Severity, SEV1, SEV2, SEV3, SEV4)...)
	}
	return f
}

// Check implements [Document].
func (d *Silence) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	f = append(f, need("match", d.Match, "say which alerts the silence holds back")...)
	f = append(f, tooLong("match", d.Match, 4096)...)
	f = append(f, need("owner", string(d.Owner), "name the person who answers for the silence")...)
	f = append(f, need("why", d.Why, "say why")...)
	switch {
	case d.Until.IsZero():
		f = append(f, FieldError{Path: "until", Message: "a silence needs an end"})
	case d.From.IsZero():
		f = append(f, FieldError{Path: "from", Message: "say from when"})
	case !d.Until.After(d.From.Time):
		f = append(f, FieldError{Path: "until", Message: "must be later than from"})
	case d.Until.Sub(d.From.Time) > MaxSilence:
		f = append(f, FieldError{Path: "until", Message: "a silence lasts at most 31 days"})
	}
	return f
}

// Check implements [Document].
func (d *Source) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	f = append(f, need("title", d.Title, "a title is missing")...)
	if d.DetectedBy != "" {
		f = append(f, oneOf("detected_by", d.DetectedBy, DetectedByMonitoring, DetectedByCustomer, DetectedByStaff)...)
	}
	if d.Mapping != nil {
		for word, sev := range d.Mapping.Severities {
			f = append(f, oneOf("mapping.severities."+word, sev, SeverityCritical, SeverityMajor, SeverityMinor, SeverityInfo)...)
		}
	}
	return f
}

// Check implements [Document].
func (d *Runbook) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	f = append(f, need("title", d.Title, "a title is missing")...)
	f = append(f, tooLong("text", d.Text, 256<<10)...)
	if d.Proven != "" {
		if _, err := time.Parse(time.DateOnly, d.Proven); err != nil {
			f = append(f, FieldError{Path: "proven", Message: fmt.Sprintf("%q is not a day: write it like 2026-11-18", Clip(d.Proven, 20))})
		}
	}
	return append(f, checkLinks("links", d.Links)...)
}

// Check implements [Document]. The settings are checked by the connector of the kind.
func (d *Connector) Check() []FieldError {
	return append(CheckName(string(d.Name)), need("kind", d.Kind, "say which kind of connector it is")...)
}

// Check implements [Document].
func (d *StatusPage) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	f = append(f, need("title", d.Title, "a title is missing")...)
	f = append(f, oneOf("audience", d.Audience, AudiencePublic, AudienceOrganisation)...)
	if d.Promise != 0 && (d.Promise.Std() < time.Minute || d.Promise.Std() > 24*time.Hour) {
		f = append(f, FieldError{Path: "promise", Message: "must be between 1m and 1d"})
	}
	seen := map[string]bool{}
	for i, c := range d.Components {
		p := fmt.Sprintf("components[%d]", i)
		f = append(f, need(p+".title", c.Title, "a title is missing")...)
		if !nameShape.MatchString(c.Name) || seen[c.Name] {
			f = append(f, FieldError{Path: p + ".name", Message: "must be lower-case letters, digits and inner hyphens, and unique in the page"})
		}
		seen[c.Name] = true
	}
	return f
}
