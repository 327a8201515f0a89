package view_test

import "github.com/muster-oncall/muster/internal/web/view"

func coverPage() view.CoverPage {
	return view.CoverPage{
		Shell: shell("Ask for cover", view.PlaceOnCall), Title: "Ask for cover", Back: view.Link{Text: "Storefront", URL: "/oncall?roster=storefront"},
		URL: "/oncall/storefront/cover", Shift: "Your shift as primary responder of Storefront", From: day(28, 9), To: day(30, 9), Length: "2 days",
		Fields: []view.Field{{Name: "at", Value: "2026-11-28T09:00:00Z"}}, Part: view.CoverPart{From: "2026-11-28T12:00", To: "2026-11-28T15:00", Min: "2026-11-28T09:00", Max: "2026-11-30T09:00"},
		Whom:     []view.CoverWhom{{Name: "Mia Jensen", Value: "mia", Why: "12 hours on call in the last 30 days and 0 hours in the next 14, 0 hours at night.", Chosen: true}},
		Others:   []view.CoverWhom{{Name: "Chen Wei", Value: "chen", Why: "Is on leave from Fri 27 Nov 00:00 until Tue 1 Dec 00:00."}},
		Returns:  []view.OptionGroup{{Title: "Mia Jensen", Options: []view.Option{{Value: "mia|primary|primary|2026-12-02T09:00:00Z", Text: "Mia Jensen, primary responder, 2 Dec 09:00 to 5 Dec 09:00", Selected: true}}}},
		Why:      "school play",
		Problems: []view.Problem{{Field: "until", Message: "Must be within the shift."}, {Field: "back", Message: "This is a shift of Mia."}, {Message: "The shift is over."}},
	}
}

func arrangePage() view.CoverPage {
	p := coverPage()
	p.Title, p.Arrange, p.URL, p.Shift, p.Problems = "Arrange a swap", true, "/oncall/storefront/arrange", "Ravi Patel’s shift as primary responder of Storefront", nil
	p.Choose = p.Returns
	return p
}

func importPage() view.ImportPage {
	return view.ImportPage{
		Shell: shell("Import shifts", view.PlaceOnCall), Back: view.Link{Text: "Storefront", URL: "/oncall?roster=storefront"}, URL: "/oncall/storefront/import",
		Body: "roster,person,start,end\nstorefront,nobody-at-all,2026-12-01 09:00,2026-12-04 09:00", Rotation: "imported", Rotations: []string{"primary"},
		Roles: []view.Option{{Text: "As the rotation is, else primary"}}, Zone: "UTC", Zones: []string{"UTC"}, ETag: "30",
		Wrong: []view.WrongLine{{Line: 2, Text: "storefront,nobody-at-all,2026-12-01 09:00,2026-12-04 09:00", Message: "Nobody is called “nobody-at-all”."}},
	}
}

func importSeen() view.ImportPage {
	p := importPage()
	p.Wrong, p.Preview = nil, rosterEditor().Preview
	p.Result = &view.ImportResult{
		What: "Would make the rotation “imported”, primary.", Shifts: 3, People: "Ana Rossi and Ravi Patel", From: day(28, 9), To: day(30, 9), Added: 3,
		Notes: []view.Note{{Tone: view.ToneMinor, Lead: "Mind", Text: "Where it has somebody, it wins over primary: the same role."}},
	}
	return p
}
