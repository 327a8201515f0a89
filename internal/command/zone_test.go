package command_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// zonesWith is the data that Muster carries with the clocks of Vancouver those of another zone.
func zonesWith(t testing.TB, vancouver string) *rota.Zones {
	t.Helper()
	own := rota.BuiltInZones().Zip()
	r, err := zip.NewReader(bytes.NewReader(own), int64(len(own)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		name := f.Name
		switch name {
		case "America/Vancouver":
			continue
		case vancouver:
			name = "America/Vancouver"
		case "Europe/Berlin", "America/Los_Angeles":
		default:
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		out, err := w.Create(name)
		if err == nil {
			_, err = io.Copy(out, in)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := rota.ReadZoneData(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return rota.NewZonesFrom(d.From(vancouver))
}

func TestNewZoneDataTellsThoseWhoseHandoffMoves(t *testing.T) { bubble(t, zonesChange) }

// zonesChange: Rob and Olga take turns in Vancouver, whose clocks change less than they did; Ana follows those of Berlin.
func zonesChange(w *world) {
	start := time.Now().UTC().Format(time.DateOnly)
	w.put("kind: roster\nname: pacific\ntitle: Pacific on call\nteam: storefront\nrotations:\n" +
		"  - {name: weeks, role: primary, zone: America/Vancouver, every: 1, unit: week, handoff: \"09:00\", start: \"" + start + "\", people: [rob, olga]}\n" +
		"  - {name: berlin, role: secondary, zone: Europe/Berlin, every: 1, unit: day, handoff: \"09:00\", start: \"" + start + "\", people: [ana]}\n")
	before := len(w.notices("rob"))
	old, fresh := zonesWith(w, "Etc/GMT+8"), zonesWith(w, "Etc/GMT+7")
	for range 2 { // as a second node would
		moved, err := w.commands.ZoneDataChanged(w.Context(), old, fresh)
		w.ok(err)
		if len(moved) != 9 {
			w.Errorf("in 60 days 9 hand-offs move, got %d", len(moved))
		}
	}
	told := w.notices("rob")
	if len(told) != before+1 {
		w.Fatalf("Rob is told once, got %d", len(told)-before)
	}
	n := told[0]
	if n.Kind != muster.NoticeZoneMoved || n.Ref != "rosters/pacific" || !strings.Contains(n.Title, "9 of your hand-offs in Pacific on call") ||
		!strings.Contains(n.Text, "at Sat 1 Jan 16:00 UTC, not at Sat 1 Jan 17:00 UTC") || !strings.Contains(n.Text, "and 1 more") {
		w.Errorf("Rob is told %q: %s", n.Title, n.Text)
	}
	if len(w.notices("ana")) != 0 {
		w.Error("nothing moves for Ana")
	}
	log := read(w, func(r store.Reader) ([]*muster.AuditEntry, error) { return r.Audit(store.List{Limit: 1}) })
	if len(log) != 1 || log[0].Op != "ZoneDataChanged" || log[0].Facts["moved"] != "9" || !strings.Contains(log[0].Facts["after"], "Etc/GMT+7") {
		w.Errorf("the security log says %+v", log)
	}
	if moved, err := w.commands.ZoneDataChanged(w.Context(), fresh, fresh); err != nil || len(moved) > 0 {
		w.Errorf("the same data moves %v, %v", moved, err)
	}
}

// A name is known or not by the zone data that is in use.
func TestZonesOfDocumentsAreThoseOfTheData(t *testing.T) {
	bubble(t, func(w *world) {
		doc := func(zone string) error {
			_, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: "kind: user\nname: vic\ndisplay: Vic\nzone: " + zone + "\n"})
			return err
		}
		w.ok(doc("America/Toronto"))
		w.ok(doc("UTC"))
		w.commands.Live.UseZones(zonesWith(w, "Etc/GMT+7"))
		if err := doc("America/Winnipeg"); muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(explain(err), "America/Winnipeg") {
			w.Error(err)
		}
	})
}
