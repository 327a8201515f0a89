package store

import "github.com/muster-oncall/muster"

// DocReader reads the catalog's documents.
type DocReader interface {
	Head() (muster.Revision, error)
	// RevisionAt gives the newest revision that was written at an instant or before it, 0 when there was none.
	RevisionAt(at muster.Instant) (muster.Revision, error)
	// DocsAt gives the newest revision of each document that is not newer than rev, without the deleted ones.
	DocsAt(rev muster.Revision) ([]muster.DocRevision, error)
	DocHistory(kind muster.Kind, name string, l List) ([]muster.DocRevision, error) // newest first
}

// DocWriter writes documents.
type DocWriter interface {
	LockHead() (muster.Revision, error)         // the row is locked until the commit, so that revisions have an order
	InsertDocs(rows []muster.DocRevision) error // and moves the head to the newest of them
}

// ContactReader reads contact methods.
type ContactReader interface {
	ContactsOf(users []muster.UserName) (map[muster.UserName][]muster.Contact, error) // oldest first; nil is everybody
	Contact(id muster.ContactID) (*muster.Contact, error)
}

// ContactWriter writes contact methods.
type ContactWriter interface {
	InsertContact(c *muster.Contact) error
	UpdateContact(c *muster.Contact) error
	DeleteContact(id muster.ContactID) error
}

// AccessReader reads sessions, keys, passphrases and secrets. Tokens are looked up by their hash.
type AccessReader interface {
	SessionByHash(hash string) (*muster.Session, error) // ErrNotFound also when it has expired
	KeyByHash(hash string) (*muster.APIKey, error)      // ErrNotFound also when it is revoked
	SessionsOf(user muster.UserName) ([]*muster.Session, error)
	Key(id muster.APIKeyID) (*muster.APIKey, error) // also when it is revoked
	Keys() ([]*muster.APIKey, error)
	Passphrase(user muster.UserName) (string, error) // argon2id; "" when there is none
	Secret(name string) ([]byte, error)              // sealed; ErrNotFound
	SecretNames() ([]string, error)
}

// AccessWriter writes them.
type AccessWriter interface {
	InsertSession(hash string, s *muster.Session) error
	DeleteSession(id muster.SessionID) error
	DeleteSessionsOf(user muster.UserName) error
	InsertKey(hash string, k *muster.APIKey) error
	UpdateKey(k *muster.APIKey) error
	SetPassphraseHash(user muster.UserName, hash string) error
	PutSecret(name string, sealed []byte) error
}

// AuditReader reads the security log, newest first.
type AuditReader interface {
	Audit(l List) ([]*muster.AuditEntry, error)
	LastAudit() (*muster.AuditEntry, error) // nil when the log is empty; in a Tx the log is locked until the commit
}

// AuditWriter appends to the security log.
type AuditWriter interface {
	InsertAudit(e *muster.AuditEntry) error
}

// Replayed is the answer that was given to a request with an idempotency key.
type Replayed struct {
	Key         string // of the principal and the header together
	RequestHash string
	Status      int
	Body        []byte
	At          muster.Instant
}

// MetaReader reads single values of the installation and remembered answers.
type MetaReader interface {
	Meta(key string) (string, error)        // "" when it was never set
	Replayed(key string) (*Replayed, error) // nil when there is none
}

// MetaWriter writes them.
type MetaWriter interface {
	SetMeta(key, value string) error
	InsertReplayed(r *Replayed) error
	DeleteReplayedBefore(t muster.Instant) error
}
