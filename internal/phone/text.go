package phone

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// longest is how much of a hostile text is looked at.
const longest = 2000

// links is what a phone would make a link of, and what one can be sent to by a word.
var links = regexp.MustCompile(`(?i)\S*://\S*|\b(?:javascript|data|tel|sms|mailto|intent|facetime):\S*|\bwww\.\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}/\S*`)

// typographic are characters that have a twin in the alphabet of GSM: one of them would more than halve what fits.
var typographic = strings.NewReplacer(
	"‘", "'", "’", "'", "‚", "'", "“", "\"", "”", "\"", "„", "\"", "«", "\"", "»", "\"", "–", "-", "—", "-", "‑", "-", "−", "-",
	"…", "...", "\u00a0", " ", "\u202f", " ", "•", "-", "·", "-", "→", "->", "×", "x", "`", "'", "\t", " ",
)

// Plain makes one line of at most n characters out of a hostile text: no control characters, nothing that turns the
// direction of text or is not seen, no links. Names of hosts stay readable, though some phones make links of them.
func Plain(s string, n int) string {
	if len(s) > longest {
		cut := longest
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	marks := 0 // on one letter: more than two are for show
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			marks++
		} else {
			marks = 0
		}
		if marks > 2 || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) || (r >= 0xFE00 && r <= 0xFE0F) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = links.ReplaceAllString(typographic.Replace(muster.CleanLine(s, longest)), "(link)")
	return cut(strings.Join(strings.Fields(s), " "), n)
}

// cut is s with at most n characters, ending in dots when something is missing.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if n <= 3 {
		return ""
	}
	return strings.TrimSpace(string([]rune(s)[:n-3])) + "..."
}

// room says how many characters each part of a message may have; 0 leaves it out.
type room struct {
	title, service, impact, why int
	link                        bool
}

// rooms are tried in this order until the message fits into [MaxSegments]: what helps least goes first, the way to answer
// never.
var rooms = []room{
	{100, 40, 80, 80, true},
	{90, 40, 60, 60, true},
	{80, 40, 0, 60, true},
	{80, 30, 0, 0, true},
	{50, 20, 0, 0, true},
	{35, 0, 0, 0, true},
	{20, 0, 0, 0, true},
	{100, 40, 80, 80, false},
	{80, 40, 0, 60, false},
	{80, 30, 0, 0, false},
	{40, 0, 0, 0, false},
	{10, 0, 0, 0, false},
}

func fit(write func(room) string) string {
	var s string
	for _, r := range rooms {
		s = write(r)
		if n, _ := Segments(s); n <= MaxSegments {
			return s
		}
	}
	return cut(s, 67*MaxSegments)
}

// PageText is the text message of a page: how bad, what, which service, why this person, how to answer and where to look.
// The same page always gives the same text, so that people recognise a repetition.
func PageText(p *connector.PageMessage) string {
	if len(p.Digest) > 0 {
		return fit(func(r room) string { return digest(p, r) })
	}
	return fit(func(r room) string {
		lines := []string{fmt.Sprintf("Muster %s%s: %s", test(p), Severity(p.Severity), cmp.Or(Plain(p.Title, r.title), "an alert"))}
		lines = append(lines, join(": ", Plain(p.Service, r.service), Plain(p.Impact, r.impact)), Plain(p.Why, r.why))
		if code(p.ReplyCode) {
			lines = append(lines, fmt.Sprintf("Reply 4 %[1]s to acknowledge, 6 %[1]s to resolve", p.ReplyCode))
		}
		return write(lines, p.AckURL, r)
	})
}

func digest(p *connector.PageMessage, r room) string {
	n := len(p.Digest)
	lines := []string{fmt.Sprintf("Muster %s%d alerts for %s, the worst:", test(p), n, cmp.Or(Plain(p.Person, 30), "you"))}
	for _, d := range p.Digest[:min(n, 3)] {
		lines = append(lines, join(" - ", Severity(d.Severity)+" "+Plain(d.Title, min(r.title/2, 40)), Plain(d.Service, r.service/2)))
	}
	if code(p.ReplyCode) {
		lines = append(lines, "Reply 4 "+p.ReplyCode+" to acknowledge these "+strconv.Itoa(n))
	}
	return write(lines, p.AckURL, r)
}

// NoteText is the text message of a notification.
func NoteText(n *connector.Notification) string {
	return fit(func(r room) string {
		return write([]string{Plain(n.Title, min(r.title, 60)), Plain(n.Text, 3*r.title)}, n.URL, r)
	})
}

// Severity is the word for a severity, in capitals.
func Severity(s muster.AlertSeverity) string {
	letters := strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return -1
	}, muster.Clip(string(s), 12))
	return cmp.Or(strings.ToUpper(letters), "ALERT")
}

func test(p *connector.PageMessage) string {
	if p.Test {
		return "TEST "
	}
	return ""
}

// write joins what is not empty into lines. The link stands last and alone, and is Muster's own or none.
func write(lines []string, link string, r room) string {
	if r.link && muster.SafeURL(link) != "" && !strings.ContainsFunc(link, func(c rune) bool { return c <= ' ' || c > '~' }) {
		lines = append(lines, link)
	}
	return join("\n", lines...)
}

func join(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}
