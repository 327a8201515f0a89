package escalate_test

import (
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

func TestNobodyAnswersUntilTheFallbackDoes(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.does(escalate.Start).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00").because(
		"The policy Storefront urgent has 3 steps.",
		"Step 1 of 3 is taken at once.",
		"storefront/primary has a turn.",
		"Ravi has two methods.",
		"Paged by phone (+1 ··· 0142) at once.",
	)
	s.at(5).does(escalate.Timer).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:15:00").because(
		"The policy Storefront urgent has 3 steps.",
		"Step 2 of 3: step 1 paged Ravi at 03:00 UTC and waited 5m without an answer.",
		"storefront/secondary has a turn.",
		"Chen has two methods.",
		"Paged by phone (+1 ··· 0142) at once.",
	)
	s.at(15).does(escalate.Timer).is("running 3/1 | dana:phone+0s dana:mail+2m | escalate@03:30:00")
	s.at(30).does(escalate.Timer).is("exhausted 4/1 | ana:phone+0s ana:mail+2m | escalate@03:35:00").notes(
		"Nobody acknowledged: all 3 steps of the policy are used up. The fallback is paged, and again every 5m until somebody acknowledges.",
	)
	if !s.last.Taken.Fallback {
		t.Error("the fallback is not written down")
	}
	s.at(35).does(escalate.Timer).is("exhausted 4/2 | ana:phone+0s ana:mail+2m | escalate@03:40:00").notes(
		"Still nobody acknowledged. The fallback is paged, and again every 5m until somebody acknowledges.",
	)
	s.at(36).does(escalate.Ack).is("paused 4/2 | - | ack_timeout@04:06:00")
	if !s.last.CancelPages {
		t.Error("pages go on after an acknowledgement")
	}
	s.at(50).does(escalate.Resolve).is("ended 4/2 | - | -")
}

func TestAnAcknowledgementThatRunsOutBeginsAtStepOne(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.does(escalate.Start)
	s.at(2).does(escalate.Ack).is("paused 1/1 | - | ack_timeout@03:32:00")
	s.at(3).does(escalate.Ack).nothing()
	s.at(5).does(escalate.Timer).nothing() // the step's own timer lost the race
	s.at(32).doesSo(escalate.Event{Kind: escalate.Unack, Because: "the acknowledgement of Ravi ran out after 30m"})
	s.is("running 1/2 | ravi:phone+0s ravi:mail+2m | escalate@03:37:00").because(
		"The policy Storefront urgent has 3 steps.",
		"Step 1 of 3 in round 2: the acknowledgement of Ravi ran out after 30m.",
		"storefront/primary has a turn.",
		"Ravi has two methods.",
		"Paged by phone (+1 ··· 0142) at once.",
	)
	// The policy has one round only, but this one is walked to its end.
	s.at(37).does(escalate.Timer).is("running 2/2 | chen:phone+0s chen:mail+2m | escalate@03:47:00")
	s.at(47).does(escalate.Timer).is("running 3/2 | dana:phone+0s dana:mail+2m | escalate@04:02:00")
	s.at(62).does(escalate.Timer).is("exhausted 4/2 | ana:phone+0s ana:mail+2m | escalate@04:07:00")
}

func TestWithoutATimeOutAnAcknowledgementStays(t *testing.T) {
	p := urgent()
	p.AckTimeout = 0
	s := tell(t, p, everybody())
	s.does(escalate.Start)
	s.at(1).does(escalate.Ack).is("paused 1/1 | - | -")
	s.at(9).doesSo(escalate.Event{Kind: escalate.Unack, Because: "Ravi took the acknowledgement back"})
	s.is("running 1/2 | ravi:phone+0s ravi:mail+2m | escalate@03:14:00")
}

func TestRoundsAreRepeated(t *testing.T) {
	p := urgent()
	p.Steps = p.Steps[:1]
	p.Repeat = 1
	s := tell(t, p, everybody())
	s.does(escalate.Start).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00")
	s.at(5).does(escalate.Timer).is("running 1/2 | ravi:phone+0s ravi:mail+2m | escalate@03:10:00").because(
		"The policy Storefront urgent has 1 step and goes through them 2 times.",
		"Step 1 of 1 in round 2: step 1 paged Ravi at 03:00 UTC and waited 5m without an answer.",
		"storefront/primary has a turn.",
		"Ravi has two methods.",
		"Paged by phone (+1 ··· 0142) at once.",
	)
	s.at(10).does(escalate.Timer).is("exhausted 2/2 | ana:phone+0s ana:mail+2m | escalate@03:15:00")
}

// I15: the engine was down, or the connector slow, so the first attempt came late.
func TestAStepLastsItsWaitAfterTheFirstAttempt(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.does(escalate.Start)
	s.e.StepStarted = s.at(4).now
	s.at(5).does(escalate.Timer).nothing().is("running 1/1 | - | escalate@03:09:00")
	s.at(9).does(escalate.Timer).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:19:00").because(
		"The policy Storefront urgent has 3 steps.",
		"Step 2 of 3: step 1 paged Ravi at 03:04 UTC and waited 5m without an answer.",
		"storefront/secondary has a turn.",
		"Chen has two methods.",
		"Paged by phone (+1 ··· 0142) at once.",
	)
}

// I11: nobody is the secondary tonight.
func TestAStepThatReachesNobodyGoesOnAtOnce(t *testing.T) {
	who := everybody()
	delete(who.oncall, "storefront/secondary")
	s := tell(t, urgent(), who)
	s.does(escalate.Start)
	s.at(5).does(escalate.Timer).is("running 3/1 | dana:phone+0s dana:mail+2m | escalate@03:20:00").notes(
		"Nobody is storefront/secondary.",
		"Step 2 of 3 reaches nobody, so it is passed over at once.",
	).because(
		"The policy Storefront urgent has 3 steps.",
		"Step 2 of 3 reaches nobody, so it is passed over at once.",
		"Step 3 of 3: step 1 paged Ravi at 03:00 UTC and waited 5m without an answer.",
		"The step names Dana.",
		"Dana has two methods.",
		"Paged by phone (+1 ··· 0142) at once.",
	)
}

func TestAPersonWithoutAWayToReachThemCountsAsNobody(t *testing.T) {
	who := everybody()
	who.unreachable["ravi"] = true
	s := tell(t, urgent(), who)
	s.does(escalate.Start).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:10:00").notes(
		"storefront/primary has a turn.",
		"Ravi has no verified contact method.",
		"Step 1 of 3 reaches nobody, so it is passed over at once.",
	)
}

// I10: it stays loud when there is nobody to be loud to.
func TestNobodyAtAll(t *testing.T) {
	p := urgent()
	p.Repeat = 5
	s := tell(t, p, &team{unreachable: map[muster.UserName]bool{"dana": true}})
	s.does(escalate.Start).is("exhausted 4/1 | - | escalate@03:05:00").notes(
		"Nobody is storefront/primary.",
		"Step 1 of 3 reaches nobody, so it is passed over at once.",
		"Nobody is storefront/secondary.",
		"Step 2 of 3 reaches nobody, so it is passed over at once.",
		"The step names Dana.",
		"Dana has no verified contact method.",
		"Step 3 of 3 reaches nobody, so it is passed over at once.",
		"There is no admin.",
		"No step of the policy reaches anybody. The fallback is paged, and again every 5m until somebody acknowledges.",
		"Nobody is left who could be paged: the fallback reaches nobody either. Muster tries again in 5m.",
	)
	s.who = everybody() // somebody mends the catalog
	s.at(5).does(escalate.Timer).is("exhausted 4/2 | ana:phone+0s ana:mail+2m | escalate@03:10:00")
}

func TestThePolicysOwnFallbackComesFirst(t *testing.T) {
	p := urgent()
	p.Steps = p.Steps[:1]
	p.Fallback = []muster.Target{{User: "eli"}}
	s := tell(t, p, everybody())
	s.does(escalate.Start)
	s.at(5).does(escalate.Timer).is("exhausted 2/1 | eli:phone+0s eli:mail+2m | escalate@03:10:00")
	s.who.unreachable["eli"] = true
	s.at(10).does(escalate.Timer).is("exhausted 2/2 | ana:phone+0s ana:mail+2m | escalate@03:15:00")
}

func TestAPolicyWithoutStepsIsLoudAtOnce(t *testing.T) {
	s := tell(t, muster.Policy{Name: "empty"}, everybody())
	s.does(escalate.Start).is("exhausted 1/1 | ana:phone+0s ana:mail+2m | escalate@03:05:00")
}

func TestAPersonIsPagedOnceInAStep(t *testing.T) {
	p := urgent()
	p.Steps[0].Targets = append(p.Steps[0].Targets, muster.Target{User: "ravi"}, muster.Target{User: "dana"})
	s := tell(t, p, everybody())
	s.does(escalate.Start).is("running 1/1 | ravi:phone+0s ravi:mail+2m dana:phone+0s dana:mail+2m | escalate@03:05:00")
}

func TestASilenceHoldsBackUntilItEnds(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.doesSo(escalate.Event{Kind: escalate.Hold, Until: s.now.Plus(time.Hour)}).is("paused 0/0 | - | silence_end@04:00:00")
	s.at(5).does(escalate.Timer).nothing()
	s.at(6).does(escalate.Start).nothing()
	s.at(60).doesSo(escalate.Event{Kind: escalate.Release, Because: "the silence maintenance ended"})
	s.is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@04:05:00")
}

func TestASilenceThatIsOverHoldsNothingBack(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.doesSo(escalate.Event{Kind: escalate.Hold, Until: s.now}).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00")
	s.at(1).doesSo(escalate.Event{Kind: escalate.Hold, Until: s.now}).nothing()
}

func TestTriageWaitsForAPerson(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.does(escalate.Hold).is("paused 0/0 | - | -")
	s.at(9).does(escalate.Unack).nothing()
	s.at(10).does(escalate.Release).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:15:00")
}

func TestASilenceInMidEscalationAndItsEnd(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.does(escalate.Start)
	s.at(5).does(escalate.Timer)
	s.at(6).doesSo(escalate.Event{Kind: escalate.Hold, Until: s.now.Plus(time.Hour)}).is("paused 2/1 | - | silence_end@04:06:00")
	if !s.last.CancelPages {
		t.Error("pages go on in a silence")
	}
	s.at(66).does(escalate.Release).is("running 1/2 | ravi:phone+0s ravi:mail+2m | escalate@04:11:00")
}

func TestAnAcknowledgedAlertStaysSoWhenItsSilenceEnds(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.doesSo(escalate.Event{Kind: escalate.Hold, Until: s.now.Plus(time.Hour)})
	s.at(1).does(escalate.Ack).is("paused 0/0 | - | ack_timeout@03:31:00")
	s.at(2).does(escalate.Release).nothing()
	s.at(3).doesSo(escalate.Event{Kind: escalate.Hold, Until: s.now.Plus(time.Hour)}).nothing()
	s.at(31).doesSo(escalate.Event{Kind: escalate.Unack, Until: s.now.Plus(29 * time.Minute)}).is("paused 0/0 | - | silence_end@04:00:00")
	s.at(60).does(escalate.Release).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@04:05:00")
}

func TestAPersonEscalates(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.does(escalate.Start)
	s.at(1).doesSo(escalate.Event{Kind: escalate.Escalate, Because: "Ravi asked for it"}).is("running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:11:00").because(
		"The policy Storefront urgent has 3 steps.",
		"Step 2 of 3: Ravi asked for it.",
		"storefront/secondary has a turn.",
		"Chen has two methods.",
		"Paged by phone (+1 ··· 0142) at once.",
	)
	s.at(2).does(escalate.Ack)
	s.at(3).does(escalate.Escalate).is("running 3/1 | dana:phone+0s dana:mail+2m | escalate@03:18:00")
	s.at(4).does(escalate.Escalate).is("exhausted 4/1 | ana:phone+0s ana:mail+2m | escalate@03:09:00").notes(
		"There is no further step that reaches anybody, and somebody asked for it. The fallback is paged, and again every 5m until somebody acknowledges.",
	)
}

func TestNothingHappensAfterTheEnd(t *testing.T) {
	s := tell(t, urgent(), everybody())
	s.does(escalate.Start).at(1).does(escalate.Resolve).is("ended 1/1 | - | -")
	for _, k := range kinds {
		s.does(k).nothing()
	}
}
