package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
)

// exchange carries out a delivery that is not a message: a table that is written or read, a calendar that is fetched. What
// came of it is kept in the connector's state.
func (e *Engine) exchange(ctx context.Context, conn connector.Connector, d *muster.Delivery) (connector.Receipt, error) {
	detail, err := e.carry(ctx, conn, d)
	if err == nil {
		return connector.Receipt{Detail: detail}, nil
	}
	write := context.WithoutCancel(ctx)
	if serr := e.Commands.ConnectorFailed(write, d, failure(err), connector.IsPermanent(err)); serr != nil {
		e.Log.Error("the state of a connector cannot be written", "connector", d.Connector, "error", serr)
	}
	return connector.Receipt{}, err
}

func (e *Engine) carry(ctx context.Context, conn connector.Connector, d *muster.Delivery) (string, error) {
	if d.Kind == muster.DeliverCalendar {
		feed, ok := conn.(connector.CalendarFeed)
		if !ok {
			return "", connector.Permanent(fmt.Errorf("the connector %s reads no calendar", d.Connector))
		}
		return e.fetchCalendar(ctx, feed, d)
	}
	table, ok := conn.(connector.RosterTable)
	if !ok {
		return "", connector.Permanent(fmt.Errorf("the connector %s has no table for rosters", d.Connector))
	}
	// One round into a table at a time: two would undo each other's rows.
	turn, _ := e.tables.LoadOrStore(d.Connector, new(sync.Mutex))
	mu, _ := turn.(*sync.Mutex)
	mu.Lock()
	defer mu.Unlock()
	_, reads, err := command.RosterJob(d)
	if err != nil {
		return "", connector.Permanent(err)
	}
	if reads {
		return e.readTable(ctx, table, d)
	}
	return e.writeTable(ctx, table, d)
}

func (e *Engine) writeTable(ctx context.Context, table connector.RosterTable, d *muster.Delivery) (string, error) {
	doc := e.Commands.Live.Current().Catalog.Connectors[d.Connector]
	if doc == nil {
		return "", connector.Permanent(fmt.Errorf("there is no connector called %s any more", d.Connector))
	}
	extended := doc.Settings["form"] == "extended"
	var present []muster.RosterRow
	if !extended {
		var err error
		if present, err = table.ReadRoster(ctx); err != nil {
			return "", err
		}
	}
	rows, err := e.Commands.TableRows(ctx, d, extended, present)
	if err != nil {
		return "", err
	}
	if err := table.WriteRoster(ctx, rows); err != nil {
		return "", err
	}
	detail := fmt.Sprintf("%d rows written", len(rows))
	return detail, e.Commands.ConnectorWorked(context.WithoutCancel(ctx), d.Connector, detail)
}

func (e *Engine) readTable(ctx context.Context, table connector.RosterTable, d *muster.Delivery) (string, error) {
	rows, err := table.ReadRoster(ctx)
	if err != nil {
		return "", err
	}
	detail, err := e.Commands.ImportTable(context.WithoutCancel(ctx), d, rows)
	return detail, refusal(err)
}

func (e *Engine) fetchCalendar(ctx context.Context, feed connector.CalendarFeed, d *muster.Delivery) (string, error) {
	state, err := e.Commands.ConnectorState(ctx, d.Connector)
	if err != nil {
		return "", err
	}
	got, err := feed.Fetch(ctx, connector.FeedVersion{ETag: state.ETag, LastModified: state.LastModified})
	if err != nil {
		return "", err
	}
	f := feed.Feed()
	in := command.Calendar{
		Connector: d.Connector, Kind: muster.LeaveOwn, Person: muster.UserName(f.Person), Zone: f.Zone,
		ETag: got.Version.ETag, LastModified: got.Version.LastModified, Unchanged: got.Unchanged, Body: got.Body,
	}
	if f.Kind == connector.FeedHolidays {
		in.Kind = muster.LeaveHolidays
	}
	detail, err := e.Commands.KeepCalendar(context.WithoutCancel(ctx), in)
	return detail, refusal(err)
}

// refusal makes an error that the same rows would give again a permanent one.
func refusal(err error) error {
	if code := muster.CodeOf(err); code == "" || code == muster.ErrInternal || code == muster.ErrUnavailable {
		return err
	}
	return connector.Permanent(err)
}

// failure is an error in the words of people, with every place that is wrong.
func failure(err error) string {
	told, ok := errors.AsType[*muster.Error](err)
	if !ok {
		return firstLine(err.Error())
	}
	lines := []string{told.Message}
	for _, f := range told.Fields {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}
