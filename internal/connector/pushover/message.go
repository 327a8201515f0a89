package pushover

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// What Pushover takes: characters of a message, a title, a link and its name.
const (
	maxMessage = 1024
	maxTitle   = 250
	maxLink    = 512
)

func pageForm(p *connector.PageMessage) url.Values {
	title := muster.CleanLine(p.Title, 150)
	if svc := muster.CleanLine(p.Service, 60); svc != "" {
		title = svc + ": " + title
	}
	if p.Test {
		title = "Test: " + title
	}
	var lines []string
	add := func(s string, n int) {
		if s = muster.CleanLine(s, n); s != "" {
			lines = append(lines, s)
		}
	}
	add(p.Impact, 250)
	for i, d := range p.Digest {
		if i == 5 {
			add("and more: the page lists them all", 60)
			break
		}
		add(strings.TrimPrefix(d.Service+": "+d.Title, ": "), 80)
	}
	add(p.Action, 250)
	add(p.Why, 250)
	return form(title, strings.Join(lines, "\n"), cmp.Or(muster.SafeURL(p.AckURL), muster.SafeURL(p.PageURL)), "Open the page")
}

func noteForm(n *connector.Notification) url.Values {
	return form(muster.CleanLine(n.Title, maxTitle), muster.CleanText(n.Text, maxMessage), muster.SafeURL(n.URL), "Open")
}

// form is a message of usual priority. The text is plain: Pushover reads no markup unless asked.
func form(title, text, link, name string) url.Values {
	out := url.Values{"message": {cmp.Or(muster.Clip(strings.TrimSpace(text), maxMessage-1), "Open Muster to see more.")}}
	if title = strings.TrimSpace(muster.Clip(title, maxTitle-1)); title != "" {
		out.Set("title", title)
	}
	if link != "" && len(link) <= maxLink {
		out.Set("url", link)
		out.Set("url_title", name)
	}
	return out
}
