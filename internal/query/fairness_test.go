package query_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

func fair(t *query.FairnessTable) (s string) {
	for _, r := range t.Items {
		s += fmt.Sprintf("%s %g+%g, %d nights, %gh weekend, %gh holiday, %d shifts, %d/%d pages\n", r.Name, r.Primary, r.Secondary, r.Nights, r.WeekendHours, r.HolidayHours, r.Shifts, r.Pages, r.NightPages)
	}
	return s
}

// What was is counted as it was: an edit of the roster changes the future alone. Who took the pager had the hours.
func TestFairnessAcrossEdits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		start := muster.At(time.Now())
		time.Sleep(24 * time.Hour) // Sunday, midnight: Noor has had twelve hours, Tom twelve
		act[*command.Taken](w, as("ana", muster.AccessAdmin), "TakePager", command.TakePager{Roster: "storefront", Until: muster.At(time.Now().Add(6 * time.Hour))})
		w.fires("monitor", "a")
		w.deliver()
		time.Sleep(24*time.Hour - 31*time.Second)
		w.apply(strings.Replace(rosterText, "people: [noor, tom]", "people: [noor]", 1))
		time.Sleep(24 * time.Hour)
		table := func(in query.AskFairness) *query.FairnessTable {
			got, err := w.q.Fairness(t.Context(), view(), in)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		const want = `Ana 6+0, 1 nights, 6h weekend, 0h holiday, 1 shifts, 1/1 pages
Noor 48+0, 3 nights, 24h weekend, 0h holiday, 2 shifts, 0/0 pages
Tom 18+72, 4 nights, 48h weekend, 0h holiday, 3 shifts, 0/0 pages
`
		if got := fair(table(query.AskFairness{From: start, Roster: "storefront"})); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		sum := 0.0
		for _, r := range table(query.AskFairness{From: start}).Items {
			sum += r.Primary
		}
		if sum != 72 {
			t.Errorf("of 72 hours people have %g", sum)
		}
		if got := fair(table(query.AskFairness{From: muster.At(time.Now()), Until: muster.At(time.Now().Add(24 * time.Hour)), Team: "storefront"})); got != "Ana 0+0, 0 nights, 0h weekend, 0h holiday, 0 shifts, 0/0 pages\nNoor 24+0, 2 nights, 0h weekend, 0h holiday, 1 shifts, 0/0 pages\nTom 0+24, 2 nights, 0h weekend, 0h holiday, 1 shifts, 0/0 pages\n" {
			t.Errorf("the next day:\n%s", got)
		}
		refuses[query.FairnessTable](w, vic(), "Fairness", query.AskFairness{Roster: "shop"}, muster.ErrNotFound)
		refuses[query.FairnessTable](w, vic(), "Fairness", query.AskFairness{Team: "shop"}, muster.ErrNotFound)
		refuses[query.FairnessTable](w, vic(), "Fairness", query.AskFairness{Format: "xls"}, muster.ErrInvalid)
		refuses[query.FairnessTable](w, vic(), "Fairness", query.AskFairness{From: start, Until: start}, muster.ErrInvalid)
	})
}

const rosterText = `
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: days, role: primary, zone: UTC, every: 1, unit: day, handoff: "12:00", start: "1999-12-31", people: [noor, tom]}
  - {name: second, role: secondary, zone: UTC, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [tom]}
`

func TestFairnessAsAFile(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.apply("kind: user\nname: noor\ndisplay: =Noor\nzone: UTC\nteams: [storefront]\n")
		time.Sleep(time.Hour)
		for _, op := range w.q.Ops() {
			if op.Name != "Fairness" {
				continue
			}
			out, err := op.Exec(context.Background(), vic(), &query.AskFairness{Format: "csv", From: muster.At(time.Now().Add(-time.Hour))})
			file, ok := out.(interface {
				File() (string, string, []byte)
			})
			if err != nil || !ok {
				t.Fatalf("%T, %v", out, err)
			}
			_, name, body := file.File()
			lines := strings.Split(string(body), "\n")
			if name != "fairness-2000-01-01-2000-01-01.csv" || len(lines) != 4 || !strings.HasPrefix(lines[0], "person,name,") || !strings.HasPrefix(lines[1], "noor,'=Noor,2000-01-01T00:00:00Z,2000-01-01T01:00:00Z,1.00,") {
				t.Errorf("%s:\n%s", name, body)
			}
			return
		}
		t.Error("there is no such question")
	})
}

func TestWhomToAsk(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.apply("kind: user\nname: lou\ndisplay: Lou\nzone: UTC\nteams: [storefront]\n---\nkind: user\nname: ana\ndisplay: Ana\nzone: Europe/Berlin\naccess: admin\nteams: [storefront]\n")
		ask := func(from, until string) (s string) {
			parse := func(x string) muster.Instant {
				at, err := time.Parse(time.DateTime, x)
				if err != nil {
					t.Fatal(err)
				}
				return muster.At(at)
			}
			in := query.AskWhom{Roster: "storefront", From: parse(from), Until: parse(until)}
			for _, c := range asks[muster.Listing[query.Candidate]](w, vic(), "WhomToAsk", in).Items {
				s += fmt.Sprintf("%s %v: %s\n", c.Name, c.Can, strings.Join(c.Reasons, " "))
			}
			return s
		}
		const want = `Ana true: 0 hours on call in the last 30 days and 0 hours in the next 14, 0 hours at night.
Lou false: Has no verified contact method.
Noor false: Would have too little rest: the shift in Storefront before ends at Sat 1 Jan 12:00.
Tom false: Is on call then: Storefront, from Sat 1 Jan 12:00 until Sun 2 Jan 12:00.
`
		if got := ask("2000-01-01 13:00:00", "2000-01-01 20:00:00"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		refuses[muster.Listing[query.Candidate]](w, vic(), "WhomToAsk", query.AskWhom{Roster: "shop"}, muster.ErrNotFound)
		refuses[muster.Listing[query.Candidate]](w, vic(), "WhomToAsk", query.AskWhom{Roster: "storefront", Role: "boss"}, muster.ErrInvalid)
	})
}

func TestHandoverNotesAreListed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.pass(12 * time.Hour) // Tom takes over from Noor
		list := asks[muster.Listing[*muster.HandoverNote]](w, vic(), "ListHandovers", query.ListHandovers{Roster: "storefront"}).Items
		if len(list) != 1 || list[0].To[0] != "tom" || list[0].At != muster.At(time.Now()) {
			t.Fatalf("the notes are %+v", list)
		}
		if n := asks[*muster.HandoverNote](w, vic(), "GetHandover", query.OneHandover{Handover: list[0].ID}); n.ID != list[0].ID {
			t.Errorf("%+v", n)
		}
		act[*muster.HandoverNote](w, tom(), "WriteHandover", command.WriteHandover{Roster: "storefront", Text: "All is well"})
		page := func(a muster.Actor) string {
			p, err := w.q.HandoverPage(t.Context(), query.Viewer{Actor: a}, query.ListHandovers{Roster: "storefront"})
			if err != nil {
				t.Fatal(err)
			}
			d := p.Drafts[0]
			return fmt.Sprintf("%s %s %q %v %d %v", d.Role, d.People, d.Words, d.MayWrite, len(p.Drafts), p.Notes.Items[0].MayEdit)
		}
		for _, c := range []struct {
			who  muster.Actor
			want string
		}{
			{tom(), `primary [tom] "All is well" true 2 false`}, {noor(), `primary [tom] "All is well" true 2 true`}, {vic(), `primary [tom] "All is well" false 2 false`},
		} {
			if got := page(c.who); got != c.want {
				t.Errorf("%s: %s, want %s", c.who.Name, got, c.want)
			}
		}
		refuses[muster.Listing[*muster.HandoverNote]](w, vic(), "ListHandovers", query.ListHandovers{Roster: "shop"}, muster.ErrNotFound)
	})
}

// A year of 50 rosters, each written every other week, from the store to the table.
func BenchmarkFairnessOfAYear(b *testing.B) {
	db, err := sqlstore.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "muster.db"), sqlstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	live := catalog.NewLive(func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error) {
		return command.CatalogAt(ctx, db, rev)
	})
	cmd := command.New(command.Deps{
		Store: db, IDs: muster.NewIDs(rand.Reader), Live: live, Node: "one", CheckConnector: func(*muster.Connector) []muster.FieldError { return nil },
	})
	if err := cmd.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	q := query.New(query.Deps{Store: db, Live: live})
	var at muster.Instant
	for week := 0; week < 52; week += 2 {
		at = muster.At(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 7*week))
		err := cmd.Batch(b.Context(), "Seed", admin(), func(batch *command.Batch) error {
			var docs strings.Builder
			if week == 0 {
				docs.WriteString(documents + "---\n")
			}
			for i := range 50 {
				fmt.Fprintf(&docs, "kind: roster\nname: r%d\ntitle: R %d\nteam: storefront\nrotations:\n", i, week)
				for _, role := range []string{"primary", "secondary"} {
					fmt.Fprintf(&docs, "  - {name: %s, role: %s, zone: Europe/Berlin, every: 1, unit: day, handoff: \"09:00\", start: \"2024-12-01\", people: [noor, tom, ana]}\n", role, role)
				}
				docs.WriteString("---\n")
			}
			return batch.At(at, muster.Actor{Name: "Test", Access: muster.AccessAdmin}).Apply(command.ApplyDocuments{Documents: docs.String()})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	in := query.AskFairness{From: muster.At(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)), Until: muster.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	for b.Loop() {
		if _, err := q.Fairness(b.Context(), view(), in); err != nil {
			b.Fatal(err)
		}
	}
}
