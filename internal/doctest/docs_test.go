package doctest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDocs runs the commands of README.md and of everything below docs.
func TestDocs(t *testing.T) {
	root := repository(t)
	names := []string{"README.md"}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".md" {
			rel, relErr := filepath.Rel(root, path)
			names = append(names, rel)
			return relErr
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	docs := map[string][]block{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Errorf("a reader needs %s: %v", name, err)
			continue
		}
		blocks, bad := parse(name, string(text))
		for _, reason := range bad {
			t.Error(reason)
		}
		docs[name] = blocks
	}
	if t.Failed() {
		return // the marks first; building takes a while
	}
	bin := build(t, root)
	for _, name := range names {
		for _, mark := range []string{"once", "demo"} {
			if blocks := marked(docs[name], mark); len(blocks) > 0 {
				t.Run(name+"/"+mark, func(t *testing.T) { check(t, root, bin, name, blocks) })
			}
		}
	}
}

// check runs blocks of one mark.
func check(t *testing.T, root, bin, name string, blocks []block) {
	t.Helper()
	var values map[string]string
	if blocks[0].mark == "demo" {
		values = startDemo(t, bin)
	}
	if err := runBlocks(t.Context(), name, blocks, clone(t, root), environment(t, bin, values)); err != nil {
		t.Error(err)
	}
}

func marked(blocks []block, mark string) []block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b block) bool { return b.mark != mark })
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("the repository is not where this test thinks: %v", err)
	}
	return root
}

// The tests below are about this package itself, on a fixture: a small guide and a shell script that stands for muster.

func TestFixtureGuidePasses(t *testing.T) {
	root, bin, blocks := fixture(t, "guide.md")
	if len(blocks) != 5 {
		t.Fatalf("found %d blocks, want 5", len(blocks))
	}
	for _, mark := range []string{"once", "demo"} {
		check(t, root, bin, "guide.md", marked(blocks, mark))
	}
	if _, err := os.Stat(filepath.Join(root, "written.txt")); err == nil {
		t.Error("a block wrote into the repository")
	}
}

func TestFixtureFailuresAreNamed(t *testing.T) {
	root, bin, blocks := fixture(t, "failing.md")
	for i, want := range []string{"failing.md:7", "failing.md:12", "failing.md:17"} {
		err := runBlocks(t.Context(), "failing.md", []block{blocks[0], blocks[i+1]}, clone(t, root), environment(t, bin, nil))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a failure that names %s", err, want)
		}
	}
}

func TestMarksAreRequired(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"Text.\n\n```sh\nls\n```\n", "g.md:3: this command block has no mark"},
		{"<!-- run: once -->\n```sh\nls\n```\n```sh\nls\n```\n", "g.md:5: this command block has no mark"},
		{"<!-- run: no -->\n```sh\nls\n```\n", "say why"},
		{"<!-- run: always -->\n```sh\nls\n```\n", `no mark "always"`},
		{"```bash\nls\n```\n", "call it sh"},
		{"1. Step\n   ```sh\n   ls\n   ```\n", "has no mark"},
	} {
		_, bad := parse("g.md", c.text)
		if len(bad) != 1 || !strings.Contains(bad[0], c.says) {
			t.Errorf("%q: said %q, want %q", c.text, bad, c.says)
		}
	}
	if blocks, bad := parse("g.md", "```json\n{}\n```\n````md\n```sh\nls\n```\n````\n"); len(blocks) > 0 || len(bad) > 0 {
		t.Errorf("took other languages for commands: %v %v", blocks, bad)
	}
}

func fixture(t *testing.T, name string) (root, bin string, blocks []block) {
	t.Helper()
	root, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(root, "fakemuster.sh"))
	if err != nil {
		t.Fatal(err)
	}
	bin = filepath.Join(t.TempDir(), "muster")
	if err := os.WriteFile(bin, script, 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	blocks, bad := parse(name, string(text))
	for _, reason := range bad {
		t.Error(reason)
	}
	return root, bin, blocks
}
