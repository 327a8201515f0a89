package query

import (
	"context"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// ListAlerts asks for alerts, newest first.
type ListAlerts struct {
	Status   []muster.AlertStatus `json:"status,omitempty" query:"status" doc:"open, acknowledged or resolved; all when empty"`
	Service  muster.ServiceName   `json:"service,omitempty" query:"service" doc:"about this service"`
	Source   muster.SourceName    `json:"source,omitempty" query:"source" doc:"from this source"`
	Severity muster.AlertSeverity `json:"severity,omitempty" query:"severity" doc:"critical, major, minor, info or unknown"`
	Triage   *bool                `json:"triage,omitempty" query:"triage" doc:"true: those that wait to be confirmed; false: the others"`
	Q        string               `json:"q,omitempty" query:"q" arg:"rest" doc:"words of the title"`
	Incident string               `json:"incident,omitempty" query:"incident" doc:"of this incident: INC-42"`
	Limit    int                  `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor   string               `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// OneAlert names an alert.
type OneAlert struct {
	Alert muster.AlertID `json:"alert" path:"alert" arg:"1" doc:"the alert's ID"`
}

// AlertItem is an alert in a list.
type AlertItem struct {
	*muster.Alert
	Next Next `json:"next"` // what Muster does by itself
}

// Alert is one alert with what was done about it.
type Alert struct {
	AlertItem
	Pages      []Page             `json:"pages"`
	Timeline   []*muster.Entry    `json:"timeline"`
	Escalation *muster.Escalation `json:"escalation"` // null: it never pages
}

// Page is a page with the name of its person.
type Page struct {
	*muster.Page
	Name  string `json:"name"`
	Title string `json:"title,omitempty"` // of the alert, in lists
}

// AlertList lists alerts.
func (q *Queries) AlertList(ctx context.Context, who Viewer, in ListAlerts) (muster.Listing[AlertItem], error) {
	return ask(ctx, q, who, func(r *read) (muster.Listing[AlertItem], error) { return r.alerts(in) })
}

func (r *read) alerts(in ListAlerts) (out muster.Listing[AlertItem], err error) {
	p, err := pageOf[muster.AlertID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	wrong := words("status", in.Status, muster.AlertOpen, muster.AlertAcknowledged, muster.AlertResolved)
	wrong = append(wrong, words("severity", []muster.AlertSeverity{in.Severity}, muster.SeverityCritical, muster.SeverityMajor,
		muster.SeverityMinor, muster.SeverityInfo, muster.SeverityUnknown)...)
	if len(wrong) > 0 {
		return out, muster.Invalid("The list cannot be read like this", wrong)
	}
	f := store.AlertFilter{
		List: p.list(), Status: in.Status, Service: in.Service, Source: in.Source, Severity: in.Severity, Triage: in.Triage, Query: in.Q,
	}
	if in.Incident != "" {
		inc, err := r.incidentOf(in.Incident)
		if err != nil {
			return out, err
		}
		f.Incident = inc.ID
	}
	rows, err := r.Alerts(f)
	if err != nil {
		return out, err
	}
	cut := muster.ListingOf(rows, p.limit, func(a *muster.Alert) string { return string(a.ID) })
	out.Next = cut.Next
	out.Items, err = r.items(cut.Items)
	return out, err
}

// items adds to alerts what follows for each.
func (r *read) items(alerts []*muster.Alert) ([]AlertItem, error) {
	out := make([]AlertItem, 0, len(alerts))
	runs := make([]*muster.Escalation, len(alerts))
	var involved []muster.UserName
	var err error
	for i, a := range alerts {
		if a.Status == muster.AlertResolved {
			continue
		}
		if runs[i], err = r.EscalationOf(a.ID); err != nil {
			return nil, err
		}
		involved = append(involved, r.involved(runs[i])...)
	}
	if _, err := r.contactsOf(involved); err != nil { // all of them at once
		return nil, err
	}
	for i, a := range alerts {
		var pages []*muster.Page
		if a.Status == muster.AlertOpen {
			if pages, err = r.PagesOf(a.ID); err != nil {
				return nil, err
			}
		}
		n, err := r.next(a, runs[i], pages)
		if err != nil {
			return nil, err
		}
		out = append(out, AlertItem{Alert: a, Next: n})
	}
	return out, nil
}

// Alert gives one alert with its pages.
func (q *Queries) Alert(ctx context.Context, who Viewer, id muster.AlertID) (*Alert, error) {
	return ask(ctx, q, who, func(r *read) (*Alert, error) { return r.alert(OneAlert{id}) })
}

func (r *read) alert(in OneAlert) (*Alert, error) {
	a, err := r.alertOf(in.Alert)
	if err != nil {
		return nil, err
	}
	out := &Alert{AlertItem: AlertItem{Alert: a}}
	if out.Escalation, err = r.EscalationOf(a.ID); err != nil {
		return nil, err
	}
	pages, err := r.PagesOf(a.ID)
	if err != nil {
		return nil, err
	}
	if out.Next, err = r.next(a, out.Escalation, pages); err != nil {
		return nil, err
	}
	out.Pages = r.named(pages)
	if out.Timeline, err = r.Timeline(store.TimelineFilter{Alert: a.ID}); err != nil {
		return nil, err
	}
	out.Timeline = some(out.Timeline)
	return out, nil
}

// alertOf finds an alert, with an error in the user's words.
func (r *read) alertOf(id muster.AlertID) (*muster.Alert, error) {
	if _, err := muster.ParseID[muster.AlertID](string(id)); err != nil {
		return nil, err
	}
	a, err := r.Reader.Alert(id)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no alert %s.", id)
	}
	return a, err
}

func (r *read) named(pages []*muster.Page) []Page {
	out := make([]Page, len(pages))
	for i, p := range pages {
		out[i] = Page{Page: p, Name: r.cat.DisplayName(p.Person)}
	}
	return out
}

// ListSignals asks for the signals of an alert.
type ListSignals struct {
	Alert  muster.AlertID `json:"alert" path:"alert" arg:"1" doc:"the alert's ID"`
	Limit  int            `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string         `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

func (r *read) signals(in ListSignals) (out muster.Listing[muster.RawSignal], err error) {
	p, err := pageOf[muster.SignalID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	if _, err := r.alertOf(in.Alert); err != nil {
		return out, err
	}
	rows, err := r.SignalsOf(in.Alert, p.list())
	if err != nil {
		return out, err
	}
	return muster.ListingOf(rows, p.limit, func(s muster.RawSignal) string { return string(s.ID) }), nil
}

// firstSignal finds the signal that opened an alert; nil when it is not kept any more.
func (r *read) firstSignal(a *muster.Alert) (*muster.RawSignal, error) {
	rows, err := r.FirstSignals(a)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		switch rows[i].Outcome {
		case muster.OutcomeOpened, muster.OutcomeSilenced, muster.OutcomeTriage:
			return &rows[i], nil
		case muster.OutcomeAppended, muster.OutcomeResolved, muster.OutcomeRejected:
		}
	}
	return nil, nil
}

// ListPages asks for pages, newest first.
type ListPages struct {
	User   muster.UserName `json:"user,omitempty" query:"user" arg:"1" doc:"whose; everybody's when empty"`
	Limit  int             `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string          `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

func (r *read) pages(in ListPages) (out muster.Listing[Page], err error) {
	p, err := pageOf[muster.PageID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	rows, err := r.PagesFor(in.User, p.list())
	if err != nil {
		return out, err
	}
	cut := muster.ListingOf(rows, p.limit, func(p *muster.Page) string { return string(p.ID) })
	out.Items, out.Next = r.named(cut.Items), cut.Next
	titles := map[muster.AlertID]string{}
	for i := range out.Items {
		it := &out.Items[i]
		title, known := titles[it.Alert]
		if !known {
			a, err := r.Reader.Alert(it.Alert)
			if err != nil {
				return out, err
			}
			title = a.Title
			titles[it.Alert] = title
		}
		it.Title = title
	}
	return out, nil
}

// Effects says whom the buttons of an alert would page.
type Effects struct {
	Escalate []plan.Person // the next step, now
	Confirm  []plan.Person // its first step, once it is confirmed
}

func (r *read) effects(a *muster.Alert, e *muster.Escalation) (f Effects, err error) {
	if a.Status == muster.AlertResolved {
		return f, nil
	}
	if f.Escalate, err = r.wouldPage(e, escalate.Event{Kind: escalate.Escalate}, r.Now()); err != nil || !a.Triage {
		return f, err
	}
	f.Confirm, err = r.wouldPage(e, escalate.Event{Kind: escalate.Release}, r.Now())
	return f, err
}
