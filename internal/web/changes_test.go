package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
)

// toNobody is a policy of payments that pages somebody who has no phone.
const toNobody = "kind: policy\nname: payments-urgent\ntitle: Payments urgent\nteam: payments\nsteps:\n  - {targets: [{user: vesna}], wait: 5m}\nrepeat: 2\n"

// A change that would reach nobody is proposed from the editor, looked at by a second person, and rejected.
func TestASecondPersonDecides(t *testing.T) {
	w := newWorld(t)
	noor, ana, tom := w.as("noor"), w.as("ana"), w.as("tom")
	etag := w.queries.Catalog().RevisionOf("policies/payments-urgent")
	noor.post("/settings/policies/payments-urgent", "body", toNobody, "etag", fmt.Sprint(etag), "why", "Vera <b>looks</b>").
		want(t, http.StatusConflict, "would reach nobody", `formaction="/settings/policies/payments-urgent/propose"`, "Ask a second person")
	got := noor.post("/settings/policies/payments-urgent/propose", "body", toNobody, "why", "Vera <b>looks</b>").
		want(t, 200, "Proposed. Nothing changes", "You proposed this, so somebody else has to look at it. Ana Rossi may approve it.", "Take it back", "Vera &lt;b&gt;looks")
	at := got.at
	if strings.Contains(got.body, "Approve and write it") {
		t.Error("whoever proposed it is offered to approve it")
	}
	noor.post(at+"/approve").want(t, http.StatusConflict, "somebody else has to approve it", "It waits for a second person")
	tom.get(at).want(t, 200, "Ana Rossi may approve it.")
	if body := tom.get(at).body; strings.Contains(body, "<form class=\"form\"") {
		t.Error("somebody who may not decide is asked to")
	}
	tom.post(at+"/approve").want(t, http.StatusForbidden, "Only an owner of the team")
	w.stranger().get(at).want(t, 200, "Sign in")

	ana.get("/notices").want(t, 200, "Noor Haddad asks you to look at a change of policies/payments-urgent", `href="`+at+`"`, "Change to approve")
	ana.get("/settings").want(t, 200, `href="/changes"`)
	ana.get("/changes").want(t, 200, `id="`+strings.TrimPrefix(at, "/changes/")+`"`, "Vera &lt;b&gt;looks", "Noor Haddad", "1 document changes")
	before := w.rows()
	got = ana.get(at).want(t, 200, "May this be written?", "Approve and write it", "Reject it", "Reaches nobody", `href="/settings/policies/payments-urgent"`, "user: vesna", "roster: payments")
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("looking changed %v", diff)
	}
	if len(got.body) > 30<<10 {
		t.Errorf("the page has %d bytes", len(got.body))
	}
	ana.post(at+"/reject", "note", "Vera has no phone.").want(t, 200, "Rejected: nothing was written.", "Ana Rossi decided", "Vera has no phone.")
	ana.post(at+"/approve").want(t, http.StatusConflict, "was rejected by Ana Rossi already")
	noor.get("/notices").want(t, 200, "Ana Rossi rejected your change", "Vera has no phone.")
	ana.get("/changes").want(t, 200, "Nothing waits.", "Decided", "Rejected")
	if rev := w.queries.Catalog().RevisionOf("policies/payments-urgent"); rev != etag {
		t.Errorf("what was rejected was written as %d", rev)
	}
}

func TestAnApprovedChangeIsWritten(t *testing.T) {
	w := newWorld(t)
	noor, ana := w.as("noor"), w.as("ana")
	at := noor.post("/settings/policies/propose", "body", "kind: policy\nname: payments-slow\ntitle: Payments, slowly\nteam: payments\nsteps:\n  - {targets: [{user: noor}], wait: 30m}\n").want(t, 200, "Proposed", "policies/payments-slow", "new").at
	ana.post(at+"/approve", "note", "Good.").want(t, 200, "Approved and written.", "Approved", "Good.", "Payments, slowly")
	if w.queries.Catalog().Policies["payments-slow"] == nil {
		t.Error("it is not there")
	}
	noor.get("/notices").want(t, 200, "Ana Rossi approved your change", "It is written.")

	// What was changed since cannot be approved, and that is said before somebody tries.
	slow := "kind: policy\nname: payments-slow\ntitle: Payments, very slowly\nteam: payments\nsteps:\n  - {targets: [{user: noor}], wait: 60m}\n"
	at = noor.post("/settings/policies/payments-slow/propose", "body", slow).want(t, 200, "Proposed").at
	ana.post("/settings/policies/payments-slow", "body", strings.Replace(slow, "very ", "rather ", 1), "etag", fmt.Sprint(w.queries.Catalog().RevisionOf("policies/payments-slow"))).want(t, 200, "Saved")
	got := ana.get(at).want(t, 200, "Cannot be written any more", "policies/payments-slow changed since this was proposed", "Reject it")
	if strings.Contains(got.body, "Approve and write it") {
		t.Error("it may be approved")
	}
	ana.post(at+"/approve").want(t, http.StatusConflict, "was changed since this was proposed")
	noor.post("/settings/policies/payments-slow/propose", "body", "kind: nonsense\n").want(t, http.StatusUnprocessableEntity, "kind: nonsense")
	ana.get("/changes/chg_none").want(t, http.StatusNotFound)
	if n := w.told("noor"); len(n) == 0 || n[0].Kind != muster.NoticeChangeDecided {
		t.Errorf("Noor was told %+v", n)
	}
}
