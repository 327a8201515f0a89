package chatop_test

import (
	"context"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/chatop"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

func TestWordsOfShifts(t *testing.T) {
	for _, c := range []struct{ text, op, in string }{
		{"take web", "TakePager", `{"roster":"web"}`},
		{"take web role=secondary I am awake", "TakePager", `{"roster":"web","role":"secondary","why":"I am awake"}`},
		{"swap web to=tom a wedding", "RequestSwap", `{"roster":"web","to":"tom","why":"a wedding"}`},
		{"cover web @Tom at=2026-12-24T10:00:00Z get well", "OfferCover", `{"roster":"web","person":"tom","at":"2026-12-24T10:00:00Z","why":"get well"}`},
		{"accept swp_1 gladly", "AcceptSwap", `{"swap":"swp_1","why":"gladly"}`},
		{"decline swp_1", "DeclineSwap", `{"swap":"swp_1"}`},
		{"withdraw swp_1", "WithdrawSwap", `{"swap":"swp_1"}`},
	} {
		r := newRecorder(t)
		if rep := r.Run(t.Context(), ana, "", c.text); rep.Err != nil || r.op != c.op || !same(t, r.in, c.in) {
			t.Errorf("%q: %s %s (%v), want %s %s", c.text, r.op, r.in, rep.Err, c.op, c.in)
		}
	}
}

func TestShiftsInWords(t *testing.T) {
	from := muster.At(time.Date(2026, 12, 24, 8, 0, 0, 0, time.UTC))
	until := from.Plus(24 * time.Hour)
	asked := muster.SwapRequest{ID: "swp_1", Kind: muster.SwapAsked, Status: muster.SwapOpen, Roster: "web", Holder: "ana", By: "ana", From: from, Until: until}
	taken := asked
	taken.Status, taken.Taker = muster.SwapAccepted, "tom"
	cat := muster.NewCatalog(1, []muster.Document{&muster.User{Name: "ana", Display: "Ana"}, &muster.User{Name: "tom", Display: "Tom"}}, nil)
	for _, c := range []struct {
		text string
		out  any
		says string
	}{
		{"take web", &command.Taken{Roster: "web", Title: "Web", Role: "primary", Instead: []muster.UserName{"tom"}, Until: until}, "You have the pager of Web (primary responder) until Fri 25 Dec 09:00 CET. Tom had it before, and is told."},
		{"take web", &command.Taken{Roster: "web", Role: "primary"}, "You have the pager of web (primary responder)."},
		{"swap web", &asked, "Everybody on the roster is asked to take your shift Thu 24 Dec 09:00 CET until Fri 25 Dec 09:00 CET. The request is swp_1."},
		{"accept swp_1", &taken, "Tom has the shift of Ana: Thu 24 Dec 09:00 CET until Fri 25 Dec 09:00 CET."},
		{"decline swp_1", &asked, "You declined. The others can still accept."},
		{
			"swaps",
			muster.Listing[query.Swap]{Items: []query.Swap{{SwapRequest: taken, RosterTitle: "Web", HolderName: "Ana", TakerName: "Tom"}}},
			"swp_1 accepted: Web of Ana, Thu 24 Dec 09:00 CET until Fri 25 Dec 09:00 CET, taken by Tom",
		},
		{"swaps", muster.Listing[query.Swap]{}, "There is nothing to tell."},
	} {
		ops := append(command.New(command.Deps{}).Ops(), query.New(query.Deps{}).Ops()...)
		for i := range ops {
			ops[i].Exec = func(context.Context, muster.Actor, any) (any, error) { return c.out, nil }
		}
		chat := chatop.New(ops, func() *muster.Catalog { return cat })
		chat.Zone = func(muster.UserName) *time.Location { return time.FixedZone("CET", 3600) }
		if rep := chat.Run(t.Context(), ana, "", c.text); rep.Text != c.says {
			t.Errorf("%q says %q, want %q", c.text, rep.Text, c.says)
		}
	}
}
