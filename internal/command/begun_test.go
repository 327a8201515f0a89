package command_test

import (
	"slices"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// I15: a page whose process died before it could tell what came of it counts as begun with the attempt after that; one of
// which a result is known, with the first.
func TestAPageCountsAsBegunWithARealAttempt(t *testing.T) {
	bubble(t, func(w *world) { begunAgain(w) })
}

func begunAgain(w *world) {
	died := func() {
		w.Helper()
		<-time.After(2 * time.Millisecond)
		w.ok(w.db.Write(w.Context(), store.LanePeople, "EndLease", func(tx store.Tx) error { return tx.ReleaseLeases("test", tx.Now()) }))
	}
	again := func(id muster.AlertID) command.Started {
		w.Helper()
		claimed, err := w.commands.ClaimDeliveries(w.Context(), 10)
		w.ok(err)
		i := slices.IndexFunc(claimed, func(d *muster.Delivery) bool { return d.Alert == id && d.Connector == "phone" })
		if i < 0 {
			w.Fatalf("what a process had begun is not claimed again: %+v", claimed)
		}
		return w.begin(claimed[i])
	}
	id := w.another()
	w.begin(w.deliveryOf(w.page(id, "phone")))
	first := w.page(id, "phone").StartedAt
	died()
	again(id)
	second := w.page(id, "phone").StartedAt
	died()
	s := again(id)
	p := w.page(id, "phone")
	if !second.After(first.Time) || !p.StartedAt.After(second.Time) {
		w.Errorf("begun at %s, %s, %s: want each after the one before", first, second, p.StartedAt)
	}
	if len(p.Attempts) != 2 || !p.Attempts[0].At.Equal(first.Time) || !p.Attempts[1].At.Equal(second.Time) {
		w.Errorf("the attempts that nobody lived to tell are told as %+v", p.Attempts)
	}
	w.finish(s, command.DeliveryResult{Detail: "busy"})
	third := p.StartedAt
	s.Delivery = w.deliveryOf(p)
	w.begin(s.Delivery)
	died()
	again(id)
	if p := w.page(id, "phone"); !p.StartedAt.Equal(third.Time) || len(p.Attempts) != 4 {
		w.Errorf("after a result the page counts as begun at %s, want %s; its attempts are %+v", p.StartedAt, third, p.Attempts)
	}
}

// I15: the process died between writing that it begins a page and the call, and Muster was away for twenty minutes. Rob has
// his whole time from the moment at which his phone rings; Ana is called after that.
func TestNobodyLosesTheTimeThatMusterWasAway(t *testing.T) {
	for name, away := range map[string]time.Duration{"for a minute": time.Minute, "for long": 20 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				id := w.fire("cart")
				w.begin(w.deliveryOf(w.page(id, "phone")))
				pass(away)
				w.start()
				pass(time.Second)
				if who := w.who(); !slices.Contains(who, "Rob") || slices.Contains(who, "Ana") {
					w.Fatalf("when Muster is back the phones of %v ring", who)
				}
				pass(5*time.Minute - 3*time.Second)
				if who := w.who(); slices.Contains(who, "Ana") {
					w.Errorf("Ana is called %v before Rob's time is over: %v", 2*time.Second, w.phones.rang())
				}
				pass(4 * time.Second)
				if who := w.who(); !slices.Contains(who, "Ana") {
					w.Errorf("Ana is not called after Rob's time is over: %v", who)
				}
			})
		})
	}
}

// A process that ends between `started` and the result sends again, once, when it starts again.
func TestAProcessThatEndsInAnAttemptSendsAgain(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.fire("cart")
		s := w.begin(w.deliveryOf(w.pages(id)[0])) // and the process ends
		w.start()                                  // under the same name
		pass(time.Second)
		if got := w.phones.rang(); len(got) != 1 || got[0].page != s.Page.ID {
			w.Fatalf("rang %+v, want the page that was begun, once", got)
		}
		p := w.pages(id)[0]
		if p.State != muster.PageAccepted || len(p.Attempts) != 2 || p.StartedAt != s.Page.StartedAt {
			w.Errorf("the page is %s, started at %s, after %+v", p.State, p.StartedAt, p.Attempts)
		}
	})
}

// I15: the wait of a step counts from its first real attempt.
func TestAStepThatBeganLateKeepsItsWait(t *testing.T) {
	bubble(t, func(w *world) {
		w.fire("cart")
		pass(4 * time.Minute) // Muster was away
		w.start()
		pass(2 * time.Minute)
		if who := w.who(); slices.Contains(who, "Ana") {
			w.Fatalf("the phones of %v rang: Ana's step ate Rob's time", who)
		}
		pass(3*time.Minute + time.Second)
		if who := w.who(); !slices.Contains(who, "Ana") {
			w.Errorf("the phones of %v rang, want Ana's five minutes after Rob's first", who)
		}
	})
}

func TestAFallbackThatBeganLateKeepsItsWait(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.fire("cart")
		for range 2 { // Ana's step, then nobody is left but the fallback
			must[*muster.Alert](w, w.as("olga"), "EscalateAlert", command.NoteAlert{Alert: id})
		}
		fallback := len(w.pages(id))
		pass(6 * time.Minute) // Muster was away, longer than the fallback waits
		w.start()
		pass(time.Minute)
		if n := len(w.pages(id)); n != fallback {
			w.Fatalf("the fallback was paged with %d pages at once: what it had not got yet, and the same again", n-fallback)
		}
		pass(4*time.Minute + time.Second)
		if len(w.pages(id)) == fallback {
			w.Error("the fallback was not paged again five minutes after it was first")
		}
	})
}
