package view

import (
	"strings"
	"time"
)

// headline counts what is open, in sentences.
func (p Now) headline() []string {
	if len(p.Incidents) == 0 && len(p.Unowned) == 0 {
		return []string{"All quiet."}
	}
	var out []string
	switch n := len(p.Incidents); n {
	case 0:
		out = append(out, "No incident open.")
	default:
		out = append(out, plural(n, "incident", "incidents")+" open.")
	}
	switch n := len(p.Unowned) + p.MoreUnowned; n {
	case 0:
		out = append(out, "Every alert has an owner.")
	case 1:
		out = append(out, "1"+nb+"alert has no owner.")
	default:
		out = append(out, plural(n, "alert", "alerts")+" have no owner.")
	}
	return out
}

// joinDots joins what is there with middle dots.
func joinDots(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " · ")
}

func signals(n int) string {
	if n < 2 {
		return ""
	}
	return plural(n, "signal", "signals")
}

// slimTone colours a strip in a list only while the incident is open.
func slimTone(st Strip) Tone {
	if st.ClosedAt.IsZero() {
		return st.Severity.Tone
	}
	return ToneNone
}

// lower is a word inside a sentence; fallback when there is none.
func lower(word, fallback string) string {
	if word == "" {
		return fallback
	}
	return strings.ToLower(word[:1]) + word[1:]
}

// roleWords is a role with its topic: "Expert, Cosmos DB".
func roleWords(r RoleHeld) string {
	if r.Topic != "" {
		return r.Role + ", " + r.Topic
	}
	return r.Role
}

// handVerb says what giving a role away is called.
func handVerb(r RoleHeld) string {
	if r.Person.Name == "" {
		return "assign"
	}
	return "handoff"
}

// reviewClass gives the review button the primary place once the incident is over.
func reviewClass(p Room) string {
	if p.ReopenURL != "" {
		return "pri"
	}
	return ""
}

// label is the word for a kind of reason.
func (w WhyStep) label() string {
	switch w.Kind {
	case "contact":
		return "Contact method"
	case "page":
		return "Proof"
	case "nobody":
		return "Nobody"
	case "":
		return ""
	}
	return strings.ToUpper(w.Kind[:1]) + w.Kind[1:]
}

// endsAt is the column after the last that the page reached: 0 planned … 3 proved, 4 when it got everywhere.
func (r Rung) endsAt() int {
	switch {
	case !r.ProvedAt.IsZero():
		return 4
	case !r.AcceptedAt.IsZero():
		return 3
	case !r.StartedAt.IsZero():
		return 2
	case !r.PlannedAt.IsZero():
		return 1
	}
	return 0
}

// tone colours the word at which a page's ladder ends.
func (r Rung) tone() Tone {
	switch r.State {
	case "failed":
		return ToneMajor
	case "unknown":
		return ToneMinor
	}
	return ToneNone
}

// word says why the ladder ends there; there is no blank.
func (r Rung) word() string {
	if r.Word != "" {
		return r.Word
	}
	switch r.State {
	case "planned":
		return "not yet"
	case "started":
		return "on its way"
	case "accepted":
		return "no report yet"
	case "unknown":
		return "unknown"
	case "failed":
		return "failed"
	case "cancelled":
		return "not needed"
	}
	return "no report"
}

// rings says that a phone has a page that waits for an answer.
func (d DemoPhone) rings() bool {
	for _, p := range d.Pages {
		if p.Ringing {
			return true
		}
	}
	return false
}

func orWord(word, fallback string) string {
	if word == "" {
		return fallback
	}
	return word
}

func doneClass(t Tone) string {
	if t == ToneNone {
		return "none"
	}
	return string(t)
}

// inWords says how long until somebody else is paged.
func (p Phone) inWords() string {
	d := p.IfNotAt.Sub(p.Shell.Now)
	if d <= 0 {
		return "any moment"
	}
	return "in" + nb + span(d)
}

// slug makes an id of a name.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
}

// finding splits a finding after its first sentence, which is bold.
func finding(text string) (head, rest string) {
	if i := strings.Index(text, ". "); i > 0 {
		return text[:i+1], text[i+1:]
	}
	return text, ""
}

// stream is the review's timeline with its silences.
func (p Review) stream() Stream {
	return Stream{Entries: p.Timeline, Unfiltered: true, SilentAfter: 4 * time.Minute}
}

// docRows is how many rows the editor shows.
func docRows(body string) int { return min(40, max(14, strings.Count(body, "\n")+2)) }

// lineNo is a line number of a diff, or nothing.
func lineNo(n int) string {
	if n == 0 {
		return ""
	}
	return num(n)
}

func reporterKinds(chosen string) []Option {
	return []Option{
		{Value: "customer", Text: "a customer", Selected: chosen != "staff"},
		{Value: "staff", Text: "one of our staff", Selected: chosen == "staff"},
	}
}

// youToo marks you after a name.
func youToo(you bool) string {
	if you {
		return ", you"
	}
	return ""
}

// sentence is what follows the name of who did it.
func (e Entry) sentence() string {
	var b strings.Builder
	for _, part := range []string{e.verb(), e.Detail, e.Text} {
		if part != "" {
			b.WriteString(" " + part)
		}
	}
	return b.String()
}

// told is sentence for a document: what a person said stands after a colon.
func (e Entry) told() string {
	if e.Machine {
		return e.sentence()
	}
	text := e.Text
	if e.Update != nil {
		text = "“" + e.Update.Known + "”"
	}
	said := Entry{Kind: e.Kind, Verb: e.Verb, Detail: e.Detail}.sentence()
	if said == "" || text == "" {
		return said + " " + text
	}
	return said + ": " + text
}
