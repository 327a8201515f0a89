package connector

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// Line makes one safe line of at most n runes out of hostile text: no line breaks, no control characters, no marks that
// turn the direction of what follows.
func Line(s string, n int) string {
	return muster.Clip(strings.Join(strings.Fields(clean(s, false)), " "), n)
}

// Text is [Line] for text of several lines.
func Text(s string, n int) string { return muster.Clip(strings.TrimSpace(clean(s, true)), n) }

func clean(s string, lines bool) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines:
			return r
		case r == '\n', r == '\t', r == '\u2028', r == '\u2029', r == '\u0085':
			return ' '
		case unicode.IsControl(r), IsBidi(r):
			return -1
		}
		return r
	}, s)
}

// IsBidi reports whether r changes the direction of the text around it.
func IsBidi(r rune) bool {
	return r == '\u061C' || r == '\u200E' || r == '\u200F' || (r >= '\u202A' && r <= '\u202E') || (r >= '\u2066' && r <= '\u2069')
}
