package ntfy

import (
	"cmp"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// Priorities, as ntfy counts them.
const (
	normal = 3
	urgent = 5 // long vibration, over other windows; a phone can let it through while it is silent
)

// maxText is what a message takes in bytes: ntfy makes a file of what is longer, and no phone shows that.
const maxText = 3600

// message is a message as the server takes it. Sequence lets a repetition take the place of what it repeats.
type message struct {
	Topic    string   `json:"topic"`
	Title    string   `json:"title,omitempty"`
	Message  string   `json:"message"`
	Priority int      `json:"priority"`
	Tags     []string `json:"tags,omitempty"`
	Click    string   `json:"click,omitempty"`
	Actions  []action `json:"actions,omitempty"`
	Sequence string   `json:"sequence_id,omitempty"`
}

// action is a button. "view" opens an address, and opening alone does nothing.
type action struct {
	Action string `json:"action"`
	Label  string `json:"label"`
	URL    string `json:"url"`
	Clear  bool   `json:"clear,omitempty"`
}

func pageMessage(p *connector.PageMessage) message {
	m := message{Title: muster.CleanLine(p.Title, 150), Priority: normal, Tags: []string{tag(p.Severity)}, Sequence: string(p.PageID)}
	if p.Urgency == muster.UrgencyHigh {
		m.Priority = urgent
	}
	if svc := muster.CleanLine(p.Service, 60); svc != "" {
		m.Title = svc + ": " + m.Title
	}
	if p.Test {
		m.Title = "Test: " + m.Title
	}
	var lines []string
	add := func(s string, n int) {
		if s = muster.CleanLine(s, n); s != "" {
			lines = append(lines, s)
		}
	}
	add(p.Impact, 400)
	for i, d := range p.Digest {
		if i == 10 {
			add("and more: the page lists them all", 60)
			break
		}
		add(strings.TrimPrefix(d.Service+": "+d.Title, ": "), 120)
	}
	add(p.Action, 400)
	add(p.Why, 300)
	m.Message = whole(lines)
	open(&m, cmp.Or(muster.SafeURL(p.AckURL), muster.SafeURL(p.PageURL)), "Open and acknowledge")
	return m
}

func noteMessage(n *connector.Notification) message {
	m := message{Title: muster.CleanLine(n.Title, 200), Priority: normal, Message: whole([]string{muster.CleanText(n.Text, 1500)})}
	open(&m, muster.SafeURL(n.URL), "Open")
	return m
}

// open makes a tap on the message, and its only button, open an address.
func open(m *message, link, label string) {
	if link == "" || len(link) > 1000 {
		return
	}
	m.Click, m.Actions = link, []action{{Action: "view", Label: label, URL: link, Clear: true}}
}

// whole is a text that is never empty and fits.
func whole(lines []string) string {
	s := strings.TrimSpace(strings.Join(lines, "\n"))
	for n := 1500; len(s) > maxText; n -= 100 {
		s = muster.Clip(s, n)
	}
	return cmp.Or(s, "Open Muster to see more.")
}

// tag is the name of the picture that ntfy shows before the title.
func tag(s muster.AlertSeverity) string {
	switch s {
	case muster.SeverityCritical:
		return "rotating_light"
	case muster.SeverityMajor, muster.SeverityMinor:
		return "warning"
	case muster.SeverityInfo, muster.SeverityUnknown:
	}
	return "bell"
}
