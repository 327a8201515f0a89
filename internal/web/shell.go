package web

import (
	"net/http"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/web/view"
)

// plainShell surrounds a page without a signed-in person.
func (v *visit) plainShell(title string) view.Shell {
	return view.Shell{
		Title: title, Org: v.Org(), Now: v.now, Zone: v.zone, Theme: v.theme(),
		CSS: v.Static.Path("app.css"), JS: v.Static.Path("app.js"), Icon: v.Static.Path("icon.svg"),
	}
}

// shell surrounds a page of a signed-in person. topic is what the page listens to, "" when it does not change.
func (v *visit) shell(title, place string) view.Shell {
	s := v.plainShell(title)
	s.Place, s.Install = place, v.Static.Path("icon192.png")
	s.Places = view.Places{
		Now: "/", Incidents: "/incidents", Alerts: "/alerts", OnCall: "/oncall", Services: "/services", Status: "/status",
		Reviews: "/reviews", Readiness: "/readiness", Settings: "/settings", Wall: "/wall",
	}
	if v.hasPhones() {
		s.Places.Phones = "/phones"
	}
	s.Me = &view.Me{Name: v.actor.Name, URL: "/settings/people/" + string(v.actor.User), SignOutURL: "/signout"}
	s.ThemeURL, s.PaletteURL, s.SearchURL = "/theme", "/palette", "/search"
	s.DeclareURL = v.may(muster.AccessResponder, "/declare")
	s.Toast = v.toast()
	s.Bell = v.bell()
	if place == view.PlaceSettings && !strings.HasPrefix(v.r.URL.Path, "/setup") {
		s.Banner = v.unproven()
	}
	if v.Guide.Strip != nil {
		s.Guide = v.Guide.Strip(v.ctx(), v.actor, v.r.URL.Path)
	}
	return s
}

// live is [visit.shell] of a page that changes while it is looked at.
func (v *visit) live(title, place, topic string) view.Shell {
	s := v.shell(title, place)
	s.LiveURL = "/live?topic=" + topic + "&after=" + v.mark
	return s
}

// hasPhones reports whether pages can reach a phone in the browser.
func (v *visit) hasPhones() bool {
	for _, c := range v.Queries.Catalog().Connectors {
		if c.Kind == demoPhone {
			return true
		}
	}
	return false
}

func (v *visit) theme() string {
	if c, err := v.r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// setTheme keeps the choice of colours in a cookie: it is the browser's, not the person's.
func setTheme(v *visit) error {
	c := &http.Cookie{Name: "theme", Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, Secure: v.Secure, SameSite: http.SameSiteLaxMode}
	switch t := v.field("theme"); t {
	case "light", "dark":
		c.Value = t
	default:
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
	return v.done(v.back("/"), "", "")
}

// act does what a button of the demo's strip asks for.
func (v *visit) guide() error {
	if v.Guide.Act == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no guided demo here.")
	}
	to, err := v.Guide.Act(v.ctx(), v.actor, v.r.PathValue("act"))
	if err != nil {
		return err
	}
	if to == "" {
		to = v.back("/")
	}
	return v.done(to, "", "")
}

// statics serves what never changes under its name.
func (s *Web) statics() {
	s.mux.Handle("GET /static/", s.Static)
	s.install()
	s.mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.Static.Path("icon.svg"), http.StatusFound)
	})
	if s.StatusPages != nil {
		s.mux.Handle("GET /s/", s.StatusPages)
		return
	}
	s.mux.HandleFunc("GET /s/", func(w http.ResponseWriter, r *http.Request) {
		httpx.WriteError(w, r, muster.Errorf(muster.ErrNotFound, "No status page is published here."))
	})
}
