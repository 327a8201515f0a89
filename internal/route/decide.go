package route

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/muster-oncall/muster"
)

// Decision says what becomes of a signal that opens an alert.
type Decision struct {
	Route      muster.RouteName
	Service    muster.ServiceName // of the catalog; "" when none is known
	Policy     muster.PolicyName  // of the catalog; "" when there is none at all: every admin is paged
	Urgency    muster.Urgency
	Severity   muster.Severity // of the incident that Declare makes; "" leaves it to whoever declares
	Declare    bool
	Confirm    bool           // the alert is in triage until a person confirms it
	Triage     bool           // pages are held until then; false when the route pages about alerts in triage too
	Record     bool           // nobody is paged, ever: the alert is shown and counted
	HoldUntil  muster.Instant // nobody is paged before; an alert that is over by then is counted alone. Zero: no hold
	Group      string         // what the alert has in common with those of its group; "" when the route groups nothing
	GroupFor   muster.Duration
	Suppressed *muster.Suppressed
	Reasons    []muster.Reason // route, silence, policy
}

// Hours says whether a moment lies in windows on the clocks of a zone, and until when that stays so. It is handed in, because
// the arithmetic of clocks is not routing.
type Hours func(zone string, windows []muster.Window, at muster.Instant) (in bool, until muster.Instant, err error)

// Decide says which route takes a signal, whom it concerns and whether a silence holds it back at now. It always
// decides: when no route matches, the default route takes the signal.
//
// Without hours, silences that repeat hold nothing back.
func (r *Rules) Decide(s *muster.Signal, now muster.Instant, hours ...Hours) Decision {
	src := r.catalog.Sources[s.Source]
	named := s.Service
	if named == "" && src != nil {
		named = src.Service
	}
	d := Decision{Confirm: s.Triage || (src != nil && src.Triage)}
	f := r.factsOf(s, src, named, d.Confirm)

	doc := r.pick(f, &d)
	if doc != nil && doc.Record {
		return r.record(doc, named, d)
	}
	d.Urgency, d.Triage = muster.UrgencyHigh, d.Confirm
	if doc != nil {
		d.Route, d.Declare, d.Severity = doc.Name, doc.Declare, doc.Severity
		if doc.Urgency != "" {
			d.Urgency = doc.Urgency
		}
		if doc.Triage {
			d.Triage = false
		}
	}
	r.tellTriage(&d)
	if doc != nil {
		r.noise(doc, s, now, &d)
	}
	r.silence(f, now, &d, hours)
	r.concern(doc, named, &d)
	return d
}

// record decides about what a route records: whom it concerns, and nothing more. Silences have nothing to hold back, and
// nobody needs to confirm it.
func (r *Rules) record(doc *muster.Route, named muster.ServiceName, d Decision) Decision {
	d.Route, d.Urgency, d.Record, d.Confirm = doc.Name, muster.UrgencyLow, true, false
	reasons := len(d.Reasons)
	r.concern(doc, named, &d)
	d.Policy, d.Reasons = "", append(d.Reasons[:reasons], r.reason(muster.ReasonNobody, muster.DocRef(muster.KindRoutes, doc.Name),
		"Route %s records it: it is shown and counted, and nobody is paged.", doc.Name))
	return d
}

func (r *Rules) factsOf(s *muster.Signal, src *muster.Source, service muster.ServiceName, triage bool) *facts {
	by := s.DetectedBy
	if by == "" && src != nil {
		by = src.DetectedBy
	}
	if by == "" {
		by = muster.DetectedByMonitoring
	}
	labels := s.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return &facts{
		source: types.String(s.Source), title: types.String(s.Title), severity: types.String(s.Severity),
		service: types.String(service), summary: types.String(s.Summary), detectedBy: types.String(by),
		triage: types.Bool(triage), labels: types.NewStringStringMap(types.DefaultTypeAdapter, labels),
		ordinary: ordinary(s),
	}
}

// pick asks the routes in their order. Routes that could not be asked leave a reason each.
func (r *Rules) pick(f *facts, d *Decision) *muster.Route {
	for i := range r.routes {
		one := &r.routes[i]
		ok := true
		if one.match != nil {
			var failed string
			if ok, failed = one.match.ask(f); failed != "" {
				d.Reasons = append(d.Reasons, muster.Reason{
					Kind: muster.ReasonRoute, Ref: one.ref, Revision: one.rev,
					Text:  fmt.Sprintf("Route %s was passed over: %s.", one.doc.Name, failed),
					Facts: map[string]string{"passed_over": "true"},
				})
			}
		}
		if !ok {
			continue
		}
		reason := muster.Reason{Kind: muster.ReasonRoute, Ref: one.ref, Revision: one.rev, Text: routeText(one.doc)}
		if one.doc.Match != "" {
			reason.Facts = map[string]string{"match": one.doc.Match}
		}
		d.Reasons = append(d.Reasons, reason)
		return one.doc
	}
	ref := muster.DocRef(muster.KindRoutes, muster.DefaultRoute)
	if r.fallback == nil {
		d.Route = muster.DefaultRoute
		d.Reasons = append(d.Reasons, r.reason(muster.ReasonRoute, ref, "No route matches, and there is no default route."))
		return nil
	}
	d.Reasons = append(d.Reasons, r.reason(muster.ReasonRoute, ref, "No other route matches: the default route takes it%s.", effects(r.fallback)))
	return r.fallback
}

func routeText(doc *muster.Route) string {
	if doc.Match == "" {
		return fmt.Sprintf("Route %s takes everything%s.", doc.Name, effects(doc))
	}
	return fmt.Sprintf("Route %s takes it, because %s%s.", doc.Name, muster.Clip(oneLine(doc.Match), 200), effects(doc))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func effects(doc *muster.Route) string {
	var b strings.Builder
	if doc.Urgency == muster.UrgencyLow {
		b.WriteString(", with low urgency")
	}
	if h := doc.Hold.Std(); h > 0 {
		fmt.Fprintf(&b, ", and waits %s before it pages", doc.Hold)
	}
	if doc.Group != nil {
		b.WriteString(", and groups it with others of the same " + muster.Clip(strings.Join(doc.Group.By, ", "), 80))
	}
	if doc.Declare {
		b.WriteString(", and declares an incident")
		if doc.Severity != "" {
			b.WriteString(" of " + string(doc.Severity))
		}
	}
	return b.String()
}

func (r *Rules) tellTriage(d *Decision) {
	ref := muster.DocRef(muster.KindRoutes, d.Route)
	switch {
	case d.Triage:
		d.Reasons = append(d.Reasons, r.reason(muster.ReasonRoute, ref, "It waits for triage: nobody is paged until a person confirms it."))
	case d.Confirm:
		d.Reasons = append(d.Reasons, r.reason(muster.ReasonRoute, ref, "It is in triage; route %s pages about it all the same.", d.Route))
	}
}

// noise says how long the alert waits before it pages, and which others it belongs to.
func (r *Rules) noise(doc *muster.Route, s *muster.Signal, now muster.Instant, d *Decision) {
	if h := doc.Hold.Std(); h > 0 {
		d.HoldUntil = now.Plus(h)
	}
	if doc.Group == nil {
		return
	}
	var b strings.Builder
	b.WriteString(string(doc.Name))
	for _, l := range doc.Group.By {
		fmt.Fprintf(&b, "/%q", muster.Clip(s.Labels[l], 200))
	}
	d.Group, d.GroupFor = b.String(), doc.Group.Within
}

// window says whether a silence is on now, and until when.
func (one *compiledSilence) window(now muster.Instant, hours []Hours) (on bool, until muster.Instant, failed string) {
	doc := one.doc
	if now.Before(doc.From.Time) || !now.Before(doc.Until.Time) {
		return false, until, ""
	}
	if doc.Repeat == nil {
		return true, doc.Until, ""
	}
	if len(hours) == 0 {
		return false, until, ""
	}
	in, end, err := hours[0](doc.Repeat.Zone, doc.Repeat.Windows(), now)
	if err != nil {
		return false, until, "its hours cannot be read"
	}
	if end.IsZero() || end.After(doc.Until.Time) {
		end = doc.Until
	}
	return in, end, ""
}

// silence finds the first silence by name that is active and matches.
func (r *Rules) silence(f *facts, now muster.Instant, d *Decision, hours []Hours) {
	for i := range r.silences {
		one := &r.silences[i]
		on, until, failed := one.window(now, hours)
		if !on && failed == "" {
			continue
		}
		ok := false
		if failed == "" {
			ok, failed = one.match.ask(f)
		}
		if failed != "" {
			d.Reasons = append(d.Reasons, muster.Reason{
				Kind: muster.ReasonSilence, Ref: one.ref, Revision: one.rev,
				Text:  fmt.Sprintf("Silence %s was passed over: %s.", one.doc.Name, failed),
				Facts: map[string]string{"passed_over": "true"},
			})
		}
		if !ok {
			continue
		}
		d.Suppressed = &muster.Suppressed{By: one.doc.Name, Until: until, Why: one.doc.Why}
		text := fmt.Sprintf("Silence %s of %s holds pages back until %s", one.doc.Name, r.catalog.DisplayName(one.doc.Owner),
			until.Format("2006-01-02 15:04 UTC"))
		if one.doc.Why != "" {
			text += ": " + muster.Clip(oneLine(one.doc.Why), 120)
		}
		d.Reasons = append(d.Reasons, muster.Reason{
			Kind: muster.ReasonSilence, Ref: one.ref, Revision: one.rev, Text: text,
			Facts: map[string]string{"owner": string(one.doc.Owner), "until": until.Format("2006-01-02T15:04:05.999999Z")},
		})
		return
	}
}

// concern finds the service and the policy. A route's own words come before those of the signal; the default route's
// come after them, because it takes what nobody thought of. A name that is not in the catalog is told and passed over.
func (r *Rules) concern(doc *muster.Route, named muster.ServiceName, d *Decision) {
	say := func(ref, format string, args ...any) {
		d.Reasons = append(d.Reasons, r.reason(muster.ReasonPolicy, ref, format, args...))
	}
	if doc != nil && doc.Service != "" && doc != r.fallback {
		d.Service = r.known(doc.Service, say)
	}
	if d.Service == "" && named != "" {
		d.Service = r.known(named, say)
	}
	if d.Service == "" && doc != nil && doc == r.fallback && doc.Service != "" {
		d.Service = r.known(doc.Service, say)
	}
	try := func(name muster.PolicyName, why string) bool {
		if name == "" {
			return false
		}
		ref := muster.DocRef(muster.KindPolicies, name)
		if r.catalog.Policies[name] == nil {
			say(ref, "%s, but there is no such policy.", why)
			return false
		}
		d.Policy = name
		say(ref, "%s.", why)
		return true
	}
	byService := func(name muster.ServiceName) bool {
		svc := r.catalog.Services[name]
		return svc != nil && try(svc.Policy, fmt.Sprintf("Service %s is looked after by policy %s", name, svc.Policy))
	}
	if doc != nil && doc != r.fallback && try(doc.Policy, fmt.Sprintf("Route %s names policy %s", doc.Name, doc.Policy)) {
		return
	}
	if byService(d.Service) {
		return
	}
	if f := r.fallback; f != nil {
		if try(f.Policy, fmt.Sprintf("Nothing else names a policy, so policy %s of the default route pages somebody", f.Policy)) || byService(f.Service) {
			return
		}
	}
	say("", "No policy is known: every admin is paged.")
}

func (r *Rules) known(name muster.ServiceName, say func(ref, format string, args ...any)) muster.ServiceName {
	if r.catalog.Services[name] != nil {
		return name
	}
	say(muster.DocRef(muster.KindServices, name), "There is no service called %q.", muster.Clip(string(name), 60))
	return ""
}
