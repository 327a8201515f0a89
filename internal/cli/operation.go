package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/apiclient"
)

// operation runs an operation of the table with the words and flags behind its verb.
func (r *run) operation(ctx context.Context, op *muster.Op, args []string) error {
	args, err := r.zoned(op, args)
	if err != nil {
		return err
	}
	given, err := parse(op, args)
	if err != nil {
		return err
	}
	if err := r.times(op, given, time.Now()); err != nil {
		return err
	}
	if of := given["service"]; op.Name == "Why" && len(of) > 0 {
		_, isKey := muster.ParseIncidentKey(of[0])
		r.once = !isKey && !strings.HasPrefix(of[0], "alt_") && !strings.HasPrefix(of[0], "pag_")
	}
	req, err := request(op, given)
	if err != nil {
		return err
	}
	ans, err := r.client().Do(ctx, req)
	if err != nil {
		return err
	}
	return r.print(op.Name, ans.Body)
}

// parse sorts words and flags to the fields of the operation.
func parse(op *muster.Op, args []string) (map[string][]string, error) {
	positions, rest, options := split(op)
	byFlag := map[string]muster.OpField{}
	var names []string
	for _, f := range append(options, positions...) {
		byFlag[flagName(f.Name)] = f
		names = append(names, flagName(f.Name))
	}
	if rest != nil {
		byFlag[flagName(rest.Name)] = *rest
		names = append(names, flagName(rest.Name))
	}
	given := map[string][]string{}
	var words []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			words = append(words, args[i+1:]...)
			break
		}
		if !strings.HasPrefix(a, "--") {
			words = append(words, a)
			continue
		}
		name, value, hasValue := strings.Cut(a[2:], "=")
		f, ok := byFlag[name]
		if !ok {
			if near := muster.Nearest(name, names); near != "" {
				return nil, muster.Errorf(muster.ErrInvalid, "muster %s has no flag --%s: did you mean --%s?", op.CLI, muster.Clip(name, 40), near)
			}
			return nil, muster.Errorf(muster.ErrInvalid, "muster %s has no flag --%s. Try muster help %s.", op.CLI, muster.Clip(name, 40), op.CLI)
		}
		if !hasValue {
			if f.IsBool() {
				value = "true"
			} else if i++; i >= len(args) {
				return nil, muster.Errorf(muster.ErrInvalid, "--%s needs a value: %s", name, f.Doc)
			} else {
				value = args[i]
			}
		}
		given[f.Name] = append(given[f.Name], value)
	}
	for _, f := range positions {
		if len(given[f.Name]) > 0 {
			continue
		}
		if len(words) == 0 {
			if f.Required {
				return nil, missing(op, f)
			}
			continue
		}
		given[f.Name], words = []string{words[0]}, words[1:]
	}
	switch {
	case len(words) > 0 && rest != nil && len(given[rest.Name]) == 0:
		given[rest.Name] = []string{strings.Join(words, " ")}
	case len(words) > 0:
		return nil, muster.Errorf(muster.ErrInvalid, "muster %s does not know what to do with %q. Try muster help %s.", op.CLI, muster.Clip(words[0], 40), op.CLI)
	case rest != nil && rest.Required && len(given[rest.Name]) == 0:
		return nil, missing(op, *rest)
	}
	for _, f := range options {
		if f.Required && len(given[f.Name]) == 0 && !f.IsBool() && !f.IsList() {
			return nil, muster.Errorf(muster.ErrInvalid, "muster %s needs --%s: %s", op.CLI, flagName(f.Name), f.Doc)
		}
	}
	return given, nil
}

func missing(op *muster.Op, f muster.OpField) error {
	return muster.Errorf(muster.ErrInvalid, "%s is missing: %s. Try muster help %s.", strings.ToUpper(f.Name), f.Doc, op.CLI)
}

// request makes the REST request of an operation. Values are read here first, so that a mistake needs no server.
func request(op *muster.Op, given map[string][]string) (apiclient.Request, error) {
	req := apiclient.Request{Method: op.Method, Path: op.Path, Query: url.Values{}, Header: http.Header{}}
	in := reflect.New(op.In)
	body := map[string]json.RawMessage{}
	bodiless := op.Method == http.MethodGet || op.Method == http.MethodDelete
	var wrong []muster.FieldError
	for _, f := range op.Fields() {
		texts, ok := given[f.Name]
		if f.Name == "if_match" {
			req.Header.Set("If-Match", "*")
			if ok {
				req.Header.Set("If-Match", `"`+texts[0]+`"`)
			}
			continue
		}
		if !ok {
			continue
		}
		if err := f.SetText(in.Elem(), texts...); err != nil {
			wrong = append(wrong, muster.FieldError{Path: flagName(f.Name), Message: err.Error()})
			continue
		}
		switch {
		case f.Path != "":
			req.Path = strings.Replace(req.Path, "{"+f.Path+"}", url.PathEscape(texts[0]), 1)
		case bodiless:
			req.Query[f.Name] = texts
		default:
			b, err := json.Marshal(in.Elem().FieldByIndex(f.Index).Interface())
			if err != nil {
				return req, muster.WrapError(muster.ErrInvalid, err, "The value of --%s cannot be sent.", flagName(f.Name))
			}
			body[f.Name] = b
		}
	}
	if !bodiless {
		req.Body = body
	}
	return req, muster.Invalid("muster "+op.CLI+" was not understood", wrong)
}
