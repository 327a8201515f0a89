package view_test

import (
	"time"
	_ "time/tzdata"

	"github.com/muster-oncall/muster/internal/web/view"
)

// The story of every fixture: Tailwind Traders' shopping cart fails at 03:02 in Seattle, Ana commands.
func seattle() *time.Location {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err)
	}
	return zone
}

// at is an instant of 27 November 2026 in Seattle.
func at(h, m, s int) time.Time { return time.Date(2026, 11, 27, h, m, s, 0, seattle()) }

func day(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, seattle()) }

func shell(title, place string) view.Shell {
	return view.Shell{
		Title: title, Place: place, Org: "Tailwind Traders", Now: at(3, 24, 12), Zone: seattle(),
		CSS: "app.css", JS: "app.js", Icon: "icon.svg", ThemeURL: "/theme", LiveURL: "/live?topic=now",
		PaletteURL: "/search.json", SearchURL: "/search", DeclareURL: "/declare",
		Me: &view.Me{Name: "Ana", URL: "/people/ana", SignOutURL: "/sign-out"},
		Places: view.Places{
			Now: "/", Incidents: "/incidents", Alerts: "/alerts", OnCall: "/oncall", Services: "/services", Status: "/status",
			Reviews: "/reviews", Readiness: "/readiness", Settings: "/settings", Wall: "/wall", Phones: "/phones",
		},
	}
}

func door(title string) view.Shell {
	s := shell(title, "")
	s.Me, s.LiveURL = nil, ""
	return s
}

func guide(step int, text, button string) *view.Guide {
	return &view.Guide{Step: step, Of: 9, Text: text, Action: view.Button{Text: button, URL: "/demo/next"}, CloseURL: "/demo/close"}
}

func sev1() view.State {
	return view.State{Tone: view.ToneCritical, Word: "SEV1 Critical", Solid: true}
}

func tomsPromise() *view.Promise {
	return &view.Promise{By: at(3, 30, 0), MadeAt: at(3, 18, 10), Who: "Tom"}
}

func cartAnswers() []view.Answer {
	return []view.Answer{
		{Key: "when", Text: "03:12, ten minutes after it began", Author: "Ana", At: at(3, 12, 40)},
		{Key: "how", Text: "Azure Monitor; customers wrote two minutes later", Author: "Zoe", At: at(3, 14, 48)},
		{Key: "who", Text: "11 people: Storefront, Payments, Support, Sales EMEA", Author: "Muster", At: at(3, 24, 0)},
		{Key: "doing", Text: "Chen rolls back cart-api to 4.17.3; 2 of 6 regions done", Author: "Chen", At: at(3, 23, 58), URL: "/i/INC-42#tle_16"},
		{Key: "bad", Text: "15 % of add-to-cart requests fail, was 31 %", Author: "Ana", At: at(3, 24, 2)},
	}
}

func searchAnswers() []view.Answer {
	return []view.Answer{
		{Key: "when", Text: "Yesterday 22:40, when it began"},
		{Key: "how", Text: "Prometheus: p95 of suggestions above 800 ms"},
		{Key: "who"},
		{Key: "doing", Text: "Watching until 06:00; the index rebuild runs"},
		{Key: "bad", Text: "Suggestions take 400 ms longer; search itself is well"},
	}
}

func strips() []view.Strip {
	return []view.Strip{
		{
			Key: "INC-42", Title: "Shopping cart failing", URL: "/i/INC-42", Severity: view.State{Tone: view.ToneCritical, Word: "SEV1"},
			SevWord: "Critical", Service: "Storefront", Phase: "Remediation", PhaseAt: at(3, 19, 30), OpenedAt: at(3, 12, 40),
			Answers: cartAnswers(), Promise: tomsPromise(), Commander: &view.Person{Name: "Ana", You: true}, InRoom: 6,
		},
		{
			Key: "INC-41", Title: "Search suggestions slow", URL: "/i/INC-41", Severity: view.State{Tone: view.ToneMinor, Word: "SEV3"},
			SevWord: "Minor", Status: view.State{Tone: view.ToneOK, Word: "Mitigated"}, Service: "Discovery", Phase: "Remediation", PhaseAt: at(1, 32, 0),
			OpenedAt: day(26, 22).Add(40 * time.Minute), Answers: searchAnswers(),
			Promise: &view.Promise{By: at(3, 21, 40), MadeAt: at(1, 32, 0), Who: "Zoe"}, Commander: &view.Person{Name: "Zoe"}, InRoom: 2,
		},
	}
}

func unowned() []view.AlertRow {
	return []view.AlertRow{
		{
			ID: "alt_2", Title: "Order export queue 14,200 behind", URL: "/a/alt_2", Severity: view.State{Tone: view.ToneMajor, Word: "Major"},
			Status: view.State{Word: "Open"}, Service: view.Link{Text: "Orders", URL: "/services/orders"}, Source: "Prometheus",
			OpenedAt: at(3, 21, 2), Signals: 3, Next: "Noor paged; Tom at 03:26", AckURL: "/a/alt_2/ack",
		},
		{
			ID: "alt_3", Title: "Image certificate ends in 6 days", URL: "/a/alt_3", Severity: view.State{Tone: view.ToneMinor, Word: "Minor"},
			Status: view.State{Word: "Open"}, Service: view.Link{Text: "Images", URL: "/services/images"}, Source: "Cert watch",
			OpenedAt: at(2, 36, 0), Next: "Nobody tonight; Leo at 09:00", AckURL: "/a/alt_3/ack",
		},
	}
}

func rosters() []view.RosterNow {
	return []view.RosterNow{
		{Name: "Storefront", URL: "/oncall?roster=storefront", Held: []view.OnDuty{
			{Role: "Primary", Person: view.Person{Name: "Ravi"}, Until: at(9, 0, 0), Elsewhere: "12:24 Berlin"},
			{Role: "Secondary", Person: view.Person{Name: "Ana", You: true}, Until: day(28, 9)},
		}},
		{Name: "Payments", URL: "/oncall?roster=payments", Held: []view.OnDuty{
			{Role: "Primary", Person: view.Person{Name: "Noor"}, Until: at(9, 0, 0), Elsewhere: "12:24 Berlin"},
			{Role: "Secondary", Person: view.Person{Name: "Tom"}, Until: day(29, 17)},
		}},
		{Name: "Platform", URL: "/oncall?roster=platform", Held: []view.OnDuty{
			{Role: "Primary", Person: view.Person{Name: "Chen"}, Until: at(17, 0, 0), Elsewhere: "19:24 Singapore"},
			{Role: "Secondary", TakeURL: "/oncall?override=1"},
		}},
	}
}

func nowPage() view.Now {
	return view.Now{
		Shell: shell("Now", view.PlaceNow), Incidents: strips(), Unowned: unowned(), OnCall: rosters(), LookedAt: day(26, 23).Add(52 * time.Minute),
		AlertsURL: "/alerts", ScheduleURL: "/oncall",
		Changes: []view.Change{
			{At: at(3, 24, 0), Text: "Rollback done in 2 of 6 regions, failures 31 % → 15 %"},
			{At: at(3, 18, 10), Text: "Tom posted update 1 of INC-42 to the status page", URL: "/i/INC-42"},
			{At: at(3, 17, 2), Text: "You raised INC-42 to SEV1"},
			{At: at(3, 11, 13), Text: "You were paged, because Ravi did not answer for 5 min.", Why: "/a/alt_1#why"},
			{At: at(1, 32, 0), Text: "Zoe mitigated INC-41"},
			{At: at(0, 10, 0), Text: "Mia offered her shift of Tue 1 Dec; Noor took it"},
		},
	}
}

func quietPage() view.Now {
	p := nowPage()
	p.Incidents, p.Unowned = nil, nil
	p.QuietSince = day(25, 14)
	p.LastDrill = view.Link{Text: "primary without signal, 9 days ago, passed", URL: "/readiness"}
	p.Shell.Guide = guide(1, "This is Tailwind Traders on a quiet night. Three rosters, eight people, nothing open.", "Let something break")
	return p
}

func entries() []view.Entry {
	m := func(id string, t time.Time, kind, who, text string, links ...view.Link) view.Entry {
		return view.Entry{ID: id, URL: "#" + id, At: t, Kind: kind, Machine: true, Who: who, Text: text, Links: links}
	}
	p := func(id string, t time.Time, kind, who, text string) view.Entry {
		return view.Entry{ID: id, URL: "#" + id, At: t, Kind: kind, Who: who, Text: text, PinURL: "/i/INC-42/pin/" + id}
	}
	pinned := func(e view.Entry) view.Entry { e.Pinned = true; return e }
	why := view.Link{Text: "Why", URL: "/a/alt_1#why"}
	return []view.Entry{
		m("tle_1", at(3, 6, 12), "signal", "Azure Monitor", "fired High Number of Failures: 1,204 failed requests in 15 min, threshold 100"),
		m("tle_2", at(3, 6, 13), "page", "Muster", "paged Ravi, primary in Berlin.", why),
		m("tle_3", at(3, 11, 13), "escalate", "Muster", "escalated to Ana, secondary: no answer from Ravi for 5 min.", why),
		m("tle_4", at(3, 12, 4), "ack", "Ana", "acknowledged from the text message"),
		m("tle_5", at(3, 12, 40), "incident", "Ana", "declared INC-42, SEV2, and opened this room"),
		p("tle_6", at(3, 13, 20), "said", "Ravi", "Here now. I was on the U-Bahn without signal. Taking the cart-api logs."),
		p("tle_7", at(3, 14, 48), "saw", "Zoe", "Support has three tickets: “add to cart spins, then 503”. Web only, EU and US."),
		pinned(p("tle_8", at(3, 16, 30), "saw", "Chen", "Cosmos DB answers 429 on the carts container since 03:01, three minutes after 4.18.0 began to roll out.")),
		pinned(p("tle_9", at(3, 17, 2), "decided", "Ana", "SEV2 to SEV1: a third of carts fail and Black Friday traffic starts in four hours.")),
		{ID: "tle_10", URL: "#tle_10", At: at(3, 18, 10), Kind: "update", Who: "Tom", Verb: "posted update 1", Detail: "to the status page and 214 subscribers", Update: &view.UpdateShown{
			Known: "some customers cannot add items to the cart.", Doing: "we are undoing the last release.", NextBy: at(3, 30, 0),
		}},
		pinned(p("tle_11", at(3, 19, 30), "decided", "Ana", "Roll cart-api back to 4.17.3, one region after the other. Chen does it; nobody else deploys.")),
		p("tle_12", at(3, 19, 41), "did", "Chen", "Rollback started in West Europe."),
		{ID: "tle_13", URL: "#tle_13", At: at(3, 20, 5), Kind: "link", Machine: true, Who: "Muster", Text: "joined Cosmos DB throttling, carts: same service, 2 min apart.", UndoURL: "/i/INC-42/unlink"},
		p("tle_14", at(3, 21, 30), "said", "Noor", "Payments sees no errors. Carts that are already full check out."),
		{ID: "tle_15", URL: "#tle_15", At: at(3, 22, 15), Kind: "felt", Who: "Ravi", Text: "Uneasy: 4.17.3 does not have the sale prices. Do we need them before 07:00?", Via: "Teams", PinURL: "/x"},
		p("tle_16", at(3, 23, 58), "did", "Chen", "West and North Europe are on 4.17.3. Failures there went from 31 % to 4 %. East US next."),
	}
}

func phases() []view.Phase {
	return []view.Phase{
		{Name: "Detection", From: at(3, 2, 0), To: at(3, 12, 4), Words: "03:02 began, 03:12 known"},
		{Name: "Response", From: at(3, 12, 4), To: at(3, 19, 30)},
		{Name: "Remediation", From: at(3, 19, 30), Words: "since 03:19, running"},
		{Name: "Analysis", Words: "opens when resolved"},
		{Name: "Readiness", Words: "after the review"},
	}
}

func updateForm() view.UpdateForm {
	return view.UpdateForm{
		URL: "/i/INC-42/updates", Number: 2, LastKnown: "some customers cannot add items to the cart.", LastDoing: "we are undoing the last release.",
		Audiences: []view.Option{
			{Value: "public", Text: "Everybody", Hint: "status page, 214 subscribers", Selected: true},
			{Value: "organisation", Text: "Organisation", Hint: "38 people"},
			{Value: "responders", Text: "Responders", Hint: "6 people"},
		},
		Minutes: []view.Option{{Value: "15", Text: "15 min", Hint: "03:39"}, {Value: "30", Text: "30 min", Hint: "03:54", Selected: true}, {Value: "60", Text: "1 h", Hint: "04:24"}},
	}
}

func roomPage() view.Room {
	s := shell("INC-42 Shopping cart failing", view.PlaceIncidents)
	s.LiveURL = "/live?topic=incident:inc_42"
	done := view.State{Tone: view.ToneOK, Word: "Done"}
	return view.Room{
		Shell: s, ID: "inc_42", Key: "INC-42", Title: "Shopping cart failing", Severity: sev1(),
		Service: view.Link{Text: "Shopping cart", URL: "/services/cart"}, DeclaredAt: at(3, 12, 40), BackURL: "/", BridgeURL: "https://example.com/bridge", ShareURL: "/i/INC-42/share",
		Promise: tomsPromise(), Phases: phases(), Answers: cartAnswers(), AnswerURL: "/i/INC-42/answers",
		Roles: []view.RoleHeld{
			{Value: "commander", Role: "Incident commander", Short: "Commander", Person: view.Person{Name: "Ana", You: true}, CanHandOff: true},
			{Value: "communication", Role: "Communication", Person: view.Person{Name: "Tom"}},
			{Value: "scribe", Role: "Scribe", Person: view.Person{Name: "Mia"}},
			{Value: "expert", Role: "Expert", Topic: "Cosmos DB", Person: view.Person{Name: "Chen"}},
		},
		Proposals: []view.RoleProposal{{Value: "expert", Role: "Expert", Person: view.Person{Name: "Noor"}, ID: "noor", Why: "primary of Payments until 09:00"}},
		RoleURL:   "/i/INC-42/roles", RoleNames: []view.Option{{Value: "expert", Text: "Expert"}}, People: []view.Option{{Value: "ana", Text: "Ana"}, {Value: "chen", Text: "Chen"}},
		Actions: []view.Action{
			{Text: "Roll back cart-api to 4.17.3", Person: "Chen", StartedAt: at(3, 19, 30), FinishURL: "/x"},
			{Text: "Compare writes, 4.17 with 4.18", Person: "Ravi", StartedAt: at(3, 21, 7), FinishURL: "/x"},
			{Text: "Brief Support", Person: "Tom", StartedAt: at(3, 15, 0), EndedAt: at(3, 21, 0), Outcome: done},
		},
		StartActionURL: "/i/INC-42/actions",
		Theories: []view.Theory{
			{Text: "4.18.0 writes each cart twice", State: view.State{Tone: view.ToneInfo, Word: "Open"}, URL: "/x", Open: true},
			{Text: "CDN serves an old script", State: view.State{Word: "Ruled out"}, URL: "/x"},
		},
		TheoryURL: "/i/INC-42/theories",
		Stream: view.Stream{Entries: entries(), Unfiltered: true, SeenAt: at(3, 20, 30), Here: "6 here", Filters: []view.Filter{
			{Text: "All", URL: "?", Current: true}, {Text: "People", URL: "?show=people"}, {Text: "Machines", URL: "?show=machines"}, {Text: "Pinned", URL: "?show=pinned", Icon: "pin", Count: 3},
		}},
		Composer: view.Composer{URL: "/i/INC-42/timeline", Commands: []view.Command{{Word: "update", Hint: "what we know; what we do"}, {Word: "page", Hint: "person or team"}}},
		Update:   updateForm(),
		Guidance: []view.Guidance{
			{Icon: "book", Text: "Cart API: failures above 5 %", URL: "/runbooks/cart", Note: "Runbook, proven in a drill 9 days ago", Body: "1. Look at the last release.\n2. Roll back when failures began within 30 minutes of it."},
			{Icon: "out", Text: "Cosmos DB 429s by partition", URL: "https://example.com/q"},
			{Icon: "out", Text: "cart-api releases, last 24 h", URL: "https://example.com/r"},
		},
		Alerts: []view.RoomAlert{
			{Title: "High Number of Failures", URL: "/a/alt_1", State: view.State{Tone: view.ToneCritical, Word: "Critical"}, Note: "acknowledged by Ana · 12 signals"},
			{Title: "Cosmos DB throttling, carts", URL: "/a/alt_4", State: view.State{Tone: view.ToneMajor, Word: "Major"}, Note: "joined by Muster: same service, 2 min apart"},
		},
		LinkAlertURL: "/i/INC-42/alerts",
		StatusPages:  []view.StatusLine{{State: view.State{Tone: view.ToneMajor}, Text: "Shopping cart: partial outage", Note: "Update 1 live since 03:18", URL: "/status"}},
		Seen: []view.Seen{
			{Who: "Chen, Mia, Noor, Ravi, Tom", Note: "in the room"},
			{Who: "Zoe", At: at(3, 23, 0)},
			{Who: "Support, 3 of 4", At: at(3, 21, 0)},
			{Who: "Leo", Note: "not yet, asleep until 07:00"},
		},
		SeenTotal: 11, MitigateURL: "/x", ResolveURL: "/x", SeverityURL: "/x",
		Severities: []view.Option{{Value: "SEV1", Text: "SEV1", Hint: "critical", Selected: true}, {Value: "SEV2", Text: "SEV2", Hint: "major"}, {Value: "SEV3", Text: "SEV3", Hint: "minor"}},
		PageURL:    "/x", PageWhom: []view.Option{{Value: "leo", Text: "Leo", Hint: "it is 03:24 for him"}, {Value: "payments", Text: "Payments", Hint: "pages Noor"}},
	}
}

// troubledRoom is a room in which things are missing: the promise is overdue, questions ask, nobody commands.
func troubledRoom() view.Room {
	p := roomPage()
	p.Promise = &view.Promise{By: at(3, 21, 40), MadeAt: at(3, 6, 0), Who: "Tom"}
	p.Answers[2].Text, p.Answers[3].Text = "", ""
	p.Roles[0].Person = view.Person{}
	p.Stream.Entries = p.Stream.Entries[:6]
	p.Status = view.State{Tone: view.ToneOK, Word: "Mitigated"}
	p.Update.Open = true
	p.Update.Problems = []view.Problem{{Field: "known", Message: "Say what is known, even if it is little."}}
	p.Shell.Guide = guide(5, "Ana acknowledged. The incident has a room; Muster asks the five questions and proposes people.", "Post the first update")
	p.Shell.Toast = &view.Toast{Text: "INC-42 is mitigated.", UndoURL: "/undo", Tone: view.ToneOK}
	return p
}

func whyAna() view.Why {
	return view.Why{Title: "Why Ana was paged", DecidedAt: at(3, 11, 13), MachineURL: "/oncall?at=x#machine", Steps: []view.WhyStep{
		{Kind: "route", Text: "Label service = cart and severity critical: service Shopping cart", Link: view.Link{Text: "routes, revision 14", URL: "/settings/routes"}},
		{Kind: "policy", Text: "Storefront, urgent, because the alert is critical", Link: view.Link{Text: "policy, revision 6", URL: "/x"}},
		{Kind: "step", Text: "Step 2 of 3: step 1 paged Ravi at 03:06:13 and waited 5 min without an answer", Link: view.Link{Text: "policy, line 11", URL: "/x"}},
		{Kind: "roster", Text: "Storefront, secondary responder", Link: view.Link{Text: "roster, revision 31", URL: "/x"}},
		{Kind: "layer", Text: "Rotation Secondary, 4 days; no override and no swap at that moment", Link: view.Link{Text: "lane", URL: "/x"}},
		{Kind: "person", Text: "Ana, Seattle, 03:11 at night; urgent pages may wake her"},
		{Kind: "contact", Text: "Push, then SMS to +1 ··· 0142 after 0 s, then voice after 2 min", Link: view.Link{Text: "last proven Tue"}},
		{Kind: "page", Text: "Ana acknowledged from the text message at 03:12:04, 51 s after the page", Final: true, Tone: view.ToneOK, Link: view.Link{Text: "ladder", URL: "#ladder"}},
	}}
}

func alertPage() view.Alert {
	return view.Alert{
		Shell: shell("High Number of Failures", view.PlaceAlerts), ID: "alt_1", Title: "High Number of Failures",
		Severity: view.State{Tone: view.ToneCritical, Word: "Critical"}, Status: view.State{Tone: view.ToneOK, Word: "Acknowledged by Ana"},
		Service: view.Link{Text: "Shopping cart", URL: "/services/cart"}, OpenedAt: at(3, 6, 12), Signals: 12,
		Summary: "1,204 failed requests on POST /cart/items in 15 minutes; the threshold is 100.",
		Impact:  "Customers cannot add items to the cart. About 1,900 since 03:02, web, all regions.",
		Action:  "Look at the last cart-api release first; roll back if failures began within 30 minutes of it.",
		Primary: view.Button{Text: "Open INC-42", URL: "/i/INC-42", Get: true}, EscalateURL: "/x", EscalateTo: "This pages Chen.", ResolveURL: "/x", UnackURL: "/x",
		Incident: view.Link{Text: "INC-42", URL: "/i/INC-42"},
		Why:      []view.Why{whyAna(), {Title: "Why Ravi was paged", DecidedAt: at(3, 6, 13), Steps: whyAna().Steps[:5]}},
		Ladder: []view.Rung{
			{Person: "Ravi", Method: "push", PlannedAt: at(3, 6, 13), StartedAt: at(3, 6, 13), AcceptedAt: at(3, 6, 13), State: "unknown", Word: "no report"},
			{Person: "Ravi", Method: "SMS", PlannedAt: at(3, 6, 13), StartedAt: at(3, 6, 13), AcceptedAt: at(3, 6, 14), State: "failed", Word: "phone off", WhyURL: "/x"},
			{Person: "Ana", Method: "SMS", PlannedAt: at(3, 11, 13), StartedAt: at(3, 11, 13), AcceptedAt: at(3, 11, 14), ProvedAt: at(3, 12, 4), By: "acknowledged", State: "proved", WhyURL: "/x"},
			{Person: "Ana", Method: "voice", PlannedAt: at(3, 13, 13), State: "cancelled"},
		},
		LadderNote: &view.Note{Text: "Ravi’s phone was without signal. If this repeats, Readiness lists him as hard to reach."},
		Guidance:   roomPage().Guidance, SimilarNote: "3 in 90 days",
		Similar: []view.SimilarAlert{
			{Title: "18 Sep: cart-api 4.11 rollout", URL: "/reviews/INC-27", Note: "Rolled back, 34 min. Review INC-27", State: view.State{Tone: view.ToneOK}},
			{Title: "2 Aug: Cosmos DB region failover", URL: "/x", Note: "Resolved by itself, 6 min", State: view.State{Tone: view.ToneOK}},
		},
		From: view.Origin{
			Source: view.Link{Text: "Azure Monitor", URL: "/x"}, Format: "common schema", FirstAt: at(3, 6, 12), LastAt: at(3, 23, 51), DetectedAt: at(3, 2, 0), Fingerprint: "9f2c·cart·failures",
			Labels: []view.Field{{Name: "service", Value: "cart"}, {Name: "region", Value: "westeurope"}, {Name: "severity", Value: "Sev0"}}, RawURL: "/x",
		},
		Timeline: entries()[:4],
	}
}

func openAlert() view.Alert {
	p := alertPage()
	p.Status = view.State{Tone: view.ToneMajor, Word: "Open"}
	p.Primary, p.Incident, p.UnackURL = view.Button{}, view.Link{}, ""
	p.AckURL, p.SnoozeURL, p.DeclareURL = "/a/alt_1/ack", "/a/alt_1/snooze", "/declare?alert=alt_1"
	p.Impact = ""
	p.Next, p.NextAt = "Muster pages Chen if nobody acknowledges.", at(3, 26, 13)
	p.Triage, p.Reporter, p.ConfirmURL, p.ConfirmWakes, p.DismissURL = true, "Kim from Support", "/x", "This pages 2 people: Ravi, Ana.", "/x"
	p.Silenced = &view.Silenced{By: "load-test", Owner: "Leo", Until: at(7, 0, 0), Once: true, EndURL: "/x"}
	p.QuietURL, p.RateURL, p.Rated, p.AckMore = "/x", "/x", "no", "also the 2 alerts that joined it"
	p.Holds = []view.Note{{Tone: view.ToneInfo, Lead: "Waits", Text: "Its route waits until 03:30 before anybody is paged.", Link: view.Link{Text: "Route orders", URL: "/x"}}}
	p.Joined = several()
	p.Ladder = append(p.Ladder, view.Rung{
		Person: "Ana", You: true, Method: "SMS", ID: "pag_9", Via: view.Link{Text: "Second carrier", URL: "/x"}, Proves: "the carrier’s receipt, or a person", Backup: "Stands in for SMS: it failed",
		PlannedAt: at(3, 14, 0), StartedAt: at(3, 14, 0), State: "started", Attempts: 2, Digest: several(), DigestURL: "/x", LedgerURL: "/x",
		Tried: []view.Attempt{{At: at(3, 14, 0), Text: "failed after 2100 ms · HTTP 500"}, {At: at(3, 14, 4), Text: "accepted after 180 ms"}},
	})
	return p
}

// several are alerts of a digest or a group.
func several() []view.PhoneAlert {
	return []view.PhoneAlert{
		{Title: "Search answers slowly", Service: "Search", Severity: view.State{Tone: view.ToneMajor, Word: "Major"}, URL: "/x"},
		{Title: "Queue of the indexer is full", Service: "Search", Severity: view.State{Tone: view.ToneMinor, Word: "Minor"}, Status: "Chen has it", URL: "/x"},
	}
}

func phonePage() view.Phone {
	s := door("High Number of Failures")
	s.CSS, s.JS, s.Now = "phone.css", "", at(3, 11, 52)
	return view.Phone{
		Shell: s, Person: "Ana", PagedAt: at(3, 11, 13), Title: "High Number of Failures", Service: "Shopping cart",
		Severity: view.State{Tone: view.ToneCritical, Word: "Critical", Solid: true}, OpenedAt: at(3, 2, 0), Big: "31 % of cart requests fail. Customers cannot add items.",
		WhyYou: "You are secondary. Ravi (primary) has not answered for 5 min.", IfNot: "Muster pages Chen", IfNotAt: at(3, 16, 13),
		WhoKnows: "Nobody yet. You would be the first.", Token: "pgt_demo", AckURL: "/p/pgt_demo/ack", SnoozeURL: "/p/pgt_demo/snooze", EscalateURL: "/p/pgt_demo/escalate", EscalateTo: "Chen",
		DeclareURL: "/p/pgt_demo/declare", AlertURL: "/a/alt_1", WhyURL: "/a/alt_1#why",
	}
}

func donePhone() view.Phone {
	p := phonePage()
	p.AckURL, p.DeclareURL, p.RoomURL = "", "", "/i/INC-42"
	p.Done, p.DoneText = view.State{Tone: view.ToneOK, Word: "You have it"}, "since 03:12. Muster stopped paging."
	p.IfNot, p.WhoKnows = "", "Ravi, and 4 people in the room."
	return p
}
