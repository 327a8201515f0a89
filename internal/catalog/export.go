package catalog

import (
	"bytes"
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/muster-oncall/muster"
)

// Export writes every document of the catalog as YAML, in the order of [muster.Kinds] and by name. [Parse] reads back
// equal documents.
func Export(c *muster.Catalog) ([]byte, error) {
	var b bytes.Buffer
	for i, d := range c.All() {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := YAML(d)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
	}
	return b.Bytes(), nil
}

// YAML writes one document as it stands in a file. Fields that are not set are left out.
func YAML(d muster.Document) (string, error) {
	w := yamlWriter{renamed: renamed(d.DocKind())}
	w.b.WriteString("kind: " + d.DocKind().Singular() + "\n")
	w.object(reflect.ValueOf(d).Elem(), 0)
	if w.unknown != nil {
		return "", fmt.Errorf("write %s %s as YAML: a field of type %s", d.DocKind().Singular(), d.DocName(), w.unknown)
	}
	return w.b.String(), nil
}

type yamlWriter struct {
	b       strings.Builder
	renamed map[string]string
	unknown reflect.Type // a type of field that documents did not have when this was written
}

func (w *yamlWriter) indent(depth int) { w.b.WriteString(strings.Repeat("  ", depth)) }

// object writes the fields that are set, and returns whether there were any. The cursor stands at the beginning of a
// line; fields begin at depth.
func (w *yamlWriter) object(v reflect.Value, depth int) bool {
	var names map[string]string
	if depth == 0 {
		names = w.renamed
	}
	wrote := false
	for _, m := range members(v.Type(), names) {
		f := v.Field(m.index)
		if f.IsZero() || (m.omitempty && (f.Kind() == reflect.Slice || f.Kind() == reflect.Map) && f.Len() == 0) {
			continue
		}
		w.indent(depth)
		w.b.WriteString(m.name + ":")
		w.value(f, depth+1)
		wrote = true
	}
	return wrote
}

// value writes what comes behind a colon: " scalar" and a line break, or a line break and lines that begin at depth.
func (w *yamlWriter) value(v reflect.Value, depth int) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if m, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		w.marshaled(m, v)
		return
	}
	switch v.Kind() {
	case reflect.String:
		w.text(v.String(), depth)
	case reflect.Bool, reflect.Int, reflect.Int64:
		fmt.Fprintf(&w.b, " %v\n", v.Interface())
	case reflect.Struct:
		w.b.WriteString("\n")
		before := w.b.Len()
		if !w.object(v, depth) {
			w.retract(before, " {}\n")
		}
	case reflect.Slice:
		w.list(v, depth)
	case reflect.Map:
		w.entries(v, depth)
	default:
		w.unknown = v.Type()
	}
}

// retract replaces the line break that was just written at "before" by what stands for nothing.
func (w *yamlWriter) retract(before int, text string) {
	s := w.b.String()[:before-1]
	w.b.Reset()
	w.b.WriteString(s + text)
}

func (w *yamlWriter) marshaled(m encoding.TextMarshaler, v reflect.Value) {
	if i, ok := reflect.TypeAssert[muster.Instant](v); ok {
		w.b.WriteString(" " + i.UTC().Format("2006-01-02T15:04:05.999999Z") + "\n")
		return
	}
	text, err := m.MarshalText()
	if err != nil {
		w.unknown = v.Type()
		return
	}
	w.b.WriteString(" " + string(text) + "\n")
}

func (w *yamlWriter) list(v reflect.Value, depth int) {
	if v.Len() == 0 {
		w.b.WriteString(" []\n")
		return
	}
	if v.Type().Elem().Kind() == reflect.String {
		if line := flowList(v); line != "" {
			w.b.WriteString(" " + line + "\n")
			return
		}
		w.b.WriteString("\n")
		for i := range v.Len() {
			w.indent(depth)
			w.b.WriteString("- " + quoted(v.Index(i).String()) + "\n")
		}
		return
	}
	w.b.WriteString("\n")
	for i := range v.Len() {
		item := yamlWriter{}
		if !item.object(v.Index(i), depth+1) {
			item.b.WriteString(strings.Repeat("  ", depth+1) + "{}\n")
		}
		if item.unknown != nil {
			w.unknown = item.unknown
		}
		w.indent(depth)
		w.b.WriteString("- " + item.b.String()[2*(depth+1):])
	}
}

// flowList writes short lists of plain words on one line: [ana, ben].
func flowList(v reflect.Value) string {
	words := make([]string, v.Len())
	size := 0
	for i := range words {
		words[i] = quoted(v.Index(i).String())
		size += len(words[i]) + 2
	}
	if size > 90 {
		return ""
	}
	return "[" + strings.Join(words, ", ") + "]"
}

func (w *yamlWriter) entries(v reflect.Value, depth int) {
	if v.Len() == 0 {
		w.b.WriteString(" {}\n")
		return
	}
	w.b.WriteString("\n")
	m := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		m[k.String()] = v.MapIndex(k)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		w.indent(depth)
		w.b.WriteString(quoted(k) + ":")
		w.value(m[k], depth+1)
	}
}

// text writes several lines as a block that people can read, when a block keeps them exactly; else as a quoted string.
func (w *yamlWriter) text(s string, depth int) {
	if !blockSafe(s) {
		w.b.WriteString(" " + quoted(s) + "\n")
		return
	}
	mark := " |-\n"
	if strings.HasSuffix(s, "\n") {
		mark = " |\n"
		s = strings.TrimSuffix(s, "\n")
	}
	w.b.WriteString(mark)
	for line := range strings.SplitSeq(s, "\n") {
		if line != "" {
			w.indent(depth)
			w.b.WriteString(line)
		}
		w.b.WriteString("\n")
	}
}

// blockSafe reports whether a block keeps the text: it has several lines, begins with a letter or mark, ends with at most
// one line break, has no spaces at the ends of lines, and nothing that cannot be seen.
func blockSafe(s string) bool {
	body := strings.TrimSuffix(s, "\n")
	if !strings.Contains(s, "\n") || body == "" || body[0] == ' ' || body[0] == '\n' || strings.HasSuffix(body, "\n") {
		return false
	}
	for line := range strings.SplitSeq(body, "\n") {
		if strings.HasSuffix(line, " ") {
			return false
		}
		for _, r := range line {
			if !unicode.IsPrint(r) {
				return false
			}
		}
	}
	return true
}

var (
	plainShape = regexp.MustCompile(`^[\p{L}_/][\p{L}\p{N}_./@+()-]*( [\p{L}\p{N}_./@+()-]+)*$`)
	// What YAML, in any of its versions, takes for something other than text.
	notPlain = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|y|n|null|nan|inf)$`)
)

// quoted writes text on one line: plain where every reader of YAML takes it for text, else in quotes; in single ones
// where it holds double quotes, as matches do.
func quoted(s string) string {
	if plainShape.MatchString(s) && !notPlain.MatchString(s) {
		return s
	}
	hidden := func(r rune) bool { return r == '\'' || !unicode.IsPrint(r) }
	if strings.Contains(s, `"`) && !strings.ContainsFunc(s, hidden) {
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
