package sqlstore

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// appendSignal appends what json.Marshal gives for a signal. It is written by hand because it is most of what a storm
// encodes, and the writer waits for it: reflection takes four times as long.
func appendSignal(b []byte, s *muster.RawSignal) []byte {
	o := object{b: append(b, '{')}
	o.received(s)
	o.name("signal")
	o.b = appendParsed(o.b, &s.Signal)
	o.part(s)
	return append(o.b, '}')
}

// appendRepeat appends a signal that says what an earlier one said: the times alone, and which one that is. It has no state:
// versions before migration 17 ask silences about the newest signal that is firing, and fall back on the alert, which has
// the words, when these are none. In turn they do not see by it that the condition went on (I5), while both run.
func appendRepeat(b []byte, s *muster.RawSignal) []byte {
	o := object{b: append(b, '{')}
	o.text("same", string(s.Same))
	o.received(s)
	o.name("signal")
	in := object{b: append(o.b, '{')}
	in.times(&s.Signal)
	o.b = append(in.b, '}')
	o.part(s)
	return append(o.b, '}')
}

func (o *object) received(s *muster.RawSignal) {
	o.text("id", string(s.ID))
	o.text("source", string(s.Source))
	o.text("format", s.Format)
	o.optional("alert", string(s.Alert))
	o.text("outcome", string(s.Outcome))
	o.optional("detail", s.Detail)
	o.instant("received_at", s.ReceivedAt)
}

func (o *object) part(s *muster.RawSignal) {
	if s.Part != 0 {
		o.number("part", int64(s.Part))
	}
	o.optional("first", string(s.First))
}

func (o *object) times(s *muster.Signal) {
	o.instant("detected_at", s.DetectedAt)
	o.optional("claimed_at", s.ClaimedAt)
	o.given("ends_at", s.EndsAt)
}

func appendParsed(b []byte, s *muster.Signal) []byte {
	o := object{b: append(b, '{')}
	o.text("source", string(s.Source))
	o.optional("key", s.Key)
	o.text("state", string(s.State))
	o.text("title", s.Title)
	o.optional("summary", s.Summary)
	o.text("severity", string(s.Severity))
	o.text("impact", s.Impact)
	o.text("action", s.Action)
	o.optional("service", string(s.Service))
	if len(s.Labels) > 0 {
		o.texts("labels", s.Labels)
	}
	if len(s.Links) > 0 {
		o.links(s.Links)
	}
	o.list("identity", s.Identity)
	o.times(s)
	o.optional("detected_by", string(s.DetectedBy))
	o.optional("reporter", s.Reporter)
	if s.Triage {
		o.name("triage")
		o.b = append(o.b, "true"...)
	}
	o.list("mapped", s.Mapped)
	return append(o.b, '}')
}

// object appends the fields of a JSON object behind its brace.
type object struct {
	b    []byte
	some bool
}

func (o *object) name(name string) {
	if o.some {
		o.b = append(o.b, ',')
	}
	o.some = true
	o.b = append(appendText(o.b, name), ':')
}

func (o *object) text(name, value string) {
	o.name(name)
	o.b = appendText(o.b, value)
}

// optional is text for a field that is left out when it is empty.
func (o *object) optional(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

func (o *object) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.name(name)
	for i, v := range values {
		o.b = appendText(append(o.b, "[,"[min(i, 1)]), v)
	}
	o.b = append(o.b, ']')
}

func (o *object) instant(name string, at muster.Instant) {
	o.name(name)
	o.b = at.AppendJSON(o.b)
}

func (o *object) number(name string, n int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func (o *object) truth(name string, is bool) {
	o.name(name)
	o.b = strconv.AppendBool(o.b, is)
}

// texts is a map, null when there is none.
func (o *object) texts(name string, m map[string]string) {
	o.name(name)
	if m == nil {
		o.b = append(o.b, "null"...)
		return
	}
	in := object{b: append(o.b, '{')}
	switch len(m) {
	case 1:
		for k, v := range m {
			in.text(k, v)
		}
	default:
		var few [8]string // labels and facts are not many: they need no memory
		keys := few[:0]
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			in.text(k, m[k])
		}
	}
	o.b = append(in.b, '}')
}

func (o *object) links(links []muster.ContextLink) {
	o.name("links")
	if links == nil {
		o.b = append(o.b, "null"...)
		return
	}
	o.b = append(o.b, '[')
	for i, l := range links {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		link := object{b: append(o.b, '{')}
		link.text("title", l.Title)
		link.text("url", l.URL)
		o.b = append(link.b, '}')
	}
	o.b = append(o.b, ']')
}

// other leaves a value that is rarely there to encoding/json. Nothing that comes here has an error.
func (o *object) other(name string, v any) {
	o.name(name)
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte("null")
	}
	o.b = append(o.b, text...)
}

// appendText appends a string. One with something to escape is left to encoding/json.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c >= utf8.RuneSelf {
			text, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // strings have no error
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
