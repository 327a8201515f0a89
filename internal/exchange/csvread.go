package exchange

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// columnNames gives the column for each heading that is understood.
var columnNames = map[string]string{
	"roster": "roster", "role": "role", "person": "person", "name": "person", "email": "email", "e-mail": "email",
	"from": "from", "start": "from", "until": "until", "end": "until", "to": "until", "zone": "zone", "time zone": "zone", "timezone": "zone",
}

// ReadShifts reads shifts from CSV as spreadsheets write it: a header line with the columns roster, from, until, person
// or email or both, and if wanted role and zone, in any order; commas, semicolons or tabs; UTF-8 or UTF-16. Without a
// role a shift is the primary's.
//
// A time is RFC 3339, or local ("2026-11-23 09:00") on the clocks of the line's zone, of zone without one; a local time
// that happens twice means the first, one that is skipped is read with the offset before. Load finds the zone of a line by
// its IANA name. Every line that is wrong is told, and then there are no rows at all.
func ReadShifts(b []byte, zone *time.Location, load func(string) (*time.Location, error), checks ...RowCheck) ([]ShiftRow, []muster.FieldError) {
	r := shiftReader{checks: checks, zone: zone, load: load, known: map[string]*time.Location{}, seen: map[ShiftRow]int{}}
	r.read(b)
	if wrong := r.faults.all(); len(wrong) > 0 {
		return nil, wrong
	}
	return r.rows, nil
}

// RowCheck says what is wrong with a row for whoever imports it, "" when nothing is. It gets rows with faults, too, with what
// could be read of them, so that people correct a file once.
type RowCheck func(ShiftRow) (path, problem string)

type shiftReader struct {
	checks  []RowCheck
	zone    *time.Location
	load    func(string) (*time.Location, error)
	known   map[string]*time.Location // by the cell's text; nil: not a zone
	columns []string                  // of the header, "" for one that is not known
	seen    map[ShiftRow]int          // row without its line → line
	faults  faults
	rows    []ShiftRow
}

func (r *shiftReader) read(b []byte) {
	if len(b) > MaxBytes {
		r.faults.add(0, "", "the file is larger than %d MiB: split it", MaxBytes>>20)
		return
	}
	b = utf8Of(b)
	if bad := firstBroken(b); bad > 0 {
		r.faults.add(bad, "", "the file is not in UTF-8: save it as “CSV UTF-8” and try again")
		return
	}
	begun := 0 // lines of the file before what the CSV reader sees
	if first, rest, _ := bytes.Cut(b, []byte("\n")); bytes.HasPrefix(bytes.ToLower(first), []byte("sep=")) {
		b, begun = rest, 1
	}
	in := csv.NewReader(bytes.NewReader(b))
	in.Comma = separator(b)
	in.FieldsPerRecord = -1 // a wrong number of cells is told in our words, and for every line
	in.ReuseRecord = true
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong := (*csv.ParseError)(nil); errors.As(err, &wrong) {
			r.faults.add(wrong.StartLine+begun, "", "the quotation marks of the line do not match: a cell with a quotation mark inside is written \"like \"\"this\"\"\"")
			if r.columns == nil {
				return
			}
			continue
		}
		if err != nil {
			r.faults.add(0, "", "the file cannot be read: save it as “CSV UTF-8” and try again")
			return
		}
		line, _ := in.FieldPos(0)
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue // spreadsheets leave such lines at the end
		}
		if r.columns == nil {
			if !r.header(line+begun, cells) {
				return
			}
			continue
		}
		if r.row(line+begun, cells); len(r.rows) > MaxRows {
			r.faults.add(line+begun, "", "the file has more than %d shifts: split it", MaxRows)
			return
		}
	}
	if r.columns == nil {
		r.faults.add(1, "", "the file is empty: its first line names the columns, such as %s", strings.Join(shiftColumns, ","))
	}
}

// header reads the names of the columns. It reports false when rows cannot be read by them.
func (r *shiftReader) header(line int, cells []string) bool {
	r.columns = make([]string, len(cells))
	known := true
	for i, c := range cells {
		heading := strings.ToLower(strings.Join(strings.Fields(c), " "))
		column := columnNames[heading]
		switch {
		case heading == "" && i == len(cells)-1: // a separator at the end of each line
		case column == "":
			r.faults.add(line, muster.CleanLine(c, 60), "the column %s is not known: name it roster, role, person, email, from, until or zone, or delete it", quote(c))
			known = false
		case slices.Contains(r.columns, column):
			r.faults.add(line, column, "two columns mean %s: delete one", column)
			known = false
		}
		r.columns[i] = column
	}
	for _, need := range []string{"roster", "from", "until"} {
		if !slices.Contains(r.columns, need) {
			r.faults.add(line, need, "the column %s is missing: the first line names the columns, such as %s", need, strings.Join(shiftColumns, ","))
			known = false
		}
	}
	if !slices.Contains(r.columns, "person") && !slices.Contains(r.columns, "email") {
		r.faults.add(line, "person", "no column says who is on call: add person, or email, or both")
		known = false
	}
	return known
}

// row reads one line. Its faults are told all at once.
func (r *shiftReader) row(line int, cells []string) {
	wrong := false
	fault := func(path, format string, args ...any) {
		r.faults.add(line, path, format, args...)
		wrong = true
	}
	for len(cells) > len(r.columns) && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) != len(r.columns) && (len(cells) != len(r.columns)-1 || r.columns[len(r.columns)-1] != "") {
		r.faults.add(line, "", "the line has %d cells and the header %d: put a text that holds a separator in quotation marks, and fill up what is missing", len(cells), len(r.columns))
		return
	}
	text := map[string]string{}
	for i, c := range cells {
		if column := r.columns[i]; column != "" {
			text[column] = unguard(muster.CleanLine(c, maxName+1)) // one for the apostrophe
			if utf8.RuneCountInString(text[column]) > maxName {
				fault(column, "the text is longer than %d characters: shorten it", maxName)
			}
		}
	}
	row := ShiftRow{Roster: text["roster"], Role: strings.ToLower(text["role"]), Person: text["person"], Email: text["email"]}
	if row.Roster == "" {
		fault("roster", "the roster is missing: write its name")
	}
	if row.Role == "" {
		row.Role = string(muster.PrimaryResponder)
	}
	if !slices.Contains(muster.RosterRoles(), muster.RosterRole(row.Role)) {
		fault("role", "%s is not a role of a roster: write %s", quote(row.Role), roleWords())
	}
	if row.Person == "" && row.Email == "" {
		fault("person", "nobody is named: write the person's name or mail address")
	}
	if row.Email != "" {
		if row.Email = mailAddress(text["email"]); row.Email == "" {
			fault("email", "%s is not a mail address: write it like anna@example.org", quote(text["email"]))
		}
	}
	zone := r.zone
	if name := text["zone"]; name != "" {
		if zone = r.zoneOf(name); zone == nil {
			fault("zone", "%s is not a known time zone: write the name of a place, such as Europe/Berlin, or UTC", quote(name))
			zone = r.zone
		}
	}
	var ok [2]bool
	for i, t := range []struct {
		column string
		at     *muster.Instant
	}{{"from", &row.From}, {"until", &row.Until}} {
		at, err := readTime(text[t.column], zone)
		if err != nil {
			fault(t.column, "%s", err)
		}
		*t.at, ok[i] = at, err == nil
	}
	if ok[0] && ok[1] && !row.Until.After(row.From.Time) {
		fault("until", "the shift ends before it has begun: until must be later than from")
	}
	for _, check := range r.checks {
		if path, problem := check(row); problem != "" {
			fault(path, "%s", problem)
		}
	}
	if wrong {
		return
	}
	if before, ok := r.seen[row]; ok {
		r.faults.add(line, "", "the line says the same as line %d: delete one", before)
		return
	}
	r.seen[row] = line
	row.Line = line
	r.rows = append(r.rows, row)
}

func (r *shiftReader) zoneOf(name string) *time.Location {
	z, ok := r.known[name]
	if ok {
		return z
	}
	if name != "Local" { // another zone on each machine
		var err error
		if z, err = r.load(name); err != nil {
			z = nil
		}
	}
	r.known[name] = z
	return z
}

// readTime reads RFC 3339, or a local time on the clocks of zone.
func readTime(s string, zone *time.Location) (muster.Instant, error) {
	if s == "" {
		return muster.Instant{}, fmt.Errorf("the time is missing: write it like 2026-11-23 09:00")
	}
	if len(s) > 10 && (s[10] == ' ' || s[10] == 't') {
		s = s[:10] + "T" + s[11:]
	}
	if t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s)); err == nil {
		return inYears(muster.At(t))
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if wall, err := time.Parse(layout, s); err == nil && len(s) == len(layout) {
			at, err := resolveWall(zone, wall)
			if err != nil {
				return at, err
			}
			return inYears(at)
		}
	}
	return muster.Instant{}, fmt.Errorf("%s is not a time: write it like 2026-11-23 09:00, or 2026-11-23T08:00:00Z; in a spreadsheet, give the cells the format yyyy-mm-dd hh:mm", quote(s))
}

func inYears(at muster.Instant) (muster.Instant, error) {
	if !writableYear(at) {
		return muster.Instant{}, fmt.Errorf("the year is not one from 1900 to 9999: correct it")
	}
	return at, nil
}

func roleWords() string {
	roles := muster.RosterRoles()
	var b strings.Builder
	for i, r := range roles {
		switch {
		case i > 0 && i == len(roles)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(r))
	}
	return b.String()
}

// separator is the sign that stands most often in the header, outside of quotation marks; a comma without any.
func separator(b []byte) rune {
	counts := map[byte]int{}
	quoted, begun := false, false
	for _, c := range b {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			if begun {
				break
			}
			continue
		}
		begun = begun || c != '\r' && c != ' '
		if !quoted {
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}

// utf8Of takes a byte order mark off, and turns the UTF-16 that spreadsheets call “Unicode text” into UTF-8.
func utf8Of(b []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	}
	b = b[2:]
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// firstBroken is the number of the first line that is not UTF-8, 0 without one.
func firstBroken(b []byte) int {
	for line := 1; len(b) > 0; line++ {
		one, rest, _ := bytes.Cut(b, []byte("\n"))
		if !utf8.Valid(one) {
			return line
		}
		b = rest
	}
	return 0
}
