package view

import "time"

// Services is the list of services.
type Services struct {
	Shell  Shell
	Search Search
	Rows   []ServiceRow
	Empty  Empty
	NewURL string // a new service document
}

// ServiceRow is a service in the list.
type ServiceRow struct {
	Name    string
	URL     string
	Team    Link
	State   State  // Works, 2 alerts, SEV1
	OnCall  string // "Ravi, then Ana"; "" is nobody
	Policy  Link
	Runbook Link
	Open    int // open alerts
}

// Service is one service: owner, who answers, what guides them, what is open.
type Service struct {
	Shell Shell

	Name             string
	Description      string
	State            State
	Team             Link
	Policy           Link
	Rosters          []RosterNow
	Component        Link // its face on a status page
	Guidance         []Guidance
	DependsOn        []Link
	UsedBy           []Link
	Alerts           []AlertRow
	Incidents        []Strip   // the last ones
	Document         Link      // edit
	Sources          []Link    // where its alerts come from
	Steps            []WhyStep // what an alert would do now: route, policy, people
	MachineURL       string    // ask for another moment
	MaintenanceUntil time.Time
}
