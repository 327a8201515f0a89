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
	Quiet     []Window           `json:"quiet,omitempty"`     // in their zone: low urgency does not ring then, nor are they asked as an expert, as long as somebody else can be
	Storm     *Storm             `json:"storm,omitempty"`     // when their pages are gathered into digests; more than 5 in 2m when missing
	Disabled  bool               `json:"disabled,omitempty"`  // has left: is never paged and cannot sign in
}

// LongestAfter is the longest time after which a notification rule may tell a person.
const LongestAfter = 2 * time.Hour

// NotificationRule says which contact method to use, and how long after the page was planned. Neither its hours nor the
// person's quiet hours keep the last step from reaching anybody.
type NotificationRule struct {
	Urgency Urgency  `json:"urgency,omitempty"` // empty: both
	Method  string   `json:"method"`            // name of the contact method: "phone"
	After   Duration `json:"after,omitempty"`
	Hours   []Window `json:"hours,omitempty"` // on the person's clocks; always when missing
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
	Backup   ConnectorName     `json:"backup,omitempty"`   // another provider for the same addresses: it goes when this one brought no proof
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
		if r.After.Std() > LongestAfter {
			f = append(f, FieldError{Path: p + ".after", Message: "at most 2h: a person who is paged later is not reached"})
		}
		f = append(f, checkWindows(p+".hours", r.Hours)...)
	}
	for i, r := range d.Reminders {
		f = append(f, oneOf(fmt.Sprintf("reminders[%d]", i), r, Reminders()...)...)
	}
	f = append(f, d.Storm.check("storm")...)
	f = append(f, checkWindows("quiet", d.Quiet)...)
	if d.Name == Nobody {
		f = append(f, FieldError{Path: "name", Message: "nobody is the word for an empty place in a rotation: choose another name"})
	}
	return f
}

func checkWindows(path string, list []Window) []FieldError {
	all := fieldErrors{path: path}
	for i, w := range list {
		w.check(&fieldErrors{path: fmt.Sprintf("%s[%d]", path, i)}, &all)
	}
	return all.list
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
