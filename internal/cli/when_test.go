package cli

import (
	"testing"
	"time"
)

func TestTimesAsPeopleWriteThem(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r := &run{Env: Env{Zone: berlin}}
	now := time.Date(2027, 3, 27, 22, 30, 0, 0, time.UTC) // 23:30 on the evening before the clocks go forward
	for text, want := range map[string]string{
		"now":                       "2027-03-27T22:30:00Z",
		"2026-12-25T03:00":          "2026-12-25T02:00:00Z",
		"2026-12-25 03:00":          "2026-12-25T02:00:00Z",
		"2026-12-25t03:00:30":       "2026-12-25T02:00:30Z",
		"2026-12-25T03:00+05:30":    "2026-12-24T21:30:00Z",
		"2026-12-25T03:00:00+05:30": "2026-12-25T03:00:00+05:30",
		"03:00":                     "2027-03-27T02:00:00Z",
		"tomorrow 03:00":            "2027-03-28T01:00:00Z",
		"Tomorrow 02:30":            "2027-03-28T01:30:00Z", // is skipped: forward over the gap
		"yesterday 09:00":           "2027-03-26T08:00:00Z",
		"today 09:00":               "2027-03-27T08:00:00Z",
		"next week":                 "next week",
		"someday 09:00":             "someday 09:00",
		"":                          "",
	} {
		if got := r.when(text, now); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
