package command_test

import (
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// say is a word on the status page, as chat says it.
func say(w *world, op, text string) (*command.StatusChange, error) {
	w.Helper()
	who := w.as("rob")
	who.Surface = muster.SurfaceChat
	return do[*command.StatusChange](w, who, op, command.StatusText{Text: text})
}

func mustSay(w *world, op, text string) *command.StatusChange {
	w.Helper()
	c, err := say(w, op, text)
	w.ok(err)
	return c
}

func TestWithoutAnIncidentThereIsNothingToSay(t *testing.T) {
	bubble(t, func(w *world) {
		for _, op := range []string{"UpdateStatus", "CloseStatus"} {
			_, err := say(w, op, "hello")
			if muster.CodeOf(err) != muster.ErrConflict || muster.MessageOf(err) != "There is no open incident right now." {
				w.Errorf("%s gave %v", op, err)
			}
		}
	})
}

func TestOpenUpdateClose(t *testing.T) {
	bubble(t, func(w *world) { openUpdateClose(w) })
}

func openUpdateClose(w *world) {
	opened := mustSay(w, "OpenStatus", "The cart fails\nWe are looking into it")
	inc := opened.Incident
	if !opened.Declared || !inc.Public || inc.Title != "The cart fails" || !opened.Default || opened.Promised.Std() != 30*time.Minute {
		w.Fatalf("opened: %+v of %+v", opened, inc)
	}
	more := mustSay(w, "OpenStatus", "It is the cart in all regions")
	if more.Declared || more.Incident.ID != inc.ID || more.Update.Number != 2 {
		w.Errorf("opened again: %+v", more)
	}
	if _, err := say(w, "UpdateStatus", " "); muster.CodeOf(err) != muster.ErrInvalid {
		w.Errorf("an empty update gave %v", err)
	}
	upd := mustSay(w, "UpdateStatus", "Two of six regions work again")
	if upd.Incident.ID != inc.ID || upd.Update.Audience != muster.AudiencePublic || upd.Update.Final {
		w.Errorf("updated: %+v", upd.Update)
	}
	id := w.another()
	must[*muster.Incident](w, w.as("rob"), "LinkAlert", command.LinkAlert{Incident: string(inc.Key), Alert: id})
	closed := mustSay(w, "CloseStatus", "")
	if !closed.Resolved || !closed.Update.Final || closed.Update.Known == "" {
		w.Errorf("closed: %+v", closed)
	}
	got := w.incident(inc.ID)
	if got.Status != muster.IncidentResolved || got.OffPageAt.IsZero() || got.Promise == nil || !got.Promise.Kept {
		w.Errorf("after closing it is %s, off the page at %s, with the promise %+v", got.Status, got.OffPageAt, got.Promise)
	}
	if a := w.alert(id); a.Status != muster.AlertResolved {
		w.Errorf("its alert is %s: it would page on", a.Status)
	}
	if _, err := say(w, "CloseStatus", "again"); muster.CodeOf(err) != muster.ErrConflict {
		w.Errorf("closed again: %v", err)
	}
}

// What responders declared is theirs to resolve: closing it on the page says that customers do not suffer any more.
func TestClosingWhatRespondersDeclared(t *testing.T) {
	bubble(t, func(w *world) {
		inc := w.declare(w.as("rob"), "The cart fails")
		mustSay(w, "UpdateStatus", "We know")
		closed := mustSay(w, "CloseStatus", "It works again")
		if got := w.incident(inc.ID); closed.Resolved || got.Status != muster.IncidentMitigated || got.OffPageAt.IsZero() {
			w.Fatalf("closed on the page it is %s", got.Status)
		}
		// Closed on the page, it is not what an update is about any more, though it goes on.
		if _, err := say(w, "UpdateStatus", "more"); muster.CodeOf(err) != muster.ErrConflict {
			w.Errorf("an update after closing gave %v", err)
		}
		// It came back: reopened, an update finds it again.
		_, err := w.step("ReopenIncident", inc)
		w.ok(err)
		if got := mustSay(w, "UpdateStatus", "It came back"); got.Incident.ID != inc.ID {
			w.Errorf("the update went to %s", got.Incident.Key)
		}
		mustSay(w, "CloseStatus", "Once more")
		if got := mustSay(w, "OpenStatus", "And again"); got.Declared || got.Incident.ID != inc.ID || !w.incident(inc.ID).OffPageAt.IsZero() {
			w.Errorf("opened on the page again: %+v", got)
		}
	})
}

// An update goes to the incident that is public already, even when a newer one is not; opening goes to the newest.
func TestWhichIncidentAWordIsAbout(t *testing.T) {
	bubble(t, func(w *world) {
		public := mustSay(w, "OpenStatus", "The cart fails").Incident
		pass(time.Minute)
		inside := w.declare(w.as("rob"), "Somebody is in our network")
		if got := mustSay(w, "UpdateStatus", "We know"); got.Incident.ID != public.ID {
			w.Errorf("the update went to %s", got.Incident.Title)
		}
		if w.incident(inside.ID).Public {
			w.Error("an incident that nobody opened on the page is public")
		}
		_, err := w.step("MitigateIncident", public)
		w.ok(err)
		if got := mustSay(w, "UpdateStatus", "It works for most"); got.Incident.ID != public.ID {
			w.Errorf("a mitigated incident is not found: the update went to %s", got.Incident.Title)
		}
		_, err = w.step("ResolveIncident", public)
		w.ok(err)
		_, err = w.step("ResolveIncident", inside)
		w.ok(err)
		if _, err := say(w, "UpdateStatus", "more"); muster.CodeOf(err) != muster.ErrConflict {
			w.Errorf("an update of what is resolved gave %v", err)
		}
	})
}

func TestTheDefaultPromiseIsThePages(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: statuspage\nname: public\ntitle: Tailwind Traders\naudience: public\npromise: 45m\n")
		c := mustSay(w, "OpenStatus", "The cart fails")
		if c.Promised.Std() != 45*time.Minute || c.Update.NextUpdateBy != muster.At(time.Now().Add(45*time.Minute)) {
			w.Errorf("promised %s, by %s", c.Promised, c.Update.NextUpdateBy)
		}
		who := w.as("rob")
		own := must[*command.StatusChange](w, who, "UpdateStatus", command.StatusText{Text: "We know", In: muster.Duration(10 * time.Minute)})
		if own.Default || own.Promised.Std() != 10*time.Minute {
			w.Errorf("a promise of one's own: %+v", own)
		}
	})
}
