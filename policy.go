package muster

import (
	"fmt"
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
