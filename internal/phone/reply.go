package phone

import (
	"strings"
	"unicode"

	"github.com/muster-oncall/muster/internal/connector"
)

// codeLength is how many digits a reply code has.
const codeLength = 5

func code(s string) bool { return len(s) == codeLength && digits(s) }

// verbs are the words and digits that people answer with.
var verbs = map[string]connector.AnswerKind{
	"4": connector.AnswerAcknowledge, "a": connector.AnswerAcknowledge, "ack": connector.AnswerAcknowledge,
	"acknowledge": connector.AnswerAcknowledge, "acknowledged": connector.AnswerAcknowledge,
	"6": connector.AnswerResolve, "r": connector.AnswerResolve, "resolve": connector.AnswerResolve, "resolved": connector.AnswerResolve,
	"escalate": connector.AnswerEscalate, "esc": connector.AnswerEscalate,
}

// ParseReply reads what a person texted: "4 12345", "4-12345", "412345", "ack 12345", in any case, spacing and script of
// digits. Whatever says anything more, or less, is unclear: a text that quotes ours, an automatic answer, "do not ack
// 12345". The code is given when it could be read, also with an unclear text.
func ParseReply(text string) (kind connector.AnswerKind, replyCode string) {
	if len(text) > 200 {
		return connector.AnswerUnclear, ""
	}
	var words, numbers []string
	for _, t := range tokens(text) {
		if digits(t) {
			numbers = append(numbers, t)
		} else {
			words = append(words, t)
		}
	}
	all := strings.Join(numbers, "")
	switch {
	case len(words) == 0 && len(all) == codeLength+1 && verbs[all[:1]] != "":
		kind, replyCode = verbs[all[:1]], all[1:]
	case len(words) == 1 && len(all) == codeLength:
		kind, replyCode = verbs[words[0]], all
	case len(words) == 1 && len(all) == codeLength+1 && verbs[words[0]] != "" && verbs[words[0]] == verbs[all[:1]]: // "4 12345 ack"
		kind, replyCode = verbs[words[0]], all[1:]
	case len(numbers) == 1 && len(all) == codeLength:
		replyCode = all
	}
	if kind == "" {
		kind = connector.AnswerUnclear
	}
	return kind, replyCode
}

// tokens are the runs of letters, in lower case, and the runs of digits, as ASCII. Everything else parts them.
func tokens(text string) (out []string) {
	var b strings.Builder
	isDigit := false
	end := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	for _, r := range text {
		d, ok := digit(r)
		switch {
		case ok:
			if !isDigit {
				end()
			}
			isDigit = true
			b.WriteRune(d)
		case unicode.IsLetter(r):
			if isDigit {
				end()
			}
			isDigit = false
			b.WriteRune(unicode.ToLower(narrow(r)))
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r): // not seen: parts nothing
		default:
			end()
		}
	}
	end()
	return out
}

// narrow is the ASCII letter of a full-width one.
func narrow(r rune) rune {
	if r >= 0xFF21 && r <= 0xFF5A {
		return r - 0xFF21 + 'A'
	}
	return r
}
