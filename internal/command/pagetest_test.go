package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// passTests fires the timer of test pages when it is due until a moment.
func (w *world) passTests(until time.Time) {
	w.Helper()
	for {
		list := w.timers("page_tests")
		if len(list) != 1 {
			w.Fatalf("test pages have %d timers", len(list))
		}
		if list[0].DueAt.After(until) {
			break
		}
		if wait := time.Until(list[0].DueAt.Time); wait > 0 {
			pass(wait)
		}
		w.due("page_tests")
	}
	if wait := time.Until(until); wait > 0 {
		pass(wait)
	}
}

// Bubbles begin on 1 January 2000, a Saturday. Everybody is tried out on Monday at ten of their own time. Ana answers; Rob
// does not: he and the owner of his team are told a day later; she has not answered hers either.
func TestEverybodyGetsATestPage(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\nteams: [storefront]\n")
		must[command.SetPageTest](w, w.as("ana"), "SetPageTest", command.SetPageTest{Weekday: "Monday"})
		w.passTests(at("3 Jan 20:00"))
		const title = "This is a test: nothing is wrong"
		w.wants("Rob", w.noticed("rob", muster.NoticePageTest), "3 Jan 09:00 "+title)
		w.wants("Ana", w.noticed("ana", muster.NoticePageTest), "3 Jan 18:00 "+title)
		for _, n := range w.notices("ana") {
			if n.Kind == muster.NoticePageTest {
				if n.SentBy == "" {
					w.Error("the test was not sent by a contact method")
				}
				_, err := w.commands.ProveContact(w.Context(), w.as("ana"), n.ID)
				w.ok(err)
			}
		}
		w.passTests(at("5 Jan 10:00"))
		w.wants("Rob", w.noticed("rob", muster.NoticePageTestMissed), "4 Jan 09:00 You did not answer the test page")
		w.wants("Olga", w.noticed("olga", muster.NoticePageTestMissed), "4 Jan 09:00 Rob did not answer the test page\n4 Jan 10:00 You did not answer the test page")
		w.wants("Ana", w.noticed("ana", muster.NoticePageTestMissed), "")
		w.passTests(at("10 Jan 20:00"))
		if got := w.noticed("rob", muster.NoticePageTest); strings.Count(got, title) != 2 || !strings.Contains(got, "10 Jan 09:00") {
			w.Errorf("a week later Rob got %q", got)
		}
		must[command.SetPageTest](w, w.as("ana"), "SetPageTest", command.SetPageTest{})
		if list := w.timers("page_tests"); len(list) != 0 {
			w.Errorf("switched off, there are the timers %v", list)
		}
		if _, err := do[command.SetPageTest](w, w.as("ana"), "SetPageTest", command.SetPageTest{Weekday: "someday", Hour: new(24)}); muster.CodeOf(err) != muster.ErrInvalid {
			w.Errorf("a wrong setting: %v", err)
		}
	})
}
