package sqlstore

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/muster-oncall/muster"
)

// TestARepetitionHasNoState: versions that do not know repetitions take the newest signal that is firing for the condition,
// and would ask silences about one without words.
func TestARepetitionHasNoState(t *testing.T) {
	t.Parallel()
	at := muster.FromMicros(1_790_000_000_123_450)
	s := muster.RawSignal{ID: "sig_2", Alert: "alt_1", Same: "sig_1", ReceivedAt: at, Signal: muster.Signal{State: muster.SignalFiring, Title: "said before", DetectedAt: at}}
	var got muster.RawSignal
	if err := json.Unmarshal(appendRepeat(nil, &s), &got); err != nil || got.Signal.State != "" || got.Signal.Title != "" || got.Signal.DetectedAt != at || got.Alert != "alt_1" {
		t.Errorf("older versions find %+v, %v", got, err)
	}
}

// TestAppendSignal holds what is written by hand to what encoding/json writes. A new field makes it fail until it is in
// the value below, and so here.
func TestAppendSignal(t *testing.T) {
	t.Parallel()
	at := muster.FromMicros(1_790_000_000_123_450)
	full := muster.RawSignal{
		ID: "sig_1", Source: "azure", Format: "generic", Alert: "alt_1", Outcome: muster.OutcomeAppended, Detail: "why", ReceivedAt: at,
		Part: 2, First: "sig_0", Raw: []byte("raw"), Same: "sig_00",
		Signal: muster.Signal{
			Source: "azure", Key: "a \"key\"", State: muster.SignalFiring, Title: "<b>Äpfel</b> & \u2028Birnen\x00\xff", Summary: "a\nb\tc\\d",
			Severity: muster.SeverityMajor, Impact: "some", Action: "none", Service: "shop", Labels: map[string]string{"b": "2", "a": "1", "": "\x7f"},
			Links: []muster.ContextLink{{Title: "one", URL: "https://example.org/?a=1&b=2"}, {}}, Identity: []string{"a", "b"}, DetectedAt: at,
			ClaimedAt: "then", EndsAt: at.Plus(1e9), DetectedBy: muster.DetectedByMonitoring, Reporter: "Ana", Triage: true, Mapped: []string{"title from x", ""},
		},
	}
	for _, v := range []reflect.Value{reflect.ValueOf(full), reflect.ValueOf(full.Signal)} {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s is not in the test", v.Type().Field(i).Name)
			}
		}
	}
	empty := muster.RawSignal{Signal: muster.Signal{Labels: map[string]string{}, Links: []muster.ContextLink{}, Mapped: []string{}}}
	for _, s := range []muster.RawSignal{full, {}, empty} {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendSignal(nil, &s); string(got) != string(want) {
			t.Errorf("got\n%s\nwanted\n%s", got, want)
		}
	}
}
