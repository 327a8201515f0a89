package exchange

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

type frequency int

const (
	daily frequency = iota
	weekly
	monthly
	yearly
)

// A rule is an RRULE that is understood.
type rule struct {
	freq     frequency
	interval int
	count    int    // 0: no end by number
	until    *limit // nil: no end by time
	months   []int
	days     []int // of the month; negative ones count from its end
	weekdays []weekday
	setPos   []int
	wkst     time.Weekday
}

// A weekday is one entry of BYDAY: every Monday (nth 0), the second (2), the last (-1).
type weekday struct {
	nth int
	day time.Weekday
}

// A limit is the UNTIL of a rule. It belongs to the set itself.
type limit struct {
	wall time.Time
	utc  bool
	day  bool // a date: the whole day belongs to it
}

var (
	frequencies  = map[string]frequency{"DAILY": daily, "WEEKLY": weekly, "MONTHLY": monthly, "YEARLY": yearly}
	weekdayNames = map[string]time.Weekday{
		"MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday, "TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday, "SU": time.Sunday,
	}
)

const instead = "repeat it by days, weeks, months or years, or enter the dates singly"

// parseRule reads an RRULE. An until that could be read is given even when the rest could not, so that a rule that ended
// long ago need not be understood.
func parseRule(s string) (r rule, err error) {
	r = rule{interval: 1, wkst: time.Monday}
	seen := map[string]bool{}
	fail := func(format string, args ...any) {
		if err == nil {
			err = fmt.Errorf(format, args...)
		}
	}
	for part := range strings.SplitSeq(strings.TrimRight(strings.ToUpper(strings.TrimSpace(s)), ";"), ";") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || value == "" {
			fail("%s is no part of a rule: write it like FREQ=WEEKLY;BYDAY=MO", quote(part))
			continue
		}
		if seen[key] {
			fail("%s stands twice in the rule: keep one", key)
			continue
		}
		seen[key] = true
		switch key {
		case "FREQ":
			if r.freq, ok = frequencies[value]; !ok {
				fail("a repetition by FREQ=%s is not read: %s", clipWord(value), instead)
			}
		case "INTERVAL":
			if r.interval, ok = number(value, 1, 10_000); !ok {
				fail("INTERVAL=%s is not a whole number from 1 to 10000: correct it", clipWord(value))
			}
		case "COUNT":
			if r.count, ok = number(value, 1, 1_000_000); !ok {
				fail("COUNT=%s is not a whole number from 1 to 1000000: correct it", clipWord(value))
			}
		case "UNTIL":
			if r.until, ok = parseUntil(value); !ok {
				fail("UNTIL=%s is not a day or a time: write it like 20261123 or 20261123T090000Z", clipWord(value))
			}
		case "BYMONTH":
			if r.months, ok = numbers(value, 1, 12); !ok {
				fail("BYMONTH=%s is not a list of months from 1 to 12: correct it", clipWord(value))
			}
		case "BYMONTHDAY":
			if r.days, ok = numbers(value, -31, 31); !ok {
				fail("BYMONTHDAY=%s is not a list of days from 1 to 31, or from -31 to -1 counted from the end: correct it", clipWord(value))
			}
		case "BYSETPOS":
			if r.setPos, ok = numbers(value, -366, 366); !ok {
				fail("BYSETPOS=%s is not a list of numbers: correct it", clipWord(value))
			}
		case "BYDAY":
			if r.weekdays, ok = parseWeekdays(value); !ok {
				fail("BYDAY=%s is not a list of weekdays such as MO, 2TU or -1FR: correct it", clipWord(value))
			}
		case "WKST":
			if r.wkst, ok = weekdayNames[value]; !ok {
				fail("WKST=%s is not a weekday such as MO: correct it", clipWord(value))
			}
		case "BYSECOND", "BYMINUTE", "BYHOUR", "BYYEARDAY", "BYWEEKNO", "RSCALE", "SKIP":
			fail("a repetition by %s is not read: %s", key, instead)
		default:
			if !strings.HasPrefix(key, "X-") {
				fail("%s is not known in a rule: %s", clipWord(key), instead)
			}
		}
	}
	if err == nil {
		err = r.check(seen)
	}
	return r, err
}

// check finds parts that do not go together.
func (r rule) check(seen map[string]bool) error {
	ordinal := slices.ContainsFunc(r.weekdays, func(w weekday) bool { return w.nth != 0 })
	switch {
	case !seen["FREQ"]:
		return fmt.Errorf("the rule does not say how often: it needs FREQ, such as FREQ=WEEKLY")
	case seen["COUNT"] && seen["UNTIL"]:
		return fmt.Errorf("the rule ends by COUNT and by UNTIL: keep one of them")
	case ordinal && r.freq != monthly && r.freq != yearly:
		return fmt.Errorf("BYDAY with a number, such as 2TU, is for months and years: take the number away")
	case seen["BYMONTHDAY"] && r.freq == weekly:
		return fmt.Errorf("BYMONTHDAY does not go with weeks: use FREQ=MONTHLY, or BYDAY")
	case seen["BYSETPOS"] && !seen["BYDAY"] && !seen["BYMONTHDAY"] && !seen["BYMONTH"]:
		return fmt.Errorf("BYSETPOS needs BYDAY or BYMONTHDAY to choose from: add one, or take it away")
	}
	return nil
}

func clipWord(s string) string {
	if len(s) > 40 {
		return quote(s)
	}
	return strings.Trim(quote(s), `"`)
}

func number(s string, low, high int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= low && n <= high
}

// numbers reads a list without zero and without repetition.
func numbers(s string, low, high int) ([]int, bool) {
	var out []int
	for one := range strings.SplitSeq(s, ",") {
		n, ok := number(strings.TrimSpace(one), low, high)
		if !ok || n == 0 {
			return nil, false
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out, true
}

func parseWeekdays(s string) ([]weekday, bool) {
	var out []weekday
	for one := range strings.SplitSeq(s, ",") {
		one = strings.TrimSpace(one)
		if len(one) < 2 {
			return nil, false
		}
		day, ok := weekdayNames[one[len(one)-2:]]
		if !ok {
			return nil, false
		}
		w := weekday{day: day}
		if nth := one[:len(one)-2]; nth != "" {
			if w.nth, ok = number(nth, -53, 53); !ok || w.nth == 0 {
				return nil, false
			}
		}
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out, true
}

func parseUntil(s string) (*limit, bool) {
	if day, err := time.Parse("20060102", s); err == nil {
		return &limit{wall: day, day: true}, true
	}
	text, utc := strings.CutSuffix(s, "Z")
	wall, err := time.Parse("20060102T150405", text)
	if err != nil || len(text) != 15 {
		return nil, false
	}
	return &limit{wall: wall, utc: utc}, true
}
