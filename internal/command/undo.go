package command

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// UndoShift takes an override or a swap back.
type UndoShift struct {
	Roster muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	ID     string            `json:"id" path:"id" arg:"2" doc:"the ID of the override or of the swap"`
	Accept string            `json:"accept,omitempty" doc:"reaches-nobody: undo it even if somebody would not be paged any more"`
	Why    string            `json:"why,omitempty" arg:"rest" doc:"why"`
}

// Undone says what became of an override or a swap.
type Undone struct {
	Roster muster.RosterName `json:"roster"`
	ID     string            `json:"id"`
	Ended  bool              `json:"ended"` // it had begun: it ends now, and what was stays as it was
	At     muster.Instant    `json:"at"`
}

// undoShift removes an override or a swap that has not begun, and ends one that has: the past is never changed. It is for
// who made it, whom it concerns, and owners of the team. To undo an undo is a new change.
func (c *Call) undoShift(in UndoShift) (*Undone, error) {
	r, err := c.roster(in.Roster)
	if err != nil {
		return nil, err
	}
	now := c.Now()
	next := *r
	next.Overrides, next.Swaps = slices.Clone(r.Overrides), slices.Clone(r.Swaps)
	var what string
	var ended bool
	if i := slices.IndexFunc(r.Overrides, func(o muster.Override) bool { return o.ID == in.ID }); i >= 0 {
		if err := c.mayUndo(r, c.concerned(r, i)); err != nil {
			return nil, err
		}
		what = "override"
		ended, err = c.endOverride(&next, i, now)
	} else if i := slices.IndexFunc(r.Swaps, func(s muster.Swap) bool { return s.ID == in.ID }); i >= 0 {
		s := &r.Swaps[i]
		if err := c.mayUndo(r, []muster.UserName{s.By, s.To, s.Shift.User}); err != nil {
			return nil, err
		}
		what = "swap"
		ended, err = c.endSwap(&next, i, now)
	} else {
		return nil, muster.Errorf(muster.ErrNotFound, "The roster %s has no override and no swap %q: somebody may have undone it already.", r.Name, muster.Clip(in.ID, 60))
	}
	if err != nil {
		return nil, err
	}
	if c, err = c.acceptingFor(r, in.Accept); err != nil {
		return nil, err
	}
	if _, err := c.changeShifts(&next, reasoned(what+" undone", in.Why)); err != nil {
		return nil, err
	}
	return &Undone{Roster: r.Name, ID: in.ID, Ended: ended, At: now}, nil
}

// concerned lists who made an override, whom it puts on call, and who would be on call without it.
func (c *Call) concerned(r *muster.Roster, i int) []muster.UserName {
	o := r.Overrides[i]
	out := append(slices.Clone(o.People), o.By)
	bare := *r
	bare.Overrides = slices.Delete(slices.Clone(r.Overrides), i, i+1)
	for _, sh := range c.scheduleOf(&bare).Shifts(o.Role, o.From, o.Until) {
		out = append(out, sh.People...)
	}
	return out
}

func (c *Call) mayUndo(r *muster.Roster, people []muster.UserName) error {
	if c.Actor.User != "" && slices.Contains(people, c.Actor.User) {
		return nil
	}
	return c.mustOwn(r.Team, "what others arranged in the roster "+string(r.Name))
}

func (c *Call) endOverride(next *muster.Roster, i int, now muster.Instant) (ended bool, err error) {
	o := &next.Overrides[i]
	switch {
	case !o.Until.After(now.Time):
		return false, c.overAlready("override", o.Until)
	case o.From.Before(now.Time):
		o.Until = now
		return true, nil
	}
	next.Overrides = slices.Delete(next.Overrides, i, i+1)
	return false, nil
}

func (c *Call) overAlready(what string, at muster.Instant) error {
	return muster.Errorf(muster.ErrConflict, "This %s was over on %s: what was cannot be changed.", what, c.clockOf(c.Actor.User, at))
}

// piece is one of the two shifts of a swap, as far as the swap reaches.
type piece struct{ from, until muster.Instant }

func (p piece) begun(now muster.Instant) bool { return p.from.Before(now.Time) }
func (p piece) over(now muster.Instant) bool  { return !p.until.After(now.Time) }

// endSwap undoes each of the two shifts by itself: one in the future goes back, a running one goes back from now on, one that
// is over stays given.
func (c *Call) endSwap(next *muster.Roster, i int, now muster.Instant) (ended bool, err error) {
	x := next.Swaps[i]
	s := c.Snap.Schedule(next.Name)
	give, applies := pieceOf(s, x.Shift)
	var back piece
	if x.Return != nil && applies {
		back, applies = pieceOf(s, *x.Return)
	}
	if !applies { // it decides about nothing any more
		next.Swaps = slices.Delete(next.Swaps, i, i+1)
		return false, nil
	}
	if !x.From.IsZero() {
		give.from = later(give.from, x.From)
	}
	if !x.Until.IsZero() && x.Until.Before(give.until.Time) {
		give.until = x.Until
	}
	if give.over(now) && (x.Return == nil || back.over(now)) {
		if x.Return != nil {
			give.until = later(give.until, back.until)
		}
		return false, c.overAlready("swap", give.until)
	}
	var kept []muster.Swap
	if give.begun(now) {
		one := x
		one.Return = nil
		if !give.over(now) {
			one.Until = now
		}
		kept = append(kept, one)
	}
	if x.Return != nil && back.begun(now) {
		one := muster.Swap{ID: "sw-" + c.IDs.Token(5), Shift: *x.Return, To: x.Shift.User, Why: x.Why, By: x.By, At: x.At}
		if !back.over(now) {
			one.Until = now
		}
		kept = append(kept, one)
	}
	next.Swaps = slices.Replace(next.Swaps, i, i+1, kept...)
	return len(kept) > 0, nil
}

func pieceOf(s *rota.Schedule, ref muster.ShiftRef) (piece, bool) {
	t, why := s.TurnOf(ref)
	return piece{t.From, t.Until}, why == ""
}

// RevertDocument writes a document as it stood before.
type RevertDocument struct {
	Kind     muster.Kind     `json:"kind" path:"kind" arg:"1" doc:"the kind: rosters"`
	Name     string          `json:"name" path:"name" arg:"2" doc:"its name"`
	Revision muster.Revision `json:"revision" arg:"3" doc:"as it stood at this revision of the catalog"`
	Newest   muster.Revision `json:"newest,omitempty" doc:"the document's revision that you saw last: refused when somebody changed it since"`
	Accept   string          `json:"accept,omitempty" doc:"reaches-nobody: write it even if somebody would not be paged any more"`
	Why      string          `json:"why,omitempty" arg:"rest" doc:"why, for the history"`
}

// revertDocument writes an older revision of a document as a new one, with the checks of any write. What people arranged in
// a roster by operations since then (overrides, swaps, accepted warnings) stays as it is now, as when a file is applied. A
// document that says the same already is left alone.
func (c *Call) revertDocument(in RevertDocument) (*Document, error) {
	k, ok := muster.KindOf(string(in.Kind))
	if !ok {
		return nil, unknownKind(string(in.Kind))
	}
	c, err := c.accepting(in.Accept)
	if err != nil {
		return nil, err
	}
	if in.Newest > 0 {
		if err := c.match(k, in.Name, in.Newest, false); err != nil {
			return nil, err
		}
	}
	if in.Revision < 1 {
		return nil, muster.Invalid("The document cannot be put back", []muster.FieldError{{Path: "revision", Message: "is missing: say to which revision, from the document's history"}})
	}
	if head := c.Snap.Catalog.Revision; in.Revision > head {
		return nil, muster.Invalid("The document cannot be put back", []muster.FieldError{{Path: "revision", Message: fmt.Sprintf("is %d, but the newest is %d", in.Revision, head)}})
	}
	rows, err := c.DocHistory(k, in.Name, store.List{Limit: 1, After: strconv.FormatInt(int64(in.Revision)+1, 10)})
	if err != nil {
		return nil, err
	}
	switch {
	case len(rows) == 0:
		return nil, muster.Errorf(muster.ErrNotFound, "At revision %d there was no %s called %q yet.", in.Revision, k.Singular(), muster.Clip(in.Name, 70))
	case rows[0].Body == "":
		return nil, muster.Errorf(muster.ErrConflict, "Revision %d removed %s/%s, so there is nothing to put back. To have it removed again, remove it; to have it back, take an older revision.", rows[0].Revision, k, in.Name)
	}
	d, err := decodeDoc(rows[0])
	if err != nil {
		return nil, err
	}
	now := c.Snap.Catalog.Document(k, in.Name)
	if now != nil {
		if d = catalog.Merge(now, withoutArranged(d)); plan.Same(now, d) {
			return &Document{Kind: k, Name: in.Name, Revision: c.Snap.Catalog.RevisionOf(muster.DocRef(k, in.Name)), Doc: now}, nil
		}
	}
	rev, err := c.writeDocs([]docChange{{kind: k, name: in.Name, doc: d}}, reasoned(fmt.Sprintf("back to revision %d", rows[0].Revision), in.Why))
	if err != nil {
		return nil, err
	}
	return &Document{Kind: k, Name: in.Name, Revision: rev, Doc: d}, nil
}

// withoutArranged is a roster without what people arranged by operations: what was undone since must not come back.
func withoutArranged(d muster.Document) muster.Document {
	r, ok := d.(*muster.Roster)
	if !ok {
		return d
	}
	out := *r
	out.Overrides = slices.DeleteFunc(slices.Clone(r.Overrides), func(o muster.Override) bool { return o.By != "" })
	out.Swaps = slices.DeleteFunc(slices.Clone(r.Swaps), func(s muster.Swap) bool { return s.By != "" })
	out.Accepted = slices.DeleteFunc(slices.Clone(r.Accepted), func(a muster.Acceptance) bool { return a.By != "" })
	return &out
}
