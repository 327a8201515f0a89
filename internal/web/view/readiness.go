package view

// Readiness says how well we would do tomorrow: coverage, overdue action items, whether pages arrive, what is noise.
type Readiness struct {
	Shell    Shell
	Headline string    // "Covered for 30 days. 2 action items are overdue."
	Coverage []Covered // gaps and warnings of the next 30 days; empty: all covered
	Itself   []Note    // how Muster is: auditor, heartbeat, providers in trouble
	Overdue  []ActionItem
	Open     []ActionItem
	Figures  []Figure // detection gap, proved contact methods, drills …
	Unproved []Unproved
	Runbooks []RunbookRow
	Noise    []NoiseRow   // of 30 days, the noisiest first
	Reached  []ReachedRow // of the same days
	NoiseCut bool         // the newest are counted alone: there were too many
}

// Covered is a warning, with those that are like it folded.
type Covered struct {
	Note
	Rest []string // what the others say
	More int      // how many further ones are not shown
}

// Unproved is a contact method that was never verified, or never proved that it reaches its person.
type Unproved struct {
	Person       Link
	Method, Note string
	TestURL      string // POST: sends a test page
}

// RunbookRow is a runbook and when it was last proven.
type RunbookRow struct {
	Name, URL string
	Note      string // "proven 9 days ago"
	State     State
}

// NoiseRow is what a service asked of people.
type NoiseRow struct {
	Service  Link
	Alerts   int
	Pages    int
	Unproved int  // of the pages: nothing shows that they arrived
	Flaps    int  // over within their hold: they paged nobody
	Said     int  // how often people said whether a page was useful
	Useful   int  // how often they said that it was
	Route    Link // where to mend it; optional
}

// ReachedRow is how often pages by a connector were proved.
type ReachedRow struct {
	Connector                       Link
	Proves                          string // "a person only"
	Pages, Proved, Unproved, Failed int
}

// share is how many of the answers were "useful".
func (r NoiseRow) share() string {
	if r.Said == 0 {
		return "nobody said"
	}
	return num(100*r.Useful/r.Said) + " % of " + num(r.Said)
}

// bar gives the widths of a row's bars, of 200: alerts, and pages on top of them. The longest of all rows fills it.
func (r NoiseRow) bar(all []NoiseRow) (alerts, pages float64) {
	most := 1
	for _, x := range all {
		most = max(most, x.Alerts, x.Pages)
	}
	return 200 * float64(r.Alerts) / float64(most), 200 * float64(r.Pages) / float64(most)
}

// bar gives the widths of a row's bars, of 200: what went out, and what was proved.
func (r ReachedRow) bar(all []ReachedRow) (pages, proved float64) {
	most := 1
	for _, x := range all {
		most = max(most, x.Pages)
	}
	return 200 * float64(r.Pages) / float64(most), 200 * float64(r.Proved) / float64(most)
}
