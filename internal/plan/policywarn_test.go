package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
)

func TestPoliciesThatMayBeMissedAreWarnedAbout(t *testing.T) {
	day, five := false, muster.Duration(5*time.Minute)
	step := func(t muster.Target) muster.Step {
		return muster.Step{Targets: []muster.Target{t}, Wait: five}
	}
	s := snap(t, tailwind(7, func(docs map[string]muster.Document) {
		docs["connectors/post"] = &muster.Connector{Name: "post", Title: "Post", Kind: plan.MailKind}
		for _, p := range []*muster.Policy{
			{Name: "mail", Title: "Mail", Steps: []muster.Step{step(muster.Target{User: "eve"}), step(muster.Target{Connector: "demo"})}},
			{Name: "deaf", Title: "Deaf", Steps: []muster.Step{step(muster.Target{User: "ana"}), step(muster.Target{User: "dan"})}},
			{Name: "maybe", Title: "Maybe", Steps: []muster.Step{{Targets: []muster.Target{{User: "ben"}}, Wait: five, When: &muster.When{Night: &day}}, {Targets: []muster.Target{{Connector: "demo"}}}}},
		} {
			docs["policies/"+string(p.Name)] = p
		}
	}))
	known := contacts()
	known["eve"] = []muster.ContactFact{{ID: "con_e", Method: "mail", Connector: "post", Verified: true}}
	known["ana"] = nil
	var got []string
	for _, w := range plan.PolicyWarnings(s, known) {
		got = append(got, string(w.Policy)+" "+w.Kind+": "+w.Text)
	}
	want := []string{
		"deaf unreachable: Nobody whom the policy Deaf names has a verified contact method (ana): only its fallback would be paged.",
		"mail mail_only: The policy Mail reaches people by mail alone (Eve), which may be a distribution list that nobody reads at night. Add a contact method that rings.",
		"maybe always_conditional: Every step of the policy Maybe that pages somebody has a condition: when none holds, its fallback is paged at once.",
	}
	if text := strings.ReplaceAll(strings.Join(got, "\n"), "Ana Rossi", "ana"); text != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", text, strings.Join(want, "\n"))
	}
}
