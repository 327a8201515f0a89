package plan

import (
	"bytes"
	"encoding/json"

	"github.com/muster-oncall/muster"
)

// What says what happened to a document between two catalogs.
type What string

// What may have happened.
const (
	Added   What = "added"
	Changed What = "changed"
	Removed What = "removed"
)

// Change is a document that differs between two catalogs.
type Change struct {
	Kind muster.Kind `json:"kind"`
	Name string      `json:"name"`
	What What        `json:"what"`
}

// Diff lists what changed from a to b, in the order of [muster.Kinds] and by name.
func Diff(a, b *muster.Catalog) []Change {
	changes := []Change{}
	for _, k := range muster.Kinds() {
		old, fresh := a.Documents(k), b.Documents(k) // both by name
		for len(old) > 0 || len(fresh) > 0 {
			switch {
			case len(fresh) == 0 || (len(old) > 0 && old[0].DocName() < fresh[0].DocName()):
				changes = append(changes, Change{k, old[0].DocName(), Removed})
				old = old[1:]
			case len(old) == 0 || fresh[0].DocName() < old[0].DocName():
				changes = append(changes, Change{k, fresh[0].DocName(), Added})
				fresh = fresh[1:]
			default:
				if !Same(old[0], fresh[0]) {
					changes = append(changes, Change{k, old[0].DocName(), Changed})
				}
				old, fresh = old[1:], fresh[1:]
			}
		}
	}
	return changes
}

// Same reports whether two documents say the same.
func Same(a, b muster.Document) bool {
	if a == b {
		return true
	}
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
