package query_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/query"
)

func TestNextSaysWhatTheEngineDoes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.fires("monitor", "orders")
		if got := w.next(id).Text; got != "Noor paged; Tom at 00:05 UTC" {
			t.Errorf("at once: %q", got)
		}
		w.deliver()
		if n := w.next(id); n.Sentence != "Muster pages Tom at 00:05 UTC unless somebody acknowledges." || len(n.People) != 1 || n.People[0].ID != "tom" {
			t.Errorf("delivered: %+v", n)
		}
		w.pass(5 * time.Minute)
		w.deliver()
		promised := w.next(id)
		if !strings.HasPrefix(promised.Text, "Tom paged; Ana at ") {
			t.Errorf("second step: %q, want Ana, the fallback, to follow", promised.Text)
		}
		time.Sleep(time.Until(promised.At.Time))
		if got := w.next(id).Text; got != "Tom paged; Ana any moment now" {
			t.Errorf("when it is due: %q", got)
		}
		w.pass(0) // not later than was said
		if got := w.next(id).Text; !strings.HasPrefix(got, "Nobody answered; Ana paged; again at ") {
			t.Errorf("used up: %q", got)
		}
		act[*muster.Alert](w, tom(), "AckAlert", command.NoteAlert{Alert: id})
		if n := w.next(id); !strings.HasPrefix(n.Text, "Tom has it; pages again at ") || n.At.IsZero() {
			t.Errorf("acknowledged: %+v", n)
		}
		act[*muster.Alert](w, tom(), "ResolveAlert", command.NoteAlert{Alert: id})
		if n := w.next(id); !strings.HasPrefix(n.Text, "Resolved by Tom at ") || n.Sentence != "" || !n.At.IsZero() {
			t.Errorf("resolved: %+v", n)
		}
	})
}

func TestNextOfAlertsThatAreHeldBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		act[*muster.Silence](w, noor(), "SilenceAlerts", command.SilenceAlerts{Name: "works", Match: `service == "cart" && source == "monitor"`, For: muster.Duration(2 * time.Hour), Why: "planned", Team: "storefront"})
		if err := w.cmd.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := w.next(w.fires("monitor", "orders"))
		if n.Text != "Silenced until 02:00 UTC" || len(n.People) != 1 || n.People[0].ID != "noor" {
			t.Errorf("silenced: %+v", n)
		}
		n = w.next(w.fires("form", "orders"))
		if n.Text != "Waits to be confirmed" || len(n.People) != 1 {
			t.Errorf("triage: %+v", n)
		}
		list := asks[muster.Listing[query.AlertItem]](w, vic(), "ListAlerts", query.ListAlerts{Triage: new(true)})
		if len(list.Items) != 1 || list.Items[0].Next.Text != "Waits to be confirmed" {
			t.Errorf("the list of those in triage: %+v", list.Items)
		}
	})
}

// What is explained is what was done, also after everything that decided was changed.
func TestWhyIsWhatTheEngineDecided(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.fires("monitor", "orders")
		for range 5 { // further signals must not hide the first
			time.Sleep(time.Second)
			w.fires("monitor", "orders")
		}
		w.deliver()
		w.pass(5 * time.Minute)
		before := asks[muster.Explanation](w, vic(), "ExplainAlert", query.OneAlert{Alert: id})
		w.apply(strings.NewReplacer("people: [noor, tom]", "people: [tom, ana]", "display: Noor", "display: Eleonora", "wait: 5m", "wait: 9m").Replace(documents))
		after := asks[muster.Explanation](w, vic(), "ExplainAlert", query.OneAlert{Alert: id})
		if a, b := asJSON(t, before), asJSON(t, after); a != b {
			t.Errorf("the explanation changed with the catalog:\n%s\n%s", a, b)
		}
		a, err := w.q.Alert(t.Context(), view(), id)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Pages) != 2 || len(after.People) != 2 {
			t.Fatalf("%d pages, %d explained, want 2", len(a.Pages), len(after.People))
		}
		for i, p := range a.Pages {
			if got, want := texts(after.People[i].Reasons), texts(p.Why); got != want || after.People[i].User != p.Person {
				t.Errorf("page %d was decided with\n%s\nand is explained with\n%s", i, want, got)
			}
			why := asks[muster.Explanation](w, vic(), "ExplainPage", query.OnePage{Page: p.ID})
			if len(why.People) != 1 || texts(why.People[0].Reasons) != texts(p.Why) {
				t.Errorf("page %d by itself: %+v", i, why.People)
			}
			if last := why.Steps[len(why.Steps)-1]; last.Kind != muster.ReasonPage || why.Steps[0].Kind != muster.ReasonSource {
				t.Errorf("page %d begins with %s and ends with %s", i, why.Steps[0].Kind, last.Kind)
			}
		}
		if got := a.Alert.Reasons; texts(got) != texts(after.Steps[:len(got)]) {
			t.Errorf("routed with\n%s\nexplained with\n%s", texts(got), texts(after.Steps))
		}
	})
}

func TestPagesByHandAreExplained(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.fires("monitor", "orders")
		time.Sleep(time.Second)
		act[*muster.Alert](w, noor(), "PageResponder", command.PageResponder{Alert: id, Person: "ana"})
		pages := asks[muster.Listing[query.Page]](w, vic(), "ListPages", query.ListPages{User: "ana"})
		if len(pages.Items) != 1 || pages.Items[0].Name != "Ana" || pages.Items[0].Title == "" {
			t.Fatalf("pages: %+v", pages.Items)
		}
		why := asks[muster.Explanation](w, vic(), "ExplainPage", query.OnePage{Page: pages.Items[0].Page.ID})
		if got := texts(why.Steps); !strings.Contains(got, "Noor asked for Ana") {
			t.Errorf("steps: %s", got)
		}
		if got := w.next(id).Text; got != "Noor and Ana paged; Tom at 00:05 UTC" {
			t.Errorf("next: %q", got)
		}
	})
}

func TestOnCallAndWhyAtAnyMoment(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		time.Sleep(2 * time.Hour)
		asked := muster.At(time.Now())
		time.Sleep(time.Hour)
		w.apply(strings.Replace(documents, "people: [noor, tom]", "people: [tom, ana]", 1))
		time.Sleep(time.Hour)
		primary := func(at muster.Instant) string {
			t.Helper()
			out := asks[query.OnCall](w, vic(), "OnCall", query.AskOnCall{At: at, Service: "cart"})
			i := slices.IndexFunc(out.Items, func(r plan.Row) bool { return r.Role == muster.PrimaryResponder })
			if i < 0 || len(out.Items[i].People) != 1 || len(out.Items[i].Why) == 0 {
				t.Fatalf("on call at %s: %+v", at, out.Items)
			}
			return out.Items[i].People[0].Name
		}
		if got := primary(asked); got != "Noor" {
			t.Errorf("before the edit %s was on call, want Noor", got)
		}
		if got := primary(muster.Instant{}); got != "Tom" {
			t.Errorf("now %s is on call, want Tom", got)
		}
		if got := primary(muster.At(time.Now()).Plus(24 * time.Hour)); got != "Ana" {
			t.Errorf("tomorrow %s is on call, want Ana", got)
		}
		past := asks[muster.Explanation](w, vic(), "Why", query.AskWhy{Service: "cart", At: asked})
		now := asks[muster.Explanation](w, vic(), "Why", query.AskWhy{Service: "cart"})
		if past.People[0].Name != "Noor" || now.People[0].Name != "Tom" || past.Revision >= now.Revision {
			t.Errorf("paged first then: %s (revision %d), now: %s (revision %d)", past.People[0].Name, past.Revision, now.People[0].Name, now.Revision)
		}
		refuses[muster.Explanation](w, vic(), "Why", query.AskWhy{Service: "nothing"}, muster.ErrNotFound)
		refuses[query.OnCall](w, vic(), "OnCall", query.AskOnCall{Roster: "storefornt"}, muster.ErrNotFound)
	})
}

func TestStatusPagesShowTheirAudienceOnly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		inc := act[*muster.Incident](w, noor(), "DeclareIncident", command.DeclareIncident{Title: "Carts stay empty", Severity: muster.SEV2, Service: "cart"})
		post := func(known string, to muster.Audience, final bool) {
			t.Helper()
			in := command.PostStatusUpdate{Incident: string(inc.Key), Known: known, Audience: to, Final: final}
			if !final {
				in.In = muster.Duration(30 * time.Minute)
			}
			act[*muster.StatusUpdate](w, noor(), "PostStatusUpdate", in)
			time.Sleep(time.Second)
		}
		shown := func(page muster.StatusPageName) (texts []string, open int) {
			t.Helper()
			p, err := w.q.StatusPageData(t.Context(), page)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range append(p.Incidents, p.History...) {
				if !slices.Equal(i.Components, []string{"cart"}) {
					t.Errorf("%s: components %v", page, i.Components)
				}
				for _, u := range i.Updates {
					texts = append(texts, u.Known)
				}
			}
			return texts, len(p.Incidents)
		}
		post("the database is slow", muster.AudienceResponders, false)
		if got, open := shown("inside"); len(got) != 0 || open != 0 {
			t.Errorf("what responders were told stands on the page of the organisation: %v", got)
		}
		post("sales may call", muster.AudienceOrganisation, false)
		if got, open := shown("inside"); !slices.Equal(got, []string{"sales may call"}) || open != 1 {
			t.Errorf("inside: %v, %d open", got, open)
		}
		if got, open := shown("shop"); len(got) != 0 || open != 0 {
			t.Errorf("the public page shows %v", got)
		}
		post("carts may be empty", muster.AudiencePublic, false)
		if got, _ := shown("shop"); !slices.Equal(got, []string{"carts may be empty"}) {
			t.Errorf("shop: %v", got)
		}
		if got, _ := shown("inside"); !slices.Equal(got, []string{"carts may be empty", "sales may call"}) {
			t.Errorf("inside: %v", got)
		}
		states := asks[muster.Listing[query.StatusState]](w, vic(), "GetStatus", muster.Nothing{})
		if len(states.Items) != 2 || states.Items[1].State != "partial_outage" || !states.Items[1].PublishedAt.IsZero() {
			t.Errorf("states: %+v", states.Items)
		}
		if err := w.cmd.Remember(t.Context(), query.MetaPublished("shop"), muster.At(time.Now()).Format(time.RFC3339Nano)); err != nil {
			t.Fatal(err)
		}
		post("carts are full again", muster.AudiencePublic, true)
		act[*muster.Incident](w, noor(), "ResolveIncident", command.NoteIncident{Incident: string(inc.Key)})
		if _, open := shown("shop"); open != 0 {
			t.Errorf("it is resolved and stands on the page as open")
		}
		boards, err := w.q.StatusBoards(t.Context(), view())
		if err != nil {
			t.Fatal(err)
		}
		if len(boards) != 2 || boards[1].PublishedAt.IsZero() || len(boards[1].Page.History) != 1 || boards[1].State != "operational" {
			t.Errorf("boards: %+v", boards)
		}
		time.Sleep(91 * 24 * time.Hour)
		if got, _ := shown("shop"); len(got) != 0 {
			t.Errorf("after 91 days the page still shows %v", got)
		}
	})
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
