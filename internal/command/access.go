package command

import (
	"context"
	"fmt"
	"net/url"
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
		c.touch(ctx, hash)
	}
	if err != nil && muster.CodeOf(err) != muster.ErrNotFound {
		return "", err
	}
	if err != nil || src == "" || c.Live.Current().Catalog.Sources[src] == nil {
		return "", muster.Errorf(muster.ErrUnauthenticated, "The intake key in the address is not known. Make one in Settings, API keys.")
	}
	return src, nil
}

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

// Keys of values of the installation.
const (
	MetaSetupHash = "setup_token_hash" // of the one-time setup link; empty once it was used
	MetaPublicURL = "public_url"
	MetaZone      = "zone"
	MetaDemo      = "demo"       // the marker of demo data
	MetaPublished = "published/" // and the name of a status page: when it was rendered last
)

// Setup makes the first admin. It works once.
type Setup struct {
	Token      string
	Name       muster.UserName
	Display    string
	Email      string
	Passphrase string
	PublicURL  string
	Zone       string
}

// SetupResult is what the first start needs next.
type SetupResult struct {
	User      muster.UserName
	IntakeKey string // of the first source
}

// BeginSetup remembers the one-time link's token, unless an admin exists. It reports whether setup is open.
func (c *Commands) BeginSetup(ctx context.Context, token string) (open bool, err error) {
	err = c.do(ctx, "BeginSetup", muster.Engine(), func(call *Call) error {
		open = len(call.Snap.Catalog.Users) == 0
		if !open {
			return nil
		}
		return call.SetMeta(MetaSetupHash, seal.HashToken(token))
	})
	return open, err
}

// Setup makes the first admin, a team, a policy that reaches them, the default route and a first source.
func (c *Commands) Setup(ctx context.Context, in Setup) (*SetupResult, error) {
	if wrong := c.Live.Zones().Check("zone", in.Zone); len(wrong) > 0 {
		return nil, muster.Invalid("The zone is not right", wrong)
	}
	u, err := url.Parse(in.PublicURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, muster.Invalid("The address is not right", []muster.FieldError{{Path: "public_url", Message: "write the address under which people reach Muster: https://muster.example.org"}})
	}
	if err := c.Store.Read(ctx, func(r store.Reader) error { return setupOpen(r, in.Token) }); err != nil {
		return nil, err // before the passphrase is hashed, which strangers must not make us do
	}
	hash, err := c.hashPassphrase(ctx, in.Passphrase)
	if err != nil {
		return nil, err
	}
	out := &SetupResult{User: in.Name}
	who := muster.Actor{User: in.Name, Name: in.Display, Access: muster.AccessAdmin, Surface: muster.SurfaceSetup}
	err = c.do(ctx, "Setup", who, func(call *Call) error {
		if err := setupOpen(call.Tx, in.Token); err != nil {
			return err
		}
		if len(call.Snap.Catalog.Users) > 0 {
			return muster.Errorf(muster.ErrForbidden, "Muster is set up already: sign in.")
		}
		if _, err := call.writeDocs(firstDocs(in), "setup"); err != nil {
			return err
		}
		for k, v := range map[string]string{MetaSetupHash: "", MetaPublicURL: strings.TrimRight(in.PublicURL, "/"), MetaZone: in.Zone} {
			if err := call.SetMeta(k, v); err != nil {
				return err
			}
		}
		if err := call.SetPassphraseHash(in.Name, hash); err != nil {
			return err
		}
		if err := call.firstPhone(in.Name); err != nil {
			return err
		}
		key, err := call.newKey(CreateKey{Name: "First source", Source: "first"}, sourcePrefix+c.IDs.Token(20))
		if err != nil {
			return err
		}
		out.IntakeKey = key.Token
		call.Emit(store.Event{Topic: "settings"})
		return call.audit("setup", string(in.Name), nil)
	})
	if err != nil {
		return nil, err
	}
	return out, c.Load(ctx)
}

// setupOpen refuses a token that is not that of the one-time link.
func setupOpen(r store.Reader, token string) error {
	want, err := r.Meta(MetaSetupHash)
	if err == nil && (want == "" || want != seal.HashToken(token)) {
		err = muster.Errorf(muster.ErrForbidden, "This setup link is not valid any more. Start Muster again for a new one, or sign in.")
	}
	return err
}

// firstPhone gives the first admin the phone in the browser, so that the first alert reaches somebody.
func (c *Call) firstPhone(u muster.UserName) error {
	ct := &muster.Contact{
		ID: id[muster.ContactID](c), User: u, Method: "phone", Connector: "phone", Hint: "in the browser", VerifiedAt: c.Now(), CreatedAt: c.Now(),
	}
	ct.Sealed = c.Box.Seal([]byte(u), contactAbout(ct.ID))
	return c.InsertContact(ct)
}

func firstDocs(in Setup) []docChange {
	docs := []muster.Document{
		&muster.User{Name: in.Name, Display: in.Display, Email: in.Email, Zone: in.Zone, Access: muster.AccessAdmin},
		&muster.Team{Name: "operations", Title: "Operations", Owners: []muster.UserName{in.Name}},
		&muster.Connector{Name: "phone", Title: "Browser phone", Kind: "demo-phone"},
		&muster.Policy{Name: "everybody", Title: "Everybody", Team: "operations", Steps: []muster.Step{{
			Targets: []muster.Target{{User: in.Name}}, Wait: muster.Duration(5 * time.Minute),
		}}, Repeat: 3},
		&muster.Route{Name: muster.DefaultRoute, Title: "Everything else", Policy: "everybody"},
		&muster.Source{Name: "first", Title: "First source"},
	}
	out := make([]docChange, len(docs))
	for i, d := range docs {
		out[i] = docChange{kind: d.DocKind(), name: d.DocName(), doc: d, file: fmt.Sprintf("setup %d", i)}
	}
	return out
}
