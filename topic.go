package muster

import (
	"maps"
	"slices"
	"strings"
)

// TopicWord is what is left of the words by which people ask for an expert: "the Database expert" is "database". Upper and
// lower case are the same.
func TopicWord(text string) string {
	words := strings.Fields(strings.ToLower(text))
	if len(words) > 1 && words[0] == "the" {
		words = words[1:]
	}
	if n := len(words); n > 1 && (words[n-1] == "expert" || words[n-1] == "experts") {
		words = words[:n-1]
	}
	return strings.Join(words, " ")
}

// Known is how the topic is called: its title, else its name.
func (t *Topic) Known() string {
	if t.Title != "" {
		return t.Title
	}
	return t.Name
}

// Topic finds a topic by its name or its title, with the roster that has it; nil when there is none. Names come before
// titles, and the roster that comes first by name before others.
func (c *Catalog) Topic(text string) (*Roster, *Topic) {
	word := TopicWord(text)
	if word == "" {
		return nil, nil
	}
	var named, titled *Roster
	var byName, byTitle *Topic
	for _, d := range c.Rosters {
		for i := range d.Topics {
			t := &d.Topics[i]
			if t.Name == word && (named == nil || d.Name < named.Name) {
				named, byName = d, t
			}
			if (titled == nil || d.Name < titled.Name) && t.Title != "" && TopicWord(t.Title) == word {
				titled, byTitle = d, t
			}
		}
	}
	if byName != nil {
		return named, byName
	}
	return titled, byTitle
}

// NearTopic is the name of the topic that is most like what somebody wrote, "" when none is near.
func (c *Catalog) NearTopic(text string) string {
	var names, words []string
	for _, name := range slices.Sorted(maps.Keys(c.Rosters)) {
		for _, t := range c.Rosters[name].Topics {
			words, names = append(words, t.Name), append(names, t.Name)
			if w := TopicWord(t.Title); w != "" {
				words, names = append(words, w), append(names, t.Name)
			}
		}
	}
	near := Nearest(TopicWord(text), words)
	if near == "" {
		return ""
	}
	return names[slices.Index(words, near)]
}
