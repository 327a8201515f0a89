package command

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// MetaConnector begins the key under which the state of a connector is kept; its name follows.
const MetaConnector = "connector/"

// readState reads the state of a connector; what was never tried has the zero state.
func readState(r store.MetaReader, name muster.ConnectorName) (s muster.ConnectorState, err error) {
	v, err := r.Meta(MetaConnector + string(name))
	if err != nil || v == "" {
		return s, err
	}
	if err := json.Unmarshal([]byte(v), &s); err != nil {
		return s, fmt.Errorf("command: the state of the connector %s cannot be read: %w", name, err)
	}
	return s, nil
}

func (c *Call) setState(name muster.ConnectorName, change func(*muster.ConnectorState)) error {
	s, err := readState(c, name)
	if err != nil {
		return err
	}
	s.TriedAt = c.Now()
	change(&s)
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	c.Emit(store.Event{Topic: "now", Parts: []string{"catalog"}})
	return c.SetMeta(MetaConnector+string(name), string(b))
}

func worked(detail string, s *muster.ConnectorState) {
	s.DoneAt, s.Error, s.Detail = s.TriedAt, "", detail
}

// ConnectorState gives the state of a connector.
func (c *Commands) ConnectorState(ctx context.Context, name muster.ConnectorName) (s muster.ConnectorState, err error) {
	err = c.Store.Read(ctx, func(r store.Reader) error {
		s, err = readState(r, name)
		return err
	})
	return s, err
}

// ConnectorWorked writes down what reading from a connector or writing a table by it came to.
func (c *Commands) ConnectorWorked(ctx context.Context, name muster.ConnectorName, detail string) error {
	return c.do(ctx, "ConnectorWorked", muster.Engine(), func(call *Call) error {
		return call.setState(name, func(s *muster.ConnectorState) { worked(detail, s) })
	})
}

// ConnectorFailed writes down why reading from a connector or writing a table by it failed. What was read before stays.
// Final says that it is not tried again; then whoever asked for an import is told.
func (c *Commands) ConnectorFailed(ctx context.Context, d *muster.Delivery, detail string, final bool) error {
	return c.do(ctx, "ConnectorFailed", muster.Engine(), func(call *Call) error {
		if err := call.setState(d.Connector, func(s *muster.ConnectorState) { s.Error = muster.CleanLine(detail, 1000) }); err != nil {
			return err
		}
		if d.Kind != muster.DeliverRoster || !final && d.Attempts < maxAttempts {
			return nil
		}
		job, err := jobOf(d)
		if err != nil || job.By == "" {
			return err
		}
		what := "written to"
		if job.Import {
			what = "read from"
		}
		return call.notify(muster.Notice{
			Person: job.By, Kind: muster.NoticeShiftChanged, Ref: muster.DocRef(muster.KindRosters, string(job.Roster)), URL: "/oncall/calendars",
			Title: fmt.Sprintf("%s could not be %s %s", call.rosterTitle(job.Roster), what, d.Connector), Text: detail, Key: "roster/" + string(d.ID) + "/failed",
		})
	})
}
