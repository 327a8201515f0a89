package sqlstore_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

// BenchmarkAuditor is what one look of the auditor costs with 100,000 open alerts that all have been paged: nothing is
// wrong, so nothing ends a search early.
func BenchmarkAuditor(b *testing.B) {
	databases(b, func(b *testing.B, db *sqlstore.DB) {
		ids := muster.NewIDs(rand.Reader)
		const sets, set = 200, 500
		for range sets {
			if err := db.Write(b.Context(), store.LaneIntake, "receive", func(tx store.Tx) error {
				pages, deliveries, err := receive(tx, ids, set)
				if err != nil {
					return err
				}
				timers := make([]muster.Timer, len(pages))
				for i, p := range pages {
					timers[i] = muster.Timer{ID: muster.NewID[muster.TimerID](ids, tx.Now().Time), Kind: muster.TimerEscalate, Ref: string(p.Alert), DueAt: tx.Now().Plus(time.Hour), Generation: 1}
					p.State, deliveries[i].State = muster.PageAccepted, muster.DeliveryDone
				}
				if err := tx.InsertTimers(timers); err != nil {
					return err
				}
				if err := tx.UpdatePages(pages); err != nil {
					return err
				}
				_, err = tx.UpdateDeliveries(deliveries)
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
		for name, ask := range map[string]func(r store.Reader) (int, error){
			"unwoken":    func(r store.Reader) (int, error) { list, err := r.Unwoken(5); return len(list), err },
			"lost-pages": func(r store.Reader) (int, error) { list, err := r.LostPages("", 5); return len(list), err },
			"overdue": func(r store.Reader) (int, error) {
				n, m, err := r.Overdue(r.Now().Plus(-time.Minute))
				return n + m, err
			},
		} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if err := db.Read(b.Context(), func(r store.Reader) error {
						n, err := ask(r)
						if err == nil && n > 0 {
							b.Fatalf("%d are wrong, where nothing is", n)
						}
						return err
					}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
