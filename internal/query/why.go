package query

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// OnePage names a page.
type OnePage struct {
	Page muster.PageID `json:"page" path:"page" arg:"1" doc:"the page's ID"`
}

// cause is what was kept about a decision.
type cause struct {
	alert  *muster.Alert
	run    *muster.Escalation
	signal *muster.Signal
	pages  []*muster.Page // about the alert
	page   *muster.Page
	name   string // of the page's person
	now    muster.Instant
}

func (r *read) causeOf(a *muster.Alert) (c cause, err error) {
	c = cause{alert: a, now: r.Now()}
	if c.run, err = r.EscalationOf(a.ID); err != nil {
		return c, err
	}
	if c.pages, err = r.PagesOf(a.ID); err != nil {
		return c, err
	}
	row, err := r.firstSignal(a)
	if row != nil {
		c.signal = &row.Signal
	}
	return c, err
}

// AlertWhy explains who was paged about an alert, and why: the functions that decided are run again with what was kept, and
// pages are told in the words that were written with them.
func (q *Queries) AlertWhy(ctx context.Context, a muster.Actor, id muster.AlertID) (muster.Explanation, error) {
	c, err := do(ctx, q, a, OneAlert{id}, func(r *read, in OneAlert) (c cause, err error) {
		al, err := r.alertOf(in.Alert)
		if err != nil {
			return c, err
		}
		return r.causeOf(al)
	})
	if err != nil {
		return muster.Explanation{}, err
	}
	return q.explain(ctx, c)
}

// explain runs outside of the read transaction, because older catalogs are loaded in one of their own.
func (q *Queries) explain(ctx context.Context, c cause) (muster.Explanation, error) {
	run := c.run
	if run == nil {
		run = &muster.Escalation{Alert: c.alert.ID}
	}
	x, err := plan.Explain(q.Live.History(ctx), plan.Question{
		Signal: c.signal, ReceivedAt: c.alert.ReceivedAt, Revision: c.alert.Revision, Run: run, Pages: c.pages, Kept: c.alert.Reasons,
	})
	if err != nil {
		return x, fmt.Errorf("query: explain %s: %w", c.alert.ID, err)
	}
	if c.signal == nil { // the signal is not kept any more: tell the reasons that were written down
		x.Steps = slices.Concat(c.alert.Reasons, x.Steps)
	}
	return x, nil
}

// PageWhy explains one page: how its alert was routed, why this person was chosen, and what became of it.
func (q *Queries) PageWhy(ctx context.Context, a muster.Actor, id muster.PageID) (muster.Explanation, error) {
	c, err := do(ctx, q, a, OnePage{id}, func(r *read, in OnePage) (c cause, err error) {
		p, err := r.pageOf(in.Page)
		if err != nil {
			return c, err
		}
		al, err := r.Alert(p.Alert)
		if err != nil {
			return c, err
		}
		c, err = r.causeOf(al)
		c.page, c.name = p, r.cat.DisplayName(p.Person)
		return c, err
	})
	if err != nil {
		return muster.Explanation{}, err
	}
	x, err := q.explain(ctx, c)
	if err != nil {
		return x, err
	}
	return narrow(x, c), nil
}

// narrow leaves of an alert's explanation what concerns one page.
func narrow(x muster.Explanation, c cause) muster.Explanation {
	p := c.page
	mine := muster.Planned{
		User: p.Person, Name: c.name, Contact: muster.ContactFact{ID: p.Contact, Method: p.Method, Connector: p.Connector, Verified: true},
		At: p.DueAt, Step: p.Step, Round: p.Round, Reasons: p.Why,
	}
	for _, o := range x.People {
		if p.Escalation != "" && o.User == p.Person && o.Step == p.Step && o.Round == p.Round && o.Contact.ID == p.Contact {
			mine = o
		}
	}
	if len(p.Why) > 0 {
		mine.Reasons = p.Why // as they were written when it was decided: new zone data does not retell the past
	}
	var steps []muster.Reason
	for _, s := range x.Steps {
		if routing(s.Kind) {
			steps = append(steps, s)
		}
	}
	for _, s := range mine.Reasons {
		if s.Kind != muster.ReasonPolicy || !slices.ContainsFunc(steps, func(o muster.Reason) bool { return o.Text == s.Text }) {
			steps = append(steps, s)
		}
	}
	x.At, x.Revision = p.PlannedAt, p.Revision
	x.Steps = append(steps, muster.Reason{
		Kind: muster.ReasonPage, Ref: string(p.ID), Revision: p.Revision, Text: became(p, c.name, c.now), Facts: map[string]string{"state": string(p.State)},
	})
	x.People = []muster.Planned{mine}
	return x
}

// routing reports whether a reason tells how an alert was routed, not whom a step reached.
func routing(k muster.ReasonKind) bool {
	switch k {
	case muster.ReasonSource, muster.ReasonMapping, muster.ReasonFingerprint, muster.ReasonRoute, muster.ReasonSilence:
		return true
	case muster.ReasonPolicy, muster.ReasonStep, muster.ReasonRoster, muster.ReasonLayer, muster.ReasonOverride, muster.ReasonSwap,
		muster.ReasonCondition, muster.ReasonPerson, muster.ReasonContact, muster.ReasonPage, muster.ReasonNobody:
	}
	return false
}

// became says in a sentence how far a page got.
func became(p *muster.Page, name string, now muster.Instant) string {
	at := func(i muster.Instant) string { return moment(i, now, nil) }
	detail := ""
	if p.Detail != "" {
		detail = ": " + p.Detail
	}
	switch p.State {
	case muster.PagePlanned:
		return "The page is planned for " + at(p.DueAt) + detail + "."
	case muster.PageStarted:
		return "The page was handed over at " + at(p.StartedAt) + "; there is no answer yet" + detail + "."
	case muster.PageAccepted:
		return "The provider accepted the page at " + at(p.AcceptedAt) + "; " + name + " has not answered."
	case muster.PageProved:
		how := p.Proof
		if how == "" {
			how = name + " answered"
		}
		return how + " at " + at(p.ProvedAt) + ": the page is proved."
	case muster.PageUnknown:
		return "Nobody knows whether the page arrived" + detail + "."
	case muster.PageFailed:
		return "The page failed" + detail + "."
	case muster.PageCancelled:
		return "The page was cancelled" + detail + "."
	}
	return string(p.State)
}

func (r *read) pageOf(id muster.PageID) (*muster.Page, error) {
	if _, err := muster.ParseID[muster.PageID](string(id)); err != nil {
		return nil, err
	}
	p, err := r.Page(id)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no page %s.", id)
	}
	return p, err
}

// AskWhy asks who would be paged about a service at a moment, past or future; or explains an alert or a page.
type AskWhy struct {
	Service  string               `json:"service" query:"service" arg:"1" doc:"a service; or the ID of an alert or of a page, or the key of an incident"`
	At       muster.Instant       `json:"at,omitzero" query:"at" arg:"2" doc:"the moment: 2026-12-25T03:00:00+01:00; now when empty"`
	Severity muster.AlertSeverity `json:"severity,omitempty" query:"severity" doc:"of the alert that would be: critical when empty"`
}

// Why is the time machine: who would have been, or would be, paged about a service at a moment. The past is answered
// with the catalog as it was then, everything later with the newest one.
func (q *Queries) Why(ctx context.Context, a muster.Actor, in AskWhy) (muster.Explanation, error) {
	if id, err := muster.ParseID[muster.AlertID](in.Service); err == nil {
		return q.AlertWhy(ctx, a, id)
	}
	if id, err := muster.ParseID[muster.PageID](in.Service); err == nil {
		return q.PageWhy(ctx, a, id)
	}
	if _, ok := muster.ParseIncidentKey(in.Service); ok {
		id, err := q.firstAlert(ctx, a, in.Service)
		if err != nil {
			return muster.Explanation{}, err
		}
		return q.AlertWhy(ctx, a, id)
	}
	if in.Severity == "" {
		in.Severity = muster.SeverityCritical
	}
	wrong := words("severity", []muster.AlertSeverity{in.Severity}, muster.SeverityCritical, muster.SeverityMajor,
		muster.SeverityMinor, muster.SeverityInfo, muster.SeverityUnknown)
	if in.Service == "" {
		wrong = append(wrong, muster.FieldError{Path: "service", Message: "name a service"})
	}
	if len(wrong) > 0 {
		return muster.Explanation{}, muster.Invalid("The question cannot be answered", wrong)
	}
	var contacts plan.Contacts
	var days []muster.Leave
	var turns map[muster.PolicyName]map[int]muster.UserName
	now := in.At
	rev, err := do(ctx, q, a, in, func(r *read, in AskWhy) (rev muster.Revision, err error) {
		if contacts, err = everybody(r); err != nil {
			return 0, err
		}
		if now.IsZero() {
			now = r.Now()
		}
		if days, err = r.LeaveBetween(now, now.Plus(previewAway)); err != nil {
			return 0, err
		}
		if turns, err = r.everyTurn(); err != nil {
			return 0, err
		}
		return r.revisionAt(in.At)
	})
	if err != nil {
		return muster.Explanation{}, err
	}
	in.At = now
	x, err := plan.Explain(q.Live.History(ctx), plan.Question{
		At: in.At, Revision: rev, Service: muster.ServiceName(in.Service), Severity: in.Severity, Contacts: contacts, Away: days, Turns: turns,
	})
	if cat := q.Catalog(); muster.CodeOf(err) == muster.ErrNotFound {
		if cat.Services[muster.ServiceName(in.Service)] != nil {
			return x, muster.Errorf(muster.ErrNotFound, "At that moment there was no service called %q: the catalog did not have it yet.", in.Service)
		}
		return x, noDocument(cat, muster.KindServices, in.Service)
	}
	return x, err
}

// previewAway is how far ahead days off are read for an alert that might be: longer than nearly every policy takes.
const previewAway = 2 * 24 * time.Hour

func (q *Queries) firstAlert(ctx context.Context, a muster.Actor, ref string) (muster.AlertID, error) {
	return do(ctx, q, a, ref, func(r *read, ref string) (muster.AlertID, error) {
		inc, err := r.incidentOf(ref)
		if err != nil {
			return "", err
		}
		alerts, err := r.Alerts(store.AlertFilter{Incident: inc.ID, List: store.List{Limit: maxLimit}})
		if err != nil {
			return "", err
		}
		if len(alerts) == 0 {
			return "", muster.Errorf(muster.ErrNotFound, "%s has no alert: nobody was paged about it by a rule.", inc.Key)
		}
		return alerts[len(alerts)-1].ID, nil
	})
}

// revisionAt is the catalog's revision at an instant: the newest for now and for the future.
func (r *read) revisionAt(at muster.Instant) (muster.Revision, error) {
	if at.IsZero() || !at.Before(r.Now().Time) {
		return r.cat.Revision, nil
	}
	return r.RevisionAt(at)
}
