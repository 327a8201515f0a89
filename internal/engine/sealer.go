package engine

import (
	"context"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

const (
	sealAfter       = 250 * time.Millisecond // a commit: what comes meanwhile is sealed together
	sealNear        = 2 * time.Second        // so far back each look goes: few transactions take longer
	sealWide        = 5 * time.Second        // after a look, one goes back as far as any transaction can be late
	checkpointAfter = time.Minute            // the first row that the last checkpoint does not cover
	sealWhole       = time.Hour              // rows are looked for from the beginning: a clock that was set back hides some
)

// sealing is how far the ledger is sealed. A look asks of each row from where it begins whether it has its place. Four times
// a second, and with hundreds of rows a second, it must not begin minutes ago: that was more than a quarter of the work.
type sealing struct {
	newest muster.Instant // of the rows that have their place, as far as it is known here
	whole  time.Time      // the last look from the beginning
}

// since is where the next look begins. wide: as far back as any transaction can be late.
func (s *sealing) since(now time.Time, wide bool) muster.LedgerID {
	switch {
	case s.newest.IsZero() || now.Sub(s.whole) > sealWhole:
		s.whole = now
		return ""
	case wide:
		return command.SealSince(s.newest, command.SealLate)
	}
	return command.SealSince(s.newest, sealNear)
}

// sealLoop gives new rows of the ledger their place in the chain, and signs how far it is. It sleeps while nothing happens.
func (e *Engine) sealLoop() {
	var seal, mark, late <-chan time.Time
	var s sealing
	now := make(chan time.Time, 1)
	now <- time.Now() // what the last run left
	seal = now
	for {
		wide := false
		select {
		case <-e.ctx.Done():
			e.closeLedger(&s)
			return
		case <-e.ledger:
			if seal == nil {
				seal = time.After(sealAfter)
			}
			continue
		case <-seal:
			seal = nil
			if late == nil { // so the last look of all is wide
				late = time.After(sealWide)
			}
		case <-late:
			late, wide = nil, true
		case <-mark:
			mark = nil
			if _, err := e.Commands.MakeCheckpoint(e.ctx); err != nil {
				e.sealError(err)
				mark = time.After(time.Second)
			}
			continue
		}
		if err := e.sealAll(e.ctx, &s, wide); err != nil {
			e.sealError(err)
			seal = time.After(time.Second)
		}
		if mark == nil {
			mark = time.After(checkpointAfter)
		}
	}
}

func (e *Engine) sealAll(ctx context.Context, s *sealing, wide bool) error {
	since := s.since(time.Now(), wide)
	for {
		n, newest, err := e.Commands.Seal(ctx, since)
		if err != nil || n == 0 {
			return err
		}
		if newest.After(s.newest.Time) {
			s.newest = newest
		}
		if !newest.IsZero() && n < command.SealAtOnce { // that was all; whoever writes more says so
			return nil
		}
		if !newest.IsZero() && since < command.SealSince(newest, sealNear) { // it found the oldest first
			since = command.SealSince(newest, sealNear)
		}
	}
}

// closeLedger closes the books when the engine stops.
func (e *Engine) closeLedger(s *sealing) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), 2*time.Second)
	defer cancel()
	if err := e.sealAll(ctx, s, true); err != nil {
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
