package command_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

func (w *world) swap(id muster.SwapRequestID) *muster.SwapRequest {
	w.Helper()
	return read(w, func(r store.Reader) (*muster.SwapRequest, error) { return r.SwapRequest(id) })
}

func (w *world) ask(who muster.UserName, in command.RequestSwap) *muster.SwapRequest {
	w.Helper()
	in.Roster = "storefront"
	return must[*muster.SwapRequest](w, w.as(who), "RequestSwap", in)
}

func (w *world) accept(who muster.UserName, id muster.SwapRequestID) *muster.SwapRequest {
	w.Helper()
	return must[*muster.SwapRequest](w, w.as(who), "AcceptSwap", command.AnswerSwap{Swap: id})
}

func TestASwapChangesHands(t *testing.T) { bubble(t, swapChangesHands) }

// Rob asks everybody; Olga takes it; Ana comes too late.
func swapChangesHands(w *world) {
	w.rota()
	at, from, until := w.turn("rob")
	s := w.ask("rob", command.RequestSwap{At: at, Why: "a wedding"})
	if s.Kind != muster.SwapAsked || s.Holder != "rob" || !s.Whole || !s.From.Equal(from.Time) || !s.Until.Equal(until.Time) || s.Shift.User != "rob" || s.Shift.Rotation != "first" {
		w.Errorf("the request is %+v", s)
	}
	if again := w.ask("rob", command.RequestSwap{At: at, Why: "a wedding"}); again.ID != s.ID {
		w.Errorf("asked twice gave %s and %s", s.ID, again.ID)
	}
	for _, u := range []muster.UserName{"olga", "ana"} {
		n := w.oneTold(u, "Rob looks for somebody to take a shift")
		if n.Kind != muster.NoticeSwapRequest || !strings.Contains(n.Text, "a wedding") || n.Ref != string(s.ID) {
			w.Errorf("%s was told %+v", u, n)
		}
	}
	got := w.accept("olga", s.ID)
	if got.Status != muster.SwapAccepted || got.Taker != "olga" || got.AnsweredBy != "olga" || w.on(from) != "olga" || len(got.Patches) != 1 {
		w.Errorf("accepted: %+v, %s is on call", got, w.on(from))
	}
	x := w.storefront().Swaps
	if len(x) != 1 || !x[0].From.IsZero() || !x[0].Until.IsZero() || x[0].Why != "a wedding" || x[0].By != "rob" || x[0].At.IsZero() {
		w.Errorf("the roster has %+v", x)
	}
	w.oneTold("rob", "Olga accepts and takes your shift")
	if told := w.told("rob"); len(told) != 2 { // and that there is a new rotation
		w.Errorf("Rob was told %q", told)
	}
	if again := w.accept("olga", s.ID); again.AnsweredAt != got.AnsweredAt || len(w.storefront().Swaps) != 1 {
		w.Errorf("accepted twice by the same: %+v", again)
	}
	says[*muster.SwapRequest](w, muster.ErrConflict, "Olga has taken this shift already", w.as("ana"), "AcceptSwap", command.AnswerSwap{Swap: s.ID})
	says[*muster.SwapRequest](w, muster.ErrConflict, "Olga has taken this shift already", w.as("rob"), "WithdrawSwap", command.AnswerSwap{Swap: s.ID})
	if len(w.timers(string(s.ID))) != 0 {
		w.Error("its timer is there still")
	}
	// The history says who and why, by one revision.
	h := read(w, func(r store.Reader) ([]muster.DocRevision, error) {
		return r.DocHistory(muster.KindRosters, "storefront", store.List{Limit: 1})
	})
	if h[0].Why != "Olga takes a shift of Rob: a wedding" || h[0].By.User != "olga" {
		w.Errorf("the history says %q by %+v", h[0].Why, h[0].By)
	}
	// It belongs to the shift: the hand-off moves, and the swap moves along.
	r := *w.storefront()
	r.Rotations = slices.Clone(r.Rotations)
	r.Rotations[0].Handoff = "11:00"
	must[*command.Document](w, w.as("ana"), "PutDocument", command.PutDocument{Kind: muster.KindRosters, Name: "storefront", Body: body(w, &r), Any: true})
	if w.on(until.Plus(time.Hour)) != "olga" || w.on(from.Plus(3*time.Hour)) != "olga" {
		w.Errorf("after the hand-off moved: %s, %s", w.on(from.Plus(3*time.Hour)), w.on(until.Plus(time.Hour)))
	}
}

func TestSwapsInExchangeAndInPart(t *testing.T) { bubble(t, swapsInExchange) }

func swapsInExchange(w *world) {
	w.rota()
	at, from, until := w.turn("rob")
	back, backFrom, _ := w.turn("olga")
	s := w.ask("rob", command.RequestSwap{At: at, To: "olga", ReturnAt: back})
	if s.Return == nil || s.Return.User != "olga" || !s.ReturnFrom.Equal(backFrom.Time) {
		w.Errorf("the request is %+v", s)
	}
	if n := w.oneTold("olga", "Rob asks you to take a shift"); !strings.Contains(n.Text, "In exchange Rob takes the shift of Olga") {
		w.Errorf("Olga was told %+v", n)
	}
	says[*muster.SwapRequest](w, muster.ErrForbidden, "Only Olga is asked", w.as("ana"), "AcceptSwap", command.AnswerSwap{Swap: s.ID})
	w.accept("olga", s.ID)
	if w.on(from) != "olga" || w.on(backFrom) != "rob" {
		w.Errorf("swapped: %s and %s", w.on(from), w.on(backFrom))
	}
	says[*muster.SwapRequest](w, muster.ErrConflict, "Rob has no shift in the roster storefront on", w.as("rob"), "RequestSwap", command.RequestSwap{Roster: "storefront", At: from})

	// Olga passes on a part of what she took: that is no turn of hers, so overrides say it.
	part := w.ask("olga", command.RequestSwap{At: from, From: from.Plus(2 * time.Hour), Until: from.Plus(5 * time.Hour), To: "ana"})
	if part.Whole || part.Shift != (muster.ShiftRef{}) {
		w.Errorf("the part is %+v", part)
	}
	w.accept("ana", part.ID)
	if w.on(from.Plus(time.Hour)) != "olga" || w.on(from.Plus(3*time.Hour)) != "ana" || w.on(until.Plus(-time.Hour)) != "olga" || len(w.storefront().Overrides) != 1 {
		w.Errorf("in part: %s, %s, %s", w.on(from.Plus(time.Hour)), w.on(from.Plus(3*time.Hour)), w.on(until.Plus(-time.Hour)))
	}

	// A volunteer offers to take a part of a turn.
	at, from, _ = w.turn("ana")
	o := must[*muster.SwapRequest](w, w.as("rob"), "OfferCover", command.OfferCover{Roster: "storefront", Person: "ana", At: at, Until: from.Plus(6 * time.Hour)})
	if o.Kind != muster.SwapOffered || o.Taker != "rob" || o.By != "rob" {
		w.Errorf("the offer is %+v", o)
	}
	w.oneTold("ana", "Rob offers to take your shift")
	says[*muster.SwapRequest](w, muster.ErrForbidden, "It is Ana's shift", w.as("olga"), "AcceptSwap", command.AnswerSwap{Swap: o.ID})
	w.accept("ana", o.ID)
	if w.on(from) != "rob" || w.on(from.Plus(7*time.Hour)) != "ana" || w.storefront().Swaps[1].Until.IsZero() {
		w.Errorf("in part: %s, %s", w.on(from), w.on(from.Plus(7*time.Hour)))
	}
	w.oneTold("rob", "Ana accepts your offer")
}

func TestSwapsAreRefused(t *testing.T) { bubble(t, swapsRefused) }

func swapsRefused(w *world) {
	w.rota()
	w.put("kind: user\nname: lea\ndisplay: Lea\nzone: UTC\ndisabled: true\n---\nkind: user\nname: uli\ndisplay: Uli\nzone: UTC\n")
	rob := w.as("rob")
	at, from, until := w.turn("rob")
	ask := func(code muster.Code, sentence string, change func(*command.RequestSwap)) {
		w.Helper()
		in := command.RequestSwap{Roster: "storefront", At: at}
		change(&in)
		says[*muster.SwapRequest](w, code, sentence, rob, "RequestSwap", in)
	}
	ask(muster.ErrInvalid, "did you mean first?", func(in *command.RequestSwap) { in.Rotation = "frist" })
	ask(muster.ErrInvalid, "is not one of", func(in *command.RequestSwap) { in.Role = "boss" })
	ask(muster.ErrInvalid, "Lea has left", func(in *command.RequestSwap) { in.To = "lea" })
	ask(muster.ErrInvalid, "did you mean olga?", func(in *command.RequestSwap) { in.To = "olgaa" })
	ask(muster.ErrInvalid, "theirs already", func(in *command.RequestSwap) { in.To = "rob" })
	ask(muster.ErrInvalid, "say in to", func(in *command.RequestSwap) { in.ReturnAt = at })
	ask(muster.ErrInvalid, "must be within the shift", func(in *command.RequestSwap) { in.Until = until.Plus(time.Hour) })
	ask(muster.ErrInvalid, "must be within the shift", func(in *command.RequestSwap) { in.From = from.Plus(-time.Hour) })
	ask(muster.ErrInvalid, "must be later than from", func(in *command.RequestSwap) {
		in.From, in.Until = from.Plus(2*time.Hour), from.Plus(time.Hour)
	})
	ask(muster.ErrConflict, "what was cannot be changed", func(in *command.RequestSwap) { in.At = now().Plus(-20 * 24 * time.Hour) })
	ask(muster.ErrConflict, "Rob has no shift", func(in *command.RequestSwap) { _, in.At, _ = w.turn("olga") })
	ask(muster.ErrNotFound, "did you mean storefront?", func(in *command.RequestSwap) { in.Roster = "storfront" })
	says[*muster.SwapRequest](w, muster.ErrConflict, "has no shift", w.as("uli"), "RequestSwap", command.RequestSwap{Roster: "storefront"})
	says[*muster.SwapRequest](w, muster.ErrForbidden, "Only an owner", rob, "ArrangeSwap", command.ArrangeSwap{Roster: "storefront", Person: "ana", To: "rob"})
	says[*muster.SwapRequest](w, muster.ErrConflict, "Only a person", guest(), "RequestSwap", command.RequestSwap{Roster: "storefront"})

	s := w.ask("rob", command.RequestSwap{At: at})
	says[*muster.SwapRequest](w, muster.ErrForbidden, "not one of them", w.as("uli"), "AcceptSwap", command.AnswerSwap{Swap: s.ID})
	says[*muster.SwapRequest](w, muster.ErrConflict, "yourself", rob, "AcceptSwap", command.AnswerSwap{Swap: s.ID})
	says[*muster.SwapRequest](w, muster.ErrForbidden, "Only an owner", w.as("uli"), "WithdrawSwap", command.AnswerSwap{Swap: s.ID})

	// The rotation changes under it: Rob has no such turn any more.
	w.roster(muster.Rotation{People: []muster.UserName{"olga", "ana"}})
	says[*muster.SwapRequest](w, muster.ErrConflict, "is not what it was", w.as("ana"), "AcceptSwap", command.AnswerSwap{Swap: s.ID})

	// Everybody says no.
	for _, u := range []muster.UserName{"ana", "olga"} {
		s = must[*muster.SwapRequest](w, w.as(u), "DeclineSwap", command.AnswerSwap{Swap: s.ID, Why: "away"})
	}
	if s.Status != muster.SwapDeclined || len(s.Declined) != 2 {
		w.Errorf("everybody declined: %+v", s)
	}
	says[*muster.SwapRequest](w, muster.ErrConflict, "has declined this already", w.as("ana"), "AcceptSwap", command.AnswerSwap{Swap: s.ID})

	w.rota()
	s = w.ask("rob", command.RequestSwap{To: "olga"})
	n := len(w.told("olga"))
	if s = must[*muster.SwapRequest](w, rob, "WithdrawSwap", command.AnswerSwap{Swap: s.ID}); s.Status != muster.SwapWithdrawn || len(w.told("olga")) != n+1 {
		w.Errorf("withdrawn: %+v; Olga was told %v", s, w.told("olga")[n:])
	}
	must[*muster.SwapRequest](w, rob, "WithdrawSwap", command.AnswerSwap{Swap: s.ID})
	says[*muster.SwapRequest](w, muster.ErrConflict, "Rob has withdrawn this", w.as("olga"), "AcceptSwap", command.AnswerSwap{Swap: s.ID})
}

// Somebody is in hospital: the owner of the team arranges it at once, in the middle of the shift, and both are told.
func TestAnOwnerArrangesASwap(t *testing.T) {
	bubble(t, func(w *world) {
		w.rota()
		_, from, until := w.turn("rob")
		pass(time.Until(from.Plus(3 * time.Hour).Time))
		rob, ana := len(w.told("rob")), len(w.told("ana"))
		s := must[*muster.SwapRequest](w, w.as("olga"), "ArrangeSwap", command.ArrangeSwap{Roster: "storefront", Person: "rob", To: "ana", Why: "in hospital"})
		if s.Status != muster.SwapAccepted || w.on(now()) != "ana" || w.on(now().Plus(-time.Minute)) != "rob" || w.on(until.Plus(-time.Minute)) != "ana" {
			w.Errorf("arranged: %+v; %s, then %s", s, w.on(now().Plus(-time.Minute)), w.on(now()))
		}
		if x := w.storefront().Swaps[0]; x.By != "olga" || !x.From.Equal(now().Time) || !x.Until.IsZero() {
			w.Errorf("the roster has %+v", x)
		}
		if n := w.oneTold("ana", "You have more on call"); len(w.told("rob")) != rob+1 || len(w.told("ana")) != ana+1 || !strings.Contains(n.Text, "in hospital") {
			w.Errorf("Rob was told %q, Ana %q", w.told("rob"), w.told("ana"))
		}
		w.start()
		w.fire("cart")
		pass(time.Second)
		if who := w.who(); len(who) == 0 || who[len(who)-1] != "Ana" {
			w.Errorf("the phones of %v rang", who)
		}
	})
}

// Nobody answers: Rob hears of it two hours before his shift, and the request ends with the shift.
func TestASwapExpires(t *testing.T) {
	bubble(t, func(w *world) {
		w.rota()
		at, from, until := w.turn("rob")
		s := w.ask("rob", command.RequestSwap{At: at})
		pass(time.Until(from.Plus(-2*time.Hour - time.Second).Time))
		n := len(w.told("rob"))
		w.due(string(s.ID))
		if len(w.told("rob")) != n {
			w.Error("Rob was told too early")
		}
		pass(2 * time.Second)
		w.due(string(s.ID))
		w.oneTold("rob", "Nobody has answered your request yet: the shift is still yours")
		pass(time.Until(from.Plus(time.Hour).Time))
		w.due(string(s.ID))
		if got := w.swap(s.ID); got.Status != muster.SwapOpen {
			w.Errorf("in its first hour it is %s", got.Status)
		}
		pass(time.Until(until.Plus(time.Second).Time))
		says[*muster.SwapRequest](w, muster.ErrConflict, "is over since", w.as("olga"), "AcceptSwap", command.AnswerSwap{Swap: s.ID})
		w.due(string(s.ID))
		if got := w.swap(s.ID); got.Status != muster.SwapExpired || len(w.timers(string(s.ID))) != 0 {
			w.Errorf("after the shift it is %+v", got)
		}
		says[*muster.SwapRequest](w, muster.ErrConflict, "before anybody answered", w.as("olga"), "AcceptSwap", command.AnswerSwap{Swap: s.ID})
	})
}

// Accepted in the middle of the shift it applies from that moment on: the past stays as it was.
func TestASwapOfARunningShift(t *testing.T) {
	bubble(t, func(w *world) {
		w.rota()
		at, from, until := w.turn("rob")
		s := w.ask("rob", command.RequestSwap{At: at})
		pass(time.Until(from.Plus(5 * time.Hour).Time))
		w.accept("ana", s.ID)
		if w.on(from.Plus(time.Hour)) != "rob" || w.on(now()) != "ana" || w.on(until.Plus(-time.Hour)) != "ana" {
			w.Errorf("%s, then %s", w.on(from.Plus(time.Hour)), w.on(now()))
		}
	})
}

func TestManyAcceptAtOnce(t *testing.T) { bubble(t, manyAccept) }

// Of many who accept at once one has the shift, and the others hear who.
func manyAccept(w *world) {
	w.rota()
	at, from, _ := w.turn("rob")
	s := w.ask("rob", command.RequestSwap{At: at})
	people := []muster.UserName{"olga", "ana", "olga", "ana"}
	errs := make([]error, len(people))
	actors := []muster.Actor{w.as("olga"), w.as("ana"), w.as("olga"), w.as("ana")}
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			_, errs[i] = command.Run[command.AnswerSwap, *muster.SwapRequest](w.Context(), w.commands, "AcceptSwap", actors[i], command.AnswerSwap{Swap: s.ID})
		})
	}
	all.Wait()
	w.ok(w.commands.Load(w.Context()))
	taker := w.swap(s.ID).Taker
	for i, u := range people {
		if u == taker && errs[i] != nil || u != taker && (muster.CodeOf(errs[i]) != muster.ErrConflict || !strings.Contains(errs[i].Error(), "has taken this shift")) {
			w.Errorf("%s took it; %s got %v", taker, u, errs[i])
		}
	}
	if w.on(from) != string(taker) || len(w.storefront().Swaps) != 1 {
		w.Errorf("%s took it, %s is on call, and the roster has %+v", taker, w.on(from), w.storefront().Swaps)
	}
}
