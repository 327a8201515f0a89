package command

import (
	"context"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
)

// Token prefixes tell what a leaked string is.
const (
	sessionPrefix = "mss_"
	keyPrefix     = "mst_"
	sourcePrefix  = "msi_"
)

// SessionLife is how long a browser stays signed in: long, because a page at night must not ask for a passphrase.
const SessionLife = 30 * 24 * time.Hour

// CreateKey makes an API key that acts as a person, or one that only sends signals of a source.
type CreateKey struct {
	Name   string            `json:"name" arg:"rest" doc:"what the key is for"`
	User   muster.UserName   `json:"user,omitempty" doc:"the person that the key acts as; you when empty"`
	Source muster.SourceName `json:"source,omitempty" doc:"the source whose signals the key may send: then it may do nothing else"`
}

// NewKey is a key with its token, which is shown this once.
type NewKey struct {
	muster.APIKey
	Token string `json:"token"`
}

func (c *Call) createKey(in CreateKey) (*NewKey, error) {
	if strings.TrimSpace(in.Name) == "" {
		return nil, muster.Invalid("The key needs a name", []muster.FieldError{{Path: "name", Message: "say what the key is for"}})
	}
	if in.Source != "" {
		src := c.Snap.Catalog.Sources[in.Source]
		if src == nil {
			return nil, muster.Errorf(muster.ErrNotFound, "There is no source called %q.", in.Source)
		}
		if err := c.mustOwn(src.Team, "the keys of the source "+string(in.Source)); err != nil {
			return nil, err
		}
		in.User = ""
		return c.newKey(in, sourcePrefix+c.IDs.Token(20))
	}
	if in.User == "" {
		in.User = c.Actor.User
	}
	if in.User != c.Actor.User && c.Actor.Access != muster.AccessAdmin {
		return nil, muster.Errorf(muster.ErrForbidden, "Only an admin may make a key for somebody else.")
	}
	if c.Snap.Catalog.Users[in.User] == nil {
		return nil, muster.Errorf(muster.ErrInvalid, "There is no person called %q: a key acts as a person.", in.User)
	}
	return c.newKey(in, keyPrefix+c.IDs.Token(20))
}

func (c *Call) newKey(in CreateKey, token string) (*NewKey, error) {
	k := &muster.APIKey{
		ID: id[muster.APIKeyID](c), Name: muster.Clip(in.Name, 100), User: in.User, Source: in.Source, Prefix: token[:8],
		CreatedAt: c.Now(), CreatedBy: c.Actor.By(),
	}
	if err := c.InsertKey(seal.HashToken(token), k); err != nil {
		return nil, err
	}
	return &NewKey{APIKey: *k, Token: token}, c.audit("create key", string(k.ID), map[string]string{"name": k.Name, "prefix": k.Prefix})
}

// RevokeKey ends a key.
type RevokeKey struct {
	Key muster.APIKeyID `json:"key" path:"key" arg:"1" doc:"the key's ID"`
}

func (c *Call) revokeKey(in RevokeKey) (muster.Nothing, error) {
	keys, err := c.Keys()
	if err != nil {
		return muster.Nothing{}, err
	}
	for _, k := range keys {
		if k.ID != in.Key {
			continue
		}
		if k.User == "" || k.User != c.Actor.User {
			team := muster.TeamName("")
			if s := c.Snap.Catalog.Sources[k.Source]; s != nil {
				team = s.Team
			}
			if err := c.mustOwn(team, "this key"); err != nil {
				return muster.Nothing{}, err
			}
		}
		if k.RevokedAt.IsZero() {
			k.RevokedAt = c.Now()
			if err := c.UpdateKey(k); err != nil {
				return muster.Nothing{}, err
			}
			if err := c.endSessionsOf(k); err != nil {
				return muster.Nothing{}, err
			}
			c.Emit(store.Event{Topic: "keys"})
			return muster.Nothing{}, c.audit("revoke key", string(k.ID), map[string]string{"name": k.Name})
		}
		return muster.Nothing{}, nil
	}
	return muster.Nothing{}, muster.Errorf(muster.ErrNotFound, "There is no such key.")
}

// endSessionsOf ends the sessions that were opened with a key.
func (c *Call) endSessionsOf(k *muster.APIKey) error {
	if k.User == "" {
		return nil // a source's opens none
	}
	list, err := c.SessionsOf(k.User)
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.Key != k.ID {
			continue
		}
		if err := c.DeleteSession(s.ID); err != nil {
			return err
		}
	}
	return nil
}

// ActorOf is the actor of a person, with the rights that the catalog gives them now.
func (c *Commands) ActorOf(u muster.UserName, via muster.Surface) (muster.Actor, error) {
	cat := c.Live.Current().Catalog
	access := cat.AccessOf(u)
	if access == "" {
		return muster.Actor{}, muster.Errorf(muster.ErrUnauthenticated, "This account is not in the catalog any more, or it is disabled.")
	}
	return muster.Actor{User: u, Name: cat.DisplayName(u), Access: access, Teams: cat.OwnedTeams(u), Surface: via}, nil
}

// ByToken finds who bears a token: a session's or an API key's.
func (c *Commands) ByToken(ctx context.Context, token string, via muster.Surface) (muster.Actor, error) {
	hash := seal.HashToken(token)
	var user muster.UserName
	var key muster.APIKeyID
	var idle bool
	err := c.Store.Read(ctx, func(r store.Reader) error {
		if strings.HasPrefix(token, sessionPrefix) {
			s, err := r.SessionByHash(hash)
			if err != nil {
				return err
			}
			user = s.User
			return usable(r, s.Key, s.User)
		}
		k, err := r.KeyByHash(hash)
		if err == nil {
			user, key, idle = k.User, k.ID, r.Now().Sub(k.LastUsed.Time) > touchEvery
		}
		return err
	})
	if err == nil && idle && user != "" {
		c.touch(ctx, hash)
	}
	if muster.CodeOf(err) == muster.ErrNotFound || (err == nil && user == "") {
		return muster.Actor{}, refusedToken()
	}
	if err != nil {
		return muster.Actor{}, err
	}
	a, err := c.ActorOf(user, via)
	a.Key = key
	return a, err
}

func refusedToken() error {
	return muster.Errorf(muster.ErrUnauthenticated, "The key or session is not known, has expired or was revoked.")
}

// usable says ErrNotFound for a key that opens nothing any more for this person. A session without a key, "", needs none.
func usable(r store.Reader, key muster.APIKeyID, user muster.UserName) error {
	if key == "" {
		return nil
	}
	k, err := r.Key(key)
	if err == nil && (!k.RevokedAt.IsZero() || k.User != user) {
		err = muster.Errorf(muster.ErrNotFound, "The key %s was revoked.", key)
	}
	return err
}

// touchEvery is how exactly it is known when a key was used last.
const touchEvery = time.Hour

// touch notes that a key is used. It is a courtesy: neither its failure nor a slow store may keep anybody out.
func (c *Commands) touch(ctx context.Context, hash string) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err := c.Store.Write(ctx, store.LanePeople, "TouchKey", func(tx store.Tx) error {
		k, err := tx.KeyByHash(hash)
		if err != nil {
			return err
		}
		k.LastUsed = tx.Now()
		return tx.UpdateKey(k)
	})
	if err != nil && muster.CodeOf(err) != muster.ErrNotFound {
		c.Log.Warn("the use of a key cannot be noted", "error", err)
	}
}

// touchWait is how long a sender waits for the note that its key was used.
const touchWait = 200 * time.Millisecond

// SourceByToken finds the source whose intake key this is.
func (c *Commands) SourceByToken(ctx context.Context, token string) (muster.SourceName, error) {
	var src muster.SourceName
	var idle bool
	hash := seal.HashToken(token)
	err := c.Store.Read(ctx, func(r store.Reader) error {
		k, err := r.KeyByHash(hash)
		if err == nil {
			src, idle = k.Source, r.Now().Sub(k.LastUsed.Time) > touchEvery
		}
		return err
	})
	if err == nil && idle && src != "" {
		noted := make(chan struct{})
		go func() { // a store that reads and does not write must not keep the sender waiting
			defer close(noted)
			c.touch(context.WithoutCancel(ctx), hash)
		}()
		select {
		case <-noted:
		case <-time.After(touchWait):
		}
	}
	if err != nil && muster.CodeOf(err) != muster.ErrNotFound {
		return "", err
	}
	if err != nil || src == "" || c.Live.Current().Catalog.Sources[src] == nil {
		return "", muster.Errorf(muster.ErrUnauthenticated, "The intake key in the address is not known. Make one in Settings, API keys.")
	}
	return src, nil
}
