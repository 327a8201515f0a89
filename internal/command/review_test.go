package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

func resolvedIncident(w *world) *muster.Incident {
	w.Helper()
	inc := w.declare(w.as("rob"), "The cart fails")
	pass(10 * time.Minute)
	got, err := w.step("ResolveIncident", inc)
	w.ok(err)
	return got
}

func review(w *world, inc *muster.Incident) *muster.Review {
	w.Helper()
	return must[*muster.Review](w, w.as("rob"), "OpenReview", command.OneIncident{Incident: string(inc.Key)})
}

func TestAReviewIsDraftedFromTheTimeline(t *testing.T) {
	bubble(t, func(w *world) {
		open := w.declare(w.as("rob"), "Not over yet")
		refused[*muster.Review](w, muster.ErrConflict, w.as("rob"), "OpenReview", command.OneIncident{Incident: string(open.Key)})
		inc := resolvedIncident(w)
		rev := review(w, inc)
		if len(rev.Timeline) < 2 || len(rev.Clocks) == 0 || rev.Status != muster.ReviewDraft || rev.DueAt != inc.ResolvedAt.Plus(36*time.Hour) {
			w.Errorf("the draft has %d entries, %d clocks, is %s and due at %s", len(rev.Timeline), len(rev.Clocks), rev.Status, rev.DueAt)
		}
		if again := review(w, inc); again.ID != rev.ID || again.Version != rev.Version {
			w.Errorf("opened again: %s, version %d", again.ID, again.Version)
		}
		if n := len(w.timers(string(rev.ID))); n != 1 {
			w.Errorf("%d timers wait for the review", n)
		}
	})
}

func TestWritingAReview(t *testing.T) {
	bubble(t, func(w *world) {
		rev := review(w, resolvedIncident(w))
		text := "The port was wrong."
		edit := command.EditReview{Review: rev.ID, Version: rev.Version, Summary: &text}
		got := must[*muster.Review](w, w.as("rob"), "EditReview", edit)
		if got.Summary != text || got.Version != rev.Version+1 {
			w.Errorf("edited: %q, version %d", got.Summary, got.Version)
		}
		refused[*muster.Review](w, muster.ErrPrecondition, w.as("olga"), "EditReview", edit) // the lost update
		got = must[*muster.Review](w, w.as("rob"), "AddFinding", command.AddFinding{Review: rev.ID, Text: "Nobody looks at ports"})
		got = must[*muster.Review](w, w.as("rob"), "AddActionItem", command.AddActionItem{Review: got.ID, Text: "Look at ports", Due: "2000-02-01"})
		if len(got.Findings) != 1 || got.ActionItems[0].Owner != "rob" {
			w.Errorf("the findings are %+v, the items %+v", got.Findings, got.ActionItems)
		}
		for what, in := range map[string]command.AddActionItem{"no text": {Text: " "}, "nobody": {Text: "x", Owner: "nobody"}, "no day": {Text: "x", Due: "soon"}} {
			in.Review = rev.ID
			if _, err := do[*muster.Review](w, w.as("rob"), "AddActionItem", in); muster.CodeOf(err) != muster.ErrInvalid {
				w.Errorf("an item with %s gave %v", what, err)
			}
		}
		item := command.FinishActionItem{Review: rev.ID, Item: got.ActionItems[0].ID}
		got = must[*muster.Review](w, w.as("rob"), "FinishActionItem", item)
		if again := must[*muster.Review](w, w.as("rob"), "FinishActionItem", item); !again.ActionItems[0].Done || again.Version != got.Version {
			w.Errorf("finished again: %+v", again.ActionItems)
		}
		item.Item = "itm_none"
		refused[*muster.Review](w, muster.ErrNotFound, w.as("rob"), "FinishActionItem", item)
	})
}

func TestPublishingBeginsReadiness(t *testing.T) {
	bubble(t, func(w *world) {
		inc := resolvedIncident(w)
		rev := review(w, inc)
		got := must[*muster.Review](w, w.as("rob"), "PublishReview", command.OneReview{Review: rev.ID})
		if again := must[*muster.Review](w, w.as("rob"), "PublishReview", command.OneReview{Review: rev.ID}); again.PublishedAt != got.PublishedAt {
			w.Error("published twice")
		}
		if i := w.incident(inc.ID); i.Phase != muster.PhaseReadiness {
			w.Errorf("the incident is in %s", i.Phase)
		}
		pass(40 * time.Hour)
		w.due(string(rev.ID))
		if texts := strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n"); strings.Contains(texts, "not published yet") {
			w.Error("the room is reminded of a review that is published")
		}
	})
}

func TestTheRoomIsRemindedOfItsReview(t *testing.T) {
	bubble(t, func(w *world) {
		inc := resolvedIncident(w)
		rev := review(w, inc)
		w.due(string(rev.ID))
		pass(37 * time.Hour)
		w.due(string(rev.ID))
		w.due(string(rev.ID))
		if texts := strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n"); strings.Count(texts, "not published yet") != 1 {
			w.Errorf("the room heard\n%s", texts)
		}
	})
}

// Reopened, an incident has more to look back at than its first draft holds.
func TestAReviewOfWhatCameBack(t *testing.T) {
	bubble(t, func(w *world) {
		inc := resolvedIncident(w)
		rev := review(w, inc)
		text := "It went well until then."
		rev = must[*muster.Review](w, w.as("rob"), "EditReview", command.EditReview{Review: rev.ID, Version: rev.Version, WentWell: &text, Summary: &text})
		must[*muster.Review](w, w.as("rob"), "AddFinding", command.AddFinding{Review: rev.ID, Text: "Nobody looks at ports"})
		_, err := w.step("ReopenIncident", inc)
		w.ok(err)
		refused[*muster.Review](w, muster.ErrConflict, w.as("rob"), "PublishReview", command.OneReview{Review: rev.ID})
		pass(40 * time.Hour) // the first review would be due
		w.due(string(rev.ID))
		if texts := strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n"); strings.Contains(texts, "not published yet") {
			w.Error("the room is reminded of its review while it works on the incident")
		}
		_, err = w.step("ResolveIncident", inc)
		w.ok(err)
		got := review(w, inc)
		over := w.incident(inc.ID)
		if got.ID != rev.ID || len(got.Timeline) <= len(rev.Timeline) || got.DueAt != over.ResolvedAt.Plus(36*time.Hour) {
			w.Errorf("the review of %d entries has %d, due at %s, resolved at %s", len(rev.Timeline), len(got.Timeline), got.DueAt, over.ResolvedAt)
		}
		if got.Summary != text || got.WentWell != text || len(got.Findings) != 1 || got.Version <= rev.Version {
			w.Errorf("what people wrote is %q, %q, %+v", got.Summary, got.WentWell, got.Findings)
		}
		responses := 0
		for _, p := range got.Phases {
			if p.Phase == muster.PhaseResponse {
				responses++
			}
		}
		if responses != 2 {
			w.Errorf("the review has %d responses, want both", responses)
		}
		if n := len(w.timers(string(rev.ID))); n != 1 {
			w.Errorf("%d timers wait for the review", n)
		}
	})
}
