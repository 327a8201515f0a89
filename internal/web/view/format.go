package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// nb joins a number and its unit so that no line breaks between them.
const nb = "\u00a0"

func (s Shell) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// in moves an instant to the viewer's zone.
func (s Shell) in(t time.Time) time.Time { return t.In(s.zone()) }

// hm is the time of day: "03:24".
func (s Shell) hm(t time.Time) string { return s.in(t).Format("15:04") }

// hms is the time of day with seconds: "03:24:12".
func (s Shell) hms(t time.Time) string { return s.in(t).Format("15:04:05") }

// short says when, as briefly as the distance from now allows: "03:24", "Sat 09:00", "27 Nov 03:24".
func (s Shell) short(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	l, now := s.in(t), s.in(s.Now)
	if sameDay(l, now) {
		return l.Format("15:04")
	}
	d := l.Sub(now)
	switch {
	case d > -6*24*time.Hour && d < 6*24*time.Hour:
		return l.Format("Mon") + nb + l.Format("15:04")
	case l.Year() == now.Year():
		return l.Format("2"+nb+"Jan") + " " + l.Format("15:04")
	}
	return l.Format("2" + nb + "Jan" + nb + "2006")
}

// date is a day: "4 Dec", with the year when it is another one.
func (s Shell) date(t time.Time) string {
	l := s.in(t)
	if l.Year() != s.in(s.Now).Year() {
		return l.Format("2" + nb + "Jan" + nb + "2006")
	}
	return l.Format("2" + nb + "Jan")
}

// day heads a day: "Friday 27 November".
func (s Shell) day(t time.Time) string { return s.in(t).Format("Monday 2 January") }

// full is what hovering shows: the zone's time and UTC.
func (s Shell) full(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	l := s.in(t)
	text := l.Format("Mon 2 Jan 2006 15:04:05 MST")
	if name, _ := l.Zone(); name != "UTC" {
		text += " · " + t.UTC().Format("15:04:05") + " UTC"
	}
	return text
}

// zoneName is the abbreviation of the viewer's zone now: "PST".
func (s Shell) zoneName() string { return s.in(s.Now).Format("MST") }

func sameDay(a, b time.Time) bool { return a.Year() == b.Year() && a.YearDay() == b.YearDay() }

// iso is for datetime attributes.
func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// span is a length of time in words: "42 s", "12 min", "4 h 44 min", "3 d 4 h". The script words it the same way.
func span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d"+nb+"s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d"+nb+"min", int(d.Minutes()))
	case d < 24*time.Hour:
		h, m := int(d.Hours()), int(d.Minutes())%60
		if m == 0 {
			return fmt.Sprintf("%d"+nb+"h", h)
		}
		return fmt.Sprintf("%d"+nb+"h %d"+nb+"min", h, m)
	}
	days, h := int(d.Hours())/24, int(d.Hours())%24
	if h == 0 || days > 6 {
		return fmt.Sprintf("%d"+nb+"d", days)
	}
	return fmt.Sprintf("%d"+nb+"d %d"+nb+"h", days, h)
}

// fine is a length of time with seconds while they matter: "3 min 10 s".
func fine(d time.Duration) string {
	if d >= time.Minute && d < 10*time.Minute && int(d.Seconds())%60 != 0 {
		return fmt.Sprintf("%d"+nb+"min %d"+nb+"s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return span(d)
}

// agoWords is "12 min ago".
func (s Shell) agoWords(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := s.Now.Sub(t)
	if d < 0 {
		return "in " + span(d)
	}
	if d < 5*time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// clock is a running or finished clock: "7:26", "1:06:42", "2 d 3 h". The script words it the same way.
func clock(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	sec := int(d.Seconds())
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d:%02d", sec/60, sec%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d:%02d:%02d", sec/3600, sec/60%60, sec%60)
	}
	return span(d)
}

// countdown is what is left of a promise: "5:48", "2 h 36", "3 d 4 h".
func countdown(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Hour:
		return clock(d)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d"+nb+"h"+nb+"%02d", int(d.Hours()), int(d.Minutes())%60)
	}
	return span(d)
}

// share is how much of a promise is left, in hundredths, for its bar.
func (p Promise) share(now time.Time) string {
	if p.MadeAt.IsZero() || !p.By.After(p.MadeAt) {
		return "0"
	}
	left := float64(p.By.Sub(now)) / float64(p.By.Sub(p.MadeAt)) * 100
	return strconv.Itoa(int(min(100, max(0, left))))
}

// lead splits a sentence after its first clause, so that the first words can be bold: "03:12" and ", ten minutes after".
func lead(text string) (head, rest string) { return leadWithin(text, 64) }

// leadWithin is lead for first clauses up to a length.
func leadWithin(text string, limit int) (head, rest string) {
	cut := -1
	for _, sep := range []string{", ", "; ", ": ", ". "} {
		if i := strings.Index(text, sep); i > 0 && (cut < 0 || i < cut) {
			cut = i
		}
	}
	switch {
	case cut > 0 && cut <= limit:
		return text[:cut], text[cut:]
	case cut < 0 && len(text) <= limit:
		return text, ""
	}
	return "", text
}

// plural is "1 alert", "2 alerts".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1" + nb + one
	}
	return strconv.Itoa(n) + nb + many
}

// initial is the letter that stands for a person.
func initial(name string) string {
	for _, r := range strings.TrimSpace(name) {
		return strings.ToUpper(string(r))
	}
	return "?"
}

func num(n int) string { return strconv.Itoa(n) }

// question is the standard wording of one of the five questions.
func (a Answer) question() string {
	if a.Question != "" {
		return a.Question
	}
	switch a.Key {
	case "when":
		return "When did we know?"
	case "how":
		return "How did we know?"
	case "who":
		return "Who else is aware?"
	case "doing":
		return "What is being done?"
	case "bad":
		return "How bad is it?"
	}
	return a.Key
}

// asks is what an unanswered question asks for.
func (a Answer) asks() string {
	switch a.Key {
	case "when":
		return "Not known yet: when did a person first see it?"
	case "how":
		return "Not known yet: a monitor, a customer, one of us?"
	case "who":
		return "Nobody was told yet"
	case "doing":
		return "Nothing was started yet"
	case "bad":
		return "Not known yet: who and what is affected?"
	}
	return "Not known yet"
}

// verb is the word after a person's name in the stream.
func (e Entry) verb() string {
	if e.Verb != "" {
		return e.Verb
	}
	switch e.Kind {
	case "said", "saw", "did", "decided", "felt":
		return e.Kind
	case "note":
		return "noted"
	}
	return ""
}

// problemFor finds what is wrong with a field.
func problemFor(list []Problem, field string) string {
	for _, p := range list {
		if p.Field == field {
			return p.Message
		}
	}
	return ""
}

// isoOr is iso, or nothing for a zero instant.
func isoOr(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return iso(t)
}

// promised says who made a promise: "promised by Tom for".
func (p Promise) promised() string {
	switch {
	case p.You:
		return "promised by you for "
	case p.Who != "":
		return "promised by " + p.Who + " for "
	}
	return "promised for "
}

func boolWord(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// fieldID is the id of a field: given, or made of its name.
func fieldID(attrs templ.Attributes, name string) string {
	if id, ok := attrs["id"].(string); ok {
		return id
	}
	return "f-" + name
}

// without leaves an attribute out.
func without(attrs templ.Attributes, key string) templ.Attributes {
	kept := make(templ.Attributes, len(attrs))
	for k, v := range attrs {
		if k != key {
			kept[k] = v
		}
	}
	return kept
}
