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
