package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
)

// sleepers is tailwind with Ben in Berlin, who has rules with hours, and Cho in Berlin, who has quiet hours. Both have a
// phone and mail.
func sleepers(tb testing.TB, steps ...muster.Step) (*plan.Snapshot, plan.Contacts) {
	tb.Helper()
	work := []muster.Window{{Days: muster.Weekdays()[:5], From: "08:00", To: "18:00"}}
	s := snap(tb, tailwind(7, func(d map[string]muster.Document) {
		d["connectors/post"] = &muster.Connector{Name: "post", Kind: plan.MailKind}
		d["users/ben"] = &muster.User{Name: "ben", Display: "Ben", Zone: "Europe/Berlin", Notify: []muster.NotificationRule{
			{Method: "phone", Hours: []muster.Window{{From: "22:00", To: "02:30"}}}, {Method: "mail", Urgency: muster.UrgencyLow, Hours: work, After: muster.Duration(time.Minute)},
		}}
		d["users/cho"] = &muster.User{Name: "cho", Display: "Cho", Zone: "Europe/Berlin", Quiet: []muster.Window{{From: "22:00", To: "07:00"}}}
		d["policies/urgent"] = &muster.Policy{Name: "urgent", Title: "Urgent", Team: "web", Steps: steps}
	}))
	of := func(u string) []muster.ContactFact {
		return []muster.ContactFact{
			{ID: muster.ContactID("con_" + u + "_phone"), Method: "phone", Connector: "demo", Verified: true},
			{ID: muster.ContactID("con_" + u + "_mail"), Method: "mail", Connector: "post", Verified: true},
		}
	}
	return s, plan.Contacts{"ana": of("ana"), "ben": of("ben"), "cho": of("cho")}
}

func to(people ...muster.UserName) muster.Step {
	s := muster.Step{Wait: muster.Duration(5 * time.Minute)}
	for _, u := range people {
		s.Targets = append(s.Targets, muster.Target{User: u})
	}
	return s
}

func begin(s *plan.Snapshot, c plan.Contacts, urgency muster.Urgency, at muster.Instant) (muster.Escalation, escalate.Effects) {
	return plan.Escalate(s, c, muster.Escalation{Policy: *s.Catalog.Policies["urgent"], Revision: 7, Urgency: urgency}, escalate.Event{Kind: escalate.Start}, at)
}

// Ben's phone rings from 22:00 to 02:30 where he lives, his mail takes low urgency in working hours. Dana, who takes what he
// does not, is Ana here.
func TestVectorsOfHours(t *testing.T) {
	s, c := sleepers(t, to("ben"), to("ana"))
	for _, v := range []struct{ at, urgency, want string }{
		{"2026-11-23T20:59:59Z", "high", "ana:phone+0s ana:mail+2m"}, // Monday 21:59:59 in Berlin
		{"2026-11-23T21:00:00Z", "high", "ben:phone+0s"},
		{"2026-11-24T01:29:59Z", "low", "ben:phone+0s"}, // over midnight
		{"2026-11-24T01:30:00Z", "low", "ana:phone+0s ana:mail+2m"},
		{"2026-11-24T07:00:00Z", "low", "ben:mail+1m"},
		{"2026-11-24T07:00:00Z", "high", "ana:phone+0s ana:mail+2m"},
		{"2026-11-28T07:00:00Z", "low", "ana:phone+0s ana:mail+2m"}, // a Saturday
		{"2026-07-06T06:00:00Z", "low", "ben:mail+1m"},              // in summer 08:00 is an hour earlier
		{"2026-03-29T00:59:59Z", "high", "ben:phone+0s"},            // 01:59:59; then it is 03:00, and 02:30 is read as 03:30
		{"2026-03-29T01:29:59Z", "high", "ben:phone+0s"},
		{"2026-03-29T01:30:00Z", "high", "ana:phone+0s ana:mail+2m"},
		{"2026-10-25T00:29:59Z", "high", "ben:phone+0s"}, // the first 02:29:59 of two
		{"2026-10-25T00:30:00Z", "high", "ana:phone+0s ana:mail+2m"},
		{"2026-10-25T01:15:00Z", "high", "ana:phone+0s ana:mail+2m"}, // the second 02:15
	} {
		at, err := time.Parse(time.RFC3339, v.at)
		if err != nil {
			t.Fatal(err)
		}
		_, eff := begin(s, c, muster.Urgency(v.urgency), muster.At(at))
		if got := paged(eff.Pages, muster.At(at)); got != v.want {
			t.Errorf("%s, %s urgency: %s, want %s", v.at, v.urgency, got, v.want)
		}
	}
}

var night = muster.At(time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)) // 03:00 in Berlin

func TestQuietTime(t *testing.T) {
	s, c := sleepers(t, to("cho"), to("ana"))
	e, eff := begin(s, c, muster.UrgencyLow, night)
	if got, why := paged(eff.Pages, night), texts(eff.Pages[0].Reasons); got != "cho:mail+2m" || !strings.Contains(why, "It is Cho's quiet time, Tue 03:00 Europe/Berlin, and the urgency is low: only what does not ring is used.") {
		t.Errorf("%s\n%s", got, why)
	}
	e.Taken = append(e.Taken, *eff.Taken)
	if _, again := plan.Retake(s, e, 0); texts(again.Pages[0].Reasons) != texts(eff.Pages[0].Reasons) {
		t.Error("it is explained otherwise")
	}
	if _, eff := begin(s, c, muster.UrgencyHigh, night); paged(eff.Pages, night) != "cho:phone+0s cho:mail+2m" {
		t.Error("quiet time holds urgent pages back: " + paged(eff.Pages, night))
	}
	morning := night.Plus(4 * time.Hour)
	if _, eff := begin(s, c, muster.UrgencyLow, morning); paged(eff.Pages, morning) != "cho:phone+0s cho:mail+2m" {
		t.Error("it is quiet in the morning: " + paged(eff.Pages, morning))
	}
}

// I29: quiet time and hours never silence the last step that reaches anybody.
func TestTheLastStepIsNeverSilent(t *testing.T) {
	s, c := sleepers(t, to("ben"), to("cho"))
	e, eff := begin(s, c, muster.UrgencyLow, night)
	if got, why := paged(eff.Pages, night), texts(eff.Pages[0].Reasons); got != "cho:phone+0s cho:mail+2m" || !strings.Contains(why, "It is Cho's quiet time, Tue 03:00 Europe/Berlin, but this is the last step that reaches anybody.") {
		t.Errorf("%s\n%s", got, why)
	}
	if notes := texts(eff.Notes); !strings.Contains(notes, "Ben's notification rules for low urgency are for other hours, and it is Tue 03:00 Europe/Berlin.") {
		t.Error(notes)
	}
	if len(eff.Taken.Contacts) != 2 || len(eff.Taken.Spared) != 1 || eff.Taken.Spared[0] != "ben" {
		t.Errorf("kept %+v", eff.Taken)
	}
	e.Taken = append(e.Taken, *eff.Taken)
	_, again := plan.Retake(s, e, 0)
	if texts(again.Pages[0].Reasons)+texts(again.Notes) != texts(eff.Pages[0].Reasons)+texts(eff.Notes) {
		t.Error("it is explained otherwise")
	}
	later := night.Plus(5 * time.Minute)
	_, eff = plan.Escalate(s, c, e, escalate.Event{Kind: escalate.Escalate, Because: "Ana asked for it"}, later)
	if got := paged(eff.Pages, later); got != "ana:phone+0s ana:mail+2m" {
		t.Error("the fallback: " + got)
	}
	s, c = sleepers(t, to("ben"))
	_, eff = begin(s, c, muster.UrgencyHigh, night)
	if got, why := paged(eff.Pages, night), texts(eff.Pages[0].Reasons); got != "ben:phone+0s" || !strings.Contains(why, "are for other hours, and it is Tue 03:00 Europe/Berlin, but this is the last step that reaches anybody.") {
		t.Errorf("%s\n%s", got, why)
	}
	pages := plan.PageByHand(s, c, "ben", "Ana", night)
	if got := paged(pages, night); got != "ben:phone+0s" || !strings.Contains(texts(pages[0].Reasons), "but somebody asked for them.") {
		t.Error(got, texts(pages[0].Reasons))
	}
}

func TestRulesThatLeaveHoursOpen(t *testing.T) {
	s, c := sleepers(t, to("ben"))
	var got []string
	for _, w := range plan.PolicyWarnings(s, c) {
		if w.Kind == "rules_gap" {
			got = append(got, string(w.User)+": "+w.Text)
		}
	}
	want := "ben: The notification rules of Ben have no contact method for urgent pages every day from 02:30 to 22:00, nor for pages of low urgency " +
		"from Mon 02:30 to Mon 08:00, from Mon 18:00 to Mon 22:00, from Tue 02:30 to Tue 08:00, from Tue 18:00 to Tue 22:00, from Wed 02:30 to Wed 08:00, " +
		"and 7 more times in the week. The next step of the policy is paged at once then; at the last one that reaches anybody, hours do not count."
	if strings.Join(got, "\n") != want {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
