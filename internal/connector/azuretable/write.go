package azuretable

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// batchRows is how many rows one entity-group transaction may change.
const batchRows = 100

// original's partition: the table of the original has no other.
const originalPartition = "1"

// change is one row to be written. It holds only while the row is still of the version that was read.
type change struct {
	action         aztables.TransactionType
	partition, row string
	props          map[string]any
	etag           string // of the row that is replaced or deleted
}

// WriteRoster implements [connector.RosterTable]. In the original form it sets oncall on the rows of the people named, by
// e-mail, and adds those who are missing; who is not named keeps what they have. In the extended form it writes the rows
// and deletes those that it wrote before and which are gone; rows that others wrote are left alone, and a row of theirs
// under the same key is an error. Who is new is written before who is gone is deleted, so that a reader in between sees too
// many people on call rather than nobody. Each hundred rows of one partition change together or not at all.
//
// When somebody else changed a row meanwhile, it reads everything again and tries once more; then the error is temporary.
func (c *Connector) WriteRoster(ctx context.Context, rows []muster.RosterRow) error {
	for range 2 {
		found, err := c.read(ctx)
		if err != nil {
			return err
		}
		plan := originalChanges
		if c.extended {
			plan = extendedChanges
		}
		changes, err := plan(found, rows)
		if err != nil {
			return connector.Permanent(err)
		}
		if err = c.submit(ctx, changes); err == nil {
			return nil
		}
		if !isConflict(err) {
			return c.explain(err)
		}
	}
	return connector.Temporary(fmt.Errorf("somebody else is changing the table %s at this moment", c.table), 0)
}

// originalChanges says what to write so that each person's oncall is as rows say: true when any of their rows says so.
func originalChanges(found []entity, rows []muster.RosterRow) (out []change, err error) {
	wanted := map[string]*muster.RosterRow{}
	var order []string
	for _, r := range rows {
		key := strings.ToLower(strings.TrimSpace(r.Email))
		if key == "" {
			return nil, errors.New("a row has no e-mail address: the original form knows people by it")
		}
		if w := wanted[key]; w != nil {
			w.OnCall = w.OnCall || r.OnCall
			continue
		}
		wanted[key], order = &r, append(order, key)
	}
	there, taken, last := map[string]bool{}, map[string]bool{}, 0
	for _, e := range found {
		key := strings.ToLower(e.Email)
		there[key] = true
		if e.PartitionKey == originalPartition {
			taken[e.RowKey] = true
			if n, err := strconv.Atoi(e.RowKey); err == nil {
				last = max(last, n)
			}
		}
		if w := wanted[key]; w != nil && w.OnCall != e.OnCall {
			out = append(out, change{
				aztables.TransactionTypeUpdateMerge, e.PartitionKey, e.RowKey,
				map[string]any{"PartitionKey": e.PartitionKey, "RowKey": e.RowKey, propOnCall: w.OnCall},
				e.etag,
			})
		}
	}
	for _, key := range order {
		if there[key] {
			continue
		}
		r := *wanted[key]
		r.PartitionKey, r.Email = originalPartition, strings.TrimSpace(r.Email)
		if r.RowKey == "" || taken[r.RowKey] {
			last++
			r.RowKey = strconv.Itoa(last)
		}
		r.Roster, r.Role, r.From, r.Until = "", "", muster.Instant{}, muster.Instant{}
		if err := checkRow(r); err != nil {
			return nil, err
		}
		taken[r.RowKey] = true
		props := properties(r)
		delete(props, propManaged)
		out = append(out, change{aztables.TransactionTypeAdd, r.PartitionKey, r.RowKey, props, ""})
	}
	return out, nil
}

// extendedChanges says what to write so that the rows of ours are rows, and what to delete after that.
func extendedChanges(found []entity, rows []muster.RosterRow) (out []change, err error) {
	have := map[[2]string]entity{}
	for _, e := range found {
		have[[2]string{e.PartitionKey, e.RowKey}] = e
	}
	kept := map[[2]string]bool{}
	for _, r := range rows {
		r = keyed(r)
		if err := checkRow(r); err != nil {
			return nil, err
		}
		key := [2]string{r.PartitionKey, r.RowKey}
		if kept[key] {
			return nil, fmt.Errorf("two rows have the key %s", rowName(r.PartitionKey, r.RowKey))
		}
		kept[key] = true
		e, ok := have[key]
		switch {
		case !ok:
			out = append(out, change{aztables.TransactionTypeAdd, r.PartitionKey, r.RowKey, properties(r), ""})
		case !e.managed:
			return nil, fmt.Errorf("the row %s was not written by Muster: delete it, or use another table", rowName(r.PartitionKey, r.RowKey))
		case e.RosterRow != r:
			out = append(out, change{aztables.TransactionTypeUpdateReplace, r.PartitionKey, r.RowKey, properties(r), e.etag})
		}
	}
	for _, e := range found {
		if e.managed && !kept[[2]string{e.PartitionKey, e.RowKey}] {
			out = append(out, change{
				aztables.TransactionTypeDelete, e.PartitionKey, e.RowKey,
				map[string]any{"PartitionKey": e.PartitionKey, "RowKey": e.RowKey},
				e.etag,
			})
		}
	}
	return out, nil
}

// keyed fills in what is missing of a row's key: the roster as partition, and a row key that stays the same as long as
// person, role and beginning do.
func keyed(r muster.RosterRow) muster.RosterRow {
	r.Email = strings.TrimSpace(r.Email)
	r.From, r.Until = muster.At(r.From.Time), muster.At(r.Until.Time) // as they are read back
	if r.PartitionKey == "" {
		if r.PartitionKey = r.Roster; r.PartitionKey == "" {
			r.PartitionKey = originalPartition
		}
	}
	if r.RowKey == "" {
		sum := sha256.Sum256([]byte(strings.ToLower(r.Email) + "\x00" + r.Service))
		r.RowKey = compact(r.From) + "-" + r.Role + "-" + hex.EncodeToString(sum[:6])
	}
	return r
}

// submit makes the changes, by partition and a hundred at once, deletions last of all.
func (c *Connector) submit(ctx context.Context, changes []change) error {
	isDelete := func(ch change) bool { return ch.action == aztables.TransactionTypeDelete }
	for _, deletes := range []bool{false, true} {
		groups := map[string][]change{}
		for _, ch := range changes {
			if isDelete(ch) != deletes {
				continue
			}
			if strings.ContainsRune(ch.partition+ch.row, '\'') { // aztables does not double quotes inside transactions
				if err := c.single(ctx, ch); err != nil {
					return err
				}
				continue
			}
			groups[ch.partition] = append(groups[ch.partition], ch)
		}
		for _, partition := range slices.Sorted(maps.Keys(groups)) {
			for batch := range slices.Chunk(groups[partition], batchRows) {
				if err := c.transact(ctx, batch); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *Connector) transact(ctx context.Context, batch []change) error {
	actions := make([]aztables.TransactionAction, len(batch))
	for i, ch := range batch {
		body, err := json.Marshal(ch.props)
		if err != nil {
			return fmt.Errorf("a row cannot be written as JSON: %w", err)
		}
		actions[i] = aztables.TransactionAction{ActionType: ch.action, Entity: body}
		if tag := azcore.ETag(ch.etag); ch.action != aztables.TransactionTypeAdd {
			actions[i].IfMatch = &tag
		}
	}
	_, err := c.client.SubmitTransaction(ctx, actions, nil)
	return err
}

func (c *Connector) single(ctx context.Context, ch change) error {
	body, err := json.Marshal(ch.props)
	if err != nil {
		return fmt.Errorf("a row cannot be written as JSON: %w", err)
	}
	tag := azcore.ETag(ch.etag)
	switch ch.action {
	case aztables.TransactionTypeAdd:
		_, err = c.client.AddEntity(ctx, body, nil)
	case aztables.TransactionTypeDelete:
		_, err = c.client.DeleteEntity(ctx, ch.partition, ch.row, &aztables.DeleteEntityOptions{IfMatch: &tag})
	case aztables.TransactionTypeUpdateReplace:
		_, err = c.client.UpdateEntity(ctx, body, &aztables.UpdateEntityOptions{IfMatch: &tag, UpdateMode: aztables.UpdateModeReplace})
	default:
		_, err = c.client.UpdateEntity(ctx, body, &aztables.UpdateEntityOptions{IfMatch: &tag, UpdateMode: aztables.UpdateModeMerge})
	}
	return err
}
