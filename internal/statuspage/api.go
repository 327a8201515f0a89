package statuspage

import (
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// The shape of Atlassian Statuspage's public API, version 2, as far as its readers look: many monitors and chat apps can
// read it, so a page of Muster can be followed by them.

type apiPage struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	URL       string         `json:"url"`
	TimeZone  string         `json:"time_zone"`
	UpdatedAt muster.Instant `json:"updated_at"`
}

type apiStatus struct {
	Indicator   string `json:"indicator"`
	Description string `json:"description"`
}

type apiComponent struct {
	ID                 string         `json:"id"`
	Name               string         `json:"name"`
	Status             State          `json:"status"`
	UpdatedAt          muster.Instant `json:"updated_at"`
	Position           int            `json:"position"`
	Description        *string        `json:"description"`
	Showcase           bool           `json:"showcase"`
	GroupID            *string        `json:"group_id"`
	PageID             string         `json:"page_id"`
	Group              bool           `json:"group"`
	OnlyShowIfDegraded bool           `json:"only_show_if_degraded"`
}

type apiIncident struct {
	ID           muster.IncidentID `json:"id"`
	Name         string            `json:"name"`
	Status       string            `json:"status"`
	CreatedAt    muster.Instant    `json:"created_at"`
	UpdatedAt    muster.Instant    `json:"updated_at"`
	MonitoringAt muster.Instant    `json:"monitoring_at"`
	ResolvedAt   muster.Instant    `json:"resolved_at"`
	Impact       string            `json:"impact"`
	Shortlink    string            `json:"shortlink"`
	StartedAt    muster.Instant    `json:"started_at"`
	PageID       string            `json:"page_id"`
	Updates      []apiUpdate       `json:"incident_updates"`
	Components   []apiComponent    `json:"components"`
}

type apiUpdate struct {
	ID         muster.UpdateID   `json:"id"`
	Status     string            `json:"status"`
	Body       string            `json:"body"`
	IncidentID muster.IncidentID `json:"incident_id"`
	CreatedAt  muster.Instant    `json:"created_at"`
	UpdatedAt  muster.Instant    `json:"updated_at"`
	DisplayAt  muster.Instant    `json:"display_at"`
}

func renderAPI(p Page, tree map[string][]byte) error {
	page := apiPage{ID: string(p.Doc.Name), Name: p.Doc.Title, URL: p.BaseURL, TimeZone: p.Zone.String(), UpdatedAt: lastWord(p)}
	status := apiStatus{Indicator: overall(p).indicator(), Description: overall(p).Sentence()}
	components := []apiComponent{}
	for n, c := range p.Doc.Components {
		components = append(components, p.apiComponent(n, c))
	}
	open, all := []apiIncident{}, []apiIncident{}
	for _, i := range p.Incidents {
		open = append(open, p.apiIncident(i))
	}
	all = append(all, open...)
	for _, i := range p.History {
		all = append(all, p.apiIncident(i))
	}
	for name, v := range map[string]any{
		"api/v2/status.json":     map[string]any{"page": page, "status": status},
		"api/v2/components.json": map[string]any{"page": page, "components": components},
		"api/v2/incidents.json":  map[string]any{"page": page, "incidents": all},
		"api/v2/summary.json": map[string]any{
			"page": page, "status": status, "components": components, "incidents": open, "scheduled_maintenances": []any{},
		},
	} {
		if err := put(tree, name, v); err != nil {
			return err
		}
	}
	return nil
}

func (p Page) apiComponent(n int, c muster.Component) apiComponent {
	state, _ := componentState(p, c.Name)
	return apiComponent{ID: c.Name, Name: c.Title, Status: state, UpdatedAt: lastWord(p), Position: n + 1, PageID: string(p.Doc.Name)}
}

func (p Page) apiIncident(i Incident) apiIncident {
	x := apiIncident{
		ID: i.ID, Name: i.Title, Status: apiWord(i.over(), i.Status, len(i.Updates) > 0 && i.Updates[0].Doing != ""),
		CreatedAt: i.Opened, StartedAt: i.Opened, UpdatedAt: i.Opened, ResolvedAt: i.ended(), Impact: severityState(i.Severity).indicator(),
		Shortlink: p.BaseURL, PageID: string(p.Doc.Name), Updates: []apiUpdate{}, Components: []apiComponent{},
	}
	for n, u := range i.Updates {
		if n == 0 {
			x.UpdatedAt = u.At
		}
		if u.Status == muster.IncidentMitigated {
			x.MonitoringAt = u.At // the last one in the list is the first in time
		}
		x.Updates = append(x.Updates, apiUpdate{
			ID: u.ID, Status: apiWord(u.Final, u.Status, u.Doing != ""), Body: p.body(u), IncidentID: i.ID,
			CreatedAt: u.At, UpdatedAt: u.At, DisplayAt: u.At,
		})
	}
	for n, c := range p.Doc.Components {
		if slices.Contains(i.Components, c.Name) {
			x.Components = append(x.Components, p.apiComponent(n, c))
		}
	}
	return x
}

// apiWord is the status of an incident in the words of that API.
func apiWord(over bool, s muster.IncidentStatus, doing bool) string {
	switch {
	case over || s == muster.IncidentResolved || s == muster.IncidentClosed:
		return "resolved"
	case s == muster.IncidentMitigated:
		return "monitoring"
	case doing:
		return "identified"
	}
	return "investigating"
}

// body is an update as one text, for readers that know only one.
func (p Page) body(u Update) string {
	parts := []string{u.Known}
	if u.Doing != "" {
		parts = append(parts, u.Doing)
	}
	if !u.NextUpdateBy.IsZero() && !u.Final {
		parts = append(parts, "Next update by "+u.NextUpdateBy.In(p.Zone).Format("15:04 MST, 2 January 2006")+".")
	}
	return strings.Join(parts, "\n\n")
}

// lastWord is when anything on the page was said last; without anything, now.
func lastWord(p Page) (at muster.Instant) {
	for _, list := range [][]Incident{p.Incidents, p.History} {
		for _, i := range list {
			for _, t := range []muster.Instant{i.Opened, i.ended()} {
				if t.After(at.Time) {
					at = t
				}
			}
			if len(i.Updates) > 0 && i.Updates[0].At.After(at.Time) {
				at = i.Updates[0].At
			}
		}
	}
	if at.IsZero() {
		return p.Now
	}
	return at
}
