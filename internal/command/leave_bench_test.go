package command_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

// timed is a store that remembers its longest command.
type timed struct {
	store.DB
	longest time.Duration
}

func (d *timed) Write(ctx context.Context, lane store.Lane, op string, fn func(store.Tx) error) error {
	return d.DB.Write(ctx, lane, op, func(tx store.Tx) error {
		began := time.Now()
		defer func() { d.longest = max(d.longest, time.Since(began)) }()
		return fn(tx)
	})
}

// BenchmarkLeaveCheck compares 300 rosters with 60 public holidays and tells everybody. It reports the longest
// transaction, because everybody else's waits for it.
func BenchmarkLeaveCheck(b *testing.B) {
	dir := b.TempDir()
	real, err := sqlstore.Open(b.Context(), "sqlite:"+filepath.Join(dir, "muster.db"), sqlstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer real.Close()
	box, err := seal.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	db := &timed{DB: real}
	c := newCommands(b, db, box, "bench")
	docs := "kind: team\nname: t\ntitle: T\n"
	for i := range 300 {
		docs += fmt.Sprintf("---\nkind: user\nname: u%d\ndisplay: U\nzone: Europe/Berlin\n", i)
		docs += fmt.Sprintf("---\nkind: roster\nname: r%d\ntitle: R\nteam: t\nrotations:\n  - {name: first, role: primary, zone: Europe/Berlin, every: 1, unit: day, handoff: \"09:00\", start: \"2025-01-01\", people: [u%d, u%d]}\n", i, i, (i+1)%300)
	}
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(explain(err))
		}
	}
	must(c.Batch(b.Context(), "Seed", muster.Actor{Name: "Test", Access: muster.AccessAdmin}, func(x *command.Batch) error {
		return x.Apply(command.ApplyDocuments{Documents: docs})
	}))
	for b.Loop() {
		b.StopTimer()
		var timer muster.TimerID
		must(real.Write(b.Context(), store.LanePeople, "prepare", func(tx store.Tx) error {
			var rows []muster.Leave
			for i := range 60 {
				from := tx.Now().Plus(time.Duration(i) * 16 * time.Hour)
				rows = append(rows, muster.Leave{ID: muster.NewID[muster.LeaveID](c.IDs, tx.Now().Time), Kind: muster.LeaveHolidays, Zone: "Europe/Berlin", From: from, Until: from.Plus(12 * time.Hour), Title: "Holiday", Source: "holidays"})
			}
			if err := tx.ReplaceLeave("holidays", rows); err != nil {
				return err
			}
			timer = muster.NewID[muster.TimerID](c.IDs, tx.Now().Time)
			if err := tx.DeleteTimersOf("leave"); err != nil {
				return err
			}
			return tx.InsertTimers([]muster.Timer{{ID: timer, Kind: muster.TimerLeaveCheck, Ref: "leave", DueAt: tx.Now()}})
		}))
		b.StartTimer()
		db.longest = 0
		must(c.FireTimer(b.Context(), timer))
	}
	b.ReportMetric(float64(db.longest.Microseconds())/1000, "ms/longest-transaction")
}
