package view_test

import "github.com/muster-oncall/muster/internal/web/view"

func onCallNow() view.OnCallNow {
	s := shell("On call now", view.PlaceOnCall)
	s.Me = nil
	return view.OnCallNow{Shell: s, SignIn: "/signin?next=/oncall/now", Cards: []view.NowCard{
		{Roster: "Storefront", Next: "Then Leo.", Held: []view.NowHeld{
			{Role: "Primary", People: []view.Person{{Name: "Ravi"}}, Until: day(27, 9), Clocks: "18:00 Berlin"},
			{Role: "Secondary", Until: day(27, 17)},
		}},
	}}
}

func myShifts() view.MyShifts {
	p := onCallPage()
	return view.MyShifts{Shell: shell("My shifts", view.PlaceOnCall), Shifts: p.MyShifts, Asked: p.Asked, Hours: 104, Back: "/oncall"}
}

// rosterEditor is a draft that opens a gap, which somebody else changed meanwhile and the gate refuses: all at once.
func rosterEditor() view.RosterEditor {
	days := []view.Option{{Value: "mon", Text: "Mon", Selected: true}, {Value: "tue", Text: "Tue"}}
	rot := view.RotationForm{
		Key: "r0", Name: "berlin", Was: "berlin", Zone: "Europe/Berlin", Every: "3", Handoff: "09:00", Start: "2026-01-05", Together: "1", First: true, Last: true,
		Roles: []view.Option{{Value: "primary", Text: "Primary", Selected: true}}, Kinds: []view.Option{{Value: "24x7", Text: "24 × 7"}},
		Units: []view.Option{{Value: "day", Text: "days", Selected: true}}, Days: days, Restrict: true,
		People:   []view.MemberRow{{Person: "ravi", Name: "Ravi", First: true, Last: true, Leaves: "2026-12-01"}, {Name: "somebody new"}},
		Hours:    []view.HoursRow{{Key: "h0", From: "09:00", To: "17:00", Days: days}},
		Problems: []view.Problem{{Field: "r0.zone", Message: "There is no such zone."}},
	}
	page := onCallPage()
	lanes := page.Schedules[0]
	lanes.Lanes, lanes.Width, lanes.ID = lanes.Lanes[:1], 450, ""
	return view.RosterEditor{
		Shell: shell("Edit Storefront", view.PlaceOnCall), URL: "/oncall/storefront/edit", Back: "/oncall", DocURL: "/settings/rosters/storefront",
		ETag: "30", Name: "storefront", Title: "Storefront", Teams: []view.Option{{Value: "storefront", Text: "Storefront", Selected: true}},
		Roles: []view.Option{{Text: "Pages for alerts"}}, Rotations: []view.RotationForm{rot}, Zones: []string{"UTC"}, Kept: "1 override",
		People:   []view.Option{{Value: "ravi", Text: "Ravi"}, {Value: "nobody", Text: "(an empty place)"}},
		Build:    view.BuildForm{Shapes: []view.Option{{Value: "24x7", Text: "24 × 7", Selected: true}}, Zones: []string{"UTC", "", ""}, From: "09:00", To: "17:00", Handoff: "09:00"},
		Conflict: &view.EditConflict{Text: "Noor saved revision 31 at 03:12.", ETag: "31", TheirsL: view.Link{Text: "Begin again from theirs", URL: "/oncall/storefront/edit"}, Diff: []view.DiffLine{{Op: "+", Text: "handoff: 10:00"}}},
		Gate:     &view.GateQuestion{Text: "This change would reach nobody.", Word: "accept", Label: "It is meant so", Propose: true},
		Preview: &view.RosterPreview{
			Lanes: lanes, Bad: []view.Note{{Tone: view.ToneMajor, Lead: "Gap opens", Text: "Nobody is the primary responder."}},
			Warnings: []view.Note{{Tone: view.ToneMinor, Lead: "Mind", Text: "Ravi has too many nights."}}, Mended: []string{"Ana is reachable."},
			Handed: []view.HandedRow{{Role: "primary", From: day(28, 1), To: day(28, 9), Before: "Mia"}}, More: 2,
			Load:   []view.LoadRow{{Name: "Ravi", Hours: 100, HoursAfter: 140, Nights: 20}},
			Replay: &view.Replay{URL: "replay", Played: true, Running: true, Cursor: "alt_1", Done: 40, Of: 90, Others: 3, Lost: 1, Lines: []string{"27 Nov: nobody."}},
		},
	}
}
