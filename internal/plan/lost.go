package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// handed is what looks after something before and after.
type handed struct{ was, is muster.PolicyName }

// lost finds when, in the window, something that a policy looks after now would reach nobody. What the change leaves without
// a policy of its own falls to the default route's. It reports whether there was time for all of it.
func (c *comparison) lost() bool {
	if c.wards == nil {
		c.wards = c.warded()
	}
	for h, list := range c.wards {
		if !c.lose(h, list) {
			return false
		}
	}
	return true
}

// warded is what policies look after that the change may touch.
func (c *comparison) warded() map[handed][]muster.Document {
	wards := map[handed][]muster.Document{}
	look := func(d muster.Document, was, is muster.PolicyName) {
		if was == "" {
			return
		}
		h := handed{was, cmp.Or(is, fallbackOf(c.after.Catalog))}
		if h.was == h.is && !c.touchedPolicy(h.was) {
			return
		}
		wards[h] = append(wards[h], d)
	}
	for _, d := range c.before.Catalog.Documents(muster.KindServices) {
		if s, ok := d.(*muster.Service); ok {
			is := muster.PolicyName("")
			if next := c.after.Catalog.Services[s.Name]; next != nil {
				is = next.Policy
			}
			look(s, s.Policy, is)
		}
	}
	for _, d := range c.before.Catalog.Documents(muster.KindRoutes) {
		if r, ok := d.(*muster.Route); ok {
			is := muster.PolicyName("")
			if next := c.after.Catalog.Routes[r.Name]; next != nil {
				is = next.Policy
				if next.Service != "" && is == "" && c.after.Catalog.Services[next.Service] != nil {
					is = c.after.Catalog.Services[next.Service].Policy
				}
			}
			look(r, r.Policy, is)
		}
	}
	return wards
}

// fallbackOf is the policy of what nothing else takes.
func fallbackOf(c *muster.Catalog) muster.PolicyName {
	r := c.Routes[muster.DefaultRoute]
	if r == nil {
		return ""
	}
	if r.Policy == "" && c.Services[r.Service] != nil {
		return c.Services[r.Service].Policy
	}
	return r.Policy
}

// touchedPolicy reports whether the change may alter whom a policy reaches.
func (c *comparison) touchedPolicy(name muster.PolicyName) bool {
	was, is := c.before.Catalog.Policies[name], c.after.Catalog.Policies[name]
	if was == nil || is == nil || !Same(was, is) {
		return true
	}
	for _, r := range c.after.rostersOf(is) {
		if slices.Contains(c.touched, r) {
			return true
		}
	}
	moved := func(t muster.Target) bool {
		if t.Team != "" {
			was, is := c.before.members(t.Team), c.after.members(t.Team)
			return !slices.Equal(was, is) || slices.ContainsFunc(is, func(u muster.UserName) bool { return c.moved[u] })
		}
		return c.moved[t.User] || slices.ContainsFunc(AskedAbout(c.after, t.Topic), func(u muster.UserName) bool {
			return c.moved[u] || !sameQuiet(c.before.Catalog.Users[u], c.after.Catalog.Users[u])
		})
	}
	for i := range is.Steps {
		if slices.ContainsFunc(is.Steps[i].Targets, moved) {
			return true
		}
	}
	return slices.ContainsFunc(is.Fallback, moved)
}

// sameQuiet reports whether somebody's quiet hours are the same in two catalogs.
func sameQuiet(a, b *muster.User) bool {
	return a == b || (a != nil && b != nil && a.Zone == b.Zone && slices.EqualFunc(a.Quiet, b.Quiet, func(x, y muster.Window) bool {
		return x.From == y.From && x.To == y.To && slices.Equal(x.Days, y.Days)
	}))
}

// lose walks through the window from one change of on-call to the next, and reports whether it came to the end in time.
func (c *comparison) lose(h handed, list []muster.Document) bool {
	var open *Lost
	at, end := c.from.Micros(), c.until.Micros()
	for at < end {
		if c.over() {
			return false
		}
		was, is := c.was.at(h.was, muster.UrgencyHigh, muster.SeverityCritical, at), c.is.at(h.is, muster.UrgencyHigh, muster.SeverityCritical, at)
		next := min(was.until, is.until, end)
		switch {
		case len(was.people) == 0 || len(is.people) > 0 || c.stated(h, at):
			open = nil
		case open != nil:
			open.Until = muster.FromMicros(next)
			for _, p := range persons(c.before, was.people) {
				if !slices.Contains(open.Before, p) {
					open.Before = append(open.Before, p)
				}
			}
		default:
			x := Lost{
				Policy: h.was, From: muster.FromMicros(at), Until: muster.FromMicros(next), Before: persons(c.before, was.people),
				Admins: persons(c.after, is.admins), Zone: c.zoneOf(h.was), Why: is.why,
			}
			for _, d := range list {
				x.For = append(x.For, muster.DocRef(d.DocKind(), d.DocName()))
				x.Titles = append(x.Titles, titleOf(d))
			}
			c.out.Lost = append(c.out.Lost, x)
			open = &c.out.Lost[len(c.out.Lost)-1]
		}
		at = next
	}
	return true
}

// stated reports whether an override to nobody, that the change brings, says that nobody shall be on call.
func (c *comparison) stated(h handed, at int64) bool {
	p := c.after.Catalog.Policies[h.is]
	if p == nil {
		return false
	}
	from, until := muster.FromMicros(at), muster.FromMicros(at+1)
	targets := slices.Clone(p.Fallback)
	for i := range p.Steps {
		targets = append(targets, p.Steps[i].Targets...)
	}
	return slices.ContainsFunc(targets, func(t muster.Target) bool {
		if t.Roster == "" || c.after.Catalog.Rosters[t.Roster] == nil {
			return false
		}
		role := cmp.Or(t.Role, muster.PrimaryResponder)
		is, was := c.after.stretches(t.Roster, role, from, until), c.before.stretches(t.Roster, role, from, until)
		return len(is) > 0 && is[0].stated && len(was) > 0 && len(was[0].people) > 0
	})
}

// zoneOf is the zone of the first rotation that a policy asks, UTC when it asks none.
func (c *comparison) zoneOf(p muster.PolicyName) string {
	doc := c.before.Catalog.Policies[p]
	if doc == nil {
		return "UTC"
	}
	for _, name := range c.before.rostersOf(doc) {
		if r := c.before.Catalog.Rosters[name]; r != nil && len(r.Rotations) > 0 {
			return r.Rotations[0].Zone
		}
	}
	return "UTC"
}

func titleOf(d muster.Document) string {
	switch d := d.(type) {
	case *muster.Service:
		return cmp.Or(d.Title, string(d.Name))
	case *muster.Route:
		if d.Name == muster.DefaultRoute {
			return "everything that no other route takes"
		}
		return "the route " + cmp.Or(d.Title, string(d.Name))
	}
	return d.DocName()
}

// Say tells a loss in a sentence.
func (l *Lost) Say(s *Snapshot) string {
	zone, err := s.Zones.Load(l.Zone)
	if err != nil {
		return l.sayIn(time.UTC, "UTC", "")
	}
	return l.sayIn(zone, l.Zone, "")
}

// SayIn tells a loss in the zone of whoever reads it, and beside it in that of the people concerned where their clocks
// show something else.
func (l *Lost) SayIn(zone *time.Location, zones *rota.Zones) string {
	place, theirs := placeOf(zone, l.From), ""
	if z, err := zones.Load(l.Zone); err == nil && (offset(l.From, z) != offset(l.From, zone) || offset(l.Until, z) != offset(l.Until, zone)) {
		theirs = fmt.Sprintf(" (%s until %s in %s)", l.From.In(z).Format("Mon 15:04"), l.Until.In(z).Format("Mon 15:04"), strings.ReplaceAll(l.Zone, "_", " "))
	}
	return l.sayIn(zone, place, theirs)
}

// placeOf names a zone: what has no name but that of this machine by its letters.
func placeOf(zone *time.Location, at muster.Instant) string {
	if name := zone.String(); name != "Local" {
		return name
	}
	name, _ := at.In(zone).Zone()
	return name
}

func (l *Lost) sayIn(zone *time.Location, place, theirs string) string {
	at := func(i muster.Instant) string { return i.In(zone).Format("Mon 2 Jan 2006 15:04") }
	what := l.Titles
	if len(what) > 3 {
		what = append(slices.Clone(what[:3]), fmt.Sprintf("%d more", len(what)-3))
	}
	text := fmt.Sprintf("From %s until %s, %s%s, nobody on call would be paged for %s; as things are %s would be",
		at(l.From), at(l.Until), strings.ReplaceAll(place, "_", " "), theirs, strings.Join(what, ", "), names(l.Before))
	if len(l.Admins) > 0 {
		text += ". Only the last resort is left: " + names(l.Admins)
	}
	return text + "."
}

// Say tells an outcome in a sentence.
func (o *Outcome) Say() string { return o.SayIn(time.UTC) }

// SayIn tells an outcome in a zone.
func (o *Outcome) SayIn(zone *time.Location) string {
	text := fmt.Sprintf("%q of %s", muster.Clip(o.Title, 80), o.At.In(zone).Format("Mon 2 Jan 2006 15:04 MST"))
	if !o.PlayedAt.IsZero() {
		text += fmt.Sprintf(" (played at the same hour of %s)", o.PlayedAt.In(zone).Format("Mon 2 Jan 2006"))
	}
	if len(o.After) == 0 {
		return text + " would have reached nobody on call instead of " + names(o.Before) + "."
	}
	return text + " would have reached " + names(o.After) + " instead of " + names(o.Before) + "."
}

// ReachesNobody is the word with which somebody accepts a change that reaches nobody.
const ReachesNobody = "reaches-nobody"

// Dangers are the sentences that say what a change would lose, the worst first. None means that it loses nobody.
func Dangers(s *Snapshot, c *Consequences, r *Replayed) []string {
	return dangers(c, r, func(l *Lost) string { return l.Say(s) }, time.UTC)
}

// DangersIn are the same sentences in the zone of whoever reads them.
func DangersIn(zone *time.Location, zones *rota.Zones, c *Consequences, r *Replayed) []string {
	return dangers(c, r, func(l *Lost) string { return l.SayIn(zone, zones) }, zone)
}

func dangers(c *Consequences, r *Replayed, say func(*Lost) string, zone *time.Location) (out []string) {
	lost := slices.Clone(c.Lost)
	slices.SortStableFunc(lost, func(a, b Lost) int { return cmp.Compare(b.Until.Sub(b.From.Time), a.Until.Sub(a.From.Time)) })
	for i := range lost {
		out = append(out, say(&lost[i]))
	}
	for i := range r.ReachNobody {
		out = append(out, r.ReachNobody[i].SayIn(zone))
	}
	return out
}

// Summary says in a sentence what a change of so many documents means; nil: it does not matter to who is paged.
func Summary(documents int, c *Consequences, r *Replayed) string {
	parts := []string{count(documents, "document changes", "documents change")}
	if c == nil || r == nil {
		return parts[0] + "; it does not matter to who is paged."
	}
	parts = append(parts, count(len(c.Shifts)+c.More, "shift changes hands", "shifts change hands"))
	if n := len(c.Opens); n > 0 {
		parts = append(parts, count(n, "gap opens", "gaps open"))
	}
	if n := len(c.Closes); n > 0 {
		parts = append(parts, count(n, "gap closes", "gaps close"))
	}
	if c.Short {
		parts = append(parts, "looked at until "+c.Until.UTC().Format("2 Jan 2006")+", when time was over")
	}
	if c.Looked.After(c.Until.Time) {
		parts = append(parts, "looked at until "+c.Looked.UTC().Format("2 Jan 2006")+" for what reaches nobody")
	}
	parts = append(parts, fmt.Sprintf("of %s %d would have reached other people and %d nobody", count(r.Alerts, "past alert", "past alerts"), r.Others, r.Lost))
	if r.Unplayed > 0 {
		parts = append(parts, fmt.Sprintf("for %s no time was left", count(r.Unplayed, "older alert", "older alerts")))
	}
	return strings.Join(parts, ", ") + "."
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
