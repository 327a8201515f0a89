package catalog_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/rota"
)

func equal(a, b muster.Document) bool { return reflect.DeepEqual(a, b) }

var noon = muster.At(time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC))

// documents is one of each kind, with every sort of field.
func documents() []muster.Document {
	return []muster.Document{
		&muster.User{
			Name: "ana", Display: "Ana Rossi", Email: "ana@tailwind.example", Zone: "Europe/Rome", Teams: []muster.TeamName{"web"}, Access: muster.AccessAdmin,
			Notify: []muster.NotificationRule{{Urgency: muster.UrgencyHigh, Method: "phone"}, {Method: "mail", After: muster.Duration(90 * time.Second)}},
		},
		&muster.User{Name: "ben", Display: "Ben: \"the\" #1 ’O’Neil", Zone: "UTC", Title: "yes", Disabled: true},
		&muster.Team{Name: "web", Title: "Web", Owners: []muster.UserName{"ana"}},
		&muster.Connector{Name: "mail", Kind: "email", Settings: map[string]string{"port": "587", "from": "a <b@c.example>", "on": "true"}, Secrets: map[string]string{"password": "mail-pw"}},
		&muster.Roster{
			Name: "web", Title: "Web", Team: "web",
			Rotations: []muster.Rotation{{
				Name: "weekly", Role: muster.PrimaryResponder, Kind: muster.FollowTheSun, Zone: "Europe/Rome", Every: 1, Unit: muster.UnitWeek, Together: 2,
				Hours: []muster.Window{{Days: []muster.Weekday{"mon", "fri"}, From: "09:00", To: "17:00"}}, Members: []muster.Member{{User: "ben", From: "2026-12-01"}},
				Handoff: "09:00", Start: "2026-11-02", People: []muster.UserName{"ana", "ben"},
			}},
			Overrides: []muster.Override{{ID: "x1", Role: muster.PrimaryResponder, People: []muster.UserName{}, From: noon, Until: noon.Plus(time.Hour), Why: "- none"}},
			Swaps:     []muster.Swap{{ID: "s1", Shift: muster.ShiftRef{Rotation: "weekly", User: "ana", Start: "2026-11-02T09:00"}, To: "ben", At: noon}},
			Topics:    []muster.Topic{{Name: "shop", Experts: []muster.UserName{"ben"}, Fallback: []muster.Target{{User: "ana"}}}},
			Accepted:  []muster.Acceptance{{Kind: "long_shift", Why: "a small team", Until: noon}},
		},
		&muster.Policy{
			Name: "urgent", Title: "Urgent", Team: "web", Repeat: 2, AckTimeout: muster.Duration(time.Hour),
			Steps: []muster.Step{{Targets: []muster.Target{{Roster: "web"}, {User: "ana"}}, Wait: muster.Duration(5 * time.Minute)}},
		},
		&muster.Runbook{Name: "shop", Title: "Shop", Text: "# Shop\n\n1. Look: *here*\n   - `a: b`\n\n---\n\nDone.\n", Links: []muster.ContextLink{{Title: "T", URL: "https://a.example/?q=1#x"}}},
		&muster.Service{Name: "shop", Title: "Shop", Team: "web", Policy: "urgent", Runbook: "shop", Impact: "no orders\r\nat all\ttoday "},
		&muster.StatusPage{Name: "public", Title: "Status", Audience: muster.AudiencePublic, Promise: muster.Duration(30 * time.Minute), Components: []muster.Component{{Name: "shop", Title: "Shop", Service: "shop"}}},
		&muster.Source{Name: "azure", Title: "Azure", Fingerprint: []string{"host"}, Mapping: &muster.Mapping{
			Title: "data.title", Severities: map[string]muster.AlertSeverity{"Sev0": muster.SeverityCritical, "1": muster.SeverityMajor}, Labels: map[string]string{"host": "labels.host"},
		}},
		&muster.Source{Name: "bare", Title: "Bare", Mapping: &muster.Mapping{}},
		&muster.Route{Name: "critical", Match: "severity == \"critical\" &&\n  source == \"azure\"", Service: "shop", Declare: true, Severity: muster.SEV1, Order: -5},
		&muster.Route{Name: "default", Policy: "urgent"},
		&muster.Silence{Name: "move", Match: `labels.host == "a"`, From: noon, Until: noon.Plus(time.Hour), Owner: "ana", Why: "~"},
	}
}

func TestExportIsReadBackEqual(t *testing.T) {
	c := muster.NewCatalog(3, documents(), nil)
	data, err := catalog.Export(c)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "export.golden.yaml", string(data))
	again, _ := parseAll(t, string(data))
	want, got := c.All(), again.All()
	if len(want) != len(got) {
		t.Fatalf("%d documents became %d", len(want), len(got))
	}
	for i := range want {
		if !equal(want[i], got[i]) {
			t.Errorf("%+v became %+v", want[i], got[i])
		}
	}
	if wrong := catalog.Check(again, nil, rota.NewZones()); len(wrong) > 0 {
		t.Error(say(wrong))
	}
	twice, err := catalog.Export(again)
	if err != nil || string(twice) != string(data) {
		t.Error("the second export differs", err)
	}
}

// Any text survives being written and read, except for the marks that no text may hold.
func TestAnyTextIsReadBackEqual(t *testing.T) {
	alphabet := []rune("ab \n\t\r\"'\\#:-?&*!|>%@`{}[],.~=<0Zé😀\u0085\u2028\u200f\ufeff\x01\x7f")
	texts := rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 24, -1)
	rapid.Check(t, func(t *rapid.T) {
		doc := &muster.Runbook{Name: "r", Title: "R" + texts.Draw(t, "title"), Text: texts.Draw(t, "text")}
		text, err := catalog.YAML(doc)
		if err != nil {
			t.Fatal(err)
		}
		parsed, wrong := catalog.Parse("r.yaml", []byte(text))
		if len(wrong) > 0 || len(parsed) != 1 || !equal(parsed[0].Doc, doc) {
			t.Fatalf("%s\n%s\n%+v", say(wrong), text, doc)
		}
		conn := &muster.Connector{Name: "c", Kind: "webhook", Settings: map[string]string{texts.Draw(t, "key"): texts.Draw(t, "value")}}
		if text, err = catalog.YAML(conn); err != nil {
			t.Fatal(err)
		}
		parsed, wrong = catalog.Parse("c.yaml", []byte(text))
		if len(wrong) > 0 || len(parsed) != 1 || !equal(parsed[0].Doc, conn) {
			t.Fatalf("%s\n%s\n%+v", say(wrong), text, conn)
		}
	})
}

func TestMergeKeepsWhatPeopleDid(t *testing.T) {
	old := &muster.Roster{Name: "web", Overrides: []muster.Override{{ID: "file", Role: muster.PrimaryResponder}, {ID: "hers", By: "ana"}}}
	fresh := &muster.Roster{Name: "web", Title: "New", Overrides: []muster.Override{{ID: "other"}, {ID: "hers", Why: "from a file"}}}
	got, ok := catalog.Merge(old, fresh).(*muster.Roster)
	if !ok || got.Title != "New" || len(got.Overrides) != 2 || got.Overrides[0].ID != "other" || got.Overrides[1].By != "ana" {
		t.Fatalf("%+v", got)
	}
	if len(fresh.Overrides) != 2 || fresh.Overrides[1].By != "" {
		t.Fatal("the file's document was changed")
	}
	if catalog.Merge(nil, fresh) != muster.Document(fresh) {
		t.Fatal("nothing to keep, yet something changed")
	}
}

func TestDiffText(t *testing.T) {
	a := &muster.Team{Name: "web", Title: "Web", Owners: []muster.UserName{"ana"}}
	b := &muster.Team{Name: "web", Title: "Web shop", Owners: []muster.UserName{"ana"}}
	var got strings.Builder
	for _, l := range catalog.DiffText(a, b) {
		got.WriteString(string(l.Op) + l.Text + "\n")
	}
	if want := " kind: team\n name: web\n-title: Web\n+title: Web shop\n owners: [ana]\n"; got.String() != want {
		t.Errorf("%s", got.String())
	}
	if d := catalog.DiffText(nil, a); ops(d) != "++++" {
		t.Error(d)
	}
}

func TestDiffLinesGivesBothTexts(t *testing.T) {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 12)
	rapid.Check(t, func(t *rapid.T) {
		a, b := strings.Join(lines.Draw(t, "a"), "\n"), strings.Join(lines.Draw(t, "b"), "\n")
		var x, y []string
		for _, l := range catalog.DiffLines(a, b) {
			if l.Op != catalog.New {
				x = append(x, l.Text)
			}
			if l.Op != catalog.Gone {
				y = append(y, l.Text)
			}
		}
		if strings.Join(x, "\n") != a || strings.Join(y, "\n") != b {
			t.Fatalf("%q %q became %q %q", a, b, x, y)
		}
	})
}
