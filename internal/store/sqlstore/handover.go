package sqlstore

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// InsertHandover writes a note unless there is one of the same change. Of two that make it at once one waits for the
// other's commit and then writes nothing.
func (t *tx) InsertHandover(n *muster.HandoverNote) (bool, error) {
	rows, err := t.exec("INSERT INTO handover (id, roster, role, changed_at, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (roster, role, changed_at) DO NOTHING",
		string(n.ID), storable(string(n.Roster)), storable(string(n.Role)), n.At.Micros(), t.encode(n))
	return rows > 0, err
}

// UpdateHandover writes a note as it is given. It stays that of the same change.
func (t *tx) UpdateHandover(n *muster.HandoverNote) error {
	return t.change("hand-over note", string(n.ID), "UPDATE handover SET body = $2 WHERE id = $1", string(n.ID), t.encode(n))
}

// DeleteHandover removes a note.
func (t *tx) DeleteHandover(id muster.HandoverID) error {
	return t.change("hand-over note", string(id), "DELETE FROM handover WHERE id = $1", string(id))
}

// DeleteHandoversBefore deletes the oldest notes that were made before an instant. Drafts stay: somebody is writing them.
func (t *tx) DeleteHandoversBefore(before muster.Instant, limit int) (int, error) {
	n, err := t.exec("DELETE FROM handover WHERE id IN (SELECT id FROM handover WHERE id < $1 AND changed_at > 0 ORDER BY id LIMIT $2)", madeAt("hnd", before), limit)
	return int(n), err
}

// Handover gives one note.
func (t *tx) Handover(id muster.HandoverID) (*muster.HandoverNote, error) {
	return get(t, "hand-over note", string(id), scanBody[muster.HandoverNote], "SELECT body FROM handover WHERE id = $1"+t.lock, string(id))
}

// HandoverDraft gives the draft of a roster role, nil when there is none.
func (t *tx) HandoverDraft(roster muster.RosterName, role muster.RosterRole) (*muster.HandoverNote, error) {
	return find(t, scanBody[muster.HandoverNote], "SELECT body FROM handover WHERE roster = $1 AND role = $2 AND changed_at = 0"+t.lock,
		storable(string(roster)), storable(string(role)))
}

// Handovers lists notes, newest first.
func (t *tx) Handovers(f store.HandoverFilter) ([]*muster.HandoverNote, error) {
	var w where
	w.and("changed_at > 0")
	if f.Roster != "" {
		w.and("roster = ?", storable(string(f.Roster)))
	}
	if f.Role != "" {
		w.and("role = ?", storable(string(f.Role)))
	}
	w.list(f.List)
	return all(t, scanBody[muster.HandoverNote], "SELECT body FROM handover"+w.text.String(), w.args...)
}

// PagedBetween lists pages in short.
func (t *tx) PagedBetween(from, until muster.Instant) ([]store.Paged, error) {
	return all(t, func(r row) (p store.Paged, err error) {
		var id, person, alert, service string
		if err := r.Scan(&id, &person, &alert, &service); err != nil {
			return p, err
		}
		p.Person, p.Alert, p.Service, p.At = muster.UserName(person), muster.AlertID(alert), muster.ServiceName(service), muster.MadeAt(muster.PageID(id))
		return p, nil
	}, "SELECT p.id, p.person, p.alert, COALESCE(a.service, '') FROM page p LEFT JOIN alert a ON a.id = p.alert "+
		"WHERE p.id >= $1 AND p.id < $2 AND p.state <> 'cancelled' ORDER BY p.id", madeAt("pag", from), madeAt("pag", until))
}

// HistoryOf lists the revisions of the documents of a kind over a period.
func (t *tx) HistoryOf(kind muster.Kind, since, until muster.Instant) ([]muster.DocRevision, error) {
	return all(t, scanDoc, selectDoc+" WHERE kind = $1 AND at <= $3 AND (at > $2 OR rev = (SELECT MAX(x.rev) FROM doc_revision x "+
		"WHERE x.kind = d.kind AND x.name = d.name AND x.at <= $2)) ORDER BY rev", string(kind), since.Micros(), until.Micros())
}
