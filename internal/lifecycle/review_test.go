package lifecycle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
)

func people(u muster.UserName) string {
	return map[muster.UserName]string{"ana": "Ana Rossi", "ravi": "Ravi Patel", "chen": "Chen Wu"}[u]
}

// night is a whole incident with everything that a review asks about.
func night(t *testing.T) (muster.Incident, lifecycle.Facts) {
	t.Helper()
	inc := declared(t)
	inc, _ = lifecycle.Act(inc, at("03:19"))
	inc.Actions = []muster.CurrentAction{
		{ID: "act_1", Text: "rolls 4.18.0 back", Person: "chen", Name: "Chen", StartedAt: at("03:19")},
		{ID: "act_2", Text: "asked the press desk", Name: "Tom", StartedAt: at("03:15"), EndedAt: at("03:16")},
	}
	inc.Theories = []muster.Theory{{ID: "thy_1", Text: "The CDN", State: muster.TheoryRuledOut, By: ana, At: at("03:15")}}
	inc.Roles = []muster.RoleAssignment{{Role: muster.RoleScribe, Person: "mia", Name: "Mia", From: at("03:14")}}
	f := lifecycle.Facts{
		Alerts: []muster.Alert{{
			ID: "alt_1", Source: "azure", Impact: "One in three attempts to fill a cart fails.", DetectedAt: at("03:02"), ReceivedAt: at("03:06"),
			DetectedBy: muster.DetectedByMonitoring, AcknowledgedAt: at("03:12"), AcknowledgedBy: &ana,
		}, {ID: "alt_2", Source: "azure", Impact: "unknown", DetectedAt: at("03:08"), ReceivedAt: at("03:08")}},
		Pages: []muster.Page{
			{Alert: "alt_1", Person: "ravi", Method: "phone", Step: 1, Round: 1, State: muster.PageAccepted},
			{Alert: "alt_1", Person: "ana", Method: "phone", Step: 2, Round: 1, State: muster.PageProved, ProvedAt: at("03:12")},
		},
		Updates: []muster.StatusUpdate{
			{Number: 2, At: at("03:36"), NextUpdateBy: at("03:50")},
			{Number: 1, At: at("03:18"), NextUpdateBy: at("03:30")},
		},
		Aware:  []muster.Awareness{{Person: "tom", Name: "Tom", First: at("03:13")}, {Person: "ana", Name: "Ana", First: at("03:12")}},
		Person: people,
		Source: func(muster.SourceName) string { return "Azure Monitor" },
	}
	entry := func(clock string, kind muster.EntryKind, text string) {
		f.Entries = append(f.Entries, muster.Entry{Kind: kind, Text: text, At: at(clock), Seq: int64(len(f.Entries))})
	}
	entry("03:06", muster.EntrySignal, "Azure Monitor fires")
	entry("03:12", muster.EntryIncident, "declared")
	entry("03:13", muster.EntrySeen, "Tom looked")
	entry("03:15", muster.EntrySaid, "Is it the CDN?")
	entry("03:19", muster.EntryDecided, "roll back")
	entry("03:18", muster.EntryUpdate, "update 1")
	entry("03:30", muster.EntryPromise, "the update is overdue")
	entry("03:36", muster.EntryUpdate, "update 2")
	entry("03:41", muster.EntryIncident, "mitigated")
	entry("04:26", muster.EntryIncident, "resolved")
	entry("09:00", muster.EntryReview, "review opened")
	return inc, f
}

func TestTheDraftOfAReview(t *testing.T) {
	inc, f := night(t)
	inc, _, _ = lifecycle.Mitigate(inc, at("03:41"))
	inc, _, _ = lifecycle.Resolve(inc, at("04:26"))
	r := lifecycle.Draft(inc, f, ana, at("09:00"))
	if r.Summary != "It began to show at 03:02 UTC on 27 November 2026, was known at 03:12 UTC (after 10 minutes), was mitigated at 03:41 UTC (after 39 minutes) and was resolved at 04:26 UTC (after 1 h 24 min)." {
		t.Error(r.Summary)
	}
	want := []string{
		"What would have let us know sooner than 10 minutes after it began to show?",
		"What would have reached Ravi Patel, whose page was not answered in time?",
		"What made the update that was promised for 03:30 UTC come 6 minutes late?",
		"What kept us from giving the update that was promised for 03:50 UTC?",
		"What was going on between 03:41 and 04:26 UTC, when nothing was written down?",
		"What was going on between 03:19 and 03:36 UTC, when nothing was written down?",
		"How did we find out that it was not this: “The CDN”?",
		"How did we know who was doing what without an incident commander?",
		"What did people see that made their next step look right?",
		"What went well, and how do we keep it?",
	}
	if strings.Join(r.Questions, "\n") != strings.Join(want, "\n") {
		t.Errorf("questions:\n%s", strings.Join(r.Questions, "\n"))
	}
	for _, q := range r.Questions {
		if !strings.HasPrefix(q, "How ") && !strings.HasPrefix(q, "What ") {
			t.Errorf("%q begins with neither how nor what", q)
		}
	}
	var gaps []string
	for _, g := range r.Gaps {
		gaps = append(gaps, g.From.Format("15:04")+"-"+g.Until.Format("15:04"))
	}
	if strings.Join(gaps, " ") != "03:06-03:12 03:19-03:36 03:36-03:41 03:41-04:26" {
		t.Errorf("gaps: %v", gaps)
	}
	if len(r.Timeline) != len(f.Entries) || r.Timeline[4].Text != "update 1" || r.Version != 1 || r.Status != muster.ReviewDraft || len(r.Clocks) != 6 || r.DueAt != at("09:00").Plus(5*24*time.Hour) {
		t.Errorf("%+v", r)
	}
	empty := lifecycle.Draft(muster.Incident{}, lifecycle.Facts{}, ana, at("09:00"))
	if empty.Timeline == nil || len(empty.Questions) == 0 {
		t.Errorf("%+v", empty)
	}
}

func TestAnswers(t *testing.T) {
	inc, f := night(t)
	show := func(inc muster.Incident, f lifecycle.Facts) string {
		var b strings.Builder
		answers := lifecycle.Answers(inc, f, at("03:20"))
		for _, q := range muster.Questions() {
			if a, ok := answers[q]; ok {
				fmt.Fprintf(&b, "%s: %s (%s, %s)\n", q, a.Text, a.By.Name, a.At.Format("15:04"))
			}
		}
		return b.String()
	}
	if got, want := show(inc, f), `when: At 03:12 UTC, 10 minutes after it began to show. (Muster, 03:12)
how: Our monitoring told us: Azure Monitor. (Muster, 03:06)
who: Ana, Mia and Tom; acknowledged by Ana. (Muster, 03:14)
doing: Chen: rolls 4.18.0 back (Muster, 03:19)
bad: SEV2. One in three attempts to fill a cart fails. (Muster, 03:12)
`; got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}

	// A person's answer stands; an earlier one of Muster does not.
	inc.Answers = map[muster.Question]muster.Answer{
		muster.QuestionBad:   {Text: "Nobody can buy anything.", By: ana, At: at("03:16")},
		muster.QuestionDoing: {Text: "stale words", By: engine, At: at("03:16")},
	}
	if got := show(inc, f); !strings.Contains(got, "bad: Nobody can buy anything. (Ana, 03:16)") || strings.Contains(got, "stale words") {
		t.Error(got)
	}

	// A question without facts asks.
	bare, err := lifecycle.Declare(lifecycle.Declaration{Title: "x", By: engine}, at("03:12"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(bare, lifecycle.Facts{}), `when: Nobody has taken notice yet. It began to show at 03:12 UTC. (Muster, 03:12)
bad: SEV3. Who is affected is not known yet. (Muster, 03:12)
`; got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}

	reported := f
	reported.Alerts = []muster.Alert{{Source: "form", Reporter: "Zoe from support", DetectedBy: muster.DetectedByCustomer, ReceivedAt: at("03:06")}}
	reported.Source = nil
	inc.DetectedBy = ""
	if got := show(inc, reported); !strings.Contains(got, "how: A customer told us: Zoe from support, by form.") {
		t.Error(got)
	}
}

func TestPromises(t *testing.T) {
	inc := declared(t)
	update := muster.StatusUpdate{Known: "Carts fail", NextUpdateBy: at("03:48"), By: ana, At: at("03:18"), Audience: muster.AudiencePublic}
	if f := lifecycle.CheckUpdate(update, at("03:18")); len(f) > 0 {
		t.Error(f)
	}
	inc = lifecycle.Promised(inc, update)
	if inc.Updates != 1 || inc.Generation != 1 || inc.Promise.By != at("03:48") {
		t.Fatalf("%+v", inc)
	}
	for _, c := range []struct {
		now, wake string
		overdue   bool
	}{{"03:18", "03:43", false}, {"03:43", "03:48", false}, {"03:47", "03:48", false}, {"03:48", "", true}, {"04:00", "", true}} {
		if got := lifecycle.PromiseWake(inc.Promise, at(c.now)); got != at(c.wake) {
			t.Errorf("at %s: wakes at %s, want %s", c.now, got, c.wake)
		}
		if got := lifecycle.Overdue(inc.Promise, at(c.now)); got != c.overdue {
			t.Errorf("at %s: overdue %v", c.now, got)
		}
	}
	first := inc.Promise
	inc = lifecycle.Promised(inc, muster.StatusUpdate{Final: true, By: ana, At: at("04:30")})
	if !inc.Promise.Kept || first.Kept || lifecycle.Overdue(inc.Promise, at("05:00")) || inc.Generation != 2 {
		t.Errorf("%+v, %+v", inc.Promise, first)
	}
	if inc = lifecycle.Promised(declared(t), muster.StatusUpdate{Final: true}); inc.Promise != nil {
		t.Errorf("%+v", inc.Promise)
	}

	for _, c := range []struct {
		u    muster.StatusUpdate
		want string
	}{
		{muster.StatusUpdate{Audience: "all"}, "known next_update_by audience"},
		{muster.StatusUpdate{Known: "x", Audience: muster.AudiencePublic, NextUpdateBy: at("03:00")}, "next_update_by"},
		{muster.StatusUpdate{Known: "x", Audience: muster.AudiencePublic, NextUpdateBy: at("03:00").Plus(9 * 24 * time.Hour)}, "next_update_by"},
		{muster.StatusUpdate{Known: "x", Audience: muster.AudiencePublic, NextUpdateBy: at("03:20"), Final: true}, "next_update_by"},
		{muster.StatusUpdate{Known: "x", Audience: muster.AudiencePublic, Final: true}, ""},
	} {
		var got []string
		for _, f := range lifecycle.CheckUpdate(c.u, at("03:18")) {
			got = append(got, f.Path)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v, want %s", c.u, got, c.want)
		}
	}
}

func TestRolesAreProposedFromTheRosters(t *testing.T) {
	inc := declared(t)
	inc.Roles = []muster.RoleAssignment{
		{Role: muster.RolePrimaryResponder, Person: "ravi", From: at("03:12")},
		{Role: muster.RoleScribe, Person: "mia", From: at("03:12"), Until: at("03:13")},
	}
	var got []string
	for _, r := range lifecycle.ProposeRoles(inc, []lifecycle.Duty{
		{Roster: "storefront", Title: "Storefront", Position: muster.PrimaryResponder, People: []muster.UserName{"ravi"}},
		{Roster: "storefront", Title: "Storefront", Position: muster.SecondaryResponder, People: []muster.UserName{"chen", "chen"}},
		{Roster: "command", Title: "Command", For: muster.RoleIncidentCommander, Position: muster.PrimaryResponder, People: []muster.UserName{"ana"}},
		{Roster: "command", Title: "Command", For: muster.RoleIncidentCommander, Position: muster.SecondaryResponder, People: []muster.UserName{"chen"}},
		{Roster: "other", For: muster.RoleIncidentCommander, Position: muster.PrimaryResponder, People: []muster.UserName{"chen"}},
		{Roster: "scribes", For: muster.RoleScribe, Position: muster.PrimaryResponder},
	}, lifecycle.Facts{Person: people}, at("03:14")) {
		if !r.Proposed || r.From != at("03:14") {
			t.Errorf("%+v", r)
		}
		got = append(got, fmt.Sprintf("%s %s: %s", r.Role, r.Name, r.Why))
	}
	want := "secondary Chen Wu: is secondary responder of Storefront now\ncommander Ana Rossi: is on call for Command now"
	if strings.Join(got, "\n") != want {
		t.Errorf("got:\n%s", strings.Join(got, "\n"))
	}
}
