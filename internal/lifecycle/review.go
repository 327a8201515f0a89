package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// SilentGap is the shortest silence that a review shows.
const SilentGap = 4 * time.Minute

// ReviewWithin is how soon after it was opened a review should be published: while people remember.
const ReviewWithin = 5 * 24 * time.Hour

// mostQuestions keeps a draft short enough to be talked through in one meeting.
const mostQuestions = 10

// Draft is a review to begin with: the timeline as it stands, phases, silences and clocks, and questions drawn from what
// happened. Its ID is given by the caller. Questions begin with how or what: they ask what made sense to people then, not
// why somebody failed.
func Draft(inc muster.Incident, f Facts, by muster.By, now muster.Instant) muster.Review {
	timeline := slices.SortedStableFunc(slices.Values(f.Entries), func(a, b muster.Entry) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Seq, b.Seq))
	})
	r := muster.Review{
		Incident: inc.ID, Key: inc.Key, Title: inc.Title, Status: muster.ReviewDraft, OpenedAt: now, OpenedBy: by,
		DueAt: now.Plus(ReviewWithin), Findings: []muster.Finding{}, ActionItems: []muster.ActionItem{},
		Timeline: timeline, Phases: clone(inc.Phases), Clocks: Clocks(inc, f.Alerts, now), Version: 1,
	}
	if r.Timeline == nil {
		r.Timeline = []muster.Entry{}
	}
	during := timeline
	if !inc.ResolvedAt.IsZero() {
		during = slices.DeleteFunc(slices.Clone(timeline), func(e muster.Entry) bool { return e.At.After(inc.ResolvedAt.Time) })
	}
	r.Gaps = Gaps(during, SilentGap)
	r.Summary = summary(inc, f)
	r.Questions = questions(inc, f, r.Gaps, now)
	return r
}

func summary(inc muster.Incident, f Facts) string {
	var s []string
	if !inc.DetectedAt.IsZero() {
		s = append(s, "It began to show at "+f.dayClock(inc.DetectedAt))
	}
	after := func(what string, at muster.Instant) {
		if !at.IsZero() && len(s) > 0 {
			s = append(s, fmt.Sprintf("%s at %s (after %s)", what, f.clock(at), span(at.Sub(inc.DetectedAt.Time))))
		}
	}
	after("was known", inc.KnownAt)
	after("was mitigated", inc.MitigatedAt)
	after("was resolved", inc.ResolvedAt)
	if len(s) == 0 {
		return ""
	}
	return list(s) + "."
}

func questions(inc muster.Incident, f Facts, gaps []muster.Gap, now muster.Instant) (qs []string) {
	ask := func(format string, args ...any) {
		if q := fmt.Sprintf(format, args...); len(qs) < mostQuestions-2 && !slices.Contains(qs, q) {
			qs = append(qs, q)
		}
	}
	askDetection(ask, inc)
	askPaging(ask, f)
	until := inc.ResolvedAt
	if until.IsZero() {
		until = now
	}
	for _, l := range LatePromises(f.Updates, until) {
		if l.Came.IsZero() {
			ask("What kept us from giving the update that was promised for %s?", f.clock(l.Promised))
			continue
		}
		ask("What made the update that was promised for %s come %s late?", f.clock(l.Promised), span(l.Came.Sub(l.Promised.Time)))
	}
	longest := slices.SortedFunc(slices.Values(gaps), func(a, b muster.Gap) int {
		return cmp.Compare(b.Until.Sub(b.From.Time), a.Until.Sub(a.From.Time))
	})
	for _, g := range longest[:min(len(longest), 2)] {
		ask("What was going on between %s and %s, when nothing was written down?", f.local(g.From).Format("15:04"), f.clock(g.Until))
	}
	for _, t := range inc.Theories {
		if t.State == muster.TheoryRuledOut {
			ask("How did we find out that it was not this: “%s”?", muster.Clip(strings.TrimSpace(t.Text), 120))
		}
	}
	if n := countPhase(inc, muster.PhaseResponse); n > 1 {
		ask("What made it look over when it was not?")
	}
	if !slices.ContainsFunc(inc.Roles, func(r muster.RoleAssignment) bool {
		return r.Role == muster.RoleIncidentCommander && !r.Proposed
	}) {
		ask("How did we know who was doing what without an incident commander?")
	}
	return append(qs,
		"What did people see that made their next step look right?",
		"What went well, and how do we keep it?")
}

func askDetection(ask func(string, ...any), inc muster.Incident) {
	took := inc.KnownAt.Sub(inc.DetectedAt.Time)
	switch {
	case inc.KnownAt.IsZero() || inc.DetectedAt.IsZero():
	case inc.DetectedBy == muster.DetectedByCustomer:
		ask("How did a customer notice before our monitoring did, and what would have told us first?")
	case inc.DetectedBy == muster.DetectedByStaff:
		ask("How did one of us notice before our monitoring did, and what would have told us first?")
	case took >= 5*time.Minute:
		ask("What would have let us know sooner than %s after it began to show?", span(took))
	}
}

// askPaging asks about pages that were not answered before the next step, and about those that reached nobody.
func askPaging(ask func(string, ...any), f Facts) {
	further := map[muster.AlertID]bool{}
	for _, p := range f.Pages {
		if p.Step > 1 || p.Round > 1 {
			further[p.Alert] = true
		}
	}
	for _, p := range f.Pages {
		switch {
		case p.State == muster.PageFailed:
			ask("What made the page to %s by %s fail, and how would we have known before?", f.person(p.Person), p.Method)
		case further[p.Alert] && p.Step == 1 && p.Round <= 1 && p.ProvedAt.IsZero():
			ask("What would have reached %s, whose page was not answered in time?", f.person(p.Person))
		}
	}
}

func countPhase(inc muster.Incident, p muster.Phase) (n int) {
	for _, s := range inc.Phases {
		if s.Phase == p {
			n++
		}
	}
	return n
}
