package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/exchange"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// LeaveHorizon is how far ahead people are told of shifts during leave and holidays.
const LeaveHorizon = 6 * 7 * 24 * time.Hour

const (
	calendarEvery = 6 * time.Hour
	leaveEvery    = 24 * time.Hour
	leaveBack     = 400 * 24 * time.Hour // how much of the past is kept of a calendar
	leaveAhead    = 2 * 366 * 24 * time.Hour
	longestLeave  = 2 * 366 * 24 * time.Hour
	leaveRef      = "leave"
)

// AddLeave enters a person's days off by hand.
type AddLeave struct {
	User  muster.UserName `json:"user" path:"user" arg:"1" doc:"the person"`
	From  string          `json:"from" doc:"first day, 2026-12-24, or a time where the person lives, 2026-12-24T12:00"`
	Until string          `json:"until" doc:"last day, which is off, too, or a time"`
	Title string          `json:"title,omitempty" doc:"what it is; everybody may read it"`
}

func (c *Call) addLeave(in AddLeave) (*muster.Leave, error) {
	u := c.Snap.Catalog.Users[in.User]
	if u == nil {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no person called %q.", muster.Clip(string(in.User), 70))
	}
	if err := c.mayLeave(u.Name); err != nil {
		return nil, err
	}
	zone, err := c.Snap.Zones.Load(u.Zone)
	if err != nil {
		zone = time.UTC
	}
	l := &muster.Leave{ID: id[muster.LeaveID](c), Person: u.Name, Kind: muster.LeaveOwn, Title: muster.CleanLine(in.Title, 100), By: c.Actor.User}
	var wrong []muster.FieldError
	read := func(path, text string, into *muster.Instant, days int) {
		at, err := leaveTime(zone, text, days)
		if err != nil {
			wrong = append(wrong, muster.FieldError{Path: path, Message: err.Error()})
		}
		*into = at
	}
	read("from", in.From, &l.From, 0)
	read("until", in.Until, &l.Until, 1)
	switch {
	case wrong != nil:
	case !l.Until.After(l.From.Time):
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must not be before from"})
	case l.Until.Sub(l.From.Time) > longestLeave:
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "leave lasts at most two years: take a person who is away for longer off the rosters"})
	}
	if err := muster.Invalid("The leave is not right", wrong); err != nil {
		return nil, err
	}
	if err := c.roomForLeave(u.Name); err != nil {
		return nil, err
	}
	if err := c.InsertLeave(l); err != nil {
		return nil, err
	}
	return l, c.leaveChanged()
}

// maxLeave is how many entries of days off by hand a person may have ahead: each is compared with every roster.
const maxLeave = 60

func (c *Call) roomForLeave(u muster.UserName) error {
	days, err := c.LeaveBetween(c.Now(), c.Now().Plus(leaveAhead))
	if err != nil {
		return err
	}
	n := 0
	for i := range days {
		if days[i].Person == u && days[i].Source == "" {
			n++
		}
	}
	if n < maxLeave {
		return nil
	}
	return muster.Errorf(muster.ErrConflict, "%s has %d entries of days off ahead already: remove some, join those that follow each other, or read them from a calendar.", c.Snap.Catalog.DisplayName(u), n)
}

// leaveTime reads a day or a time on the clocks of a zone. A day counts from its beginning, days later.
func leaveTime(zone *time.Location, text string, days int) (muster.Instant, error) {
	text = strings.TrimSpace(text)
	if d, err := time.Parse(time.DateOnly, text); err == nil {
		text = d.AddDate(0, 0, days).Format(muster.LocalMinute)
	} else if t, err := time.Parse(time.RFC3339, text); err == nil {
		return muster.At(t), nil
	}
	r, err := rota.Resolve(zone, text)
	if err != nil || r.At.UTC().Year() < 1970 || r.At.UTC().Year() > 9998 {
		return muster.Instant{}, fmt.Errorf("%q is not a day or a time: write it like 2026-12-24 or 2026-12-24T12:00", muster.Clip(text, 30))
	}
	return r.At, nil
}

// mayLeave asks for the right to say when a person is away: they have it, and the owners of their teams.
func (c *Call) mayLeave(u muster.UserName) error {
	if u == c.Actor.User && u != "" || c.Actor.Access == muster.AccessAdmin {
		return nil
	}
	if d := c.Snap.Catalog.Users[u]; d != nil && slices.ContainsFunc(d.Teams, c.Actor.Owns) {
		return nil
	}
	return muster.Errorf(muster.ErrForbidden, "Only %s, an owner of their team or an admin may say when they are away.", c.Snap.Catalog.DisplayName(u))
}

// RemoveLeave takes days off back that were entered by hand.
type RemoveLeave struct {
	Leave muster.LeaveID `json:"leave" path:"leave" arg:"1" doc:"the leave's ID"`
}

func (c *Call) removeLeave(in RemoveLeave) (muster.Nothing, error) {
	l, err := c.Leave(in.Leave)
	if err != nil {
		return muster.Nothing{}, err
	}
	if l.Source != "" {
		return muster.Nothing{}, muster.Errorf(muster.ErrConflict, "This was read from the calendar %s: change it there.", l.Source)
	}
	if err := c.mayLeave(l.Person); err != nil {
		return muster.Nothing{}, err
	}
	if err := c.DeleteLeave(l.ID); err != nil {
		return muster.Nothing{}, err
	}
	return muster.Nothing{}, c.leaveChanged()
}

// leaveChanged has screens drawn again and shifts compared with leave.
func (c *Call) leaveChanged() error {
	c.Emit(store.Event{Topic: "now", Parts: []string{"catalog"}})
	return c.arm(muster.TimerLeaveCheck, leaveRef, c.Now())
}

// Refreshing says which calendars are fetched in a moment.
type Refreshing struct {
	Connectors []muster.ConnectorName `json:"connectors"`
}

// refreshCalendars fetches every calendar now, but those that are being fetched.
func (c *Call) refreshCalendars(muster.Nothing) (*Refreshing, error) {
	out := &Refreshing{Connectors: []muster.ConnectorName{}}
	for _, d := range c.Snap.Catalog.Documents(muster.KindConnectors) {
		conn, ok := d.(*muster.Connector)
		if !ok || !c.does(conn).Calendar {
			continue
		}
		begun, err := c.fetchCalendar(conn.Name)
		if err != nil {
			return nil, err
		}
		if begun {
			out.Connectors = append(out.Connectors, conn.Name)
		}
	}
	return out, nil
}

// fetchCalendar begins to fetch a calendar, unless that is under way.
func (c *Call) fetchCalendar(name muster.ConnectorName) (begun bool, err error) {
	newest, err := c.DeliveriesBy(name, store.List{Limit: 5})
	if err != nil {
		return false, err
	}
	for _, d := range newest {
		if d.Kind == muster.DeliverCalendar && (d.State == muster.DeliveryPlanned || d.State == muster.DeliveryStarted) {
			return false, nil
		}
	}
	return true, c.begin(&muster.Delivery{
		ID: id[muster.DeliveryID](c), Kind: muster.DeliverCalendar, Connector: name, Ref: "fetch",
		State: muster.DeliveryPlanned, DueAt: c.Now(), CreatedAt: c.Now(),
	})
}

// fireCalendar fetches a calendar, and again after six hours.
func (c *Call) fireCalendar(t *muster.Timer) error {
	_, name, _ := muster.SplitDocRef(t.Ref)
	if !c.does(c.Snap.Catalog.Connectors[muster.ConnectorName(name)]).Calendar {
		return nil
	}
	if _, err := c.fetchCalendar(muster.ConnectorName(name)); err != nil {
		return err
	}
	return c.arm(muster.TimerCalendar, t.Ref, c.Now().Plus(calendarEvery))
}

// ArmCalendars sees to it that every calendar is fetched, also those that were there before Muster could.
func (c *Commands) ArmCalendars(ctx context.Context) error {
	if c.Deps.Abilities == nil {
		return nil
	}
	return c.do(ctx, "ArmCalendars", muster.Engine(), func(call *Call) error {
		for name, conn := range call.Snap.Catalog.Connectors {
			if !c.does(conn).Calendar {
				continue
			}
			ref := muster.DocRef(muster.KindConnectors, string(name))
			timers, err := call.TimersOf(ref)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(timers, func(t muster.Timer) bool { return t.Kind == muster.TimerCalendar }) {
				if err := call.arm(muster.TimerCalendar, ref, call.Now()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// followCalendars does what a change of documents means for calendars and tables outside.
func (c *Call) followCalendars(changes []docChange) error {
	for _, ch := range changes {
		ref := muster.DocRef(ch.kind, ch.name)
		switch ch.kind {
		case muster.KindConnectors:
			doc, _ := ch.doc.(*muster.Connector)
			if doc == nil || !c.does(doc).Calendar {
				if err := c.forgetCalendar(muster.ConnectorName(ch.name)); err != nil {
					return err
				}
				continue
			}
			if err := c.setState(doc.Name, func(s *muster.ConnectorState) { s.ETag, s.LastModified = "", "" }); err != nil {
				return err
			}
			if err := c.arm(muster.TimerCalendar, ref, c.Now()); err != nil {
				return err
			}
		case muster.KindRosters:
			if doc, _ := ch.doc.(*muster.Roster); doc != nil && len(doc.Publish) > 0 {
				if err := c.arm(muster.TimerPublish, ref, c.Now()); err != nil {
					return err
				}
			}
			days, err := c.LeaveBetween(c.Now(), c.Now().Plus(LeaveHorizon))
			if err != nil {
				return err
			}
			if len(days) > 0 {
				if err := c.arm(muster.TimerLeaveCheck, leaveRef, c.Now()); err != nil {
					return err
				}
			}
		case muster.KindUsers:
			if ch.doc == nil {
				if err := c.DeleteLeaveOf(muster.UserName(ch.name)); err != nil {
					return err
				}
			}
		default:
		}
	}
	return nil
}

// forgetCalendar drops what was read from a connector that is no calendar any more.
func (c *Call) forgetCalendar(name muster.ConnectorName) error {
	if err := c.DeleteTimersOf(muster.DocRef(muster.KindConnectors, string(name)), muster.TimerCalendar); err != nil {
		return err
	}
	return c.ReplaceLeave(name, nil)
}

// Calendar is a calendar that was fetched, and how it is to be read.
type Calendar struct {
	Connector    muster.ConnectorName
	Kind         muster.LeaveKind
	Person       muster.UserName // whose leave it is; "": each event says whose
	Zone         string          // of days and times that name none; of holidays: whom they concern
	ETag         string
	LastModified string
	Unchanged    bool
	Body         []byte
}

// KeepCalendar makes the leave that a calendar holds all that there is of it. Events that cannot be read, and those that
// name nobody whom Muster knows, are left out and counted; a calendar in which nothing can be read is an error, and then
// what was read before stays.
func (c *Commands) KeepCalendar(ctx context.Context, in Calendar) (detail string, err error) {
	if err := c.Load(ctx); err != nil {
		return "", err
	}
	var now muster.Instant
	if err := c.Store.Read(ctx, func(r store.Reader) error { now = r.Now(); return nil }); err != nil {
		return "", err
	}
	var rows []muster.Leave
	if !in.Unchanged {
		if rows, detail, err = c.readLeave(in, now); err != nil {
			return "", err
		}
	}
	err = c.do(ctx, "KeepCalendar", muster.Engine(), func(call *Call) error {
		if call.Snap.Catalog.Connectors[in.Connector] == nil {
			return nil // it was removed meanwhile
		}
		if in.Unchanged {
			return call.setState(in.Connector, func(s *muster.ConnectorState) { worked(s.Detail, s) })
		}
		for i := range rows {
			rows[i].ID = id[muster.LeaveID](call)
		}
		if err := call.ReplaceLeave(in.Connector, rows); err != nil {
			return err
		}
		if err := call.setState(in.Connector, func(s *muster.ConnectorState) {
			worked(detail, s)
			s.ETag, s.LastModified = in.ETag, in.LastModified
		}); err != nil {
			return err
		}
		return call.leaveChanged()
	})
	return detail, err
}

func (c *Commands) readLeave(in Calendar, now muster.Instant) (rows []muster.Leave, detail string, err error) {
	snap := c.Live.Current()
	cat := snap.Catalog
	zoneName := in.Zone
	if u := cat.Users[in.Person]; zoneName == "" && u != nil {
		zoneName = u.Zone
	}
	zone, err := snap.Zones.Load(zoneName)
	if err != nil || zoneName == "" {
		zone = time.UTC
	}
	if in.Person != "" && cat.Users[in.Person] == nil {
		return nil, "", muster.Errorf(muster.ErrInvalid, "the calendar is said to be that of %q, and there is no such person: name a user in the connector's settings", in.Person)
	}
	events, wrong := exchange.ReadCalendar(in.Body, now.Plus(-leaveBack), now.Plus(leaveAhead), zone, snap.Zones.Load)
	if len(events) == 0 && len(wrong) > 0 {
		return nil, "", muster.Errorf(muster.ErrInvalid, "the calendar cannot be read: %s", wrong[0].String())
	}
	who := newWhoIs(cat)
	people := map[muster.UserName]bool{}
	nobodys := 0
	for i := range events {
		e := &events[i]
		if !e.Until.After(e.From.Time) {
			continue
		}
		l := muster.Leave{Kind: in.Kind, Person: in.Person, From: e.From, Until: e.Until, Title: muster.CleanLine(e.Summary, 100), Source: in.Connector}
		of := []muster.UserName{in.Person}
		switch {
		case in.Kind == muster.LeaveHolidays:
			l.Zone, of = in.Zone, []muster.UserName{""}
		case in.Person == "":
			found, problem := who.event(e)
			if problem != "" {
				nobodys++
				continue
			}
			of = found
		}
		for _, u := range of {
			l.Person = u
			people[u] = true
			rows = append(rows, l)
		}
	}
	return rows, leaveDetail(in.Kind, len(rows), len(people), nobodys, wrong), nil
}

func leaveDetail(kind muster.LeaveKind, rows, people, nobodys int, wrong []muster.FieldError) string {
	detail := countOf(rows, "holiday")
	if kind != muster.LeaveHolidays {
		detail = fmt.Sprintf("%s of %s", countOf(rows, "absence"), countOf(people, "person"))
		detail = strings.Replace(detail, "persons", "people", 1)
	}
	if nobodys > 0 {
		detail += fmt.Sprintf("; %s left out, because nobody here is named", countOf(nobodys, "event"))
	}
	if len(wrong) > 0 {
		detail += fmt.Sprintf("; %s left out, because of faults: %s", countOf(len(wrong), "event"), wrong[0].String())
	}
	return muster.CleanLine(detail, 500)
}
