package muster

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// OpField is one field of an operation's In, as its tags describe it. Fields of embedded structs count as In's own.
type OpField struct {
	Name     string // json
	Path     string // name of the placeholder in Op.Path; "" when REST does not take it from the path
	Arg      string // "1", "2", … or "rest"; "" when it is an option
	Doc      string
	Required bool // the JSON tag has neither omitempty nor omitzero
	Type     reflect.Type
	Index    []int
}

// Fields lists the fields of In in their order.
func (o Op) Fields() []OpField { return fieldsOf(o.In, nil) }

func fieldsOf(t reflect.Type, at []int) (out []OpField) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(append([]int{}, at...), i)
		name, opts, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if sf.Anonymous && name == "" && sf.Type.Kind() == reflect.Struct {
			out = append(out, fieldsOf(sf.Type, index)...)
			continue
		}
		if !sf.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		out = append(out, OpField{
			Name: name, Path: sf.Tag.Get("path"), Arg: sf.Tag.Get("arg"), Doc: sf.Tag.Get("doc"), Type: sf.Type, Index: index,
			Required: !strings.Contains(opts, "omit"),
		})
	}
	return out
}

// IsBool reports whether the field is a yes or no, so that a command line may leave its value out.
func (f OpField) IsBool() bool {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Bool
}

// IsList reports whether the field takes several values.
func (f OpField) IsList() bool {
	return f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() != reflect.Uint8
}

// SetText reads text into the field of in, which is an addressable value of type Op.In. A list takes each text, and
// splits it at commas. The error says what was expected.
func (f OpField) SetText(in reflect.Value, texts ...string) error {
	v := in.FieldByIndex(f.Index)
	if !f.IsList() {
		if len(texts) != 1 {
			return fmt.Errorf("is given %d times, but takes one value", len(texts))
		}
		return setText(v, texts[0])
	}
	for _, text := range texts {
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			e := reflect.New(f.Type.Elem()).Elem()
			if err := setText(e, part); err != nil {
				return err
			}
			v.Set(reflect.Append(v, e))
		}
	}
	return nil
}

func setText(v reflect.Value, text string) error {
	if v.Kind() == reflect.Pointer {
		e := reflect.New(v.Type().Elem())
		if err := setText(e.Elem(), text); err != nil {
			return err
		}
		v.Set(e)
		return nil
	}
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("must be true or false, not %q", Clip(text, 40))
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v.OverflowInt(n) {
			return fmt.Errorf("must be a whole number, not %q", Clip(text, 40))
		}
		v.SetInt(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("must be a number, not %q", Clip(text, 40))
		}
		v.SetFloat(n)
	default:
		return fmt.Errorf("cannot be given as text: send it as JSON")
	}
	return nil
}
