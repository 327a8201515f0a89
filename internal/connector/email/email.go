// Package email sends pages and notifications by SMTP. A page has a link to a page with a button: opening the link, which
// mail scanners do, changes nothing. Each page keeps its Message-ID over repetitions, and all pages of an alert hang
// together as one thread.
//
// It imports connector, github.com/wneessen/go-mail, the standard library and the root package. It makes a connection for
// each mail, and asks for TLS unless the server is on this machine.
package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// Kind is the kind's word in documents.
const Kind = "email"

// timeout is how long one mail may take when the delivery has no earlier deadline.
const timeout = 20 * time.Second

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "E-mail", Help: "Sends pages and notifications through a mail server (SMTP).", Address: "a mail address",
		Settings: []connector.Setting{
			{Name: "host", Title: "Mail server", Help: "Its name, such as smtp.example.com.", Required: true},
			{Name: "port", Title: "Port", Help: "Empty: 587 for starttls, 465 for tls, 25 for none."},
			{Name: "tls", Title: "Encryption", Help: "starttls, tls (from the first byte), or none, which is for a server on this machine only.", Default: "starttls"},
			{Name: "from", Title: "Sender", Help: "Such as Muster <muster@example.com>.", Required: true},
			{Name: "username", Title: "User name", Help: "Empty: the server asks for none."},
			{Name: "password", Title: "Password", Secret: true},
		},
		Validate:     validate,
		CheckAddress: checkAddress,
		Checked:      "the mail server answers, and lets Muster sign in if it asks for a password",
		New:          func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

func validate(s map[string]string) (f []muster.FieldError) {
	bad := func(name, format string, args ...any) {
		f = append(f, muster.FieldError{Path: "settings." + name, Message: fmt.Sprintf(format, args...)})
	}
	if h := s["host"]; h != "" && (strings.ContainsAny(h, " /@\t") || (strings.Contains(h, ":") && net.ParseIP(h) == nil)) {
		bad("host", "%q is not the name of a server: write it without a scheme and without a port", muster.Clip(h, 60))
	}
	if p := s["port"]; p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			bad("port", "%q is not a port: it is a number between 1 and 65535", muster.Clip(p, 20))
		}
	}
	switch s["tls"] {
	case "", "starttls", "tls":
	case "none":
		if s["host"] != "" && !loopback(s["host"]) {
			bad("tls", "none is for a mail server on this machine only: passwords and alerts would be readable on the way")
		}
	default:
		bad("tls", "%q is not one of starttls, tls, none", muster.Clip(s["tls"], 20))
	}
	if from := s["from"]; from != "" {
		if _, err := mail.ParseAddress(from); err != nil {
			bad("from", "%q is not a mail address: write it like Muster <muster@example.com>", muster.Clip(from, 80))
		}
	}
	return f
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func checkAddress(a string) error {
	if p, err := mail.ParseAddress(a); err != nil || p.Address != a || strings.ContainsAny(a, "\r\n") {
		return fmt.Errorf("%q is not a mail address: write it like ana@example.com", muster.Clip(a, 80))
	}
	return nil
}

// Connector sends mail.
type Connector struct {
	name           string
	host           string
	port           int
	mode           string
	from           *mail.Address
	username, pass string
	helo           string
	dial           func(ctx context.Context, network, addr string) (net.Conn, error)
	tls            *tls.Config
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	from, err := mail.ParseAddress(c.Settings["from"])
	if err != nil {
		return nil, muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{{Path: "settings.from", Message: "is not a mail address"}})
	}
	m := &Connector{
		name: string(c.Name), host: c.Settings["host"], mode: c.Settings["tls"], from: from, username: c.Settings["username"],
		pass: c.Secrets["password"], dial: c.Dial,
	}
	if m.mode == "" {
		m.mode = "starttls"
	}
	if m.dial == nil {
		m.dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	m.port = map[string]int{"starttls": 587, "tls": 465, "none": 25}[m.mode]
	if p, err := strconv.Atoi(c.Settings["port"]); err == nil {
		m.port = p
	}
	if m.helo, err = os.Hostname(); err != nil || m.helo == "" {
		m.helo = "localhost"
	}
	m.tls = &tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs}
	return m, nil
}

// Kind implements [connector.Connector].
func (m *Connector) Kind() string { return Kind }

// String names the connector and hides its password.
func (m *Connector) String() string { return "email " + m.name }

// GoString is [Connector.String].
func (m *Connector) GoString() string { return m.String() }

// LogValue is [Connector.String].
func (m *Connector) LogValue() slog.Value { return slog.StringValue(m.String()) }

// Deliver implements [connector.Connector]. It takes pages and notifications.
func (m *Connector) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	if err := checkAddress(d.Address); err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	msg, err := m.compose(d)
	if err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	call, err := m.call(ctx)
	if err != nil {
		return connector.Receipt{}, err
	}
	defer func() { call.end() }() // not call.end itself: dialling replaces it
	if err := call.client.DialAndSendWithContext(call.ctx, msg); err != nil && !msg.IsDelivered() {
		return connector.Receipt{}, m.fail(err, call)
	}
	reply := muster.CleanLine(msg.ServerResponse(), 120)
	return connector.Receipt{ProviderID: msg.GetMessageID(), Detail: strings.TrimSpace("250 " + reply)}, nil
}

// Check implements [connector.Checker]: it connects and signs in, and sends nothing.
func (m *Connector) Check(ctx context.Context) error {
	call, err := m.call(ctx)
	if err != nil {
		return err
	}
	defer func() { call.end() }() // not call.end itself: dialling replaces it
	client, err := call.client.DialToSMTPClientWithContext(call.ctx)
	if err != nil {
		return m.fail(err, call)
	}
	_ = client.Quit() // everything that was to be found out has been
	return nil
}

// call is one conversation with the server. When its context ends, the connection is cut: the library would wait on.
type call struct {
	ctx    context.Context //nolint:containedctx // lives as long as the call
	client *gomail.Client
	dialed atomic.Bool
	end    func()
}

func (m *Connector) call(ctx context.Context) (*call, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	c := &call{ctx: ctx, end: cancel}
	opts := []gomail.Option{
		gomail.WithPort(m.port), gomail.WithTimeout(timeout), gomail.WithHELO(m.helo), gomail.WithTLSConfig(m.tls),
		gomail.WithDialContextFunc(func(dctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := m.dial(dctx, network, addr)
			if err != nil {
				return nil, err
			}
			c.dialed.Store(true)
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			c.end = func() { stop(); conn.Close(); cancel() }
			if m.mode == "tls" {
				return tls.Client(conn, m.tls), nil
			}
			return conn, nil
		}),
	}
	switch m.mode {
	case "starttls":
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default: // none, or TLS that the dialer brings
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if m.username != "" {
		opts = append(opts, gomail.WithUsername(m.username), gomail.WithPassword(m.pass), m.auth())
	}
	client, err := gomail.NewClient(m.host, opts...)
	if err != nil {
		cancel()
		return nil, connector.Permanent(errors.New("the mail server's settings cannot be used"))
	}
	c.client = client
	return c, nil
}

// auth signs in by the best method that the server offers. Without STARTTLS the library does not see that the dialer
// brought TLS, and on this machine there is nobody on the way.
func (m *Connector) auth() gomail.Option {
	if m.mode == "starttls" {
		return gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover)
	}
	return gomail.WithSMTPAuth(gomail.SMTPAuthPlainNoEnc)
}

// fail words what went wrong without any secret, and says whether to try again: by the server's code (4 temporary,
// 5 permanent) when there is one; unknown when the connection broke after the text had gone.
func (m *Connector) fail(err error, c *call) error {
	var send *gomail.SendError
	isSend := errors.As(err, &send)
	code, words := 0, ""
	var proto *textproto.Error
	switch {
	case isSend && send.ErrorCode() != 0:
		code, words = send.ErrorCode(), what(send.Reason)
	case errors.As(err, &proto):
		code, words = proto.Code, "the mail server refused to talk"
		if code == 535 || code == 534 || code == 530 || code == 538 {
			words = "the mail server did not accept the user name and password"
		}
	}
	if code != 0 {
		e := fmt.Errorf("%s (%d)", words, code)
		if isSend && send.EnhancedStatusCode() != "" {
			e = fmt.Errorf("%s (%d %s)", words, code, send.EnhancedStatusCode())
		}
		e = &refusal{error: e, said: m.said(err, code)}
		if code >= 500 {
			return connector.Permanent(e)
		}
		return connector.Temporary(e, 0)
	}
	late := c.ctx.Err() != nil
	if isSend && (send.Reason == gomail.ErrSMTPDataClose || send.Reason == gomail.ErrWriteContent) {
		return connector.Unknown(errors.New("the connection broke while the mail was handed over"))
	}
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return connector.Temporary(errors.New("the mail server's certificate is not valid for its name"), 0)
	case late:
		return connector.Temporary(errors.New("the mail server did not answer in time"), 0)
	case !c.dialed.Load():
		return connector.Temporary(fmt.Errorf("no connection to the mail server: %w", err), 0)
	case m.mode == "starttls" && strings.Contains(err.Error(), "STARTTLS"):
		return connector.Permanent(errors.New("the mail server offers no STARTTLS: choose tls, or another port"))
	case m.username != "" && (strings.Contains(err.Error(), "AUTH") || strings.Contains(err.Error(), "auth")):
		return connector.Permanent(errors.New("the mail server offers no way of signing in that can be used"))
	}
	return connector.Temporary(errors.New("the conversation with the mail server broke off"), 0)
}

// refusal is an error with the server's own words, which may be hostile: they are for the eyes of whoever tries the
// settings out, and never in the error's text.
type refusal struct {
	error
	said string
}

// ServerSaid is what the server answered: "535 5.7.8 Authentication credentials invalid".
func (r *refusal) ServerSaid() string { return r.said }

// Unwrap gives the error in our words.
func (r *refusal) Unwrap() error { return r.error }

// said finds the server's line in what the library makes of it, without the password if the server repeats it.
func (m *Connector) said(err error, code int) string {
	text := err.Error()
	if proto, ok := errors.AsType[*textproto.Error](err); ok {
		text = strconv.Itoa(proto.Code) + " " + proto.Msg
	} else if i := strings.Index(text, strconv.Itoa(code)+" "); i >= 0 {
		text, _, _ = strings.Cut(text[i:], ", affected ")
		if head, quoted, ok := strings.Cut(text, " "); ok { // the library prints what the server said as a Go string
			if plain, err := strconv.QuotedPrefix(quoted); err == nil {
				if plain, err = strconv.Unquote(plain); err == nil {
					text = head + " " + plain
				}
			}
		}
	}
	if m.pass != "" {
		text = strings.ReplaceAll(text, m.pass, "…")
	}
	return muster.CleanLine(text, 300)
}

func what(r gomail.SendErrReason) string {
	switch r {
	case gomail.ErrSMTPMailFrom:
		return "the mail server refused the sender"
	case gomail.ErrSMTPRcptTo:
		return "the mail server refused the recipient"
	default:
		return "the mail server refused the mail"
	}
}
