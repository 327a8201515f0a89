package mustertest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	azurefake "github.com/muster-oncall/muster/internal/connector/azuretable/fake"
	icalfake "github.com/muster-oncall/muster/internal/connector/ical/fake"
	"github.com/muster-oncall/muster/internal/mustertest"
)

// both tells a story on SQLite and on PostgreSQL.
func both(t *testing.T, docs string, story func(t *testing.T, w *mustertest.World)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		w := mustertest.New(t, mustertest.Options{Docs: docs})
		defer w.Stop()
		story(t, w)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		w := mustertest.New(t, mustertest.Options{Docs: docs, Store: mustertest.Postgres(t)})
		defer w.Stop()
		story(t, w)
	})
}

// until waits until something is so.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come about: %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// unfolded is a calendar with whole lines.
func unfolded(a *mustertest.Answer) string {
	return strings.ReplaceAll(string(a.Body), "\r\n ", "")
}

// get reads an address without signing in.
func get(t *testing.T, w *mustertest.World, path string, header ...string) *mustertest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return w.Send(req)
}

// TestCalendarFeeds: Ravi makes a feed of his shifts for his phone, and one of the roster; an override shows, the rest keeps
// its names; he revokes one of them.
func TestCalendarFeeds(t *testing.T) {
	t.Parallel()
	both(t, "", func(t *testing.T, w *mustertest.World) {
		mine := w.Do("ravi", "POST", "/api/v1/feeds", map[string]string{"title": "my phone"}).Want(http.StatusCreated)
		whole := w.Do("ravi", "POST", "/api/v1/feeds", map[string]string{"roster": "storefront"}).Want(http.StatusCreated)
		w.Do("zoe", "POST", "/api/v1/feeds", map[string]string{"person": "ravi"}).Want(http.StatusForbidden)
		w.Do("ravi", "POST", "/api/v1/feeds", map[string]string{"person": "ana"}).Want(http.StatusForbidden)
		w.Do("ana", "POST", "/api/v1/feeds", map[string]string{"person": "nobody-here"}).Want(http.StatusNotFound)

		first := get(t, w, mine.Text("path")).Want(http.StatusOK)
		text := unfolded(first)
		for _, want := range []string{"SUMMARY:Primary of Storefront\r\n", "X-WR-CALNAME:On call: Ravi", "/oncall?roster=storefront", "BEGIN:VEVENT"} {
			if !strings.Contains(text, want) {
				t.Errorf("Ravi's feed does not hold %q:\n%s", want, text[:min(len(text), 2000)])
			}
		}
		if strings.Contains(text, "Secondary of") || first.Header.Get("Cache-Control") != "private, max-age=300" {
			t.Errorf("Ana's shifts are in it, or it is cached wrongly: %v", first.Header)
		}
		if all := unfolded(get(t, w, whole.Text("path")).Want(http.StatusOK)); !strings.Contains(all, "SUMMARY:Secondary of Storefront: Ana\r\n") {
			t.Errorf("the roster's feed does not name Ana")
		}
		get(t, w, mine.Text("path"), "If-None-Match", first.Header.Get("ETag")).Want(http.StatusNotModified)

		now := time.Now().UTC().Truncate(time.Hour)
		from, end := now.Add(48*time.Hour), now.Add(50*time.Hour)
		ov := w.Do("ravi", "POST", "/api/v1/rosters/storefront/overrides", map[string]any{"people": []string{"ana"}, "from": from, "until": end, "why": "dentist"}).Want(http.StatusCreated)
		second := unfolded(get(t, w, mine.Text("path"), "If-None-Match", first.Header.Get("ETag")).Want(http.StatusOK))
		if strings.Count(second, "BEGIN:VEVENT") != strings.Count(text, "BEGIN:VEVENT")+1 {
			t.Errorf("the override divides one shift: %d events before, %d now", strings.Count(text, "BEGIN:VEVENT"), strings.Count(second, "BEGIN:VEVENT"))
		}
		for line := range strings.SplitSeq(text, "\r\n") {
			if strings.HasPrefix(line, "UID:") && !strings.Contains(second, line+"\r\n") {
				t.Errorf("the event %s lost its name", line)
			}
		}
		all := unfolded(get(t, w, whole.Text("path")).Want(http.StatusOK))
		if !strings.Contains(all, "UID:storefront/primary/"+ov.Text("id")+"@muster") || !strings.Contains(all, "dentist") || !strings.Contains(all, "DTSTART:"+from.Format("20060102T150405Z")) {
			t.Errorf("the override is not in the roster's feed")
		}

		w.Do("zoe", "DELETE", "/api/v1/feeds/"+mine.Text("id"), nil).Want(http.StatusForbidden)
		list := w.Do("ravi", "GET", "/api/v1/feeds", nil).Want(http.StatusOK)
		if list.JSON("items.1") == nil || strings.Contains(string(list.Body), strings.TrimSuffix(strings.TrimPrefix(mine.Text("path"), "/cal/"), ".ics")) {
			t.Errorf("the list is wrong, or shows an address: %s", list.Body)
		}
		w.Do("ravi", "DELETE", "/api/v1/feeds/"+mine.Text("id"), nil).Want(http.StatusNoContent)
		get(t, w, mine.Text("path")).Want(http.StatusNotFound)
		get(t, w, whole.Text("path")).Want(http.StatusOK)
		get(t, w, "/cal/0123456789abcdef0123456789abcdef.ics").Want(http.StatusNotFound)
		get(t, w, "/cal/..%2f..%2fetc.ics").Want(http.StatusNotFound)
	})
}

// TestFeedsOfTheGone: who has left has no calendar any more.
func TestFeedsOfTheGone(t *testing.T) {
	t.Parallel()
	w := mustertest.New(t, mustertest.Options{})
	defer w.Stop()
	path := w.Do("ana", "POST", "/api/v1/feeds", map[string]string{"person": "zoe"}).Want(http.StatusCreated).Text("path")
	get(t, w, path).Want(http.StatusOK)
	w.Do("ana", "POST", "/api/v1/apply", map[string]string{"documents": "kind: user\nname: zoe\ndisplay: Zoe\nzone: UTC\naccess: viewer\ndisabled: true\n"}).Want(http.StatusOK)
	get(t, w, path).Want(http.StatusNotFound)
	limited := false
	for range 60 {
		limited = limited || get(t, w, path).Status == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("one address may be asked as often as anybody likes")
	}
}

// TestShiftsComeAndGo: a roster goes out as CSV and as iCalendar and comes back as it was; a file with wrong lines changes
// nothing and tells each of them.
func TestShiftsComeAndGo(t *testing.T) {
	t.Parallel()
	both(t, "", func(t *testing.T, w *mustertest.World) {
		path := "/api/v1/rosters/storefront/shifts"
		onCall := func(at string) string {
			return w.Do("ana", "GET", "/api/v1/oncall?roster=storefront&at="+at, nil).Want(http.StatusOK).Text("items.0.people.0.id")
		}
		file := "roster,role,person,email,from,until\r\n" +
			"storefront,primary,Ana,,2031-01-01 09:00,2031-01-08 09:00\r\n" +
			"Storefront,primary,zoe,,2031-01-08 09:00,2031-01-15 09:00\r\n" +
			"storefront,secondary,Ravi,,2031-01-08 09:00,2031-01-15 09:00\r\n"
		in := map[string]any{"body": file, "rotation": "new-year", "zone": "Europe/Berlin", "dry_run": true}
		dry := w.Do("ravi", "POST", path, in).Want(http.StatusOK)
		if dry.Text("what") != "created" || dry.JSON("shifts") != 2.0 || dry.JSON("left_out") != 1.0 || onCall("2031-01-02T00:00:00Z") != "ravi" {
			t.Fatalf("the dry run says %s", dry.Body)
		}
		w.Do("zoe", "POST", path, in).Want(http.StatusForbidden)
		delete(in, "dry_run")
		w.Do("ravi", "POST", path, in).Want(http.StatusOK)
		if a, b, c := onCall("2031-01-01T08:00:00Z"), onCall("2031-01-08T08:00:00Z"), onCall("2031-01-15T08:00:00Z"); a != "ana" || b != "zoe" || c != "ravi" {
			t.Fatalf("on call are %s, %s, %s", a, b, c)
		}
		if again := w.Do("ravi", "POST", path, in).Want(http.StatusOK); again.Text("what") != "unchanged" {
			t.Errorf("the same again: %s", again.Body)
		}

		bad := strings.Replace(file, "storefront,secondary,Ravi,,2031-01-08 09:00", "storefront,primary,Nobody Here,,2031-01-16 09:00", 1)
		bad += "warehouse,primary,Ana,,2031-02-01 09:00,2031-02-02 09:00\r\n"
		wrong := w.Do("ravi", "POST", path, map[string]any{"body": bad, "rotation": "new-year"}).Want(http.StatusUnprocessableEntity)
		if s := string(wrong.Body); !strings.Contains(s, `"line":4`) {
			t.Errorf("the wrong line is not named: %s", s)
		}
		bad = strings.Replace(bad, "Nobody Here,,2031-01-16", "Nobody Here,,2031-01-14", 1)
		wrong = w.Do("ravi", "POST", path, map[string]any{"body": bad, "rotation": "new-year"}).Want(http.StatusUnprocessableEntity)
		if s := string(wrong.Body); !strings.Contains(s, `"line":4`) || !strings.Contains(s, `"line":5`) || !strings.Contains(s, "Nobody Here") || !strings.Contains(s, "warehouse") {
			t.Errorf("not every wrong line is named: %s", s)
		}
		if onCall("2031-01-08T08:00:00Z") != "zoe" {
			t.Error("a file with wrong lines changed something")
		}
		rev := w.Do("ravi", "GET", "/api/v1/rosters/storefront", nil).JSON("revision")
		in["body"], in["revision"] = file+"storefront,primary,ravi,,2031-03-01 09:00,2031-03-02 09:00\r\n", rev.(float64)-1
		w.Do("ravi", "POST", path, in).Want(http.StatusPreconditionFailed)

		for _, format := range []string{"csv", "ical"} {
			out := w.Do("ravi", "GET", path+"?format="+format+"&from=2031-01-01T08:00:00Z&until=2031-02-01T08:00:00Z", nil).Want(http.StatusOK)
			back := w.Do("ravi", "POST", path, map[string]any{"body": out.Text("text"), "format": format, "rotation": "back-" + format, "role": "primary"})
			if format == "ical" && back.Status != http.StatusOK { // a calendar of years ahead is not read
				if !strings.Contains(string(back.Body), "there is no shift") {
					t.Errorf("%s: %s", format, back.Body)
				}
				continue
			}
			back.Want(http.StatusOK)
		}
		soon := w.Do("ravi", "GET", path+"?format=ical", nil).Want(http.StatusOK).Text("text")
		back := w.Do("ravi", "POST", path, map[string]any{"body": strings.ReplaceAll(soon, "Secondary of", "SECONDARY of"), "format": "ical", "rotation": "calendar", "role": "shadow"}).Want(http.StatusOK)
		if people := fmt.Sprint(back.JSON("people")); !strings.Contains(people, "ravi") || !strings.Contains(people, "ana") {
			t.Errorf("people of the calendar: %s", people)
		}
	})
}

const calendars = `
---
kind: connector
name: away
type: ical
settings: {url: "https://calendars.test/away.ics", zone: Europe/Berlin}
---
kind: connector
name: holidays
type: ical
settings: {kind: holidays, url: "https://holidays.test/de.ics", zone: Europe/Berlin}
`

// TestLeaveIsSeenAhead: Ravi is away, Germany has a holiday; he is told once, weeks ahead. A calendar that breaks keeps its days.
func TestLeaveIsSeenAhead(t *testing.T) {
	t.Parallel()
	both(t, "", func(t *testing.T, w *mustertest.World) {
		day := func(n int) string { return time.Now().AddDate(0, 0, n).Format("20060102") }
		away := icalfake.New("/away.ics", icalfake.Calendar(icalfake.Day("1", day(10), "Ravi: sea"), icalfake.Day("2", day(11), "Somebody else")))
		holidays := icalfake.New("/de.ics", icalfake.Calendar(icalfake.Day("1", day(20), "Day of tests")))
		w.Phones.Serve("calendars.test", away)
		w.Phones.Serve("holidays.test", holidays)
		w.Do("ana", "POST", "/api/v1/apply", map[string]string{"documents": calendars}).Want(http.StatusOK)

		notices := func(who muster.UserName) (titles []string) {
			list := w.Do(who, "GET", "/api/v1/notices", nil).Want(http.StatusOK)
			for i := 0; list.JSON(fmt.Sprintf("items.%d", i)) != nil; i++ {
				if list.Text(fmt.Sprintf("items.%d.kind", i)) == "leave_conflict" {
					titles = append(titles, list.Text(fmt.Sprintf("items.%d.title", i)))
				}
			}
			slices.Sort(titles)
			return titles
		}
		until(t, "Ravi is told of both", func() bool { return len(notices("ravi")) == 2 })
		if got := strings.Join(notices("ravi"), "\n"); !strings.Contains(got, "during your leave") || !strings.Contains(got, "on the holiday Day of tests") {
			t.Errorf("Ravi was told:\n%s", got)
		}
		if got := notices("ana"); len(got) != 0 {
			t.Errorf("Ana lives elsewhere, and was told %v", got)
		}
		state := w.Do("ana", "GET", "/api/v1/connectors/away/state", nil).Want(http.StatusOK)
		if !strings.Contains(state.Text("detail"), "1 absence of 1 person; 1 event left out") {
			t.Errorf("the state of the calendar: %s", state.Body)
		}
		list := w.Do("zoe", "GET", "/api/v1/leave/conflicts?roster=storefront", nil).Want(http.StatusOK)
		if list.Text("items.0.person.id") != "ravi" || list.Text("items.0.leave.title") != "Ravi: sea" || list.JSON("items.2") != nil {
			t.Errorf("the conflicts are %s", list.Body)
		}

		// The same again tells nothing new; what breaks keeps the old days.
		away.SetAs("text/html", "<html>Sign in</html>")
		w.Do("ravi", "POST", "/api/v1/calendars/refresh", nil).Want(http.StatusOK)
		until(t, "the calendar fails", func() bool {
			return strings.Contains(w.Do("ana", "GET", "/api/v1/connectors/away/state", nil).Text("error"), "web page")
		})
		if list := w.Do("zoe", "GET", "/api/v1/leave", nil).Want(http.StatusOK); list.JSON("items.1") == nil || list.JSON("items.2") != nil {
			t.Errorf("the leave is %s", list.Body)
		}

		// By hand, where Ravi lives; and back.
		w.Do("zoe", "POST", "/api/v1/users/ravi/leave", map[string]string{"from": "2031-05-01", "until": "2031-05-03"}).Want(http.StatusForbidden)
		w.Do("ravi", "POST", "/api/v1/users/ravi/leave", map[string]string{"from": "2031-05-03", "until": "2031-05-01"}).Want(http.StatusUnprocessableEntity)
		w.Do("ravi", "POST", "/api/v1/users/ravi/leave", map[string]string{"from": "May", "until": "2031-05-01"}).Want(http.StatusUnprocessableEntity)
		l := w.Do("ravi", "POST", "/api/v1/users/ravi/leave", map[string]string{"from": "2031-05-01", "until": "2031-05-03", "title": "Walk"}).Want(http.StatusCreated)
		if l.Text("from") != "2031-04-30T22:00:00.000000Z" && !strings.HasPrefix(l.Text("from"), "2031-04-30T22:00:00") || !strings.HasPrefix(l.Text("until"), "2031-05-03T22:00:00") {
			t.Errorf("the leave lasts from %s until %s", l.Text("from"), l.Text("until"))
		}
		w.Do("zoe", "DELETE", "/api/v1/leave/"+l.Text("id"), nil).Want(http.StatusForbidden)
		w.Do("ravi", "DELETE", "/api/v1/leave/"+l.Text("id"), nil).Want(http.StatusNoContent)

		// A calendar that is removed takes its days along.
		w.Do("ana", "DELETE", "/api/v1/connectors/holidays", nil)
		if got := notices("ravi"); len(got) != 2 {
			t.Errorf("Ravi was told again: %v", got)
		}
	})
}

const tableKey = "dGhlIGtleSBvZiBhbiBhY2NvdW50IG9mIHRlc3Rz"

func tableDocs(form string) string {
	return strings.Replace(mustertest.Storefront, "display: Ravi\n", "display: Ravi\nemail: ravi@tailwind.example\n", 1) +
		"---\nkind: connector\nname: table\ntype: azure-table\nsettings: {url: \"https://tables.test/tailwind\", form: " + form + "}\nsecrets: {key: table-key}\n"
}

// TestAzureTableIsKept: the roster goes into the table, follows a change by itself, and comes back from it.
func TestAzureTableIsKept(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"original", "extended"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			both(t, tableDocs(form), func(t *testing.T, w *mustertest.World) {
				table, err := azurefake.New("tailwind", tableKey)
				if err != nil {
					t.Fatal(err)
				}
				table.CreateTable("oncall")
				w.Phones.Serve("tables.test", table)
				w.Do("ana", "PUT", "/api/v1/secrets/table-key", map[string]string{"value": tableKey}).Want(http.StatusNoContent)
				w.Do("ravi", "POST", "/api/v1/rosters/storefront/export", map[string]string{"connector": "phones"}).Want(http.StatusUnprocessableEntity)
				w.Do("zoe", "POST", "/api/v1/rosters/storefront/export", map[string]string{"connector": "table"}).Want(http.StatusForbidden)
				w.Do("ravi", "POST", "/api/v1/rosters/storefront/export", map[string]string{"connector": "table"}).Want(http.StatusOK)
				rows := func() string { return strings.Join(table.Rows("oncall"), "\n") }
				until(t, "Ravi is in the table", func() bool { return strings.Contains(rows(), "ravi@tailwind.example") })

				// From here on by itself: Ana, who gets an address, takes over, and is in it.
				docs := strings.Replace(tableDocs(form), "display: Ana\n", "display: Ana\nemail: ana@tailwind.example\n", 1)
				docs = strings.Replace(docs, "kind: roster\nname: storefront\n", "kind: roster\nname: storefront\npublish: [table]\n", 1)
				w.Do("ana", "POST", "/api/v1/apply", map[string]string{"documents": docs}).Want(http.StatusOK)
				w.Do("ravi", "POST", "/api/v1/rosters/storefront/overrides", map[string]any{"people": []string{"ana"}, "until": time.Now().Add(2 * time.Hour)}).Want(http.StatusCreated)
				until(t, "Ana is on call in the table", func() bool {
					for _, row := range table.Rows("oncall") {
						if strings.Contains(row, "ana@tailwind.example") && strings.Contains(row, `"oncall":true`) && !strings.Contains(row, "secondary") {
							return true
						}
					}
					return false
				})
				if form == "original" {
					until(t, "Ravi is not on call any more", func() bool {
						for _, row := range table.Rows("oncall") {
							if strings.Contains(row, "ravi@tailwind.example") {
								return strings.Contains(row, `"oncall":false`)
							}
						}
						return false
					})
				}
				until(t, "the state says so", func() bool {
					return strings.Contains(w.Do("ana", "GET", "/api/v1/connectors/table/state", nil).Text("detail"), "rows written")
				})

				w.Do("ravi", "POST", "/api/v1/rosters/storefront/import", map[string]string{"connector": "table", "rotation": "from-table", "role": "shadow"}).Want(http.StatusOK)
				if form == "extended" { // it has no shadows
					until(t, "the import fails", func() bool {
						return strings.Contains(w.Do("ana", "GET", "/api/v1/connectors/table/state", nil).Text("error"), "Nothing was imported")
					})
					w.Do("ravi", "POST", "/api/v1/rosters/storefront/import", map[string]string{"connector": "table", "rotation": "from-table", "role": "primary"}).Want(http.StatusOK)
				} else {
					until(t, "the import fails", func() bool {
						return strings.Contains(w.Do("ana", "GET", "/api/v1/connectors/table/state", nil).Text("error"), "Nothing was imported")
					})
					w.Do("ravi", "POST", "/api/v1/rosters/storefront/import", map[string]string{"connector": "table", "rotation": "from-table"}).Want(http.StatusOK)
				}
				until(t, "the rotation is there", func() bool {
					return strings.Contains(string(w.Do("ana", "GET", "/api/v1/rosters/storefront", nil).Body), "from-table")
				})
				list := w.Do("ravi", "GET", "/api/v1/notices", nil).Want(http.StatusOK)
				if s := string(list.Body); !strings.Contains(s, "Storefront was imported from table") || !strings.Contains(s, "Storefront could not be read from table") {
					t.Errorf("Ravi was told %s", s)
				}
			})
		})
	}
}
