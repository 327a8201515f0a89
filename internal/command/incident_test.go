package command_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

func (w *world) step(op string, inc *muster.Incident) (*muster.Incident, error) {
	w.Helper()
	return do[*muster.Incident](w, w.as("olga"), op, command.NoteIncident{Incident: string(inc.Key)})
}

func TestTheLifeOfAnIncident(t *testing.T) {
	bubble(t, func(w *world) { incidentLife(w) })
}

func incidentLife(w *world) {
	inc := w.declare(w.as("rob"), "  The cart fails ")
	if inc.Title != "The cart fails" || inc.Severity != muster.SEV3 || inc.Phase != muster.PhaseResponse || inc.DetectedBy != muster.DetectedByStaff {
		w.Errorf("declared with a title alone: %+v", inc)
	}
	// Each row: an operation, and the state after it; "" means that the state forbids it.
	for i, row := range []struct {
		op     string
		status muster.IncidentStatus
	}{
		{"CloseIncident", ""},
		{"ReopenIncident", "open"},
		{"MitigateIncident", "mitigated"},
		{"MitigateIncident", "mitigated"},
		{"CloseIncident", ""},
		{"ReopenIncident", "open"},
		{"MitigateIncident", "mitigated"},
		{"ResolveIncident", "resolved"},
		{"ResolveIncident", "resolved"},
		{"MitigateIncident", ""},
		{"ReopenIncident", "open"},
		{"ResolveIncident", "resolved"},
		{"CloseIncident", "closed"},
		{"CloseIncident", "closed"},
		{"ResolveIncident", "closed"},
		{"MitigateIncident", ""},
		{"ReopenIncident", "open"},
		{"ResolveIncident", "resolved"},
	} {
		before := len(w.heard(store.TimelineFilter{Incident: inc.ID}))
		was := w.incident(inc.ID).Status
		got, err := w.step(row.op, inc)
		after := len(w.heard(store.TimelineFilter{Incident: inc.ID}))
		if row.status == "" {
			if muster.CodeOf(err) != muster.ErrConflict || after != before {
				w.Errorf("%d: %s of what is %s gave %v and %d entries", i, row.op, was, err, after-before)
			}
			continue
		}
		w.ok(err)
		if got.Status != row.status || w.incident(inc.ID).Status != row.status {
			w.Errorf("%d: %s made it %s, want %s", i, row.op, got.Status, row.status)
		}
		if grew := after > before; grew != (was != row.status) {
			w.Errorf("%d: %s of what was %s wrote %d entries: a repetition changes nothing", i, row.op, was, after-before)
		}
	}
	if got := w.incident(inc.ID); got.ResolvedAt.IsZero() || !got.ClosedAt.IsZero() || !got.MitigatedAt.IsZero() {
		w.Errorf("after it came back and was resolved: mitigated %s, resolved %s, closed %s", got.MitigatedAt, got.ResolvedAt, got.ClosedAt)
	}
}

func TestWhatDeclaringNeeds(t *testing.T) {
	bubble(t, func(w *world) {
		for what, in := range map[string]command.DeclareIncident{
			"no title": {Title: " "}, "an unknown severity": {Title: "x", Severity: "SEV9"}, "an unknown service": {Title: "x", Service: "none"},
			"an unknown finder": {Title: "x", DetectedBy: "nobody"},
		} {
			if _, err := do[*muster.Incident](w, w.as("rob"), "DeclareIncident", in); muster.CodeOf(err) != muster.ErrInvalid {
				w.Errorf("%s gave %v", what, err)
			}
		}
		refused[*muster.Incident](w, muster.ErrNotFound, w.as("rob"), "MitigateIncident", command.NoteIncident{Incident: "INC-99"})
		refused[*muster.Incident](w, muster.ErrNotFound, w.as("rob"), "MitigateIncident", command.NoteIncident{Incident: "something"})
		long := must[*muster.Incident](w, w.as("rob"), "DeclareIncident", command.DeclareIncident{Title: strings.Repeat("x", 1000)})
		if n := len([]rune(long.Title)); n > 201 {
			w.Errorf("a title has %d characters", n)
		}
		if a, b := w.declare(w.as("rob"), "One"), w.declare(w.as("rob"), "Two"); a.Key == b.Key || b.Number != a.Number+1 {
			w.Errorf("two incidents are %s and %s", a.Key, b.Key)
		}
	})
}

func TestDeclaringFromAnAlert(t *testing.T) {
	bubble(t, func(w *world) {
		id := w.fire("cart")
		pass(time.Minute)
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: id})
		acked := muster.At(time.Now())
		pass(time.Minute)
		inc := must[*muster.Incident](w, w.as("olga"), "DeclareIncident", command.DeclareIncident{Alert: id})
		a := w.alert(id)
		if inc.Title != a.Title || inc.Service != "cart" || inc.DetectedAt != a.DetectedAt || inc.KnownAt != acked || a.Incident != inc.ID {
			w.Errorf("the incident is %+v, of the alert %+v", inc, a)
		}
		if inc.DetectedBy != muster.DetectedByMonitoring {
			w.Errorf("it was detected by %s", inc.DetectedBy)
		}
		again := must[*muster.Incident](w, w.as("rob"), "DeclareIncident", command.DeclareIncident{Alert: id, Title: "Another"})
		if again.ID != inc.ID {
			w.Errorf("declared again: %s and %s", inc.Key, again.Key)
		}
		if texts := strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n"); strings.Count(texts, "fired: ") != 1 || !strings.Contains(texts, "Rob acknowledged") {
			w.Errorf("the room begins with\n%s", texts)
		}
	})
}

func TestALinkedAlertIsResolvedWithItsIncident(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		inc := w.declare(w.as("rob"), "The cart fails")
		other := w.declare(w.as("rob"), "Another")
		var ids []muster.AlertID
		for range 203 { // more than one page of a list
			id := w.another()
			must[*muster.Incident](w, w.as("rob"), "LinkAlert", command.LinkAlert{Incident: string(inc.Key), Alert: id})
			ids = append(ids, id)
		}
		must[*muster.Incident](w, w.as("rob"), "LinkAlert", command.LinkAlert{Incident: string(inc.Key), Alert: ids[0]})
		refused[*muster.Incident](w, muster.ErrConflict, w.as("rob"), "LinkAlert", command.LinkAlert{Incident: string(other.Key), Alert: ids[0]})
		must[*muster.Alert](w, w.as("rob"), "AckAlert", command.NoteAlert{Alert: ids[1]})
		if _, err := w.step("ResolveIncident", inc); err != nil {
			w.Fatal(err)
		}
		for _, id := range ids {
			if a := w.alert(id); a.Status != muster.AlertResolved {
				w.Fatalf("an alert of the resolved incident is %s", a.Status)
			}
		}
		pass(time.Second)
		before := len(w.who())
		pass(time.Hour)
		if n := len(w.who()); n != before {
			w.Errorf("%d phones rang after it was over", n-before)
		}
	})
}

// A rule declared it: a human knows as soon as one does something in its room.
func TestSomebodyWhoDoesSomethingKnows(t *testing.T) {
	bubble(t, func(w *world) {
		for op, run := range map[string]func(key string){
			"AssignRole": func(key string) {
				must[*muster.Incident](w, w.as("rob"), "AssignRole", command.AssignRole{Incident: key, Role: muster.RoleScribe})
			},
			"AddTimelineEntry": func(key string) {
				must[*muster.Entry](w, w.as("rob"), "AddTimelineEntry", command.AddTimelineEntry{Incident: key, Text: "Look"})
			},
			"SetAnswer": func(key string) {
				must[*muster.Incident](w, guest(), "SetAnswer", command.SetAnswer{Incident: key, Question: muster.QuestionBad, Text: "very"})
			},
			"LinkAlert": func(key string) {
				must[*muster.Incident](w, w.as("rob"), "LinkAlert", command.LinkAlert{Incident: key, Alert: w.another()})
			},
		} {
			s := signal(op, muster.SignalFiring)
			s.Severity = muster.SeverityCritical
			inc := w.incident(w.alert(w.send("monitoring", s)[0].Alert).Incident)
			if !inc.KnownAt.IsZero() || inc.Phase != muster.PhaseDetection {
				w.Fatalf("a rule declared it, and it is known at %s, in %s", inc.KnownAt, inc.Phase)
			}
			run(string(inc.Key))
			if got := w.incident(inc.ID); got.KnownAt.IsZero() || got.Phase != muster.PhaseResponse {
				w.Errorf("after %s it is known at %s, in %s", op, got.KnownAt, got.Phase)
			}
		}
	})
}

func TestSeverityAndAnswers(t *testing.T) {
	bubble(t, func(w *world) {
		inc := w.declare(w.as("rob"), "The cart fails")
		key := string(inc.Key)
		got := must[*muster.Incident](w, w.as("rob"), "SetSeverity", command.SetSeverity{Incident: key, Severity: "sev1", Why: "all regions"})
		if got.Severity != muster.SEV1 {
			w.Errorf("the severity is %s", got.Severity)
		}
		n := len(w.heard(store.TimelineFilter{Incident: inc.ID}))
		must[*muster.Incident](w, w.as("rob"), "SetSeverity", command.SetSeverity{Incident: key, Severity: muster.SEV1})
		if m := len(w.heard(store.TimelineFilter{Incident: inc.ID})); m != n {
			w.Errorf("the same severity again wrote %d entries", m-n)
		}
		refused[*muster.Incident](w, muster.ErrInvalid, w.as("rob"), "SetSeverity", command.SetSeverity{Incident: key, Severity: "bad"})
		refused[*muster.Incident](w, muster.ErrInvalid, w.as("rob"), "SetAnswer", command.SetAnswer{Incident: key, Question: "why", Text: "x"})
		for _, q := range muster.Questions() {
			got = must[*muster.Incident](w, w.as("rob"), "SetAnswer", command.SetAnswer{Incident: key, Question: q, Text: "So."})
			if a := got.Answers[q]; a.Text != "So." || a.By.User != "rob" || a.At.IsZero() {
				w.Errorf("the answer to %s is %+v", q, a)
			}
		}
		got = must[*muster.Incident](w, w.as("rob"), "SetAnswer", command.SetAnswer{Incident: key, Question: muster.QuestionBad, Text: " "})
		if _, ok := got.Answers[muster.QuestionBad]; ok {
			w.Error("an answer that was taken back is still there")
		}
	})
}

func TestWhoHasSeenAnIncident(t *testing.T) {
	bubble(t, func(w *world) {
		inc := w.declare(w.as("rob"), "The cart fails")
		must[muster.Nothing](w, w.as("vic"), "MarkSeen", command.OneIncident{Incident: string(inc.Key)})
		pass(time.Minute)
		must[muster.Nothing](w, w.as("vic"), "MarkSeen", command.OneIncident{Incident: string(inc.ID)})
		aware := read(w, func(r store.Reader) ([]muster.Awareness, error) { return r.Awareness(inc.ID) })
		if len(aware) != 2 || aware[0].Person != "rob" || aware[1].Person != "vic" || !aware[1].Last.After(aware[1].First.Time) {
			w.Errorf("aware are %+v, want Rob, who declared it, and Vic", aware)
		}
	})
}

func TestRolesAreGivenAndHandedOver(t *testing.T) {
	bubble(t, func(w *world) {
		inc := w.declare(w.as("rob"), "The cart fails")
		assign := func(who muster.UserName, role muster.Role, to muster.UserName) *muster.Incident {
			w.Helper()
			return must[*muster.Incident](w, w.as(who), "AssignRole", command.AssignRole{Incident: string(inc.Key), Role: role, Person: to})
		}
		holds := func(got *muster.Incident, role muster.Role) (now []muster.UserName) {
			for _, r := range got.Roles {
				if r.Role == role && r.Until.IsZero() && !r.Proposed {
					now = append(now, r.Person)
				}
			}
			return now
		}
		assign("rob", muster.RoleIncidentCommander, "")
		pass(time.Minute)
		got := assign("olga", muster.RoleIncidentCommander, "")
		if who := holds(got, muster.RoleIncidentCommander); !slices.Equal(who, []muster.UserName{"olga"}) {
			w.Errorf("commander: %v", who)
		}
		n := len(got.Roles)
		if got = assign("olga", muster.RoleIncidentCommander, "olga"); len(got.Roles) != n {
			w.Error("given again, the role is there twice")
		}
		if texts := strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n"); !strings.Contains(texts, "Olga took over as incident commander from Rob") {
			w.Errorf("the room does not tell of the hand-over:\n%s", texts)
		}
		assign("olga", muster.RoleSubjectMatterExpert, "rob")
		got = assign("olga", muster.RoleSubjectMatterExpert, "ana")
		if who := holds(got, muster.RoleSubjectMatterExpert); len(who) != 2 {
			w.Errorf("experts: %v, want both", who)
		}
		refused[*muster.Incident](w, muster.ErrInvalid, w.as("rob"), "AssignRole", command.AssignRole{Incident: string(inc.Key), Role: "boss"})
		refused[*muster.Incident](w, muster.ErrInvalid, w.as("rob"), "AssignRole", command.AssignRole{Incident: string(inc.Key), Role: muster.RoleScribe, Person: "nobody"})
	})
}

func TestActionsAndTheories(t *testing.T) {
	bubble(t, func(w *world) {
		inc := w.declare(w.as("rob"), "The cart fails")
		key := string(inc.Key)
		got := must[*muster.Incident](w, w.as("rob"), "StartAction", command.StartAction{Incident: key, Text: "Roll back"})
		if got.Phase != muster.PhaseRemediation || got.Actions[0].Name != "Rob" {
			w.Errorf("with an action it is in %s: %+v", got.Phase, got.Actions)
		}
		act := got.Actions[0].ID
		pass(time.Minute)
		got = must[*muster.Incident](w, w.as("rob"), "FinishAction", command.FinishAction{Incident: key, Action: act, Outcome: "it helped"})
		ended := got.Actions[0].EndedAt
		pass(time.Minute)
		got = must[*muster.Incident](w, w.as("rob"), "FinishAction", command.FinishAction{Incident: key, Action: act, Outcome: "it did not"})
		if got.Actions[0].EndedAt != ended || got.Actions[0].Outcome != "it helped" {
			w.Errorf("finished again: %+v", got.Actions[0])
		}
		refused[*muster.Incident](w, muster.ErrNotFound, w.as("rob"), "FinishAction", command.FinishAction{Incident: key, Action: "act_none"})
		refused[*muster.Incident](w, muster.ErrInvalid, w.as("rob"), "StartAction", command.StartAction{Incident: key, Text: " "})
		refused[*muster.Incident](w, muster.ErrInvalid, w.as("rob"), "StartAction", command.StartAction{Incident: key, Text: "x", Person: "nobody"})
		got = must[*muster.Incident](w, w.as("rob"), "AddTheory", command.AddTheory{Incident: key, Text: "The release"})
		theory := command.SetTheory{Incident: key, Theory: got.Theories[0].ID, State: muster.TheoryRuledOut}
		must[*muster.Incident](w, w.as("rob"), "SetTheory", theory)
		got = must[*muster.Incident](w, w.as("rob"), "SetTheory", theory)
		if got.Theories[0].State != muster.TheoryRuledOut || strings.Count(strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n"), "ruled out") != 1 {
			w.Errorf("the theory is %+v", got.Theories[0])
		}
		theory.State = "maybe"
		refused[*muster.Incident](w, muster.ErrInvalid, w.as("rob"), "SetTheory", theory)
		_, err := w.step("ResolveIncident", inc)
		w.ok(err)
		refused[*muster.Incident](w, muster.ErrConflict, w.as("rob"), "StartAction", command.StartAction{Incident: key, Text: "More"})
	})
}

func TestTheTimelineIsWordForWord(t *testing.T) {
	bubble(t, func(w *world) {
		inc := w.declare(w.as("rob"), "The cart fails")
		key := string(inc.Key)
		pass(time.Hour)
		say := func(in command.AddTimelineEntry) (*muster.Entry, error) {
			in.Incident = key
			return do[*muster.Entry](w, w.as("rob"), "AddTimelineEntry", in)
		}
		then := muster.At(time.Now().Add(-10 * time.Minute))
		e, err := say(command.AddTimelineEntry{Kind: muster.EntrySaw, Text: " 503 everywhere ", At: then})
		w.ok(err)
		if e.Text != "503 everywhere" || e.At != then || !e.Recorded.After(then.Time) || e.Seq == 0 {
			w.Errorf("the entry is %+v", e)
		}
		for what, in := range map[string]command.AddTimelineEntry{
			"nothing": {Text: " "}, "a kind of Muster's own": {Text: "x", Kind: muster.EntryPage},
			"the future": {Text: "x", At: muster.At(time.Now().Add(time.Hour))}, "a book": {Text: strings.Repeat("x", 17<<10)},
		} {
			if _, err := say(in); muster.CodeOf(err) != muster.ErrInvalid {
				w.Errorf("%s gave %v", what, err)
			}
		}
		pin := command.PinEntry{Incident: key, Entry: e.ID, Pinned: true}
		must[*muster.Entry](w, w.as("rob"), "PinEntry", pin)
		if got := must[*muster.Entry](w, w.as("rob"), "PinEntry", pin); !got.Pinned {
			w.Error("it is not pinned")
		}
		other := w.declare(w.as("rob"), "Another")
		pin.Incident = string(other.Key)
		refused[*muster.Entry](w, muster.ErrNotFound, w.as("rob"), "PinEntry", pin)
	})
}
