package rota

import (
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// checker gathers the warnings about one window.
type checker struct {
	s         *Schedule
	f         *Facts
	lo, hi    int64
	stretches map[muster.RosterRole][]segment
	out       []Warning
}

func (c *checker) add(w Warning) {
	if w.Level == "" {
		w.Level = LevelWarning
	}
	c.out = append(c.out, w)
}

func (c *checker) title() string { return title(c.s.roster) }

// needed reports whether somebody has to hold a role: a shadow learns, and is never missed.
func needed(role muster.RosterRole) bool { return role != muster.ShadowResponder }

// roles looks for gaps and for long shifts.
func (c *checker) roles() {
	for i := range c.s.benches {
		b := &c.s.benches[i]
		list := b.stretches(c.lo, c.hi)
		c.stretches[b.role] = list
		w := wording{title: c.title(), names: c.f.Names, bench: b}
		if needed(b.role) {
			for _, s := range list {
				if len(s.people) == 0 {
					c.add(w.gap(s, c.lo))
				}
			}
		}
		for _, s := range personal(list) {
			c.long(&w, s)
		}
	}
}

// stretches lists the segments that touch the window at their whole length, those of the same people joined.
func (b *bench) stretches(lo, hi int64) (out []segment) {
	m := make(memory, len(b.layers))
	for at := lo; at < hi; {
		s := b.atBy(m, at)
		at = s.until
		if n := len(out); n > 0 && out[n-1].same(s) {
			out[n-1].until = s.until
			continue
		}
		out = append(out, s)
	}
	return out
}

// personal tells stretches apart by person, joined where whoever else is there changes: in order of their beginning.
func personal(list []segment) (out []segment) {
	last := map[muster.UserName]int{}
	for _, s := range list {
		for _, u := range s.people {
			if i, ok := last[u]; ok && out[i].until == s.from {
				out[i].until = s.until
				continue
			}
			last[u] = len(out)
			out = append(out, segment{from: s.from, until: s.until, people: []muster.UserName{u}})
		}
	}
	return out
}

func (w *wording) gap(s segment, lo int64) Warning {
	zone := w.zone()
	if s.from == always {
		s.from = lo // a gap before anything began is told from the beginning of the window
	}
	text := fmt.Sprintf("Nobody is the %s of %s from %s until %s, %s. ", Position(w.bench.role), w.title, clock(s.from, zone), clock(s.until, zone), place(zone))
	if s.patch != nil && s.patch.override != nil {
		text += "An override says so: remove it, or name somebody."
	} else {
		text += "Put somebody on call then."
	}
	return Warning{Kind: WarnGap, Role: w.bench.role, From: instant(s.from), Until: instant(s.until), Text: text}
}

func (c *checker) long(w *wording, s segment) {
	if s.from == always || s.until == never {
		s.from, s.until = max(s.from, c.lo), min(s.until, c.hi)
	}
	zone := w.zone()
	length := time.Duration(wall(s.until, zone)-wall(s.from, zone)) * time.Microsecond
	level := LevelWarning
	switch {
	case length > LongestShift:
	case length > LongShift:
		level = LevelAdvice
	default:
		return
	}
	c.add(Warning{
		Kind: WarnLongShift, Level: level, Role: w.bench.role, Person: s.people[0], From: instant(s.from), Until: instant(s.until),
		Text: fmt.Sprintf("%s is the %s of %s for %s without a break, from %s until %s, %s: shifts longer than 3 or 4 days are detrimental. Make the turns shorter, or share this one.",
			c.f.Names.of(s.people[0]), Position(w.bench.role), w.title, days(length), clock(s.from, zone), clock(s.until, zone), place(zone)),
	})
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

// backup warns when the roster has no secondary. One that serves an incident role, such as commanders, is not paged in two
// lines.
func (c *checker) backup() {
	if _, ok := c.stretches[muster.SecondaryResponder]; ok || c.s.roster.Role != "" {
		return
	}
	c.add(Warning{
		Kind: WarnNoSecondary, Role: muster.SecondaryResponder, From: instant(c.lo), Until: instant(c.hi),
		Text: c.title() + " has no secondary responder: nobody is the back-up when the primary does not answer. Add a rotation for the secondary.",
	})
}

// twice finds when somebody is primary and secondary at once.
func (c *checker) twice() {
	for _, a := range c.stretches[muster.PrimaryResponder] {
		for _, b := range c.stretches[muster.SecondaryResponder] {
			from, until := max(a.from, b.from, c.lo), min(a.until, b.until, c.hi)
			if from >= until {
				continue
			}
			for _, p := range a.people {
				if slices.Contains(b.people, p) {
					c.add(Warning{
						Kind: WarnSamePerson, Role: muster.SecondaryResponder, Person: p, From: instant(from), Until: instant(until),
						Text: c.f.Names.of(p) + " is primary and secondary responder at once: there is no back-up. Let somebody else be the secondary.",
					})
				}
			}
		}
	}
}

// shadows finds when somebody learns while nobody is primary: they would learn alone.
func (c *checker) shadows() {
	primary := c.stretches[muster.PrimaryResponder]
	if primary == nil {
		primary = []segment{{from: always, until: never}}
	}
	for _, a := range c.stretches[muster.ShadowResponder] {
		for _, b := range primary {
			from, until := max(a.from, b.from, c.lo), min(a.until, b.until, c.hi)
			if from >= until || len(b.people) > 0 {
				continue
			}
			for _, p := range a.people {
				c.add(Warning{
					Kind: WarnShadowAlone, Role: muster.ShadowResponder, Person: p, From: instant(from), Until: instant(until),
					Text: fmt.Sprintf("%s is a shadow of %s while nobody is the primary: a shadow is never paged alone. Put a primary on call then.", c.f.Names.of(p), c.title()),
				})
			}
		}
	}
}

// lapsed tells the swaps that mean no shift any more. One of a month before the window is history.
func (c *checker) lapsed() {
	for _, l := range c.s.lapsed {
		zone := time.UTC
		for i := range c.s.benches {
			for j := range c.s.benches[i].layers {
				if x := &c.s.benches[i].layers[j]; x.rotation.Name == l.Swap.Shift.Rotation && x.zone != nil {
					zone = x.zone
				}
			}
		}
		day, err := time.Parse(muster.LocalMinute, l.Swap.Shift.Start)
		if err != nil {
			continue
		}
		at := resolve(zone, day.Unix(), nil) * 1e6
		if at < c.lo-31*daySeconds*1e6 || at >= c.hi {
			continue
		}
		c.add(Warning{
			Kind: WarnLapsedSwap, Rotation: l.Swap.Shift.Rotation, Person: l.Swap.Shift.User, From: instant(at),
			Text: fmt.Sprintf("The swap by which %s has a shift of %s does not apply: %s. Arrange it anew, or undo it.",
				c.f.Names.of(l.Swap.To), c.f.Names.of(l.Swap.Shift.User), l.Text),
		})
	}
}

// driftAhead is how far ahead a change of clocks is looked for.
const driftAhead = 366 * 24 * time.Hour

// drifting tells the rotations that count hours, and what happens to their hand-off when the clocks change.
func (c *checker) drifting() {
	for i := range c.s.benches {
		for j := range c.s.benches[i].layers {
			l := &c.s.benches[i].layers[j]
			if l.problem != "" || l.fixed != nil || l.rotation.Unit != muster.UnitHour || l.start >= c.hi || l.end <= c.lo {
				continue
			}
			w := Warning{Kind: WarnDrifting, Level: LevelAdvice, Role: l.rotation.Role, Rotation: l.rotation.Name}
			n := l.rotation.Every
			if 24%n != 0 && n%24 != 0 {
				w.From = instant(max(l.start, c.lo))
				w.Text = fmt.Sprintf("Turns of %d hours in the rotation %s begin at another hour of the day each time. Use a length that divides the day, such as 12 hours, to keep the hand-off at the same hours.", n, l.rotation.Name)
				c.add(w)
				continue
			}
			at := max(l.start, c.lo)
			_, before := time.UnixMicro(at).In(l.zone).Zone()
			_, change := time.UnixMicro(at).In(l.zone).ZoneBounds()
			if change.IsZero() || change.UnixMicro() >= l.end || change.UnixMicro() >= c.lo+driftAhead.Microseconds() {
				continue
			}
			_, after := change.In(l.zone).Zone()
			if after == before {
				continue
			}
			w.From = instant(change.UnixMicro())
			instead := "use turns of days and two rotations with hours, such as from 08:00 to 20:00 and from 20:00 to 08:00"
			if n%24 == 0 {
				instead = fmt.Sprintf("use turns of %d days", n/24)
			}
			w.Text = fmt.Sprintf("Turns of %d hours in the rotation %s count hours as they pass: when the clocks of %s change on %s, the hand-off drifts by %s. To keep it at the same o'clock, %s.",
				n, l.rotation.Name, place(l.zone), change.In(l.zone).Format("2 Jan 2006"), minutes(after-before), instead)
			c.add(w)
		}
	}
}

func minutes(seconds int) string {
	switch n := max(seconds, -seconds) / 60; {
	case n == 60:
		return "one hour"
	case n%60 == 0:
		return fmt.Sprintf("%d hours", n/60)
	default:
		return fmt.Sprintf("%d minutes", n)
	}
}

// zoneData warns of old time zone data, where a rotation keeps local time.
func (c *checker) zoneData() {
	if !c.f.ZoneDataOld || !slices.ContainsFunc(c.s.roster.Rotations, func(r muster.Rotation) bool { return r.Zone != "UTC" && r.Zone != "Etc/UTC" }) {
		return
	}
	c.add(Warning{
		Kind: WarnOldZoneData, Level: LevelAdvice, From: instant(c.lo),
		Text: "The time zone data is more than a year old, or nobody knows how old it is: where rules have changed since, shifts begin at the wrong hour. Install a new version of Muster or newer data.",
	})
}
