package sqlstore

import "github.com/muster-oncall/muster"

// RevisionAt gives the newest revision of the catalog that was written at an instant or before it.
func (t *tx) RevisionAt(at muster.Instant) (muster.Revision, error) {
	n, err := t.number("SELECT COALESCE(MAX(rev), 0) FROM doc_revision WHERE at <= $1", at.Micros())
	return muster.Revision(n), err
}
