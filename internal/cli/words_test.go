package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func says(t *testing.T, out string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}

// A new roster is told in a line with its first shifts, and apply ends with the refusal of the server.
func TestANewRosterIsToldShortly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.yaml")
	if err := os.WriteFile(file, []byte("kind: roster\nname: web\ntitle: Web\nteam: shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var shifts []string
	for day := 1; day < 30; day++ {
		shifts = append(shifts, fmt.Sprintf(`{"roster":"web","title":"Web","role":"primary","from":"2026-12-%02dT08:00:00Z","until":"2026-12-%02dT08:00:00Z","before":[],"after":[{"id":"ana","name":"Ana"}]}`, day, day+1))
	}
	s := serve(t, map[string]string{
		"POST /api/v1/plan": `{"revision":4,"changes":[{"kind":"rosters","name":"web","what":"added"}],"replayed":0,"consequences":{"from":"2026-11-22T09:00:00Z","until":"2027-01-06T09:00:00Z","shifts":[` +
			strings.Join(shifts, ",") + `],"closes":[{"roster":"web","title":"Web","role":"primary","from":"2026-12-01T08:00:00Z","until":"2026-12-30T08:00:00Z","people":[{"id":"ana","name":"Ana"}]}]},"next":null}`,
	})
	status, out, errs := muster(t, s, false, "apply", "--dry-run", "--zone", "America/New_York", file)
	says(t, out, "Web is new, with 29 shifts in this time. It begins with:", "Tue 2026-12-01 03:00 – Wed 2026-12-02 03:00  primary responder: Ana", "Times are those of EST, America/New_York.")
	if strings.Count(out, "primary responder") != 3 || strings.Contains(out, "Gaps that close") || status != 3 || !strings.Contains(s.bodies[1], `"dry_run":true`) {
		t.Errorf("%d %s\n%s", status, errs, out)
	}
	for verb, flags := range map[string]string{"apply": "--dry-run", "plan": "--days-back N", "propose": "--remove KIND/NAME"} {
		if status, out, _ := muster(t, nil, false, "help", verb); status != 0 {
			t.Error(status)
		} else {
			says(t, out, flags)
		}
	}
}

// What might be is told for one round; what was is told as a whole.
func TestWhyStopsAfterOneRound(t *testing.T) {
	step := func(round int, text string) string {
		return fmt.Sprintf(`{"kind":"step","text":%q,"facts":{"round":"%d"}}`, text, round)
	}
	page := func(round int) string { return fmt.Sprintf(`{"user":"ana","name":"Ana","round":%d}`, round) }
	s := serve(t, map[string]string{"GET /api/v1/why": `{"at":"2026-11-22T09:00:00Z","revision":4,"steps":[{"kind":"route","text":"Routed."},` +
		step(1, "Step 1.") + "," + step(1, "Step 2.") + "," + step(2, "Step 1 again.") + "," + step(3, "And again.") + `],"people":[` + page(1) + "," + page(2) + "," + page(3) + `]}`})
	_, out, _ := muster(t, s, false, "why", "shop")
	says(t, out, "Routed.", "Step 2.", "and so on, round after round, until somebody acknowledges: 2 more pages", "People: Ana (at 2026-11-22 10:00 CET,")
	if strings.Contains(out, "again") {
		t.Error(out)
	}
	_, out, _ = muster(t, s, false, "why", "alt_1")
	says(t, out, "Step 1 again.", "And again.")
}

func TestTimesThatAreRefusedNameTheForms(t *testing.T) {
	status, _, errs := muster(t, nil, false, "why", "shop", "next week")
	if status != 2 {
		t.Error(status)
	}
	says(t, errs, `"next week" is not a time`, "2026-12-25T03:00", "tomorrow 03:00", "--tz")
}

func TestShowARosterAndAChange(t *testing.T) {
	s := serve(t, map[string]string{
		"GET /api/v1/rosters/web":   `{"name":"web","title":"Web","revision":3}`,
		"GET /api/v1/oncall":        `{"at":"2026-11-22T09:00:00Z","items":[{"roster":"web","role":"primary","people":[{"id":"ana","name":"Ana"}],"until":"2026-11-23T09:00:00Z"},{"roster":"web","role":"secondary","people":[]}]}`,
		"GET /api/v1/changes/prp_1": `{"id":"prp_1","dangers":["From Monday, nobody.","From Friday, nobody."]}`,
		"GET /api/v1/warnings":      `{"items":[{"roster":"web","title":"Web","kind":"gap","level":"warning","from":"2026-12-24T08:00:00Z","until":"2026-12-25T08:00:00Z","text":"Nobody is on call.","accepted":null}]}`,
	})
	_, out, _ := muster(t, s, false, "show", "rosters", "web")
	says(t, out, "On call now (CET):", "primary responder: Ana until Mon 2026-11-23 10:00", "secondary responder: nobody without end")
	_, out, _ = muster(t, s, false, "change", "show", "prp_1")
	says(t, out, "  From Monday, nobody.\n", "  From Friday, nobody.\n")
	_, out, _ = muster(t, s, true, "warnings", "web")
	says(t, out, "LEVEL", "Nobody is on call.", "2026-12-24 09:00")
}
