package plan

import (
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/route"
)

// Arrival is what is decided about a signal that opens an alert.
type Arrival struct {
	Fingerprint muster.Fingerprint
	Decision    route.Decision
	// Policy is the policy that the escalation takes as its snapshot. It is never nil: where the catalog has none for the
	// alert, it is one without steps, whose escalation pages every admin at once.
	Policy         *muster.Policy
	PolicyRevision muster.Revision
	Reasons        []muster.Reason // source, mapping, fingerprint, route, silence, policy
}

// Arrive decides about a signal with the catalog of the snapshot. Intake runs it, and [Explain] runs it again.
func Arrive(s *Snapshot, sig *muster.Signal, now muster.Instant) Arrival {
	src := s.Catalog.Sources[sig.Source]
	a := Arrival{Reasons: []muster.Reason{sourceReason(s, sig, src)}}
	for _, m := range sig.Mapped {
		a.Reasons = append(a.Reasons, muster.Reason{Kind: muster.ReasonMapping, Ref: muster.DocRef(muster.KindSources, sig.Source), Text: m})
	}
	var why []muster.Reason
	a.Fingerprint, why = route.FingerprintOf(sig, src)
	a.Reasons = append(a.Reasons, why...)
	a.Decision = s.Decide(sig, now)
	a.Reasons = append(a.Reasons, a.Decision.Reasons...)
	a.Policy, a.PolicyRevision = s.policy(a.Decision.Policy)
	return a
}

// Decide routes a signal at now, with silences that repeat on the clocks of their zones.
func (s *Snapshot) Decide(sig *muster.Signal, now muster.Instant) route.Decision {
	return s.Rules.Decide(sig, now, s.hours)
}

func (s *Snapshot) hours(zone string, windows []muster.Window, at muster.Instant) (bool, muster.Instant, error) {
	return rota.Within(s.Zones, zone, windows, at)
}

// SilenceChanges is the next moment after now at which a silence begins or ends to hold pages back; zero: it never does again.
func (s *Snapshot) SilenceChanges(d *muster.Silence, now muster.Instant) muster.Instant {
	switch {
	case d.From.After(now.Time):
		return d.From
	case !d.Until.After(now.Time):
		return muster.Instant{}
	case d.Repeat == nil:
		return d.Until
	}
	_, until, err := s.hours(d.Repeat.Zone, d.Repeat.Windows(), now)
	if err != nil || until.IsZero() || until.After(d.Until.Time) {
		return d.Until
	}
	return until
}

// policy finds a policy, or the one without steps.
func (s *Snapshot) policy(name muster.PolicyName) (*muster.Policy, muster.Revision) {
	if p := s.Catalog.Policies[name]; p != nil {
		return p, s.Catalog.RevisionOf(muster.DocRef(muster.KindPolicies, name))
	}
	return &muster.Policy{Title: "Every admin"}, s.Catalog.Revision
}

func sourceReason(s *Snapshot, sig *muster.Signal, src *muster.Source) muster.Reason {
	ref := muster.DocRef(muster.KindSources, sig.Source)
	r := muster.Reason{Kind: muster.ReasonSource, Ref: ref, Revision: s.Catalog.RevisionOf(ref)}
	switch {
	case src == nil:
		r.Text = fmt.Sprintf("It came from %s, which the catalog does not know.", sig.Source)
	case src.Title != "":
		r.Text = fmt.Sprintf("It came from the source %s.", src.Title)
	default:
		r.Text = fmt.Sprintf("It came from the source %s.", sig.Source)
	}
	if src != nil && src.Triage {
		r.Text += " A person has to confirm what comes from there."
	}
	return r
}
