package exchange

import (
	"encoding/csv"
	"io"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// ShiftRow is one shift as a line of a table: who is on call for which roster, from when until when.
type ShiftRow struct {
	Line        int    // where it was read, counted from 1; 0 for rows that were not
	Roster      string // the roster's name
	Role        string // a roster role: primary, secondary, shadow
	Person      string // the person's name; may be empty with Email
	Email       string // may be empty with Person
	From, Until muster.Instant
}

// shiftColumns are the columns that are written, in their order.
var shiftColumns = []string{"roster", "role", "person", "email", "from", "until"}

// WriteShifts writes rows as CSV with a header line, commas, and times in UTC (RFC 3339), so that any reader means the
// same instants. Text is cleaned; a cell that a spreadsheet would take for a formula gets an apostrophe in front, which
// [ReadShifts] takes off.
func WriteShifts(w io.Writer, rows []ShiftRow) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(shiftColumns); err != nil {
		return err
	}
	for _, r := range rows {
		if err := out.Write([]string{
			guard(r.Roster), guard(r.Role), guard(r.Person), guard(r.Email), writeTime(r.From), writeTime(r.Until),
		}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func writeTime(i muster.Instant) string {
	if i.IsZero() {
		return ""
	}
	return i.UTC().Format(time.RFC3339Nano)
}

// guard makes a cell that no spreadsheet computes. An apostrophe that already stands before such a sign gets a second
// one, so that reading gives back exactly what was written.
func guard(s string) string {
	s = muster.CleanLine(s, maxName-1) // and the sign that it was cut
	if formula(s) {
		return "'" + s
	}
	return s
}

// unguard is the reverse of guard.
func unguard(s string) string {
	if strings.HasPrefix(s, "'") && formula(s[1:]) {
		return s[1:]
	}
	return s
}

// formula reports whether s, without apostrophes in front, begins as formulas do.
func formula(s string) bool {
	s = strings.TrimLeft(s, "'")
	return s != "" && strings.ContainsRune("=+-@", rune(s[0]))
}
