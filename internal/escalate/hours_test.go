package escalate_test

import (
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

func set(names ...muster.UserName) map[muster.UserName]bool {
	out := map[muster.UserName]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

// What people wish of hours is followed as long as somebody else is reached (I29).
func TestTheHoursOfPeople(t *testing.T) {
	const at = " | escalate@03:05:00"
	for name, c := range map[string]struct {
		off, quiet, gone []muster.UserName
		steps            [][]string
		fallback         string
		want             string
	}{
		"off: the next step at once":                 {off: []muster.UserName{"ravi"}, steps: [][]string{{"ravi"}, {"chen"}}, want: "running 2/1 | chen:phone+0s chen:mail+2m" + at},
		"off, with another of the step":              {off: []muster.UserName{"ravi"}, steps: [][]string{{"ravi", "chen"}}, want: "running 1/1 | chen:phone+0s chen:mail+2m" + at},
		"off at the last step":                       {off: []muster.UserName{"ravi"}, steps: [][]string{{"ravi"}}, want: "running 1/1 | ravi:phone+0s ravi:mail+2m" + at},
		"all off: the last step alone":               {off: []muster.UserName{"ravi", "chen"}, steps: [][]string{{"ravi"}, {"chen"}}, want: "running 2/1 | chen:phone+0s chen:mail+2m" + at},
		"the last step reaches nobody in any case":   {off: []muster.UserName{"ravi"}, gone: []muster.UserName{"chen"}, steps: [][]string{{"ravi"}, {"chen"}}, want: "running 1/1 | ravi:phone+0s ravi:mail+2m" + at},
		"the last step is a room":                    {off: []muster.UserName{"ravi"}, steps: [][]string{{"ravi"}, {"#ops"}}, want: "running 1/1 | ravi:phone+0s ravi:mail+2m" + at},
		"quiet: what does not ring, and then others": {quiet: []muster.UserName{"ravi"}, steps: [][]string{{"ravi"}, {"chen"}}, want: "running 1/1 | ravi:mail+2m" + at},
		"quiet at the last step":                     {quiet: []muster.UserName{"ravi"}, steps: [][]string{{"ravi"}}, want: "running 1/1 | ravi:phone+0s ravi:mail+2m" + at},
		"quiet beside somebody who is not":           {quiet: []muster.UserName{"ravi"}, steps: [][]string{{"ravi", "chen"}}, want: "running 1/1 | ravi:mail+2m chen:phone+0s chen:mail+2m" + at},
		"everybody quiet or off at the last step":    {quiet: []muster.UserName{"ravi"}, off: []muster.UserName{"chen"}, steps: [][]string{{"ravi", "chen"}}, want: "running 1/1 | ravi:phone+0s ravi:mail+2m chen:phone+0s chen:mail+2m" + at},
		"the fallback":                               {off: []muster.UserName{"dana"}, gone: []muster.UserName{"ravi"}, steps: [][]string{{"ravi"}}, fallback: "dana", want: "exhausted 2/1 | dana:phone+0s dana:mail+2m" + at},
		"every admin":                                {off: []muster.UserName{"ana"}, gone: []muster.UserName{"ravi"}, steps: [][]string{{"ravi"}}, want: "exhausted 2/1 | ana:phone+0s ana:mail+2m" + at},
	} {
		t.Run(name, func(t *testing.T) {
			who := everybody()
			who.off, who.quiet, who.unreachable = set(c.off...), set(c.quiet...), set(c.gone...)
			p := muster.Policy{Name: "p"}
			for _, targets := range c.steps {
				p.Steps = append(p.Steps, step(5*time.Minute, targets...))
			}
			if c.fallback != "" {
				p.Fallback = []muster.Target{{User: muster.UserName(c.fallback)}}
			}
			tell(t, p, who).does(escalate.Start).is(c.want)
		})
	}
}

func TestTheHoursOfPeopleAreExplained(t *testing.T) {
	who := everybody()
	who.off = set("ravi", "chen")
	p := muster.Policy{Name: "p", Steps: []muster.Step{step(5*time.Minute, "ravi", "#ops"), step(5*time.Minute, "chen")}}
	p.Steps[0].Hold = muster.Duration(time.Hour) // it waits for who is on call, not for who sleeps
	who.in = time.Minute
	tell(t, p, who).does(escalate.Start).told("ops").notes(
		"The step names Ravi.", "Ravi is off.", "ops is told.",
		"Step 1 of 2 reaches nobody at this hour, as its people wish it, so it is passed over at once.",
	).because(
		"The policy p has 2 steps.",
		"Step 1 of 2 reaches nobody at this hour, as its people wish it, so it is passed over at once.",
		"Step 2 of 2 is taken at once.", "The step names Chen.", "Chen is pressed.", "Paged by phone (+1 ··· 0142) at once.",
	)
	// Turns pass over who is off, and at the last step nobody is.
	p = muster.Policy{Name: "p", Steps: []muster.Step{step(5*time.Minute, "ravi", "dana")}}
	p.Steps[0].RoundRobin = true
	tell(t, p, who).does(escalate.Start).is("running 1/1 | dana:phone+0s dana:mail+2m | escalate@03:05:00")
	who.off = set("ravi", "dana")
	s := tell(t, p, who).does(escalate.Start).is("running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00")
	if s.last.Turns[1] != "ravi" {
		t.Errorf("turns %v", s.last.Turns)
	}
}

// A condition that may end by itself is no promise of somebody later.
func TestLaterStepsWithConditions(t *testing.T) {
	day := false
	for name, c := range map[string]struct {
		when *muster.When
		want string
	}{
		"high":  {&muster.When{Urgency: muster.UrgencyHigh}, "running 2/1 | chen:phone+0s chen:mail+2m | escalate@03:05:00"},
		"low":   {&muster.When{Urgency: muster.UrgencyLow}, "running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00"},
		"hours": {&muster.When{Hours: []muster.Window{{From: "00:00", To: "00:00"}}, Zone: "UTC"}, "running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00"},
		"day":   {&muster.When{Night: &day}, "running 1/1 | ravi:phone+0s ravi:mail+2m | escalate@03:05:00"},
	} {
		t.Run(name, func(t *testing.T) {
			who := everybody()
			who.off, who.daytime = set("ravi"), true
			p := muster.Policy{Name: "p", Steps: []muster.Step{step(5*time.Minute, "ravi"), step(5*time.Minute, "chen")}}
			p.Steps[1].When = c.when
			tell(t, p, who).does(escalate.Start).is(c.want)
		})
	}
}
