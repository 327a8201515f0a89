package query_test

import (
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

func TestNoiseIsCountedByService(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.fires("monitor", "orders")
		w.deliver()
		act[*muster.Alert](w, noor(), "AckAlert", command.NoteAlert{Alert: id})
		act[*muster.Rating](w, noor(), "RatePage", command.RatePage{Alert: id, Why: "it mends itself"})
		act[*muster.Rating](w, tom(), "RatePage", command.RatePage{Alert: id, Useful: true})
		act[*muster.Alert](w, noor(), "ResolveAlert", command.NoteAlert{Alert: id})
		w.apply("kind: route\nname: flappy\norder: 1\nmatch: service == \"cart\"\npolicy: storefront\nhold: 10m\n")
		time.Sleep(time.Hour)
		id = w.fires("monitor", "orders")
		if n := w.next(id); n.Text != "Waits until 01:10 UTC whether it passes" || len(n.People) != 1 {
			t.Errorf("while it is held: %+v", n)
		}
		act[*muster.Alert](w, noor(), "ResolveAlert", command.NoteAlert{Alert: id})
		got := asks[muster.Listing[query.NoiseRow]](w, vic(), "ListNoise", query.ListNoise{})
		want := query.NoiseRow{Service: "cart", Title: "Shopping cart", Alerts: 2, Pages: 1, Unproved: 1, Useful: 1, NotUseful: 1, Share: new(50), Flaps: 1}
		if len(got.Items) != 1 {
			t.Fatalf("noise: %+v", got.Items)
		}
		row := got.Items[0]
		if row.Share == nil || *row.Share != *want.Share {
			t.Errorf("the share is %v", row.Share)
		}
		row.Share, want.Share, want.Route = nil, nil, row.Route
		if row != want {
			t.Errorf("noise: %+v, want %+v", row, want)
		}
		ready, err := w.q.Readiness(t.Context(), view())
		if err != nil {
			t.Fatal(err)
		}
		if len(ready.Reached) != 1 || ready.Reached[0].Unproved != 1 || len(ready.Noise) != 1 {
			t.Errorf("pages by connector: %+v", ready.Reached)
		}
		if _, err := query.Run[query.ListNoise, muster.Listing[query.NoiseRow]](t.Context(), w.q, "ListNoise", vic(), query.ListNoise{Days: 91}); muster.CodeOf(err) != muster.ErrInvalid {
			t.Errorf("noise of too many days: %v", err)
		}
	})
}

func TestAnAlertThatJoinedAnotherOneSaysSo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.apply("kind: route\nname: carts\norder: 1\nmatch: service == \"cart\"\npolicy: storefront\ngroup: {by: [service], within: 5m}\n")
		first := w.fires("monitor", "orders")
		second := w.fires("monitor", "stock")
		d, err := w.q.AlertDetail(t.Context(), view(), second)
		if err != nil {
			t.Fatal(err)
		}
		if d.Head == nil || d.Head.ID != first || d.Next.Text != "Joined another alert" {
			t.Errorf("the second: joined %+v, %+v", d.Head, d.Next)
		}
		if d, err = w.q.AlertDetail(t.Context(), view(), first); err != nil || len(d.Joined) != 1 || d.Joined[0].ID != second {
			t.Errorf("the first: %+v, %v", d.Joined, err)
		}
	})
}
