package api

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// schema is a JSON Schema of OpenAPI 3.1. A nil pointer in Type "null" is written as a list of types.
type schema map[string]any

// schemas collects the schemas of named structs.
type schemas struct {
	byType map[reflect.Type]string
	out    map[string]schema
}

func newSchemas() *schemas {
	return &schemas{byType: map[reflect.Type]string{}, out: map[string]schema{}}
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	instantType   = reflect.TypeFor[muster.Instant]()
	durationType  = reflect.TypeFor[muster.Duration]()
	stdTimeType   = reflect.TypeFor[time.Time]()
	documentType  = reflect.TypeFor[muster.Document]()
)

// words are the values of our own word types, for readers of the description.
func words(t reflect.Type) []any {
	list := func(vals ...any) []any { return vals }
	switch t {
	case reflect.TypeFor[muster.AlertStatus]():
		return list(muster.AlertOpen, muster.AlertAcknowledged, muster.AlertResolved)
	case reflect.TypeFor[muster.PageState]():
		return list(muster.PagePlanned, muster.PageStarted, muster.PageAccepted, muster.PageProved, muster.PageUnknown, muster.PageFailed, muster.PageCancelled)
	case reflect.TypeFor[muster.IncidentStatus]():
		return list(muster.IncidentOpen, muster.IncidentMitigated, muster.IncidentResolved, muster.IncidentClosed)
	case reflect.TypeFor[muster.Severity]():
		return list(muster.SEV1, muster.SEV2, muster.SEV3, muster.SEV4)
	case reflect.TypeFor[muster.Outcome]():
		return list(muster.OutcomeOpened, muster.OutcomeAppended, muster.OutcomeResolved, muster.OutcomeSilenced, muster.OutcomeTriage, muster.OutcomeRejected)
	case reflect.TypeFor[muster.Kind]():
		var out []any
		for _, k := range muster.Kinds() {
			out = append(out, k)
		}
		return out
	}
	return nil
}

// of describes a type.
func (s *schemas) of(t reflect.Type) schema {
	switch t {
	case instantType, stdTimeType:
		return schema{"type": []string{"string", "null"}, "format": "date-time", "description": "RFC 3339 in UTC; null when it is not known or has not happened"}
	case durationType:
		return schema{"type": "string", "examples": []string{"30m"}, "description": "a length of time: 90s, 5m, 36h, 3d, 2w"}
	case rawMessage:
		return schema{"description": "any JSON"}
	case documentType:
		return schema{"type": "object", "description": "the document; its fields depend on the kind"}
	}
	if w := words(t); w != nil {
		return schema{"type": "string", "enum": w}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(s.of(t.Elem()))
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return schema{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice {
			return schema{"type": "string", "contentEncoding": "base64"}
		}
		return schema{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		if t == reflect.TypeFor[query.Document]() || t == reflect.TypeFor[command.Document]() {
			return schema{
				"type": "object", "required": []string{"name", "revision"}, "description": "the document's own fields, which depend on its kind, and its revision",
				"properties": schema{"name": schema{"type": "string"}, "revision": schema{"type": "integer"}},
			}
		}
		if t.Implements(jsonMarshaler) {
			return schema{"type": "object"}
		}
		if t.Implements(textMarshaler) {
			return schema{"type": "string"}
		}
		if t.Name() == "" {
			return s.object(t)
		}
		return schema{"$ref": "#/components/schemas/" + s.name(t)}
	default:
		return schema{}
	}
}

func nullable(of schema) schema {
	switch t := of["type"].(type) {
	case string:
		of["type"] = []string{t, "null"}
		if e, ok := of["enum"].([]any); ok {
			of["enum"] = append(e, nil)
		}
		return of
	case []string:
		return of
	}
	if _, ref := of["$ref"]; ref {
		return schema{"oneOf": []schema{of, {"type": "null"}}}
	}
	return of
}

var notWord = regexp.MustCompile(`[^A-Za-z0-9]+`)

// name registers a named struct once and gives its name; two types of the same name are told apart by their package.
func (s *schemas) name(t reflect.Type) string {
	if n, ok := s.byType[t]; ok {
		return n
	}
	n := t.Name()
	if open := strings.IndexByte(n, '['); open > 0 { // Listing[github.com/…/muster.Alert] becomes AlertListing
		arg := strings.TrimSuffix(n[open+1:], "]")
		n = arg[strings.LastIndexAny(arg, "./*")+1:] + n[:open]
	}
	n = notWord.ReplaceAllString(n, "")
	if _, taken := s.out[n]; taken {
		pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
		n = strings.ToUpper(pkg[:1]) + pkg[1:] + n
	}
	for i := 2; s.out[n] != nil; i++ {
		n = fmt.Sprintf("%s%d", n, i)
	}
	s.byType[t] = n
	s.out[n] = schema{} // holds the name, and ends recursion
	s.out[n] = s.object(t)
	return n
}

func (s *schemas) object(t reflect.Type) schema {
	props, required := schema{}, []string{}
	s.properties(t, props, &required)
	out := schema{"type": "object", "properties": props}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// properties describes the fields of a struct, those of embedded structs first.
func (s *schemas) properties(t reflect.Type, props schema, required *[]string) {
	fields := slices.Collect(t.Fields())
	slices.SortStableFunc(fields, func(a, b reflect.StructField) int {
		switch {
		case a.Anonymous == b.Anonymous:
			return 0
		case a.Anonymous:
			return -1
		}
		return 1
	})
	for _, sf := range fields {
		name, opts, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if sf.Anonymous && name == "" {
			e := sf.Type
			if e.Kind() == reflect.Pointer {
				e = e.Elem()
			}
			if e.Kind() == reflect.Struct {
				s.properties(e, props, required)
				continue
			}
		}
		if !sf.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		p := s.of(sf.Type)
		if doc := sf.Tag.Get("doc"); doc != "" {
			if _, ref := p["$ref"]; ref {
				p = schema{"allOf": []schema{p}}
			}
			p["description"] = doc
		}
		if sf.Type.Kind() == reflect.Slice || sf.Type.Kind() == reflect.Map { // nil is written as null
			p = nullable(p)
		}
		props[name] = p // of an outer field and an embedded one with the same name, JSON shows the outer
		at := slices.Index(*required, name)
		switch omit := strings.Contains(opts, "omit"); {
		case omit && at >= 0:
			*required = slices.Delete(*required, at, at+1)
		case !omit && at < 0:
			*required = append(*required, name)
		}
	}
}
