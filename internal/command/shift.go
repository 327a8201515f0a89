package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// OverrideShift replaces who is on call in a window.
type OverrideShift struct {
	Roster muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Role   muster.RosterRole `json:"role,omitempty" doc:"primary or secondary; primary when empty"`
	People []muster.UserName `json:"people" doc:"who takes over; nobody, stated, when empty"`
	From   muster.Instant    `json:"from,omitzero" doc:"from when; now when empty"`
	Until  muster.Instant    `json:"until" doc:"until when"`
	Accept string            `json:"accept,omitempty" doc:"reaches-nobody: make it even if somebody would not be paged any more"`
	Why    string            `json:"why,omitempty" doc:"why"`
}

// longestOverride keeps a slip of the pen from emptying a roster for years.
const longestOverride = 92 * 24 * time.Hour

// fromClip is how long ago a beginning may be that still means now: forms have minutes, and clocks differ.
const fromClip = time.Minute

func (c *Call) overrideShift(in OverrideShift) (*muster.Override, error) {
	r, err := c.roster(in.Roster)
	if err != nil {
		return nil, err
	}
	if in.Role == "" {
		in.Role = muster.PrimaryResponder
	}
	now := c.Now()
	wrong := append(c.checkRole(in.Role), c.checkTakers("people", in.Role, in.People)...)
	switch {
	case in.From.IsZero():
		in.From = now
	case in.From.Before(now.Add(-fromClip)):
		wrong = append(wrong, muster.FieldError{Path: "from", Message: "must not be in the past: what was cannot be changed. Leave it empty to begin now"})
	case in.From.Before(now.Time):
		in.From = now
	}
	switch {
	case !in.Until.After(now.Time):
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be later than now: what was cannot be changed"})
	case !in.Until.After(in.From.Time):
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be later than from"})
	case in.Until.Sub(in.From.Time) > longestOverride:
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "an override lasts at most 92 days: change the rotation for longer"})
	}
	if err := muster.Invalid("The override is not right", wrong); err != nil {
		return nil, err
	}
	if len(in.People) == 0 { // it silences the roster
		if err := c.mustOwn(r.Team, "the roster "+string(r.Name)+" so that nobody is on call"); err != nil {
			return nil, err
		}
	}
	if err := c.fewOverrides(r); err != nil {
		return nil, err
	}
	o := c.newOverride(r, in.Role, unique(in.People), in.From, in.Until, in.Why)
	next := withPatches(r, now)
	next.Overrides = append(next.Overrides, o)
	if c, err = c.acceptingFor(r, in.Accept); err != nil {
		return nil, err
	}
	// People take and hand over shifts themselves: an override needs no owner of the team, only somebody who can respond.
	_, err = c.changeShifts(next, reasoned("override", in.Why))
	return &o, err
}

// maxOverrides is how many overrides that are not over somebody may have made in a roster of which they own no team. A roster
// takes [muster.MaxPatches] in all: nobody may use them up, so that others cannot take the pager any more.
const maxOverrides = 100

func (c *Call) fewOverrides(r *muster.Roster) error {
	if c.Actor.Owns(r.Team) {
		return nil
	}
	n := 0
	for i := range r.Overrides {
		if o := &r.Overrides[i]; o.By == c.Actor.User && o.By != "" && o.Until.After(c.Now().Time) {
			n++
		}
	}
	if n < maxOverrides {
		return nil
	}
	return muster.Errorf(muster.ErrConflict, "You have %d overrides in the roster %s that are not over: undo some, or ask an owner of the team %q to change the rotation.", n, r.Name, r.Team)
}

// TakePager makes the caller be on call.
type TakePager struct {
	Roster muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Role   muster.RosterRole `json:"role,omitempty" doc:"primary or secondary; primary when empty"`
	Until  muster.Instant    `json:"until,omitzero" doc:"until when; until the end of the current shift when empty"`
	Why    string            `json:"why,omitempty" arg:"rest" doc:"why"`
}

// Taken says who has the pager now.
type Taken struct {
	Roster   muster.RosterName `json:"roster"`
	Title    string            `json:"title"` // of the roster
	Role     muster.RosterRole `json:"role"`
	Person   muster.UserName   `json:"person"`
	Instead  []muster.UserName `json:"instead"` // who was on call; empty: nobody
	From     muster.Instant    `json:"from"`
	Until    muster.Instant    `json:"until"`
	Override string            `json:"override,omitempty"` // that says so; empty: it is the person's own shift already
}

// takePager puts the caller on call instead of everybody who is, until the end of what is being held now. Whoever has the
// pager already, alone and for as long, is told so and changes nothing.
func (c *Call) takePager(in TakePager) (*Taken, error) {
	r, err := c.roster(in.Roster)
	if err != nil {
		return nil, err
	}
	if in.Role == "" {
		in.Role = muster.PrimaryResponder
	}
	me, now := c.Actor.User, c.Now()
	if me == "" {
		return nil, muster.Errorf(muster.ErrConflict, "Only a person can take the pager: %s is none.", c.Actor.Name)
	}
	wrong := append(c.checkRole(in.Role), c.checkTakers("person", in.Role, []muster.UserName{me})...)
	held := c.Snap.Schedule(r.Name).Holder(in.Role, 0, now, nil)
	until := in.Until
	if until.IsZero() {
		until = held.Until
	}
	switch {
	case until.IsZero():
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "is missing: no shift ends here, so say until when you have the pager"})
	case !until.After(now.Time):
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be later than now"})
	case until.Sub(now.Time) > longestOverride:
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be at most 92 days from now"})
	}
	if err := muster.Invalid("The pager cannot be taken", wrong); err != nil {
		return nil, err
	}
	out := &Taken{Roster: r.Name, Title: r.Title, Role: in.Role, Person: me, Instead: []muster.UserName{}, From: now, Until: until}
	if slices.Equal(held.People, []muster.UserName{me}) && (held.Until.IsZero() || !until.After(held.Until.Time)) {
		out.From, out.Until, out.Override = held.Since, held.Until, held.Override
		return out, nil
	}
	for _, u := range held.People {
		if u != me {
			out.Instead = append(out.Instead, u)
		}
	}
	o := c.newOverride(r, in.Role, []muster.UserName{me}, now, until, in.Why)
	out.Override = o.ID
	next := withPatches(r, now)
	next.Overrides = append(next.Overrides, o)
	_, err = c.wordless().changeShifts(next, reasoned(c.Actor.Name+" takes the pager", in.Why))
	return out, err
}

func (c *Call) newOverride(r *muster.Roster, role muster.RosterRole, people []muster.UserName, from, until muster.Instant, why string) muster.Override {
	return muster.Override{
		ID: "ov-" + c.IDs.Token(5), Role: role, People: people, From: from, Until: until, Why: muster.CleanText(why, 500), By: c.Actor.User, At: c.madeNow(r),
	}
}

// madeNow is now, and later than all that was made before it, whatever the clock says: what was made later wins.
func (c *Call) madeNow(r *muster.Roster) muster.Instant {
	at := c.Now()
	for i := range r.Overrides {
		at = later(at, r.Overrides[i].At.Plus(time.Microsecond))
	}
	for i := range r.Swaps {
		at = later(at, r.Swaps[i].At.Plus(time.Microsecond))
	}
	return at
}

// changeShifts writes a roster that people changed by an operation for shifts: that needs no owner of the team. Those who
// agreed to it are not told again that their shifts changed.
func (c *Call) changeShifts(next *muster.Roster, why string, agreed ...muster.UserName) (muster.Revision, error) {
	up := c.elevated()
	up.agreed = agreed
	return up.writeDocs([]docChange{{kind: muster.KindRosters, name: string(next.Name), doc: next}}, why)
}

// acceptingFor is accepting, for a change of shifts that needs no owner: to leave a policy without anybody does need one, as
// stating that nobody is on call does.
func (c *Call) acceptingFor(r *muster.Roster, word string) (*Call, error) {
	if word != "" {
		if err := c.mustOwn(r.Team, "the roster "+string(r.Name)+" so that nobody is reached"); err != nil {
			return nil, err
		}
	}
	return c.accepting(word)
}

// wordless is the same call for an operation that takes no word of acceptance.
func (c *Call) wordless() *Call {
	up := *c
	up.consent.mute = true
	return &up
}

// elevated is the same call with the right to write any document: for operations that write one in a way of their own,
// which needs less than changing it freely.
func (c *Call) elevated() *Call {
	up := *c
	up.Actor.Access = muster.AccessAdmin
	return &up
}

// withPatches is a copy of a roster to which an override or a swap can be added. When it is full, overrides that people made
// and that are over make room: what was is known from the revisions.
func withPatches(r *muster.Roster, now muster.Instant) *muster.Roster {
	next := *r
	next.Overrides, next.Swaps = slices.Clone(r.Overrides), slices.Clone(r.Swaps)
	if len(r.Overrides)+len(r.Swaps) >= muster.MaxPatches-10 {
		next.Overrides = slices.DeleteFunc(next.Overrides, func(o muster.Override) bool { return o.By != "" && !o.Until.After(now.Time) })
	}
	return &next
}

func (c *Call) roster(name muster.RosterName) (*muster.Roster, error) {
	if r := c.Snap.Catalog.Rosters[name]; r != nil {
		return r, nil
	}
	var names []string
	for _, d := range c.Snap.Catalog.Documents(muster.KindRosters) {
		names = append(names, d.DocName())
	}
	return nil, muster.Errorf(muster.ErrNotFound, "There is no roster called %q%s.", muster.Clip(string(name), 70), orDidYouMean(string(name), names))
}

func orDidYouMean(word string, names []string) string {
	if n := muster.Nearest(word, names); n != "" {
		return fmt.Sprintf("; did you mean %s?", n)
	}
	return ""
}

func (c *Call) checkRole(role muster.RosterRole) []muster.FieldError {
	if slices.Contains(muster.RosterRoles(), role) {
		return nil
	}
	words := make([]string, 0, 3)
	for _, r := range muster.RosterRoles() {
		words = append(words, string(r))
	}
	return []muster.FieldError{{Path: "role", Message: fmt.Sprintf("%q is not one of %s", muster.Clip(string(role), 40), strings.Join(words, ", "))}}
}

func checkRotation(path string, r *muster.Roster, name string) []muster.FieldError {
	names := make([]string, 0, len(r.Rotations))
	for i := range r.Rotations {
		if r.Rotations[i].Name == name {
			return nil
		}
		names = append(names, r.Rotations[i].Name)
	}
	hint := orDidYouMean(name, names)
	return []muster.FieldError{{Path: path, Message: fmt.Sprintf("the roster %s has no rotation called %q%s", r.Name, muster.Clip(name, 60), hint)}}
}

// checkTakers says who of those who shall be on call cannot be: people who are not in the catalog, who have left, and, but
// for shadows, who are only viewers.
func (c *Call) checkTakers(path string, role muster.RosterRole, people []muster.UserName) (wrong []muster.FieldError) {
	for _, u := range people {
		d := c.Snap.Catalog.Users[u]
		switch {
		case u == muster.Nobody:
			wrong = append(wrong, muster.FieldError{Path: path, Message: "nobody is no person: leave it empty to state that nobody is on call"})
		case d == nil:
			var names []string
			for _, x := range c.Snap.Catalog.Documents(muster.KindUsers) {
				names = append(names, x.DocName())
			}
			hint := orDidYouMean(string(u), names)
			wrong = append(wrong, muster.FieldError{Path: path, Message: fmt.Sprintf("there is no person called %q%s", muster.Clip(string(u), 70), hint)})
		case d.Disabled:
			wrong = append(wrong, muster.FieldError{Path: path, Message: c.Snap.Catalog.DisplayName(u) + " has left and would not be paged: choose somebody else"})
		case d.Access == muster.AccessViewer && role != muster.ShadowResponder:
			wrong = append(wrong, muster.FieldError{Path: path, Message: c.Snap.Catalog.DisplayName(u) + " is a viewer, and could not acknowledge a page: an admin can make them a responder; or choose somebody else"})
		}
	}
	return wrong
}

func unique(people []muster.UserName) (out []muster.UserName) {
	for _, u := range people {
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}

// reasoned is what the history says: what was done, and why as far as somebody said so.
func reasoned(what, why string) string {
	if why = strings.TrimSpace(why); why != "" {
		return what + ": " + why
	}
	return what
}

// zoneOf is the zone in which a person is told the time.
func (c *Call) zoneOf(u muster.UserName) *time.Location {
	if d := c.Snap.Catalog.Users[u]; d != nil {
		if z, err := c.Snap.Zones.Load(d.Zone); err == nil {
			return z
		}
	}
	return time.UTC
}

// clockOf tells a moment to a person.
func (c *Call) clockOf(u muster.UserName, at muster.Instant) string {
	return at.In(c.zoneOf(u)).Format("Mon 2 Jan 15:04 MST")
}

// spanOf tells a stretch of time to a person: the zone once, where it is the same at both ends.
func (c *Call) spanOf(u muster.UserName, from, until muster.Instant) string {
	z := c.zoneOf(u)
	f, t := from.In(z), until.In(z)
	end := "Mon 2 Jan 15:04 MST"
	if f.Format(time.DateOnly) == t.Format(time.DateOnly) {
		end = "15:04 MST"
	}
	begin := "Mon 2 Jan 15:04"
	if a, _ := f.Zone(); a != zoneName(t) {
		begin += " MST"
	}
	return f.Format(begin) + " until " + t.Format(end)
}

func zoneName(t time.Time) string {
	name, _ := t.Zone()
	return name
}

// scheduleOf is a roster that is not in the snapshot, made ready for questions.
func (c *Call) scheduleOf(r *muster.Roster) *rota.Schedule { return rota.Make(c.Snap.Zones, r) }
