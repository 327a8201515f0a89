package sqlstore

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// InsertNotice writes a notice unless its person was told the same key. Of two that tell it at once one waits for the
// other's commit and then writes nothing.
func (t *tx) InsertNotice(n *muster.Notice) (bool, error) {
	body := *n
	body.SeenAt = muster.Instant{}
	rows, err := t.exec("INSERT INTO notice (id, person, key, seen_at, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person, key) DO NOTHING",
		string(n.ID), storable(string(n.Person)), storable(n.Key), n.SeenAt.Micros(), t.encode(&body))
	return rows > 0, err
}

const selectNotice = "SELECT seen_at, body FROM notice"

func scanNotice(r row) (*muster.Notice, error) {
	var seen int64
	var body []byte
	if err := r.Scan(&seen, &body); err != nil {
		return nil, err
	}
	n := &muster.Notice{}
	err := decode(body, n)
	n.SeenAt = muster.FromMicros(seen)
	return n, err
}

// Notice gives one notice.
func (t *tx) Notice(id muster.NoticeID) (*muster.Notice, error) {
	return get(t, "notice", string(id), scanNotice, selectNotice+" WHERE id = $1"+t.lock, string(id))
}

// Notices lists notices, newest first.
func (t *tx) Notices(f store.NoticeFilter) ([]*muster.Notice, error) {
	var w where
	if f.Person != "" {
		w.and("person = ?", string(f.Person))
	}
	if f.Unseen {
		w.and("seen_at = 0")
	}
	if !f.Since.IsZero() {
		w.and("id >= ?", madeAt("ntc", f.Since))
	}
	w.list(f.List)
	return all(t, scanNotice, selectNotice+w.text.String(), w.args...)
}

// CountUnseen counts what a person has not seen.
func (t *tx) CountUnseen(person muster.UserName) (int, error) {
	n, err := t.number("SELECT COUNT(*) FROM notice WHERE person = $1 AND seen_at = 0", string(person))
	return int(n), err
}

// SeeNotices marks notices of a person as seen. What was seen before keeps its moment.
func (t *tx) SeeNotices(person muster.UserName, at muster.Instant, ids ...muster.NoticeID) (int, error) {
	text, args := "UPDATE notice SET seen_at = $2 WHERE person = $1 AND seen_at = 0", []any{string(person), at.Micros()}
	if len(ids) > 0 {
		text, args = text+" AND id "+t.d.in("$3"), append(args, t.d.list(texts(ids)))
	}
	n, err := t.exec(text, args...)
	return int(n), err
}

// DeleteNoticesOf removes what a person was told.
func (t *tx) DeleteNoticesOf(person muster.UserName) error {
	_, err := t.exec("DELETE FROM notice WHERE person = $1", string(person))
	return err
}

// DeleteNoticesBefore deletes the oldest notices that were told before an instant.
func (t *tx) DeleteNoticesBefore(before muster.Instant, limit int) (int, error) {
	n, err := t.exec("DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE id < $1 ORDER BY id LIMIT $2)", madeAt("ntc", before), limit)
	return int(n), err
}
