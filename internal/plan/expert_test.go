package plan_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
)

// asking is the small company with experts for its database: Ben, who sleeps from 22 to 8 o'clock in Berlin, then Cho. Ana
// shadows on the roster.
func asking(t *testing.T, change func(map[string]muster.Document)) *plan.Snapshot {
	t.Helper()
	return snap(t, tailwind(1, func(docs map[string]muster.Document) {
		web, ok := docs["rosters/web"].(*muster.Roster)
		if !ok {
			t.Fatal("there is no roster")
		}
		web.Topics = []muster.Topic{{Name: "database", Title: "Cosmos DB", Experts: []muster.UserName{"ben", "cho"}}}
		web.Rotations = append(web.Rotations, weekly(muster.ShadowResponder, "ana"))
		docs["users/ben"] = &muster.User{Name: "ben", Display: "Ben Okafor", Zone: "Europe/Berlin", Quiet: []muster.Window{{From: "22:00", To: "08:00"}}}
		docs["policies/urgent"] = &muster.Policy{Name: "urgent", Title: "Urgent", Team: "web", Steps: []muster.Step{
			{Targets: []muster.Target{{Roster: "web"}}, Wait: muster.Duration(5 * time.Minute)},
			{Targets: []muster.Target{{Topic: "database"}}, Wait: muster.Duration(5 * time.Minute)},
		}}
		if change != nil {
			change(docs)
		}
	}))
}

func TestExpert(t *testing.T) {
	t.Parallel()
	noon, night := monday, muster.At(time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC))
	leave := func(u muster.UserName) []muster.Leave {
		return []muster.Leave{{Person: u, Kind: muster.LeaveOwn, From: noon.Plus(-time.Hour), Until: noon.Plus(24 * time.Hour), Title: "Alps"}}
	}
	fallback := func(list ...muster.Target) func(map[string]muster.Document) {
		return func(docs map[string]muster.Document) {
			r, _ := docs["rosters/web"].(*muster.Roster)
			r.Topics[0].Fallback = list
		}
	}
	onlyBen := func(docs map[string]muster.Document) {
		r, _ := docs["rosters/web"].(*muster.Roster)
		r.Topics[0].Experts = []muster.UserName{"dan", "eve", "ben"}
	}
	for _, c := range []struct {
		name   string
		change func(map[string]muster.Document)
		days   []muster.Leave
		at     muster.Instant
		who    string
		says   string
	}{
		{"the first", nil, nil, noon, "ben", "Ben Okafor is the first expert who can be asked."},
		{"quiet hours by the person's own clocks", nil, nil, night, "cho", "Ben Okafor has quiet hours until 08:00 Europe/Berlin, and is passed over."},
		{"on leave", nil, leave("ben"), noon, "cho", "Ben Okafor is away, leave (Alps), and is passed over."},
		{"nobody else is woken", onlyBen, nil, night, "ben", "There is nobody else to ask, so Ben Okafor is woken in spite of quiet hours."},
		{"left and unreachable", onlyBen, nil, noon, "ben", "Eve has no verified contact method, and is passed over."},
		{"rather quiet than away", nil, leave("cho"), night, "ben", "woken in spite of quiet hours"},
		{"fallback to a role", both(onlyBen, fallback(muster.Target{Roster: "web"})), nil, night, "cho", "the fallback of the topic: Cho Park"},
		{"fallback to a person", both(onlyBen, fallback(muster.Target{User: "ana"})), nil, night, "ana", "the fallback of the topic: Ana Rossi"},
		{"a fallback that cannot be reached", both(onlyBen, fallback(muster.Target{User: "eve"})), nil, night, "ben", "woken in spite of quiet hours"},
	} {
		s := asking(t, c.change)
		got := plan.Expert(s, contacts(), c.days, "the Cosmos db expert", c.at)
		if who := words(got.People); who != c.who || !strings.Contains(texts(got.Why), c.says) {
			t.Errorf("%s: asked %q, want %q\n%s", c.name, who, c.who, texts(got.Why))
		}
	}
	gone := plan.Expert(asking(t, nil), contacts(), nil, "networks", noon)
	if gone.People != nil || !strings.Contains(texts(gone.Why), "no topic called networks") {
		t.Errorf("a topic that is not there: %+v", gone)
	}
	none := plan.Expert(asking(t, nil), nil, nil, "database", noon)
	if none.People != nil || !strings.Contains(texts(none.Why), "Nobody can be asked about Cosmos DB") {
		t.Errorf("nobody can be reached: %+v", none)
	}
}

func both(a, b func(map[string]muster.Document)) func(map[string]muster.Document) {
	return func(docs map[string]muster.Document) { a(docs); b(docs) }
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return strings.Join(out, " ")
}

// An expert who was passed over because of days off is passed over again when the step is explained, though nobody tells the
// explanation of days off: they are kept with the step. So are the shadows.
func TestExpertsAndShadowsAreExplained(t *testing.T) {
	t.Parallel()
	s := asking(t, nil)
	days := []muster.Leave{
		{Person: "ben", Kind: muster.LeaveOwn, From: monday, Until: monday.Plus(time.Hour)},
		{Person: "eve", Kind: muster.LeaveOwn, From: monday, Until: monday.Plus(time.Hour)},
	}
	e := muster.Escalation{Policy: *s.Catalog.Policies["urgent"], Urgency: muster.UrgencyHigh}
	var done []escalate.Effects
	at, ev := monday, escalate.Start
	for range 3 {
		var eff escalate.Effects
		e, eff = plan.Escalate(s, contacts(), e, escalate.Event{Kind: ev}, at, days...)
		e.Taken = append(e.Taken, *eff.Taken)
		done = append(done, eff)
		at, ev = eff.Wake, escalate.Timer
	}
	if got := done[0].Informed; len(got) != 1 || got[0].User != "ana" || words(got[0].With) != "Cho Park" {
		t.Errorf("step 1 informed %+v", got)
	}
	if got := e.Taken[1].Away; len(got) != 1 || got[0].Person != "ben" {
		t.Errorf("step 2 keeps the days off %+v", got)
	}
	for i := range done {
		_, again := plan.Retake(s, e, i)
		if !reflect.DeepEqual(again, done[i]) {
			t.Errorf("step %d was explained differently:\n%+v\n%+v", i+1, again, done[i])
		}
	}
	x, err := plan.Explain(history{1: s}, plan.Question{Run: &e})
	if err != nil {
		t.Fatal(err)
	}
	told := texts(x.Steps)
	for _, want := range []string{"Ana Rossi is the shadow and is told that Cho Park was paged", "Ben Okafor is away, leave, and is passed over.", "Cho Park is the first expert"} {
		if !strings.Contains(told, want) {
			t.Errorf("the explanation does not say %q:\n%s", want, told)
		}
	}
	if len(x.Informed) != 1 {
		t.Errorf("informed are %+v", x.Informed)
	}
	if i := slices.IndexFunc(x.People, func(p muster.Planned) bool { return plan.AskedAs(p.User, p.Reasons) == "database" }); i < 0 {
		t.Error("no page says that it was for an expert")
	}
}

func TestShadowsAreNeverAlone(t *testing.T) {
	t.Parallel()
	s := asking(t, nil)
	page := func(u muster.UserName) []muster.Planned {
		return []muster.Planned{{User: u, Name: "N. " + string(u), Step: 1, Round: 1}}
	}
	web := []muster.Target{{Roster: "web", Role: muster.SecondaryResponder}, {Roster: "web"}}
	if got := plan.Shadows(s, web, page("cho"), monday); len(got) != 1 || got[0].User != "ana" || got[0].Roster != "web" {
		t.Errorf("informed are %+v, want Ana, once", got)
	}
	if got := plan.Shadows(s, web, page("ana"), monday); got != nil {
		t.Errorf("Ana was paged herself, alone, and is informed: %+v", got)
	}
	if got := plan.Shadows(s, web, nil, monday); got != nil {
		t.Errorf("nobody was paged, and informed are %+v", got)
	}
	if got := plan.Shadows(s, []muster.Target{{Roster: "empty"}, {User: "cho"}}, page("cho"), monday); got != nil {
		t.Errorf("the step asks a roster without shadows, and informed are %+v", got)
	}
	before := muster.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if got := plan.Shadows(s, web, page("cho"), before); got != nil {
		t.Errorf("nobody was the shadow yet, and informed are %+v", got)
	}
}
