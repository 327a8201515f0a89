package mustertest_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/mustertest"
)

// writeZones writes data in which Vancouver has the clocks of another zone, and nearly nothing else. The data comes from
// what a world keeps of its own.
func writeZones(t *testing.T, file, vancouver, version string) {
	t.Helper()
	own, err := os.ReadFile("../rota/zoneinfo/zoneinfo.zip")
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(own), int64(len(own)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	write := func(name string, in io.Reader) {
		out, err := w.Create(name)
		if err == nil {
			_, err = io.Copy(out, in)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("+VERSION", strings.NewReader(version))
	for as, from := range map[string]string{"America/Vancouver": vancouver, "America/Los_Angeles": "America/Los_Angeles", "Europe/Berlin": "Europe/Berlin"} {
		in, err := r.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		write(as, in)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pacific hands over at nine in Vancouver each day: Ravi has the first of January of the year 2000, Ana the second.
var pacific = strings.Replace(mustertest.Storefront, `{name: first, role: primary, zone: Europe/Berlin, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [ravi]}`,
	`{name: first, role: primary, zone: America/Vancouver, every: 1, unit: day, handoff: "09:00", start: "1999-12-30", people: [ravi, ana]}`, 1)

// New rules move what is to come: at half past four in the afternoon it was still Ravi, and is Ana. What has happened stays
// told as it was decided.
func TestNewZoneDataMovesTheFutureAndNotThePast(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "zoneinfo.zip")
	writeZones(t, file, "Etc/GMT+8", "1999a 1999-06-01")
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: pacific, TZData: file})
		defer w.Stop()
		if a := w.Do("ana", "GET", "/api/v1/about", nil).Want(http.StatusOK); a.Text("zones.version") != "1999a" || a.Text("zones.source") != file {
			t.Errorf("the server uses %s", a.Body)
		}
		on := func(at string) string {
			return w.Do("ana", "GET", "/api/v1/oncall?roster=storefront&at="+at, nil).Want(http.StatusOK).Text("items.0.people.0.id")
		}
		pass(16*time.Hour + 30*time.Minute) // between the hand-offs of the old rules and the new
		alert := w.Fire("cart", "critical")
		pass(time.Second)
		page := w.Do("ana", "GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK).Text("pages.0.id")
		why := string(w.Do("ana", "GET", "/api/v1/pages/"+page+"/why", nil).Want(http.StatusOK).Body)
		whole := string(w.Do("ana", "GET", "/api/v1/alerts/"+alert+"/why", nil).Want(http.StatusOK).Body)
		if strings.Contains(whole, "zone data") {
			t.Errorf("nothing has changed, and yet: %s", whole)
		}
		before, later := on("2000-01-05T16:30:00Z"), on("2000-01-05T17:30:00Z")
		if before == later {
			t.Fatalf("%s is on call before and after the hand-off at 17:00 UTC", before)
		}

		writeZones(t, file, "Etc/GMT+7", "1999c 1999-12-01")
		pass(3 * time.Minute)
		if got := on("2000-01-05T16:30:00Z"); got != later {
			t.Errorf("by the new rules the hand-off is at 16:00 UTC, but %s is on call", got)
		}
		if again := string(w.Do("ana", "GET", "/api/v1/pages/"+page+"/why", nil).Want(http.StatusOK).Body); again[strings.Index(again, `"steps"`):] != why[strings.Index(why, `"steps"`):] {
			t.Errorf("the page is told anew:\n%s\nwas\n%s", again, why)
		}
		again := w.Do("ana", "GET", "/api/v1/alerts/"+alert+"/why", nil).Want(http.StatusOK)
		people := func(s string) string { return s[strings.Index(s, `"people"`):] }
		if s := string(again.Body); people(s) != people(whole) || !strings.Contains(s, "With today's zone data, 1999c of 1 December 1999 ("+file+"), it would read differently") {
			t.Errorf("the alert is told anew:\n%s\nwas\n%s", s, whole)
		}
		if n := w.Do("ana", "GET", "/api/v1/notices", nil).Want(http.StatusOK); n.Text("items.0.kind") != string(muster.NoticeZoneMoved) {
			t.Errorf("Ana is told %s", n.Body)
		}

		// What cannot be used changes nothing, and is not read again each minute.
		if err := os.WriteFile(file, []byte("half a z"), 0o600); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Minute)
		if err := w.App.ReloadZones(t.Context()); muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(err.Error(), file) {
			t.Errorf("a broken file: %v", err)
		}
		if a := w.Do("ana", "GET", "/api/v1/about", nil).Want(http.StatusOK); a.Text("zones.version") != "1999c" {
			t.Errorf("after a broken file the server uses %s", a.Body)
		}
	})
}

// passedOver asks a roster first whose people have left: no page carries the words about them.
var passedOver = strings.Replace(mustertest.Storefront, "steps:\n", "steps:\n  - {targets: [{roster: pacific}], wait: 5m}\n", 1) + `---
kind: user
name: kim
display: Kim
zone: UTC
disabled: true
---
kind: user
name: lee
display: Lee
zone: UTC
disabled: true
---
kind: roster
name: pacific
title: Pacific
team: storefront
rotations:
  - {name: first, role: primary, zone: America/Vancouver, every: 1, unit: day, handoff: "09:00", start: "1999-12-30", people: [kim, lee]}
`

// Who was passed over last week stays who it was, although the clocks of their zone are read differently since.
func TestWhoWasPassedOverStaysTold(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "zoneinfo.zip")
	writeZones(t, file, "Etc/GMT+8", "1999a 1999-06-01")
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, mustertest.Options{Dir: dir, Docs: passedOver, TZData: file})
		defer w.Stop()
		pass(16*time.Hour + 30*time.Minute)
		alert := w.Fire("cart", "critical")
		pass(time.Second)
		why := func() string {
			return string(w.Do("ana", "GET", "/api/v1/alerts/"+alert+"/why", nil).Want(http.StatusOK).Body)
		}
		before := why()
		if !strings.Contains(before, "Lee has left and is passed over") || strings.Contains(before, "Kim") || strings.Contains(before, "zone data") {
			t.Fatalf("the alert is told as %s", before)
		}
		writeZones(t, file, "Etc/GMT+7", "1999c 1999-12-01")
		pass(5 * time.Minute)
		after := why()
		if !strings.Contains(after, "Lee has left and is passed over") || strings.Contains(after, "Kim") {
			t.Errorf("the alert is told anew: %s", after)
		}
		if !strings.Contains(after, "Step 2 is told as it was decided then. With today's zone data, 1999c of 1 December 1999 ("+file+"), it would read differently.") ||
			!strings.Contains(after, `"decided_with":"1999a"`) {
			t.Errorf("nothing says that it would read differently: %s", after)
		}
	})
}
