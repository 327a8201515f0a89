package query

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// Now is what the first screen shows.
type Now struct {
	At          muster.Instant
	Incidents   []IncidentItem  // open and mitigated, the worst first
	Unowned     []AlertItem     // open alerts, the worst first
	MoreUnowned int             // how many more there are
	Exhausted   []*muster.Alert // open alerts whose policy is used up: nobody answered, the worst first
	OnCall      []plan.Row      // now, by roster
	Recent      []*muster.Entry
	QuietSince  muster.Instant // when the last incident was resolved or the last alert closed; zero: never anything
	Received    bool           // an alert was received at some time
}

// maxUnowned is how many unowned alerts the first screen shows, maxRecent how many of the newest entries.
const (
	maxUnowned = 20
	maxRecent  = 30
)

// Now reads the first screen.
func (q *Queries) Now(ctx context.Context, who Viewer) (*Now, error) {
	return ask(ctx, q, who, (*read).now)
}

func (r *read) now() (*Now, error) {
	out := &Now{At: r.Now(), OnCall: plan.OnCall(r.snap, r.Now(), plan.OnCallFilter{})}
	open, err := r.openIncidents()
	if err != nil {
		return nil, err
	}
	if out.Incidents, err = r.incidentItems(open); err != nil {
		return nil, err
	}
	alerts, err := r.Alerts(store.AlertFilter{Status: []muster.AlertStatus{muster.AlertOpen}, List: store.List{Limit: maxLimit}})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(alerts, func(a, b *muster.Alert) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
	total, err := r.CountAlerts(muster.AlertOpen)
	if err != nil {
		return nil, err
	}
	for _, a := range alerts {
		if a.Exhausted {
			out.Exhausted = append(out.Exhausted, a)
		}
	}
	alerts = alerts[:min(len(alerts), maxUnowned)]
	out.MoreUnowned = max(total-len(alerts), 0)
	if out.Unowned, err = r.items(alerts); err != nil {
		return nil, err
	}
	if out.Recent, err = r.RecentEntries(store.List{Limit: maxRecent}); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out.Recent, func(a, b *muster.Entry) int { // those of one transaction bear one instant: newest first there, too
		return cmp.Or(b.Recorded.Compare(a.Recorded.Time), cmp.Compare(b.Incident, a.Incident), cmp.Compare(b.Seq, a.Seq))
	})
	return out, r.quiet(out)
}

// openIncidents are those that are not over, the worst first, then the newest.
func (r *read) openIncidents() ([]*muster.Incident, error) {
	open, err := r.Incidents(store.IncidentFilter{
		Status: []muster.IncidentStatus{muster.IncidentOpen, muster.IncidentMitigated}, List: store.List{Limit: maxLimit},
	})
	slices.SortStableFunc(open, func(a, b *muster.Incident) int {
		return cmp.Or(cmp.Compare(statusRank(a.Status), statusRank(b.Status)), cmp.Compare(a.Severity, b.Severity))
	})
	return open, err
}

func statusRank(s muster.IncidentStatus) int {
	return slices.Index([]muster.IncidentStatus{muster.IncidentOpen, muster.IncidentMitigated, muster.IncidentResolved, muster.IncidentClosed}, s)
}

// rank orders severities of alerts, the worst first; what is unknown may be bad.
func rank(s muster.AlertSeverity) int {
	return slices.Index([]muster.AlertSeverity{muster.SeverityCritical, muster.SeverityMajor, muster.SeverityUnknown, muster.SeverityMinor, muster.SeverityInfo}, s)
}

// quiet finds since when all is quiet, where it is.
func (r *read) quiet(out *Now) error {
	last, err := r.Alerts(store.AlertFilter{List: store.List{Limit: defaultLimit}})
	if err != nil {
		return err
	}
	out.Received = len(last) > 0
	for _, a := range last {
		if a.ResolvedAt.After(out.QuietSince.Time) {
			out.QuietSince = a.ResolvedAt
		}
	}
	past, err := r.Incidents(store.IncidentFilter{
		Status: []muster.IncidentStatus{muster.IncidentResolved, muster.IncidentClosed}, List: store.List{Limit: 10},
	})
	for _, i := range past {
		if i.ResolvedAt.After(out.QuietSince.Time) {
			out.QuietSince = i.ResolvedAt
		}
	}
	return err
}
