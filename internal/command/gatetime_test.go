package command

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// A change that takes too long to compare is played through the past all the same, and what was not looked at is told:
// in what is kept with the change, and to whoever asks for it.
func TestThePastHasItsShareOfTheTime(t *testing.T) {
	now := muster.At(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	catalog := func(people ...muster.UserName) *plan.Snapshot {
		s, wrong := plan.NewSnapshot(muster.NewCatalog(1, []muster.Document{
			&muster.User{Name: "ana", Display: "Ana", Zone: "UTC"}, &muster.User{Name: "bo", Display: "Bo", Zone: "UTC"}, &muster.Connector{Name: "phone", Kind: "demo-phone"},
			&muster.Policy{Name: "urgent", Steps: []muster.Step{{Targets: []muster.Target{{User: people[0]}}}}}, &muster.Service{Name: "shop", Title: "Shop", Policy: "urgent"},
			&muster.Route{Name: muster.DefaultRoute, Policy: "urgent"},
		}, nil), rota.NewZones())
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		return s
	}
	before, after := catalog("ana"), catalog("bo")
	contacts := plan.Contacts{"ana": {{ID: "con_1", Method: "phone", Connector: "phone", Verified: true}}}
	past := []plan.PastAlert{{Alert: "alt_1", At: now.Plus(-time.Hour), Signal: &muster.Signal{Service: "shop", Severity: muster.SeverityCritical, Title: "slow", State: muster.SignalFiring}}}
	v := verdict{before: before}
	v.judge(t.Context(), 0, &unjudged{before: before, now: now}, after, plan.Facts{Was: contacts, Is: contacts}, past)
	if !v.consequences.Short || v.replayed.Alerts != 1 || v.replayed.Lost != 1 || v.replayed.Unplayed != 0 {
		t.Fatalf("%+v", v.replayed)
	}
	if why := reasonWith("We move", "", v.partly()); !strings.HasPrefix(why, "We move. Not judged as a whole: Time was over before a whole day") {
		t.Error(why)
	}

	whole := plan.Consequences{From: now, Until: now.Plus(gateAhead)}
	v = verdict{before: before, consequences: whole, replayed: plan.Replayed{Alerts: 512, Same: 512, Unplayed: 1488}}
	const some = "Played the newest 512 alerts of the past, then time was over: whom 1488 older ones would have reached is not told here."
	if v.unseen() != "" || len(v.dangers()) != 0 || v.partly() != some || reasonWith("", "", v.partly()) != "Not judged as a whole: "+some {
		t.Errorf("%v, %q", v.dangers(), v.partly())
	}
	v.consequences.Lost = []plan.Lost{{Policy: "urgent", Titles: []string{"Shop"}, From: now, Until: now.Plus(time.Hour), Zone: "UTC"}}
	if text := refusal(&v, consent{}).Error(); !strings.Contains(text, "for Shop") || !strings.Contains(text, some) {
		t.Error(text)
	}

	v = verdict{before: before, consequences: whole, replayed: plan.Replayed{Unplayed: 2000}}
	if text := refusal(&v, consent{}).Error(); len(v.dangers()) != 1 || !strings.Contains(text, "Nobody can say whether this change would reach somebody") || !strings.Contains(text, "before any of 2000 past alerts could be played") {
		t.Errorf("nothing of the past was looked at, and it is harmless: %s", text)
	}
}
