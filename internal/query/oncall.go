package query

import (
	"context"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
)

// AskOnCall asks who is on call.
type AskOnCall struct {
	At      muster.Instant     `json:"at,omitzero" query:"at" doc:"at this moment: 2026-12-25T03:00:00+01:00; now when empty"`
	Service muster.ServiceName `json:"service,omitempty" query:"service" arg:"1" doc:"for this service"`
	Roster  muster.RosterName  `json:"roster,omitempty" query:"roster" doc:"of this roster"`
}

// OnCall says who holds each role of each roster at a moment. Nobody is a stated gap.
type OnCall struct {
	At       muster.Instant  `json:"at"`
	Revision muster.Revision `json:"revision"` // of the catalog that answered
	Items    []plan.Row      `json:"items"`
}

// OnCall answers who is on call. The past is answered with the catalog as it was then.
func (q *Queries) OnCall(ctx context.Context, a muster.Actor, in AskOnCall) (OnCall, error) {
	var rev muster.Revision
	out, err := do(ctx, q, a, in, func(r *read, in AskOnCall) (out OnCall, err error) {
		if out.At = in.At; out.At.IsZero() {
			out.At = r.Now()
		}
		rev, err = r.revisionAt(in.At)
		return out, err
	})
	if err != nil {
		return out, err
	}
	snap, err := q.Live.At(ctx, rev)
	if err != nil {
		return out, err
	}
	switch {
	case in.Service != "" && snap.Catalog.Services[in.Service] == nil:
		return out, muster.Errorf(muster.ErrNotFound, "There is no service called %q%s.", muster.Clip(string(in.Service), 70), didYouMean(snap.Catalog, muster.KindServices, string(in.Service)))
	case in.Roster != "" && snap.Catalog.Rosters[in.Roster] == nil:
		return out, muster.Errorf(muster.ErrNotFound, "There is no roster called %q%s.", muster.Clip(string(in.Roster), 70), didYouMean(snap.Catalog, muster.KindRosters, string(in.Roster)))
	}
	out.Revision = snap.Catalog.Revision
	out.Items = plan.OnCall(snap, out.At, plan.OnCallFilter{Service: in.Service, Roster: in.Roster})
	return out, nil
}

// RosterNow is who is on call for one roster now, and who follows as primary.
type RosterNow struct {
	Name  muster.RosterName
	Title string
	Rows  []plan.Row
	Next  []plan.Person
	Zone  *time.Location // of its first rotation
}

// OnCallNow says who is on call now, of every roster. Of public ones alone it gives names and times only, for those who
// have not signed in.
func (q *Queries) OnCallNow(ctx context.Context, who Viewer, public bool) ([]RosterNow, error) {
	return ask(ctx, q, who, func(r *read) (out []RosterNow, err error) {
		for _, ros := range r.rosters() {
			if public && !ros.Public {
				continue
			}
			n := RosterNow{Name: ros.Name, Title: r.rosterTitle(ros.Name), Rows: plan.OnCall(r.snap, r.Now(), plan.OnCallFilter{Roster: ros.Name})}
			if len(n.Rows) > 0 && !n.Rows[0].Until.IsZero() {
				n.Next = r.people(r.snap.Schedule(ros.Name).People(n.Rows[0].Role, n.Rows[0].Until))
			}
			if len(ros.Rotations) > 0 {
				if z, err := r.snap.Zones.Load(ros.Rotations[0].Zone); err == nil {
					n.Zone = z
				}
			}
			if public {
				n = onlyNames(n)
			}
			out = append(out, n)
		}
		return out, nil
	})
}

// onlyNames leaves out all that strangers need not know.
func onlyNames(n RosterNow) RosterNow {
	bare := RosterNow{Title: n.Title, Zone: n.Zone}
	for _, row := range n.Rows {
		x := plan.Row{Role: row.Role, Until: row.Until}
		for _, p := range row.People {
			x.People = append(x.People, plan.Person{Name: p.Name})
		}
		bare.Rows = append(bare.Rows, x)
	}
	for _, p := range n.Next {
		bare.Next = append(bare.Next, plan.Person{Name: p.Name})
	}
	return bare
}
