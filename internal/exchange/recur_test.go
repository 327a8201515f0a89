package exchange

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"
)

const wallForm = "2006-01-02T15:04"

// Rules against dates that another implementation worked out.
func TestRulesAgreeWithAnother(t *testing.T) {
	raw, err := os.ReadFile("testdata/rrule.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Rule, Start string
			Dates       []string
			All         bool
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 400 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		r, err := parseRule(c.Rule)
		if err != nil {
			t.Errorf("%s: %v", c.Rule, err)
			continue
		}
		start, _ := time.Parse(wallForm, c.Start)
		high := civil(2100, 1, 1)
		m := moment{wall: start, zone: time.UTC}
		var got []string
		left := effort
		if !r.dates(start, start, high, &left, func(d time.Time) bool {
			if r.over(m, d, time.UTC) || len(got) == 14 {
				return false
			}
			got = append(got, d.Format(wallForm))
			return true
		}) {
			t.Errorf("%s from %s: too much effort", c.Rule, c.Start)
		}
		if !slices.Equal(got, c.Dates) {
			t.Errorf("%s from %s:\n got %v\nwant %v", c.Rule, c.Start, got, c.Dates)
		}
		// Asked from the middle, it gives the same dates from there on, though it skips what lies before.
		if n := len(c.Dates) / 2; n > 0 {
			low, _ := time.Parse(wallForm, c.Dates[n])
			var tail []string
			r.dates(start, low, high, &left, func(d time.Time) bool {
				if r.over(m, d, time.UTC) || len(tail) == len(c.Dates)-n {
					return false
				}
				if !d.Before(low) {
					tail = append(tail, d.Format(wallForm))
				}
				return true
			})
			if !slices.Equal(tail, c.Dates[n:]) {
				t.Errorf("%s from %s, asked from %s:\n got %v\nwant %v", c.Rule, c.Start, c.Dates[n], tail, c.Dates[n:])
			}
		}
	}
}

func TestRulesThatAreNotRead(t *testing.T) {
	for rule, says := range map[string]string{
		"FREQ=HOURLY":                           "FREQ=HOURLY is not read",
		"INTERVAL=2":                            "does not say how often",
		"FREQ=DAILY;INTERVAL=0":                 "INTERVAL=0",
		"FREQ=DAILY;COUNT=-1":                   "COUNT=-1",
		"FREQ=DAILY;COUNT=3;UNTIL=20261123":     "keep one",
		"FREQ=DAILY;COUNT=3;COUNT=4":            "COUNT stands twice",
		"FREQ=WEEKLY;BYDAY=2MO":                 "take the number away",
		"FREQ=WEEKLY;BYDAY=XX":                  "BYDAY=XX",
		"FREQ=WEEKLY;BYMONTHDAY=3":              "does not go with weeks",
		"FREQ=MONTHLY;BYMONTHDAY=0":             "BYMONTHDAY=0",
		"FREQ=MONTHLY;BYSETPOS=1":               "to choose from",
		"FREQ=YEARLY;BYWEEKNO=20":               "BYWEEKNO is not read",
		"FREQ=DAILY;UNTIL=tomorrow":             "UNTIL=TOMORROW",
		"FREQ=DAILY;UNTIL=20261123T090000.5":    "is not a day or a time",
		"FREQ=DAILY;RSCALE=CHINESE":             "RSCALE is not read",
		"FREQ=DAILY;WKST=MONDAY":                "WKST=MONDAY",
		"FREQ=DAILY;;BYDAY=MO":                  "no part of a rule",
		"FREQ=DAILY;BYEASTER=1":                 "BYEASTER is not known",
		"FREQ=YEARLY;BYDAY=54MO":                "BYDAY=54MO",
		"FREQ=DAILY;BYMONTH=13":                 "BYMONTH=13",
		"FREQ=DAILY;COUNT=99999999999999999999": "COUNT=99999999999999999999",
	} {
		_, err := parseRule(rule)
		if err == nil || !containsText(err.Error(), says) {
			t.Errorf("%s: %v, want something with %q", rule, err, says)
		}
	}
}
