package web

import (
	"net/http"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// bell is how much there is for the visitor. A page is not withheld because it cannot be counted.
func (v *visit) bell() *view.Bell {
	b := &view.Bell{URL: "/notices"}
	n, err := v.Queries.Unseen(v.ctx(), v.viewer())
	if err != nil {
		v.Log.WarnContext(v.ctx(), "what is new for a person cannot be counted", "error", err)
	}
	b.Unseen = n
	return b
}

// notices is the list of what the visitor was told.
func notices(v *visit) error {
	in := query.ListNotices{Unseen: v.param("show") == "new", Cursor: v.param("cursor")}
	list, err := v.Queries.Notices(v.ctx(), v.viewer(), in)
	if err != nil {
		return err
	}
	p := view.Notices{
		Shell: v.live("For you", view.PlaceNotices, "now"), Pager: v.pager(list.Next), Empty: "Muster has told you nothing yet.",
		Filters: v.chips("show", view.Filter{Text: "All"}, view.Filter{Text: "New", URL: "new"}),
	}
	if in.Unseen {
		p.Empty = "You have seen everything."
	}
	if p.Shell.Bell.Unseen > 0 {
		p.SeenURL = "/notices/seen"
	}
	methods, err := v.methodNames()
	if err != nil {
		return err
	}
	for _, n := range list.Items {
		row := view.NoticeRow{Kind: noticeKind(n.Kind), Title: n.Title, Text: n.Text, At: n.At.Time, New: n.SeenAt.IsZero()}
		if muster.LocalPath(n.URL) {
			row.URL = n.URL
		}
		if row.New {
			row.SeenURL = "/notices/" + string(n.ID) + "/seen"
		}
		if m := methods[n.SentBy]; m != "" {
			row.Sent = "sent to " + m
		}
		p.Rows = append(p.Rows, row)
	}
	return v.render(http.StatusOK, view.NoticesPage(p))
}

// methodNames are the names of the visitor's contact methods.
func (v *visit) methodNames() (map[muster.ContactID]string, error) {
	list, err := query.Run[query.ListContacts, muster.Listing[muster.Contact]](v.ctx(), v.Queries, "ListContacts", v.actor, query.ListContacts{User: v.actor.User})
	out := map[muster.ContactID]string{}
	for _, c := range list.Items {
		out[c.ID] = c.Method
	}
	return out, err
}

func noticeKind(k muster.NoticeKind) view.State {
	s := view.State{Word: k.Word(), Tone: view.ToneInfo}
	switch k {
	case muster.NoticeLeaveConflict, muster.NoticeZoneMoved, muster.NoticePageTestMissed, muster.NoticeRestored, muster.NoticeAuditor:
		s.Tone = view.ToneMinor
	case muster.NoticeUnreachable, muster.NoticeExhausted, muster.NoticeNobodyOnCall:
		s.Tone = view.ToneMajor
	case muster.NoticeContactTest, muster.NoticePageTest:
		s.Tone = view.ToneNone
	case muster.NoticeShadow, muster.NoticeShiftReminder, muster.NoticeShiftHandoff, muster.NoticeShiftChanged, muster.NoticeSwapRequest, muster.NoticeSwapAnswered,
		muster.NoticeChangeProposed, muster.NoticeChangeDecided, muster.NoticeSilenceEnds:
	}
	return s
}

// seeNotice marks one as seen.
func seeNotice(v *visit) error {
	if _, err := run[*muster.Notice](v, "MarkNotice", command.OneNotice{Notice: muster.NoticeID(v.r.PathValue("id"))}); err != nil {
		return err
	}
	return v.done(v.back("/notices"), "", "")
}

// seeNotices marks all as seen.
func seeNotices(v *visit) error {
	if _, err := run[muster.Nothing](v, "MarkNotices", muster.Nothing{}); err != nil {
		return err
	}
	return v.done("/notices", "Marked as seen.", "")
}

// testContact sends a test to a contact method.
func testContact(v *visit) error {
	if _, err := run[muster.Nothing](v, "TestContact", command.OneContact{Contact: muster.ContactID(v.r.PathValue("id"))}); err != nil {
		return err
	}
	return v.done(v.back("/settings/people/"+string(userName(v.either("of")))), "A test is on its way. Open the link in it and press the button.", "")
}

// byTest checks the token of a test's link and makes the person of the contact method the actor: the token is the proof.
func (v *visit) byTest() (*query.ContactTest, error) {
	if v.VerifyTest == nil {
		return nil, muster.Errorf(muster.ErrNotFound, "There is nothing at this address.")
	}
	id, err := v.VerifyTest(v.r.PathValue("token"))
	if err != nil {
		op := "forged test link refused"
		if id != "" {
			op = "expired test link refused"
		}
		v.written(op, string(id), nil)
		return nil, err
	}
	d, err := v.Queries.ContactTest(v.ctx(), v.viewer(), id)
	if err != nil {
		return nil, err
	}
	a, err := v.Commands.ActorOf(d.Notice.Person, muster.SurfacePage)
	if err != nil {
		return nil, muster.Errorf(muster.ErrForbidden, "This test was for somebody who has left.")
	}
	v.actor, v.zone = a, v.Queries.Zone(a.User)
	return d, nil
}

// contactTest shows the button to whoever got a test. It acts never.
func contactTest(v *visit) error {
	d, err := v.byTest()
	if err != nil {
		return v.lost(err)
	}
	return v.contactTest(d)
}

func (v *visit) contactTest(d *query.ContactTest) error {
	p := view.ContactTest{Shell: v.plainShell("Contact test"), Person: d.Name, SentAt: d.Notice.At.Time}
	p.Shell.JS, p.Shell.CSS = "", v.Static.Path("phone.css")
	switch c := d.Contact; {
	case c == nil:
		p.Done, p.DoneText = view.State{Tone: view.ToneMajor, Word: "It was removed"}, "This contact method is not in use any more."
	case d.Used:
		p.Method, p.Address = c.Method, c.Hint
		p.Done, p.DoneText = view.State{Tone: view.ToneOK, Word: "Verified"}, "Muster reaches you by it. You can close this page."
	default:
		p.Method, p.Address = c.Method, c.Hint
		p.ProveURL = "/c/" + v.r.PathValue("token") + "/prove"
	}
	return v.render(http.StatusOK, view.ContactTestPage(p))
}

// proveContact is the button's press.
func proveContact(v *visit) error {
	d, err := v.byTest()
	if err != nil {
		return v.lost(err)
	}
	if _, err := v.Commands.ProveContact(v.ctx(), v.actor, d.Notice.ID); err != nil && muster.CodeOf(err) != muster.ErrNotFound {
		return v.lost(err)
	}
	v.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(v.w, v.r, "/c/"+v.r.PathValue("token"), http.StatusSeeOther)
	return nil
}
