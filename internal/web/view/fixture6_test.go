package view_test

import "github.com/muster-oncall/muster/internal/web/view"

func ledgerPage() view.Ledger {
	return view.Ledger{
		Shell: shell("Fairness", view.PlaceOnCall), From: day(1, 0), To: day(30, 0), URL: "/oncall/fairness", FromDay: "2026-11-01", ToDay: "2026-11-29", CSV: "/oncall/fairness.csv",
		Periods: []view.Filter{{Text: "Last 30 days", URL: "/x", Current: true}, {Text: "Last 90 days", URL: "/y"}},
		Rosters: []view.Filter{{Text: "All rosters", URL: "/x", Current: true}, {Text: "Storefront", URL: "/y"}},
		Rows: []view.LedgerRow{
			{Person: view.Person{Name: "Ana Rossi", URL: "/settings/people/ana", You: true}, Primary: 168, Secondary: 24, Total: 192, Night: 72, Weekend: 48, Holiday: 9, Nights: 8, Shifts: 2, Pages: 5, NightPages: 2},
			{Person: view.Person{Name: "Leo", URL: "/settings/people/leo"}, Left: true, Primary: 84, Shadow: 12, Total: 84, Night: 27, Nights: 3, Shifts: 1},
		},
	}
}

func handoversPage() view.Handovers {
	return view.Handovers{
		Shell: shell("Hand-overs of Storefront", view.PlaceOnCall), Roster: view.Link{Text: "Storefront", URL: "/oncall?roster=storefront"},
		Drafts: []view.HandoverDraft{
			{Role: "Primary responder", Who: "Ana Rossi", Until: day(28, 9), Words: "Watch the <queue>.", By: "Ana Rossi", SaveURL: "/x", Key: "primary"},
			{Role: "Secondary responder", Who: "Leo", Words: "Nothing new.", By: "Leo", Key: "secondary"},
		},
		Notes: []view.HandoverNote{{
			ID: "hnd_1", Role: "Primary responder", RoleName: "primary", From: "Ravi Patel", To: "Ana Rossi", At: day(21, 9), Since: day(14, 9),
			Summary: []string{"3 alerts came in, 2 pages went to Ravi Patel, 1 at night.", "1 alert is still open."},
			Items: []view.HandoverItem{
				{Kind: view.State{Tone: view.ToneMinor, Word: "Alert"}, Link: view.Link{Text: "Cart fails", URL: "/a/alt_1"}, State: "acknowledged by Ravi Patel"},
				{Kind: view.State{Tone: view.ToneMajor, Word: "INC-27"}, Link: view.Link{Text: "Carts are empty", URL: "/i/INC-27"}, State: "(SEV2) is mitigated"},
			},
			Words: "The pool is small.\nGrow it on Monday.", By: "Ravi Patel", EditURL: "/x",
		}},
		Pager: view.Pager{OlderURL: "/x?cursor=y"},
	}
}
