package web_test

import (
	"testing"
	"time"

	"github.com/muster-oncall/muster"
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
