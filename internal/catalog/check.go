package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// KindCheck says what is wrong with a connector's kind, settings and secrets. Its paths are within the document.
type KindCheck func(*muster.Connector) []muster.FieldError

// Check says everything that is wrong between the documents of a catalog: references to documents that are not there,
// policies that reach nobody, a missing default route, matches that cannot be compiled, time zones that there are not. What
// is wrong within one document is found by [Parse], [ParseJSON] and [muster.Document.Check]. kinds may be nil. Paths are
// like "policies/urgent.steps[0].targets[0].user".
func Check(c *muster.Catalog, kinds KindCheck, zones *rota.Zones) []muster.FieldError {
	k := checker{c: c, zones: zones}
	for _, d := range c.All() {
		k.ref = muster.DocRef(d.DocKind(), d.DocName())
		k.document(d)
		if conn, ok := d.(*muster.Connector); ok && kinds != nil {
			for _, f := range kinds(conn) {
				k.fail(f.Path, "%s", f.Message)
			}
		}
	}
	k.identities()
	if _, ok := c.Routes[muster.DefaultRoute]; !ok && (len(c.Sources) > 0 || len(c.Routes) > 0) {
		k.ref = muster.DocRef(muster.KindRoutes, muster.DefaultRoute)
		k.fail("", "is missing: add a route called %s with a policy, so that no alert is lost", muster.DefaultRoute)
	}
	_, wrong := plan.NewSnapshot(c, zones)
	return append(k.wrong, wrong...)
}

// CheckRemoval says why a document can never be removed, whatever else the catalog holds.
func CheckRemoval(kind muster.Kind, name string) []muster.FieldError {
	if kind == muster.KindRoutes && name == string(muster.DefaultRoute) {
		return []muster.FieldError{{
			Path:    muster.DocRef(kind, name),
			Message: "the default route takes what no other route takes: it can be changed, but not removed",
		}}
	}
	return nil
}

type checker struct {
	c     *muster.Catalog
	zones *rota.Zones
	ref   string
	wrong []muster.FieldError
}

func (k *checker) fail(path, format string, args ...any) {
	k.wrong = append(k.wrong, muster.FieldError{Path: joinRef(k.ref, path), Message: fmt.Sprintf(format, args...)})
}

// refers checks a reference; an empty one is none.
func refers[N ~string, D any](k *checker, path string, name N, in map[N]D, kind muster.Kind) {
	if _, ok := in[name]; ok || name == "" {
		return
	}
	names := make([]string, 0, len(in))
	for _, n := range slices.Sorted(maps.Keys(in)) {
		names = append(names, string(n))
	}
	if near := muster.Nearest(string(name), names); near != "" {
		k.fail(path, "there is no %s called %q; did you mean %s?", kind.Singular(), muster.Clip(string(name), 70), near)
		return
	}
	k.fail(path, "there is no %s called %q", kind.Singular(), muster.Clip(string(name), 70))
}

// identities checks that sign-in and chats can tell people apart.
func (k *checker) identities() {
	mails, chats := map[string]muster.UserName{}, map[string]muster.UserName{}
	for _, d := range k.c.Documents(muster.KindUsers) {
		u, ok := d.(*muster.User)
		if !ok {
			continue
		}
		k.ref = muster.DocRef(muster.KindUsers, string(u.Name))
		for _, id := range []struct {
			path, value string
			taken       map[string]muster.UserName
		}{{"email", strings.ToLower(u.Email), mails}, {"directory", u.Directory, chats}} {
			if id.value == "" {
				continue
			}
			if other, taken := id.taken[id.value]; taken {
				k.fail(id.path, "is that of %s, too: nobody could tell the two apart", other)
				continue
			}
			id.taken[id.value] = u.Name
		}
	}
}

func (k *checker) team(path string, name muster.TeamName) {
	refers(k, path, name, k.c.Teams, muster.KindTeams)
}

func (k *checker) user(path string, name muster.UserName) {
	refers(k, path, name, k.c.Users, muster.KindUsers)
}

// zone asks the zone data for a name that has the right form.
func (k *checker) zone(path, name string) {
	if len(muster.CheckZone(path, name)) > 0 {
		return // the document's own check says so
	}
	for _, f := range k.zones.Check(path, name) {
		k.fail(path, "%s", f.Message)
	}
}

func (k *checker) document(d muster.Document) {
	c := k.c
	if _, team := d.(*muster.Team); !team {
		k.team("team", d.DocTeam())
	}
	switch d := d.(type) {
	case *muster.User:
		k.zone("zone", d.Zone)
		for i, t := range d.Teams {
			k.team(fmt.Sprintf("teams[%d]", i), t)
		}
	case *muster.Team:
		for i, u := range d.Owners {
			k.user(fmt.Sprintf("owners[%d]", i), u)
		}
	case *muster.Service:
		refers(k, "policy", d.Policy, c.Policies, muster.KindPolicies)
		refers(k, "runbook", d.Runbook, c.Runbooks, muster.KindRunbooks)
	case *muster.Roster:
		k.roster(d)
	case *muster.Policy:
		k.policy(d)
	case *muster.Route:
		refers(k, "service", d.Service, c.Services, muster.KindServices)
		refers(k, "policy", d.Policy, c.Policies, muster.KindPolicies)
	case *muster.Silence:
		k.user("owner", d.Owner)
	case *muster.Source:
		refers(k, "service", d.Service, c.Services, muster.KindServices)
		for i := range d.Heartbeats {
			refers(k, fmt.Sprintf("heartbeats[%d].service", i), d.Heartbeats[i].Service, c.Services, muster.KindServices)
		}
	case *muster.Connector:
		k.backup(d)
	case *muster.StatusPage:
		for i, part := range d.Components {
			refers(k, fmt.Sprintf("components[%d].service", i), part.Service, c.Services, muster.KindServices)
		}
	}
}

// backup checks that the chain of providers that stand in for a connector ends.
func (k *checker) backup(d *muster.Connector) {
	refers(k, "backup", d.Backup, k.c.Connectors, muster.KindConnectors)
	if d.Backup == d.Name {
		k.fail("backup", "a connector cannot stand in for itself: name another one")
		return
	}
	passed := map[muster.ConnectorName]bool{}
	for at := k.c.Connectors[d.Backup]; at != nil && !passed[at.Name]; at = k.c.Connectors[at.Backup] {
		if at.Backup == d.Name {
			k.fail("backup", "leads in a circle by %s back to %s: one of them must name no backup", at.Name, d.Name)
			return
		}
		passed[at.Name] = true
	}
}

// roster checks the people. Who made an override or arranged a swap is history: that person may be gone. So may whose
// shift was swapped: then the swap has lapsed, which is a warning.
func (k *checker) roster(d *muster.Roster) {
	people := func(path string, list []muster.UserName) {
		for j, u := range list {
			if u != muster.Nobody {
				k.user(fmt.Sprintf("%s[%d]", path, j), u)
			}
		}
	}
	for i := range d.Rotations {
		r := &d.Rotations[i]
		k.zone(fmt.Sprintf("rotations[%d].zone", i), r.Zone)
		people(fmt.Sprintf("rotations[%d].people", i), r.People)
		for j, s := range r.Shifts {
			people(fmt.Sprintf("rotations[%d].shifts[%d].people", i, j), s.People)
		}
	}
	for i, o := range d.Overrides {
		people(fmt.Sprintf("overrides[%d].people", i), o.People)
	}
	for i := range d.Swaps {
		k.user(fmt.Sprintf("swaps[%d].to", i), d.Swaps[i].To)
	}
	for i, t := range d.Topics {
		people(fmt.Sprintf("topics[%d].experts", i), t.Experts)
		k.topic(i, d)
		for j, f := range t.Fallback {
			k.shadow(fmt.Sprintf("topics[%d].fallback[%d].role", i, j), f)
			refers(k, fmt.Sprintf("topics[%d].fallback[%d].roster", i, j), f.Roster, k.c.Rosters, muster.KindRosters)
			k.user(fmt.Sprintf("topics[%d].fallback[%d].user", i, j), f.User)
		}
	}
	for i, name := range d.Publish {
		refers(k, fmt.Sprintf("publish[%d]", i), name, k.c.Connectors, muster.KindConnectors)
	}
}

// topic refuses a topic that another roster has already, by name or title: nobody would know whom "the database expert" means.
func (k *checker) topic(i int, d *muster.Roster) {
	t := &d.Topics[i]
	for _, path := range []struct{ field, word string }{{"name", t.Name}, {"title", t.Title}} {
		r, other := k.c.Topic(path.word)
		if other == nil || other == t || (r.Name == d.Name && other.Name == t.Name) {
			continue
		}
		where := "this roster"
		if r.Name != d.Name {
			where = "the roster " + string(r.Name)
		}
		k.fail(fmt.Sprintf("topics[%d].%s", i, path.field), "%q is a topic of %s already: nobody could tell whom to ask", muster.Clip(path.word, 60), where)
	}
}

// shadow refuses a target that would page a trainee.
func (k *checker) shadow(path string, t muster.Target) {
	if t.Role == muster.ShadowResponder {
		k.fail(path, "a shadow is informed of what others are paged about, and cannot be paged: name the primary or the secondary")
	}
}

func (k *checker) policy(d *muster.Policy) {
	reached, dangling := false, false
	target := func(path string, t muster.Target) {
		before := len(k.wrong)
		refers(k, path+".roster", t.Roster, k.c.Rosters, muster.KindRosters)
		k.user(path+".user", t.User)
		k.team(path+".team", t.Team)
		refers(k, path+".connector", t.Connector, k.c.Connectors, muster.KindConnectors)
		k.shadow(path+".role", t)
		if _, topic := k.c.Topic(t.Topic); t.Topic != "" && (topic == nil || topic.Name != t.Topic) {
			near := k.c.NearTopic(t.Topic)
			if topic != nil {
				near = topic.Name
			}
			if near != "" {
				near = "; did you mean " + near + "?"
			}
			k.fail(path+".topic", "no roster has a topic called %q%s", muster.Clip(t.Topic, 60), near)
		}
		dangling = dangling || len(k.wrong) > before
	}
	for i, s := range d.Steps {
		if s.When != nil && s.When.Zone != "" {
			k.zone(fmt.Sprintf("steps[%d].when.zone", i), s.When.Zone)
		}
		for j, t := range s.Targets {
			target(fmt.Sprintf("steps[%d].targets[%d]", i, j), t)
			reached = reached || k.reaches(t)
		}
	}
	for i, t := range d.Fallback {
		target(fmt.Sprintf("fallback[%d]", i), t)
	}
	switch informs := !slices.ContainsFunc(d.Steps, func(s muster.Step) bool { return !s.Informs() }); {
	case reached || dangling || len(d.Steps) == 0:
	case informs:
		k.fail("steps", "the policy reaches nobody: rooms and webhooks are told, and nobody is paged; name a roster, a person, a topic or a team, too")
	default:
		k.fail("steps", "the policy reaches nobody: every person it names has left, and no roster it names has a rotation with people")
	}
}

// reaches reports whether a target can ever give somebody to page.
func (k *checker) reaches(t muster.Target) bool {
	active := func(u muster.UserName) bool {
		d := k.c.Users[u]
		return d != nil && !d.Disabled
	}
	if t.User != "" {
		return active(t.User)
	}
	if _, topic := k.c.Topic(t.Topic); topic != nil {
		return slices.ContainsFunc(topic.Experts, active) || slices.ContainsFunc(topic.Fallback, k.reaches)
	}
	if t.Team != "" {
		for _, u := range k.c.Users {
			if !u.Disabled && u.Access != muster.AccessViewer && slices.Contains(u.Teams, t.Team) {
				return true
			}
		}
		return false
	}
	r := k.c.Rosters[t.Roster]
	if r == nil {
		return false
	}
	role := t.Role
	if role == "" {
		role = muster.PrimaryResponder
	}
	for i := range r.Rotations {
		rot := &r.Rotations[i]
		if rot.Role == role && (slices.ContainsFunc(rot.People, active) ||
			slices.ContainsFunc(rot.Shifts, func(s muster.FixedShift) bool { return slices.ContainsFunc(s.People, active) })) {
			return true
		}
	}
	return false
}
