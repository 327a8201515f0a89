package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web/view"
)

// madeTeam is a team that is ready: its service has a policy, the policy asks a roster, and what no other route takes goes
// to that policy, too.
type madeTeam struct {
	team    *muster.Team
	service *muster.Service
	policy  *muster.Policy
	roster  *muster.Roster
}

func (m *madeTeam) words() string {
	return docTitle(m.team) + " looks after " + docTitle(m.service) + "; the roster " + docTitle(m.roster) + " says who is paged"
}

// teamOf finds such a team, nil when there is none.
func teamOf(cat *muster.Catalog) *madeTeam {
	def := cat.Routes[muster.DefaultRoute]
	if def == nil {
		return nil
	}
	everything := rosterOf(cat, cat.Policies[def.Policy])
	if everything == nil {
		return nil
	}
	var found *madeTeam
	for _, d := range cat.Documents(muster.KindServices) {
		s, ok := d.(*muster.Service)
		if !ok {
			continue
		}
		m := &madeTeam{team: cat.Teams[s.Team], service: s, policy: cat.Policies[s.Policy], roster: rosterOf(cat, cat.Policies[s.Policy])}
		if m.team == nil || m.roster == nil {
			continue
		}
		if s.Policy == def.Policy {
			return m
		}
		if found == nil {
			found = m
		}
	}
	return found
}

// rosterOf is the first roster that a policy asks.
func rosterOf(cat *muster.Catalog, p *muster.Policy) *muster.Roster {
	if p == nil {
		return nil
	}
	for _, s := range p.Steps {
		for _, t := range s.Targets {
			if r := cat.Rosters[t.Roster]; r != nil {
				return r
			}
		}
	}
	return nil
}

func (v *visit) teamStep(st *setupState) *view.SetupTeam {
	t := &view.SetupTeam{URL: "/setup/team", Handoff: "09:00", Zone: st.profile.User.Zone, Zones: zoneNames, Units: teamUnits("week")}
	t.People = turnTakers(st.cat, []string{string(v.actor.User)})
	t.Wakes = "An alert then pages whoever's turn it is, at once; and again every five minutes, three times more, until somebody acknowledges."
	if len(t.People) == 1 {
		t.Wakes = "An alert then pages you at once; and again every five minutes, three times more, until you acknowledge."
	}
	if m := st.team; m != nil {
		t.Have = []view.Link{
			{Text: docTitle(m.team) + " looks after " + docTitle(m.service), URL: "/services/" + string(m.service.Name)},
			{Text: "The roster " + docTitle(m.roster) + " says whose turn it is", URL: "/oncall?roster=" + string(m.roster.Name)},
			{Text: "The policy " + docTitle(m.policy) + " says who is paged next", URL: docURL(muster.KindPolicies, m.policy.Name)},
			{Text: "Whatever no other route takes pages by a policy, too", URL: docURL(muster.KindRoutes, muster.DefaultRoute)},
		}
		return t
	}
	t.Skip = "Without it, every alert pages you alone, by the policy “everybody” that the first start made."
	return t
}

func teamUnits(chosen string) []view.Option {
	return options([]view.Option{{Value: "day", Text: "day"}, {Value: "week", Text: "week"}}, chosen)
}

// turnTakers are those who can take turns, with those chosen who are.
func turnTakers(cat *muster.Catalog, chosen []string) (out []view.Option) {
	for _, d := range cat.Documents(muster.KindUsers) {
		if u, ok := d.(*muster.User); ok && !u.Disabled && u.Access != muster.AccessViewer {
			out = append(out, view.Option{Value: string(u.Name), Text: docTitle(u), Selected: slices.Contains(chosen, string(u.Name))})
		}
	}
	return out
}

// setupTeam makes a team, its service, roster and policy, and leads everything else to them.
func setupTeam(v *visit) error {
	if err := v.setupAdmin(); err != nil {
		return err
	}
	cat := v.Queries.Catalog()
	docs, wrong := v.teamDocs(cat)
	err := muster.Invalid("The team cannot be made", wrong)
	if err == nil {
		err = v.applied("setup: team", docs...)
	}
	if err == nil {
		return v.done("/setup/contact", "The team is made.", "")
	}
	if !refused(err) && !command.Gated(err) && muster.CodeOf(err) != muster.ErrConflict {
		return err
	}
	return v.wizard(http.StatusUnprocessableEntity, stepTeam, func(p *view.Wizard) {
		t := p.Team
		t.Team, t.Service, t.Handoff, t.Zone, t.Units = v.field("team"), v.field("service"), v.field("handoff"), v.field("zone"), teamUnits(v.field("unit"))
		t.People = turnTakers(cat, v.r.Form["person"])
		t.Problems, t.Anyway = teamProblems(err), command.Gated(err)
		if t.Anyway {
			t.Problems = []view.Problem{{Message: "Some of these people cannot be reached yet, so nobody would be paged in their turn but the admins. Leave them out until they have added how they are reached, or make the team all the same."}}
		}
	})
}

// teamProblems names the form's fields where the documents' are wrong.
func teamProblems(err error) []view.Problem {
	out := problems(err, nil)
	for i := range out {
		switch f := out[i].Field; {
		case strings.HasSuffix(f, "zone"):
			out[i].Field = "zone"
		case strings.HasSuffix(f, "handoff"):
			out[i].Field = "handoff"
		case f != "team" && f != "service" && f != "person":
			out[i].Field = ""
		}
	}
	return out
}

// teamDocs are the documents that the form describes. Names that are taken already are not taken over.
func (v *visit) teamDocs(cat *muster.Catalog) (docs []muster.Document, wrong []muster.FieldError) {
	title, service, unit := lineOf(v.field("team")), lineOf(v.field("service")), muster.RotationUnit(v.field("unit"))
	need := func(path, value, message string) {
		if value == "" {
			wrong = append(wrong, muster.FieldError{Path: path, Message: message})
		}
	}
	need("team", title, "give the team a name")
	need("service", service, "name what the team looks after")
	var people []muster.UserName
	for _, name := range v.r.Form["person"] {
		if u := cat.Users[muster.UserName(name)]; u != nil && !u.Disabled {
			people = append(people, u.Name)
		}
	}
	if len(people) == 0 {
		wrong = append(wrong, muster.FieldError{Path: "person", Message: "choose somebody: nobody would be paged"})
	}
	if unit != muster.UnitDay {
		unit = muster.UnitWeek
	}
	zone, start := v.field("zone"), v.now.In(v.zone)
	if len(wrong) > 0 {
		return nil, wrong
	}
	// The first turn has begun already, on a Monday where turns are weeks: somebody is on call from now on.
	start = start.AddDate(0, 0, -1)
	for unit == muster.UnitWeek && start.Weekday() != time.Monday {
		start = start.AddDate(0, 0, -1)
	}
	name := freeName(docName(title, "team"), func(n string) bool {
		return cat.Teams[muster.TeamName(n)] != nil || cat.Rosters[muster.RosterName(n)] != nil || cat.Policies[muster.PolicyName(n)] != nil
	})
	def := muster.Route{Name: muster.DefaultRoute, Title: "Everything else"}
	if old := cat.Routes[muster.DefaultRoute]; old != nil {
		def = *old
	}
	def.Policy = muster.PolicyName(name)
	svc := freeName(docName(service, "service"), func(n string) bool { return cat.Services[muster.ServiceName(n)] != nil })
	return []muster.Document{
		&muster.Team{Name: muster.TeamName(name), Title: title, Owners: []muster.UserName{v.actor.User}},
		&muster.Roster{Name: muster.RosterName(name), Title: title, Team: muster.TeamName(name), Rotations: []muster.Rotation{{
			Name: "primary", Role: muster.PrimaryResponder, Zone: zone, Every: 1, Unit: unit, Handoff: v.field("handoff"),
			Start: start.Format(time.DateOnly), People: people,
		}}},
		&muster.Policy{Name: muster.PolicyName(name), Title: title, Team: muster.TeamName(name), Repeat: 3, Steps: []muster.Step{{
			Targets: []muster.Target{{Roster: muster.RosterName(name), Role: muster.PrimaryResponder}}, Wait: muster.Duration(5 * time.Minute),
		}}},
		&muster.Service{Name: muster.ServiceName(svc), Title: service, Team: muster.TeamName(name), Policy: muster.PolicyName(name)},
		&def,
	}, nil
}

// docName makes the name of a document out of a title, otherwise where nothing of it can stand in one.
func docName(title, otherwise string) string {
	name := string(userName(title))
	if strings.HasPrefix(name, "admin-") && !strings.HasPrefix(strings.ToLower(title), "admin") {
		return otherwise
	}
	return name
}
