package exchange

import (
	"bytes"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// A property is one content line of a calendar: NAME;PARAM=value:value.
type property struct {
	line   int
	name   string // in upper case
	params []param
	value  string // as written
}

type param struct{ name, value string } // the name in upper case, the value without quotes

// param is the value of the parameter of that name, "" without one.
func (p property) param(name string) string {
	for _, a := range p.params {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// A component is what stands between BEGIN and END, without the components inside of it.
type component struct {
	line   int
	name   string
	props  []property
	broken bool // a line of it could not be read, which has been told
}

// get gives the first property of that name.
func (c *component) get(name string) (property, bool) {
	for _, p := range c.props {
		if p.name == name {
			return p, true
		}
	}
	return property{}, false
}

// text is the unescaped value of the first property of that name.
func (c *component) text(name string) string {
	p, _ := c.get(name)
	return unescapeText(p.value)
}

// readProperties are the properties that are looked at; others, and there are many, are not kept.
var readProperties = []string{
	"ATTENDEE", "DESCRIPTION", "DTEND", "DTSTAMP", "DTSTART", "DURATION", "EXDATE", "EXRULE", "ORGANIZER", "RDATE",
	"RECURRENCE-ID", "RRULE", "SEQUENCE", "STATUS", "SUMMARY", "TZID", "UID", "URL", "X-LIC-LOCATION",
}

// parsed is a calendar taken apart.
type parsed struct {
	events []*component
	zones  map[string]string // TZID of a VTIMEZONE → the IANA name that its writer says it stands for
}

// parseCalendar takes the bytes apart. What stands in components that are not read (alarms, to-dos, rules of time zones)
// is not looked at.
func parseCalendar(b []byte, f *faults) parsed {
	out := parsed{zones: map[string]string{}}
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	if !bytes.HasPrefix(bytes.ToUpper(bytes.TrimSpace(b[:min(len(b), 200)])), []byte("BEGIN:VCALENDAR")) {
		f.add(1, "", "%s", notACalendar(b))
		return out
	}
	var open []*component // the way down to where we are; nil stands for a component that is not read
	for line, text := range unfolded(b) {
		if strings.TrimSpace(text) == "" {
			continue
		}
		name, rest, _ := strings.Cut(text, ":")
		kind := strings.ToUpper(strings.TrimSpace(rest))
		switch strings.ToUpper(strings.TrimSpace(name)) {
		case "BEGIN":
			open = append(open, out.begin(open, line, kind, f))
			if len(out.events) > MaxEvents {
				f.add(line, "", "the calendar has more than %d events: take out the old ones, or split it", MaxEvents)
				return parsed{}
			}
		case "END":
			if len(open) == 0 {
				f.add(line, "", "END:%s ends what never began: get the calendar again, it seems to be damaged", muster.CleanLine(kind, 40))
				return out
			}
			top := open[len(open)-1]
			if top != nil && top.name != kind {
				f.add(line, "", "END:%s stands where the %s of line %d should end: get the calendar again, it seems to be damaged", muster.CleanLine(kind, 40), top.name, top.line)
				return out
			}
			if top != nil && top.name == "VTIMEZONE" {
				if place := top.text("X-LIC-LOCATION"); place != "" {
					out.zones[top.text("TZID")] = place
				}
			}
			open = open[:len(open)-1]
		default:
			if len(open) == 0 || open[len(open)-1] == nil || open[len(open)-1].name == "VCALENDAR" {
				continue
			}
			top := open[len(open)-1]
			p, ok := parseProperty(line, text)
			if !ok {
				f.add(line, "", "%s is not a line of a calendar, which has a name, a colon and a value: get the calendar again, or mend the line", quote(text))
				top.broken = true
				continue
			}
			if slices.Contains(readProperties, p.name) {
				top.props = append(top.props, p)
			}
		}
	}
	if len(open) > 0 {
		what := "calendar"
		line := 1
		for _, c := range open {
			if c != nil {
				what, line = c.name, c.line
			}
		}
		f.add(line, "", "the %s that begins here never ends: the file was cut off, get it again", what)
		if what == "VEVENT" && len(out.events) > 0 {
			out.events = out.events[:len(out.events)-1] // half an event is none
		}
	}
	return out
}

// begin gives the component that opens, nil when it is not read.
func (p *parsed) begin(open []*component, line int, kind string, f *faults) *component {
	c := &component{line: line, name: kind}
	var in string
	if len(open) > 0 && open[len(open)-1] != nil {
		in = open[len(open)-1].name
	}
	switch {
	case kind == "VCALENDAR" && len(open) == 0, kind == "VTIMEZONE" && in == "VCALENDAR":
		return c
	case kind == "VEVENT" && in == "VCALENDAR":
		p.events = append(p.events, c)
		return c
	case kind == "VEVENT" && in == "VEVENT":
		f.add(line, "", "an event begins inside of the one of line %d: get the calendar again, it seems to be damaged", open[len(open)-1].line)
	}
	return nil
}

func notACalendar(b []byte) string {
	start := strings.ToLower(string(b[:min(len(b), 1000)]))
	switch {
	case strings.TrimSpace(start) == "":
		return "the calendar is empty: a calendar begins with BEGIN:VCALENDAR"
	case strings.Contains(start, "<html") || strings.Contains(start, "<!doctype"):
		return "this is a web page, not a calendar: copy the calendar's iCal address, which usually ends with .ics"
	case strings.Contains(start, "begin:vcard"):
		return "these are contacts, not a calendar: export the calendar as iCal (.ics)"
	}
	return "this is not an iCal calendar, which begins with BEGIN:VCALENDAR: export the calendar as iCal (.ics) in UTF-8"
}

// unfolded gives each content line with the number of its first line in the file. Lines may end with LF alone.
func unfolded(b []byte) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		var current []byte
		begun := 0
		for number := 1; len(b) > 0; number++ {
			raw, rest, _ := bytes.Cut(b, []byte("\n"))
			b = rest
			raw = bytes.TrimSuffix(raw, []byte("\r"))
			if begun > 0 && len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\t') {
				current = append(current, raw[1:]...)
				continue
			}
			if begun > 0 && !yield(begun, string(current)) {
				return
			}
			current, begun = append(current[:0], raw...), number
		}
		if begun > 0 {
			yield(begun, string(current))
		}
	}
}

func parseProperty(line int, s string) (property, bool) {
	end := strings.IndexAny(s, ";:")
	if end <= 0 {
		return property{}, false
	}
	p := property{line: line, name: strings.ToUpper(strings.TrimSpace(s[:end]))}
	for s[end] == ';' {
		s = s[end+1:]
		eq := strings.IndexAny(s, "=;:")
		if eq < 0 {
			return property{}, false
		}
		if s[eq] != '=' { // a parameter without a value says nothing
			end = eq
			continue
		}
		key := strings.ToUpper(strings.TrimSpace(s[:eq]))
		s = s[eq+1:]
		quoted := false
		end = strings.IndexFunc(s, func(r rune) bool {
			if r == '"' {
				quoted = !quoted
			}
			return !quoted && (r == ';' || r == ':')
		})
		if end < 0 {
			return property{}, false
		}
		p.params = append(p.params, param{key, strings.ReplaceAll(s[:end], `"`, "")})
	}
	p.value = s[end+1:]
	return p, true
}
