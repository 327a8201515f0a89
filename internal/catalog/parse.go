package catalog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// Parsed is a document that was read, and where each of its fields stands.
type Parsed struct {
	Doc   muster.Document
	File  string
	Line  int // its first
	lines map[string]int
}

// Ref names the document: "rosters/storefront".
func (p Parsed) Ref() string { return muster.DocRef(p.Doc.DocKind(), p.Doc.DocName()) }

// LineOf finds the line of a field ("steps[1].wait"), or of the nearest thing around it that was written.
func (p Parsed) LineOf(path string) int { return nearestLine(p.lines, path, p.Line) }

func nearestLine(lines map[string]int, path string, otherwise int) int {
	for path != "" {
		if l := lines[path]; l > 0 {
			return l
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return otherwise
}

// Parse reads a file of documents, YAML or JSON. It returns every document that can be used and everything that is
// wrong, by line. The documents' own checks are part of it; references between documents are [Check]'s.
func Parse(file string, data []byte) (all []Parsed, wrong []muster.FieldError) {
	defer func() {
		slices.SortStableFunc(wrong, func(a, b muster.FieldError) int { return cmp.Compare(a.Line, b.Line) })
		if more := len(wrong) - maxErrors; more > 0 {
			wrong = append(wrong[:maxErrors], muster.FieldError{Message: fmt.Sprintf("and %d more", more)})
		}
		for i := range wrong {
			wrong[i].File = file
		}
	}()
	if problem, _ := checkBytes(data); problem != "" {
		return nil, []muster.FieldError{{Message: "the file " + problem}}
	}
	trees, wrong := readFile(file, data)
	for _, t := range trees {
		p, f := parseDocument(t)
		wrong = append(wrong, f...)
		if p != nil {
			p.File = file
			all = append(all, *p)
		}
	}
	if len(trees) == 0 && len(wrong) == 0 {
		wrong = append(wrong, muster.FieldError{Message: "the file holds no document"})
	}
	return all, append(wrong, Duplicates(all)...)
}

func readFile(file string, data []byte) ([]*node, []muster.FieldError) {
	start := bytes.TrimLeft(data, " \t\r\n\ufeff")
	isJSON := strings.EqualFold(filepath.Ext(file), ".json")
	if !isJSON && len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		isJSON = json.Valid(data) // else it is YAML that begins with a bracket
	}
	if !isJSON {
		return readYAML(data)
	}
	values, bad := readJSON(data)
	var trees []*node
	for _, v := range values {
		if v.kind == listNode {
			trees = append(trees, v.items...)
		} else {
			trees = append(trees, v)
		}
	}
	if bad != nil {
		return trees, []muster.FieldError{*bad}
	}
	return trees, nil
}

// Duplicates finds documents that stand twice, in one file or in several.
func Duplicates(all []Parsed) (wrong []muster.FieldError) {
	first := map[string]Parsed{}
	for _, p := range all {
		before, twice := first[p.Ref()]
		if !twice {
			first[p.Ref()] = p
			continue
		}
		where := fmt.Sprintf("line %d", before.Line)
		if before.File != p.File {
			where = fmt.Sprintf("%s, line %d", before.File, before.Line)
		}
		wrong = append(wrong, muster.FieldError{File: p.File, Line: p.Line, Path: p.Ref(), Message: "is written twice: the first is at " + where})
	}
	return wrong
}

// Locate adds file and line to errors that name a document ("routes/storefront.match"), where the document was read.
func Locate(all []Parsed, wrong []muster.FieldError) []muster.FieldError {
	by := map[string]Parsed{}
	for _, p := range all {
		by[p.Ref()] = p
	}
	out := slices.Clone(wrong)
	for i, f := range out {
		ref, path, _ := strings.Cut(f.Path, ".")
		if p, ok := by[ref]; ok && f.Line == 0 {
			out[i].File, out[i].Line = p.File, p.LineOf(path)
		}
	}
	return out
}

// parseDocument decodes one document of a file. It returns nil for one that cannot be used.
func parseDocument(n *node) (*Parsed, []muster.FieldError) {
	if n.kind != mapNode {
		return nil, []muster.FieldError{{Line: n.line, Message: fmt.Sprintf("a document is fields such as kind: roster, not %s", shown(n))}}
	}
	kind, f := kindOf(n)
	if f != nil {
		return nil, []muster.FieldError{*f}
	}
	d := decoder{renamed: renamed(kind)}
	doc := d.document(kind, n, map[string]bool{"kind": true})
	if d.twice && kind == muster.KindConnectors {
		for i := range d.wrong {
			if d.wrong[i].Path == "kind" {
				d.wrong[i].Message = "stands here for the second time: a connector's own kind is written type"
			}
		}
	}
	p := &Parsed{Doc: doc, Line: n.line, lines: d.lines}
	if doc.DocName() != "" && len(muster.CheckName(doc.DocName())) == 0 {
		for i := range d.wrong {
			d.wrong[i].Path = joinRef(p.Ref(), d.wrong[i].Path)
		}
	}
	if len(d.wrong) > 0 {
		return nil, d.wrong
	}
	return p, nil
}

func joinRef(ref, path string) string {
	if path == "" {
		return ref
	}
	return ref + "." + path
}

// renamed are the fields that a file calls otherwise than the API does.
func renamed(k muster.Kind) map[string]string {
	if k == muster.KindConnectors {
		return map[string]string{"kind": "type"}
	}
	return nil
}

func kindOf(n *node) (muster.Kind, *muster.FieldError) {
	words := make([]string, 0, len(muster.Kinds()))
	for _, k := range muster.Kinds() {
		words = append(words, k.Singular())
	}
	v := n.field("kind")
	if v == nil || v.kind == nullNode {
		for _, p := range n.pairs {
			if muster.Nearest(p.name, []string{"kind"}) != "" {
				return "", &muster.FieldError{Line: p.line, Path: muster.Clip(p.name, 60), Message: "unknown field; did you mean kind?"}
			}
		}
		return "", &muster.FieldError{Line: n.line, Path: "kind", Message: "say what the document is: " + strings.Join(words, ", ")}
	}
	if k, ok := muster.KindOf(v.text); ok && v.kind == textNode {
		return k, nil
	}
	f := &muster.FieldError{Line: v.line, Path: "kind"}
	if near := muster.Nearest(v.text, words); near != "" {
		f.Message = fmt.Sprintf("%q is not a kind of document; did you mean %s?", muster.Clip(v.text, 40), near)
	} else {
		f.Message = fmt.Sprintf("%q is not a kind of document: there are %s", muster.Clip(v.text, 40), strings.Join(words, ", "))
	}
	return "", f
}

// document decodes and checks. Its errors have paths within the document.
func (d *decoder) document(kind muster.Kind, n *node, skip map[string]bool) muster.Document {
	d.bad, d.lines = map[string]bool{}, map[string]int{}
	doc := muster.NewDocument(kind)
	d.object(n, reflect.ValueOf(doc).Elem(), "", skip)
	for _, f := range doc.Check() {
		if other := d.renamed[f.Path]; other != "" {
			f.Path = other
		}
		if d.told(f.Path) {
			continue
		}
		f.Line = nearestLine(d.lines, f.Path, n.line)
		d.wrong = append(d.wrong, f)
	}
	return doc
}

// told reports whether something around the path has an error already.
func (d *decoder) told(path string) bool {
	for path != "" {
		if d.bad[path] {
			return true
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return false
}

// ParseJSON reads one document from JSON. See [ReadJSON], which tells unreadable bodies from wrong ones.
func ParseJSON(kind muster.Kind, body []byte) (muster.Document, []muster.FieldError) {
	doc, err := ReadJSON(kind, "", body)
	if err == nil {
		return doc, nil
	}
	if e, ok := errors.AsType[*muster.Error](err); ok && len(e.Fields) > 0 {
		return nil, e.Fields
	}
	return nil, []muster.FieldError{{Message: err.Error()}}
}

// ReadJSON reads the body of a request that writes one document. The path of the request gives kind and name; the body
// may repeat them. With name "" the body must have it. The error is an *[muster.Error]: ErrTooLarge, ErrUnreadable (not JSON, or a name twice in an
// object) or ErrInvalid (readable but wrong), with every field that is wrong.
func ReadJSON(kind muster.Kind, name string, body []byte) (muster.Document, error) {
	if problem, tooLarge := checkBytes(body); problem != "" {
		if tooLarge {
			return nil, muster.Errorf(muster.ErrTooLarge, "The document %s.", problem)
		}
		return nil, muster.Errorf(muster.ErrUnreadable, "The document %s.", problem)
	}
	if muster.NewDocument(kind) == nil {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no kind of document called %q.", muster.Clip(string(kind), 40))
	}
	values, bad := readJSON(body)
	switch {
	case bad != nil:
		return nil, unreadable(*bad)
	case len(values) != 1:
		return nil, unreadable(muster.FieldError{Message: fmt.Sprintf("the body must hold one JSON object, not %d values", len(values))})
	case values[0].kind != mapNode:
		return nil, unreadable(muster.FieldError{Message: "the body must be a JSON object, not " + values[0].kind.String()})
	}
	n := values[0]
	var early []muster.FieldError
	skip := map[string]bool{}
	if v := n.field("kind"); v != nil {
		k, ok := muster.KindOf(v.text)
		switch {
		case kind == muster.KindConnectors && (!ok || k != kind): // its own kind
		case ok && k == kind:
			skip["kind"] = true
		default:
			skip["kind"] = true
			early = append(early, muster.FieldError{Line: v.line, Path: "kind", Message: fmt.Sprintf("must be %s, as the path says", kind.Singular())})
		}
	}
	if v := n.field("name"); name != "" {
		if v == nil {
			n.pairs = append(n.pairs, pair{name: "name", value: &node{kind: textNode, text: name}})
		} else if v.kind == nullNode {
			*v = node{kind: textNode, text: name, line: v.line}
		} else if v.text != name {
			early = append(early, muster.FieldError{Line: v.line, Path: "name", Message: fmt.Sprintf("must be %q, as the path says: a name never changes", muster.Clip(name, 70))})
		}
	}
	d := decoder{}
	if skip["kind"] && kind == muster.KindConnectors {
		d.renamed = renamed(kind)
	}
	doc := d.document(kind, n, skip)
	wrong := append(early, d.wrong...)
	if len(wrong) > maxErrors {
		wrong = wrong[:maxErrors]
	}
	switch {
	case d.twice:
		return nil, unreadable(wrong...)
	case len(wrong) > 0:
		return nil, muster.Invalid(fmt.Sprintf("The %s cannot be kept like this.", kind.Singular()), wrong)
	}
	return doc, nil
}

func unreadable(fields ...muster.FieldError) error {
	return &muster.Error{Code: muster.ErrUnreadable, Message: "The document cannot be read.", Fields: fields}
}
