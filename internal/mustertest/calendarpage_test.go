package mustertest_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/mustertest"
)

// TestCalendarsInTheBrowser: Ravi makes a feed by the form, sees its address once, enters leave, sees the conflict, and
// revokes the feed.
func TestCalendarsInTheBrowser(t *testing.T) {
	t.Parallel()
	w := mustertest.New(t, mustertest.Options{})
	defer w.Stop()
	session, err := w.App.Commands.OpenSession(t.Context(), "ravi", "test")
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path string, form url.Values) *mustertest.Answer {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Origin", w.URL)
		}
		req.AddCookie(&http.Cookie{Name: "muster", Value: session})
		return w.Send(req)
	}
	made := string(do("POST", "/oncall/calendars/feeds", url.Values{"of": {"me"}, "title": {"my phone"}}).Want(http.StatusOK).Body)
	path := regexp.MustCompile(`/cal/[0-9a-f]{32}\.ics`).FindString(made)
	if path == "" {
		t.Fatalf("the address is not shown")
	}
	get(t, w, path).Want(http.StatusOK)
	if page := string(do("GET", "/oncall/calendars", nil).Want(http.StatusOK).Body); strings.Contains(page, path) || !strings.Contains(page, "my phone") {
		t.Error("the address is shown again, or the feed is not listed")
	}
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	wrong := do("POST", "/oncall/calendars/leave", url.Values{"from": {day(9)}, "until": {day(8)}}).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(string(wrong.Body), "Must not be before from.") {
		t.Error("nobody says what is wrong with the days")
	}
	do("POST", "/oncall/calendars/leave", url.Values{"from": {day(8)}, "until": {day(9)}, "title": {"<i>Sea</i>"}}).Want(http.StatusSeeOther)
	page := string(do("GET", "/oncall/calendars", nil).Want(http.StatusOK).Body)
	if !strings.Contains(page, "On call while away") || !strings.Contains(page, "&lt;i&gt;Sea") || strings.Contains(page, "<i>Sea") {
		t.Error("the conflict is not shown")
	}
	remove := regexp.MustCompile(`/oncall/calendars/leave/lve_[0-9a-f]+/remove`).FindString(page)
	revoke := regexp.MustCompile(`/oncall/calendars/feeds/fed_[0-9a-f]+/revoke`).FindString(page)
	do("POST", remove, url.Values{}).Want(http.StatusSeeOther)
	do("POST", revoke, url.Values{}).Want(http.StatusSeeOther)
	do("POST", "/oncall/calendars/refresh", url.Values{}).Want(http.StatusSeeOther)
	get(t, w, path).Want(http.StatusNotFound)
}
