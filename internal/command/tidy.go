package command

import (
	"reflect"

	"github.com/muster-oncall/muster"
)

// rawTag marks fields whose text is kept as it is: documents, which are checked when they are read, and secrets.
const rawTag = "raw"

// maxText bounds a text before an operation shortens it to what it keeps.
const maxText = 256 << 10

// tidy cleans every text of an operation's input: what people send by any surface is shown on every other, so it holds no
// control characters and no marks that turn the direction of what follows, and databases that refuse NUL never see one.
func tidy(in any) {
	if v := reflect.ValueOf(in); v.Kind() == reflect.Pointer && !v.IsNil() {
		tidyValue(v.Elem())
	}
}

func tidyValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != "" {
			v.SetString(muster.CleanText(s, maxText))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Tag.Get(rawTag) == "" {
				tidyValue(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			tidyValue(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			tidyValue(v.Elem())
		}
	default: // numbers and times hold no text; documents check their own
	}
}
