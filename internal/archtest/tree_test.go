package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// tree is the module as source: every Go file parsed, SQL and templ files as text.
type tree struct {
	module string
	fset   *token.FileSet
	files  []*file
}

type file struct {
	path      string // below the module, with slashes
	pkg       string // folder of path, "." for the root
	test      bool   // a _test.go file
	generated bool
	lines     int
	text      []byte
	ast       *ast.File // nil unless a Go file
}

var generatedLine = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// readRepository parses the module that this test belongs to.
func readRepository(t *testing.T) *tree {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return readTree(t, os.DirFS(dir))
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above this test")
		}
		dir = up
	}
}

// readTree leaves out what go does: testdata, folders that begin with . or _, and modules of their own.
func readTree(t *testing.T, root fs.FS) *tree {
	t.Helper()
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(mod), "\n")
	tr := &tree{module: strings.TrimSpace(strings.TrimPrefix(first, "module ")), fset: token.NewFileSet()}
	err = fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if p != "." && (name == "testdata" || name[0] == '.' || name[0] == '_' || hasFile(root, path.Join(p, "go.mod"))) {
				return fs.SkipDir
			}
			return nil
		}
		switch path.Ext(p) {
		case ".go", ".sql", ".templ":
		default:
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		f := &file{
			path: p, pkg: path.Dir(p), text: text, lines: bytes.Count(text, []byte("\n")),
			test: strings.HasSuffix(p, "_test.go"), generated: generatedLine.Match(text),
		}
		if path.Ext(p) == ".go" {
			f.ast, err = parser.ParseFile(tr.fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Errorf("%s does not parse: %v", p, err)
				return nil
			}
		}
		tr.files = append(tr.files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func hasFile(root fs.FS, name string) bool {
	_, err := fs.Stat(root, name)
	return err == nil
}

// goFiles returns the Go files that people wrote.
func (tr *tree) goFiles() []*file {
	var out []*file
	for _, f := range tr.files {
		if f.ast != nil && !f.generated {
			out = append(out, f)
		}
	}
	return out
}

// at words a place as editors understand it.
func (tr *tree) at(n ast.Node) string {
	p := tr.fset.Position(n.Pos())
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

// internal says where below the module an import path lies.
func (tr *tree) internal(imp string) (string, bool) {
	if imp == tr.module {
		return ".", true
	}
	return strings.CutPrefix(imp, tr.module+"/")
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	return p
}

// localName is the name by which a file calls an imported package; "" when it does not import it.
func (f *file) localName(imp string) string {
	for _, spec := range f.ast.Imports {
		if importPath(spec) != imp {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imp)
	}
	return ""
}

// uses calls yield for each selector pkg.Name in the file, where pkg is the imported package imp.
func (f *file) uses(imp string, yield func(*ast.SelectorExpr)) {
	name := f.localName(imp)
	if name == "" {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && id.Name == name {
			yield(sel)
		}
		return true
	})
}

// rowOf finds the package's row.
func rowOf(pkg string) (row, bool) {
	found, ok := row{}, false
	for _, r := range table {
		if r.pkg == pkg {
			return r, true
		}
		if fits(r.pkg, pkg) {
			found, ok = r, true
		}
	}
	return found, ok
}

// fits compares a path with a pattern in which "*" is any one element and "..." is everything.
func fits(pattern, pkg string) bool {
	if pattern == "..." || pattern == pkg {
		return true
	}
	ok, err := path.Match(pattern, pkg)
	return err == nil && ok
}

func fitsAny(patterns []string, pkg string) bool {
	for _, p := range patterns {
		if fits(p, pkg) {
			return true
		}
	}
	return false
}

// below says whether imp is the package prefix or lies below it.
func below(prefix, imp string) bool { return imp == prefix || strings.HasPrefix(imp, prefix+"/") }
