package query

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// Hit is something that a search found.
type Hit struct {
	Kind  string `json:"kind"` // incident, alert, service, person, roster, policy, runbook, team, statuspage, connector
	Ref   string `json:"ref"`  // the key, the alert's ID or the document's name
	Title string `json:"title"`
	Hint  string `json:"hint"` // "SEV1, open"
}

// maxHits is how many of each kind a search gives.
const maxHits = 6

// Search finds incidents, alerts and documents by words: what Ctrl-K asks. What begins with the words comes first. An empty
// question gives what is open.
func (q *Queries) Search(ctx context.Context, who Viewer, question string) ([]Hit, error) {
	question = muster.CleanLine(question, 200)
	return ask(ctx, q, who, func(r *read) ([]Hit, error) {
		hits, err := r.searchIncidents(question)
		if err != nil {
			return nil, err
		}
		alerts, err := r.searchAlerts(question)
		if err != nil {
			return nil, err
		}
		hits = append(hits, alerts...)
		if question == "" {
			return some(hits), nil
		}
		return some(append(hits, r.searchDocuments(question)...)), nil
	})
}

func (r *read) searchIncidents(question string) (hits []Hit, err error) {
	f := store.IncidentFilter{Query: question, List: store.List{Limit: maxHits}}
	if question == "" {
		f.Status = []muster.IncidentStatus{muster.IncidentOpen, muster.IncidentMitigated}
	}
	found, err := r.Incidents(f)
	if err != nil {
		return nil, err
	}
	key, isKey := muster.ParseIncidentKey(question)
	if _, err := strconv.Atoi(question); err == nil && !isKey {
		key, isKey = muster.ParseIncidentKey("INC-" + question)
	}
	if isKey { // the one that was meant comes first
		inc, err := r.IncidentByKey(key)
		if err != nil && muster.CodeOf(err) != muster.ErrNotFound {
			return nil, err
		}
		if err == nil {
			found = slices.DeleteFunc(found, func(o *muster.Incident) bool { return o.ID == inc.ID })
			found = slices.Insert(found, 0, inc)
		}
	}
	for _, i := range found {
		hits = append(hits, Hit{Kind: "incident", Ref: string(i.Key), Title: i.Title, Hint: string(i.Severity) + ", " + string(i.Status)})
	}
	return hits, nil
}

func (r *read) searchAlerts(question string) (hits []Hit, err error) {
	if id, bad := muster.ParseID[muster.AlertID](question); bad == nil {
		a, err := r.Reader.Alert(id)
		if muster.CodeOf(err) == muster.ErrNotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []Hit{r.alertHit(a)}, nil
	}
	f := store.AlertFilter{Query: question, List: store.List{Limit: maxHits}}
	if question == "" {
		f.Status = []muster.AlertStatus{muster.AlertOpen}
	}
	found, err := r.Alerts(f)
	for _, a := range found {
		hits = append(hits, r.alertHit(a))
	}
	return hits, err
}

func (r *read) alertHit(a *muster.Alert) Hit {
	hint := string(a.Status)
	if a.Service != "" {
		hint = r.cat.ServiceTitle(a.Service) + ", " + hint
	}
	return Hit{Kind: "alert", Ref: string(a.ID), Title: a.Title, Hint: hint}
}

// searched are the kinds of documents that a search finds, with the word for each.
func searched() []muster.Kind {
	return []muster.Kind{
		muster.KindServices, muster.KindUsers, muster.KindRosters, muster.KindTeams, muster.KindRunbooks, muster.KindPolicies,
		muster.KindStatusPages, muster.KindConnectors, muster.KindRoutes, muster.KindSources, muster.KindSilences,
	}
}

func (r *read) searchDocuments(question string) (hits []Hit) {
	wanted := strings.Fields(strings.ToLower(question))
	for _, k := range searched() {
		var first, rest []Hit
		for _, d := range r.cat.Documents(k) {
			text := strings.ToLower(titleOf(d) + " " + d.DocName())
			if slices.ContainsFunc(wanted, func(w string) bool { return !strings.Contains(text, w) }) {
				continue
			}
			h := Hit{Kind: k.Singular(), Ref: d.DocName(), Title: titleOf(d), Hint: hintOf(d)}
			if k == muster.KindUsers {
				h.Kind = "person"
			}
			if strings.HasPrefix(text, wanted[0]) || strings.HasPrefix(d.DocName(), wanted[0]) {
				first = append(first, h)
			} else {
				rest = append(rest, h)
			}
		}
		found := append(first, rest...)
		hits = append(hits, found[:min(len(found), maxHits)]...)
	}
	return hits
}

// hintOf is a word about a document beside its title.
func hintOf(d muster.Document) string {
	switch d := d.(type) {
	case *muster.User:
		if d.Disabled {
			return "has left"
		}
		return d.Title
	case *muster.Connector:
		return d.Kind
	case *muster.StatusPage:
		return string(d.Audience)
	}
	if t := d.DocTeam(); t != "" && d.DocKind() != muster.KindTeams {
		return string(t)
	}
	return ""
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
