package web_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheCallSheetIsAPageAndAFile(t *testing.T) {
	w := newWorld(t)
	p := w.as("ravi")
	p.get("/oncall").want(t, 200, `href="/oncall/callsheet"`)
	p.get("/oncall/callsheet?days=7").want(t, 200, "Call sheet", "Ravi Patel", "How to reach them", "Numbers are hints only")
	p.get("/oncall/callsheet?days=700").want(t, http.StatusUnprocessableEntity, "from 1 to 62")
	got := p.get("/oncall/callsheet.html").want(t, 200, "<title>Call sheet</title>", "Ravi Patel")
	if !strings.Contains(got.header.Get("Content-Disposition"), "call-sheet.html") {
		t.Errorf("the file has the headers %v", got.header)
	}
}

func TestAdminsVerifyTheLedgerAndSetTheHeartbeat(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	p.get("/settings/audit").want(t, 200, "The ledger of pages", "Verify")
	p.get("/settings/audit").want(t, 200, `data-part="sealed"`) // else a browser with script shows nothing of the answer
	p.post("/settings/audit/verify").want(t, 200, "Nothing is wrong")
	p.post("/settings/audit/verify", "known", "99999:00").want(t, 200, "Something was changed")
	w.as("ravi").post("/settings/audit/verify").want(t, http.StatusForbidden)
	p.get("/settings/heartbeat").want(t, 200, "No heartbeat", "Auditor")
	p.post("/settings/heartbeat", "url", "nonsense").want(t, http.StatusUnprocessableEntity, "Write an address")
	p.post("/settings/heartbeat", "url", "https://watchdog.example/ping/1", "every", "often").want(t, http.StatusUnprocessableEntity, "Write a time")
	p.post("/settings/heartbeat", "url", "https://watchdog.example/ping/1", "every", "30s").want(t, 200, "The first heartbeat goes within a minute")
	p.get("/readiness").want(t, 200, "Nobody gets them")
	p.post("/settings/pagetests", "weekday", "monday", "hour", "9").want(t, 200, "every Monday at 9:00")
	p.post("/settings/pagetests", "weekday", "someday", "hour", "9").want(t, http.StatusUnprocessableEntity)
	w.as("ravi").post("/settings/pagetests", "weekday", "monday", "hour", "9").want(t, http.StatusForbidden)
	w.as("ravi").get("/settings/heartbeat").want(t, http.StatusForbidden)
}
