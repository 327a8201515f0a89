package query_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

// history writes n alerts, evenly over the time before now, each with the signal that opened it.
func history(tb testing.TB, db store.DB, n int, back time.Duration) {
	tb.Helper()
	ids := muster.NewIDs(rand.Reader)
	for from := 0; from < n; from += 1000 {
		err := db.Write(tb.Context(), store.LanePeople, "history", func(tx store.Tx) error {
			var alerts []*muster.Alert
			var rows []muster.RawSignal
			for i := from; i < min(from+1000, n); i++ {
				at := tx.Now().Plus(-back / time.Duration(n) * time.Duration(i+1))
				sig := muster.Signal{
					Source: "monitor", Title: fmt.Sprintf("Alert %d", i), State: muster.SignalFiring, Severity: muster.SeverityCritical,
					Labels: map[string]string{"host": fmt.Sprint(i % 500), "region": "west"},
				}
				a := &muster.Alert{ID: muster.NewID[muster.AlertID](ids, at.Time), Status: muster.AlertResolved, Source: "monitor", Title: sig.Title, ReceivedAt: at}
				alerts = append(alerts, a)
				rows = append(rows, muster.RawSignal{ID: muster.NewID[muster.SignalID](ids, at.Time), Alert: a.ID, Outcome: muster.OutcomeOpened, ReceivedAt: at, Signal: sig})
			}
			if err := tx.InsertAlerts(alerts); err != nil {
				return err
			}
			return tx.InsertSignals(rows)
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

const turned = `
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: days, role: primary, zone: UTC, every: 1, unit: day, handoff: "12:00", start: "1999-01-01", people: [tom, noor, ana]}
`

// The whole past is played, part by part, each alert once: with its signal, and beyond what is kept of those with its alert.
func TestPlanChangeGoesThroughThePast(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		history(t, w.db, 25_000, 100*24*time.Hour)
		in := query.PlanChange{Documents: turned, DaysBack: 365}
		var replayed, parts int
		for {
			out := asks[query.PlannedChange](w, vic(), "PlanChange", in)
			if out.Of != 25_000 || (out.Consequences == nil) != (in.Cursor != "") || len(out.OtherPeople) > 50 || out.Others+out.Same+out.Lost != out.Alerts {
				t.Fatalf("%d of %d, %d listed", out.Alerts, out.Of, len(out.OtherPeople))
			}
			replayed += out.Alerts
			parts++
			if out.Next == nil {
				break
			}
			in.Cursor = *out.Next
		}
		if replayed != 25_000 || parts != 2 {
			t.Errorf("%d alerts in %d parts", replayed, parts)
		}
		for _, bad := range []query.PlanChange{
			{},
			{Documents: turned, DaysBack: 366},
			{Documents: turned, DaysAhead: -1},
			{Documents: turned, Cursor: "x"},
			{Documents: "kind: rostr"},
			{Remove: []string{"rosters/storefront"}},
			{Remove: []string{"routes/default"}},
			{Remove: []string{"x"}},
		} {
			if _, err := query.Run[query.PlanChange, query.PlannedChange](t.Context(), w.q, "PlanChange", vic(), bad); muster.CodeOf(err) != muster.ErrInvalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

// 100,000 past alerts through a draft, from the rows of the store to the answer: at most 5 s.
func BenchmarkPlanChange100k(b *testing.B) {
	db, err := sqlstore.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "muster.db"), sqlstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	live := catalog.NewLive(func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error) {
		return command.CatalogAt(ctx, db, rev)
	})
	c := command.New(command.Deps{Store: db, IDs: muster.NewIDs(rand.Reader), Live: live, Node: "one", CheckConnector: func(*muster.Connector) []muster.FieldError { return nil }})
	if err := c.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, err := command.Run[command.ApplyDocuments, *command.Applied](b.Context(), c, "ApplyDocuments", admin(), command.ApplyDocuments{Documents: documents}); err != nil {
		b.Fatal(err)
	}
	q := query.New(query.Deps{Store: db, Live: live})
	history(b, db, 100_000, 85*24*time.Hour)
	for b.Loop() {
		in, n := query.PlanChange{Documents: turned}, 0
		for {
			out, err := q.PlanChange(b.Context(), admin(), in)
			if err != nil {
				b.Fatal(err)
			}
			if n += out.Alerts; out.Next == nil {
				break
			}
			in.Cursor = *out.Next
		}
		if n != 100_000 {
			b.Fatal(n)
		}
	}
}
