package plan_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

var monday = muster.At(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))

func weekly(role muster.RosterRole, people ...muster.UserName) muster.Rotation {
	return muster.Rotation{
		Name: "weekly-" + string(role), Role: role, Zone: "UTC", Every: 1, Unit: muster.UnitWeek, Handoff: "09:00", Start: "2026-11-02", People: people,
	}
}

// tailwind is a small company. Dan has left, Eve has no verified contact.
func tailwind(rev muster.Revision, change func(map[string]muster.Document)) *muster.Catalog {
	five := muster.Duration(5 * time.Minute)
	docs := map[string]muster.Document{}
	put := func(list ...muster.Document) {
		for _, d := range list {
			docs[muster.DocRef(d.DocKind(), d.DocName())] = d
		}
	}
	put(
		&muster.User{Name: "ana", Display: "Ana Rossi", Zone: "UTC", Access: muster.AccessAdmin},
		&muster.User{Name: "ben", Display: "Ben Okafor", Zone: "UTC", Notify: []muster.NotificationRule{
			{Urgency: muster.UrgencyHigh, Method: "phone"}, {Urgency: muster.UrgencyHigh, Method: "pager"}, {Method: "mail", After: muster.Duration(time.Minute)},
		}},
		&muster.User{Name: "cho", Display: "Cho Park", Zone: "UTC"},
		&muster.User{Name: "dan", Display: "Dan", Zone: "UTC", Disabled: true},
		&muster.User{Name: "eve", Display: "Eve", Zone: "UTC"},
		&muster.Team{Name: "web", Title: "Web"},
		&muster.Connector{Name: "demo", Title: "Demo", Kind: "demo-phone"},
		&muster.Roster{Name: "web", Title: "Web", Team: "web", Rotations: []muster.Rotation{
			weekly(muster.PrimaryResponder, "ben", "cho"), weekly(muster.SecondaryResponder, "eve", "dan"),
		}},
		&muster.Roster{Name: "empty", Title: "Empty", Team: "web"},
		&muster.Policy{Name: "urgent", Title: "Urgent", Team: "web", Repeat: 1, Steps: []muster.Step{
			{Targets: []muster.Target{{Roster: "web"}}, Wait: five},
			{Targets: []muster.Target{{Roster: "web", Role: muster.SecondaryResponder}}, Wait: five},
			{Targets: []muster.Target{{User: "cho"}}, Wait: five},
		}},
		&muster.Service{Name: "shop", Title: "Shop", Team: "web", Policy: "urgent"},
		&muster.Source{Name: "azure", Title: "Azure Monitor"},
		&muster.Source{Name: "form", Title: "The form", Triage: true},
		&muster.Route{Name: muster.DefaultRoute, Policy: "urgent"},
		&muster.Route{Name: "shop", Match: `title.contains("shop")`, Service: "shop"},
	)
	if change != nil {
		change(docs)
	}
	all := make([]muster.Document, 0, len(docs))
	revs := map[string]muster.Revision{}
	for ref, d := range docs {
		all = append(all, d)
		revs[ref] = rev
	}
	return muster.NewCatalog(rev, all, revs)
}

func snap(tb testing.TB, c *muster.Catalog) *plan.Snapshot {
	tb.Helper()
	s, wrong := plan.NewSnapshot(c, rota.NewZones())
	if len(wrong) > 0 {
		tb.Fatal(wrong)
	}
	return s
}

func contacts() plan.Contacts {
	fact := func(id, method string, verified bool) muster.ContactFact {
		return muster.ContactFact{ID: muster.ContactID(id), Method: method, Connector: "demo", Verified: verified}
	}
	return plan.Contacts{
		"ana": {fact("con_a", "mail", true)},
		"ben": {fact("con_b1", "phone", true), fact("con_b2", "mail", true), fact("con_b3", "pager", false)},
		"cho": {fact("con_c1", "phone", true), fact("con_c2", "sms", false), fact("con_c3", "mail", true)},
		"dan": {fact("con_d", "phone", true)},
		"eve": {fact("con_e", "phone", false)},
	}
}

type history map[muster.Revision]*plan.Snapshot

func (h history) At(rev muster.Revision) (*plan.Snapshot, error) {
	if s := h[rev]; s != nil {
		return s, nil
	}
	return nil, muster.Errorf(muster.ErrNotFound, "no revision %d", rev)
}

func texts(list []muster.Reason) string {
	var b strings.Builder
	for _, r := range list {
		b.WriteString(string(r.Kind) + ": " + r.Text + "\n")
	}
	return b.String()
}

func paged(list []muster.Planned, from muster.Instant) string {
	var parts []string
	for _, p := range list {
		parts = append(parts, fmt.Sprintf("%s:%s+%s", p.User, p.Contact.Method, muster.Duration(p.At.Sub(from.Time))))
	}
	return strings.Join(parts, " ")
}

func TestArriveTellsTheWholeWay(t *testing.T) {
	s := snap(t, tailwind(7, nil))
	a := plan.Arrive(s, &muster.Signal{Source: "azure", Title: "shop is down", Key: "k", Mapped: []string{"The title is the alert rule."}}, monday)
	var kinds []string
	for _, r := range a.Reasons {
		kinds = append(kinds, string(r.Kind))
	}
	if got := strings.Join(kinds, " "); got != "source mapping fingerprint route policy" {
		t.Errorf("%s\n%s", got, texts(a.Reasons))
	}
	if a.Decision.Route != "shop" || a.Policy.Name != "urgent" || a.PolicyRevision != 7 || len(a.Fingerprint) != 32 {
		t.Errorf("%+v", a)
	}
	// Without any policy there is still an escalation, and it reaches the admins.
	bare := snap(t, muster.NewCatalog(1, []muster.Document{&muster.User{Name: "ana", Display: "Ana", Access: muster.AccessAdmin}}, nil))
	a = plan.Arrive(bare, &muster.Signal{Source: "x"}, monday)
	_, eff := plan.Escalate(bare, contacts(), muster.Escalation{Policy: *a.Policy}, plan.FirstEvent(a), monday)
	if got := paged(eff.Pages, monday); got != "ana:mail+0s" {
		t.Errorf("%q\n%s", got, texts(eff.Notes))
	}
}

func TestEscalatePagesByRosterAndRules(t *testing.T) {
	s := snap(t, tailwind(7, nil))
	p := s.Catalog.Policies["urgent"]
	e, eff := plan.Escalate(s, contacts(), muster.Escalation{Policy: *p, Urgency: muster.UrgencyHigh}, escalate.Event{Kind: escalate.Start}, monday)
	// Monday the 23rd begins the fourth week: turn 3 is Cho's, who has no rules of her own; sms is not verified.
	if got := paged(eff.Pages, monday); got != "cho:phone+0s cho:mail+2m" {
		t.Errorf("%q", got)
	}
	why := texts(eff.Pages[0].Reasons)
	for _, want := range []string{"roster: The roster Web", "layer: ", "Cho Park has no notification rules for high urgency", "contact method sms is not verified"} {
		if !strings.Contains(why, want) {
			t.Errorf("%q is not told:\n%s", want, why)
		}
	}
	if eff.Taken.Revision != 7 || len(eff.Taken.Contacts) != 1 || len(eff.Taken.Contacts["cho"]) != 3 {
		t.Errorf("%+v", eff.Taken)
	}
	e.Taken = append(e.Taken, *eff.Taken)
	// The secondary is nobody who can be reached: Dan has left this week. The step is passed over at once.
	later := monday.Plus(5 * time.Minute)
	_, eff = plan.Escalate(s, contacts(), e, escalate.Event{Kind: escalate.Timer}, later)
	if got := paged(eff.Pages, later); got != "cho:phone+0s cho:mail+2m" || eff.Pages[0].Step != 3 {
		t.Errorf("%q", got)
	}
	if notes := texts(eff.Notes); !strings.Contains(notes, "Dan has left and is passed over.") {
		t.Error(notes)
	}
	// A week earlier it is Ben's turn, whose rules name a pager that is not verified.
	_, eff = plan.Escalate(s, contacts(), muster.Escalation{Policy: *p, Urgency: muster.UrgencyHigh}, escalate.Event{Kind: escalate.Start}, monday.Plus(-time.Hour))
	if got := paged(eff.Pages, monday.Plus(-time.Hour)); got != "ben:phone+0s ben:mail+1m" {
		t.Errorf("%q", got)
	}
	if why := texts(eff.Pages[0].Reasons); !strings.Contains(why, `Ben Okafor's rules name "pager", which is not verified and is not used.`) {
		t.Error(why)
	}
}

func TestRulesThatCannotBeUsedMakeNobodyUnreachable(t *testing.T) {
	s := snap(t, tailwind(7, func(d map[string]muster.Document) {
		d["users/cho"] = &muster.User{Name: "cho", Display: "Cho Park", Zone: "UTC", Notify: []muster.NotificationRule{{Method: "phnoe"}}}
	}))
	pages := plan.PageByHand(s, contacts(), "cho", "Ana", monday)
	if got := paged(pages, monday); got != "cho:phone+0s cho:mail+2m" || !strings.Contains(texts(pages[0].Reasons), `"phnoe", which is none of their contact methods`) {
		t.Error(got, texts(pages[0].Reasons))
	}
	if pages := plan.PageByHand(s, contacts(), "eve", "Ana", monday); len(pages) > 0 {
		t.Error("Eve was paged by a method that is not verified")
	}
	if pages := plan.PageByHand(s, contacts(), "dan", "Ana", monday); len(pages) > 0 {
		t.Error("Dan has left and was paged")
	}
}

func TestInvolvedIsEverybodyWhoMayBePaged(t *testing.T) {
	s := snap(t, tailwind(7, nil))
	if got := fmt.Sprint(plan.Involved(s, s.Catalog.Policies["urgent"])); got != "[ana ben cho dan eve]" {
		t.Error(got)
	}
}

// The catalog is edited between the steps. What is explained afterwards is what was done.
func TestExplanationIsWhatWasDone(t *testing.T) {
	first := tailwind(7, nil)
	second := tailwind(8, func(d map[string]muster.Document) {
		r := *first.Rosters["web"]
		r.Overrides = []muster.Override{{ID: "o1", Role: muster.SecondaryResponder, People: []muster.UserName{"ben"}, From: monday, Until: monday.Plus(time.Hour), By: "ana", Why: "Dan has left"}}
		d["rosters/web"] = &r
	})
	third := tailwind(9, func(d map[string]muster.Document) {
		delete(d, "routes/shop")
		delete(d, "users/cho")
		d["policies/urgent"] = &muster.Policy{Name: "urgent", Title: "Other", Steps: []muster.Step{{Targets: []muster.Target{{User: "eve"}}}}}
	})
	h := history{7: snap(t, first), 8: snap(t, second), 9: snap(t, third)}

	sig := &muster.Signal{Source: "azure", Title: "shop is down", Key: "k"}
	a := plan.Arrive(h[7], sig, monday)
	run := muster.Escalation{Policy: *a.Policy, Revision: a.PolicyRevision, Urgency: a.Decision.Urgency}
	var did []muster.Planned
	var told []muster.Reason
	take := func(s *plan.Snapshot, ev escalate.Event, at muster.Instant) {
		t.Helper()
		next, eff := plan.Escalate(s, contacts(), run, ev, at)
		if eff.Taken == nil {
			t.Fatal("no step was taken")
		}
		next.Taken = append(next.Taken, *eff.Taken)
		run = next
		did = append(did, eff.Pages...)
		told = append(told, eff.Notes...)
		for _, p := range eff.Pages {
			told = append(told, p.Reasons...)
		}
	}
	take(h[7], escalate.Event{Kind: escalate.Start}, monday)
	run.StepStarted = monday.Plus(3 * time.Second)
	take(h[8], escalate.Event{Kind: escalate.Timer}, monday.Plus(6*time.Minute))
	take(h[9], escalate.Event{Kind: escalate.Escalate, Because: "Ana Rossi asked for it"}, monday.Plus(7*time.Minute))
	if got := paged(did, monday); got != "cho:phone+0s cho:mail+2m ben:phone+6m ben:mail+7m ana:mail+7m" {
		t.Fatal(got)
	}

	x, err := plan.Explain(h, plan.Question{Signal: sig, ReceivedAt: monday, Revision: 7, Run: &run})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(x.People, did) {
		t.Errorf("explained: %s\ndone: %s", paged(x.People, monday), paged(did, monday))
	}
	for _, r := range append(told, a.Reasons...) {
		if !strings.Contains(texts(x.Steps), r.Text) {
			t.Errorf("%q was a reason and is not explained", r.Text)
		}
	}
	for _, want := range []string{"An override by Ana Rossi puts Ben Okafor on call", "Ana Rossi asked for it", "There is no person called cho any more"} {
		if !strings.Contains(texts(x.Steps), want) {
			t.Errorf("%q is not told:\n%s", want, texts(x.Steps))
		}
	}
	if _, err := plan.Explain(history{}, plan.Question{Signal: sig, Revision: 7, Run: &run}); muster.CodeOf(err) != muster.ErrNotFound {
		t.Error(err)
	}
}

// Which alerts were open is no fact of the catalog: that one joined another is told as it was written, and nothing else twice.
func TestThatAnAlertJoinedAnotherIsTold(t *testing.T) {
	h := history{7: snap(t, tailwind(7, nil))}
	x, err := plan.Explain(h, plan.Question{
		Signal: &muster.Signal{Source: "azure", Title: "shop is down", Key: "k"}, ReceivedAt: monday, Revision: 7, Run: &muster.Escalation{},
		Kept: []muster.Reason{
			{Kind: muster.ReasonSource, Text: "It was written by hand."},
			{Kind: muster.ReasonRoute, Text: "It joined the other alert.", Facts: map[string]string{"group": "alr_1"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(x.Steps); strings.Count(got, "It joined the other alert.") != 1 || strings.Contains(got, "by hand") {
		t.Errorf("explained:\n%s", got)
	}
}

// Whatever happens to an escalation, in whatever order, each step that was taken is taken again the same.
func TestEveryStepIsTakenAgainTheSame(t *testing.T) {
	cats := history{}
	for rev := muster.Revision(1); rev <= 4; rev++ {
		cats[rev] = snap(t, tailwind(rev, func(d map[string]muster.Document) {
			if rev%2 == 0 {
				d["rosters/web"] = &muster.Roster{Name: "web", Title: "Web", Team: "web", Rotations: []muster.Rotation{weekly(muster.PrimaryResponder, "dan", "ben")}}
			}
			if rev > 2 {
				delete(d, "users/cho")
				d["users/eve"] = &muster.User{Name: "eve", Display: "Eve", Zone: "UTC", Access: muster.AccessAdmin}
			}
		}))
	}
	rapid.Check(t, func(t *rapid.T) {
		run := muster.Escalation{Policy: *cats[1].Catalog.Policies["urgent"], Revision: 1, Urgency: rapid.SampledFrom([]muster.Urgency{muster.UrgencyHigh, muster.UrgencyLow}).Draw(t, "urgency")}
		run.Policy.AckTimeout = muster.Duration(time.Hour)
		at := monday
		var done []escalate.Effects
		for range rapid.IntRange(1, 14).Draw(t, "events") {
			kind := rapid.SampledFrom([]escalate.EventKind{
				escalate.Start, escalate.Timer, escalate.Timer, escalate.Timer, escalate.Ack, escalate.Unack, escalate.Hold, escalate.Release, escalate.Escalate,
			}).Draw(t, "kind")
			ev := escalate.Event{Kind: kind}
			if kind == escalate.Hold {
				ev.Until = at.Plus(time.Duration(rapid.IntRange(-1, 1).Draw(t, "until")) * time.Minute)
			}
			if rapid.Bool().Draw(t, "because") {
				ev.Because = "somebody said so"
			}
			known := contacts()
			for u, list := range known {
				if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
					known[u] = list[1:]
				}
			}
			if len(run.Taken) > 0 && rapid.Bool().Draw(t, "started") {
				run.StepStarted = run.StepAt.Plus(time.Second)
			}
			rev := muster.Revision(rapid.IntRange(1, 4).Draw(t, "rev"))
			next, eff := plan.Escalate(cats[rev], known, run, ev, at)
			if eff.Taken != nil {
				next.Taken = append(next.Taken, *eff.Taken)
				done = append(done, eff)
			}
			run = next
			at = at.Plus(time.Duration(rapid.IntRange(1, 12).Draw(t, "minutes")) * time.Minute)
		}
		for i := range run.Taken {
			_, eff := plan.Retake(cats[run.Taken[i].Revision], run, i)
			if !reflect.DeepEqual(eff.Pages, done[i].Pages) || !reflect.DeepEqual(eff.Notes, done[i].Notes) || !reflect.DeepEqual(eff.Taken, done[i].Taken) {
				t.Fatalf("step %d of %+v\nwas %+v\nis  %+v", i, run.Taken[i], done[i], eff)
			}
		}
	})
}

func TestPreviewPlaysThePolicyToItsEnd(t *testing.T) {
	s := snap(t, tailwind(7, nil))
	h := history{7: s}
	x, err := plan.Explain(h, plan.Question{Service: "shop", Severity: muster.SeverityCritical, At: monday, Revision: 7, Contacts: contacts()})
	if err != nil {
		t.Fatal(err)
	}
	if got := paged(x.People, monday); got != "cho:phone+0s cho:mail+2m cho:phone+5m cho:mail+7m cho:phone+10m cho:mail+12m cho:phone+15m cho:mail+17m ana:mail+20m" {
		t.Errorf("%q\n%s", got, texts(x.Steps))
	}
	if _, err := plan.Explain(h, plan.Question{Service: "shpo", At: monday, Revision: 7}); muster.CodeOf(err) != muster.ErrNotFound {
		t.Error(err)
	}
	// What waits for triage pages nobody, and that is said.
	x, err = plan.Explain(h, plan.Question{Signal: &muster.Signal{Source: "form", Title: "slow"}, At: monday, Revision: 7, Contacts: contacts()})
	if err != nil || len(x.People) > 0 || !strings.Contains(texts(x.Steps), "nobody: Nobody would be paged.") || !strings.Contains(texts(x.Steps), "waits for triage") {
		t.Error(err, texts(x.Steps))
	}
	// A silence moves the pages to its end.
	quiet := snap(t, tailwind(8, func(d map[string]muster.Document) {
		d["silences/s"] = &muster.Silence{Name: "s", Match: "true", From: monday, Until: monday.Plus(time.Hour), Owner: "ana", Why: "move"}
	}))
	x, err = plan.Explain(history{8: quiet}, plan.Question{Service: "shop", At: monday, Revision: 8, Contacts: contacts()})
	if err != nil || len(x.People) == 0 || !x.People[0].At.Equal(monday.Plus(time.Hour).Time) {
		t.Error(err, paged(x.People, monday), texts(x.Steps))
	}
}

func TestOnCallListsEveryRole(t *testing.T) {
	s := snap(t, tailwind(7, nil))
	rows := plan.OnCall(s, monday, plan.OnCallFilter{})
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s/%s/%s %v", r.Service, r.Roster, r.Role, r.People))
		if len(r.People) == 0 && !strings.Contains(texts(r.Why), "nobody: ") {
			t.Errorf("a gap is not told: %+v", r)
		}
	}
	if want := "/empty/primary []; shop/web/primary [{cho Cho Park}]; shop/web/secondary []"; strings.Join(got, "; ") != want {
		t.Errorf("%s; want %s", strings.Join(got, "; "), want)
	}
	if rows := plan.OnCall(s, monday, plan.OnCallFilter{Service: "shop", Roster: "web"}); len(rows) != 2 || rows[0].Service != "shop" {
		t.Error(rows)
	}
	if rows := plan.OnCall(s, monday, plan.OnCallFilter{Service: "other"}); rows == nil || len(rows) != 0 {
		t.Error(rows)
	}
}

func TestDiff(t *testing.T) {
	a := tailwind(1, nil)
	b := tailwind(2, func(d map[string]muster.Document) {
		delete(d, "users/ana")
		d["users/zoe"] = &muster.User{Name: "zoe"}
		d["routes/shop"] = &muster.Route{Name: "shop", Match: "false"}
	})
	want := []plan.Change{{Kind: "users", Name: "ana", What: plan.Removed}, {Kind: "users", Name: "zoe", What: plan.Added}, {Kind: "routes", Name: "shop", What: plan.Changed}}
	if got := plan.Diff(a, b); !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
	if got := plan.Diff(a, tailwind(3, nil)); len(got) != 0 {
		t.Error(got)
	}
}

func BenchmarkArriveAndStart(b *testing.B) {
	s := snap(b, tailwind(7, nil))
	known := contacts()
	sig := &muster.Signal{Source: "azure", Title: "shop is down", Key: "k", Labels: map[string]string{"host": "web1"}}
	b.ReportAllocs()
	for b.Loop() {
		a := plan.Arrive(s, sig, monday)
		plan.Escalate(s, known, muster.Escalation{Policy: *a.Policy, Urgency: a.Decision.Urgency}, plan.FirstEvent(a), monday)
	}
}
