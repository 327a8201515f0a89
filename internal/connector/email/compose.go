package email

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"strings"
	texttemplate "text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// letter is what both parts of a mail show. Every text is clean; the templates escape what is left.
type letter struct {
	Subject, Heading, Lead    string
	Rows                      []row
	Text, Button, Link, Other string
	Foot                      string
}

type row struct{ Name, Value string }

// compose writes the mail. Text of alerts is hostile: it goes through CleanLine into headers, so that no header can be
// added, and through templates into the parts.
func (m *Connector) compose(d connector.Delivery) (*gomail.Msg, error) {
	var l letter
	thread := ""
	switch {
	case d.Page != nil:
		l = pageLetter(d.Page)
		if d.Page.AlertID != "" {
			thread = string(d.Page.AlertID)
		}
	case d.Note != nil:
		l = letter{
			Subject: muster.CleanLine(d.Note.Title, 150), Heading: muster.CleanLine(d.Note.Title, 200), Text: muster.CleanText(d.Note.Text, 8000),
			Button: "Open in Muster", Link: muster.SafeURL(d.Note.URL), Foot: "Nobody expects an answer to this mail.",
		}
	default:
		return nil, errors.New("mail carries pages and notifications only")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	if err := msg.To(d.Address); err != nil {
		return nil, errors.New("the mail address of the contact method cannot be used")
	}
	if l.Subject == "" {
		l.Subject = "Muster"
	}
	msg.Subject(l.Subject)
	at := d.At.Time
	if at.IsZero() {
		at = time.Now()
	}
	msg.SetDateWithValue(at)
	domain := m.from.Address[strings.LastIndexByte(m.from.Address, '@')+1:]
	msg.SetMessageIDWithValue(idPart(d.Key) + "@" + domain)
	if thread != "" {
		root := "<" + idPart(thread) + "@" + domain + ">"
		msg.SetGenHeader(gomail.HeaderInReplyTo, root)
		msg.SetGenHeader(gomail.HeaderReferences, root)
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if d.Page != nil && d.Page.Urgency == muster.UrgencyHigh {
		msg.SetImportance(gomail.ImportanceHigh)
	}
	var plain, rich bytes.Buffer
	if err := textPart.Execute(&plain, l); err != nil {
		return nil, fmt.Errorf("the mail cannot be written: %w", err)
	}
	if err := htmlPart.Execute(&rich, l); err != nil {
		return nil, fmt.Errorf("the mail cannot be written: %w", err)
	}
	msg.SetBodyString(gomail.TypeTextPlain, plain.String())
	msg.AddAlternativeString(gomail.TypeTextHTML, rich.String())
	return msg, nil
}

// idPart keeps what may stand on the left of a Message-ID. Keys are our own, so that nothing is lost.
func idPart(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}, muster.Clip(s, 200))
}

func pageLetter(p *connector.PageMessage) letter {
	title := muster.CleanLine(p.Title, 200)
	l := letter{
		Heading: title, Text: muster.CleanText(p.Summary, 4000), Button: "Acknowledge", Link: muster.SafeURL(p.AckURL),
		Other: muster.SafeURL(p.PageURL), Lead: muster.CleanLine(p.Why, 500),
		Foot: "Opening a link changes nothing: it shows a page with a button. You get this mail because Muster pages you.",
	}
	if l.Link == "" {
		l.Button, l.Link, l.Other = "Open", l.Other, ""
	}
	if l.Other == l.Link {
		l.Other = ""
	}
	severity := muster.CleanLine(string(p.Severity), 20)
	subject := title
	if svc := muster.CleanLine(p.Service, 80); svc != "" {
		subject = svc + ": " + title
	}
	if severity != "" && p.Severity != muster.SeverityUnknown {
		subject = "[" + severity + "] " + subject
	}
	if p.Test {
		subject = "[test] " + subject
		l.Lead = strings.TrimSpace("This is a test of the contact method. " + l.Lead)
	}
	l.Subject = muster.Clip(subject, 150)
	for _, r := range []row{
		{"Service", p.Service}, {"Severity", severity}, {"Impact", p.Impact}, {"Recommended action", p.Action}, {"Reply code", p.ReplyCode},
	} {
		if r.Value = muster.CleanLine(r.Value, 1000); r.Value != "" {
			l.Rows = append(l.Rows, r)
		}
	}
	return l
}

var textPart = texttemplate.Must(texttemplate.New("text").Parse(`{{.Heading}}
{{if .Lead}}
{{.Lead}}
{{end}}{{range .Rows}}
{{.Name}}: {{.Value}}{{end}}
{{if .Text}}
{{.Text}}
{{end}}{{if .Link}}
{{.Button}}: {{.Link}}
{{end}}{{if .Other}}
The whole page: {{.Other}}
{{end}}
{{.Foot}}
`))

// The HTML part carries its look inside, because mail programs take nothing from elsewhere. The palette is the screens'.
var htmlPart = template.Must(template.New("html").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:16px;font:16px/1.5 system-ui,sans-serif">
<div style="max-width:560px;margin:0 auto">
<h1 style="font-size:20px;line-height:1.3;margin:0 0 8px">{{.Heading}}</h1>
{{if .Lead}}<p style="margin:0 0 16px">{{.Lead}}</p>
{{end}}{{if .Link}}<p style="margin:0 0 16px"><a href="{{.Link}}" style="display:block;padding:16px;border-radius:8px;background:#1d4ed8;color:#ffffff;text-align:center;text-decoration:none;font-weight:600">{{.Button}}</a></p>
{{end}}{{if .Rows}}<table role="presentation" style="border-collapse:collapse;margin:0 0 16px">{{range .Rows}}
<tr><td style="padding:4px 16px 4px 0;vertical-align:top;white-space:nowrap">{{.Name}}</td><td style="padding:4px 0"><strong>{{.Value}}</strong></td></tr>{{end}}
</table>
{{end}}{{if .Text}}<p style="white-space:pre-line;margin:0 0 16px">{{.Text}}</p>
{{end}}{{if .Other}}<p style="margin:0 0 16px"><a href="{{.Other}}">The whole page</a></p>
{{end}}<p style="font-size:13px;margin:16px 0 0">{{.Foot}}</p>
</div></body></html>
`))
