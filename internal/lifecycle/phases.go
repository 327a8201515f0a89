package lifecycle

import (
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

func clone(p []muster.PhaseSpan) []muster.PhaseSpan { return slices.Clone(p) }

// running reports whether a phase goes on.
func running(inc muster.Incident, p muster.Phase) bool {
	return slices.ContainsFunc(inc.Phases, func(s muster.PhaseSpan) bool { return s.Phase == p && s.Until.IsZero() })
}

// begin starts a phase, unless it goes on.
func begin(inc muster.Incident, p muster.Phase, at muster.Instant) muster.Incident {
	if !running(inc, p) {
		inc.Phases = append(clone(inc.Phases), muster.PhaseSpan{Phase: p, From: at})
	}
	return inc
}

// end stops those of the phases that go on.
func end(inc muster.Incident, at muster.Instant, phases ...muster.Phase) muster.Incident {
	inc.Phases = clone(inc.Phases)
	for i := range inc.Phases {
		if s := &inc.Phases[i]; s.Until.IsZero() && slices.Contains(phases, s.Phase) {
			s.Until = at
			if s.Until.Before(s.From.Time) {
				s.Until = s.From
			}
		}
	}
	return inc
}

// phaseOf is the phase that an incident is said to be in: the furthest one that goes on. While it is open, improvements
// that an earlier review set going do not count.
func phaseOf(inc muster.Incident) muster.Phase {
	phases := muster.Phases()
	if inc.Status == muster.IncidentOpen || inc.Status == muster.IncidentMitigated {
		phases = phases[:3]
	}
	for _, p := range slices.Backward(phases) {
		if running(inc, p) {
			return p
		}
	}
	if n := len(inc.Phases); n > 0 {
		return inc.Phases[n-1].Phase
	}
	return muster.PhaseDetection
}

// Clocks are the lengths of time that an incident is looked at by: how long each phase took, and how long it took to
// acknowledge, mitigate and resolve. A clock that never began is left out; one that runs has no Until and counts to now.
// A phase that returned counts all of its spans. The times to mitigate and to resolve count from when it began to show,
// because that is when customers begin to count.
func Clocks(inc muster.Incident, alerts []muster.Alert, now muster.Instant) (out []muster.Clock) {
	add := func(name string, from, until muster.Instant) {
		if c, ok := clockBetween(name, from, until, now); ok {
			out = append(out, c)
		}
	}
	if c, ok := phaseClock(inc, muster.PhaseDetection, now); ok {
		out = append(out, c)
	}
	var received, acknowledged muster.Instant
	for _, a := range alerts {
		received, acknowledged = earliest(received, a.ReceivedAt), earliest(acknowledged, a.AcknowledgedAt)
	}
	if len(alerts) > 0 && (!acknowledged.IsZero() || inc.ResolvedAt.IsZero()) {
		add("to acknowledge", received, acknowledged)
	}
	for _, p := range []muster.Phase{muster.PhaseResponse, muster.PhaseRemediation} {
		if c, ok := phaseClock(inc, p, now); ok {
			out = append(out, c)
		}
	}
	mitigated := inc.MitigatedAt
	if mitigated.IsZero() {
		mitigated = inc.ResolvedAt // whatever is over does not hurt any more
	}
	add("to mitigate", inc.DetectedAt, mitigated)
	add("to resolve", inc.DetectedAt, inc.ResolvedAt)
	return out
}

func phaseClock(inc muster.Incident, p muster.Phase, now muster.Instant) (c muster.Clock, found bool) {
	c.Name = string(p)
	goesOn := false
	for _, s := range inc.Phases {
		x, ok := clockBetween("", s.From, s.Until, now)
		if s.Phase != p || !ok {
			continue
		}
		c.From = earliest(c.From, s.From)
		c.Until = latest(c.Until, s.Until)
		goesOn = goesOn || s.Until.IsZero()
		c.Seconds += x.Seconds
		found = true
	}
	if goesOn {
		c.Until = muster.Instant{}
	}
	return c, found
}

func clockBetween(name string, from, until, now muster.Instant) (muster.Clock, bool) {
	if from.IsZero() {
		return muster.Clock{}, false
	}
	end := until
	if end.IsZero() {
		end = now
	}
	return muster.Clock{Name: name, From: from, Until: until, Seconds: max(end.Sub(from.Time), 0).Seconds()}, true
}

// speaks reports whether an entry breaks a silence. That somebody looked, that a page was rendered and that a promise came
// due are not what people need to hear.
func speaks(e muster.Entry) bool {
	switch e.Kind {
	case muster.EntrySeen, muster.EntryPublished, muster.EntryPromise:
		return false
	default:
		return true
	}
}

// Gaps are the silent gaps of a timeline: stretches of at least least between two entries, of people or machines, in
// which nothing was heard. The entries need no order.
func Gaps(entries []muster.Entry, least time.Duration) (gaps []muster.Gap) {
	var at []muster.Instant
	for _, e := range entries {
		if speaks(e) {
			at = append(at, e.At)
		}
	}
	slices.SortFunc(at, func(a, b muster.Instant) int { return a.Compare(b.Time) })
	for i := 1; i < len(at); i++ {
		if at[i].Sub(at[i-1].Time) >= least && at[i].After(at[i-1].Time) {
			gaps = append(gaps, muster.Gap{From: at[i-1], Until: at[i]})
		}
	}
	return gaps
}

// earliest of two instants, of which one may be missing.
func earliest(a, b muster.Instant) muster.Instant {
	if a.IsZero() || (!b.IsZero() && b.Before(a.Time)) {
		return b
	}
	return a
}

func latest(a, b muster.Instant) muster.Instant {
	if a.IsZero() || b.After(a.Time) {
		return b
	}
	return a
}
