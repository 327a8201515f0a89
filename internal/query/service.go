package query

import (
	"context"
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// ServiceRow is a service in the list of services.
type ServiceRow struct {
	Service   *muster.Service
	Revision  muster.Revision
	Team      *muster.Team    // nil: not in the catalog
	Policy    *muster.Policy  // nil: not in the catalog
	Runbook   *muster.Runbook // nil: none
	OnCall    []plan.Person   // whom an alert would page first, now
	Open      int             // alerts that are open or acknowledged
	Worst     muster.AlertSeverity
	Incidents []*muster.Incident // that are not over, the worst first
}

// Service is one service as its screen shows it.
type Service struct {
	ServiceRow
	Duty       []plan.Row         // of the rosters that its policy pages
	Guidance   []Guidance         // runbook and links
	Alerts     []AlertItem        // not resolved, newest first
	Past       []IncidentItem     // the last incidents
	Components []ComponentState   // its faces on status pages
	Sources    []*muster.Source   // that name it
	Would      muster.Explanation // what an alert would do now
}

// Services lists the services for the screen.
func (q *Queries) Services(ctx context.Context, who Viewer) ([]ServiceRow, error) {
	return ask(ctx, q, who, func(r *read) ([]ServiceRow, error) {
		open, err := r.openIncidents()
		if err != nil {
			return nil, err
		}
		var out []ServiceRow
		for _, d := range r.cat.Documents(muster.KindServices) {
			svc, ok := d.(*muster.Service)
			if !ok {
				continue
			}
			row, _, err := r.serviceRow(svc, open)
			if err != nil {
				return nil, err
			}
			out = append(out, row)
		}
		return out, nil
	})
}

func (r *read) serviceRow(svc *muster.Service, open []*muster.Incident) (ServiceRow, []*muster.Alert, error) {
	row := ServiceRow{
		Service: svc, Revision: r.withRevision(svc).Revision, Team: r.cat.Teams[svc.Team], Policy: r.cat.Policies[svc.Policy], Runbook: r.cat.Runbooks[svc.Runbook],
	}
	alerts, err := r.Alerts(store.AlertFilter{
		Service: svc.Name, Status: []muster.AlertStatus{muster.AlertOpen, muster.AlertAcknowledged}, List: store.List{Limit: maxLimit},
	})
	if err != nil {
		return row, nil, err
	}
	row.Open = len(alerts)
	for _, a := range alerts {
		if row.Worst == "" || rank(a.Severity) < rank(row.Worst) {
			row.Worst = a.Severity
		}
	}
	for _, inc := range open {
		if inc.Service == svc.Name {
			row.Incidents = append(row.Incidents, inc)
		}
	}
	row.OnCall, err = r.firstPaged(row.Policy)
	return row, alerts, err
}

// firstPaged lists whom a policy would page first, now.
func (r *read) firstPaged(p *muster.Policy) ([]plan.Person, error) {
	if p == nil {
		return []plan.Person{}, nil
	}
	return r.wouldPage(&muster.Escalation{Policy: *p, Urgency: muster.UrgencyHigh}, escalate.Event{Kind: escalate.Start}, r.Now())
}

// Service reads one service for its screen.
func (q *Queries) Service(ctx context.Context, who Viewer, name muster.ServiceName) (*Service, error) {
	var days []muster.Leave
	var turns map[muster.PolicyName]map[int]muster.UserName
	var contacts plan.Contacts
	var at muster.Instant
	var rev muster.Revision
	out, err := ask(ctx, q, who, func(r *read) (*Service, error) {
		svc := r.cat.Services[name]
		if svc == nil {
			return nil, noDocument(r.cat, muster.KindServices, string(name))
		}
		open, err := r.openIncidents()
		if err != nil {
			return nil, err
		}
		out := &Service{Duty: plan.OnCall(r.snap, r.Now(), plan.OnCallFilter{Service: name}), Guidance: r.guidance(name, nil)}
		row, alerts, err := r.serviceRow(svc, open)
		if err != nil {
			return nil, err
		}
		out.ServiceRow = row
		if out.Alerts, err = r.items(alerts); err != nil {
			return nil, err
		}
		past, err := r.Incidents(store.IncidentFilter{Service: name, List: store.List{Limit: 10}})
		if err != nil {
			return nil, err
		}
		if out.Past, err = r.incidentItems(past); err != nil {
			return nil, err
		}
		for _, d := range r.cat.Documents(muster.KindSources) {
			if s, ok := d.(*muster.Source); ok && s.Service == name {
				out.Sources = append(out.Sources, s)
			}
		}
		if out.Components, err = r.faces(name); err != nil {
			return nil, err
		}
		at, rev = r.Now(), r.cat.Revision
		if days, err = r.LeaveBetween(at, at.Plus(previewAway)); err != nil {
			return nil, err
		}
		if turns, err = r.everyTurn(); err != nil {
			return nil, err
		}
		contacts, err = everybody(r)
		return out, err
	})
	if err != nil {
		return nil, err
	}
	out.Would, err = plan.Explain(q.Live.History(ctx), plan.Question{
		At: at, Revision: rev, Service: name, Severity: muster.SeverityCritical, Contacts: contacts, Away: days, Turns: turns,
	})
	if err != nil {
		return nil, fmt.Errorf("query: explain what an alert of %s would do: %w", name, err)
	}
	return out, nil
}

// faces are the components of status pages that show a service.
func (r *read) faces(name muster.ServiceName) (out []ComponentState, err error) {
	for _, d := range r.cat.Documents(muster.KindStatusPages) {
		doc, ok := d.(*muster.StatusPage)
		if !ok {
			continue
		}
		p, err := r.statusPage(doc)
		if err != nil {
			return nil, err
		}
		s, err := r.statusState(p)
		if err != nil {
			return nil, err
		}
		for i, c := range doc.Components {
			if c.Service == name && i < len(s.Components) {
				out = append(out, s.Components[i])
			}
		}
	}
	return out, nil
}
