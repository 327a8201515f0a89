package command

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

const (
	// shiftHorizon is how far ahead people are told of shifts that change hands.
	shiftHorizon = 60 * 24 * time.Hour
	// shiftLines is how many stretches a notice lists; it counts the others.
	shiftLines = 5
)

// stretch is a time in which somebody has a roster role.
type stretch struct {
	role        muster.RosterRole
	from, until muster.Instant
	gained      bool
}

// tellShifts tells the people whose shifts within 60 days change hands by a change of a roster, once for each change: what
// they gain and what they lose. Who made the change and who agreed to it know already. A new roster takes nobody's shifts
// and tells nobody; one that is removed tells those who would have been on call.
func (c *Call) tellShifts(ch docChange, why string) error {
	was := c.Snap.Catalog.Rosters[muster.RosterName(ch.name)]
	if was == nil {
		return nil
	}
	next, _ := ch.doc.(*muster.Roster)
	moved := c.movedShifts(was, next)
	if len(moved) == 0 {
		return nil
	}
	rev, err := c.Head()
	if err != nil {
		return err
	}
	title := cmp.Or(was.Title, string(was.Name))
	people := make([]muster.UserName, 0, len(moved))
	for u := range moved {
		people = append(people, u)
	}
	slices.Sort(people)
	for _, u := range people {
		if u == c.Actor.User || slices.Contains(c.agreed, u) {
			continue
		}
		if err := c.notify(muster.Notice{
			Person: u, Kind: muster.NoticeShiftChanged, Title: shiftTitle(moved[u], title), Text: c.shiftText(u, moved[u], why),
			URL: "/oncall?roster=" + ch.name, Ref: muster.DocRef(muster.KindRosters, ch.name),
			Key: strings.Join([]string{string(muster.NoticeShiftChanged), ch.name, strconv.FormatInt(int64(rev), 10)}, "/"),
		}); err != nil {
			return err
		}
	}
	return nil
}

// movedShifts compares two forms of a roster from now on; next may be nil.
func (c *Call) movedShifts(was, next *muster.Roster) map[muster.UserName][]stretch {
	now := c.Now()
	end := now.Plus(shiftHorizon)
	before := heldBy(c.scheduleOf(was), now, end)
	after := map[muster.UserName][]stretch{}
	if next != nil {
		after = heldBy(c.scheduleOf(next), now, end)
	}
	out := map[muster.UserName][]stretch{}
	for u, list := range before {
		if lost := without(list, after[u]); len(lost) > 0 {
			out[u] = lost
		}
	}
	for u, list := range after {
		for _, s := range without(list, before[u]) {
			s.gained = true
			out[u] = append(out[u], s)
		}
	}
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b stretch) int { return a.from.Compare(b.from.Time) })
	}
	return out
}

// heldBy lists what each person has of a schedule: stretches of one role that touch are one.
func heldBy(s *rota.Schedule, from, until muster.Instant) map[muster.UserName][]stretch {
	out := map[muster.UserName][]stretch{}
	for _, role := range s.Roles() {
		for _, sh := range s.Shifts(role, from, until) {
			for _, u := range sh.People {
				list := out[u]
				if n := len(list); n > 0 && list[n-1].role == role && list[n-1].until.Equal(sh.From.Time) {
					list[n-1].until = sh.Until
					continue
				}
				out[u] = append(list, stretch{role: role, from: sh.From, until: sh.Until})
			}
		}
	}
	return out
}

// without is what is left of a person's stretches outside of others. Both are in order within each role.
func without(list, others []stretch) (out []stretch) {
	for _, s := range list {
		for _, o := range others {
			if o.role != s.role || !o.from.Before(s.until.Time) || !o.until.After(s.from.Time) {
				continue
			}
			if o.from.After(s.from.Time) {
				out = append(out, stretch{role: s.role, from: s.from, until: o.from})
			}
			s.from = o.until
			if !s.from.Before(s.until.Time) {
				break
			}
		}
		if s.from.Before(s.until.Time) {
			out = append(out, s)
		}
	}
	return out
}

func shiftTitle(list []stretch, roster string) string {
	gained := 0
	for _, s := range list {
		if s.gained {
			gained++
		}
	}
	switch {
	case gained == 0:
		return "You are no longer on call in " + roster + " as before"
	case gained == len(list):
		return "You have more on call in " + roster
	}
	return "Your shifts in " + roster + " have changed"
}

// shiftText lists what changed for a person, in their own zone.
func (c *Call) shiftText(u muster.UserName, list []stretch, why string) string {
	var t strings.Builder
	t.WriteString(c.Actor.Name + " changed the roster")
	if why = strings.TrimSpace(why); why != "" {
		t.WriteString(" (" + muster.Clip(why, 300) + ")")
	}
	t.WriteString(":\n")
	for _, s := range list[:min(len(list), shiftLines)] {
		what := "no longer yours: "
		if s.gained {
			what = "yours now: "
		}
		fmt.Fprintf(&t, "- %s%s, %s\n", what, s.role.Word(), c.spanOf(u, s.from, s.until))
	}
	if more := len(list) - shiftLines; more > 0 {
		fmt.Fprintf(&t, "and %d more, all in the coming 60 days.\n", more)
	}
	return strings.TrimSuffix(t.String(), "\n")
}
