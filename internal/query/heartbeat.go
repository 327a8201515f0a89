package query

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-oncall/muster"
)

// ListHeartbeats asks for the heartbeats of other systems.
type ListHeartbeats struct {
	Source  muster.SourceName      `json:"source,omitempty" query:"source" arg:"1" doc:"only those of this source"`
	Service muster.ServiceName     `json:"service,omitempty" query:"service" doc:"only those about this service"`
	Status  muster.HeartbeatStatus `json:"status,omitempty" query:"status" doc:"waiting, ok, late or failed"`
}

// HeartbeatRow is a heartbeat and what is known of it.
type HeartbeatRow struct {
	Source   muster.SourceName      `json:"source"`
	Name     string                 `json:"name"`
	Status   muster.HeartbeatStatus `json:"status"`
	LastSeen muster.Instant         `json:"last_seen,omitzero"`
	DueAt    muster.Instant         `json:"due_at,omitzero"` // when it is late, or when it is told again that it is
	Since    muster.Instant         `json:"since,omitzero"`  // of the status
	Every    muster.Duration        `json:"every"`
	Grace    muster.Duration        `json:"grace"`
	Service  muster.ServiceName     `json:"service,omitempty"`
	Title    string                 `json:"title,omitempty"`
}

func (r *read) heartbeats(in ListHeartbeats) (out muster.Listing[HeartbeatRow], err error) {
	out.Items = []HeartbeatRow{}
	if in.Source != "" && r.cat.Sources[in.Source] == nil {
		return out, noDocument(r.cat, muster.KindSources, string(in.Source))
	}
	known, err := r.Pulses(in.Source)
	if err != nil {
		return out, err
	}
	for _, d := range r.cat.Documents(muster.KindSources) {
		src, ok := d.(*muster.Source)
		if !ok || in.Source != "" && src.Name != in.Source {
			continue
		}
		for i := range src.Heartbeats {
			row := heartbeatRow(src, &src.Heartbeats[i], known)
			if (in.Service == "" || row.Service == in.Service) && (in.Status == "" || row.Status == in.Status) {
				out.Items = append(out.Items, row)
			}
		}
	}
	slices.SortFunc(out.Items, func(a, b HeartbeatRow) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

func heartbeatRow(src *muster.Source, h *muster.Heartbeat, known []muster.Pulse) HeartbeatRow {
	row := HeartbeatRow{
		Source: src.Name, Name: h.Name, Status: muster.HeartbeatWaiting, Every: h.Every, Grace: muster.Duration(h.Patience()),
		Service: cmp.Or(h.Service, src.Service), Title: h.Title,
	}
	for _, p := range known {
		if p.Source == src.Name && p.Name == h.Name {
			row.Status, row.LastSeen, row.DueAt, row.Since = p.Status, p.LastSeen, p.DueAt, p.Since
		}
	}
	return row
}

// Heartbeats lists the heartbeats for a screen.
func (q *Queries) Heartbeats(ctx context.Context, who Viewer, in ListHeartbeats) ([]HeartbeatRow, error) {
	return ask(ctx, q, who, func(r *read) ([]HeartbeatRow, error) {
		l, err := r.heartbeats(in)
		return l.Items, err
	})
}
