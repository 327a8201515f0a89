package muster

import "slices"

// Actor is who does an operation, and by which surface. It is a parameter, never a context value.
type Actor struct {
	User    UserName   `json:"user,omitempty"`    // a person of the catalog; empty for machines and guests
	Name    string     `json:"name"`              // to be shown: "Ana", "Azure Monitor", "Muster"
	Machine bool       `json:"machine,omitempty"` // a source, the engine, an API key without a person
	Access  AccessRole `json:"-"`                 // least right that the actor has everywhere
	Teams   []TeamName `json:"-"`                 // teams that the actor owns (team-owner)
	Surface Surface    `json:"surface"`
	Key     APIKeyID   `json:"key,omitempty"`  // the API key that was used
	Page    PageID     `json:"page,omitempty"` // the page whose own token was used: the proof of that page
}

// Engine is the actor of what Muster does by itself.
func Engine() Actor {
	return Actor{Name: "Muster", Machine: true, Access: AccessAdmin, Surface: SurfaceEngine}
}

// Owns reports whether the actor may act as owner of the team: an admin always, a team owner of that team.
func (a Actor) Owns(team TeamName) bool {
	if a.Access == AccessAdmin {
		return true
	}
	if a.Access != AccessTeamOwner || team == "" {
		return false
	}
	return slices.Contains(a.Teams, team)
}

// By is the actor as it is kept on facts.
type By struct {
	User    UserName `json:"user,omitempty"`
	Name    string   `json:"name"`
	Machine bool     `json:"machine,omitempty"`
	Surface Surface  `json:"surface,omitempty"`
}

// By returns the part of the actor that is kept on facts.
func (a Actor) By() By {
	return By{User: a.User, Name: a.Name, Machine: a.Machine, Surface: a.Surface}
}
