package exchange

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"github.com/muster-oncall/muster"
)

func TestWriteCalendar(t *testing.T) {
	stamp := instant(t, "2026-11-20T10:00:00Z")
	for name, c := range map[string]Calendar{
		"empty.ics": {Name: "Payments"},
		"shifts.ics": {
			Name: "Payments, primary; Berlin", Refresh: 15 * time.Minute,
			Events: []Event{
				{
					UID: "shf_01@muster.example.org", Sequence: 3, From: instant(t, "2026-11-23T08:00:00Z"), Until: instant(t, "2026-11-30T08:00:00Z"), Stamp: stamp,
					Summary: "Anna Ødegård: primary, Payments", Description: "Hand-over at 09:00.\nNotes: C:\\on-call; read, please", URL: "https://muster.example.org/rosters/payments?at=2026-11-23",
				},
				{
					UID: "shf_02@muster.example.org", Sequence: 4, From: instant(t, "2026-11-30T08:00:00Z"), Until: instant(t, "2026-12-07T08:00:00Z"), Stamp: stamp,
					Summary: "当番の名前がとても長いときでも行は七十五オクテット以内で折り返されます、文字の途中では決して切れません 😀😀😀", Cancelled: true,
				},
			},
		},
		"hostile.ics": {
			Name: "x\r\nBEGIN:VEVENT", Refresh: 36 * time.Hour,
			Events: []Event{{
				UID: "a\r\nSTATUS:CANCELLED", From: stamp, Until: stamp, Stamp: stamp, Summary: "Eve\x00\x1b[31m\r\nATTENDEE:mailto:x@example.org\u202egnp.exe\xff",
				Description: "one\r\nEND:VEVENT\u2028two", URL: "javascript:alert(1)\r\nX:1",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := WriteCalendar(&b, c); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
			checkForm(t, b.Bytes())
		})
	}
}

// checkForm checks what RFC 5545 asks of every line, and that another reader finds the same events.
func checkForm(t *testing.T, b []byte) {
	t.Helper()
	if !bytes.HasSuffix(b, []byte("\r\n")) || bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n")) || bytes.Count(b, []byte("\r")) != bytes.Count(b, []byte("\r\n")) {
		t.Error("lines do not all end with CRLF")
	}
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if len(line) > 75 || !utf8.Valid(line) {
			t.Errorf("a line has %d octets, or ends inside of a character: %q", len(line), line)
		}
		if bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u202e' }) {
			t.Errorf("control characters in %q", line)
		}
	}
	cal, err := ics.ParseCalendar(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("another reader says: %v", err)
	}
	if got, want := len(cal.Events()), bytes.Count(b, []byte("\r\nBEGIN:VEVENT\r\n")); got != want {
		t.Errorf("another reader finds %d events, there are %d", got, want)
	}
}

func TestWriteCalendarRefuses(t *testing.T) {
	at := instant(t, "2026-11-20T10:00:00Z")
	good := Event{UID: "a", From: at, Until: at.Plus(time.Hour), Stamp: at}
	for says, change := range map[string]func(*Event){
		"no UID":                  func(e *Event) { e.UID = " \n" },
		"end that is not before":  func(e *Event) { e.Until = at.Plus(-1) },
		"not before its beginnin": func(e *Event) { e.From = muster.Instant{} },
		"last changed":            func(e *Event) { e.Stamp = muster.Instant{} },
		"negative":                func(e *Event) { e.Sequence = -1 },
		"years":                   func(e *Event) { e.Until = muster.At(time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"twice":                   func(e *Event) { e.UID = "b" },
	} {
		e, second := good, good
		second.UID = "b"
		change(&e)
		var b bytes.Buffer
		err := WriteCalendar(&b, Calendar{Events: []Event{second, e}})
		if err == nil || !strings.Contains(err.Error(), says) || b.Len() > 0 {
			t.Errorf("want something with %q and nothing written, got %v and %d bytes", says, err, b.Len())
		}
	}
}

// What is written is read back equal, for any names.
func TestCalendarRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		c := randomCalendar(random)
		var b bytes.Buffer
		if err := WriteCalendar(&b, c); err != nil {
			t.Fatal(err)
		}
		checkForm(t, b.Bytes())
		got, wrong := ReadCalendar(b.Bytes(), instant(t, "2000-01-01T00:00:00Z"), instant(t, "2100-01-01T00:00:00Z"), time.UTC, time.LoadLocation)
		if len(wrong) > 0 {
			t.Fatalf("round %d: %v\n%s", round, wrong, b.Bytes())
		}
		want := map[string]Event{}
		for _, e := range c.Events {
			if !e.Cancelled {
				e.UID, e.Summary, e.Description = cleanUID(e.UID), muster.CleanLine(e.Summary, maxName), muster.CleanText(e.Description, maxText)
				want[e.UID] = e
			}
		}
		if len(got) != len(want) {
			t.Fatalf("round %d: %d events came back of %d", round, len(got), len(want))
		}
		for _, e := range got {
			e.Line = 0 // where it stood in the file
			if !reflect.DeepEqual(e, want[e.UID]) {
				t.Fatalf("round %d:\n got %+v\nwant %+v\n%s", round, e, want[e.UID], b.Bytes())
			}
		}
	}
}

func randomCalendar(random *rand.Rand) Calendar {
	pieces := []string{"Anna", " ", "ø", "名", "😀", "\r\n", "\n", "\\", "\\n", ";", ",", ":", "\"", "=", "\x00", "\t", "\u202e", "\u2028", "\xff", "BEGIN:VEVENT", strings.Repeat("x", 74), "é"}
	text := func() string {
		var s strings.Builder
		for range random.IntN(30) {
			s.WriteString(pieces[random.IntN(len(pieces))])
		}
		return s.String()
	}
	at := func() muster.Instant {
		return muster.At(time.Unix(1_700_000_000+random.Int64N(500_000_000), 0))
	}
	c := Calendar{Name: text(), Refresh: time.Duration(random.Int64N(int64(48 * time.Hour)))}
	for i := range random.IntN(8) {
		from := at()
		e := Event{
			UID: fmt.Sprintf("%d-%s", i, text()), Sequence: random.Int64N(100), From: from, Until: from.Plus(time.Duration(random.IntN(1000)) * time.Hour),
			Summary: text(), Description: text(), Stamp: at(), Cancelled: random.IntN(5) == 0,
		}
		if random.IntN(2) == 0 {
			e.URL = fmt.Sprintf("https://muster.example.org/s?a=%d;b=,", i)
		}
		c.Events = append(c.Events, e)
	}
	return c
}
