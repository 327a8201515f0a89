package query

import (
	"context"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// Room is everything that the room of an incident shows.
type Room struct {
	Incident
	At        muster.Instant
	Roles     []muster.RoleAssignment // held now
	Proposals []muster.RoleAssignment // that wait for the person to take them
	Past      []muster.RoleAssignment // held before
	Entries   []*muster.Entry         // oldest first
	LastSeq   int64                   // of the newest entry: where a live screen goes on
	Pins      []*muster.Entry         // of the whole timeline
	Gaps      []muster.Gap            // silences in Entries
	Items     []AlertItem             // the incident's alerts with what follows for each
	Guidance  []Guidance
	Status    []RoomStatus
	Seen      []muster.Awareness
	SeenAt    muster.Instant         // when the viewer looked last; zero: never
	Updates   []*muster.StatusUpdate // newest first
	OnCall    []plan.Row             // of its service
	Wakes     []plan.Person          // who can be paged into the room by name
}

// Guidance is something that helps responders: never a prescription.
type Guidance struct {
	Kind   string // runbook, link
	Title  string
	URL    string // of a link
	Text   string // of a runbook: Markdown
	Proven string // day on which the runbook was followed last: "2026-11-18"; "" never
	Ref    string // of the document: "runbooks/cart"; "" for links of alerts
}

// RoomStatus is what a status page says about an incident.
type RoomStatus struct {
	Page        muster.StatusPageName
	Title       string
	Audience    muster.Audience
	Shown       bool     // the incident stands on it
	Components  []string // titles of those that it affects
	Updates     int      // that its audience has read
	LastAt      muster.Instant
	PublishedAt muster.Instant
}

// Room reads the room of an incident by ID or key. since leaves older entries out; 0 gives all.
func (q *Queries) Room(ctx context.Context, who Viewer, ref string, since int64) (*Room, error) {
	return ask(ctx, q, who, func(r *read) (*Room, error) { return r.room(ref, since) })
}

func (r *read) room(ref string, since int64) (*Room, error) {
	inc, err := r.incidentOf(ref)
	if err != nil {
		return nil, err
	}
	out := &Room{At: r.Now()}
	if out.Incident, err = r.incidentItem(inc); err != nil {
		return nil, err
	}
	out.Roles, out.Proposals, out.Past = sortRoles(inc.Roles)
	if err := r.stream(out, since); err != nil {
		return nil, err
	}
	if out.Items, err = r.items(out.Alerts); err != nil {
		return nil, err
	}
	out.Guidance = r.guidance(inc.Service, out.Alerts)
	if out.Seen, err = r.Awareness(inc.ID); err != nil {
		return nil, err
	}
	for _, a := range out.Seen {
		if a.Person == r.who.Actor.User && a.Person != "" {
			out.SeenAt = a.Last
		}
	}
	if out.Updates, err = r.Updates(inc.ID); err != nil {
		return nil, err
	}
	if inc.Service != "" {
		out.OnCall = plan.OnCall(r.snap, r.Now(), plan.OnCallFilter{Service: inc.Service})
	}
	out.Wakes = r.active()
	out.Status, err = r.roomStatus(inc)
	return out, err
}

// stream reads the timeline. Pins and silences are found in all of it.
func (r *read) stream(out *Room, since int64) error {
	all, err := r.Timeline(store.TimelineFilter{Incident: out.ID})
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Pinned {
			out.Pins = append(out.Pins, e)
		}
		if e.Seq > since {
			out.Entries = append(out.Entries, e)
		}
		out.LastSeq = max(out.LastSeq, e.Seq)
	}
	out.Gaps = lifecycle.Gaps(flat(out.Entries), lifecycle.SilentGap)
	return nil
}

// sortRoles tells roles that are held from those that are proposed and those that are over, in the order of
// [muster.Roles].
func sortRoles(all []muster.RoleAssignment) (held, proposed, past []muster.RoleAssignment) {
	for _, role := range muster.Roles() {
		for _, ra := range all {
			switch {
			case ra.Role != role:
			case !ra.Until.IsZero():
				if !ra.Proposed {
					past = append(past, ra)
				}
			case ra.Proposed:
				proposed = append(proposed, ra)
			default:
				held = append(held, ra)
			}
		}
	}
	return held, proposed, past
}

// guidance gathers the service's runbook and links, and those of the alerts, each once.
func (r *read) guidance(s muster.ServiceName, alerts []*muster.Alert) (out []Guidance) {
	seen := map[string]bool{}
	links := func(list []muster.ContextLink, ref string) {
		for _, l := range list {
			if !seen[l.URL] {
				seen[l.URL] = true
				out = append(out, Guidance{Kind: "link", Title: l.Title, URL: l.URL, Ref: ref})
			}
		}
	}
	service := func(name muster.ServiceName) {
		svc := r.cat.Services[name]
		if svc == nil || seen[string(name)] {
			return
		}
		seen[string(name)] = true
		if b := r.cat.Runbooks[svc.Runbook]; b != nil {
			ref := muster.DocRef(muster.KindRunbooks, b.Name)
			if !seen[ref] {
				seen[ref] = true
				out = append(out, Guidance{Kind: "runbook", Title: b.Title, Text: b.Text, Proven: b.Proven, Ref: ref})
				links(b.Links, ref)
			}
		}
		links(svc.Links, muster.DocRef(muster.KindServices, name))
	}
	service(s)
	for _, a := range alerts {
		service(a.Service)
		links(a.Links, "")
	}
	return out
}

// active lists the people who have not left, by name.
func (r *read) active() (out []plan.Person) {
	for _, d := range r.cat.Documents(muster.KindUsers) {
		if u, ok := d.(*muster.User); ok && !u.Disabled {
			out = append(out, r.person(u.Name))
		}
	}
	return out
}

func (r *read) roomStatus(inc *muster.Incident) (out []RoomStatus, err error) {
	for _, d := range r.cat.Documents(muster.KindStatusPages) {
		doc, ok := d.(*muster.StatusPage)
		if !ok {
			continue
		}
		shown, on, err := r.shownOn(doc, inc)
		if err != nil {
			return nil, err
		}
		s := RoomStatus{Page: doc.Name, Title: doc.Title, Audience: doc.Audience, Shown: on, Updates: len(shown.Updates)}
		if len(shown.Updates) > 0 {
			s.LastAt = shown.Updates[0].At
		}
		for _, c := range doc.Components {
			for _, name := range shown.Components {
				if name == c.Name {
					s.Components = append(s.Components, c.Title)
				}
			}
		}
		if s.PublishedAt, err = r.published(doc.Name); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
