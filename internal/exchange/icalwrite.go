package exchange

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// WriteCalendar writes c as iCalendar: times in UTC, so that no reader needs our time zones, lines of at most 75 octets.
// Text is cleaned, so no name can add a property or an event. An event without UID, stamp or times, one that ends before
// it begins, or a UID given twice is an error, and then nothing is written; a link that is not http or https is left out.
func WriteCalendar(w io.Writer, c Calendar) error {
	b := calendarWriter{}
	b.line("BEGIN:VCALENDAR")
	b.line("VERSION:2.0")
	b.line("PRODID:-//Muster//Muster//EN")
	b.line("CALSCALE:GREGORIAN")
	b.line("METHOD:PUBLISH")
	if name := muster.CleanLine(c.Name, maxName); name != "" {
		b.line("NAME:" + escapeText(name))
		b.line("X-WR-CALNAME:" + escapeText(name))
	}
	if c.Refresh >= time.Second {
		d := writeDuration(c.Refresh)
		b.line("REFRESH-INTERVAL;VALUE=DURATION:" + d)
		b.line("X-PUBLISHED-TTL:" + d)
	}
	seen := make(map[string]bool, len(c.Events))
	for i := range c.Events {
		if err := b.event(&c.Events[i], seen); err != nil {
			return err
		}
	}
	b.line("END:VCALENDAR")
	_, err := w.Write(b.buf.Bytes())
	return err
}

type calendarWriter struct{ buf bytes.Buffer }

func (b *calendarWriter) event(e *Event, seen map[string]bool) error {
	uid := cleanUID(e.UID)
	wrong := func(what string) error {
		return muster.Errorf(muster.ErrInvalid, "the event %s of the calendar %s", quote(uid+" "+e.Summary), what)
	}
	switch {
	case uid == "":
		return wrong("has no UID")
	case seen[uid]:
		return wrong("is there twice: each event needs a UID of its own")
	case e.From.IsZero() || e.Until.IsZero() || e.Until.Before(e.From.Time):
		return wrong("needs an end that is not before its beginning")
	case !writableYear(e.From) || !writableYear(e.Until):
		return wrong("lies outside of the years 1900 to 9999, which calendars can tell")
	case e.Stamp.IsZero() || !writableYear(e.Stamp):
		return wrong("does not say when it was last changed")
	case e.Sequence < 0:
		return wrong("has a negative sequence number")
	}
	seen[uid] = true
	from, until := writeInstant(e.From), writeInstant(e.Until)
	b.line("BEGIN:VEVENT")
	b.line("UID:" + escapeText(uid))
	b.line("DTSTAMP:" + writeInstant(e.Stamp))
	b.line("SEQUENCE:" + strconv.FormatInt(e.Sequence, 10))
	b.line("DTSTART:" + from)
	if from != until { // DTEND must be later than DTSTART; without it the event has no length
		b.line("DTEND:" + until)
	}
	if s := muster.CleanLine(e.Summary, maxName); s != "" {
		b.line("SUMMARY:" + escapeText(s))
	}
	if s := muster.CleanText(e.Description, maxText); s != "" {
		b.line("DESCRIPTION:" + escapeText(s))
	}
	if s := cleanURL(e.URL); s != "" {
		b.line("URL:" + s)
	}
	b.line("TRANSP:TRANSPARENT") // being on call does not make a person busy
	if e.Cancelled {
		b.line("STATUS:CANCELLED")
	} else {
		b.line("STATUS:CONFIRMED")
	}
	b.line("END:VEVENT")
	return nil
}

// line writes one content line, folded after at most 75 octets and never inside of a character.
func (b *calendarWriter) line(s string) {
	room := 75
	for len(s) > room {
		cut := room
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		b.buf.WriteString(s[:cut])
		b.buf.WriteString("\r\n ")
		s, room = s[cut:], 74 // the space counts
	}
	b.buf.WriteString(s)
	b.buf.WriteString("\r\n")
}

func writeInstant(i muster.Instant) string { return i.UTC().Format("20060102T150405Z") }

func writableYear(i muster.Instant) bool { y := i.UTC().Year(); return y >= 1900 && y <= 9999 }

// writeDuration gives whole seconds in the largest units that fit without a rest.
func writeDuration(d time.Duration) string {
	s := int64(d / time.Second)
	switch {
	case s%(24*60*60) == 0:
		return fmt.Sprintf("P%dD", s/(24*60*60))
	case s%(60*60) == 0:
		return fmt.Sprintf("PT%dH", s/(60*60))
	case s%60 == 0:
		return fmt.Sprintf("PT%dM", s/60)
	}
	return fmt.Sprintf("PT%dS", s)
}

func escapeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}

// unescapeText is the reverse of escapeText. A backslash before anything else stands for what follows it.
func unescapeText(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'n' || s[i] == 'N' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func cleanUID(s string) string { return muster.CleanLine(s, maxUID) }

// cleanURL is s when it is an address that a click may open, written without white space; else "".
func cleanURL(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxURL || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return s
}
