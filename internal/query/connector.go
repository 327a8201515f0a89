package query

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// ListDeliveries asks for what was handed to a connector, newest first.
type ListDeliveries struct {
	Connector muster.ConnectorName `json:"connector" path:"connector" arg:"1" doc:"the connector"`
	Limit     int                  `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor    string               `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// Delivery is a row of the outbox as people see it: without what was sent.
type Delivery struct {
	ID        muster.DeliveryID    `json:"id"`
	Kind      muster.DeliveryKind  `json:"kind"`
	Connector muster.ConnectorName `json:"connector"`
	State     muster.DeliveryState `json:"state"`
	Page      muster.PageID        `json:"page,omitempty"`
	Alert     muster.AlertID       `json:"alert,omitempty"`
	Ref       string               `json:"ref,omitempty"`
	Attempts  int                  `json:"attempts"`
	CreatedAt muster.Instant       `json:"created_at"`
	DueAt     muster.Instant       `json:"due_at"`
	Person    muster.UserName      `json:"person,omitempty"` // of a page
	Name      string               `json:"name,omitempty"`
	Last      *muster.Attempt      `json:"last"` // of a page; null: it was not tried yet, or it is not a page
}

func (r *read) deliveries(in ListDeliveries) (out muster.Listing[Delivery], err error) {
	if r.cat.Connectors[in.Connector] == nil {
		return out, noDocument(r.cat, muster.KindConnectors, string(in.Connector))
	}
	p, err := pageOf[muster.DeliveryID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	rows, err := r.DeliveriesBy(in.Connector, p.list())
	if err != nil {
		return out, err
	}
	cut := muster.ListingOf(rows, p.limit, func(d *muster.Delivery) string { return string(d.ID) })
	out.Next, out.Items = cut.Next, make([]Delivery, 0, len(cut.Items))
	for _, d := range cut.Items {
		v, err := r.delivery(d)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

func (r *read) delivery(d *muster.Delivery) (Delivery, error) {
	v := Delivery{
		ID: d.ID, Kind: d.Kind, Connector: d.Connector, State: d.State, Page: d.Page, Alert: d.Alert, Ref: d.Ref,
		Attempts: d.Attempts, CreatedAt: d.CreatedAt, DueAt: d.DueAt,
	}
	if d.Page == "" {
		return v, nil
	}
	p, err := r.Page(d.Page)
	if err != nil {
		return v, err
	}
	v.Person, v.Name = p.Person, r.cat.DisplayName(p.Person)
	if n := len(p.Attempts); n > 0 {
		v.Last = &p.Attempts[n-1]
	}
	return v, nil
}

// ConnectorRow is a connector with what it did last.
type ConnectorRow struct {
	Connector *muster.Connector
	Revision  muster.Revision
	Last      *Delivery     // that was begun; nil: it was never used
	Tried     *muster.Tried // what its test came to; nil: it was never tried out
	Waiting   int           // of its newest deliveries
	MayTest   bool
}

// Connectors lists the connectors for the screen.
func (q *Queries) Connectors(ctx context.Context, who Viewer) ([]ConnectorRow, error) {
	return ask(ctx, q, who, func(r *read) (out []ConnectorRow, err error) {
		for _, d := range r.cat.Documents(muster.KindConnectors) {
			c, ok := d.(*muster.Connector)
			if !ok {
				continue
			}
			row := ConnectorRow{Connector: c, Revision: r.withRevision(c).Revision, MayTest: r.who.Actor.Owns(c.Team)}
			if row.Tried, err = tried(r, muster.TriedKey(c.Name)); err != nil {
				return nil, err
			}
			newest, err := r.DeliveriesBy(c.Name, store.List{Limit: defaultLimit})
			if err != nil {
				return nil, err
			}
			for _, dl := range newest {
				if dl.State == muster.DeliveryPlanned || dl.State == muster.DeliveryStarted {
					row.Waiting++
				}
				if row.Last == nil && dl.Attempts > 0 && dl.State != muster.DeliveryCancelled {
					v, err := r.delivery(dl)
					if err != nil {
						return nil, err
					}
					row.Last = &v
				}
			}
			out = append(out, row)
		}
		return out, nil
	})
}

// tried reads what a test came to; nil: nothing was tried.
func tried(r store.MetaReader, key string) (*muster.Tried, error) {
	v, err := r.Meta(key)
	if err != nil || v == "" {
		return nil, err
	}
	out := &muster.Tried{}
	if err := json.Unmarshal([]byte(v), out); err != nil {
		return nil, fmt.Errorf("query: what the test %s came to cannot be read: %w", key, err)
	}
	return out, nil
}
