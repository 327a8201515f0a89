package all_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/all"
)

// TestEveryConnectorPassesTheSuite looks into the folders: each that the list imports, and each that lies beside it, runs
// connectortest.
func TestEveryConnectorPassesTheSuite(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "all.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, imp := range file.Imports {
		if _, name, ok := strings.Cut(strings.Trim(imp.Path.Value, `"`), "/internal/connector/"); ok {
			listed[name] = true
		}
	}
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !f.IsDir() || f.Name() == "all" || f.Name() == "connectortest" {
			continue
		}
		if !listed[f.Name()] {
			t.Errorf("the connector %s is not in the list", f.Name())
		}
		delete(listed, f.Name())
		tests, err := filepath.Glob(filepath.Join("..", f.Name(), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, name := range tests {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(text), "connectortest.Run(t,")
		}
		if !found {
			t.Errorf("the connector %s does not run connectortest", f.Name())
		}
	}
	if len(listed) > 0 {
		t.Errorf("listed and not there: %v", listed)
	}
}

func TestRegistry(t *testing.T) {
	r := all.Registry()
	seen := map[string]bool{}
	for _, k := range r.Kinds() {
		if seen[k] {
			t.Errorf("two connectors are called %s", k)
		}
		seen[k] = true
	}
	for _, k := range []string{"email", "webhook", "demo-phone", "teams-webhook", "azure-table", "ical"} {
		if d, ok := r.Find(k); !ok || d.Kind != k {
			t.Errorf("%s is missing", k)
		}
	}
	_, err := r.New("emial", connector.Config{Name: "x"})
	if muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(err.Error(), "did you mean email?") {
		t.Error(err)
	}
	_, err = r.New("email", connector.Config{Name: "x", Settings: map[string]string{"hots": "x"}})
	if err == nil || !strings.Contains(err.Error(), "settings.host") || !strings.Contains(err.Error(), "settings.from") || !strings.Contains(err.Error(), "did you mean host?") {
		t.Error(err)
	}
}
