package engine

import (
	"context"
	"time"

	"github.com/muster-oncall/muster"
)

const (
	sealAfter       = 250 * time.Millisecond // a commit: what comes meanwhile is sealed together
	checkpointAfter = time.Minute            // the first row that the last checkpoint does not cover
	sealWhole       = time.Hour              // rows are looked for from the beginning: a clock that was set back hides some
)

// sealLoop gives new rows of the ledger their place in the chain, and signs how far it is. It sleeps while nothing happens.
func (e *Engine) sealLoop() {
	var seal, mark <-chan time.Time
	since, whole := muster.LedgerID(""), time.Now()
	now := make(chan time.Time, 1)
	now <- time.Now() // what the last run left
	seal = now
	for {
		select {
		case <-e.ctx.Done():
			e.closeLedger(since)
			return
		case <-e.ledger:
			if seal == nil {
				seal = time.After(sealAfter)
			}
		case <-seal:
			seal = nil
			if time.Since(whole) > sealWhole {
				since, whole = "", time.Now()
			}
			if err := e.sealAll(e.ctx, &since); err != nil {
				e.sealError(err)
				seal = time.After(time.Second)
			}
			if mark == nil {
				mark = time.After(checkpointAfter)
			}
		case <-mark:
			mark = nil
			if _, err := e.Commands.MakeCheckpoint(e.ctx); err != nil {
				e.sealError(err)
				mark = time.After(time.Second)
			}
		}
	}
}

func (e *Engine) sealAll(ctx context.Context, since *muster.LedgerID) error {
	for {
		n, next, err := e.Commands.Seal(ctx, *since)
		if err != nil || n == 0 {
			return err
		}
		*since = next
	}
}

// closeLedger closes the books when the engine stops.
func (e *Engine) closeLedger(since muster.LedgerID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), 2*time.Second)
	defer cancel()
	if err := e.sealAll(ctx, &since); err != nil {
		e.Log.Warn("the end of the ledger is sealed at the next start", "error", err)
		return
	}
	if _, err := e.Commands.MakeCheckpoint(ctx); err != nil {
		e.Log.Warn("the last checkpoint is made at the next start", "error", err)
	}
}

func (e *Engine) sealError(err error) {
	if e.ctx.Err() == nil {
		e.Log.Error("the ledger cannot be sealed", "error", err)
	}
}
