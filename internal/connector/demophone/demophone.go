// Package demophone is the phone that is built in: pages show in the browser, where they can be acknowledged. There is no
// provider: a page is accepted at once, and the page's own row is what the phone shows. It is for demos, drills and tests;
// it wakes nobody.
//
// It imports connector, the standard library and the root package.
package demophone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/muster-oncall/muster/internal/connector"
)

// Kind is the kind's word in documents.
const Kind = "demo-phone"

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Demo phone", Help: "A phone in the browser. It is for trying Muster out: it wakes nobody.", Address: "any words", Checked: "the phone in the browser is a part of Muster",
		New: func(c connector.Config) (connector.Connector, error) { return New(c), nil },
	}
}

// Connector rings the phone in the browser.
type Connector struct {
	name string
	ring func(ctx context.Context, person string, page connector.PageMessage) error
}

// New makes the connector. Ring of the configuration is called for each page, when there is one.
func New(c connector.Config) *Connector { return &Connector{name: string(c.Name), ring: c.Ring} }

// Kind implements [connector.Connector].
func (p *Connector) Kind() string { return Kind }

// String names the connector.
func (p *Connector) String() string { return "demo phone " + p.name }

// LogValue is [Connector.String].
func (p *Connector) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Deliver implements [connector.Connector]. It takes pages and notifications.
func (p *Connector) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return connector.Receipt{}, connector.CallError(err, false)
	}
	switch {
	case d.Page != nil:
		if p.ring != nil {
			if err := p.ring(ctx, d.Page.Person, *d.Page); err != nil {
				return connector.Receipt{}, connector.CallError(fmt.Errorf("the phone in the browser: %w", err), false)
			}
		}
		return connector.Receipt{ProviderID: d.Key, Detail: "rings in the browser"}, nil
	case d.Note != nil:
		return connector.Receipt{ProviderID: d.Key, Detail: "shows in the browser"}, nil
	}
	return connector.Receipt{}, connector.Permanent(errors.New("the demo phone takes pages and notifications"))
}

// Check implements [connector.Checker].
func (p *Connector) Check(ctx context.Context) error { return ctx.Err() }
