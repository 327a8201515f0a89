package query_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

func TestEveryQuestionHasItsShape(t *testing.T) {
	names, paths, clis := map[string]bool{}, map[string]bool{}, map[string]bool{}
	placeholder := regexp.MustCompile(`\{(\w+)\}`)
	for _, o := range query.New(query.Deps{}).Ops() {
		if names[o.Name] || paths[o.Path] || (o.CLI != "" && clis[o.CLI]) {
			t.Errorf("%s is there twice, by name, path or words", o.Name)
		}
		names[o.Name], paths[o.Path], clis[o.CLI] = true, true, true
		sent := o.Method == http.MethodPost // what is asked is too large for an address
		if !o.Read || (o.Method != http.MethodGet && !sent) || o.Status != 200 || o.Access == "" || o.Summary == "" || o.In.Kind() != reflect.Struct {
			t.Errorf("%s is not a question: %+v", o.Name, o)
		}
		var fromPath []string
		for _, f := range o.Fields() {
			sf := o.In.FieldByIndex(f.Index)
			switch {
			case f.Path != "":
				fromPath = append(fromPath, f.Path)
			case !sent && sf.Tag.Get("query") != f.Name:
				t.Errorf("%s: the field %s is neither from the path nor from the query", o.Name, f.Name)
			}
			if f.Doc == "" {
				t.Errorf("%s: %s is not explained", o.Name, f.Name)
			}
		}
		var want []string
		for _, m := range placeholder.FindAllStringSubmatch(o.Path, -1) {
			want = append(want, m[1])
		}
		if !slices.Equal(fromPath, want) {
			t.Errorf("%s: %s takes %v from the path", o.Name, o.Path, fromPath)
		}
	}
}

func TestListsGoThroughAllPages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var want []muster.AlertID
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			want = append(want, w.fires("monitor", key))
			time.Sleep(time.Millisecond)
		}
		slices.Reverse(want)
		var got []muster.AlertID
		in := query.ListAlerts{Limit: 2}
		for {
			l := asks[muster.Listing[query.AlertItem]](w, vic(), "ListAlerts", in)
			for _, a := range l.Items {
				got = append(got, a.ID)
			}
			if l.Next == nil {
				break
			}
			in.Cursor = *l.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		l := asks[muster.Listing[query.AlertItem]](w, vic(), "ListAlerts", query.ListAlerts{Q: "REFUSES c", Status: []muster.AlertStatus{muster.AlertOpen}, Service: "cart"})
		if len(l.Items) == 0 || l.Items[0].Title == "" {
			t.Errorf("words found %+v", l.Items)
		}
		refuses[muster.Listing[query.AlertItem]](w, vic(), "ListAlerts", query.ListAlerts{Limit: 201}, muster.ErrInvalid)
		refuses[muster.Listing[query.AlertItem]](w, vic(), "ListAlerts", query.ListAlerts{Cursor: "x"}, muster.ErrInvalid)
		refuses[muster.Listing[query.AlertItem]](w, vic(), "ListAlerts", query.ListAlerts{Status: []muster.AlertStatus{"closed"}}, muster.ErrInvalid)
		refuses[muster.Listing[query.AlertItem]](w, vic(), "ListAlerts", query.ListAlerts{Incident: "INC-9"}, muster.ErrNotFound)
		refuses[*query.Alert](w, vic(), "GetAlert", query.OneAlert{Alert: "alt_x"}, muster.ErrNotFound)
		refuses[*query.Alert](w, muster.Actor{}, "GetAlert", query.OneAlert{Alert: got[0]}, muster.ErrUnauthenticated)
		signals := asks[muster.Listing[muster.RawSignal]](w, vic(), "ListSignals", query.ListSignals{Alert: got[0]})
		if len(signals.Items) != 1 || signals.Items[0].Outcome != muster.OutcomeOpened {
			t.Errorf("signals: %+v", signals.Items)
		}
	})
}

func TestAlertHasTheOutsideShape(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.fires("monitor", "orders")
		a := asks[*query.Alert](w, vic(), "GetAlert", query.OneAlert{Alert: id})
		has(t, a, "id", "status", "triage", "suppressed", "title", "severity", "impact", "action", "source", "service", "labels", "links",
			"detected_at", "received_at", "pages", "timeline", "signals", "next")
		has(t, a.Pages[0], "id", "state", "person", "name", "method", "step", "why", "attempts", "planned_at")
		why := asks[muster.Explanation](w, vic(), "ExplainAlert", query.OneAlert{Alert: id})
		has(t, why, "at", "revision", "steps", "people")
		has(t, why.Steps[0], "kind", "ref", "revision", "text")
	})
}

func TestIncidentAnswersFiveQuestions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alert := w.fires("monitor", "orders")
		inc := act[*muster.Incident](w, noor(), "DeclareIncident", command.DeclareIncident{Alert: alert, Severity: muster.SEV2})
		act[*muster.Incident](w, noor(), "SetAnswer", command.SetAnswer{Incident: string(inc.Key), Question: muster.QuestionBad, Text: "No carts in Europe"})
		got := asks[*query.Incident](w, vic(), "GetIncident", query.OneIncident{Incident: strings.ToLower(string(inc.Key))})
		has(t, got, "id", "key", "status", "phase", "severity", "answers", "roles", "promise", "alerts", "phases", "clocks", "overdue")
		if len(got.Answers) != 5 || got.Answers[muster.QuestionBad].Text != "No carts in Europe" || got.Answers[muster.QuestionBad].By.User != "noor" {
			t.Errorf("answers: %s", asJSON(t, got.Answers))
		}
		if how := got.Answers[muster.QuestionHow]; how == nil || !how.By.Machine || !strings.Contains(how.Text, "The monitor") {
			t.Errorf("how did we know: %s", asJSON(t, how))
		}
		if got.Answers[muster.QuestionDoing] != nil {
			t.Errorf("what is being done was answered by itself: %+v", got.Answers[muster.QuestionDoing])
		}
		if byID := asks[*query.Incident](w, vic(), "GetIncident", query.OneIncident{Incident: string(inc.ID)}); byID.Key != inc.Key || len(byID.Alerts) != 1 {
			t.Errorf("by ID: %+v", byID)
		}
		all := asks[muster.Listing[*muster.Entry]](w, vic(), "ListTimeline", query.ListTimeline{Incident: string(inc.Key)})
		rest := asks[muster.Listing[*muster.Entry]](w, vic(), "ListTimeline", query.ListTimeline{Incident: string(inc.Key), After: all.Items[0].Seq, Limit: 1})
		if len(rest.Items) != 1 || rest.Items[0].ID != all.Items[1].ID || rest.Next == nil {
			t.Errorf("after the first entry: %s", asJSON(t, rest))
		}
		seen := asks[muster.Listing[muster.Awareness]](w, vic(), "ListAwareness", query.OneIncident{Incident: string(inc.Key)})
		if len(seen.Items) != 1 || seen.Items[0].Person != "noor" {
			t.Errorf("who knows: %+v", seen.Items)
		}
		why := asks[muster.Explanation](w, vic(), "Why", query.AskWhy{Service: string(inc.Key)})
		if len(why.People) != 1 {
			t.Errorf("why, by the key: %+v", why.People)
		}
	})
}

func TestDocumentsAndTheirHistory(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		was := asks[query.Document](w, vic(), "GetDocument", query.OneDocument{Kind: "services", Name: "cart"})
		var fields map[string]any
		if err := json.Unmarshal([]byte(asJSON(t, was)), &fields); err != nil {
			t.Fatal(err)
		}
		if fields["title"] != "Shopping cart" || fields["revision"] != float64(was.Revision) || was.Revision == 0 {
			t.Errorf("the document is %v", fields)
		}
		w.apply(strings.Replace(documents, "title: Shopping cart\nteam", "title: Cart\nteam", 1))
		old := asks[query.Document](w, vic(), "GetDocument", query.OneDocument{Kind: "service", Name: "cart", Revision: was.Revision})
		if !reflect.DeepEqual(old, was) {
			t.Errorf("at revision %d it was %+v, and is now said to have been %+v", was.Revision, was, old)
		}
		h := asks[muster.Listing[query.Revision]](w, vic(), "ListRevisions", query.ListRevisions{Kind: "services", Name: "cart", Limit: 1})
		if len(h.Items) != 1 || h.Next == nil || h.Items[0].Why != "test" || h.Items[0].By.User != "ana" {
			t.Errorf("history: %s", asJSON(t, h))
		}
		d, err := w.q.DocumentDetail(w.Context(), view(), "services", "cart", h.Items[0].Revision)
		if err != nil {
			t.Fatal(err)
		}
		var changed []string
		for _, l := range d.Diff {
			if l.Op != catalog.Kept {
				changed = append(changed, string(l.Op)+l.Text)
			}
		}
		if !slices.Equal(changed, []string{"-title: Shopping cart", "+title: Cart"}) || d.Before != was.Revision {
			t.Errorf("the revision changed %v", changed)
		}
		if !slices.Equal(d.UsedBy, []string{"statuspages/inside", "statuspages/shop"}) {
			t.Errorf("used by %v", d.UsedBy)
		}
		users := asks[muster.Listing[query.Document]](w, vic(), "ListDocuments", query.ListDocuments{Kind: "users", Limit: 3})
		more := asks[muster.Listing[query.Document]](w, vic(), "ListDocuments", query.ListDocuments{Kind: "users", Cursor: *users.Next})
		if len(users.Items) != 3 || len(more.Items) != 1 || more.Items[0].Name != "vic" || more.Next != nil {
			t.Errorf("users: %d, then %+v", len(users.Items), more.Items)
		}
		refuses[query.Document](w, vic(), "GetDocument", query.OneDocument{Kind: "servces", Name: "cart"}, muster.ErrNotFound)
		refuses[query.Document](w, vic(), "GetDocument", query.OneDocument{Kind: "services", Name: "crat"}, muster.ErrNotFound)
		x := asks[query.Export](w, vic(), "ExportCatalog", muster.Nothing{})
		if _, wrong := catalog.Parse("export.yaml", []byte(x.YAML)); len(wrong) > 0 {
			t.Errorf("the export cannot be read back: %v", wrong)
		}
	})
}

func TestWhatOnlySomeMaySee(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		key := func(a muster.Actor, in command.CreateKey) muster.APIKeyID {
			t.Helper()
			return act[*command.NewKey](w, a, "CreateKey", in).ID
		}
		mine := key(tom(), command.CreateKey{Name: "mine"})
		team := key(noor(), command.CreateKey{Name: "monitor", Source: "monitor"})
		sees := func(a muster.Actor) (ids []muster.APIKeyID) {
			t.Helper()
			for _, k := range asks[muster.Listing[*muster.APIKey]](w, a, "ListKeys", query.ListKeys{}).Items {
				ids = append(ids, k.ID)
			}
			return ids
		}
		if got := sees(tom()); !slices.Equal(got, []muster.APIKeyID{mine}) {
			t.Errorf("Tom sees %v, want his own", got)
		}
		if got := sees(noor()); !slices.Equal(got, []muster.APIKeyID{team}) {
			t.Errorf("Noor sees %v, want her team's", got)
		}
		if got := sees(admin()); len(got) != 2 {
			t.Errorf("an admin sees %v", got)
		}
		contacts := asks[muster.Listing[muster.Contact]](w, vic(), "ListContacts", query.ListContacts{User: "tom"})
		if text := asJSON(t, contacts); len(contacts.Items) != 1 || strings.Contains(text, "demo:tom") || contacts.Items[0].Sealed != nil {
			t.Errorf("contacts: %s", text)
		}
		refuses[muster.Listing[*muster.AuditEntry]](w, noor(), "ListAudit", query.ListAudit{}, muster.ErrForbidden)
		first := asks[muster.Listing[*muster.AuditEntry]](w, admin(), "ListAudit", query.ListAudit{Limit: 2})
		second := asks[muster.Listing[*muster.AuditEntry]](w, admin(), "ListAudit", query.ListAudit{Limit: 2, Cursor: *first.Next})
		if first.Items[0].Op != "create key" || second.Items[0].Seq != first.Items[1].Seq-1 {
			t.Errorf("audit: %s, then %s", asJSON(t, first), asJSON(t, second))
		}
	})
}

// has checks that the JSON of a value has these fields.
func has(t *testing.T, v any, fields ...string) {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(asJSON(t, v)), &m); err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if _, ok := m[f]; !ok {
			t.Errorf("%T has no field %q", v, f)
		}
	}
}
