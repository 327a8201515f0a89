package statuspage

import (
	"fmt"
	"slices"
	"strings"
)

// dayCount is how many days the bars of a component show.
const dayCount = 90

// days are the bars of a component: a path for each state, for one colour each. Height and colour both tell the state.
type days struct {
	Unknown, Good, Degraded, Outage string // SVG paths; 10 units for each day
	Label                           string
	First                           string // date of the first bar
	Note                            string // under the bars
}

func newDays(p Page, component string) days {
	today := p.day(p.Now)
	first := today - dayCount + 1
	worst := make([]State, dayCount)
	for _, i := range slices.Concat(p.Incidents, p.History) {
		if !slices.Contains(i.Components, component) || i.Opened.IsZero() {
			continue
		}
		end := i.ended()
		if end.IsZero() {
			end = p.Now
		}
		for d := max(p.day(i.Opened), first); d <= min(p.day(end), today); d++ {
			worst[d-first] = worse(worst[d-first], severityState(i.Severity))
		}
	}
	known := first
	if !p.Since.IsZero() {
		known = max(first, p.day(p.Since))
	}
	var unknown, good, degraded, outage strings.Builder
	degradedDays, outageDays := 0, 0
	for n, s := range worst {
		x := n * 10
		switch {
		case s == MajorOutage || s == PartialOutage:
			fmt.Fprintf(&outage, "M%d 0h7V32h-7z", x)
			outageDays++
		case s == Degraded:
			fmt.Fprintf(&degraded, "M%d 6h7V32h-7z", x)
			degradedDays++
		case first+int64(n) < known:
			fmt.Fprintf(&unknown, "M%d 12h7V32h-7z", x)
		default:
			fmt.Fprintf(&good, "M%d 12h7V32h-7z", x)
		}
	}
	out := days{
		Unknown: unknown.String(), Good: good.String(), Degraded: degraded.String(), Outage: outage.String(),
		First: p.date(first).Format("2 January"),
	}
	switch {
	case outageDays > 0 && degradedDays > 0:
		out.Note = "outage on " + countDays(outageDays) + ", limited on " + countDays(degradedDays)
	case outageDays > 0:
		out.Note = "outage on " + countDays(outageDays)
	case degradedDays > 0:
		out.Note = "limited on " + countDays(degradedDays)
	default:
		out.Note = "no trouble"
	}
	if known > first {
		out.Note += " since " + p.date(known).Format("2 January")
	}
	out.Label = fmt.Sprintf("Last %d days: %s", dayCount, out.Note)
	return out
}

func countDays(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
