package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// ListSwaps asks for swap requests and offers, newest first.
type ListSwaps struct {
	Status muster.SwapStatus `json:"status,omitempty" query:"status" doc:"only those: open, accepted, declined, withdrawn, expired"`
	Roster muster.RosterName `json:"roster,omitempty" query:"roster" arg:"1" doc:"only of this roster"`
	Mine   bool              `json:"mine,omitempty" query:"mine" doc:"only those that name you"`
	Limit  int               `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string            `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// OneSwap names a swap request.
type OneSwap struct {
	Swap muster.SwapRequestID `json:"swap" path:"swap" arg:"1" doc:"the request's ID"`
}

// Swap is a swap request with what screens show beside it.
type Swap struct {
	muster.SwapRequest
	RosterTitle string `json:"roster_title"`
	ByName      string `json:"by_name"`
	HolderName  string `json:"holder_name"`
	AskedName   string `json:"asked_name,omitempty"`
	TakerName   string `json:"taker_name,omitempty"`
	AnswerName  string `json:"answer_name,omitempty"`
	MayAnswer   bool   `json:"may_answer"`   // who looks may accept or decline it
	MayWithdraw bool   `json:"may_withdraw"` // who looks may take it back
}

func (r *read) swaps(in ListSwaps) (out muster.Listing[Swap], err error) {
	p, err := pageOf[muster.SwapRequestID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	f := store.SwapFilter{Roster: in.Roster, List: p.list()}
	if in.Status != "" {
		if !slices.Contains(muster.SwapStatuses(), in.Status) {
			return out, muster.Invalid("The list cannot be read like this", []muster.FieldError{{
				Path: "status", Message: fmt.Sprintf("%q is not one of %s", muster.Clip(string(in.Status), 40), join(muster.SwapStatuses())),
			}})
		}
		f.Status = []muster.SwapStatus{in.Status}
	}
	if in.Roster != "" && r.cat.Rosters[in.Roster] == nil {
		return out, noDocument(r.cat, muster.KindRosters, string(in.Roster))
	}
	if in.Mine {
		if f.Person = r.who.Actor.User; f.Person == "" {
			return whole[Swap](nil), nil // whoever is no person is named nowhere
		}
	}
	rows, err := r.SwapRequests(f)
	if err != nil {
		return out, err
	}
	list := make([]Swap, len(rows))
	for i, s := range rows {
		list[i] = r.swapRow(s)
	}
	return muster.ListingOf(list, p.limit, func(s Swap) string { return string(s.ID) }), nil
}

func (r *read) swap(in OneSwap) (Swap, error) {
	s, err := r.SwapRequest(in.Swap)
	if muster.CodeOf(err) == muster.ErrNotFound {
		err = muster.Errorf(muster.ErrNotFound, "There is no swap request %q.", muster.Clip(strings.TrimSpace(string(in.Swap)), 60))
	}
	if err != nil {
		return Swap{}, err
	}
	return r.swapRow(s), nil
}

func (r *read) swapRow(s *muster.SwapRequest) Swap {
	me, open := r.who.Actor, s.Status == muster.SwapOpen
	name := func(u muster.UserName) string {
		if u == "" {
			return ""
		}
		return r.cat.DisplayName(u)
	}
	out := Swap{
		SwapRequest: *s, RosterTitle: string(s.Roster), ByName: name(s.By), HolderName: name(s.Holder), AskedName: name(s.Asked),
		TakerName: name(s.Taker), AnswerName: name(s.AnsweredBy),
		MayAnswer: open && me.Access.AtLeast(muster.AccessResponder) && s.MayAnswer(me.User, r.cat),
	}
	team := muster.TeamName("")
	if d := r.cat.Rosters[s.Roster]; d != nil {
		team = d.Team
		if d.Title != "" {
			out.RosterTitle = d.Title
		}
	}
	out.MayWithdraw = open && (me.User != "" && (me.User == s.By || me.User == s.Holder) || me.Owns(team))
	return out
}
