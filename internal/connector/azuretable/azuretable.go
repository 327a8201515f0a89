// Package azuretable reads and writes who is on call in a table of Azure Table Storage, in two forms. The original form
// is one row per person: email and oncall, with name and service where they are kept. The extended form is one row per
// shift, with roster, role, from and until.
//
// It imports connector, httpx, aztables with its azcore, the standard library and the root package. It makes each request
// once: aztables' own repetitions are switched off, because the engine decides when to try again. It does not create
// tables, pages nobody, and reads at most 10,000 rows.
package azuretable

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

// Kind is the kind's word in documents.
const Kind = "azure-table"

// The two forms of the table.
const (
	formOriginal = "original"
	formExtended = "extended"
)

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Azure Table Storage",
		Help: "Reads and writes who is on call in a table of an Azure storage account. It needs the account's key, or a shared access signature for the table that may read, add, update and delete.",
		Settings: []connector.Setting{
			{Name: "url", Title: "Address of the table service", Help: "https://ACCOUNT.table.core.windows.net", Required: true},
			{Name: "table", Title: "Table", Help: "It must exist.", Default: "oncall"},
			{Name: "form", Title: "Form of the rows", Help: "original: one row per person with email and oncall. extended: one row per shift, with roster, role, from and until too.", Default: formOriginal},
			{Name: "account", Title: "Storage account", Help: "Only needed when the address does not begin with it."},
			{Name: "key", Title: "Account key", Help: "A key of the storage account, or its connection string. Not needed with a shared access signature.", Secret: true},
			{Name: "sas", Title: "Shared access signature", Help: "The token that begins with sv= or ?sv=. Not needed with a key.", Secret: true},
		},
		Validate: validate, Together: oneSecret, Table: true,
		New: func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

// Connector speaks to one table.
type Connector struct {
	name     string
	table    string
	extended bool
	client   *aztables.Client
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	} else {
		client = *httpx.NewEgress(httpx.EgressOptions{})
	}
	// A signed request is for one address. The service never points elsewhere.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	table := c.Settings["table"]
	service, err := serviceClient(c, &client)
	if err != nil {
		return nil, err
	}
	return &Connector{name: string(c.Name), table: table, extended: c.Settings["form"] == formExtended, client: service.NewClient(table)}, nil
}

// Kind implements [connector.Connector].
func (c *Connector) Kind() string { return Kind }

// String names the connector and hides its key.
func (c *Connector) String() string { return Kind + " " + c.name }

// GoString is [Connector.String].
func (c *Connector) GoString() string { return c.String() }

// LogValue is [Connector.String].
func (c *Connector) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Deliver implements [connector.Connector]: a table takes rosters only, through [Connector.WriteRoster].
func (c *Connector) Deliver(context.Context, connector.Delivery) (connector.Receipt, error) {
	return connector.Receipt{}, connector.Permanent(errors.New("a table takes rosters only"))
}

// Check implements [connector.Checker]: it reads one row. An empty table is a good one.
func (c *Connector) Check(ctx context.Context) error {
	one := int32(1)
	page, err := c.client.NewListEntitiesPager(&aztables.ListEntitiesOptions{Top: &one}).NextPage(ctx)
	if err != nil {
		return c.explain(err)
	}
	for _, raw := range page.Entities {
		if _, err := c.parse(raw); err != nil {
			return connector.Permanent(err)
		}
	}
	return nil
}

// ReadRoster implements [connector.RosterTable].
func (c *Connector) ReadRoster(ctx context.Context) ([]muster.RosterRow, error) {
	found, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]muster.RosterRow, len(found))
	for i, e := range found {
		out[i] = e.RosterRow
	}
	return out, nil
}
