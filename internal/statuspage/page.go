package statuspage

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// Page is everything that a status page is rendered from.
type Page struct {
	Doc       *muster.StatusPage
	Incidents []Incident // that are shown on the page
	History   []Incident // further ones, of the past
	Now       muster.Instant
	Since     muster.Instant // from when on the page knows of incidents; zero: always. Days before are not shown as good
	BaseURL   string         // where the page will be found: "https://status.example.com/"; empty: not known
	Zone      *time.Location // of the times on the page; nil: UTC
}

// Incident is an incident as its audience sees it.
type Incident struct {
	ID         muster.IncidentID
	Key        muster.IncidentKey
	Title      string
	Severity   muster.Severity
	Status     muster.IncidentStatus
	Components []string // names of the page's components that it affects
	Updates    []Update // for this audience, newest first
	Opened     muster.Instant
	Resolved   muster.Instant
}

// Update is a status update for the page's audience.
type Update struct {
	ID           muster.UpdateID
	Known        string
	Doing        string
	NextUpdateBy muster.Instant
	Final        bool
	At           muster.Instant
	Status       muster.IncidentStatus // of the incident when it was posted
}

// State is the state of a component, in the words of the JSON files.
type State string

// The states, each worse than the one before.
const (
	Operational   State = "operational"
	Degraded      State = "degraded_performance"
	PartialOutage State = "partial_outage"
	MajorOutage   State = "major_outage"
)

var stateOrder = []State{Operational, Degraded, PartialOutage, MajorOutage}

func worse(a, b State) State {
	if slices.Index(stateOrder, b) > slices.Index(stateOrder, a) {
		return b
	}
	return a
}

// Word is the state of a component in words.
func (s State) Word() string {
	switch s {
	case Degraded:
		return "Slow or limited"
	case PartialOutage:
		return "Partial outage"
	case MajorOutage:
		return "Major outage"
	case Operational:
	}
	return "Works"
}

// Sentence is the state of the whole page in words.
func (s State) Sentence() string {
	switch s {
	case Degraded:
		return "Some things are slow or limited"
	case PartialOutage:
		return "Some things do not work"
	case MajorOutage:
		return "Important things do not work"
	case Operational:
	}
	return "All systems work"
}

// look is the name of the state's icon and colour.
func (s State) look() string {
	switch s {
	case Degraded:
		return "minor"
	case PartialOutage:
		return "major"
	case MajorOutage:
		return "critical"
	case Operational:
	}
	return "ok"
}

// indicator is the state in the words of Statuspage's API.
func (s State) indicator() string {
	switch s {
	case Degraded:
		return "minor"
	case PartialOutage:
		return "major"
	case MajorOutage:
		return "critical"
	case Operational:
	}
	return "none"
}

// severityState is how an incident of a severity shows on the components that it affects.
func severityState(sev muster.Severity) State {
	switch sev {
	case muster.SEV1:
		return MajorOutage
	case muster.SEV2:
		return PartialOutage
	case muster.SEV3, muster.SEV4:
	}
	return Degraded
}

// over reports whether an incident is over for its audience: it is resolved, or the last update said that it is the last.
func (i Incident) over() bool {
	return i.Status == muster.IncidentResolved || i.Status == muster.IncidentClosed || (len(i.Updates) > 0 && i.Updates[0].Final)
}

// state is how an incident shows now. A mitigated one hurts no more, but is watched.
func (i Incident) state() State {
	switch {
	case i.over():
		return Operational
	case i.Status == muster.IncidentMitigated:
		return Degraded
	}
	return severityState(i.Severity)
}

// ended is when an incident was over; zero: it is not.
func (i Incident) ended() muster.Instant {
	switch {
	case !i.over():
		return muster.Instant{}
	case !i.Resolved.IsZero():
		return i.Resolved
	case len(i.Updates) > 0:
		return i.Updates[0].At
	}
	return i.Opened
}

// word is what is happening about an incident.
func (i Incident) word() string {
	if i.Status == muster.IncidentMitigated && !i.over() {
		return "Recovering"
	}
	return i.state().Word()
}

// promise is the next promised update of an incident and whether it is late; zero: none is promised.
func (i Incident) promise(now muster.Instant) (by muster.Instant, late bool) {
	if i.over() || len(i.Updates) == 0 {
		return muster.Instant{}, false
	}
	by = i.Updates[0].NextUpdateBy
	return by, !by.IsZero() && !by.After(now.Time)
}

// tidy copies a page with text that is safe to show, incidents and updates in order, and nothing that is there twice.
func tidy(p Page) Page {
	doc := muster.StatusPage{}
	if p.Doc != nil {
		doc = *p.Doc
	}
	doc.Title, doc.Intro, doc.Support = line(doc.Title), text(doc.Intro), line(doc.Support)
	if doc.Title == "" {
		doc.Title = string(doc.Name)
	}
	doc.Components = slices.Clone(doc.Components)
	for i := range doc.Components {
		doc.Components[i].Title = line(doc.Components[i].Title)
	}
	p.Doc = &doc
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	p.BaseURL = muster.SafeURL(p.BaseURL)
	if p.BaseURL != "" && !strings.HasSuffix(p.BaseURL, "/") {
		p.BaseURL += "/"
	}
	var all []Incident
	for _, i := range slices.Concat(p.Incidents, p.History) {
		if slices.ContainsFunc(all, func(x Incident) bool { return x.ID == i.ID && x.Key == i.Key }) {
			continue
		}
		i.Title = line(i.Title)
		i.Updates = slices.SortedStableFunc(slices.Values(i.Updates), func(a, b Update) int { return b.At.Compare(a.At.Time) })
		for k := range i.Updates {
			i.Updates[k].Known, i.Updates[k].Doing = text(i.Updates[k].Known), text(i.Updates[k].Doing)
		}
		all = append(all, i)
	}
	slices.SortStableFunc(all, func(a, b Incident) int { return b.Opened.Compare(a.Opened.Time) })
	p.Incidents, p.History = nil, nil
	for _, i := range all {
		if i.over() {
			p.History = append(p.History, i)
		} else {
			p.Incidents = append(p.Incidents, i)
		}
	}
	// The worst stands first; among equals the newest.
	slices.SortStableFunc(p.Incidents, func(a, b Incident) int {
		return slices.Index(stateOrder, b.state()) - slices.Index(stateOrder, a.state())
	})
	return p
}

// overall is the state of the whole page.
func overall(p Page) State {
	s := Operational
	for _, i := range p.Incidents {
		s = worse(s, i.state())
	}
	return s
}

// componentState is the worst that an open incident does to a component, with the word for it.
func componentState(p Page, name string) (State, string) {
	s, word := Operational, Operational.Word()
	for _, i := range p.Incidents {
		if slices.Contains(i.Components, name) && worse(s, i.state()) != s {
			s, word = i.state(), i.word()
		}
	}
	return s, word
}

// confirmed is when the newest word about an open incident was said. Without one there is nothing to confirm but that
// nothing is known to be wrong, and that is so now.
func confirmed(p Page) muster.Instant {
	if len(p.Incidents) == 0 {
		return p.Now
	}
	var at muster.Instant
	for _, i := range p.Incidents {
		said := i.Opened
		if len(i.Updates) > 0 {
			said = i.Updates[0].At
		}
		if said.After(at.Time) {
			at = said
		}
	}
	return at
}
