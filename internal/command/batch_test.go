package command_test

import (
	"errors"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// What is told of the past happens then, and what comes after it in the batch happens now.
func TestABatchTellsThePastAndReturns(t *testing.T) {
	bubble(t, func(w *world) {
		now := muster.At(time.Now())
		then := now.Plus(-48 * time.Hour)
		var past, present *muster.Incident
		w.ok(w.commands.Batch(w.Context(), "Story", w.as("ana"), func(b *command.Batch) (err error) {
			if past, err = b.At(then, w.as("rob")).Declare(command.DeclareIncident{Title: "Then"}); err != nil {
				return err
			}
			early := b.At(then, w.as("rob"))
			if again := early.At(now, w.as("olga")); again.Now() != now || again.Actor.User != "olga" {
				return errors.New("a moment within a moment is not its own")
			}
			if early.Now() != then || early.Actor.User != "rob" || b.Now() != now || b.Actor.User != "ana" {
				return errors.New("another moment leaks into the batch")
			}
			if as := b.As(w.as("olga")); as.Actor.User != "olga" || as.Now() != now {
				return errors.New("another person is at another moment")
			}
			present, err = b.Declare(command.DeclareIncident{Title: "Now"})
			return err
		}))
		if past.DeclaredAt != then || past.DeclaredBy.User != "rob" || present.DeclaredAt != now || present.DeclaredBy.User != "ana" {
			w.Errorf("declared at %s by %s and at %s by %s", past.DeclaredAt, past.DeclaredBy.User, present.DeclaredAt, present.DeclaredBy.User)
		}
		if e := read(w, func(r store.Reader) ([]*muster.Entry, error) {
			return r.Timeline(store.TimelineFilter{Incident: past.ID})
		}); e[0].At != then {
			w.Errorf("the room of the past begins at %s", e[0].At)
		}
	})
}

func TestABatchIsAllOrNone(t *testing.T) {
	bubble(t, func(w *world) {
		head := read(w, func(r store.Reader) (muster.Revision, error) { return r.Head() })
		bad := errors.New("in the end")
		err := w.commands.Batch(w.Context(), "Story", w.as("ana"), func(b *command.Batch) error {
			if err := b.Apply(command.ApplyDocuments{Documents: two}); err != nil {
				return err
			}
			if b.Snap.Catalog.Runbooks["cart"] == nil {
				return errors.New("what follows does not see what was applied")
			}
			if err := b.Apply(command.ApplyDocuments{Documents: "kind: runbook\nname: third\ntitle: Third\nteam: storefront\ntext: t\n"}); err != nil {
				return err
			}
			if _, err := b.Declare(command.DeclareIncident{Title: "Something"}); err != nil {
				return err
			}
			return bad
		})
		if !errors.Is(err, bad) {
			w.Fatalf("the batch gave %v", err)
		}
		if got := read(w, func(r store.Reader) (muster.Revision, error) { return r.Head() }); got != head || w.commands.Live.Current().Catalog.Runbooks["cart"] != nil {
			w.Errorf("the revision is %d, want %d", got, head)
		}
		if n := len(read(w, func(r store.Reader) ([]*muster.Incident, error) { return r.Incidents(store.IncidentFilter{}) })); n != 0 {
			w.Errorf("%d incidents are left of it", n)
		}
	})
}
