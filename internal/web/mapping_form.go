package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/web/view"
)

// mappingGroups are the fields of the form with what is in them.
func mappingGroups(typed map[string]string) []view.MappingGroup {
	path := func(name, label, hint string) view.MappingField {
		return view.MappingField{Name: name, Label: label, Hint: hint, Value: typed[name], Path: true}
	}
	lines := func(name, label, hint string) view.MappingField {
		return view.MappingField{Name: name, Label: label, Hint: hint, Value: typed[name], Lines: true}
	}
	return []view.MappingGroup{
		{Title: "What is wrong", Hint: `Paths are dotted: check.name, tags[0]. With a list, they start at each element, and $. starts at the top. "A text in quotes" is taken as it is.`, Fields: []view.MappingField{
			path("items", "List", "One signal for each element."), path("title", "Title", ""), path("key", "Key", "What the sender calls the condition."), path("summary", "Summary", ""),
			path("impact", "Impact", ""), path("action", "Recommended action", ""),
		}},
		{Title: "How bad, and whether it is over", Fields: []view.MappingField{
			path("severity", "Severity", ""), path("state", "State", ""),
			lines("severities", "What its words mean", "A word and a severity in each line: red = critical"),
			lines("resolved", "Over when the state is", "A word in each line; when empty: resolved, ok, closed."),
		}},
		{Title: "Where and when", Fields: []view.MappingField{
			path("service", "Service", ""), path("at", "Time", ""), path("link", "Link", ""),
			lines("labels", "Labels", "A label and a path in each line: region = $.region"),
		}},
	}
}

// mappingText is a mapping as the form has it.
func mappingText(m *muster.Mapping) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	out := map[string]string{
		"items": m.Items, "title": m.Title, "key": m.Key, "summary": m.Summary, "impact": m.Impact, "action": m.Action, "service": m.Service, "severity": m.Severity,
		"state": m.State, "at": m.At, "link": m.Link, "resolved": strings.Join(m.Resolved, "\n"),
	}
	var words, labels []string
	for _, w := range sortedKeys(m.Severities) {
		words = append(words, w+" = "+string(m.Severities[w]))
	}
	for _, l := range sortedKeys(m.Labels) {
		labels = append(labels, l+" = "+m.Labels[l])
	}
	out["severities"], out["labels"] = strings.Join(words, "\n"), strings.Join(labels, "\n")
	return out
}

// readMapping reads the form. A mapping without anything in it is none: then the usual names are looked for.
func (v *visit) readMapping() *mappingForm {
	f := &mappingForm{typed: map[string]string{}, signal: muster.SignalID(v.field("signal")), payload: v.r.PostFormValue("payload"), format: v.field("format"), why: lineOf(v.field("why"))}
	if strings.TrimSpace(f.payload) == "" {
		f.payload = ""
	}
	var rev int64
	if _, err := fmt.Sscan(v.field("etag"), &rev); err == nil { // what is no number is the newest
		f.etag = muster.Revision(rev)
	}
	for _, g := range mappingGroups(nil) {
		for _, x := range g.Fields {
			f.typed[x.Name] = strings.ReplaceAll(v.field(x.Name), "\r\n", "\n")
		}
	}
	t := f.typed
	m := &muster.Mapping{
		Items: t["items"], Title: t["title"], Key: t["key"], Summary: t["summary"], Impact: t["impact"], Action: t["action"], Service: t["service"], Severity: t["severity"],
		State: t["state"], At: t["at"], Link: t["link"],
	}
	for line := range strings.Lines(t["resolved"]) {
		if line = strings.TrimSpace(line); line != "" {
			m.Resolved = append(m.Resolved, line)
		}
	}
	pairs := func(field, like string, take func(key, value string)) {
		seen := map[string]bool{}
		for line := range strings.Lines(t[field]) {
			if strings.TrimSpace(line) == "" {
				continue
			}
			key, value, ok := strings.Cut(line, "=")
			key, value = strings.TrimSpace(key), strings.TrimSpace(value)
			switch {
			case !ok || key == "" || value == "":
				f.wrong = append(f.wrong, muster.FieldError{Path: "mapping." + field, Message: "write " + like + " in each line, not " + muster.CleanLine(line, 40)})
			case seen[key]:
				f.wrong = append(f.wrong, muster.FieldError{Path: "mapping." + field, Message: muster.CleanLine(key, 40) + " stands there twice"})
			default:
				seen[key] = true
				take(key, value)
			}
		}
	}
	pairs("severities", "a word and a severity, like red = critical,", func(key, value string) {
		if m.Severities == nil {
			m.Severities = map[string]muster.AlertSeverity{}
		}
		m.Severities[key] = muster.AlertSeverity(strings.ToLower(value))
	})
	pairs("labels", "a label and a path, like region = $.region,", func(key, value string) {
		if m.Labels == nil {
			m.Labels = map[string]string{}
		}
		m.Labels[key] = value
	})
	if slices.ContainsFunc(sortedKeys(t), func(k string) bool { return t[k] != "" }) {
		f.draft = m
	}
	return f
}

// mappingProblem puts what is wrong beside its field: mapping.labels.region beside the labels.
func mappingProblem(path, message string) view.Problem {
	rest, ok := strings.CutPrefix(path, "mapping.")
	if !ok {
		return view.Problem{Message: sentence(strings.TrimSpace(path + " " + message))}
	}
	field, of, many := strings.Cut(rest, ".")
	if many {
		return view.Problem{Field: field, Message: sentence(of + ": " + message)}
	}
	return view.Problem{Field: field, Message: sentence(message)}
}

// readable lays out JSON that is shown as a whole; anything else stays as it is.
func readable(text string, size int) string {
	if size > shownPayload {
		return text
	}
	var out bytes.Buffer
	if json.Indent(&out, []byte(text), "", "  ") != nil || out.Len() > 2*shownPayload {
		return text
	}
	return out.String()
}

// The most paths that are suggested, and how deep they are looked for.
const (
	maxPaths     = 80
	maxPathDepth = 6
)

// payloadPaths are the paths that a payload has, for suggestions: from an element of the list, if there is one, and from
// the top.
func payloadPaths(text, items, format string) []string {
	if format == "email" {
		return []string{"subject", "topic", "from", "to", "date", "body", "thread", "state", "headers.x-"}
	}
	var top any
	if json.Unmarshal([]byte(text), &top) != nil {
		return nil
	}
	var out []string
	if items != "" {
		at := top
		for name := range strings.SplitSeq(strings.TrimPrefix(items, "$."), ".") {
			m, _ := at.(map[string]any)
			at = m[name]
		}
		if list, ok := at.([]any); ok && len(list) > 0 {
			out = pathsIn(out, list[0], "", 0)
			return pathsIn(out, top, "$.", 0)
		}
	}
	if list, ok := top.([]any); ok && len(list) > 0 {
		top = list[0]
	}
	return pathsIn(out, top, "", 0)
}

func pathsIn(out []string, v any, path string, depth int) []string {
	name := func(k string) string {
		if path == "" || strings.HasSuffix(path, "$.") {
			return path + k
		}
		return path + "." + k
	}
	switch v := v.(type) {
	case map[string]any:
		if depth == maxPathDepth {
			return out
		}
		for _, k := range sortedKeys(v) {
			if len(out) < maxPaths {
				out = pathsIn(out, v[k], name(muster.CleanLine(k, 100)), depth+1)
			}
		}
	case []any:
		if path != "" && path != "$." && len(out) < maxPaths {
			out = append(out, path)
		}
	default:
		if path != "" && path != "$." && len(out) < maxPaths {
			out = append(out, path)
		}
	}
	return out
}
