package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// tell tells somebody something, as an operation does.
func (w *world) tell(n muster.Notice) {
	w.t.Helper()
	w.must(w.commands.Batch(w.t.Context(), "Tell", admin(), func(b *command.Batch) error { return b.Notify(n) }))
}

// told lists what somebody was told, newest first.
func (w *world) told(u muster.UserName) []*muster.Notice {
	w.t.Helper()
	l, err := w.queries.Notices(w.t.Context(), query.Viewer{Actor: muster.Actor{User: u, Access: muster.AccessViewer}}, query.ListNotices{})
	w.must(err)
	return l.Items
}

func TestNoticesAreShownUntilTheyAreSeen(t *testing.T) {
	w := newWorld(t)
	w.tell(muster.Notice{Person: "ravi", Kind: muster.NoticeSwapRequest, Title: "Leo asks for <b>cover</b>", Text: "Friday\nnight", URL: "/oncall?roster=storefront", Key: "swap/1"})
	w.tell(muster.Notice{Person: "ravi", Kind: muster.NoticeShiftReminder, Title: "Your shift begins tomorrow", Key: "shift/1"})
	p := w.as("ravi")
	p.get("/").want(t, 200, `href="/notices"`, `<span class="cnt n">2`)
	got := p.get("/notices").want(t, 200, "Leo asks for &lt;b&gt;cover&lt;/b&gt;", "Swap asked for", `href="/oncall?roster=storefront"`, "sent to phone", "Mark all as seen")
	if len(got.body) > 30<<10 {
		t.Errorf("the list has %d bytes", len(got.body))
	}
	first := w.told("ravi")[0]
	p.post("/notices/"+string(first.ID)+"/seen").want(t, 200, `<span class="cnt n">1`)
	w.as("ana").post("/notices/"+string(first.ID)+"/seen").want(t, http.StatusNotFound)
	if got := p.get("/notices?show=new").want(t, 200); strings.Contains(got.body, first.Title) {
		t.Error("what was seen is still new")
	}
	if got := p.post("/notices/seen").want(t, 200, "Marked as seen", "Leo asks"); strings.Contains(got.body, `class="cnt`) || strings.Contains(got.body, "Mark all") {
		t.Error("something is still new")
	}
	p.get("/notices?show=new").want(t, 200, "You have seen everything")
	w.as("vera").get("/notices").want(t, 200, "Muster has told you nothing yet")
	w.stranger().get("/notices").want(t, 200, "Sign in")
}

// A person adds a pager, gets a test there, opens its link without an account and presses the button.
func TestAContactMethodIsVerifiedByItsLink(t *testing.T) {
	w := newWorld(t)
	p, s := w.as("ravi"), w.stranger()
	w.as("ana").post("/settings/connectors", "body", "kind: connector\nname: pagers\ntype: webhook\n").want(t, 200, "Saved")
	p.post("/settings/people/ravi/contacts", "kind", "pagers", "name", "pager", "address", "https://pager.example/ravi").
		want(t, 200, "A test is on its way", "Not verified", "Send a test")
	test := w.told("ravi")[0]
	path := "/c/" + w.box.SignTest(test.ID, muster.At(time.Now().Add(time.Hour)))
	if got := p.get("/notices").want(t, 200, "a test of pager"); strings.Contains(got.body, "/c/") {
		t.Error("the web shows the link that only the contact method may bear")
	}
	before := w.rows()
	got := s.get(path).want(t, 200, "Did the test reach you", "It reached me", "Ravi Patel", "pager")
	if diff := changed(before, w.rows()); len(diff) > 0 {
		t.Errorf("looking at a test changed %v", diff)
	}
	if h := got.header; h.Get("Cache-Control") != "no-store" || strings.Contains(got.body, "<script") {
		t.Errorf("the page may be kept, or needs script: %v", h)
	}
	s.post(path+"/prove").want(t, 200, "Verified", "Muster reaches you by it")
	p.get("/settings/people/ravi").want(t, 200, "pager", "Proved")
	s.post(path+"/prove").want(t, 200, "Verified") // a second press changes nothing

	ct := muster.ContactID(test.Ref)
	w.as("tom").post("/settings/contacts/"+string(ct)+"/test").want(t, http.StatusForbidden)
	for range 4 {
		p.post("/settings/contacts/"+string(ct)+"/test?of=ravi").want(t, 200, "A test is on its way")
	}
	p.post("/settings/contacts/"+string(ct)+"/test").want(t, http.StatusTooManyRequests, "within the last hour")
	p.post("/settings/contacts/"+string(ct)+"/remove?of=ravi").want(t, 200, "Removed")
	s.get(path).want(t, 200, "It was removed")
}

func TestForgedAndExpiredTestLinks(t *testing.T) {
	w := newWorld(t)
	w.as("ravi").post("/settings/people/ravi/contacts", "kind", "phone", "name", "second", "address", "x").want(t, 200, "Added.")
	a := w.fire("Cart fails")
	list, err := query.Run[query.ListContacts, muster.Listing[muster.Contact]](t.Context(), w.queries, "ListContacts", admin(), query.ListContacts{User: "ravi"})
	w.must(err)
	w.as("ravi").post("/settings/contacts/"+string(list.Items[0].ID)+"/test?of=ravi").want(t, 200)
	id := w.told("ravi")[0].ID
	good := w.box.SignTest(id, muster.At(time.Now().Add(time.Hour)))
	page := w.box.SignPage(a.Pages[0].ID, muster.At(time.Now().Add(time.Hour)))
	s := w.stranger()
	for token, status := range map[string]int{
		good[:46] + "xx": 401, "nonsense": 401, page: 401, w.box.SignTest(id, muster.At(time.Now().Add(-time.Hour))): 403,
		w.box.SignTest("ntc_019aab3c5d10f3a1b2c3d4e5f6071829", muster.At(time.Now().Add(time.Hour))): 404,
	} {
		for _, got := range []answer{s.get("/c/" + token), s.post("/c/" + token + "/prove")} {
			if got.status != status || strings.Contains(got.body, "It reached me") {
				t.Errorf("%s: %d, want %d", token, got.status, status)
			}
		}
	}
	s.get("/p/"+good).want(t, http.StatusUnauthorized)
	w.as("ana").get("/settings/audit").want(t, 200, "test link refused")
	w.as("ana").post("/settings/users/ravi", "body", "kind: user\nname: ravi\ndisplay: Ravi Patel\nzone: UTC\ndisabled: true\n", "etag", revision(w, "users/ravi"))
	s.get("/c/"+good).want(t, http.StatusForbidden, "has left")
}

func revision(w *world, ref string) string { return fmt.Sprint(w.queries.Catalog().RevisionOf(ref)) }

// The demo's phones show notices; a test can be answered there.
func TestNoticesOnTheDemoPhones(t *testing.T) {
	w := newWorld(t)
	w.tell(muster.Notice{Person: "ravi", Kind: muster.NoticeShiftReminder, Title: "Your shift begins tomorrow", URL: "/oncall", Key: "shift/1"})
	p := w.as("ana")
	p.get("/phones").want(t, 200, "Your shift begins tomorrow")
	list, err := query.Run[query.ListContacts, muster.Listing[muster.Contact]](t.Context(), w.queries, "ListContacts", admin(), query.ListContacts{User: "ravi"})
	w.must(err)
	p.post("/settings/contacts/"+string(list.Items[0].ID)+"/test?of=ravi").want(t, 200, "A test is on its way")
	body := p.get("/phones").want(t, 200, "a test of").body
	_, rest, _ := strings.Cut(body, `href="/c/`)
	token, _, _ := strings.Cut(rest, `"`)
	w.stranger().post("/c/"+token+"/prove").want(t, 200, "Verified")
}
