package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// MaxDepth is how deep JSON may be nested.
const MaxDepth = 32

// DecodeJSON reads the request's body into v, strictly: too large is 413; bad JSON, duplicate keys and text that is not
// UTF-8 are 400; unknown fields and wrong types are 422 with the path, and the nearest known field.
func DecodeJSON(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	body, err := ReadBody(w, r, limit)
	if err != nil {
		return err
	}
	return Unmarshal(body, v)
}

// Unmarshal is [DecodeJSON] for bytes.
func Unmarshal(body []byte, v any) error {
	if err := CheckJSON(body); err != nil {
		return err
	}
	if fields := unknownFields(body, reflect.TypeOf(v), ""); len(fields) > 0 {
		return muster.Invalid("The input has fields that are not known here", fields)
	}
	if err := json.Unmarshal(body, v); err != nil {
		if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return muster.Invalid("The input is not valid", []muster.FieldError{{Path: te.Field, Message: fmt.Sprintf("must be %s, not a JSON %s", kindWord(te.Type), te.Value)}})
		}
		return muster.Invalid("The input is not valid", []muster.FieldError{{Message: err.Error()}})
	}
	return nil
}

func kindWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Pointer:
		return kindWord(t.Elem())
	default:
		return "an object"
	}
}

// CheckJSON refuses what is not exactly one JSON value: bad syntax, keys that occur twice in an object, nesting deeper
// than [MaxDepth], and text that is not UTF-8.
func CheckJSON(body []byte) error {
	if !utf8.Valid(body) {
		return muster.Errorf(muster.ErrUnreadable, "The body is not UTF-8 text.")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return muster.Errorf(muster.ErrUnreadable, "The body is empty: JSON is expected.")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := checkValue(dec, 0); err != nil {
		if _, ok := errors.AsType[*muster.Error](err); ok {
			return err
		}
		return muster.WrapError(muster.ErrUnreadable, err, "The body is not JSON: line %d.", 1+bytes.Count(body[:min(int(dec.InputOffset()), len(body))], []byte("\n")))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return muster.Errorf(muster.ErrUnreadable, "The body has more after the end of its JSON.")
	}
	return nil
}

func checkValue(dec *json.Decoder, depth int) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	if depth >= MaxDepth {
		return muster.Errorf(muster.ErrUnreadable, "The JSON is nested deeper than %d levels.", MaxDepth)
	}
	var seen map[string]bool
	if open == '{' {
		seen = map[string]bool{}
	}
	for dec.More() {
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			k, ok := key.(string)
			if !ok {
				return errors.New("a key is not a text")
			}
			if seen[k] {
				return muster.Errorf(muster.ErrUnreadable, "The key %q occurs twice in one JSON object: what it means is not certain.", muster.Clip(k, 60))
			}
			seen[k] = true
		}
		if err := checkValue(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token() // the closing bracket
	return err
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()
)

// unknownFields compares body with t and tells every field that t does not have. Types that decode themselves are
// left to do so.
func unknownFields(body []byte, t reflect.Type, path string) (f []muster.FieldError) {
	for t != nil && t.Kind() == reflect.Pointer {
		if t.Implements(unmarshaler) || t.Implements(textUnmarshaler) {
			return nil
		}
		t = t.Elem()
	}
	if t == nil || reflect.PointerTo(t).Implements(unmarshaler) || reflect.PointerTo(t).Implements(textUnmarshaler) {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		var obj map[string]json.RawMessage
		if json.Unmarshal(body, &obj) != nil {
			return nil // the wrong type: json.Unmarshal will say so
		}
		known := map[string]reflect.Type{}
		var names []string
		structFields(t, func(name string, ft reflect.Type) {
			known[name] = ft
			names = append(names, name)
		})
		for _, k := range sortedKeys(obj) {
			ft, ok := known[k]
			if !ok {
				msg := "is not a field of this"
				if near := muster.Nearest(k, names); near != "" {
					msg += fmt.Sprintf(" (did you mean %s?)", near)
				}
				f = append(f, muster.FieldError{Path: join(path, muster.Clip(k, 60)), Message: msg})
				continue
			}
			f = append(f, unknownFields(obj[k], ft, join(path, k))...)
		}
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return nil
		}
		var list []json.RawMessage
		if json.Unmarshal(body, &list) != nil {
			return nil
		}
		for i, b := range list {
			f = append(f, unknownFields(b, t.Elem(), fmt.Sprintf("%s[%d]", path, i))...)
		}
	case reflect.Map:
		var obj map[string]json.RawMessage
		if json.Unmarshal(body, &obj) != nil {
			return nil
		}
		for _, k := range sortedKeys(obj) {
			f = append(f, unknownFields(obj[k], t.Elem(), join(path, muster.Clip(k, 60)))...)
		}
	default:
	}
	return f
}

func structFields(t reflect.Type, add func(string, reflect.Type)) {
	for sf := range t.Fields() {
		tag, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if tag == "-" {
			continue
		}
		if sf.Anonymous && tag == "" {
			e := sf.Type
			if e.Kind() == reflect.Pointer {
				e = e.Elem()
			}
			if e.Kind() == reflect.Struct {
				structFields(e, add)
				continue
			}
		}
		if !sf.IsExported() {
			continue
		}
		if tag == "" {
			tag = sf.Name
		}
		add(tag, sf.Type)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
