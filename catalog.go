package muster

import (
	"maps"
	"slices"
)

// Catalog is every document as it stood at one revision. It is a snapshot: nobody changes it, so that all may read it.
type Catalog struct {
	Revision    Revision
	Users       map[UserName]*User
	Teams       map[TeamName]*Team
	Services    map[ServiceName]*Service
	Rosters     map[RosterName]*Roster
	Policies    map[PolicyName]*Policy
	Routes      map[RouteName]*Route
	Silences    map[SilenceName]*Silence
	Sources     map[SourceName]*Source
	Runbooks    map[RunbookName]*Runbook
	Connectors  map[ConnectorName]*Connector
	StatusPages map[StatusPageName]*StatusPage
	Revisions   map[string]Revision // DocRef to the revision that wrote the document last
}

// NewCatalog builds a catalog out of documents.
func NewCatalog(rev Revision, docs []Document, revs map[string]Revision) *Catalog {
	c := &Catalog{
		Revision: rev, Users: map[UserName]*User{}, Teams: map[TeamName]*Team{}, Services: map[ServiceName]*Service{},
		Rosters: map[RosterName]*Roster{}, Policies: map[PolicyName]*Policy{}, Routes: map[RouteName]*Route{},
		Silences: map[SilenceName]*Silence{}, Sources: map[SourceName]*Source{}, Runbooks: map[RunbookName]*Runbook{},
		Connectors: map[ConnectorName]*Connector{}, StatusPages: map[StatusPageName]*StatusPage{}, Revisions: maps.Clone(revs),
	}
	if c.Revisions == nil {
		c.Revisions = map[string]Revision{}
	}
	for _, d := range docs {
		switch d := d.(type) {
		case *User:
			c.Users[d.Name] = d
		case *Team:
			c.Teams[d.Name] = d
		case *Service:
			c.Services[d.Name] = d
		case *Roster:
			c.Rosters[d.Name] = d
		case *Policy:
			c.Policies[d.Name] = d
		case *Route:
			c.Routes[d.Name] = d
		case *Silence:
			c.Silences[d.Name] = d
		case *Source:
			c.Sources[d.Name] = d
		case *Runbook:
			c.Runbooks[d.Name] = d
		case *Connector:
			c.Connectors[d.Name] = d
		case *StatusPage:
			c.StatusPages[d.Name] = d
		}
	}
	return c
}

// Document returns one document, nil if there is none.
func (c *Catalog) Document(k Kind, name string) Document {
	for _, d := range c.Documents(k) {
		if d.DocName() == name {
			return d
		}
	}
	return nil
}

// Documents lists the documents of a kind by name.
func (c *Catalog) Documents(k Kind) []Document {
	switch k {
	case KindUsers:
		return sorted(c.Users)
	case KindTeams:
		return sorted(c.Teams)
	case KindServices:
		return sorted(c.Services)
	case KindRosters:
		return sorted(c.Rosters)
	case KindPolicies:
		return sorted(c.Policies)
	case KindRoutes:
		return sorted(c.Routes)
	case KindSilences:
		return sorted(c.Silences)
	case KindSources:
		return sorted(c.Sources)
	case KindRunbooks:
		return sorted(c.Runbooks)
	case KindConnectors:
		return sorted(c.Connectors)
	case KindStatusPages:
		return sorted(c.StatusPages)
	}
	return nil
}

// All lists every document, kind by kind in the order of [Kinds].
func (c *Catalog) All() (all []Document) {
	for _, k := range Kinds() {
		all = append(all, c.Documents(k)...)
	}
	return all
}

// RevisionOf returns the revision that wrote a document last, 0 if there is none.
func (c *Catalog) RevisionOf(ref string) Revision { return c.Revisions[ref] }

func sorted[N ~string, D Document](m map[N]D) []Document {
	out := make([]Document, 0, len(m))
	for _, n := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[n])
	}
	return out
}

// DisplayName is the person's name to show; the document's name when there is no such person any more.
func (c *Catalog) DisplayName(u UserName) string {
	if d := c.Users[u]; d != nil && d.Display != "" {
		return d.Display
	}
	return string(u)
}

// ServiceTitle is the service's title to show.
func (c *Catalog) ServiceTitle(s ServiceName) string {
	if d := c.Services[s]; d != nil && d.Title != "" {
		return d.Title
	}
	return string(s)
}

// OwnedTeams lists the teams that a person owns.
func (c *Catalog) OwnedTeams(u UserName) (teams []TeamName) {
	for _, d := range c.Documents(KindTeams) {
		if t, ok := d.(*Team); ok && slices.Contains(t.Owners, u) {
			teams = append(teams, t.Name)
		}
	}
	return teams
}

// AccessOf is the person's access role: what the document says, raised to team owner for somebody who owns a team.
func (c *Catalog) AccessOf(u UserName) AccessRole {
	d := c.Users[u]
	if d == nil || d.Disabled {
		return ""
	}
	a := d.Access
	if a == "" {
		a = AccessResponder
	}
	if a == AccessResponder && len(c.OwnedTeams(u)) > 0 {
		return AccessTeamOwner
	}
	return a
}
