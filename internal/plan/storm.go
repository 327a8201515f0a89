package plan

import (
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

// Recent is what is known of the pages that a person got lately, and of the storm that is on for them.
type Recent struct {
	Pages []muster.RecentPage // of the longest time in which a storm is counted, in any order
	Storm *muster.Storming    // nil: none is on
}

// Verdict says how a person is paged about one more alert.
type Verdict int

// The verdicts.
const (
	Single Verdict = iota // by a page of its own
	Apart                 // likewise, although a storm is on: it is urgent, and of a service which the storm is not about
	Gather                // by the next digest
)

// Storm decides whether a page goes out by itself at now or is gathered. A storm is on from the page which would be one more
// than the person's limit, until nothing was gathered since the last digest. High urgency of a service that is not among
// those of the storm is never gathered, unless that service alone goes beyond the limit.
func Storm(limit muster.Storm, r Recent, service muster.ServiceName, urgency muster.Urgency, now muster.Instant) Verdict {
	if limit.Off {
		return Single
	}
	since := now.Plus(-limit.Within.Std())
	counted, apart := map[muster.AlertID]bool{}, map[muster.AlertID]bool{}
	var services []muster.ServiceName
	for _, p := range r.Pages {
		switch {
		case !p.At.After(since.Time):
		case !p.Apart:
			counted[p.Alert] = true
			services = append(services, p.Service)
		case p.Service == service:
			apart[p.Alert] = true
		}
	}
	switch {
	case r.Storm != nil:
		services = r.Storm.Services
	case len(counted) < limit.Pages:
		return Single
	}
	if urgency == muster.UrgencyHigh && !slices.Contains(services, service) && len(apart) < limit.Pages {
		return Apart
	}
	return Gather
}

// StormServices are the services of a storm that begins at now, or goes on, with a page about a service.
func StormServices(limit muster.Storm, r Recent, service muster.ServiceName, now muster.Instant) []muster.ServiceName {
	services := []muster.ServiceName{service}
	if r.Storm != nil {
		services = append(services, r.Storm.Services...)
	} else {
		for _, p := range r.Pages {
			if !p.Apart && p.At.After(now.Plus(-limit.Within.Std()).Time) {
				services = append(services, p.Service)
			}
		}
	}
	slices.Sort(services)
	return slices.Compact(services)
}

// GatherPages takes the pages of people out of what a step pages, and leaves them to their digests, with the reason.
func GatherPages(s *Snapshot, eff *escalate.Effects, who map[muster.UserName]muster.Gathering) {
	if len(who) == 0 {
		return
	}
	single := make([]muster.Planned, 0, len(eff.Pages))
	for _, p := range eff.Pages {
		g, ok := who[p.User]
		if !ok {
			single = append(single, p)
			continue
		}
		ref := muster.DocRef(muster.KindUsers, p.User)
		p.Reasons = append(slices.Clone(p.Reasons), muster.Reason{
			Kind: muster.ReasonPerson, Ref: ref, Revision: s.Catalog.RevisionOf(ref), Text: GatheredText(p.Name, g),
			Facts: map[string]string{"user": string(p.User), "gathered": "true"},
		})
		eff.Gathered = append(eff.Gathered, p)
	}
	eff.Pages = single
	if eff.Taken != nil {
		eff.Taken.Gathered = who
	}
}

// GatheredText says why a page was gathered.
func GatheredText(name string, g muster.Gathering) string {
	return fmt.Sprintf("Gathered into a digest for %s, because %s would have got more than %d pages in %s.", name, name, g.Pages, inWords(g.Within))
}

// inWords says how long, as people do: "2 minutes".
func inWords(d muster.Duration) string {
	n, unit := int(d.Std().Seconds()), "second"
	switch {
	case n >= 3600 && n%3600 == 0:
		n, unit = n/3600, "hour"
	case n >= 60 && n%60 == 0:
		n, unit = n/60, "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// PageDigest plans the page of a person about the alerts that were gathered for them. None means that the person cannot be
// reached any more; then the reasons say why. why are the reasons of the worst alert.
//
// Pressing: one of the alerts was gathered by the last step that reaches anybody (see [Pressing]), so the person's hours do
// not count; nor do they when they leave nothing.
func PageDigest(s *Snapshot, contacts Contacts, person muster.UserName, urgency muster.Urgency, alerts int, pressing bool, why []muster.Reason, now muster.Instant) ([]muster.Planned, []muster.Reason) {
	w := &who{s: s, contacts: contacts, at: now, reached: map[muster.UserName]bool{}, because: "the digest has to arrive"}
	ways := w.Methods(person, urgency, pressing)
	if len(ways.Methods) == 0 && ways.Spared {
		ways = w.Methods(person, urgency, true)
	}
	methods, how := ways.Methods, ways.Why
	about := w.userReason(muster.ReasonPerson, person, "The digest tells %s of %d alerts: exactly these are acknowledged with it.", w.Name(person), alerts)
	out := make([]muster.Planned, 0, len(methods))
	for _, m := range methods {
		out = append(out, muster.Planned{
			User: person, Name: w.Name(person), Contact: m.Contact, At: now.Plus(max(m.After, 0)),
			Reasons: slices.Concat(why, []muster.Reason{about}, how, []muster.Reason{w.contactReason(m)}),
		})
	}
	return out, how
}
