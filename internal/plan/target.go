package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// members lists the people of a team who have not left, by name. Viewers look on: they could not acknowledge.
func (s *Snapshot) members(team muster.TeamName) (all []muster.UserName) {
	if team == "" {
		return nil
	}
	for name, u := range s.Catalog.Users {
		if !u.Disabled && u.Access != muster.AccessViewer && slices.Contains(u.Teams, team) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// Members lists whom a target that is a team pages, as far as they can be reached.
func Members(s *Snapshot, team muster.TeamName) []muster.UserName { return s.members(team) }

// team is everybody of a team, on call or not.
func (w *who) team(name muster.TeamName) ([]muster.UserName, []muster.Reason) {
	ref := muster.DocRef(muster.KindTeams, name)
	r := muster.Reason{Kind: muster.ReasonPerson, Ref: ref, Revision: w.s.Catalog.RevisionOf(ref), Facts: map[string]string{"team": string(name)}}
	d := w.s.Catalog.Teams[name]
	if d == nil {
		r.Kind, r.Revision, r.Text = muster.ReasonNobody, w.s.Catalog.Revision, fmt.Sprintf("There is no team called %s any more.", name)
		return nil, []muster.Reason{r}
	}
	title := cmp.Or(d.Title, string(name))
	people := w.s.members(name)
	if len(people) == 0 {
		r.Kind, r.Text = muster.ReasonNobody, fmt.Sprintf("The team %s has nobody.", title)
		return nil, []muster.Reason{r}
	}
	r.Text = fmt.Sprintf("The step names everybody of the team %s, on call or not: %s.", title, joinNames(w, people))
	return people, []muster.Reason{r}
}

// Told implements [escalate.Who].
func (w *who) Told(name muster.ConnectorName) (string, bool, muster.Reason) {
	ref := muster.DocRef(muster.KindConnectors, name)
	r := muster.Reason{Kind: muster.ReasonContact, Ref: ref, Revision: w.s.Catalog.RevisionOf(ref), Facts: map[string]string{"connector": string(name)}}
	d := w.s.Catalog.Connectors[name]
	if d == nil {
		r.Kind, r.Revision, r.Text = muster.ReasonNobody, w.s.Catalog.Revision, fmt.Sprintf("There is no connector called %s any more.", name)
		return "", false, r
	}
	title := cmp.Or(d.Title, string(name))
	r.Text = fmt.Sprintf("%s is told. That is no page: nobody is reached by it.", title)
	return title, true, r
}

// Within implements [escalate.Who]. Hours that cannot be read hold always: a mistake in them must not silence a step.
func (w *who) Within(hours []muster.Window, zone string) (bool, string) {
	in, _, err := rota.Within(w.s.Zones, zone, hours, w.at)
	return in || err != nil, w.clock(zone)
}

var night = []muster.Window{{From: muster.NightFrom, To: muster.NightTo}}

// Night implements [escalate.Who]. Where nobody knows where a person lives it is UTC.
func (w *who) Night(u muster.UserName) (bool, string) {
	zone := "UTC"
	if d := w.s.Catalog.Users[u]; d != nil && d.Zone != "" {
		zone = d.Zone
	}
	in, _, err := rota.Within(w.s.Zones, zone, night, w.at)
	if err != nil {
		zone = "UTC"
		in, _, _ = rota.Within(w.s.Zones, zone, night, w.at) // it can be read
	}
	return in, w.clock(zone)
}

// clock tells the moment on the clocks of a zone: "Fri 03:12 Europe/Berlin".
func (w *who) clock(zone string) string {
	z, err := w.s.Zones.Load(zone)
	if err != nil {
		return w.at.UTC().Format("Mon 15:04") + " UTC"
	}
	return w.at.In(z).Format("Mon 15:04") + " " + strings.ReplaceAll(zone, "_", " ")
}

// maxChanges bounds how many changes of who is on call are looked at for the next one who can be paged.
const maxChanges = 200

// Next implements [escalate.Who]. People and teams are there or not: only rosters and topics change by themselves. Who made it
// the next moment is remembered, so that the explanation finds the same.
func (w *who) Next(t muster.Target, until muster.Instant) muster.Instant {
	switch {
	case t.Roster != "":
		s := w.s.Schedule(t.Roster)
		if s == nil {
			return muster.Instant{}
		}
		role := cmp.Or(t.Role, muster.PrimaryResponder)
		for at, i := s.NextChange(w.at), 0; i < maxChanges && !at.IsZero() && at.Before(until.Time); at, i = s.NextChange(at), i+1 {
			here, _ := w.present(s.People(role, at), nil)
			for _, u := range here {
				if len(w.verified(u)) > 0 {
					w.reached[u] = true
					return at
				}
			}
		}
	case t.Topic != "":
		if at := w.expert(t.Topic).Until; at.After(w.at.Time) && at.Before(until.Time) {
			return at
		}
	}
	return muster.Instant{}
}

// TakesTurns reports whether a policy has a step whose people take turns: then who had the last turn matters to it.
func TakesTurns(p *muster.Policy) bool {
	return slices.ContainsFunc(p.Steps, func(s muster.Step) bool { return s.RoundRobin })
}

// Turned is whose turn it was last, after turns that were taken. The maps are not changed.
func Turned(before, taken map[int]muster.UserName) map[int]muster.UserName {
	if len(taken) == 0 {
		return before
	}
	out := maps.Clone(before)
	if out == nil {
		out = map[int]muster.UserName{}
	}
	maps.Copy(out, taken)
	return out
}
