package muster

import (
	"maps"
	"slices"
	"strings"
)

// check says what in a mapping can never find anything.
func (m *Mapping) check() (f []FieldError) {
	path := func(name, value string) {
		switch {
		case strings.HasPrefix(value, `"`) && (len(value) < 2 || !strings.HasSuffix(value, `"`)):
			f = append(f, FieldError{Path: "mapping." + name, Message: "close the double quotes: a text that is taken as it is stands between them"})
		case value == "$" || value == "$.":
			f = append(f, FieldError{Path: "mapping." + name, Message: "name what follows $., which is the top of the message"})
		}
		f = append(f, tooLong("mapping."+name, value, 500)...)
	}
	if strings.HasPrefix(m.Items, `"`) {
		f = append(f, FieldError{Path: "mapping.items", Message: "must be the path of a list, not a text"})
	}
	for _, x := range [][2]string{
		{"items", m.Items},
		{"title", m.Title},
		{"key", m.Key},
		{"summary", m.Summary},
		{"impact", m.Impact},
		{"action", m.Action},
		{"service", m.Service},
		{"severity", m.Severity},
		{"state", m.State},
		{"at", m.At},
		{"link", m.Link},
	} {
		path(x[0], x[1])
	}
	for _, label := range slices.Sorted(maps.Keys(m.Labels)) {
		path("labels."+label, m.Labels[label])
	}
	for _, word := range slices.Sorted(maps.Keys(m.Severities)) {
		f = append(f, oneOf("mapping.severities."+word, m.Severities[word], SeverityCritical, SeverityMajor, SeverityMinor, SeverityInfo)...)
	}
	return f
}
