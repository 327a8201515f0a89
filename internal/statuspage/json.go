package statuspage

import (
	"encoding/json"
	"slices"

	"github.com/muster-oncall/muster"
)

func put(tree map[string][]byte, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tree[name] = append(b, '\n')
	return nil
}

// statusDoc is status.json: what the page says, in Muster's words.
type statusDoc struct {
	Page          string          `json:"page"`
	Title         string          `json:"title"`
	State         State           `json:"state"`
	Headline      string          `json:"headline"`
	LastConfirmed muster.Instant  `json:"last_confirmed"`
	MadeAt        muster.Instant  `json:"made_at"`
	Components    []componentDoc  `json:"components"`
	Incidents     []incidentDoc   `json:"incidents"`
	Past          []incidentDoc   `json:"past"`
	Audience      muster.Audience `json:"audience"`
}

type componentDoc struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	State State  `json:"state"`
	Word  string `json:"word"`
}

type incidentDoc struct {
	Key          muster.IncidentKey    `json:"key"`
	Title        string                `json:"title"`
	Status       muster.IncidentStatus `json:"status"`
	Severity     muster.Severity       `json:"severity"`
	State        State                 `json:"state"`
	Components   []string              `json:"components"`
	OpenedAt     muster.Instant        `json:"opened_at"`
	ResolvedAt   muster.Instant        `json:"resolved_at"`
	NextUpdateBy muster.Instant        `json:"next_update_by"`
	Overdue      bool                  `json:"overdue"`
	Updates      []updateDoc           `json:"updates"`
}

type updateDoc struct {
	ID           muster.UpdateID `json:"id"`
	At           muster.Instant  `json:"at"`
	Known        string          `json:"known"`
	Doing        string          `json:"doing"`
	NextUpdateBy muster.Instant  `json:"next_update_by"`
	Final        bool            `json:"final"`
}

func renderStatus(p Page, tree map[string][]byte) error {
	d := statusDoc{
		Page: string(p.Doc.Name), Title: p.Doc.Title, State: overall(p), Headline: newShown(p).Headline, LastConfirmed: confirmed(p),
		MadeAt: p.Now, Audience: p.Doc.Audience, Components: []componentDoc{}, Incidents: []incidentDoc{}, Past: []incidentDoc{},
	}
	for _, c := range p.Doc.Components {
		s, word := componentState(p, c.Name)
		d.Components = append(d.Components, componentDoc{Name: c.Name, Title: c.Title, State: s, Word: word})
	}
	for _, i := range p.Incidents {
		d.Incidents = append(d.Incidents, p.incidentDoc(i))
	}
	for _, i := range p.History {
		d.Past = append(d.Past, p.incidentDoc(i))
	}
	return put(tree, "status.json", d)
}

func (p Page) incidentDoc(i Incident) incidentDoc {
	d := incidentDoc{
		Key: i.Key, Title: i.Title, Status: i.Status, Severity: i.Severity, State: i.state(), Components: []string{},
		OpenedAt: i.Opened, ResolvedAt: i.ended(), Updates: []updateDoc{},
	}
	for _, c := range p.componentsOf(i) {
		d.Components = append(d.Components, c.Name)
	}
	d.NextUpdateBy, d.Overdue = i.promise(p.Now)
	for _, u := range i.Updates {
		d.Updates = append(d.Updates, updateDoc{ID: u.ID, At: u.At, Known: u.Known, Doing: u.Doing, NextUpdateBy: u.NextUpdateBy, Final: u.Final})
	}
	return d
}

// componentsOf lists those of the page's components that an incident affects.
func (p Page) componentsOf(i Incident) (out []muster.Component) {
	for _, c := range p.Doc.Components {
		if slices.Contains(i.Components, c.Name) {
			out = append(out, c)
		}
	}
	return out
}
