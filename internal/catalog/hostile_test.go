package catalog_test

import (
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
)

// A title that reads as something else than it says is refused, wherever it is written, and its place is told.
func TestHostileCharacters(t *testing.T) {
	for _, text := range []string{`"a\u0000b"`, `"exe.\u202Egnp"`, `"\u2066x\u2069"`} {
		_, wrong := catalog.Parse("f.yaml", []byte("kind: runbook\nname: one\ntitle: "+text+"\ntext: x\nteam: ops\n"))
		if len(wrong) != 1 || wrong[0].Line != 3 || wrong[0].Path == "" || !strings.Contains(wrong[0].Message, "cannot be seen") {
			t.Errorf("title %s: %v", text, wrong)
		}
		if _, err := catalog.ReadJSON(muster.KindRunbooks, "one", []byte(`{"title":`+text+`,"text":"x","team":"ops"}`)); err == nil {
			t.Errorf("title %s is taken as JSON", text)
		}
	}
	if _, wrong := catalog.Parse("f.yaml", []byte("kind: runbook\nname: one\ntitle: \"שלום \\u200f עולם\"\ntext: \"a\\tb\\r\\nc\"\nteam: ops\n")); len(wrong) > 0 {
		t.Errorf("text that runs from right to left is refused: %v", wrong)
	}
}
