package azuretable

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// The properties of a row. Azure tells capital letters from small ones, so these are the original's exactly.
const (
	propEmail   = "email"
	propOnCall  = "oncall"
	propName    = "name"
	propService = "service"
	propRoster  = "roster"
	propRole    = "role"
	propFrom    = "from"
	propUntil   = "until"
	propManaged = "managedBy" // on the rows that Muster wrote, in the extended form
)

const (
	managed  = "muster"
	maxRows  = 10_000
	pageRows = 500 // an answer of so many rows stays below what the egress client reads
)

// entity is a row as it stands in the table.
type entity struct {
	muster.RosterRow
	etag    string
	managed bool
}

// read gives every row, sorted by keys.
func (c *Connector) read(ctx context.Context) ([]entity, error) {
	top := int32(pageRows)
	names := []string{"PartitionKey", "RowKey", propEmail, propOnCall, propName, propService}
	if c.extended {
		names = append(names, propRoster, propRole, propFrom, propUntil, propManaged)
	}
	columns := strings.Join(names, ",")
	var out []entity
	for pages := c.client.NewListEntitiesPager(&aztables.ListEntitiesOptions{Top: &top, Select: &columns}); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, c.explain(err)
		}
		for _, raw := range page.Entities {
			e, err := c.parse(raw)
			if err != nil {
				return nil, connector.Permanent(err)
			}
			if out = append(out, e); len(out) > maxRows {
				return nil, connector.Permanent(fmt.Errorf("the table %s has more than %d rows: a roster belongs into a table of its own", c.table, maxRows))
			}
		}
	}
	slices.SortFunc(out, func(a, b entity) int {
		return cmp.Or(strings.Compare(a.PartitionKey, b.PartitionKey), strings.Compare(a.RowKey, b.RowKey))
	})
	return out, nil
}

// parse reads a row. A property that is missing or null is empty; one of the wrong type is an error that names the row.
func (c *Connector) parse(raw []byte) (e entity, err error) {
	var props map[string]any
	if err := json.Unmarshal(raw, &props); err != nil {
		return e, errors.New("a row of the table cannot be read")
	}
	text := func(name string) string {
		s, ok := props[name].(string)
		if !ok && props[name] != nil && err == nil {
			err = fmt.Errorf("%s must be a String", name)
		}
		return s
	}
	moment := func(name string) (at muster.Instant) {
		if s := text(name); s != "" && err == nil {
			if at.UnmarshalText([]byte(s)) != nil {
				err = fmt.Errorf("%s must be a DateTime", name)
			}
		}
		return at
	}
	e.PartitionKey, e.RowKey, e.etag = text("PartitionKey"), text("RowKey"), text("odata.etag")
	e.Email, e.Name, e.Service = strings.TrimSpace(text(propEmail)), text(propName), text(propService)
	if v := props[propOnCall]; v != nil {
		var ok bool
		if e.OnCall, ok = v.(bool); !ok && err == nil {
			err = fmt.Errorf("%s must be a Boolean", propOnCall)
		}
	}
	if c.extended {
		e.Roster, e.Role, e.From, e.Until = text(propRoster), text(propRole), moment(propFrom), moment(propUntil)
		e.managed = text(propManaged) == managed
	}
	if e.etag == "" && err == nil {
		return e, errors.New("the rows of the table come without versions: is the address that of a table service?")
	}
	if err != nil {
		return e, fmt.Errorf("in the row %s of the table %s, %w: change its type in the table", rowName(e.PartitionKey, e.RowKey), c.table, err)
	}
	return e, nil
}

// properties is the whole row as the extended form has it. What is empty is left out: in Azure that is how a property is
// not there.
func properties(r muster.RosterRow) map[string]any {
	out := map[string]any{"PartitionKey": r.PartitionKey, "RowKey": r.RowKey, propOnCall: r.OnCall, propManaged: managed}
	for name, value := range map[string]string{propEmail: r.Email, propName: r.Name, propService: r.Service, propRoster: r.Roster, propRole: r.Role} {
		if value != "" {
			out[name] = value
		}
	}
	for name, at := range map[string]muster.Instant{propFrom: r.From, propUntil: r.Until} {
		if !at.IsZero() {
			out[name], out[name+"@odata.type"] = at.UTC().Format("2006-01-02T15:04:05.000000Z"), "Edm.DateTime"
		}
	}
	return out
}

// checkRow says why the table service would not keep a row.
func checkRow(r muster.RosterRow) error {
	for name, value := range map[string]string{"key": r.PartitionKey + r.RowKey, propEmail: r.Email, propName: r.Name, propService: r.Service, propRoster: r.Roster, propRole: r.Role} {
		if len(value) > 1000 {
			return fmt.Errorf("the %s of a row is too long for the table: at most 1,000 bytes", name)
		}
	}
	for _, key := range []string{r.PartitionKey, r.RowKey} {
		if i := strings.IndexFunc(key, func(c rune) bool { return strings.ContainsRune(`/\#?`, c) || c < ' ' || c >= 0x7f && c < 0xa0 }); i >= 0 {
			return fmt.Errorf("the key %s of a row cannot be kept: / \\ # ? and control characters are not allowed", rowName(r.PartitionKey, r.RowKey))
		}
	}
	for _, at := range []muster.Instant{r.From, r.Until} {
		if y := at.UTC().Year(); !at.IsZero() && (y < 1601 || y > 9999) {
			return fmt.Errorf("the row %s begins or ends in the year %d, which the table cannot keep", rowName(r.PartitionKey, r.RowKey), y)
		}
	}
	return nil
}

func rowName(partition, row string) string {
	return fmt.Sprintf("%q/%q", muster.Clip(partition, 60), muster.Clip(row, 60))
}

// compact is an instant as part of a key.
func compact(at muster.Instant) string {
	if at.IsZero() {
		return "always"
	}
	return at.UTC().Truncate(time.Second).Format("20060102T150405Z")
}
