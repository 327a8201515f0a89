package static_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/web/static"
)

func assets(t *testing.T) *static.Assets {
	t.Helper()
	a, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestServedUnderHashedNamesForEver(t *testing.T) {
	t.Parallel()
	a := assets(t)
	for name, kind := range map[string]string{"app.css": "text/css", "app.js": "text/javascript", "phone.js": "text/javascript", "phone.css": "text/css", "icon.svg": "image/svg+xml"} {
		p := a.Path(name)
		if !regexp.MustCompile(`^/static/[a-z]+\.[0-9a-f]{12}\.[a-z]+$`).MatchString(p) {
			t.Errorf("Path(%q) = %q, want a hashed name", name, p)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, p, nil)
		r.Header.Set("Accept-Encoding", "br, gzip;q=0.8")
		a.ServeHTTP(w, r)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("GET %s = %d %v", p, w.Code, w.Header())
		}
		if w.Header().Get("Content-Encoding") != "gzip" && w.Body.Len() > 1000 {
			t.Errorf("GET %s is not compressed", p)
		}
	}
}

func TestUnknownNamesAndMethods(t *testing.T) {
	t.Parallel()
	a := assets(t)
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/static/app.css", 404},
		{http.MethodGet, "/static/app.000000000000.css", 404},
		{http.MethodGet, "/static/../static.go", 404},
		{http.MethodPost, a.Path("app.js"), 405},
		{http.MethodHead, a.Path("app.js"), 200},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(c.method, "/", nil)
		r.URL.Path = c.path
		a.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s = %d, want %d", c.method, c.path, w.Code, c.want)
		}
	}
}

// The strict content security policy forbids anything that is turned from text into code or style.
func TestOwnScriptsKeepToThePolicy(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("js")
	if err != nil {
		t.Fatal(err)
	}
	banned := regexp.MustCompile(`\beval\(|new Function|\.style\.|setAttribute\('style'|insertAdjacentHTML|document\.write|hx-on|setTimeout\(['"]`)
	for _, e := range entries {
		src, err := os.ReadFile("js/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if m := banned.Find(src); m != nil {
			t.Errorf("js/%s has %q", e.Name(), m)
		}
	}
}

func TestVendoredFilesAreUnchanged(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("vendor/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"htmx/htmx.esm.js", "htmx/hx-sse.js"} {
		data, err := os.ReadFile("vendor/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if !strings.Contains(string(readme), "`"+name+"`") || !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
			t.Errorf("vendor/README.md does not name %s with its sum %x", name, sum)
		}
	}
}
