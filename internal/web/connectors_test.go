package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
)

func TestAConnectorSaysWhatProvesItsPagesAndWhoStandsIn(t *testing.T) {
	w := newWorld(t)
	w.apply("kind: connector\nname: sms\ntitle: Text messages\ntype: carrier\n---\nkind: connector\nname: sms-two\ntype: carrier\nbackup: sms\n---\nkind: connector\nname: pile\ntype: directory\n")
	p := w.as("ana")
	p.get("/settings/connectors/sms").want(t, 200, "the carrier’s receipt, or a person", `<option value="sms-two">`, "Stands in for", "sms-two", "Send a test")
	p.post("/settings/connectors/sms/backup", "backup", "sms-two").want(t, http.StatusUnprocessableEntity, "in a circle by sms-two", "must name no backup")
	p.post("/settings/connectors/sms-two/backup", "backup", "").want(t, 200, "Nobody stands in for")
	p.post("/settings/connectors/sms/backup", "backup", "sms-two").want(t, 200, "sms-two goes when Text messages brings no proof")
	p.get("/settings/connectors").want(t, 200, "the carrier’s receipt, or a person", "pages nobody", "else", `href="/settings/connectors/sms-two"`)
	if got := p.get("/settings/connectors/pile"); strings.Contains(got.body, `name="backup"`) {
		t.Error("what pages nobody may have a backup")
	}
	w.as("ravi").post("/settings/connectors/sms/backup", "backup", "").want(t, http.StatusForbidden)
	w.as("vera").post("/settings/connectors/sms/backup", "backup", "").want(t, http.StatusForbidden)
	p.post("/settings/connectors/none/backup", "backup", "").want(t, http.StatusNotFound)
}

func TestAProviderInTroubleIsSaidEverywhere(t *testing.T) {
	w := newWorld(t)
	w.apply("kind: connector\nname: sms\ntitle: Text messages\ntype: carrier\n")
	w.queries.Watching = func() query.Watch {
		return query.Watch{Node: "node-one", LookedAt: muster.At(time.Now()), Circuits: []query.WatchCircuit{{Connector: "sms", Since: muster.At(time.Now().Add(-time.Minute)), Failures: 7, Problem: "HTTP 500"}}}
	}
	p := w.as("ana")
	for _, path := range []string{"/", "/readiness", "/settings/connectors", "/settings/connectors/sms"} {
		p.get(path).want(t, 200, "Provider in trouble", "7 calls in a row: HTTP 500")
	}
	p.get("/settings/connectors").want(t, 200, "In trouble since", "the node node-one sees")
	p.get("/readiness").want(t, 200, "nobody is forgotten", "no watchdog is set")
}
