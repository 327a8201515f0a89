package command

import (
	"context"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
)

// SignIn opens a session for a passphrase. Unknown people and wrong passphrases give the same answer.
func (c *Commands) SignIn(ctx context.Context, email, passphrase, agent string) (token string, err error) {
	refused := muster.Errorf(muster.ErrUnauthenticated, "The e-mail address or the passphrase is not right.")
	cat := c.Live.Current().Catalog
	var user muster.UserName
	for _, u := range cat.Users {
		if strings.EqualFold(u.Email, strings.TrimSpace(email)) && !u.Disabled && email != "" {
			user = u.Name
		}
	}
	var hash string
	if user != "" {
		err = c.Store.Read(ctx, func(r store.Reader) error {
			hash, err = r.Passphrase(user)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	ok, err := c.Pass.Verify(ctx, passphrase, hash)
	if err != nil {
		return "", err
	}
	if !ok || hash == "" {
		who := muster.Actor{Name: muster.Clip(email, 80), Surface: muster.SurfaceWeb}
		if err := c.Audit(ctx, who, "sign-in refused", string(user), nil); err != nil {
			return "", err
		}
		return "", refused
	}
	return c.OpenSession(ctx, user, agent)
}

// SignInByKey opens a session for the person whose API key this is. It ends with the key.
func (c *Commands) SignInByKey(ctx context.Context, token, agent string) (string, error) {
	a, err := c.ByToken(ctx, token, muster.SurfaceWeb)
	if err == nil && a.Key == "" {
		err = muster.Errorf(muster.ErrUnauthenticated, "This is not a token that signs in.")
	}
	if err != nil {
		return "", err
	}
	return c.openSession(ctx, a.User, a.Key, agent)
}

// OpenSession signs a person in, after a passphrase.
func (c *Commands) OpenSession(ctx context.Context, user muster.UserName, agent string) (string, error) {
	return c.openSession(ctx, user, "", agent)
}

func (c *Commands) openSession(ctx context.Context, user muster.UserName, key muster.APIKeyID, agent string) (string, error) {
	actor, err := c.ActorOf(user, muster.SurfaceWeb)
	if err != nil {
		return "", err
	}
	token := sessionPrefix + c.IDs.Token(32)
	err = c.do(ctx, "SignIn", actor, func(call *Call) error {
		// Asked again within the transaction, which holds the key's row: a key that is revoked at this moment leaves no session.
		if err := usable(call.Tx, key, user); muster.CodeOf(err) == muster.ErrNotFound {
			return refusedToken()
		} else if err != nil {
			return err
		}
		s := &muster.Session{
			ID: id[muster.SessionID](call), User: user, CreatedAt: call.Now(), ExpiresAt: call.Now().Plus(SessionLife),
			Agent: muster.Clip(agent, 200), Key: key,
		}
		if err := call.InsertSession(seal.HashToken(token), s); err != nil {
			return err
		}
		return call.audit("sign-in", string(user), map[string]string{"session": string(s.ID)})
	})
	return token, err
}

// SignOut ends a session.
func (c *Commands) SignOut(ctx context.Context, actor muster.Actor, token string) error {
	return c.do(ctx, "SignOut", actor, func(call *Call) error {
		s, err := call.SessionByHash(seal.HashToken(token))
		if muster.CodeOf(err) == muster.ErrNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		return call.DeleteSession(s.ID)
	})
}

// shutOut ends what opens doors for a person who has left: whoever gets the same name later begins anew. A person who is
// disabled (next is not nil) keeps everything but their sessions, and can use none of it meanwhile.
func (c *Call) shutOut(u muster.UserName, next muster.Document) error {
	if doc, ok := next.(*muster.User); ok && doc != nil {
		if doc.Disabled {
			return c.DeleteSessionsOf(u)
		}
		return nil
	}
	if err := c.DeleteSessionsOf(u); err != nil {
		return err
	}
	if err := c.SetPassphraseHash(u, ""); err != nil {
		return err
	}
	if err := c.DeleteNoticesOf(u); err != nil {
		return err
	}
	contacts, err := c.ContactsOf([]muster.UserName{u})
	if err != nil {
		return err
	}
	for _, ct := range contacts[u] {
		if err := c.DeleteContact(ct.ID); err != nil {
			return err
		}
	}
	keys, err := c.Keys()
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.User != u || !k.RevokedAt.IsZero() {
			continue
		}
		k.RevokedAt = c.Now()
		if err := c.UpdateKey(k); err != nil {
			return err
		}
		c.Emit(store.Event{Topic: "keys"})
	}
	return nil
}

// SetPassphrase sets a person's passphrase and ends their other sessions.
type SetPassphrase struct {
	User       muster.UserName `json:"user" path:"user" doc:"whose"`
	Passphrase string          `json:"passphrase" doc:"at least 12 characters"`
}

// hashPassphrase checks the length; hashing takes long, so it happens before the transaction.
func (c *Commands) hashPassphrase(ctx context.Context, p string) (string, error) {
	if wrong := seal.CheckPassphrase("passphrase", p); len(wrong) > 0 {
		return "", muster.Invalid("The passphrase cannot be used", wrong)
	}
	return c.Pass.Hash(ctx, p)
}

// SetPassphrase is for the person themselves and for admins.
func (c *Commands) SetPassphrase(ctx context.Context, actor muster.Actor, in SetPassphrase) error {
	if actor.User != in.User && actor.Access != muster.AccessAdmin {
		return muster.Errorf(muster.ErrForbidden, "Only %s or an admin may change this passphrase.", in.User)
	}
	hash, err := c.hashPassphrase(ctx, in.Passphrase)
	if err != nil {
		return err
	}
	return c.do(ctx, "SetPassphrase", actor, func(call *Call) error {
		if call.Snap.Catalog.Users[in.User] == nil {
			return muster.Errorf(muster.ErrNotFound, "There is no person called %q.", in.User)
		}
		if err := call.DeleteSessionsOf(in.User); err != nil {
			return err
		}
		if err := call.SetPassphraseHash(in.User, hash); err != nil {
			return err
		}
		return call.audit("set passphrase", string(in.User), nil)
	})
}
