package e2e

import (
	"regexp"
)

// phoneLink is the link of a page in what a phone shows.
var phoneLink = regexp.MustCompile(`/p/[A-Za-z0-9_.-]+`)

// SignInWithoutScript does what SignIn does where scripts are off.
func (tab *Tab) SignInWithoutScript(token string) {
	tab.t.Helper()
	tab.Go("/signin?token=" + token)
	tab.Click("form button")
	tab.Until("being signed in", `location.pathname === "/" && document.querySelector(".rail")`)
}
