package query_test

import (
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// Warnings are listed for all rosters or one, with what is accepted.
func TestWarningsAreListed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		all := asks[muster.Listing[query.RosterWarning]](w, vic(), "ListWarnings", query.ListWarnings{}).Items
		if len(all) == 0 {
			t.Fatal("nothing is wrong with any roster")
		}
		first := all[0]
		if first.Text == "" || first.Title == "" || first.Accepted != nil {
			t.Errorf("%+v", first)
		}
		for _, x := range asks[muster.Listing[query.RosterWarning]](w, vic(), "ListWarnings", query.ListWarnings{Roster: first.Roster}).Items {
			if x.Roster != first.Roster {
				t.Errorf("%s is listed for %s", x.Roster, first.Roster)
			}
		}
		refuses[muster.Listing[query.RosterWarning]](w, vic(), "ListWarnings", query.ListWarnings{Roster: "storefornt"}, muster.ErrNotFound)
		act[*muster.Acceptance](w, admin(), "AcceptWarning", command.AcceptWarning{Roster: first.Roster, Kind: first.Kind, Role: first.Role, Rotation: first.Rotation, Person: first.Person, Why: "known", Until: muster.At(time.Now().AddDate(0, 1, 0))})
		for _, x := range asks[muster.Listing[query.RosterWarning]](w, vic(), "ListWarnings", query.ListWarnings{Roster: first.Roster}).Items {
			if x.Kind == first.Kind && x.Role == first.Role && x.Person == first.Person && x.Accepted == nil {
				t.Errorf("not accepted: %+v", x)
			}
		}
	})
}
