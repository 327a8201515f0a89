package mustertest_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/chatop"
	"github.com/muster-oncall/muster/internal/cli"
	"github.com/muster-oncall/muster/internal/mustertest"
)

// lone is the storefront with a policy that pages the primary responder and nobody else.
var lone = strings.Replace(mustertest.Storefront, "  - {targets: [{roster: storefront, role: secondary}], wait: 5m}\n", "", 1)

func shop(people string) string {
	return `
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: first, role: primary, zone: Europe/Berlin, every: 1, unit: day, handoff: "09:00", start: "1999-12-27", people: [` + people + `]}
`
}

// quiet sends some alerts to somebody who cannot be paged.
const quiet = `
kind: policy
name: quiet
title: Quiet
team: storefront
steps: [{targets: [{user: zoe}], wait: 5m}]
---
kind: route
name: tills
order: 1
match: title.contains("till")
policy: quiet
`

// The gate stands in front of every surface: API, command line and chat. (The form of the browser has its own test.)
func TestTheGateStandsInFrontOfEverySurface(t *testing.T) {
	both(t, lone, func(t *testing.T, w *mustertest.World) {
		until(t, "the first two alerts", func() bool { return w.Fire("till one", "major") != "" && w.Fire("till two", "major") != "" })
		w.Fire("cart", "major")
		contact := w.Do("zoe", "GET", "/api/v1/users/zoe/contacts", nil).Want(http.StatusOK).Text("items.0.id")
		w.Do("ana", "DELETE", "/api/v1/contacts/"+contact, nil).Want(http.StatusNoContent)

		// API: a plan, the refusal, the word.
		plan := w.Do("zoe", "POST", "/api/v1/plan", map[string]any{"documents": quiet}).Want(http.StatusOK)
		if plan.JSON("replayed") != 3.0 || plan.JSON("of") != 3.0 || plan.JSON("reach_nobody_count") != 2.0 || plan.JSON("next") != nil || plan.Text("reach_nobody.0.before.0.name") != "Ravi" ||
			plan.Text("reach_nobody.0.title") != "Failures of till two" || !strings.Contains(string(plan.Body), "Zoe has no verified contact method") {
			t.Errorf("%s", plan.Body)
		}
		refused := w.Do("ana", "POST", "/api/v1/apply", map[string]any{"documents": quiet}).Want(http.StatusConflict).Text("detail")
		for _, want := range []string{`"Failures of till two"`, `"Failures of till one"`, "instead of Ravi", `accept: "reaches-nobody"`, "second person"} {
			if !strings.Contains(refused, want) {
				t.Errorf("%q is not said: %s", want, refused)
			}
		}
		etag := w.Do("ravi", "GET", "/api/v1/rosters/storefront", nil).Want(http.StatusOK).Header.Get("ETag")
		put := func(query string) int {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.URL+"/api/v1/rosters/storefront"+query, strings.NewReader(
				`{"name":"storefront","title":"Storefront","team":"storefront","rotations":[{"name":"first","role":"primary","zone":"UTC","every":1,"unit":"day","handoff":"09:00","start":"1999-12-27","people":["ravi","nobody"]}]}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("If-Match", etag)
			req.Header.Set("Authorization", "Bearer "+w.Token("ravi"))
			return w.Send(req).Status
		}
		if a, b := put(""), put("?accept=reaches-nobody"); a != http.StatusConflict || b != http.StatusOK {
			t.Errorf("without the word %d, with it %d", a, b)
		}
		w.Do("ravi", "POST", "/api/v1/apply", map[string]any{"documents": shop("ravi")}).Want(http.StatusOK)

		// Command line.
		server := httptest.NewServer(w.App.Handler)
		defer server.Close()
		file := func(text string) string {
			name := filepath.Join(t.TempDir(), "change.yaml")
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return name
		}
		run := func(as muster.UserName, args ...string) (int, string) {
			var out strings.Builder
			env := map[string]string{"MUSTER_URL": server.URL, "MUSTER_TOKEN": w.Token(as)}
			status := cli.Run(t.Context(), args, cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(k string) string { return env[k] }, Zone: time.UTC})
			return status, out.String()
		}
		half := file(shop("ravi, nobody"))
		if status, out := run("ravi", "plan", half); status != 5 || !strings.Contains(out, "Gaps that open") || !strings.Contains(out, "nobody on call would be paged for Shopping cart") {
			t.Errorf("%d %s", status, out)
		}
		if status, out := run("ravi", "apply", half); status != 5 || !strings.Contains(out, "Gaps that open") || !strings.Contains(out, "Nothing was written") {
			t.Errorf("%d %s", status, out)
		}
		if status, out := run("ravi", "plan", file(shop("ravi, ana"))); status != 0 || !strings.Contains(out, "Ravi → Ana") {
			t.Errorf("%d %s", status, out)
		}
		status, out := run("ravi", "propose", "--why", "we close", half)
		id := ""
		for word := range strings.FieldsSeq(out) {
			if strings.HasPrefix(word, "chg_") {
				id = strings.Trim(word, ".")
			}
		}
		if status != 0 || id == "" {
			t.Fatalf("%d %s", status, out)
		}
		if status, out := run("ravi", "change", "approve", id); status != 5 || !strings.Contains(out, "somebody else has to approve it") {
			t.Errorf("%d %s", status, out)
		}
		if status, out := run("ana", "change", "approve", id, "fine"); status != 0 {
			t.Errorf("%d %s", status, out)
		}
		if status, out := run("zoe", "changes", "--json"); status != 0 || !strings.Contains(out, `"status":"approved"`) {
			t.Errorf("%d %s", status, out)
		}
		if status, out := run("ravi", "apply", "--accept", "reaches-nobody", file(shop("nobody, ravi"))); status != 0 || !strings.Contains(out, "The catalog is at revision") {
			t.Errorf("%d %s", status, out)
		}
		if status, out := run("zoe", "oncall", "--at", "2026-12-25T03:00", "--tz", "Europe/Berlin", "--roster", "storefront"); status != 0 || !strings.Contains(out, "storefront") {
			t.Errorf("%d %s", status, out)
		}

		// Chat: whoever cannot be paged cannot take the pager from everybody else.
		w.Do("ravi", "POST", "/api/v1/apply", map[string]any{"documents": shop("ana")}).Want(http.StatusOK)
		contact = w.Do("ravi", "GET", "/api/v1/users/ravi/contacts", nil).Want(http.StatusOK).Text("items.0.id")
		w.Do("ravi", "DELETE", "/api/v1/contacts/"+contact, nil).Want(http.StatusNoContent)
		chat := chatop.New(append(w.App.Commands.Ops(), w.App.Queries.Ops()...), w.App.Queries.Catalog)
		ravi, err := w.App.Commands.ActorOf("ravi", muster.SurfaceChat)
		if err != nil {
			t.Fatal(err)
		}
		said := chat.Run(t.Context(), ravi, "", "take storefront")
		if said.Err == nil || !strings.Contains(said.Text, "would reach nobody") || !strings.Contains(said.Text, "Ana") {
			t.Errorf("%+v", said)
		}
	})
}

// crew is the storefront with a policy that pages the team: Ravi and Zoe.
var crew = strings.NewReplacer("people: [ravi]", "people: [ana]", "{targets: [{roster: storefront, role: primary}], wait: 5m}", "{targets: [{team: storefront}], wait: 5m}",
	"display: Ravi\nzone: Europe/Berlin\n", "display: Ravi\nzone: Europe/Berlin\nteams: [storefront]\n",
	"display: Zoe\nzone: Europe/Berlin\n", "display: Zoe\nzone: Europe/Berlin\nteams: [storefront]\n").Replace(lone)

// The last of a team who can be paged, when a policy pages it, neither leaves it nor becomes a viewer unseen, on any surface by which
// documents are written.
func TestTheGateGuardsTeamsOnEverySurface(t *testing.T) {
	both(t, crew, func(t *testing.T, w *mustertest.World) {
		contact := w.Do("zoe", "GET", "/api/v1/users/zoe/contacts", nil).Want(http.StatusOK).Text("items.0.id")
		w.Do("ana", "DELETE", "/api/v1/contacts/"+contact, nil).Want(http.StatusNoContent)
		server := httptest.NewServer(w.App.Handler)
		defer server.Close()
		run := func(args ...string) (int, string) {
			var out strings.Builder
			env := map[string]string{"MUSTER_URL": server.URL, "MUSTER_TOKEN": w.Token("ana")}
			status := cli.Run(t.Context(), args, cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(k string) string { return env[k] }, Zone: time.UTC})
			return status, out.String()
		}
		etag := w.Do("ana", "GET", "/api/v1/users/ravi", nil).Want(http.StatusOK).Header.Get("ETag")
		for _, more := range []string{"", "teams: [storefront]\naccess: viewer\n"} {
			text := "kind: user\nname: ravi\ndisplay: Ravi\nzone: Europe/Berlin\n" + more
			for _, body := range []map[string]any{{"documents": text}, {"documents": text, "dry_run": true}} {
				if said := w.Do("ana", "POST", "/api/v1/apply", body).Want(http.StatusConflict).Text("detail"); !strings.Contains(said, "Shopping cart") || !strings.Contains(said, "Ravi would be") {
					t.Errorf("%v: %s", body, said)
				}
			}
			doc := `{"name":"ravi","display":"Ravi","zone":"Europe/Berlin"}`
			if more != "" {
				doc = `{"name":"ravi","display":"Ravi","zone":"Europe/Berlin","teams":["storefront"],"access":"viewer"}`
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.URL+"/api/v1/users/ravi", strings.NewReader(doc))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("If-Match", etag)
			req.Header.Set("Authorization", "Bearer "+w.Token("ana"))
			w.Send(req).Want(http.StatusConflict)
			file := filepath.Join(t.TempDir(), "change.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, verb := range []string{"plan", "apply"} {
				if status, out := run(verb, file); status != 5 || !strings.Contains(out, "nobody on call would be paged for Shopping cart") {
					t.Errorf("%s: %d %s", verb, status, out)
				}
			}
			if dangers := w.Do("ana", "POST", "/api/v1/changes", map[string]any{"documents": text}).Want(http.StatusCreated).Text("dangers.0"); !strings.Contains(dangers, "Shopping cart") {
				t.Errorf("the second person is told %q", dangers)
			}
		}
		if now := w.Do("ana", "GET", "/api/v1/users/ravi", nil).Want(http.StatusOK).Header.Get("ETag"); now != etag {
			t.Error("something was written")
		}
	})
}

// What was is explained as it was, however often the roster is edited since.
func TestWhyOfLastWeekAfterTwoEdits(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		alert := w.Fire("cart", "critical")
		pass(6 * time.Minute)
		w.Do("ravi", "POST", "/api/v1/alerts/"+alert+"/resolve", map[string]any{}).Want(http.StatusOK)
		page := w.Do("ravi", "GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK).Text("pages.0.id")
		pass(7 * 24 * time.Hour)
		ask := func() (out string) {
			for _, path := range []string{"/why?service=" + page, "/why?service=" + alert, "/pages/" + page + "/why"} {
				out += string(w.Do("zoe", "GET", "/api/v1"+path, nil).Want(http.StatusOK).Body)
			}
			return out
		}
		before := ask()
		for _, people := range []string{"ana, ravi", "ana"} {
			w.Do("ravi", "POST", "/api/v1/apply", map[string]any{"documents": shop(people)}).Want(http.StatusOK)
		}
		if after := ask(); after != before || !strings.Contains(after, "Ravi") {
			t.Errorf("it was\n%s\nand is\n%s", before, after)
		}
	})
}
