package command_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// because are the reasons of the last page about an alert.
func (w *world) because(a muster.AlertID) (text string) {
	w.Helper()
	pages := w.pages(a)
	if len(pages) == 0 {
		w.Fatalf("no page about %s", a)
	}
	for _, r := range pages[len(pages)-1].Why {
		text += r.Text + "\n"
	}
	return text
}

func TestAnAlertThatIsOverWithinItsHoldPagesNobody(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: route\nname: flappy\norder: 1\nmatch: labels.flappy == \"yes\"\npolicy: urgent\nhold: 2m\n")
		w.start()
		s := signal("disk", muster.SignalFiring)
		s.Labels = map[string]string{"flappy": "yes"}
		over := s
		over.State = muster.SignalResolved
		var id muster.AlertID
		for range 7 {
			id = w.send("monitoring", s)[0].Alert
			pass(time.Minute)
			w.send("monitoring", over)
		}
		if n := len(w.who()); n != 0 {
			w.Errorf("%d phones rang", n)
		}
		w.hears(id, "Resolved within its hold, it paged nobody; 7 times today")
		id = w.send("monitoring", s)[0].Alert
		pass(2*time.Minute - time.Second)
		if a := w.alert(id); len(w.who()) != 0 || a.NextWakeAt != a.HoldUntil || a.HoldUntil.IsZero() {
			w.Errorf("before the end of its hold %d phones rang; it wakes at %s", len(w.who()), a.NextWakeAt)
		}
		w.put("kind: silence\nname: other\nmatch: title == \"other\"\nfrom: \"1999-01-01T00:00:00Z\"\nuntil: \"1999-01-02T00:00:00Z\"\nowner: ana\nwhy: test\n") // makes alerts look again
		pass(2 * time.Second)
		if n := len(w.who()); n != 1 || !strings.Contains(w.because(id), "It is not over after the 2m that the route flappy waits") {
			w.Errorf("%d phones rang: %s", n, w.because(id))
		}
		noise := read(w, func(r store.Reader) ([]muster.Noise, error) { return r.Noise(muster.At(time.Now().Add(-time.Hour))) })
		if len(noise) != 1 || noise[0].Route != "flappy" || noise[0].Flaps != 7 {
			w.Errorf("counted: %+v", noise)
		}
	})
}

func TestAlertsOfAGroupHaveOnePage(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: route\nname: hosts\norder: 1\nmatch: \"'host' in labels\"\npolicy: urgent\ngroup: {by: [host], within: 5m}\n")
		w.start()
		opens := func(key, host string) muster.AlertID {
			s := signal(key, muster.SignalFiring)
			s.Labels = map[string]string{"host": host}
			return w.send("monitoring", s)[0].Alert
		}
		first, second, other := opens("a", "web-1"), opens("b", "web-1"), opens("c", "web-2")
		synctest.Wait()
		if n := len(w.who()); n != 2 {
			w.Fatalf("%d phones rang, want one for each host", n)
		}
		if a := w.alert(second); a.Group != first || a.Status != muster.AlertOpen || a.NextWakeAt.IsZero() || len(w.pages(second)) != 0 {
			w.Errorf("the second alert is %+v", a)
		}
		w.hears(second, "the route hosts groups alerts with the same host within 5m")
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: first})
		if a := w.alert(second); a.Status != muster.AlertAcknowledged {
			w.Errorf("with the first one the second is %s", a.Status)
		}
		third := opens("d", "web-1")
		pass(time.Minute)
		if a := w.alert(third); a.Status != muster.AlertOpen || a.Group != first || len(w.pages(third)) != 0 {
			w.Errorf("what joins later is not acknowledged: %+v", a)
		}
		if w.alert(other).Status != muster.AlertOpen {
			w.Error("another group was acknowledged")
		}
		must[*muster.Alert](w, w.as("rob"), "ResolveAlert", command.NoteAlert{Alert: first})
		pass(time.Second)
		if pages := w.pages(third); len(pages) == 0 || !strings.Contains(w.because(third), "The alert that it had joined is over") {
			w.Errorf("when the first one is over, the third has %d pages", len(pages))
		}
		late := opens("e", "web-1")
		synctest.Wait()
		if a := w.alert(late); a.Group != "" || len(w.pages(late)) == 0 {
			w.Errorf("after the first one is over a new group begins: %+v", a)
		}
	})
}

func TestAnEndThatComesBeforeItsBeginning(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		pass(time.Hour)
		at := func(state muster.SignalState, ago time.Duration) command.SignalResult {
			s := signal("overtaken", state)
			s.DetectedAt = muster.At(time.Now().Add(-ago))
			return w.send("monitoring", s)[0]
		}
		if r := at(muster.SignalResolved, time.Minute); r.Outcome != muster.OutcomeRejected || !strings.Contains(r.Detail, "kept for 5 minutes") {
			w.Errorf("the end was %+v", r)
		}
		pass(time.Minute)
		r := at(muster.SignalFiring, 10*time.Minute)
		if a := w.alert(r.Alert); r.Outcome != muster.OutcomeResolved || a.Status != muster.AlertResolved || len(w.pages(a.ID)) != 0 {
			w.Errorf("the beginning was %+v, its alert %s", r, a.Status)
		}
		w.hears(r.Alert, "its end came before its beginning")
		// What begins at the instant of the end is not over: a sender without times may tell both in one request.
		instant := muster.At(time.Now().Add(-time.Second))
		end, begin := signal("same instant", muster.SignalResolved), signal("same instant", muster.SignalFiring)
		end.DetectedAt, begin.DetectedAt = instant, instant
		if out := w.send("monitoring", end, begin); out[1].Outcome != muster.OutcomeOpened {
			w.Errorf("what begins when its key ended was %+v", out[1])
		}
		// An end counts once, for what began before it, and not for ever.
		at(muster.SignalResolved, 0)
		pass(time.Minute)
		if r := at(muster.SignalFiring, 0); r.Outcome != muster.OutcomeOpened {
			w.Errorf("what began after the end was %+v", r)
		}
		at(muster.SignalResolved, 0)
		at(muster.SignalResolved, 0)
		pass(6 * time.Minute)
		if r := at(muster.SignalFiring, 10*time.Minute); r.Outcome != muster.OutcomeOpened {
			w.Errorf("six minutes later it was %+v", r)
		}
	})
}

func TestASilenceOfOneAlertEndsWithIt(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		synctest.Wait()
		s := must[*muster.Silence](w, w.as("rob"), "SilenceAlerts", command.SilenceAlerts{Alert: id, Why: "known, the vendor is on it"})
		if s.Until.Sub(s.From.Time) != muster.MaxSilence {
			w.Errorf("it lasts until %s", s.Until)
		}
		pass(time.Hour)
		if a := w.alert(id); a.Suppressed == nil || a.Suppressed.By != s.Name || len(w.who()) != 1 {
			w.Fatalf("the alert is %+v, the phones of %v rang", a.Suppressed, w.who())
		}
		w.send("monitoring", signal("cart", muster.SignalResolved))
		again := w.fire("cart")
		synctest.Wait()
		if len(w.pages(again)) == 0 || w.alert(again).Suppressed != nil {
			w.Error("the next alert of the same condition does not page")
		}
	})
}

func TestMaintenanceHasItsWindow(t *testing.T) {
	bubble(t, func(w *world) { // it is Saturday, midnight UTC, 1 January 2000
		w.put("kind: user\nname: rob\ndisplay: Rob\nzone: Europe/Berlin\nnotify: [{method: phone}]\nstorm: {off: true}\n")
		w.policy("  - {targets: [{user: rob}], wait: 24h}\n")
		w.put("kind: silence\nname: backups\nmatch: service == \"cart\"\nfrom: \"2000-01-01T00:00:00Z\"\nuntil: \"2000-01-01T05:00:00Z\"\nowner: ana\nwhy: nightly backup\n" +
			"repeat: {days: [sat], from: \"02:00\", to: \"04:00\", zone: Europe/Berlin}\n")
		w.start()
		before := w.fire("before")
		synctest.Wait()
		if len(w.pages(before)) != 1 {
			w.Error("at one in the morning it pages")
		}
		pass(90 * time.Minute) // half past two in Berlin
		if a := w.alert(before); a.Suppressed == nil || a.Suppressed.Until.UTC().Format("15:04") != "03:00" {
			w.Errorf("the window holds back what is open: %+v", a.Suppressed)
		}
		during := w.fire("during")
		synctest.Wait()
		if a := w.alert(during); a.Suppressed == nil || len(w.pages(during)) != 0 {
			w.Errorf("within the window: %+v", a.Suppressed)
		}
		pass(2 * time.Hour)
		if len(w.pages(during)) != 1 || !strings.Contains(w.because(during), "the silence backups held this back until 03:00 UTC (nightly backup)") {
			w.Errorf("after the window: %s", w.because(during))
		}
		pass(time.Hour)
		told := read(w, func(r store.Reader) ([]*muster.Notice, error) { return r.Notices(store.NoticeFilter{Person: "ana"}) })
		if !slices.ContainsFunc(told, func(n *muster.Notice) bool {
			return n.Kind == muster.NoticeSilenceEnds && strings.Contains(n.Title, "backups")
		}) {
			w.Errorf("the owner was told of %+v", told)
		}
	})
}

func TestPagesAreRated(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.fire("cart")
		page := w.pages(id)[0]
		must[*muster.Rating](w, w.onPage(page), "RatePage", command.RatePage{Alert: id, Why: "it heals by itself"})
		must[*muster.Rating](w, w.as("olga"), "RatePage", command.RatePage{Alert: id, Useful: true})
		must[*muster.Rating](w, w.as("olga"), "RatePage", command.RatePage{Alert: id})
		w.hears(id, "Rob did not find the page useful: it heals by itself")
		noise := read(w, func(r store.Reader) ([]muster.Noise, error) { return r.Noise(muster.At(time.Now().Add(-time.Hour))) })
		if len(noise) != 1 || noise[0].NotUseful != 2 || noise[0].Useful != 0 || noise[0].Service != "cart" || noise[0].Route != "default" {
			w.Errorf("counted: %+v", noise)
		}
		refused[*muster.Rating](w, muster.ErrForbidden, w.onPage(page), "RatePage", command.RatePage{Alert: w.fire("search")})
	})
}
