package muster

import (
	"fmt"
	"time"
)

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
	Hold     Duration    `json:"hold,omitempty"`     // an alert that is over within this time pages nobody and is counted
	Group    *Grouping   `json:"group,omitempty"`    // alerts that belong together have one page
	Record   bool        `json:"record,omitempty"`   // the alert is shown and counted, and pages nobody
}

// Grouping says which alerts of a route belong together: those with the same values of labels, that open within a time after
// the first one. While the first one is not over, the others page nobody.
type Grouping struct {
	By     []string `json:"by"` // names of labels; none: all alerts of the route
	Within Duration `json:"within"`
}

// The longest hold of a route, and the longest time within which alerts are grouped.
const (
	MaxRouteHold = time.Hour
	MaxGrouping  = 24 * time.Hour
)

// Silence holds back pages about matching alerts, or about one alert, until it ends.
type Silence struct {
	Name   SilenceName `json:"name"`
	Match  string      `json:"match,omitempty"` // CEL, as in Route
	Alert  AlertID     `json:"alert,omitempty"` // this one alone, instead of Match: the next alert of the same condition pages again
	From   Instant     `json:"from"`
	Until  Instant     `json:"until"`
	Repeat *Repeat     `json:"repeat,omitempty"` // only in these windows between From and Until
	Owner  UserName    `json:"owner"`
	Why    string      `json:"why"`
	Team   TeamName    `json:"team,omitempty"`
}

// Repeat is a window of the day on the clocks of a zone: recurring maintenance.
type Repeat struct {
	Days []Weekday `json:"days,omitempty"` // on which it begins; every day when empty
	From string    `json:"from"`           // "22:00", local
	To   string    `json:"to"`             // "02:00", local; one that ends before it begins ends on the next day
	Zone string    `json:"zone"`
}

// Windows is the repeat as windows of the day.
func (r *Repeat) Windows() []Window { return []Window{{Days: r.Days, From: r.From, To: r.To}} }

// The longest silence, the longest one that repeats, and how long before its end the owner is reminded.
const (
	MaxSilence      = 31 * 24 * time.Hour
	MaxRepeat       = 366 * 24 * time.Hour
	SilenceReminder = time.Hour
)

// Source is where signals come from. Its key is kept apart, as a hash.
type Source struct {
	Name        SourceName  `json:"name"`
	Title       string      `json:"title"`
	Team        TeamName    `json:"team,omitempty"`
	DetectedBy  DetectedBy  `json:"detected_by,omitempty"` // monitoring when empty
	Triage      bool        `json:"triage,omitempty"`      // its alerts have to be confirmed by a person
	Service     ServiceName `json:"service,omitempty"`     // when a signal names none
	Fingerprint []string    `json:"fingerprint,omitempty"` // labels that make the identity; empty: what the format says
	Mapping     *Mapping    `json:"mapping,omitempty"`     // for the formats generic and email
	Heartbeats  []Heartbeat `json:"heartbeats,omitempty"`  // signs of life that other systems promise
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

// The kinds, names and owners of what routes alerts.
func (d *Route) DocKind() Kind       { return KindRoutes }
func (d *Route) DocName() string     { return string(d.Name) }
func (d *Route) DocTeam() TeamName   { return d.Team }
func (d *Silence) DocKind() Kind     { return KindSilences }
func (d *Silence) DocName() string   { return string(d.Name) }
func (d *Silence) DocTeam() TeamName { return d.Team }
func (d *Source) DocKind() Kind      { return KindSources }
func (d *Source) DocName() string    { return string(d.Name) }
func (d *Source) DocTeam() TeamName  { return d.Team }

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
		if d.Record {
			f = append(f, FieldError{Path: "record", Message: "the default route takes what nobody thought of: it must page somebody"})
		}
	} else {
		f = append(f, need("match", d.Match, "say which alerts the route takes; only the default route takes all")...)
	}
	if d.Record && (d.Declare || d.Triage || d.Policy != "") {
		f = append(f, FieldError{Path: "record", Message: "a route that records pages nobody: it has no policy, and neither declares nor pages about triage"})
	}
	if d.Urgency != "" {
		f = append(f, oneOf("urgency", d.Urgency, UrgencyHigh, UrgencyLow)...)
	}
	if h := d.Hold.Std(); h < 0 || h > MaxRouteHold {
		f = append(f, FieldError{Path: "hold", Message: "at most 1h: what is wrong for longer has to page somebody"})
	}
	if g := d.Group; g != nil {
		if w := g.Within.Std(); w < time.Second || w > MaxGrouping {
			f = append(f, FieldError{Path: "group.within", Message: "say within which time alerts are grouped: between 1s and 24h"})
		}
		for i, l := range g.By {
			f = append(f, need(fmt.Sprintf("group.by[%d]", i), l, "name a label")...)
		}
	}
	if d.Severity != "" {
		f = append(f, oneOf("severity", d.Severity, SEV1, SEV2, SEV3, SEV4)...)
	}
	return f
}

// Check implements [Document].
func (d *Silence) Check() (f []FieldError) {
	f = append(f, CheckName(string(d.Name))...)
	longest := MaxSilence
	if d.Alert == "" {
		f = append(f, need("match", d.Match, "say which alerts the silence holds back")...)
	} else if d.Match != "" || d.Repeat != nil {
		f = append(f, FieldError{Path: "alert", Message: "a silence of one alert has no match, and does not repeat"})
	}
	if r := d.Repeat; r != nil {
		longest = MaxRepeat
		f = append(f, CheckZone("repeat.zone", r.Zone)...)
		in, hours := fieldErrors{path: "repeat"}, fieldErrors{path: "repeat"}
		for _, w := range r.Windows() {
			w.check(&in, &hours)
		}
		f = append(append(f, in.list...), hours.list...)
	}
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
	case d.Until.Sub(d.From.Time) > longest && d.Repeat != nil:
		f = append(f, FieldError{Path: "until", Message: "a silence that repeats lasts at most 366 days"})
	case d.Until.Sub(d.From.Time) > longest:
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
		f = append(f, d.Mapping.check()...)
	}
	return append(f, d.checkHeartbeats()...)
}
