package fake

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// markup is what a document says and asks for.
type markup struct {
	said    string // all that is read out, each text once
	message string // what is texted back
	action  string
	gather  bool
	hangup  bool
}

// attributes are the verbs that the fake knows, where each may stand, and what it may bear.
var attributes = map[string][]string{
	"Response": {}, "Say": {"voice", "language", "loop"}, "Pause": {"length"}, "Hangup": {}, "Message": {"to", "from", "action", "method", "statusCallback"},
	"Gather": {"input", "numDigits", "timeout", "action", "method", "finishOnKey", "actionOnEmptyResult"},
}

// readMarkup reads a document strictly: well formed, known verbs, known attributes, nothing between the verbs.
func readMarkup(text string) (m markup, err error) {
	dec := xml.NewDecoder(strings.NewReader(text))
	var path []string
	var said []string
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if err := m.start(path, t); err != nil {
				return m, err
			}
			path = append(path, t.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			in := ""
			if len(path) > 0 {
				in = path[len(path)-1]
			}
			switch {
			case in == "Say":
				said = append(said, string(t))
			case in == "Message":
				m.message += string(t)
			case strings.TrimSpace(string(t)) != "":
				return m, fmt.Errorf("text in %q", in)
			}
		case xml.ProcInst:
			if t.Target != "xml" {
				return m, fmt.Errorf("an instruction %q", t.Target)
			}
		case xml.Directive, xml.Comment:
			return m, errors.New("a directive or a comment")
		}
	}
	m.said = strings.Join(said, " ")
	if len(m.said) > 4096 {
		return m, errors.New("Say is longer than 4096 characters")
	}
	return m, nil
}

func (m *markup) start(path []string, t xml.StartElement) error {
	name := t.Name.Local
	allowed, known := attributes[name]
	if !known || t.Name.Space != "" {
		return fmt.Errorf("the verb %q is not known", name)
	}
	in := strings.Join(path, "/")
	if (name == "Response") != (in == "") || (in != "" && in != "Response" && (in != "Response/Gather" || (name != "Say" && name != "Pause"))) {
		return fmt.Errorf("%s cannot stand in %q", name, in)
	}
	values := map[string]string{}
	for _, a := range t.Attr {
		if !slices.Contains(allowed, a.Name.Local) {
			return fmt.Errorf("%s does not know %q", name, a.Name.Local)
		}
		values[a.Name.Local] = a.Value
	}
	for _, number := range []string{"loop", "numDigits", "timeout", "length"} {
		if v, ok := values[number]; ok {
			if n, err := strconv.Atoi(v); err != nil || n < 1 {
				return fmt.Errorf("%s of %s is %q", number, name, v)
			}
		}
	}
	switch name {
	case "Gather":
		m.gather, m.action = true, values["action"]
		if m.action != "" && !address(m.action) {
			return fmt.Errorf("the action %q is not a URL", m.action)
		}
	case "Hangup":
		m.hangup = true
	}
	return nil
}
