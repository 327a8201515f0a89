package view

import (
	"testing"
	"time"
)

func TestSpansOfTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d                            time.Duration
		span, clock, countdown, fine string
	}{
		{42 * time.Second, "42 s", "0:42", "0:42", "42 s"},
		{3*time.Minute + 10*time.Second, "3 min", "3:10", "3:10", "3 min 10 s"},
		{12 * time.Minute, "12 min", "12:00", "12:00", "12 min"},
		{66*time.Minute + 42*time.Second, "1 h 6 min", "1:06:42", "1 h 06", "1 h 6 min"},
		{4 * time.Hour, "4 h", "4:00:00", "4 h 00", "4 h"},
		{37 * time.Hour, "1 d 13 h", "1 d 13 h", "1 d 13 h", "1 d 13 h"},
		{-2 * time.Minute, "2 min", "2:00", "2:00", "2 min"},
		{40 * 24 * time.Hour, "40 d", "40 d", "40 d", "40 d"},
	} {
		for name, pair := range map[string][2]string{"span": {span(c.d), c.span}, "clock": {clock(c.d), c.clock}, "countdown": {countdown(c.d), c.countdown}, "fine": {fine(c.d.Abs()), c.fine}} {
			if got := plain(pair[0]); got != pair[1] {
				t.Errorf("%s(%v) = %q, want %q", name, c.d, got, pair[1])
			}
		}
	}
}

// plain puts ordinary spaces where lines must not break.
func plain(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r == '\u00a0' {
			out[i] = ' '
		}
	}
	return string(out)
}

func TestShortTimes(t *testing.T) {
	t.Parallel()
	s := Shell{Now: time.Date(2026, 11, 27, 11, 24, 0, 0, time.UTC)}
	for want, at := range map[string]time.Time{
		"03:06":        time.Date(2026, 11, 27, 3, 6, 0, 0, time.UTC),
		"Sat 09:00":    time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC),
		"18 Sep 10:00": time.Date(2026, 9, 18, 10, 0, 0, 0, time.UTC),
		"1 Jan 2024":   time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
		"unknown":      {},
	} {
		if got := plain(s.short(at)); got != want {
			t.Errorf("short(%v) = %q, want %q", at, got, want)
		}
	}
}

func TestLeadingClause(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"03:12, ten minutes after it began": "03:12",
		"Monitoring; customers later":       "Monitoring",
		"Nobody":                            "Nobody",
		"a sentence that has no clause in it and goes on and on and on and on": "",
	} {
		head, rest := lead(text)
		if head != want || head+rest != text {
			t.Errorf("lead(%q) = %q, %q", text, head, rest)
		}
	}
}

func TestStreamShowsDaysSilencesAndWhatIsNew(t *testing.T) {
	t.Parallel()
	at := func(d, h, m int) time.Time { return time.Date(2026, 11, d, h, m, 0, 0, time.UTC) }
	st := Stream{Unfiltered: true, SilentAfter: 5 * time.Minute, SeenAt: at(27, 0, 1), Entries: []Entry{
		{ID: "a", At: at(26, 23, 58)}, {ID: "b", At: at(26, 23, 59)}, {ID: "c", At: at(27, 0, 3)}, {ID: "d", At: at(27, 0, 20)},
	}}
	var got []string
	for _, it := range st.items(Shell{}) {
		got = append(got, it.sep+it.entry.ID)
	}
	want := []string{"day", "a", "b", "day", "new", "c", "silence", "d"}
	if len(got) != len(want) {
		t.Fatalf("items = %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("items = %v, want %v", got, want)
		}
	}
	st.Unfiltered = false
	for _, it := range st.items(Shell{}) {
		if it.sep == "silence" {
			t.Error("a filtered stream must not claim silence")
		}
	}
}

func TestPromiseGetsOverdueAndItsBarStaysInBounds(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	p := Promise{MadeAt: from, By: from.Add(10 * time.Minute)}
	for after, want := range map[time.Duration]string{-time.Minute: "100", 0: "100", 5 * time.Minute: "50", 10 * time.Minute: "0", time.Hour: "0"} {
		if got := p.share(from.Add(after)); got != want {
			t.Errorf("share after %v = %s, want %s", after, got, want)
		}
	}
}

func TestLadderEndsWithAWord(t *testing.T) {
	t.Parallel()
	t0 := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	for state, want := range map[string]string{"planned": "not yet", "started": "on its way", "accepted": "no report yet", "unknown": "unknown", "failed": "failed", "cancelled": "not needed"} {
		if got := (Rung{State: state}).word(); got != want {
			t.Errorf("word of %s = %q, want %q", state, got, want)
		}
	}
	if got := (Rung{PlannedAt: t0, StartedAt: t0}).endsAt(); got != 2 {
		t.Errorf("a started page ends at column %d, want 2", got)
	}
}
