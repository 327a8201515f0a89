package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type selector = ast.SelectorExpr

const longest = 800

// length checks that files stay readable.
func length(tr *tree) (bad []string) {
	for _, f := range tr.files {
		if !f.generated && f.lines > longest {
			bad = append(bad, fmt.Sprintf("%s has %d lines; %d is the end: split it by noun", f.path, f.lines, longest))
		}
	}
	return bad
}

// packageDocs checks that each package says what it is for, once.
func packageDocs(tr *tree) (bad []string) {
	docs := map[string][]string{}
	names := map[string]string{}
	for _, f := range tr.goFiles() {
		if f.test {
			continue
		}
		names[f.pkg] = f.ast.Name.Name
		if f.ast.Doc != nil {
			docs[f.pkg] = append(docs[f.pkg], f.ast.Doc.Text())
		}
	}
	for pkg, name := range names {
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + path.Base(pkg) + " "
		}
		switch d := docs[pkg]; {
		case len(d) == 0:
			bad = append(bad, fmt.Sprintf("%s has no package comment: say what it is for, what it may import and what it does not do", pkg))
		case len(d) > 1:
			bad = append(bad, fmt.Sprintf("%s has %d package comments: keep one", pkg, len(d)))
		case !strings.HasPrefix(d[0], want):
			bad = append(bad, fmt.Sprintf("%s: the package comment begins with %q", pkg, want))
		}
	}
	slices.Sort(bad)
	return bad
}

// noInit checks that nothing happens by being imported.
func noInit(tr *tree) (bad []string) {
	for _, f := range tr.goFiles() {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				bad = append(bad, fmt.Sprintf("%s: init(): importing does nothing; app wires by explicit calls", tr.at(fn)))
			}
		}
	}
	return bad
}

// noState checks that packages keep nothing between calls: a variable without a value is there to be assigned later, and
// a lock or an atomic guards something that changes. Tables and patterns made once are fine.
func noState(tr *tree) (bad []string) {
	for _, f := range tr.goFiles() {
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				if embedded(g.Doc) || embedded(v.Doc) || v.Names[0].Name == "_" || f.ast.Name.Name == "main" && v.Names[0].Name == "version" {
					continue
				}
				if why := stateful(f, v); why != "" {
					bad = append(bad, fmt.Sprintf("%s: package variable %s %s: state belongs to a value that app makes", tr.at(v), v.Names[0].Name, why))
				}
			}
		}
	}
	return bad
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

func stateful(f *file, v *ast.ValueSpec) string {
	if len(v.Values) == 0 {
		return "has no value"
	}
	for _, value := range v.Values {
		if lit, ok := value.(*ast.CompositeLit); ok {
			if sel, ok := lit.Type.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && (x.Name == f.localName("sync") || x.Name == f.localName("sync/atomic")) {
					return "guards something that changes"
				}
			}
		}
	}
	return ""
}

// noSleep checks that tests wait for what happens instead of for time. In a synctest bubble Sleep is how time moves: a
// package whose tests run in bubbles may use it in what these tests share, so there the rule cannot see more.
func noSleep(tr *tree) (bad []string) {
	bubbles := map[string]bool{}
	for _, f := range tr.goFiles() {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && f.test {
				if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == "synctest" && sel.Sel.Name == "Test" {
						bubbles[path.Dir(f.path)] = true
					}
				}
			}
			return true
		})
	}
	for _, f := range tr.goFiles() {
		if !f.test || bubbles[path.Dir(f.path)] {
			continue
		}
		f.uses("time", func(sel *selector) {
			if sel.Sel.Name == "Sleep" {
				bad = append(bad, fmt.Sprintf("%s: time.Sleep in a test: wait for the thing itself (a channel, a commit, a row), or run in synctest.Test", tr.at(sel)))
			}
		})
	}
	return bad
}

// skips checks that a test that does not run says why.
func skips(tr *tree) (bad []string) {
	for _, f := range tr.goFiles() {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) > 0 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || (sel.Sel.Name != "Skip" && sel.Sel.Name != "SkipNow") {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "t" || x.Name == "b" || x.Name == "f" || x.Name == "tb") {
				bad = append(bad, fmt.Sprintf("%s: %s.%s() gives no reason", tr.at(call), x.Name, sel.Sel.Name))
			}
			return true
		})
	}
	return bad
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

// finished checks that nothing is put off in a comment.
func finished(tr *tree) (bad []string) {
	for _, f := range tr.goFiles() {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if w := unfinished.FindString(c.Text); w != "" {
					bad = append(bad, fmt.Sprintf("%s: %s: finish it, or say as a limit what is not there", tr.at(c), w))
				}
			}
		}
	}
	return bad
}

var (
	sqlClock     = regexp.MustCompile(`(?i)\b(now|statement_timestamp|transaction_timestamp|unixepoch|julianday)\s*\(|\bcurrent_(timestamp|date|time)\b|\blocaltime(stamp)?\b|'now'`)
	sqlStatement = regexp.MustCompile(`(?i)\b(select|insert|update|delete|where|values|default|set|create)\b`)
	sqlComment   = regexp.MustCompile(`--[^\n]*`)
	txClock      = regexp.MustCompile(`(?i)\bclock_timestamp\s*\(`)
)

// sqlTime checks that SQL never asks for the time: a transaction carries one instant, and it is an argument. The one
// place that reads PostgreSQL's clock for it is dialect.go.
func sqlTime(tr *tree) (bad []string) {
	for _, f := range tr.files {
		if !below("internal/store", f.pkg) || f.test {
			continue
		}
		check := func(text, at string) {
			if w := sqlClock.FindString(text); w != "" && sqlStatement.MatchString(text) {
				bad = append(bad, fmt.Sprintf("%s: %q in SQL: instants are arguments, from the transaction's one clock reading", at, w))
			}
			if txClock.MatchString(text) && path.Base(f.path) != "dialect.go" {
				bad = append(bad, fmt.Sprintf("%s: clock_timestamp() outside dialect.go: a transaction's instant is read once", at))
			}
		}
		if f.ast == nil {
			for i, line := range strings.Split(sqlComment.ReplaceAllString(string(f.text), ""), "\n") {
				if sqlClock.MatchString(line) || txClock.MatchString(line) {
					check("SET "+line, f.path+":"+strconv.Itoa(i+1))
				}
			}
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				check(sqlComment.ReplaceAllString(lit.Value, ""), tr.at(lit))
			}
			return true
		})
	}
	return bad
}
