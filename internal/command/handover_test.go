package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// handovers lists the notes of a roster in short, oldest first.
func (w *world) handovers(roster muster.RosterName) (out string) {
	w.Helper()
	list := read(w, func(r store.Reader) ([]*muster.HandoverNote, error) {
		return r.Handovers(store.HandoverFilter{Roster: roster})
	})
	for _, n := range slices.Backward(list) {
		out += fmt.Sprintf("%s %s %v to %v: %s|%s\n", n.At.UTC().Format("2 Jan 15:04"), n.Role, n.From, n.To, strings.Join(n.Summary, " "), n.Words)
	}
	return out
}

// pair is a roster that the cart's policy pages: Rob by day, Olga by night, nobody at noon.
const pair = `
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: day, role: primary, zone: UTC, every: 1, unit: day, handoff: "00:00", start: "2000-01-01", people: [rob], hours: [{from: "08:00", to: "12:00"}, {from: "13:00", to: "20:00"}]}
  - {name: night, role: primary, zone: UTC, every: 1, unit: day, handoff: "00:00", start: "2000-01-01", people: [olga], hours: [{from: "20:00", to: "08:00"}]}
---
kind: silence
name: move
match: title == "Moving"
owner: olga
why: Moving house
from: 2000-01-01T10:00:00Z
until: 2000-01-02T10:00:00Z
`

// A note is made at each change: with what is open, what happened, and the words of who was on call.
func TestANoteIsMadeWhenAShiftChanges(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(pair)
		w.forward("storefront", at("1 Jan 09:00")) // Olga came by the change of the roster, and went at 8
		a := w.fire("cart")
		_ = must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: a})
		inc := w.declare(w.as("rob"), "Carts are empty")
		pass(time.Hour)
		w.wants("the first notes", w.handovers("storefront"), "1 Jan 00:00 primary [rob] to [olga]: It was quiet: no alerts.|\n1 Jan 08:00 primary [olga] to [rob]: It was quiet: no alerts.|\n")

		draft := must[*muster.HandoverNote](w, w.as("rob"), "WriteHandover", command.WriteHandover{Roster: "storefront", Text: "Watch the\x00 queue"})
		if !draft.Draft() || draft.Words != "Watch the queue" || draft.WordsBy != "rob" {
			w.Errorf("the draft is %+v", draft)
		}
		refused[*muster.HandoverNote](w, muster.ErrForbidden, guest(), "WriteHandover", command.WriteHandover{Roster: "storefront", Text: "x"})
		refused[*muster.HandoverNote](w, muster.ErrInvalid, w.as("rob"), "WriteHandover", command.WriteHandover{Roster: "storefront", Role: muster.ShadowResponder, Text: strings.Repeat("x", 5000)})
		w.forward("storefront", at("1 Jan 12:30")) // Rob's noon: he is no less who hands over
		must[*muster.HandoverNote](w, w.as("rob"), "WriteHandover", command.WriteHandover{Roster: "storefront", Text: "Watch the queue closely"})
		w.forward("storefront", at("1 Jan 20:01"))

		got := w.handovers("storefront")
		if !strings.Contains(got, "1 Jan 20:00 primary [rob] to [olga]: ") || !strings.HasSuffix(got, "|Watch the queue closely\n") || strings.Count(got, "\n") != 3 ||
			!strings.Contains(got, "1 alert came in") || !strings.Contains(got, "1 alert is still open.") || !strings.Contains(got, string(inc.Key)+" (") || !strings.Contains(got, "1 silence ends within a day.") {
			w.Errorf("the notes are\n%s", got)
		}
		w.wants("Olga", w.noticed("olga", muster.NoticeShiftHandoff), "1 Jan 00:00 You take over from Rob: primary responder of Storefront\n1 Jan 08:00 You hand over to Rob: primary responder of Storefront\n1 Jan 20:00 You take over from Rob: primary responder of Storefront")
		n := read(w, func(r store.Reader) ([]*muster.HandoverNote, error) { return r.Handovers(store.HandoverFilter{}) })[0]
		if len(n.Items) != 3 || n.Items[0].State != "acknowledged by Rob" || n.Items[2].State != "ends Sun 2 Jan 10:00 UTC" {
			w.Errorf("it lists %+v", n.Items)
		}

		// Rob mends his words for a day. Olga's words are a new draft.
		edited := must[*muster.HandoverNote](w, w.as("rob"), "WriteHandover", command.WriteHandover{Roster: "storefront", Text: "Never mind"})
		if edited.ID != n.ID || edited.Words != "Never mind" {
			w.Errorf("Rob edited %+v", edited)
		}
		must[*muster.HandoverNote](w, w.as("olga"), "WriteHandover", command.WriteHandover{Roster: "storefront", Text: "All is well"})
		refused[*muster.HandoverNote](w, muster.ErrNotFound, w.as("rob"), "WriteHandover", command.WriteHandover{Roster: "storefront", Handover: "hnd_x"})
		w.forward("storefront", at("2 Jan 20:30"))
		refused[*muster.HandoverNote](w, muster.ErrConflict, w.as("rob"), "WriteHandover", command.WriteHandover{Roster: "storefront", Handover: n.ID, Text: "late"})
		if got := w.handovers("storefront"); strings.Count(got, "All is well") != 1 || strings.Count(got, "\n") != 5 {
			w.Errorf("the notes are\n%s", got)
		}
	})
}

// Who takes the pager takes over at that moment; a change of the document that gives nobody else the pager is none.
func TestANoteIsMadeWhenSomebodyTakesThePager(t *testing.T) { bubble(t, noteOfTaking) }

func noteOfTaking(w *world) {
	must[*command.Taken](w, w.as("olga"), "TakePager", command.TakePager{Roster: "storefront", Until: muster.At(time.Now().Add(time.Hour))})
	got := w.handovers("storefront")
	if !strings.Contains(got, " primary [rob] to [olga]: It was quiet: no alerts.|\n") || strings.Count(got, "\n") != 1 {
		w.Errorf("the notes are\n%s", got)
	}
	must[*muster.Acceptance](w, w.as("ana"), "AcceptWarning", command.AcceptWarning{Roster: "storefront", Kind: "gap", Why: "x", Until: muster.At(time.Now().Add(time.Hour))})
	if again := w.handovers("storefront"); again != got {
		w.Errorf("the notes are\n%s", again)
	}
	if got := len(w.timers("rosters/storefront")); got != 2 {
		w.Errorf("the roster has %d timers", got)
	}
}

// After a long time without an engine there are notes of the last week, and nobody is told of old changes.
func TestLateNotes(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(pair)
		pass(20*24*time.Hour + time.Hour)
		w.due("rosters/storefront")
		if n := strings.Count(w.handovers("storefront"), "\n"); n != 15 { // that by the change of the document, too
			w.Errorf("there are %d notes", n)
		}
		if n := strings.Count(w.noticed("olga", muster.NoticeShiftHandoff), "\n") + 1; n != 3 {
			w.Errorf("Olga was told of %d changes", n)
		}
	})
}
