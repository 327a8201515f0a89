package command_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

func outcomes(res []command.SignalResult) (out []muster.Outcome) {
	for _, r := range res {
		out = append(out, r.Outcome)
	}
	return out
}

func TestTheSameConditionInOneRequestIsOneAlert(t *testing.T) {
	bubble(t, func(w *world) { sameCondition(w) })
}

func sameCondition(w *world) {
	res := w.send("monitoring", signal("cart", muster.SignalFiring), signal("cart", muster.SignalFiring), signal("pay", muster.SignalFiring))
	if !slices.Equal(outcomes(res), []muster.Outcome{muster.OutcomeOpened, muster.OutcomeAppended, muster.OutcomeOpened}) {
		w.Fatalf("the outcomes were %+v", res)
	}
	if res[0].Alert != res[1].Alert || res[0].Alert == res[2].Alert {
		w.Errorf("the alerts were %+v: want one for the condition and another for the other", res)
	}
	if a := w.alert(res[0].Alert); a.Signals != 2 {
		w.Errorf("the alert counts %d signals, want 2", a.Signals)
	}
	if n := len(w.pages(res[0].Alert)); n != 2 {
		w.Errorf("%d pages were planned, want Rob's phone and mail once", n)
	}
}

// Requests that come in while a commit is under way are stored as one set: many threads, one alert.
func TestTheSameConditionInOneSetIsOneAlert(t *testing.T) {
	bubble(t, func(w *world) { manySenders(w) })
}

func manySenders(w *world) {
	var mu sync.Mutex
	got := map[muster.AlertID]int{}
	opened := 0
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			res, err := w.commands.ReceiveSignals(w.Context(), command.ReceiveSignals{
				Source: "monitoring", Format: "generic", Raw: []byte("{}"), Signals: []muster.Signal{signal("cart", muster.SignalFiring)},
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				w.Error(err)
				return
			}
			got[res[0].Alert]++
			if res[0].Outcome == muster.OutcomeOpened {
				opened++
			}
		})
	}
	wg.Wait()
	if len(got) != 1 || opened != 1 {
		w.Fatalf("100 signals of one condition gave the alerts %v, opened %d times", got, opened)
	}
	for id := range got {
		if a := w.alert(id); a.Signals != 100 {
			w.Errorf("the alert counts %d signals, want 100", a.Signals)
		}
	}
}

func TestFiredAndOverInOneRequest(t *testing.T) {
	bubble(t, func(w *world) {
		res := w.send("monitoring", signal("cart", muster.SignalFiring), signal("cart", muster.SignalResolved), signal("cart", muster.SignalFiring))
		if !slices.Equal(outcomes(res), []muster.Outcome{muster.OutcomeOpened, muster.OutcomeResolved, muster.OutcomeOpened}) || res[0].Alert != res[1].Alert || res[2].Alert == res[0].Alert {
			w.Fatalf("fired, over, fired gave %+v", res)
		}
		if a := w.alert(res[0].Alert); a.Status != muster.AlertResolved || !a.NextWakeAt.IsZero() {
			w.Errorf("the first alert is %s and wakes at %s, want resolved for good", a.Status, a.NextWakeAt)
		}
		for _, p := range w.pages(res[0].Alert) {
			if p.State != muster.PageCancelled {
				w.Errorf("a page of the alert that is over is %s", p.State)
			}
		}
		if n := len(w.timers(string(res[0].Alert))); n != 0 {
			w.Errorf("%d timers of the alert that is over are left", n)
		}
		w.start()
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("the phones of %v rang, want Rob's, once", who)
		}
	})
}

func TestOverBeforeItFired(t *testing.T) {
	bubble(t, func(w *world) {
		res := w.send("monitoring", signal("cart", muster.SignalResolved), signal("cart", muster.SignalFiring))
		if res[0].Outcome != muster.OutcomeRejected || res[0].Detail == "" || res[1].Outcome != muster.OutcomeOpened {
			w.Fatalf("over, fired gave %+v", res)
		}
	})
}

// An end that is older than the newest beginning was under way for longer: it ends nothing (I5).
func TestALateEndDoesNotEndWhatBeganAgain(t *testing.T) {
	bubble(t, func(w *world) {
		pass(time.Hour)
		now := muster.At(time.Now())
		at := func(s muster.Signal, ago time.Duration) muster.Signal {
			s.DetectedAt = now.Plus(-ago)
			return s
		}
		id := w.send("monitoring", at(signal("cart", muster.SignalFiring), 30*time.Minute))[0].Alert
		w.send("monitoring", at(signal("cart", muster.SignalFiring), 10*time.Minute))
		if r := w.send("monitoring", at(signal("cart", muster.SignalResolved), 20*time.Minute))[0]; r.Outcome != muster.OutcomeRejected || r.Alert != id || r.Detail == "" {
			w.Errorf("the end of what began again gave %+v", r)
		}
		if a := w.alert(id); a.Status != muster.AlertOpen {
			w.Fatalf("the alert is %s, though its condition goes on", a.Status)
		}
		if r := w.send("monitoring", at(signal("cart", muster.SignalResolved), 5*time.Minute))[0]; r.Outcome != muster.OutcomeResolved {
			w.Errorf("the end that came after gave %+v", r)
		}
		// One signal makes no end stale: neither one at its own time, nor one that lies long before its receipt.
		for i, ago := range []time.Duration{30 * time.Minute, 29 * time.Minute} {
			key := fmt.Sprint("once", i)
			w.send("monitoring", at(signal(key, muster.SignalFiring), 30*time.Minute))
			if r := w.send("monitoring", at(signal(key, muster.SignalResolved), ago))[0]; r.Outcome != muster.OutcomeResolved {
				w.Errorf("the end of an alert with one signal gave %+v", r)
			}
		}
		// A sender whose clock is slow by more than its alert lasted can end it.
		slow := w.send("monitoring", at(signal("pay", muster.SignalFiring), 0))[0].Alert
		if r := w.send("monitoring", at(signal("pay", muster.SignalResolved), 40*time.Minute))[0]; r.Outcome != muster.OutcomeResolved || r.Alert != slow {
			w.Errorf("an end before the first beginning gave %+v: it would stay open for ever", r)
		}
	})
}

func TestEverySignalHasOneOutcomeAndIsKept(t *testing.T) {
	bubble(t, func(w *world) {
		raw := []byte(`[{"a":1},{"b":2}]`)
		res, err := w.commands.ReceiveSignals(w.Context(), command.ReceiveSignals{
			Source: "monitoring", Format: "generic", Raw: raw, Signals: []muster.Signal{signal("a", muster.SignalFiring), signal("b", muster.SignalFiring)},
		})
		w.ok(err)
		for i, r := range res {
			rows := read(w, func(rd store.Reader) ([]muster.RawSignal, error) { return rd.SignalsOf(r.Alert, store.List{}) })
			if len(rows) != 1 || rows[0].Outcome != r.Outcome || rows[0].Part != i {
				w.Fatalf("signal %d is kept as %+v", i, rows)
			}
			if full := read(w, func(rd store.Reader) (*muster.RawSignal, error) { return rd.Signal(rows[0].ID) }); string(full.Raw) != string(raw) {
				w.Errorf("signal %d is kept with the raw text %q", i, full.Raw)
			}
		}
		bad, err := w.commands.ReceiveSignals(w.Context(), command.ReceiveSignals{Source: "monitoring", Format: "generic", Raw: []byte("?"), Reason: "it is no JSON"})
		w.ok(err)
		if len(bad) != 1 || bad[0].Outcome != muster.OutcomeRejected || bad[0].Detail != "it is no JSON" {
			w.Errorf("what cannot be read gave %+v", bad)
		}
	})
}

func TestASilencedAlertIsKeptAndHeld(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		must[*muster.Silence](w, w.as("ana"), "SilenceAlerts", command.SilenceAlerts{Name: "works", Match: `title.contains("cart")`, For: muster.Duration(time.Hour), Why: "planned"})
		r := w.send("monitoring", signal("cart", muster.SignalFiring))[0]
		a := w.alert(r.Alert)
		if r.Outcome != muster.OutcomeSilenced || a.Suppressed == nil || a.Suppressed.By != "works" || a.NextWakeAt != a.Suppressed.Until {
			w.Fatalf("a silenced alert: %+v, held by %+v, wakes at %s", r, a.Suppressed, a.NextWakeAt)
		}
		if other := w.send("monitoring", signal("pay", muster.SignalFiring))[0]; other.Outcome != muster.OutcomeOpened {
			w.Errorf("an alert that the silence does not match gave %+v", other)
		}
		pass(59 * time.Minute)
		if n := len(w.pages(r.Alert)); n != 0 {
			w.Fatalf("%d pages went out in the silence", n)
		}
		pass(2 * time.Minute)
		if n := len(w.pages(r.Alert)); n == 0 {
			w.Error("the silence ended and nobody was paged")
		}
	})
}

func TestAnAlertInTriageWaitsForAPerson(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		r := w.send("form", signal("cart", muster.SignalFiring))[0]
		if a := w.alert(r.Alert); r.Outcome != muster.OutcomeTriage || !a.Triage {
			w.Fatalf("a report gave %+v, in triage %v", r, a.Triage)
		}
		pass(3 * time.Hour)
		if who := w.who(); len(who) != 0 {
			w.Fatalf("the phones of %v rang about an alert in triage", who)
		}
		must[*muster.Alert](w, w.as("olga"), "ConfirmAlert", command.NoteAlert{Alert: r.Alert})
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob"}) {
			w.Errorf("after it was confirmed the phones of %v rang, want Rob's", who)
		}
		// Confirmed again: nothing more.
		must[*muster.Alert](w, w.as("olga"), "ConfirmAlert", command.NoteAlert{Alert: r.Alert})
		pass(time.Second)
		if who := w.who(); len(who) != 1 {
			w.Errorf("a second confirmation paged again: %v", who)
		}
	})
}

func TestARouteDeclares(t *testing.T) {
	bubble(t, func(w *world) { routeDeclares(w) })
}

func routeDeclares(w *world) {
	s := signal("cart", muster.SignalFiring)
	s.Severity = muster.SeverityCritical
	r := w.send("monitoring", s, s)
	a := w.alert(r[0].Alert)
	if a.IncidentKey != "INC-1" || r[1].Alert != a.ID {
		w.Fatalf("the alert belongs to %q, the repetition is %+v", a.IncidentKey, r[1])
	}
	inc := w.incident(a.Incident)
	if inc.Severity != muster.SEV2 || inc.Phase != muster.PhaseDetection || !inc.KnownAt.IsZero() || !inc.DeclaredBy.Machine {
		w.Errorf("the incident is %s, in %s, known at %s, declared by %+v", inc.Severity, inc.Phase, inc.KnownAt, inc.DeclaredBy)
	}
	proposed := slices.ContainsFunc(inc.Roles, func(ra muster.RoleAssignment) bool { return ra.Person == "rob" && ra.Proposed })
	if !proposed {
		w.Errorf("nobody on call is proposed: %+v", inc.Roles)
	}
	if texts := w.heard(store.TimelineFilter{Incident: inc.ID}); len(texts) < 2 || !strings.Contains(strings.Join(texts, "\n"), "fired: Failures: cart") {
		w.Errorf("the room begins with %q", texts)
	}
	must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: a.ID})
	if got := w.incident(inc.ID); got.KnownAt.IsZero() || got.Phase != muster.PhaseResponse {
		w.Errorf("after somebody acknowledged it is known at %s, in %s: want response", got.KnownAt, got.Phase)
	}
}

// What was held back when it arrived declares when it is held back no more.
func TestARouteDeclaresAfterTriageAndSilence(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		s := signal("cart", muster.SignalFiring)
		s.Severity = muster.SeverityCritical
		id := w.send("form", s)[0].Alert
		if a := w.alert(id); a.Incident != "" {
			w.Fatalf("an alert in triage declared %s", a.IncidentKey)
		}
		must[*muster.Alert](w, w.as("olga"), "ConfirmAlert", command.NoteAlert{Alert: id})
		if a := w.alert(id); a.IncidentKey != "INC-1" {
			w.Errorf("the confirmed alert belongs to %q, want INC-1", a.IncidentKey)
		}
		must[*muster.Silence](w, w.as("ana"), "SilenceAlerts", command.SilenceAlerts{Match: `title.contains("pay")`, For: muster.Duration(time.Hour), Why: "planned"})
		s.Key, s.Title = "pay", "Failures: pay"
		held := w.send("monitoring", s)[0].Alert
		pass(61 * time.Minute)
		if a := w.alert(held); a.IncidentKey != "INC-2" {
			w.Errorf("after the silence the alert belongs to %q, want INC-2", a.IncidentKey)
		}
	})
}

func TestAnEndThatTheSenderGaveResolves(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		until := func(d time.Duration) muster.Signal {
			s := signal("cart", muster.SignalFiring)
			s.EndsAt = muster.At(time.Now().Add(d))
			return s
		}
		id := w.send("monitoring", until(4*time.Minute), until(3*time.Minute))[0].Alert
		pass(2 * time.Minute)
		w.send("monitoring", until(4*time.Minute)) // it goes on
		if n := len(slices.DeleteFunc(w.timers(string(id)), func(tm muster.Timer) bool { return tm.Kind != muster.TimerAlertEnds })); n != 1 {
			w.Fatalf("%d timers wait for the end, want one", n)
		}
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		pass(3 * time.Minute)
		if a := w.alert(id); a.Status != muster.AlertAcknowledged {
			w.Fatalf("the alert is %s before its new end", a.Status)
		}
		pass(2 * time.Minute)
		if a := w.alert(id); a.Status != muster.AlertResolved {
			w.Errorf("the alert is %s after the end that the sender gave", a.Status)
		}
	})
}

// The catalog may name a policy or source that is gone by the time: somebody is paged all the same (I7).
func TestAnUnknownSourceStillPages(t *testing.T) {
	bubble(t, func(w *world) {
		r := w.send("removed", signal("cart", muster.SignalFiring))[0]
		if r.Outcome != muster.OutcomeOpened || len(w.pages(r.Alert)) == 0 {
			w.Errorf("a signal of a source that is gone gave %+v and %d pages", r, len(w.pages(r.Alert)))
		}
	})
}

// A repetition that says nothing new is stored as such, and reads like the first one but for its times.
func TestARepetitionReadsInFull(t *testing.T) {
	bubble(t, func(w *world) {
		res := w.send("monitoring", signal("cart", muster.SignalFiring))
		for _, title := range []string{"", "", "another title", ""} {
			time.Sleep(time.Minute)
			s := signal("cart", muster.SignalFiring)
			if title != "" {
				s.Title = title
			}
			s.DetectedAt = muster.At(time.Now())
			w.send("monitoring", s)
		}
		first := signal("cart", muster.SignalFiring).Title
		if err := w.db.Read(w.Context(), func(r store.Reader) error {
			list, err := r.SignalsOf(res[0].Alert, store.List{})
			if err != nil {
				return err
			}
			want := []string{first, "another title", first, first, first}
			if len(list) != len(want) {
				w.Fatalf("%d signals are stored, not %d", len(list), len(want))
			}
			for i, s := range list {
				if s.Signal.Title != want[i] || s.Signal.State != muster.SignalFiring || s.Same != "" {
					w.Errorf("signal %d is %+v", i, s)
				}
				if i+1 < len(list) && s.Signal.DetectedAt != s.ReceivedAt {
					w.Errorf("signal %d began at %s, not at %s", i, s.Signal.DetectedAt, s.ReceivedAt)
				}
			}
			return nil
		}); err != nil {
			w.Error(err)
		}
	})
}
