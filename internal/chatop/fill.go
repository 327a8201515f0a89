package chatop

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// filler fills the input of one operation from text.
type filler struct {
	*Chat
	actor     muster.Actor
	room      string
	op        *muster.Op
	defaulted muster.Duration // the promise that was filled in
}

func (f *filler) fill(ctx context.Context, text string, set map[string]string) (reflect.Value, error) {
	ptr := reflect.New(f.op.In)
	in := ptr.Elem()
	fields := f.op.Fields()
	var positions []muster.OpField
	var rest *muster.OpField
	options := map[string]muster.OpField{}
	for i, fd := range fields {
		switch fd.Arg {
		case "":
			options[fd.Name] = fd
		case "rest":
			rest = &fields[i]
		default:
			positions = append(positions, fd)
		}
	}
	slices.SortFunc(positions, func(a, b muster.OpField) int { return strings.Compare(a.Arg, b.Arg) })
	given := map[string]bool{}
	for name, v := range set {
		if fd, ok := options[name]; ok {
			given[name] = true
			if err := fd.SetText(in, v); err != nil {
				return ptr, wrong(name, err.Error())
			}
		}
	}
	var err error
	for _, fd := range positions {
		if text, err = f.options(in, options, given, text); err != nil {
			return ptr, err
		}
		if text, err = f.position(ctx, in, fd, text, rest != nil); err != nil {
			return ptr, err
		}
	}
	if text, err = f.options(in, options, given, text); err != nil {
		return ptr, err
	}
	switch {
	case rest != nil && text != "":
		if err := rest.SetText(in, text); err != nil {
			return ptr, wrong(rest.Name, err.Error())
		}
	case rest != nil && rest.Required:
		return ptr, wrong(rest.Name, "is missing: "+rest.Doc)
	case rest == nil && text != "":
		return ptr, wrong("", fmt.Sprintf("I do not know what to do with %q", muster.Clip(text, 60)))
	}
	f.promise(in, options, given)
	return ptr, nil
}

func wrong(path, message string) error {
	return muster.Invalid("I did not understand that", []muster.FieldError{{Path: path, Message: message}})
}

// options takes name=value words off the front, as long as the operation knows the names. Quotes keep spaces together.
func (f *filler) options(in reflect.Value, options map[string]muster.OpField, given map[string]bool, text string) (string, error) {
	for {
		word, _ := cut(text)
		name, _, ok := strings.Cut(word, "=")
		fd, known := options[name]
		if !ok || !known {
			return text, nil
		}
		text = strings.TrimPrefix(strings.TrimSpace(text), name+"=")
		var value string
		if strings.HasPrefix(text, `"`) {
			end := strings.Index(text[1:], `"`)
			if end < 0 {
				return "", wrong(name, "the quote is not closed")
			}
			value, text = text[1:1+end], strings.TrimSpace(text[2+end:])
		} else {
			value, text = cut(text)
		}
		if err := fd.SetText(in, value); err != nil {
			return "", wrong(name, err.Error())
		}
		given[name] = true
	}
}

// position takes one position off the front, or finds out what is meant when it was left out.
func (f *filler) position(ctx context.Context, in reflect.Value, fd muster.OpField, text string, hasRest bool) (string, error) {
	word, after := cut(text)
	set := func(v, rest string) (string, error) {
		if err := fd.SetText(in, v); err != nil {
			return "", wrong(fd.Name, err.Error())
		}
		return rest, nil
	}
	switch fd.Name {
	case "incident":
		if key, ok := muster.ParseIncidentKey(word); ok {
			return set(string(key), after)
		}
		if strings.HasPrefix(word, "inc_") {
			return set(word, after)
		}
		if f.room != "" {
			return set(f.room, text)
		}
		key, err := f.newest(ctx, "/incidents", map[string]string{"status": "open"})
		if err == nil && key == "" {
			key, err = f.newest(ctx, "/incidents", map[string]string{"status": "mitigated"})
		}
		if err != nil || key == "" {
			return "", orNone(err, "There is no open incident right now.")
		}
		return set(key, text)
	case "alert":
		if strings.HasPrefix(word, "alt_") {
			return set(word, after)
		}
		filter := map[string]string{"status": "open"}
		if f.room != "" {
			filter["incident"] = f.room
		}
		alert, err := f.newest(ctx, "/alerts", filter)
		if err != nil || alert == "" {
			return "", orNone(err, "There is no open alert right now.")
		}
		return set(alert, text)
	case "person", "user":
		if word == "" {
			break
		}
		expert := f.op.Name == "PageResponder"
		if expert {
			topic, after, found, err := f.asked(text)
			if err != nil {
				return "", err
			}
			if found {
				return set(topic, after)
			}
		}
		if u, ok := f.person(word); ok {
			return set(string(u), after)
		}
		if near := f.catalog().NearTopic(word); expert && near != "" {
			return "", wrong(fd.Name, fmt.Sprintf("I know nobody called %q, and no topic; did you mean %q?", muster.Clip(word, 40), near))
		} else if expert {
			return "", wrong(fd.Name, fmt.Sprintf("I know nobody called %q", muster.Clip(word, 40)))
		}
		if !fd.Required && hasRest {
			return text, nil
		}
		return "", wrong(fd.Name, fmt.Sprintf("I know nobody called %q", muster.Clip(word, 40)))
	case "role":
		return set(string(role(word)), after)
	case "topic":
		topic, after, found, err := f.asked(text)
		if err != nil {
			return "", err
		}
		if found {
			return set(topic, after)
		}
	}
	if word == "" {
		if fd.Required {
			return "", wrong(fd.Name, "is missing: "+fd.Doc)
		}
		return text, nil
	}
	return set(word, after)
}

func orNone(err error, none string) error {
	if err != nil {
		return err
	}
	return muster.Errorf(muster.ErrConflict, "%s", none)
}

// person finds somebody by name, e-mail address or display name; a first name will do when it is nobody else's.
func (f *filler) person(word string) (muster.UserName, bool) {
	word = strings.TrimPrefix(strings.TrimSuffix(word, ","), "@")
	if strings.EqualFold(word, "me") && f.actor.User != "" {
		return f.actor.User, true
	}
	cat := f.catalog()
	if u := cat.Users[muster.UserName(strings.ToLower(word))]; u != nil {
		return u.Name, true
	}
	var found []muster.UserName
	for _, d := range cat.Documents(muster.KindUsers) {
		u, ok := d.(*muster.User)
		if !ok || u.Disabled {
			continue
		}
		first, _ := cut(u.Display)
		if strings.EqualFold(word, u.Email) || strings.EqualFold(word, first) || strings.EqualFold(word, strings.ReplaceAll(u.Display, " ", "")) {
			found = append(found, u.Name)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return "", false
}

// role takes the words that people use.
func role(word string) muster.Role {
	switch w := strings.ToLower(word); w {
	case "ic", "incident-commander":
		return muster.RoleIncidentCommander
	case "comms", "communications", "coordinator":
		return muster.RoleCommunicationCoordinator
	case "sme":
		return muster.RoleSubjectMatterExpert
	default:
		return muster.Role(w)
	}
}

// newest asks a list for its first item and gives its key, else its ID; "" when there is none.
func (f *filler) newest(ctx context.Context, path string, filter map[string]string) (string, error) {
	op := f.lists[path]
	if op == nil {
		return "", nil
	}
	ptr := reflect.New(op.In)
	for _, fd := range op.Fields() {
		if v, ok := filter[fd.Name]; ok {
			if err := fd.SetText(ptr.Elem(), v); err != nil {
				return "", fmt.Errorf("chatop: %s of %s: %w", fd.Name, op.Name, err)
			}
		}
		if fd.Name == "limit" {
			if err := fd.SetText(ptr.Elem(), "1"); err != nil {
				return "", fmt.Errorf("chatop: limit of %s: %w", op.Name, err)
			}
		}
	}
	out, err := op.Exec(ctx, f.actor, ptr.Interface())
	if err != nil {
		return "", err
	}
	var list struct {
		Items []struct{ ID, Key string }
	}
	if err := reread(out, &list); err != nil || len(list.Items) == 0 {
		return "", err
	}
	if k := list.Items[0].Key; k != "" {
		return k, nil
	}
	return list.Items[0].ID, nil
}

// promise fills in the default promise of an update that names no time: in a chat, an update must not fail for want of
// a time, and the reply says what was promised.
func (f *filler) promise(in reflect.Value, options map[string]muster.OpField, given map[string]bool) {
	fd, ok := options["in"]
	if _, by := options["next_update_by"]; !ok || !by || given["in"] || given["next_update_by"] || given["final"] {
		return
	}
	d := muster.Duration(muster.DefaultPromise)
	for _, doc := range f.catalog().Documents(muster.KindStatusPages) {
		if sp, ok := doc.(*muster.StatusPage); ok && sp.Promise > 0 {
			d = sp.Promise
			break
		}
	}
	if fd.SetText(in, d.String()) == nil {
		f.defaulted = d
	}
}

// reread reads the outcome of an operation as the API would show it.
func reread(out, into any) error {
	b, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("chatop: read an outcome: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("chatop: read an outcome: %w", err)
	}
	return nil
}
