package dir_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/dir"
)

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: dir.Descriptor(),
		Start: func(t *testing.T) connectortest.World {
			t.Helper()
			return connectortest.World{Config: connector.Config{Name: "pages", Settings: map[string]string{"path": filepath.Join(t.TempDir(), "status")}}}
		},
		Bad: map[string]string{"settings.path": "relative/path"},
		Can: []string{"Checker", "Publisher"},
	})
}

func publisher(t *testing.T) (connector.Publisher, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "status")
	c, err := dir.Descriptor().Make(connector.Config{Name: "pages", Settings: map[string]string{"path": path}})
	if err != nil {
		t.Fatal(err)
	}
	p, ok := c.(connector.Publisher)
	if !ok {
		t.Fatal("a directory is a publisher")
	}
	return p, path
}

func tree(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".muster-files") {
			return err
		}
		text, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		b.WriteString(rel + "=" + string(text) + ";")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPublish(t *testing.T) {
	p, path := publisher(t)
	publish := func(files map[string]string, want string) {
		t.Helper()
		in := map[string][]byte{}
		for k, v := range files {
			in[k] = []byte(v)
		}
		if err := p.Publish(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if got := tree(t, path); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	publish(map[string]string{"index.html": "one", "incidents/INC-1.html": "open", "with space %.txt": "x"}, "incidents/INC-1.html=open;index.html=one;with space %.txt=x;")
	if err := os.WriteFile(filepath.Join(path, "robots.txt"), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	publish(map[string]string{"index.html": "two"}, "index.html=two;robots.txt=theirs;") // ours go, theirs stay
	publish(map[string]string{"index.html": "two"}, "index.html=two;robots.txt=theirs;")
}

func TestPublishStaysInside(t *testing.T) {
	p, path := publisher(t)
	outside := t.TempDir()
	for _, name := range []string{"../x", "/etc/x", "a/../../x", "", ".", "a\x00b", `a\b`, ".muster-files"} {
		if err := p.Publish(t.Context(), map[string][]byte{name: []byte("x")}); !connector.IsPermanent(err) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := p.Publish(t.Context(), map[string][]byte{"a": nil}); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(path, "link")); err != nil {
		t.Fatal(err)
	}
	if err := p.Publish(t.Context(), map[string][]byte{"link/x": []byte("x")}); err == nil {
		t.Error("a link led outside")
	}
	if files, _ := os.ReadDir(outside); len(files) > 0 {
		t.Errorf("written outside: %v", files)
	}
}

func TestPublishHonoursCancel(t *testing.T) {
	p, _ := publisher(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Publish(ctx, map[string][]byte{"index.html": nil}); err == nil || connector.IsPermanent(err) {
		t.Error(err)
	}
}
