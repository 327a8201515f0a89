package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
)

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		words                    []string
	}{
		{"nobody", "GET", "/api/v1/alerts", "", []string{"Authorization", ""}, 401, []string{"unauthenticated"}},
		{"a wrong key", "GET", "/api/v1/alerts", "", []string{"Authorization", "Bearer nope"}, 401, nil},
		{"an intake key is no person", "GET", "/api/v1/alerts", "", []string{"Authorization", "Bearer " + w.key}, 401, nil},
		{"a viewer declares", "POST", "/api/v1/incidents", `{"title":"x"}`, []string{"Authorization", "Bearer " + w.viewer}, 403, []string{"responder"}},
		{"bad JSON", "POST", "/api/v1/incidents", `{"title":`, nil, 400, []string{"line 1"}},
		{"a key twice", "POST", "/api/v1/incidents", `{"title":"a","title":"b"}`, nil, 400, []string{"twice"}},
		{"not UTF-8", "POST", "/api/v1/incidents", "{\"title\":\"\xff\"}", nil, 400, nil},
		{"too deep", "POST", "/api/v1/incidents", deep, nil, 400, nil},
		{"an unknown field", "POST", "/api/v1/incidents", `{"titel":"a"}`, nil, 422, []string{`"path":"titel"`, "did you mean title?"}},
		{"a field of the path in the body", "POST", "/api/v1/alerts/alt_1/acknowledge", `{"alert":"alt_2"}`, nil, 422, []string{`"path":"alert"`}},
		{"a wrong type", "POST", "/api/v1/incidents", `{"title":7}`, nil, 422, []string{`"path":"title"`, "must be a text"}},
		{"not an object", "POST", "/api/v1/incidents", `null`, nil, 422, nil},
		{"too large", "POST", "/api/v1/incidents", `{"title":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, nil},
		{"an unknown parameter", "GET", "/api/v1/alerts?stauts=open", "", nil, 422, []string{"did you mean status?"}},
		{"a wrong parameter", "GET", "/api/v1/alerts?limit=many", "", nil, 422, []string{`"path":"limit"`, "whole number"}},
		{"a limit too high", "GET", "/api/v1/alerts?limit=201", "", nil, 422, nil},
		{"another method", "PUT", "/api/v1/alerts", "", nil, 405, []string{"GET"}},
		{"nothing there", "GET", "/api/v1/alertz/x/y/z", "", nil, 404, []string{"alerts"}},
		{"no such alert", "GET", "/api/v1/alerts/alt_00000000000000000000000000000000", "", nil, 404, nil},
		{"no such kind", "GET", "/api/v1/rostres", "", nil, 404, []string{"did you mean rosters?"}},
		{"no such format", "POST", "/in/" + w.key + "/azure-monitr", "{}", nil, 404, []string{"did you mean azure-monitor?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			want(t, w.do(c.method, c.path, c.body, c.headers...), c.status, c.words...)
		})
	}
}

func TestIncidentByREST(t *testing.T) {
	w := newWorld(t)
	rec := w.do("POST", "/api/v1/incidents", `{"title":"Checkout is slow","severity":"SEV2"}`)
	want(t, rec, 201, `"key":"INC-1"`, `"status":"open"`)
	id, ok := object(t, rec)["id"].(string)
	if !ok || rec.Header().Get("Location") != "/api/v1/incidents/"+id {
		t.Errorf("Location %q", rec.Header().Get("Location"))
	}
	want(t, w.do("GET", "/api/v1/incidents/INC-1", ""), 200, "Checkout is slow")
	want(t, w.do("GET", "/api/v1/incidents/"+id, ""), 200, "Checkout is slow")
	want(t, w.do("POST", "/api/v1/incidents/INC-1/updates", `{"known":"It is slow."}`), 422, "next_update_by")
	want(t, w.do("POST", "/api/v1/incidents/INC-1/updates", `{"known":"It is slow.","in":"30m","audience":"public"}`), 201, `"next_update_by":"`)
	want(t, w.do("POST", "/api/v1/incidents/INC-1/seen", ""), 204)
	want(t, w.do("POST", "/api/v1/incidents/INC-1/resolve", `{}`), 200, `"status":"resolved"`)
	want(t, w.do("POST", "/api/v1/incidents/INC-1/resolve", ``), 200, `"status":"resolved"`)
	rec = w.do("POST", "/api/v1/incidents/INC-1/review", "")
	want(t, rec, 201)
	review, _ := object(t, rec)["id"].(string)
	again := w.do("POST", "/api/v1/incidents/INC-1/review", "")
	if want(t, again, 200); again.Body.String() != rec.Body.String() || again.Header().Get("Location") != "" {
		t.Errorf("the review that is there already is answered %v %s", again.Header(), again.Body)
	}
	rec = w.do("GET", "/api/v1/reviews/"+review, "")
	tag := rec.Header().Get("ETag")
	if want(t, rec, 200); tag == "" {
		t.Fatal("a review has no ETag")
	}
	want(t, w.do("GET", "/api/v1/reviews/"+review, "", "If-None-Match", tag), 304)
	want(t, w.do("POST", "/api/v1/reviews/"+review+"/text", `{"summary":"It was slow."}`, "If-Match", tag), 200, "It was slow.")
	if rec = w.do("POST", "/api/v1/reviews/"+review+"/text", `{"summary":"Other."}`, "If-Match", tag); rec.Code != 412 && rec.Code != 409 {
		t.Errorf("an old version was taken: %d %s", rec.Code, rec.Body)
	}
}

// Two people press "Declare" on one alert: there is one incident, and only the first is told that it was made.
func TestAnAlertIsDeclaredOnce(t *testing.T) {
	w := newWorld(t)
	want(t, w.do("POST", "/in/"+w.key+"/generic", `{"title":"Carts are empty"}`), 202)
	var list struct{ Items []muster.Alert }
	must(t, json.Unmarshal(w.do("GET", "/api/v1/alerts", "").Body.Bytes(), &list))
	body := `{"alert":"` + string(list.Items[0].ID) + `"}`
	first := w.do("POST", "/api/v1/incidents", body)
	want(t, first, 201, `"key":"INC-1"`, "Carts are empty")
	again := w.do("POST", "/api/v1/incidents", body)
	want(t, again, 200, `"key":"INC-1"`)
	if a, b := object(t, first), object(t, again); len(a) != len(b) || b["created"] != nil || again.Header().Get("Location") != "" {
		t.Errorf("answered first %v, then %v", a, b)
	}
	want(t, w.do("POST", "/api/v1/incidents", `{"title":"Carts are empty"}`), 201, `"key":"INC-2"`)
}

func TestDocuments(t *testing.T) {
	w := newWorld(t)
	team := `{"name":"search","title":"Search","owners":["ana"]}`
	want(t, w.do("PUT", "/api/v1/teams/search", team), 412, "If-None-Match")
	rec := w.do("PUT", "/api/v1/teams/search?why=new", team, "If-None-Match", "*")
	want(t, rec, 201, `"title":"Search"`, `"revision":`)
	want(t, w.do("PUT", "/api/v1/teams/search", team, "If-None-Match", "*"), 412)
	rec = w.do("GET", "/api/v1/teams/search", "")
	want(t, rec, 200, `"name":"search"`)
	tag, got := rec.Header().Get("ETag"), rec.Body.String()
	if tag == "" {
		t.Fatal("a document has no ETag")
	}
	want(t, w.do("GET", "/api/v1/teams/search", "", "If-None-Match", tag), 304)
	// What was read can be changed and sent back as it is.
	changed := strings.Replace(got, `"Search"`, `"Search and find"`, 1)
	rec = w.do("PUT", "/api/v1/teams/search", changed, "If-Match", tag, "Muster-Why", "a better title")
	want(t, rec, 200, "Search and find")
	if rec.Header().Get("ETag") == tag {
		t.Error("the ETag is the old one")
	}
	want(t, w.do("PUT", "/api/v1/teams/search", changed, "If-Match", tag), 412, "was changed since")
	want(t, w.do("GET", "/api/v1/teams/search/revisions", ""), 200, "a better title", `"why":"new"`)
	want(t, w.do("PUT", "/api/v1/teams/search", `{"name":"search","title":"x","ownrs":["ana"]}`, "If-Match", "*"), 422, "owners")
	want(t, w.do("PUT", "/api/v1/teams/search", `{"name":"search","title":"x","title":"y"}`, "If-Match", "*"), 400)
	want(t, w.do("PUT", "/api/v1/teams/search", `[]`, "If-Match", "*"), 422)
	want(t, w.do("PUT", "/api/v1/teams/other", changed, "If-Match", "*"), 422, "name")
	want(t, w.do("DELETE", "/api/v1/teams/search", ""), 412)
	want(t, w.do("DELETE", "/api/v1/teams/search?why=gone", "", "If-Match", "*"), 204)
	want(t, w.do("GET", "/api/v1/teams/search", ""), 404)
	want(t, w.do("GET", "/api/v1/export", ""), 200, "kind: user")
	want(t, w.do("GET", "/api/v1/export", "", "Accept", "application/json"), 200, `"yaml":`)
}

func TestListsHaveALinkToTheNextPage(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		want(t, w.do("POST", "/api/v1/incidents", `{"title":"One of three"}`), 201)
	}
	rec := w.do("GET", "/api/v1/incidents?limit=2&status=open", "")
	want(t, rec, 200, "INC-3", "INC-2")
	link := rec.Header().Get("Link")
	path, rest, ok := strings.Cut(strings.TrimPrefix(link, "<"), ">")
	if !ok || !strings.Contains(rest, `rel="next"`) || !strings.Contains(path, "status=open") {
		t.Fatalf("Link: %s", link)
	}
	rec = w.do("GET", path, "")
	want(t, rec, 200, "INC-1", `"next":null`)
	if rec.Header().Get("Link") != "" {
		t.Error("the last page has a next one")
	}
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	one := w.do("POST", "/api/v1/incidents", `{"title":"Once"}`, "Idempotency-Key", "k1")
	want(t, one, 201, "INC-1")
	two := w.do("POST", "/api/v1/incidents", `{"title":"Once"}`, "Idempotency-Key", "k1")
	want(t, two, 201, "INC-1")
	if one.Body.String() != two.Body.String() || two.Header().Get("Idempotent-Replayed") != "true" {
		t.Error("the second answer is another one")
	}
	want(t, w.do("POST", "/api/v1/incidents", `{"title":"Twice"}`, "Idempotency-Key", "k1"), 422, "Idempotency-Key")
	want(t, w.do("POST", "/api/v1/incidents", `{"title":"Twice"}`, "Idempotency-Key", "k2"), 201, "INC-2")
	// A new token is shown once, to whoever made it, and is not kept for a repetition.
	key := w.do("POST", "/api/v1/keys", `{"name":"x"}`, "Idempotency-Key", "k3")
	want(t, key, 201, `"token":`)
	if again := w.do("POST", "/api/v1/keys", `{"name":"x"}`, "Idempotency-Key", "k3"); again.Body.String() == key.Body.String() {
		t.Error("a token was remembered")
	}
}

func TestCookiesNeedOurOwnPages(t *testing.T) {
	w := newWorld(t)
	cookie := []string{"Authorization", "", "Cookie", "muster=" + w.session}
	want(t, w.do("GET", "/api/v1/alerts", "", append(cookie, "Sec-Fetch-Site", "cross-site")...), 200)
	body := `{"title":"By cookie"}`
	want(t, w.do("POST", "/api/v1/incidents", body, append(cookie, "Sec-Fetch-Site", "cross-site")...), 403, "Another site")
	want(t, w.do("POST", "/api/v1/incidents", body, append(cookie, "Origin", "https://evil.example")...), 403)
	want(t, w.do("POST", "/api/v1/incidents", body, append(cookie, "Sec-Fetch-Site", "same-origin")...), 201, `"surface":"web"`)
	want(t, w.do("POST", "/api/v1/incidents", body, append(cookie, "Origin", "https://muster.example")...), 201)
	want(t, w.do("POST", "/api/v1/incidents", body, "User-Agent", "muster-cli/1"), 201, `"surface":"cli"`)
}

func TestProbes(t *testing.T) {
	w := newWorld(t)
	for _, p := range []string{"/livez", "/readyz"} {
		if rec := w.do("GET", p, "", "Authorization", ""); rec.Code != http.StatusOK {
			t.Errorf("%s: %d", p, rec.Code)
		}
	}
	want(t, w.do("GET", "/metrics", "", "Authorization", ""), 401)
	want(t, w.do("POST", "/in/"+w.key+"/generic", `{"title":"x"}`), 202)
	want(t, w.do("GET", "/metrics", ""), 200, `muster_intake_signals_total{outcome="opened"} 1`, "muster_intake_request_seconds")
}

// The right of each operation is asked for at the door, and by the operation itself.
func TestEachOperationRefusesWhoHasTooLittle(t *testing.T) {
	w := newWorld(t)
	for _, op := range append(w.commands.Ops(), w.queries.Ops()...) {
		path := "/api/v1" + op.Path
		for strings.Contains(path, "{") {
			from, to := strings.Index(path, "{"), strings.Index(path, "}")
			path = path[:from] + "x" + path[to+1:]
		}
		want(t, w.do(op.Method, path, "", "Authorization", ""), 401)
		if !muster.AccessViewer.AtLeast(op.Access) {
			want(t, w.do(op.Method, path, "", "Authorization", "Bearer "+w.viewer), 403, string(op.Access))
		}
	}
}
