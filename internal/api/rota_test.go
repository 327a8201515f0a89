package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The file of public vectors goes through the API as it is, what it expects included.
func TestVectorsByREST(t *testing.T) {
	w := newWorld(t)
	b, err := os.ReadFile("../rota/testdata/dst_vectors.json")
	must(t, err)
	var file struct {
		Cases []map[string]any `json:"cases"`
	}
	must(t, json.Unmarshal(b, &file))
	body, err := json.Marshal(map[string]any{"cases": file.Cases})
	must(t, err)
	res := w.do("POST", "/api/v1/rota/resolve", string(body), "Authorization", "Bearer "+w.viewer)
	if res.Code != http.StatusOK {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	var out struct {
		Results []struct {
			ID  string         `json:"id"`
			Got map[string]any `json:"got"`
		} `json:"results"`
		TZData string `json:"tzdata"`
	}
	must(t, json.Unmarshal(res.Body.Bytes(), &out))
	if len(out.Results) != len(file.Cases) || len(out.Results) < 65 || out.TZData == "" {
		t.Fatalf("%d of %d cases, zone data %q", len(out.Results), len(file.Cases), out.TZData)
	}
	for i, c := range file.Cases {
		want, ok := c["expect"].(map[string]any)
		if !ok || out.Results[i].ID != c["id"] {
			t.Fatalf("%v became %s", c["id"], out.Results[i].ID)
		}
		for k := range want {
			if strings.HasPrefix(k, "go_") {
				delete(want, k)
			}
		}
		if !reflect.DeepEqual(out.Results[i].Got, want) {
			t.Errorf("%s: got %v, want %v", out.Results[i].ID, out.Results[i].Got, want)
		}
	}
}

func TestCasesThatCannotBeAnswered(t *testing.T) {
	w := newWorld(t)
	many := strings.TrimSuffix(strings.Repeat(`{"id":"x","kind":"zone_name","input":{"zone":"UTC"}},`, 1001), ",")
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"unknown kind":  {`{"cases":[{"id":"a","kind":"zone_name","input":{"zone":"UTC"}},{"id":"b","kind":"moon","input":{}}]}`, 422, `cases[1].kind`},
		"too many":      {`{"cases":[` + many + `]}`, 422, "at most 1000"},
		"no length":     {`{"cases":[{"id":"a","kind":"rotation","input":{"unit":"day","every":0,"participants":["a"],"start_local":"2026-01-01T00:00","zone":"UTC","window":["2026-01-01T00:00:00Z","2026-01-02T00:00:00Z"]}}]}`, 422, "every"},
		"no window":     {`{"cases":[{"id":"a","kind":"rotation","input":{"unit":"day","every":1,"participants":["a"],"start_local":"2026-01-01T00:00","zone":"UTC"}}]}`, 422, "input.window"},
		"a century":     {`{"cases":[{"id":"a","kind":"rotation","input":{"unit":"hour","every":1,"participants":["a"],"start_local":"2026-01-01T00:00","zone":"UTC","window":["2026-01-01T00:00:00Z","2126-01-02T00:00:00Z"]}}]}`, 422, "shorter"},
		"wrong types":   {`{"cases":[{"id":"a","kind":"rotation","input":{"every":"often"}}]}`, 422, "input"},
		"not a list":    {`{"cases":{}}`, 422, "cases"},
		"a zone of ads": {`{"cases":[{"id":"a","kind":"resolve_local","input":{"local":"2026-01-01T00:00","zone":"Local"}}]}`, 422, "input.zone"},
	} {
		t.Run(name, func(t *testing.T) {
			if res := w.do("POST", "/api/v1/rota/resolve", c.body, "Authorization", "Bearer "+w.admin); res.Code != c.status || !strings.Contains(res.Body.String(), c.want) {
				t.Errorf("%d %s", res.Code, fmt.Sprintf("%.300s", res.Body))
			}
		})
	}
}
