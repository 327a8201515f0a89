package engine

import (
	"time"

	"github.com/muster-oncall/muster/internal/store"
)

// How long rows are kept that only explain the past.
const (
	keepDeliveries = 30 * 24 * time.Hour
	keepSignals    = 90 * 24 * time.Hour
	keepNotices    = 90 * 24 * time.Hour
	keepHandovers  = 2 * 366 * 24 * time.Hour
	keepRequests   = 366 * 24 * time.Hour // swaps and proposals that are closed
	keepReplayed   = 24 * time.Hour
	sweepEvery     = time.Hour
	sweepRows      = 500 // in one transaction, so that nobody waits for it
)

// janitorLoop removes old rows, a little at a time.
func (e *Engine) janitorLoop() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-tick.C:
			if err := e.sweep(); err != nil && e.ctx.Err() == nil {
				e.Log.Error("old rows cannot be removed", "error", err)
			}
		}
	}
}

func (e *Engine) sweep() error {
	for {
		more := false
		err := e.Store.Write(e.ctx, store.LaneIntake, "Sweep", func(tx store.Tx) error {
			n, err := tx.DeleteDeliveriesBefore(tx.Now().Plus(-keepDeliveries), sweepRows)
			if err != nil {
				return err
			}
			m, err := tx.DeleteSignalsBefore(tx.Now().Plus(-keepSignals), sweepRows)
			if err != nil {
				return err
			}
			k, err := tx.DeleteNoticesBefore(tx.Now().Plus(-keepNotices), sweepRows)
			if err != nil {
				return err
			}
			h, err := tx.DeleteHandoversBefore(tx.Now().Plus(-keepHandovers), sweepRows)
			if err != nil {
				return err
			}
			s, err := tx.DeleteSwapRequestsBefore(tx.Now().Plus(-keepRequests), sweepRows)
			if err != nil {
				return err
			}
			p, err := tx.DeleteProposalsBefore(tx.Now().Plus(-keepRequests), sweepRows)
			if err != nil {
				return err
			}
			more = s == sweepRows || p == sweepRows || n == sweepRows || m == sweepRows || k == sweepRows || h == sweepRows
			return tx.DeleteReplayedBefore(tx.Now().Plus(-keepReplayed))
		})
		if err != nil || !more {
			return err
		}
	}
}
