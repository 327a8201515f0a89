// Package exchange reads and writes schedules in the forms of other tools: iCalendar (RFC 5545), CSV of shifts, and the
// rows of an on-call table. Bytes or rows go in, values come out, and the other way round; nothing is fetched or stored.
//
// It may import the root package and internal/rota, which alone turns local times into instants, besides the standard
// library. It reads no clock.
//
// What is read is hostile until it is read: sizes and counts are limited, text is cleaned of control characters and of
// marks that turn its direction, and each fault is told with its line and what to do. Limits: see the constants. Of
// iCalendar only events are read; of recurrence rules what calendars write in practice (see [ReadCalendar]).
package exchange

import (
	"fmt"

	"github.com/muster-oncall/muster"
)

// Limits of what is read.
const (
	MaxBytes     = 2 << 20 // of a calendar or CSV file
	MaxEvents    = 10_000  // in a calendar
	MaxPerRule   = 5_000   // dates of one recurring event between the two ends asked for
	MaxInstances = 100_000 // events given back for one calendar, those of rules included
	MaxRows      = 20_000  // of a CSV file
	maxFaults    = 100     // told for one file
	maxPeople    = 100     // kept of one event
	maxName      = 300     // characters of a summary, a person, a roster
	maxText      = 10_000  // characters of a description
	maxUID       = 500     // characters
	maxAddress   = 254     // characters of a mail address
	maxURL       = 2_000
)

// faults collects what is wrong, up to a number that people can still read.
type faults struct {
	list []muster.FieldError
	more int
}

func (f *faults) add(line int, path, format string, args ...any) {
	if len(f.list) >= maxFaults {
		f.more++
		return
	}
	f.list = append(f.list, muster.FieldError{Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
}

// all is what was collected, nil when nothing is wrong.
func (f *faults) all() []muster.FieldError {
	if f.more == 0 {
		return f.list
	}
	return append(f.list, muster.FieldError{Message: fmt.Sprintf("%d more places are wrong: put these right first, then try again", f.more)})
}

// quote shows s, as somebody else wrote it, inside a message.
func quote(s string) string { return fmt.Sprintf("%q", muster.CleanLine(s, 60)) }
