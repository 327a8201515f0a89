package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
)

// bare is tailwind with one step alone, so that a gap of the roster is one of the policy.
func bare(rev muster.Revision, change func(map[string]muster.Document)) *muster.Catalog {
	return tailwind(rev, func(d map[string]muster.Document) {
		d["policies/urgent"] = &muster.Policy{Name: "urgent", Title: "Urgent", Team: "web", Steps: []muster.Step{{Targets: []muster.Target{{Roster: "web"}}}}}
		if change != nil {
			change(d)
		}
	})
}

func roster(rotations ...muster.Rotation) *muster.Roster {
	return &muster.Roster{Name: "web", Title: "Web", Team: "web", Rotations: rotations}
}

func changes(c plan.Consequences) string {
	var b strings.Builder
	at := func(i muster.Instant) string { return i.UTC().Format("02T15:04") }
	who := func(list []plan.Person) (s string) {
		for _, p := range list {
			s += string(p.ID) + " "
		}
		return strings.TrimSpace(s)
	}
	for _, s := range c.Shifts {
		fmt.Fprintf(&b, "%s %s-%s [%s]>[%s]; ", s.Role, at(s.From), at(s.Until), who(s.Before), who(s.After))
	}
	for _, g := range c.Opens {
		fmt.Fprintf(&b, "opens %s %s-%s %v; ", g.Role, at(g.From), at(g.Until), g.Stated)
	}
	for _, g := range c.Closes {
		fmt.Fprintf(&b, "closes %s %s-%s; ", g.Role, at(g.From), at(g.Until))
	}
	for _, l := range c.Lost {
		fmt.Fprintf(&b, "lost %s %v %s-%s [%s]; ", l.Policy, l.For, at(l.From), at(l.Until), who(l.Before))
	}
	return b.String()
}

func TestCompareTellsWhoseShiftsMove(t *testing.T) {
	before := snap(t, bare(1, nil))
	with := func(change func(map[string]muster.Document)) *plan.Snapshot { return snap(t, bare(2, change)) }
	// Monday 23 November 9:00 to Monday 14 December: cho, ben, cho.
	from, until := monday, monday.Plus(21*24*time.Hour)
	secondary := weekly(muster.SecondaryResponder, "eve", "dan")
	for _, c := range []struct {
		name, want string
		change     func(map[string]muster.Document)
	}{
		{"nothing", "", nil},
		{
			"the order is turned", "primary 23T09:00-30T09:00 [cho]>[ben]; primary 30T09:00-07T09:00 [ben]>[cho]; primary 07T09:00-14T09:00 [cho]>[ben]; ",
			func(d map[string]muster.Document) {
				d["rosters/web"] = roster(weekly(muster.PrimaryResponder, "cho", "ben"), secondary)
			},
		},
		{
			"an empty place", "primary 30T09:00-07T09:00 [ben]>[]; opens primary 30T09:00-07T09:00 false; lost urgent [services/shop routes/default] 30T09:00-07T09:00 [ben]; ",
			func(d map[string]muster.Document) {
				d["rosters/web"] = roster(weekly(muster.PrimaryResponder, muster.Nobody, "cho"), secondary)
			},
		},
		{
			"it ends early", "primary 30T09:00-07T09:00 [ben]>[]; primary 07T09:00-14T09:00 [cho]>[]; opens primary 30T09:00-14T09:00 false; lost urgent [services/shop routes/default] 30T09:00-14T09:00 [ben cho]; ",
			func(d map[string]muster.Document) {
				r := weekly(muster.PrimaryResponder, "ben", "cho")
				r.Until = "2026-11-30"
				d["rosters/web"] = roster(r, secondary)
			},
		},
		{
			"somebody leaves", "primary 30T09:00-07T09:00 [ben]>[]; opens primary 30T09:00-07T09:00 false; lost urgent [services/shop routes/default] 30T09:00-07T09:00 [ben]; ",
			func(d map[string]muster.Document) {
				d["users/ben"] = &muster.User{Name: "ben", Display: "Ben", Zone: "UTC", Disabled: true}
			},
		},
		{
			"somebody who cannot be paged", "primary 30T09:00-07T09:00 [ben]>[eve]; lost urgent [services/shop routes/default] 30T09:00-07T09:00 [ben]; ",
			func(d map[string]muster.Document) {
				d["rosters/web"] = roster(weekly(muster.PrimaryResponder, "eve", "cho"), secondary)
			},
		},
		{
			"nobody, stated", "primary 24T09:00-24T10:00 [cho]>[]; opens primary 24T09:00-24T10:00 true; ",
			func(d map[string]muster.Document) {
				r := roster(weekly(muster.PrimaryResponder, "ben", "cho"), secondary)
				r.Overrides = []muster.Override{{ID: "x", Role: muster.PrimaryResponder, From: monday.Plus(24 * time.Hour), Until: monday.Plus(25 * time.Hour)}}
				d["rosters/web"] = r
			},
		},
		{
			"the service has no policy any more but the default route's", "", func(d map[string]muster.Document) { delete(d, "services/shop") },
		},
		{
			"another policy, that reaches nobody", "lost urgent [services/shop] 23T09:00-14T09:00 [cho ben]; ",
			func(d map[string]muster.Document) {
				d["services/shop"] = &muster.Service{Name: "shop", Title: "Shop", Team: "web", Policy: "none"}
				d["policies/none"] = &muster.Policy{Name: "none", Steps: []muster.Step{{Targets: []muster.Target{{User: "dan"}}}}}
			},
		},
	} {
		if got := changes(plan.Compare(before, with(c.change), contacts(), from, until)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	c := plan.Compare(before, with(func(d map[string]muster.Document) {
		d["rosters/web"] = roster(weekly(muster.PrimaryResponder, "ben"), weekly(muster.SecondaryResponder, "ben"))
	}), contacts(), from, until)
	if !slices.ContainsFunc(c.Warnings, func(w plan.Warned) bool { return w.Kind == "long_shift" && w.Person == "ben" }) || len(c.Gone) == 0 {
		t.Errorf("%+v\n%+v", c.Warnings, c.Gone)
	}
	if len(c.Hours) != 3 || c.Hours[1].Person.ID != "cho" || c.Hours[1].Before != (plan.Load{Total: 336, Nights: 126, Weekends: 96}) || c.Hours[1].After.Total != 0 {
		t.Errorf("%+v", c.Hours)
	}
}

func TestCompareTellsWhatTheClocksDo(t *testing.T) {
	before := snap(t, bare(1, nil))
	from := muster.At(time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC))
	zoned := func(unit muster.RotationUnit, every int) *plan.Snapshot {
		r := weekly(muster.PrimaryResponder, "ben", "cho")
		r.Unit, r.Every, r.Zone = unit, every, "Europe/Berlin"
		return snap(t, bare(2, func(d map[string]muster.Document) { d["rosters/web"] = roster(r) }))
	}
	for _, c := range []struct {
		after *plan.Snapshot
		hours float64
		says  string
	}{
		{zoned(muster.UnitDay, 1), 23, "lasts 23 hours instead of 24, because the clocks change in Europe/Berlin"},
		{zoned(muster.UnitWeek, 1), 167, "lasts 167 hours instead of 168"},
		{zoned(muster.UnitHour, 12), 12, "its hand-off on Sun 28 Mar 2027 is at 10:00 instead of 09:00"},
	} {
		got := plan.Compare(before, c.after, contacts(), from, from.Plus(20*24*time.Hour)).Clocks
		if len(got) != 1 || got[0].Hours != c.hours || !strings.Contains(got[0].Text, c.says) {
			t.Errorf("%+v; want %s", got, c.says)
		}
	}
}

func past(at muster.Instant, n int, title string) (out []plan.PastAlert) {
	for i := range n {
		out = append(out, plan.PastAlert{
			Alert: muster.AlertID(fmt.Sprintf("alt_%06d", i)), At: at.Plus(-time.Duration(i) * time.Hour),
			Signal: &muster.Signal{Source: "azure", Title: fmt.Sprintf(title, i), Labels: map[string]string{"host": fmt.Sprint(i % 100)}},
		})
	}
	return out
}

func TestReplayTellsWhoWouldHaveBeenPaged(t *testing.T) {
	before := snap(t, bare(1, nil))
	secondary := weekly(muster.SecondaryResponder, "eve", "dan")
	run := func(change func(map[string]muster.Document)) plan.Replayed {
		return plan.Replay(before, snap(t, bare(2, change)), past(monday, 14*24, "shop %d"), contacts(), monday)
	}
	sums := func(r plan.Replayed) string {
		return fmt.Sprintf("%d same, %d others, %d nobody", r.Same, r.Others, r.Lost)
	}
	if got := sums(run(nil)); got != "336 same, 0 others, 0 nobody" {
		t.Error(got)
	}
	r := run(func(d map[string]muster.Document) {
		d["rosters/web"] = roster(weekly(muster.PrimaryResponder, "ana", "cho"), secondary)
	})
	if got := sums(r); got != "167 same, 169 others, 0 nobody" && got != "168 same, 168 others, 0 nobody" {
		t.Error(got)
	}
	if x := r.OtherPeople[0]; len(r.OtherPeople) != plan.MaxOutcomes || x.Before[0].ID != "ben" || x.After[0].ID != "ana" || !strings.Contains(x.Say(), "would have reached Ana Rossi instead of Ben Okafor") {
		t.Errorf("%+v", x)
	}
	r = run(func(d map[string]muster.Document) {
		d["rosters/web"] = roster(weekly(muster.PrimaryResponder, "eve", "cho"), secondary)
	})
	if got := sums(r); !strings.HasSuffix(got, "168 nobody") || !strings.Contains(texts(r.ReachNobody[0].Why), "Eve has no verified contact method") {
		t.Error(got, texts(r.ReachNobody[0].Why))
	}
	// A rotation that begins next week is judged by its own weeks.
	r = run(func(d map[string]muster.Document) {
		x := weekly(muster.PrimaryResponder, "ana", muster.Nobody)
		x.Start = "2026-11-30"
		d["rosters/web"] = roster(x, secondary)
	})
	if got := sums(r); got != "0 same, 336 others, 0 nobody" || r.OtherPeople[0].PlayedAt.IsZero() {
		t.Error(got)
	}
	// Tidying up what is over is no danger.
	over := roster(weekly(muster.PrimaryResponder, muster.Nobody), secondary)
	over.Overrides = []muster.Override{{ID: "x", Role: muster.PrimaryResponder, People: []muster.UserName{"ana"}, From: monday.Plus(-99 * time.Hour), Until: monday.Plus(-time.Hour)}}
	was := snap(t, bare(1, func(d map[string]muster.Document) { d["rosters/web"] = over }))
	is := snap(t, bare(1, func(d map[string]muster.Document) {
		d["rosters/web"] = roster(weekly(muster.PrimaryResponder, muster.Nobody), secondary)
	}))
	if got := sums(plan.Replay(was, is, past(monday, 90, "shop %d"), contacts(), monday)); got != "90 same, 0 others, 0 nobody" {
		t.Error(got)
	}
	// What waits for triage reaches nobody.
	r = run(func(d map[string]muster.Document) {
		d["sources/azure"] = &muster.Source{Name: "azure", Title: "Azure", Triage: true}
	})
	if got := sums(r); got != "0 same, 0 others, 336 nobody" || !strings.Contains(texts(r.ReachNobody[0].Why), "triage") {
		t.Error(got)
	}
}

// What is remembered between alerts is what would be decided for each alone.
func TestReplayRemembersNothingWrong(t *testing.T) {
	catalog := func(rev muster.Revision, people ...muster.UserName) *plan.Snapshot {
		return snap(t, bare(rev, func(d map[string]muster.Document) {
			d["rosters/web"] = roster(weekly(muster.PrimaryResponder, people...))
			d["routes/host"] = &muster.Route{Name: "host", Order: -1, Match: `labels["host"] == "7" || title.contains("odd")`, Policy: "other"}
			d["policies/other"] = &muster.Policy{Name: "other", Steps: []muster.Step{{Targets: []muster.Target{{User: people[0]}}}}}
			d["silences/s"] = &muster.Silence{Name: "s", Match: `title.endsWith("1")`, From: monday.Plus(-90 * time.Hour), Until: monday.Plus(-20 * time.Hour), Owner: "ana", Why: "x"}
		}))
	}
	before, after := catalog(1, "ben", "cho"), catalog(2, "cho", "eve", "ana")
	list := past(monday, 400, "shop %d")
	for i := range list {
		if i%13 == 0 {
			list[i].Signal.Title = "odd"
		}
	}
	all := plan.Replay(before, after, list, contacts(), monday)
	var single plan.Replayed
	for i := range list {
		single.Add(plan.Replay(before, after, list[i:i+1], contacts(), monday))
	}
	if all.Same != single.Same || all.Others != single.Others || all.Lost != single.Lost || all.Alerts != 400 || all.Lost == 0 || all.Others == 0 {
		t.Errorf("%d %d %d and singly %d %d %d", all.Same, all.Others, all.Lost, single.Same, single.Others, single.Lost)
	}
	for i := range all.ReachNobody {
		if all.ReachNobody[i].Alert != single.ReachNobody[i].Alert {
			t.Fatalf("%d: %+v, singly %+v", i, all.ReachNobody[i], single.ReachNobody[i])
		}
	}
}

// company is a large catalog: n services, each with a route, a policy and a daily roster of its own.
func company(tb testing.TB, n int, people ...muster.UserName) *plan.Snapshot {
	return snap(tb, tailwind(1, func(d map[string]muster.Document) {
		for i := range n {
			name := fmt.Sprintf("s%d", i)
			r := weekly(muster.PrimaryResponder, people...)
			r.Unit, r.Zone = muster.UnitDay, "Europe/Berlin"
			d["rosters/"+name] = &muster.Roster{Name: muster.RosterName(name), Title: name, Rotations: []muster.Rotation{r}}
			d["policies/"+name] = &muster.Policy{Name: muster.PolicyName(name), Steps: []muster.Step{{Targets: []muster.Target{{Roster: muster.RosterName(name)}}}}}
			d["services/"+name] = &muster.Service{Name: muster.ServiceName(name), Title: name, Policy: muster.PolicyName(name)}
			d["routes/odd"] = &muster.Route{Name: "odd", Match: `title == "odd"`, Policy: "urgent"}
			d["routes/"+name] = &muster.Route{Name: muster.RouteName(name), Match: fmt.Sprintf(`labels["app"] == "a%d" && severity == "critical"`, i), Service: muster.ServiceName(name)}
		}
	}))
}

// 100,000 alerts of 90 days through a draft of a company with 50 services: at most 5 s on two cores, here on one. The hard
// case has a title that differs in every alert and matters to a route, so that each is routed by itself.
func BenchmarkReplay100k(b *testing.B) {
	for _, c := range []struct {
		name   string
		unique bool
		routes bool
	}{{"few kinds of alerts", false, false}, {"each alert differs", true, false}, {"each alert differs, routes change", true, true}} {
		before, after := company(b, 50, "ben", "cho"), company(b, 50, "cho", "ana", "ben")
		if c.routes {
			d := *after.Catalog
			d.Routes["more"] = &muster.Route{Name: "more", Match: `title.contains("more")`, Policy: "urgent"}
			after = snap(b, &d)
		}
		list := make([]plan.PastAlert, 100_000)
		for i := range list {
			title := "A thing is down "
			labels := map[string]string{"app": fmt.Sprintf("a%d", i%60), "host": fmt.Sprintf("h%d", i%40), "region": "west"}
			if c.unique {
				title += fmt.Sprint(i)
			}
			list[i] = plan.PastAlert{
				At:     monday.Plus(-time.Duration(i) * 90 * 24 * time.Hour / 100_000),
				Signal: &muster.Signal{Source: "azure", Title: title, Severity: muster.SeverityCritical, Labels: labels},
			}
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if r := plan.Replay(before, after, list, contacts(), monday); r.Alerts != len(list) || r.Others == 0 {
					b.Fatal(r.Alerts, r.Others)
				}
			}
		})
	}
}

// A change of one roster of fifty, compared for 45 days.
func BenchmarkCompare(b *testing.B) {
	before := company(b, 50, "ben", "cho")
	d := *before.Catalog
	d.Rosters = maps.Clone(before.Catalog.Rosters)
	next := *d.Rosters["s7"]
	next.Rotations = []muster.Rotation{next.Rotations[0]}
	next.Rotations[0].People = []muster.UserName{"ana", muster.Nobody}
	d.Rosters["s7"] = &next
	after := snap(b, &d)
	for b.Loop() {
		if c := plan.Compare(before, after, contacts(), monday, monday.Plus(45*24*time.Hour)); len(c.Lost) == 0 {
			b.Fatal("nothing is lost")
		}
	}
}

// Whatever a route asks, the memory of the replay tells alerts apart by it.
func TestReplayTellsAlertsApartByWhatRoutesAskFor(t *testing.T) {
	for _, match := range []string{
		`labels["host"] == "1"`, `labels['host'] == "1"`, `"host" in labels && labels.host == "1"`, `labels.exists(k, labels[k] == "1")`,
		`labels [ "host" ] == "1"`, `severity == "critical"`, `summary.contains("much")`, `detected_by == "customer"`, `title == "x"`,
	} {
		catalog := func(rev muster.Revision, policy muster.PolicyName) *plan.Snapshot {
			return snap(t, bare(rev, func(d map[string]muster.Document) {
				delete(d, "routes/shop")
				d["routes/host"] = &muster.Route{Name: "host", Order: -1, Match: match, Policy: policy}
				d["policies/none"] = &muster.Policy{Name: "none", Steps: []muster.Step{{Targets: []muster.Target{{User: "dan"}}}}}
			}))
		}
		list := past(monday, 4, "y %d")
		for i := range list {
			list[i].Signal.Labels = map[string]string{"host": "0", "pod": fmt.Sprintf("p%d", i)}
		}
		s := list[2].Signal
		s.Labels["host"], s.Severity, s.Summary, s.DetectedBy, s.Title = "1", muster.SeverityCritical, "too much", "customer", "x"
		r := plan.Replay(catalog(1, "urgent"), catalog(2, "none"), list, contacts(), monday)
		if r.Lost != 1 || r.ReachNobody[0].Alert != list[2].Alert {
			t.Errorf("%s: %d lost", match, r.Lost)
		}
	}
}
