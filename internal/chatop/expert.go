package chatop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// maxTopicWords is how many words of a line may name a topic.
const maxTopicWords = 6

// asked reads "the database expert" off the front of a line, or the bare name or title of a topic, and gives the topic's
// name. found is false when the line begins with something else, such as a person.
func (f *filler) asked(text string) (topic, after string, found bool, err error) {
	words := strings.Fields(text)
	cat := f.catalog()
	rest := func(n int) string {
		for left := text; ; n-- {
			if n == 0 {
				return strings.TrimSpace(left)
			}
			_, left = cut(left)
		}
	}
	expert := slices.IndexFunc(words[:min(len(words), maxTopicWords)], func(w string) bool {
		w = strings.ToLower(strings.TrimRight(w, ",.:;!?"))
		return w == "expert" || w == "experts"
	})
	if expert > 0 {
		phrase := strings.Join(words[:expert], " ")
		if _, t := cat.Topic(phrase); t != nil {
			return t.Name, rest(expert + 1), true, nil
		}
		if the := strings.EqualFold(words[0], "the"); the && expert > 1 || expert == 1 && !f.isPerson(words[0]) && !the {
			return "", "", false, f.noTopic(muster.TopicWord(phrase))
		}
	}
	for n := min(len(words), maxTopicWords); n > 0; n-- {
		if _, t := cat.Topic(strings.Join(words[:n], " ")); t != nil && (n > 1 || !f.isPerson(words[0])) {
			return t.Name, rest(n), true, nil
		}
	}
	return "", text, false, nil
}

func (f *filler) isPerson(word string) bool {
	_, ok := f.person(word)
	return ok
}

func (f *filler) noTopic(word string) error {
	text := fmt.Sprintf("there is no topic called %q", muster.Clip(word, 40))
	if near := f.catalog().NearTopic(word); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return wrong("topic", text+" Write experts to see all")
}

// toExpert makes a line that pages an expert from within a room one that pages them into it, so that the incident needs no
// open alert for it.
func (c *Chat) toExpert(actor muster.Actor, room, word, rest string) (op, line string) {
	if word != "page" || room == "" || c.words["expert"] == nil {
		return word, rest
	}
	f := filler{Chat: c, actor: actor}
	topic, after, found, err := f.asked(rest)
	if err != nil || !found || strings.HasPrefix(after, "alt_") {
		return word, rest
	}
	return "expert", topic + " " + after
}

func (c *Chat) pagedWord(o *command.ExpertPaged) string {
	names := make([]string, len(o.People))
	for i, p := range o.People {
		names[i] = p.Name
	}
	text := []string{fmt.Sprintf("Paged for %s: %s.", o.Incident, strings.Join(names, " and "))}
	if n := len(o.Why); n > 2 { // it is not simply the first expert
		for _, r := range o.Why[1:] {
			if r.Kind == muster.ReasonCondition || r.Kind == muster.ReasonPerson {
				text = append(text, r.Text)
			}
		}
	}
	return strings.Join(text, " ")
}

func (c *Chat) expertsWord(list muster.Listing[query.Expertise]) string {
	if len(list.Items) == 0 {
		return "No roster names experts."
	}
	lines := make([]string, len(list.Items))
	for i, x := range list.Items {
		names := make([]string, len(x.Asked))
		for j, p := range x.Asked {
			names[j] = p.Name
		}
		who := "nobody can be asked now"
		if len(names) > 0 {
			who = strings.Join(names, " and ")
		}
		switch {
		case x.ByFallback:
			who += " (the fallback: no expert can be asked now)"
		case x.Woken:
			who += " (woken: there is nobody else)"
		}
		lines[i] = fmt.Sprintf("%s: %s", x.Title, who)
	}
	return strings.Join(lines, "\n")
}

// maxWarned is how many warnings a chat is told.
const maxWarned = 15

func warningsWord(list muster.Listing[query.RosterWarning]) string {
	var lines []string
	accepted := 0
	for i := range list.Items {
		if w := &list.Items[i]; w.Accepted != nil {
			accepted++
		} else {
			lines = append(lines, w.Title+": "+w.Text)
		}
	}
	if n := len(lines); n > maxWarned {
		lines = append(lines[:maxWarned], fmt.Sprintf("And %d more: see On call.", n-maxWarned))
	}
	if len(lines) == 0 {
		lines = append(lines, "There is nothing to mend in the next 30 days.")
	}
	if accepted > 0 {
		lines = append(lines, fmt.Sprintf("Accepted by somebody: %d.", accepted))
	}
	return strings.Join(lines, "\n")
}
