package command

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
)

// A signal that differs from the last one in anything but its times is no repetition. A new field is seen here.
func TestWhatIsARepetition(t *testing.T) {
	t.Parallel()
	r := newRepeats()
	full := func() muster.Signal {
		at := muster.FromMicros(1_790_000_000_000_000)
		return muster.Signal{
			Source: "s", Key: "k", State: muster.SignalFiring, Title: "t", Summary: "u", Severity: muster.SeverityMajor, Impact: "i", Action: "a", Service: "v",
			Labels: map[string]string{"a": "1", "b": "2"}, Links: []muster.ContextLink{{Title: "l", URL: "m"}}, Identity: []string{"x", "y"}, DetectedAt: at,
			ClaimedAt: "c", EndsAt: at, DetectedBy: muster.DetectedByMonitoring, Reporter: "r", Triage: true, Mapped: []string{"p", "q"},
		}
	}
	one, other := full(), full()
	want := r.sum(&one)
	if r.sum(&other) != want {
		t.Fatal("the same twice has two sums")
	}
	times := map[string]bool{"DetectedAt": true, "ClaimedAt": true, "EndsAt": true}
	for i := range reflect.TypeFor[muster.Signal]().NumField() {
		s := full()
		f, name := reflect.ValueOf(&s).Elem().Field(i), reflect.TypeFor[muster.Signal]().Field(i).Name
		if f.IsZero() {
			t.Errorf("%s is not in the test", name)
		}
		f.SetZero()
		if same := r.sum(&s) == want; same != times[name] {
			t.Errorf("without its %s it is a repetition: %v", name, same)
		}
	}
	for i, change := range []func(s *muster.Signal){
		func(s *muster.Signal) { s.Labels = map[string]string{"a": "2", "b": "1"} },
		func(s *muster.Signal) { s.Labels = map[string]string{"1": "a", "2": "b"} },
		func(s *muster.Signal) { s.Labels["c"] = "" },
		func(s *muster.Signal) { s.Identity, s.Mapped = []string{"x"}, []string{"y", "p", "q"} },
		func(s *muster.Signal) { s.Identity = []string{"xy"} },
		func(s *muster.Signal) { s.Links[0] = muster.ContextLink{Title: "lm"} },
		func(s *muster.Signal) { s.Title, s.Summary = "tu", "" },
	} {
		s := full()
		change(&s)
		if r.sum(&s) == want {
			t.Errorf("change %d is a repetition", i)
		}
	}
}

// What was said is forgotten after an hour, and when there is too much of it: the memory is bounded.
func TestWhatWasSaidIsForgotten(t *testing.T) {
	t.Parallel()
	r, now := newRepeats(), muster.FromMicros(1_790_000_000_000_000)
	r.learn(map[muster.AlertID]said{"alt_1": {1, "sig_1", now}})
	if s, ok := r.of("alt_1", now.Plus(saidLife-time.Second)); !ok || s.in != "sig_1" {
		t.Errorf("within the hour: %v, %v", s, ok)
	}
	if _, ok := r.of("alt_1", now.Plus(saidLife)); ok {
		t.Error("after an hour it is still known")
	}
	for i := range 3 * maxSaid {
		r.learn(map[muster.AlertID]said{muster.AlertID(fmt.Sprint(i)): {1, "sig_2", now}})
	}
	if n := len(r.young) + len(r.old); n > 2*maxSaid {
		t.Errorf("%d are kept", n)
	}
	if _, ok := r.of("alt_1", now); ok {
		t.Error("what was said first is still known")
	}
}
