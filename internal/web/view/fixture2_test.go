package view_test

import (
	"time"

	"github.com/muster-oncall/muster/internal/web/view"
)

func phonesPage() view.Phones {
	s := shell("The demo’s phones", "")
	s.Guide = guide(3, "Azure Monitor fired. Muster found Ravi on call and paged him; his phone rings.", "Let him sleep")
	ring := view.DemoPage{
		At: at(3, 11, 13), Title: "High Number of Failures", Text: "Shopping cart. 31 % of cart requests fail.",
		Severity: view.State{Tone: view.ToneCritical, Word: "Critical"}, State: view.State{Tone: view.ToneInfo, Word: "ringing: press to answer"}, URL: "/p/x", Ringing: true,
	}
	old := ring
	old.At, old.Ringing, old.State = at(3, 6, 13), false, view.State{Tone: view.ToneMajor, Word: "no answer for 5 min"}
	return view.Phones{Shell: s, Phones: []view.DemoPhone{
		{Person: "Ana", You: true, Place: "Seattle", Clock: "03:24", Night: true, Duty: "secondary of Storefront", Pages: []view.DemoPage{ring}},
		{Person: "Ravi", Place: "Berlin", Clock: "12:24", Duty: "primary of Storefront", Pages: []view.DemoPage{old}},
		{Person: "Chen", Place: "Singapore", Clock: "19:24", Duty: "primary of Platform"},
		{Person: "Noor", Place: "Berlin", Clock: "12:24", Duty: "primary of Payments"},
		{Person: "Leo", Place: "Seattle", Clock: "03:24", Night: true},
	}}
}

func onCallPage() view.OnCall {
	elsewhere := time.FixedZone("Europe/Berlin", 3600)
	start := day(23, 0)
	end := start.AddDate(0, 0, 14)
	zones := []struct {
		name, note string
		from       int
		who        []string
	}{
		{"Berlin", "01–09 PST · 10–18 CET", 1, []string{"Noor", "Ravi", "Ravi", "Ravi", "Ravi", "Mia", "Mia", "Mia", "Mia", "Ravi", "Ravi", "Ravi", "Noor", ""}},
		{"Seattle", "09–17 PST", 9, []string{"Ana", "Ana", "Ana", "Ana", "Leo", "Leo", "Leo", "Ana", "Ana", "Ana", "Ana", "Leo", "Leo", "Leo"}},
		{"Singapore", "17–01 PST · 09–17 SGT", 17, []string{"Chen", "Chen", "Chen", "Zoe", "Zoe", "Zoe", "Zoe", "Tom", "Tom", "Tom", "Tom", "Chen", "Chen", "Chen"}},
	}
	final := view.Lane{Title: "On call", Note: "primary", Kind: "final", Role: "primary"}
	lanes := make([]view.Lane, len(zones))
	for z, zone := range zones {
		lanes[z] = view.Lane{Title: zone.name, Note: zone.note, Kind: "layer"}
	}
	for d := range 14 {
		for z, zone := range zones {
			from := start.AddDate(0, 0, d).Add(time.Duration(zone.from) * time.Hour)
			b := view.Block{From: from, To: from.Add(8 * time.Hour), Person: zone.who[d], You: zone.who[d] == "Ana", Kind: "shift", Shade: z, Zone: elsewhere}
			if b.Person == "" {
				b.Kind = "gap"
			}
			over := b
			if d == 8 && z == 0 {
				over.Kind, over.Person, over.By, over.Note = "override", "Noor", "override for Mia", "dentist"
				b.Kind = "replaced"
			}
			final.Blocks = append(final.Blocks, over)
			lanes[z].Blocks = append(lanes[z].Blocks, b)
		}
	}
	tue := start.AddDate(0, 0, 8).Add(time.Hour)
	second := view.Lane{Title: "On call", Note: "secondary", Kind: "final", Role: "secondary"}
	for _, b := range []struct {
		who      string
		from, to int
	}{{"Chen", 0, 33}, {"Ana", 33, 129}, {"Mia", 129, 201}, {"Tom", 201, 297}, {"Ravi", 297, 336}} {
		second.Blocks = append(second.Blocks, view.Block{From: start.Add(time.Duration(b.from) * time.Hour), To: start.Add(time.Duration(b.to) * time.Hour), Person: b.who, You: b.who == "Ana", Kind: "shift", Shade: 1})
	}
	for z := range lanes {
		for i := 0; i < len(lanes[z].Blocks); {
			j := i
			for j < len(lanes[z].Blocks) && lanes[z].Blocks[j].Person == lanes[z].Blocks[i].Person {
				j++
			}
			b := lanes[z].Blocks[i]
			lanes[z].Turns = append(lanes[z].Turns, view.Block{From: b.From, To: lanes[z].Blocks[j-1].To, Person: b.Person, You: b.You})
			i = j
		}
	}
	all := append([]view.Lane{final, second}, lanes...)
	all = append(all, view.Lane{Title: "By hand", Note: "overrides, swaps", Kind: "patches", Blocks: []view.Block{{From: tue, To: tue.Add(8 * time.Hour), Person: "Noor", Kind: "override", By: "override for Mia", Note: "dentist, agreed by both"}}})
	return view.OnCall{
		Shell: shell("On call", view.PlaceOnCall), Headline: "Storefront: Ravi until 09:00, then Leo", NowURL: "/oncall/now", MineURL: "/oncall/mine", NewURL: "/oncall/new",
		Rosters: []view.Filter{{Text: "Storefront", URL: "?roster=storefront", Current: true}, {Text: "Payments", URL: "?roster=payments"}, {Text: "Platform", URL: "?roster=platform"}},
		Warnings: []view.Warned{{
			Note:      view.Note{Tone: view.ToneMajor, Lead: "Gap", Text: "Nobody is primary on Sunday 6 December, 01:00 to 09:00 (10:00 to 18:00 in Berlin): Noor is on holiday.", Link: view.Link{Text: "Edit", URL: "/oncall/storefront/edit"}, More: view.Link{Text: "Take it", URL: "/x"}},
			AcceptURL: "/x", Fields: []view.Field{{Name: "kind", Value: "gap"}},
		}},
		Accepted: []view.Warned{{Note: view.Note{Tone: view.ToneMinor, Text: "Ana is primary for 5 days."}, Why: "Christmas week", By: "Noor", Until: end}},
		Now:      rosters()[:2],
		Window: view.Window{
			Title: "23 November to 6 December", URL: "/oncall", From: "2026-11-23", Earlier: "?from=1", EarlierText: "Two weeks earlier", Later: "?from=2", LaterText: "Two weeks later", Today: "?",
			Zooms: []view.Filter{{Text: "Day", URL: "?zoom=day"}, {Text: "Week", URL: "?zoom=week"}, {Text: "2 weeks", URL: "?", Current: true}, {Text: "Month", URL: "?zoom=month"}, {Text: "Year", URL: "?zoom=year"}},
		},
		Schedules: []view.Schedule{{
			Name: "Storefront", ID: "storefront", URL: "/oncall?roster=storefront", EditURL: "/oncall/storefront/edit", ArrangeURL: "/oncall/storefront/arrange", ImportURL: "/oncall/storefront/import", Summary: "Ravi until 09:00, then Leo",
			From: start, To: end, Lanes: all, At: "/oncall?roster=storefront&at=", Moment: tue.Add(150 * time.Minute), Zones: []*time.Location{elsewhere},
		}},
		Moment: view.Moment{
			URL: "/oncall", At: "2026-12-01T03:30", Slide: 195, Max: 336, Step: 3600, From: start, Asked: true, When: tue.Add(150 * time.Minute), Revision: 31, NowURL: "?",
			Rows: []view.MomentRow{
				{Roster: "Storefront", Role: "primary responder", URL: "/x", People: []view.Person{{Name: "Noor"}}, Tag: "override", Text: "An override by Mia puts Noor on call instead of Mia: dentist.", Elsewhere: "Tue 12:30 Berlin", Revision: 31, RevisionURL: "/x", Whys: []view.Link{{Text: "why, for Shopping cart", URL: "/x"}}},
				{Roster: "Storefront", Role: "secondary responder", URL: "/x", Text: "Nobody is the secondary responder of Storefront."},
			},
		},
		Why: &view.MomentWhy{
			Service: "Shopping cart", When: tue.Add(150 * time.Minute), Why: view.Why{Steps: whyAna().Steps[:4]},
			Waves: []view.Wave{{When: "First paged", People: "Noor", Note: "override for Mia, agreed by both on 27 Nov 00:10"}, {When: "After 5 min", Note: "Mia is secondary, and away until 09:00"}, {When: "After 10 min", People: "Chen", Note: "expert for Cosmos DB"}},
		},
		Override: view.OverrideForm{
			URL: "/x", TakeURL: "/y", Rosters: []view.Option{{Value: "storefront", Text: "Storefront"}}, Roles: []view.Option{{Value: "primary", Text: "Primary"}}, People: []view.Option{{Value: "ana", Text: "Ana"}}, From: "2026-12-06T01:00", To: "2026-12-06T09:00",
			Existing: []view.OverrideRow{{Text: "Noor for Mia, primary of Storefront", From: tue, To: tue.Add(8 * time.Hour), Why: "dentist, agreed by both", UndoURL: "/x"}},
		},
		MyShifts: []view.Shift{
			{Roster: "Storefront", Role: "Secondary", From: day(24, 9), To: day(28, 9), Running: true},
			{Roster: "Storefront", Role: "Primary", From: day(30, 9), To: day(30, 17), Elsewhere: "Mon 18:00 Berlin", AskURL: "/x", MoreURL: "/y"},
		},
		Asked:    []view.CoverAsked{{Text: "Ravi asks for cover: primary responder of Storefront", From: day(29, 1), To: day(29, 9), Why: "a wedding", OfferURL: "/x", DeclineURL: "/y"}},
		FairNote: "night is 22–07 local", FairURL: "/oncall/fairness", Fairness: []view.Fairness{
			{Person: view.Person{Name: "Ana", You: true}, Hours: 46, Night: 14, Mean: 47, Pages: 5, Heavy: true},
			{Person: view.Person{Name: "Leo"}, Hours: 44, Night: 2, Mean: 47, Pages: 1},
			{Person: view.Person{Name: "Ravi"}, Hours: 52, Mean: 47, Pages: 4},
			{Person: view.Person{Name: "Chen"}, Hours: 54, Night: 6, Mean: 47, Pages: 3},
		},
	}
}

func incidentsPage() view.Incidents {
	rows := strips()
	rows = append(rows, view.Strip{
		Key: "INC-27", Title: "Cart writes refused after 4.11", URL: "/i/INC-27", Severity: view.State{Tone: view.ToneMajor, Word: "SEV2"}, SevWord: "Major",
		Status: view.State{Tone: view.ToneOK, Word: "Closed"}, Service: "Storefront", OpenedAt: time.Date(2026, 9, 18, 10, 0, 0, 0, seattle()), ClosedAt: time.Date(2026, 9, 18, 10, 34, 0, 0, seattle()), ReviewURL: "/reviews/INC-27",
	})
	return view.Incidents{
		Shell: shell("Incidents", view.PlaceIncidents), Rows: rows, Search: view.Search{URL: "/incidents", Hint: "Title, service or key"},
		Filters: []view.Filter{{Text: "Open", URL: "?", Count: 2}, {Text: "Resolved", URL: "?status=resolved"}, {Text: "All", URL: "?status=all", Current: true}, {Text: "SEV1", URL: "?severity=SEV1"}},
		Pager:   view.Pager{OlderURL: "?cursor=x"},
	}
}

func alertsPage() view.Alerts {
	rows := append([]view.AlertRow{{
		Title: "High Number of Failures", URL: "/a/alt_1", Severity: view.State{Tone: view.ToneCritical, Word: "Critical"}, Status: view.State{Tone: view.ToneOK, Word: "Acknowledged by Ana"},
		Service: view.Link{Text: "Shopping cart", URL: "/services/cart"}, Source: "Azure Monitor", OpenedAt: at(3, 6, 12), Signals: 12, Incident: view.Link{Text: "INC-42", URL: "/i/INC-42"},
	}}, unowned()...)
	return view.Alerts{
		Shell: shell("Alerts", view.PlaceAlerts), Rows: rows, Search: view.Search{URL: "/alerts", Hint: "Title, service or label"},
		Filters: []view.Filter{{Text: "Open", URL: "?", Count: 3, Current: true}, {Text: "Triage", URL: "?x"}, {Text: "Silenced", URL: "?x"}, {Text: "Resolved", URL: "?x"}},
		Report:  view.Link{Text: "Report form", URL: "/report"},
	}
}

func emptyAlerts() view.Alerts {
	p := alertsPage()
	p.Rows = nil
	p.Empty = view.Empty{Text: "No alert is open. Send one, and see who gets it:", Command: "curl --data '{\"title\":\"Hello\"}' http://127.0.0.1:8080/in/key/generic", Action: view.Button{Text: "Show resolved ones", URL: "?status=resolved", Get: true}}
	return p
}

func servicePage() view.Service {
	return view.Service{
		Shell: shell("Shopping cart", view.PlaceServices), Name: "Shopping cart", Description: "Holds what customers mean to buy, until they pay.",
		State: view.State{Tone: view.ToneCritical, Word: "SEV1"}, Team: view.Link{Text: "Storefront", URL: "/x"}, Policy: view.Link{Text: "Storefront, urgent", URL: "/x"},
		Rosters: rosters()[:1], Component: view.Link{Text: "Shopping cart", URL: "/status"}, Guidance: roomPage().Guidance,
		DependsOn: []view.Link{{Text: "Carts database", URL: "/x"}, {Text: "Prices", URL: "/x"}}, UsedBy: []view.Link{{Text: "Checkout", URL: "/x"}}, Sources: []view.Link{{Text: "Azure Monitor", URL: "/x"}},
		Alerts: unowned()[:1], Incidents: incidentsPage().Rows[2:], Document: view.Link{Text: "Edit", URL: "/x"}, Steps: whyAna().Steps[:5], MachineURL: "/oncall#machine",
	}
}

func servicesPage() view.Services {
	return view.Services{Shell: shell("Services", view.PlaceServices), NewURL: "/x", Search: view.Search{URL: "/services", Hint: "Name or team"}, Rows: []view.ServiceRow{
		{Name: "Shopping cart", URL: "/services/cart", Team: view.Link{Text: "Storefront", URL: "/x"}, State: view.State{Tone: view.ToneCritical, Word: "SEV1"}, OnCall: "Ravi, then Ana", Policy: view.Link{Text: "Storefront, urgent", URL: "/x"}, Runbook: view.Link{Text: "Cart API", URL: "/x"}},
		{Name: "Checkout", URL: "/services/checkout", Team: view.Link{Text: "Payments", URL: "/x"}, State: view.State{Tone: view.ToneOK, Word: "Works"}, OnCall: "Noor, then Tom", Policy: view.Link{Text: "Payments", URL: "/x"}},
		{Name: "Images", URL: "/services/images", Team: view.Link{Text: "Platform", URL: "/x"}, State: view.State{Tone: view.ToneMinor, Word: "1 alert"}, Policy: view.Link{Text: "Office hours", URL: "/x"}},
	}}
}

func statusPage() view.Status {
	days := make([]int, 90)
	days[33], days[61], days[89] = 1, 1, 2
	for i := range 12 {
		days[i] = -1
	}
	works := view.State{Tone: view.ToneOK, Word: "Works"}
	states := []view.Option{{Value: "operational", Text: "Works"}, {Value: "partial", Text: "Partial outage", Selected: true}}
	return view.Status{Shell: shell("Status", view.PlaceStatus), Pages: []view.StatusPage{{
		Name: "Tailwind Traders", State: view.State{Tone: view.ToneMajor, Word: "Partial outage"}, Headline: "Some customers cannot add items to the cart", Audience: "public",
		URL: "https://status.example.com", PreviewURL: "/status/preview", Document: view.Link{Text: "Edit components", URL: "/x"}, Confirmed: at(3, 24, 0), NextBy: at(3, 30, 0),
		Components: []view.Component{
			{Name: "Shopping cart", State: view.State{Tone: view.ToneMajor, Word: "Partial outage"}, URL: "/x", States: states, Days: days, Percent: "99.94 % available"},
			{Name: "Checkout and payment", State: works, URL: "/x", States: states},
			{Name: "Search", State: view.State{Tone: view.ToneMinor, Word: "Slow"}},
		},
		Updates: []view.StatusUpdateRow{
			{At: at(3, 24, 0), By: "Tom", Kind: "Being fixed", Text: "We are undoing the last release. Europe works again for most customers; North America and Asia follow.", NextBy: at(3, 30, 0), Incident: view.Link{Text: "INC-42", URL: "/i/INC-42"}},
			{At: at(3, 18, 10), By: "Tom", Kind: "Known", Text: "About one in three attempts to add an item to the cart fails on the web."},
		},
		Targets:  []view.PublishTarget{{Name: "Built in", State: view.State{Tone: view.ToneOK, Word: "Published"}, At: at(3, 24, 1)}, {Name: "Azure Storage", State: view.State{Tone: view.ToneMajor, Word: "Waiting"}, At: at(3, 18, 12), Note: "second try in 20 s"}},
		Open:     []view.StatusIncident{{Key: "INC-42", Title: "Shopping cart failing", URL: "/i/INC-42", Promise: tomsPromise(), Update: updateForm(), CloseURL: "/x"}},
		OpenForm: view.OpenStatusForm{URL: "/x", Page: "main"},
	}}}
}

func reviewPage() view.Review {
	s := shell("Review of INC-42", view.PlaceReviews)
	s.Now = time.Date(2026, 11, 28, 10, 0, 0, 0, seattle())
	return view.Review{
		Shell: s, Key: "INC-42", Title: "Shopping cart failing before the Black Friday sale", IncidentURL: "/i/INC-42", State: view.State{Word: "Draft"}, At: at(3, 2, 0),
		Summary:    "For 84 minutes up to a third of attempts to add an item to the cart failed. A release wrote each cart twice; the database refused the surplus. Undoing it brought carts back.",
		SummaryURL: "/x", PublishURL: "/x",
		Phases:   []view.Phase{{Name: "Detection", From: at(3, 2, 0), To: at(3, 12, 4)}, {Name: "Response", From: at(3, 12, 4), To: at(3, 19, 30)}, {Name: "Remediation", From: at(3, 19, 30), To: at(4, 26, 12)}, {Name: "Analysis"}},
		Marks:    []view.Mark{{At: at(3, 41, 0), Text: "mitigated"}, {At: at(4, 26, 12), Text: "resolved"}},
		Silences: []view.Span{{From: at(3, 6, 13), To: at(3, 11, 13)}, {From: at(3, 33, 0), To: at(3, 40, 0)}, {From: at(4, 0, 0), To: at(4, 11, 0)}},
		Figures:  []view.Figure{{Label: "Found by", Value: "Monitoring"}, {Label: "Paged to acknowledged", Value: "5 min 51 s"}, {Label: "Customers affected", Value: "about 6,400"}, {Label: "Updates kept on time", Value: "5 of 6"}, {Label: "People who took part", Value: "8"}},
		Well:     []string{"The second page reached Ana in 5 seconds, at 3 in the morning, and said why it was her.", "One person deployed, everybody knew who. No change undid another."}, WellURL: "/x",
		Findings: []view.Finding{
			{Text: "The first page could not arrive. Ravi was underground for nine minutes; nothing told us that a primary had no signal.", Who: "Ravi, Mia", At: view.Link{Text: "03:13:20", URL: "/i/INC-42#tle_6"}},
			{Text: "The rollout had no brake. 4.18.0 reached six regions in eleven minutes, faster than the alert’s window of fifteen.", Who: "Chen", At: view.Link{Text: "03:16:30", URL: "/i/INC-42#tle_8"}},
		},
		FindingURL: "/x", Questions: []string{"How did the release look healthy in the canary region?", "What would have told Ravi, before his shift, that the U-Bahn has no signal?"}, QuestionURL: "/x",
		Actions: []view.ActionItem{
			{Text: "Slow the rollout: one region per 20 min, stop at 2 % failures", Owner: "Chen", Due: time.Date(2026, 12, 4, 0, 0, 0, 0, seattle()), Tracker: view.Link{Text: "Boards 3112", URL: "https://example.com"}, DoneURL: "/x"},
			{Text: "Drill: primary without signal", Due: day(26, 0), Overdue: true, DoneURL: "/x"},
			{Text: "Brief Support earlier", Owner: "Tom", Done: true},
		},
		ActionURL: "/x", Owners: []view.Option{{Value: "ana", Text: "Ana"}}, TookPart: []view.Figure{{Label: "Ana", Value: "commander"}, {Label: "Tom", Value: "communication"}, {Label: "Chen, Noor", Value: "experts"}},
		Felt: []view.Quote{{Text: "Uneasy: 4.17.3 does not have the sale prices.", Who: "Ravi", At: at(3, 22, 15)}}, Timeline: entries(),
	}
}

func documentPage() view.Document {
	return view.Document{
		Shell: shell("storefront", view.PlaceSettings), Tabs: tabs(view.TabDocuments), Kind: "rosters", KindTitle: "Rosters", KindURL: "/settings#rosters", Name: "storefront", Format: "YAML", ETag: "31", URL: "/x", CheckURL: "/x",
		Body:     "title: Storefront\nteam: storefront\nrotations:\n  - name: berlin\n    role: primary\n    zone: Europe/Berlim\n    kind: follow-the-sun\n    people: [noor, ravi, mia]\n    handoff: {days: 4, at: \"10:00\"}\n    polcy: urgent\n",
		Problems: []view.Problem{{Line: 6, Field: "rotations[0].zone", Message: "“Europe/Berlim” is not a time zone. Did you mean “Europe/Berlin”?"}, {Line: 10, Field: "rotations[0].polcy", Message: "There is no field “polcy” here. Did you mean “policy”?"}},
		Why:      "Berlin has a new person", Revisions: []view.RevisionRow{{Revision: 31, At: at(0, 10, 0), By: "Noor", Why: "took Mia’s shift", Current: true, DiffURL: "?diff=31"}, {Revision: 28, At: day(12, 9), By: "Leo", Why: "three days at weekends", DiffURL: "?diff=28", RestoreURL: "/x"}},
		DiffTitle: "Revision 28 to 31", Diff: []view.DiffLine{{Op: " ", Old: 5, New: 5, Text: "    role: primary"}, {Op: "-", Old: 6, Text: "    people: [noor, ravi]"}, {Op: "+", New: 6, Text: "    people: [noor, ravi, mia]"}},
		UsedBy: []view.Link{{Text: "policies/storefront-urgent", URL: "/x"}}, DeleteURL: "/x", Kinds: []view.Filter{{Text: "Webhook", URL: "/x", Current: true}},
		Connector: &view.ConnectorPanel{
			Row: connectorsPage().Rows[1], Help: "Sends mail.", Within: "2 min", Trouble: &view.Note{Tone: view.ToneMajor, Lead: "Provider in trouble", Text: "It has failed since 03:02."}, BackupURL: "/x",
			Backups: []view.Option{{Text: "nobody"}, {Value: "two", Text: "two", Selected: true}}, For: []view.Link{{Text: "pager", URL: "/x"}}, Problems: []view.Problem{{Field: "backup", Message: "Leads in a circle."}},
		},
		Help: []view.Figure{{Label: "zone", Value: "an IANA name: Europe/Berlin"}, {Label: "handoff", Value: "how long a turn is and when it changes"}},
	}
}

func tabs(current string) view.SettingsTabs {
	return view.SettingsTabs{Current: current, Documents: "/settings", Changes: "/changes", Connectors: "/settings/connectors", People: "/settings/people", Keys: "/settings/keys", Audit: "/settings/audit", Heartbeat: "/settings/heartbeat"}
}
