package catalog

import (
	"maps"

	"github.com/muster-oncall/muster"
)

// Approvers are the people who may approve a change besides whoever proposed it, in the order of their names: the owners of
// the teams of its documents. Where nobody else owns them all, those are the admins.
func Approvers(cat *muster.Catalog, edits []Edit, proposer muster.UserName) []muster.UserName {
	var owners, admins []muster.UserName
	for _, d := range cat.Documents(muster.KindUsers) {
		u := muster.UserName(d.DocName())
		a := muster.Actor{User: u, Access: cat.AccessOf(u), Teams: cat.OwnedTeams(u)}
		if u == proposer || a.Access == "" || len(edits) == 0 {
			continue
		}
		if a.Access == muster.AccessAdmin {
			admins = append(admins, u)
			a.Access = muster.AccessTeamOwner // does this admin own them, too?
		}
		if MayWrite(cat, edits, a) {
			owners = append(owners, u)
		}
	}
	if len(owners) == 0 {
		return admins
	}
	return owners
}

// MayWrite reports whether somebody may write all documents of a change. What people may change of their own document is
// not seen here: the operation decides.
func MayWrite(cat *muster.Catalog, edits []Edit, a muster.Actor) bool {
	for _, e := range edits {
		old := cat.Document(e.Kind, e.Name)
		for _, d := range []muster.Document{old, e.Doc} {
			if d != nil && !a.Owns(d.DocTeam()) {
				return false
			}
		}
		if a.Access != muster.AccessAdmin && NewSecrets(old, e.Doc) {
			return false
		}
	}
	return true
}

// NewSecrets reports whether a connector would use other stored secrets than now, or send them elsewhere.
func NewSecrets(old, next muster.Document) bool {
	n, ok := next.(*muster.Connector)
	if !ok || n == nil || len(n.Secrets) == 0 {
		return false
	}
	o, ok := old.(*muster.Connector)
	return !ok || o == nil || o.Kind != n.Kind || !maps.Equal(o.Settings, n.Settings) || !maps.Equal(o.Secrets, n.Secrets)
}
