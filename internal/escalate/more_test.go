package escalate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

func room(name muster.ConnectorName) muster.Target { return muster.Target{Connector: name} }

func (s *story) told(want ...string) *story {
	s.t.Helper()
	var got []string
	for _, x := range s.last.Told {
		got = append(got, string(x.Connector))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Errorf("told %v, want %v", got, want)
	}
	return s
}

func (s *story) acks(who muster.UserName) *story {
	s.t.Helper()
	return s.doesSo(escalate.Event{Kind: escalate.Ack, By: muster.Acknowledgement{User: who, Name: s.who.Name(who)}})
}

func TestARoomIsToldAndReachesNobody(t *testing.T) {
	p := urgent()
	p.Steps[0] = muster.Step{Targets: []muster.Target{room("ops"), room("gone")}}
	p.Steps[1].Targets = append(p.Steps[1].Targets, room("ops"), room("managers"))
	p.Fallback = []muster.Target{room("loud")}
	s := tell(t, p, everybody())
	s.does(escalate.Start).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:10:00").told("ops", "managers").notes(
		"ops is told.",
		"There is no connector gone.",
		"Step 1 of 3 informs and reaches nobody, so Muster goes on at once.",
		"managers is told.",
	)
	s.at(10).does(escalate.Timer).told()
	s.at(25).does(escalate.Timer).is("exhausted 4/1 | ana:phone+0s ana:mail+2m | escalate@03:30:00").told("loud")
	s.at(30).does(escalate.Timer).is("exhausted 4/2 | ana:phone+0s ana:mail+2m | escalate@03:35:00").told()
}

func TestAPolicyOfRoomsAloneIsLoudAtOnce(t *testing.T) {
	p := muster.Policy{Name: "rooms", Repeat: 3, Steps: []muster.Step{{Targets: []muster.Target{room("ops")}}}}
	s := tell(t, p, everybody())
	s.does(escalate.Start).is("exhausted 2/1 | ana:phone+0s ana:mail+2m | escalate@03:05:00").told("ops")
}

func TestPeopleTakeTurns(t *testing.T) {
	p := urgent()
	p.Steps = []muster.Step{step(5*time.Minute, "ravi", "chen", "dana")}
	p.Steps[0].RoundRobin = true
	p.Repeat = 1
	s := tell(t, p, everybody())
	s.does(escalate.Start).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00").because(
		"The policy Storefront urgent has 1 step and goes through them 2 times.",
		"Step 1 of 1 is taken at once.",
		"The 3 people of the step take turns, and Ravi has the first one.",
		"The step names Ravi.", "Ravi has two methods.", "Paged by phone (+1 ··· 0142) at once.",
	)
	if s.last.Turns[1] != "ravi" {
		t.Errorf("turns %v", s.last.Turns)
	}
	s.e.Turns = s.last.Turns
	s.at(5).does(escalate.Timer).is("running 1/2 | chen:phone+0s chen:mail+2m | escalate@03:10:00")

	s = tell(t, p, everybody()) // the next alert
	s.e.Turns = map[int]muster.UserName{1: "chen"}
	s.who.unreachable["dana"] = true
	s.does(escalate.Start).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00").notes("Dana has no verified contact method.")
	if got := s.last.Pages[0].Reasons[2].Text; got != "The 3 people of the step take turns: Chen had the last one, so it is Ravi's." {
		t.Error(got)
	}
}

func TestStepsWithConditions(t *testing.T) {
	night, day := true, false
	p := muster.Policy{Name: "p", Steps: []muster.Step{
		step(time.Minute, "ravi"), step(time.Minute, "ravi"), step(time.Minute, "ravi"), step(time.Minute, "ravi", "chen"), step(time.Minute, "ravi", "chen"),
	}}
	p.Steps[0].When = &muster.When{Severity: []muster.AlertSeverity{muster.SeverityCritical, muster.SeverityMajor}}
	p.Steps[1].When = &muster.When{Urgency: muster.UrgencyLow}
	p.Steps[2].When = &muster.When{Hours: []muster.Window{{From: "09:00", To: "17:00"}}, Zone: "UTC"}
	p.Steps[3].When = &muster.When{Night: &day}
	p.Steps[4].When = &muster.When{Night: &night}
	who := everybody()
	who.asleep = map[muster.UserName]bool{"ravi": true}
	s := tell(t, p, who)
	s.e.Severity = muster.SeverityMinor
	s.does(escalate.Start).is("running 4/1 | chen:phone+0s chen:mail+2m | escalate@03:01:00").notes(
		"Step 1 of 5 is for the severity critical or major alone, and this is minor, so it is passed over.",
		"Step 2 of 5 is for low urgency alone, and this is high, so it is passed over.",
		"Step 3 of 5 is for other hours, and it is 03:00 UTC, so it is passed over.",
		"It is night for Ravi, 03:00 UTC: the step leaves them asleep.",
	)
	s.at(1).does(escalate.Timer).is("running 5/1 | ravi:phone+0s ravi:mail+2m | escalate@03:02:00").notes(
		"It is day for Chen, 03:00 UTC: the step is for the night alone.",
	)
	s = tell(t, p, who)
	s.e.Severity = muster.SeverityMajor
	s.does(escalate.Start).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:01:00")
}

// I29: conditions never silence the last who can be reached: the fallback has none.
func TestConditionsDoNotSilenceTheFallback(t *testing.T) {
	day := false
	p := muster.Policy{Name: "p", Steps: []muster.Step{step(time.Minute, "ravi")}}
	p.Steps[0].When = &muster.When{Night: &day}
	who := everybody()
	who.asleep = map[muster.UserName]bool{"ravi": true, "ana": true}
	tell(t, p, who).does(escalate.Start).is("exhausted 2/1 | ana:phone+0s ana:mail+2m | escalate@03:05:00")
}

func office() (muster.Policy, *team) {
	p := urgent()
	p.Steps[0].Hold = muster.Duration(8 * time.Hour)
	who := everybody()
	delete(who.oncall, "storefront/primary")
	return p, who
}

func TestAStepWaitsUntilSomebodyIsOnCall(t *testing.T) {
	p, who := office()
	s := tell(t, p, who)
	who.comes = map[muster.RosterName]muster.Instant{"storefront": s.at(12).now}
	s.at(0).does(escalate.Start).is("running 1/1 | - | escalate@03:05:00").notes(
		"Nobody is storefront/primary.",
		"Step 1 of 3 reaches nobody now and waits until somebody is on call, which is at 03:12 UTC on 27 Nov as things are; at most until 11:00 UTC on 27 Nov.",
	)
	if s.last.Taken.Waits != s.at(480).now {
		t.Errorf("waits until %s", s.last.Taken.Waits)
	}
	s.at(5).does(escalate.Timer).nothing().is("running 1/1 | - | escalate@03:10:00")
	s.at(10).does(escalate.Timer).nothing().is("running 1/1 | - | escalate@03:12:00")
	who.oncall["storefront/primary"] = []muster.UserName{"ravi"}
	s.at(12).does(escalate.Timer).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:17:00").because(
		"The policy Storefront urgent has 3 steps.",
		"Step 1 of 3: it waited since 03:00 UTC, and somebody is on call now.",
		"storefront/primary has a turn.", "Ravi has two methods.", "Paged by phone (+1 ··· 0142) at once.",
	)
	s.at(17).does(escalate.Timer).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:27:00")
}

func TestAStepDoesNotWaitForNobodyNorForEver(t *testing.T) {
	p, who := office()
	tell(t, p, who).does(escalate.Start).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:10:00").notes(
		"Nobody is storefront/primary.",
		"Step 1 of 3 reaches nobody, and nobody comes on call within 8h, so it is passed over at once.",
	)

	s := tell(t, p, who)
	who.comes = map[muster.RosterName]muster.Instant{"storefront": s.at(60).now}
	s.at(0).does(escalate.Start)
	delete(who.comes, "storefront") // the shift was taken away meanwhile
	s.at(5).does(escalate.Timer).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:15:00").notes(
		"Nobody is storefront/primary.",
		"Step 1 of 3 waited for somebody to come on call, in vain, so it is passed over.",
	)

	s = tell(t, p, who)
	who.comes = map[muster.RosterName]muster.Instant{"storefront": s.at(60).now}
	s.at(0).does(escalate.Start)
	s.at(480).does(escalate.Timer).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@11:10:00")

	s = tell(t, p, who)
	s.does(escalate.Start)
	s.at(1).does(escalate.Escalate).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:11:00")
}

func TestSeveralAcknowledgements(t *testing.T) {
	p := urgent()
	p.Acks = 2
	s := tell(t, p, everybody())
	s.does(escalate.Start)
	s.at(1).acks("ravi").is("running 1/1 | - | escalate@03:05:00")
	if s.last.Answered == nil || s.last.CancelPages || s.last.Acknowledged || len(s.e.Acked) != 1 {
		t.Errorf("after the first: %+v", s.last)
	}
	s.at(2).acks("ravi").nothing()
	s.at(5).does(escalate.Timer).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:15:00")
	s.at(6).acks("chen").is("paused 2/1 | - | ack_timeout@03:36:00")
	if !s.last.Acknowledged || !s.last.CancelPages {
		t.Errorf("after the second: %+v", s.last)
	}
	s.at(36).does(escalate.Unack).is("running 1/2 | ravi:phone+0s ravi:mail+2m | escalate@03:41:00")
	if len(s.e.Acked) != 0 {
		t.Error("acknowledgements outlive their end")
	}
}

func TestWhoHasAcknowledgedIsNotPagedAgain(t *testing.T) {
	p := urgent()
	p.Acks, p.Repeat = 2, 1
	s := tell(t, p, everybody())
	s.does(escalate.Start)
	s.at(1).acks("ravi")
	s.at(5).does(escalate.Timer)
	s.at(15).does(escalate.Timer)
	s.at(30).does(escalate.Timer).is("running 2/2 | chen:phone+0s chen:mail+2m | escalate@03:40:00").notes(
		"Ravi has acknowledged already and is not paged again.",
		"Step 1 of 3 reaches nobody, so it is passed over at once.",
	)
	s.at(40).does(escalate.Timer)
	s.at(55).does(escalate.Timer).is("exhausted 4/2 | ana:phone+0s ana:mail+2m | escalate@04:00:00").notes(
		"Only 1 of 2 people acknowledged: all 3 steps of the policy are used up in 2 rounds. The fallback is paged, and again every 5m until somebody acknowledges.",
	)
	s.at(56).acks("ana").is("paused 4/2 | - | ack_timeout@04:26:00")
}

func TestWhenNobodyElseIsLeftWhoHasAcknowledgedHasIt(t *testing.T) {
	p := urgent()
	p.Acks, p.Steps = 2, p.Steps[:1]
	who := everybody()
	who.admins = []muster.UserName{"ravi"}
	s := tell(t, p, who)
	s.does(escalate.Start)
	s.at(1).acks("ravi")
	s.at(5).does(escalate.Timer).is("paused 2/1 | - | ack_timeout@03:35:00").notes(
		"Ravi has acknowledged already and is not paged again.",
		"Nobody else can be paged, so the alert counts as acknowledged by Ravi: 1 of 2.",
	)
	if !s.last.Acknowledged {
		t.Error("it does not count as acknowledged")
	}
}

// I13: a snooze has an end.
func TestASnoozeEndsWithPages(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.does(escalate.Start)
	long := s.at(121).now
	short := s.at(63).now
	s.at(1).doesSo(escalate.Event{Kind: escalate.Ack, Until: long}).is("paused 1/1 | - | ack_timeout@05:01:00")
	s.at(2).does(escalate.Ack).nothing()
	s.at(3).doesSo(escalate.Event{Kind: escalate.Ack, Until: short})
	s.is("paused 1/1 | - | ack_timeout@04:03:00")
	s.at(63).doesSo(escalate.Event{Kind: escalate.Unack, Because: "Ravi had snoozed it until 04:03 UTC"})
	s.is("running 1/2 | ravi:phone+0s ravi:mail+2m | escalate@04:08:00")
}
