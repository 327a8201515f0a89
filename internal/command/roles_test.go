package command_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// cell is what the role matrix needs to know of an operation besides its least role: an input that works, and who may do
// it with that input where the document or the person that it is about decides, too.
type cell struct {
	in   func(w *world, who muster.Actor) any
	also []string // who may, of everybody with the least role; nil: all of them
}

var (
	owners = []string{"owner", "admin"}
	self   = []string{"responder", "admin"} // it is about Rob, who is the responder
)

func matrix() map[string]cell {
	alert := func(w *world, _ muster.Actor) any { return &command.NoteAlert{Alert: w.another()} }
	open := func(w *world) string { return string(w.declare(w.as("ana"), "Something is wrong").Key) }
	resolved := func(w *world) string {
		key := open(w)
		must[*muster.Incident](w, w.as("ana"), "ResolveIncident", command.NoteIncident{Incident: key})
		return key
	}
	review := func(w *world) *muster.Review {
		return must[*muster.Review](w, w.as("ana"), "OpenReview", command.OneIncident{Incident: resolved(w)})
	}
	noted := func(w *world, _ muster.Actor) any { return &command.NoteIncident{Incident: open(w)} }
	text := func(w *world, _ muster.Actor) any { return &command.StatusText{Text: "We know"} }
	contact := func(w *world) muster.ContactID {
		w.serial++
		return must[*muster.Contact](w, w.as("ana"), "AddContact", command.AddContact{User: "rob", Method: fmt.Sprintf("m-%d", w.serial), Connector: "phone"}).ID
	}
	asked := func(w *world, who muster.Actor) any {
		by := w.turnsOf(muster.Actor{User: other(who)})
		to := cmp.Or(who.User, "ana")
		if who.Access == muster.AccessViewer {
			to = "ana" // a viewer takes no shift
		}
		return &command.AnswerSwap{Swap: must[*muster.SwapRequest](w, w.as(by), "RequestSwap", command.RequestSwap{Roster: "storefront", To: to}).ID}
	}
	proposed := func(w *world, who muster.Actor) *muster.Proposal { // by somebody else
		by := muster.UserName("ana")
		if who.User == by {
			by = "olga"
		}
		w.serial++
		text := strings.ReplaceAll(two, "Look at", fmt.Sprintf("For the %d. time, look at", w.serial))
		return must[*muster.Proposal](w, w.as(by), "ProposeChange", command.ProposeChange{Documents: text})
	}
	return map[string]cell{
		"AckAlert": {in: alert}, "UnackAlert": {in: alert}, "EscalateAlert": {in: alert}, "ResolveAlert": {in: alert}, "ConfirmAlert": {in: alert},
		"RatePage": {in: func(w *world, _ muster.Actor) any {
			return &command.RatePage{Alert: w.another(), Why: "it heals by itself"}
		}},
		"AckPage": {in: func(w *world, _ muster.Actor) any {
			w.put("kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\nstorm: {off: true}\n")
			return &command.AckPage{Page: w.pages(w.another())[0].ID}
		}},
		"SnoozeAlert": {in: func(w *world, _ muster.Actor) any {
			return &command.SnoozeAlert{Alert: w.another(), For: muster.Duration(time.Hour)}
		}},
		"PageResponder": {in: func(w *world, _ muster.Actor) any { return &command.PageResponder{Alert: w.another(), Person: "rob"} }},
		"PageExpert": {in: func(w *world, _ muster.Actor) any {
			w.put(advisers)
			return &command.PageExpert{Incident: open(w), Topic: "weather"}
		}},
		"SilenceAlerts": {in: func(*world, muster.Actor) any {
			return &command.SilenceAlerts{Match: "false", For: muster.Duration(time.Hour), Why: "planned"}
		}},

		"SetHeartbeat": {in: func(*world, muster.Actor) any {
			return &command.SetHeartbeat{URL: "https://watchdog.example/ping/1"}
		}},
		"SetPageTest":     {in: func(*world, muster.Actor) any { return &command.SetPageTest{Weekday: "monday", Hour: new(10)} }},
		"PrintCallSheet":  {in: func(*world, muster.Actor) any { return &command.PrintCallSheet{Days: 3} }},
		"DeclareIncident": {in: func(*world, muster.Actor) any { return &command.DeclareIncident{Title: "Something is wrong"} }},
		"LinkAlert":       {in: func(w *world, _ muster.Actor) any { return &command.LinkAlert{Incident: open(w), Alert: w.another()} }},
		"SetSeverity": {in: func(w *world, _ muster.Actor) any {
			return &command.SetSeverity{Incident: open(w), Severity: muster.SEV1}
		}},
		"SetAnswer": {in: func(w *world, _ muster.Actor) any {
			return &command.SetAnswer{Incident: open(w), Question: muster.QuestionBad, Text: "very"}
		}},
		"AssignRole": {in: func(w *world, _ muster.Actor) any {
			return &command.AssignRole{Incident: open(w), Role: muster.RoleScribe}
		}},
		"StartAction": {in: func(w *world, _ muster.Actor) any { return &command.StartAction{Incident: open(w), Text: "Roll back"} }},
		"FinishAction": {in: func(w *world, _ muster.Actor) any {
			key := open(w)
			inc := must[*muster.Incident](w, w.as("ana"), "StartAction", command.StartAction{Incident: key, Text: "Roll back"})
			return &command.FinishAction{Incident: key, Action: inc.Actions[0].ID}
		}},
		"AddTheory": {in: func(w *world, _ muster.Actor) any { return &command.AddTheory{Incident: open(w), Text: "The release"} }},
		"SetTheory": {in: func(w *world, _ muster.Actor) any {
			key := open(w)
			inc := must[*muster.Incident](w, w.as("ana"), "AddTheory", command.AddTheory{Incident: key, Text: "The release"})
			return &command.SetTheory{Incident: key, Theory: inc.Theories[0].ID, State: muster.TheoryConfirmed}
		}},
		"AddTimelineEntry": {in: func(w *world, _ muster.Actor) any { return &command.AddTimelineEntry{Incident: open(w), Text: "Look"} }},
		"PinEntry": {in: func(w *world, _ muster.Actor) any {
			key := open(w)
			e := must[*muster.Entry](w, w.as("ana"), "AddTimelineEntry", command.AddTimelineEntry{Incident: key, Text: "Look"})
			return &command.PinEntry{Incident: key, Entry: e.ID, Pinned: true}
		}},
		"MarkSeen": {in: func(w *world, _ muster.Actor) any { return &command.OneIncident{Incident: open(w)} }},
		"PostStatusUpdate": {in: func(w *world, _ muster.Actor) any {
			return &command.PostStatusUpdate{Incident: open(w), Known: "We know", In: muster.Duration(time.Hour)}
		}},
		"MitigateIncident": {in: noted}, "ResolveIncident": {in: noted}, "ReopenIncident": {in: noted},
		"CloseIncident": {in: func(w *world, _ muster.Actor) any { return &command.NoteIncident{Incident: resolved(w)} }},

		"OpenStatus": {in: text},
		"UpdateStatus": {in: func(w *world, who muster.Actor) any {
			open(w)
			return text(w, who)
		}},
		"CloseStatus": {in: func(w *world, who muster.Actor) any {
			open(w)
			return text(w, who)
		}},
		"PublishStatusPage": {in: func(*world, muster.Actor) any { return &command.OneStatusPage{Page: "public"} }},

		"OpenReview": {in: func(w *world, _ muster.Actor) any { return &command.OneIncident{Incident: resolved(w)} }},
		"EditReview": {in: func(w *world, _ muster.Actor) any {
			r, summary := review(w), "It is said"
			return &command.EditReview{Review: r.ID, Version: r.Version, Summary: &summary}
		}},
		"AddFinding": {in: func(w *world, _ muster.Actor) any { return &command.AddFinding{Review: review(w).ID, Text: "Learned"} }},
		"AddActionItem": {in: func(w *world, _ muster.Actor) any {
			return &command.AddActionItem{Review: review(w).ID, Text: "Better", Owner: "rob"}
		}},
		"FinishActionItem": {in: func(w *world, _ muster.Actor) any {
			r := must[*muster.Review](w, w.as("ana"), "AddActionItem", command.AddActionItem{Review: review(w).ID, Text: "Better"})
			return &command.FinishActionItem{Review: r.ID, Item: r.ActionItems[0].ID}
		}},
		"PublishReview": {in: func(w *world, _ muster.Actor) any { return &command.OneReview{Review: review(w).ID} }},

		"OverrideShift": {in: func(*world, muster.Actor) any {
			return &command.OverrideShift{Roster: "storefront", People: []muster.UserName{"rob"}, Until: muster.At(time.Now().Add(time.Hour))}
		}},
		"TakePager": {in: func(*world, muster.Actor) any { return &command.TakePager{Roster: "storefront"} }},
		"RequestSwap": {in: func(w *world, who muster.Actor) any {
			w.turnsOf(who)
			return &command.RequestSwap{Roster: "storefront"}
		}},
		"OfferCover": {in: func(w *world, who muster.Actor) any {
			return &command.OfferCover{Roster: "storefront", Person: w.turnsOf(muster.Actor{User: other(who)})}
		}},
		"ArrangeSwap": {also: owners, in: func(w *world, _ muster.Actor) any {
			w.turnsOf(w.as("rob"))
			return &command.ArrangeSwap{Roster: "storefront", Person: "rob", To: "olga"}
		}},
		"AcceptSwap":  {in: asked},
		"DeclineSwap": {in: asked},
		"WithdrawSwap": {also: append(slices.Clone(self), "owner"), in: func(w *world, _ muster.Actor) any {
			w.turnsOf(w.as("rob"))
			return &command.AnswerSwap{Swap: must[*muster.SwapRequest](w, w.as("rob"), "RequestSwap", command.RequestSwap{Roster: "storefront"}).ID}
		}},
		"UndoShift": {also: []string{"responder", "owner", "admin"}, in: func(w *world, _ muster.Actor) any {
			w.turnsOf(w.as("rob"))
			o := must[*muster.Override](w, w.as("rob"), "OverrideShift", command.OverrideShift{
				Roster: "storefront", People: []muster.UserName{"olga"}, From: muster.At(time.Now().Add(time.Hour)), Until: muster.At(time.Now().Add(2 * time.Hour)),
			})
			return &command.UndoShift{Roster: "storefront", ID: o.ID}
		}},
		"WriteHandover": {also: []string{"responder", "owner", "admin"}, in: func(w *world, _ muster.Actor) any { // the responder is on call
			w.turnsOf(w.as("rob"))
			return &command.WriteHandover{Roster: "storefront", Text: "All is well"}
		}},
		"AcceptWarning": {also: owners, in: func(*world, muster.Actor) any {
			return &command.AcceptWarning{Roster: "storefront", Kind: "long_shift", Why: "a small team", Until: muster.At(time.Now().Add(time.Hour))}
		}},
		"WithdrawAcceptance": {also: owners, in: func(w *world, _ muster.Actor) any {
			must[*muster.Acceptance](w, w.as("ana"), "AcceptWarning", command.AcceptWarning{
				Roster: "storefront", Kind: "long_shift", Why: "a small team", Until: muster.At(time.Now().Add(time.Hour)),
			})
			return &command.WithdrawAcceptance{Roster: "storefront", Kind: "long_shift"}
		}},
		"RevertDocument": {also: owners, in: func(w *world, _ muster.Actor) any {
			w.put(two)
			at := w.commands.Live.Current().Catalog.Revision
			w.put(strings.ReplaceAll(two, "Look at", "Do not look at"))
			return &command.RevertDocument{Kind: muster.KindRunbooks, Name: "cart", Revision: at}
		}},
		"PutDocument": {also: owners, in: func(w *world, who muster.Actor) any {
			return &command.PutDocument{Kind: muster.KindRunbooks, Name: "cart", Body: runbook(w, "For "+who.Name), Any: true}
		}},
		"DeleteDocument": {also: owners, in: func(w *world, _ muster.Actor) any {
			w.put(two)
			return &command.OneDocument{Kind: muster.KindRunbooks, Name: "cart", Any: true}
		}},
		"ApplyDocuments": {also: owners, in: func(_ *world, who muster.Actor) any {
			return &command.ApplyDocuments{Documents: strings.ReplaceAll(two, "Look at", "As "+who.Name+" says, look at")}
		}},
		"ProposeChange": {also: owners, in: func(_ *world, who muster.Actor) any {
			return &command.ProposeChange{Documents: strings.ReplaceAll(two, "Look at", "For a proposal of "+who.Name+", look at")}
		}},
		"ApproveChange": {also: owners, in: func(w *world, who muster.Actor) any { return &command.DecideChange{Change: proposed(w, who).ID} }},
		"RejectChange":  {also: owners, in: func(w *world, who muster.Actor) any { return &command.DecideChange{Change: proposed(w, who).ID} }},
		"AddContact": {also: self, in: func(w *world, _ muster.Actor) any {
			w.serial++
			return &command.AddContact{User: "rob", Method: fmt.Sprintf("m-%d", w.serial), Connector: "phone"}
		}},
		"RemoveContact": {also: self, in: func(w *world, _ muster.Actor) any { return &command.RemoveContact{Contact: contact(w)} }},
		"TestContact": {also: self, in: func(w *world, _ muster.Actor) any {
			of := read(w, func(r store.Reader) (map[muster.UserName][]muster.Contact, error) {
				return r.ContactsOf([]muster.UserName{"rob"})
			})
			return &command.OneContact{Contact: of["rob"][0].ID}
		}},
		"MarkNotice": {in: func(w *world, who muster.Actor) any {
			return &command.OneNotice{Notice: w.notice(cmp.Or(who.User, "rob")).ID}
		}},
		"MarkNotices": {in: func(*world, muster.Actor) any { return &muster.Nothing{} }},
		"ReplaySignal": {in: func(w *world, _ muster.Actor) any {
			return &command.ReplaySignal{Signal: w.unread("monitoring", "email", `{"title":"It burns"}`).ID, Format: "generic"}
		}},
		"DismissSignal": {in: func(w *world, _ muster.Actor) any {
			return &command.DismissSignal{Signal: w.unread("monitoring", "generic", "no JSON").ID, Why: "a test"}
		}},
		"TestConnector": {also: owners, in: func(*world, muster.Actor) any { return &command.TestConnector{Connector: "phone"} }},
		"PutSecret":     {in: func(*world, muster.Actor) any { return &command.PutSecret{Name: "token", Value: "s"} }},
		"CreateKey": {also: owners, in: func(*world, muster.Actor) any {
			return &command.CreateKey{Name: "A monitor", Source: "monitoring"}
		}},
		"RevokeKey": {also: self, in: func(w *world, _ muster.Actor) any {
			return &command.RevokeKey{Key: must[*command.NewKey](w, w.as("ana"), "CreateKey", command.CreateKey{Name: "Rob's", User: "rob"}).ID}
		}},
	}
}

// Every operation of the table, for everybody: denied or allowed as the table says. An operation without a cell fails.
func TestTheRoleMatrix(t *testing.T) {
	bubble(t, func(w *world) {
		cells := matrix()
		maps.Copy(cells, calendarMatrix())
		people := map[string]muster.Actor{
			"nobody": {}, "viewer": w.as("vic"), "responder": w.as("rob"), "owner": w.as("olga"), "admin": w.as("ana"),
		}
		if a := people["owner"]; a.Access != muster.AccessTeamOwner || !slices.Equal(a.Teams, []muster.TeamName{"storefront"}) {
			w.Fatalf("Olga is %s of %v", a.Access, a.Teams)
		}
		for _, op := range w.commands.Ops() {
			c, ok := cells[op.Name]
			if !ok {
				w.Errorf("%s has no cell in the matrix: say with which input it works, and for whom", op.Name)
				continue
			}
			delete(cells, op.Name)
			for _, role := range []string{"nobody", "viewer", "responder", "owner", "admin"} {
				who := people[role]
				in := c.in(w, who)
				if reflect.TypeOf(in).Elem() != op.In {
					w.Fatalf("%s takes a %s", op.Name, op.In)
				}
				_, err := op.Exec(w.Context(), who, in)
				code, want := muster.CodeOf(err), muster.Code("")
				switch {
				case role == "nobody":
					want = muster.ErrUnauthenticated
				case !who.Access.AtLeast(op.Access), c.also != nil && !slices.Contains(c.also, role):
					want = muster.ErrForbidden
				}
				if code != want {
					w.Errorf("%s as %s gave %v, want %q", op.Name, role, err, want)
				}
			}
		}
		for name := range cells {
			w.Errorf("the matrix has a cell for %s, which is no operation", name)
		}
	})
}

// Whoever may not do something learns nothing about what it is about: the role is asked before the input.
func TestTheRoleIsAskedFirst(t *testing.T) {
	bubble(t, func(w *world) {
		for _, op := range w.commands.Ops() {
			for _, who := range []muster.Actor{{}, w.as("vic"), w.as("rob")} {
				_, err := op.Exec(w.Context(), who, reflect.New(op.In).Interface())
				code := muster.CodeOf(err)
				switch allowed := who.Access.AtLeast(op.Access); {
				case who.Access == "" && code != muster.ErrUnauthenticated:
					w.Errorf("%s by nobody gave %v", op.Name, err)
				case who.Access != "" && !allowed && code != muster.ErrForbidden:
					w.Errorf("%s by a %s gave %v", op.Name, who.Access, err)
				case allowed && (code == muster.ErrUnauthenticated || code == muster.ErrInternal):
					w.Errorf("%s with nothing filled in gave %v", op.Name, err)
				}
			}
		}
	})
}

func TestEveryOperationSaysWhatItIs(t *testing.T) {
	bubble(t, func(w *world) {
		names, paths := map[string]bool{}, map[string]bool{}
		for _, op := range w.commands.Ops() {
			if names[op.Name] || paths[op.Method+op.Path] || op.Summary == "" || op.Access == "" || op.Path == "" || op.Status == 0 {
				w.Errorf("%s is incomplete, or not the only one: %+v", op.Name, op)
			}
			names[op.Name], paths[op.Method+op.Path] = true, true
			for f := range op.In.Fields() {
				if f.IsExported() && f.Tag.Get("json") == "" {
					w.Errorf("%s.%s has no name outside", op.Name, f.Name)
				}
				if p := f.Tag.Get("path"); p != "" && !strings.Contains(op.Path, "{"+p+"}") {
					w.Errorf("%s takes %s from the path, which is %s", op.Name, p, op.Path)
				}
			}
		}
	})
}

// An operation that was run by the wrong hands wrote nothing.
func TestARefusalWritesNothing(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.fire("cart")
		before, err := json.Marshal(w.alert(id))
		w.ok(err)
		for _, op := range []string{"AckAlert", "EscalateAlert", "ResolveAlert"} {
			refused[*muster.Alert](w, muster.ErrForbidden, w.as("vic"), op, command.NoteAlert{Alert: id})
			refused[*muster.Alert](w, muster.ErrUnauthenticated, muster.Actor{Name: "Nobody"}, op, command.NoteAlert{Alert: id})
		}
		after, err := json.Marshal(w.alert(id))
		w.ok(err)
		if string(before) != string(after) {
			w.Errorf("the alert was\n%s\nand is\n%s", before, after)
		}
	})
}
