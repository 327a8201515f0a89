package ical_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/ical"
	"github.com/muster-oncall/muster/internal/connector/ical/fake"
	"github.com/muster-oncall/muster/internal/httpx"
)

const path = "/calendar/private-5f2c9d/basic.ics"

var leave = fake.Calendar(fake.Day("1", "20261224", "Ana: leave"))

func start(t *testing.T) (*fake.Server, *httptest.Server, connector.Config) {
	t.Helper()
	s := fake.New(path, leave)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server, connector.Config{
		Name: "leave", Settings: map[string]string{"kind": "leave", "person": "ana", "zone": "Europe/Berlin"},
		Secrets: map[string]string{"url": server.URL + path}, HTTP: egress(),
	}
}

// egress is the client that connectors get, with this machine allowed.
func egress() *http.Client {
	return httpx.NewEgress(httpx.EgressOptions{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, MaxResponse: 3 << 20})
}

func open(t *testing.T, cfg connector.Config) *ical.Connector {
	t.Helper()
	made, err := ical.Descriptor().Make(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := made.(*ical.Connector)
	if !ok {
		t.Fatalf("it made a %T", made)
	}
	return c
}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: ical.Descriptor(),
		Start: func(t *testing.T) connectortest.World {
			t.Helper()
			_, server, cfg := start(t)
			return connectortest.World{Config: cfg, Host: strings.TrimPrefix(server.URL, "http://")}
		},
		Bad: map[string]string{
			"settings.kind": "vacation", "settings.zone": "CET", "settings.person": "Ana Ruiz", "settings.url": "ftp://calendar.example.org/a.ics",
		},
		BadSecrets: map[string]string{"url": "calendar.example.org/secret.ics"},
		Can:        []string{"Checker", "CalendarFeed"},
	})
}

func TestSettings(t *testing.T) {
	d := ical.Descriptor()
	for name, c := range map[string]struct {
		settings, secrets map[string]string
		want              string
	}{
		"public":             {map[string]string{"kind": "holidays", "url": "https://calendar.example.org/de.ics"}, nil, ""},
		"webcal":             {map[string]string{"kind": "holidays", "url": "webcal://calendar.example.org/de.ics"}, nil, ""},
		"secret":             {map[string]string{"kind": "leave"}, map[string]string{"url": "ana-calendar"}, ""},
		"neither":            {map[string]string{"kind": "leave"}, nil, "secrets.url"},
		"both":               {map[string]string{"url": "https://calendar.example.org/de.ics"}, map[string]string{"url": "ana-calendar"}, "settings.url"},
		"password":           {map[string]string{"url": "https://ana:secret@calendar.example.org/de.ics"}, nil, "settings.url"},
		"two lines":          {map[string]string{"url": "https://calendar.example.org/\nx"}, nil, "settings.url"},
		"holidays of person": {map[string]string{"kind": "holidays", "person": "ana", "url": "https://calendar.example.org/de.ics"}, nil, "settings.person"},
		"local zone":         {map[string]string{"zone": "Local", "url": "https://calendar.example.org/de.ics"}, nil, "settings.zone"},
	} {
		f := d.Check(c.settings, c.secrets)
		if c.want == "" && len(f) > 0 || c.want != "" && (len(f) == 0 || f[0].Path != c.want) {
			t.Errorf("%s: %v, want %q", name, f, c.want)
		}
	}
	_, _, cfg := start(t)
	if f := open(t, cfg).Feed(); f != (connector.Feed{Kind: connector.FeedLeave, Person: "ana", Zone: "Europe/Berlin"}) {
		t.Errorf("%+v", f)
	}
}

func TestVersions(t *testing.T) {
	for _, etag := range []bool{true, false} {
		s, _, cfg := start(t)
		if !etag {
			s.WithoutETag()
		}
		c := open(t, cfg)
		first, err := c.Fetch(t.Context(), connector.FeedVersion{})
		if err != nil || string(first.Body) != leave || first.Unchanged || (first.Version.ETag != "") != etag || first.Version.LastModified == "" {
			t.Fatalf("%+v, %v", first, err)
		}
		again, err := c.Fetch(t.Context(), first.Version)
		if err != nil || !again.Unchanged || again.Body != nil || again.Version != first.Version {
			t.Errorf("unchanged: %+v, %v", again, err)
		}
		s.Set(fake.Calendar())
		now, err := c.Fetch(t.Context(), first.Version)
		if err != nil || now.Unchanged || string(now.Body) != fake.Calendar() || now.Version == first.Version {
			t.Errorf("changed: %+v, %v", now, err)
		}
	}
	// 304 for somebody who knows nothing is no calendar.
	s, _, cfg := start(t)
	s.Answer(http.StatusNotModified, nil)
	if got, err := open(t, cfg).Fetch(t.Context(), connector.FeedVersion{}); err == nil {
		t.Errorf("%+v", got)
	}
}

func TestNotACalendar(t *testing.T) {
	for name, c := range map[string]struct {
		kind, body string
		permanent  bool
		want       string
	}{
		"sign-in page":   {"text/html", "<!doctype html><title>Sign in</title>", true, "web page"},
		"page as feed":   {"text/calendar", "\n <html></html>", true, "web page"},
		"JSON":           {"application/json", `{"error":"x"}`, true, "BEGIN:VCALENDAR"},
		"empty":          {"text/calendar", "", false, "empty"},
		"broke off":      {"text/calendar", strings.TrimSuffix(leave, "END:VCALENDAR\r\n"), false, "broke off"},
		"oversize":       {"text/calendar", strings.Replace(leave, "VERSION", "X-FILL:"+strings.Repeat("x", 2<<20)+"\r\nVERSION", 1), true, "2 MiB"},
		"oversize twice": {"text/calendar", strings.Repeat(leave, 40_000), true, "2 MiB"},
	} {
		s, _, cfg := start(t)
		s.SetAs(c.kind, c.body)
		err := open(t, cfg).Check(t.Context())
		if err == nil || connector.IsPermanent(err) != c.permanent || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string]string{
		"with BOM": "\ufeff" + leave, "small letters": strings.ToLower(leave), "bare line feeds": strings.ReplaceAll(leave, "\r\n", "\n"),
		"as text": leave, "just small enough": strings.Replace(leave, "VERSION", "X-FILL:"+strings.Repeat("x", 2<<20-1000)+"\r\nVERSION", 1),
	} {
		s, _, cfg := start(t)
		s.SetAs("text/plain", body)
		if got, err := open(t, cfg).Fetch(t.Context(), connector.FeedVersion{}); err != nil || string(got.Body) != body {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatuses(t *testing.T) {
	s, _, cfg := start(t)
	c := open(t, cfg)
	for status := 300; status < 600; status++ {
		s.Answer(status, http.Header{"Retry-After": {"7"}})
		err := c.Check(t.Context())
		again := status == 408 || status == 425 || status == 429 || status >= 500
		redirect := status == 301 || status == 302 || status == 303 || status == 307 || status == 308 // without Location: a broken answer
		if err == nil || !redirect && connector.IsPermanent(err) == again || again && connector.RetryAfter(err) != 7*time.Second {
			t.Errorf("%d: %v", status, err)
		}
		if strings.Contains(fmt.Sprint(err), "body of the answer") || strings.Contains(fmt.Sprint(err), "private") {
			t.Errorf("%d shows too much: %v", status, err)
		}
	}
	s.Answer(0, nil)
	s.Move("/calendar/private-new/basic.ics")
	if err := c.Check(t.Context()); !connector.IsPermanent(err) || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("revoked: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	s, server, cfg := start(t)
	mux := http.NewServeMux()
	mux.Handle("/", s)
	mux.HandleFunc("/old.ics", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, path, http.StatusFound) })
	mux.HandleFunc("/away.ics", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.invalid"+path, http.StatusFound)
	})
	server.Config.Handler = mux
	cfg.Secrets = map[string]string{"url": server.URL + "/old.ics"}
	if err := open(t, cfg).Check(t.Context()); err != nil {
		t.Errorf("on the same host: %v", err)
	}
	cfg.Secrets = map[string]string{"url": server.URL + "/away.ics"}
	if err := open(t, cfg).Check(t.Context()); err == nil || strings.Contains(err.Error(), "private") {
		t.Errorf("to another host: %v", err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	s, _, cfg := start(t)
	c := open(t, cfg)
	release := s.Hang()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := c.Check(ctx); err == nil || connector.IsPermanent(err) || strings.Contains(err.Error(), "private") {
		t.Error(err)
	}
	release()
	cfg.HTTP = httpx.NewEgress(httpx.EgressOptions{})
	if err := open(t, cfg).Check(t.Context()); !errors.Is(err, httpx.ErrRefused) || !connector.IsPermanent(err) {
		t.Errorf("this machine: %v", err)
	}
}
