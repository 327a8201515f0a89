package command

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// FireTimer lets a timer happen: its effect and its removal commit together, so a crash leaves it as it was. A timer
// that is gone, held by another node or not due yet does nothing. What takes too long for one transaction keeps its timer
// until the last of several: see checkLeave.
func (c *Commands) FireTimer(ctx context.Context, t muster.TimerID) error {
	long := false
	err := c.do(ctx, "FireTimer", muster.Engine(), func(call *Call) error {
		long = false
		row, err := call.LockTimer(t)
		if err != nil || row == nil || row.DueAt.After(call.Now().Time) {
			return err
		}
		if long = row.Kind == muster.TimerLeaveCheck; long {
			return nil
		}
		if err := call.DeleteTimer(row.ID); err != nil {
			return err
		}
		return call.fire(row)
	})
	if err != nil || !long {
		return err
	}
	return c.checkLeave(ctx, t)
}

func (c *Call) fire(t *muster.Timer) error {
	switch t.Kind {
	case muster.TimerEscalate:
		return c.fireEscalate(t)
	case muster.TimerAckTimeout:
		return c.fireAckTimeout(t)
	case muster.TimerSilenceEnd:
		return c.fireSilenceEnd(t)
	case muster.TimerAlertEnds:
		return c.fireAlertEnds(t)
	case muster.TimerProof:
		return c.fireProof(t)
	case muster.TimerPromise:
		return c.firePromise(t)
	case muster.TimerReviewRemind:
		return c.fireReviewRemind(t)
	case muster.TimerSwapExpire:
		return c.fireSwapExpire(t)
	case muster.TimerPublish:
		return c.firePublish(t)
	case muster.TimerCalendar:
		return c.fireCalendar(t)
	case muster.TimerShiftRemind:
		return c.fireShiftRemind(t)
	case muster.TimerPageTest:
		return c.firePageTest(t)
	case muster.TimerHandover:
		return c.fireHandover(t)
	case muster.TimerSilenceRemind:
		return c.fireSilenceRemind(t)
	case muster.TimerDigest:
		return c.fireDigest(t)
	case muster.TimerHeartbeat:
		return c.fireHeartbeat(t)
	case muster.TimerProbe, muster.TimerLeaveCheck: // the one does nothing, the other is not fired here
		return nil
	}
	return fmt.Errorf("command: a timer of the unknown kind %q", t.Kind)
}

// DelayTimer puts a timer that failed off, so that one that cannot be carried out does not hold up the others.
func (c *Commands) DelayTimer(ctx context.Context, t muster.TimerID, by time.Duration) error {
	return c.Store.Write(ctx, store.LanePeople, "DelayTimer", func(tx store.Tx) error {
		return tx.MoveTimer(t, tx.Now().Plus(by))
	})
}

func (c *Call) fireAckTimeout(t *muster.Timer) error {
	a, err := c.Alert(muster.AlertID(t.Ref))
	if err != nil {
		return err
	}
	e, err := c.EscalationOf(a.ID)
	if err != nil || e == nil || e.Generation != t.Generation || a.Status != muster.AlertAcknowledged {
		return err
	}
	who := "the acknowledgement"
	if a.AcknowledgedBy != nil {
		who = a.AcknowledgedBy.Name + "'s acknowledgement"
	}
	if z := a.Snooze; z != nil {
		because := z.By.Name + " had snoozed it until " + z.Until.UTC().Format("15:04 UTC")
		return c.reopenPaging(a, because+": Muster pages again", because)
	}
	return c.reopenPaging(a, fmt.Sprintf("%s ran out after %s: Muster pages again", who, e.Policy.AckTimeout), who+" ran out")
}

func (c *Call) fireAlertEnds(t *muster.Timer) error {
	a, err := c.Alert(muster.AlertID(t.Ref))
	if err != nil || a.Status == muster.AlertResolved {
		return err
	}
	return c.resolveAlert(a, "The end that the source had given passed: Muster resolved the alert")
}
