package view_test

import "github.com/muster-oncall/muster/internal/web/view"

func expertsPage() view.Experts {
	ok, quiet := view.State{Tone: view.ToneOK, Word: "Can be asked"}, view.State{Tone: view.ToneMinor, Word: "Quiet hours"}
	return view.Experts{Shell: shell("Experts", view.PlaceOnCall), Topics: []view.ExpertTopic{
		{
			Name: "database", Title: "Cosmos DB", Roster: view.Link{Text: "Platform", URL: "/settings/rosters/platform"}, Asked: "Chen",
			Fallback: "primary responder of Platform",
			People: []view.ExpertRow{
				{Person: view.Person{Name: "Leo", URL: "/settings/people/leo"}, Local: "Berlin, 03:24", Quiet: "22:00 to 08:00", State: quiet, Words: "has quiet hours until 08:00 Europe/Berlin"},
				{Person: view.Person{Name: "Chen", URL: "/settings/people/chen"}, Local: "Singapore, 10:24", State: ok},
			},
			Why: []view.WhyStep{
				{Kind: "roster", Text: "The roster Platform names whom to ask about Cosmos DB: Leo, then Chen."},
				{Kind: "condition", Text: "Leo has quiet hours until 08:00 Europe/Berlin, and is passed over."},
				{Kind: "person", Text: "Chen is the first expert who can be asked."},
			},
		},
		{
			Name: "network", Title: "network", Roster: view.Link{Text: "Platform", URL: "/settings/rosters/platform"}, Asked: "Leo",
			Note:   view.State{Tone: view.ToneMinor, Word: "Would be woken"},
			People: []view.ExpertRow{{Person: view.Person{Name: "Leo", URL: "/settings/people/leo"}, Local: "Berlin, 03:24", Quiet: "22:00 to 08:00", State: quiet, Words: "has quiet hours until 08:00 Europe/Berlin"}},
			Why:    []view.WhyStep{{Kind: "person", Text: "There is nobody else to ask, so Leo is woken in spite of quiet hours."}},
		},
	}}
}

func askExpert() view.AskExpert {
	return view.AskExpert{URL: "/x", AllURL: "/oncall/experts", Topics: []view.Option{
		{Value: "database", Text: "Cosmos DB", Hint: "pages Chen"}, {Value: "network", Text: "network", Hint: "pages Leo, where it is 03:24"},
	}}
}

func expertAlert() view.Alert {
	p := openAlert()
	p.Expert = askExpert()
	return p
}

func expertRoom() view.Room {
	p := roomPage()
	p.Expert = askExpert()
	return p
}
