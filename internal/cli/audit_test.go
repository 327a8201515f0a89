package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An export is not written over by accident: it may be the only one of its time.
func TestExportReplacesNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ledger.ndjson")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := muster(t, nil, false, "audit", "export", file)
	if got, err := os.ReadFile(file); status == 0 || !strings.Contains(stderr, "is there already") || !strings.Contains(stderr, "--force") || string(got) != "kept" || err != nil {
		t.Errorf("status %d, said %q, the file has %q (%v)", status, stderr, got, err)
	}
}
