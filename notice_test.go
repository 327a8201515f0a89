package muster_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
)

func TestANoticeSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	good := muster.Notice{Person: "ana", Kind: muster.NoticeShiftReminder, Title: "You are on call", Key: "k", URL: "/oncall?at=1"}
	if wrong := good.Validate(); len(wrong) > 0 {
		t.Errorf("a good notice is refused: %v", wrong)
	}
	var paths []string
	for _, f := range (&muster.Notice{Kind: "gossip", URL: "//evil.example"}).Validate() {
		paths = append(paths, f.Path)
	}
	if want := []string{"person", "kind", "title", "key", "url"}; !slices.Equal(paths, want) {
		t.Errorf("wrong are %v, want %v", paths, want)
	}
	for _, path := range []string{"https://evil.example", "oncall", `/\evil.example`, "/a\nb", "javascript:alert(1)"} {
		if muster.LocalPath(path) {
			t.Errorf("%q counts as a path inside Muster", path)
		}
	}
	evil := muster.Notice{Title: "a\r\nBcc: b@evil.example\x00" + strings.Repeat("x", 500), Text: "two\nlines\x00"}
	evil.Tidy()
	if strings.ContainsAny(evil.Title, "\r\n\x00") || len([]rune(evil.Title)) > 201 || !strings.Contains(evil.Text, "\n") || strings.Contains(evil.Text, "\x00") {
		t.Errorf("tidied it is %+v", evil)
	}
}

func TestEveryKindOfNoticeHasAWord(t *testing.T) {
	t.Parallel()
	for _, k := range muster.NoticeKinds() {
		if k.Word() == string(k) || k.Word() == "" {
			t.Errorf("%s has no word", k)
		}
	}
	if got := muster.NoticeKind("x").Word(); got != "x" {
		t.Errorf("an unknown kind is %q", got)
	}
}
