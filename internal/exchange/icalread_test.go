package exchange

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
)

// Each testdata/read/NAME.ics holds what a calendar program writes; NAME.txt is what is read of it for 2026 and 2027 in
// Berlin, or all that is wrong.
func TestReadCalendar(t *testing.T) {
	files, err := filepath.Glob("testdata/read/*.ics")
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	berlin := place(t, "Europe/Berlin")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			events, wrong := ReadCalendar(b, instant(t, "2026-01-01T00:00:00Z"), instant(t, "2028-01-01T00:00:00Z"), berlin, time.LoadLocation)
			var out bytes.Buffer
			for _, w := range wrong {
				fmt.Fprintln(&out, w)
			}
			for _, e := range events {
				out.WriteString(line(e, berlin))
			}
			golden(t, strings.TrimPrefix(strings.TrimSuffix(file, ".ics")+".txt", "testdata/"), out.Bytes())
		})
	}
}

func line(e Event, zone *time.Location) string {
	const form = "Mon 2006-01-02 15:04 -0700"
	var b strings.Builder
	fmt.Fprintf(&b, "%s – %s %s", e.From.In(zone).Format(form), e.Until.In(zone).Format(form), e.Summary)
	if e.AllDay {
		b.WriteString(" [all day]")
	}
	if !e.Instance.IsZero() && !e.Instance.Equal(e.From.Time) {
		b.WriteString(" [was " + e.Instance.In(zone).Format(form) + "]")
	}
	if len(e.People) > 0 {
		fmt.Fprintf(&b, " %v", e.People)
	}
	if e.URL != "" {
		b.WriteString(" " + e.URL)
	}
	return b.String() + "\n"
}

// calendar wraps the lines of one event. The event begins in line 2.
func calendar(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:Duty\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\nEND:VCALENDAR\n")
}

func TestReadCalendarTellsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		line int
		says string
	}{
		"empty":            {nil, 1, "the calendar is empty"},
		"web page":         {[]byte("<!DOCTYPE html><html>"), 1, "web page"},
		"contacts":         {[]byte("BEGIN:VCARD"), 1, "contacts"},
		"something else":   {[]byte("PK\x03\x04"), 1, "not an iCal calendar"},
		"too large":        {make([]byte, MaxBytes+1), 0, "larger than 2 MiB"},
		"cut off":          {[]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:2026"), 2, "cut off"},
		"crossed":          {[]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR"), 3, "should end"},
		"no begin":         {[]byte("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VEVENT"), 3, "never began"},
		"nested":           {[]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\nEND:VEVENT\nEND:VCALENDAR"), 3, "inside of the one of line 2"},
		"no colon":         {calendar("DTSTART 20261123", "DTSTART:20261123"), 5, "not a line of a calendar"},
		"no start":         {calendar("DTEND:20261123"), 2, "when it begins"},
		"no day":           {calendar("DTSTART:20261323"), 5, "is not a day"},
		"no time":          {calendar("DTSTART:next Monday"), 5, "is not a time"},
		"february":         {calendar("DTSTART:20260230T090000Z"), 5, "is not a time"},
		"early":            {calendar("DTSTART:00010101T000000Z"), 5, "1900"},
		"backwards":        {calendar("DTSTART:20261123T090000Z", "DTEND:20261123T080000Z"), 6, "ends before it begins"},
		"day and time":     {calendar("DTSTART:20261123", "DTEND:20261123T080000Z"), 6, "begins with a time and ends with a day"},
		"century":          {calendar("DTSTART:20261123T090000Z", "DTEND:21991123T080000Z"), 6, "hundred years"},
		"long":             {calendar("DTSTART:20261123T090000Z", "DURATION:P99999D"), 6, "hundred years"},
		"length":           {calendar("DTSTART:20261123T090000Z", "DURATION:1h"), 6, "not a length of time"},
		"negative length":  {calendar("DTSTART:20261123T090000Z", "DURATION:-PT1H"), 6, "not a length of time"},
		"hours of a day":   {calendar("DTSTART:20261123", "DURATION:PT1H"), 6, "whole days"},
		"zone":             {calendar("DTSTART;TZID=Middle-earth:20261123T090000"), 5, `the time zone "Middle-earth" is not known`},
		"zone of machine":  {calendar("DTSTART;TZID=Local:20261123T090000"), 5, "is not known"},
		"zone as file":     {calendar("DTSTART;TZID=../../etc/passwd:20261123T090000"), 5, "is not known"},
		"rule":             {calendar("DTSTART:20261123T090000Z", "RRULE:FREQ=SECONDLY"), 6, "FREQ=SECONDLY is not read"},
		"rules":            {calendar("DTSTART:20261123T090000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), 7, "more than one rule"},
		"exrule":           {calendar("DTSTART:20261123T090000Z", "EXRULE:FREQ=DAILY"), 6, "EXRULE"},
		"exdate":           {calendar("DTSTART:20261123T090000Z", "EXDATE:20261123T090000Z,x"), 6, "is not a time"},
		"rdate":            {calendar("DTSTART:20261123T090000Z", "RDATE:20261124"), 6, "use the same form"},
		"period":           {calendar("DTSTART:20261123T090000Z", "RDATE;VALUE=PERIOD:20261124T090000Z/20261123T090000Z"), 6, "ends before it begins"},
		"range":            {calendar("DTSTART:20261123T090000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261123T090000Z"), 6, "RANGE"},
		"sequence":         {calendar("DTSTART:20261123T090000Z", "SEQUENCE:one"), 6, "not a whole number"},
		"too many of rule": {calendar("DTSTART:18000101T000000Z"), 5, "1900"},
		"same UID": {
			[]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20261123\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\nDTSTART:20261124\nEND:VEVENT\nEND:VCALENDAR\n"), 6, "the same UID",
		},
	} {
		t.Run(name, func(t *testing.T) {
			events, wrong := ReadCalendar(c.in, instant(t, "2026-01-01T00:00:00Z"), instant(t, "2028-01-01T00:00:00Z"), time.UTC, time.LoadLocation)
			if len(events) > 0 || !says(wrong, c.line, c.says) {
				t.Errorf("got %v and %v, want a fault of line %d with %q", events, wrong, c.line, c.says)
			}
		})
	}
}

func TestReadCalendarLimits(t *testing.T) {
	lo, hi := instant(t, "2026-01-01T00:00:00Z"), instant(t, "2028-01-01T00:00:00Z")
	read := func(b []byte) ([]Event, bool, string) {
		events, wrong := ReadCalendar(b, lo, hi, time.UTC, time.LoadLocation)
		return events, len(wrong) > 0, fmt.Sprint(wrong)
	}
	many := func(n int, lines string) []byte {
		var b strings.Builder
		b.WriteString("BEGIN:VCALENDAR\n")
		for i := range n {
			fmt.Fprintf(&b, "BEGIN:VEVENT\nUID:%d\n%s\nEND:VEVENT\n", i, lines)
		}
		b.WriteString("END:VCALENDAR\n")
		return []byte(b.String())
	}
	if _, _, text := read(many(MaxEvents+1, "DTSTART:20261123")); !strings.Contains(text, "more than 10000 events") {
		t.Error(text)
	}
	if events, wrong, text := read(many(MaxEvents, "DTSTART:20261123")); wrong || len(events) != MaxEvents {
		t.Error(len(events), text)
	}
	if events, _, text := read(many(1_000, "DTSTART:20200101\nRRULE:FREQ=DAILY")); !strings.Contains(text, "more than 100000 dates") || events != nil {
		t.Error(len(events), text)
	}
	if events, _, text := read(many(1_000, "DTSTART:19000101\nRRULE:FREQ=DAILY;COUNT=1000000;BYMONTH=2;BYMONTHDAY=30")); !strings.Contains(text, "too long to work out") || len(events) > 0 {
		t.Error(len(events), text)
	}
	if events, wrong, text := read(many(10_000, "DTSTART:19700101\nRRULE:FREQ=YEARLY")); wrong || len(events) != 20_000 {
		t.Error(len(events), text) // ten thousand birthdays
	}
	lo = instant(t, "2000-01-01T00:00:00Z")
	if events, _, text := read(many(1, "DTSTART:20000101\nRRULE:FREQ=DAILY")); !strings.Contains(text, "more than 5000 dates") || len(events) > 0 {
		t.Error(len(events), text)
	}
	var dates strings.Builder
	for i := range MaxPerRule + 1 {
		fmt.Fprintf(&dates, ",%s", time.Unix(int64(i)*86400, 0).UTC().Format("20060102"))
	}
	if events, _, text := read(many(1, "DTSTART:20000101\nRDATE:"+dates.String())); !strings.Contains(text, "more than 5000 dates") || len(events) > 0 {
		t.Error(len(events), text)
	}
	if _, wrong, _ := read([]byte("BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nEND:VEVENT\n", 500) + "END:VCALENDAR")); !wrong {
		t.Error("500 faulty events passed")
	}
}

// Every zone that Microsoft's names stand for can be loaded.
func TestWindowsZones(t *testing.T) {
	if len(windowsZones) < 120 {
		t.Errorf("only %d zones", len(windowsZones))
	}
	for name, zone := range windowsZones {
		if _, err := time.LoadLocation(zone); err != nil || name != strings.ToLower(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadCalendar(f *testing.F) {
	files, _ := filepath.Glob("testdata/read/*.ics")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(calendar("DTSTART;TZID=Europe/Berlin:20261123T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261129"))
	f.Add(calendar("DTSTART:20261123", "EXDATE:20261124", "RDATE:20261124,20261125"))
	f.Add(calendar("DTSTART:20261123T090000Z", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1;COUNT=9", "RDATE;VALUE=PERIOD:20261124T090000Z/P1D"))
	zone := place(f, "America/New_York")
	lo, hi := instant(f, "2026-01-01T00:00:00Z"), instant(f, "2027-01-01T00:00:00Z")
	f.Fuzz(func(t *testing.T, b []byte) { checkRead(t, b, lo, hi, zone) })
}

// checkRead checks what holds for any bytes.
func checkRead(t *testing.T, b []byte, lo, hi muster.Instant, zone *time.Location) (read int) {
	t.Helper()
	events, wrong := ReadCalendar(b, lo, hi, zone, time.LoadLocation)
	for _, e := range events {
		if e.Until.Before(e.From.Time) || !e.From.Before(hi.Time) || e.Until.Before(lo.Time) || e.UID == "" || e.Sequence < 0 || e.Cancelled {
			t.Fatalf("an event that cannot be: %+v\n%s", e, b)
		}
	}
	for _, w := range wrong {
		if w.Message == "" || strings.ContainsAny(w.Message, "\r\n\x00") {
			t.Fatalf("%+v", w)
		}
	}
	// What was read can be written and is the same again.
	seen := map[string]bool{}
	var c Calendar
	for _, e := range events {
		if e.Stamp.IsZero() {
			e.Stamp = lo
		}
		if !seen[e.UID] {
			seen[e.UID] = true
			c.Events = append(c.Events, e)
		}
	}
	var out bytes.Buffer
	if err := WriteCalendar(&out, c); err != nil {
		t.Fatal(err)
	}
	again, wrong := ReadCalendar(out.Bytes(), lo, hi, zone, time.LoadLocation)
	if len(wrong) > 0 || len(again) != len(c.Events) {
		t.Fatalf("%v: %d of %d events\n%s", wrong, len(again), len(c.Events), out.Bytes())
	}
	return len(events)
}

// Calendars whose lines are each of the right form, or nearly, and fit together or not.
func TestReadCalendarOfAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	one := func(of ...string) string { return of[random.IntN(len(of))] }
	at := func() string {
		wall := time.Unix(1_767_000_000+random.Int64N(40_000_000), 0).UTC()
		if random.IntN(30) == 0 {
			return one("00000101T000000", "99991231T235959Z", "20260229", "20261399T990000", "19000101", "")
		}
		return wall.Format(one("20060102", "20060102T150405", "20060102T150405Z", "20060102T020000"))
	}
	when := func(name string) string {
		return name + one("", "", ";VALUE=DATE", ";TZID=Europe/Berlin", ";TZID=America/New_York", ";TZID=\"Romance Standard Time\"", ";TZID=Australia/Lord_Howe") + ":" + at()
	}
	lengths := []string{"PT1H", "P1D", "P1W", "PT0S", "P1DT1H1M1S", "P366D", "P", "PT", "-P1D", "P1H"}
	rule := func() string {
		s := "RRULE:FREQ=" + one("DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY")
		for range random.IntN(4) {
			s += ";" + one("INTERVAL=2", "INTERVAL=9999", "COUNT=3", "COUNT=1000000", "UNTIL="+at(), "BYDAY=MO,WE", "BYDAY=-1FR,2SU", "BYMONTHDAY=31,-1", "BYMONTHDAY=-31", "BYMONTH=2", "BYSETPOS=-1,366", "WKST=SU", "BYDAY=53MO")
		}
		return s
	}
	read := 0
	lo, hi := instant(t, "2026-01-01T00:00:00Z"), instant(t, "2027-01-01T00:00:00Z")
	zone := place(t, "America/New_York")
	for range 6000 {
		var b strings.Builder
		b.WriteString("BEGIN:VCALENDAR\n")
		for range random.IntN(5) {
			fmt.Fprintf(&b, "BEGIN:VEVENT\nUID:%s\nSEQUENCE:%d\n%s\n", one("a", "b", "c", ""), random.IntN(2), when("DTSTART"))
			for range random.IntN(5) {
				b.WriteString(one(when("DTEND"), "DURATION:"+one(lengths...), rule(), rule(), when("EXDATE")+","+at(), when("RDATE")+","+at()+"/"+one(append(lengths, at())...),
					when("RECURRENCE-ID"), "STATUS:CANCELLED", "ATTENDEE:mailto:a@example.org", "X", "BEGIN:VALARM\nDTSTART:x\nEND:VALARM", "SUMMARY:"+strings.Repeat("ø\\", random.IntN(90))) + "\n")
			}
			b.WriteString(one("END:VEVENT\n", "END:VEVENT\n", "END:VEVENT\n", "END:VEVENT\n", "END:VEVENT\n", ""))
		}
		b.WriteString("END:VCALENDAR\n")
		read += checkRead(t, []byte(b.String()), lo, hi, zone)
	}
	if read < 5_000 {
		t.Errorf("only %d events were read: the calendars are too strange to test much", read)
	}
}
