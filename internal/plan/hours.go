package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/rota"
)

// HoursIgnored is the fact of a reason that says so: a person's hours did not count, because nobody else is reached.
const HoursIgnored = "hours_ignored"

// Methods implements [escalate.Who]. A person's own rules decide; without rules for the urgency, or when none of them can be
// used at any hour, every verified contact method is used in order: a mistake in the rules must not make somebody
// unreachable. In quiet hours low urgency is told by what does not ring.
func (w *who) Methods(u muster.UserName, urgency muster.Urgency, pressing bool) escalate.Ways {
	doc := w.s.Catalog.Users[u]
	verified := w.verified(u)
	if doc == nil || doc.Disabled || len(verified) == 0 {
		return escalate.Ways{Why: []muster.Reason{w.userReason(muster.ReasonNobody, u, "%s has no verified contact method and cannot be paged.", w.Name(u))}}
	}
	w.reached[u] = true
	ways := w.ruled(doc, urgency, verified, pressing)
	if len(ways.Methods) == 0 || urgency != muster.UrgencyLow || !w.quiet(doc) {
		return ways
	}
	return w.hushed(doc, ways, pressing)
}

// ruled are the ways that a person's rules give at this hour.
func (w *who) ruled(doc *muster.User, urgency muster.Urgency, verified []muster.ContactFact, pressing bool) (out escalate.Ways) {
	u, name := doc.Name, w.Name(doc.Name)
	var now, ever []escalate.Method // by the rules of this hour, and of any
	rules, here := 0, 0
	for _, r := range doc.Notify {
		if r.Urgency != "" && r.Urgency != urgency {
			continue
		}
		rules++
		holds := len(r.Hours) == 0 || w.within(r.Hours, doc.Zone)
		if holds {
			here++
		}
		used := false
		for _, c := range verified {
			if c.Method != r.Method {
				continue
			}
			used = true
			m := escalate.Method{Contact: c, After: r.After.Std()}
			ever = append(ever, m)
			if holds {
				now = append(now, m)
			}
		}
		if !used {
			out.Why = append(out.Why, w.userReason(muster.ReasonContact, u, "%s's rules name %q, which %s.", name, muster.Clip(r.Method, 40), w.missing(u, r.Method)))
		}
	}
	switch {
	case len(now) > 0:
		text := "%s's notification rules for %s urgency say how."
		if len(now) < len(ever) {
			text = "%s's notification rules for %s urgency say how at this hour, " + escape(w.clock(doc.Zone)) + "."
		}
		out.Methods, out.Why = now, append(out.Why, w.userReason(muster.ReasonPerson, u, text, name, urgency))
		return out
	case here == 0 && len(ever) > 0 && pressing:
		r := w.userReason(muster.ReasonPerson, u, "%s's notification rules for %s urgency are for other hours, and it is %s, but %s.", name, urgency, w.clock(doc.Zone), w.pressed())
		r.Facts[HoursIgnored] = "rules"
		out.Methods, out.Why = ever, append(out.Why, r)
		return out
	case here == 0 && len(ever) > 0:
		out.Spared = true
		out.Why = append(out.Why, w.userReason(muster.ReasonNobody, u, "%s's notification rules for %s urgency are for other hours, and it is %s.", name, urgency, w.clock(doc.Zone)))
		return out
	}
	text := "%s has no notification rules for %s urgency, so every verified contact method is used, one after the other."
	if rules > 0 {
		text = "None of %s's notification rules for %s urgency can be used, so every verified contact method is, one after the other."
	}
	out.Why = append(out.Why, w.userReason(muster.ReasonPerson, u, text, name, urgency))
	for i, c := range verified {
		out.Methods = append(out.Methods, escalate.Method{Contact: c, After: time.Duration(i) * methodSpacing})
	}
	for _, c := range w.contacts[u] {
		if !c.Verified {
			out.Why = append(out.Why, w.userReason(muster.ReasonContact, u, "%s's contact method %s is not verified and is not used.", name, c.Method))
		}
	}
	return out
}

// hushed leaves out what rings, because it is a person's quiet time and nothing urgent.
func (w *who) hushed(doc *muster.User, ways escalate.Ways, pressing bool) escalate.Ways {
	rings := func(m escalate.Method) bool {
		c := w.s.Catalog.Connectors[m.Contact.Connector]
		return c == nil || c.Kind != MailKind
	}
	if !slices.ContainsFunc(ways.Methods, rings) {
		return ways
	}
	name, clock := w.Name(doc.Name), w.clock(doc.Zone)
	if pressing {
		r := w.userReason(muster.ReasonPerson, doc.Name, "It is %s's quiet time, %s, but %s.", name, clock, w.pressed())
		r.Facts[HoursIgnored] = "quiet"
		ways.Why = append(ways.Why, r)
		return ways
	}
	ways.Spared = true
	ways.Methods = slices.DeleteFunc(slices.Clone(ways.Methods), rings)
	if len(ways.Methods) == 0 {
		ways.Why = []muster.Reason{w.userReason(muster.ReasonNobody, doc.Name, "It is %s's quiet time, %s, and the urgency is low: they are not paged.", name, clock)}
		return ways
	}
	ways.Why = append(ways.Why, w.userReason(muster.ReasonPerson, doc.Name, "It is %s's quiet time, %s, and the urgency is low: only what does not ring is used.", name, clock))
	return ways
}

// quiet reports whether it is a person's quiet time. Hours that cannot be read are none: a mistake must not silence.
func (w *who) quiet(doc *muster.User) bool {
	if len(doc.Quiet) == 0 || w.woken[doc.Name] {
		return false
	}
	in, _, err := rota.Within(w.s.Zones, doc.Zone, doc.Quiet, w.at)
	return in && err == nil
}

// within reports whether it is in hours of a person's rule. Hours that cannot be read hold always.
func (w *who) within(hours []muster.Window, zone string) bool {
	in, _, err := rota.Within(w.s.Zones, zone, hours, w.at)
	return in || err != nil
}

// pressed says why a person's hours do not count.
func (w *who) pressed() string {
	if w.because != "" {
		return w.because
	}
	return "this is the last step that reaches anybody"
}

// wake notes experts who are asked in spite of their quiet hours.
func (w *who) wake(people []muster.UserName) {
	if w.woken == nil {
		w.woken = map[muster.UserName]bool{}
	}
	for _, u := range people {
		w.woken[u] = true
	}
}

func escape(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// Pressing reports whether one of the pages that were gathered for a person is of a last step, at which their hours do not
// count.
func Pressing(waiting []muster.Gathered) bool {
	return slices.ContainsFunc(waiting, func(g muster.Gathered) bool {
		return slices.ContainsFunc(g.Why, func(r muster.Reason) bool { return r.Facts[HoursIgnored] != "" })
	})
}

// ownHours are the hours of a person's rules, or their quiet hours.
type ownHours struct {
	zone  string
	hours []muster.Window
}

func (s *Snapshot) ownHours(people []muster.UserName) (out []ownHours) {
	for _, u := range people {
		d := s.Catalog.Users[u]
		if d == nil || d.Disabled {
			continue
		}
		if len(d.Quiet) > 0 {
			out = append(out, ownHours{d.Zone, d.Quiet})
		}
		for i := range d.Notify {
			if h := d.Notify[i].Hours; len(h) > 0 {
				out = append(out, ownHours{d.Zone, h})
			}
		}
	}
	return out
}

// turnOf is when any of these hours begin or end next; zero: never.
func turnOf(s *Snapshot, list []ownHours, now muster.Instant) (next muster.Instant) {
	for _, h := range list {
		if _, until, err := rota.Within(s.Zones, h.zone, h.hours, now); err == nil && !until.IsZero() && (next.IsZero() || until.Before(next.Time)) {
			next = until
		}
	}
	return next
}

// ruleWarnings are of people whose rules leave hours of the week without any method. Contacts are those of everybody.
func ruleWarnings(s *Snapshot, contacts Contacts) (out []PolicyWarning) {
	for _, d := range s.Catalog.Documents(muster.KindUsers) {
		if u, ok := d.(*muster.User); ok {
			if text := WarnRules(s, contacts, u); text != "" {
				out = append(out, PolicyWarning{User: u.Name, Kind: "rules_gap", Text: text})
			}
		}
	}
	return out
}

// WarnRules says for which hours of the week a person's notification rules have no contact method; "" when there are none.
func WarnRules(s *Snapshot, contacts Contacts, u *muster.User) string {
	if u.Disabled || !slices.ContainsFunc(u.Notify, func(r muster.NotificationRule) bool { return len(r.Hours) > 0 }) {
		return ""
	}
	high, low := ruleGaps(u, contacts[u.Name], muster.UrgencyHigh), ruleGaps(u, contacts[u.Name], muster.UrgencyLow)
	var open []string
	switch {
	case high != "" && high == low:
		open = []string{"pages " + high}
	default:
		if high != "" {
			open = append(open, "urgent pages "+high)
		}
		if low != "" {
			open = append(open, "pages of low urgency "+low)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return fmt.Sprintf("The notification rules of %s have no contact method for %s. The next step of the policy is paged at once then; at the last one that reaches anybody, hours do not count.",
		s.Catalog.DisplayName(u.Name), strings.Join(open, ", nor for "))
}

const weekMinutes = 7 * 24 * 60

// ruleGaps tells when, in a week, no rule for an urgency can be used: "on Sat 00:00 to Mon 08:00", "" when one always can.
// Where none can be used at all, every method is.
func ruleGaps(u *muster.User, contacts []muster.ContactFact, urgency muster.Urgency) string {
	var covered [weekMinutes]bool
	rules := 0
	for _, r := range u.Notify {
		if r.Urgency != "" && r.Urgency != urgency || !slices.ContainsFunc(contacts, func(c muster.ContactFact) bool { return c.Verified && c.Method == r.Method }) {
			continue
		}
		if len(r.Hours) == 0 {
			return ""
		}
		rules++
		for _, h := range r.Hours {
			cover(&covered, h)
		}
	}
	if rules == 0 {
		return ""
	}
	return gapWords(&covered)
}

// cover marks the minutes of a week, from Monday on, that lie in a window.
func cover(week *[weekMinutes]bool, h muster.Window) {
	from, ferr := time.Parse("15:04", h.From)
	to, terr := time.Parse("15:04", h.To)
	if ferr != nil || terr != nil {
		return
	}
	begin, end := from.Hour()*60+from.Minute(), to.Hour()*60+to.Minute()
	if end <= begin {
		end += 24 * 60
	}
	for i, d := range muster.Weekdays() {
		if len(h.Days) > 0 && !slices.Contains(h.Days, d) {
			continue
		}
		for m := begin; m < end; m++ {
			week[(i*24*60+m)%weekMinutes] = true
		}
	}
}

// gapWords tells the minutes of a week that are not covered, "" when all are.
func gapWords(week *[weekMinutes]bool) string {
	start := slices.Index(week[:], true) // so that no gap goes over the end of the week
	if start < 0 {
		return "at any hour"
	}
	name := func(m int) string {
		day := string(muster.Weekdays()[m%weekMinutes/(24*60)])
		return strings.ToUpper(day[:1]) + day[1:] + " "
	}
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60%24, m%60) }
	var spans, hours []string
	for m := start; m < start+weekMinutes; m++ {
		if week[m%weekMinutes] {
			continue
		}
		from := m
		for m < start+weekMinutes && !week[m%weekMinutes] {
			m++
		}
		spans = append(spans, "from "+name(from)+clock(from)+" to "+name(m)+clock(m))
		hours = append(hours, "from "+clock(from)+" to "+clock(m))
	}
	if distinct := slices.Compact(slices.Clone(hours)); len(hours) == 7 && len(distinct) == 1 {
		return "every day " + distinct[0]
	}
	if len(spans) > 6 {
		spans = append(spans[:5:5], fmt.Sprintf("and %d more times in the week", len(spans)-5))
	}
	return strings.Join(spans, ", ")
}
