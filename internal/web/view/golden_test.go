package view_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/muster-oncall/muster/internal/web/view"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func render(t *testing.T, page templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden keeps the HTML of the main screens: go test ./internal/web/view -run Golden -update, and look at the difference.
func TestGolden(t *testing.T) {
	t.Parallel()
	main := []string{"oncall", "oncall-now", "roster-editor", "now", "now-quiet", "alert", "phone", "room-troubled", "notices", "contact-test", "experts", "ledger", "handovers", "changes", "change", "change-own", "cover", "arrange", "import", "import-seen"}
	for _, s := range screens() {
		if !slices.Contains(main, s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			got := strings.ReplaceAll(render(t, s.page), "><", ">\n<") + "\n"
			file := filepath.Join("testdata", s.name+".golden.html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs from %s: look at the page, then run with -update.\n%s", s.name, file, firstDifference(string(want), got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "line " + strings.Join([]string{w[i], g[i]}, "\n  is ")
		}
	}
	return "one is longer"
}

// The content security policy is default-src 'self': nothing inline may slip in.
func TestNothingInline(t *testing.T) {
	t.Parallel()
	banned := map[string]*regexp.Regexp{
		"inline style":    regexp.MustCompile(`<[^>]*\sstyle=|<style`),
		"inline script":   regexp.MustCompile(`<script(?:\s[^>]*)?>[^<]`),
		"event handler":   regexp.MustCompile(`<[^>]*\son[a-z]+=`),
		"script in a URL": regexp.MustCompile(`(?:href|action)="javascript:`),
		"refused URL":     regexp.MustCompile(`TemplFailedSanitization`),
	}
	for _, s := range screens() {
		html := render(t, s.page)
		for what, re := range banned {
			if m := re.FindString(html); m != "" {
				t.Errorf("%s has an %s: %s", s.name, what, m)
			}
		}
	}
}

func TestPagesAreWellMade(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`\sid="([^"]*)"`)
	form := regexp.MustCompile(`<form[^>]*>`)
	part := regexp.MustCompile(`data-part="([^"]*)"`)
	for _, s := range screens() {
		html := render(t, s.page)
		for what, re := range map[string]*regexp.Regexp{"id": id, "part": part} {
			seen := map[string]bool{}
			for _, m := range re.FindAllStringSubmatch(html, -1) {
				if m[1] == "" || seen[m[1]] {
					t.Errorf("%s: %s %q is empty or there twice", s.name, what, m[1])
				}
				seen[m[1]] = true
			}
		}
		for _, f := range form.FindAllString(html, -1) {
			if !strings.Contains(f, `method="dialog"`) && (!strings.Contains(f, "action=\"/") || !strings.Contains(f, "method=")) {
				t.Errorf("%s: a form leads nowhere: %s", s.name, f)
			}
		}
		if n := strings.Count(html, "<h1"); n != 1 {
			t.Errorf("%s has %d titles (h1), want 1", s.name, n)
		}
	}
}

// A phone on a bad network at night: the page stays small, needs no script, and GET never acts.
func TestPhonePageIsSmall(t *testing.T) {
	t.Parallel()
	html := render(t, view.PhonePage(phonePage()))
	if len(html) > 30_000 {
		t.Errorf("the phone page has %d bytes, want at most 30,000", len(html))
	}
	if strings.Contains(html, "<script") {
		t.Error("the phone page has a script")
	}
	if got := strings.Count(html, `name="token" value="pgt_demo"`); got != 4 {
		t.Errorf("%d forms bear the page's token, want 4", got)
	}
	if strings.Contains(html, `href="/p/`) {
		t.Error("a link leads to what only a POST may do")
	}
}

// Texts and links from outside are shown, never obeyed.
func TestHostileText(t *testing.T) {
	t.Parallel()
	p := alertPage()
	evil := `</h1><script>alert(1)</script>`
	p.Title, p.Summary, p.Service.Text, p.From.Labels[0].Value = evil, evil, evil, evil
	p.Guidance[0].URL = "javascript:alert(1)"
	p.Guidance[0].Text = `" onmouseover="alert(1)`
	p.Timeline[0].Text = "\u202Egnp.exe<img src=x onerror=alert(1)>"
	html := render(t, view.AlertPage(p))
	for _, bad := range []string{"<script>alert", `href="javascript:`, "<img", `" onmouseover=`} {
		if strings.Contains(html, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

// Whoever draws an icon by a name that the set does not have gets a dot, silently; so the names are checked here.
func TestEveryIconExists(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("icons.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.templ")
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	use := regexp.MustCompile(`(?:icon|iconPath)\("([^"]+)"\)`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range use.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(source), `case "`+m[1]+`":`) {
				t.Errorf("%s draws the icon %q, which does not exist", f, m[1])
			}
		}
	}
}
