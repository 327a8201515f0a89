package command_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// lone pages the roster and nobody else.
const lone = `
kind: policy
name: urgent
title: Urgent
team: storefront
steps:
  - {targets: [{roster: storefront}], wait: 5m}
---
kind: user
name: kim
display: Kim
zone: UTC
`

// shifts is the roster with other people.
func shifts(people string) string {
	return `
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: first, role: primary, zone: UTC, every: 1, unit: day, handoff: "09:00", start: "1999-12-27", people: [` + people + `]}
`
}

func apply(w *world, who muster.UserName, text, accept string) error {
	w.Helper()
	_, err := do[*command.Applied](w, w.as(who), "ApplyDocuments", command.ApplyDocuments{Documents: text, Accept: accept})
	return err
}

func (w *world) gated(err error, says ...string) {
	w.Helper()
	if muster.CodeOf(err) != muster.ErrConflict {
		w.Fatalf("the gate let it pass: %v", err)
	}
	for _, s := range append(says, "would reach nobody", `accept: "reaches-nobody"`, "Nothing was written") {
		if !strings.Contains(err.Error(), s) {
			w.Errorf("%q is not said: %s", s, err)
		}
	}
}

func (w *world) revision() muster.Revision {
	w.Helper()
	return read(w, func(r store.Reader) (muster.Revision, error) { return r.Head() })
}

func newestDoc(w *world, ref string) muster.DocRevision {
	w.Helper()
	k, name, _ := muster.SplitDocRef(ref)
	return read(w, func(r store.Reader) ([]muster.DocRevision, error) { return r.DocHistory(k, name, store.List{Limit: 1}) })[0]
}

// Every change passes the gate: documents, one of them, a removal, somebody who leaves, another policy.
func TestTheGateRefusesWhatReachesNobody(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		before := w.revision()
		for _, err := range []error{
			apply(w, "olga", shifts("rob, nobody"), ""), // every other day
			apply(w, "olga", shifts("kim"), ""),         // who has no contact method
			apply(w, "ana", strings.ReplaceAll(lone, "roster: storefront", "user: kim"), ""),
		} {
			w.gated(err, "Shopping cart", "Rob would be")
		}
		if err := apply(w, "olga", shifts("rob, nobody"), "yes"); muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(explain(err), "the word is reaches-nobody") {
			t.Error(err)
		}
		if w.revision() != before {
			t.Error("something was written")
		}
		// Whoever may not write it is told that, and nothing else.
		if err := apply(w, "rob", shifts("rob, nobody"), ""); muster.CodeOf(err) != muster.ErrForbidden {
			t.Error(err)
		}
		// What loses nobody passes without a word.
		w.ok(apply(w, "olga", shifts("rob, olga"), ""))
		// Somebody leaves, and half of the days with them.
		leave := "kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\ndisabled: true\n"
		w.gated(apply(w, "ana", leave, ""), "Rob would be")
		w.ok(apply(w, "olga", shifts("olga"), ""))
		w.ok(apply(w, "ana", leave, ""))
	})
}

// Who has nothing but what goes through a connector cannot be paged without it.
func TestTheGateGuardsConnectors(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		remove := func(name, accept string) error {
			_, err := do[muster.Nothing](w, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindConnectors, Name: name, Any: true, Accept: accept})
			return err
		}
		w.ok(remove("mail", "")) // the phone is left
		before := w.revision()
		w.gated(remove("phone", ""), "Shopping cart", "Rob would be")
		if w.revision() != before {
			t.Error("something was written")
		}
		w.ok(remove("phone", "reaches-nobody"))
	})
}

// The word is kept with the revision and in the security log.
func TestTheWordIsKept(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		must[*command.Applied](w, w.as("olga"), "ApplyDocuments", command.ApplyDocuments{Documents: shifts("rob, nobody"), Why: "We close.", Accept: "reaches-nobody"})
		if got := newestDoc(w, "rosters/storefront").Why; got != "We close (accepted: reaches-nobody)" {
			t.Errorf("%q", got)
		}
		row := read(w, func(r store.Reader) ([]*muster.AuditEntry, error) { return r.Audit(store.List{Limit: 1}) })[0]
		if row.Facts["accepted"] != "accepted: reaches-nobody" || row.By.User != "olga" {
			t.Errorf("%+v", row)
		}
		// The word that was not needed is not kept.
		must[*command.Applied](w, w.as("olga"), "ApplyDocuments", command.ApplyDocuments{Documents: shifts("rob"), Why: "We open.", Accept: "reaches-nobody"})
		if got := newestDoc(w, "rosters/storefront").Why; got != "We open." {
			t.Errorf("%q", got)
		}
	})
}

// Two pages of last week would have reached nobody: said, although the weeks to come are covered.
func TestTheGatePlaysThePast(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put("kind: service\nname: till\ntitle: Till\nteam: storefront\npolicy: urgent\n---\nkind: policy\nname: quiet\ntitle: Quiet\nteam: storefront\nsteps:\n  - {targets: [{user: kim}], wait: 5m}\n")
		ids := []muster.AlertID{w.fire("tills burn"), w.fire("tills melt"), w.fire("carts melt")}
		pass(7 * 24 * time.Hour)
		route := "kind: route\nname: tills\norder: 1\nmatch: title.contains(\"tills\")\npolicy: quiet\n"
		err := apply(w, "ana", route, "")
		w.gated(err, `"Failures: tills melt" of Sat 1 Jan 2000 00:00 UTC would have reached nobody on call instead of Rob`, "2 of the last 3 alerts")
		if w.alert(ids[0]).Status != muster.AlertOpen {
			t.Error("the past was changed")
		}
		w.ok(apply(w, "ana", strings.ReplaceAll(route, "quiet", "urgent"), ""))
	})
}

// The verdict is about one revision: a change that came between is judged with it.
func TestTheVerdictIsMadeAgain(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob, olga"))
		var errs []error
		for range 4 {
			done := make(chan error, 2)
			go func() { done <- apply(w, "ana", shifts("rob, nobody"), "") }()
			go func() { done <- apply(w, "ana", shifts("nobody, rob"), "") }()
			errs = append(errs, <-done, <-done)
		}
		for _, err := range errs {
			if muster.CodeOf(err) != muster.ErrConflict {
				t.Error(err)
			}
		}
		// The second of two, each of which is harmless alone.
		w.put("kind: policy\nname: urgent\ntitle: Urgent\nteam: storefront\nsteps:\n  - {targets: [{user: rob}, {user: olga}], wait: 5m}\n")
		gone := func(u, display string) string {
			return fmt.Sprintf("kind: user\nname: %s\ndisplay: %s\nzone: UTC\ndisabled: true\n", u, display)
		}
		done := make(chan error, 2)
		go func() { done <- apply(w, "ana", gone("rob", "Rob"), "") }()
		go func() { done <- apply(w, "ana", gone("olga", "Olga"), "") }()
		if a, b := <-done, <-done; (a == nil) == (b == nil) {
			t.Errorf("%v and %v: one may leave, not both", a, b)
		}
	})
}

// A second person approves what the gate refused.
func TestASecondPersonApproves(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		propose := func(who muster.UserName, text string) *muster.Proposal {
			return must[*muster.Proposal](w, w.as(who), "ProposeChange", command.ProposeChange{Documents: text, Why: "We close."})
		}
		p := propose("olga", shifts("rob, nobody"))
		if len(p.Dangers) == 0 || !strings.Contains(p.Dangers[0], "Shopping cart") || !strings.Contains(p.Summary, "gaps open") || p.Base["rosters/storefront"] == 0 {
			t.Errorf("%+v", p)
		}
		in := command.DecideChange{Change: p.ID, Note: "fine"}
		refused[*muster.Proposal](w, muster.ErrConflict, w.as("olga"), "ApproveChange", in)
		refused[*muster.Proposal](w, muster.ErrForbidden, w.as("rob"), "ApproveChange", in)
		refused[*muster.Proposal](w, muster.ErrForbidden, muster.Actor{Name: "A key", Machine: true, Access: muster.AccessAdmin}, "ApproveChange", in)
		p = must[*muster.Proposal](w, w.as("ana"), "ApproveChange", in)
		if doc := newestDoc(w, "rosters/storefront"); p.Status != muster.ProposalApproved || doc.Why != "We close (proposed by Olga, approved by Ana)" || doc.Revision != p.Revision || doc.By.User != "ana" {
			t.Errorf("%+v\n%+v", p, doc)
		}
		refused[*muster.Proposal](w, muster.ErrConflict, w.as("ana"), "ApproveChange", in)
		// What was changed since is not approved blindly.
		p = propose("olga", shifts("rob"))
		w.ok(apply(w, "ana", shifts("rob, olga"), ""))
		_, err := do[*muster.Proposal](w, w.as("ana"), "ApproveChange", command.DecideChange{Change: p.ID})
		if muster.CodeOf(err) != muster.ErrConflict || !strings.Contains(err.Error(), "rosters/storefront was changed since this was proposed") {
			t.Error(err)
		}
		// What has become a loss since, by a change of something else, is not approved unseen.
		w.ok(apply(w, "ana", shifts("rob"), ""))
		safe := propose("olga", shifts("olga, rob"))
		leave := "kind: user\nname: olga\ndisplay: Olga\nzone: UTC\ndisabled: true\n"
		must[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: leave})
		_, err = do[*muster.Proposal](w, w.as("ana"), "ApproveChange", command.DecideChange{Change: safe.ID})
		if len(safe.Dangers) != 0 || muster.CodeOf(err) != muster.ErrConflict || !strings.Contains(err.Error(), "lost nobody when it was proposed") {
			t.Errorf("%+v: %v", safe.Dangers, err)
		}
		must[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: strings.Replace(leave, "true", "false", 1)})
		w.ok(apply(w, "ana", shifts("rob, olga"), ""))
		refused[*muster.Proposal](w, muster.ErrForbidden, w.as("rob"), "RejectChange", command.DecideChange{Change: p.ID})
		must[*muster.Proposal](w, w.as("olga"), "RejectChange", command.DecideChange{Change: p.ID})
		refused[*muster.Proposal](w, muster.ErrConflict, w.as("ana"), "ApproveChange", command.DecideChange{Change: p.ID})
		refused[*muster.Proposal](w, muster.ErrNotFound, w.as("ana"), "ApproveChange", command.DecideChange{Change: "chg_00000000000000000000000000000000"})
		refused[*muster.Proposal](w, muster.ErrConflict, w.as("olga"), "ProposeChange", command.ProposeChange{Documents: shifts("rob, olga")})
		refused[*muster.Proposal](w, muster.ErrInvalid, w.as("olga"), "ProposeChange", command.ProposeChange{})
		refused[*muster.Proposal](w, muster.ErrInvalid, w.as("olga"), "ProposeChange", command.ProposeChange{Remove: []string{"rosters/x"}})
		refused[*muster.Proposal](w, muster.ErrInvalid, w.as("ana"), "ProposeChange", command.ProposeChange{Remove: []string{"rosters/storefront"}}) // the policy names it
	})
}

// An override to nobody states its gap; one to somebody who cannot be paged does not.
func TestOverridesAtTheGate(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		until := muster.At(time.Now().Add(2 * time.Hour))
		must[*muster.Override](w, w.as("olga"), "OverrideShift", command.OverrideShift{Roster: "storefront", Until: until, Why: "stocktaking"})
		_, err := do[*muster.Override](w, w.as("rob"), "OverrideShift", command.OverrideShift{Roster: "storefront", People: []muster.UserName{"kim"}, From: until, Until: until.Plus(time.Hour)})
		w.gated(err, "Shopping cart")
		must[*muster.Override](w, w.as("rob"), "OverrideShift", command.OverrideShift{Roster: "storefront", People: []muster.UserName{"olga"}, From: until, Until: until.Plus(time.Hour)})
	})
}

// To leave a policy without anybody needs an owner, by whatever word; and an operation that takes no word does not ask for one.
func TestOnlyOwnersLeaveShiftsToWhoCannotBeReached(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		w.put("kind: user\nname: kim\ndisplay: Kim\nzone: UTC\n") // has no contact method yet
		until := muster.At(time.Now().Add(2 * time.Hour))
		in := command.OverrideShift{Roster: "storefront", People: []muster.UserName{"kim"}, Until: until, Accept: "reaches-nobody"}
		if _, err := do[*muster.Override](w, w.as("rob"), "OverrideShift", in); muster.CodeOf(err) != muster.ErrForbidden {
			t.Errorf("rob owns no team: %v", err)
		}
		_, err := do[*command.Taken](w, w.as("kim"), "TakePager", command.TakePager{Roster: "storefront", Until: until})
		if muster.CodeOf(err) != muster.ErrConflict || command.Gated(err) || strings.Contains(err.Error(), "send accept") || !strings.Contains(err.Error(), "ask an owner of the team") {
			t.Errorf("%v", err)
		}
		o := must[*muster.Override](w, w.as("olga"), "OverrideShift", in)
		if _, err := do[*command.Undone](w, w.as("kim"), "UndoShift", command.UndoShift{Roster: "storefront", ID: o.ID}); err != nil {
			t.Errorf("to have Rob back loses nobody: %v", err)
		}
	})
}

// A dry run ends as the run would.
func TestADryRunIsRefusedAsTheRunWouldBe(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		before := w.revision()
		dry := func(text, accept string) error {
			_, err := do[*command.Applied](w, w.as("olga"), "ApplyDocuments", command.ApplyDocuments{Documents: text, Accept: accept, DryRun: true})
			return err
		}
		w.gated(dry(shifts("rob, nobody"), ""), "Shopping cart")
		w.ok(dry(shifts("rob, nobody"), "reaches-nobody"))
		w.ok(dry(shifts("rob, olga"), ""))
		if w.revision() != before {
			t.Error("something was written")
		}
	})
}

// What an edit does in many months is seen, too, as far as its documents name a day.
func TestTheGateLooksAsFarAsTheDocumentsSay(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		ends := func(day string) string {
			return strings.Replace(shifts("rob"), `start: "1999-12-27"`, `start: "1999-12-27", until: "`+day+`"`, 1)
		}
		w.gated(apply(w, "olga", ends("2000-11-01"), ""), "From Wed 1 Nov 2000", "What comes after 17 Dec 2000 was not looked at")
		w.ok(apply(w, "olga", ends("2002-11-01"), "")) // too far to matter yet
	})
}

// Policies may page a team: whoever leaves it, or looks on from now on, is judged. Kim, who is left, cannot be paged.
func TestTheGateGuardsTeams(t *testing.T) {
	bubble(t, func(w *world) {
		person := func(more string) string {
			return "kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\n" + more
		}
		w.put(shifts("olga"))
		w.put(person("teams: [storefront]\n"))
		w.put(strings.ReplaceAll(lone, "roster: storefront", "team: storefront") + "teams: [storefront]\n")
		before := w.revision()
		for _, more := range []string{"", "teams: [warehouse]\n", "teams: [storefront]\naccess: viewer\n"} {
			w.gated(apply(w, "ana", person(more), ""), "Shopping cart", "Rob would be")
		}
		if w.revision() != before {
			t.Error("something was written")
		}
		w.ok(apply(w, "ana", person("teams: [warehouse, storefront]\n"), ""))
		w.put("kind: user\nname: olga\ndisplay: Olga\nzone: UTC\nteams: [storefront]\n")
		w.ok(apply(w, "ana", person("access: viewer\n"), "")) // Olga is left
	})
}

// Hours of one's own rules are judged; they never leave anybody unreached.
func TestTheGateLooksAtHoursOfRules(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		p := must[*muster.Proposal](w, w.as("ana"), "ProposeChange", command.ProposeChange{Documents: "kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\n" +
			"notify:\n  - {method: phone, hours: [{from: \"22:00\", to: \"23:00\"}]}\n"})
		if len(p.Dangers) != 0 || strings.Contains(p.Summary, "does not matter") {
			t.Errorf("%v: %s", p.Dangers, p.Summary)
		}
	})
}
