package muster_test

import (
	"crypto/rand"
	"encoding/json"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
)

// What is written can be read again, however far from now: a stored document that nobody can read locks everybody out.
func TestInstantsAtTheEndsOfTime(t *testing.T) {
	for in, want := range map[string]string{
		`"9999-12-31T23:59:59.999999Z"`: `"9999-12-31T23:59:59.999999Z"`,
		`"0000-01-01T00:00:00Z"`:        `"0000-01-01T00:00:00Z"`,
		`"9999-12-31T23:00:00-05:00"`:   "", // year 10000 in UTC
		`"0000-01-01T00:00:00+05:00"`:   "",
		`"2026-11-27T03:12:40+01:00"`:   `"2026-11-27T02:12:40Z"`,
	} {
		var i muster.Instant
		if err := json.Unmarshal([]byte(in), &i); (err != nil) != (want == "") {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got, err := json.Marshal(i); want != "" && (err != nil || string(got) != want) {
			t.Errorf("%s became %s %v", in, got, err)
		}
	}
	var last muster.Instant
	if err := json.Unmarshal([]byte(`"9999-12-31T23:59:59.999999Z"`), &last); err != nil {
		t.Fatal(err)
	}
	for _, i := range []muster.Instant{last.Plus(time.Microsecond), last.Plus(200 * 365 * 24 * time.Hour), muster.FromMicros(-1 << 62), muster.FromMicros(1<<63 - 1)} {
		b, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		var back muster.Instant
		if err := json.Unmarshal(b, &back); err != nil {
			t.Errorf("%s cannot be read: %v", b, err)
		}
	}
}

func TestMadeAt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 19, 8, 45, 123e6, time.UTC)
	if got := muster.MadeAt(muster.NewID[muster.PageID](muster.NewIDs(rand.Reader), at)); got != muster.At(at) {
		t.Errorf("made at %s", got)
	}
	if got := muster.MadeAt(muster.PageID("nonsense")); !got.IsZero() {
		t.Errorf("nonsense was made at %s", got)
	}
}
