package exchange

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/muster-oncall/muster"
)

func sampleShifts(t testing.TB) []ShiftRow {
	return []ShiftRow{
		{Roster: "payments", Role: "primary", Person: "Anna Ødegård", Email: "anna@example.org", From: instant(t, "2026-11-23T08:00:00Z"), Until: instant(t, "2026-11-30T08:00:00Z")},
		{Roster: "payments", Role: "secondary", Person: "Bo \"the\" Berg, sen.", Email: "", From: instant(t, "2026-11-23T08:00:00Z"), Until: instant(t, "2026-11-30T08:00:00Z")},
		{Roster: "web", Role: "shadow", Person: "=HYPERLINK(\"http://x\")", Email: "-cmd@example.org", From: instant(t, "2026-11-23T08:00:00.5Z"), Until: instant(t, "2026-11-24T08:00:00Z")},
		{Roster: "@web", Role: "primary", Person: "'+1", Email: "", From: instant(t, "2026-11-23T08:00:00Z"), Until: instant(t, "2026-11-24T08:00:00Z")},
	}
}

func TestWriteShifts(t *testing.T) {
	var b bytes.Buffer
	if err := WriteShifts(&b, sampleShifts(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "shifts.csv", b.Bytes())
	got, wrong := ReadShifts(b.Bytes(), time.UTC, time.LoadLocation)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for i, want := range sampleShifts(t) {
		want.Line = i + 2
		if got[i] != want {
			t.Errorf("got %+v\nwant %+v", got[i], want)
		}
	}
}

// Every way in which a spreadsheet may save the same table.
func TestReadShiftsForms(t *testing.T) {
	berlin := place(t, "Europe/Berlin")
	utf16of := func(order binary.ByteOrder, s string) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune("\uFEFF" + s)) {
			b = binary.BigEndian.AppendUint16(b, u)
			if order == binary.LittleEndian {
				b[len(b)-2], b[len(b)-1] = b[len(b)-1], b[len(b)-2]
			}
		}
		return b
	}
	want := []ShiftRow{
		{Roster: "payments", Role: "primary", Person: "Jörg, A.", Email: "jorg@example.org", From: instant(t, "2026-11-23T08:00:00Z"), Until: instant(t, "2026-11-30T08:00:00Z")},
		{Roster: "payments", Role: "secondary", Person: "Li; B.", Email: "li@example.org", From: instant(t, "2026-11-23T17:00:00Z"), Until: instant(t, "2026-11-24T17:00:00Z")},
	}
	for name, c := range map[string]struct {
		b     []byte
		lines [2]int
	}{
		"commas": {[]byte("roster,role,person,email,from,until,zone\n" +
			"payments,primary,\"Jörg, A.\",jorg@example.org,2026-11-23 09:00,2026-11-30 09:00,\n" +
			"payments,secondary,Li; B.,li@example.org,2026-11-23 09:00,2026-11-24T09:00:00,America/Los_Angeles\n"), [2]int{2, 3}},
		"semicolons, other order, mark, empty lines": {[]byte("\xEF\xBB\xBFUntil;FROM;\"E-Mail\";Name;Role;Roster;Time  zone\r\n;;;;;;\r\n" +
			"2026-11-30T08:00:00Z;2026-11-23T09:00:00+01:00;Jorg@Example.org;Jörg, A.;;payments;\r\n\r\n" +
			"2026-11-24 09:00:00;2026-11-23t09:00;li@example.org;\"Li; B.\";Secondary;payments;America/Los_Angeles\r\n;;;;;;\r\n"), [2]int{3, 5}},
		"tabs, separator at the end": {[]byte("roster\trole\tperson\temail\tfrom\tuntil\t\n" +
			"payments\tprimary\t\"Jörg, A.\"\tjorg@example.org\t2026-11-23 09:00\t2026-11-30 09:00\t\n" +
			"payments\tsecondary\tLi; B.\tli@example.org\t2026-11-23 17:00:00z\t2026-11-24 17:00:00Z\t\n"), [2]int{2, 3}},
		"told separator": {[]byte("sep=;\nroster;role;person;email;from;until\n" +
			"payments;primary;Jörg, A.;jorg@example.org;2026-11-23 09:00;2026-11-30 09:00\n" +
			"payments;secondary;\"Li; B.\";li@example.org;2026-11-23 18:00;2026-11-24 18:00\n"), [2]int{3, 4}},
		"unicode text": {utf16of(binary.LittleEndian, "roster\trole\tperson\temail\tfrom\tuntil\r\n"+
			"payments\tprimary\tJörg, A.\tjorg@example.org\t2026-11-23 09:00\t2026-11-30 09:00\r\n"+
			"payments\tsecondary\tLi; B.\tli@example.org\t2026-11-23 18:00\t2026-11-24 18:00\r\n"), [2]int{2, 3}},
		"unicode text of another machine": {utf16of(binary.BigEndian, "roster,role,person,email,from,until\r\n"+
			"payments,primary,\"Jörg,\n A.\",jorg@example.org,2026-11-23 09:00,2026-11-30 09:00\r\n"+
			"payments,secondary,Li; B.,li@example.org,2026-11-23 18:00,2026-11-24 18:00\r\n"), [2]int{2, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			got, wrong := ReadShifts(c.b, berlin, time.LoadLocation)
			if len(wrong) > 0 {
				t.Fatal(wrong)
			}
			for i := range want {
				want[i].Line = c.lines[i]
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestReadShiftsTellsAllThatIsWrong(t *testing.T) {
	head := "roster,role,person,email,from,until,zone\n"
	for name, c := range map[string]struct {
		in   string
		want map[int]string // line → words
	}{
		"empty":         {"", map[int]string{1: "the file is empty"}},
		"latin":         {head + "payments,primary,J\xf6rg,,2026-11-23 09:00,2026-11-24 09:00,\n", map[int]string{2: "not in UTF-8"}},
		"no columns":    {"roster,start\n", map[int]string{1: "the column until is missing"}},
		"nobody":        {"roster,from,until\n", map[int]string{1: "no column says who"}},
		"other columns": {"roster,from,until,person,note\n", map[int]string{1: `the column "note" is not known`}},
		"twice":         {"roster,from,until,person,end\n", map[int]string{1: "two columns mean until"}},
		"quotes": {
			head + "payments,primary,An\"na,,2026-11-23 09:00,2026-11-24 09:00,\n" + ",,,,,,x\n" + "payments,primary,\"Anna,,2026-11-23 09:00,2026-11-24 09:00,\n",
			map[int]string{2: "do not match", 3: "the roster is missing", 4: "do not match"},
		},
		"many": {
			head + "payments,primary,Anna,,2026-11-23 09:00,2026-11-24 09:00,\n" + // right, and yet not read
				",boss,,anna,soon,,Mars/Base\n" +
				"payments,,Anna,,2026-11-24 09:00,2026-11-23 09:00,\n" +
				"payments,,Anna,,23.11.2026 09:00,2026-11-24 09:00,CET\n" +
				"payments,primary,Anna\n" +
				"payments,primary,Anna,,2026-11-23 09:00,2026-11-24 09:00,\n" +
				"payments,primary,Anna,,0026-11-23 09:00,2026-11-24 09:00,\n" +
				"payments,primary," + strings.Repeat("x", 301) + ",,2026-11-23 09:00,2026-11-24 09:00,\n",
			map[int]string{3: "the roster is missing", 4: "ends before it has begun", 5: "yyyy-mm-dd hh:mm", 6: "3 cells and the header 7", 7: "the same as line 2", 8: "1900 to 9999", 9: "longer than 300"},
		},
		"all of one line": {head + ",boss,,anna,soon,,Mars/Base\n", map[int]string{2: "boss"}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, wrong := ReadShifts([]byte(c.in), time.UTC, time.LoadLocation)
			if rows != nil {
				t.Errorf("rows were read: %v", rows)
			}
			for line, words := range c.want {
				if !says(wrong, line, words) {
					t.Errorf("got %v, want a fault of line %d with %q", wrong, line, words)
				}
			}
		})
	}
	_, wrong := ReadShifts([]byte(head+",boss,,anna,soon,,Mars/Base\n"), time.UTC, time.LoadLocation)
	if len(wrong) != 6 {
		t.Errorf("%d faults of one line, want 6: %v", len(wrong), wrong)
	}
}

func TestReadShiftsLimits(t *testing.T) {
	if _, wrong := ReadShifts(make([]byte, MaxBytes+1), time.UTC, time.LoadLocation); !says(wrong, 0, "larger than 2 MiB") {
		t.Error(wrong)
	}
	var b strings.Builder
	b.WriteString("roster,person,from,until\n")
	for i := range MaxRows + 1 {
		fmt.Fprintf(&b, "web,p%d,2026-11-23 09:00,2026-11-24 09:00\n", i)
	}
	if rows, wrong := ReadShifts([]byte(b.String()), time.UTC, time.LoadLocation); rows != nil || !says(wrong, MaxRows+2, "more than 20000 shifts") {
		t.Error(len(rows), wrong)
	}
	if _, wrong := ReadShifts([]byte("roster,person,from,until\n"+strings.Repeat("x\n", 500)), time.UTC, time.LoadLocation); len(wrong) != maxFaults+1 || !says(wrong, 0, "400 more places") {
		t.Error(len(wrong), wrong[len(wrong)-1])
	}
}

// No cell that is written begins as a formula does, and each comes back as it was.
func TestShiftsRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"=", "+", "-", "@", "'", "\"", ",", ";", "x", " ", "\n", "\t", "\r", "名", "\x00", "\u202e", "Anna"}
	text := func() string {
		s := "x"
		for range 1 + random.IntN(6) {
			s = pieces[random.IntN(len(pieces))] + s
		}
		return s
	}
	for range 2000 {
		from := muster.At(time.UnixMicro(random.Int64N(4e15)))
		r := ShiftRow{Line: 2, Roster: text(), Role: "primary", Person: text(), From: from, Until: from.Plus(time.Duration(1+random.Int64N(1e6)) * time.Millisecond)}
		var b bytes.Buffer
		if err := WriteShifts(&b, []ShiftRow{r}); err != nil {
			t.Fatal(err)
		}
		checkCells(t, b.Bytes())
		got, wrong := ReadShifts(b.Bytes(), time.UTC, time.LoadLocation)
		r.Roster, r.Person = muster.CleanLine(r.Roster, maxName), muster.CleanLine(r.Person, maxName)
		if len(wrong) > 0 || len(got) != 1 || got[0] != r {
			t.Fatalf("got %+v %v\nwant %+v\n%s", got, wrong, r, b.Bytes())
		}
	}
}

func checkCells(t *testing.T, b []byte) {
	t.Helper()
	for line := range strings.SplitSeq(string(b), "\r\n") {
		for cell := range strings.SplitSeq(line, ",") {
			if cell = strings.TrimPrefix(cell, `"`); cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) && strings.HasPrefix(line, cell) {
				t.Errorf("a cell is a formula: %s", line)
			}
		}
	}
}

func FuzzReadShifts(f *testing.F) {
	var b bytes.Buffer
	if err := WriteShifts(&b, sampleShifts(f)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("\xEF\xBB\xBFroster;person;from;until;zone\nweb;\"A\nb\";2026-11-23 09:00;2026-11-24 09:00;Europe/Berlin\n"))
	f.Add([]byte("\xFF\xFEr\x00o\x00"))
	zone := place(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, wrong := ReadShifts(b, zone, time.LoadLocation)
		if len(wrong) > 0 && rows != nil {
			t.Fatal("half was read")
		}
		for _, w := range wrong {
			if w.Message == "" || strings.ContainsAny(w.Message, "\r\n\x00") {
				t.Fatalf("%+v", w)
			}
		}
		var out bytes.Buffer
		if err := WriteShifts(&out, rows); err != nil {
			t.Fatal(err)
		}
		again, wrong := ReadShifts(out.Bytes(), time.UTC, time.LoadLocation)
		if len(wrong) > 0 || len(again) != len(rows) {
			t.Fatalf("%v: %d of %d rows\n%s", wrong, len(again), len(rows), out.Bytes())
		}
		for i := range rows {
			rows[i].Line = again[i].Line
			if rows[i] != again[i] {
				t.Fatalf("got %+v\nwant %+v", again[i], rows[i])
			}
		}
	})
}
