package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// imports checks the table: every package has a row, every import stands in it.
func imports(tr *tree) (bad []string) {
	unknown := map[string]bool{}
	for _, f := range tr.files {
		if f.ast == nil {
			continue
		}
		from, ok := rowOf(f.pkg)
		if !ok {
			if !unknown[f.pkg] {
				unknown[f.pkg] = true
				bad = append(bad, fmt.Sprintf("%s is not in the house's plan: give it a row in internal/archtest/table_test.go that says what it may import and why nothing else (or put the code into a package that is there)", f.pkg))
			}
			continue
		}
		for _, spec := range f.ast.Imports {
			imp := importPath(spec)
			to, ours := tr.internal(imp)
			switch {
			case ours && to != "." && to != f.pkg:
				if why := banned(f, from, to); why != "" {
					bad = append(bad, fmt.Sprintf("%s: %s must not import %s: %s", tr.at(spec), f.pkg, to, why))
				}
			case !ours && !f.test:
				for _, h := range homes {
					if below(h.path, imp) && !fitsAny(h.at, f.pkg) && !from.test {
						bad = append(bad, fmt.Sprintf("%s: %s must not import %s: %s (allowed in %s)", tr.at(spec), f.pkg, imp, h.why, strings.Join(h.at, ", ")))
					}
				}
			}
		}
	}
	return bad
}

// banned gives the reason why the file must not import the package, or "".
func banned(f *file, from row, to string) string {
	target, known := rowOf(to)
	if !known {
		return "" // told once, as an unknown package
	}
	if f.test && !from.pure {
		return "" // tests may bring any world they need
	}
	if target.test && !from.test {
		return "it serves tests, and what is shipped must not depend on it"
	}
	if fitsAny(from.imports, to) {
		// A wildcard does not reach the rooms that have a row of their own.
		exact := slices.Contains(from.imports, to)
		if exact || target.pkg != to || fits("...", from.imports[0]) || slices.Contains(from.imports, target.pkg) {
			return ""
		}
	}
	if from.pure && f.test {
		return "a pure package is tested with values, without a world around it"
	}
	for _, b := range bans {
		if (b.from == "*" || b.from == f.pkg) && fits(b.to, to) {
			return b.why
		}
	}
	allowed := "nothing of Muster but the root package"
	if len(from.imports) > 0 {
		allowed = "only " + strings.Join(from.imports, ", ")
	}
	return fmt.Sprintf("%s (it may import %s)", from.why, allowed)
}

// purity checks what pure packages import and call.
func purity(tr *tree) (bad []string) {
	for _, f := range tr.goFiles() {
		r, ok := rowOf(f.pkg)
		if !ok || !r.pure || f.test {
			continue
		}
		for _, spec := range f.ast.Imports {
			imp := importPath(spec)
			for _, no := range impure {
				if imp == no.path || strings.HasSuffix(no.path, "/") && strings.HasPrefix(imp, no.path) {
					bad = append(bad, fmt.Sprintf("%s: %s is pure and must not import %s: %s", tr.at(spec), f.pkg, imp, no.why))
				}
			}
			if _, ours := tr.internal(imp); ours || !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
				continue
			}
			if !slices.ContainsFunc(pureLibraries[f.pkg], func(lib string) bool { return below(lib, imp) }) {
				bad = append(bad, fmt.Sprintf("%s: %s is pure and must not import %s: the deciders are what Muster exists for, they are written here", tr.at(spec), f.pkg, imp))
			}
		}
		if f.localName("time") == "." {
			bad = append(bad, fmt.Sprintf("%s: import time under its name, so that the rule about clocks can be checked", f.path))
		}
		f.uses("time", func(sel *selector) {
			if slices.Contains(impureTime, sel.Sel.Name) {
				bad = append(bad, fmt.Sprintf("%s: %s is pure and must not use time.%s: now is an argument, so that the past and the future can be asked", tr.at(sel), f.pkg, sel.Sel.Name))
			}
		})
	}
	return bad
}
