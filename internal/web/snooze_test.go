package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

func TestAnAlertIsSnoozedFromItsPageAndByASignedInPerson(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	path := w.link(a.Pages[0], time.Hour)
	s := w.stranger()
	s.get(path).want(t, 200, "Snooze 30 min")
	s.post(path+"/snooze", "for", "30m").want(t, 200, "Snoozed", "Then it pages again.")
	al := w.alert(a)
	if al.Status != muster.AlertAcknowledged || al.Snooze == nil || al.Snooze.By.User != a.Pages[0].Person || al.NextWakeAt != al.Snooze.Until {
		t.Errorf("the alert is %s, %+v", al.Status, al.Snooze)
	}
	self := "/a/" + string(al.ID)
	me := w.as("ana")
	me.get(self).want(t, 200, "Snoozed by", "Until 09:00")
	me.post(self+"/snooze", "until", "09:00").want(t, 200)
	if again := w.alert(a); again.Snooze == nil || again.Snooze.By.User != "ana" {
		t.Errorf("the snooze is %+v", again.Snooze)
	}
	if got := me.post(self+"/snooze", "for", "soon"); got.status != 422 {
		t.Errorf("a snooze for nothing: %d", got.status)
	}
}

// Where no policy pages anybody there is nothing to put off: who is asked by hand gets no button that is refused.
func TestNoSnoozeOfWhatIsOnlyRecorded(t *testing.T) {
	w := newWorld(t)
	w.must(w.commands.Batch(t.Context(), "Record", admin(), func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: "kind: route\nname: noted\ntitle: Noted\norder: 1\nmatch: service == \"search\"\nrecord: true\n", Accept: command.ReachesNobody})
	}))
	a := w.receive("monitoring", muster.Signal{State: muster.SignalFiring, Title: "Search is slow", Severity: muster.SeverityMajor, Service: "search", Identity: []string{"slow"}})
	_, err := command.Run[command.PageResponder, *muster.Alert](t.Context(), w.commands, "PageResponder", admin(), command.PageResponder{Alert: a.ID, Person: "ravi"})
	w.must(err)
	a, err = w.queries.Alert(t.Context(), query.Viewer{Actor: admin()}, a.ID)
	w.must(err)
	path, s := w.link(a.Pages[0], time.Hour), w.stranger()
	if got := s.get(path).want(t, 200, "Search is slow", "Acknowledge"); strings.Contains(got.body, "Snooze") {
		t.Error("a snooze is offered that would be refused")
	}
	if got := s.post(path+"/snooze", "for", "30m"); got.status != 409 {
		t.Errorf("the snooze is answered %d", got.status)
	}
}
