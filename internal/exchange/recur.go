package exchange

import (
	"slices"
	"time"
)

// effort is how many days may be looked at for all rules of one calendar. Honest calendars need a few thousand; a rule
// made to keep us busy ends here.
const effort = 3_000_000

// dates gives, in order, the readings of the clock at which an event that begins at start repeats, start first, up to and
// with the last one before high. Those long before low may be left out, unless the rule counts. It stops when yield says
// so. It reports false when *left, the days that may still be looked at, is used up.
//
// As RFC 5545 asks, start belongs to the set and counts, whether or not the rule would give it, and days that a month
// does not have are left out.
func (r rule) dates(start, low, high time.Time, left *int, yield func(time.Time) bool) bool {
	if !yield(start) {
		return true
	}
	day := midnight(start)
	clock := start.Sub(day)
	given, k := 1, 0
	if r.count == 0 {
		k = r.periodsBefore(day, low)
	}
	for ; ; k++ {
		first, list := r.period(day, k)
		if first.Add(-7*24*time.Hour).After(high) || first.Year() > 9999 { // a week may begin before it
			return true
		}
		if *left -= r.daysLookedAt(); *left < 0 {
			return false
		}
		for _, d := range list {
			at := d.Add(clock)
			if !at.After(start) {
				continue
			}
			if given++; r.count > 0 && given > r.count || !at.Before(high) {
				return true
			}
			if !yield(at) {
				return true
			}
		}
	}
}

// daysLookedAt is what one period costs.
func (r rule) daysLookedAt() int {
	switch {
	case r.freq == daily:
		return 1
	case r.freq == weekly:
		return 7
	case r.freq == monthly:
		return 31
	case len(r.months) > 0:
		return 31 * len(r.months)
	case len(r.weekdays) > 0 || len(r.days) > 0:
		return 366
	}
	return 31
}

// periodsBefore is how many periods after start's may be skipped, because they are over before low.
func (r rule) periodsBefore(start, low time.Time) int {
	if !low.After(start) {
		return 0
	}
	days := int(low.Sub(start) / (24 * time.Hour)) // Sub stops at 292 years, which only makes the way longer
	per := 1
	switch r.freq {
	case daily:
	case weekly:
		per = 7
	case monthly:
		per = 31
	case yearly:
		per = 366
	}
	return max(0, days/(per*r.interval)-1)
}

// period gives the first day of the k-th period, start's being 0, and the days in it that the rule means.
func (r rule) period(start time.Time, k int) (first time.Time, list []time.Time) {
	y, m, _ := start.Date()
	switch r.freq {
	case daily:
		first = start.AddDate(0, 0, k*r.interval)
		list = []time.Time{first}
	case weekly:
		back := (int(start.Weekday()) - int(r.wkst) + 7) % 7
		first = start.AddDate(0, 0, 7*k*r.interval-back)
		for i := range 7 {
			d := first.AddDate(0, 0, i)
			if len(r.weekdays) == 0 && d.Weekday() == start.Weekday() || r.onWeekday(d) {
				list = append(list, d)
			}
		}
	case monthly:
		first = civil(y, int(m)+k*r.interval, 1)
		list = r.inMonth(start, first)
	case yearly:
		first = civil(y+k*r.interval, 1, 1)
		list = r.inYear(start, first)
	}
	list = slices.DeleteFunc(list, func(d time.Time) bool { return !r.allows(d) })
	if len(r.setPos) == 0 || len(list) == 0 {
		return first, list
	}
	var chosen []time.Time
	for i, d := range list {
		if slices.Contains(r.setPos, i+1) || slices.Contains(r.setPos, i-len(list)) {
			chosen = append(chosen, d)
		}
	}
	return first, chosen
}

// allows applies the parts of the rule that only take days away.
func (r rule) allows(d time.Time) bool {
	if len(r.months) > 0 && !slices.Contains(r.months, int(d.Month())) {
		return false
	}
	return r.freq != daily || (len(r.weekdays) == 0 || r.onWeekday(d)) && (len(r.days) == 0 || r.onMonthDay(d))
}

// inMonth gives the days of one month: those of BYMONTHDAY and BYDAY both, or of the one that is there, or start's.
func (r rule) inMonth(start, first time.Time) (list []time.Time) {
	for d := first; d.Month() == first.Month(); d = d.AddDate(0, 0, 1) {
		switch {
		case len(r.days) == 0 && len(r.weekdays) == 0 && d.Day() != start.Day(),
			len(r.days) > 0 && !r.onMonthDay(d),
			len(r.weekdays) > 0 && !r.onNth(d, first, first.AddDate(0, 1, -1)):
			continue
		}
		list = append(list, d)
	}
	return list
}

// inYear gives the days of one year. Weekdays are counted in the months of BYMONTH, or in the year without it.
func (r rule) inYear(start, first time.Time) (list []time.Time) {
	if len(r.weekdays) > 0 && len(r.months) == 0 {
		for d, last := first, first.AddDate(1, 0, -1); !d.After(last); d = d.AddDate(0, 0, 1) {
			if r.onNth(d, first, last) && (len(r.days) == 0 || r.onMonthDay(d)) {
				list = append(list, d)
			}
		}
		return list
	}
	months := slices.Sorted(slices.Values(r.months))
	switch {
	case len(months) > 0:
	case len(r.days) > 0:
		months = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	default:
		months = []int{int(start.Month())}
	}
	for _, m := range months {
		list = append(list, r.inMonth(start, civil(first.Year(), m, 1))...)
	}
	return list
}

func (r rule) onWeekday(d time.Time) bool {
	return slices.ContainsFunc(r.weekdays, func(w weekday) bool { return w.day == d.Weekday() })
}

// onNth reports whether BYDAY means d, its numbers counted from first or back from last.
func (r rule) onNth(d, first, last time.Time) bool {
	return slices.ContainsFunc(r.weekdays, func(w weekday) bool {
		switch {
		case w.day != d.Weekday():
			return false
		case w.nth > 0:
			return (d.YearDay()-first.YearDay())/7+1 == w.nth
		case w.nth < 0:
			return (last.YearDay()-d.YearDay())/7+1 == -w.nth
		}
		return true
	})
}

func (r rule) onMonthDay(d time.Time) bool {
	length := civil(d.Year(), int(d.Month())+1, 0).Day()
	return slices.ContainsFunc(r.days, func(n int) bool {
		return n == d.Day() || n < 0 && length+1+n == d.Day()
	})
}

// civil is the midnight of a day as if clocks were UTC, where there are no gaps; months and days may overflow.
func civil(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

func midnight(t time.Time) time.Time { y, m, d := t.Date(); return civil(y, int(m), d) }
