package command

import (
	"context"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// A roster has two timers of its own: one for the next reminder of a shift, one for the next moment at which it may change
// hands. Each sets itself anew when it is due, and both are set anew when the roster is written.

// followRoster does what a change of a roster means for reminders and hand-overs: what was due until now is done by the
// roster as it was, who takes over by the change itself takes over now, and the timers follow the new one.
func (c *Call) followRoster(ch docChange) error {
	ref := muster.DocRef(muster.KindRosters, ch.name)
	was := c.Snap.Catalog.Rosters[muster.RosterName(ch.name)]
	next, _ := ch.doc.(*muster.Roster)
	var before, after *rota.Schedule
	if was != nil {
		before = c.scheduleOf(was)
	}
	if next != nil {
		after = c.scheduleOf(next)
	}
	timers, err := c.TimersOf(ref)
	if err != nil {
		return err
	}
	for _, t := range timers {
		switch {
		case t.DueAt.After(c.Now().Time):
		case t.Kind == muster.TimerHandover && before != nil:
			err = c.handOver(before, t.DueAt)
		case t.Kind == muster.TimerShiftRemind && after != nil:
			err = c.reminders(after, t.DueAt)
		}
		if err != nil {
			return err
		}
	}
	if before != nil && after != nil {
		if err := c.handOverBy(before, after); err != nil {
			return err
		}
	}
	if err := c.DeleteTimersOf(ref, muster.TimerShiftRemind, muster.TimerHandover); err != nil || after == nil {
		return err
	}
	return c.armRoster(ref, after)
}

// armRoster sets the timers of a roster that has none.
func (c *Call) armRoster(ref string, s *rota.Schedule) error {
	timers := []muster.Timer{{ID: id[muster.TimerID](c), Kind: muster.TimerShiftRemind, Ref: ref, DueAt: nextReminder(s, c.Now())}}
	if next := s.NextChange(c.Now()); !next.IsZero() {
		timers = append(timers, muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerHandover, Ref: ref, DueAt: next})
	}
	c.emitTimers(timers)
	return c.InsertTimers(timers)
}

// ArmRosters sets the timers of all rosters by the zone data of this node: of those that have none, as after an update of
// Muster, and of those whose timers other zone data moved. What is due stays due.
func (c *Commands) ArmRosters(ctx context.Context) error {
	var names []string
	for _, d := range c.Live.Current().Catalog.Documents(muster.KindRosters) {
		names = append(names, d.DocName())
	}
	for some := range slices.Chunk(names, armAtOnce) {
		err := c.do(ctx, "ArmRosters", muster.Engine(), func(call *Call) error {
			for _, name := range some {
				if err := call.armAgain(name); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// armAtOnce is how many rosters get their timers in one transaction, so that nobody waits for it.
const armAtOnce = 20

func (c *Call) armAgain(name string) error {
	ref := muster.DocRef(muster.KindRosters, name)
	s := c.Snap.Schedule(muster.RosterName(name))
	timers, err := c.TimersOf(ref)
	if err != nil || s == nil {
		return err
	}
	for _, t := range timers {
		if (t.Kind == muster.TimerShiftRemind || t.Kind == muster.TimerHandover) && !t.DueAt.After(c.Now().Time) {
			return nil // it fires, and sets itself anew
		}
	}
	if err := c.DeleteTimersOf(ref, muster.TimerShiftRemind, muster.TimerHandover); err != nil {
		return err
	}
	return c.armRoster(ref, s)
}

// ofRoster is the schedule that a timer is about, nil when the roster is gone.
func (c *Call) ofRoster(t *muster.Timer) *rota.Schedule {
	_, name, _ := muster.SplitDocRef(t.Ref)
	return c.Snap.Schedule(muster.RosterName(name))
}

func (c *Call) fireShiftRemind(t *muster.Timer) error {
	s := c.ofRoster(t)
	if s == nil {
		return nil
	}
	if err := c.reminders(s, t.DueAt); err != nil {
		return err
	}
	return c.rearm(t, nextReminder(s, c.Now()))
}

func (c *Call) fireHandover(t *muster.Timer) error {
	s := c.ofRoster(t)
	if s == nil {
		return nil
	}
	if err := c.handOver(s, t.DueAt); err != nil {
		return err
	}
	return c.rearm(t, s.NextChange(c.Now()))
}

// rearm sets a timer that has fired anew; a zero instant is never. There is one of its kind, also when the roster was written
// on another node at the same time.
func (c *Call) rearm(t *muster.Timer, due muster.Instant) error {
	if err := c.DeleteTimersOf(t.Ref, t.Kind); err != nil || due.IsZero() {
		return err
	}
	timers := []muster.Timer{{ID: id[muster.TimerID](c), Kind: t.Kind, Ref: t.Ref, DueAt: due}}
	c.emitTimers(timers)
	return c.InsertTimers(timers)
}
