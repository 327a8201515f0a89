package app

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/demophone"
	"github.com/muster-oncall/muster/internal/phone"
	"github.com/muster-oncall/muster/internal/web"
)

// connectors makes the connectors of the catalog's documents and keeps them until the document or a secret changes.
type connectors struct {
	registry connector.Registry
	live     *catalog.Live
	commands *command.Commands
	http     *http.Client
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	log      *slog.Logger

	mu   sync.Mutex
	made map[muster.ConnectorName]made
	age  int // raised by forget: what was made of older secrets is not kept
}

type made struct {
	revision muster.Revision
	conn     connector.Connector
}

// get returns the connector of a document. Errors are permanent only when the document is gone: a setting can be mended
// while a page waits.
func (c *connectors) get(ctx context.Context, name muster.ConnectorName) (connector.Connector, error) {
	cat := c.live.Current().Catalog
	doc := cat.Connectors[name]
	if doc == nil {
		return nil, connector.Permanent(muster.Errorf(muster.ErrNotFound, "there is no connector called %q any more", name))
	}
	rev := cat.RevisionOf(muster.DocRef(muster.KindConnectors, name))
	c.mu.Lock()
	m, ok := c.made[name]
	age := c.age
	c.mu.Unlock()
	if ok && m.revision == rev {
		return m.conn, nil
	}
	secrets := map[string]string{}
	for setting, stored := range doc.Secrets {
		v, err := c.commands.SecretValue(ctx, stored)
		if err != nil {
			return nil, connector.Temporary(err, 0)
		}
		secrets[setting] = v
	}
	conn, err := c.registry.New(doc.Kind, connector.Config{
		Name: name, Settings: doc.Settings, Secrets: secrets, HTTP: c.http, Dial: c.dial, Log: c.log,
		Derive: func(purpose string) []byte { return c.commands.Box.Derive(purpose) },
	})
	if err != nil {
		return nil, connector.Temporary(err, 0)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.age != age {
		return conn, nil // a secret changed meanwhile: the next call makes it anew
	}
	if c.made == nil {
		c.made = map[muster.ConnectorName]made{}
	}
	c.made[name] = made{rev, conn}
	return conn, nil
}

// forget drops every connector: a secret changed.
func (c *connectors) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made, c.age = nil, c.age+1
}

// check is the catalog's check of connector documents.
func (c *connectors) check(doc *muster.Connector) []muster.FieldError {
	d, ok := c.registry.Find(doc.Kind)
	if !ok {
		f := c.registry.UnknownKind(doc.Kind)
		f.Path = "type"
		return []muster.FieldError{f}
	}
	return d.Check(doc.Settings, doc.Secrets)
}

// abilities says what a kind of connector can be used for besides telling people.
func (c *connectors) abilities(kind string) command.Abilities {
	d, _ := c.registry.Find(kind)
	return command.Abilities{
		Table: d.Table, Calendar: d.Calendar, Address: d.Address, Proof: d.Proof, ProofWithin: d.ProvesWithin(), Surface: d.AnsweredBy(),
		PagesOnly: d.PagesOnly, Browser: d.BrowserKey != nil, Room: d.Room, Checked: d.Checked, Stops: d.Stops,
	}
}

// address checks and tidies the address of a contact method, and gives a hint that may be shown.
func (c *connectors) address(kind, address string) (tidy, hint string, err error) {
	d, ok := c.registry.Find(kind)
	if !ok {
		return "", "", muster.Errorf(muster.ErrInvalid, "%s", c.registry.UnknownKind(kind).Message)
	}
	address = strings.TrimSpace(address)
	if d.Address == "" && kind != demophone.Kind {
		return "", "", muster.Errorf(muster.ErrInvalid, "People cannot be reached by a connector of the kind %s.", kind)
	}
	if d.TidyAddress != nil {
		address = d.TidyAddress(address)
	}
	if d.CheckAddress != nil {
		if err := d.CheckAddress(address); err != nil {
			return "", "", muster.WrapError(muster.ErrInvalid, err, "%s", err.Error())
		}
	}
	if d.HintAddress != nil {
		return address, d.HintAddress(address), nil
	}
	return address, hintOf(kind, address), nil
}

// hintOf is enough of an address to recognise it, and not enough to use it.
func hintOf(kind, address string) string {
	if kind == demophone.Kind {
		return "in the browser"
	}
	if local, domain, ok := strings.Cut(address, "@"); ok && local != "" {
		return local[:1] + "…@" + domain
	}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host + "/…"
	}
	if country := phone.Country(address); country != "" {
		return country + " ··· " + address[len(address)-4:]
	}
	if n := len(address); n > 4 {
		return "··· " + address[n-4:]
	}
	return "···"
}

// BrowserKey is the public key with which browsers subscribe to connectors of a kind, "" when the kind has none.
func (a *App) BrowserKey(kind string) string {
	d, ok := a.connectors.registry.Find(kind)
	if !ok || d.BrowserKey == nil {
		return ""
	}
	return d.BrowserKey(a.Box.Derive)
}

// reach says how people are reached by connectors of a kind.
func (a *App) reach(kind string) web.Reach {
	d, _ := a.connectors.registry.Find(kind)
	how := web.Reach{Address: d.Address, Key: a.BrowserKey(kind), Title: d.Title, Help: d.Help}
	if d.Address != "" {
		how.Proves, how.Within = proves(d.Proof), d.ProvesWithin()
	}
	if kind == demophone.Kind {
		how.Address = "any words"
	}
	for _, s := range d.Settings {
		how.Settings = append(how.Settings, web.Setting{Name: s.Name, Title: s.Title, Default: s.Default, Required: s.Required, Secret: s.Secret})
	}
	return how
}

// try tries settings out that nobody has saved. What it sends goes past the outbox, once and never again: it is no page, and
// the settings are not in the store from which the outbox takes them.
func (a *App) try(ctx context.Context, t web.Trial) (said string, err error) {
	secrets := maps.Clone(t.Secrets)
	if secrets == nil {
		secrets = map[string]string{}
	}
	for setting, stored := range t.Connector.Secrets {
		if _, given := secrets[setting]; given {
			continue
		}
		if secrets[setting], err = a.Commands.SecretValue(ctx, stored); err != nil {
			return "", err
		}
	}
	c := a.connectors
	conn, err := c.registry.New(t.Connector.Kind, connector.Config{
		Name: t.Connector.Name, Settings: t.Connector.Settings, Secrets: secrets, HTTP: c.http, Dial: c.dial, Log: c.log, Derive: a.Box.Derive,
	})
	if err != nil {
		return "", err
	}
	if t.To == "" {
		if check, ok := conn.(connector.Checker); ok {
			err = check.Check(ctx)
		}
		return "", err
	}
	got, err := conn.Deliver(ctx, connector.Delivery{
		Key: "try_" + a.Commands.IDs.Token(20), Kind: muster.DeliverNotification, At: muster.At(time.Now()), Address: t.To,
		Note: &connector.Notification{Title: t.Title, Text: t.Text, URL: a.URL() + "/setup"},
	})
	return got.Detail, err
}

// numbers are the telephone numbers that people see when this installation calls or texts.
func (a *App) numbers() (out []string) {
	for _, c := range a.Live.Current().Catalog.Connectors {
		if d, ok := a.connectors.registry.Find(c.Kind); ok && d.Numbers != nil {
			out = append(out, d.Numbers(c.Settings)...)
		}
	}
	return out
}

// contactCard is a card with those numbers, nil when there are none.
func (a *App) contactCard() []byte { return phone.VCard("Muster "+a.Org, a.numbers()) }

// proves says what proves a page, for people.
func proves(p muster.Proof) string {
	switch p {
	case muster.ProofCarrier:
		return "the carrier’s receipt, or a person"
	case muster.ProofDevice:
		return "the device’s receipt, or a person"
	case muster.ProofPerson:
	}
	return "a person only"
}
