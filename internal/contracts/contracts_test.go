package contracts_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/muster-oncall/muster/internal/contracts"
)

// TestEveryFileIsReadableAndListed keeps the folder and its list of origins together.
func TestEveryFileIsReadableAndListed(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = fs.WalkDir(contracts.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		body, err := contracts.FS.ReadFile(path)
		if err != nil {
			return err
		}
		var v any
		if strings.HasSuffix(path, ".json") {
			err = json.Unmarshal(body, &v)
		} else {
			err = yaml.Unmarshal(body, &v)
		}
		if err != nil {
			t.Errorf("%s cannot be read: %v", path, err)
		}
		listed := path
		if dir, _, ok := strings.Cut(path, "/"); ok {
			listed = dir + "/"
		}
		if !strings.Contains(string(readme), listed) {
			t.Errorf("%s has no line in README.md: say where it comes from and what it is for", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatal("no files are embedded")
	}
}
