package callsheet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/callsheet"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

func TestASheetTellsWhoAndHow(t *testing.T) {
	t.Parallel()
	docs := []muster.Document{
		&muster.User{Name: "ana", Display: "Ana <Rossi>", Zone: "Europe/Berlin"},
		&muster.User{Name: "ravi", Display: "Ravi", Zone: "UTC"},
		&muster.User{Name: "gone", Display: "Gone", Zone: "UTC", Disabled: true},
		&muster.Connector{Name: "sms", Kind: "twilio"},
		&muster.Roster{Name: "web", Title: "Storefront", Rotations: []muster.Rotation{
			{Name: "days", Role: muster.PrimaryResponder, Zone: "UTC", Every: 1, Unit: muster.UnitDay, Handoff: "09:00", Start: "2026-01-01", People: []muster.UserName{"ana", "ravi", "gone"}},
		}},
	}
	s, wrong := plan.NewSnapshot(muster.NewCatalog(7, docs, nil), rota.NewZones())
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	now := muster.At(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	contacts := map[muster.UserName][]muster.Contact{"ana": {
		{Method: "mobile", Connector: "sms", Hint: "+1 ··· 0142", VerifiedAt: now}, {Method: "old", Connector: "sms", Hint: "+1 ··· 0143"},
	}}
	sheet, err := callsheet.Make(s, now, 3, contacts, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := sheet.Text(time.UTC)
	for _, want := range []string{
		"Storefront, primary responder", "Thu 1 Jan 12:00", "Ana <Rossi>", "Fri 2 Jan 09:00", "NOBODY", "mobile +1 ··· 0142; old +1 ··· 0143 (not verified)",
		"Ravi", "no contact method", "Numbers are hints only",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the sheet does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Gone") {
		t.Errorf("the sheet names somebody who has left:\n%s", text)
	}
	html, err := sheet.HTML(time.UTC)
	if err != nil || !strings.Contains(html, "Ana &lt;Rossi&gt;") || strings.Contains(html, "http") || strings.Contains(html, "<script") {
		t.Errorf("%v: the file is not safe or not alone:\n%s", err, html)
	}
	full, err := callsheet.Make(s, now, 3, contacts, func(*muster.Contact) (string, error) { return "+1 555 0142", nil })
	if err != nil || !full.Numbers || !strings.Contains(full.Text(time.UTC), "mobile +1 555 0142") {
		t.Errorf("%v: with numbers it says\n%s", err, full.Text(time.UTC))
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	if n, err := callsheet.Days(0); n != 14 || err != nil {
		t.Error(n, err)
	}
	for _, n := range []int{-1, 63} {
		if _, err := callsheet.Days(n); muster.CodeOf(err) != muster.ErrInvalid {
			t.Errorf("%d days: %v", n, err)
		}
	}
}
