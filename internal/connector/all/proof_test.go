package all_test

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector/all"
)

// TestTheTableOfProofsIsTrue compares the table in the documentation with what the kinds say of themselves.
func TestTheTableOfProofsIsTrue(t *testing.T) {
	t.Parallel()
	words := map[muster.Proof]string{
		"": "nothing: a person only", muster.ProofPerson: "nothing: a person only", muster.ProofCarrier: "the carrier's receipt: delivered",
		muster.ProofDevice: "the device's receipt",
	}
	var want strings.Builder
	want.WriteString("| Kind | | Its provider proves | Time for a proof | People answer by |\n|---|---|---|---|---|\n")
	for _, d := range all.Registry() {
		if d.Address == "" {
			continue
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s | %s |\n", d.Kind, d.Title, words[d.Proof], muster.Duration(d.ProvesWithin()), cmp.Or(d.AnsweredBy(), muster.SurfacePage))
	}
	text, err := os.ReadFile("../../../docs/paging.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), want.String()) {
		t.Errorf("docs/paging.md must hold this table:\n%s", want.String())
	}
}
