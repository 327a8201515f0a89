package plan

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// hourly is a catalog in which people take turns of an hour, in three layers that pause at different times.
func hourly(t *testing.T, people string) *Snapshot {
	t.Helper()
	docs := []muster.Document{
		&muster.Policy{Name: "urgent", Steps: []muster.Step{{Targets: []muster.Target{{Roster: "web"}}, Wait: muster.Duration(5 * time.Minute)}}},
		&muster.Service{Name: "shop", Policy: "urgent"},
	}
	for _, u := range []muster.UserName{"ana", "bo", "cy"} {
		docs = append(docs, &muster.User{Name: u, Zone: "Europe/Berlin"})
	}
	r := &muster.Roster{Name: "web", Title: "Web"}
	for i := range 6 {
		var names []muster.UserName
		for p := range strings.FieldsSeq(people) {
			names = append(names, muster.UserName(p))
		}
		r.Rotations = append(r.Rotations, muster.Rotation{
			Name: fmt.Sprintf("layer %d", i), Role: muster.PrimaryResponder, Zone: "Europe/Berlin", Every: 1, Unit: muster.UnitHour, Handoff: "00:00", Start: "2026-01-05",
			People: names, Hours: []muster.Window{{From: fmt.Sprintf("%02d:00", 2*i), To: fmt.Sprintf("%02d:30", 8+2*i)}},
		})
	}
	s, wrong := NewSnapshot(muster.NewCatalog(1, append(docs, r), nil), rota.NewZones())
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return s
}

func reachable() Facts {
	c := Contacts{}
	for _, u := range []muster.UserName{"ana", "bo"} { // Cy has none
		c[u] = []muster.ContactFact{{ID: "con_1", Method: "phone", Connector: "phone", Verified: true}}
	}
	return Facts{Was: c, Is: c}
}

// A window that is compared in parts, so that it can be left at any of them, tells the same as one that is not.
func TestPartsOfAWindowMakeTheWhole(t *testing.T) {
	was, is := hourly(t, "ana bo"), hourly(t, "ana bo cy nobody")
	from := muster.At(time.Date(2026, 3, 1, 7, 13, 0, 0, time.UTC))
	until := from.Plus(45 * 24 * time.Hour)
	facts := reachable()
	whole := newComparison(t.Context(), was, is, facts, from, until)
	if n := whole.turns(until.Sub(from.Time)); n < 2*partTurns {
		t.Fatalf("%d turns are one part", n)
	}
	held := newLedger(whole)
	if !whole.part(held) {
		t.Fatal("time was over")
	}
	parts := newComparison(t.Context(), was, is, facts, from, until)
	inParts := parts.walk()
	if len(whole.out.Shifts) == 0 || len(whole.out.Opens) == 0 {
		t.Fatalf("%d shifts and %d gaps", len(whole.out.Shifts), len(whole.out.Opens))
	}
	if parts.join(); !reflect.DeepEqual(whole.out, parts.out) {
		t.Errorf("%d shifts, %d and %d gaps, %d lost in one; %d, %d, %d, %d in parts", len(whole.out.Shifts), len(whole.out.Opens), len(whole.out.Closes), len(whole.out.Lost),
			len(parts.out.Shifts), len(parts.out.Opens), len(parts.out.Closes), len(parts.out.Lost))
	}
	if a, b := held.changes(), inParts.changes(); !reflect.DeepEqual(a, b) {
		t.Errorf("hours: %+v, %+v", a, b)
	}
}

// late is a context that ends after it was looked at so many times.
type late struct {
	context.Context //nolint:containedctx // it is one itself
	looks           int
}

func (l *late) Err() error {
	if l.looks--; l.looks < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// When time is over, what was compared until then is told, and how far that is.
func TestAComparisonEndsWithItsTime(t *testing.T) {
	was, is := hourly(t, "ana bo"), hourly(t, "bo ana")
	from := muster.At(time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC))
	until := from.Plus(60 * 24 * time.Hour)
	clock := &late{t.Context(), 1 << 30}
	full := Judge(clock, was, is, reachable(), from, until)
	half := (1<<30 - clock.looks) / 2
	if full.Short || full.Until != until || full.Far() != "" {
		t.Fatalf("%v %v %q", full.Short, full.Until, full.Far())
	}
	for _, looks := range []int{0, 1, half} {
		c := Judge(&late{t.Context(), looks}, was, is, reachable(), from, until)
		if !c.Short || c.Until.After(until.Time) || c.Looked != c.Until || !strings.Contains(c.Far(), "ime was over") {
			t.Fatalf("after %d looks: %v, until %v, looked until %v: %q", looks, c.Short, c.Until, c.Looked, c.Far())
		}
		if (looks < 2) != (c.Until == from) {
			t.Errorf("after %d looks it came until %v", looks, c.Until)
		}
		for i := range c.Shifts {
			if c.Shifts[i].Until.After(c.Until.Time) {
				t.Fatalf("after %d looks a shift until %v is told, beyond %v", looks, c.Shifts[i].Until, c.Until)
			}
		}
	}
	r := ReplayFacts(&late{t.Context(), 1}, was, is, alike(1000, from), reachable(), until)
	if r.Alerts != playedAtOnce || r.Unplayed != 1000-playedAtOnce {
		t.Errorf("%d played, %d not", r.Alerts, r.Unplayed)
	}
	if want := "Played the newest 512 alerts of the past, then time was over: whom 488 older ones would have reached is not told here."; r.Far() != want {
		t.Error(r.Far())
	}
	if r = ReplayFacts(&late{t.Context(), 0}, was, is, alike(7, from), reachable(), until); r.Far() != "Time was over before any of 7 past alerts could be played." {
		t.Error(r.Far())
	}
}

func alike(n int, from muster.Instant) (out []PastAlert) {
	for i := range n {
		out = append(out, PastAlert{
			Alert: muster.AlertID(fmt.Sprint(i)), At: from.Plus(time.Duration(i) * time.Minute),
			Signal: &muster.Signal{Service: "shop", Severity: muster.SeverityCritical, Title: "slow", State: muster.SignalFiring},
		})
	}
	return out
}

// Whom a policy reaches is asked again when hours of those turn whom it may page, and of nobody else; and what is remembered
// until then is what would be answered at any moment of it.
func TestHoursOfOthersCutNoStretch(t *testing.T) {
	night := []muster.Window{{From: "22:00", To: "06:15"}}
	docs := []muster.Document{
		&muster.Connector{Name: "phone", Kind: "demo-phone"}, &muster.User{Name: "ana", Zone: "Europe/Berlin"},
		&muster.User{Name: "bo", Zone: "Europe/Berlin", Notify: []muster.NotificationRule{{Method: "phone", Hours: night}}},
		&muster.Policy{Name: "ana", Steps: []muster.Step{{Targets: []muster.Target{{User: "ana"}}}}},
		&muster.Policy{Name: "bo", Steps: []muster.Step{{Targets: []muster.Target{{User: "bo"}}}, {Targets: []muster.Target{{User: "ana"}}}}},
		&muster.Policy{Name: "team", Steps: []muster.Step{{Targets: []muster.Target{{Team: "night"}}}, {Targets: []muster.Target{{User: "ana"}}}}},
		&muster.Team{Name: "night"},
	}
	contacts := reachable().Was
	for i := range 300 {
		u := muster.UserName(fmt.Sprintf("p%d", i))
		w := muster.Window{From: fmt.Sprintf("%02d:%02d", i%24, i%60), To: fmt.Sprintf("%02d:%02d", (i+7)%24, (i+11)%60)}
		docs = append(docs, &muster.User{Name: u, Zone: "UTC", Quiet: []muster.Window{w}, Notify: []muster.NotificationRule{{Method: "phone", Hours: []muster.Window{w}}}})
		contacts[u] = contacts["ana"]
	}
	docs = append(docs, &muster.User{Name: "cy", Zone: "Asia/Tokyo", Teams: []muster.TeamName{"night"}, Notify: []muster.NotificationRule{{Method: "phone", Hours: night}}})
	contacts["cy"] = contacts["ana"]
	s, wrong := NewSnapshot(muster.NewCatalog(1, docs, nil), rota.NewZones())
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	from := muster.At(time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC)) // the clocks change on the 29th
	r := newReacher(s, contacts)
	for policy, stretches := range map[muster.PolicyName]int{"ana": 1, "bo": 9, "team": 9} {
		for at := from; at.Before(from.Plus(4 * 24 * time.Hour).Time); at = at.Plus(15 * time.Minute) {
			got := r.at(policy, muster.UrgencyHigh, muster.SeverityCritical, at.Micros()).people
			want := newReacher(s, contacts).at(policy, muster.UrgencyHigh, muster.SeverityCritical, at.Micros()).people
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s at %v: %v is remembered, %v is right", policy, at, got, want)
			}
		}
		if n := len(r.known[reachKey{policy: policy, urgency: muster.UrgencyHigh}]); n != stretches {
			t.Errorf("%s was asked for %d stretches, not %d", policy, n, stretches)
		}
	}
}
