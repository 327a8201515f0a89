package web

import (
	"net/http"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web/view"
)

func (v *visit) alertID() muster.AlertID { return muster.AlertID(v.r.PathValue("id")) }

func (v *visit) alertURL() string { return "/a/" + v.r.PathValue("id") }

// onAlert is an action on an alert: its operation, what the toast says, and how it is undone.
func onAlert(op, text, undo string) handler {
	return func(v *visit) error {
		a, err := run[*muster.Alert](v, op, command.NoteAlert{Alert: v.alertID(), Note: v.field("text")})
		if err != nil {
			return err
		}
		text, back := text, ""
		if op == "AckAlert" && a.Status == muster.AlertOpen {
			text = ofSeveral(a) + ": Muster goes on paging others."
		}
		if undo != "" {
			back = v.alertURL() + undo
		}
		return v.done(v.back(v.alertURL()), text, back)
	}
}

// ofSeveral says how many have acknowledged, where more than one has to.
func ofSeveral(a *muster.Alert) string {
	return itoa(len(a.Acks)) + " of " + itoa(a.AcksNeeded) + " have acknowledged"
}

// snooze is what the form of a snooze asks for: for so long, or until a time of the person's day.
func (v *visit) snooze(a muster.AlertID) (*muster.Alert, error) {
	in := command.SnoozeAlert{Alert: a, Until: v.field("until"), Note: v.field("text")}
	if text := v.field("for"); text != "" {
		if err := in.For.UnmarshalText([]byte(text)); err != nil {
			return nil, muster.Invalid("The alert cannot be snoozed", []muster.FieldError{{Path: "for", Message: "is not a length of time: write it like 30m"}})
		}
	}
	return run[*muster.Alert](v, "SnoozeAlert", in)
}

func snoozeAlert(v *visit) error {
	a, err := v.snooze(v.alertID())
	if err != nil {
		return err
	}
	return v.done(v.back(v.alertURL()), "Snoozed until "+v.clock(a.Snooze.Until)+". Then it pages again.", v.alertURL()+"/unack")
}

// declarePage is the page on which a person declares an incident; with ?alert= it is filled in from the alert.
func declarePage(v *visit) error {
	p := view.Declare{Title: muster.Clip(v.param("title"), 200), AlertID: v.param("alert")}
	service, sev := muster.ServiceName(v.param("service")), muster.SEV3
	if p.AlertID != "" {
		a, err := v.Queries.Alert(v.ctx(), v.viewer(), muster.AlertID(p.AlertID))
		if err != nil {
			return err
		}
		p.AlertTitle, service = a.Title, a.Service
		if p.Title == "" {
			p.Title = a.Title
		}
		if a.Impact != muster.Unknown {
			p.Summary = a.Impact
		}
		sev = severityFor(a.Severity)
	}
	return v.declare(http.StatusOK, p, service, sev)
}

// severityFor proposes a severity for an alert's.
func severityFor(s muster.AlertSeverity) muster.Severity {
	switch s {
	case muster.SeverityCritical:
		return muster.SEV1
	case muster.SeverityMajor:
		return muster.SEV2
	case muster.SeverityInfo:
		return muster.SEV4
	case muster.SeverityMinor, muster.SeverityUnknown:
	}
	return muster.SEV3
}

func (v *visit) declare(status int, p view.Declare, service muster.ServiceName, sev muster.Severity) error {
	if !v.can(muster.AccessResponder) {
		return muster.Errorf(muster.ErrForbidden, "Declaring an incident needs the role responder; you are %s.", v.actor.Access)
	}
	p.Shell, p.URL, p.Severities = v.shell("Declare an incident", view.PlaceIncidents), "/declare", severities(sev)
	p.Services = append([]view.Option{{Text: "not known yet", Selected: service == ""}}, v.serviceOptions(service)...)
	return v.render(status, view.DeclarePage(p))
}

func (v *visit) serviceOptions(chosen muster.ServiceName) (out []view.Option) {
	for _, d := range v.Queries.Catalog().Documents(muster.KindServices) {
		out = append(out, view.Option{Value: d.DocName(), Text: docTitle(d), Selected: d.DocName() == string(chosen)})
	}
	return out
}

// declareIncident opens a room. What is being done goes into it as the first action.
func declareIncident(v *visit) error {
	p := view.Declare{Title: v.field("title"), Summary: v.field("summary"), Doing: v.field("doing"), AlertID: v.field("alert")}
	service, sev := muster.ServiceName(v.field("service")), muster.Severity(v.field("severity"))
	inc, err := run[*muster.Incident](v, "DeclareIncident", command.DeclareIncident{
		Title: p.Title, Severity: sev, Service: service, Alert: muster.AlertID(p.AlertID), Impact: p.Summary,
	})
	if err != nil {
		if !refused(err) {
			return err
		}
		p.Problems = problems(err, nil)
		return v.declare(http.StatusUnprocessableEntity, p, service, sev)
	}
	if p.Doing != "" {
		if _, err := run[*muster.Incident](v, "StartAction", command.StartAction{Incident: string(inc.Key), Text: p.Doing}); err != nil {
			return err
		}
	}
	return v.done("/i/"+string(inc.Key), string(inc.Key)+" is declared. This is its room.", "")
}
