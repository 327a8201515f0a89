package view

// place is one entry of the rail.
type place struct {
	key, text, icon, url string
	low                  bool   // only in "More" on phones
	letter               string // after g
}

// places lists the rail's entries in their order; those without a URL are left out.
func (s Shell) places() []place {
	all := []place{
		{PlaceNow, "Now", "now", s.Places.Now, false, "n"},
		{PlaceIncidents, "Incidents", "incident", s.Places.Incidents, false, "i"},
		{PlaceAlerts, "Alerts", "alert", s.Places.Alerts, false, "a"},
		{PlaceOnCall, "On call", "oncall", s.Places.OnCall, false, "o"},
		{PlaceServices, "Services", "service", s.Places.Services, true, "v"},
		{PlaceStatus, "Status", "status", s.Places.Status, true, "s"},
		{PlaceReviews, "Reviews", "review", s.Places.Reviews, true, "r"},
		{PlaceReadiness, "Readiness", "ready", s.Places.Readiness, true, "d"},
		{PlaceSettings, "Settings", "settings", s.Places.Settings, true, "t"},
	}
	kept := all[:0]
	for _, p := range all {
		if p.url != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// lowPlace says that the current place is one of those under "More" on phones.
func (s Shell) lowPlace() bool {
	for _, p := range s.places() {
		if p.low && p.key == s.Place {
			return true
		}
	}
	return false
}

// documentTitle is "Now · Muster".
func (s Shell) documentTitle() string {
	if s.Title == "" {
		return "Muster"
	}
	return s.Title + " · Muster"
}

// tick is one stroke of the guide's tally.
type tick struct {
	path string
	done bool
}

// tally draws the guide's steps as a tally: four strokes and one across, as the mark of the product.
func (g Guide) tally() (ticks []tick, width int) {
	x := 3
	for i := 1; i <= g.Of; i++ {
		done := i <= g.Step
		if i%5 == 0 {
			ticks = append(ticks, tick{path: "M" + num(x-25) + " 15 L" + num(x-1) + " 5", done: done})
			x += 6
			continue
		}
		ticks = append(ticks, tick{path: "M" + num(x) + " 3 V17", done: done})
		x += 6
	}
	return ticks, x
}
