package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
)

// upload sends a form with a file in it, as a browser does.
func (p *person) upload(path, file, body string, fields ...string) answer {
	p.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		p.must(m.WriteField(fields[i], fields[i+1]))
	}
	f, err := m.CreateFormFile("file", file)
	p.must(err)
	_, err = f.Write([]byte(body))
	p.must(err)
	p.must(m.Close())
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.server.URL+path, &b)
	p.must(err)
	req.Header.Set("Content-Type", m.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.send(req)
}

// table is a file of shifts of three days each, a week from now.
func table(people ...string) string {
	day := time.Now().UTC().AddDate(0, 0, 7).Truncate(24 * time.Hour)
	out := "roster,person,start,end\n"
	for i, u := range people {
		out += fmt.Sprintf("storefront,%s,%s 09:00,%s 09:00\n", u, day.AddDate(0, 0, 3*i).Format(time.DateOnly), day.AddDate(0, 0, 3*i+3).Format(time.DateOnly))
	}
	return out
}

func imported(r *muster.Roster) int {
	for i := range r.Rotations {
		if r.Rotations[i].Name == "imported" {
			return len(r.Rotations[i].Shifts)
		}
	}
	return -1
}

func TestATableIsImportedAfterALook(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	path := "/oncall/storefront/import"
	p.get("/oncall?roster=storefront").want(t, 200, `href="`+path+`"`)
	etag := valueByName(t, p.get(path).want(t, 200, "Import shifts", "or its text").body, "etag")

	// A wrong line in the middle: each is told beside its line, and nothing is imported.
	bad := strings.Replace(table("ana", "ravi", "chen"), "ravi", "nobody-at-all", 1)
	p.post(path, "do", "preview", "body", bad, "rotation", "imported", "zone", "UTC", "etag", etag).
		want(t, http.StatusUnprocessableEntity, "1\u00a0line is not right", "Nobody is called", "nobody-at-all", `data-l="Line">3<`)
	p.post(path, "do", "save", "body", bad, "rotation", "imported", "zone", "UTC", "etag", etag).want(t, http.StatusUnprocessableEntity, "nothing was imported")
	if imported(w.roster("storefront")) >= 0 {
		t.Fatal("half of it was imported")
	}

	// A file that is chosen is shown first, whichever button was pressed.
	good := table("ana", "ravi", "chen")
	seen := p.upload(path, "shifts.csv", good, "do", "save", "body", "", "rotation", "imported", "zone", "UTC", "etag", etag).
		want(t, 200, "Would make the rotation “imported”, primary.", "3\u00a0shifts of", "Where it has somebody, it wins over", "change hands", "Import it", "storefront,chen,")
	if imported(w.roster("storefront")) >= 0 {
		t.Fatal("a preview imported something")
	}
	etag = valueByName(t, seen.body, "etag")
	p.post(path, "do", "replay", "body", good, "rotation", "imported", "zone", "UTC", "etag", etag).want(t, 200, "of the last 90 days")
	p.post(path, "do", "save", "body", good, "rotation", "imported", "zone", "UTC", "etag", etag).want(t, 200, "Imported 3 shifts as revision")
	if n := imported(w.roster("storefront")); n != 3 {
		t.Fatalf("%d shifts are imported", n)
	}

	// What somebody saved since is no reason to lose the look at it.
	p.post(path, "do", "save", "body", table("chen"), "rotation", "imported", "zone", "UTC", "etag", etag).want(t, http.StatusConflict, "Would replace the rotation")
	p.get(path).want(t, 200, `value="imported"`)
	w.as("tom").get(path).want(t, http.StatusForbidden)
	w.as("tom").post(path, "do", "save", "body", good, "rotation", "imported").want(t, http.StatusForbidden)
}

func TestACalendarIsImported(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	path := "/oncall/storefront/import"
	etag := valueByName(t, p.get(path).body, "etag")
	day := time.Now().UTC().AddDate(0, 0, 10).Format("20060102")
	cal := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" + day + "T090000Z\r\nDTEND:" + day + "T170000Z\r\nSUMMARY:On call: Chen Wei\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	p.upload(path, "shifts.ics", cal, "do", "preview", "body", "", "rotation", "imported", "zone", "UTC", "etag", etag).want(t, 200, "1\u00a0shift of Chen Wei", "Import it")
	p.post(path, "do", "save", "body", cal, "rotation", "imported", "zone", "UTC", "etag", etag).want(t, 200, "Imported 1 shift as revision")
	if n := imported(w.roster("storefront")); n != 1 {
		t.Errorf("%d shifts are imported", n)
	}
	etag = valueByName(t, p.get(path).body, "etag")
	p.post(path, "do", "preview", "body", cal, "rotation", "imported", "zone", "UTC", "etag", etag).want(t, 200, "Nothing would change")
	p.post(path, "do", "preview", "body", "BEGIN:VCALENDAR\nnonsense", "rotation", "imported", "etag", etag).want(t, http.StatusUnprocessableEntity)
}

// valueByName is what a hidden field of a page has.
func valueByName(t *testing.T, body, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("there is no field %s", name)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
