package view_test

import "github.com/muster-oncall/muster/internal/web/view"

func belled(s view.Shell, unseen int) view.Shell {
	s.Bell = &view.Bell{URL: "/notices", Unseen: unseen}
	return s
}

func noticesPage() view.Notices {
	return view.Notices{
		Shell:   belled(shell("For you", view.PlaceNotices), 2),
		Filters: []view.Filter{{Text: "All", URL: "/notices", Current: true}, {Text: "New", URL: "/notices?show=new", Count: 2}},
		SeenURL: "/notices/seen",
		Rows: []view.NoticeRow{
			{Kind: view.State{Tone: view.ToneInfo, Word: "Swap asked for"}, Title: "Leo asks you to take Friday night", Text: "Storefront, primary, 27 November 18:00 to 09:00.\n“It is my sister’s wedding.”", URL: "/oncall?swap=swp_1", At: at(3, 2, 0), Sent: "sent to phone", New: true, SeenURL: "/notices/ntc_1/seen"},
			{Kind: view.State{Tone: view.ToneMinor, Word: "Clock change"}, Title: "Your hand-over moves by an hour", URL: "/oncall", At: at(1, 40, 0), New: true, SeenURL: "/notices/ntc_2/seen"},
			{Kind: view.State{Tone: view.ToneInfo, Word: "Your shift"}, Title: "You are on call from Monday, 09:00", At: day(20, 9), Sent: "sent to phone"},
		},
		Pager: view.Pager{OlderURL: "/notices?cursor=x"},
	}
}

func contactTest(prove string) view.ContactTest {
	p := view.ContactTest{Shell: door("Contact test"), Person: "Ana", Method: "pager", Address: "pager.example/…", SentAt: at(3, 20, 0), ProveURL: prove}
	p.Shell.JS, p.Shell.CSS = "", "phone.css"
	if prove == "" {
		p.Done, p.DoneText = view.State{Tone: view.ToneOK, Word: "Verified"}, "Muster reaches you by it. You can close this page."
	}
	return p
}
