package command_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// other is a person who responds and is not who.
func other(who muster.Actor) muster.UserName {
	if who.User == "rob" {
		return "olga"
	}
	return "rob"
}

// turnsOf makes one person have all turns of the storefront, without overrides and swaps.
func (w *world) turnsOf(who muster.Actor) muster.UserName {
	w.Helper()
	u := who.User
	if u == "" || who.Access == muster.AccessViewer {
		u = "rob"
	}
	w.roster(muster.Rotation{People: []muster.UserName{u}})
	return u
}

// roster writes the storefront's roster with one rotation of primary responders: daily turns, hand-off at 09:00 UTC, begun
// yesterday, unless it says otherwise.
func (w *world) roster(r muster.Rotation) *muster.Roster {
	w.Helper()
	if r.Every == 0 {
		r.Every, r.Unit = 1, muster.UnitDay
	}
	r.Name, r.Role, r.Zone, r.Handoff = "first", muster.PrimaryResponder, "UTC", "09:00"
	if r.Start == "" {
		r.Start = time.Now().UTC().Add(-24 * time.Hour).Format(time.DateOnly)
	}
	d := &muster.Roster{Name: "storefront", Title: "Storefront", Team: "storefront", Rotations: []muster.Rotation{r}}
	must[*command.Document](w, w.as("ana"), "PutDocument", command.PutDocument{Kind: muster.KindRosters, Name: "storefront", Body: body(w, d), Any: true})
	return w.storefront()
}

func (w *world) storefront() *muster.Roster {
	return w.commands.Live.Current().Catalog.Rosters["storefront"]
}

// rota is the roster of most stories: Rob, Olga and Ana in turn.
func (w *world) rota() {
	w.Helper()
	w.roster(muster.Rotation{People: []muster.UserName{"rob", "olga", "ana"}})
}

// turn is a moment in the next turn of a person that has not begun, and its beginning and end.
func (w *world) turn(u muster.UserName) (at, from, until muster.Instant) {
	w.Helper()
	s := w.commands.Live.Current().Schedule("storefront")
	now := muster.At(time.Now())
	for _, sh := range s.LayerShifts("first", now.Plus(24*time.Hour), now.Plus(60*24*time.Hour)) {
		if slices.Equal(sh.People, []muster.UserName{u}) && sh.From.After(now.Plus(24*time.Hour).Time) {
			return sh.From.Plus(time.Hour), sh.From, sh.Until
		}
	}
	w.Fatalf("%s has no turn", u)
	return at, from, until
}

// on is who is the primary responder at a moment.
func (w *world) on(at muster.Instant) string {
	w.Helper()
	var names []string
	for _, u := range w.commands.Live.Current().Schedule("storefront").People(muster.PrimaryResponder, at) {
		names = append(names, string(u))
	}
	return strings.Join(names, "+")
}

func now() muster.Instant { return muster.At(time.Now()) }

// told are the titles of what a person was told about swaps and changes of shifts, in no order.
func (w *world) told(u muster.UserName) (titles []string) {
	w.Helper()
	for _, n := range w.notices(u) {
		if slices.Contains([]muster.NoticeKind{muster.NoticeShiftChanged, muster.NoticeSwapRequest, muster.NoticeSwapAnswered}, n.Kind) {
			titles = append(titles, n.Title)
		}
	}
	return titles
}

// oneTold is the one notice of a person with a title; those of one moment have no order.
func (w *world) oneTold(u muster.UserName, title string) *muster.Notice {
	w.Helper()
	var found []*muster.Notice
	for _, n := range w.notices(u) {
		if strings.Contains(n.Title, title) {
			found = append(found, n)
		}
	}
	if len(found) != 1 {
		w.Errorf("%s was told %q %d times: %q", u, title, len(found), w.told(u))
		return &muster.Notice{}
	}
	return found[0]
}

// says checks the code and the sentence of a refusal, and that nothing was written.
func says[Out, In any](w *world, code muster.Code, sentence string, who muster.Actor, op string, in In) {
	w.Helper()
	head := func() muster.Revision {
		return read(w, func(r store.Reader) (muster.Revision, error) { return r.Head() })
	}
	before := head()
	_, err := do[Out](w, who, op, in)
	if muster.CodeOf(err) != code || !strings.Contains(explain(errOr(err)), sentence) {
		w.Errorf("%s by %s gave %q %v, want %q … %s", op, who.Name, muster.CodeOf(err), err, code, sentence)
	}
	if after := head(); after != before {
		w.Errorf("%s was refused and wrote revision %d", op, after)
	}
}

func errOr(err error) error {
	if err == nil {
		return muster.Errorf(muster.ErrInternal, "no error")
	}
	return err
}

func TestOverrides(t *testing.T) { bubble(t, overrides) }

func overrides(w *world) {
	w.rota()
	rob, in := w.as("rob"), command.OverrideShift{Roster: "storefront", People: []muster.UserName{"olga"}, Until: now().Plus(time.Hour), Why: "dentist"}
	o := must[*muster.Override](w, rob, "OverrideShift", in)
	if o.By != "rob" || o.At.IsZero() || !o.From.Equal(o.At.Time) || w.on(now()) != "olga" {
		w.Errorf("the override is %+v; %s is on call", o, w.on(now()))
	}
	justNow := in
	justNow.From = now().Plus(-50 * time.Second)
	if o := must[*muster.Override](w, rob, "OverrideShift", justNow); o.From.Before(justNow.From.Plus(time.Second).Time) {
		w.Errorf("it begins in the past: %+v", o)
	}

	past, left, ghost, none, backwards := in, in, in, in, in
	past.From = now().Plus(-2 * time.Minute)
	says[*muster.Override](w, muster.ErrInvalid, "must not be in the past", rob, "OverrideShift", past)
	w.put("kind: user\nname: lea\ndisplay: Lea\nzone: UTC\ndisabled: true\n")
	left.People = []muster.UserName{"lea"}
	says[*muster.Override](w, muster.ErrInvalid, "Lea has left", rob, "OverrideShift", left)
	ghost.People = []muster.UserName{"olgaa"}
	says[*muster.Override](w, muster.ErrInvalid, "did you mean olga?", rob, "OverrideShift", ghost)
	none.Roster = "storefrnt"
	says[*muster.Override](w, muster.ErrNotFound, "did you mean storefront?", rob, "OverrideShift", none)
	backwards.From, backwards.Until = now().Plus(2*time.Hour), now().Plus(time.Hour)
	says[*muster.Override](w, muster.ErrInvalid, "must be later than from", rob, "OverrideShift", backwards)
}

// Nobody fills a roster of others with overrides, so that there is no room for who has to take the pager.
func TestNobodyUsesUpTheOverridesOfOthers(t *testing.T) {
	bubble(t, func(w *world) {
		w.rota()
		for i := range 101 {
			from := muster.At(time.Now().Add(time.Duration(24+i) * time.Hour))
			in := command.OverrideShift{Roster: "storefront", People: []muster.UserName{"rob"}, From: from, Until: from.Plus(time.Hour)}
			_, err := do[*muster.Override](w, w.as("rob"), "OverrideShift", in)
			if i < 100 {
				w.ok(err)
			} else if muster.CodeOf(err) != muster.ErrConflict || !strings.Contains(err.Error(), "100 overrides") {
				w.Errorf("one more: %v", err)
			}
			if i == 100 { // who owns the team may
				must[*muster.Override](w, w.as("olga"), "OverrideShift", in)
			}
		}
	})
}

func TestTakeThePager(t *testing.T) { bubble(t, takeThePager) }

func takeThePager(w *world) {
	w.rota()
	had := w.on(now())
	holder, taker := muster.UserName(had), other(w.as(muster.UserName(had)))
	end := w.commands.Live.Current().Schedule("storefront").NextChange(now())
	got := must[*command.Taken](w, w.as(taker), "TakePager", command.TakePager{Roster: "storefront", Why: "I am awake"})
	if w.on(now()) != string(taker) || !got.Until.Equal(end.Time) || !slices.Equal(got.Instead, []muster.UserName{holder}) {
		w.Errorf("%s took it: %+v, and %s is on call", taker, got, w.on(now()))
	}
	if next := w.on(end); next == string(taker) && len(w.storefront().Overrides) != 1 {
		w.Errorf("after the shift %s is on call", next)
	}
	again := must[*command.Taken](w, w.as(taker), "TakePager", command.TakePager{Roster: "storefront"})
	if again.Override != got.Override || len(w.storefront().Overrides) != 1 {
		w.Errorf("taken twice: %+v", again)
	}
	if told := w.told(holder); !slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "no longer on call in Storefront") }) {
		w.Errorf("%s was told %v", holder, told)
	}
	says[*command.Taken](w, muster.ErrInvalid, "must be later than now", w.as("ana"), "TakePager", command.TakePager{Roster: "storefront", Until: now().Plus(-time.Hour)})
	says[*command.Taken](w, muster.ErrConflict, "Only a person", guest(), "TakePager", command.TakePager{Roster: "storefront"})
}

func TestUndo(t *testing.T) { bubble(t, undo) }

func undo(w *world) {
	w.rota()
	w.put("kind: user\nname: uli\ndisplay: Uli\nzone: UTC\n")
	_, from, until := w.turn("rob")
	in := command.OverrideShift{Roster: "storefront", People: []muster.UserName{"olga"}, From: from, Until: until}
	o := must[*muster.Override](w, w.as("ana"), "OverrideShift", in)
	says[*command.Undone](w, muster.ErrForbidden, "Only an owner", w.as("uli"), "UndoShift", command.UndoShift{Roster: "storefront", ID: o.ID})
	if u := must[*command.Undone](w, w.as("rob"), "UndoShift", command.UndoShift{Roster: "storefront", ID: o.ID}); u.Ended || w.on(from) != "rob" || len(w.storefront().Overrides) != 0 {
		w.Errorf("undone before it began: %+v, %s is on call", u, w.on(from))
	}
	says[*command.Undone](w, muster.ErrNotFound, "no override and no swap", w.as("rob"), "UndoShift", command.UndoShift{Roster: "storefront", ID: o.ID})

	taker := other(w.as(muster.UserName(w.on(now()))))
	took := must[*command.Taken](w, w.as(taker), "TakePager", command.TakePager{Roster: "storefront"})
	u := must[*command.Undone](w, w.as(taker), "UndoShift", command.UndoShift{Roster: "storefront", ID: took.Override})
	if w.on(now()) == string(taker) {
		w.Errorf("undone, and %s is on call still", taker)
	}
	if u.Ended {
		says[*command.Undone](w, muster.ErrConflict, "was over on", w.as(taker), "UndoShift", command.UndoShift{Roster: "storefront", ID: took.Override})
	}
}

// What has begun ends now: what was stays as it was.
func TestUndoNeverChangesThePast(t *testing.T) {
	bubble(t, func(w *world) {
		w.rota()
		olga := w.as("olga")
		_, from, _ := w.turn("rob")
		_, backFrom, _ := w.turn("olga")
		s := must[*muster.SwapRequest](w, olga, "ArrangeSwap", command.ArrangeSwap{Roster: "storefront", Person: "rob", To: "olga", At: from, ReturnAt: backFrom})
		if w.on(from) != "olga" || w.on(backFrom) != "rob" {
			w.Fatalf("swapped: %s and %s", w.on(from), w.on(backFrom))
		}
		pass(time.Until(from.Plus(6 * time.Hour).Time))
		u := must[*command.Undone](w, w.as("rob"), "UndoShift", command.UndoShift{Roster: "storefront", ID: s.Patches[0]})
		if !u.Ended || w.on(from) != "olga" || w.on(now().Plus(-time.Minute)) != "olga" || w.on(now()) != "rob" || w.on(backFrom.Plus(time.Hour)) != "olga" {
			w.Errorf("in the middle: %+v; %s, then %s, then %s", u, w.on(from), w.on(now()), w.on(backFrom))
		}

		// The one in exchange runs, the first is over: the first stays, the second goes back from now on.
		_, from, until := w.turn("rob")
		_, backFrom, backUntil := w.turn("olga")
		s = must[*muster.SwapRequest](w, olga, "ArrangeSwap", command.ArrangeSwap{Roster: "storefront", Person: "rob", To: "olga", At: from, ReturnAt: backFrom})
		pass(time.Until(later(until, backFrom).Plus(time.Hour).Time))
		must[*command.Undone](w, olga, "UndoShift", command.UndoShift{Roster: "storefront", ID: s.Patches[0]})
		if w.on(from.Plus(time.Minute)) != "olga" || (backUntil.After(now().Time) && (w.on(now()) != "olga" || w.on(now().Plus(-time.Minute)) != "rob")) {
			w.Errorf("after the first: %s, %s, %s", w.on(from), w.on(now().Plus(-time.Minute)), w.on(now()))
		}
	})
}

func later(a, b muster.Instant) muster.Instant {
	if a.After(b.Time) {
		return a
	}
	return b
}

func TestRevert(t *testing.T) { bubble(t, revert) }

func revert(w *world) {
	w.rota()
	olga := w.as("olga")
	good := w.commands.Live.Current().Catalog.Revision
	w.roster(muster.Rotation{People: []muster.UserName{"ana"}})
	o := must[*muster.Override](w, w.as("rob"), "OverrideShift", command.OverrideShift{Roster: "storefront", People: []muster.UserName{"rob"}, Until: now().Plus(time.Hour)})
	seen := w.commands.Live.Current().Catalog.RevisionOf("rosters/storefront")
	in := command.RevertDocument{Kind: "roster", Name: "storefront", Revision: good, Newest: seen, Why: "that was a slip"}
	got := must[*command.Document](w, olga, "RevertDocument", in)
	r := w.storefront()
	if len(r.Rotations[0].People) != 3 || len(r.Overrides) != 1 || r.Overrides[0].ID != o.ID {
		w.Errorf("back at %d the roster is %+v", good, r)
	}
	if again := must[*command.Document](w, olga, "RevertDocument", command.RevertDocument{Kind: "rosters", Name: "storefront", Revision: good}); again.Revision != got.Revision {
		w.Errorf("back twice: revision %d after %d", again.Revision, got.Revision)
	}
	h := read(w, func(r store.Reader) ([]muster.DocRevision, error) {
		return r.DocHistory(muster.KindRosters, "storefront", store.List{Limit: 1})
	})
	if !strings.Contains(h[0].Why, "that was a slip") || !strings.Contains(h[0].Why, "back to revision") {
		w.Errorf("the history says %q", h[0].Why)
	}
	says[*command.Document](w, muster.ErrPrecondition, "was changed since", olga, "RevertDocument", in)
	says[*command.Document](w, muster.ErrInvalid, "the newest is", olga, "RevertDocument", command.RevertDocument{Kind: "rosters", Name: "storefront", Revision: 9999})
	says[*command.Document](w, muster.ErrNotFound, "yet", olga, "RevertDocument", command.RevertDocument{Kind: "runbooks", Name: "cart", Revision: good})

	w.put(two)
	was := w.commands.Live.Current().Catalog.Revision
	must[muster.Nothing](w, olga, "DeleteDocument", command.OneDocument{Kind: muster.KindRunbooks, Name: "cart", Any: true})
	gone := w.commands.Live.Current().Catalog.Revision
	says[*command.Document](w, muster.ErrConflict, "removed runbooks/cart", olga, "RevertDocument", command.RevertDocument{Kind: "runbooks", Name: "cart", Revision: gone})
	must[*command.Document](w, olga, "RevertDocument", command.RevertDocument{Kind: "runbooks", Name: "cart", Revision: was})
	if w.commands.Live.Current().Catalog.Runbooks["cart"] == nil {
		w.Error("the runbook did not come back")
	}
	says[*command.Document](w, muster.ErrInvalid, "the word is", olga, "RevertDocument", command.RevertDocument{Kind: "runbooks", Name: "pay", Revision: was, Accept: "yes"})
	// The checks of any write: a rotation with somebody who is not there any more cannot come back.
	w.put("kind: user\nname: lea\ndisplay: Lea\nzone: UTC\n")
	w.roster(muster.Rotation{People: []muster.UserName{"lea", "rob"}})
	withLea := w.commands.Live.Current().Catalog.Revision
	w.rota()
	must[muster.Nothing](w, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindUsers, Name: "lea", Any: true})
	says[*command.Document](w, muster.ErrInvalid, "lea", olga, "RevertDocument", command.RevertDocument{Kind: "rosters", Name: "storefront", Revision: withLea})
}

func TestAcceptedWarnings(t *testing.T) { bubble(t, acceptedWarnings) }

func acceptedWarnings(w *world) {
	w.rota()
	olga := w.as("olga")
	in := command.AcceptWarning{Roster: "storefront", Kind: "long_shift", Rotation: "first", Why: "a small team", Until: now().Plus(30 * 24 * time.Hour)}
	must[*muster.Acceptance](w, olga, "AcceptWarning", in)
	in.Why = "still a small team"
	must[*muster.Acceptance](w, olga, "AcceptWarning", in)
	if a := w.storefront().Accepted; len(a) != 1 || a[0].Why != in.Why || a[0].By != "olga" || a[0].At.IsZero() {
		w.Errorf("accepted: %+v", a)
	}
	text := yamlOf(w, &muster.Roster{Name: "storefront", Title: "From a file", Team: "storefront", Rotations: w.storefront().Rotations})
	w.put(text)
	if a := w.storefront().Accepted; len(a) != 1 || w.storefront().Title != "From a file" {
		w.Errorf("after an apply: %+v", w.storefront())
	}
	long, rotation, why := in, in, in
	long.Until = now().Plus(400 * 24 * time.Hour)
	says[*muster.Acceptance](w, muster.ErrInvalid, "at most a year", olga, "AcceptWarning", long)
	rotation.Rotation = "frst"
	says[*muster.Acceptance](w, muster.ErrInvalid, "did you mean first?", olga, "AcceptWarning", rotation)
	kind := in
	kind.Kind = "long_shft"
	says[*muster.Acceptance](w, muster.ErrInvalid, "did you mean long_shift?", olga, "AcceptWarning", kind)
	why.Why = " "
	says[*muster.Acceptance](w, muster.ErrInvalid, "say why", olga, "AcceptWarning", why)
	says[muster.Nothing](w, muster.ErrNotFound, "no such accepted warning", olga, "WithdrawAcceptance", command.WithdrawAcceptance{Roster: "storefront", Kind: "long_shift"})
	must[muster.Nothing](w, olga, "WithdrawAcceptance", command.WithdrawAcceptance{Roster: "storefront", Kind: "long_shift", Rotation: "first"})
	if len(w.storefront().Accepted) != 0 {
		w.Error("it is accepted still")
	}
}

// Whoever changes a roster by whatever way: those whose shifts change hands are told once, and who did it is not.
func TestWhoseShiftsChangeIsTold(t *testing.T) { bubble(t, shiftsChange) }

func shiftsChange(w *world) {
	w.rota()
	n := func(u muster.UserName) int { return len(w.told(u)) }
	rob, olga, ana := n("rob"), n("olga"), n("ana") // by making the roster
	w.put("kind: user\nname: uli\ndisplay: Uli\nzone: UTC\n")
	w.roster(muster.Rotation{People: []muster.UserName{"uli", "olga", "ana"}})
	last := w.oneTold("uli", "You have more on call in Storefront")
	if last.Kind != muster.NoticeShiftChanged || !strings.Contains(last.Text, "Ana changed the roster") ||
		strings.Count(last.Text, "yours now: primary responder") != 5 || !strings.Contains(last.Text, "more, all in the coming 60 days") {
		w.Errorf("Uli reads:\n%s\n%s", last.Title, last.Text)
	}
	if n("rob") != rob+1 || n("olga") != olga || n("ana") != ana {
		w.Errorf("Rob was told %q, Olga %q, Ana %q", w.told("rob"), w.told("olga"), w.told("ana"))
	}
	// Ana takes Uli out: he loses his turns, Olga has other days.
	w.roster(muster.Rotation{People: []muster.UserName{"olga", "ana"}})
	if n("uli") != 2 || n("olga") != olga+1 || n("ana") != ana {
		w.Errorf("Uli was told %q, Olga %q, Ana %q", w.told("uli"), w.told("olga"), w.told("ana"))
	}
	w.oneTold("uli", "You are no longer on call in Storefront as before")
	// A change that moves nobody's shifts tells nobody.
	before := n("olga")
	text := yamlOf(w, &muster.Roster{Name: "storefront", Title: "Another title", Team: "storefront", Rotations: w.storefront().Rotations})
	w.put(text)
	if n("olga") != before {
		w.Errorf("Olga was told %v", w.told("olga")[before:])
	}
	// By a file, too.
	r := *w.storefront()
	r.Rotations = slices.Clone(r.Rotations)
	r.Rotations[0].People = []muster.UserName{"olga", "rob"}
	w.put(yamlOf(w, &r))
	if n("rob") != rob+2 {
		w.Errorf("Rob was told %q", w.told("rob"))
	}
}

func TestHostileShiftInput(t *testing.T) {
	bubble(t, func(w *world) {
		w.rota()
		evil := "a\x00\u202e<script>\n" + strings.Repeat("x", 3000)
		o := must[*muster.Override](w, w.as("rob"), "OverrideShift", command.OverrideShift{Roster: "storefront", People: []muster.UserName{"olga"}, Until: now().Plus(time.Hour), Why: evil})
		if strings.ContainsAny(o.Why, "\x00\u202e") || len(o.Why) > 2000 {
			w.Errorf("the reason is kept as %q", o.Why)
		}
		says[*command.Undone](w, muster.ErrNotFound, "no override", w.as("rob"), "UndoShift", command.UndoShift{Roster: "storefront", ID: "'; DROP TABLE notice --"})
		says[*muster.SwapRequest](w, muster.ErrNotFound, "no swap request", w.as("rob"), "AcceptSwap", command.AnswerSwap{Swap: "swp_'--"})
	})
}
