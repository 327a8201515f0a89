package command

import (
	"fmt"

	"github.com/muster-oncall/muster"
)

// backs reports whether a connector stands in for another one, at once or after others.
func backs(cat *muster.Catalog, of, via muster.ConnectorName) bool {
	passed := map[muster.ConnectorName]bool{}
	for doc := cat.Connectors[of]; doc != nil && doc.Backup != "" && !passed[doc.Name]; doc = cat.Connectors[doc.Backup] {
		if doc.Backup == via {
			return true
		}
		passed[doc.Name] = true
	}
	return false
}

// checkBackups refuses connectors that cannot stand in for each other, because the addresses of one mean nothing to the
// other.
func (c *Commands) checkBackups(cat *muster.Catalog) (wrong []muster.FieldError) {
	for _, d := range cat.Documents(muster.KindConnectors) {
		doc, ok := d.(*muster.Connector)
		if !ok || doc.Backup == "" {
			continue
		}
		other := cat.Connectors[doc.Backup]
		if other == nil || other.Kind == doc.Kind || c.does(doc).Address == c.does(other).Address && c.does(doc).Address != "" {
			continue
		}
		wrong = append(wrong, muster.FieldError{
			Path:    muster.DocRef(muster.KindConnectors, doc.Name) + ".backup",
			Message: fmt.Sprintf("%s (%s) cannot reach the addresses of %s (%s): name a connector that takes the same", other.Name, other.Kind, doc.Name, doc.Kind),
		})
	}
	return wrong
}
