package escalate_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

var kinds = []escalate.EventKind{
	escalate.Start, escalate.Timer, escalate.Ack, escalate.Unack, escalate.Hold, escalate.Release, escalate.Resolve, escalate.Escalate, escalate.Again, "unheard of",
}

func drawTeam(t *rapid.T) *team {
	w := &team{oncall: map[string][]muster.UserName{}, unreachable: map[muster.UserName]bool{}}
	people := rapid.SampledFrom([]muster.UserName{"ravi", "chen", "dana", "ana"})
	for _, key := range []string{"storefront/primary", "storefront/secondary"} {
		w.oncall[key] = rapid.SliceOfN(people, 0, 2).Draw(t, key)
	}
	for _, u := range rapid.SliceOfN(people, 0, 4).Draw(t, "unreachable") {
		w.unreachable[u] = true
	}
	w.asleep = map[muster.UserName]bool{"ravi": rapid.Bool().Draw(t, "ravi sleeps"), "dana": rapid.Bool().Draw(t, "dana sleeps")}
	w.quiet = map[muster.UserName]bool{"ravi": rapid.Bool().Draw(t, "ravi's hours"), "ana": rapid.Bool().Draw(t, "ana's hours")}
	w.off = map[muster.UserName]bool{"chen": rapid.Bool().Draw(t, "chen's hours"), "dana": rapid.Bool().Draw(t, "dana's hours")}
	w.daytime = rapid.Bool().Draw(t, "daytime")
	w.in = time.Duration(rapid.SampledFrom([]int{0, 1, 90, 4000}).Draw(t, "somebody comes in")) * time.Second
	w.admins = rapid.SliceOfN(people, 0, 2).Draw(t, "admins")
	return w
}

func drawPolicy(t *rapid.T) muster.Policy {
	targets := rapid.SliceOfN(rapid.SampledFrom([]string{"storefront/primary", "storefront/secondary", "dana", "chen", "#ops", "#gone"}), 0, 3)
	p := muster.Policy{
		Name: "p", Acks: rapid.IntRange(0, 3).Draw(t, "acks"), Repeat: rapid.IntRange(0, 3).Draw(t, "repeat"),
		AckTimeout: muster.Duration(rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(t, "ack timeout")),
	}
	for range rapid.IntRange(0, 4).Draw(t, "steps") {
		p.Steps = append(p.Steps, step(rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(t, "wait"), targets.Draw(t, "targets")...))
		last := &p.Steps[len(p.Steps)-1]
		last.RoundRobin = rapid.Bool().Draw(t, "round robin")
		last.Hold = muster.Duration(rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 30 * time.Hour}).Draw(t, "hold"))
		night := rapid.Bool().Draw(t, "night")
		last.When = rapid.SampledFrom([]*muster.When{
			nil, nil, nil,
			{Night: &night},
			{Urgency: muster.UrgencyLow},
			{Hours: []muster.Window{{From: "09:00", To: "17:00"}}, Zone: "UTC"},
			{Severity: []muster.AlertSeverity{muster.SeverityCritical}},
		}).Draw(t, "when")
	}
	if rapid.Bool().Draw(t, "own fallback") {
		p.Fallback = []muster.Target{{User: "ana"}}
	}
	return p
}

// Any events in any order, with due timers among them, keep every promise of the package.
func TestPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		who := drawTeam(t)
		e := muster.Escalation{Policy: drawPolicy(t), Urgency: muster.UrgencyHigh}
		now, wake := muster.FromMicros(1_795_000_000_000_000), muster.Instant{}
		type key struct {
			round, step int
			contact     muster.ContactID
		}
		paged := map[key]bool{}
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			ev := escalate.Event{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
			ev.By.User = rapid.SampledFrom([]muster.UserName{"", "ravi", "chen", "ana"}).Draw(t, "by")
			if !wake.IsZero() && rapid.Bool().Draw(t, "let the timer come due") {
				now, ev.Kind = wake, escalate.Timer
			} else {
				now = now.Plus(time.Duration(rapid.IntRange(0, 4000).Draw(t, "seconds")) * time.Second)
			}
			if rapid.Bool().Draw(t, "with an end") {
				ev.Until = now.Plus(time.Duration(rapid.IntRange(-60, 3600).Draw(t, "until")) * time.Second)
			}
			if e.StepStarted.IsZero() && !e.StepAt.IsZero() && rapid.Bool().Draw(t, "attempted") {
				e.StepStarted = now
			}
			before := e
			who.asked, who.now = 0, now
			after, eff := escalate.Step(e, ev, now, who)
			if most := 12 * (len(e.Policy.Steps) + 2) * 3; who.asked > most {
				t.Fatalf("%s asks %d times", ev.Kind, who.asked)
			}
			for _, a := range after.Acked {
				if ev.Kind != escalate.Unack && a.User != "" && slices.ContainsFunc(eff.Pages, func(p muster.Planned) bool { return p.User == a.User }) {
					t.Fatalf("%s is paged and has acknowledged", a.User)
				}
			}
			if eff.Acknowledged != (after.Status == muster.EscalationPaused && !after.StepAt.IsZero() && after.Generation != before.Generation) {
				t.Fatalf("%s: acknowledged is %v", ev.Kind, eff.Acknowledged)
			}
			if eff.Taken != nil && !eff.Taken.Waits.IsZero() && (eff.Taken.Waits.Sub(now.Time) > muster.MaxHold || len(eff.Pages) > 0) {
				t.Fatalf("a step waits %s", eff.Taken.Waits.Sub(now.Time))
			}
			if after.Status != muster.EscalationRunning && !after.WaitsUntil.IsZero() {
				t.Fatalf("%s leaves a step waiting", ev.Kind)
			}
			if steps := after.Policy.Steps; after.Status == muster.EscalationRunning && after.Step > 0 && steps[after.Step-1].RoundRobin {
				for _, p := range eff.Pages {
					if p.User != eff.Pages[0].User || eff.Turns[after.Step] != p.User {
						t.Fatalf("more than one had the turn: %v", eff.Turns)
					}
				}
			}

			if ev.Kind == escalate.Timer || eff.CancelTimers {
				wake = muster.Instant{}
			}
			if !eff.Wake.IsZero() {
				wake = eff.Wake
				if !wake.After(now.Time) || eff.WakeKind == "" {
					t.Fatalf("%s: wakes at %s (%q), now is %s", ev.Kind, wake, eff.WakeKind, now)
				}
			}
			if (after.Status == muster.EscalationRunning || after.Status == muster.EscalationExhausted) && wake.IsZero() {
				t.Fatalf("I8: %s leaves %s without a wake-up", ev.Kind, after.Status)
			}
			changed := after.Status != before.Status || after.Step != before.Step || after.Round != before.Round || after.StepAt != before.StepAt
			if changed && after.Generation <= before.Generation {
				t.Fatalf("%s changed the escalation but not its generation", ev.Kind)
			}
			if after.Generation == before.Generation && (len(eff.Pages) > 0 || eff.CancelPages || eff.Taken != nil) {
				t.Fatalf("%s has effects without a change: %+v", ev.Kind, eff)
			}
			if d := time.Hour * 25; (after.Status == muster.EscalationRunning || after.Status == muster.EscalationExhausted) && wake.Sub(now.Time) > d {
				t.Fatalf("I8: %s sleeps until %s", ev.Kind, wake)
			}
			if after.Status == muster.EscalationPaused && len(eff.Pages) > 0 {
				t.Fatalf("I14: %s pages while paused", ev.Kind)
			}
			if eff.Acknowledged && !eff.CancelPages {
				t.Fatal("I14: pages go on after an acknowledgement")
			}
			if after.Status == muster.EscalationEnded && len(eff.Pages)+len(eff.Notes) > 0 {
				t.Fatal("an ended escalation does something")
			}
			if (eff.Taken != nil) != (changed && (after.Status == muster.EscalationRunning || after.Status == muster.EscalationExhausted)) {
				t.Fatalf("%s: taken is %+v", ev.Kind, eff.Taken)
			}
			if eff.Taken != nil && len(eff.Pages) == 0 && !eff.Taken.Fallback && eff.Taken.Waits.IsZero() {
				t.Fatal("I11: a step that reaches nobody was kept")
			}
			if eff.Taken != nil && eff.Taken.Fallback {
				loud := slices.ContainsFunc(eff.Notes, func(r muster.Reason) bool { return r.Kind == muster.ReasonStep })
				nobody := slices.ContainsFunc(eff.Notes, func(r muster.Reason) bool { return r.Kind == muster.ReasonNobody })
				if !loud || (len(eff.Pages) == 0 && !nobody) || after.Status != muster.EscalationExhausted {
					t.Fatalf("I10: a quiet exhaustion: %+v", eff)
				}
			}
			for _, p := range eff.Pages {
				k := key{p.Round, p.Step, p.Contact.ID}
				if paged[k] {
					t.Fatalf("%+v is paged twice", k)
				}
				paged[k] = true
				if p.Step != after.Step || p.Round != after.Round || p.At.Before(now.Time) || p.Reasons[0].Kind != muster.ReasonPolicy {
					t.Fatalf("%+v", p)
				}
			}
			e = after
		}
	})
}

// I15: a timer never ends a step before its wait has passed since the first attempt.
func TestStepDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		who := everybody()
		start := muster.FromMicros(1_795_000_000_000_000)
		e, _ := escalate.Step(muster.Escalation{Policy: urgent()}, escalate.Event{Kind: escalate.Start}, start, who)
		e.StepStarted = start.Plus(time.Duration(rapid.IntRange(0, 3600).Draw(t, "attempt")) * time.Second)
		now := start.Plus(time.Duration(rapid.IntRange(0, 7200).Draw(t, "timer")) * time.Second)
		after, eff := escalate.Step(e, escalate.Event{Kind: escalate.Timer}, now, who)
		due := e.StepStarted.Plus(5 * time.Minute)
		if early := now.Before(due.Time); early != (after.Step == 1) || (early && (eff.Wake != due || len(eff.Pages) > 0)) {
			t.Fatalf("attempted at %s, timer at %s: step %d, wakes at %s", e.StepStarted, now, after.Step, eff.Wake)
		}
	})
}

// Step is total: states that cannot come about do not break it either.
func TestStepIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := muster.Escalation{
			Policy: drawPolicy(t), Step: rapid.IntRange(-2, 9).Draw(t, "step"), Round: rapid.IntRange(-2, 9).Draw(t, "round"),
			Status: rapid.SampledFrom([]muster.EscalationStatus{"", "odd", muster.EscalationRunning, muster.EscalationPaused, muster.EscalationExhausted, muster.EscalationEnded}).Draw(t, "status"),
		}
		now := muster.FromMicros(1_795_000_000_000_000)
		if rapid.Bool().Draw(t, "moved") {
			e.StepAt = now
		}
		escalate.Step(e, escalate.Event{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Until: e.StepAt}, now.Plus(time.Hour), drawTeam(t))
	})
}

func BenchmarkStep(b *testing.B) {
	who, now := everybody(), muster.FromMicros(1_795_000_000_000_000)
	e := muster.Escalation{Policy: urgent()}
	b.ReportAllocs()
	for b.Loop() {
		escalate.Step(e, escalate.Event{Kind: escalate.Start}, now, who)
	}
}
