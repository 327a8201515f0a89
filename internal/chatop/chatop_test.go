package chatop_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/chatop"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// recorder is a chat over the real tables whose operations only note what they would have done.
type recorder struct {
	*chatop.Chat
	op    string
	in    string
	actor muster.Actor
	open  string // what the lists give as newest
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{open: "7"}
	ops := append(command.New(command.Deps{}).Ops(), query.New(query.Deps{}).Ops()...)
	for i := range ops {
		name, list := ops[i].Name, ops[i].List
		ops[i].Exec = func(_ context.Context, a muster.Actor, in any) (any, error) {
			if list && (name == "ListAlerts" || name == "ListIncidents") {
				return r.newest(name, in)
			}
			b, err := json.Marshal(in)
			r.op, r.in, r.actor = name, string(b), a
			return muster.Nothing{}, err
		}
	}
	cat := muster.NewCatalog(1, []muster.Document{
		&muster.User{Name: "ana", Display: "Ana Rossi", Email: "ana@example.org", Zone: "Europe/Rome", Access: muster.AccessAdmin, Directory: "dir-ana"},
		&muster.User{Name: "tom", Display: "Tom Lee", Zone: "UTC"},
		&muster.Roster{Name: "data", Topics: []muster.Topic{{Name: "database", Title: "Cosmos DB", Experts: []muster.UserName{"tom"}}}},
		&muster.User{Name: "gone", Display: "Gone", Email: "gone@example.org", Disabled: true},
	}, nil)
	r.Chat = chatop.New(ops, func() *muster.Catalog { return cat })
	return r
}

func (r *recorder) newest(name string, in any) (any, error) {
	type item struct {
		ID  string `json:"id"`
		Key string `json:"key,omitempty"`
	}
	list := muster.Listing[item]{Items: []item{}}
	if f := reflect.ValueOf(in).Elem().FieldByName("Limit"); f.Int() != 1 || r.open == "" {
		return list, nil
	}
	if name == "ListAlerts" {
		list.Items = append(list.Items, item{ID: "alt_" + r.open})
	} else {
		list.Items = append(list.Items, item{ID: "inc_" + r.open, Key: "INC-" + r.open})
	}
	return list, nil
}

var ana = muster.Actor{User: "ana", Name: "Ana Rossi", Access: muster.AccessAdmin, Surface: muster.SurfaceChat}

func TestGrammar(t *testing.T) {
	for _, c := range []struct{ text, room, op, in string }{
		{"declare Checkout is slow", "", "DeclareIncident", `{"title":"Checkout is slow"}`},
		{"/declare severity=SEV1 public=true Checkout\nis slow", "", "DeclareIncident", `{"title":"Checkout\nis slow","severity":"SEV1","public":true}`},
		{`declare impact="buyers in Europe" Checkout is slow`, "", "DeclareIncident", `{"title":"Checkout is slow","impact":"buyers in Europe"}`},
		{"declare x=1 is not an option", "", "DeclareIncident", `{"title":"x=1 is not an option"}`},
		{"ack", "", "AckAlert", `{"alert":"alt_7"}`},
		{"ack alt_1 looking at it", "", "AckAlert", `{"alert":"alt_1","note":"looking at it"}`},
		{"ACK\u00a0alt_1", "", "AckAlert", `{"alert":"alt_1"}`},
		{"page @Tom alt_1 please come", "", "PageResponder", `{"alert":"alt_1","person":"tom","note":"please come"}`},
		{"page the database expert", "", "PageResponder", `{"alert":"alt_7","person":"database"}`},
		{"page the Database expert alt_1 it hangs", "", "PageResponder", `{"alert":"alt_1","person":"database","note":"it hangs"}`},
		{"page cosmos DB it hangs", "", "PageResponder", `{"alert":"alt_7","person":"database","note":"it hangs"}`},
		{"page tom expert advice is needed", "", "PageResponder", `{"alert":"alt_7","person":"tom","note":"expert advice is needed"}`},
		{"page the database expert, it hangs", "INC-3", "PageExpert", `{"incident":"INC-3","topic":"database","note":"it hangs"}`},
		{"page the database expert alt_1", "INC-3", "PageResponder", `{"alert":"alt_1","person":"database"}`},
		{"expert database it hangs", "INC-3", "PageExpert", `{"incident":"INC-3","topic":"database","note":"it hangs"}`},
		{"expert INC-4 the cosmos db expert", "INC-3", "PageExpert", `{"incident":"INC-4","topic":"database"}`},
		{"experts", "", "ListExperts", `{}`},
		{"warnings", "", "ListWarnings", `{}`},
		{"warnings storefront", "", "ListWarnings", `{"roster":"storefront"}`},
		{"role commander ana", "INC-3", "AssignRole", `{"incident":"INC-3","role":"commander","person":"ana"}`},
		{"role ic", "INC-3", "AssignRole", `{"incident":"INC-3","role":"commander"}`},
		{"role inc-4 scribe me", "INC-3", "AssignRole", `{"incident":"INC-4","role":"scribe","person":"ana"}`},
		{"update We found it", "INC-3", "PostStatusUpdate", `{"incident":"INC-3","known":"We found it","in":"30m"}`},
		{"update in=1h We found it", "", "PostStatusUpdate", `{"incident":"INC-7","known":"We found it","in":"1h"}`},
		{"update final=true Over", "INC-3", "PostStatusUpdate", `{"incident":"INC-3","known":"Over","final":true}`},
		{"status update We found it", "", "UpdateStatus", `{"text":"We found it"}`},
		{"note saw it", "INC-3", "AddTimelineEntry", `{"incident":"INC-3","text":"saw it"}`},
		{"did restarted the pods", "INC-3", "AddTimelineEntry", `{"incident":"INC-3","kind":"did","text":"restarted the pods"}`},
		{"theory the cache is cold", "INC-3", "AddTheory", `{"incident":"INC-3","text":"the cache is cold"}`},
		{"doing scaling up", "INC-3", "StartAction", `{"incident":"INC-3","text":"scaling up"}`},
		{"resolve", "INC-3", "ResolveIncident", `{"incident":"INC-3"}`},
		{"oncall shop", "", "OnCall", `{"service":"shop"}`},
	} {
		r := newRecorder(t)
		rep := r.Run(t.Context(), ana, c.room, c.text)
		if rep.Err != nil || r.op != c.op || !same(t, r.in, c.in) {
			t.Errorf("%q: %s %s (%v), want %s %s", c.text, r.op, r.in, rep.Err, c.op, c.in)
		}
	}
}

func same(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func TestWhatIsNotUnderstood(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"akc", `Did you mean "ack"?`},
		{"declare", "title: is missing"},
		{"page nobody alt_1", `I know nobody called "nobody"`},
		{"page databse alt_1", `did you mean "database"?`},
		{"page the databse expert", `no topic called "databse"; did you mean "database"?`},
		{"update in=soon x", "is not a length of time"},
		{"declare severity=SEV1", "title: is missing"},
		{`declare impact="open x`, "quote is not closed"},
	} {
		r := newRecorder(t)
		rep := r.Run(t.Context(), ana, "", c.text)
		if rep.Err == nil || !rep.Private || r.op != "" || !strings.Contains(rep.Text, c.says) {
			t.Errorf("%q: %q (ran %s)", c.text, rep.Text, r.op)
		}
	}
	r := newRecorder(t)
	r.open = ""
	if rep := r.Run(t.Context(), ana, "", "update x"); rep.Text != "There is no open incident right now." {
		t.Errorf("without an incident: %q", rep.Text)
	}
	for _, text := range []string{"", "help", "?", "status", "status help"} {
		if rep := newRecorder(t).Run(t.Context(), ana, "", text); rep.Err != nil || !strings.Contains(rep.Text, "open") {
			t.Errorf("%q: %q", text, rep.Text)
		}
	}
	if rep := newRecorder(t).Run(t.Context(), ana, "", "help role"); !strings.Contains(rep.Text, "Write: role [INCIDENT] ROLE [PERSON]") {
		t.Errorf("help role: %q", rep.Text)
	}
}

func TestWhoSpeaks(t *testing.T) {
	for _, c := range []struct {
		m     chatop.Message
		actor string
		user  muster.UserName
		ran   string
	}{
		{chatop.Message{Directory: "dir-ana", Name: "Whoever", Text: "declare x"}, "Ana Rossi", "ana", "DeclareIncident"},
		{chatop.Message{Email: "ANA@example.org", Text: "declare x"}, "Ana Rossi", "ana", "DeclareIncident"},
		{chatop.Message{Name: "Ana Rossi", Text: "open x", StatusBot: true}, "Ana Rossi (guest)", "", "OpenStatus"},
		{chatop.Message{Name: "Dana", Text: "status close x"}, "Dana (guest)", "", "CloseStatus"},
		{chatop.Message{Name: "Dana", Text: "note x"}, "Dana (guest)", "", "AddTimelineEntry"},
		{chatop.Message{Name: "Ana Rossi", Text: "declare x"}, "", "", ""},
		{chatop.Message{Name: "Dana", Text: "ack alt_1"}, "", "", ""},
		{chatop.Message{Email: "gone@example.org", Name: "Gone", Text: "resolve INC-1"}, "", "", ""},
		{chatop.Message{Text: "update x"}, "", "", ""},
	} {
		r := newRecorder(t)
		rep := r.Hear(t.Context(), c.m)
		if r.op != c.ran || r.actor.Name != c.actor || r.actor.User != c.user {
			t.Errorf("%+v: ran %s as %q (%s); %s", c.m, r.op, r.actor.Name, r.actor.User, rep.Text)
		}
		if c.ran == "" && muster.CodeOf(rep.Err) != muster.ErrForbidden {
			t.Errorf("%+v: %v", c.m, rep.Err)
		}
	}
}
