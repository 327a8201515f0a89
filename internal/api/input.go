package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/httpx"
)

// input is how a request becomes the In of an operation: some fields from the path, the rest from the query of a GET or
// DELETE, or from a JSON body.
type input struct {
	typ    reflect.Type
	path   []muster.OpField
	query  []muster.OpField // read from the query
	body   []muster.OpField // read from the JSON body, into bodyOf
	bodyOf reflect.Type     // a struct of the fields of body alone
	whole  *muster.OpField  // takes the whole body as it is: the document of a PUT
	match  *muster.OpField  // takes the revision of If-Match
	any    *muster.OpField  // takes "If-Match: *"
	vers   *muster.OpField  // a body field that If-Match may give instead
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

func inputOf(op muster.Op) (input, error) {
	in := input{typ: op.In}
	if op.In == nil || op.In.Kind() != reflect.Struct {
		return in, fmt.Errorf("its input is not a struct")
	}
	holes := placeholders(op.Path)
	fields := op.Fields()
	bodiless := op.Method == http.MethodGet || op.Method == http.MethodDelete
	for i, f := range fields {
		if f.Type == rawMessage && f.Name == "body" {
			in.whole = &fields[i]
		}
	}
	for i, f := range fields {
		switch {
		case f.Path != "" && holes[f.Path]:
			delete(holes, f.Path)
			in.path = append(in.path, f)
		case f.Path != "":
			return in, fmt.Errorf("its path %s has no {%s}", op.Path, f.Path)
		case in.whole != nil && f.Name == in.whole.Name:
		case f.Name == "if_match":
			in.match = &fields[i]
		case f.Name == "any" && f.IsBool():
			in.any = &fields[i]
		case bodiless || in.whole != nil:
			in.query = append(in.query, f)
		default:
			if f.Name == "version" {
				in.vers = &fields[i]
			}
			in.body = append(in.body, f)
		}
	}
	for h := range holes {
		return in, fmt.Errorf("no field takes {%s} of its path", h)
	}
	if len(in.body) > 0 {
		parts := make([]reflect.StructField, len(in.body))
		for i, f := range in.body {
			sf := op.In.FieldByIndex(f.Index)
			parts[i] = reflect.StructField{Name: sf.Name, Type: sf.Type, Tag: sf.Tag}
		}
		in.bodyOf = reflect.StructOf(parts)
	}
	return in, nil
}

// placeholders lists the {names} of a path.
func placeholders(path string) map[string]bool {
	out := map[string]bool{}
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out[strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")] = true
		}
	}
	return out
}

// read makes an In out of a request. The body comes back for whoever has to recognise it again.
func (in *input) read(w http.ResponseWriter, r *http.Request) (ptr reflect.Value, body []byte, err error) {
	ptr = reflect.New(in.typ)
	v := ptr.Elem()
	if in.bodyOf != nil || in.whole != nil || r.ContentLength != 0 {
		if body, err = httpx.ReadBody(w, r, maxBody); err != nil {
			return ptr, nil, err
		}
	}
	for _, f := range in.path {
		if err := f.SetText(v, r.PathValue(f.Path)); err != nil {
			return ptr, nil, muster.Errorf(muster.ErrNotFound, "The address is not right: %s %s.", f.Path, err)
		}
	}
	if err := in.readQuery(v, r); err != nil {
		return ptr, nil, err
	}
	if err := in.readMatch(v, r); err != nil {
		return ptr, nil, err
	}
	switch {
	case in.whole != nil:
		doc, err := document(body)
		if err != nil {
			return ptr, nil, err
		}
		v.FieldByIndex(in.whole.Index).SetBytes(doc)
	case in.bodyOf != nil && len(bytes.TrimSpace(body)) > 0:
		if err := in.readBody(v, body); err != nil {
			return ptr, nil, err
		}
	case in.bodyOf == nil && len(bytes.TrimSpace(body)) > 0:
		if err := httpx.Unmarshal(body, &struct{}{}); err != nil {
			return ptr, nil, err
		}
	}
	if err := in.versionFromHeader(v, r); err != nil {
		return ptr, nil, err
	}
	return ptr, body, nil
}

// readBody decodes the body. An object has to be one: null would be nothing at all.
func (in *input) readBody(v reflect.Value, body []byte) error {
	part := reflect.New(in.bodyOf)
	if err := httpx.Unmarshal(body, part.Interface()); err != nil {
		return err
	}
	if t := bytes.TrimSpace(body); t[0] != '{' {
		return muster.Invalid("The input is not valid", []muster.FieldError{{Message: "must be an object"}})
	}
	for i, f := range in.body {
		v.FieldByIndex(f.Index).Set(part.Elem().Field(i))
	}
	return nil
}

func (in *input) readQuery(v reflect.Value, r *http.Request) error {
	if r.URL.RawQuery == "" {
		if in.whole != nil || len(in.query) > 0 {
			in.whyHeader(v, r)
		}
		return nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return muster.Errorf(muster.ErrUnreadable, "The query of the address cannot be read.")
	}
	in.whyHeader(v, r)
	var wrong []muster.FieldError
	known := make([]string, 0, len(in.query))
	for _, f := range in.query {
		known = append(known, f.Name)
		texts, ok := q[f.Name]
		delete(q, f.Name)
		if !ok || (len(texts) == 1 && texts[0] == "") {
			continue
		}
		if err := f.SetText(v, texts...); err != nil {
			wrong = append(wrong, muster.FieldError{Path: f.Name, Message: err.Error()})
		}
	}
	for name := range q {
		msg := "is not a parameter of this address"
		if near := muster.Nearest(name, known); near != "" {
			msg += fmt.Sprintf(" (did you mean %s?)", near)
		}
		wrong = append(wrong, muster.FieldError{Path: muster.Clip(name, 60), Message: msg})
	}
	return muster.Invalid("The parameters are not right", wrong)
}

// whyHeader takes the reason of a change from a header, for bodies that have no room for it.
func (in *input) whyHeader(v reflect.Value, r *http.Request) {
	if why := r.Header.Get("Muster-Why"); why != "" {
		for _, f := range in.query {
			if f.Name == "why" {
				v.FieldByIndex(f.Index).SetString(why)
			}
		}
	}
}

// readMatch reads which revision the sender saw. A change of a document has to say it, or that it does not matter.
func (in *input) readMatch(v reflect.Value, r *http.Request) error {
	if in.match == nil {
		return nil
	}
	ifMatch, ifNone := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case ifNone == "*" && ifMatch == "":
		return nil // revision 0: there must be none yet
	case ifMatch == "":
		return muster.Errorf(muster.ErrPrecondition, "Say which revision you changed: If-Match with the ETag that you read, If-None-Match: * for a new document, or If-Match: * to write whatever is there.")
	case ifMatch == "*" && in.any != nil:
		v.FieldByIndex(in.any.Index).SetBool(true)
		return nil
	}
	n, ok := tagNumber(ifMatch)
	if !ok {
		return muster.Errorf(muster.ErrPrecondition, "If-Match is not an ETag of a document: it looks like \"42\".")
	}
	v.FieldByIndex(in.match.Index).SetInt(n)
	return nil
}

// versionFromHeader lets If-Match stand for the version in the body.
func (in *input) versionFromHeader(v reflect.Value, r *http.Request) error {
	tag := r.Header.Get("If-Match")
	if in.vers == nil || tag == "" || tag == "*" {
		return nil
	}
	n, ok := tagNumber(tag)
	f := v.FieldByIndex(in.vers.Index)
	if !ok || (f.Int() != 0 && f.Int() != n) {
		return muster.Errorf(muster.ErrPrecondition, "If-Match does not name the version that the body names: it looks like \"3\".")
	}
	f.SetInt(n)
	return nil
}

func tagNumber(tag string) (int64, bool) {
	tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
	n, err := strconv.ParseInt(tag, 10, 64)
	return n, err == nil && n >= 0
}

// document takes a document, also as reading one gave it: with its revision among its fields. Which revision counts is
// If-Match's to say.
func document(body []byte) ([]byte, error) {
	if err := httpx.CheckJSON(body); err != nil {
		return nil, err
	}
	var obj map[string]json.RawMessage
	if json.Unmarshal(body, &obj) != nil || obj == nil {
		return nil, muster.Invalid("The document is not right", []muster.FieldError{{Message: "must be an object"}})
	}
	if _, ok := obj["revision"]; !ok {
		return body, nil
	}
	delete(obj, "revision")
	out, err := json.Marshal(obj)
	if err != nil {
		return nil, muster.WrapError(muster.ErrUnreadable, err, "The document cannot be read.")
	}
	return out, nil
}
