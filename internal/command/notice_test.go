package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/store"
)

// tell tells somebody something, as an operation does.
func (w *world) tell(n muster.Notice) error {
	w.Helper()
	return w.commands.Batch(w.Context(), "Tell", muster.Actor{Name: "Test", Access: muster.AccessAdmin}, func(b *command.Batch) error { return b.Notify(n) })
}

func (w *world) notices(u muster.UserName) []*muster.Notice {
	w.Helper()
	return read(w, func(r store.Reader) ([]*muster.Notice, error) { return r.Notices(store.NoticeFilter{Person: u}) })
}

// notice is one more notice of a person.
func (w *world) notice(u muster.UserName) *muster.Notice {
	w.Helper()
	w.serial++
	key := fmt.Sprintf("serial/%d", w.serial)
	w.ok(w.tell(reminder(u, key)))
	list := w.notices(u) // those of one moment have no order
	return list[slices.IndexFunc(list, func(n *muster.Notice) bool { return n.Key == key })]
}

func reminder(u muster.UserName, key string) muster.Notice {
	return muster.Notice{
		Person: u, Kind: muster.NoticeShiftReminder, Title: "You are on call from 09:00", Text: "Storefront, primary.",
		URL: "/oncall?roster=storefront", Ref: "rosters/storefront", Key: key,
	}
}

func (w *world) deliveries(c muster.ConnectorName) []*muster.Delivery {
	w.Helper()
	return read(w, func(r store.Reader) ([]*muster.Delivery, error) { return r.DeliveriesBy(c, store.List{}) })
}

// A person is told once, by one contact method, with a link that leads to Muster.
func TestANoticeGoesByOneMethod(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		w.ok(w.tell(reminder("rob", "shift/1")))
		w.ok(w.tell(reminder("rob", "shift/1")))
		pass(time.Second)
		got := w.phones.told()
		if len(got) != 1 {
			w.Fatalf("Rob was told %+v", got)
		}
		want := connector.Notification{
			Title: "You are on call from 09:00", Text: "Storefront, primary.", URL: "http://muster.test/oncall?roster=storefront",
			Kind: muster.NoticeShiftReminder, Person: "Rob",
		}
		if got[0].Notification != want || got[0].method != "phone" || got[0].address != "rob" {
			w.Errorf("Rob was told %+v", got[0])
		}
		n := w.notices("rob")
		if len(n) != 1 || n[0].SentBy == "" || !n[0].SeenAt.IsZero() {
			w.Errorf("the notices are %+v", n)
		}
	})
}

// What comes again and again is not sent every time: it shows in the web. Another kind is not held back by it.
func TestNobodyIsSentTheSameKindOfNoticeForEver(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		for i := range 30 {
			w.ok(w.tell(reminder("rob", fmt.Sprint("shift/", i))))
		}
		swap := reminder("rob", "swap/1")
		swap.Kind = muster.NoticeSwapRequest
		w.ok(w.tell(swap))
		pass(time.Second)
		if got := len(w.phones.told()); got != 21 {
			w.Errorf("Rob was sent %d notices", got)
		}
		if got := len(w.notices("rob")); got != 31 {
			w.Errorf("Rob sees %d notices", got)
		}
		pass(time.Hour)
		w.ok(w.tell(reminder("rob", "shift/later")))
		pass(time.Second)
		if got := len(w.phones.told()); got != 22 {
			w.Errorf("after an hour Rob was sent %d notices in all", got)
		}
	})
}

// The first rule for low urgency that can be used says how; rules for high urgency are for pages.
func TestANoticeFollowsTheRulesForLowUrgency(t *testing.T) {
	bubble(t, func(w *world) {
		for _, c := range []struct{ name, rules, want string }{
			{"no rules", "", "phone"},
			{"high only", "  - {urgency: high, method: mail}\n", "phone"},
			{"low", "  - {urgency: high, method: phone}\n  - {urgency: low, method: mail}\n", "mail"},
			{"both", "  - {method: mail, after: 5m}\n  - {urgency: low, method: phone}\n", "mail"},
			{"unknown first", "  - {urgency: low, method: fax}\n  - {urgency: low, method: mail}\n", "mail"},
		} {
			doc := "kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\n"
			if c.rules != "" {
				doc += "notify:\n" + c.rules
			}
			w.put(doc)
			n := w.notice("rob")
			ct := read(w, func(r store.Reader) (*muster.Contact, error) { return r.Contact(n.SentBy) })
			if ct.Method != c.want {
				w.Errorf("%s: it goes by %s, want %s", c.name, ct.Method, c.want)
			}
		}
	})
}

// Who has no verified contact method sees it in the web alone; who has left is told nothing.
func TestANoticeForWhoCannotBeReached(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		w.ok(w.tell(reminder("vic", "a")))
		w.put("kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\ndisabled: true\n")
		w.ok(w.tell(reminder("rob", "b")))
		w.ok(w.tell(reminder("ghost", "c")))
		pass(time.Second)
		if n := w.notices("vic"); len(n) != 1 || n[0].SentBy != "" {
			w.Errorf("Vic has %+v", n)
		}
		if n := len(w.notices("rob")) + len(w.notices("ghost")) + len(w.phones.told()); n != 0 {
			w.Errorf("%d notices for people who have left", n)
		}
	})
}

// A wrong notice is an error of the caller, and nothing is written.
func TestAWrongNoticeIsRefused(t *testing.T) {
	bubble(t, func(w *world) {
		n := reminder("rob", "a")
		n.URL = "https://evil.example/"
		if err := w.tell(n); muster.CodeOf(err) != muster.ErrInvalid || len(w.notices("rob")) != 0 {
			w.Errorf("a link to elsewhere: %v", err)
		}
		n = reminder("rob", "b")
		n.Title = "Evil\r\nBcc: x@example.org\x00"
		w.ok(w.tell(n))
		if got := w.notices("rob")[0].Title; strings.ContainsAny(got, "\r\n\x00") {
			w.Errorf("the title is %q", got)
		}
	})
}

// What is seen in the web, or is about somebody who left meanwhile, is not sent any more.
func TestANoticeThatIsNotWantedAnyMore(t *testing.T) {
	bubble(t, func(w *world) {
		w.phones.set(func(ring) error { return connector.Temporary(fmt.Errorf("busy"), 0) })
		w.start()
		w.ok(w.tell(reminder("rob", "a")))
		w.ok(w.tell(reminder("olga", "b")))
		pass(time.Second)
		must[*muster.Notice](w, w.as("rob"), "MarkNotice", command.OneNotice{Notice: w.notices("rob")[0].ID})
		w.put("kind: user\nname: olga\ndisplay: Olga\nzone: UTC\ndisabled: true\n")
		w.phones.set(nil)
		before := len(w.phones.told())
		pass(5 * time.Minute)
		for _, d := range w.deliveries("phone") {
			if d.State != muster.DeliveryCancelled {
				w.Errorf("the delivery %s is %s", d.Ref, d.State)
			}
		}
		if n := len(w.phones.told()); n != before {
			w.Errorf("%d more were sent", n-before)
		}
	})
}

// A delivery that failed for now is tried again, as pages are.
func TestANoticeIsTriedAgain(t *testing.T) {
	bubble(t, func(w *world) {
		tries := 0
		w.phones.set(func(ring) error {
			if tries++; tries < 3 {
				return connector.Temporary(fmt.Errorf("busy"), 0)
			}
			return nil
		})
		w.start()
		w.ok(w.tell(reminder("rob", "a")))
		pass(time.Minute)
		if d := w.deliveries("phone"); len(d) != 1 || d[0].State != muster.DeliveryDone || d[0].Attempts != 3 {
			w.Errorf("the delivery is %+v", d[0])
		}
	})
}

func TestNoticesAreSeenByTheirPerson(t *testing.T) { bubble(t, noticesOnce) }

func noticesOnce(w *world) {
	w.ok(w.tell(reminder("rob", "one")))
	w.ok(w.tell(reminder("rob", "one")))
	w.ok(w.tell(reminder("rob", "two")))
	w.ok(w.tell(reminder("olga", "one")))
	list := w.notices("rob")
	if len(list) != 2 {
		w.Fatalf("Rob has %d notices", len(list))
	}
	refused[*muster.Notice](w, muster.ErrNotFound, w.as("olga"), "MarkNotice", command.OneNotice{Notice: list[0].ID})
	refused[*muster.Notice](w, muster.ErrNotFound, guest(), "MarkNotice", command.OneNotice{Notice: list[0].ID})
	first := must[*muster.Notice](w, w.as("rob"), "MarkNotice", command.OneNotice{Notice: list[0].ID})
	again := must[*muster.Notice](w, w.as("rob"), "MarkNotice", command.OneNotice{Notice: list[0].ID})
	if first.SeenAt.IsZero() || first.SeenAt != again.SeenAt {
		w.Errorf("seen at %v, and again at %v", first.SeenAt, again.SeenAt)
	}
	must[muster.Nothing](w, w.as("rob"), "MarkNotices", muster.Nothing{})
	must[muster.Nothing](w, guest(), "MarkNotices", muster.Nothing{})
	unseen := func(u muster.UserName) int {
		return read(w, func(r store.Reader) (int, error) { return r.CountUnseen(u) })
	}
	if unseen("rob") != 0 || unseen("olga") != 1 {
		w.Errorf("unseen are %d of Rob's and %d of Olga's", unseen("rob"), unseen("olga"))
	}
}

func TestAContactMethodIsVerifiedByItsTest(t *testing.T) { bubble(t, contactTests) }

// contactTests: Rob adds a pager, which is not verified. A test brings a link there, once; who presses its button verifies.
func contactTests(w *world) {
	w.put("kind: connector\nname: hook\ntype: webhook\n")
	ct := must[*muster.Contact](w, w.as("rob"), "AddContact", command.AddContact{User: "rob", Method: "pager", Connector: "hook", Address: "https://pager.example.org/rob"})
	test := func(who muster.Actor) error {
		_, err := do[muster.Nothing](w, who, "TestContact", command.OneContact{Contact: ct.ID})
		return err
	}
	prove := func(who muster.UserName, n *muster.Notice) (*muster.Contact, error) {
		return w.commands.ProveContact(w.Context(), w.as(who), n.ID)
	}
	refused[muster.Nothing](w, muster.ErrForbidden, w.as("olga"), "TestContact", command.OneContact{Contact: ct.ID})
	refused[muster.Nothing](w, muster.ErrNotFound, w.as("ana"), "TestContact", command.OneContact{Contact: "con_none"})
	w.ok(test(w.as("rob")))
	first := w.notices("rob")[0]
	w.ok(test(w.as("ana"))) // an admin may, too
	list := w.notices("rob")
	second := list[slices.IndexFunc(list, func(n *muster.Notice) bool { return n.ID != first.ID })]
	if first.SentBy != ct.ID || first.Kind != muster.NoticeContactTest || strings.Contains(first.Text+first.URL, "/c/") {
		w.Fatalf("the test is %+v", first)
	}
	if n := len(w.deliveries("hook")); n != 2 {
		w.Errorf("%d were sent", n)
	}
	if _, err := prove("olga", first); muster.CodeOf(err) != muster.ErrForbidden {
		w.Errorf("Olga proves Rob's: %v", err)
	}
	must[muster.Nothing](w, w.as("rob"), "MarkNotices", muster.Nothing{}) // seeing it in the web proves nothing
	got, err := prove("rob", second)
	w.ok(err)
	if got.VerifiedAt.IsZero() || got.LastProved != got.VerifiedAt {
		w.Errorf("after the press it is %+v", got)
	}
	for _, n := range []*muster.Notice{second, first} { // used, and older than the one that was used
		if again, err := prove("rob", n); err != nil || again.LastProved != got.LastProved {
			w.Errorf("pressed again it is %+v, %v", again, err)
		}
	}
	for range 3 {
		w.ok(test(w.as("rob")))
	}
	if err := test(w.as("ana")); muster.CodeOf(err) != muster.ErrRateLimited || !strings.Contains(err.Error(), "Try again in 60 min") {
		w.Errorf("the sixth within an hour: %v", err)
	}
	last := w.notices("rob")[0]
	must[muster.Nothing](w, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: ct.ID})
	if _, err := prove("rob", last); muster.CodeOf(err) != muster.ErrNotFound {
		w.Errorf("a removed one: %v", err)
	}
	if _, err := prove("rob", &muster.Notice{ID: "ntc_none"}); muster.CodeOf(err) != muster.ErrNotFound {
		w.Errorf("a test that is not there: %v", err)
	}
}

// The link goes to the contact method and nowhere else, and an hour later there are tests again.
func TestATestIsSentToItsContactMethod(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		w.put("kind: connector\nname: hook\ntype: webhook\n")
		ct := must[*muster.Contact](w, w.as("rob"), "AddContact", command.AddContact{User: "rob", Method: "pager", Connector: "hook", Address: "https://pager.example.org/rob"})
		for range 5 {
			must[muster.Nothing](w, w.as("rob"), "TestContact", command.OneContact{Contact: ct.ID})
		}
		refused[muster.Nothing](w, muster.ErrRateLimited, w.as("rob"), "TestContact", command.OneContact{Contact: ct.ID})
		pass(time.Hour + time.Second)
		must[muster.Nothing](w, w.as("rob"), "TestContact", command.OneContact{Contact: ct.ID})
		pass(time.Second)
		got := w.phones.told()
		if len(got) != 6 || got[5].method != "hook" || got[5].address != "https://pager.example.org/rob" ||
			got[5].URL != "http://muster.test/c/"+string(w.notices("rob")[0].ID) || !strings.Contains(got[5].Text, "Rob tries out") {
			w.Errorf("sent was %+v", got)
		}
	})
}

// Whoever adds and removes addresses cannot write to any number of strangers.
func TestTestsOfRemovedContactMethodsCount(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: connector\nname: hook\ntype: webhook\n")
		var err error
		sent := 0
		for i := 0; i < 30 && err == nil; i++ {
			ct := must[*muster.Contact](w, w.as("rob"), "AddContact", command.AddContact{User: "rob", Method: fmt.Sprintf("m-%d", i), Connector: "hook", Address: "x"})
			if _, err = do[muster.Nothing](w, w.as("rob"), "TestContact", command.OneContact{Contact: ct.ID}); err == nil {
				sent++
			}
			must[muster.Nothing](w, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: ct.ID})
		}
		if sent != 15 || muster.CodeOf(err) != muster.ErrRateLimited {
			w.Errorf("%d tests went out: %v", sent, err)
		}
	})
}

// Whoever gets a name later does not see what the one before was told.
func TestNoticesLeaveWithTheirPerson(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: user\nname: zoe\ndisplay: Zoe\nzone: UTC\n")
		w.ok(w.tell(reminder("zoe", "a")))
		must[muster.Nothing](w, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindUsers, Name: "zoe", Any: true})
		if n := w.notices("zoe"); len(n) != 0 {
			w.Errorf("left are %+v", n)
		}
	})
}

// A telephone rings for pages: what is not urgent goes by another way, or waits in the web.
func TestNoticesDoNotRing(t *testing.T) {
	bubble(t, func(w *world) {
		must[*command.Document](w, w.as("ana"), "PutDocument", command.PutDocument{Kind: muster.KindConnectors, Name: "voice", Any: true, Body: body(w, &muster.Connector{Name: "voice", Kind: "voice"})})
		must[*muster.Contact](w, w.as("ana"), "AddContact", command.AddContact{User: "vic", Method: "home", Connector: "voice", Address: "vic", Verified: true})
		if n := w.notice("vic"); n.SentBy != "" {
			w.Errorf("a notice rings at %s", n.SentBy)
		}
		mail := must[*muster.Contact](w, w.as("ana"), "AddContact", command.AddContact{User: "vic", Method: "mail", Connector: "mail", Address: "vic", Verified: true})
		if n := w.notice("vic"); n.SentBy != mail.ID {
			w.Errorf("a notice goes by %q, not by mail", n.SentBy)
		}
	})
}
