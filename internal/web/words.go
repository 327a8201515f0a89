package web

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/web/view"
)

// severity is a severity of the incident scale as screens show it.
func severity(s muster.Severity) view.State {
	switch s {
	case muster.SEV1:
		return view.State{Tone: view.ToneCritical, Word: "SEV1", Solid: true}
	case muster.SEV2:
		return view.State{Tone: view.ToneMajor, Word: "SEV2"}
	case muster.SEV3:
		return view.State{Tone: view.ToneMinor, Word: "SEV3"}
	case muster.SEV4:
		return view.State{Tone: view.ToneInfo, Word: "SEV4"}
	}
	return view.State{Word: string(s)}
}

func severityWord(s muster.Severity) string {
	switch s {
	case muster.SEV1:
		return "Critical"
	case muster.SEV2:
		return "Major"
	case muster.SEV3:
		return "Minor"
	case muster.SEV4:
		return "Low"
	}
	return ""
}

// severities are the choices of a form.
func severities(chosen muster.Severity) []view.Option {
	var out []view.Option
	for _, s := range []muster.Severity{muster.SEV1, muster.SEV2, muster.SEV3, muster.SEV4} {
		out = append(out, view.Option{Value: string(s), Text: string(s), Hint: severityWord(s), Selected: s == chosen})
	}
	return out
}

// alertSeverity is the severity that a source gave.
func alertSeverity(s muster.AlertSeverity) view.State {
	switch s {
	case muster.SeverityCritical:
		return view.State{Tone: view.ToneCritical, Word: "Critical"}
	case muster.SeverityMajor:
		return view.State{Tone: view.ToneMajor, Word: "Major"}
	case muster.SeverityMinor:
		return view.State{Tone: view.ToneMinor, Word: "Minor"}
	case muster.SeverityInfo:
		return view.State{Tone: view.ToneInfo, Word: "Info"}
	case muster.SeverityUnknown:
	}
	return view.State{Tone: view.ToneMinor, Word: "Severity unknown"}
}

// alertStatus says how an alert stands, and by whom.
func (v *visit) alertStatus(a *muster.Alert) view.State {
	switch {
	case a.Status == muster.AlertResolved:
		return view.State{Tone: view.ToneOK, Word: "Resolved"}
	case a.Status == muster.AlertAcknowledged && a.Snooze != nil:
		return view.State{Tone: view.ToneOK, Word: "Snoozed by " + a.Snooze.By.Name + " until " + v.clock(a.Snooze.Until)}
	case a.Status == muster.AlertAcknowledged && a.AcknowledgedBy != nil && a.AcknowledgedBy.User == v.actor.User && v.actor.User != "":
		return view.State{Tone: view.ToneOK, Word: "Acknowledged by you"}
	case a.Status == muster.AlertAcknowledged && a.AcknowledgedBy != nil:
		return view.State{Tone: view.ToneOK, Word: "Acknowledged by " + a.AcknowledgedBy.Name}
	case a.Status == muster.AlertAcknowledged:
		return view.State{Tone: view.ToneOK, Word: "Acknowledged"}
	case a.Suppressed != nil:
		return view.State{Tone: view.ToneNone, Word: "Silenced until " + v.clock(a.Suppressed.Until)}
	case a.Triage:
		return view.State{Tone: view.ToneInfo, Word: "Triage"}
	}
	switch {
	case a.Recorded:
		return view.State{Tone: view.ToneNone, Word: "Recorded"}
	case a.Exhausted:
		return view.State{Tone: view.ToneCritical, Word: "Nobody answered"}
	case len(a.Acks) > 0:
		return view.State{Tone: view.ToneMajor, Word: "Open, " + ofSeveral(a)}
	}
	return view.State{Tone: view.ToneMajor, Word: "Open"}
}

// dayOf words the day of a document: "2026-11-18" is 18 Nov 2026.
func dayOf(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("2 Jan 2006")
}

// clock is an instant near now inside of a sentence.
func (v *visit) clock(i muster.Instant) string {
	t, n := i.In(v.zone), v.now.In(v.zone)
	switch {
	case t.Year() == n.Year() && t.YearDay() == n.YearDay():
		return t.Format("15:04")
	case t.Sub(n).Abs().Hours() < 6*24:
		return t.Format("Mon 15:04")
	}
	return t.Format("2 Jan 15:04")
}

// incidentStatus says how an incident stands.
func incidentStatus(s muster.IncidentStatus) view.State {
	switch s {
	case muster.IncidentOpen:
		return view.State{Tone: view.ToneMajor, Word: "Open"}
	case muster.IncidentMitigated:
		return view.State{Tone: view.ToneMinor, Word: "Mitigated"}
	case muster.IncidentResolved:
		return view.State{Tone: view.ToneOK, Word: "Resolved"}
	case muster.IncidentClosed:
		return view.State{Tone: view.ToneNone, Word: "Closed"}
	}
	return view.State{Word: string(s)}
}

// over reports whether the response to an incident has ended.
func over(s muster.IncidentStatus) bool {
	return s == muster.IncidentResolved || s == muster.IncidentClosed
}

// capital begins a word or sentence with a capital letter.
func capital[T ~string](s T) string {
	if s == "" {
		return ""
	}
	r := []rune(string(s))
	return strings.ToUpper(string(r[0])) + string(r[1:])
}

// shortRole is a role where there is little room.
func shortRole(r muster.Role) string {
	switch r {
	case muster.RoleIncidentCommander:
		return "Commander"
	case muster.RoleCommunicationCoordinator:
		return "Communication"
	case muster.RoleScribe:
		return "Scribe"
	case muster.RolePrimaryResponder:
		return "Primary"
	case muster.RoleSecondaryResponder:
		return "Secondary"
	case muster.RoleSubjectMatterExpert:
		return "Expert"
	}
	return string(r)
}

// kindTitle is the heading of a kind of documents, and what it is for.
func kindTitle(k muster.Kind) (title, hint string) {
	switch k {
	case muster.KindUsers:
		return "Users", "People: zone, rights, how they want to be paged"
	case muster.KindTeams:
		return "Teams", "Who owns services, and may change their documents"
	case muster.KindServices:
		return "Services", "What alerts concern: owner, policy, runbook"
	case muster.KindRosters:
		return "Rosters", "Who is on call: rotations and overrides"
	case muster.KindPolicies:
		return "Policies", "Whom to page, in which order, and how long to wait"
	case muster.KindRoutes:
		return "Routes", "Which alert goes to which service and policy"
	case muster.KindSilences:
		return "Silences", "Pages that are held back until a moment"
	case muster.KindSources:
		return "Sources", "Where signals come from"
	case muster.KindRunbooks:
		return "Runbooks", "Guidance for responders"
	case muster.KindConnectors:
		return "Connectors", "Ways out: mail, chat, phones, webhooks"
	case muster.KindStatusPages:
		return "Status pages", "Components and updates for an audience"
	}
	return string(k), ""
}

// docTitle is what a document calls itself.
func docTitle(d muster.Document) string {
	title := ""
	switch d := d.(type) {
	case *muster.User:
		title = d.Display
	case *muster.Team:
		title = d.Title
	case *muster.Service:
		title = d.Title
	case *muster.Roster:
		title = d.Title
	case *muster.Policy:
		title = d.Title
	case *muster.Route:
		title = d.Title
	case *muster.Source:
		title = d.Title
	case *muster.Runbook:
		title = d.Title
	case *muster.Connector:
		title = d.Title
	case *muster.StatusPage:
		title = d.Title
	case *muster.Silence:
		title = d.Why
	}
	if title == "" {
		title = d.DocName()
	}
	return title
}

// refLink leads to what a reason or an audit entry refers to: "rosters/storefront" to its document.
func refLink(ref string) string {
	k, name, ok := muster.SplitDocRef(ref)
	if ok && name != "" && slices.Contains(muster.Kinds(), k) {
		return docURL(k, name)
	}
	if _, err := muster.ParseID[muster.AlertID](ref); err == nil {
		return "/a/" + ref
	}
	return ""
}

// docURL is the page of a document.
func docURL[N ~string](k muster.Kind, name N) string {
	return "/settings/" + string(k) + "/" + string(name)
}

// plural is "1 alert", "2 alerts".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}

// joined joins names as people do.
func joined(list []string) string {
	switch n := len(list); n {
	case 0:
		return ""
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
}

// wakes says whom a press wakes, as in "This pages 3 people: Ana, Ravi, Chen", before it is pressed.
func wakes(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "This pages " + names[0] + "."
	}
	return "This pages " + itoa(len(names)) + " people: " + strings.Join(names, ", ") + "."
}
