package view_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/web/static"
)

var preview = flag.String("preview", "", "write every screen with fixture data into this folder, to be looked at")

// TestPreview writes every screen, in the light and in the dark, with the built style sheets beside them:
//
//	go test ./internal/web/view -run Preview -preview DIR
func TestPreview(t *testing.T) {
	t.Parallel()
	dir := *preview
	if dir == "" {
		dir = t.TempDir()
	}
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.css", "app.js", "phone.css", "icon.svg"} {
		if err := os.WriteFile(filepath.Join(dir, name), assets.File(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range screens() {
		var b bytes.Buffer
		if err := s.page.Render(context.Background(), &b); err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		for _, theme := range []string{"light", "dark"} {
			html := b.String()
			if !strings.Contains(html, "data-theme=") {
				html = strings.Replace(html, "<html ", `<html data-theme="`+theme+`" `, 1)
			}
			if err := os.WriteFile(filepath.Join(dir, s.name+"-"+theme+".html"), []byte(html), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
