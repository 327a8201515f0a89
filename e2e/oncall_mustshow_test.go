package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// muster runs the command line against the demo: what it printed, what it complained about, and its exit status.
func (d *Demo) muster(args ...string) (stdout, stderr string, status int) {
	d.Client.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv(binaryEnv), args...)
	cmd.Env = append(os.Environ(), "MUSTER_URL="+d.URL, "MUSTER_TOKEN="+d.Line.AdminToken, "TZ=UTC")
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), complaints.String(), exit.ExitCode()
	}
	if err != nil {
		d.Client.t.Fatalf("muster %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), complaints.String(), 0
}

// on asks who holds a role of a roster at a moment.
func (d *Demo) on(roster, role string, at time.Time) duty {
	d.Client.t.Helper()
	q := url.Values{"roster": {roster}, "at": {at.UTC().Format(time.RFC3339)}}
	var out struct{ Items []duty }
	if err := json.Unmarshal(d.Do("GET", "/api/v1/oncall?"+q.Encode(), nil).Want(http.StatusOK).Body, &out); err != nil {
		d.Client.t.Fatal(err)
	}
	i := slices.IndexFunc(out.Items, func(x duty) bool { return x.Role == role })
	if i < 0 {
		d.Client.t.Fatalf("nobody says who is %s of %s", role, roster)
	}
	return out.Items[i]
}

type duty struct {
	Role         string
	People       []struct{ ID, Name string }
	Since, Until time.Time
}

func (x duty) who() string {
	if len(x.People) == 0 {
		return ""
	}
	return x.People[0].ID
}

// roster is a roster's document, to be edited.
func (d *Demo) roster(name string) map[string]any {
	d.Client.t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(d.Do("GET", "/api/v1/rosters/"+name, nil).Want(http.StatusOK).Body, &doc); err != nil {
		d.Client.t.Fatal(err)
	}
	delete(doc, "revision") // it is about the document
	doc["kind"] = "roster"
	return doc
}

// turns are the rotations of a roster's document.
func turns(doc map[string]any) (out []map[string]any) {
	list, _ := doc["rotations"].([]any)
	for _, r := range list {
		if m, ok := r.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestEveryVectorThroughTheAPI sends the shared cases to the door that anybody may use to check our arithmetic.
func TestEveryVectorThroughTheAPI(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	raw, err := os.ReadFile("../internal/rota/testdata/dst_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			ID, Kind string
			Input    map[string]any
			Expect   map[string]any
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 65 {
		t.Fatalf("the file has %d cases", len(file.Cases))
	}
	asked := make([]map[string]any, len(file.Cases))
	for i, c := range file.Cases {
		asked[i] = map[string]any{"id": c.ID, "kind": c.Kind, "input": c.Input}
	}
	var out struct {
		Results []struct {
			ID  string
			Got map[string]any
		}
	}
	answer := d.Do("POST", "/api/v1/rota/resolve", map[string]any{"cases": asked}).Want(http.StatusOK)
	if err := json.Unmarshal(answer.Body, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Results) != len(file.Cases) {
		t.Fatalf("%d results of %d cases", len(out.Results), len(file.Cases))
	}
	for i, c := range file.Cases {
		for k := range c.Expect {
			if strings.HasPrefix(k, "go_") {
				delete(c.Expect, k)
			}
		}
		if got := out.Results[i]; got.ID != c.ID || !reflect.DeepEqual(got.Got, c.Expect) {
			t.Errorf("%s: got %v, want %v", c.ID, got.Got, c.Expect)
		}
	}
}

// TestAYearThatFollowsTheSun walks through a year of the demo's roster of three zones, hand-over by hand-over, as a program
// reads it: over the changes of the clocks in Europe and in America, which are not on the same day.
func TestAYearThatFollowsTheSun(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	asia, america := zoneOf(t, "Asia/Singapore"), zoneOf(t, "America/Los_Angeles")
	home := map[string]*time.Location{
		"ravi": zoneOf(t, "Europe/Berlin"), "tom": zoneOf(t, "Europe/Berlin"), "ana": america, "mia": america, "leo": asia, "chen": asia,
	}
	from := time.Date(time.Now().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	offsets, handovers := map[string]bool{}, 0
	for at := from; at.Before(from.AddDate(1, 0, 0)); {
		x := d.on("accounts", "primary", at)
		zone := home[x.who()]
		if len(x.People) != 1 || zone == nil {
			t.Fatalf("at %s it is %v", at, x.People)
		}
		if !x.Until.After(at) || x.Since.After(at) {
			t.Fatalf("at %s: from %s until %s", at, x.Since, x.Until)
		}
		// Each hand-over is at the same o'clock of its place, all the year: Singapore at 8 and at 16, Los Angeles at 8.
		want, clock := "08:00", zone
		if zone != asia && zone != america {
			want, clock = "16:00", asia
		}
		if got := x.Since.In(clock).Format("15:04"); got != want {
			t.Errorf("%s takes over at %s in %s, not at %s: %s", x.who(), got, clock, want, x.Since)
		}
		for _, end := range []time.Time{x.Since, x.Until.Add(-time.Minute)} {
			if h := end.In(zone).Hour(); h < 8 || h >= 18 {
				t.Errorf("%s has the pager at %s", x.who(), end.In(zone))
			}
		}
		offsets[x.Since.In(america).Format("-0700")+x.Since.In(home["ravi"]).Format("-0700")] = true
		at, handovers = x.Until, handovers+1
	}
	days := int(from.AddDate(1, 0, 0).Sub(from).Hours() / 24)
	if handovers < 3*days || handovers > 3*days+1 {
		t.Errorf("%d hand-overs in %d days", handovers, days)
	}
	if len(offsets) != 4-1 { // winter, summer, and the weeks in which America is ahead; in autumn it follows
		t.Errorf("the walk saw the offsets %v", offsets)
	}
}

// TestASwapSurvivesAChangeOfTheRotation swaps a shift, then moves the hand-off from nine to ten.
func TestASwapSurvivesAChangeOfTheRotation(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	x := d.on("payments", "primary", time.Now().AddDate(0, 0, 9))
	d.Do("POST", "/api/v1/rosters/payments/arrangements", map[string]any{
		"person": x.who(), "to": "mia", "at": x.Since.Format(time.RFC3339), "why": "a wedding",
	}).Want(http.StatusCreated, `"status":"accepted"`)
	check := func(when string, hour int) {
		t.Helper()
		begins := x.Since.Add(time.Duration(hour-9) * time.Hour)
		got := d.on("payments", "primary", begins)
		if got.who() != "mia" || !got.Since.Equal(begins) || !got.Until.Equal(x.Until.Add(time.Duration(hour-9)*time.Hour)) {
			t.Errorf("%s: %s has it from %s until %s", when, got.who(), got.Since, got.Until)
		}
		if before := d.on("payments", "primary", begins.Add(-time.Minute)); before.who() == "mia" || before.who() == x.who() {
			t.Errorf("%s: a minute before it is %s", when, before.who())
		}
	}
	check("swapped", 9)
	doc := d.roster("payments")
	for _, r := range turns(doc) {
		if r["role"] != "shadow" {
			r["handoff"] = "10:00"
		}
	}
	d.apply(http.StatusOK, doc)
	check("after the hand-off moved to ten", 10)
}

// TestWhyOfLastWeekStays explains a page of last week, edits the roster twice, and explains it again.
func TestWhyOfLastWeekStays(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	newest := d.Do("GET", "/api/v1/pages", nil).Want(http.StatusOK)
	page, alert := newest.Text("items.0.id"), newest.Text("items.0.alert")
	if page == "" {
		t.Fatal("the demo has no page of the past")
	}
	read := func(path string) (string, []any, []any) {
		r := d.Do("GET", path, nil).Want(http.StatusOK)
		people, _ := r.JSON("people").([]any)
		steps, _ := r.JSON("steps").([]any)
		return r.Text("people.0.id"), people, steps
	}
	who, people, steps := read("/api/v1/alerts/" + alert + "/why")
	_, pagePeople, pageSteps := read("/api/v1/pages/" + page + "/why")
	said, _, status := d.muster("why", page)
	if who == "" || status != 0 || !strings.Contains(said, "It is the turn of") {
		t.Fatalf("muster why says, with status %d: %s", status, said)
	}

	doc := d.roster("accounts")
	for _, r := range turns(doc) { // other people first
		if list, ok := r["people"].([]any); ok {
			slices.Reverse(list)
		}
	}
	d.apply(http.StatusOK, doc)
	doc = d.roster("accounts")
	doc["title"] = "Accounts, by America alone"
	list := turns(doc)[:0]
	for _, r := range turns(doc) {
		if strings.HasPrefix(fmt.Sprint(r["name"]), "america") {
			delete(r, "hours")
			r["kind"] = "24x7"
			list = append(list, r)
		}
	}
	doc["rotations"] = list
	d.apply(http.StatusOK, doc)

	again, _, _ := d.muster("why", page)
	if again != said {
		t.Errorf("after two edits muster why says otherwise:\n%s\nbefore:\n%s", again, said)
	}
	if w, p, s := read("/api/v1/alerts/" + alert + "/why"); w != who || !reflect.DeepEqual(p, people) || !reflect.DeepEqual(s, steps) {
		t.Errorf("after two edits the alert is explained by %v %v, before by %v %v", p, s, people, steps)
	}
	if _, p, s := read("/api/v1/pages/" + page + "/why"); !reflect.DeepEqual(p, pagePeople) || !reflect.DeepEqual(s, pageSteps) {
		t.Errorf("after two edits the page is explained by %v %v, before by %v %v", p, s, pagePeople, pageSteps)
	}
}

// TestAPlanThatReachesNobody plans that nobody buys at night: two pages of the last 90 days would have reached nobody.
func TestAPlanThatReachesNobody(t *testing.T) {
	d := StartDemo(t, t.TempDir())
	doc := d.roster("payments")
	for _, r := range turns(doc) {
		if r["role"] != "shadow" {
			r["hours"] = []any{map[string]any{"days": []string{"mon", "tue", "wed", "thu", "fri"}, "from": "07:00", "to": "22:00"}}
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "payments.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	before := d.Do("GET", "/api/v1/rosters/payments", nil).Want(http.StatusOK).Body

	out, complaint, status := d.muster("plan", file)
	if status == 0 || !strings.Contains(complaint, "reach nobody") {
		t.Errorf("the plan ended with status %d: %s", status, complaint)
	}
	for _, want := range []string{"~ rosters/payments", "shifts change hands", "Gaps that open", "Hours on call", "2 nobody", "Every third card is declined", "No payment went through for ten minutes", "This would reach nobody"} {
		if !strings.Contains(out, want) {
			t.Errorf("the plan does not say %q:\n%s", want, out)
		}
	}
	if _, complaint, status = d.muster("apply", file); status == 0 || !strings.Contains(complaint, "Nothing was written") {
		t.Errorf("apply ended with status %d: %s", status, complaint)
	}
	if after := d.Do("GET", "/api/v1/rosters/payments", nil).Want(http.StatusOK).Body; !bytes.Equal(before, after) {
		t.Errorf("what was refused changed the roster: %s", after)
	}
	if out, complaint, status = d.muster("apply", "--accept", "reaches-nobody", "--why", "the shop is closed at night", file); status != 0 || !strings.Contains(out, "rosters/payments changed") {
		t.Errorf("with the word it ended with status %d: %s%s", status, out, complaint)
	}
	d.Do("GET", "/api/v1/rosters/payments/revisions", nil).Want(http.StatusOK, "accepted: reaches-nobody", "Ana Rossi")
}

// TestBrowserWhoHasChristmas watches the demo's second scene to its end: an innocent edit, and the gate.
func TestBrowserWhoHasChristmas(t *testing.T) {
	d, b := StartGuidedDemo(t), NewBrowser(t)
	tab := b.Tab(d.Line.URL)
	tab.SignIn(d.Line.AdminToken)
	tab.Until("the play to begin", `location.pathname.startsWith("/a/alt_")`)
	tab.Click(".guide .scenes summary")
	tab.Sees(`.guide .scenes form[action="/guide/christmas"]`, "Scene: Who has Christmas?")
	tab.Click(`.guide .scenes form[action="/guide/christmas"] button`)
	tab.Sees(".guide .said", "Payments fail on Christmas night")

	tab.step("Who has Christmas?", "the turn is from")
	tab.Until("the time machine", `location.pathname === "/oncall" && new URLSearchParams(location.search).get("roster") === "payments"`)
	tab.Sees("main", "Payments", "Checkout")
	tab.Inspect("Christmas 1: the time machine", looks...)

	tab.step("“Nobody buys at night”", "An innocent edit, planned and not saved")
	tab.Until("the plan", `location.pathname.startsWith("/changes/chg_")`)
	tab.Sees(".guide .said", "2 nobody")
	tab.Sees("main", "Nobody buys at night", "Reaches nobody", "Every third card is declined", "No payment went through for ten minutes", "Hours on call", "stretches change hands", "gaps open", "Noor Haddad", "Tom Becker")
	tab.Inspect("Christmas 2: the plan", looks...)

	before := d.Do("GET", "/api/v1/rosters/payments", nil).Want(http.StatusOK).Body
	tab.step("Save it", "The gate refuses, and nothing was written. This change would reach nobody.")
	if after := d.Do("GET", "/api/v1/rosters/payments", nil).Want(http.StatusOK).Body; !bytes.Equal(before, after) {
		t.Errorf("what the gate refused changed the roster: %s", after)
	}

	tab.step("Ask for cover instead", "The edit is taken back.")
	tab.Until("the lanes with the request", `location.pathname === "/oncall"`)
	d.Do("GET", "/api/v1/changes", nil).Want(http.StatusOK, `"status":"rejected"`)
	d.Do("GET", "/api/v1/swaps", nil).Want(http.StatusOK, `"status":"open"`)
	tab.Inspect("Christmas 4: the request", looks...)

	tab.step("Leo accepts", "went through the same gate, and passed")
	d.Do("GET", "/api/v1/swaps", nil).Want(http.StatusOK, `"status":"accepted"`)
	tab.step("Who has Christmas now?", "Leo Okafor has Christmas night now")
	tab.Sees("main", "Leo Okafor")
	tab.Inspect("Christmas 6: the time machine again", looks...)
	berlin := zoneOf(t, "Europe/Berlin")
	year := time.Now().In(berlin)
	if year.Month() == time.December && year.Day() >= 24 {
		year = year.AddDate(1, 0, 0)
	}
	night := time.Date(year.Year(), 12, 25, 3, 0, 0, 0, berlin)
	if x := d.on("payments", "primary", night); x.who() != "leo" {
		t.Errorf("on Christmas night it is %s", x.who())
	}
	if x := d.on("payments", "primary", night.Add(7*time.Hour)); x.who() == "leo" || x.who() == "" {
		t.Errorf("on Christmas morning it is %q", x.who())
	}

	tab.step("Who carried what?", "The ledger counts hours")
	tab.Until("the ledger", `location.pathname === "/oncall/fairness"`)
	tab.Sees("main", "Noor Haddad", "Tom Becker", "Leo Okafor")
	tab.Inspect("Christmas 7: the ledger", looks...)
	if Eval[bool](tab, `!!document.querySelector(".guide .go button")`) {
		t.Error("the strip has a button after the last step")
	}
	tab.Look(looks[0])
	tab.Click(".guide .shut")
	tab.Sees(".guide .said", "Azure Monitor reported") // the play goes on where it was
	if Eval[bool](tab, `!!document.querySelector('.guide form[action="/guide/christmas"]')`) {
		t.Error("a scene that was played is offered again")
	}
	tab.Clean("Christmas")
}
