package statuspage

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/muster-oncall/muster"
)

// The longest texts that a page shows. What is longer was not written for a page.
const (
	longestLine = 200
	longestText = 4000
)

// text removes what cannot be seen and what turns the direction of text around, so that nobody can make the page say
// something else than its source does. Line breaks stay.
func text(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r) && r != '\u200D', r == '\u2028', r == '\u2029':
			return -1 // among Cf are all controls of direction; the joiner is part of many emoji
		}
		return r
	}, s)
	return muster.Clip(strings.TrimSpace(s), longestText)
}

// line is a text in one line.
func line(s string) string {
	return muster.Clip(strings.Join(strings.Fields(text(s)), " "), longestLine)
}

// clock is a time of day with its zone: "11:24 UTC"; on another day than today with the date.
func (p Page) clock(at muster.Instant) string {
	t := at.In(p.Zone)
	s := t.Format("15:04 MST")
	if p.day(at) != p.day(p.Now) {
		s += t.Format(", 2 January")
		if t.Year() != p.Now.In(p.Zone).Year() {
			s += t.Format(" 2006")
		}
	}
	return s
}

// day counts days of the page's calendar.
func (p Page) day(at muster.Instant) int64 {
	t := at.In(p.Zone)
	_, offset := t.Zone()
	s := t.Unix() + int64(offset)
	if s < 0 {
		s -= 24*60*60 - 1
	}
	return s / (24 * 60 * 60)
}

// date is the date of a day that was counted by day.
func (p Page) date(day int64) time.Time { return time.Unix(day*24*60*60, 0).UTC() }

// lasted is a length of time in words.
func lasted(d time.Duration) string {
	m := int(d.Round(time.Minute) / time.Minute)
	switch {
	case m < 1:
		return "under 1 min"
	case m < 60:
		return fmt.Sprintf("%d min", m)
	case m < 24*60 && m%60 == 0:
		return fmt.Sprintf("%d h", m/60)
	case m < 24*60:
		return fmt.Sprintf("%d h %d min", m/60, m%60)
	case m < 48*60:
		return "1 day"
	}
	return fmt.Sprintf("%d days", m/(24*60))
}

func list(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}
