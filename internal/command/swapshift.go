package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// swapAhead is how far ahead somebody's next shift is looked for.
const swapAhead = 92 * 24 * time.Hour

// duty is what somebody has of a shift and gives away.
type duty struct {
	role        muster.RosterRole
	ref         muster.ShiftRef // zero: they have it by no turn of their own
	whole       bool
	from, until muster.Instant
}

// dutyOf finds the shift that is meant: of the holder, at the stated moment or next, narrowed to the part that is asked for.
func (c *Call) dutyOf(r *muster.Roster, a swapAsk) (d duty, err error) {
	s, now := c.Snap.Schedule(r.Name), c.Now()
	name := c.Snap.Catalog.DisplayName(a.holder)
	at := a.at
	if at.IsZero() {
		at = a.from
	}
	if at.IsZero() {
		if at = nextShift(s, a, now); at.IsZero() {
			return d, muster.Errorf(muster.ErrConflict, "%s has no shift%s in the roster %s within the next 92 days.", name, ofRotation(a.rotation), r.Name)
		}
	}
	found, over := heldAt(s, r, a, at, now)
	switch {
	case len(found) == 0 && over:
		return d, muster.Errorf(muster.ErrConflict, "That shift of %s is over: what was cannot be changed.", name)
	case len(found) == 0 && at.Before(now.Time):
		return d, muster.Errorf(muster.ErrConflict, "%s has no shift%s any more that ran on %s: what was cannot be changed.", name, ofRotation(a.rotation), c.clockOf(c.Actor.User, at))
	case len(found) == 0:
		return d, muster.Errorf(muster.ErrConflict, "%s has no shift%s in the roster %s on %s.", name, ofRotation(a.rotation), r.Name, c.clockOf(c.Actor.User, at))
	case len(found) > 1:
		return d, muster.Invalid(a.verbs, []muster.FieldError{{Path: "rotation", Message: name + " has several shifts then: say in which rotation, or for which role"}})
	}
	d = found[0]
	return d, c.narrow(&d, a)
}

func ofRotation(name string) string {
	if name == "" {
		return ""
	}
	return " of the rotation " + name
}

// narrow cuts a shift to the part that is asked for.
func (c *Call) narrow(d *duty, a swapAsk) error {
	var wrong []muster.FieldError
	whole := "must be within the shift, which lasts from " + c.spanOf(c.Actor.User, d.from, d.until)
	from, until := d.from, d.until
	if !a.from.IsZero() {
		if a.from.Before(d.from.Time) || !a.from.Before(d.until.Time) {
			wrong = append(wrong, muster.FieldError{Path: "from", Message: whole})
		}
		from = a.from
	}
	if !a.until.IsZero() {
		if a.until.After(d.until.Time) || !a.until.After(d.from.Time) {
			wrong = append(wrong, muster.FieldError{Path: "until", Message: whole})
		}
		until = a.until
	}
	switch {
	case len(wrong) > 0:
	case !until.After(from.Time):
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be later than from"})
	case !until.After(c.Now().Time):
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be later than now: what was cannot be changed"})
	}
	d.whole = from.Equal(d.from.Time) && until.Equal(d.until.Time)
	d.from, d.until = from, until
	return muster.Invalid(a.verbs, wrong)
}

// nextShift is a moment in the holder's running or next shift; zero when there is none.
func nextShift(s *rota.Schedule, a swapAsk, now muster.Instant) (at muster.Instant) {
	for _, role := range s.Roles() {
		if a.role != "" && a.role != role {
			continue
		}
		for _, sh := range s.Shifts(role, now, now.Plus(swapAhead)) {
			if slices.Contains(sh.People, a.holder) && (a.rotation == "" || a.rotation == sh.Layer) {
				if at.IsZero() || sh.From.Before(at.Time) {
					at = sh.From
				}
				break
			}
		}
	}
	return at
}

// heldAt lists what the holder has at a moment and from now on: turns of their own first, else what an override or a swap
// gave them. over says that there was something, and that it has ended.
func heldAt(s *rota.Schedule, r *muster.Roster, a swapAsk, at, now muster.Instant) (found []duty, over bool) {
	for i := range r.Rotations {
		rot := &r.Rotations[i]
		if (a.rotation != "" && a.rotation != rot.Name) || (a.role != "" && a.role != rot.Role) {
			continue
		}
		t, ok := s.TurnAt(rot.Name, at)
		if !ok || !slices.Contains(t.People, a.holder) {
			continue
		}
		if !t.Until.After(now.Time) {
			over = true
			continue
		}
		t.Ref.User = a.holder
		if slices.ContainsFunc(s.Shifts(t.Role, later(t.From, now), t.Until), func(sh rota.Shift) bool {
			return sh.Layer == rot.Name && slices.Contains(sh.People, a.holder)
		}) {
			found = append(found, duty{role: t.Role, ref: t.Ref, from: t.From, until: t.Until})
		}
	}
	if len(found) > 0 || a.rotation != "" {
		return found, over
	}
	for _, role := range s.Roles() {
		h := s.Holder(role, 0, at, nil)
		if (a.role != "" && a.role != role) || !slices.Contains(h.People, a.holder) || h.Until.IsZero() {
			continue
		}
		if !h.Until.After(now.Time) {
			over = true
			continue
		}
		since := h.Since
		if since.IsZero() {
			since = now
		}
		found = append(found, duty{role: role, from: since, until: h.Until})
	}
	return found, over
}

func later(a, b muster.Instant) muster.Instant {
	if a.After(b.Time) {
		return a
	}
	return b
}

// carryOut writes what was agreed into the roster, as one revision.
func (c *Call) carryOut(s *muster.SwapRequest, agreed ...muster.UserName) error {
	next, ids, err := c.swapped(s)
	if err != nil {
		return err
	}
	name := c.Snap.Catalog.DisplayName
	what := fmt.Sprintf("%s takes a shift of %s", name(s.Taker), name(s.Holder))
	if s.Return != nil {
		what = fmt.Sprintf("%s and %s swap shifts", name(s.Holder), name(s.Taker))
	}
	s.Patches = ids
	_, err = c.wordless().changeShifts(next, reasoned(what, s.Why), agreed...)
	return err
}

// swapped is the roster with the swap in it. It says why the swap is not possible, or not any more.
func (c *Call) swapped(s *muster.SwapRequest) (next *muster.Roster, ids []string, err error) {
	r, err := c.roster(s.Roster)
	if err != nil {
		return nil, nil, err
	}
	name, now := c.Snap.Catalog.DisplayName, c.Now()
	if wrong := c.checkTakers("to", s.Role, []muster.UserName{s.Taker}); len(wrong) > 0 {
		return nil, nil, muster.Errorf(muster.ErrConflict, "The shift cannot be handed over: %s.", wrong[0].Message)
	}
	gone := func(why string) error {
		return muster.Errorf(muster.ErrConflict, "The shift is not what it was when the swap was asked for: %s.", strings.TrimSuffix(why, "."))
	}
	over := muster.Errorf(muster.ErrConflict, "The shift is over since %s: what was cannot be changed.", c.clockOf(c.Actor.User, s.Until))
	before := c.Snap.Schedule(r.Name)
	from, until := later(s.From, now), s.Until
	next = withPatches(r, now)
	if s.Shift == (muster.ShiftRef{}) {
		if !until.After(from.Time) {
			return nil, nil, over
		}
		for _, o := range c.replaced(before, r, s, from, until) {
			next.Overrides = append(next.Overrides, o)
			ids = append(ids, o.ID)
		}
		if len(ids) == 0 {
			return nil, nil, gone(name(s.Holder) + " does not have it any more, or " + name(s.Taker) + " is on call then already")
		}
		return next, ids, nil
	}
	t, why := before.TurnOf(s.Shift)
	if why != "" {
		return nil, nil, gone(why)
	}
	x := muster.Swap{ID: "sw-" + c.IDs.Token(5), Shift: s.Shift, To: s.Taker, Return: s.Return, Why: s.Why, By: s.By, At: c.madeNow(r)}
	if s.Whole {
		from, until = later(t.From, now), t.Until
	}
	if !until.After(from.Time) {
		return nil, nil, over
	}
	if !s.Whole {
		if from = later(from, t.From); !from.Before(t.Until.Time) || !until.After(t.From.Time) {
			return nil, nil, gone("the turn lasts from " + c.spanOf(c.Actor.User, t.From, t.Until) + " now")
		}
		if until.Before(t.Until.Time) {
			x.Until = until
		}
	}
	if from.After(t.From.Time) {
		x.From = from
	}
	if s.Return != nil {
		back, why := before.TurnOf(*s.Return)
		switch {
		case why != "":
			return nil, nil, gone(why)
		case back.From.Before(now.Time):
			return nil, nil, muster.Errorf(muster.ErrConflict, "The shift that is given in exchange began on %s: what was cannot be changed.", c.clockOf(c.Actor.User, back.From))
		}
	}
	next.Swaps = append(next.Swaps, x)
	if err := c.takesEffect(before, next, s, t.Role, from, until); err != nil {
		return nil, nil, err
	}
	return next, []string{x.ID}, nil
}

// takesEffect refuses a swap that would change nothing.
func (c *Call) takesEffect(before *rota.Schedule, next *muster.Roster, s *muster.SwapRequest, role muster.RosterRole, from, until muster.Instant) error {
	after := c.scheduleOf(next)
	name := c.Snap.Catalog.DisplayName
	has := func(x *rota.Schedule, role muster.RosterRole, u muster.UserName, from, until muster.Instant) (free, on bool) {
		for _, sh := range x.Shifts(role, from, until) {
			if slices.Contains(sh.People, u) {
				on = true
			} else {
				free = true
			}
		}
		return free, on
	}
	if free, _ := has(before, role, s.Taker, from, until); !free {
		return muster.Errorf(muster.ErrConflict, "%s is on call as %s then already.", name(s.Taker), role.Word())
	}
	given := func(role muster.RosterRole, gives, takes muster.UserName, from, until muster.Instant) error {
		was := heldIn(before, role, takes, from, until)
		if _, on := has(before, role, gives, from, until); !on || heldIn(after, role, takes, from, until) <= was {
			return muster.Errorf(muster.ErrConflict, "%s does not have the shift from %s any more: it was given away, or an override covers it.", name(gives), c.spanOf(c.Actor.User, from, until))
		}
		return nil
	}
	if err := given(role, s.Holder, s.Taker, from, until); err != nil {
		return err
	}
	if s.Return == nil {
		return nil
	}
	back, _ := before.TurnOf(*s.Return)
	return given(back.Role, s.Taker, s.Holder, back.From, back.Until)
}

// heldIn is how long somebody has a role within a stretch, in microseconds.
func heldIn(s *rota.Schedule, role muster.RosterRole, u muster.UserName, from, until muster.Instant) (n int64) {
	for _, sh := range s.Shifts(role, from, until) {
		if slices.Contains(sh.People, u) {
			n += sh.Until.Micros() - sh.From.Micros()
		}
	}
	return n
}

// replaced are the overrides that put the taker in the holder's place wherever the holder is on call.
func (c *Call) replaced(before *rota.Schedule, r *muster.Roster, s *muster.SwapRequest, from, until muster.Instant) (out []muster.Override) {
	for _, sh := range before.Shifts(s.Role, from, until) {
		if !slices.Contains(sh.People, s.Holder) || slices.Contains(sh.People, s.Taker) {
			continue
		}
		people := slices.Clone(sh.People)
		people[slices.Index(people, s.Holder)] = s.Taker
		if n := len(out); n > 0 && out[n-1].Until.Equal(sh.From.Time) && slices.Equal(out[n-1].People, people) {
			out[n-1].Until = sh.Until
			continue
		}
		o := c.newOverride(r, s.Role, people, sh.From, sh.Until, s.Why)
		o.By = s.By
		out = append(out, o)
	}
	return out
}
