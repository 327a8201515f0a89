package muster_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

func TestCleanLine(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"disk full", "disk full"},
		{"", ""},
		{"  two\r\nlines\tand  a tab ", "two lines and a tab"},
		{"pay\u202Eload\u2066x\u200F", "payloadx"},
		{"bell\x07 nul\x00 esc\x1b[31m", "bell nul esc[31m"},
		{"bad \xff\xfe bytes", "bad \uFFFD bytes"},
		{"a\u2028b", "a b"},
		{"Überlast 🔥", "Überlast 🔥"},
	} {
		if got := muster.CleanLine(c.in, 50); got != c.want {
			t.Errorf("CleanLine(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	if got := muster.CleanLine(strings.Repeat("ü", 400), 300); utf8.RuneCountInString(got) != 301 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long line is cut to %d runes", utf8.RuneCountInString(got))
	}
	if got := muster.CleanText(" one\r\ntwo\x00\n", 50); got != "one\ntwo" {
		t.Errorf("CleanText keeps lines: %q", got)
	}
}
