package carrier

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
)

// names are the placeholders.
var names = []string{"to", "text", "id", "callback"}

var placeholder = regexp.MustCompile(`\{([A-Za-z_]+)\}`)

// fill puts values in for the placeholders. What a value holds is not looked at again.
func fill(s string, value func(name string) string) string {
	return placeholder.ReplaceAllStringFunc(s, func(p string) string {
		if name := p[1 : len(p)-1]; slices.Contains(names, name) {
			return value(name)
		}
		return p
	})
}

// unknown is the first placeholder that does not exist, "" for none.
func unknown(s string) string {
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		if !slices.Contains(names, m[1]) {
			return m[0]
		}
	}
	return ""
}

// body is a parsed template: values are filled into the strings of a JSON value, or of a form, and encoded afterwards, so
// that no value can become anything but a string. A field that is {callback} alone goes when there is none.
type body struct {
	json any
	form url.Values
}

func parseBody(content, text string) (b body, err error) {
	if content != "none" && strings.TrimSpace(text) == "" {
		if text != "" {
			return b, errors.New("is empty")
		}
		return b, nil // said as missing {to} and {text}, unless the URL has them
	}
	switch content {
	case "json":
		if json.Unmarshal([]byte(text), &b.json) != nil {
			return b, errors.New(`is not JSON: placeholders stand inside of strings, like "to":"{to}"`)
		}
		_, err = walk(b.json, func(s string) (string, error) {
			if p := unknown(s); p != "" {
				return "", fmt.Errorf("%s is not a placeholder: there are {%s}", muster.Clip(p, 30), strings.Join(names, "}, {"))
			}
			return s, nil
		})
	case "form":
		if b.form, err = url.ParseQuery(text); err != nil {
			return b, errors.New("is not a form: write it like to={to}&text={text}")
		}
		if p := unknown(text); p != "" {
			err = fmt.Errorf("%s is not a placeholder: there are {%s}", muster.Clip(p, 30), strings.Join(names, "}, {"))
		}
	}
	return b, err
}

// fill writes the body and says its type.
func (b body) fill(v map[string]string) (text, kind string, err error) {
	put := func(s string) string { return fill(s, func(name string) string { return v[name] }) }
	switch {
	case b.json != nil:
		doc, err := walk(b.json, func(s string) (string, error) {
			if s == "{callback}" && v["callback"] == "" {
				return "", errGone
			}
			return put(s), nil
		})
		if err != nil {
			return "", "", err
		}
		out, err := json.Marshal(doc)
		return string(out), "application/json", err
	case b.form != nil:
		out := url.Values{}
		for name, list := range b.form {
			for _, s := range list {
				if s != "{callback}" || v["callback"] != "" {
					out.Add(name, put(s))
				}
			}
		}
		return out.Encode(), "application/x-www-form-urlencoded", nil
	}
	return "", "", nil
}

// errGone leaves a field out.
var errGone = errors.New("nothing to put in")

// walk copies a JSON value with each string changed.
func walk(v any, change func(string) (string, error)) (any, error) {
	switch v := v.(type) {
	case string:
		return change(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, one := range v {
			got, err := walk(one, change)
			if errors.Is(err, errGone) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, got)
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, one := range v {
			got, err := walk(one, change)
			if errors.Is(err, errGone) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out[name] = got
		}
		return out, nil
	}
	return v, nil
}

// field is the text at a path of a JSON value, like messages.0.id; "" when there is none.
func field(v any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return ""
			}
			v = at[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
