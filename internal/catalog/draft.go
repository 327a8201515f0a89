package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// Edit is one document of a draft: what it becomes, nil when it is removed.
type Edit struct {
	Kind muster.Kind
	Name string
	Doc  muster.Document
	From *Parsed // where it was read; nil for a removal
}

// Ref names the document.
func (e Edit) Ref() string { return muster.DocRef(e.Kind, e.Name) }

// Edits is what documents that were read and names to remove ("rosters/web") would change in a catalog, as apply does it:
// what says the same is left out, and what people made through operations stays.
func Edits(base *muster.Catalog, parsed []Parsed, remove []string) (edits []Edit, wrong []muster.FieldError) {
	for i := range parsed {
		p := &parsed[i]
		k, name := p.Doc.DocKind(), p.Doc.DocName()
		old, next := base.Document(k, name), p.Doc
		if old != nil {
			next = Merge(old, next)
			if plan.Same(old, next) {
				continue
			}
		}
		edits = append(edits, Edit{Kind: k, Name: name, Doc: next, From: p})
	}
	for i, ref := range remove {
		bad := func(format string, args ...any) {
			wrong = append(wrong, muster.FieldError{Path: fmt.Sprintf("remove[%d]", i), Message: fmt.Sprintf(format, args...)})
		}
		k, name, ok := muster.SplitDocRef(ref)
		kind, known := muster.KindOf(string(k))
		switch {
		case !ok || !known:
			bad("%q does not name a document: write a kind and a name, like rosters/web", muster.Clip(ref, 60))
		case base.Document(kind, name) == nil:
			bad("there is no document %s", muster.Clip(ref, 60))
		case kind == muster.KindRoutes && name == string(muster.DefaultRoute):
			bad("the default route cannot be removed: it pages somebody about what no other route takes")
		case slices.ContainsFunc(parsed, func(p Parsed) bool { return p.Ref() == muster.DocRef(kind, name) }):
			bad("%s is written by the documents, too", muster.Clip(ref, 60))
		default:
			edits = append(edits, Edit{Kind: kind, Name: name})
		}
	}
	return edits, wrong
}

// ParseText is [Parse] for a text that may be empty.
func ParseText(file, text string) ([]Parsed, []muster.FieldError) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	return Parse(file, []byte(text))
}

// Draft is the catalog with edits. It is not checked.
func Draft(base *muster.Catalog, edits []Edit) *muster.Catalog {
	docs := map[string]muster.Document{}
	for _, d := range base.All() {
		docs[muster.DocRef(d.DocKind(), d.DocName())] = d
	}
	for _, e := range edits {
		if e.Doc == nil {
			delete(docs, e.Ref())
			continue
		}
		docs[e.Ref()] = e.Doc
	}
	return muster.NewCatalog(base.Revision+1, slices.Collect(maps.Values(docs)), base.Revisions)
}

// signalsKept is for how long alerts are played again with the signals that opened them, a little less than those are kept.
// What is older is played with what its alert kept.
const signalsKept = 89 * 24 * time.Hour

// Past reads the alerts of the past since an instant, the newest first, to play them through a draft: at most so many of
// them, from a cursor of the part before. The cursor that it gives is empty when nothing is left.
func Past(r store.Reader, since muster.Instant, cursor string, limit int) (past []plan.PastAlert, next string, err error) {
	border := r.Now().Plus(-signalsKept)
	if border.Before(since.Time) {
		border = since
	}
	if !strings.HasPrefix(cursor, "alt") {
		rows, err := r.OpeningSignals(border, r.Now(), store.List{Limit: limit, After: cursor})
		if err != nil {
			return nil, "", err
		}
		for i := range rows {
			s := &rows[i]
			past = append(past, plan.PastAlert{Alert: s.Alert, Signal: &s.Signal, At: s.ReceivedAt})
		}
		if len(rows) == limit {
			return past, string(rows[len(rows)-1].ID), nil
		}
		cursor = ""
	}
	if !since.Before(border.Time) {
		return past, "", nil
	}
	alerts, err := r.PastAlerts(since, border, store.List{Limit: limit - len(past), After: cursor})
	if err != nil {
		return nil, "", err
	}
	for _, a := range alerts {
		past = append(past, plan.PastAlert{Alert: a.ID, At: a.ReceivedAt, Signal: &muster.Signal{
			Source: a.Source, Title: a.Title, Summary: a.Summary, Severity: a.Severity, Service: a.Service, Labels: a.Labels,
			DetectedBy: a.DetectedBy, State: muster.SignalFiring,
		}})
	}
	if len(past) == limit && len(alerts) > 0 {
		next = string(alerts[len(alerts)-1].ID)
	}
	return past, next, nil
}

// CountPast is how many alerts [Past] finds in all.
func CountPast(r store.Reader, since muster.Instant) (int, error) {
	border := r.Now().Plus(-signalsKept)
	if border.Before(since.Time) {
		border = since
	}
	n, err := r.CountOpeningSignals(border, r.Now())
	if err != nil || !since.Before(border.Time) {
		return n, err
	}
	m, err := r.CountPastAlerts(since, border)
	return n + m, err
}

// Contacts are the contact facts of everybody.
func Contacts(r store.ContactReader) (plan.Contacts, error) {
	got, err := r.ContactsOf(nil)
	out := plan.Contacts{}
	for u, list := range got {
		for _, c := range list {
			out[u] = append(out[u], muster.ContactFact{ID: c.ID, Method: c.Method, Connector: c.Connector, Hint: c.Hint, Verified: !c.VerifiedAt.IsZero()})
		}
	}
	return out, err
}
