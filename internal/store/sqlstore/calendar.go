package sqlstore

import "github.com/muster-oncall/muster"

var intoLeave = into("leave", "id, source, person, from_at, until_at, body")

func (t *tx) leaveArgs(args []any, l *muster.Leave) []any {
	return append(args, string(l.ID), storable(string(l.Source)), storable(string(l.Person)), l.From.Micros(), l.Until.Micros(), t.encode(l))
}

// InsertLeave writes one leave.
func (t *tx) InsertLeave(l *muster.Leave) error { return t.insert(intoLeave, t.leaveArgs(nil, l)) }

// Leave gives one leave.
func (t *tx) Leave(id muster.LeaveID) (*muster.Leave, error) {
	return get(t, "leave", string(id), scanBody[muster.Leave], "SELECT body FROM leave WHERE id = $1"+t.lock, string(id))
}

// LeaveBetween gives the leave that touches a stretch of time, the earliest first.
func (t *tx) LeaveBetween(from, until muster.Instant) ([]muster.Leave, error) {
	rows, err := all(t, scanBody[muster.Leave], "SELECT body FROM leave WHERE until_at > $1 AND from_at < $2 ORDER BY from_at, id", from.Micros(), until.Micros())
	out := make([]muster.Leave, len(rows))
	for i, l := range rows {
		out[i] = *l
	}
	return out, err
}

// DeleteLeave removes one leave.
func (t *tx) DeleteLeave(id muster.LeaveID) error {
	return t.change("leave", string(id), "DELETE FROM leave WHERE id = $1", string(id))
}

// DeleteLeaveOf removes a person's leave.
func (t *tx) DeleteLeaveOf(person muster.UserName) error {
	_, err := t.exec("DELETE FROM leave WHERE person = $1", storable(string(person)))
	return err
}

// ReplaceLeave makes rows all that there is of a source.
func (t *tx) ReplaceLeave(source muster.ConnectorName, rows []muster.Leave) error {
	if _, err := t.exec("DELETE FROM leave WHERE source = $1", storable(string(source))); err != nil {
		return err
	}
	args := make([]any, 0, len(rows)*intoLeave.width)
	for i := range rows {
		args = t.leaveArgs(args, &rows[i])
	}
	return t.insert(intoLeave, args)
}

var intoFeed = into("feed", "id, hash, body")

// InsertFeed writes a calendar feed with the hash of its token.
func (t *tx) InsertFeed(hash string, f *muster.Feed) error {
	return t.insert(intoFeed, []any{string(f.ID), hash, t.encode(f)})
}

// FeedByHash finds a feed by the hash of its token.
func (t *tx) FeedByHash(hash string) (*muster.Feed, error) {
	return get(t, "calendar feed", "", scanBody[muster.Feed], "SELECT body FROM feed WHERE hash = $1", hash)
}

// Feeds lists every feed, newest first.
func (t *tx) Feeds() ([]*muster.Feed, error) {
	return all(t, scanBody[muster.Feed], "SELECT body FROM feed ORDER BY id DESC")
}

// DeleteFeed removes a feed.
func (t *tx) DeleteFeed(id muster.FeedID) error {
	return t.change("calendar feed", string(id), "DELETE FROM feed WHERE id = $1", string(id))
}
