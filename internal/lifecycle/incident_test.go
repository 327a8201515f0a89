package lifecycle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
)

// at is a time of the night of the story.
func at(clock string) muster.Instant {
	if clock == "" {
		return muster.Instant{}
	}
	t, err := time.Parse(time.RFC3339, "2026-11-27T"+clock+":00Z")
	if err != nil {
		panic(err)
	}
	return muster.At(t)
}

var (
	ana    = muster.By{User: "ana", Name: "Ana", Surface: muster.SurfaceWeb}
	engine = muster.Engine().By()
)

func declared(t *testing.T) muster.Incident {
	t.Helper()
	inc, err := lifecycle.Declare(lifecycle.Declaration{
		ID: "inc_1", Key: "INC-42", Number: 42, Title: " Shopping cart fails ", Severity: muster.SEV2, Service: "cart",
		DetectedBy: muster.DetectedByMonitoring, DetectedAt: at("03:02"), By: ana,
	}, at("03:12"))
	if err != nil {
		t.Fatal(err)
	}
	return inc
}

// spans shows phases: "detection 03:02-03:12, response 03:12-".
func spans(inc muster.Incident) string {
	var s []string
	for _, p := range inc.Phases {
		until := ""
		if !p.Until.IsZero() {
			until = p.Until.Format("15:04")
		}
		s = append(s, fmt.Sprintf("%s %s-%s", p.Phase, p.From.Format("15:04"), until))
	}
	return strings.Join(s, ", ")
}

func TestTheLifeOfAnIncident(t *testing.T) {
	inc := declared(t)
	do := func(clock, what, wantStatus, wantPhase, wantSpans string) {
		t.Helper()
		var err error
		changed := true
		switch what {
		case "declare":
		case "act":
			inc, changed = lifecycle.Act(inc, at(clock))
		case "mitigate":
			inc, changed, err = lifecycle.Mitigate(inc, at(clock))
		case "resolve":
			inc, changed, err = lifecycle.Resolve(inc, at(clock))
		case "reopen":
			inc, changed, err = lifecycle.Reopen(inc, at(clock))
		case "publish":
			inc, changed, err = lifecycle.Published(inc, at(clock))
		case "close":
			inc, changed, err = lifecycle.Close(inc, at(clock))
		}
		if err != nil || !changed {
			t.Errorf("%s: changed %v, %v", what, changed, err)
		}
		if string(inc.Status) != wantStatus || string(inc.Phase) != wantPhase || spans(inc) != wantSpans {
			t.Errorf("%s at %s:\n got %s in %s: %s\nwant %s in %s: %s", what, clock, inc.Status, inc.Phase, spans(inc), wantStatus, wantPhase, wantSpans)
		}
	}
	if inc.Title != "Shopping cart fails" {
		t.Errorf("title is %q", inc.Title)
	}
	do("03:12", "declare", "open", "response", "detection 03:02-03:12, response 03:12-")
	do("03:19", "act", "open", "remediation", "detection 03:02-03:12, response 03:12-, remediation 03:19-")
	do("03:41", "mitigate", "mitigated", "remediation", "detection 03:02-03:12, response 03:12-, remediation 03:19-")
	do("04:26", "resolve", "resolved", "analysis", "detection 03:02-03:12, response 03:12-04:26, remediation 03:19-04:26, analysis 04:26-")
	do("04:40", "reopen", "open", "response", "detection 03:02-03:12, response 03:12-04:26, remediation 03:19-04:26, analysis 04:26-04:40, response 04:40-")
	do("04:41", "act", "open", "remediation", "detection 03:02-03:12, response 03:12-04:26, remediation 03:19-04:26, analysis 04:26-04:40, response 04:40-, remediation 04:41-")
	do("05:00", "resolve", "resolved", "analysis", "detection 03:02-03:12, response 03:12-04:26, remediation 03:19-04:26, analysis 04:26-04:40, response 04:40-05:00, remediation 04:41-05:00, analysis 05:00-")
	do("09:00", "publish", "resolved", "readiness", "detection 03:02-03:12, response 03:12-04:26, remediation 03:19-04:26, analysis 04:26-04:40, response 04:40-05:00, remediation 04:41-05:00, analysis 05:00-09:00, readiness 09:00-")
	do("10:00", "close", "closed", "readiness", "detection 03:02-03:12, response 03:12-04:26, remediation 03:19-04:26, analysis 04:26-04:40, response 04:40-05:00, remediation 04:41-05:00, analysis 05:00-09:00, readiness 09:00-10:00")

	var got []string
	for _, c := range lifecycle.Clocks(inc, []muster.Alert{{ReceivedAt: at("03:06"), AcknowledgedAt: at("03:11")}, {ReceivedAt: at("03:07")}}, at("11:00")) {
		got = append(got, fmt.Sprintf("%s %s", c.Name, time.Duration(c.Seconds)*time.Second))
	}
	want := "detection 10m0s, to acknowledge 5m0s, response 1h34m0s, remediation 1h26m0s, to mitigate 1h58m0s, to resolve 1h58m0s"
	if strings.Join(got, ", ") != want {
		t.Errorf("clocks:\n got %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestWhatTheStateForbidsAndWhatHoldsAlready(t *testing.T) {
	open := declared(t)
	mitigated, _, _ := lifecycle.Mitigate(open, at("03:20"))
	resolved, _, _ := lifecycle.Resolve(mitigated, at("03:30"))
	closed, _, _ := lifecycle.Close(resolved, at("03:40"))
	for _, c := range []struct {
		name string
		inc  muster.Incident
		f    func(muster.Incident, muster.Instant) (muster.Incident, bool, error)
		want string // "" changed, "same", or the message
	}{
		{"open, reopen", open, lifecycle.Reopen, "same"},
		{"open, close", open, lifecycle.Close, "INC-42 is open, so it cannot be closed. Resolve it first."},
		{"open, publish", open, lifecycle.Published, "INC-42 is open, so its review cannot be published. Resolve it first."},
		{"open, resolve", open, lifecycle.Resolve, ""},
		{"mitigated, mitigate", mitigated, lifecycle.Mitigate, "same"},
		{"mitigated, reopen", mitigated, lifecycle.Reopen, ""},
		{"mitigated, close", mitigated, lifecycle.Close, "INC-42 is mitigated, so it cannot be closed. Resolve it first."},
		{"resolved, mitigate", resolved, lifecycle.Mitigate, "INC-42 is resolved, so it cannot be mitigated. Reopen it first if it came back."},
		{"resolved, resolve", resolved, lifecycle.Resolve, "same"},
		{"closed, resolve", closed, lifecycle.Resolve, "same"},
		{"closed, close", closed, lifecycle.Close, "same"},
		{"closed, reopen", closed, lifecycle.Reopen, ""},
		{"closed, publish", closed, lifecycle.Published, ""},
	} {
		before := spans(c.inc)
		got, changed, err := c.f(c.inc, at("05:00"))
		switch {
		case c.want == "" && (!changed || err != nil), c.want == "same" && (changed || err != nil || spans(got) != before):
			t.Errorf("%s: changed %v, %v", c.name, changed, err)
		case c.want != "" && c.want != "same" && (changed || muster.CodeOf(err) != muster.ErrConflict || err.Error() != c.want):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if spans(c.inc) != before {
			t.Errorf("%s changed the incident that it was given", c.name)
		}
	}
	if _, changed := lifecycle.Act(resolved, at("05:00")); changed {
		t.Error("remediation begins after the end")
	}
	if _, err := lifecycle.Declare(lifecycle.Declaration{Title: " "}, at("03:00")); muster.CodeOf(err) != muster.ErrInvalid {
		t.Errorf("an incident without a title: %v", err)
	}
}

func TestARuleDeclaresBeforeAnybodyKnows(t *testing.T) {
	inc, err := lifecycle.Declare(lifecycle.Declaration{Title: "Cart", DetectedAt: at("03:02"), By: engine}, at("03:06"))
	if err != nil || inc.Phase != muster.PhaseDetection || !inc.KnownAt.IsZero() || spans(inc) != "detection 03:02-" {
		t.Fatalf("%v: %+v", err, inc)
	}
	if got := lifecycle.Answers(inc, lifecycle.Facts{}, at("03:07"))[muster.QuestionWhen].Text; got != "Nobody has taken notice yet. It began to show at 03:02 UTC." {
		t.Error(got)
	}
	inc, changed := lifecycle.Known(inc, at("03:11"))
	if !changed || inc.Phase != muster.PhaseResponse || spans(inc) != "detection 03:02-03:11, response 03:11-" {
		t.Errorf("%+v", inc)
	}
	if _, changed = lifecycle.Known(inc, at("03:12")); changed {
		t.Error("known later is not known")
	}
	inc, _ = lifecycle.Known(inc, at("03:09"))
	inc, _ = lifecycle.Detected(inc, at("02:58"))
	if spans(inc) != "detection 02:58-03:09, response 03:09-" {
		t.Error(spans(inc))
	}
}

// Whatever happens in whatever order, phases are well formed and the state machine does not lie.
func TestPhasesAreWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := at("03:00")
		by := rapid.SampledFrom([]muster.By{ana, engine}).Draw(t, "by")
		inc, err := lifecycle.Declare(lifecycle.Declaration{Key: "INC-1", Title: "x", By: by, DetectedAt: now.Plus(-time.Hour)}, now)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 20).Draw(t, "events") {
			now = now.Plus(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second)
			switch rapid.IntRange(0, 6).Draw(t, "event") {
			case 0:
				inc, _ = lifecycle.Act(inc, now)
			case 1:
				inc, _ = lifecycle.Known(inc, now)
			case 2:
				inc, _, _ = lifecycle.Mitigate(inc, now)
			case 3:
				inc, _, _ = lifecycle.Resolve(inc, now)
			case 4:
				inc, _, _ = lifecycle.Reopen(inc, now)
			case 5:
				inc, _, _ = lifecycle.Close(inc, now)
			case 6:
				inc, _, _ = lifecycle.Published(inc, now)
			}
			goesOn := map[muster.Phase]int{}
			for _, p := range inc.Phases {
				if p.Until.IsZero() {
					goesOn[p.Phase]++
				} else if p.Until.Before(p.From.Time) {
					t.Fatalf("a phase ends before it begins: %s", spans(inc))
				}
			}
			for p, n := range goesOn {
				if n > 1 {
					t.Fatalf("%s goes on twice: %s", p, spans(inc))
				}
			}
			if over := !inc.ResolvedAt.IsZero(); over != slices.Contains([]muster.IncidentStatus{muster.IncidentResolved, muster.IncidentClosed}, inc.Status) {
				t.Fatalf("%s is resolved at %s", inc.Status, inc.ResolvedAt)
			}
			if inc.Status == muster.IncidentOpen && !inc.KnownAt.IsZero() && goesOn[muster.PhaseResponse] == 0 {
				t.Fatalf("open and nobody responds: %s", spans(inc))
			}
			if !inc.KnownAt.IsZero() && inc.KnownAt.Before(inc.DetectedAt.Time) {
				t.Fatal("known before it began to show")
			}
		}
	})
}
