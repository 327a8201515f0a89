package sqlstore_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

// BenchmarkFsync is the limit that the disk sets to commits that are not grouped: read the others beside it.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
}

// databases runs a benchmark on both.
func databases(b *testing.B, run func(b *testing.B, db *sqlstore.DB)) {
	b.Run("sqlite", func(b *testing.B) { run(b, open(b, filepath.Join(b.TempDir(), "muster.db"), nil)) })
	b.Run("postgres", func(b *testing.B) { run(b, open(b, storetest.Postgres(b), nil)) })
}

// cpu is the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// clients shares b.N rows out to n clients in sets of size, and reports rows per second and processor time per row.
func clients(b *testing.B, n, size int, do func(rows int) error) {
	b.Helper()
	left := atomic.Int64{}
	left.Store(int64(b.N))
	b.ResetTimer()
	begin := cpu(b)
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for left.Add(-int64(size)) > -int64(size) {
				if err := do(size); err != nil {
					b.Errorf("%v: %v", err, muster.MessageOf(err))
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64((cpu(b)-begin).Nanoseconds())/1000/float64(b.N), "cpu-µs/row")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCommit is the smallest command: one value.
func BenchmarkCommit(b *testing.B) {
	var turn atomic.Int64
	databases(b, func(b *testing.B, db *sqlstore.DB) {
		for _, n := range []int{1, 64, 256} {
			b.Run(fmt.Sprint(n, "-clients"), func(b *testing.B) {
				clients(b, n, 1, func(int) error {
					value := fmt.Sprint(turn.Add(1)) // SQLite does not write what is there already
					return db.Write(b.Context(), store.LanePeople, "bench", func(tx store.Tx) error { return tx.SetMeta("key", value) })
				})
			})
		}
	})
}

// BenchmarkNewAlerts is intake at its worst: every signal is a new alert that pages somebody. Each is a signal, an alert, an
// entry, an escalation, a page, a delivery and a timer, and then the delivery is started and done: two more commands for
// sets of pages and deliveries.
func BenchmarkNewAlerts(b *testing.B) {
	databases(b, func(b *testing.B, db *sqlstore.DB) {
		ids := muster.NewIDs(rand.Reader)
		for _, c := range []struct{ clients, set int }{{64, 1}, {16, 16}} {
			b.Run(fmt.Sprintf("%d-clients-sets-of-%d", c.clients, c.set), func(b *testing.B) {
				clients(b, c.clients, c.set, func(rows int) error {
					var pages []*muster.Page
					var deliveries []*muster.Delivery
					if err := db.Write(b.Context(), store.LaneIntake, "receive", func(tx store.Tx) (err error) {
						pages, deliveries, err = receive(tx, ids, rows)
						return err
					}); err != nil {
						return err
					}
					for _, state := range []muster.DeliveryState{muster.DeliveryStarted, muster.DeliveryDone} {
						if err := db.Write(b.Context(), store.LanePeople, "deliver", func(tx store.Tx) error {
							for i := range pages {
								pages[i].State, deliveries[i].State = muster.PageStarted, state
							}
							if err := tx.UpdatePages(pages); err != nil {
								return err
							}
							_, err := tx.UpdateDeliveries(deliveries)
							return err
						}); err != nil {
							return err
						}
					}
					return nil
				})
			})
		}
	})
}

// receive writes what a set of new conditions leads to.
func receive(tx store.Tx, ids *muster.IDs, n int) ([]*muster.Page, []*muster.Delivery, error) {
	now := tx.Now()
	var (
		keys        []store.AlertKey
		signals     []muster.RawSignal
		alerts      []*muster.Alert
		entries     []*muster.Entry
		escalations []*muster.Escalation
		pages       []*muster.Page
		deliveries  []*muster.Delivery
		timers      []muster.Timer
	)
	labels := map[string]string{"alertname": "HighErrorRate", "namespace": "storefront", "pod": "checkout-6f7d8c9b5-x2x7k", "severity": "critical", "region": "westeurope"}
	reasons := []muster.Reason{
		{Kind: muster.ReasonRoute, Ref: "routes/storefront", Revision: 12, Text: "route storefront: service is storefront", Facts: map[string]string{"rule": "labels.namespace == 'storefront'"}},
		{Kind: muster.ReasonRoster, Ref: "rosters/storefront", Revision: 12, Text: "Ana Rossi is primary on storefront until Monday 09:00"},
	}
	for range n {
		fingerprint := muster.Fingerprint(ids.Token(16))
		keys = append(keys, store.AlertKey{Source: "azure", Fingerprint: fingerprint})
		signal := muster.RawSignal{
			ID: muster.NewID[muster.SignalID](ids, now.Time), Source: "azure", Format: "azure-monitor", Outcome: muster.OutcomeOpened, ReceivedAt: now,
			Signal: muster.Signal{Source: "azure", State: muster.SignalFiring, Title: "Checkout answers slowly", Severity: muster.SeverityCritical, Impact: "unknown", Action: "unknown", Service: "storefront", Labels: labels, DetectedAt: now},
			Raw:    []byte(strings.Repeat(`{"labels":{"alertname":"HighErrorRate"}},`, 15)),
		}
		alert := &muster.Alert{
			ID: muster.NewID[muster.AlertID](ids, now.Time), Status: muster.AlertOpen, Title: signal.Signal.Title, Severity: muster.SeverityCritical, Urgency: muster.UrgencyHigh,
			Impact: "unknown", Action: "unknown", Source: "azure", Service: "storefront", Policy: "storefront", Route: "storefront", Fingerprint: fingerprint, Labels: labels,
			DetectedAt: now, ReceivedAt: now, LastSignalAt: now, Signals: 1, NextWakeAt: now.Plus(5 * time.Minute), Revision: 12, Reasons: reasons,
		}
		signal.Alert = alert.ID
		escalation := &muster.Escalation{
			ID: muster.NewID[muster.EscalationID](ids, now.Time), Alert: alert.ID, Status: muster.EscalationRunning, Step: 1, Round: 1, StepAt: now, Generation: 1, Urgency: muster.UrgencyHigh,
			Policy: muster.Policy{Name: "storefront", Title: "Storefront", Team: "storefront", Steps: []muster.Step{
				{Targets: []muster.Target{{Roster: "storefront", Role: muster.PrimaryResponder}}, Wait: muster.Duration(5 * time.Minute)},
				{Targets: []muster.Target{{Roster: "storefront", Role: muster.SecondaryResponder}}, Wait: muster.Duration(5 * time.Minute)},
			}},
			Taken: []muster.StepTaken{{Step: 1, Round: 1, At: now, Revision: 12, Contacts: map[muster.UserName][]muster.ContactFact{"ana": {{ID: "con_1", Method: "phone", Connector: "demo", Verified: true}}}}},
		}
		page := &muster.Page{
			ID: muster.NewID[muster.PageID](ids, now.Time), Alert: alert.ID, Escalation: escalation.ID, Person: "ana", Method: "phone", Connector: "demo", Contact: "con_1",
			Step: 1, Round: 1, State: muster.PagePlanned, PlannedAt: now, DueAt: now, Why: reasons, Revision: 12,
		}
		signals, alerts, escalations, pages = append(signals, signal), append(alerts, alert), append(escalations, escalation), append(pages, page)
		entries = append(entries, &muster.Entry{ID: muster.NewID[muster.EntryID](ids, now.Time), Alert: alert.ID, Kind: muster.EntryAlert, Text: "Opened by Azure Monitor", By: muster.By{Name: "Azure Monitor", Machine: true}, At: now, Recorded: now})
		deliveries = append(deliveries, &muster.Delivery{
			ID: muster.NewID[muster.DeliveryID](ids, now.Time), Kind: muster.DeliverPage, Connector: "demo", Page: page.ID, Alert: alert.ID, State: muster.DeliveryPlanned, DueAt: now,
			LeaseNode: "node", LeaseUntil: now.Plus(30 * time.Second), Epoch: 1, CreatedAt: now, Payload: []byte(`{"person":"ana","method":"phone"}`),
		})
		timers = append(timers, muster.Timer{ID: muster.NewID[muster.TimerID](ids, now.Time), Kind: muster.TimerEscalate, Ref: string(escalation.ID), DueAt: now.Plus(5 * time.Minute), Generation: 1})
	}
	if _, err := tx.OpenAlerts(keys); err != nil {
		return nil, nil, err
	}
	for _, write := range []func() error{
		func() error { return tx.InsertAlerts(alerts) },
		func() error { return tx.InsertSignals(signals) },
		func() error { return tx.AppendEntries(entries) },
		func() error { return tx.InsertEscalations(escalations) },
		func() error { return tx.InsertPages(pages) },
		func() error { return tx.InsertDeliveries(deliveries) },
		func() error { return tx.InsertTimers(timers) },
	} {
		if err := write(); err != nil {
			return nil, nil, err
		}
	}
	return pages, deliveries, nil
}

// BenchmarkAppended is the storm of what is known already: every signal is counted on an open alert, one of 1,000.
func BenchmarkAppended(b *testing.B) {
	databases(b, func(b *testing.B, db *sqlstore.DB) {
		ids := muster.NewIDs(rand.Reader)
		if err := db.Write(b.Context(), store.LaneIntake, "receive", func(tx store.Tx) error {
			_, _, err := receive(tx, ids, 1000)
			return err
		}); err != nil {
			b.Fatal(err)
		}
		var keys []store.AlertKey
		if err := db.Read(b.Context(), func(r store.Reader) error {
			list, err := r.Alerts(store.AlertFilter{})
			for _, a := range list {
				keys = append(keys, store.AlertKey{Source: a.Source, Fingerprint: a.Fingerprint})
			}
			return err
		}); err != nil {
			b.Fatal(err)
		}
		var turn atomic.Int64
		for _, c := range []struct{ clients, set int }{{64, 1}, {8, 32}} {
			b.Run(fmt.Sprintf("%d-clients-sets-of-%d", c.clients, c.set), func(b *testing.B) {
				clients(b, c.clients, c.set, func(rows int) error {
					at := int(turn.Add(int64(rows)))
					return db.Write(b.Context(), store.LaneIntake, "append", func(tx store.Tx) error {
						want := make([]store.AlertKey, rows)
						for i := range want {
							want[i] = keys[(at+i)%len(keys)]
						}
						open, err := tx.OpenAlerts(want)
						if err != nil {
							return err
						}
						signals := make([]muster.RawSignal, 0, rows)
						for _, k := range want {
							signals = append(signals, muster.RawSignal{
								ID: muster.NewID[muster.SignalID](ids, tx.Now().Time), Source: k.Source, Alert: open[k], Outcome: muster.OutcomeAppended, ReceivedAt: tx.Now(),
								Signal: muster.Signal{Source: k.Source, State: muster.SignalFiring, Title: "High Number of Failures", Labels: map[string]string{"region": "westeurope"}, DetectedAt: tx.Now()}, Raw: []byte(strings.Repeat("x", 600)),
							})
						}
						return tx.InsertSignals(signals)
					})
				})
			})
		}
	})
}
