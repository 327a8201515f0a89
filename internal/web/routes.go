package web

import "github.com/muster-oncall/muster"

// routes is every address of the web surface. GET shows, POST acts.
func (s *Web) routes() {
	s.statics()
	s.doors()
	s.incidentRoutes()
	s.settingsRoutes()

	s.page("GET /{$}", now)
	s.page("GET /wall", wall)
	s.page("GET /live", (*visit).listen)
	s.page("GET /palette", palette)
	s.page("GET /search", search)
	s.page("POST /guide/{act}", (*visit).guide)

	s.page("GET /alerts", alerts)
	s.page("GET /a/{id}", alert)
	s.page("POST /a/{id}/ack", onAlert("AckAlert", "You have it. Muster stops paging.", "/unack"))
	s.page("POST /a/{id}/unack", onAlert("UnackAlert", "Given back: Muster goes on paging.", "/ack"))
	s.page("POST /a/{id}/escalate", onAlert("EscalateAlert", "Escalated.", ""))
	s.page("POST /a/{id}/resolve", onAlert("ResolveAlert", "Resolved.", ""))
	s.page("POST /a/{id}/confirm", onAlert("ConfirmAlert", "Confirmed: it is real, and pages.", ""))
	s.page("POST /a/{id}/dismiss", onAlert("ResolveAlert", "Dismissed.", ""))

	s.page("GET /oncall", oncall)
	s.page("POST /oncall/override", override)
	s.page("POST /oncall/override/{roster}/{id}/remove", removeOverride)
	s.page("GET /services", services)
	s.page("GET /services/{name}", service)
	s.page("GET /runbooks/{name}", runbook)
	s.page("GET /readiness", readiness)

	s.page("GET /status", status)
	s.page("GET /status/{page}/preview/{file...}", previewStatus)
	s.page("POST /status/{page}/open", announce)
	s.page("POST /status/incidents/{key}/update", updateOnStatus)
	s.page("POST /status/incidents/{key}/close", closeOnStatus)

	s.page("GET /reviews", reviews)
	s.page("GET /reviews/{id}", review)
	s.page("POST /reviews/{id}/summary", saveSummary)
	s.page("POST /reviews/{id}/well", addWell)
	s.page("POST /reviews/{id}/findings", addFinding)
	s.page("POST /reviews/{id}/items", addItem)
	s.page("POST /reviews/{id}/items/{item}", finishItem)
	s.page("POST /reviews/{id}/publish", publishReview)

	s.page("GET /", func(*visit) error {
		return muster.Errorf(muster.ErrNotFound, "There is nothing at this address.")
	})
}

// doors are for strangers, each with its own proof or none.
func (s *Web) doors() {
	s.open("GET /signin", signInPage)
	s.open("POST /signin", signIn)
	s.page("POST /signout", signOut)
	s.open("POST /theme", setTheme)
	s.open("GET /setup", setupPage)
	s.open("POST /setup", setUp)
	s.open("GET /report/{source}", reportPage)
	s.open("POST /report/{source}", sendReport)
	s.open("GET /p/{token}", phonePage)
	s.open("POST /p/{token}/ack", onPhone("AckAlert"))
	s.open("POST /p/{token}/escalate", onPhone("EscalateAlert"))
	s.open("POST /p/{token}/declare", declareOnPhone)
	s.page("GET /phones", phones)
	s.open("GET /phones/{token}", phonesByToken)
	s.open("GET /phones/{token}/live", phonesLive)
}

func (s *Web) incidentRoutes() {
	s.page("GET /incidents", incidents)
	s.page("GET /declare", declarePage)
	s.page("POST /declare", declareIncident)
	s.page("GET /i/{key}", room)
	s.page("POST /i/{key}/say", say)
	s.page("POST /i/{key}/answer", setAnswer)
	s.page("POST /i/{key}/role", assignRole)
	s.page("POST /i/{key}/actions", startAction)
	s.page("POST /i/{key}/actions/{action}", finishAction)
	s.page("POST /i/{key}/theories", addTheory)
	s.page("POST /i/{key}/theories/{theory}", setTheory)
	s.page("POST /i/{key}/pin/{entry}", pinEntry)
	s.page("POST /i/{key}/update", postUpdate)
	s.page("POST /i/{key}/severity", setSeverity)
	s.page("POST /i/{key}/page", pageIn)
	s.page("POST /i/{key}/link", linkAlert)
	s.page("POST /i/{key}/seen", seen)
	s.page("POST /i/{key}/review", openReview)
	s.page("POST /i/{key}/mitigate", transition("MitigateIncident", "is mitigated.", "/reopen"))
	s.page("POST /i/{key}/resolve", transition("ResolveIncident", "is resolved.", "/reopen"))
	s.page("POST /i/{key}/reopen", transition("ReopenIncident", "is open again.", ""))
	s.page("POST /i/{key}/close", transition("CloseIncident", "is closed.", ""))
}

func (s *Web) settingsRoutes() {
	s.page("GET /settings", settings)
	s.page("GET /settings/export", export)
	s.page("GET /settings/{kind}", settings)
	s.page("GET /settings/{kind}/{name}", document)
	s.page("POST /settings/{kind}", saveDocument(false))
	s.page("POST /settings/{kind}/check", saveDocument(true))
	s.page("POST /settings/{kind}/{name}", saveDocument(false))
	s.page("POST /settings/{kind}/{name}/check", saveDocument(true))
	s.page("POST /settings/{kind}/{name}/delete", deleteDocument)
	s.page("POST /settings/{kind}/{name}/restore/{revision}", restoreDocument)
	s.page("GET /settings/connectors", connectors)
	s.page("POST /settings/connectors/{name}/test", testConnector)
	s.page("GET /settings/people", people)
	s.page("GET /settings/people/{name}", profile)
	s.page("POST /settings/people/{name}/contacts", addContact)
	s.page("POST /settings/people/{name}/passphrase", setPassphrase)
	s.page("POST /settings/contacts/{id}/remove", removeContact)
	s.page("GET /settings/keys", keys)
	s.page("POST /settings/keys", createKey)
	s.page("POST /settings/keys/{id}/revoke", revokeKey)
	s.page("GET /settings/audit", audit)
}
