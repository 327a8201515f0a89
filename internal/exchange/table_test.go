package exchange

import (
	"reflect"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
)

func tableShifts(t *testing.T) []ShiftRow {
	week := func(roster, role, person, from, until string) ShiftRow {
		return ShiftRow{
			Roster: roster, Role: role, Person: person, Email: strings.ToLower(person) + "@example.org",
			From: instant(t, from+"T08:00:00Z"), Until: instant(t, until+"T08:00:00Z"),
		}
	}
	return []ShiftRow{
		week("web", "primary", "Cleo", "2026-11-23", "2026-11-30"),
		week("payments", "secondary", "Bo", "2026-11-23", "2026-11-30"),
		week("payments", "primary", "Anna", "2026-11-23", "2026-11-30"),
		week("payments", "primary", "Bo", "2026-11-30", "2026-12-07"),
	}
}

func TestTableOfShifts(t *testing.T) {
	at := instant(t, "2026-11-30T08:00:00Z") // the end of a shift belongs to the next
	rows := TableOfShifts(tableShifts(t), at, strings.ToUpper)
	want := []TableRow{
		{PartitionKey: "1", RowKey: "1", Email: "anna@example.org", Name: "Anna", Service: "PAYMENTS", Roster: "payments", Role: "primary", From: instant(t, "2026-11-23T08:00:00Z"), Until: at},
		{PartitionKey: "1", RowKey: "2", Email: "bo@example.org", Name: "Bo", Service: "PAYMENTS", Roster: "payments", Role: "secondary", From: instant(t, "2026-11-23T08:00:00Z"), Until: at},
		{PartitionKey: "1", RowKey: "3", Email: "bo@example.org", OnCall: true, Name: "Bo", Service: "PAYMENTS", Roster: "payments", Role: "primary", From: at, Until: instant(t, "2026-12-07T08:00:00Z")},
		{PartitionKey: "1", RowKey: "4", Email: "cleo@example.org", Name: "Cleo", Service: "WEB", Roster: "web", Role: "primary", From: instant(t, "2026-11-23T08:00:00Z"), Until: at},
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("got %+v\nwant %+v", rows, want)
	}
	back, wrong := ShiftsOfTable(rows, "", muster.Instant{}, muster.Instant{})
	if len(wrong) > 0 || len(back) != 4 {
		t.Fatal(back, wrong)
	}
	if again := TableOfShifts(back, at, strings.ToUpper); !reflect.DeepEqual(again, want) {
		t.Errorf("the way back and forth gives %+v", again)
	}
}

func TestTableOfPeople(t *testing.T) {
	at := instant(t, "2026-11-25T08:00:00Z")
	on := func(rows []TableRow) (out string) {
		for _, r := range rows {
			out += r.RowKey + " " + r.Email
			if r.OnCall {
				out += " on call"
			}
			out += "\n"
		}
		return out
	}
	if got := on(TableOfPeople(tableShifts(t), at, nil)); got != "1 anna@example.org on call\n2 bo@example.org\n3 cleo@example.org on call\n" {
		t.Error(got)
	}
	if got := on(TableOfPeople(tableShifts(t), at, strings.ToUpper, muster.PrimaryResponder, muster.SecondaryResponder)); got != "1 anna@example.org on call\n2 bo@example.org on call\n3 cleo@example.org on call\n" {
		t.Error(got)
	}
	// The original's table says who is on call now, no more.
	until := instant(t, "2026-11-26T08:00:00Z")
	got, wrong := ShiftsOfTable(TableOfPeople(tableShifts(t)[1:], at, nil), "payments", at, until)
	want := []ShiftRow{{Line: 1, Roster: "payments", Role: "primary", Person: "Anna", Email: "anna@example.org", From: at, Until: until}}
	if len(wrong) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v %v\nwant %+v", got, wrong, want)
	}
}

func TestShiftsOfTableTellsAllThatIsWrong(t *testing.T) {
	at := instant(t, "2026-11-25T08:00:00Z")
	rows, wrong := ShiftsOfTable([]TableRow{
		{PartitionKey: "1", RowKey: "1", Email: "anna@example.org", OnCall: true},
		{PartitionKey: "1", RowKey: "2", Email: "anna", OnCall: true},
		{PartitionKey: "1", RowKey: "3"},
		{PartitionKey: "1", RowKey: "4", Email: "bo@example.org", Roster: "web", Role: "boss", From: at},
		{PartitionKey: "1", RowKey: "5\r\n", Email: "bo@example.org", Role: "primary", From: at, Until: at},
	}, "payments", at, at.Plus(1000))
	if rows != nil {
		t.Errorf("rows were read: %v", rows)
	}
	for line, words := range map[int]string{2: "is not a mail address", 3: "nobody is named", 4: "boss", 5: "the roster is missing"} {
		if !says(wrong, line, words) {
			t.Errorf("got %v, want a fault of row %d with %q", wrong, line, words)
		}
	}
	if !says(wrong, 4, "both its times") || !says(wrong, 5, "ends before it has begun") || len(wrong) != 6 {
		t.Error(wrong)
	}
	if _, wrong := ShiftsOfTable(make([]TableRow, MaxRows+1), "payments", at, at); len(wrong) != 1 {
		t.Error(wrong)
	}
}
