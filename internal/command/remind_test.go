package command_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// days is a roster that Rob and Olga share, two days each, from the start of the bubble's clock on.
const days = `
kind: roster
name: night
title: Night watch
team: storefront
rotations:
  - {name: turns, role: primary, zone: UTC, every: 2, unit: day, handoff: "09:00", start: "2000-01-10", people: [rob, rob, olga]}
  - {name: learn, role: shadow, zone: UTC, every: 1, unit: day, handoff: "09:00", start: "2000-01-12", until: "2000-01-13", people: [ana]}
`

// reminded lists what somebody was reminded of, oldest first, with the hours since the story began.
func (w *world) reminded(u muster.UserName) string {
	w.Helper()
	return w.noticed(u, muster.NoticeShiftReminder)
}

func (w *world) noticed(u muster.UserName, kind muster.NoticeKind) string {
	w.Helper()
	var out []string
	list := w.notices(u)
	slices.SortStableFunc(list, func(a, b *muster.Notice) int { return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(b.Key, a.Key)) })
	for _, n := range list {
		if n.Kind == kind {
			out = append(out, n.At.UTC().Format("2 Jan 15:04")+" "+n.Title)
		}
	}
	return strings.Join(out, "\n")
}

func (w *world) wants(what, got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

// forward fires the timers of a roster when they are due until a moment, without waiting for an engine that polls.
func (w *world) forward(roster string, until time.Time) {
	w.Helper()
	for {
		var next time.Time
		for _, t := range w.timers("rosters/" + roster) {
			if next.IsZero() || t.DueAt.Before(next) {
				next = t.DueAt.Time
			}
		}
		if next.IsZero() || next.After(until) {
			break
		}
		if wait := time.Until(next); wait > 0 {
			pass(wait)
		}
		w.due("rosters/" + roster)
	}
	if wait := time.Until(until); wait > 0 {
		pass(wait)
	}
}

func at(s string) time.Time {
	t, err := time.Parse("2 Jan 15:04 2006", s+" 2000")
	if err != nil {
		panic(err)
	}
	return t
}

// Bubbles begin on 1 January 2000, a Saturday. Rob has four days in a row: he is reminded of their beginning alone.
func TestPeopleAreRemindedOfShifts(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(days)
		w.forward("night", at("10 Jan 10:00"))
		w.wants("Rob", w.reminded("rob"), `3 Jan 09:00 You are on call in Night watch from Mon 10 Jan 10:00 CET
9 Jan 09:00 You are on call in Night watch from Sun 16 Jan 10:00 CET
9 Jan 09:00 You are on call in Night watch from Mon 10 Jan 10:00 CET
10 Jan 09:00 Your shift in Night watch begins now`)
		w.wants("Olga so far", w.reminded("olga"), "7 Jan 09:00 You are on call in Night watch from Fri 14 Jan 09:00 UTC")
		w.forward("night", at("12 Jan 10:00"))
		w.wants("Ana, who learns", w.reminded("ana"), `5 Jan 09:00 You are on call in Night watch from Wed 12 Jan 01:00 PST
11 Jan 09:00 You are on call in Night watch from Wed 12 Jan 01:00 PST
12 Jan 09:00 Your shift in Night watch begins now`)
		n := w.notices("olga")
		i := slices.IndexFunc(n, func(n *muster.Notice) bool { return n.Kind == muster.NoticeShiftReminder })
		if n[i].Text != "You are the primary responder, Fri 14 Jan 09:00 until Sun 16 Jan 09:00 UTC.\nIf you cannot be there, ask for somebody who takes it." ||
			n[i].URL != "/oncall?roster=night&swap=2000-01-14T09:00:00Z" {
			w.Errorf("%+v", n[i])
		}
		if got := len(w.timers("rosters/night")); got != 2 {
			w.Errorf("the roster has %d timers", got)
		}
	})
}

// Who has no shift any more is not reminded of it; who chose fewer reminders gets fewer.
func TestRemindersFollowTheRoster(t *testing.T) { bubble(t, remindersFollow) }

func remindersFollow(w *world) {
	soon := muster.At(time.Now().Truncate(time.Second)).Plus(7*24*time.Hour + time.Second)
	roster := func(people string) {
		w.put(fmt.Sprintf(`
kind: roster
name: night
title: Night watch
team: storefront
rotations:
  - {name: one, role: primary, zone: UTC, shifts: [{from: %s, until: %s, people: [%s]}]}
`, soon.Format(time.RFC3339), soon.Plus(8*time.Hour).Format(time.RFC3339), people))
	}
	roster("rob")
	if got := w.timers("rosters/night"); len(got) != 2 {
		w.Fatalf("the roster has the timers %+v", got)
	}
	pass(time.Until(soon.Add(-7*24*time.Hour)) + 10*time.Millisecond)
	w.due("rosters/night")
	w.due("rosters/night") // nothing is due any more
	if got := w.reminded("rob"); strings.Count(got, "\n") != 0 || !strings.Contains(got, "You are on call in Night watch from") {
		w.Errorf("Rob was reminded of %q", got)
	}
	roster("olga")
	must[muster.Nothing](w, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindRosters, Name: "night", Any: true})
	if got := w.timers("rosters/night"); len(got) != 0 {
		w.Errorf("a roster that was removed has the timers %+v", got)
	}
	if got := w.reminded("olga"); got != "" { // she was told of the change
		w.Errorf("Olga was reminded of %q", got)
	}
}

func TestRemindersAsPeopleChoose(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: user\nname: rob\ndisplay: Rob\nzone: UTC\nreminders: [start]\n---\nkind: user\nname: olga\ndisplay: Olga\nzone: UTC\nreminders: []\n")
		w.put(days)
		w.forward("night", at("20 Jan 10:00"))
		w.wants("Rob", w.reminded("rob"), "10 Jan 09:00 Your shift in Night watch begins now\n16 Jan 09:00 Your shift in Night watch begins now")
		w.wants("Olga", w.reminded("olga"), "")
		doc := w.commands.Live.Current().Catalog.Users["olga"]
		if text := yamlOf(w, doc); !strings.Contains(text, "reminders: []") {
			w.Errorf("a file does not say that Olga wants no reminders:\n%s", text)
		}
		if _, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: "kind: user\nname: rob\ndisplay: Rob\nzone: UTC\nreminders: [3d]\n"}); muster.CodeOf(err) != muster.ErrInvalid {
			w.Errorf("a reminder that does not exist: %v", err)
		}
	})
}

// After Muster was down, people hear of a shift that has begun, and of nothing that is over.
func TestLateReminders(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(days)
		pass(time.Until(at("10 Jan 15:00"))) // nothing ran since the first
		w.due("rosters/night")
		w.wants("Rob", w.reminded("rob"), "10 Jan 15:00 You are on call in Night watch from Sun 16 Jan 10:00 CET\n10 Jan 15:00 Your shift in Night watch has begun")
		w.wants("Olga", w.reminded("olga"), "10 Jan 15:00 You are on call in Night watch from Fri 14 Jan 09:00 UTC")
		pass(time.Until(at("20 Jan 15:00")))
		w.due("rosters/night")
		w.wants("Olga, one of whose shifts is over", w.reminded("olga"), `10 Jan 15:00 You are on call in Night watch from Fri 14 Jan 09:00 UTC
20 Jan 15:00 You are on call in Night watch from Wed 26 Jan 09:00 UTC
20 Jan 15:00 Your shift in Night watch has begun`)
	})
}

// Rosters of an older Muster have no timers: they get theirs when the engine starts, and two starts give them no more.
func TestRostersAreArmedAtTheStart(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(days)
		w.ok(w.db.Write(w.Context(), store.LanePeople, "Forget", func(tx store.Tx) error { return tx.DeleteTimersOf("rosters/night") }))
		w.ok(w.commands.ArmRosters(w.Context()))
		w.start()
		if got := len(w.timers("rosters/night")); got != 2 {
			w.Errorf("the roster has %d timers", got)
		}
	})
}
