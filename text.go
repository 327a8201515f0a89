package muster

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanLine makes one safe line of at most n characters out of hostile text: valid UTF-8, no line breaks, no control
// characters, no marks that turn the direction of what follows, runs of white space as one space.
func CleanLine(s string, n int) string {
	if plainLine(s) && len(s) <= n {
		return s
	}
	return Clip(strings.Join(strings.Fields(clean(s, false)), " "), n)
}

// CleanText is [CleanLine] for text of several lines.
func CleanText(s string, n int) string {
	if plainLine(s) && len(s) <= n {
		return s
	}
	return Clip(strings.TrimSpace(clean(s, true)), n)
}

// plainLine reports whether s is printable ASCII with single inner spaces: the usual case, which costs nothing.
func plainLine(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || (c == ' ' && last == ' ') {
			return false
		}
		last = c
	}
	return last != ' ' || s == ""
}

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
		case unicode.IsControl(r), turnsDirection(r), r == '\uFEFF':
			return -1
		}
		return r
	}, s)
}

// turnsDirection reports whether r changes the direction of the text around it.
func turnsDirection(r rune) bool {
	return r == '\u061C' || r == '\u200E' || r == '\u200F' || (r >= '\u202A' && r <= '\u202E') || (r >= '\u2066' && r <= '\u2069')
}
