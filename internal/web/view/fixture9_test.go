package view_test

import "github.com/muster-oncall/muster/internal/web/view"

func wizardSteps(open int) []view.WizardStep {
	ok, next := view.State{Tone: view.ToneOK, Word: "Done"}, view.State{Tone: view.ToneInfo, Word: "Next"}
	steps := []view.WizardStep{
		{Number: 1, Title: "You", Note: "Ana Rossi, admin", State: ok, URL: "/setup/you"},
		{Number: 2, Title: "Mail", Note: "So that pages, tests and notices go out by mail.", State: next, URL: "/setup/mail"},
		{Number: 3, Title: "Team", Note: "Web shop looks after Shopping cart; the roster Web shop says who is paged", State: ok, URL: "/setup/team"},
		{Number: 4, Title: "How you are reached", Note: "By mail or phone, tried out with a link.", State: view.State{Word: "Skipped"}, URL: "/setup/contact"},
		{Number: 5, Title: "Test page", Note: "A real page that you acknowledge: it proves the whole way.", State: view.State{Word: "To do"}, URL: "/setup/test"},
	}
	steps[open-1].Open = true
	return steps
}

func mailWizard() view.Wizard {
	return view.Wizard{
		Shell: shell("Set up", view.PlaceSettings), NowURL: "/", Steps: wizardSteps(2), Next: view.Link{Text: "Skip this for now", URL: "/setup/team"},
		Command: `curl --json '{"title":"My first alert","severity":"critical"}' https://muster.example.org/in/msi_x/generic`,
		Mail: &view.SetupMail{
			URL: "/setup/mail", Host: "smtp.example.org", Username: "muster", From: "Muster <muster@example.org>", To: "ana@example.org", Kept: "sealed", Anyway: true,
			TLS: []view.Option{{Value: "starttls", Text: "STARTTLS (usual)", Selected: true}}, Skip: "Without mail, pages go by other ways alone.",
			Said: &view.MailSaid{Text: "The mail server did not accept the user name and password (535).", Server: "535 5.7.8 Authentication credentials invalid"},
		},
	}
}

func testWizard() view.Wizard {
	return view.Wizard{
		Shell: shell("Set up", view.PlaceSettings), NowURL: "/", Steps: wizardSteps(5), Proven: "Ana Rossi got a page by mail at 03:05 and acknowledged it.",
		Test: &view.SetupTest{
			URL: "/setup/test", Wakes: "This pages you.", Sent: true, Again: "/setup/test?alert=alt_1", EndURL: "/x", Alert: view.Link{Text: "The test's alert", URL: "/a/alt_1"},
			Way:    []view.WayMark{{Word: "Planned", At: at(3, 5, 1)}, {Word: "Started", At: at(3, 5, 1)}, {Word: "Accepted", At: at(3, 5, 2)}, {Word: "Proved"}, {Word: "Acknowledged"}},
			Result: &view.Note{Tone: view.ToneInfo, Lead: "Waiting for you", Text: "Open the link in the message and press Acknowledge."},
			Rungs:  []view.Rung{{Person: "Ana Rossi", Method: "mail", PlannedAt: at(3, 5, 1), StartedAt: at(3, 5, 1), AcceptedAt: at(3, 5, 2), State: "accepted", WhyURL: "/x"}},
		},
	}
}
