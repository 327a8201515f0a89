package catalog

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/muster-oncall/muster"
)

// maxTitle is how long a title or a display name may be: lists and phones show them in one line.
const maxTitle = 200

// CheckTitles says which titles of a document are too long, at any depth.
func CheckTitles(d muster.Document) (wrong []muster.FieldError) {
	if d == nil {
		return nil
	}
	var look func(v reflect.Value, path string)
	look = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				look(v.Elem(), path)
			}
		case reflect.Slice:
			for i := range v.Len() {
				if k := v.Index(i).Kind(); k != reflect.Struct && k != reflect.Pointer {
					return
				}
				look(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				f := v.Type().Field(i)
				if !f.IsExported() {
					continue
				}
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				at := strings.TrimPrefix(path+"."+name, ".")
				if f.Type.Kind() != reflect.String {
					look(v.Field(i), at)
				} else if n := v.Field(i).Len(); n > maxTitle && (name == "title" || name == "display") {
					wrong = append(wrong, muster.FieldError{Path: at, Message: fmt.Sprintf("is %d bytes long, and may have %d: make it shorter", n, maxTitle)})
				}
			}
		default:
		}
	}
	look(reflect.ValueOf(d), "")
	return wrong
}
