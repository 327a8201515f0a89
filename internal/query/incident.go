package query

import (
	"context"
	"strconv"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/store"
)

// ListIncidents asks for incidents, newest first.
type ListIncidents struct {
	Status   []muster.IncidentStatus `json:"status,omitempty" query:"status" doc:"open, mitigated, resolved or closed; all when empty"`
	Severity muster.Severity         `json:"severity,omitempty" query:"severity" doc:"SEV1 to SEV4"`
	Service  muster.ServiceName      `json:"service,omitempty" query:"service" doc:"about this service"`
	Q        string                  `json:"q,omitempty" query:"q" arg:"rest" doc:"words of the title, or a key"`
	Limit    int                     `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor   string                  `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// OneIncident names an incident by its ID or key.
type OneIncident struct {
	Incident string `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
}

// Answers are the answers to the five questions: what people said, and what Muster can tell by itself where nobody
// answered. A question without an answer is null.
type Answers map[muster.Question]*muster.Answer

// IncidentItem is an incident in a list.
type IncidentItem struct {
	*muster.Incident
	Answers Answers        `json:"answers"`
	Overdue bool           `json:"overdue"` // the promised update did not come
	Clocks  []muster.Clock `json:"clocks"`
	Alerted int            `json:"alert_count"`
}

// Incident is one incident with its alerts.
type Incident struct {
	IncidentItem
	Alerts []*muster.Alert `json:"alerts"`
}

// Commander is who commands the incident, "" when nobody does.
func (i IncidentItem) Commander() string {
	for _, ra := range i.Roles {
		if ra.Role == muster.RoleIncidentCommander && !ra.Proposed && ra.Until.IsZero() {
			return ra.Name
		}
	}
	return ""
}

// incidentOf finds an incident by ID or key.
func (r *read) incidentOf(ref string) (*muster.Incident, error) {
	var inc *muster.Incident
	var err error
	if key, ok := muster.ParseIncidentKey(ref); ok {
		inc, err = r.IncidentByKey(key)
	} else {
		id, bad := muster.ParseID[muster.IncidentID](ref)
		if bad != nil {
			return nil, muster.Errorf(muster.ErrNotFound, "%q is not an incident: write its key, like INC-42.", muster.Clip(ref, 60))
		}
		inc, err = r.Reader.Incident(id)
	}
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no incident %s.", muster.Clip(ref, 60))
	}
	return inc, err
}

// IncidentList lists incidents.
func (q *Queries) IncidentList(ctx context.Context, who Viewer, in ListIncidents) (muster.Listing[IncidentItem], error) {
	return ask(ctx, q, who, func(r *read) (muster.Listing[IncidentItem], error) { return r.incidents(in) })
}

func (r *read) incidents(in ListIncidents) (out muster.Listing[IncidentItem], err error) {
	p, err := pageOf[muster.IncidentID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	wrong := words("status", in.Status, muster.IncidentOpen, muster.IncidentMitigated, muster.IncidentResolved, muster.IncidentClosed)
	wrong = append(wrong, words("severity", []muster.Severity{in.Severity}, muster.SEV1, muster.SEV2, muster.SEV3, muster.SEV4)...)
	if len(wrong) > 0 {
		return out, muster.Invalid("The list cannot be read like this", wrong)
	}
	rows, err := r.Incidents(store.IncidentFilter{List: p.list(), Status: in.Status, Severity: in.Severity, Service: in.Service, Query: in.Q})
	if err != nil {
		return out, err
	}
	cut := muster.ListingOf(rows, p.limit, func(i *muster.Incident) string { return string(i.ID) })
	out.Next = cut.Next
	out.Items, err = r.incidentItems(cut.Items)
	return out, err
}

func (r *read) incidentItems(rows []*muster.Incident) ([]IncidentItem, error) {
	out := make([]IncidentItem, 0, len(rows))
	for _, inc := range rows {
		it, err := r.incidentItem(inc)
		if err != nil {
			return nil, err
		}
		out = append(out, it.IncidentItem)
	}
	return out, nil
}

// incidentItem answers what can be answered about an incident.
func (r *read) incidentItem(inc *muster.Incident) (Incident, error) {
	f, alerts, err := r.facts(inc)
	if err != nil {
		return Incident{}, err
	}
	it := IncidentItem{
		Incident: inc, Overdue: overdue(inc, r.Now()), Answers: Answers{}, Clocks: some(lifecycle.Clocks(*inc, f.Alerts, r.Now())), Alerted: len(alerts),
	}
	given := lifecycle.Answers(*inc, f, r.Now())
	for _, question := range muster.Questions() {
		it.Answers[question] = nil
		if a, ok := given[question]; ok {
			it.Answers[question] = &a
		}
	}
	return Incident{IncidentItem: it, Alerts: some(alerts)}, nil
}

// overdue reports whether a promised update did not come while it still mattered.
func overdue(inc *muster.Incident, now muster.Instant) bool {
	return inc.Status != muster.IncidentClosed && lifecycle.Overdue(inc.Promise, now)
}

// Incident gives one incident by ID or key.
func (q *Queries) Incident(ctx context.Context, who Viewer, ref string) (*Incident, error) {
	return ask(ctx, q, who, func(r *read) (*Incident, error) { return r.incident(OneIncident{ref}) })
}

func (r *read) incident(in OneIncident) (*Incident, error) {
	inc, err := r.incidentOf(in.Incident)
	if err != nil {
		return nil, err
	}
	it, err := r.incidentItem(inc)
	return &it, err
}

// ListTimeline asks for the timeline of an incident, oldest first.
type ListTimeline struct {
	Incident string `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	After    int64  `json:"after,omitempty" query:"after" doc:"only entries after the one with this seq"`
	Limit    int    `json:"limit,omitempty" query:"limit" doc:"at most so many: all when empty"`
	Cursor   string `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// maxEntries is how many entries of a timeline are read: what the store gives at most.
const maxEntries = 1000

// TimelineAfter gives what was added to an incident's timeline after an entry: how a live screen resumes.
func (q *Queries) TimelineAfter(ctx context.Context, who Viewer, ref string, after int64) ([]*muster.Entry, error) {
	l, err := ask(ctx, q, who, func(r *read) (muster.Listing[*muster.Entry], error) {
		return r.timeline(ListTimeline{Incident: ref, After: after})
	})
	return l.Items, err
}

func (r *read) timeline(in ListTimeline) (out muster.Listing[*muster.Entry], err error) {
	var wrong []muster.FieldError
	if in.Limit < 0 || in.Limit > maxEntries {
		wrong = append(wrong, muster.FieldError{Path: "limit", Message: "must be between 1 and 1,000"})
	}
	if in.Cursor != "" {
		if in.After, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil {
			wrong = append(wrong, muster.FieldError{Path: "cursor", Message: "is not one that this list gave as next"})
		}
	}
	if len(wrong) > 0 {
		return out, muster.Invalid("The list cannot be read like this", wrong)
	}
	if in.Limit == 0 {
		in.Limit = maxEntries
	}
	inc, err := r.incidentOf(in.Incident)
	if err != nil {
		return out, err
	}
	rows, err := r.Timeline(store.TimelineFilter{Incident: inc.ID, AfterSeq: in.After, Limit: maxEntries})
	if err != nil {
		return out, err
	}
	return muster.ListingOf(rows, in.Limit, func(e *muster.Entry) string { return strconv.FormatInt(e.Seq, 10) }), nil
}

func (r *read) updates(in OneIncident) (out muster.Listing[*muster.StatusUpdate], err error) {
	inc, err := r.incidentOf(in.Incident)
	if err != nil {
		return out, err
	}
	rows, err := r.Updates(inc.ID)
	return whole(rows), err
}

func (r *read) awareness(in OneIncident) (out muster.Listing[muster.Awareness], err error) {
	inc, err := r.incidentOf(in.Incident)
	if err != nil {
		return out, err
	}
	rows, err := r.Awareness(inc.ID)
	return whole(rows), err
}
