// Package generic reads JSON of any shape: by the field mapping of the Source document, or by the names that most senders
// use. It imports intake and the root package only.
//
// It would rather make a poor signal than none: a mapping that does not fit is told of in the signal, and what can be
// found by the usual names is used.
package generic

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/intake"
)

// Parse implements [intake.Parser].
func Parse(src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error) {
	root, err := intake.ReadJSON(body)
	if err != nil {
		return nil, err
	}
	items, note := elements(src.Mapping, root)
	if len(items) > intake.MaxSignals {
		return nil, muster.Errorf(muster.ErrTooLarge, "%d alerts in one request are too many: at most %d are taken.", len(items), intake.MaxSignals)
	}
	var out []muster.Signal
	var wrong []muster.FieldError
	for _, it := range items {
		if it.v.Type != intake.Object && (it.v.Type != intake.String || strings.TrimSpace(it.v.Text()) == "") {
			wrong = append(wrong, muster.FieldError{Path: strings.TrimSuffix(it.path, "."), Message: "must be an object with a title, or a text"})
			continue
		}
		s := intake.New(src, received)
		if note != "" {
			s.Mapped = append(s.Mapped, note)
		}
		f := finder{top: root, at: it.v, base: it.path, s: &s}
		if src.Mapping != nil {
			f.mapped(src.Mapping, received)
		} else {
			f.usual(received)
		}
		intake.Finish(&s, src, "Alert")
		out = append(out, s)
	}
	return out, muster.Invalid("Nothing in this says what is wrong", wrong)
}

// element is a part of the body that becomes one signal.
type element struct {
	v    intake.Value
	path string // with a dot at its end, "" for the whole body
}

func elements(m *muster.Mapping, root intake.Value) ([]element, string) {
	each := func(list intake.Value, base string) (out []element) {
		for i, v := range list.List() {
			out = append(out, element{v, fmt.Sprintf("%s[%d].", base, i)})
		}
		return out
	}
	if m != nil && m.Items != "" {
		path := strings.TrimPrefix(m.Items, "$.")
		if list := root.Path(path); list.Type == intake.Array {
			return each(list, path), ""
		}
		return []element{{root, ""}}, "items: there is no list at " + m.Items + ", so the whole message is one signal"
	}
	if root.Type == intake.Array {
		return each(root, ""), ""
	}
	if m == nil && root.Type == intake.Object && firstOf(root, titles...) == "" {
		for _, name := range []string{"alerts", "events", "items"} {
			if list := root.Get(name); list.Type == intake.Array && len(list.List()) > 0 && list.List()[0].Type == intake.Object {
				return each(list, name), ""
			}
		}
	}
	return []element{{root, ""}}, ""
}

// The names that most senders use, the likeliest first.
var (
	titles    = []string{"title", "summary", "message", "name", "alertname", "subject", "labels.alertname", "text", "description"}
	summaries = []string{"summary", "description", "message", "details", "body", "text"}
	keys      = []string{"key", "dedup_key", "dedupKey", "alert_key", "incident_key", "fingerprint", "id"}
	states    = []string{"state", "status", "event_action"}
	times     = []string{"at", "time", "timestamp", "detected_at", "startsAt", "starts_at", "occurred_at"}
	urls      = []string{"url", "link", "href"}
	resolved  = []string{"resolved", "ok", "closed"}
)

func firstOf(v intake.Value, paths ...string) string {
	p, _ := first(v, "", paths...)
	return p
}

// first finds the first path that leads to something to read, and what it is. It leaves out the path not.
func first(v intake.Value, not string, paths ...string) (path, text string) {
	for _, p := range paths {
		if t := v.Path(p); p != not && t.Scalar() && strings.TrimSpace(t.Text()) != "" {
			return p, t.Text()
		}
	}
	return "", ""
}

// finder fills in one signal and notes where it found what.
type finder struct {
	top, at intake.Value
	base    string
	s       *muster.Signal
}

func (f finder) note(what, path string) { f.s.Mapped = append(f.s.Mapped, what+" from "+f.base+path) }

// usual finds the fields by the usual names.
func (f finder) usual(received muster.Instant) {
	s := f.s
	if f.at.Type == intake.String {
		s.Title = f.at.Text()
		s.Mapped = append(s.Mapped, "title from the text")
		return
	}
	titled := ""
	find := func(what string, names ...string) string {
		p, text := first(f.at, titled, names...)
		if p != "" {
			f.note(what, p)
		}
		return text
	}
	s.Title = find("title", titles...)
	titled = firstOf(f.at, titles...)
	s.Summary = find("summary", summaries...)
	titled = ""
	s.Key = find("key", keys...)
	s.Impact = find("impact", "impact")
	s.Action = find("action", "action")
	s.Service = muster.ServiceName(find("service", "service", "labels.service"))
	s.Severity = intake.Severity(find("severity", "severity", "priority", "level", "labels.severity"))
	state := strings.ToLower(strings.TrimSpace(find("state", states...)))
	if slices.Contains(resolved, state) || state == "resolve" || state == "recovered" {
		s.State = muster.SignalResolved
	}
	if t := find("time", times...); t != "" {
		intake.SetTime(s, t, received)
	}
	f.link("link", f.at.Path(firstOf(f.at, urls...)))
	for _, name := range []string{"labels", "tags"} {
		if f.labels("", f.at.Get(name)) {
			f.note("labels", name)
		}
	}
}

// mapped finds the fields where the Source document says; the title is looked for by the usual names when it is not there.
func (f finder) mapped(m *muster.Mapping, received muster.Instant) {
	s := f.s
	s.Title = f.find("title", m.Title)
	if strings.TrimSpace(s.Title) == "" {
		switch p := firstOf(f.at, titles...); {
		case p != "":
			f.note("title", p)
			s.Title = f.at.Path(p).Text()
		case f.at.Type == intake.String:
			s.Title = f.at.Text()
			s.Mapped = append(s.Mapped, "title from the text")
		}
	}
	s.Key = f.find("key", m.Key)
	s.Summary = f.find("summary", m.Summary)
	s.Impact = f.find("impact", m.Impact)
	s.Action = f.find("action", m.Action)
	s.Service = muster.ServiceName(f.find("service", m.Service))
	s.Severity = severity(m, f.find("severity", m.Severity))
	state := strings.TrimSpace(f.find("state", m.State))
	over := m.Resolved
	if len(over) == 0 {
		over = resolved
	}
	if state != "" && slices.ContainsFunc(over, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), state) }) {
		s.State = muster.SignalResolved
	}
	if t := f.find("time", m.At); t != "" {
		intake.SetTime(s, t, received)
	}
	if m.Link != "" {
		if v, ok := f.look(m.Link); ok {
			f.link("link", v)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(m.Labels)) {
		if v, ok := f.look(m.Labels[label]); ok && f.labels(label, v) {
			s.Mapped = append(s.Mapped, "label "+label+" from "+m.Labels[label])
		}
	}
}

func severity(m *muster.Mapping, word string) muster.AlertSeverity {
	if sev, ok := m.Severities[word]; ok {
		return sev
	}
	for _, w := range slices.Sorted(maps.Keys(m.Severities)) {
		if strings.EqualFold(strings.TrimSpace(w), strings.TrimSpace(word)) {
			return m.Severities[w]
		}
	}
	return intake.Severity(word)
}

// find returns the text at a path of the mapping, and notes whether there was one.
func (f finder) find(what, path string) string {
	if path == "" {
		return ""
	}
	v, ok := f.look(path)
	text := v.Joined()
	switch {
	case strings.HasPrefix(path, `"`):
		f.s.Mapped = append(f.s.Mapped, what+" as the mapping says")
	case ok && text != "" && strings.HasPrefix(path, "$."):
		f.s.Mapped = append(f.s.Mapped, what+" from "+path)
	case ok && text != "":
		f.note(what, path)
	case strings.HasPrefix(path, "$."):
		f.s.Mapped = append(f.s.Mapped, what+": nothing at "+path)
	default:
		f.s.Mapped = append(f.s.Mapped, what+": nothing at "+f.base+path)
	}
	return text
}

// look follows a path of the mapping: from the element, from the top after "$.", or the text itself in double quotes.
func (f finder) look(path string) (intake.Value, bool) {
	if len(path) >= 2 && path[0] == '"' && path[len(path)-1] == '"' {
		return intake.TextValue(path[1 : len(path)-1]), true
	}
	from := f.at
	if rest, top := strings.CutPrefix(path, "$."); top {
		from, path = f.top, rest
	}
	v := from.Path(path)
	return v, v.Type != intake.Absent && v.Type != intake.Null
}

// link takes an address, or a list of addresses or of objects with an address.
func (f finder) link(title string, v intake.Value) {
	title = strings.ToUpper(title[:1]) + title[1:]
	add := func(v intake.Value) {
		l := muster.ContextLink{Title: title, URL: v.Text()}
		if v.Type == intake.Object {
			l.URL = v.Path(firstOf(v, urls...)).Text()
			if t := v.Path(firstOf(v, "title", "name", "text")).Text(); t != "" {
				l.Title = t
			}
		}
		if l.URL != "" {
			f.s.Links = append(f.s.Links, l)
		}
	}
	if v.Type == intake.Array {
		for _, e := range v.List() {
			add(e)
		}
		return
	}
	add(v)
}

// labels takes a text as the label of that name, an object as a label for each of its values, a list of texts as one
// label, and a list of objects with name (or key) and value as a label each. It reports whether it found any.
func (f finder) labels(name string, v intake.Value) (any bool) {
	add := func(n, text string) {
		if _, taken := f.s.Labels[n]; taken && name != "" {
			n = name + "." + n
		}
		if n != "" && text != "" {
			f.s.Labels[n] = text
			any = true
		}
	}
	switch {
	case v.Type == intake.Object:
		for _, e := range v.Fields() {
			add(e.Name, e.Value.Joined())
		}
	case v.Type == intake.Array && len(v.List()) > 0 && v.List()[0].Type == intake.Object:
		for _, e := range v.List() {
			add(e.Path(firstOf(e, "name", "key")).Text(), e.Get("value").Joined())
		}
	case name == "":
		add("tags", v.Joined())
	case v.Joined() != "":
		f.s.Labels[name] = v.Joined()
		any = true
	}
	return any
}
