package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// line is something that happened at an instant.
type line struct {
	at   time.Time
	text string
}

// longestStory is how many lines of a story are told: the last ones.
const longestStory = 60

// story tells what happened to one alert in a run, in plain words: what was sent, what people did, who was called, what
// was wrong meanwhile.
func story(s *Scenario, r *record, v Violation) string {
	var lines []line
	add := func(at time.Time, format string, args ...any) {
		lines = append(lines, line{at, fmt.Sprintf(format, args...)})
	}
	for _, x := range r.sends {
		for i, k := range x.keys {
			if k != v.Key {
				continue
			}
			what, became := "begins", "no answer"
			if x.clear {
				what = "ends"
			}
			if i < len(x.results) {
				became = x.results[i].Outcome + " " + x.results[i].Detail
			}
			add(x.from, "the monitor tells that c%d %s; answered %s later: %d %s%s", k, what, x.to.Sub(x.from), x.status, became, again(x.unknown))
		}
	}
	for _, o := range r.ops {
		if o.alert == v.Alert || o.kind == Silence {
			add(o.from, "%s: %s %s; answered %s later: %d %s%s", o.who, o.kind, o.group, o.to.Sub(o.from), o.status, o.answer, again(o.unknown))
		}
	}
	for _, c := range r.calls {
		if c.alert == v.Alert && v.Alert != "" {
			add(c.at, "%s is called at %s, page …%s, step %d of round %d: %s", c.address, c.host, tail(c.page), c.step, c.round, cmp.Or(c.fault, "taken"))
		}
	}
	for _, p := range r.pages {
		if string(p.Alert) == v.Alert {
			add(p.PlannedAt.Time, "Muster plans page …%s for %s by %s at %s, step %d of round %d; in the end it is %s %s", tail(string(p.ID)), p.Person, p.Method, stamp(p.DueAt.Time), p.Step, p.Round, p.State, p.Detail)
		}
	}
	for _, d := range r.downs {
		add(d.from, "the process goes down")
		add(d.to, "the process is up again")
	}
	for _, e := range r.edits {
		what := docText(e.put)
		if e.put == nil {
			what = e.who + " loses " + e.method
		}
		add(e.from, "boss changes %s (answered %s later: %d)", what, e.to.Sub(e.from), e.status)
	}
	for _, a := range s.Actions {
		if a.Kind == Store || a.Kind == Provider {
			add(epoch.Add(a.At), "%s", strings.TrimSpace(a.String()))
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	until := epoch.Add(v.At + 3*time.Minute) // what came after that could not help any more
	lines = slices.DeleteFunc(lines, func(l line) bool { return l.at.After(until) })
	var b strings.Builder
	if n := len(lines); n > longestStory {
		fmt.Fprintf(&b, "  … %d lines before\n", n-longestStory)
		lines = lines[n-longestStory:]
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "  %s  %s\n", stamp(l.at), l.text)
	}
	return b.String()
}

func stamp(t time.Time) string { return t.Sub(epoch).Round(time.Millisecond).String() }

func again(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (after %d attempts without an answer)", n)
}

func tail(id string) string { return id[max(0, len(id)-5):] }
