package query

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// OnCallBoard is the schedule in a window: who is on call, who will be, and what to mend.
type OnCallBoard struct {
	At, From, Until muster.Instant
	Rosters         []RosterBoard
	Mine            []MyShift // of the viewer, in the window and not over
	Load            []Load    // of the last 30 days, who carried most first
}

// RosterBoard is one roster in the window.
type RosterBoard struct {
	Name      muster.RosterName
	Title     string
	Team      muster.TeamName
	Revision  muster.Revision
	Summary   string     // "Ravi until 09:00, then Leo"
	Now       []plan.Row // each role
	Lanes     []Lane     // final schedules first, then layers, then overrides
	Warnings  []rota.Warning
	Overrides []muster.Override // that are not over
}

// Lane is one row of a schedule.
type Lane struct {
	Title  string // "Final schedule", the rotation's name, "Overrides"
	Role   muster.RosterRole
	Final  bool
	Zone   string // of a rotation
	Blocks []Block
}

// BlockKind says what a stretch on a lane is.
type BlockKind string

// The kinds of blocks.
const (
	BlockShift    BlockKind = "shift"
	BlockOverride BlockKind = "override"
	BlockReplaced BlockKind = "replaced" // on a layer: an override or a higher layer has somebody else
	BlockGap      BlockKind = "gap"      // nobody
)

// Block is one stretch on a lane.
type Block struct {
	From, Until muster.Instant
	People      []plan.Person
	Kind        BlockKind
	Layer       string // rotation that decides, on a final schedule
	Override    string
	Why         string // of an override
}

// MyShift is a shift of the viewer.
type MyShift struct {
	Roster      muster.RosterName
	Title       string
	Role        muster.RosterRole
	From, Until muster.Instant
	Running     bool
}

// Load is what a person carried in the last 30 days. It is a fact for planning, not a score.
type Load struct {
	Person plan.Person
	Hours  float64 // on call as primary
	Night  float64 // of these between 22 and 7 o'clock where they live
	Pages  int     // that were begun
}

// maxWindow bounds the schedule that one screen shows.
const maxWindow = 100 * 24 * time.Hour

// loadDays is how far back the load of people is counted.
const loadDays = 30

// OnCallBoard reads the schedule from one instant until another; without them, from now for 14 days. roster narrows it.
func (q *Queries) OnCallBoard(ctx context.Context, who Viewer, from, until muster.Instant, roster muster.RosterName) (*OnCallBoard, error) {
	return ask(ctx, q, who, func(r *read) (*OnCallBoard, error) {
		out := &OnCallBoard{At: r.Now(), From: from, Until: until}
		if out.From.IsZero() {
			out.From = r.Now()
		}
		if out.Until.IsZero() {
			out.Until = out.From.Plus(14 * 24 * time.Hour)
		}
		if !out.Until.After(out.From.Time) || out.Until.Sub(out.From.Time) > maxWindow {
			return nil, muster.Errorf(muster.ErrInvalid, "The window must end after it begins, and be at most 100 days long.")
		}
		for _, ros := range r.rosters() {
			if roster != "" && ros.Name != roster {
				continue
			}
			out.Rosters = append(out.Rosters, r.board(ros, out.From, out.Until))
			out.Mine = append(out.Mine, r.mine(ros, out.From, out.Until)...)
		}
		if roster != "" && len(out.Rosters) == 0 {
			return nil, noDocument(r.cat, muster.KindRosters, string(roster))
		}
		slices.SortStableFunc(out.Mine, func(a, b MyShift) int { return a.From.Compare(b.From.Time) })
		var err error
		out.Load, err = r.load(roster)
		return out, err
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

func rolesIn(ros *muster.Roster) (roles []muster.RosterRole) {
	for _, role := range muster.RosterRoles() {
		if slices.ContainsFunc(ros.Rotations, func(x muster.Rotation) bool { return x.Role == role }) ||
			slices.ContainsFunc(ros.Overrides, func(x muster.Override) bool { return x.Role == role }) {
			roles = append(roles, role)
		}
	}
	return roles
}

func (r *read) board(ros *muster.Roster, from, until muster.Instant) RosterBoard {
	b := RosterBoard{
		Name: ros.Name, Title: r.rosterTitle(ros.Name), Team: ros.Team, Revision: r.withRevision(ros).Revision,
		Now:      plan.OnCall(r.snap, r.Now(), plan.OnCallFilter{Roster: ros.Name}),
		Warnings: r.snap.Schedule(ros.Name).Warnings(from, until, r.cat.DisplayName),
	}
	finals := map[muster.RosterRole][]rota.Shift{}
	for _, role := range rolesIn(ros) {
		finals[role] = r.snap.Schedule(ros.Name).Shifts(role, from, until)
		b.Lanes = append(b.Lanes, Lane{Title: "Final schedule", Role: role, Final: true, Blocks: r.finalBlocks(ros, finals[role])})
	}
	for i := len(ros.Rotations) - 1; i >= 0; i-- { // what wins stands above
		rot := &ros.Rotations[i]
		b.Lanes = append(b.Lanes, Lane{
			Title: rot.Name, Role: rot.Role, Zone: rot.Zone,
			Blocks: r.layerBlocks(r.snap.Schedule(ros.Name).LayerShifts(rot.Name, from, until), finals[rot.Role]),
		})
	}
	over := Lane{Title: "Overrides"}
	for _, o := range ros.Overrides {
		if o.Until.After(r.Now().Time) {
			b.Overrides = append(b.Overrides, o)
		}
		if o.From.Before(until.Time) && o.Until.After(from.Time) {
			over.Blocks = append(over.Blocks, Block{From: o.From, Until: o.Until, People: r.people(o.People), Kind: BlockOverride, Override: o.ID, Why: o.Why})
		}
	}
	if len(over.Blocks) > 0 {
		b.Lanes = append(b.Lanes, over)
	}
	b.Summary = r.summary(ros)
	return b
}

func (r *read) people(list []muster.UserName) []plan.Person {
	out := make([]plan.Person, len(list))
	for i, u := range list {
		out[i] = r.person(u)
	}
	return out
}

func (r *read) finalBlocks(ros *muster.Roster, shifts []rota.Shift) []Block {
	out := make([]Block, 0, len(shifts))
	for _, s := range shifts {
		b := Block{From: s.From, Until: s.Until, People: r.people(s.People), Kind: BlockShift, Layer: s.Layer, Override: s.Override}
		switch {
		case len(s.People) == 0:
			b.Kind = BlockGap
		case s.Override != "":
			b.Kind = BlockOverride
		}
		if i := slices.IndexFunc(ros.Overrides, func(o muster.Override) bool { return o.ID == s.Override }); i >= 0 && s.Override != "" {
			b.Why = ros.Overrides[i].Why
		}
		out = append(out, b)
	}
	return out
}

// layerBlocks cuts a rotation's own shifts where the final schedule has something else.
func (r *read) layerBlocks(own, final []rota.Shift) (out []Block) {
	for _, s := range own {
		if len(s.People) == 0 {
			continue // a layer that pauses is no gap: others may have somebody
		}
		for _, f := range final {
			from, until := later(s.From, f.From), earlier(s.Until, f.Until)
			if !from.Before(until.Time) {
				continue
			}
			b := Block{From: from, Until: until, People: r.people(s.People), Kind: BlockReplaced}
			if f.Override == "" && f.Layer == s.Layer {
				b.Kind = BlockShift
			}
			if n := len(out); n > 0 && out[n-1].Kind == b.Kind && out[n-1].Until == from && out[n-1].From.After(s.From.Plus(-time.Microsecond).Time) {
				out[n-1].Until = until // one shift, met by several that replace it
				continue
			}
			out = append(out, b)
		}
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
	h := r.snap.Schedule(ros.Name).Holder(muster.PrimaryResponder, 0, now, r.cat.DisplayName)
	text := "Nobody"
	if len(h.People) > 0 {
		text = names(r.people(h.People))
	}
	if h.Until.IsZero() {
		return text
	}
	text += " until " + moment(h.Until, now, r.who.Zone)
	next := r.snap.Schedule(ros.Name).Holder(muster.PrimaryResponder, 0, h.Until, r.cat.DisplayName)
	switch {
	case len(next.People) == 0:
		return text + ", then nobody"
	case slices.Equal(next.People, h.People):
		return text + ", then again"
	}
	return text + ", then " + names(r.people(next.People))
}

// mine lists the viewer's shifts that are not over.
func (r *read) mine(ros *muster.Roster, from, until muster.Instant) (out []MyShift) {
	me := r.who.Actor.User
	if me == "" {
		return nil
	}
	for _, role := range rolesIn(ros) {
		for _, s := range r.snap.Schedule(ros.Name).Shifts(role, from, until) {
			if slices.Contains(s.People, me) && s.Until.After(r.Now().Time) {
				out = append(out, MyShift{
					Roster: ros.Name, Title: r.rosterTitle(ros.Name), Role: role, From: s.From, Until: s.Until, Running: !s.From.After(r.Now().Time),
				})
			}
		}
	}
	return out
}

// load counts what people carried: hours as primary of any roster, those at night, and pages.
func (r *read) load(roster muster.RosterName) ([]Load, error) {
	until := r.Now()
	from := until.Plus(-loadDays * 24 * time.Hour)
	by := map[muster.UserName]*Load{}
	for _, ros := range r.rosters() {
		if roster != "" && ros.Name != roster {
			continue
		}
		for _, s := range r.snap.Schedule(ros.Name).Shifts(muster.PrimaryResponder, from, until) {
			for _, u := range s.People {
				l := by[u]
				if l == nil {
					l = &Load{Person: r.person(u)}
					by[u] = l
				}
				l.Hours += s.Until.Sub(s.From.Time).Hours()
				l.Night += r.night(u, s.From, s.Until)
			}
		}
	}
	pages, err := r.PagesFor("", store.List{Limit: 1000})
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		if l := by[p.Person]; l != nil && p.StartedAt.After(from.Time) {
			l.Pages++
		}
	}
	out := make([]Load, 0, len(by))
	for _, l := range by {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b Load) int {
		return cmp.Or(cmp.Compare(b.Hours, a.Hours), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return out, nil
}

// night is how many hours of a stretch are night where a person lives, to a quarter of an hour.
func (r *read) night(u muster.UserName, from, until muster.Instant) (hours float64) {
	zone := time.UTC
	if d := r.cat.Users[u]; d != nil {
		if z, err := r.snap.Zones.Load(d.Zone); err == nil {
			zone = z
		}
	}
	const quarter = 15 * time.Minute
	for t := from.Time; t.Before(until.Time); t = t.Add(quarter) {
		if h := t.In(zone).Hour(); h >= 22 || h < 7 {
			hours += min(quarter, until.Sub(t)).Hours()
		}
	}
	return hours
}
