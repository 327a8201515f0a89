package api_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/muster-oncall/muster"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestDescription(t *testing.T) {
	w := newWorld(t)
	rec := w.do("GET", "/api/openapi.json", "", "Authorization", "")
	want(t, rec, 200)
	doc, err := openapi3.NewLoader().LoadFromData(rec.Body.Bytes())
	must(t, err)
	must(t, doc.Validate(t.Context()))
	want(t, w.do("GET", "/api/openapi.json", "", "Authorization", "", "If-None-Match", rec.Header().Get("ETag")), 304)

	var paths struct {
		Paths map[string]map[string]struct {
			OperationID string                     `json:"operationId"`
			Responses   map[string]json.RawMessage `json:"responses"`
		} `json:"paths"`
	}
	must(t, json.Unmarshal(rec.Body.Bytes(), &paths))
	for _, op := range append(w.commands.Ops(), w.queries.Ops()...) {
		d := paths.Paths["/api/v1"+op.Path][strings.ToLower(op.Method)]
		if d.OperationID != op.Name {
			t.Errorf("%s %s is described as %q, not as %s", op.Method, op.Path, d.OperationID, op.Name)
		}
		for _, status := range []string{fmt.Sprint(op.Status), "400", "401", "403", "422", "503"} {
			if d.Responses[status] == nil {
				t.Errorf("%s: the answer %s is not described", op.Name, status)
			}
		}
	}
	for _, door := range []string{"/in/{key}/azure-monitor", "/in/{key}/api/v2/alerts", "/chat/teams/{connector}/webhook"} {
		if paths.Paths[door] == nil {
			t.Errorf("%s is not described", door)
		}
	}
	docs := w.do("GET", "/api/docs", "", "Authorization", "")
	want(t, docs, 200, "AckAlert", "/api/v1/incidents/{incident}/updates", "muster ack")
	for _, no := range []string{"<script", "style=", "<style", "http://", "https://"} {
		if strings.Contains(docs.Body.String(), no) {
			t.Errorf("the docs page holds %s", no)
		}
	}
}

// Every operation, where it is offered and who may do it: a new one is seen in review.
func TestOperationsGolden(t *testing.T) {
	w := newWorld(t)
	ops := append(w.commands.Ops(), w.queries.Ops()...)
	slices.SortFunc(ops, func(a, b muster.Op) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 1, 2, ' ', 0)
	fmt.Fprintln(tw, "OPERATION\tLEAST ROLE\tREST\tSTATUS\tCOMMAND LINE\tCHAT\t")
	for _, op := range ops {
		fmt.Fprintf(tw, "%s\t%s\t%s %s\t%d\t%s\t%s\t\n", op.Name, op.Access, op.Method, op.Path, op.Status, cmp.Or(op.CLI, "-"), cmp.Or(op.Chat, "-"))
	}
	must(t, tw.Flush())
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	got := strings.Join(lines, "\n") + "\n"
	const file = "testdata/ops.golden"
	if *update {
		must(t, os.MkdirAll("testdata", 0o750))
		must(t, os.WriteFile(file, []byte(got), 0o600))
	}
	golden, err := os.ReadFile(file)
	must(t, err)
	if got != string(golden) {
		t.Errorf("%s differs: run with -update and read the diff. Got:\n%s", file, got)
	}
}
