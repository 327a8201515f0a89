package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCallSheet(t *testing.T) {
	const answer = `{"at":"2026-01-01T00:00:00Z","until":"2026-01-08T00:00:00Z","numbers":false,"rosters":[{"name":"web","title":"Web","roles":[{"role":"primary","shifts":[{"from":"2026-01-01T00:00:00Z","until":"2026-01-08T00:00:00Z","people":[{"id":"ana","name":"Ana"}]}]}]}],"people":[{"id":"ana","name":"Ana","zone":"UTC","ways":[{"method":"mobile","address":"0142","verified":true}]}]}`
	s := serve(t, map[string]string{"GET /api/v1/callsheet": answer, "POST /api/v1/callsheet/numbers": answer})
	if status, out, errs := muster(t, s, false, "callsheet", "--days", "7"); status != 0 || !strings.Contains(out, "Web, primary responder") || !strings.Contains(out, "mobile 0142") {
		t.Errorf("%d %q %s", status, out, errs)
	}
	file := filepath.Join(t.TempDir(), "sheet.html")
	if status, out, errs := muster(t, s, false, "callsheet", "--numbers", "--html", file); status != 0 || !strings.Contains(out, "print it") {
		t.Errorf("%d %q %s", status, out, errs)
	}
	if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), "<b>Ana</b>") {
		t.Errorf("%v %s", err, b)
	}
	if status, _, errs := muster(t, s, false, "callsheet", "--days", "many"); status != 2 || !strings.Contains(errs, "number of days") {
		t.Errorf("%d %s", status, errs)
	}
	if len(s.asked) != 2 || !strings.Contains(s.asked[0], "days=7") || !strings.HasPrefix(s.asked[1], "POST") {
		t.Errorf("it asked %v", s.asked)
	}
}
