package view_test

import (
	"time"

	"github.com/a-h/templ"

	"github.com/muster-oncall/muster/internal/web/view"
)

func catalogPage() view.Catalog {
	doc := func(name string, rev int, note string) view.DocumentRow {
		return view.DocumentRow{Name: name, URL: "/settings/x/" + name, Revision: rev, Note: note, By: "Leo", At: at(0, 10, 0)}
	}
	return view.Catalog{Shell: shell("Settings", view.PlaceSettings), Tabs: tabs(view.TabDocuments), Revision: 143, ExportURL: "/x", Kinds: []view.DocumentKind{
		{Kind: "rosters", Title: "Rosters", Hint: "Who is expected to respond, and when.", NewURL: "/x", Docs: []view.DocumentRow{doc("storefront", 31, "4 rotations"), doc("payments", 12, "2 rotations"), doc("platform", 9, "2 rotations")}},
		{Kind: "policies", Title: "Policies", Hint: "Whom to page, in which order, how long to wait.", NewURL: "/x", Docs: []view.DocumentRow{doc("storefront-urgent", 6, "3 steps"), doc("office-hours", 2, "1 step")}},
		{Kind: "routes", Title: "Routes", Hint: "Which alert belongs to which service and policy.", NewURL: "/x", Docs: []view.DocumentRow{doc("routes", 14, "9 rules")}},
	}}
}

func connectorsPage() view.Connectors {
	return view.Connectors{Shell: shell("Connectors", view.PlaceSettings), Tabs: tabs(view.TabConnectors), NewURL: "/x", Rows: []view.ConnectorRow{
		{Name: "demo-phone", Kind: "demo phone", URL: "/x", State: view.State{Tone: view.ToneOK, Word: "Works"}, LastAt: at(3, 11, 13), LastText: "to Ana, proved after 51 s", TestURL: "/x", Proves: "a person only", Backup: view.Link{Text: "mail", URL: "/x"}},
		{Name: "mail", Kind: "SMTP", URL: "/x", State: view.State{Tone: view.ToneMajor, Word: "Failed"}, LastAt: at(2, 40, 0), LastText: "smtp.example.com refused: 535 authentication failed", TestURL: "/x", Waiting: 3},
		{Name: "ops-webhook", Kind: "webhook", URL: "/x", State: view.State{Word: "Never used"}, TestURL: "/x"},
	}}
}

func personRow() view.PersonRow {
	return view.PersonRow{Person: view.Person{Name: "Ana", URL: "/people/ana", You: true}, Access: "team owner", Teams: "Storefront", Zone: "Seattle, 03:24", Methods: []view.ContactMethodRow{
		{Name: "phone", Kind: "SMS", Address: "+1 ··· 0142", State: view.State{Tone: view.ToneOK, Word: "Proved today"}, TestURL: "/x", RemoveURL: "/x", Last: "Last page 03:12: proved, the carrier says that it was delivered"},
		{Name: "work mail", Kind: "e-mail", Address: "ana@…", State: view.State{Tone: view.ToneMinor, Word: "Not verified"}, TestURL: "/x", Unverified: true},
		{Name: "pager", Kind: "push", Address: "this phone", State: view.State{Tone: view.ToneOK, Word: "Proved today"}, TestURL: "/x", RemoveURL: "/x", Unused: "No rule uses this method: it is never rung.", UseURL: "/x"},
	}}
}

func peoplePage() view.People {
	leo := view.PersonRow{Person: view.Person{Name: "Leo", URL: "/people/leo"}, Access: "admin", Teams: "Storefront, Platform", Zone: "Seattle, 03:24", Warning: "cannot be reached at night"}
	return view.People{Shell: shell("People", view.PlaceSettings), Tabs: tabs(view.TabPeople), NewURL: "/x", Rows: []view.PersonRow{personRow(), leo}}
}

func readinessPage() view.Readiness {
	return view.Readiness{
		Shell: shell("Readiness", view.PlaceReadiness), Headline: "Covered for 9 days, then a gap. 1 action item is overdue.", Coverage: []view.Covered{{Note: onCallPage().Warnings[0].Note, Rest: []string{"Again on Tuesday."}, More: 2}},
		Figures: []view.Figure{{Label: "Found by us first", Value: "11 of 14"}, {Label: "Proved contact methods", Value: "13 of 16"}, {Label: "Last drill", Value: "9 days ago, passed"}},
		Overdue: reviewPage().Actions[1:2], Open: reviewPage().Actions[:1],
		Unproved: []view.Unproved{{Person: view.Link{Text: "Leo", URL: "/x"}, Method: "SMS", Note: "never verified: no page goes by it", TestURL: "/x"}},
		Itself: []view.Note{
			{Tone: view.ToneMajor, Lead: "Provider in trouble", Text: "Text messages has failed since 03:02, 7 calls in a row: HTTP 500.", Link: view.Link{Text: "Text messages", URL: "/x"}},
			{Tone: view.ToneOK, Lead: "Auditor", Text: "It looked at 03:24: nobody is forgotten, nothing is late."},
		},
		Noise: []view.NoiseRow{
			{Service: view.Link{Text: "Orders", URL: "/x"}, Alerts: 214, Pages: 61, Unproved: 3, Flaps: 40, Said: 9, Useful: 2, Route: view.Link{Text: "Route orders", URL: "/x"}},
			{Service: view.Link{Text: "Shopping cart", URL: "/x"}, Alerts: 12, Pages: 8},
		},
		Reached:  []view.ReachedRow{{Connector: view.Link{Text: "Text messages", URL: "/x"}, Proves: "the carrier’s receipt, or a person", Pages: 69, Proved: 60, Unproved: 3, Failed: 6}},
		Runbooks: []view.RunbookRow{{Name: "Cart API: failures above 5 %", URL: "/x", Note: "proven 9 days ago", State: view.State{Tone: view.ToneOK, Word: "Fresh"}}},
	}
}

func wallPage() view.Wall {
	s := shell("Wall", "")
	s.Theme, s.Me = "dark", nil
	return view.Wall{
		Shell: s, Name: "Storefront", Headline: "2 incidents open, 2 alerts without an owner", Also: strips()[1:], Unowned: 2, OldestAt: at(2, 36, 0), OnCall: rosters()[:2],
		Main: &view.WallIncident{
			Key: "INC-42", Title: "Shopping cart failing", Severity: sev1(), OpenedAt: at(3, 12, 40), Bad: "15 % of add-to-cart fails, was 31 %", Doing: "Chen rolls back cart-api, 2 of 6 regions",
			Commander: "Ana", Others: "Tom communicates, Mia scribes", Aware: "11 people in 4 teams", Phases: phases(), Promise: tomsPromise(), LastSaid: "We are undoing the last release.", LastSaidAt: at(3, 18, 10),
		},
	}
}

func declarePage() view.Declare {
	return view.Declare{
		Shell: shell("Declare an incident", view.PlaceIncidents), URL: "/declare", AlertID: "alt_1", AlertTitle: "High Number of Failures", Title: "Shopping cart failing",
		Severities: []view.Option{{Value: "SEV1", Text: "SEV1", Hint: "customers cannot buy"}, {Value: "SEV2", Text: "SEV2", Hint: "many are hindered", Selected: true}, {Value: "SEV3", Text: "SEV3", Hint: "some are hindered"}},
		Services:   []view.Option{{Value: "", Text: "not known yet"}, {Value: "cart", Text: "Shopping cart", Selected: true}}, Wakes: "This pages 3 people: Ana, Ravi, Chen.",
	}
}

func reportPage() view.Report {
	return view.Report{Shell: door("Report a problem"), URL: "/report", Services: []view.Option{{Value: "", Text: "I do not know"}, {Value: "cart", Text: "Shopping cart"}}, Status: view.Note{Tone: view.ToneMajor, Lead: "Known", Text: "Some customers cannot add items to the cart. Next update by 11:30 UTC."}}
}

func setupPage() view.Setup {
	return view.Setup{Shell: door("Set up"), URL: "/setup", Token: "t", PublicURL: "http://localhost:8080", LocalHost: true, Zone: "Europe/Berlin", Zones: []string{"Europe/Berlin"}, Problems: []view.Problem{{Field: "passphrase", Message: "At least 12 characters, please."}}}
}

// screen is a page of the preview.
type screen struct {
	name string
	page templ.Component
}

func screens() []screen {
	audit := view.Audit{Shell: shell("Audit", view.PlaceSettings), Tabs: tabs(view.TabAudit), Rows: []view.AuditRow{
		{At: at(3, 20, 0), Who: "Noor", Surface: "web", What: "changed a roster", About: "rosters/storefront", URL: "/x", State: view.State{Tone: view.ToneOK, Word: "Done"}},
		{At: at(3, 2, 0), Who: "key ci", Surface: "API", What: "sent with a forged signature", About: "teams", State: view.State{Tone: view.ToneMajor, Word: "Refused"}},
	}}
	keys := view.Keys{Shell: shell("API keys", view.PlaceSettings), Tabs: tabs(view.TabKeys), URL: "/x", Access: []view.Option{{Value: "viewer", Text: "Viewer"}}, Fresh: "mk_2f9c8a77d0b14e", Rows: []view.KeyRow{{Name: "ci", Access: "responder", By: "Leo", MadeAt: day(2, 9), UsedAt: at(3, 2, 0), RevokeURL: "/x"}}}
	reviews := view.Reviews{Shell: shell("Reviews", view.PlaceReviews), Rows: []view.ReviewRow{{Key: "INC-27", Title: "Cart writes refused after 4.11", URL: "/x", State: view.State{Tone: view.ToneOK, Word: "Published"}, Severity: view.State{Tone: view.ToneMajor, Word: "SEV2"}, At: time.Date(2026, 9, 18, 10, 0, 0, 0, seattle()), Took: 34 * time.Minute, Actions: 4, Done: 3, Owner: "Mia"}}}
	profile := view.Profile{Shell: shell("Ana", view.PlaceSettings), Row: personRow(), AddURL: "/x", Kinds: []view.Option{{Value: "sms", Text: "SMS"}}, PassURL: "/x", RemindURL: "/x", Reminders: []view.Option{{Value: "7d", Text: "7 days before"}, {Value: "start", Text: "when it begins", Selected: true}}, Shifts: onCallPage().MyShifts, Document: view.Link{Text: "Edit", URL: "/x"}}
	profile.Push = &view.PushOffer{Connector: "browsers", Key: "BNc"}
	profile.CardURL, profile.RulesURL, profile.RulesNote, profile.RulesOpen = "/x", "/x", "Each line goes at its own time.", true
	profile.Unproved = "mail is used for pages, and nothing has ever shown that it arrives. Send a test and press its button."
	profile.Rules = []view.RuleRow{
		{Methods: []view.Option{{Text: "–"}, {Value: "phone", Text: "phone", Selected: true}}, Urgency: []view.Option{{Text: "all pages"}, {Value: "high", Text: "urgent pages", Selected: true}}, After: "0"},
		{Methods: []view.Option{{Text: "–", Selected: true}, {Value: "phone", Text: "phone"}}, Urgency: []view.Option{{Text: "all pages", Selected: true}}, After: "0"},
	}
	last := view.Profile{Shell: shell("Ravi", view.PlaceSettings), Row: personRow(), AddURL: "/x", MoreShifts: view.Link{Text: "and 12 more within 30 days", URL: "/x"}, Push: &view.PushOffer{Missing: "Notifications of browsers are not set up here.", SetUp: view.Link{Text: "Add one", URL: "/x"}}}
	last.Insist = &view.Insist{Text: "Nobody would be paged for Shopping cart.", URL: "/x", Word: "reaches-nobody", Label: "Remove it all the same"}
	quietWall := wallPage()
	quietWall.Main, quietWall.Also, quietWall.Unowned, quietWall.Headline, quietWall.Quiet = nil, nil, 0, "Nothing open", day(25, 14)
	return []screen{
		{"now", view.NowPage(nowPage())},
		{"now-quiet", view.NowPage(quietPage())},
		{"incidents", view.IncidentsPage(incidentsPage())},
		{"room", view.RoomPage(roomPage())},
		{"room-troubled", view.RoomPage(troubledRoom())},
		{"alerts", view.AlertsPage(alertsPage())},
		{"alerts-empty", view.AlertsPage(emptyAlerts())},
		{"alert", view.AlertPage(alertPage())},
		{"alert-open", view.AlertPage(openAlert())},
		{"phone", view.PhonePage(phonePage())},
		{"phone-done", view.PhonePage(donePhone())},
		{"phones", view.PhonesPage(phonesPage())},
		{"notices", view.NoticesPage(noticesPage())},
		{"notices-empty", view.NoticesPage(view.Notices{Shell: belled(shell("For you", view.PlaceNotices), 0), Empty: "Muster has told you nothing yet."})},
		{"contact-test", view.ContactTestPage(contactTest("/c/tok/prove"))},
		{"contact-test-done", view.ContactTestPage(contactTest(""))},
		{"experts", view.ExpertsPage(expertsPage())},
		{"ledger", view.LedgerPage(ledgerPage())},
		{"ledger-empty", view.LedgerPage(view.Ledger{Shell: shell("Fairness", view.PlaceOnCall), URL: "/x", CSV: "/x", Empty: "Nobody is on call in this period."})},
		{"handovers", view.HandoversPage(handoversPage())},
		{"handovers-empty", view.HandoversPage(view.Handovers{Shell: shell("Hand-overs of Storefront", view.PlaceOnCall)})},
		{"changes", view.ProposedChangesPage(proposedChanges())},
		{"changes-empty", view.ProposedChangesPage(view.ProposedChanges{Shell: shell("Proposed changes", view.PlaceSettings), Tabs: tabs(view.TabChanges)})},
		{"change", view.ProposedChangePage(proposedChange())},
		{"change-own", view.ProposedChangePage(ownChange())},
		{"cover", view.CoverFormPage(coverPage())},
		{"arrange", view.CoverFormPage(arrangePage())},
		{"import", view.ImportShiftsPage(importPage())},
		{"import-seen", view.ImportShiftsPage(importSeen())},
		{"change-decided", view.ProposedChangePage(decidedChange())},
		{"experts-empty", view.ExpertsPage(view.Experts{Shell: shell("Experts", view.PlaceOnCall), Empty: view.Empty{Text: "No experts yet."}})},
		{"alert-expert", view.AlertPage(expertAlert())},
		{"room-expert", view.RoomPage(expertRoom())},
		{"oncall", view.OnCallPage(onCallPage())},
		{"oncall-now", view.OnCallNowPage(onCallNow())},
		{"my-shifts", view.MyShiftsPage(myShifts())},
		{"roster-editor", view.RosterEditorPage(rosterEditor())},
		{"services", view.ServicesPage(servicesPage())},
		{"service", view.ServicePage(servicePage())},
		{"status", view.StatusEditorPage(statusPage())},
		{"reviews", view.ReviewsPage(reviews)},
		{"review", view.ReviewPage(reviewPage())},
		{"readiness", view.ReadinessPage(readinessPage())},
		{"settings", view.CatalogPage(catalogPage())},
		{"document", view.DocumentPage(documentPage())},
		{"connectors", view.ConnectorsPage(connectorsPage())},
		{"people", view.PeoplePage(peoplePage())},
		{"profile", view.ProfilePage(profile)},
		{"profile-last", view.ProfilePage(last)},
		{"keys", view.KeysPage(keys)},
		{"audit", view.AuditPage(audit)},
		{"declare", view.DeclarePage(declarePage())},
		{"report", view.ReportPage(reportPage())},
		{"signin", view.SignInPage(view.SignIn{Shell: door("Sign in"), URL: "/x", TokenURL: "/x", Problem: "The e-mail or the passphrase is wrong."})},
		{"setup", view.SetupPage(setupPage())},
		{"setup-mail", view.WizardPage(mailWizard())},
		{"setup-test", view.WizardPage(testWizard())},
		{"error", view.ErrorPage(view.Error{Shell: shell("Not found", ""), Status: 404, Title: "There is no incident INC-99", Text: "The newest is INC-42. Perhaps the number is mistyped.", Back: view.Link{Text: "All incidents", URL: "/incidents"}})},
		{"wall", view.WallPage(wallPage())},
		{"wall-quiet", view.WallPage(quietWall)},
	}
}
