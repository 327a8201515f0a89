package query_test

import (
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

func TestSwapsShowNamesAndWhoMayAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		tom := muster.Actor{User: "tom", Name: "Tom", Access: muster.AccessResponder}
		vic := muster.Actor{User: "vic", Name: "Vic", Access: muster.AccessViewer}
		at := muster.At(time.Now().Add(7 * 24 * time.Hour)) // Saturday 8 January: Tom's turn until noon, Noor's then
		s := act[*muster.SwapRequest](w, tom, "RequestSwap", command.RequestSwap{Roster: "storefront", Role: "secondary", At: at, To: "noor", Why: "a wedding"})
		list := func(who muster.Actor, in query.ListSwaps) []query.Swap {
			t.Helper()
			out, err := query.Run[query.ListSwaps, muster.Listing[query.Swap]](w.Context(), w.q, "ListSwaps", who, in)
			if err != nil {
				t.Fatal(err)
			}
			return out.Items
		}
		for _, c := range []struct {
			who                muster.Actor
			in                 query.ListSwaps
			n                  int
			answered, withdraw bool
		}{
			{noor(), query.ListSwaps{Status: muster.SwapOpen, Roster: "storefront", Mine: true}, 1, true, true}, // she owns the team, too
			{tom, query.ListSwaps{Mine: true}, 1, false, true},
			{vic, query.ListSwaps{}, 1, false, false},
			{vic, query.ListSwaps{Mine: true}, 0, false, false},
			{tom, query.ListSwaps{Status: muster.SwapAccepted}, 0, false, false},
		} {
			got := list(c.who, c.in)
			if len(got) != c.n || c.n > 0 && (got[0].MayAnswer != c.answered || got[0].MayWithdraw != c.withdraw) {
				t.Errorf("%s asks %+v: %+v", c.who.Name, c.in, got)
			}
		}
		one, err := query.Run[query.OneSwap, query.Swap](w.Context(), w.q, "GetSwap", tom, query.OneSwap{Swap: s.ID})
		if err != nil || one.HolderName != "Tom" || one.AskedName != "Noor" || one.RosterTitle != "Storefront" || one.Why != "a wedding" {
			t.Errorf("one: %+v, %v", one, err)
		}
		for name, in := range map[string]query.ListSwaps{"status": {Status: "opn"}, "roster": {Roster: "storefrnt"}, "cursor": {Cursor: "x"}} {
			if _, err := query.Run[query.ListSwaps, muster.Listing[query.Swap]](w.Context(), w.q, "ListSwaps", tom, in); err == nil {
				t.Errorf("a wrong %s is taken", name)
			}
		}
		if _, err := query.Run[query.OneSwap, query.Swap](w.Context(), w.q, "GetSwap", tom, query.OneSwap{Swap: "swp_x"}); muster.CodeOf(err) != muster.ErrNotFound {
			t.Errorf("one that is not there: %v", err)
		}
	})
}
