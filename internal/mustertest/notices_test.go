package mustertest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/mustertest"
)

// notified waits until so many messages reached the phones, in and out of bubbles.
func notified(t *testing.T, w *mustertest.World, n int) []mustertest.Ring {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(w.Phones.Rang()) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d messages came, want %d", len(w.Phones.Rang()), n)
		}
		<-time.After(5 * time.Millisecond)
	}
	return w.Phones.Rang()
}

// ownPager is the story of a person who adds a pager, verifies it without an admin, and is paged by it.
func ownPager(t *testing.T, w *mustertest.World) {
	t.Helper()
	add := map[string]string{"method": "pager", "connector": "phones", "address": "https://phone.test/ravis-pager"}
	ct := w.Do("ravi", "POST", "/api/v1/users/ravi/contacts", add).Want(http.StatusCreated)
	if ct.Text("verified_at") != "" {
		t.Fatalf("what Ravi added himself is verified: %s", ct.Body)
	}
	w.Do("ravi", "POST", "/api/v1/contacts/"+ct.Text("id")+"/test", nil).Want(http.StatusNoContent)
	test := notified(t, w, 1)[0]
	link := strings.TrimPrefix(test.Link, w.URL)
	if test.Person != "Ravi" || test.Page != "" || !strings.HasPrefix(link, "/c/") {
		t.Fatalf("the test is %+v", test)
	}
	list := w.Do("ravi", "GET", "/api/v1/notices?unseen=true", nil).Want(http.StatusOK)
	if list.Text("items.0.kind") != "contact_test" || strings.Contains(string(list.Body), link) {
		t.Errorf("Ravi's notices are %s", list.Body)
	}
	verified := func() string {
		list := w.Do("ana", "GET", "/api/v1/users/ravi/contacts", nil).Want(http.StatusOK)
		if list.Text("items.0.method") == "pager" { // those of one moment have no order
			return list.Text("items.0.verified_at")
		}
		return list.Text("items.1.verified_at")
	}
	w.Do("", "GET", link, nil).Want(http.StatusOK)
	if verified() != "" {
		t.Fatal("looking at the link verified the pager: GET must never act")
	}
	w.Do("", "POST", link+"/prove", nil).Want(http.StatusSeeOther)
	if verified() == "" {
		t.Fatal("the press of the button did not verify the pager")
	}
	if list := w.Do("ravi", "GET", "/api/v1/notices?unseen=true", nil).Want(http.StatusOK); list.JSON("items.0") != nil {
		t.Errorf("the test that was answered is still new: %s", list.Body)
	}

	// From now on notices may go by it, if his rules say so; told once, with a whole address.
	doc := "kind: user\nname: ravi\ndisplay: Ravi\nzone: Europe/Berlin\nnotify: [{urgency: low, method: pager}]\n"
	w.Do("ana", "POST", "/api/v1/apply", map[string]string{"documents": doc}).Want(http.StatusOK)
	for range 2 {
		if err := w.App.Commands.Batch(t.Context(), "Remind", muster.Engine(), func(b *command.Batch) error {
			return b.Notify(muster.Notice{Person: "ravi", Kind: muster.NoticeShiftReminder, Title: "You are on call tomorrow", URL: "/oncall?roster=web", Key: "shift/1"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	got := notified(t, w, 2)
	if got[1].Title != "You are on call tomorrow" || got[1].Link != w.URL+"/oncall?roster=web" {
		t.Errorf("Ravi was told %+v", got[1])
	}
	id := w.Do("ravi", "GET", "/api/v1/notices", nil).Want(http.StatusOK).Text("items.0.id")
	w.Do("ana", "POST", "/api/v1/notices/"+id+"/seen", nil).Want(http.StatusNotFound)
	if seen := w.Do("ravi", "POST", "/api/v1/notices/"+id+"/seen", nil).Want(http.StatusOK); seen.Text("seen_at") == "" {
		t.Errorf("it is not seen: %s", seen.Body)
	}
	w.Do("ravi", "POST", "/api/v1/notices/seen", nil).Want(http.StatusNoContent)
	if n := len(w.Phones.Rang()); n != 2 {
		t.Errorf("%d messages came, want 2", n)
	}
}

func TestAPersonVerifiesTheirOwnPager(t *testing.T) {
	bubble(t, ownPager)
}

func TestAPersonVerifiesTheirOwnPagerOnPostgres(t *testing.T) {
	w := mustertest.New(t, mustertest.Options{Store: mustertest.Postgres(t)})
	defer w.Stop()
	ownPager(t, w)
}
