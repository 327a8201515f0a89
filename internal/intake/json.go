package intake

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// MaxDepth is how deep JSON may be nested.
const MaxDepth = 32

// Type is the type of a JSON value.
type Type uint8

// The types. Absent is a value that is not there.
const (
	Absent Type = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// Value is a JSON value as it was sent: keys in their order and exactly as they are written, numbers as text. The zero
// value is absent; asking it for parts gives absent values.
type Value struct {
	Type   Type
	text   string // of a string; a number or boolean as written
	list   []Value
	fields []Field
}

// Field is a key of an object with its value.
type Field struct {
	Name  string
	Value Value
}

// TextValue is a string that nobody sent.
func TextValue(s string) Value { return Value{Type: String, text: s} }

// Get returns the value of a key of an object.
func (v Value) Get(name string) Value {
	for i := range v.fields {
		if v.fields[i].Name == name {
			return v.fields[i].Value
		}
	}
	return Value{}
}

// List returns the elements of an array.
func (v Value) List() []Value { return v.list }

// Fields returns the keys of an object with their values, in their order.
func (v Value) Fields() []Field { return v.fields }

// Text is the value of a string, number or boolean as text, "" for anything else.
func (v Value) Text() string { return v.text }

// Scalar reports whether the value is a string, number or boolean.
func (v Value) Scalar() bool { return v.Type == String || v.Type == Number || v.Type == Bool }

// Joined is [Value.Text], and for an array of such values all of them with commas between.
func (v Value) Joined() string {
	if v.Type != Array {
		return v.text
	}
	parts := make([]string, 0, len(v.list))
	for _, e := range v.list {
		if e.Scalar() && e.text != "" {
			parts = append(parts, e.text)
		}
	}
	return strings.Join(parts, ", ")
}

// Path follows a dotted path: "data.items", "labels.host", "tags[0]", "[2].name". A key that has dots itself is found
// when it stands alone at the end: "labels.app.kubernetes.io".
func (v Value) Path(path string) Value {
	for path != "" && v.Type != Absent {
		if v.Type == Object {
			if w := v.Get(path); w.Type != Absent {
				return w
			}
			if strings.IndexByte(path, '.') < 0 && strings.IndexByte(path, '[') < 0 {
				return Value{}
			}
		}
		if path[0] == '[' {
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return Value{}
			}
			n, err := strconv.Atoi(path[1:end])
			if err != nil || n < 0 || n >= len(v.list) {
				return Value{}
			}
			v, path = v.list[n], strings.TrimPrefix(path[end+1:], ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			return v.Get(path)
		}
		name, rest := path[:end], path[end:]
		v, path = v.Get(name), strings.TrimPrefix(rest, ".")
	}
	return v
}

// ReadJSON reads exactly one JSON value. It refuses text that is not UTF-8, keys that occur twice in an object, nesting
// deeper than [MaxDepth], and everything that JSON's grammar refuses, with [muster.ErrUnreadable].
func ReadJSON(body []byte) (Value, error) {
	if !utf8.Valid(body) {
		return Value{}, muster.Errorf(muster.ErrUnreadable, "The body is not UTF-8 text.")
	}
	r := reader{s: string(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))}
	r.space()
	if r.i == len(r.s) {
		return Value{}, muster.Errorf(muster.ErrUnreadable, "The body is empty: JSON is expected.")
	}
	v, ok := r.value(0)
	if ok {
		if r.space(); r.i != len(r.s) {
			ok = r.fail("there is more after the end of the JSON")
		}
	}
	if !ok {
		line := 1 + strings.Count(r.s[:min(r.i, len(r.s))], "\n")
		return Value{}, muster.Errorf(muster.ErrUnreadable, "The body is not readable at line %d: %s.", line, r.why)
	}
	return v, nil
}

// reader is a recursive descent over s; strings without escapes are slices of it. Its methods return false after fail.
type reader struct {
	s   string
	i   int
	why string
}

func (r *reader) fail(why string) bool {
	if r.why == "" {
		r.why = why
	}
	return false
}

func (r *reader) space() {
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return
		}
	}
}

func (r *reader) value(depth int) (Value, bool) {
	if r.i >= len(r.s) {
		return Value{}, r.fail("it breaks off")
	}
	switch c := r.s[r.i]; {
	case c == '{' || c == '[':
		if depth >= MaxDepth {
			return Value{}, r.fail("it is nested deeper than 32 levels")
		}
		r.i++
		if c == '{' {
			return r.object(depth + 1)
		}
		return r.array(depth + 1)
	case c == '"':
		s, ok := r.str()
		return Value{Type: String, text: s}, ok
	case c == '-' || (c >= '0' && c <= '9'):
		s, ok := r.number()
		return Value{Type: Number, text: s}, ok
	}
	for _, w := range [...]struct {
		text string
		t    Type
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if strings.HasPrefix(r.s[r.i:], w.text) {
			r.i += len(w.text)
			v := Value{Type: w.t}
			if w.t == Bool {
				v.text = w.text
			}
			return v, true
		}
	}
	return Value{}, r.fail("a JSON value is expected")
}

func (r *reader) object(depth int) (Value, bool) {
	v := Value{Type: Object}
	var seen map[string]struct{}
	r.space()
	if r.i < len(r.s) && r.s[r.i] == '}' {
		r.i++
		return v, true
	}
	for {
		r.space()
		if r.i >= len(r.s) || r.s[r.i] != '"' {
			return v, r.fail("a key in double quotes is expected")
		}
		name, ok := r.str()
		if !ok {
			return v, false
		}
		if seen, ok = duplicate(v.fields, seen, name); !ok {
			return v, r.fail("the key " + strconv.Quote(muster.CleanLine(name, 60)) + " occurs twice in one object, so what it means is not certain")
		}
		r.space()
		if r.i >= len(r.s) || r.s[r.i] != ':' {
			return v, r.fail("a colon is expected after a key")
		}
		r.i++
		r.space()
		w, ok := r.value(depth)
		if !ok {
			return v, false
		}
		if v.fields == nil {
			v.fields = make([]Field, 0, 8) // growing to it would cost as much as reading
		}
		v.fields = append(v.fields, Field{Name: name, Value: w})
		if more, ok := r.next('}'); !ok || !more {
			return v, ok
		}
	}
}

// duplicate looks for name among few fields one by one, among many in a set.
func duplicate(fields []Field, seen map[string]struct{}, name string) (map[string]struct{}, bool) {
	if len(fields) < 24 {
		for i := range fields {
			if fields[i].Name == name {
				return seen, false
			}
		}
		return seen, true
	}
	if seen == nil {
		seen = make(map[string]struct{}, 2*len(fields))
		for i := range fields {
			seen[fields[i].Name] = struct{}{}
		}
	}
	if _, twice := seen[name]; twice {
		return seen, false
	}
	seen[name] = struct{}{}
	return seen, true
}

func (r *reader) array(depth int) (Value, bool) {
	v := Value{Type: Array}
	r.space()
	if r.i < len(r.s) && r.s[r.i] == ']' {
		r.i++
		return v, true
	}
	for {
		r.space()
		w, ok := r.value(depth)
		if !ok {
			return v, false
		}
		v.list = append(v.list, w)
		if more, ok := r.next(']'); !ok || !more {
			return v, ok
		}
	}
}

// next reads the comma or the closing bracket after an element.
func (r *reader) next(end byte) (more, ok bool) {
	r.space()
	if r.i >= len(r.s) {
		return false, r.fail("it breaks off")
	}
	switch r.s[r.i] {
	case ',':
		r.i++
		return true, true
	case end:
		r.i++
		return false, true
	}
	return false, r.fail("a comma or " + string(end) + " is expected")
}

func (r *reader) number() (string, bool) {
	start := r.i
	digits := func() bool {
		from := r.i
		for r.i < len(r.s) && r.s[r.i] >= '0' && r.s[r.i] <= '9' {
			r.i++
		}
		return r.i > from
	}
	if r.s[r.i] == '-' {
		r.i++
	}
	if r.i < len(r.s) && r.s[r.i] == '0' {
		r.i++
	} else if !digits() {
		return "", r.fail("a number is not complete")
	}
	if r.i < len(r.s) && r.s[r.i] == '.' {
		r.i++
		if !digits() {
			return "", r.fail("a number is not complete")
		}
	}
	if r.i < len(r.s) && (r.s[r.i] == 'e' || r.s[r.i] == 'E') {
		r.i++
		if r.i < len(r.s) && (r.s[r.i] == '+' || r.s[r.i] == '-') {
			r.i++
		}
		if !digits() {
			return "", r.fail("a number is not complete")
		}
	}
	return r.s[start:r.i], true
}

func (r *reader) str() (string, bool) {
	r.i++
	start := r.i
	for r.i < len(r.s) {
		switch c := r.s[r.i]; {
		case c == '"':
			r.i++
			return r.s[start : r.i-1], true
		case c == '\\':
			return r.escaped(start)
		case c < ' ':
			return "", r.fail("a text holds a control character or a line break")
		default:
			r.i++
		}
	}
	return "", r.fail("a text does not end")
}

// escaped goes on with a string that has escapes.
func (r *reader) escaped(start int) (string, bool) {
	b := append(make([]byte, 0, r.i-start+64), r.s[start:r.i]...)
	for r.i < len(r.s) {
		c := r.s[r.i]
		r.i++
		switch {
		case c == '"':
			return string(b), true
		case c < ' ':
			return "", r.fail("a text holds a control character or a line break")
		case c != '\\':
			b = append(b, c)
			continue
		}
		if r.i >= len(r.s) {
			break
		}
		c = r.s[r.i]
		r.i++
		if c == 'u' {
			u, ok := r.unicode()
			if !ok {
				return "", false
			}
			b = utf8.AppendRune(b, u)
			continue
		}
		at := strings.IndexByte(`"\/bfnrt`, c)
		if at < 0 {
			return "", r.fail("a text holds a backslash that JSON does not know")
		}
		b = append(b, "\"\\/\b\f\n\r\t"[at])
	}
	return "", r.fail("a text does not end")
}

// unicode reads what follows \u, two halves together where they belong together. Half a character is U+FFFD.
func (r *reader) unicode() (rune, bool) {
	u, ok := r.hex4()
	if !ok {
		return 0, r.fail(`four hexadecimal digits are expected after \u`)
	}
	if !utf16.IsSurrogate(u) {
		return u, true
	}
	if strings.HasPrefix(r.s[r.i:], `\u`) {
		back := r.i
		r.i += 2
		if low, ok := r.hex4(); ok {
			if full := utf16.DecodeRune(u, low); full != utf8.RuneError {
				return full, true
			}
		}
		r.i = back
	}
	return utf8.RuneError, true
}

func (r *reader) hex4() (rune, bool) {
	if r.i+4 > len(r.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(r.s[r.i:r.i+4], 16, 16)
	if err != nil || strings.ContainsAny(r.s[r.i:r.i+4], "+-_") {
		return 0, false
	}
	r.i += 4
	return rune(n), true
}
