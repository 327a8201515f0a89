package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// leaveSet is how many people are told in one transaction, so that it stays short.
const leaveSet = 16

// checkLeave compares the shifts of the coming weeks with leave and holidays, tells people of what they have not been
// told, and looks again tomorrow for as long as there is leave.
//
// Many rosters and many days take long, so they are compared outside of any transaction, and people are told in sets. The
// timer stays until the last one: after a crash everything is done again, and nobody is told twice. Whoever changes
// rosters or leave meanwhile replaces the timer; then the rest is left to the new one.
func (c *Commands) checkLeave(ctx context.Context, t muster.TimerID) error {
	if err := c.Load(ctx); err != nil {
		return err
	}
	notices, again, err := c.leaveNotices(ctx)
	if err != nil {
		return err
	}
	held := true
	for set := range slices.Chunk(notices, leaveSet) {
		err := c.do(ctx, "TellLeave", muster.Engine(), func(call *Call) error {
			row, err := call.LockTimer(t)
			if held = row != nil; err != nil || !held {
				return err
			}
			return each(set, call.notify)
		})
		if err != nil || !held {
			return err
		}
	}
	return c.do(ctx, "FireTimer", muster.Engine(), func(call *Call) error {
		row, err := call.LockTimer(t)
		if err != nil || row == nil {
			return err
		}
		if err := call.DeleteTimer(row.ID); err != nil || !again {
			return err
		}
		return call.arm(muster.TimerLeaveCheck, row.Ref, call.Now().Plus(leaveEvery))
	})
}

// leaveNotices says what people are to be told about their shifts during leave and holidays, and whether to look again.
func (c *Commands) leaveNotices(ctx context.Context) (out []muster.Notice, again bool, err error) {
	var now muster.Instant
	var days []muster.Leave
	err = c.Store.Read(ctx, func(r store.Reader) error {
		now = r.Now()
		if days, err = r.LeaveBetween(now, now.Plus(LeaveHorizon)); err != nil {
			return err
		}
		if again = len(days) > 0; again {
			return nil
		}
		later, err := r.LeaveBetween(now, now.Plus(leaveAhead))
		again = len(later) > 0
		return err
	})
	if err != nil || len(days) == 0 {
		return nil, again, err
	}
	s := c.Live.Current()
	home := func(u muster.UserName) string { return homeOf(s, u) }
	told := map[string]bool{} // a shift in two leaves is told once
	for _, name := range slices.Sorted(maps.Keys(s.Catalog.Rosters)) {
		for _, x := range rota.LeaveConflicts(s.Schedule(name), days, home, now.Plus(-leaveBack), now.Plus(LeaveHorizon)) {
			if !x.Until.After(now.Time) {
				continue
			}
			n := leaveNotice(s, x)
			if key := string(n.Person) + " " + n.Key; !told[key] {
				told[key] = true
				out = append(out, n)
			}
		}
	}
	return out, again, nil
}

// homeOf names the zone in which a person lives.
func homeOf(s *plan.Snapshot, u muster.UserName) string {
	if d := s.Catalog.Users[u]; d != nil {
		return d.Zone
	}
	return ""
}

func leaveNotice(s *plan.Snapshot, x rota.LeaveConflict) muster.Notice {
	zone, err := s.Zones.Load(homeOf(s, x.Person))
	if err != nil {
		zone = time.UTC
	}
	title := rosterTitle(s.Catalog, x.Roster)
	what := "on " + x.Leave.Words()
	if x.Leave.Kind == muster.LeaveOwn {
		what = "during your leave"
	}
	const form = "Mon 2 Jan 2006 15:04"
	return muster.Notice{
		Person: x.Person, Kind: muster.NoticeLeaveConflict, Ref: muster.DocRef(muster.KindRosters, string(x.Roster)), URL: "/oncall?roster=" + string(x.Roster),
		Title: fmt.Sprintf("You are on call in %s %s, on %s", title, what, x.From.In(zone).Format("Mon 2 Jan")),
		Text: fmt.Sprintf("You are %s of %s from %s to %s (%s), and that is %s. If you are away then, ask for a swap or for cover in good time.",
			x.Role.Word(), title, x.From.In(zone).Format(form), x.Until.In(zone).Format(form), zone, x.Leave.Words()),
		Key: strings.Join([]string{string(muster.NoticeLeaveConflict), string(x.Roster), string(x.Role), string(x.Leave.Kind), stampOf(x.From)}, "/"),
	}
}
