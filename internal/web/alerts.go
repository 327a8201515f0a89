package web

import (
	"net/http"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// alerts is the list of alerts.
func alerts(v *visit) error {
	in := query.ListAlerts{Q: v.param("q"), Service: muster.ServiceName(v.param("service")), Source: muster.SourceName(v.param("source")), Severity: muster.AlertSeverity(v.param("severity")), Cursor: v.param("cursor")}
	yes := true
	switch status := v.param("status"); status {
	case "":
		in.Status = []muster.AlertStatus{muster.AlertOpen, muster.AlertAcknowledged}
	case "triage":
		in.Status, in.Triage = []muster.AlertStatus{muster.AlertOpen}, &yes
	case "all":
	default:
		in.Status = []muster.AlertStatus{muster.AlertStatus(status)}
	}
	list, err := v.Queries.AlertList(v.ctx(), v.viewer(), in)
	if err != nil {
		return err
	}
	p := view.Alerts{
		Shell: v.live("Alerts", view.PlaceAlerts, "now"), Search: v.search("Words of the title"), Pager: v.pager(list.Next),
		Filters: v.chips("status", view.Filter{Text: "Not resolved"}, view.Filter{Text: "Open", URL: "open"}, view.Filter{Text: "Acknowledged", URL: "acknowledged"}, view.Filter{Text: "Triage", URL: "triage"}, view.Filter{Text: "Resolved", URL: "resolved"}, view.Filter{Text: "All", URL: "all"}),
		Empty:   view.Empty{Text: "No alert here."}, Report: v.reportLink(),
	}
	for _, a := range list.Items {
		p.Rows = append(p.Rows, v.alertRow(a))
	}
	return v.render(http.StatusOK, view.AlertsPage(p))
}

// alertRow is an alert in a table.
func (v *visit) alertRow(it query.AlertItem) view.AlertRow {
	a := it.Alert
	row := view.AlertRow{
		ID: string(a.ID), Title: a.Title, URL: "/a/" + string(a.ID), Severity: alertSeverity(a.Severity), Status: v.alertStatus(a),
		Service: v.serviceLink(a.Service), Source: v.sourceTitle(a.Source), OpenedAt: a.ReceivedAt.Time, ResolvedAt: a.ResolvedAt.Time,
		Signals: a.Signals, Next: it.Next.Text, Triage: a.Triage && a.Status == muster.AlertOpen,
	}
	if a.Severity == muster.SeverityCritical && a.Status == muster.AlertOpen && a.Suppressed == nil && !a.Triage {
		row.Severity.Solid = true
	}
	if a.IncidentKey != "" {
		row.Incident = view.Link{Text: string(a.IncidentKey), URL: "/i/" + string(a.IncidentKey)}
	}
	if a.Status == muster.AlertOpen && !a.Triage {
		row.AckURL = v.may(muster.AccessResponder, row.URL+"/ack")
	}
	return row
}

func (v *visit) serviceLink(s muster.ServiceName) view.Link {
	if s == "" {
		return view.Link{}
	}
	l := view.Link{Text: v.Queries.Catalog().ServiceTitle(s)}
	if v.Queries.Catalog().Services[s] != nil && v.actor.User != "" {
		l.URL = "/services/" + string(s)
	}
	return l
}

func (v *visit) sourceTitle(s muster.SourceName) string {
	if d := v.Queries.Catalog().Sources[s]; d != nil {
		return docTitle(d)
	}
	return string(s)
}

// reportLink is the first form on which people can report.
func (v *visit) reportLink() view.Link {
	for _, d := range v.Queries.Catalog().Documents(muster.KindSources) {
		if src, ok := d.(*muster.Source); ok && (src.DetectedBy == muster.DetectedByStaff || src.DetectedBy == muster.DetectedByCustomer) {
			return view.Link{Text: "Report form", URL: "/report/" + string(src.Name)}
		}
	}
	return view.Link{}
}
