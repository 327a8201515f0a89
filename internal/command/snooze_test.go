package command_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// policy writes the policy of the story: steps in YAML, and what else it says.
func (w *world) policy(steps string, more ...string) {
	w.Helper()
	w.put("kind: policy\nname: urgent\ntitle: Urgent\nteam: storefront\n" + strings.Join(append(more, ""), "\n") + "steps:\n" + steps)
}

func (w *world) hears(id muster.AlertID, want string) {
	w.Helper()
	if all := strings.Join(w.heard(store.TimelineFilter{Alert: id}), "\n"); !strings.Contains(all, want) {
		w.Errorf("the timeline does not say %q:\n%s", want, all)
	}
}

func TestASnoozeEndsAndPagesAgain(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		a := must[*muster.Alert](w, w.as("rob"), "SnoozeAlert", command.SnoozeAlert{Alert: id, For: muster.Duration(2 * time.Hour), Note: "after the deploy"})
		if a.Status != muster.AlertAcknowledged || a.Snooze == nil || a.Snooze.By.User != "rob" || a.NextWakeAt != a.Snooze.Until {
			w.Fatalf("the alert is %s, %+v, wakes at %s", a.Status, a.Snooze, a.NextWakeAt)
		}
		pass(time.Hour) // longer than the time-out of an acknowledgement
		if n := len(w.who()); n != 1 {
			w.Errorf("%d phones rang while the alert is snoozed", n)
		}
		// Somebody else puts it off for less.
		must[*muster.Alert](w, w.as("olga"), "SnoozeAlert", command.SnoozeAlert{Alert: id, For: muster.Duration(30 * time.Minute)})
		pass(31 * time.Minute)
		if a := w.alert(id); a.Status != muster.AlertOpen || a.Snooze != nil {
			w.Errorf("after the snooze the alert is %s, %+v", a.Status, a.Snooze)
		}
		w.hears(id, "Olga had snoozed it until")
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Rob"}) {
			w.Errorf("the phones of %v rang, want the first step's again", who)
		}
		pages := w.pages(id)
		if why := pages[len(pages)-1].Why; !slices.ContainsFunc(why, func(r muster.Reason) bool { return strings.Contains(r.Text, "Olga had snoozed it until") }) {
			w.Errorf("the page does not say why it comes again: %v", why)
		}
	})
}

func TestASnoozeUntilATimeOfOnesOwnDay(t *testing.T) {
	bubble(t, func(w *world) { // it is midnight UTC on 1 January 2000
		id := w.fire("cart")
		a := must[*muster.Alert](w, w.as("rob"), "SnoozeAlert", command.SnoozeAlert{Alert: id, Until: "9:00"})
		if got := a.Snooze.Until.UTC().Format(time.RFC3339); got != "2000-01-01T08:00:00Z" { // in Berlin
			w.Errorf("snoozed until %s", got)
		}
		a = must[*muster.Alert](w, w.as("rob"), "SnoozeAlert", command.SnoozeAlert{Alert: id, Until: "00:30"}) // it is 01:00 there
		if got := a.Snooze.Until.UTC().Format(time.RFC3339); got != "2000-01-01T23:30:00Z" {
			w.Errorf("snoozed until %s", got)
		}
		for _, in := range []command.SnoozeAlert{
			{Alert: id},
			{Alert: id, For: muster.Duration(time.Second)},
			{Alert: id, For: muster.Duration(48 * time.Hour)},
			{Alert: id, Until: "soon"},
			{Alert: id, Until: "09:00", For: muster.Duration(time.Hour)},
			{Alert: id, Until: "1999-01-01"},
		} {
			refused[*muster.Alert](w, muster.ErrInvalid, w.as("rob"), "SnoozeAlert", in)
		}
		must[*muster.Alert](w, w.as("rob"), "ResolveAlert", command.NoteAlert{Alert: id})
		refused[*muster.Alert](w, muster.ErrConflict, w.as("rob"), "SnoozeAlert", command.SnoozeAlert{Alert: id, For: muster.Duration(time.Hour)})
	})
}

func TestTwoPeopleHaveToAcknowledge(t *testing.T) {
	bubble(t, func(w *world) {
		w.policy("  - {targets: [{roster: storefront}], wait: 5m}\n  - {targets: [{user: ana}], wait: 5m}\n", "acks: 2", "ack_timeout: 30m")
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		refused[*muster.Alert](w, muster.ErrConflict, w.as("rob"), "SnoozeAlert", command.SnoozeAlert{Alert: id, For: muster.Duration(time.Hour)})
		a := must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		if a.Status != muster.AlertOpen || len(a.Acks) != 1 || a.AcksNeeded != 2 {
			w.Fatalf("after the first: %s, %+v of %d", a.Status, a.Acks, a.AcksNeeded)
		}
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id}) // nothing new
		w.hears(id, "Rob acknowledged (1 of 2)")
		pass(6 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Ana"}) {
			w.Errorf("the phones of %v rang: Rob's mail is not needed any more, and Ana is next", who)
		}
		must[*muster.Alert](w, w.as("rob"), "UnackAlert", command.NoteAlert{Alert: id})
		w.hears(id, "Rob took their acknowledgement back (0 of 2)")
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		if a = must[*muster.Alert](w, w.as("ana"), "AckAlert", command.NoteAlert{Alert: id}); a.Status != muster.AlertAcknowledged || a.AcknowledgedBy.User != "ana" {
			w.Errorf("after the second the alert is %s by %+v", a.Status, a.AcknowledgedBy)
		}
		pass(31 * time.Minute)
		if a := w.alert(id); a.Status != muster.AlertOpen || len(a.Acks) != 0 {
			w.Errorf("after the time-out the alert is %s, %+v", a.Status, a.Acks)
		}
	})
}

func TestPeopleTakeTurnsAlertByAlert(t *testing.T) {
	bubble(t, func(w *world) {
		w.policy("  - {targets: [{user: rob}, {user: olga}, {user: ana}], wait: 5m, round_robin: true}\n")
		w.start()
		var want []string
		for _, name := range []string{"Rob", "Olga", "Ana", "Rob"} {
			id := w.another()
			pass(time.Second)
			must[*muster.Alert](w, w.as("olga"), "ResolveAlert", command.NoteAlert{Alert: id})
			want = append(want, name)
		}
		// A set of signals is one transaction: each takes its turn.
		w.send("monitoring", signal("a", muster.SignalFiring), signal("b", muster.SignalFiring))
		pass(time.Second)
		who := w.who()
		last := who[len(want):]
		slices.Sort(last)
		if !slices.Equal(who[:len(want)], want) || !slices.Equal(last, []string{"Ana", "Olga"}) {
			w.Errorf("the phones of %v rang", who)
		}
	})
}

func TestARoomIsToldAndPagingGoesOn(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: connector\nname: ops\ntype: room\nsettings: {url: x}\n---\nkind: connector\nname: managers\ntype: room\nsettings: {url: x}\n")
		w.policy("  - {targets: [{connector: ops}]}\n  - {targets: [{user: rob}, {connector: managers}], wait: 5m}\n")
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("the phones of %v rang", who)
		}
		notes := w.phones.told()
		if len(notes) != 2 || notes[0].Title != "Failures: cart" || !strings.Contains(notes[0].Text, "Muster paged Rob.") {
			w.Errorf("the rooms were told %+v", notes)
		}
		w.hears(id, "Muster told ops and managers")
		w.hears(id, "Step 1 of 2 informs and reaches nobody, so Muster goes on at once.")
	})
}

func TestWhatTakesNoMessagesIsNoRoom(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: connector\nname: table\ntype: azure-table\n")
		for path, text := range map[string]string{
			"steps[1].targets[1].connector": "steps: [{targets: [{user: rob}], wait: 5m}, {targets: [{user: ana}, {connector: table}], wait: 5m}]\n",
			"fallback[0].connector":         "steps: [{targets: [{user: rob}], wait: 5m}]\nfallback: [{connector: table}]\n",
		} {
			_, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: "kind: policy\nname: urgent\ntitle: Urgent\nteam: storefront\n" + text})
			if err == nil || !strings.Contains(explain(err), path+": table (azure-table) takes no messages") {
				w.Errorf("%s: %v", path, err)
			}
		}
		w.put("kind: connector\nname: sms\ntype: sms\n---\nkind: connector\nname: bare\ntype: room\n")
		for name, says := range map[string]string{
			"sms":  "sms (sms) needs the address of a person, a number, and a step tells a room: name a connector that posts to one, like a webhook, or the person",
			"bare": "bare (room) has no url of its own, so no room would be told: write it into the settings of the connector",
		} {
			_, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{
				Documents: "kind: policy\nname: urgent\ntitle: Urgent\nteam: storefront\nsteps: [{targets: [{connector: " + name + "}, {user: rob}], wait: 5m}]\n",
			})
			if err == nil || !strings.Contains(explain(err), says) {
				w.Errorf("%s: %v", name, err)
			}
		}
		// What was taken once stays until somebody touches it.
		w.put("kind: connector\nname: bare\ntype: room\nsettings: {url: x}\n")
		w.policy("  - {targets: [{connector: bare}, {user: rob}], wait: 5m}\n")
		_, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: "kind: connector\nname: bare\ntype: room\n"})
		if err == nil || !strings.Contains(explain(err), "no room would be told") {
			w.Errorf("its address is taken away: %v", err)
		}
	})
}

func TestAStepWaitsForTheNextShift(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(`
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: first, role: primary, zone: UTC, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [rob], hours: [{from: "02:00", to: "06:00"}]}
`)
		w.policy("  - {targets: [{roster: storefront}], wait: 5m, hold: 8h}\n  - {targets: [{user: ana}], wait: 5m}\n")
		w.start()
		id := w.fire("cart")
		pass(time.Hour)
		if who := w.who(); len(who) != 0 {
			w.Errorf("the phones of %v rang before the shift", who)
		}
		if a := w.alert(id); a.NextWakeAt.IsZero() {
			w.Error("I8: a step that waits has no wake-up")
		}
		if n := notices(w, "olga"); len(n) != 1 || n[0].Kind != muster.NoticeNobodyOnCall || !strings.Contains(n[0].Text, "which is at 02:00 UTC") {
			w.Errorf("the owner was told %+v", n)
		}
		pass(time.Hour + time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("the phones of %v rang at the beginning of the shift", who)
		}
		w.hears(id, "Muster paged Rob")
	})
}

// I10, I12: everything that the policy names goes away in the middle of it.
func TestExhaustionIsToldTheOwners(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		w.put("kind: user\nname: rob\ndisplay: Rob\nzone: UTC\ndisabled: true\n---\nkind: policy\nname: urgent\ntitle: Urgent\nteam: storefront\nsteps:\n  - {targets: [{user: olga}], wait: 5m}\n---\nkind: roster\nname: storefront\ntitle: Storefront\nteam: storefront\nrotations:\n  - {name: first, role: primary, zone: UTC, every: 1, unit: week, handoff: \"09:00\", start: \"1999-12-27\", people: [olga]}\n")
		pass(11 * time.Minute)
		a := w.alert(id)
		if !a.Exhausted || a.Status != muster.AlertOpen || a.NextWakeAt.IsZero() {
			w.Errorf("the alert is %s, exhausted %v, wakes at %s", a.Status, a.Exhausted, a.NextWakeAt)
		}
		if n := notices(w, "olga"); len(n) != 1 || n[0].Kind != muster.NoticeExhausted || n[0].Title != "Nobody answered: Failures: cart" {
			w.Errorf("the owner was told %+v", n)
		}
		pass(11 * time.Minute) // the fallback again: that is told once
		if n := notices(w, "olga"); len(n) != 1 {
			w.Errorf("the owner was told %d times", len(n))
		}
		must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id})
		if w.alert(id).Exhausted {
			w.Error("an acknowledged alert still counts as exhausted")
		}
	})
}

func notices(w *world, u muster.UserName) []*muster.Notice {
	w.Helper()
	all := read(w, func(r store.Reader) ([]*muster.Notice, error) { return r.Notices(store.NoticeFilter{Person: u}) })
	return slices.DeleteFunc(all, func(n *muster.Notice) bool {
		return n.Kind != muster.NoticeExhausted && n.Kind != muster.NoticeNobodyOnCall
	})
}

func TestARouteRecordsWithoutPaging(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: route\nname: quiet\norder: 1\nmatch: title.contains(\"cart\")\nrecord: true\n")
		w.start()
		id := w.fire("cart")
		pass(2 * time.Hour)
		a := w.alert(id)
		if who := w.who(); len(who) != 0 || a.Status != muster.AlertOpen || !a.Recorded || !a.NextWakeAt.IsZero() || a.Service != "cart" {
			w.Fatalf("the phones of %v rang; the alert is %s, wakes at %s", who, a.Status, a.NextWakeAt)
		}
		if last := a.Reasons[len(a.Reasons)-1]; last.Text != "Route quiet records it: it is shown and counted, and nobody is paged." {
			w.Errorf("the last reason is %q", last.Text)
		}
		refused[*muster.Alert](w, muster.ErrConflict, w.as("rob"), "EscalateAlert", command.NoteAlert{Alert: id})
		refused[*muster.Alert](w, muster.ErrConflict, w.as("rob"), "SnoozeAlert", command.SnoozeAlert{Alert: id, For: muster.Duration(time.Hour)})
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		must[*muster.Alert](w, w.as("rob"), "UnackAlert", command.NoteAlert{Alert: id})
		w.put("kind: silence\nname: all\nmatch: \"true\"\nfrom: 2000-01-01T00:00:00Z\nuntil: 2000-01-01T04:00:00Z\nowner: rob\nwhy: planned\n")
		pass(3 * time.Hour)
		if a := w.alert(id); a.Suppressed != nil || a.Status != muster.AlertOpen {
			w.Errorf("a silence holds back what pages nobody: %+v", a.Suppressed)
		}
		must[*muster.Alert](w, w.as("rob"), "PageResponder", command.PageResponder{Alert: id, Person: "olga"})
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Olga"}) {
			w.Errorf("the phones of %v rang, want Olga's, who was paged by hand", who)
		}
		must[*muster.Alert](w, w.as("rob"), "ResolveAlert", command.NoteAlert{Alert: id})
		refused[*command.Applied](w, muster.ErrInvalid, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: "kind: route\nname: default\npolicy: urgent\nrecord: true\n"})
	})
}
