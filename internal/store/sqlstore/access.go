package sqlstore

import (
	"slices"

	"github.com/muster-oncall/muster"
)

// InsertSession writes a session under the hash of its token.
func (t *tx) InsertSession(hash string, s *muster.Session) error {
	return t.insert(intoSession, []any{string(s.ID), hash, string(s.User), s.ExpiresAt.Micros(), t.encode(s)})
}

var intoSession = into("session", "id, hash, user_name, expires_at, body")

// SessionByHash gives a session that has not expired.
func (t *tx) SessionByHash(hash string) (*muster.Session, error) {
	return get(t, "session", "", scanBody[muster.Session], "SELECT body FROM session WHERE hash = $1 AND expires_at > $2"+t.lock, hash, t.now.Micros())
}

// SessionsOf lists the sessions of a person that have not expired.
func (t *tx) SessionsOf(user muster.UserName) ([]*muster.Session, error) {
	return all(t, scanBody[muster.Session], "SELECT body FROM session WHERE user_name = $1 AND expires_at > $2 ORDER BY id", string(user), t.now.Micros())
}

// DeleteSession ends a session, if it is still there.
func (t *tx) DeleteSession(id muster.SessionID) error {
	_, err := t.exec("DELETE FROM session WHERE id = $1", string(id))
	return err
}

// DeleteSessionsOf ends every session of a person, and clears away what has expired.
func (t *tx) DeleteSessionsOf(user muster.UserName) error {
	_, err := t.exec("DELETE FROM session WHERE user_name = $1 OR expires_at <= $2", string(user), t.now.Micros())
	return err
}

var intoKey = into("api_key", "id, hash, revoked, body")

// InsertKey writes an API key under the hash of its token.
func (t *tx) InsertKey(hash string, k *muster.APIKey) error {
	return t.insert(intoKey, []any{string(k.ID), hash, !k.RevokedAt.IsZero(), t.encode(k)})
}

// UpdateKey writes an API key as it is given; the hash of its token stays.
func (t *tx) UpdateKey(k *muster.APIKey) error {
	return t.change("API key", string(k.ID), "UPDATE api_key SET revoked = $2, body = $3 WHERE id = $1", string(k.ID), !k.RevokedAt.IsZero(), t.encode(k))
}

// KeyByHash gives an API key that is not revoked.
func (t *tx) KeyByHash(hash string) (*muster.APIKey, error) {
	return get(t, "API key", "", scanBody[muster.APIKey], "SELECT body FROM api_key WHERE hash = $1 AND NOT revoked"+t.lock, hash)
}

// Key gives an API key, also one that is revoked.
func (t *tx) Key(id muster.APIKeyID) (*muster.APIKey, error) {
	return get(t, "API key", string(id), scanBody[muster.APIKey], "SELECT body FROM api_key WHERE id = $1"+t.lock, string(id))
}

// Keys lists every API key, newest first.
func (t *tx) Keys() ([]*muster.APIKey, error) {
	return all(t, scanBody[muster.APIKey], "SELECT body FROM api_key ORDER BY id DESC")
}

// Passphrase gives the hash of a person's passphrase, "" when there is none.
func (t *tx) Passphrase(user muster.UserName) (string, error) {
	v, err := find(t, scanText, "SELECT hash FROM passphrase WHERE user_name = $1"+t.lock, string(user))
	if v == nil {
		return "", err
	}
	return *v, nil
}

// SetPassphraseHash sets the hash of a person's passphrase.
func (t *tx) SetPassphraseHash(user muster.UserName, hash string) error {
	_, err := t.exec("INSERT INTO passphrase (user_name, hash) VALUES ($1, $2) ON CONFLICT (user_name) DO UPDATE SET hash = excluded.hash", string(user), hash)
	return err
}

// Secret gives a sealed secret.
func (t *tx) Secret(name string) ([]byte, error) {
	v, err := get(t, "secret", name, func(r row) (*[]byte, error) {
		b := new([]byte)
		return b, r.Scan(b)
	}, "SELECT sealed FROM secret WHERE name = $1"+t.lock, name)
	if err != nil {
		return nil, err
	}
	return *v, nil
}

// SecretNames lists the names of the secrets in order.
func (t *tx) SecretNames() ([]string, error) {
	names, err := all(t, func(r row) (s string, err error) {
		err = r.Scan(&s)
		return s, err
	}, "SELECT name FROM secret")
	slices.Sort(names)
	return names, err
}

// PutSecret sets a sealed secret; an empty one removes it.
func (t *tx) PutSecret(name string, sealed []byte) error {
	if len(sealed) == 0 {
		_, err := t.exec("DELETE FROM secret WHERE name = $1", name)
		return err
	}
	_, err := t.exec("INSERT INTO secret (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed", name, sealed)
	return err
}
