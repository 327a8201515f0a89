package query

import (
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// LaneKind says what a row of a schedule shows.
type LaneKind string

// The kinds of lanes.
const (
	LaneFinal   LaneKind = "final"   // who is on call in the end
	LaneLayer   LaneKind = "layer"   // one rotation by itself
	LanePatches LaneKind = "patches" // overrides and swaps
)

// Lane is one row of a schedule.
type Lane struct {
	Kind     LaneKind
	Role     muster.RosterRole
	Rotation *muster.Rotation // of a layer
	Blocks   []Block
	Turns    []Block // of a layer with hours: whose turn it is, also between them
}

// BlockKind says what a stretch on a lane is.
type BlockKind string

// The kinds of blocks.
const (
	BlockShift    BlockKind = "shift"
	BlockOverride BlockKind = "override"
	BlockSwap     BlockKind = "swap"
	BlockReplaced BlockKind = "replaced" // on a layer: an override or a higher layer has somebody else
	BlockGap      BlockKind = "gap"      // nobody
)

// Block is one stretch on a lane.
type Block struct {
	From, Until muster.Instant
	People      []plan.Person
	Kind        BlockKind
	Layer       string        // rotation whose turn it is, on a final schedule
	Patch       string        // ID of the override or swap that decides
	Instead     []plan.Person // whom it replaces
	Why         string        // of the override or swap
}

// Patch is an override or a swap that is not over.
type Patch struct {
	ID          string
	Swap        bool
	Role        muster.RosterRole
	From, Until muster.Instant
	People      []plan.Person // empty: nobody, stated
	Instead     []plan.Person
	Why         string
	By          muster.UserName
	Lapsed      string // why it does not apply any more
}

// drawn names the lanes of a roster that is in the catalog, in a window.
type drawn struct {
	roster      muster.RosterName
	from, until int64
	finals      bool
}

// lanes are those of a roster of the catalog. The snapshot keeps them: nobody may change them.
func (r *read) lanes(ros *muster.Roster, from, until muster.Instant, finals bool) []Lane {
	if from.Micros()%int64(time.Minute/time.Microsecond) != 0 { // nobody will ask for the same window again
		return r.lanesOf(ros, r.snap.Schedule(ros.Name), from, until, finals)
	}
	size := func(lanes []Lane) (n int) {
		for i := range lanes {
			n += len(lanes[i].Blocks) + len(lanes[i].Turns)
		}
		return n
	}
	return plan.Kept(r.snap, drawn{ros.Name, from.Micros(), until.Micros(), finals}, size, func() []Lane {
		return r.lanesOf(ros, r.snap.Schedule(ros.Name), from, until, finals)
	})
}

// lanesOf are the rows of a roster: final schedules, then the layers, what wins above, then what was changed by hand.
func (r *read) lanesOf(ros *muster.Roster, s *rota.Schedule, from, until muster.Instant, finals bool) (lanes []Lane) {
	final := map[muster.RosterRole][]rota.Shift{}
	var patched []Block
	for _, role := range s.Roles() {
		final[role] = s.Shifts(role, from, until)
		l := Lane{Kind: LaneFinal, Role: role, Blocks: r.finalBlocks(ros, final[role])}
		lanes = append(lanes, l)
		for _, b := range l.Blocks {
			if b.Kind == BlockOverride || b.Kind == BlockSwap {
				patched = append(patched, b)
			}
		}
	}
	if finals {
		return lanes
	}
	for _, role := range s.Roles() {
		for i := len(ros.Rotations) - 1; i >= 0; i-- {
			rot := &ros.Rotations[i]
			if rot.Role != role {
				continue
			}
			own := s.LayerShifts(rot.Name, from, until)
			l := Lane{Kind: LaneLayer, Role: role, Rotation: rot, Blocks: r.layerBlocks(own, final[role])}
			if len(rot.Hours) > 0 {
				l.Turns = r.turns(own)
			}
			lanes = append(lanes, l)
		}
	}
	if len(patched) > 0 {
		slices.SortStableFunc(patched, func(a, b Block) int { return a.From.Compare(b.From.Time) })
		lanes = append(lanes, Lane{Kind: LanePatches, Blocks: patched})
	}
	return lanes
}

func (r *read) finalBlocks(ros *muster.Roster, shifts []rota.Shift) []Block {
	out := make([]Block, 0, len(shifts))
	var bare *rota.Schedule // without what was changed by hand; made when it is needed
	instead := func(sh *rota.Shift) []plan.Person {
		if bare == nil {
			bare = rota.Make(r.snap.Zones, &muster.Roster{Name: ros.Name, Rotations: ros.Rotations})
		}
		return r.people(peopleOf(bare.Shifts(sh.Role, sh.From, sh.Until), sh.People))
	}
	for i := range shifts {
		sh := &shifts[i]
		if len(sh.People) == 0 && sh.Role == muster.ShadowResponder {
			continue // nobody learns then: that is no gap
		}
		b := Block{From: sh.From, Until: sh.Until, People: r.people(sh.People), Kind: BlockShift, Layer: sh.Layer}
		switch {
		case sh.Override != "":
			b.Kind, b.Patch = BlockOverride, sh.Override
			if j := slices.IndexFunc(ros.Overrides, func(o muster.Override) bool { return o.ID == sh.Override }); j >= 0 {
				b.Why = ros.Overrides[j].Why
			}
			b.Instead = instead(sh)
		case sh.Swap != "":
			b.Kind, b.Patch = BlockSwap, sh.Swap
			if j := slices.IndexFunc(ros.Swaps, func(x muster.Swap) bool { return x.ID == sh.Swap }); j >= 0 {
				b.Why = ros.Swaps[j].Why
			}
			b.Instead = instead(sh)
		}
		if len(sh.People) == 0 {
			b.Kind = BlockGap
		}
		out = append(out, b)
	}
	return out
}

// peopleOf are the people of shifts, each once, without some.
func peopleOf(shifts []rota.Shift, without []muster.UserName) (out []muster.UserName) {
	for i := range shifts {
		for _, u := range shifts[i].People {
			if !slices.Contains(out, u) && !slices.Contains(without, u) {
				out = append(out, u)
			}
		}
	}
	return out
}

// layerBlocks cuts a rotation's own shifts where the final schedule has something else. Both lists are in order.
func (r *read) layerBlocks(own, final []rota.Shift) (out []Block) {
	f := 0
	for i := range own {
		sh := &own[i]
		if len(sh.People) == 0 {
			continue // a layer that pauses is no gap: others may have somebody
		}
		people := r.people(sh.People)
		for f < len(final) && !final[f].Until.After(sh.From.Time) {
			f++
		}
		first := true
		for j := f; j < len(final) && final[j].From.Before(sh.Until.Time); j++ {
			b := Block{From: later(sh.From, final[j].From), Until: earlier(sh.Until, final[j].Until), People: people, Kind: BlockReplaced, Layer: sh.Layer}
			if final[j].Override == "" && final[j].Swap == "" && final[j].Layer == sh.Layer {
				b.Kind = BlockShift
			}
			if n := len(out); !first && out[n-1].Kind == b.Kind && out[n-1].Until == b.From {
				out[n-1].Until = b.Until // one shift, met by several that replace it
				continue
			}
			first = false
			out = append(out, b)
		}
	}
	return out
}

// turns are the stretches that belong to somebody's turn, with the pauses between the hours.
func (r *read) turns(own []rota.Shift) (out []Block) {
	last := -1
	for i := range own {
		sh := &own[i]
		if len(sh.People) == 0 {
			continue
		}
		if last >= 0 && own[last].Turn == sh.Turn {
			out[len(out)-1].Until = sh.Until
		} else {
			out = append(out, Block{From: sh.From, Until: sh.Until, People: r.people(sh.People), Kind: BlockShift, Layer: sh.Layer})
		}
		last = i
	}
	return out
}

// patches lists the overrides and swaps that are not over, the next first.
func (r *read) patches(ros *muster.Roster, s *rota.Schedule) (out []Patch) {
	now := r.Now()
	for i := range ros.Overrides {
		o := &ros.Overrides[i]
		if o.Until.After(now.Time) {
			out = append(out, Patch{ID: o.ID, Role: o.Role, From: o.From, Until: o.Until, People: r.people(o.People), Why: o.Why, By: o.By})
		}
	}
	lapsed := map[string]string{}
	for _, l := range s.Lapsed() {
		lapsed[l.Swap.ID] = l.Text
	}
	for i := range ros.Swaps {
		if x := &ros.Swaps[i]; lapsed[x.ID] != "" {
			out = append(out, Patch{ID: x.ID, Swap: true, People: []plan.Person{r.person(x.To)}, Instead: []plan.Person{r.person(x.Shift.User)}, Why: x.Why, By: x.By, Lapsed: lapsed[x.ID]})
		} else if p, ok := r.swapped(ros, s, x); ok && p.Until.After(now.Time) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Patch) int { return a.From.Compare(b.From.Time) })
	return out
}

// swapped is when a swap applies: the shift that its reference means now.
func (r *read) swapped(ros *muster.Roster, s *rota.Schedule, x *muster.Swap) (Patch, bool) {
	i := slices.IndexFunc(ros.Rotations, func(rot muster.Rotation) bool { return rot.Name == x.Shift.Rotation })
	if i < 0 {
		return Patch{}, false
	}
	rot := &ros.Rotations[i]
	p := Patch{ID: x.ID, Swap: true, Role: rot.Role, People: []plan.Person{r.person(x.To)}, Instead: []plan.Person{r.person(x.Shift.User)}, Why: x.Why, By: x.By}
	zone, err := r.snap.Zones.Load(rot.Zone)
	if err != nil {
		return Patch{}, false
	}
	at, ok := localInstant(x.Shift.Start, zone)
	if !ok {
		return Patch{}, false
	}
	for _, near := range []muster.Instant{at.Plus(time.Second), at.Plus(-time.Hour), at.Plus(time.Hour)} { // a hand-off that moved a little
		if t, ok := s.TurnAt(rot.Name, near); ok && slices.Contains(t.People, x.Shift.User) {
			p.From, p.Until = t.From, t.Until
			break
		}
	}
	if p.Until.IsZero() {
		p.From, p.Until = at, at.Plus(24*time.Hour)
	}
	if !x.From.IsZero() {
		p.From = x.From
	}
	if !x.Until.IsZero() {
		p.Until = x.Until
	}
	return p, true
}
