// Package email reads mail: its text becomes the same kind of object that JSON is, and the mapping of the Source document
// finds its fields in it. It imports intake, generic and the root package, and for character sets and HTML golang.org/x.
//
// The object has subject, topic (the subject without Re:, Fwd: and words that mean resolved), from, to, date, body, thread,
// state and headers (names in small letters). Attachments are left out. A part that cannot be decoded is read as far as it
// can be: a poor signal is better than none.
package email

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/intake"
	"github.com/muster-oncall/muster/internal/intake/generic"
)

// The limits of what is looked at.
const (
	maxHeaders = 100
	maxHeader  = 2000  // bytes of the value of one
	maxText    = 20000 // characters of the body
)

// over is what in a subject means that a condition ended, when the mapping names nothing.
func over() []string { return []string{"resolved", "recovered", "recovery", "ok", "closed", "cleared"} }

// needed are the headers that a signal is made of: they are kept, however many others there are.
func needed() []string { return []string{"Subject", "From", "To", "References", "In-Reply-To"} }

// message is what the mapping sees.
type message struct {
	Subject string            `json:"subject"`
	Topic   string            `json:"topic"`
	From    string            `json:"from"`
	To      string            `json:"to"`
	Date    string            `json:"date"`
	Body    string            `json:"body"`
	Thread  string            `json:"thread"`
	State   string            `json:"state"`
	Headers map[string]string `json:"headers"`
}

// Parse implements [intake.Parser].
func Parse(src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, muster.Errorf(muster.ErrUnreadable, "The body is empty: a mail with its headers is expected.")
	}
	m := muster.Mapping{}
	if src.Mapping != nil {
		m = *src.Mapping
	}
	words := m.Resolved
	if len(words) == 0 || m.State != "" {
		words = over()
	}
	msg, err := read(body, words)
	if err != nil {
		return nil, err
	}
	object, err := json.Marshal(msg)
	if err != nil {
		return nil, muster.WrapError(muster.ErrUnreadable, err, "The mail cannot be read.")
	}
	m.Items = ""
	m.Title, m.Summary, m.Key = cmp.Or(m.Title, "subject"), cmp.Or(m.Summary, "body"), cmp.Or(m.Key, "thread")
	if m.State == "" {
		m.State, m.Resolved = "state", []string{"resolved"}
	}
	if len(m.Severities) > 0 {
		sev := severity(&m, object)
		m.Severities = nil
		if m.Severity = ""; sev != "" {
			m.Severity = strconv.Quote(string(sev))
			m.Severities = map[string]muster.AlertSeverity{string(sev): sev}
		}
	}
	if m.At == "" && msg.Date != "" {
		m.At = "date"
	}
	mapped := *src
	mapped.Mapping = &m
	return generic.Parse(&mapped, object, received)
}

// severity finds the first of the mapping's words in the text at its path; the longest word counts, then the order of the
// alphabet.
func severity(m *muster.Mapping, object []byte) muster.AlertSeverity {
	root, err := intake.ReadJSON(object)
	if err != nil {
		return ""
	}
	text := root.Path(strings.TrimPrefix(cmp.Or(m.Severity, "subject"), "$.")).Joined()
	words := make([]string, 0, len(m.Severities))
	for w := range m.Severities {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, w := range words {
		if hasWord(text, w) {
			return m.Severities[w]
		}
	}
	return ""
}

// hasWord reports whether a text has a word, or several, in any case and not as a part of another word.
func hasWord(text, word string) bool {
	text, word = strings.ToLower(text), strings.ToLower(strings.TrimSpace(word))
	inWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for from := 0; word != ""; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		if !inWord(before) && !inWord(after) { // what is not there is no letter
			return true
		}
		from = i + len(word)
	}
	return false
}

func read(body []byte, words []string) (message, error) {
	if i := bytes.IndexByte(body, '\n'); bytes.HasPrefix(body, []byte("From ")) && i > 0 { // of a mailbox file
		body = body[i+1:]
	}
	raw, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return message{}, muster.WrapError(muster.ErrUnreadable, err, "This is no mail: its headers cannot be read.")
	}
	if !slices.ContainsFunc([]string{"Subject", "From", "To", "Date", "Message-Id", "Received"}, func(h string) bool { return raw.Header.Get(h) != "" }) {
		return message{}, muster.Errorf(muster.ErrUnreadable, "This is no mail: it has neither subject nor sender.")
	}
	head := map[string]string{}
	for _, name := range append(needed(), slices.Sorted(maps.Keys(raw.Header))...) {
		if values := raw.Header[name]; len(values) > 0 && len(head) < maxHeaders {
			head[strings.ToLower(text(name))] = muster.Clip(muster.CleanLine(decodeWords(strings.Join(values, ", ")), maxHeader), maxHeader)
		}
	}
	msg := message{Subject: head["subject"], From: head["from"], To: head["to"], Headers: head}
	if at, err := raw.Header.Date(); err == nil {
		msg.Date = at.Format(time.RFC3339)
	}
	msg.Body = muster.CleanText(bodyOf(raw.Header.Get("Content-Type"), raw.Header.Get("Content-Transfer-Encoding"), raw.Body), maxText)
	about, replied := topic(msg.Subject, words)
	msg.Topic, msg.Thread = about, about
	if root := root(head); root != "" && !replied {
		msg.Thread = root
	}
	if msg.Thread == "" { // nothing in it says what it is about
		msg.Thread = "mail from " + msg.From
	}
	msg.State = "firing"
	for _, w := range words {
		if hasWord(msg.Subject, w) {
			msg.State = "resolved"
		}
	}
	return msg, nil
}

// root is the first message of a thread as its headers tell: monitors set them to tie what belongs together.
func root(head map[string]string) string {
	for _, name := range []string{"references", "in-reply-to"} {
		if i := strings.IndexByte(head[name], '<'); i >= 0 {
			if id, _, ok := strings.Cut(head[name][i+1:], ">"); ok && id != "" {
				return strings.TrimSpace(id)
			}
		}
	}
	return ""
}

// topic is a subject without what mail programs and monitors put before it; replied is true when a person's program did.
func topic(subject string, words []string) (_ string, replied bool) {
	s := subject
	for {
		s = strings.TrimSpace(s)
		low := strings.ToLower(s)
		cut := 0
		for _, p := range []string{"re:", "aw:", "sv:", "fwd:", "fw:", "wg:"} {
			if strings.HasPrefix(low, p) {
				cut, replied = len(p), true
			}
		}
		for _, w := range words {
			w = strings.ToLower(strings.TrimSpace(w))
			for _, p := range []string{"[" + w + "]", "(" + w + ")", w + ":", "[" + w + ":1]"} {
				if w != "" && strings.HasPrefix(low, p) && len(p) <= len(s) {
					cut = len(p)
				}
			}
		}
		if cut == 0 {
			return s, replied
		}
		s = s[cut:]
	}
}
