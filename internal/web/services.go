package web

import (
	"net/http"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// services is the list of services.
func services(v *visit) error {
	list, err := v.Queries.Services(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Services{
		Shell: v.live("Services", view.PlaceServices, "now"), Search: v.search("Name or team"),
		NewURL: v.may(muster.AccessTeamOwner, "/settings/services/new"), Empty: view.Empty{Text: "No service here."},
	}
	if p.NewURL != "" {
		p.Empty.Action = view.Button{Text: "Add a service", URL: p.NewURL, Icon: "plus", Get: true}
	}
	want := strings.ToLower(v.param("q"))
	for _, s := range list {
		row := v.serviceRow(s)
		if strings.Contains(strings.ToLower(row.Name+" "+string(s.Service.Name)+" "+row.Team.Text), want) {
			p.Rows = append(p.Rows, row)
		}
	}
	return v.render(http.StatusOK, view.ServicesPage(p))
}

func (v *visit) serviceRow(s query.ServiceRow) view.ServiceRow {
	row := view.ServiceRow{
		Name: docTitle(s.Service), URL: "/services/" + string(s.Service.Name), State: serviceState(s), Open: s.Open,
		Team: view.Link{Text: string(s.Service.Team)}, Policy: view.Link{Text: string(s.Service.Policy)},
	}
	if s.Team != nil {
		row.Team = view.Link{Text: docTitle(s.Team), URL: docURL(muster.KindTeams, s.Team.Name)}
	}
	if s.Policy != nil {
		row.Policy = view.Link{Text: docTitle(s.Policy), URL: docURL(muster.KindPolicies, s.Policy.Name)}
	}
	if s.Runbook != nil {
		row.Runbook = view.Link{Text: docTitle(s.Runbook), URL: "/runbooks/" + string(s.Runbook.Name)}
	}
	var names []string
	for _, who := range s.OnCall {
		names = append(names, who.Name)
	}
	row.OnCall = joined(names)
	return row
}

func serviceState(s query.ServiceRow) view.State {
	switch {
	case len(s.Incidents) > 0:
		return severity(s.Incidents[0].Severity)
	case s.Open > 0:
		return view.State{Tone: alertSeverity(s.Worst).Tone, Word: plural(s.Open, "alert", "alerts")}
	}
	return view.State{Tone: view.ToneOK, Word: "Works"}
}

// service is one service: owner, who answers, what guides them, what is open.
func service(v *visit) error {
	s, err := v.Queries.Service(v.ctx(), v.viewer(), muster.ServiceName(v.r.PathValue("name")))
	if err != nil {
		return err
	}
	row := v.serviceRow(s.ServiceRow)
	p := view.Service{
		Shell: v.live(row.Name, view.PlaceServices, "now"), Name: row.Name, Description: s.Service.Description, State: row.State, Team: row.Team,
		Policy: row.Policy, Guidance: guidance(s.Guidance), Steps: v.wouldBe(s.Would).Steps,
		Document:   view.Link{Text: "Edit", URL: docURL(muster.KindServices, s.Service.Name)},
		MachineURL: "/oncall?service=" + string(s.Service.Name) + "#machine",
	}
	if !v.actor.Owns(s.Service.Team) {
		p.Document.Text = "Document"
	}
	for _, r := range s.Duty {
		p.Rosters = v.onDuty(p.Rosters, r)
	}
	if len(s.Components) > 0 {
		p.Component = view.Link{Text: s.Components[0].Title + ": " + s.Components[0].Word, URL: "/status"}
	}
	for _, a := range s.Alerts {
		p.Alerts = append(p.Alerts, v.alertRow(a))
	}
	for _, it := range s.Past {
		p.Incidents = append(p.Incidents, v.strip(it))
	}
	for _, src := range s.Sources {
		p.Sources = append(p.Sources, view.Link{Text: docTitle(src), URL: docURL(muster.KindSources, src.Name)})
	}
	beats, err := v.Queries.Heartbeats(v.ctx(), v.viewer(), query.ListHeartbeats{Service: s.Service.Name})
	if err != nil {
		return err
	}
	for _, b := range beats {
		p.Sources = append(p.Sources, view.Link{Text: v.heartbeatText(b), URL: docURL(muster.KindSources, b.Source)})
	}
	return v.render(http.StatusOK, view.ServicePage(p))
}

// heartbeatText says how a heartbeat is, and when it was last seen.
func (v *visit) heartbeatText(b query.HeartbeatRow) string {
	seen := "never seen"
	if !b.LastSeen.IsZero() {
		seen = "last seen " + b.LastSeen.In(v.zone).Format("2 Jan 15:04")
	}
	return "heartbeat " + joinDots(b.Name, string(b.Status), seen)
}

// refRunbook is the page on which a runbook is read.
func refRunbook(ref string) string {
	if _, name, ok := muster.SplitDocRef(ref); ok {
		return "/runbooks/" + name
	}
	return ""
}

// runbook shows a runbook as it is meant to be read.
func runbook(v *visit) error {
	d, err := v.Queries.DocumentDetail(v.ctx(), v.viewer(), muster.KindRunbooks, v.r.PathValue("name"), 0)
	if err != nil {
		return err
	}
	rb, ok := d.Doc.(*muster.Runbook)
	if !ok {
		return muster.Errorf(muster.ErrNotFound, "There is no such runbook.")
	}
	body, err := v.md.html(rb.Text)
	if err != nil {
		return err
	}
	p := view.Runbook{
		Shell: v.shell(rb.Title, view.PlaceServices), Title: rb.Title, Body: raw(body), Proven: dayOf(rb.Proven),
		Document: view.Link{Text: "Edit", URL: docURL(muster.KindRunbooks, rb.Name)},
	}
	if !v.actor.Owns(rb.Team) {
		p.Document.Text = "Document"
	}
	for _, l := range rb.Links {
		p.Links = append(p.Links, view.Guidance{Icon: "out", Text: l.Title, URL: webLink(l.URL)})
	}
	for _, ref := range d.UsedBy {
		if k, name, _ := muster.SplitDocRef(ref); k == muster.KindServices {
			p.Services = append(p.Services, v.serviceLink(muster.ServiceName(name)))
		}
	}
	return v.render(http.StatusOK, view.RunbookPage(p))
}
