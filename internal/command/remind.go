package command

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

const (
	// remindAhead is how far ahead shifts are looked for; when there are none, somebody looks again after remindLook. It is
	// longer than remindLook and the earliest reminder together, so that none is missed.
	remindAhead = 36 * 24 * time.Hour
	remindLook  = 7 * 24 * time.Hour
	// remindLate is how long after a shift has begun people are still told that it has.
	remindLate = 24 * time.Hour
	// remindFar is how far ahead the end of a shift is looked for, to be told.
	remindFar = 100 * 24 * time.Hour
)

// leadOf is how long before a shift somebody is reminded of it.
func leadOf(r muster.Reminder) time.Duration {
	switch r {
	case muster.RemindWeek:
		return 7 * 24 * time.Hour
	case muster.RemindDay:
		return 24 * time.Hour
	case muster.RemindStart:
	}
	return 0
}

// reminders tells people of a roster about shifts of theirs: for each reminder whose moment lies in [since, now]. Turns of
// one person that follow each other are one shift. A shift that is over is not told, nor one that began long ago.
func (c *Call) reminders(s *rota.Schedule, since muster.Instant) error {
	now := c.Now()
	from, until := now.Plus(-remindLate), now.Plus(remindFar)
	held := heldBy(s, from, until)
	for _, u := range slices.Sorted(maps.Keys(held)) {
		person := c.Snap.Catalog.Users[u]
		if person == nil {
			continue
		}
		for _, x := range held[u] {
			// What reaches over the edge began before: it is cut there, and its beginning is not known.
			if x.from.After(from.Time) && !x.from.After(now.Add(leadOf(muster.RemindWeek))) {
				if err := c.remind(s.Roster(), person, x, since, until); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// remind tells a person about one shift, by the last of the reminders that are due.
func (c *Call) remind(r *muster.Roster, person *muster.User, x stretch, since, horizon muster.Instant) error {
	now := c.Now()
	var which muster.Reminder
	for _, w := range muster.Reminders() {
		at := x.from.Plus(-leadOf(w))
		if !at.Before(since.Time) && !at.After(now.Time) && slices.Contains(person.Reminded(), w) {
			which = w
		}
	}
	begun := !x.from.After(now.Time)
	if which == "" || !x.until.After(now.Time) || begun && which != muster.RemindStart {
		return nil
	}
	title := cmp.Or(r.Title, string(r.Name))
	n := muster.Notice{
		Person: person.Name, Kind: muster.NoticeShiftReminder, Ref: muster.DocRef(muster.KindRosters, string(r.Name)),
		URL: "/oncall?roster=" + string(r.Name) + "&swap=" + x.from.UTC().Format(time.RFC3339),
		Key: strings.Join([]string{
			string(muster.NoticeShiftReminder), string(r.Name), string(x.role), strconv.FormatInt(x.from.Micros(), 10), string(which),
		}, "/"),
	}
	switch {
	case begun && now.Sub(x.from.Time) > 5*time.Minute:
		n.Title = "Your shift in " + title + " has begun"
	case begun:
		n.Title = "Your shift in " + title + " begins now"
	default:
		n.Title = "You are on call in " + title + " from " + c.clockOf(person.Name, x.from)
	}
	span := c.spanOf(person.Name, x.from, x.until)
	if !x.until.Before(horizon.Time) {
		span = "from " + c.clockOf(person.Name, x.from) + " on"
	}
	n.Text = fmt.Sprintf("You are the %s, %s.", x.role.Word(), span)
	if x.role != muster.ShadowResponder {
		n.Text += "\nIf you cannot be there, ask for somebody who takes it."
	}
	return c.notify(n)
}

// nextReminder is the next moment after now at which somebody may be reminded of a shift.
func nextReminder(s *rota.Schedule, now muster.Instant) muster.Instant {
	next := now.Plus(remindLook)
	for _, list := range heldBy(s, now, now.Plus(remindAhead)) {
		for _, x := range list {
			if !x.from.After(now.Time) {
				continue
			}
			for _, w := range muster.Reminders() {
				if at := x.from.Plus(-leadOf(w)); at.After(now.Time) && at.Before(next.Time) {
					next = at
				}
			}
		}
	}
	return next
}
