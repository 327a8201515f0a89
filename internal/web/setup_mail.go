package web

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web/view"
)

// mailKind is the kind of connector that sends mail.
const mailKind = "email"

// Trial is a connector whose settings are tried before anybody saves them.
type Trial struct {
	Connector   *muster.Connector
	Secrets     map[string]string // setting to its value; what is missing here is the stored secret that the document names
	To          string            // the address that gets a message; "": it is only tried whether the other side lets us in
	Title, Text string            // of the message
}

// mailPassword is the setting of the mail connector that is a secret.
const mailPassword = "password"

// mailSettings are the settings that the form has.
var mailSettings = []string{"host", "port", "tls", "username", "from"}

func mailWords(c *muster.Connector) string {
	host := c.Settings["host"]
	if p := c.Settings["port"]; p != "" {
		host += ", port " + p
	}
	return c.Settings["from"] + " by " + host
}

func (v *visit) mailStep(st *setupState) *view.SetupMail {
	m := &view.SetupMail{URL: "/setup/mail", To: st.profile.User.Email, TLS: mailTLS("starttls")}
	if _, domain, ok := strings.Cut(st.profile.User.Email, "@"); ok {
		m.From = "Muster <muster@" + domain + ">"
	}
	if st.mail == nil {
		m.Skip = "Without mail, pages go by other ways alone, such as ntfy or text messages, and nobody gets notices outside of Muster."
		return m
	}
	c := st.mail.Connector
	fillMail(m, c.Settings)
	m.Stored = c.Secrets[mailPassword] != ""
	m.Saved = "Muster sends as " + mailWords(c) + "."
	if l := st.mail.Last; l != nil && l.State == muster.DeliveryFailed {
		m.Saved += " The last mail could not be delivered: see Settings, Connectors."
	}
	return m
}

func fillMail(m *view.SetupMail, s map[string]string) {
	m.Host, m.Port, m.Username, m.From, m.TLS = s["host"], s["port"], s["username"], s["from"], mailTLS(s["tls"])
}

func mailTLS(chosen string) []view.Option {
	if chosen == "" {
		chosen = "starttls"
	}
	return options([]view.Option{
		{Value: "starttls", Text: "STARTTLS (usual)"}, {Value: "tls", Text: "TLS from the first byte"}, {Value: "none", Text: "none: a server on this machine"},
	}, chosen)
}

// setupMail tries the settings of the form, or saves them. Nothing is saved that was not tried, unless one insists.
func setupMail(v *visit) error {
	if err := v.setupAdmin(); err != nil {
		return err
	}
	if err := v.setups.Check(v.remote()); err != nil {
		return err
	}
	st, err := v.setupState()
	if err != nil {
		return err
	}
	doc, password := v.mailOf(st)
	t := Trial{Connector: doc, Secrets: map[string]string{}}
	if password != "" {
		t.Secrets[mailPassword] = password
	}
	do := v.field("do")
	if do == "test" {
		t.To, t.Title = st.profile.User.Email, "Muster: a test of your mail server"
		t.Text = "If you can read this, Muster can send mail. Go back to the setup and save these settings."
	}
	if do != "anyway" {
		said, err := v.try(t)
		if err != nil || do == "test" {
			return v.mailTried(st, doc, password, said, err)
		}
	}
	if err := v.saveMail(doc, password); err != nil {
		if !refused(err) {
			return err
		}
		return v.mailTried(st, doc, password, "", err)
	}
	return v.done("/setup/team", "Mail is set up.", "")
}

// mailOf is the document that the form describes, and the password that was typed, now or before.
func (v *visit) mailOf(st *setupState) (doc *muster.Connector, password string) {
	doc = &muster.Connector{Title: "E-mail", Kind: mailKind}
	if st.mail != nil {
		old := *st.mail.Connector
		doc = &old
	} else {
		doc.Name = muster.ConnectorName(freeName("mail", func(n string) bool { return st.cat.Connectors[muster.ConnectorName(n)] != nil }))
	}
	doc.Settings, doc.Secrets = maps.Clone(doc.Settings), maps.Clone(doc.Secrets)
	if doc.Settings == nil {
		doc.Settings = map[string]string{}
	}
	for _, name := range mailSettings {
		if doc.Settings[name] = v.field(name); doc.Settings[name] == "" {
			delete(doc.Settings, name)
		}
	}
	if doc.Settings["username"] == "" {
		delete(doc.Secrets, mailPassword)
		return doc, ""
	}
	if password = v.r.PostFormValue("password"); password == "" {
		password = v.unkeep(v.field("kept"))
	}
	if password == "" && st.mail != nil && slices.ContainsFunc([]string{"host", "port", "tls", "username"}, func(name string) bool {
		return doc.Settings[name] != st.mail.Connector.Settings[name]
	}) {
		delete(doc.Secrets, mailPassword) // what was stored for one server is not for another
	}
	return doc, password
}

// try tries a connector out as the settings say.
func (v *visit) try(t Trial) (said string, err error) {
	if v.Try == nil {
		return "", muster.Errorf(muster.ErrUnavailable, "Mail cannot be tried out here.")
	}
	ctx, cancel := context.WithTimeout(v.ctx(), 25*time.Second)
	defer cancel()
	said, err = v.Try(ctx, t)
	facts := map[string]string{"host": t.Connector.Settings["host"]}
	if err != nil {
		facts["result"] = "failed"
	}
	if aerr := v.Commands.Audit(v.ctx(), v.actor, "try connector", string(t.Connector.Name), facts); aerr != nil {
		return said, aerr
	}
	return said, err
}

// mailTried shows the step again with what came of a try.
func (v *visit) mailTried(st *setupState, doc *muster.Connector, password, said string, err error) error {
	status := http.StatusOK
	if err != nil {
		status = http.StatusUnprocessableEntity
	}
	return v.wizard(status, stepMail, func(p *view.Wizard) {
		m := p.Mail
		fillMail(m, doc.Settings)
		if password != "" {
			m.Kept = v.keep(password)
		}
		switch {
		case err == nil:
			m.Said = &view.MailSaid{OK: true, Text: "The server took it. Look into the mailbox of " + st.profile.User.Email + "; then save.", Server: said}
		case len(fieldsOf(err)) > 0:
			m.Problems = mailProblems(err)
		default:
			m.Anyway, m.Said = true, &view.MailSaid{Text: sentence(trialWords(err))}
			if s, ok := errors.AsType[serverSaid](err); ok {
				m.Said.Server = s.ServerSaid()
			}
		}
	})
}

// serverSaid is an error that knows the other side's own words.
type serverSaid interface {
	error
	ServerSaid() string
}

// trialWords is what a connector says of its failure, which never holds a secret.
func trialWords(err error) string {
	if _, ok := errors.AsType[*muster.Error](err); ok {
		return muster.MessageOf(err)
	}
	return muster.CleanLine(err.Error(), 300)
}

// mailProblems names the form's fields where the document's are wrong.
func mailProblems(err error) []view.Problem {
	out := problems(err, nil)
	for i := range out {
		out[i].Field = out[i].Field[strings.LastIndexByte(out[i].Field, '.')+1:]
	}
	return out
}

// saveMail writes the connector, and its password first.
func (v *visit) saveMail(doc *muster.Connector, password string) error {
	if password != "" {
		name := doc.Secrets[mailPassword]
		if name == "" {
			name = string(doc.Name) + "-password"
			doc.Secrets = map[string]string{mailPassword: name}
		}
		if _, err := run[muster.Nothing](v, "PutSecret", command.PutSecret{Name: name, Value: password}); err != nil {
			return err
		}
	}
	return v.applied("setup: mail", doc)
}

// keepFor is how long a password that was typed travels with the form, sealed.
const keepFor = time.Hour

func (v *visit) keptAbout() string { return "setup/mail/" + string(v.actor.User) }

// keep seals a password for the form, so that it is typed once for the try and the saving, and never shown.
func (v *visit) keep(password string) string {
	plain := strconv.FormatInt(v.now.Add(keepFor).Unix(), 10) + " " + password
	return base64.RawURLEncoding.EncodeToString(v.Commands.Box.Seal([]byte(plain), v.keptAbout()))
}

// unkeep opens it, "" for what is no such thing or too old.
func (v *visit) unkeep(kept string) string {
	sealed, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil || len(sealed) == 0 {
		return ""
	}
	plain, err := v.Commands.Box.Unseal(sealed, v.keptAbout())
	if err != nil {
		return ""
	}
	until, password, _ := strings.Cut(string(plain), " ")
	if end, err := strconv.ParseInt(until, 10, 64); err != nil || v.now.Unix() > end {
		return ""
	}
	return password
}
