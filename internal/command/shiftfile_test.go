package command_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// Whoever imports a file corrects it once: people whom nobody knows are told beside everything else that is wrong with it,
// also where their own line has another fault.
func TestEverythingWrongWithAFileIsToldAtOnce(t *testing.T) {
	bubble(t, func(w *world) {
		w.rota()
		file := strings.Join([]string{
			"roster,role,person,from,until",
			"storefront,primary,rob,2000-02-01 09:00,2000-02-02 09:00",
			"storefront,primary,zoe,2000-02-02 09:00,2000-02-03 09:00",
			"storefront,primary,max,soon,2000-02-04 09:00",
			"warehouse,primary,rob,2000-02-04 09:00,2000-02-05 09:00",
			"storefront,shadow,nobody,2000-02-04 09:00,2000-02-05 09:00", // of another role: left out
			"",
		}, "\n")
		_, err := do[*command.ImportedShifts](w, w.as("olga"), "ImportShifts", command.ImportShifts{Roster: "storefront", Rotation: "new", Body: file})
		e, ok := errors.AsType[*muster.Error](err)
		if !ok || e.Code != muster.ErrInvalid {
			w.Fatalf("the import gave %v", err)
		}
		var got []string
		for _, f := range e.Fields {
			got = append(got, fmt.Sprintf("%d %s", f.Line, f.Path))
		}
		if text := strings.Join(got, ", "); text != "3 person, 4 from, 4 person, 5 roster" {
			w.Errorf("told: %s\n%s", text, explain(err))
		}
		must[*command.ImportedShifts](w, w.as("olga"), "ImportShifts", command.ImportShifts{Roster: "storefront", Rotation: "new", Body: strings.Join(strings.Split(file, "\n")[:2], "\n")})
	})
}

// So it is with a table that is kept outside; rows of other rosters are no business of the import.
func TestEverythingWrongWithATableIsToldAtOnce(t *testing.T) {
	bubble(t, func(w *world) {
		w.rota()
		ana := w.as("ana")
		must[*command.Document](w, ana, "PutDocument", command.PutDocument{Kind: muster.KindConnectors, Name: "table", Any: true, Body: body(w, &muster.Connector{Name: "table", Kind: "azure-table", Team: "storefront"})})
		job := must[*command.RosterBegun](w, ana, "ImportRoster", command.ImportRoster{Roster: "storefront", Connector: "table", Rotation: "new"})
		d := read(w, func(r store.Reader) (*muster.Delivery, error) { return r.Delivery(job.Delivery) })
		now := muster.At(time.Now())
		row := func(key, roster, email string, days int) muster.RosterRow {
			return muster.RosterRow{PartitionKey: "p", RowKey: key, Roster: roster, Role: "primary", Email: email, From: now, Until: now.Plus(time.Duration(days) * 24 * time.Hour)}
		}
		_, err := w.commands.ImportTable(w.Context(), d, []muster.RosterRow{
			row("1", "storefront", "zoe@example.org", 1), row("2", "storefront", "rob@example.org", 0), row("3", "other", "max@example.org", 1), row("4", "storefront", "ann@example.org", 0),
		})
		text := ""
		if err != nil {
			text = explain(err)
		}
		for _, want := range []string{"zoe@example.org", "p/2", "ann@example.org"} {
			if !strings.Contains(text, want) {
				w.Errorf("nothing of %s: %s", want, text)
			}
		}
		if strings.Contains(text, "max@") {
			w.Errorf("a row of another roster is told: %s", text)
		}
	})
}
