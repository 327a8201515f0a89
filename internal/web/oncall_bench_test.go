package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// manyRosters adds rosters that follow the sun, each with a back-up around the clock and an override.
func (w *world) manyRosters(n int) {
	w.t.Helper()
	var docs string
	start := time.Now().UTC().AddDate(0, -1, 0).Format(time.DateOnly)
	at := time.Now().UTC().AddDate(0, 0, 2).Truncate(time.Hour)
	for i := range n {
		docs += fmt.Sprintf(`---
kind: roster
name: sun-%d
title: Sun %d
team: storefront
rotations:
  - {name: berlin, role: primary, kind: follow-the-sun, zone: Europe/Berlin, every: 4, unit: day, handoff: "09:00", start: "%s", hours: [{from: "09:00", to: "17:00"}], people: [ravi, noor, tom]}
  - {name: seattle, role: primary, kind: follow-the-sun, zone: America/Los_Angeles, every: 4, unit: day, handoff: "08:00", start: "%s", hours: [{from: "08:00", to: "17:00"}], people: [ana, mia]}
  - {name: singapore, role: primary, kind: follow-the-sun, zone: Asia/Singapore, every: 3, unit: day, handoff: "09:00", start: "%s", hours: [{from: "09:00", to: "17:00"}], people: [chen, leo]}
  - {name: back-up, role: secondary, zone: Europe/Berlin, every: 3, unit: day, handoff: "09:00", start: "%s", people: [tom, mia, chen]}
overrides:
  - {id: ov-1, role: primary, people: [noor], from: %s, until: %s, why: dentist}
`, i, i, start, start, start, start, at.Format(time.RFC3339), at.Add(8*time.Hour).Format(time.RFC3339))
	}
	w.must(w.commands.Batch(w.t.Context(), "rosters", admin(), func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: docs})
	}))
	w.must(w.commands.Load(w.t.Context()))
}

// page draws a page in process, as ana, and gives its size.
func (w *world) page(path string, cookie *http.Cookie) int {
	w.t.Helper()
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, path, nil)
	req.AddCookie(cookie)
	rec := httptest.NewRecorder()
	w.web.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s: %d: %s", path, rec.Code, clip(rec.Body.String()))
	}
	return rec.Body.Len()
}

func (w *world) session(u muster.UserName) *http.Cookie {
	w.t.Helper()
	token, err := w.commands.OpenSession(w.t.Context(), u, "test")
	w.must(err)
	return &http.Cookie{Name: "muster", Value: token}
}

// BenchmarkLanes draws whole pages, with who looks, what to mend and what people carried: 50 rosters for a month, with and
// without their layers, and a year of one.
func BenchmarkLanes(b *testing.B) {
	w := buildWorld(b, true)
	w.manyRosters(50)
	cookie := w.session("ana")
	for _, c := range []struct{ name, path string }{
		{"50rosters30days", "/oncall?zoom=month"},
		{"50rosters30daysLayers", "/oncall?zoom=month&layers=1"},
		{"1roster14days", "/oncall?roster=sun-7"},
		{"1rosterYear", "/oncall?roster=sun-7&zoom=year"},
		{"50rostersNow", "/oncall/now"},
	} {
		b.Run(c.name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = w.page(c.path, cookie)
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}
