package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

func TestARestoredInstallationPagesAgain(t *testing.T) { bubble(t, restoredPagesAgain) }

// After a restore what is open is paged once more, by a page of its own that says why, and stays open; what somebody has is
// left alone. A second look does nothing.
func restoredPagesAgain(w *world) {
	open := w.send("monitoring", signal("disk", muster.SignalFiring))[0].Alert
	had := w.send("monitoring", signal("cpu", muster.SignalFiring))[0].Alert
	must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: had})
	others := len(w.pages(had))
	must[*muster.Alert](w, w.as("rob"), "PageResponder", command.PageResponder{Alert: open, Person: "olga"})
	all := w.pages(open)
	byHand := w.begin(w.deliveryOf(all[slices.IndexFunc(all, func(p *muster.Page) bool { return p.Person == "olga" && p.Method == "phone" })])).Page
	if err := w.commands.Remember(w.Context(), command.MetaRestored, `{"to":"2000-01-01T00:00:00Z","at":"2000-01-01T00:00:01Z"}`); err != nil {
		w.Fatal(err)
	}
	for range 2 {
		if err := w.commands.AfterRestore(w.Context()); err != nil {
			w.Fatal(err)
		}
	}
	a := w.alert(open)
	if a.Status != muster.AlertOpen || a.NextWakeAt.IsZero() || len(a.Acks) != 0 {
		w.Errorf("the open alert is %s, wakes at %s, and has %d acknowledgements", a.Status, a.NextWakeAt, len(a.Acks))
	}
	wanted := 0
	for _, p := range w.pages(open) {
		if p.ID == byHand.ID && p.State != muster.PageStarted {
			w.Errorf("what a person asked for is %s", p.State)
		}
		if p.Round < 2 {
			continue
		}
		if p.State != muster.PageCancelled {
			wanted++
		}
		if text := fmt.Sprint(p.Why); p.Step != 1 || p.Round != 2 || !strings.Contains(text, "Muster was restored from a backup as of 1 Jan 2000 00:00:00 UTC") {
			w.Errorf("the page is of step %d in round %d: %s", p.Step, p.Round, text)
		}
	}
	if wanted == 0 {
		w.Error("nobody is paged again")
	}
	if n := len(w.pages(had)); n != others || w.alert(had).Status != muster.AlertAcknowledged {
		w.Errorf("the acknowledged alert has %d pages, %d before", n, others)
	}
}
