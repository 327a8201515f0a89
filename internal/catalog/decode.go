package catalog

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// decoder fills a document from a tree. It goes on after each error, so that all are told.
type decoder struct {
	wrong   []muster.FieldError
	bad     map[string]bool // paths that have an error: the document's own check is not asked about them
	lines   map[string]int  // path to line
	twice   bool            // some name stood twice in a map
	renamed map[string]string
}

func (d *decoder) fail(path string, line int, format string, args ...any) {
	d.wrong = append(d.wrong, muster.FieldError{Path: path, Line: line, Message: fmt.Sprintf(format, args...)})
	d.bad[path] = true
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// member is a field of a type, by its name in files.
type member struct {
	name      string
	index     int
	omitempty bool
}

// members lists the fields of a struct as the json tags say. renamed is for the top of a connector.
func members(t reflect.Type, renamed map[string]string) (all []member) {
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" || !t.Field(i).IsExported() {
			continue
		}
		if other := renamed[name]; other != "" {
			name = other
		}
		all = append(all, member{name: name, index: i, omitempty: strings.Contains(options, "omitempty")})
	}
	return all
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

func (d *decoder) value(n *node, v reflect.Value, path string) {
	d.lines[path] = n.line
	if n.kind == nullNode {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if reflect.PointerTo(v.Type()).Implements(textType) {
		d.special(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if d.is(n, mapNode, path) {
			d.object(n, v, path, nil)
		}
	case reflect.Slice:
		if n.kind != listNode && v.Type().Elem().Kind() != reflect.Slice {
			d.fail(path, n.line, "must be a list, not %s: write [%s]", n.kind, sample(n))
			return
		}
		list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
		for i, item := range n.items {
			d.value(item, list.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
		v.Set(list)
	case reflect.Map:
		if d.is(n, mapNode, path) {
			d.entries(n, v, path)
		}
	case reflect.String:
		if n.kind == numberNode || n.kind == boolNode {
			d.fail(path, n.line, "must be text: put it in quotes, %q", muster.Clip(n.text, 40))
		} else if d.is(n, textNode, path) {
			if i := strings.IndexFunc(n.text, hostile); i >= 0 {
				r, _ := utf8.DecodeRuneInString(n.text[i:])
				d.fail(path, n.line, "holds a character that cannot be seen and may mislead (%U): take it out", r)
			}
			v.SetString(n.text)
		}
	case reflect.Bool:
		if n.kind != boolNode {
			d.fail(path, n.line, "must be true or false, not %s", shown(n))
			return
		}
		v.SetBool(strings.EqualFold(n.text, "true"))
	case reflect.Int, reflect.Int64:
		i, err := strconv.Atoi(n.text)
		if n.kind != numberNode || err != nil || !decimal.MatchString(n.text) {
			d.fail(path, n.line, "must be a whole number, not %s", shown(n))
			return
		}
		v.SetInt(int64(i))
	default:
		d.fail(path, n.line, "cannot be set in a file")
	}
}

var decimal = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,8})$`)

func (d *decoder) is(n *node, want nodeKind, path string) bool {
	if n.kind != want {
		d.fail(path, n.line, "must be %s, not %s", want, shown(n))
	}
	return n.kind == want
}

func shown(n *node) string {
	switch n.kind {
	case textNode:
		return fmt.Sprintf("the text %q", muster.Clip(n.text, 40))
	case numberNode, boolNode:
		return muster.Clip(n.text, 40)
	case nullNode, listNode, mapNode:
	}
	return n.kind.String()
}

func sample(n *node) string {
	if n.kind == textNode || n.kind == numberNode {
		return muster.Clip(n.text, 40)
	}
	return "…"
}

// special decodes lengths of time and instants, in their own words.
func (d *decoder) special(n *node, v reflect.Value, path string) {
	_, length := reflect.TypeAssert[*muster.Duration](v.Addr())
	switch {
	case n.kind == textNode && n.text == "" && !length:
		return // no instant
	case n.kind == numberNode && length:
		d.fail(path, n.line, "%s of what? Write a unit behind it: 90s, 5m, 36h, 3d or 2w", muster.Clip(n.text, 40))
		return
	case n.kind != textNode:
		d.fail(path, n.line, "must be %s, not %s", map[bool]string{true: "a length of time such as 5m", false: "a time such as 2026-11-27T03:12:40Z"}[length], shown(n))
		return
	}
	u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
	if !ok {
		d.fail(path, n.line, "cannot be set in a file")
		return
	}
	if err := u.UnmarshalText([]byte(n.text)); err != nil {
		d.fail(path, n.line, "%s", err.Error())
	}
}

// object decodes the fields of a struct. Names are compared exactly.
func (d *decoder) object(n *node, v reflect.Value, path string, skip map[string]bool) {
	var renamed map[string]string
	if path == "" {
		renamed = d.renamed
	}
	all := members(v.Type(), renamed)
	seen := map[string]bool{}
	for _, p := range n.pairs {
		at := join(path, p.name)
		if seen[p.name] {
			d.repeated(at, p.line)
			continue
		}
		seen[p.name] = true
		if skip[p.name] {
			d.lines[at] = p.line
			continue
		}
		found := false
		for _, m := range all {
			if m.name != p.name {
				continue
			}
			found = true
			field := v.Field(m.index)
			d.value(p.value, field, at)
			if k := field.Kind(); m.omitempty && (k == reflect.Slice || k == reflect.Map) && field.Len() == 0 {
				field.SetZero() // as it would be after a trip through the store
			}
		}
		if !found {
			d.unknown(path, p, all, seen, n)
		}
	}
}

func (d *decoder) unknown(path string, p pair, all []member, seen map[string]bool, n *node) {
	names := make([]string, 0, len(all))
	for _, m := range all {
		names = append(names, m.name)
	}
	at := join(path, muster.Clip(p.name, 60))
	near := muster.Nearest(p.name, names)
	if near == "" {
		d.fail(at, p.line, "unknown field; there are %s", strings.Join(names, ", "))
		return
	}
	d.fail(at, p.line, "unknown field; did you mean %s?", near)
	if !seen[near] && n.field(near) == nil {
		d.bad[join(path, near)] = true // that it is missing needs no second word
	}
}

func (d *decoder) repeated(path string, line int) {
	d.twice = true
	d.fail(path, line, "stands here for the second time: keep one")
}

func (d *decoder) entries(n *node, v reflect.Value, path string) {
	m := reflect.MakeMapWithSize(v.Type(), len(n.pairs))
	for _, p := range n.pairs {
		at := join(path, muster.Clip(p.name, 60))
		key := reflect.ValueOf(p.name).Convert(v.Type().Key())
		if m.MapIndex(key).IsValid() {
			d.repeated(at, p.line)
			continue
		}
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(p.value, e, at)
		m.SetMapIndex(key, e)
	}
	v.Set(m)
}

// hostile reports whether r has no business in a text: NUL, which a database may refuse, and marks that turn the direction
// of the text around them so that it reads as something else.
func hostile(r rune) bool {
	return r == 0 || (r >= '\u202A' && r <= '\u202E') || (r >= '\u2066' && r <= '\u2069')
}
