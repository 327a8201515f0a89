package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-oncall/muster/internal/seal"
)

// A file of a backup is there as a whole or not at all, and none that was there is overwritten.
func TestRestoreFileIsWholeAndOverwritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, text := range []string{"first", "second"} {
		if err := restoreFile(dir, seal.KeyFile, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := restoreFile(dir, "../elsewhere", []byte("hostile")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, seal.KeyFile)
	if b, err := os.ReadFile(name); err != nil || string(b) != "first" {
		t.Errorf("the key is %q: %v", b, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the key: %v, %v", info, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("something else lies there: %v, %v", left, err)
	}
}
