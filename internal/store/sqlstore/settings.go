package sqlstore

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

var intoDoc = into("doc_revision", "rev, kind, name, body, actor, why, at")

// Head is the newest revision of the catalog. It is not locked, also in a Tx: every command looks at it.
func (t *tx) Head() (muster.Revision, error) {
	n, err := t.number("SELECT value FROM counter WHERE name = 'catalog_head'")
	return muster.Revision(n), err
}

// LockHead is Head, locked until the commit.
func (t *tx) LockHead() (muster.Revision, error) {
	n, err := t.number("SELECT value FROM counter WHERE name = 'catalog_head'" + t.lock)
	return muster.Revision(n), err
}

// InsertDocs writes revisions and moves the head. A head that is there already is an error with code ErrConflict: somebody
// else wrote it because it was not locked.
func (t *tx) InsertDocs(rows []muster.DocRevision) error {
	var newest muster.Revision
	args := make([]any, 0, len(rows)*intoDoc.width)
	for i := range rows {
		d := &rows[i]
		newest = max(newest, d.Revision)
		args = append(args, int64(d.Revision), string(d.Kind), d.Name, d.Body, t.encode(d.By), d.Why, d.At.Micros())
	}
	if err := t.insert(intoDoc, args); err != nil || len(rows) == 0 {
		return err
	}
	n, err := t.exec("UPDATE counter SET value = $1 WHERE name = 'catalog_head' AND value < $1", int64(newest))
	if err == nil && n == 0 {
		return t.fail(muster.Errorf(muster.ErrConflict, "somebody changed the catalog at the same time: try again"))
	}
	return err
}

const selectDoc = "SELECT rev, kind, name, body, actor, why, at FROM doc_revision d"

func scanDoc(r row) (muster.DocRevision, error) {
	var d muster.DocRevision
	var rev, at int64
	var kind string
	var by []byte
	if err := r.Scan(&rev, &kind, &d.Name, &d.Body, &by, &d.Why, &at); err != nil {
		return d, err
	}
	d.Revision, d.Kind, d.At = muster.Revision(rev), muster.Kind(kind), muster.FromMicros(at)
	err := decode(by, &d.By)
	return d, err
}

// DocsAt gives the catalog at a revision, by kind and name.
func (t *tx) DocsAt(rev muster.Revision) ([]muster.DocRevision, error) {
	return all(t, scanDoc, selectDoc+" WHERE body <> '' AND rev = (SELECT MAX(x.rev) FROM doc_revision x "+
		"WHERE x.kind = d.kind AND x.name = d.name AND x.rev <= $1) ORDER BY kind, name", int64(rev))
}

// DocHistory lists the revisions of a document. List.After is a revision's number.
func (t *tx) DocHistory(kind muster.Kind, name string, l store.List) ([]muster.DocRevision, error) {
	var w where
	w.and("kind = ? AND name = ?", string(kind), name)
	if l.After != "" {
		after, err := strconv.ParseInt(l.After, 10, 64)
		if err != nil {
			return nil, muster.Errorf(muster.ErrInvalid, "%q is not the number of a revision", muster.Clip(l.After, 40))
		}
		w.and("rev < ?", after)
	}
	w.raw(" ORDER BY rev DESC LIMIT ?", limit(l.Limit))
	return all(t, scanDoc, selectDoc+w.text.String(), w.args...)
}

var intoContact = into("contact", "id, user_name, sealed, body")

func scanContact(r row) (*muster.Contact, error) {
	var body, sealed []byte
	if err := r.Scan(&body, &sealed); err != nil {
		return nil, err
	}
	c := &muster.Contact{Sealed: bytesOrNil(sealed)}
	return c, decode(body, c)
}

// ContactsOf gives the contact methods of people, of everybody for nil; each person's oldest first.
func (t *tx) ContactsOf(users []muster.UserName) (map[muster.UserName][]muster.Contact, error) {
	text, args := "SELECT body, sealed FROM contact", []any(nil)
	if users != nil {
		text, args = text+" WHERE user_name "+t.d.in("$1"), []any{t.d.list(texts(users))}
	}
	rows, err := all(t, scanContact, text, args...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b *muster.Contact) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt.Time), cmp.Compare(a.ID, b.ID))
	})
	found := map[muster.UserName][]muster.Contact{}
	for _, c := range rows {
		found[c.User] = append(found[c.User], *c)
	}
	return found, nil
}

// Contact gives one contact method.
func (t *tx) Contact(id muster.ContactID) (*muster.Contact, error) {
	return get(t, "contact method", string(id), scanContact, "SELECT body, sealed FROM contact WHERE id = $1"+t.lock, string(id))
}

// InsertContact writes a new contact method.
func (t *tx) InsertContact(c *muster.Contact) error {
	return t.insert(intoContact, []any{string(c.ID), string(c.User), bytesOf(c.Sealed), t.encode(c)})
}

// UpdateContact writes a contact method as it is given.
func (t *tx) UpdateContact(c *muster.Contact) error {
	return t.change("contact method", string(c.ID), "UPDATE contact SET user_name = $2, sealed = $3, body = $4 WHERE id = $1",
		string(c.ID), string(c.User), bytesOf(c.Sealed), t.encode(c))
}

// DeleteContact removes a contact method.
func (t *tx) DeleteContact(id muster.ContactID) error {
	return t.change("contact method", string(id), "DELETE FROM contact WHERE id = $1", string(id))
}

// LastAudit gives the newest row of the security log, nil when it is empty. In a Tx of PostgreSQL a row of the log's own
// is locked, so that two commands cannot append to the same end.
func (t *tx) LastAudit() (*muster.AuditEntry, error) {
	if t.lock != "" {
		if _, err := t.number("SELECT value FROM counter WHERE name = 'audit'" + t.lock); err != nil {
			return nil, err
		}
	}
	return find(t, scanBody[muster.AuditEntry], "SELECT body FROM audit ORDER BY seq DESC LIMIT 1")
}

// Audit lists the security log.
func (t *tx) Audit(l store.List) ([]*muster.AuditEntry, error) {
	var w where
	if l.After != "" {
		w.and("seq < (SELECT seq FROM audit WHERE id = ?)", l.After)
	}
	w.raw(" ORDER BY seq DESC LIMIT ?", limit(l.Limit))
	return all(t, scanBody[muster.AuditEntry], "SELECT body FROM audit"+w.text.String(), w.args...)
}

var intoAudit = into("audit", "id, seq, body")

// InsertAudit appends to the security log.
func (t *tx) InsertAudit(e *muster.AuditEntry) error {
	return t.insert(intoAudit, []any{string(e.ID), e.Seq, t.encode(e)})
}

// Meta gives a single value, "" when it was never set.
func (t *tx) Meta(key string) (string, error) {
	v, err := find(t, scanText, "SELECT value FROM meta WHERE name = $1"+t.lock, key)
	if v == nil {
		return "", err
	}
	return *v, nil
}

func scanText(r row) (*string, error) {
	v := new(string)
	return v, r.Scan(v)
}

// SetMeta sets a single value.
func (t *tx) SetMeta(key, value string) error {
	_, err := t.exec("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", key, value)
	return err
}

// Replayed gives a remembered answer, nil when there is none.
func (t *tx) Replayed(key string) (*store.Replayed, error) {
	return find(t, func(r row) (*store.Replayed, error) {
		var at int64
		v := &store.Replayed{Key: key}
		err := r.Scan(&v.RequestHash, &v.Status, &v.Body, &at)
		v.Body, v.At = bytesOrNil(v.Body), muster.FromMicros(at)
		return v, err
	}, "SELECT request_hash, status, body, at FROM replayed WHERE key = $1"+t.lock, key)
}

var intoReplayed = into("replayed", "key, request_hash, status, body, at")

// InsertReplayed remembers an answer.
func (t *tx) InsertReplayed(r *store.Replayed) error {
	return t.insert(intoReplayed, []any{r.Key, r.RequestHash, r.Status, bytesOf(r.Body), r.At.Micros()})
}

// DeleteReplayedBefore forgets old answers.
func (t *tx) DeleteReplayedBefore(before muster.Instant) error {
	_, err := t.exec("DELETE FROM replayed WHERE at < $1", before.Micros())
	return err
}
