package command

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/exchange"
)

// whoIs finds people of the catalog by the words that other tools have for them: user name, mail address, name to show.
// Letters may be large or small.
type whoIs struct {
	cat    *muster.Catalog
	emails map[string]muster.UserName
	names  map[string][]muster.UserName
}

func newWhoIs(cat *muster.Catalog) *whoIs {
	w := &whoIs{cat: cat, emails: map[string]muster.UserName{}, names: map[string][]muster.UserName{}}
	for name, u := range cat.Users {
		if u.Email != "" {
			w.emails[strings.ToLower(u.Email)] = name
		}
		w.names[strings.ToLower(string(name))] = []muster.UserName{name}
	}
	for name, u := range cat.Users {
		word := strings.ToLower(strings.TrimSpace(u.Display))
		if word == "" || cat.Users[muster.UserName(word)] != nil {
			continue // a user name is the better word
		}
		w.names[word] = append(w.names[word], name)
	}
	return w
}

// word finds a person by a name or address; the text says why there is none.
func (w *whoIs) word(s string) (u muster.UserName, problem string) {
	low := strings.ToLower(strings.TrimSpace(s))
	if u, ok := w.emails[low]; ok {
		return u, ""
	}
	switch found := w.names[low]; len(found) {
	case 0:
		return "", "nobody is called " + quoted(s) + ": write a user name, a mail address or a name as Muster shows it"
	case 1:
		return found[0], ""
	}
	return "", "several people are called " + quoted(s) + ": write the user name or the mail address"
}

func quoted(s string) string { return "“" + muster.CleanLine(s, 60) + "”" }

// row finds the person of a line of a table. The mail address goes before the name.
func (w *whoIs) row(r exchange.ShiftRow) (muster.UserName, string) {
	if r.Email == "" {
		return w.word(r.Person)
	}
	byMail, ok := w.emails[strings.ToLower(r.Email)]
	if !ok {
		if u, problem := w.word(r.Person); problem == "" && w.cat.Users[u].Email == "" {
			return u, "" // Muster has no address of theirs
		}
		return "", "nobody has the mail address " + quoted(r.Email) + ": write another, or add it to the person"
	}
	return byMail, ""
}

// event finds the people of a calendar's event: by the addresses of those who take part, else by its summary, which is a
// name, ends with “: ” and names, or begins or ends with one.
func (w *whoIs) event(e *exchange.Event) (people []muster.UserName, problem string) {
	for _, address := range e.People {
		if u, ok := w.emails[address]; ok && !slices.Contains(people, u) {
			people = append(people, u)
		}
	}
	if len(people) > 0 {
		return people, ""
	}
	if u, problem := w.word(e.Summary); problem == "" {
		return []muster.UserName{u}, ""
	}
	if i := strings.LastIndex(e.Summary, ": "); i >= 0 {
		if people := w.list(e.Summary[i+2:]); people != nil {
			return people, ""
		}
	}
	if u := w.within(strings.ToLower(e.Summary)); u != "" {
		return []muster.UserName{u}, ""
	}
	return nil, "it does not say who it is: invite the person by their mail address, or begin the summary with their name"
}

// list reads names between commas; nil when one of them is nobody's.
func (w *whoIs) list(s string) (people []muster.UserName) {
	for part := range strings.SplitSeq(s, ",") {
		u, problem := w.word(part)
		if problem != "" {
			return nil
		}
		people = append(people, u)
	}
	return people
}

// within finds the one person with whose longest name a text begins or ends.
func (w *whoIs) within(s string) (found muster.UserName) {
	longest := 0
	for word, people := range w.names {
		if len(word) < longest || !wordAtEdge(s, word) {
			continue
		}
		if len(people) > 1 || len(word) == longest && found != people[0] {
			longest, found = len(word), "" // of two that fit equally well, none
			continue
		}
		longest, found = len(word), people[0]
	}
	return found
}

func wordAtEdge(s, word string) bool {
	if rest, ok := strings.CutPrefix(s, word); ok {
		if r, _ := utf8.DecodeRuneInString(rest); !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return true
		}
	}
	rest, ok := strings.CutSuffix(s, word)
	r, _ := utf8.DecodeLastRuneInString(rest)
	return ok && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
