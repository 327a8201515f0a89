package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

func update(w *world, inc *muster.Incident, in command.PostStatusUpdate) *muster.StatusUpdate {
	w.Helper()
	in.Incident = string(inc.Key)
	return must[*muster.StatusUpdate](w, w.as("rob"), "PostStatusUpdate", in)
}

// reminders counts what the room heard about promises: that one is due soon, and that one is overdue.
func reminders(w *world, inc *muster.Incident) (soon, overdue int) {
	w.Helper()
	text := strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n")
	return strings.Count(text, "The next update is due in"), strings.Count(text, "is overdue")
}

func TestAPromiseThatIsNotKeptIsTold(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		inc := w.declare(w.as("rob"), "The cart fails")
		u := update(w, inc, command.PostStatusUpdate{Known: "We know", In: muster.Duration(30 * time.Minute), Audience: muster.AudiencePublic})
		if u.Number != 1 || u.NextUpdateBy != muster.At(time.Now().Add(30*time.Minute)) {
			w.Errorf("the update is %+v", u)
		}
		pass(24 * time.Minute)
		if soon, overdue := reminders(w, inc); soon+overdue != 0 {
			w.Errorf("after 24 minutes: %d reminders, %d overdue", soon, overdue)
		}
		pass(2 * time.Minute)
		if soon, overdue := reminders(w, inc); soon != 1 || overdue != 0 {
			w.Errorf("after 26 minutes: %d reminders, %d overdue, want one", soon, overdue)
		}
		before := w.published.Load()
		pass(5 * time.Minute)
		if soon, overdue := reminders(w, inc); soon != 1 || overdue != 1 {
			w.Errorf("after 31 minutes: %d reminders, %d overdue, want one each", soon, overdue)
		}
		if w.published.Load() == before {
			w.Error("the page does not say that the update is late")
		}
		pass(5 * time.Hour)
		if soon, overdue := reminders(w, inc); soon != 1 || overdue != 1 {
			w.Errorf("hours later: %d reminders, %d overdue: it nags", soon, overdue)
		}
		late := update(w, inc, command.PostStatusUpdate{Known: "We still know", In: muster.Duration(30 * time.Minute)})
		entries := read(w, func(r store.Reader) ([]*muster.Entry, error) {
			return r.Timeline(store.TimelineFilter{Incident: inc.ID})
		})
		if last := entries[len(entries)-1]; last.Ref != string(late.ID) || last.Facts["late"] != "true" {
			w.Errorf("the late update is told as %+v", last)
		}
	})
}

func TestAPromiseThatIsKept(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		inc := w.declare(w.as("rob"), "The cart fails")
		for range 4 { // each in time: no reminder, one timer
			update(w, inc, command.PostStatusUpdate{Known: "We know", In: muster.Duration(30 * time.Minute)})
			if n := len(w.timers(string(inc.ID))); n != 1 {
				w.Fatalf("%d timers wait for one promise", n)
			}
			pass(20 * time.Minute)
		}
		update(w, inc, command.PostStatusUpdate{Known: "It is over", Final: true})
		if p := w.incident(inc.ID).Promise; p == nil || !p.Kept {
			w.Errorf("after the last word the promise is %+v", p)
		}
		pass(3 * time.Hour)
		if soon, overdue := reminders(w, inc); soon+overdue != 0 {
			w.Errorf("%d reminders, %d overdue: each update came in time, and the last promised nothing", soon, overdue)
		}
		if n := len(w.timers(string(inc.ID))); n != 0 {
			w.Errorf("%d timers are left", n)
		}
	})
}

func TestResolvingEndsThePromise(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		inc := w.declare(w.as("rob"), "The cart fails")
		update(w, inc, command.PostStatusUpdate{Known: "We know", In: muster.Duration(30 * time.Minute)})
		_, err := w.step("ResolveIncident", inc)
		w.ok(err)
		pass(time.Hour)
		if soon, overdue := reminders(w, inc); soon+overdue != 0 {
			w.Errorf("%d reminders, %d overdue after it was resolved", soon, overdue)
		}
		if p := w.incident(inc.ID).Promise; p == nil || !p.Kept {
			w.Errorf("the promise is %+v", p)
		}
	})
}

func TestWhatAnUpdateNeeds(t *testing.T) {
	bubble(t, func(w *world) {
		inc := w.declare(w.as("rob"), "The cart fails")
		hour := muster.Duration(time.Hour)
		for what, in := range map[string]command.PostStatusUpdate{
			"nothing known":         {Known: " ", In: hour},
			"no promise":            {Known: "x"},
			"a promise and a final": {Known: "x", In: hour, Final: true},
			"the past":              {Known: "x", NextUpdateBy: muster.At(time.Now().Add(-time.Hour))},
			"next month":            {Known: "x", In: muster.Duration(30 * 24 * time.Hour)},
			"an unknown audience":   {Known: "x", In: hour, Audience: "everybody"},
			"a book":                {Known: strings.Repeat("x", 5000), In: hour},
		} {
			in.Incident = string(inc.Key)
			if _, err := do[*muster.StatusUpdate](w, w.as("rob"), "PostStatusUpdate", in); muster.CodeOf(err) != muster.ErrInvalid {
				w.Errorf("%s gave %v", what, err)
			}
		}
		if got := w.incident(inc.ID); got.Updates != 0 || got.Promise != nil || got.Public {
			w.Errorf("a refused update left %+v", got)
		}
	})
}

func TestWhoSeesAnUpdate(t *testing.T) {
	bubble(t, func(w *world) {
		inc := w.declare(w.as("rob"), "The cart fails")
		hour := muster.Duration(time.Hour)
		if u := update(w, inc, command.PostStatusUpdate{Known: "Inside", In: hour}); u.Audience != muster.AudienceOrganisation {
			w.Errorf("without an audience it goes to %s", u.Audience)
		}
		if got := w.incident(inc.ID); got.Public || len(got.StatusPages) != 0 {
			w.Errorf("an update for the organisation made it public: %+v", got.StatusPages)
		}
		update(w, inc, command.PostStatusUpdate{Known: "Outside", In: hour, Audience: muster.AudiencePublic})
		got := w.incident(inc.ID)
		if !got.Public || len(got.StatusPages) != 1 || len(got.Components) != 1 || got.Components[0] != "public/cart" {
			w.Errorf("a public update shows it on %v, %v", got.StatusPages, got.Components)
		}
	})
}

func TestAPageIsPublishedOnDemand(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		must[muster.Nothing](w, w.as("rob"), "PublishStatusPage", command.OneStatusPage{Page: "public"})
		pass(time.Second)
		if w.published.Load() != 1 {
			w.Errorf("published %d times, want once", w.published.Load())
		}
		refused[muster.Nothing](w, muster.ErrNotFound, w.as("rob"), "PublishStatusPage", command.OneStatusPage{Page: "none"})
	})
}
