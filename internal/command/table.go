package command

import (
	"context"
	"fmt"
	"reflect"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// Ops lists every operation that a surface may offer.
func (c *Commands) Ops() []muster.Op { return c.ops }

// op makes a row of the table: the typed operation, erased for the surfaces.
func op[In, Out any](c *Commands, o muster.Op, run func(*Call, In) (Out, error)) muster.Op {
	o.In, o.Out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	if o.Method == "" {
		o.Method = "POST"
	}
	if o.Status == 0 {
		o.Status = 200
	}
	o.Exec = func(ctx context.Context, actor muster.Actor, in any) (any, error) {
		if !actor.Access.AtLeast(o.Access) {
			return nil, denied(actor, o)
		}
		tidy(in)
		if p, ok := in.(preparer); ok {
			if err := p.prepare(); err != nil {
				return nil, err
			}
		}
		if p, ok := in.(interface{ prepareIn(*plan.Snapshot) error }); ok {
			if err := p.prepareIn(c.Live.Current()); err != nil {
				return nil, err
			}
		}
		typed, ok := in.(*In)
		if !ok {
			return nil, fmt.Errorf("command: %s was given a %T", o.Name, in)
		}
		var out Out
		err := c.write(ctx, store.LanePeople, o.Name, actor, func(call *Call) (err error) {
			out, err = run(call, *typed)
			return err
		})
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	return o
}

// preparer is an input with work that needs no transaction.
type preparer interface{ prepare() error }

func denied(a muster.Actor, o muster.Op) error {
	if a.Access == "" {
		return muster.Errorf(muster.ErrUnauthenticated, "Sign in, or send an API key as a bearer token.")
	}
	return muster.Errorf(muster.ErrForbidden, "%s needs the role %s; you are %s.", o.Name, o.Access, a.Access)
}

// Run runs an operation by its name and typed input: for surfaces that know at compile time what they want.
func Run[In, Out any](ctx context.Context, c *Commands, name string, actor muster.Actor, in In) (Out, error) {
	var zero Out
	for i := range c.ops {
		if c.ops[i].Name != name {
			continue
		}
		out, err := c.ops[i].Exec(ctx, actor, &in)
		if err != nil {
			return zero, err
		}
		typed, ok := out.(Out)
		if !ok {
			return zero, fmt.Errorf("command: %s gives a %T", name, out)
		}
		return typed, nil
	}
	return zero, muster.Errorf(muster.ErrInternal, "There is no operation called %s.", name)
}

// table is every operation, once. docs/operations and ops.golden are made of it.
func (c *Commands) table() []muster.Op {
	const (
		viewer    = muster.AccessViewer
		responder = muster.AccessResponder
		admin     = muster.AccessAdmin
	)
	return []muster.Op{
		op(c, muster.Op{Name: "AckAlert", Summary: "Acknowledge an alert: you have it, nobody else is paged", Access: responder, Path: "/alerts/{alert}/acknowledge", CLI: "ack", Chat: "ack"}, (*Call).ackAlert),
		op(c, muster.Op{Name: "AckPage", Summary: "Acknowledge what a page tells of: its alert, or all alerts of a digest", Access: responder, Path: "/pages/{page}/acknowledge", CLI: "page ack"}, (*Call).ackPage),
		op(c, muster.Op{Name: "UnackAlert", Summary: "Give an acknowledged alert back: it pages again", Access: responder, Path: "/alerts/{alert}/unacknowledge", CLI: "unack", Chat: "unack"}, (*Call).unackAlert),
		op(c, muster.Op{Name: "SnoozeAlert", Summary: "Put an alert off: you have it until a moment, then it pages again", Access: responder, Path: "/alerts/{alert}/snooze", CLI: "snooze", Chat: "snooze"}, (*Call).snoozeAlert),
		op(c, muster.Op{Name: "EscalateAlert", Summary: "Page the next step now", Access: responder, Path: "/alerts/{alert}/escalate", CLI: "escalate", Chat: "escalate"}, (*Call).escalateAlert),
		op(c, muster.Op{Name: "ResolveAlert", Summary: "End an alert by hand", Access: responder, Path: "/alerts/{alert}/resolve", CLI: "alert resolve"}, (*Call).resolveAlertOp),
		op(c, muster.Op{Name: "ConfirmAlert", Summary: "Confirm an alert in triage: it is real, and pages", Access: responder, Path: "/alerts/{alert}/confirm", CLI: "alert confirm"}, (*Call).confirmAlert),
		op(c, muster.Op{Name: "PageResponder", Summary: "Page a person about an alert, or the expert for a topic", Access: responder, Path: "/alerts/{alert}/page", CLI: "page", Chat: "page"}, (*Call).pageResponder),
		op(c, muster.Op{Name: "RatePage", Summary: "Say whether it was useful to be paged about an alert", Access: responder, Path: "/alerts/{alert}/rating", CLI: "alert rate"}, (*Call).ratePage),
		op(c, muster.Op{Name: "SilenceAlerts", Summary: "Hold back pages about matching alerts until a moment", Access: responder, Path: "/silences", CLI: "silence", Status: 201}, (*Call).silenceAlerts),

		op(c, muster.Op{Name: "DeclareIncident", Summary: "Declare an incident; a title is enough", Access: responder, Path: "/incidents", CLI: "declare", Chat: "declare", Status: 201}, (*Call).declareIncident),
		op(c, muster.Op{Name: "LinkAlert", Summary: "Join an alert to an incident", Access: responder, Path: "/incidents/{incident}/alerts", CLI: "incident link"}, (*Call).linkAlert),
		op(c, muster.Op{Name: "SetSeverity", Summary: "Change how bad an incident is", Access: responder, Path: "/incidents/{incident}/severity", CLI: "severity", Chat: "severity"}, (*Call).setSeverity),
		op(c, muster.Op{Name: "SetAnswer", Summary: "Answer one of the five questions", Access: responder, Path: "/incidents/{incident}/answers", CLI: "answer", Chat: "answer"}, (*Call).setAnswer),
		op(c, muster.Op{Name: "AssignRole", Summary: "Give a role of an incident to a person, or hand it over", Access: responder, Path: "/incidents/{incident}/roles", CLI: "role", Chat: "role"}, (*Call).assignRole),
		op(c, muster.Op{Name: "PageExpert", Summary: "Page the expert for a topic into an incident", Access: responder, Path: "/incidents/{incident}/experts", CLI: "incident expert", Chat: "expert"}, (*Call).pageExpert),
		op(c, muster.Op{Name: "StartAction", Summary: "Claim a remediation effort", Access: responder, Path: "/incidents/{incident}/actions", CLI: "action start", Chat: "doing"}, (*Call).startAction),
		op(c, muster.Op{Name: "FinishAction", Summary: "End an effort and say what came of it", Access: responder, Path: "/incidents/{incident}/actions/{action}/finish", CLI: "action finish"}, (*Call).finishAction),
		op(c, muster.Op{Name: "AddTheory", Summary: "Propose an explanation", Access: responder, Path: "/incidents/{incident}/theories", CLI: "theory", Chat: "theory"}, (*Call).addTheory),
		op(c, muster.Op{Name: "SetTheory", Summary: "Confirm a theory or rule it out", Access: responder, Path: "/incidents/{incident}/theories/{theory}", CLI: "theory set"}, (*Call).setTheory),
		op(c, muster.Op{Name: "AddTimelineEntry", Summary: "Say something in the room: it is captured", Access: responder, Path: "/incidents/{incident}/timeline", CLI: "note", Chat: "note", Status: 201}, (*Call).addTimelineEntry),
		op(c, muster.Op{Name: "PinEntry", Summary: "Pin a timeline entry", Access: responder, Path: "/incidents/{incident}/timeline/{entry}/pin", CLI: "pin"}, (*Call).pinEntry),
		op(c, muster.Op{Name: "MarkSeen", Summary: "Note that you know of an incident", Access: viewer, Path: "/incidents/{incident}/seen", Status: 204}, (*Call).markSeen),
		op(c, muster.Op{Name: "PostStatusUpdate", Summary: "Tell an audience what is known, what is being done and when they hear again", Access: responder, Path: "/incidents/{incident}/updates", CLI: "update", Chat: "update", Status: 201}, (*Call).postStatusUpdate),
		op(c, muster.Op{Name: "MitigateIncident", Summary: "Mark an incident as mitigated", Access: responder, Path: "/incidents/{incident}/mitigate", CLI: "mitigate", Chat: "mitigate"}, (*Call).mitigateIncident),
		op(c, muster.Op{Name: "ResolveIncident", Summary: "Resolve an incident", Access: responder, Path: "/incidents/{incident}/resolve", CLI: "resolve", Chat: "resolve"}, (*Call).resolveIncident),
		op(c, muster.Op{Name: "ReopenIncident", Summary: "Reopen an incident", Access: responder, Path: "/incidents/{incident}/reopen", CLI: "reopen", Chat: "reopen"}, (*Call).reopenIncident),
		op(c, muster.Op{Name: "CloseIncident", Summary: "Close a resolved incident", Access: responder, Path: "/incidents/{incident}/close", CLI: "close"}, (*Call).closeIncident),

		op(c, muster.Op{Name: "OpenStatus", Summary: "Open an incident on the status page", Access: responder, Path: "/status/open", CLI: "status open", Chat: "status open"}, (*Call).openStatus),
		op(c, muster.Op{Name: "UpdateStatus", Summary: "Post an update to the status page", Access: responder, Path: "/status/update", CLI: "status update", Chat: "status update"}, (*Call).updateStatus),
		op(c, muster.Op{Name: "CloseStatus", Summary: "Post the last update and close the incident on the status page", Access: responder, Path: "/status/close", CLI: "status close", Chat: "status close"}, (*Call).closeStatus),
		op(c, muster.Op{Name: "PublishStatusPage", Summary: "Render a status page anew", Access: responder, Path: "/statuspages/{page}/publish", CLI: "status publish", Status: 204}, (*Call).publishStatusPage),

		op(c, muster.Op{Name: "OpenReview", Summary: "Draft the review of an incident from its timeline", Access: responder, Path: "/incidents/{incident}/review", CLI: "review open", Chat: "review", Status: 201}, (*Call).openReview),
		op(c, muster.Op{Name: "EditReview", Summary: "Change the text of a review", Access: responder, Path: "/reviews/{review}/text", CLI: "review edit"}, (*Call).editReview),
		op(c, muster.Op{Name: "AddFinding", Summary: "Write down what was learned", Access: responder, Path: "/reviews/{review}/findings", CLI: "review finding"}, (*Call).addFinding),
		op(c, muster.Op{Name: "AddActionItem", Summary: "Add an owned improvement", Access: responder, Path: "/reviews/{review}/actionitems", CLI: "review item"}, (*Call).addActionItem),
		op(c, muster.Op{Name: "FinishActionItem", Summary: "Say that an improvement is done", Access: responder, Path: "/reviews/{review}/actionitems/{item}/finish", CLI: "review done"}, (*Call).finishActionItem),
		op(c, muster.Op{Name: "PublishReview", Summary: "Publish a review", Access: responder, Path: "/reviews/{review}/publish", CLI: "review publish"}, (*Call).publishReview),

		op(c, muster.Op{Name: "OverrideShift", Summary: "Replace who is on call in a window", Access: responder, Path: "/rosters/{roster}/overrides", CLI: "override", Status: 201}, (*Call).overrideShift),
		op(c, muster.Op{Name: "TakePager", Summary: "Be on call now, until the end of the current shift", Access: responder, Path: "/rosters/{roster}/take", CLI: "take", Chat: "take"}, (*Call).takePager),
		op(c, muster.Op{Name: "RequestSwap", Summary: "Ask for somebody to take a shift of yours, or a part of it", Access: responder, Path: "/rosters/{roster}/swaps", CLI: "swap request", Chat: "swap", Status: 201}, (*Call).requestSwap),
		op(c, muster.Op{Name: "OfferCover", Summary: "Offer to take somebody's shift, or a part of it", Access: responder, Path: "/rosters/{roster}/offers", CLI: "swap offer", Chat: "cover", Status: 201}, (*Call).offerCover),
		op(c, muster.Op{Name: "ArrangeSwap", Summary: "Give somebody's shift to somebody else at once", Access: responder, Path: "/rosters/{roster}/arrangements", CLI: "swap arrange", Status: 201}, (*Call).arrangeSwap),
		op(c, muster.Op{Name: "AcceptSwap", Summary: "Accept a swap or an offer: the shift changes hands", Access: responder, Path: "/swaps/{swap}/accept", CLI: "swap accept", Chat: "accept"}, (*Call).acceptSwap),
		op(c, muster.Op{Name: "DeclineSwap", Summary: "Decline a swap or an offer", Access: responder, Path: "/swaps/{swap}/decline", CLI: "swap decline", Chat: "decline"}, (*Call).declineSwap),
		op(c, muster.Op{Name: "WithdrawSwap", Summary: "Take back a swap request or an offer", Access: responder, Path: "/swaps/{swap}/withdraw", CLI: "swap withdraw", Chat: "withdraw"}, (*Call).withdrawSwap),
		op(c, muster.Op{Name: "UndoShift", Summary: "Undo an override or a swap; one that has begun ends now", Access: responder, Path: "/rosters/{roster}/shifts/{id}/undo", CLI: "undo"}, (*Call).undoShift),
		op(c, muster.Op{Name: "WriteHandover", Summary: "Write what those who follow on call should know", Access: responder, Path: "/rosters/{roster}/handovers", CLI: "handover write", Chat: "handover"}, (*Call).writeHandover),
		op(c, muster.Op{Name: "AcceptWarning", Summary: "Accept a warning about a roster, with a reason and an end", Access: responder, Path: "/rosters/{roster}/acceptances", CLI: "warning accept", Status: 201}, (*Call).acceptWarning),
		op(c, muster.Op{Name: "WithdrawAcceptance", Summary: "Have an accepted warning shown again", Access: responder, Method: "DELETE", Path: "/rosters/{roster}/acceptances", CLI: "warning withdraw", Status: 204}, (*Call).withdrawAcceptance),
		op(c, muster.Op{Name: "PutDocument", Summary: "Write a document of the catalog", Access: responder, Method: "PUT", Path: "/{kind}/{name}"}, (*Call).putDocument),
		op(c, muster.Op{Name: "RevertDocument", Summary: "Write a document again as it stood at an older revision", Access: responder, Path: "/{kind}/{name}/revert", CLI: "revert"}, (*Call).revertDocument),
		op(c, muster.Op{Name: "DeleteDocument", Summary: "Remove a document from the catalog", Access: responder, Method: "DELETE", Path: "/{kind}/{name}", CLI: "delete", Status: 204}, (*Call).deleteDocument),
		op(c, muster.Op{Name: "ApplyDocuments", Summary: "Write many documents at once: all of them or none", Access: responder, Path: "/apply"}, (*Call).applyDocuments),
		op(c, muster.Op{Name: "ProposeChange", Summary: "Keep a change of documents for a second person to approve", Access: responder, Path: "/changes", Status: 201}, (*Call).proposeChange),
		op(c, muster.Op{Name: "ApproveChange", Summary: "Approve a proposed change of somebody else: it is written", Access: responder, Path: "/changes/{change}/approve", CLI: "change approve"}, (*Call).approveChange),
		op(c, muster.Op{Name: "RejectChange", Summary: "Reject a proposed change, or take back your own", Access: responder, Path: "/changes/{change}/reject", CLI: "change reject"}, (*Call).rejectChange),
		op(c, muster.Op{Name: "AddContact", Summary: "Add a contact method of a person", Access: responder, Path: "/users/{user}/contacts", CLI: "contact add", Status: 201}, (*Call).addContact),
		op(c, muster.Op{Name: "RemoveContact", Summary: "Remove a contact method", Access: responder, Method: "DELETE", Path: "/contacts/{contact}", CLI: "contact remove", Status: 204}, (*Call).removeContact),
		op(c, muster.Op{Name: "TestContact", Summary: "Send a test to a contact method: its link verifies it", Access: responder, Path: "/contacts/{contact}/test", CLI: "contact test", Status: 204}, (*Call).testContact),
		op(c, muster.Op{Name: "MarkNotice", Summary: "Mark a notice of yours as seen", Access: viewer, Path: "/notices/{notice}/seen", CLI: "notice seen"}, (*Call).markNotice),
		op(c, muster.Op{Name: "MarkNotices", Summary: "Mark all of your notices as seen", Access: viewer, Path: "/notices/seen", CLI: "notice seen-all", Status: 204}, (*Call).markNotices),
		op(c, muster.Op{Name: "TestConnector", Summary: "Send a test message through a connector", Access: responder, Path: "/connectors/{connector}/test", CLI: "connector test", Status: 204}, (*Call).testConnector),
		op(c, muster.Op{Name: "PutSecret", Summary: "Store a secret that connectors refer to", Access: admin, Method: "PUT", Path: "/secrets/{name}", Status: 204}, (*Call).putSecret),
		op(c, muster.Op{Name: "CreateKey", Summary: "Make an API key", Access: responder, Path: "/keys", CLI: "key create", Status: 201}, (*Call).createKey),
		op(c, muster.Op{Name: "RevokeKey", Summary: "End an API key", Access: responder, Method: "DELETE", Path: "/keys/{key}", CLI: "key revoke", Status: 204}, (*Call).revokeKey),
	}
}
