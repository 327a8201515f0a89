package lifecycle

import (
	"strings"

	"github.com/muster-oncall/muster"
)

// Declaration is what an incident begins with. A title is enough.
type Declaration struct {
	ID         muster.IncidentID
	Key        muster.IncidentKey
	Number     int64
	Title      string
	Severity   muster.Severity // SEV3 when empty: bad enough to coordinate, not known to be worse
	Service    muster.ServiceName
	DetectedBy muster.DetectedBy
	DetectedAt muster.Instant // zero: as soon as it was known
	KnownAt    muster.Instant // zero: now, when a person declares; not yet, when a rule does
	By         muster.By
	Revision   muster.Revision
}

// Declare opens an incident. Detection lasts from when it began to show until a human knew; response begins then. Declared
// by a rule before any human knows, it stays in detection until [Known].
func Declare(d Declaration, now muster.Instant) (muster.Incident, error) {
	title := strings.TrimSpace(d.Title)
	if title == "" {
		return muster.Incident{}, muster.Invalid("The incident cannot be declared", []muster.FieldError{{Path: "title", Message: "a title is missing: say in a few words what does not work"}})
	}
	if d.Severity == "" {
		d.Severity = muster.SEV3
	}
	if d.KnownAt.IsZero() && !d.By.Machine {
		d.KnownAt = now
	}
	if d.KnownAt.After(now.Time) {
		d.KnownAt = now
	}
	if d.DetectedAt.IsZero() {
		d.DetectedAt = d.KnownAt
	}
	if d.DetectedAt.IsZero() || d.DetectedAt.After(now.Time) {
		d.DetectedAt = now
	}
	inc := muster.Incident{
		ID: d.ID, Key: d.Key, Number: d.Number, Title: title, Status: muster.IncidentOpen, Severity: d.Severity, Service: d.Service,
		Answers: map[muster.Question]muster.Answer{}, DetectedBy: d.DetectedBy, DetectedAt: d.DetectedAt,
		DeclaredAt: now, DeclaredBy: d.By, Revision: d.Revision,
		Phases: []muster.PhaseSpan{{Phase: muster.PhaseDetection, From: d.DetectedAt}},
	}
	inc.Phase = muster.PhaseDetection
	if !d.KnownAt.IsZero() {
		inc, _ = Known(inc, d.KnownAt)
	}
	return inc, nil
}

// Known says that a human knew of the incident at an instant: somebody acknowledged, joined or was told. The earliest
// instant counts; detection ends and response begins then.
func Known(inc muster.Incident, at muster.Instant) (muster.Incident, bool) {
	if at.IsZero() || (!inc.KnownAt.IsZero() && !at.Before(inc.KnownAt.Time)) {
		return inc, false
	}
	first := inc.KnownAt.IsZero()
	inc.KnownAt = at
	inc.Phases = clone(inc.Phases)
	if at.Before(inc.DetectedAt.Time) {
		inc.DetectedAt = at // nobody can know before it begins to show
	}
	for i := range inc.Phases {
		switch p := &inc.Phases[i]; {
		case i == 0 && p.Phase == muster.PhaseDetection:
			p.From, p.Until = inc.DetectedAt, at
		case i == 1 && p.Phase == muster.PhaseResponse && !first:
			p.From = at
		}
	}
	if first {
		inc = begin(inc, muster.PhaseResponse, at)
	}
	inc.Phase = phaseOf(inc)
	return inc, true
}

// Detected says that the incident began to show at an instant: an alert was linked that saw it earlier.
func Detected(inc muster.Incident, at muster.Instant) (muster.Incident, bool) {
	if at.IsZero() || !at.Before(inc.DetectedAt.Time) {
		return inc, false
	}
	inc.DetectedAt = at
	inc.Phases = clone(inc.Phases)
	if len(inc.Phases) > 0 && inc.Phases[0].Phase == muster.PhaseDetection {
		inc.Phases[0].From = at
	}
	return inc, true
}

// Act says that somebody acts on the system or decided to: remediation begins with the first action or decision.
// Response goes on beside it.
func Act(inc muster.Incident, now muster.Instant) (muster.Incident, bool) {
	if (inc.Status != muster.IncidentOpen && inc.Status != muster.IncidentMitigated) || running(inc, muster.PhaseRemediation) {
		return inc, false
	}
	inc, _ = Known(inc, now)
	inc = begin(inc, muster.PhaseRemediation, now)
	inc.Phase = phaseOf(inc)
	return inc, true
}

// Mitigate says that customers do not suffer any more, while the cause may still be there.
func Mitigate(inc muster.Incident, now muster.Instant) (_ muster.Incident, changed bool, _ error) {
	switch inc.Status {
	case muster.IncidentMitigated:
		return inc, false, nil
	case muster.IncidentResolved, muster.IncidentClosed:
		return inc, false, conflict(inc, "it cannot be mitigated. Reopen it first if it came back")
	case muster.IncidentOpen:
	}
	inc, _ = Known(inc, now)
	inc.Status, inc.MitigatedAt = muster.IncidentMitigated, now
	return inc, true, nil
}

// Resolve says that the incident is over: analysis begins.
func Resolve(inc muster.Incident, now muster.Instant) (_ muster.Incident, changed bool, _ error) {
	if inc.Status == muster.IncidentResolved || inc.Status == muster.IncidentClosed {
		return inc, false, nil
	}
	inc, _ = Known(inc, now)
	inc.Status, inc.ResolvedAt = muster.IncidentResolved, now
	inc = end(inc, now, muster.PhaseDetection, muster.PhaseResponse, muster.PhaseRemediation)
	inc = begin(inc, muster.PhaseAnalysis, now)
	inc.Phase = phaseOf(inc)
	return inc, true, nil
}

// Reopen says that it came back, or was not over: response begins anew. What was mitigated or resolved before stays in
// the timeline and in the phases.
func Reopen(inc muster.Incident, now muster.Instant) (_ muster.Incident, changed bool, _ error) {
	switch inc.Status {
	case muster.IncidentOpen:
		return inc, false, nil
	case muster.IncidentResolved, muster.IncidentClosed:
		inc = end(inc, now, muster.PhaseAnalysis)
		inc = begin(inc, muster.PhaseResponse, now)
	case muster.IncidentMitigated: // response never ended
	}
	inc.Status = muster.IncidentOpen
	inc.MitigatedAt, inc.ResolvedAt, inc.ClosedAt = muster.Instant{}, muster.Instant{}, muster.Instant{}
	inc.Phase = phaseOf(inc)
	return inc, true, nil
}

// Close puts a resolved incident away: nothing is expected of anybody any more.
func Close(inc muster.Incident, now muster.Instant) (_ muster.Incident, changed bool, _ error) {
	switch inc.Status {
	case muster.IncidentClosed:
		return inc, false, nil
	case muster.IncidentOpen, muster.IncidentMitigated:
		return inc, false, conflict(inc, "it cannot be closed. Resolve it first")
	case muster.IncidentResolved:
	}
	inc.Status, inc.ClosedAt = muster.IncidentClosed, now
	inc = end(inc, now, muster.Phases()...)
	inc.Phase = phaseOf(inc)
	return inc, true, nil
}

// Published says that the review was published: analysis ends and readiness begins, also while the incident is closed.
func Published(inc muster.Incident, now muster.Instant) (_ muster.Incident, changed bool, _ error) {
	switch {
	case running(inc, muster.PhaseReadiness):
		return inc, false, nil
	case inc.Status == muster.IncidentOpen || inc.Status == muster.IncidentMitigated:
		return inc, false, conflict(inc, "its review cannot be published. Resolve it first")
	}
	inc = end(inc, now, muster.PhaseAnalysis)
	inc = begin(inc, muster.PhaseReadiness, now)
	inc.Phase = phaseOf(inc)
	return inc, true, nil
}

// conflict is the error for a change that the state forbids.
func conflict(inc muster.Incident, what string) error {
	name := string(inc.Key)
	if name == "" {
		name = "The incident"
	}
	return muster.Errorf(muster.ErrConflict, "%s is %s, so %s.", name, inc.Status, what)
}
