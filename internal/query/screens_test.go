package query_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// got is what a screen's method gives.
func got[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestNowAndRoom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if n := got[*query.Now](t)(w.q.Now(w.Context(), view())); len(n.Incidents)+len(n.Unowned) != 0 || n.Received || len(n.OnCall) != 2 {
			t.Errorf("an empty Now: %+v", n)
		}
		alert := w.fires("monitor", "orders")
		w.fires("monitor", "payments")
		inc := act[*muster.Incident](w, noor(), "DeclareIncident", command.DeclareIncident{Alert: alert, Severity: muster.SEV1})
		time.Sleep(4 * time.Minute)
		key := string(inc.Key)
		act[*muster.Entry](w, tom(), "AddTimelineEntry", command.AddTimelineEntry{Incident: key, Kind: muster.EntryDecided, Text: "roll back"})
		act[*muster.StatusUpdate](w, noor(), "PostStatusUpdate", command.PostStatusUpdate{Incident: key, Known: "carts stay empty", In: muster.Duration(10 * time.Second), Audience: muster.AudiencePublic})
		time.Sleep(20 * time.Second)

		n := got[*query.Now](t)(w.q.Now(w.Context(), view()))
		if len(n.Incidents) != 1 || !n.Incidents[0].Overdue || len(n.Unowned) != 2 || len(n.Recent) == 0 {
			t.Errorf("now: %+v", n)
		}
		zone, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		room := got[*query.Room](t)(w.q.Room(w.Context(), query.Viewer{Actor: tom(), Zone: zone}, key, 0))
		if len(room.Gaps) != 1 || len(room.Pins) < 2 || len(room.Updates) != 1 || len(room.Seen) != 2 || room.SeenAt.IsZero() {
			t.Errorf("room: %s", asJSON(t, room))
		}
		if len(room.Items) != 1 || room.Items[0].Next.Text != "Noor paged; Tom at 01:05" {
			t.Errorf("in Berlin the alert says %+v", room.Items)
		}
		if len(room.Guidance) != 1 || room.Guidance[0].Kind != "runbook" || room.Guidance[0].Title != "When the cart fails" {
			t.Errorf("guidance: %+v", room.Guidance)
		}
		if len(room.Status) != 2 || !room.Status[1].Shown || !slices.Equal(room.Status[1].Components, []string{"Shopping cart"}) {
			t.Errorf("status pages: %+v", room.Status)
		}
		rest := got[*query.Room](t)(w.q.Room(w.Context(), view(), key, room.LastSeq-1))
		if len(rest.Entries) != 1 || len(rest.Pins) != len(room.Pins) {
			t.Errorf("since %d there are %d entries", room.LastSeq-1, len(rest.Entries))
		}
		entries := got[[]*muster.Entry](t)(w.q.TimelineAfter(w.Context(), view(), key, room.LastSeq))
		if len(entries) != 0 {
			t.Errorf("after the last entry comes %+v", entries)
		}
	})
}

func TestAlertAndPhoneScreens(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		old := w.fires("monitor", "orders")
		time.Sleep(time.Hour)
		act[*muster.Alert](w, tom(), "ResolveAlert", command.NoteAlert{Alert: old})
		id := w.fires("monitor", "orders")
		w.deliver()
		d := got[*query.AlertDetail](t)(w.q.AlertDetail(w.Context(), view(), id))
		if len(d.Why.People) != 1 || d.Format != "generic" || d.Alike != 1 || d.Similar[0].Note != "took 1h" {
			t.Errorf("alert: %s", asJSON(t, d))
		}
		if len(d.Effects.Escalate) != 1 || d.Effects.Escalate[0].ID != "tom" || query.Wakes(d.Effects.Escalate) != "This pages Tom." {
			t.Errorf("to escalate pages %+v", d.Effects.Escalate)
		}
		ph := got[*query.PagePhone](t)(w.q.PagePhone(w.Context(), view(), d.Pages[0].Page.ID))
		if ph.Service != "Shopping cart" || len(ph.WhoKnows) != 0 || len(ph.WhyYou) != 2 || ph.Next.Sentence == "" {
			t.Errorf("phone: %+v", ph)
		}
		phones := got[[]query.Phone](t)(w.q.Phones(w.Context(), view(), "demo-phone"))
		if len(phones) != 3 || len(phones[1].Pages) != 1 || !phones[1].Pages[0].Ringing || phones[1].Duty != "primary responder of Storefront" {
			t.Errorf("phones: %s", asJSON(t, phones))
		}
		act[*muster.Alert](w, noor(), "AckAlert", command.NoteAlert{Alert: id})
		ph = got[*query.PagePhone](t)(w.q.PagePhone(w.Context(), view(), d.Pages[0].Page.ID))
		if len(ph.WhoKnows) != 0 || ph.Next.Text != "Noor has it; pages again at 02:00 UTC" {
			t.Errorf("who else knows: %v; next: %q", ph.WhoKnows, ph.Next.Text)
		}
	})
}

func TestScheduleShowsLayersAndGaps(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		now := muster.At(time.Now())
		act[*muster.Override](w, noor(), "OverrideShift", command.OverrideShift{
			Roster: "storefront", People: []muster.UserName{"ana"}, From: now.Plus(2 * time.Hour), Until: now.Plus(4 * time.Hour), Why: "dentist",
		})
		if err := w.cmd.Load(w.Context()); err != nil {
			t.Fatal(err)
		}
		b := got[*query.OnCallBoard](t)(w.q.OnCallBoard(w.Context(), query.Viewer{Actor: noor()}, query.AskBoard{From: now, Until: now.Plus(24 * time.Hour)}))
		ros := b.Rosters[0]
		if ros.Summary != "Noor until 02:00 UTC, then Ana" {
			t.Errorf("summary: %q", ros.Summary)
		}
		say := func(l query.Lane) string {
			var parts []string
			for _, x := range l.Blocks {
				who := "nobody"
				if len(x.People) > 0 {
					who = x.People[0].Name
				}
				parts = append(parts, x.From.Format("15")+" "+who+" "+string(x.Kind))
			}
			name := string(l.Kind)
			if l.Rotation != nil {
				name = l.Rotation.Name
			}
			return name + ": " + strings.Join(parts, ", ")
		}
		var lanes []string
		for _, l := range ros.Lanes {
			lanes = append(lanes, say(l))
		}
		want := []string{
			"final: 00 Noor shift, 02 Ana override, 04 Noor shift, 12 Tom shift", "final: 00 Tom shift",
			"days: 00 Noor shift, 02 Noor replaced, 04 Noor shift, 12 Tom shift", "second: 00 Tom shift", "patches: 02 Ana override",
		}
		if !slices.Equal(lanes, want) {
			t.Errorf("lanes:\n%s\nwant:\n%s", strings.Join(lanes, "\n"), strings.Join(want, "\n"))
		}
		if len(b.Mine) < 20 || !b.Mine[0].Running || b.Mine[1].Running {
			t.Errorf("mine: %+v", b.Mine)
		}
		load := got[[]query.Load](t)(w.q.OnCallLoad(w.Context(), view(), ""))
		if len(load) == 0 || load[0].Person.ID != "noor" || load[0].Hours != 12 || load[0].Night != 2 {
			t.Errorf("load: %+v", load)
		}
		if _, err := w.q.OnCallBoard(w.Context(), view(), query.AskBoard{From: now, Until: now}); muster.CodeOf(err) != muster.ErrInvalid {
			t.Errorf("an empty window gives %v", err)
		}
	})
}

func TestTheOtherScreens(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alert := w.fires("monitor", "orders")
		w.deliver()
		inc := act[*muster.Incident](w, noor(), "DeclareIncident", command.DeclareIncident{Alert: alert})
		rows := got[[]query.ServiceRow](t)(w.q.Services(w.Context(), view()))
		if len(rows) != 1 || rows[0].Open != 1 || rows[0].Worst != muster.SeverityCritical || len(rows[0].OnCall) != 1 || len(rows[0].Incidents) != 1 {
			t.Errorf("services: %+v", rows)
		}
		svc := got[*query.Service](t)(w.q.Service(w.Context(), view(), "cart"))
		if len(svc.Would.People) < 2 || len(svc.Components) != 2 || len(svc.Alerts) != 1 || len(svc.Past) != 1 {
			t.Errorf("service: %+v", svc)
		}
		conns := got[[]query.ConnectorRow](t)(w.q.Connectors(w.Context(), view()))
		if len(conns) != 1 || conns[0].Last == nil || conns[0].Last.Name != "Noor" || conns[0].Last.Last == nil {
			t.Errorf("connectors: %+v", conns)
		}
		act[*muster.Incident](w, noor(), "ResolveIncident", command.NoteIncident{Incident: string(inc.Key)})
		rev := act[*muster.Review](w, noor(), "OpenReview", command.OneIncident{Incident: string(inc.Key)})
		act[*muster.Review](w, noor(), "AddActionItem", command.AddActionItem{Review: rev.ID, Text: "alarm on empty carts", Owner: "tom", Due: "2000-01-02"})
		detail := got[*query.ReviewDetail](t)(w.q.ReviewDetail(w.Context(), view(), string(inc.Key)))
		if detail.Review.ID != rev.ID || detail.Paged != 1 || len(detail.TookPart) == 0 || detail.Owners["tom"] != "Tom" {
			t.Errorf("review: %+v", detail)
		}
		if l := got[muster.Listing[query.ReviewRow]](t)(w.q.ReviewList(w.Context(), view(), query.ListReviews{})); len(l.Items) != 1 {
			t.Errorf("reviews: %+v", l)
		}
		time.Sleep(48 * time.Hour)
		act[*command.Applied](w, admin(), "ApplyDocuments", command.ApplyDocuments{Documents: "kind: user\nname: kim\ndisplay: Kim\nzone: UTC\n---\nkind: policy\nname: lone\ntitle: Lone\nteam: storefront\nsteps: [{wait: 5m, targets: [{user: kim}]}, {wait: 5m, targets: [{user: tom}]}]\n"})
		if err := w.cmd.Load(w.Context()); err != nil {
			t.Fatal(err)
		}
		r := got[*query.Readiness](t)(w.q.Readiness(w.Context(), view()))
		if len(r.Overdue) != 1 || r.Overdue[0].OwnerName != "Tom" || len(r.Unreachable) != 1 || r.Unreachable[0].Person.ID != "kim" || r.Found.Monitoring != 1 {
			t.Errorf("readiness: %s", asJSON(t, r))
		}
		if len(r.Coverage) == 0 || r.Gaps != 0 || len(r.Runbooks) != 1 {
			t.Errorf("coverage: %+v", r.Coverage)
		}
		people := got[[]query.PersonRow](t)(w.q.People(w.Context(), view()))
		if len(people) != 5 || people[1].Warning == "" || people[0].Access != muster.AccessAdmin || people[2].Access != muster.AccessTeamOwner {
			t.Errorf("people: %+v", people)
		}
		if p := got[*query.Profile](t)(w.q.Profile(w.Context(), view(), "noor")); len(p.Shifts) == 0 || len(p.Pages) != 1 {
			t.Errorf("profile: %+v", p)
		}
		groups, _, err := w.q.DocumentList(w.Context(), view())
		if err != nil || len(groups) != len(muster.Kinds()) || groups[0].Docs[0].By.User != "ana" {
			t.Errorf("documents: %+v, %v", groups, err)
		}
	})
}

func TestSearch(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for range 3 {
			act[*muster.Incident](w, noor(), "DeclareIncident", command.DeclareIncident{Title: "Carts stay empty"})
		}
		for question, want := range map[string]string{
			"inc-2":    "incident INC-2",
			"3":        "incident INC-3",
			"shop car": "service cart",
			"TOM":      "person tom",
			"storef":   "roster storefront",
		} {
			hits := got[[]query.Hit](t)(w.q.Search(w.Context(), view(), question))
			if len(hits) == 0 || hits[0].Kind+" "+hits[0].Ref != want {
				t.Errorf("%q finds %+v, want %s first", question, hits, want)
			}
		}
		if hits := got[[]query.Hit](t)(w.q.Search(w.Context(), view(), "nothing of the kind")); len(hits) != 0 {
			t.Errorf("found %+v", hits)
		}
		if hits := got[[]query.Hit](t)(w.q.Search(w.Context(), view(), "")); len(hits) != 3 {
			t.Errorf("what is open: %+v", hits)
		}
	})
}
