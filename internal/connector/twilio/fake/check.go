package fake

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/muster-oncall/muster/internal/contracts"
)

// schema is the part of a JSON schema that Twilio's description uses for forms.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Pattern    string             `json:"pattern"`
	Enum       []string           `json:"enum"`
	MinLength  int                `json:"minLength"`
	MaxLength  int                `json:"maxLength"`
	Items      *schema            `json:"items"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
}

type contract struct {
	Paths map[string]map[string]json.RawMessage `json:"paths"`
	Parts struct {
		Schemas map[string]json.RawMessage `json:"schemas"`
	} `json:"components"`
}

// readSchemas reads the schemas of the forms that create "Messages" and "Calls".
func readSchemas() (map[string]*schema, error) {
	text, err := contracts.FS.ReadFile("twilio-2010.json")
	if err != nil {
		return nil, err
	}
	var c contract
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	out := map[string]*schema{}
	for _, what := range []string{"Messages", "Calls"} {
		var op struct {
			Body struct {
				Content map[string]struct {
					Schema *schema `json:"schema"`
				} `json:"content"`
			} `json:"requestBody"`
		}
		if err := json.Unmarshal(c.Paths["/2010-04-01/Accounts/{AccountSid}/"+what+".json"]["post"], &op); err != nil {
			return nil, err
		}
		s := op.Body.Content["application/x-www-form-urlencoded"].Schema
		for _, p := range s.Properties {
			if p.Ref != "" {
				if err := json.Unmarshal(c.Parts.Schemas[strings.TrimPrefix(p.Ref, "#/components/schemas/")], p); err != nil {
					return nil, err
				}
			}
		}
		out[what] = s
	}
	return out, nil
}

// against says what is wrong with a form by the schema, "" when nothing is.
func (s *schema) against(v url.Values) string {
	for _, name := range s.Required {
		if v.Get(name) == "" {
			return name + " is required"
		}
	}
	for name, values := range v {
		p := s.Properties[name]
		if p == nil {
			return name + " is not a parameter"
		}
		if p.Type == "array" {
			p = p.Items
		} else if len(values) > 1 {
			return name + " comes twice"
		}
		for _, one := range values {
			if why := p.value(one); why != "" {
				return name + " " + why
			}
		}
	}
	return ""
}

func (s *schema) value(v string) string {
	switch s.Type {
	case "integer":
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			return "is not an integer"
		}
	case "number":
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return "is not a number"
		}
	case "boolean":
		if v != "true" && v != "false" {
			return "is not true or false"
		}
	}
	switch {
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, v):
		return "is none of " + strings.Join(s.Enum, ", ")
	case s.MinLength > 0 && len(v) < s.MinLength, s.MaxLength > 0 && len(v) > s.MaxLength:
		return "has the wrong length"
	case s.Format == "uri" && !address(v):
		return "is not a URL"
	}
	if s.Pattern != "" {
		if ok, err := regexp.MatchString(s.Pattern, v); err != nil || !ok {
			return "does not match " + s.Pattern
		}
	}
	return ""
}

// address reports whether Twilio would call an address: absolute, a host without underscores.
func address(v string) bool {
	u, err := url.Parse(v)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && !strings.Contains(u.Hostname(), "_")
}

var (
	e164    = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	service = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
)

// Numbers with a meaning, as with Twilio's test credentials.
const (
	Invalid     = "+15005550001" // no number
	NoRoute     = "+15005550002"
	NoCountry   = "+15005550003" // its country is switched off
	Blocked     = "+15005550004" // opted out
	NotAMobile  = "+15005550009"
	maxBody     = 1600
	maxMarkup   = 4000
	maxValidity = 36000
)

// read reads and checks a form.
func (s *Server) read(r *http.Request, what, body string) (url.Values, *refusal) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, &refusal{http.StatusUnsupportedMediaType, 20415, "Unsupported media type"}
	}
	v, err := url.ParseQuery(body)
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, 20001, "the form cannot be read"}
	}
	bad := func(code int, format string, args ...any) (url.Values, *refusal) {
		return nil, &refusal{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
	}
	schemas, err := s.schemas()
	if err != nil {
		return nil, &refusal{http.StatusInternalServerError, 20500, err.Error()}
	}
	to := v.Get("To")
	switch {
	case to == "" && what == "Messages":
		return bad(21604, "A 'To' phone number is required.")
	case to == "":
		return bad(21201, "No 'To' number is specified")
	case !e164.MatchString(to) || to == Invalid:
		return bad(21211, "The 'To' number %s is not a valid phone number.", to)
	}
	if u := v.Get("StatusCallback"); u != "" && !address(u) {
		return bad(21609, "The 'StatusCallback' URL %s is not a valid URL.", u)
	}
	if why := schemas[what].against(v); why != "" {
		return bad(20001, "Invalid parameter: %s", why)
	}
	var f *refusal
	if what == "Messages" {
		f = s.checkMessage(to, v)
	} else {
		f = s.checkCall(to, v)
	}
	return v, f
}

func (s *Server) checkMessage(to string, v url.Values) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, body := v.Get("From"), v.Get("Body")
	n, _ := strconv.Atoi(v.Get("ValidityPeriod")) // the schema has seen to it
	code, why := 0, ""
	switch {
	case from == "" && !service.MatchString(v.Get("MessagingServiceSid")):
		code, why = 21603, "A 'From' phone number is required."
	case from != "" && !slices.Contains(s.o.Numbers, from):
		code, why = 21606, "The 'From' phone number is not a valid, SMS-capable number of your account."
	case body == "" && len(v["MediaUrl"]) == 0:
		code, why = 21602, "Message body is required."
	case len(utf16.Encode([]rune(body))) > maxBody:
		code, why = 21617, "The concatenated message body exceeds the 1600 character limit."
	case to == from:
		code, why = 21266, "'To' and 'From' number cannot be the same."
	case v.Has("ValidityPeriod") && (n < 1 || n > maxValidity):
		code, why = 21621, "ValidityPeriod is not from 1 to 36000."
	case to == NoRoute:
		code, why = 21612, "The 'To' phone number is not currently reachable via SMS."
	case to == NoCountry:
		code, why = 21408, "Permission to send an SMS has not been enabled for the region."
	case to == Blocked || s.opted[to]:
		code, why = 21610, "Attempt to send to unsubscribed recipient."
	case to == NotAMobile:
		code, why = 21614, "'To' number is not a valid mobile number."
	}
	if code != 0 {
		return &refusal{http.StatusBadRequest, code, why}
	}
	return nil
}

func (s *Server) checkCall(to string, v url.Values) *refusal {
	code, why := 0, ""
	twiml := v.Get("Twiml")
	n, _ := strconv.Atoi(v.Get("Timeout")) // the schema has seen to it
	switch {
	case !slices.Contains(s.o.Numbers, v.Get("From")):
		code, why = 21210, "The source phone number provided is not yet verified for your account."
	case twiml == "" && v.Get("Url") == "" && v.Get("ApplicationSid") == "":
		code, why = 21205, "Url parameter is required."
	case len([]rune(twiml)) > maxMarkup:
		code, why = 21255, "Twiml is longer than 4000 characters."
	case v.Has("Timeout") && (n < 1 || n > 600):
		code, why = 20001, "Timeout is not from 1 to 600."
	case to == NoCountry:
		code, why = 21215, "Account not authorized to call this number."
	case to == NoRoute:
		code, why = 21214, "'To' phone number cannot be reached."
	}
	if code == 0 && twiml != "" {
		if _, err := readMarkup(twiml); err != nil {
			code, why = 12100, "Document parse failure: "+err.Error()
		}
	}
	if code != 0 {
		return &refusal{http.StatusBadRequest, code, why}
	}
	return nil
}

// segments counts roughly as Twilio does: GSM when all is ASCII without the extended characters.
func segments(body string) int {
	plain := true
	for _, r := range body {
		if (r < ' ' && r != '\n' && r != '\r') || r > '~' || strings.ContainsRune("^{}\\[~]|`", r) {
			plain = false
		}
	}
	n, alone, part := len(body), 160, 153
	if !plain {
		n, alone, part = len(utf16.Encode([]rune(body))), 70, 67
	}
	if n <= alone {
		return 1
	}
	return (n + part - 1) / part
}
