package muster

import (
	"fmt"
	"slices"
	"time"
)

// Policy is an escalation policy: ordered steps.
type Policy struct {
	Name       PolicyName `json:"name"`
	Title      string     `json:"title"`
	Team       TeamName   `json:"team"`
	Steps      []Step     `json:"steps"`
	Repeat     int        `json:"repeat,omitempty"`      // so many more rounds after the first
	AckTimeout Duration   `json:"ack_timeout,omitempty"` // an acknowledged alert pages again after this; 0: never
	Acks       int        `json:"acks,omitempty"`        // so many different people must acknowledge; 0: one
	Fallback   []Target   `json:"fallback,omitempty"`    // paged when every round is used up; empty: every admin
}

// Step is an escalation step: everybody of Targets is paged at once, then Wait passes before the next step.
type Step struct {
	Targets    []Target `json:"targets"`
	Wait       Duration `json:"wait,omitempty"`        // needed as soon as a target is somebody who can be paged
	When       *When    `json:"when,omitempty"`        // else the step is passed over
	RoundRobin bool     `json:"round_robin,omitempty"` // one of the people is paged, each in turn
	Hold       Duration `json:"hold,omitempty"`        // so long at most the step waits until somebody is on call; 0: it is passed over
}

// Informs reports whether a step pages nobody by its nature: it has rooms and webhooks alone.
func (s *Step) Informs() bool {
	return len(s.Targets) > 0 && !slices.ContainsFunc(s.Targets, func(t Target) bool { return t.Connector == "" })
}

// When is the condition of a step: everything that it says must hold.
type When struct {
	Severity []AlertSeverity `json:"severity,omitempty"` // of the alert: one of these
	Urgency  Urgency         `json:"urgency,omitempty"`
	Hours    []Window        `json:"hours,omitempty"` // on the clocks of Zone
	Zone     string          `json:"zone,omitempty"`
	Night    *bool           `json:"night,omitempty"` // true: only people for whom it is night; false: only those for whom it is not
}

// The night of a responder, on the clocks where they live.
const (
	NightFrom = "22:00"
	NightTo   = "07:00"
)

// Target is whom a step pages: a roster role, a person, who is asked about a topic at that moment, or everybody of a team.
// A connector is no person: a room or a webhook that is told. That pages nobody and proves nothing.
type Target struct {
	Roster    RosterName    `json:"roster,omitempty"`
	Role      RosterRole    `json:"role,omitempty"` // with Roster; empty: primary
	User      UserName      `json:"user,omitempty"`
	Topic     string        `json:"topic,omitempty"` // name of a topic of some roster: its experts, see [Topic]
	Team      TeamName      `json:"team,omitempty"`
	Connector ConnectorName `json:"connector,omitempty"`
}

// The kind, name and owner of policies.
func (d *Policy) DocKind() Kind     { return KindPolicies }
func (d *Policy) DocName() string   { return string(d.Name) }
func (d *Policy) DocTeam() TeamName { return d.Team }

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
		if (s.Wait != 0 || !s.Informs()) && (s.Wait.Std() < 30*time.Second || s.Wait.Std() > 24*time.Hour) {
			f = append(f, FieldError{Path: p + ".wait", Message: "must be between 30s and 1d: how long to wait for an answer before the next step"})
		}
		if s.Hold != 0 && (s.Hold.Std() < time.Minute || s.Hold.Std() > MaxHold) {
			f = append(f, FieldError{Path: p + ".hold", Message: "must be between 1m and 1d: how long the step waits at most until somebody is on call"})
		}
		if s.Hold != 0 && s.Informs() {
			f = append(f, FieldError{Path: p + ".hold", Message: "a step that has rooms and webhooks alone reaches nobody, ever: it has nothing to wait for"})
		}
		f = append(f, s.When.check(p+".when")...)
		f = append(f, checkTargets(p+".targets", s.Targets)...)
	}
	f = append(f, checkTargets("fallback", d.Fallback)...)
	if d.Repeat < 0 || d.Repeat > 9 {
		f = append(f, FieldError{Path: "repeat", Message: "must be between 0 and 9"})
	}
	if d.Acks < 0 || d.Acks > 9 {
		f = append(f, FieldError{Path: "acks", Message: "must be between 1 and 9: how many different people have to acknowledge"})
	}
	if d.AckTimeout != 0 && (d.AckTimeout.Std() < time.Minute || d.AckTimeout.Std() > 7*24*time.Hour) {
		f = append(f, FieldError{Path: "ack_timeout", Message: "must be between 1m and 7d"})
	}
	return f
}

// MaxHold is how long a step may wait until somebody is on call.
const MaxHold = 24 * time.Hour

// check says what is wrong with a condition. The zone is checked with the zone data.
func (w *When) check(path string) (f []FieldError) {
	if w == nil {
		return nil
	}
	if len(w.Severity) == 0 && w.Urgency == "" && len(w.Hours) == 0 && w.Night == nil {
		f = append(f, FieldError{Path: path, Message: "say when: severity, urgency, hours or night"})
	}
	for i, s := range w.Severity {
		f = append(f, oneOf(fmt.Sprintf("%s.severity[%d]", path, i), s, SeverityCritical, SeverityMajor, SeverityMinor, SeverityInfo, SeverityUnknown)...)
	}
	if w.Urgency != "" {
		f = append(f, oneOf(path+".urgency", w.Urgency, UrgencyHigh, UrgencyLow)...)
	}
	hours := fieldErrors{path: path + ".hours"}
	for i, h := range w.Hours {
		h.check(&fieldErrors{path: fmt.Sprintf("%s.hours[%d]", path, i)}, &hours)
	}
	f = append(f, hours.list...)
	switch {
	case len(w.Hours) > 0:
		f = append(f, CheckZone(path+".zone", w.Zone)...)
	case w.Zone != "":
		f = append(f, FieldError{Path: path + ".zone", Message: "a zone goes with hours; night is told on the clocks of who is paged"})
	}
	return f
}

func checkTargets(path string, ts []Target) (f []FieldError) {
	for i, t := range ts {
		p := fmt.Sprintf("%s[%d]", path, i)
		named := 0
		for _, n := range []string{string(t.Roster), string(t.User), t.Topic, string(t.Team), string(t.Connector)} {
			if n != "" {
				named++
			}
		}
		switch {
		case named != 1:
			f = append(f, FieldError{Path: p, Message: "name either a roster, a user, a topic, a team or a connector: exactly one of them"})
		case t.Roster == "" && t.Role != "":
			f = append(f, FieldError{Path: p + ".role", Message: "a role goes with a roster alone"})
		case t.Role != "":
			f = append(f, oneOf(p+".role", t.Role, RosterRoles()...)...)
		}
	}
	return f
}
