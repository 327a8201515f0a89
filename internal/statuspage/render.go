package statuspage

import (
	"bytes"
	_ "embed" // the page's template and style
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

//go:embed page.gohtml
var pageSource string

//go:embed style.css
var style []byte

//go:embed icon.svg
var icon []byte

// pageTemplate is parsed once; it does not change.
var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// historyShown is how many past incidents stand on the page; feeds and JSON have the same.
const historyShown = 20

// Render makes the tree of files. It fails only when a template does, which is a bug.
func Render(p Page) (map[string][]byte, error) {
	p = tidy(p)
	p.History = p.History[:min(len(p.History), historyShown)]
	tree := map[string][]byte{"style.css": slices.Clone(style), "icon.svg": slices.Clone(icon)}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, newShown(p)); err != nil {
		return nil, fmt.Errorf("render the status page %s: %w", p.Doc.Name, err)
	}
	tree["index.html"] = b.Bytes()
	for _, f := range []func(Page, map[string][]byte) error{renderStatus, renderAPI, renderAtom, renderFeed} {
		if err := f(p, tree); err != nil {
			return nil, fmt.Errorf("render the status page %s: %w", p.Doc.Name, err)
		}
	}
	return tree, nil
}

// shown is what the template shows: words, no decisions.
type shown struct {
	Title      string
	Suffix     string // "status", when the title does not say it
	Private    bool
	Word, Look string
	Headline   string
	Lede       string
	Confirmed  stamp
	Quiet      bool
	Incidents  []shownIncident
	Components []shownComponent
	Past       []shownPast
	Zone       string
	Made       stamp
	Support    string
	SupportURL string
}

type stamp struct{ ISO, Text, Day string }

type shownIncident struct {
	Key        string
	Title      string // empty: it is the headline already
	Word, Look string
	Confirmed  stamp
	Next       stamp
	Late       bool
	Updates    []shownUpdate
	Affects    string
}

type shownUpdate struct {
	At    stamp
	Label string
	Known string
	Doing string
	Next  stamp
	Late  bool
}

type shownComponent struct {
	Title      string
	Word, Look string
	Days       days
}

type shownPast struct {
	Key     string
	At      stamp
	Lasted  string
	Title   string
	Last    string
	Updates []shownUpdate
}

func (p Page) stamp(at muster.Instant) stamp {
	if at.IsZero() {
		return stamp{}
	}
	day := at.In(p.Zone).Format("2 Jan")
	switch p.day(p.Now) - p.day(at) {
	case 0:
		day = "today"
	case 1:
		day = "yesterday"
	}
	return stamp{ISO: at.UTC().Format("2006-01-02T15:04:05Z"), Text: p.clock(at), Day: day}
}

func newShown(p Page) shown {
	state := overall(p)
	s := shown{
		Title: p.Doc.Title, Private: p.Doc.Audience != muster.AudiencePublic, Word: state.Word(), Look: state.look(), Headline: state.Sentence(),
		Lede: p.Doc.Intro, Confirmed: p.stamp(confirmed(p)), Quiet: len(p.Incidents) == 0, Zone: p.Now.In(p.Zone).Format("MST"),
		Made: p.stamp(p.Now), Support: p.Doc.Support, SupportURL: muster.SafeURL(p.Doc.Support),
	}
	if !strings.Contains(strings.ToLower(s.Title), "status") {
		s.Suffix = "status"
	}
	if s.SupportURL == "" && strings.Count(s.Support, "@") == 1 && !strings.ContainsAny(s.Support, " <>?&:/") {
		s.SupportURL = "mailto:" + s.Support
	}
	if len(p.Incidents) == 1 {
		s.Headline, s.Word = p.Incidents[0].Title, p.Incidents[0].word()
	}
	if !s.Quiet {
		s.Lede = stillWorks(p)
	}
	for _, i := range p.Incidents {
		x := shownIncident{Key: string(i.Key), Word: i.word(), Look: i.state().look(), Affects: affects(p, i)}
		if len(p.Incidents) > 1 {
			x.Title = i.Title
		}
		by, late := i.promise(p.Now)
		x.Next, x.Late = p.stamp(by), late
		x.Confirmed = p.stamp(i.Opened)
		if len(i.Updates) > 0 {
			x.Confirmed = p.stamp(i.Updates[0].At)
		}
		x.Updates = p.updates(i)
		s.Incidents = append(s.Incidents, x)
	}
	for _, c := range p.Doc.Components {
		state, word := componentState(p, c.Name)
		s.Components = append(s.Components, shownComponent{Title: c.Title, Word: word, Look: state.look(), Days: newDays(p, c.Name)})
	}
	for _, i := range p.History {
		x := shownPast{Key: string(i.Key), At: p.stamp(i.Opened), Title: i.Title, Updates: p.updates(i)}
		x.At.Day = i.Opened.In(p.Zone).Format("2 Jan")
		if end := i.ended(); !end.IsZero() && !i.Opened.IsZero() {
			x.Lasted = lasted(end.Sub(i.Opened.Time))
		}
		if len(i.Updates) > 0 {
			x.Last = i.Updates[0].Known
		}
		s.Past = append(s.Past, x)
	}
	return s
}

func (p Page) updates(i Incident) (out []shownUpdate) {
	for n, u := range i.Updates {
		x := shownUpdate{At: p.stamp(u.At), Known: u.Known, Doing: u.Doing, Label: label(u)}
		x.At.Text = u.At.In(p.Zone).Format("15:04")
		if n == 0 {
			by, late := i.promise(p.Now)
			x.Next, x.Late = p.stamp(by), late
		}
		out = append(out, x)
	}
	return out
}

// label says in a word how far an update is.
func label(u Update) string {
	switch {
	case u.Final || u.Status == muster.IncidentResolved || u.Status == muster.IncidentClosed:
		return "Over"
	case u.Status == muster.IncidentMitigated:
		return "Recovering"
	case u.Doing != "":
		return "Being fixed"
	}
	return "Known"
}

// stillWorks says what is not affected: the second thing that people want to know.
func stillWorks(p Page) string {
	for _, i := range p.Incidents {
		if affects(p, i) == "" {
			return "" // nobody said what it affects
		}
	}
	var works []string
	for _, c := range p.Doc.Components {
		if s, _ := componentState(p, c.Name); s == Operational {
			works = append(works, c.Title)
		}
	}
	switch n := len(works); {
	case n == 0 || n == len(p.Doc.Components):
		return ""
	case n > 5:
		works = append(works[:4:4], fmt.Sprintf("%d more", n-4))
	}
	if len(works) == 1 {
		return works[0] + " is not affected."
	}
	return list(works) + " are not affected."
}

// affects lists the components of an incident by their titles.
func affects(p Page, i Incident) string {
	var titles []string
	for _, c := range p.Doc.Components {
		if slices.Contains(i.Components, c.Name) {
			titles = append(titles, c.Title)
		}
	}
	return list(titles)
}
