package cli_test

import (
	"strings"
	"testing"
)

func TestFairness(t *testing.T) {
	s := serve(t, map[string]string{"GET /api/v1/fairness": `{"from":"2026-01-01T00:00:00Z","until":"2026-02-01T00:00:00Z","items":[{"name":"Ana","person":"ana","total_hours":12.5,"nights":3}]}`})
	if status, out, errs := muster(t, s, false, "fairness", "--from", "2026-01-01", "--roster=web"); status != 0 || !strings.Contains(out, "ana\t12.5") {
		t.Errorf("%d %q %s", status, out, errs)
	}
	if status, out, errs := muster(t, s, false, "fairness", "--csv"); status != 0 || !strings.HasPrefix(out, `{"from"`) { // whatever the server sends
		t.Errorf("%d %q %s", status, out, errs)
	}
	if status, _, errs := muster(t, s, false, "fairness", "web"); status != 2 || !strings.Contains(errs, "--csv") {
		t.Errorf("%d %s", status, errs)
	}
	if len(s.asked) == 0 || !strings.Contains(s.asked[0], "from=2025-12-31T23%3A00%3A00Z") || !strings.Contains(s.asked[0], "roster=web") || !strings.Contains(s.asked[1], "format=csv") {
		t.Errorf("it asked %v", s.asked)
	}
}
