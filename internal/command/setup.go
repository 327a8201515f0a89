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
