// Package fake is a strict mail server: it refuses what real ones refuse (no TLS where it is offered, a sender or recipient
// that is no address, lines that end without CR, missing Date, Message-ID or From, two of a header that must be alone) and
// keeps what it takes. Tests and the verbs of `muster fake` use it.
//
// It imports github.com/emersion/go-smtp and go-sasl and the standard library, and shares no code with the connector.
package fake

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is what the server took.
type Mail struct {
	From, To  string // of the envelope
	Header    mail.Header
	Subject   string // decoded
	MessageID string
	Text      string // the plain part
	HTML      string
	Raw       []byte
}

// Options say how strict the server is about who talks to it.
type Options struct {
	TLS      *tls.Config // nil: no TLS at all
	Implicit bool        // TLS from the first byte
	Username string      // "" : anybody may send
	Password string
}

// Server is the mail server.
type Server struct {
	opts    Options
	smtp    *smtp.Server
	mu      sync.Mutex
	mails   []Mail
	refused []string
	refuse  func(stage string) *smtp.SMTPError
	arrived func(Mail)
	listen  net.Listener
	closed  bool
}

// New makes a server; [Server.Serve] runs it.
func New(o Options) *Server {
	s := &Server{opts: o}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		if err := s.asked("connect"); err != nil {
			return nil, err
		}
		return &session{server: s, conn: c}, nil
	}))
	s.smtp.Domain = "mail.fake.example"
	s.smtp.TLSConfig = o.TLS
	s.smtp.AllowInsecureAuth = o.TLS == nil
	s.smtp.MaxMessageBytes = 1 << 20
	s.smtp.MaxLineLength = 1000
	s.smtp.MaxRecipients = 10
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = 30*time.Second, 30*time.Second
	s.smtp.ErrorLog = silent{}
	return s
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Serve takes connections until the server is closed.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return l.Close()
	}
	s.listen = l
	s.mu.Unlock()
	if s.opts.Implicit {
		l = tls.NewListener(l, s.opts.TLS)
	}
	if err := s.smtp.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Close ends the server and its connections. It may come before Serve.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	l := s.listen
	s.mu.Unlock()
	if l != nil {
		l.Close()
	}
	return s.smtp.Close()
}

// Refuse lets f decide, at the stages connect, mail, rcpt and data, to answer with an error. nil: refuse nothing more.
func (s *Server) Refuse(f func(stage string) *smtp.SMTPError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = f
}

// OnMail calls f for each mail that is taken.
func (s *Server) OnMail(f func(Mail)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived = f
}

// Mails are the mails that were taken, in the order in which they came. A repetition is there again: mail programs, not
// servers, show mails of one Message-ID once.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Refused tells why mails were not taken.
func (s *Server) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.refused...)
}

func (s *Server) asked(stage string) error {
	s.mu.Lock()
	f := s.refuse
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	if err := f(stage); err != nil {
		return err
	}
	return nil
}

func (s *Server) no(code int, enhanced smtp.EnhancedCode, format string, args ...any) error {
	why := fmt.Sprintf(format, args...)
	s.mu.Lock()
	s.refused = append(s.refused, why)
	s.mu.Unlock()
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: why}
}

type session struct {
	server   *Server
	conn     *smtp.Conn
	from, to string
	signedIn bool
}

// AuthMechanisms implements [smtp.AuthSession].
func (c *session) AuthMechanisms() []string {
	if c.server.opts.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements [smtp.AuthSession].
func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		o := c.server.opts
		if subtle.ConstantTimeCompare([]byte(user+"\x00"+pass), []byte(o.Username+"\x00"+o.Password)) != 1 {
			return c.server.no(535, smtp.EnhancedCode{5, 7, 8}, "wrong user name or password")
		}
		c.signedIn = true
		return nil
	}), nil
}

// Mail implements [smtp.Session].
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if _, secure := c.conn.TLSConnectionState(); c.server.opts.TLS != nil && !secure {
		return c.server.no(530, smtp.EnhancedCode{5, 7, 0}, "must issue STARTTLS first")
	}
	if c.server.opts.Username != "" && !c.signedIn {
		return c.server.no(530, smtp.EnhancedCode{5, 7, 0}, "authentication required")
	}
	if !address(from) {
		return c.server.no(553, smtp.EnhancedCode{5, 1, 7}, "the sender %q is no address", from)
	}
	if err := c.server.asked("mail"); err != nil {
		return err
	}
	c.from = from
	return nil
}

// Rcpt implements [smtp.Session].
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !address(to) {
		return c.server.no(553, smtp.EnhancedCode{5, 1, 3}, "the recipient %q is no address", to)
	}
	if err := c.server.asked("rcpt"); err != nil {
		return err
	}
	c.to = to
	return nil
}

// Data implements [smtp.Session].
func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := c.server.asked("data"); err != nil {
		return err
	}
	m, why := read(raw)
	if why != "" {
		return c.server.no(554, smtp.EnhancedCode{5, 6, 0}, "%s", why)
	}
	m.From, m.To = c.from, c.to
	c.server.mu.Lock()
	c.server.mails = append(c.server.mails, m)
	arrived := c.server.arrived
	c.server.mu.Unlock()
	if arrived != nil {
		arrived(m)
	}
	return nil
}

// Reset implements [smtp.Session].
func (c *session) Reset() { c.from, c.to = "", "" }

// Logout implements [smtp.Session].
func (c *session) Logout() error { return nil }

func address(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s, ".")
}

// alone are the headers that a mail has once.
var alone = []string{"Date", "From", "To", "Subject", "Message-Id", "In-Reply-To", "References", "Mime-Version", "Content-Type"}

func read(raw []byte) (m Mail, why string) {
	for i, b := range raw {
		if b == '\n' && (i == 0 || raw[i-1] != '\r') {
			return m, "a line ends with a bare LF"
		}
		if b == '\r' && (i+1 == len(raw) || raw[i+1] != '\n') {
			return m, "a bare CR"
		}
		if b == 0 {
			return m, "a NUL"
		}
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 {
			return m, "a line is longer than 998 bytes"
		}
	}
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for _, b := range head {
		if b > 126 {
			return m, "a header is not ASCII"
		}
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, "the headers are not readable"
	}
	for _, name := range alone {
		if n := len(msg.Header[name]); n > 1 {
			return m, "there are two headers " + name
		}
	}
	for _, name := range []string{"Date", "From", "To", "Message-Id"} {
		if msg.Header.Get(name) == "" {
			return m, "the header " + name + " is missing"
		}
	}
	if _, err := msg.Header.Date(); err != nil {
		return m, "Date is no date"
	}
	if l, err := msg.Header.AddressList("From"); err != nil || len(l) != 1 {
		return m, "From is not one address"
	}
	id := msg.Header.Get("Message-Id")
	if !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, ">") || strings.Count(id, "@") != 1 || strings.ContainsAny(id, " \t") {
		return m, "Message-ID is not <left@right>"
	}
	m = Mail{Header: msg.Header, MessageID: id, Raw: raw}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return m, "Subject cannot be decoded"
	}
	if why := parts(&m, msg); why != "" {
		return m, why
	}
	return m, ""
}

func parts(m *Mail, msg *mail.Message) string {
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return "Content-Type is not readable"
	}
	if !strings.HasPrefix(media, "multipart/") {
		body, err := io.ReadAll(decoded(msg.Header.Get("Content-Transfer-Encoding"), msg.Body))
		m.Text = string(body)
		if err != nil {
			return "the body cannot be decoded"
		}
		return ""
	}
	mr := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			return "the parts are not readable"
		}
		body, err := io.ReadAll(decoded(p.Header.Get("Content-Transfer-Encoding"), p))
		if err != nil {
			return "a part cannot be decoded"
		}
		switch kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); kind {
		case "text/plain":
			m.Text = string(body)
		case "text/html":
			m.HTML = string(body)
		}
	}
}

func decoded(encoding string, r io.Reader) io.Reader {
	if strings.EqualFold(encoding, "quoted-printable") {
		return quotedprintable.NewReader(r)
	}
	return r
}
