package web

import (
	"testing"
	"time"
)

func TestLength(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		40 * time.Second: "40 s", 5 * time.Minute: "5 min", 90 * time.Minute: "1 h 30 min", 24 * time.Hour: "1 day", 24*time.Hour + 30*time.Second: "1 day",
		25 * time.Hour: "25 h 0 min", 72 * time.Hour: "3 days",
	} {
		if got := length(d); got != want {
			t.Errorf("%s is told as %q, not %q", d, got, want)
		}
	}
}
