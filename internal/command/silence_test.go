package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

func silence(w *world, name string, d time.Duration) {
	w.Helper()
	must[*muster.Silence](w, w.as("ana"), "SilenceAlerts", command.SilenceAlerts{
		Name: muster.SilenceName(name), Match: `title.contains("cart")`, For: muster.Duration(d), Why: "planned",
	})
}

// removeSilence removes the silence "works".
func removeSilence(w *world) {
	w.Helper()
	must[muster.Nothing](w, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindSilences, Name: "works", Any: true})
}

func TestASilenceThatIsMadeLongerHoldsLonger(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		silence(w, "works", time.Hour)
		id := w.fire("cart")
		pass(30 * time.Minute)
		s := *w.commands.Live.Current().Catalog.Silences["works"]
		s.Until = s.Until.Plus(time.Hour)
		w.put(yamlOf(w, &s))
		pass(time.Hour) // past the old end
		if a := w.alert(id); len(w.who()) != 0 || a.Suppressed == nil || a.Suppressed.Until != s.Until || a.NextWakeAt != s.Until {
			w.Fatalf("the phones of %v rang; the alert is held by %+v and wakes at %s", w.who(), a.Suppressed, a.NextWakeAt)
		}
		pass(31 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("after the new end the phones of %v rang, want Rob's", who)
		}
	})
}

func TestASilenceThatIsRemovedPagesAtOnce(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		silence(w, "works", 24*time.Hour)
		id := w.fire("cart")
		pass(time.Minute)
		removeSilence(w)
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("the silence was removed and the phones of %v rang, want Rob's", who)
		}
		if a := w.alert(id); a.Suppressed != nil || a.NextWakeAt.IsZero() {
			w.Errorf("the alert is held by %+v and wakes at %s", a.Suppressed, a.NextWakeAt)
		}
	})
}

func TestASecondSilenceTakesOver(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		silence(w, "first", time.Hour)
		id := w.fire("cart")
		silence(w, "second", 2*time.Hour)
		pass(90 * time.Minute)
		if a := w.alert(id); len(w.who()) != 0 || a.Suppressed == nil || a.Suppressed.By != "second" {
			w.Fatalf("the phones of %v rang; the alert is held by %+v, want second", w.who(), a.Suppressed)
		}
		pass(31 * time.Minute)
		if len(w.who()) != 1 {
			w.Errorf("after both the phones of %v rang", w.who())
		}
	})
}

// A silence is written because something pages too much: it holds back what is open already.
func TestANewSilenceHoldsBackAnOpenAlert(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id, pay := w.fire("cart"), w.fire("pay")
		pass(time.Second)
		silence(w, "works", time.Hour)
		pass(50 * time.Minute)
		a := w.alert(id)
		if a.Suppressed == nil || a.Suppressed.By != "works" {
			w.Fatalf("the alert is held by %+v", a.Suppressed)
		}
		if !strings.Contains(strings.Join(w.heard(store.TimelineFilter{Alert: id}), "\n"), "works holds pages back") {
			w.Error("the alert does not say that it is held back")
		}
		for _, p := range w.pages(id)[1:] {
			if p.State != muster.PageCancelled || p.Detail != "the silence works holds pages back" {
				w.Errorf("a page of the held alert is %s, %q", p.State, p.Detail)
			}
		}
		if w.alert(pay).Suppressed != nil || len(w.pages(pay)) < 3 {
			w.Error("an alert that the silence does not match is held back, too")
		}
		before := len(w.pages(id))
		pass(11 * time.Minute)
		if got := w.pages(id); len(got) != before+2 || got[before].Person != "rob" || w.alert(id).Suppressed != nil {
			w.Errorf("after the silence %d pages more, want Rob's two: it begins at the first step again", len(got)-before)
		}
	})
}

// I13: a page that failed once does not go out again in a silence; one that a person asked for does.
func TestNoFurtherAttemptInASilence(t *testing.T) {
	bubble(t, func(w *world) { noFurtherAttempt(w) })
}

func noFurtherAttempt(w *world) {
	id := w.fire("cart")
	fail := func(p *muster.Page) { w.finish(w.begin(w.deliveryOf(p)), command.DeliveryResult{Detail: "busy"}) }
	byPolicy := w.page(id, "phone")
	must[*muster.Alert](w, w.as("rob"), "PageResponder", command.PageResponder{Alert: id, Person: "olga"})
	i := slices.IndexFunc(w.pages(id), func(p *muster.Page) bool { return p.Person == "olga" })
	byHand := w.pages(id)[i]
	fail(byPolicy)
	fail(byHand)
	silence(w, "works", time.Hour)
	w.due(string(id))
	if a := w.alert(id); a.Suppressed == nil {
		w.Fatal("the alert is not held back")
	}
	if _, ok, err := w.commands.StartDelivery(w.Context(), w.deliveryOf(byPolicy), nil); err != nil || ok {
		w.Errorf("the second attempt in the silence: %v, %v", ok, err)
	}
	if p := read(w, func(r store.Reader) (*muster.Page, error) { return r.Page(byPolicy.ID) }); p.State != muster.PageCancelled || p.Detail != "the silence works holds pages back" {
		w.Errorf("the page is %s, %q", p.State, p.Detail)
	}
	w.begin(w.deliveryOf(byHand))
}

// I22: a page failed, a silence came and was lifted before the page was tried again. Paging begins anew, and the old attempt
// does not go out beside it.
func TestOnlyTheNewPageGoesAfterASilence(t *testing.T) {
	bubble(t, func(w *world) { onlyTheNewPage(w) })
}

func onlyTheNewPage(w *world) {
	id := w.fire("cart")
	old := w.page(id, "phone")
	w.finish(w.begin(w.deliveryOf(old)), command.DeliveryResult{Detail: "busy"})
	must[*muster.Alert](w, w.as("rob"), "PageResponder", command.PageResponder{Alert: id, Person: "olga"})
	i := slices.IndexFunc(w.pages(id), func(p *muster.Page) bool { return p.Person == "olga" })
	byHand := w.pages(id)[i]
	w.finish(w.begin(w.deliveryOf(byHand)), command.DeliveryResult{Detail: "busy"})
	silence(w, "works", time.Hour)
	w.due(string(id))
	removeSilence(w)
	w.due(string(id))
	pages := w.pages(id)
	anew := pages[slices.IndexFunc(pages, func(p *muster.Page) bool { return p.Contact == old.Contact && p.Round > old.Round })]
	if _, ok, err := w.commands.StartDelivery(w.Context(), w.deliveryOf(old), nil); err != nil || ok {
		w.Errorf("the second attempt after the silence: %v, %v", ok, err)
	}
	if p := w.again(old); p.State != muster.PageCancelled || p.Detail != "a silence ended meanwhile, and paging began anew" {
		w.Errorf("the page is %s, %q", p.State, p.Detail)
	}
	w.begin(w.deliveryOf(byHand)) // nothing took its place
	w.finish(w.begin(w.deliveryOf(anew)), command.DeliveryResult{Detail: "busy"})
	w.begin(w.deliveryOf(anew)) // which is tried again like any other
}

// What a person asked for by hand goes out, silence or not.
func TestASilenceLeavesPagesByHand(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		must[*muster.Alert](w, w.as("rob"), "PageResponder", command.PageResponder{Alert: id, Person: "olga"})
		silence(w, "works", time.Hour)
		pass(10 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Olga", "Olga"}) {
			w.Errorf("the phones of %v rang, want Olga's two, and of Rob's only the first", who)
		}
	})
}

func TestAnAcknowledgementThatEndsInASilenceIsHeld(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		silence(w, "works", 2*time.Hour)
		id := w.fire("cart")
		must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id})
		pass(31 * time.Minute)
		a := w.alert(id)
		if a.Status != muster.AlertOpen || a.Suppressed == nil || len(w.who()) != 0 {
			w.Fatalf("the acknowledgement ran out in the silence: %s, held by %+v, the phones of %v rang", a.Status, a.Suppressed, w.who())
		}
		pass(90 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("after the silence the phones of %v rang, want Rob's", who)
		}
		// A silence that ended while somebody had the alert does not hold it any more.
		silence(w, "more", 5*time.Minute)
		pass(time.Second)
		must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id})
		pass(31 * time.Minute)
		if a := w.alert(id); a.Suppressed != nil || len(w.who()) != 2 {
			w.Errorf("held by %+v, the phones of %v rang, want Rob's once more", a.Suppressed, w.who())
		}
	})
}

func TestASilenceOverTriageLeavesTriage(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		silence(w, "works", time.Hour)
		id := w.send("form", signal("cart", muster.SignalFiring))[0].Alert
		pass(61 * time.Minute)
		if a := w.alert(id); a.Suppressed != nil || !a.Triage || len(w.who()) != 0 {
			w.Fatalf("after the silence: held by %+v, in triage %v, the phones of %v rang", a.Suppressed, a.Triage, w.who())
		}
		must[*muster.Alert](w, w.as("olga"), "ConfirmAlert", command.NoteAlert{Alert: id})
		pass(time.Second)
		if len(w.who()) != 1 {
			w.Error("the confirmed alert pages nobody")
		}
		// The other way round: confirmed first, paged when the silence ends.
		silence(w, "again", time.Hour)
		id = w.send("form", signal("cart 2", muster.SignalFiring))[0].Alert
		must[*muster.Alert](w, w.as("olga"), "ConfirmAlert", command.NoteAlert{Alert: id})
		pass(59 * time.Minute)
		if n := len(w.pages(id)); n != 0 {
			w.Fatalf("%d pages went out in the silence", n)
		}
		pass(2 * time.Minute)
		if len(w.pages(id)) == 0 {
			w.Error("after the silence the confirmed alert pages nobody")
		}
	})
}

func TestEscalatingEndsASilenceForOneAlert(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		silence(w, "works", time.Hour)
		id := w.fire("cart")
		must[*muster.Alert](w, w.as("olga"), "EscalateAlert", command.NoteAlert{Alert: id})
		pass(time.Second)
		if a := w.alert(id); a.Suppressed != nil || len(w.who()) != 1 {
			w.Errorf("held by %+v, the phones of %v rang: somebody asked for it", a.Suppressed, w.who())
		}
	})
}

func TestWhatASilenceNeeds(t *testing.T) {
	bubble(t, func(w *world) {
		in := command.SilenceAlerts{Name: "works", Match: "true", For: muster.Duration(time.Hour), Why: "planned"}
		refused[*muster.Silence](w, muster.ErrForbidden, guest(), "SilenceAlerts", in)
		for name, change := range map[string]func(*command.SilenceAlerts){
			"no reason": func(s *command.SilenceAlerts) { s.Why = "" }, "no end": func(s *command.SilenceAlerts) { s.For = 0 },
			"too long": func(s *command.SilenceAlerts) { s.For = muster.Duration(32 * 24 * time.Hour) },
			"no CEL":   func(s *command.SilenceAlerts) { s.Match = "title ===" }, "no match": func(s *command.SilenceAlerts) { s.Match = "" },
		} {
			bad := in
			change(&bad)
			if _, err := do[*muster.Silence](w, w.as("ana"), "SilenceAlerts", bad); muster.CodeOf(err) != muster.ErrInvalid {
				w.Errorf("a silence with %s gave %v", name, err)
			}
		}
		must[*muster.Silence](w, w.as("rob"), "SilenceAlerts", in)
		refused[*muster.Silence](w, muster.ErrConflict, w.as("rob"), "SilenceAlerts", in)
	})
}

func TestASilenceOfTheFutureHoldsFromItsBeginning(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		now := muster.At(time.Now())
		s := &muster.Silence{
			Name: "works", Match: `title.contains("cart")`, From: now.Plus(4 * time.Minute), Until: now.Plus(time.Hour), Owner: "ana", Why: "planned",
		}
		w.put(yamlOf(w, s))
		id := w.fire("cart")
		pass(3 * time.Minute)
		if a := w.alert(id); a.Suppressed != nil || len(w.who()) != 2 {
			w.Fatalf("before it begins: held by %+v, the phones of %v rang", a.Suppressed, w.who())
		}
		pass(30 * time.Minute)
		if a := w.alert(id); a.Suppressed == nil || len(w.who()) != 2 {
			w.Errorf("after it began: held by %+v, the phones of %v rang", a.Suppressed, w.who())
		}
		s.From, s.Until = s.From.Plus(24*time.Hour), s.Until.Plus(24*time.Hour) // put off until tomorrow
		w.put(yamlOf(w, s))
		pass(time.Second)
		if a := w.alert(id); a.Suppressed != nil || len(w.who()) != 3 {
			w.Errorf("put off: held by %+v, the phones of %v rang", a.Suppressed, w.who())
		}
		if n := len(w.timers("silences/works")); n != 1 {
			w.Errorf("%d timers wait for its beginning", n)
		}
		removeSilence(w)
		if n := len(w.timers("silences/works")); n != 0 {
			w.Errorf("%d timers wait for the beginning of what is gone", n)
		}
	})
}

// The explanation is what happened, also with holds and acknowledgements in between.
func TestTheExplanationKnowsAboutHolds(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		id := w.fire("cart")
		pass(6 * time.Minute)
		silence(w, "works", time.Hour)
		pass(30 * time.Minute)
		removeSilence(w)
		pass(time.Minute)
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		pass(40 * time.Minute)
		run := read(w, func(r store.Reader) (*muster.Escalation, error) { return r.EscalationOf(id) })
		x, err := plan.Explain(w.commands.Live.History(w.Context()), plan.Question{Run: run})
		w.ok(err)
		pages := w.pages(id)
		if len(pages) < 8 || len(x.People) != len(pages) {
			w.Fatalf("%d pages were planned, the explanation tells of %d", len(pages), len(x.People))
		}
		type told struct {
			person      muster.UserName
			method      string
			step, round int
		}
		want := map[told]int{}
		for _, p := range pages {
			want[told{p.Person, p.Method, p.Step, p.Round}]++
		}
		for _, p := range x.People {
			want[told{p.User, p.Contact.Method, p.Step, p.Round}]--
		}
		for page, n := range want {
			if n != 0 {
				w.Errorf("%+v was paged %d times more than the explanation tells", page, n)
			}
		}
	})
}

// More alerts are open than look at silences at once: the oldest looks again, too, by timers that carry on.
func TestManyAlertsLookAgain(t *testing.T) { bubble(t, manyLookAgain) }

func manyLookAgain(w *world) {
	const many = 2500
	silence(w, "works", 24*time.Hour)
	var oldest muster.AlertID
	for i := range many / 100 {
		signals := make([]muster.Signal, 100)
		for j := range signals {
			signals[j] = signal(fmt.Sprintf("cart-%d-%d", i, j), muster.SignalFiring)
		}
		if res := w.send("monitoring", signals...); oldest == "" {
			oldest = res[0].Alert
		}
	}
	// carried fires the timers that carry on, and counts the alerts that look then.
	carried := func() (looks int) {
		w.Helper()
		for more := true; more; {
			more, looks = false, 0
			for _, t := range read(w, func(r store.Reader) ([]muster.Timer, error) { return r.DueTimers(r.Now().Plus(time.Minute), 2*many) }) {
				switch {
				case t.Kind != muster.TimerSilenceEnd:
				case strings.HasPrefix(t.Ref, "open_alerts_after/"):
					more = true
					w.ok(w.commands.DelayTimer(w.Context(), t.ID, 0)) // now, not in a second
					w.ok(w.commands.FireTimer(w.Context(), t.ID))
				default:
					looks++
				}
			}
		}
		return looks
	}
	if n := carried(); n != 0 || w.alert(oldest).Suppressed == nil {
		w.Fatalf("%d alerts look at silences, and the oldest is held by %+v", n, w.alert(oldest).Suppressed)
	}
	removeSilence(w)
	if n := carried(); n != many {
		w.Fatalf("%d of %d alerts look again", n, many)
	}
	w.due(string(oldest))
	if w.alert(oldest).Suppressed != nil || len(w.pages(oldest)) == 0 {
		w.Errorf("the silence is gone, and the oldest alert pages nobody: held by %+v", w.alert(oldest).Suppressed)
	}
	silence(w, "again", time.Hour)
	if n := carried(); n != many {
		w.Fatalf("%d of %d alerts look at a new silence", n, many)
	}
	w.due(string(oldest))
	if a := w.alert(oldest); a.Suppressed == nil || a.Suppressed.By != "again" {
		w.Errorf("the oldest alert pages through a new silence: held by %+v", a.Suppressed)
	}
}
