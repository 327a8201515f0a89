package rota

import (
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// WarningKind says what is wrong with a schedule.
type WarningKind string

// The kinds of warnings.
const (
	WarnLongShift   WarningKind = "long_shift"   // on call for more than [LongestShift] without a break
	WarnGap         WarningKind = "gap"          // nobody is on call
	WarnNoSecondary WarningKind = "no_secondary" // the roster has no back-up at all
	WarnSamePerson  WarningKind = "same_person"  // primary and back-up are one person
)

// LongestShift is the longest shift without a warning: on-call shifts longer than three or four days are detrimental to
// the people who have them. Days are days of the calendar.
const LongestShift = 4 * 24 * time.Hour

// Warning is something that people should mend before the shift begins.
type Warning struct {
	Kind   WarningKind
	Role   muster.RosterRole
	Person muster.UserName // whom it concerns, where it concerns one
	From   muster.Instant
	Until  muster.Instant // zero: without end
	Text   string
}

// Warnings says what is wrong with the schedule in [from, until): earliest first. A shift that reaches over an edge of
// the window is judged, and told, by its whole length.
func (s *Schedule) Warnings(from, until muster.Instant, names Namer) (out []Warning) {
	lo, hi := from.Micros(), until.Micros()
	r := s.roster
	stretches := map[muster.RosterRole][]segment{}
	for i := range s.benches {
		b := &s.benches[i]
		role := b.role
		w := wording{title: title(r), names: names, bench: b}
		stretches[role] = b.stretches(lo, hi)
		for _, s := range stretches[role] {
			out = append(out, w.warn(s, lo)...)
		}
	}
	// A roster that serves an incident role, such as commanders, is not paged in two lines.
	if _, ok := stretches[muster.SecondaryResponder]; !ok && r.Role == "" && lo < hi {
		out = append(out, Warning{
			Kind: WarnNoSecondary, Role: muster.SecondaryResponder, From: from, Until: until,
			Text: fmt.Sprintf("%s has no secondary responder: nobody is the back-up when the primary does not answer.", title(r)),
		})
	}
	out = append(out, twice(stretches, lo, hi, names)...)
	slices.SortStableFunc(out, func(a, b Warning) int { return a.From.Compare(b.From.Time) })
	return out
}

// stretches lists the segments that touch the window at their whole length, those of the same people joined.
func (b *bench) stretches(lo, hi int64) (out []segment) {
	for at := lo; at < hi; {
		s := b.at(at)
		at = s.until
		if n := len(out); n > 0 && out[n-1].same(s) {
			out[n-1].until = s.until
			continue
		}
		out = append(out, s)
	}
	return out
}

func (w *wording) warn(s segment, lo int64) []Warning {
	zone := w.zone()
	if s.from == always {
		s.from = lo // a gap before anything began is told from the beginning of the window
	}
	warn := Warning{Role: w.bench.role, From: instant(s.from), Until: instant(s.until)}
	if len(s.people) == 0 {
		warn.Kind = WarnGap
		warn.Text = fmt.Sprintf("Nobody is the %s of %s from %s until %s, %s.",
			Position(w.bench.role), w.title, clock(s.from, zone), clock(s.until, zone), place(zone))
		return []Warning{warn}
	}
	length := time.Duration(wall(s.until, zone)-wall(s.from, zone)) * time.Microsecond
	if length <= LongestShift {
		return nil
	}
	var out []Warning
	for _, p := range s.people {
		x := warn
		x.Kind, x.Person = WarnLongShift, p
		x.Text = fmt.Sprintf("%s is the %s of %s for %s without a break, from %s until %s, %s: shifts longer than 3 or 4 days are detrimental.",
			w.names.of(p), Position(w.bench.role), w.title, days(length), clock(s.from, zone), clock(s.until, zone), place(zone))
		out = append(out, x)
	}
	return out
}

// wall is what the clocks of a zone show, as the microseconds that it would be in UTC: lengths between two are lengths
// in the calendar.
func wall(us int64, zone *time.Location) int64 {
	_, offset := time.UnixMicro(us).In(zone).Zone()
	return us + int64(offset)*1e6
}

func days(d time.Duration) string {
	if n := d / (24 * time.Hour); d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", n)
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

// twice finds when somebody is primary and secondary at once.
func twice(stretches map[muster.RosterRole][]segment, lo, hi int64, names Namer) (out []Warning) {
	for _, a := range stretches[muster.PrimaryResponder] {
		for _, b := range stretches[muster.SecondaryResponder] {
			from, until := max(a.from, b.from, lo), min(a.until, b.until, hi)
			if from >= until {
				continue
			}
			for _, p := range a.people {
				if slices.Contains(b.people, p) {
					out = append(out, Warning{
						Kind: WarnSamePerson, Role: muster.SecondaryResponder, Person: p, From: instant(from), Until: instant(until),
						Text: names.of(p) + " is primary and secondary responder at once: there is no back-up.",
					})
				}
			}
		}
	}
	return out
}
