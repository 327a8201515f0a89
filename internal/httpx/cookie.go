package httpx

import (
	"net/http"
	"time"
)

// Cookies sets and reads the session cookie. Secure is true when the public address is https: the cookie then has the
// prefix that ties it to this host.
type Cookies struct{ Secure bool }

// Name is the name of the session cookie.
func (c Cookies) Name() string {
	if c.Secure {
		return "__Host-muster"
	}
	return "muster"
}

// Set gives the browser a session token until expires.
func (c Cookies) Set(w http.ResponseWriter, token string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: c.Name(), Value: token, Path: "/", Expires: expires.UTC(), MaxAge: max(1, int(time.Until(expires).Seconds())),
		HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// Clear takes the session token away.
func (c Cookies) Clear(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: c.Name(), Value: "", Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// Token is the session token of a request, "" when there is none or more than one: which of two is right is not certain.
func (c Cookies) Token(r *http.Request) string {
	if all := r.CookiesNamed(c.Name()); len(all) == 1 {
		return all[0].Value
	}
	return ""
}
