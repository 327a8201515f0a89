package query

import (
	"context"
	"fmt"
	"reflect"

	"github.com/muster-oncall/muster"
)

// Ops lists every question that a surface may offer. Each is a muster.Op that only reads.
func (q *Queries) Ops() []muster.Op { return q.ops }

// answer makes a row of the table out of a question that is answered in one transaction.
func answer[In, Out any](q *Queries, o muster.Op, fn func(*read, In) (Out, error)) muster.Op {
	return asked(o, func(ctx context.Context, a muster.Actor, in In) (Out, error) { return do(ctx, q, a, in, fn) })
}

// asked makes a row of the table out of a method.
func asked[In, Out any](o muster.Op, fn func(context.Context, muster.Actor, In) (Out, error)) muster.Op {
	o.In, o.Out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	o.Status, o.Read = 200, true
	if o.Method == "" {
		o.Method = "GET"
	}
	if o.Access == "" {
		o.Access = muster.AccessViewer
	}
	o.Exec = func(ctx context.Context, a muster.Actor, in any) (any, error) {
		if !a.Access.AtLeast(o.Access) {
			return nil, denied(a, o)
		}
		typed, ok := in.(*In)
		if !ok {
			return nil, fmt.Errorf("query: %s takes a *%s, not a %T", o.Name, o.In, in)
		}
		out, err := fn(ctx, a, *typed)
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	return o
}

func denied(a muster.Actor, o muster.Op) error {
	if a.Access == "" {
		return muster.Errorf(muster.ErrUnauthenticated, "Sign in, or send an API key as a bearer token.")
	}
	return muster.Errorf(muster.ErrForbidden, "%s needs the role %s; you are %s.", o.Name, o.Access, a.Access)
}

// Run asks a question of the table by its name and typed input: for surfaces that know at compile time what they want.
func Run[In, Out any](ctx context.Context, q *Queries, name string, a muster.Actor, in In) (Out, error) {
	var zero Out
	for i := range q.ops {
		if q.ops[i].Name != name {
			continue
		}
		out, err := q.ops[i].Exec(ctx, a, &in)
		if err != nil {
			return zero, err
		}
		typed, ok := out.(Out)
		if !ok {
			return zero, fmt.Errorf("query: %s gives a %T, not a %T", name, out, zero)
		}
		return typed, nil
	}
	return zero, muster.Errorf(muster.ErrInternal, "There is no question called %s.", name)
}

// table is every question, once.
func (q *Queries) table() []muster.Op {
	return []muster.Op{
		answer(q, muster.Op{Name: "ListAlerts", Summary: "List alerts, newest first", Path: "/alerts", CLI: "alerts", Chat: "alerts", List: true}, (*read).alerts),
		answer(q, muster.Op{Name: "GetAlert", Summary: "Show an alert, its pages and what follows", Path: "/alerts/{alert}", CLI: "alert show"}, (*read).alert),
		asked(muster.Op{Name: "ExplainAlert", Summary: "Explain who was paged about an alert, and why", Path: "/alerts/{alert}/why", CLI: "alert why"}, q.alertWhy),
		answer(q, muster.Op{Name: "ListSignals", Summary: "List the signals of an alert, newest first", Path: "/alerts/{alert}/signals", CLI: "alert signals", List: true}, (*read).signals),
		answer(q, muster.Op{Name: "ListPages", Summary: "List pages, newest first", Path: "/pages", CLI: "pages", List: true}, (*read).pages),
		asked(muster.Op{Name: "ExplainPage", Summary: "Explain one page: why this person, and how far it got", Path: "/pages/{page}/why", CLI: "page why"}, q.pageWhy),
		asked(muster.Op{Name: "OnCall", Summary: "Say who is on call, now or at any moment", Path: "/oncall", CLI: "oncall", Chat: "oncall"}, q.OnCall),
		answer(q, muster.Op{Name: "ListExperts", Summary: "List subject matter experts by topic, and who would be asked now", Path: "/experts", CLI: "experts", Chat: "experts", List: true}, (*read).experts),
		answer(q, muster.Op{Name: "ListWarnings", Summary: "List what is wrong with rosters in the next 30 days", Path: "/warnings", CLI: "warnings", Chat: "warnings", List: true}, (*read).rosterWarnings),
		asked(muster.Op{Name: "ResolveCases", Summary: "Answer cases of local times and rotations, so that anybody can check the arithmetic", Method: "POST", Path: "/rota/resolve"}, q.resolveCases),
		asked(muster.Op{Name: "Why", Summary: "Say who would be paged about a service at a moment, past or future, and why", Path: "/why", CLI: "why", Chat: "why"}, q.Why),

		answer(q, muster.Op{Name: "ListIncidents", Summary: "List incidents, newest first", Path: "/incidents", CLI: "incidents", Chat: "incidents", List: true}, (*read).incidents),
		answer(q, muster.Op{Name: "GetIncident", Summary: "Show an incident, its five answers and its alerts", Path: "/incidents/{incident}", CLI: "incident show"}, (*read).incident),
		answer(q, muster.Op{Name: "ListTimeline", Summary: "List the timeline of an incident, oldest first", Path: "/incidents/{incident}/timeline", CLI: "incident timeline", List: true}, (*read).timeline),
		answer(q, muster.Op{Name: "ListUpdates", Summary: "List the status updates of an incident, newest first", Path: "/incidents/{incident}/updates", CLI: "incident updates", List: true}, (*read).updates),
		answer(q, muster.Op{Name: "ListAwareness", Summary: "List who has seen an incident, and when", Path: "/incidents/{incident}/awareness", CLI: "incident seen", List: true}, (*read).awareness),

		answer(q, muster.Op{Name: "ListReviews", Summary: "List reviews, newest first", Path: "/reviews", CLI: "reviews", List: true}, (*read).reviews),
		answer(q, muster.Op{Name: "GetReview", Summary: "Show a review", Path: "/reviews/{review}", CLI: "review show"}, (*read).review),
		answer(q, muster.Op{Name: "GetStatus", Summary: "Say what the status pages show, and when each was last published", Path: "/status", CLI: "status show", List: true}, (*read).status),

		asked(muster.Op{Name: "PlanChange", Summary: "Say what a change of documents would do: who is on call then, and whom past alerts would have reached", Method: "POST", Path: "/plan", CLI: "plan"}, q.PlanChange),
		answer(q, muster.Op{Name: "ListChanges", Summary: "List proposed changes, newest first", Path: "/changes", CLI: "changes", List: true}, (*read).changes),
		answer(q, muster.Op{Name: "GetChange", Summary: "Show a proposed change", Path: "/changes/{change}", CLI: "change show"}, (*read).change),
		asked(muster.Op{Name: "GetAbout", Summary: "Say which version answers, and which time zone data it decides with", Path: "/about", CLI: "about"}, q.about),
		answer(q, muster.Op{Name: "ListSwaps", Summary: "List swap requests and offers, newest first", Path: "/swaps", CLI: "swaps", Chat: "swaps", List: true}, (*read).swaps),
		answer(q, muster.Op{Name: "GetSwap", Summary: "Show a swap request or an offer", Path: "/swaps/{swap}", CLI: "swap show"}, (*read).swap),
		answer(q, muster.Op{Name: "ListDocuments", Summary: "List the documents of a kind by name", Path: "/{kind}", CLI: "list", List: true}, (*read).documents),
		answer(q, muster.Op{Name: "GetDocument", Summary: "Show a document of the catalog", Path: "/{kind}/{name}", CLI: "show"}, (*read).document),
		answer(q, muster.Op{Name: "ListRevisions", Summary: "List the history of a document, newest first", Path: "/{kind}/{name}/revisions", CLI: "revisions", List: true}, (*read).revisions),
		answer(q, muster.Op{Name: "ExportCatalog", Summary: "Write the whole catalog as one YAML file", Path: "/export", CLI: "export"}, (*read).export),
		answer(q, muster.Op{Name: "ListContacts", Summary: "List the contact methods of a person; never their addresses", Path: "/users/{user}/contacts", CLI: "contacts", List: true}, (*read).contactList),
		answer(q, muster.Op{Name: "ListDeliveries", Summary: "List what was handed to a connector, newest first", Path: "/connectors/{connector}/deliveries", CLI: "connector deliveries", List: true}, (*read).deliveries),
		answer(q, muster.Op{Name: "ListNotices", Summary: "List what you were told, newest first", Path: "/notices", CLI: "notices", List: true}, (*read).notices),
		answer(q, muster.Op{Name: "ListHandovers", Summary: "List the hand-over notes of a roster, newest first", Path: "/rosters/{roster}/handovers", CLI: "handovers", List: true}, (*read).handovers),
		answer(q, muster.Op{Name: "GetHandover", Summary: "Show a hand-over note", Path: "/handovers/{handover}", CLI: "handover show"}, (*read).handover),
		asFile(answer(q, muster.Op{Name: "Fairness", Summary: "Add up what on-call asked of people in a period", Path: "/fairness"}, (*read).fairness)),
		answer(q, muster.Op{Name: "WhomToAsk", Summary: "Say whom to ask to take over, who has had least first", Path: "/rosters/{roster}/candidates", CLI: "whom", Chat: "whom"}, (*read).whomToAsk),
		answer(q, muster.Op{Name: "ListHeartbeats", Summary: "List the heartbeats of other systems by source and name, and when each was last seen", Path: "/heartbeats", CLI: "heartbeats", Chat: "heartbeats", List: true}, (*read).heartbeats),
		answer(q, muster.Op{Name: "ListNoise", Summary: "Say what woke people for nothing: alerts, pages, flaps and what people said of them, by service", Path: "/noise", CLI: "noise", Chat: "noise", List: true}, (*read).noise),
		answer(q, muster.Op{Name: "ListKeys", Summary: "List API keys, newest first", Path: "/keys", CLI: "keys", List: true}, (*read).keys),
		answer(q, muster.Op{Name: "ListAudit", Summary: "List the security log, newest first", Access: muster.AccessAdmin, Path: "/audit", CLI: "audit", List: true}, (*read).audit),
	}
}

func (q *Queries) alertWhy(ctx context.Context, a muster.Actor, in OneAlert) (muster.Explanation, error) {
	return q.AlertWhy(ctx, a, in.Alert)
}

func (q *Queries) pageWhy(ctx context.Context, a muster.Actor, in OnePage) (muster.Explanation, error) {
	return q.PageWhy(ctx, a, in.Page)
}
