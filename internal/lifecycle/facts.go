package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// Facts is what is known around an incident. All of it may be missing.
type Facts struct {
	Alerts  []muster.Alert // that are linked to it
	Entries []muster.Entry // its timeline
	Updates []muster.StatusUpdate
	Pages   []muster.Page // of its alerts
	Aware   []muster.Awareness
	Person  func(muster.UserName) string   // the name to show; nil: the document's name
	Source  func(muster.SourceName) string // likewise
	Zone    *time.Location                 // in which times are told; nil: UTC
	Now     muster.Instant                 // what is told of today needs no date; zero: everything gets one
}

func (f Facts) person(u muster.UserName) string {
	if f.Person == nil {
		return string(u)
	}
	return f.Person(u)
}

func (f Facts) source(s muster.SourceName) string {
	if f.Source == nil {
		return string(s)
	}
	return f.Source(s)
}

// first is the alert that saw the problem first, nil without alerts.
func (f Facts) first() *muster.Alert {
	var a *muster.Alert
	for i := range f.Alerts {
		if a == nil || f.Alerts[i].DetectedAt.Before(a.DetectedAt.Time) {
			a = &f.Alerts[i]
		}
	}
	return a
}

// Duty is somebody on call, as the rosters say: what roles are proposed from.
type Duty struct {
	Roster   muster.RosterName
	Title    string            // of the roster
	For      muster.Role       // the incident role that the roster serves; empty: the responders
	Position muster.RosterRole // on the roster
	People   []muster.UserName
}

// ProposeRoles proposes those on call for the roles of an incident. A roster that serves an incident role proposes its
// primary for it; other rosters propose primary and secondary responder. Nobody is proposed for a role that somebody holds
// or is proposed for, and the roles that only one person can hold are proposed once. A proposal waits for the person.
func ProposeRoles(inc muster.Incident, duties []Duty, f Facts, now muster.Instant) (out []muster.RoleAssignment) {
	for _, d := range duties {
		if d.Position == muster.ShadowResponder {
			continue // a trainee is never alone
		}
		role := d.For
		if role == "" || role == muster.RolePrimaryResponder || role == muster.RoleSecondaryResponder {
			role = muster.Role(d.Position)
		} else if d.Position != muster.PrimaryResponder {
			continue
		}
		for _, u := range d.People {
			if taken(inc.Roles, role, u) || taken(out, role, u) {
				continue
			}
			title := d.Title
			if title == "" {
				title = string(d.Roster)
			}
			why := fmt.Sprintf("is %s of %s now", muster.Role(d.Position).Word(), title)
			if d.For != "" {
				why = fmt.Sprintf("is on call for %s now", title)
			}
			out = append(out, muster.RoleAssignment{Role: role, Person: u, Name: f.person(u), From: now, Proposed: true, Why: why})
		}
	}
	return out
}

// taken reports whether a person has a role, or somebody has one that only one person can hold.
func taken(roles []muster.RoleAssignment, role muster.Role, u muster.UserName) bool {
	single := role == muster.RoleIncidentCommander || role == muster.RoleCommunicationCoordinator || role == muster.RoleScribe
	return slices.ContainsFunc(roles, func(r muster.RoleAssignment) bool {
		return r.Role == role && r.Until.IsZero() && (single || r.Person == u)
	})
}

// list joins words: "Ana, Ravi and Chen".
func list(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

// span is a length of time in words: "10 minutes", "1 h 24 min".
func span(d time.Duration) string {
	m := int(d.Round(time.Minute) / time.Minute)
	switch {
	case m < 1:
		return "less than a minute"
	case m == 1:
		return "1 minute"
	case m < 60:
		return fmt.Sprintf("%d minutes", m)
	case m < 48*60 && m%60 == 0:
		return fmt.Sprintf("%d h", m/60)
	case m < 48*60:
		return fmt.Sprintf("%d h %d min", m/60, m%60)
	}
	return fmt.Sprintf("%d days", m/(24*60))
}

func (f Facts) local(at muster.Instant) time.Time {
	if f.Zone == nil {
		return at.UTC()
	}
	return at.In(f.Zone)
}

// clock is a time of day with its zone: "15:04 UTC".
func (f Facts) clock(at muster.Instant) string { return f.local(at).Format("15:04 MST") }

// dayClock is a time of day, with the date when it is not today.
func (f Facts) dayClock(at muster.Instant) string {
	t := f.local(at)
	if !f.Now.IsZero() && t.Format(time.DateOnly) == f.local(f.Now).Format(time.DateOnly) {
		return t.Format("15:04 MST")
	}
	return t.Format("15:04 MST on 2 January 2006")
}
