package query

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/exchange"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
)

// What a feed shows, counted from the beginning of today in UTC, so that it stays the same for a day.
const (
	feedBack  = 30 * 24 * time.Hour
	feedAhead = 365 * 24 * time.Hour
)

// feedRefresh is how often calendar programs are asked to come back.
const feedRefresh = time.Hour

// feedHistory is how many revisions of one roster are told apart in the past that a feed shows. What was before them is
// told by the oldest of them.
const feedHistory = 100

// ReadFeed gives the calendar of a feed as iCalendar, by the token in its address. Links begin with base. What is over is
// told by the roster as it was then. A feed of somebody who has left, or of a roster that is gone, is not found.
func (q *Queries) ReadFeed(ctx context.Context, token, base string) ([]byte, error) {
	return ask(ctx, q, Viewer{}, func(r *read) ([]byte, error) {
		f, err := r.FeedByHash(seal.HashToken(token))
		if err != nil {
			return nil, err
		}
		day := muster.At(r.Now().UTC().Truncate(24 * time.Hour))
		w := feedWriter{read: r, base: base, from: day.Plus(-feedBack), until: day.Plus(feedAhead), person: f.Person, seen: map[string]int{}}
		gone := muster.Errorf(muster.ErrNotFound, "This calendar is not there any more.")
		var name string
		if f.Roster != "" {
			if r.cat.Rosters[f.Roster] == nil {
				return nil, gone
			}
			name = r.rosterTitle(f.Roster)
			err = w.roster(f.Roster)
		} else {
			if u := r.cat.Users[f.Person]; u == nil || u.Disabled {
				return nil, gone
			}
			name = r.cat.DisplayName(f.Person)
			for _, ros := range r.rosters() {
				if err == nil && slices.Contains(ros.Everybody(), f.Person) {
					err = w.roster(ros.Name)
				}
			}
		}
		if err != nil {
			return nil, err
		}
		return w.write("On call: " + name)
	})
}

// feedWriter gathers the events of a calendar.
type feedWriter struct {
	*read
	base        string
	from, until muster.Instant
	person      muster.UserName // whose shifts; "": everybody's
	events      []exchange.Event
	seen        map[string]int
}

func (w *feedWriter) write(name string) ([]byte, error) {
	slices.SortStableFunc(w.events, func(a, b exchange.Event) int {
		return cmp.Or(a.From.Compare(b.From.Time), strings.Compare(a.UID, b.UID))
	})
	var b bytes.Buffer
	err := exchange.WriteCalendar(&b, exchange.Calendar{Name: name, Refresh: feedRefresh, Events: w.events})
	return b.Bytes(), err
}

// era is a time in which a roster stood as it was written by one revision.
type era struct {
	schedule    *rota.Schedule
	revision    muster.Revision
	stamp       muster.Instant
	from, until muster.Instant
	first, last bool // shifts are not cut at the outer ends
}

// roster adds the shifts of a roster.
func (w *feedWriter) roster(name muster.RosterName) error {
	eras, err := w.eras(name)
	if err != nil {
		return err
	}
	var told []feedShift
	for i := range eras {
		told = w.tell(told, &eras[i])
	}
	for i := range told {
		w.add(&told[i])
	}
	return nil
}

// eras divides the time that the feed shows by the revisions of a roster, the earliest first.
func (w *feedWriter) eras(name muster.RosterName) (out []era, err error) {
	rows, err := w.DocHistory(muster.KindRosters, string(name), store.List{Limit: feedHistory})
	if err != nil {
		return nil, err
	}
	until := w.until
	for i := range rows {
		row := &rows[i]
		e := era{revision: row.Revision, stamp: row.At, from: row.At, until: until, last: i == 0}
		if i == 0 {
			e.schedule = w.snap.Schedule(name)
		} else if e.schedule, err = w.scheduleOf(row); err != nil {
			return nil, err
		}
		until = e.from
		if !e.from.After(w.from.Time) || i == len(rows)-1 {
			e.from, e.first = w.from, true
		}
		out = append(out, e)
		if e.first {
			break
		}
	}
	slices.Reverse(out)
	return out, nil
}

// scheduleOf makes a past revision of a roster ready; nil while it was deleted.
func (w *feedWriter) scheduleOf(row *muster.DocRevision) (*rota.Schedule, error) {
	if row.Body == "" {
		return nil, nil
	}
	var doc muster.Roster
	if err := json.Unmarshal([]byte(row.Body), &doc); err != nil {
		return nil, fmt.Errorf("query: revision %d of the roster %s cannot be read: %w", row.Revision, row.Name, err)
	}
	return rota.Make(w.snap.Zones, &doc), nil
}

// feedShift is a shift as the feed tells it.
type feedShift struct {
	rota.Shift
	uid string
	era *era
}

// tell adds the shifts of an era. One that the era before began goes on.
func (w *feedWriter) tell(told []feedShift, e *era) []feedShift {
	if e.schedule == nil || !e.from.Before(e.until.Time) {
		return told
	}
	for _, role := range e.schedule.Roles() {
		for _, sh := range e.schedule.WholeShifts(role, e.from, e.until) {
			if sh.People = w.here(sh.People); len(sh.People) == 0 {
				continue
			}
			uid := shiftUID(w.snap.Zones, e.schedule, sh)
			if !e.first && sh.From.Before(e.from.Time) {
				sh.From = e.from
			}
			if !e.last && sh.Until.After(e.until.Time) {
				sh.Until = e.until
			}
			if i := slices.IndexFunc(told, func(o feedShift) bool {
				return !e.first && o.uid == uid && o.Role == sh.Role && o.Until == sh.From && slices.Equal(o.People, sh.People)
			}); i >= 0 {
				told[i].Until, told[i].era = sh.Until, e
				continue
			}
			told = append(told, feedShift{sh, uid, e})
		}
	}
	return told
}

// here leaves out who has left, and everybody else than the person whose feed it is, if that person is on call.
func (w *feedWriter) here(people []muster.UserName) (out []muster.UserName) {
	if w.person != "" && !slices.Contains(people, w.person) {
		return nil
	}
	for _, u := range people {
		if d := w.cat.Users[u]; d != nil && !d.Disabled {
			out = append(out, u)
		}
	}
	return out
}

// shiftUID names a shift so that it keeps its name however the roster is edited: by the override or swap that decides, else
// by the rotation and the local time at which the turn begins. A part of a turn that begins later bears its day.
func shiftUID(z *rota.Zones, s *rota.Schedule, sh rota.Shift) string {
	ros := s.Roster()
	parts := []string{string(ros.Name), string(sh.Role)}
	if sh.Override != "" {
		parts = append(parts, sh.Override)
		i := slices.IndexFunc(ros.Overrides, func(o muster.Override) bool { return o.ID == sh.Override })
		if i >= 0 && ros.Overrides[i].From != sh.From {
			parts = append(parts, sh.From.UTC().Format("20060102"))
		}
		return strings.Join(parts, "/")
	}
	if sh.Swap != "" {
		parts = append(parts, sh.Swap)
	}
	parts = append(parts, sh.Layer)
	if turn, ok := s.TurnAt(sh.Layer, sh.From); ok {
		parts = append(parts, turn.Ref.Start)
		if turn.From != sh.From {
			parts = append(parts, localDay(z, ros, sh))
		}
	}
	return strings.Join(parts, "/")
}

func localDay(z *rota.Zones, ros *muster.Roster, sh rota.Shift) string {
	zone := time.UTC
	if i := slices.IndexFunc(ros.Rotations, func(r muster.Rotation) bool { return r.Name == sh.Layer }); i >= 0 {
		if l, err := z.Load(ros.Rotations[i].Zone); err == nil {
			zone = l
		}
	}
	return sh.From.In(zone).Format("20060102")
}

// add makes an event of a shift.
func (w *feedWriter) add(sh *feedShift) {
	uid := sh.uid
	if w.seen[sh.uid]++; w.seen[sh.uid] > 1 {
		uid = fmt.Sprintf("%s/%d", sh.uid, w.seen[sh.uid])
	}
	ros := sh.era.schedule.Roster()
	title := cmp.Or(ros.Title, string(ros.Name))
	role := string(sh.Role)
	var names []string
	for _, u := range sh.People {
		names = append(names, w.cat.DisplayName(u))
	}
	e := exchange.Event{
		UID: uid + "@muster", Sequence: int64(sh.era.revision), From: sh.From, Until: sh.Until, Stamp: sh.era.stamp,
		Summary: strings.ToUpper(role[:1]) + role[1:] + " of " + title,
	}
	var text strings.Builder
	if w.person == "" {
		e.Summary += ": " + strings.Join(names, ", ")
	} else if len(names) > 1 {
		fmt.Fprintf(&text, "On call together: %s.\n", strings.Join(names, ", "))
	}
	for _, why := range sh.era.schedule.Holder(sh.Role, sh.era.revision, sh.From, w.cat.DisplayName).Reasons {
		text.WriteString(why.Text + "\n")
	}
	if w.base != "" {
		e.URL = w.base + "/oncall?roster=" + string(ros.Name)
		text.WriteString(e.URL)
	}
	e.Description = strings.TrimSpace(text.String())
	w.events = append(w.events, e)
}
