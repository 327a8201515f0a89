package app

import "testing"

// What the router lets through must name the page that its rights were asked about, and none of our own files.
func TestPlainPath(t *testing.T) {
	for name, want := range map[string]bool{
		"public/":                      true,
		"public/index.html":            true,
		"public/api/v2/status.json":    true,
		"":                             false,
		".":                            false,
		"public/../internal/":          false,
		"..":                           false,
		"../seal.key":                  false,
		"public//index.html":           false,
		"public/./index.html":          false,
		"public/.muster-files":         false,
		".hidden/index.html":           false,
		"public\x00/":                  false,
		"public/..\\internal":          false,
		"public/api/.muster-new-x":     false,
		"/internal/index.html":         false,
		"public/../internal/feed.json": false,
	} {
		if got := plainPath(name); got != want {
			t.Errorf("plainPath(%q) = %v, want %v", name, got, want)
		}
	}
}
