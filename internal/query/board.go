package query

import (
	"context"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// OnCallBoard is the schedule in a window: who is on call, who will be, and what to mend.
type OnCallBoard struct {
	At, From, Until muster.Instant
	Rosters         []RosterBoard
	Mine            []MyShift // of the viewer, from now for 60 days; when those of the next 14 are many, these
}

// AskBoard asks for the schedule in a window: 14 days from now when it is empty.
type AskBoard struct {
	From, Until muster.Instant
	Roster      muster.RosterName // this one only
	Finals      bool              // without layers, overrides and swaps: for many rosters, and for a year
	LanesOnly   bool              // neither warnings nor the viewer's shifts
}

// RosterBoard is one roster in the window.
type RosterBoard struct {
	Name     muster.RosterName
	Title    string
	Team     muster.TeamName
	Revision muster.Revision
	Summary  string     // "Ravi until 09:00, then Leo"
	Now      []plan.Row // each role
	Lanes    []Lane     // final schedules first, then layers, then overrides
	Warnings []Warning  // gaps of the window; when one roster is asked for, all others of the next 30 days, too
	Patches  []Patch    // overrides and swaps that are not over
	Zones    []*time.Location
}

// Warning is something to mend, or that somebody accepted for a while.
type Warning struct {
	rota.Warning
	Accepted *muster.Acceptance
}

// maxWindow bounds the schedule that one screen shows: a year, and the rest of its last month.
const maxWindow = 400 * 24 * time.Hour

// warnAhead is how far ahead warnings are looked for, whatever the window is.
const warnAhead = 30 * 24 * time.Hour

// mineAhead is how far ahead somebody's own shifts are listed.
const mineAhead = 60 * 24 * time.Hour

// With so many shifts of somebody so soon, a screen that lists the next ones looks no farther.
const (
	mineSoon = 14 * 24 * time.Hour
	mineMany = 20
)

// OnCallBoard reads the schedule in a window.
func (q *Queries) OnCallBoard(ctx context.Context, who Viewer, in AskBoard) (*OnCallBoard, error) {
	return ask(ctx, q, who, func(r *read) (*OnCallBoard, error) {
		out := &OnCallBoard{At: r.Now(), From: in.From, Until: in.Until}
		if out.From.IsZero() {
			out.From = r.Now()
		}
		if out.Until.IsZero() {
			out.Until = out.From.Plus(14 * 24 * time.Hour)
		}
		if !out.Until.After(out.From.Time) || out.Until.Sub(out.From.Time) > maxWindow {
			return nil, muster.Errorf(muster.ErrInvalid, "The window must end after it begins, and be at most 400 days long.")
		}
		var shown []*muster.Roster
		for _, ros := range r.rosters() {
			if in.Roster != "" && ros.Name != in.Roster {
				continue
			}
			b, err := r.board(ros, out.From, out.Until, in)
			if err != nil {
				return nil, err
			}
			if out.Rosters = append(out.Rosters, b); in.LanesOnly {
				continue
			}
			shown = append(shown, ros)
			out.Mine = append(out.Mine, r.mine(ros, r.Now(), r.Now().Plus(mineSoon))...)
		}
		if len(out.Mine) < mineMany {
			out.Mine = nil
			for _, ros := range shown {
				out.Mine = append(out.Mine, r.mine(ros, r.Now(), r.Now().Plus(mineAhead))...)
			}
		}
		if in.Roster != "" && len(out.Rosters) == 0 {
			return nil, noDocument(r.cat, muster.KindRosters, string(in.Roster))
		}
		sortShifts(out.Mine)
		return out, nil
	})
}

func (r *read) rosters() (out []*muster.Roster) {
	for _, d := range r.cat.Documents(muster.KindRosters) {
		if ros, ok := d.(*muster.Roster); ok {
			out = append(out, ros)
		}
	}
	return out
}

func (r *read) board(ros *muster.Roster, from, until muster.Instant, in AskBoard) (b RosterBoard, err error) {
	s := r.snap.Schedule(ros.Name)
	lanes := r.lanes(ros, from, until, in.Finals)
	var warnings []Warning
	if !in.LanesOnly {
		if warnings, err = r.toMend(ros, s, lanes, until, in.Roster != ""); err != nil {
			return b, err
		}
	}
	b = RosterBoard{
		Name: ros.Name, Title: r.rosterTitle(ros.Name), Team: ros.Team, Revision: r.withRevision(ros).Revision,
		Now: plan.OnCall(r.snap, r.Now(), plan.OnCallFilter{Roster: ros.Name}), Summary: r.summary(ros),
		Lanes: lanes, Warnings: warnings,
		Patches: r.patches(ros, s),
	}
	for i := range ros.Rotations {
		if z, err := r.snap.Zones.Load(ros.Rotations[i].Zone); err == nil && !slices.Contains(b.Zones, z) {
			b.Zones = append(b.Zones, z)
		}
	}
	return b, nil
}

func (r *read) people(list []muster.UserName) []plan.Person {
	out := make([]plan.Person, len(list))
	for i, u := range list {
		out[i] = r.person(u)
	}
	return out
}

func later(a, b muster.Instant) muster.Instant {
	if a.After(b.Time) {
		return a
	}
	return b
}

func earlier(a, b muster.Instant) muster.Instant {
	if a.Before(b.Time) {
		return a
	}
	return b
}

// summary says who is primary and who follows: "Ravi until 09:00, then Leo".
func (r *read) summary(ros *muster.Roster) string {
	now := r.Now()
	s := r.snap.Schedule(ros.Name)
	h := s.Holder(muster.PrimaryResponder, 0, now, r.cat.DisplayName)
	text := "Nobody"
	if len(h.People) > 0 {
		text = names(r.people(h.People))
	}
	if h.Until.IsZero() {
		return text
	}
	text += " until " + moment(h.Until, now, r.who.Zone)
	next := s.People(muster.PrimaryResponder, h.Until)
	switch {
	case len(next) == 0:
		return text + ", then nobody"
	case slices.Equal(next, h.People):
		return text + ", then again"
	}
	return text + ", then " + names(r.people(next))
}

// toMend are the gaps of the lanes and of the 30 days from now; of a single roster, also all other warnings of those days.
func (r *read) toMend(ros *muster.Roster, s *rota.Schedule, lanes []Lane, until muster.Instant, single bool) (out []Warning, err error) {
	now, near := r.Now(), r.Now().Plus(warnAhead)
	told := now // until here gaps are told
	if single {
		if out, err = r.warnings(ros, s, now, near); err != nil {
			return nil, err
		}
		told = near
	}
	for i := range lanes {
		l := &lanes[i]
		if l.Kind != LaneFinal || l.Role == muster.ShadowResponder {
			continue
		}
		for _, b := range l.Blocks {
			if b.Kind == BlockGap && b.Patch == "" && b.Until.After(told.Time) {
				out = append(out, r.gap(ros, l.Role, b.From, b.Until))
			}
		}
		if single || !until.Before(near.Time) {
			continue
		}
		rest := s.Shifts(l.Role, later(until, now), near)
		for j := range rest {
			if len(rest[j].People) == 0 && rest[j].Override == "" {
				out = append(out, r.gap(ros, l.Role, rest[j].From, rest[j].Until))
			}
		}
	}
	return out, nil
}

func (r *read) gap(ros *muster.Roster, role muster.RosterRole, from, until muster.Instant) Warning {
	w := rota.Warning{Kind: rota.WarnGap, Level: rota.LevelWarning, Role: role, From: from, Until: until}
	w.Text = "Nobody is the " + role.Word() + " of " + r.rosterTitle(ros.Name) + " from " + moment(from, r.Now(), r.who.Zone) + " until " + moment(until, r.Now(), r.who.Zone) + "."
	return Warning{Warning: w, Accepted: rota.Accepted(ros, w, r.Now())}
}
