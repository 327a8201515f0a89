package statuspage

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// entriesInFeed is how many updates a feed has.
const entriesInFeed = 50

// entry is one update in a feed.
type entry struct {
	id, title, body string
	at              muster.Instant
}

// entries are the updates of all incidents, newest first. An entry keeps its ID for ever, wherever the page moves.
func entries(p Page) (out []entry) {
	for _, i := range slices.Concat(p.Incidents, p.History) {
		for _, u := range i.Updates {
			title := i.Title
			if l := label(u); l != "Known" {
				title += ": " + strings.ToLower(l)
			}
			out = append(out, entry{id: "urn:muster:" + string(p.Doc.Name) + ":" + string(u.ID), title: title, body: p.body(u), at: u.At})
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { return b.at.Compare(a.at.Time) })
	return out[:min(len(out), entriesInFeed)]
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr,omitempty"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string     `xml:"id"`
	Title   string     `xml:"title"`
	Updated string     `xml:"updated"`
	Links   []atomLink `xml:"link"`
	Content atomText   `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

func renderAtom(p Page, tree map[string][]byte) error {
	f := atomFeed{
		ID: "urn:muster:" + string(p.Doc.Name), Title: p.Doc.Title + ": updates", Updated: rfc3339(lastWord(p)), Author: p.Doc.Title,
	}
	if p.BaseURL != "" {
		f.Links = []atomLink{{Rel: "self", Type: "application/atom+xml", Href: p.BaseURL + "history.atom"}, {Rel: "alternate", Type: "text/html", Href: p.BaseURL}}
	}
	for _, e := range entries(p) {
		x := atomEntry{ID: e.id, Title: e.title, Updated: rfc3339(e.at), Content: atomText{Type: "text", Text: e.body}}
		if p.BaseURL != "" {
			x.Links = []atomLink{{Rel: "alternate", Type: "text/html", Href: p.BaseURL}}
		}
		f.Entries = append(f.Entries, x)
	}
	b, err := xml.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	tree["history.atom"] = slices.Concat([]byte(xml.Header), b, []byte("\n"))
	return nil
}

type jsonFeed struct {
	Version     string      `json:"version"`
	Title       string      `json:"title"`
	HomePageURL string      `json:"home_page_url,omitempty"`
	FeedURL     string      `json:"feed_url,omitempty"`
	Description string      `json:"description,omitempty"`
	Items       []jsonEntry `json:"items"`
}

type jsonEntry struct {
	ID            string `json:"id"`
	URL           string `json:"url,omitempty"`
	Title         string `json:"title"`
	ContentText   string `json:"content_text"`
	DatePublished string `json:"date_published"`
}

func renderFeed(p Page, tree map[string][]byte) error {
	f := jsonFeed{Version: "https://jsonfeed.org/version/1.1", Title: p.Doc.Title + ": updates", Description: p.Doc.Intro, Items: []jsonEntry{}}
	if p.BaseURL != "" {
		f.HomePageURL, f.FeedURL = p.BaseURL, p.BaseURL+"feed.json"
	}
	for _, e := range entries(p) {
		f.Items = append(f.Items, jsonEntry{ID: e.id, URL: p.BaseURL, Title: e.title, ContentText: e.body, DatePublished: rfc3339(e.at)})
	}
	return put(tree, "feed.json", f)
}

func rfc3339(at muster.Instant) string { return at.UTC().Format("2006-01-02T15:04:05.999999Z") }
