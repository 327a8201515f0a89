package query

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/exchange"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// calendarTable is every question about schedules and other tools. It is a part of [Queries.Ops].
func (q *Queries) calendarTable() []muster.Op {
	return []muster.Op{
		answer(q, muster.Op{Name: "ListFeeds", Summary: "List calendar feeds, newest first; never their addresses", Path: "/feeds", CLI: "feeds", List: true}, (*read).feeds),
		answer(q, muster.Op{Name: "ExportShifts", Summary: "Write the shifts of a roster as CSV or iCalendar", Path: "/rosters/{roster}/shifts", CLI: ""}, (*read).exportShifts),
		answer(q, muster.Op{Name: "ListLeave", Summary: "List leave and holidays, the earliest first", Path: "/leave", CLI: "leave", List: true}, (*read).leave),
		answer(q, muster.Op{Name: "ListLeaveConflicts", Summary: "List shifts that fall into leave or holidays, the earliest first", Path: "/leave/conflicts", CLI: "leave conflicts", List: true}, (*read).leaveConflicts),
		answer(q, muster.Op{Name: "GetConnectorState", Summary: "Say what reading from a connector, or writing a table by it, came to", Path: "/connectors/{connector}/state", CLI: "connector state"}, (*read).connectorState),
	}
}

// FeedRow is a calendar feed as people see it.
type FeedRow struct {
	muster.Feed
	Of        string `json:"of"` // the person's name or the roster's title
	MayRevoke bool   `json:"may_revoke"`
}

// feeds lists those that the actor may end: their own, those of rosters of theirs; an admin sees all.
func (r *read) feeds(muster.Nothing) (out muster.Listing[FeedRow], err error) {
	all, err := r.Feeds()
	out.Items = []FeedRow{}
	for _, f := range all {
		row := FeedRow{Feed: *f, Of: r.cat.DisplayName(f.Person)}
		if f.Roster != "" {
			row.Of = r.rosterTitle(f.Roster)
			if ros := r.cat.Rosters[f.Roster]; ros != nil {
				row.MayRevoke = r.who.Actor.Owns(ros.Team)
			}
		} else {
			row.MayRevoke = f.Person == r.who.Actor.User
		}
		if row.MayRevoke = row.MayRevoke || r.who.Actor.Access == muster.AccessAdmin; row.MayRevoke {
			out.Items = append(out.Items, row)
		}
	}
	return out, err
}

// Feeds lists the feeds that a viewer may end.
func (q *Queries) Feeds(ctx context.Context, who Viewer) ([]FeedRow, error) {
	return ask(ctx, q, who, func(r *read) ([]FeedRow, error) {
		l, err := r.feeds(muster.Nothing{})
		return l.Items, err
	})
}

// ExportShifts asks for the shifts of a roster as a file.
type ExportShifts struct {
	Roster muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Format string            `json:"format,omitempty" query:"format" doc:"csv or ical; csv when empty"`
	From   muster.Instant    `json:"from,omitzero" query:"from" doc:"shifts from here on; 30 days ago when empty"`
	Until  muster.Instant    `json:"until,omitzero" query:"until" doc:"shifts until here; a year after from when empty"`
}

// ShiftFile is a file of shifts.
type ShiftFile struct {
	Name string `json:"name"` // of the file: "storefront.csv"
	Type string `json:"type"` // its media type
	Text string `json:"text"`
}

// longestExport bounds what one export writes.
const longestExport = 5 * 366 * 24 * time.Hour

func (r *read) exportShifts(in ExportShifts) (out ShiftFile, err error) {
	if r.cat.Rosters[in.Roster] == nil {
		return out, noDocument(r.cat, muster.KindRosters, string(in.Roster))
	}
	if in.From.IsZero() {
		in.From = r.Now().Plus(-feedBack)
	}
	if in.Until.IsZero() {
		in.Until = in.From.Plus(366 * 24 * time.Hour)
	}
	var wrong []muster.FieldError
	switch d := in.Until.Sub(in.From.Time); {
	case d <= 0:
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be later than from"})
	case d > longestExport:
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "at most five years at once: make several files"})
	}
	if !slices.Contains([]string{"", "csv", "ical", "ics"}, in.Format) {
		wrong = append(wrong, muster.FieldError{Path: "format", Message: fmt.Sprintf("%q is neither csv nor ical", muster.Clip(in.Format, 20))})
	}
	if err := muster.Invalid("The shifts cannot be written", wrong); err != nil {
		return out, err
	}
	s := r.snap.Schedule(in.Roster)
	if in.Format == "" || in.Format == "csv" {
		var b bytes.Buffer
		err = exchange.WriteShifts(&b, exchange.ShiftsOf(s, r.cat, in.From, in.Until))
		return ShiftFile{Name: string(in.Roster) + ".csv", Type: "text/csv; charset=utf-8", Text: b.String()}, err
	}
	ref := muster.DocRef(muster.KindRosters, string(in.Roster))
	w := feedWriter{read: r, from: in.From, until: in.Until, seen: map[string]int{}}
	for _, sh := range w.tell(nil, &era{
		schedule: s, revision: r.cat.RevisionOf(ref), stamp: r.Now(), from: in.From, until: in.Until, first: true, last: true,
	}) {
		w.add(&sh)
	}
	text, err := w.write(r.rosterTitle(in.Roster))
	return ShiftFile{Name: string(in.Roster) + ".ics", Type: CalendarType, Text: string(text)}, err
}

// CalendarType is the media type of iCalendar.
const CalendarType = "text/calendar; charset=utf-8"

// ListLeave asks for leave and holidays.
type ListLeave struct {
	Person muster.UserName `json:"person,omitempty" query:"person" doc:"only this person's, and the holidays that concern them"`
	From   muster.Instant  `json:"from,omitzero" query:"from" doc:"from here on; now when empty"`
	Until  muster.Instant  `json:"until,omitzero" query:"until" doc:"until here; a year after from when empty"`
}

// Leave is leave with the name to show.
type Leave struct {
	muster.Leave
	Name      string `json:"name,omitempty"`
	MayRemove bool   `json:"may_remove"`
}

// maxLeave bounds a list of leave.
const maxLeave = 1000

func (r *read) leave(in ListLeave) (out muster.Listing[Leave], err error) {
	if in.From.IsZero() {
		in.From = r.Now()
	}
	if in.Until.IsZero() {
		in.Until = in.From.Plus(366 * 24 * time.Hour)
	}
	rows, err := r.LeaveBetween(in.From, in.Until)
	out.Items = []Leave{}
	for i := range rows {
		l := &rows[i]
		if in.Person != "" && !l.Concerns(in.Person, r.homeOf(in.Person)) {
			continue
		}
		if len(out.Items) == maxLeave {
			break
		}
		v := Leave{Leave: *l}
		if l.Person != "" {
			v.Name = r.cat.DisplayName(l.Person)
			v.MayRemove = l.Source == "" && r.mayLeave(l.Person)
		}
		out.Items = append(out.Items, v)
	}
	return out, err
}

func (r *read) mayLeave(u muster.UserName) bool {
	a := r.who.Actor
	if a.User == u && u != "" || a.Access == muster.AccessAdmin {
		return true
	}
	d := r.cat.Users[u]
	return d != nil && slices.ContainsFunc(d.Teams, a.Owns)
}

func (r *read) homeOf(u muster.UserName) string {
	if d := r.cat.Users[u]; d != nil {
		return d.Zone
	}
	return ""
}

// AskLeaveConflicts asks for shifts during leave and holidays.
type AskLeaveConflicts struct {
	Roster muster.RosterName `json:"roster,omitempty" query:"roster" doc:"only of this roster"`
	Person muster.UserName   `json:"person,omitempty" query:"person" doc:"only of this person"`
	From   muster.Instant    `json:"from,omitzero" query:"from" doc:"from here on; now when empty"`
	Until  muster.Instant    `json:"until,omitzero" query:"until" doc:"until here; twelve weeks after from when empty"`
}

// LeaveConflict is a shift, or a part of one, that falls into days off.
type LeaveConflict struct {
	Leave  muster.Leave      `json:"leave"`
	Roster muster.RosterName `json:"roster"`
	Title  string            `json:"title"`
	Role   muster.RosterRole `json:"role"`
	Person plan.Person       `json:"person"`
	From   muster.Instant    `json:"from"`
	Until  muster.Instant    `json:"until"`
	Text   string            `json:"text"`
}

// conflictsAhead is how far ahead conflicts are looked for when nobody says.
const conflictsAhead = 12 * 7 * 24 * time.Hour

func (r *read) leaveConflicts(in AskLeaveConflicts) (out muster.Listing[LeaveConflict], err error) {
	out.Items = []LeaveConflict{}
	if in.From.IsZero() {
		in.From = r.Now()
	}
	if in.Until.IsZero() {
		in.Until = in.From.Plus(conflictsAhead)
	}
	if in.Roster != "" && r.cat.Rosters[in.Roster] == nil {
		return out, noDocument(r.cat, muster.KindRosters, string(in.Roster))
	}
	if in.Until.Sub(in.From.Time) > 366*24*time.Hour {
		return out, muster.Invalid("The conflicts cannot be listed", []muster.FieldError{{Path: "until", Message: "at most a year after from"}})
	}
	days, err := r.LeaveBetween(in.From, in.Until)
	if err != nil || len(days) == 0 {
		return out, err
	}
	var found []rota.LeaveConflict
	for _, ros := range r.rosters() {
		if in.Roster == "" || in.Roster == ros.Name {
			found = append(found, rota.LeaveConflicts(r.snap.Schedule(ros.Name), days, r.homeOf, in.From, in.Until)...)
		}
	}
	slices.SortStableFunc(found, func(a, b rota.LeaveConflict) int {
		return cmp.Or(a.From.Compare(b.From.Time), cmp.Compare(a.Roster, b.Roster))
	})
	for _, x := range found {
		if in.Person != "" && x.Person != in.Person || len(out.Items) == maxLeave {
			continue
		}
		title := r.rosterTitle(x.Roster)
		out.Items = append(out.Items, LeaveConflict{
			Leave: x.Leave, Roster: x.Roster, Title: title, Role: x.Role, Person: r.person(x.Person), From: x.From, Until: x.Until,
			Text: fmt.Sprintf("%s is %s of %s on %s", r.cat.DisplayName(x.Person), x.Role.Word(), title, x.Leave.Words()),
		})
	}
	return out, nil
}

// OneConnector names a connector.
type OneConnector struct {
	Connector muster.ConnectorName `json:"connector" path:"connector" arg:"1" doc:"the connector"`
}

// metaConnector begins the key under which the state of a connector is kept; its name follows.
const metaConnector = "connector/"

func (r *read) connectorState(in OneConnector) (out muster.ConnectorState, err error) {
	if r.cat.Connectors[in.Connector] == nil {
		return out, noDocument(r.cat, muster.KindConnectors, string(in.Connector))
	}
	v, err := r.Meta(metaConnector + string(in.Connector))
	if err != nil || v == "" {
		return out, err
	}
	if err := json.Unmarshal([]byte(v), &out); err != nil {
		return out, fmt.Errorf("query: the state of the connector %s cannot be read: %w", in.Connector, err)
	}
	return out, nil
}

// Calendars is what the screen of calendars shows.
type Calendars struct {
	Feeds     []FeedRow
	Rosters   []*muster.Roster // whose feeds the viewer may make
	Leave     []Leave          // of the coming year
	Conflicts []LeaveConflict  // of the coming weeks
	States    []CalendarState
}

// CalendarState is a connector from which is read, or by which a table is written, and what became of it.
type CalendarState struct {
	Connector *muster.Connector
	State     muster.ConnectorState
}

// Calendars gathers everything about schedules and other tools.
func (q *Queries) Calendars(ctx context.Context, who Viewer) (Calendars, error) {
	return ask(ctx, q, who, func(r *read) (out Calendars, err error) {
		feeds, err := r.feeds(muster.Nothing{})
		if err != nil {
			return out, err
		}
		leave, err := r.leave(ListLeave{})
		if err != nil {
			return out, err
		}
		conflicts, err := r.leaveConflicts(AskLeaveConflicts{})
		if err != nil {
			return out, err
		}
		out = Calendars{Feeds: feeds.Items, Leave: leave.Items, Conflicts: conflicts.Items}
		for _, ros := range r.rosters() {
			if who.Actor.Owns(ros.Team) {
				out.Rosters = append(out.Rosters, ros)
			}
		}
		for _, d := range r.cat.Documents(muster.KindConnectors) {
			c, ok := d.(*muster.Connector)
			if !ok {
				continue
			}
			s, err := r.connectorState(OneConnector{c.Name})
			if err != nil {
				return out, err
			}
			if !s.TriedAt.IsZero() {
				out.States = append(out.States, CalendarState{c, s})
			}
		}
		return out, nil
	})
}
