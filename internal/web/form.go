package web

import (
	"errors"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/web/view"
)

func fieldsOf(err error) []muster.FieldError {
	if e, ok := errors.AsType[*muster.Error](err); ok {
		return e.Fields
	}
	return nil
}

// refused reports whether err is about what was typed, so that the form is shown again with it.
func refused(err error) bool { return muster.CodeOf(err) == muster.ErrInvalid }

// problems words an error for a form. names turns the paths of the operation into the form's fields; a path that it does
// not know stands at the head of the form.
func problems(err error, names map[string]string) []view.Problem {
	var out []view.Problem
	for _, f := range fieldsOf(err) {
		p := view.Problem{Field: f.Path, Line: f.Line, Message: sentence(f.Message)}
		if to, ok := names[f.Path]; ok {
			p.Field = to
		}
		out = append(out, p)
	}
	if len(out) == 0 && err != nil {
		out = append(out, view.Problem{Message: muster.MessageOf(err)})
	}
	return out
}

// sentence makes one of a field's message, which begins in the middle of one.
func sentence(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	s = strings.ToUpper(string(r[0])) + string(r[1:])
	if strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// localTime reads what an input of the type datetime-local sends, in the visitor's zone.
func (v *visit) localTime(path, text string) (muster.Instant, []muster.FieldError) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, v.zone); err == nil {
			return muster.At(t), nil
		}
	}
	return muster.Instant{}, []muster.FieldError{{Path: path, Message: "write a day and a time, like 2026-11-27 03:00"}}
}

// localText is an instant as an input of the type datetime-local takes it.
func (v *visit) localText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(v.zone).Format("2006-01-02T15:04")
}

// option marks the chosen one of a list.
func options(list []view.Option, chosen string) []view.Option {
	out := make([]view.Option, len(list))
	for i, o := range list {
		o.Selected = o.Value == chosen
		out[i] = o
	}
	return out
}

// lineOf is what somebody typed into one line: without control characters and not endless.
func lineOf(s string) string { return muster.CleanLine(strings.TrimSpace(s), 300) }
