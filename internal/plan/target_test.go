package plan_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
)

// play runs an escalation until it is exhausted, as the engine does: it keeps what was taken and whose turn it was.
func play(t *testing.T, s *plan.Snapshot, p *muster.Policy, at muster.Instant, turns map[int]muster.UserName, acks map[int]muster.UserName) muster.Escalation {
	t.Helper()
	e := muster.Escalation{Policy: *p, Revision: s.Catalog.Revision, Urgency: muster.UrgencyHigh, Severity: muster.SeverityMajor, Turns: turns}
	ev := escalate.Event{Kind: escalate.Start}
	for i := range 60 {
		var eff escalate.Effects
		e, eff = plan.Escalate(s, contacts(), e, ev, at)
		if eff.Taken != nil {
			e.Taken = append(e.Taken, *eff.Taken)
		}
		e.Turns = plan.Turned(e.Turns, eff.Turns)
		if u := acks[i]; u != "" {
			e, _ = plan.Escalate(s, contacts(), e, escalate.Event{Kind: escalate.Ack, By: muster.Acknowledgement{User: u, Name: string(u)}}, at.Plus(time.Second))
		}
		if e.Status == muster.EscalationExhausted || eff.Wake.IsZero() {
			break
		}
		at, ev = eff.Wake, escalate.Event{Kind: escalate.Timer}
	}
	return e
}

func rich(change func(*muster.Policy)) func(map[string]muster.Document) {
	return func(docs map[string]muster.Document) {
		day, five := false, muster.Duration(5*time.Minute)
		ben := *docs["users/ben"].(*muster.User)
		ben.Teams, ben.Zone = []muster.TeamName{"web"}, "America/New_York" // 04:00 there at 09:00 UTC
		cho := *docs["users/cho"].(*muster.User)
		cho.Teams = []muster.TeamName{"web"}
		eve := *docs["users/eve"].(*muster.User)
		eve.Teams = []muster.TeamName{"web"}
		docs["users/ben"], docs["users/cho"], docs["users/eve"] = &ben, &cho, &eve
		office := weekly(muster.PrimaryResponder, "cho")
		office.Hours = []muster.Window{{From: "10:00", To: "17:00"}}
		docs["rosters/office"] = &muster.Roster{Name: "office", Title: "Office", Team: "web", Rotations: []muster.Rotation{office}}
		p := &muster.Policy{Name: "rich", Title: "Rich", Team: "web", Acks: 2, Steps: []muster.Step{
			{Targets: []muster.Target{{Connector: "demo"}}},
			{Targets: []muster.Target{{User: "ben"}, {User: "cho"}}, Wait: five, When: &muster.When{Night: &day}},
			{Targets: []muster.Target{{Roster: "office"}}, Wait: five, Hold: muster.Duration(4 * time.Hour)},
			{Targets: []muster.Target{{Team: "web"}}, Wait: five, RoundRobin: true},
			{Targets: []muster.Target{{Team: "web"}}, Wait: five, When: &muster.When{Hours: []muster.Window{{From: "08:00", To: "20:00"}}, Zone: "UTC"}},
		}}
		if change != nil {
			change(p)
		}
		docs["policies/rich"] = p
	}
}

func TestTheNewTargetsTellWhy(t *testing.T) {
	s := snap(t, tailwind(7, rich(nil)))
	e := play(t, s, s.Catalog.Policies["rich"], monday, map[int]muster.UserName{4: "ben"}, nil)
	x, err := plan.Explain(history{7: s}, plan.Question{Revision: 7, Run: &e})
	if err != nil {
		t.Fatal(err)
	}
	got := texts(x.Steps)
	for _, want := range []string{
		"contact: Demo is told. That is no page: nobody is reached by it.",
		"nobody: Step 1 of 5 informs and reaches nobody, so Muster goes on at once.",
		"condition: It is night for Ben Okafor, Mon 04:00 America/New York: the step leaves them asleep.",
		"nobody: Step 3 of 5 reaches nobody now and waits until somebody is on call, which is at 10:00 UTC on 23 Nov as things are; at most until 13:05 UTC on 23 Nov.",
		"step: Step 3 of 5: it waited since 09:05 UTC, and somebody is on call now.",
		"person: The step names everybody of the team Web, on call or not: Ben Okafor and Cho Park and Eve.",
		"step: The 3 people of the step take turns: Ben Okafor had the last one, so it is Cho Park's.",
		"nobody: Eve has no verified contact method and cannot be paged.",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("missing: %s\n%s", want, got)
		}
	}
	if len(x.Told) != 1 || x.Told[0].Connector != "demo" {
		t.Errorf("told %+v", x.Told)
	}
}

// I26: what was decided is explained in the same words after everything changed, and with the facts that were kept alone.
func TestTheExplanationStaysWhenTheCatalogChanges(t *testing.T) {
	before := snap(t, tailwind(7, rich(nil)))
	for name, c := range map[string]struct {
		turns, acks map[int]muster.UserName
	}{
		"nobody answers":   {},
		"turns":            {turns: map[int]muster.UserName{4: "cho"}},
		"one of two":       {acks: map[int]muster.UserName{0: "cho"}},
		"while it waits":   {acks: map[int]muster.UserName{1: "ben"}},
		"after it waited":  {acks: map[int]muster.UserName{3: "cho"}, turns: map[int]muster.UserName{4: "eve"}},
		"both at last":     {acks: map[int]muster.UserName{4: "cho", 5: "ben"}},
		"the same, twice":  {acks: map[int]muster.UserName{1: "cho", 4: "cho"}},
		"a machine counts": {acks: map[int]muster.UserName{1: "nobody-we-know"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := play(t, before, before.Catalog.Policies["rich"], monday, c.turns, c.acks)
			kept := e
			kept.Turns, kept.Acked = map[int]muster.UserName{4: "ana"}, nil // what is current must not matter
			x, err := plan.Explain(history{7: before}, plan.Question{Revision: 7, Run: &kept})
			if err != nil {
				t.Fatal(err)
			}
			var want []muster.Planned
			for i := range e.Taken {
				_, eff := plan.Retake(before, e, i)
				if eff.Taken == nil || eff.Taken.Step != e.Taken[i].Step || eff.Taken.Waits != e.Taken[i].Waits || eff.Taken.Round != e.Taken[i].Round {
					t.Fatalf("step %d is retaken as %+v, was %+v", i, eff.Taken, e.Taken[i])
				}
				if !reflect.DeepEqual(eff.Taken.Contacts, e.Taken[i].Contacts) {
					t.Errorf("contacts of %d: %v, were %v", i, eff.Taken.Contacts, e.Taken[i].Contacts)
				}
				want = append(want, eff.Pages...)
			}
			if !reflect.DeepEqual(x.People, append([]muster.Planned{}, want...)) {
				t.Errorf("people differ")
			}
		})
	}
}

func TestWhatIsLostKnowsTheNewTargets(t *testing.T) {
	before := snap(t, tailwind(7, rich(func(p *muster.Policy) { p.Steps = p.Steps[3:4] })))
	c := *before.Catalog.Services["shop"]
	c.Policy = "rich"
	with := func(change func(map[string]muster.Document)) *plan.Snapshot {
		return snap(t, tailwind(8, func(docs map[string]muster.Document) {
			rich(func(p *muster.Policy) { p.Steps = p.Steps[3:4] })(docs)
			shop := c
			docs["services/shop"] = &shop
			if change != nil {
				change(docs)
			}
		}))
	}
	was := with(nil)
	is := with(func(docs map[string]muster.Document) {
		for _, name := range []string{"users/ben", "users/cho"} {
			u := *docs[name].(*muster.User)
			u.Teams = nil
			docs[name] = &u
		}
	})
	out := plan.Compare(was, is, contacts(), monday, monday.Plus(24*time.Hour))
	if len(out.Lost) != 1 || out.Lost[0].Policy != "rich" {
		t.Errorf("lost %+v", out.Lost)
	}
	// A step that waits reaches who comes.
	is = with(func(docs map[string]muster.Document) {
		p := *docs["policies/rich"].(*muster.Policy)
		p.Steps = []muster.Step{{Targets: []muster.Target{{Roster: "office"}}, Wait: muster.Duration(time.Minute), Hold: muster.Duration(24 * time.Hour)}}
		docs["policies/rich"] = &p
	})
	if out = plan.Compare(was, is, contacts(), monday, monday.Plus(24*time.Hour)); len(out.Lost) != 0 {
		t.Errorf("lost %+v", out.Lost)
	}
}
