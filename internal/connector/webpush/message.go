package webpush

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// maxBody is what fits into one record of 4,096 bytes beside its header, its end and its seal.
const maxBody = 3900

// message is what the service worker shows. Open and Answer are addresses of this installation; opening alone does nothing.
type message struct {
	Kind     string `json:"kind"` // page, note, test
	Tag      string `json:"tag"`  // a repetition takes the place of what it repeats
	Title    string `json:"title"`
	Text     string `json:"text,omitempty"`
	Service  string `json:"service,omitempty"`
	Severity string `json:"severity,omitempty"`
	Why      string `json:"why,omitempty"`
	Urgent   bool   `json:"urgent,omitempty"` // stays until somebody touches it
	Open     string `json:"open,omitempty"`
	Answer   string `json:"answer,omitempty"` // where to tell that it was received or acknowledged: POST
	At       int64  `json:"at"`               // milliseconds of the epoch
}

func pageMessage(p *connector.PageMessage, answer string) message {
	m := message{
		Kind: "page", Tag: string(p.PageID), Title: muster.CleanLine(p.Title, 150), Service: muster.CleanLine(p.Service, 60), Severity: muster.CleanLine(string(p.Severity), 20),
		Why: muster.CleanLine(p.Why, 300), Urgent: p.Urgency == muster.UrgencyHigh, Open: cmp.Or(muster.SafeURL(p.AckURL), muster.SafeURL(p.PageURL)), Answer: muster.SafeURL(answer),
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
	m.Text = strings.Join(lines, "\n")
	if p.Test {
		m.Title = "Test: " + m.Title
	}
	return m
}

func noteMessage(n *connector.Notification) message {
	m := message{Kind: "note", Title: muster.CleanLine(n.Title, 150), Text: muster.CleanText(n.Text, 600), Open: muster.SafeURL(n.URL)}
	if n.Kind == muster.NoticeContactTest {
		m.Kind = "test"
	}
	return m
}

// fit writes the message so that it fits: text gives way first, links and the tag never.
func (m message) fit() ([]byte, error) {
	for n := 600; ; n /= 2 {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(m); err != nil {
			return nil, errors.New("the message cannot be written as JSON")
		}
		if b.Len() <= maxBody {
			return bytes.TrimSpace(b.Bytes()), nil
		}
		if n < 20 {
			m.Open = "" // longer than any link of ours
			if n == 0 {
				return nil, errors.New("the message is too large for a push service")
			}
		}
		m.Text, m.Why, m.Title, m.Service = muster.Clip(m.Text, n), muster.Clip(m.Why, n), muster.Clip(m.Title, max(n/2, 40)), muster.Clip(m.Service, 40)
	}
}
