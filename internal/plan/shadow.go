package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

// Shadows decides who is informed of the pages of a step: whoever is the shadow, at that moment, of a roster that the step
// asks. A shadow is never alone: when nobody else was paged, nobody is informed. Who is paged by the step is not informed
// besides.
func Shadows(s *Snapshot, targets []muster.Target, pages []muster.Planned, at muster.Instant) (out []muster.Informed) {
	if len(pages) == 0 || len(s.shadowed()) == 0 {
		return nil
	}
	w := &who{s: s, at: at}
	for _, t := range targets {
		if !s.shadowed()[t.Roster] {
			continue
		}
		rev := s.Catalog.RevisionOf(muster.DocRef(muster.KindRosters, t.Roster))
		h := s.Schedule(t.Roster).Holder(muster.ShadowResponder, rev, at, w.Name)
		here, why := w.present(h.People, h.Reasons)
		for _, u := range here {
			with := others(pages, u)
			if len(with) == 0 || slices.ContainsFunc(pages, func(p muster.Planned) bool { return p.User == u }) ||
				slices.ContainsFunc(out, func(o muster.Informed) bool { return o.User == u }) {
				continue
			}
			last := w.userReason(muster.ReasonPerson, u, "%s is the shadow and is told that %s: nobody expects an answer.", w.Name(u), wasPaged(with))
			last.Facts["role"] = string(muster.ShadowResponder)
			out = append(out, muster.Informed{
				User: u, Name: w.Name(u), Roster: t.Roster, With: with, Step: pages[0].Step, Round: pages[0].Round, Reasons: append(slices.Clone(why), last),
			})
		}
	}
	return out
}

// others names those who are paged besides a person.
func others(pages []muster.Planned, u muster.UserName) (names []string) {
	for _, p := range pages {
		if p.User != u && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

func wasPaged(names []string) string {
	verb := "was"
	if len(names) > 1 {
		verb = "were"
	}
	return fmt.Sprintf("%s %s paged", strings.Join(names, " and "), verb)
}

// inform adds the shadows of a step that was taken. The fallback is paged again and again: of that they are told once.
func (s *Snapshot) inform(run, e *muster.Escalation, eff *escalate.Effects) {
	t := eff.Taken
	if t == nil || len(eff.Pages) == 0 {
		return
	}
	targets := e.Policy.Fallback
	switch {
	case !t.Fallback:
		targets = e.Policy.Steps[t.Step-1].Targets
	case run.Status == muster.EscalationExhausted:
		return
	}
	eff.Informed = Shadows(s, targets, eff.Pages, t.At)
}

// shadowedIn lists the rosters of a catalog that have shadows.
func shadowedIn(c *muster.Catalog) map[muster.RosterName]bool {
	out := map[muster.RosterName]bool{}
	for name, r := range c.Rosters {
		if slices.ContainsFunc(r.Rotations, func(x muster.Rotation) bool { return x.Role == muster.ShadowResponder }) ||
			slices.ContainsFunc(r.Overrides, func(x muster.Override) bool { return x.Role == muster.ShadowResponder }) {
			out[name] = true
		}
	}
	return out
}
