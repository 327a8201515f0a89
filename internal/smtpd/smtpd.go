// Package smtpd is the door for mail: it takes what is sent to an intake key and nothing else. It relays nothing, keeps
// nothing of its own, and says 250 only after the signals are stored.
//
// It may import command, intake and httpx.
package smtpd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/time/rate"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/intake"
)

// The limits of the door.
const (
	MaxMessage   = 1 << 20 // bytes
	maxGuests    = 200     // connections at a time, silent ones too
	maxFrom      = 25      // of them from one address: relays open 20
	perMinute    = 1200    // connections of one address
	perSecond    = 50      // mails of one key
	strangers    = 20      // refused addresses of one sender in a minute
	patience     = 60 * time.Second
	commitWithin = 30 * time.Second
)

// Keys finds the source of an intake key. *command.Commands is one.
type Keys interface {
	SourceByToken(ctx context.Context, token string) (muster.SourceName, error)
}

// Receiver keeps signals. *command.Commands is one.
type Receiver interface {
	ReceiveSignals(ctx context.Context, in command.ReceiveSignals) ([]command.SignalResult, error)
}

// Options is what the application hands in.
type Options struct {
	Keys    Keys
	Intake  Receiver
	Catalog func() *muster.Catalog
	Parse   intake.Parser
	TLS     *tls.Config // for STARTTLS; nil: it is not offered
	Name    string      // of this host, in the greeting
	Log     *slog.Logger
}

// Server is the door. Serve it once; Close ends it.
type Server struct {
	Options
	smtp    *smtp.Server
	refused *httpx.Limiter // by address
	arrive  *httpx.Limiter // by address

	mu     sync.Mutex
	allow  map[muster.SourceName]*rate.Limiter
	guests map[*guest]struct{}
}

// New makes a door that is not open yet.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{Options: o, refused: httpx.NewLimiter(strangers, time.Minute, 1024), arrive: httpx.NewLimiter(perMinute, time.Minute, 1024), allow: map[muster.SourceName]*rate.Limiter{}, guests: map[*guest]struct{}{}}
	srv := smtp.NewServer(smtp.BackendFunc(s.session))
	srv.Domain, srv.TLSConfig = o.Name, o.TLS
	srv.MaxRecipients, srv.MaxMessageBytes = 1, MaxMessage
	srv.MaxLineLength = MaxMessage // programs send a page of HTML as one line, and would be told to try again for ever
	srv.ReadTimeout, srv.WriteTimeout = patience, patience
	srv.ErrorLog = quiet{o.Log}
	s.smtp = srv
	return s
}

// Serve takes mail until Close.
func (s *Server) Serve(l net.Listener) error {
	if err := s.smtp.Serve(hall{l, s}); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("smtpd: %w", err)
	}
	return nil
}

// Close lets those who are in finish, as long as ctx allows, and ends the connections of those who do not.
func (s *Server) Close(ctx context.Context) error {
	err := s.smtp.Shutdown(ctx)
	if errors.Is(err, smtp.ErrServerClosed) || ctx.Err() != nil {
		err = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for g := range s.guests {
		err = errors.Join(err, g.Conn.Close()) // the library, which is shut down, would close none
	}
	return err
}

// quiet passes on what the library would print.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, v ...any) {
	q.log.Debug("smtp", "text", fmt.Sprintf(format, v...))
}
func (q quiet) Println(v ...any) { q.log.Debug("smtp", "text", fmt.Sprint(v...)) }

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	return &session{door: s, remote: addressOf(c.Conn())}, nil
}

// session is one conversation.
type session struct {
	door   *Server
	remote string
	source atomic.Value // muster.SourceName: mail in chunks is read in a goroutine of its own
}

func reply(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: strings.Join(strings.Fields(text), " ")}
}

// Reset forgets the recipient.
func (c *session) Reset() { c.source.Store(muster.SourceName("")) }

// Logout ends the conversation.
func (c *session) Logout() error { return nil }

// Mail takes any sender: the key is what counts.
func (c *session) Mail(string, *smtp.MailOptions) error { return nil }

// keyOf is the intake key in an address: KEY@… or anything+KEY@….
func keyOf(address string) string {
	local, _, _ := strings.Cut(address, "@")
	if i := strings.LastIndexByte(local, '+'); i >= 0 {
		local = local[i+1:]
	}
	return strings.ToLower(local)
}

// Rcpt takes the address of an intake key and no other.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	ctx, cancel := context.WithTimeout(context.Background(), commitWithin)
	defer cancel()
	src, err := c.door.Keys.SourceByToken(ctx, keyOf(to))
	switch {
	case err == nil:
		c.source.Store(src)
		return nil
	case muster.CodeOf(err) != muster.ErrUnauthenticated:
		c.door.Log.Error("the key of a mail cannot be looked up", "error", err)
		return reply(451, smtp.EnhancedCode{4, 3, 0}, "Muster cannot look at this moment. Try again in a minute.")
	}
	if ok, _ := c.door.refused.Allow(c.remote); !ok {
		return reply(421, smtp.EnhancedCode{4, 7, 0}, "Too many unknown addresses from here. Try again in a minute.")
	}
	c.door.Log.Info("a mail to an unknown address was refused", "remote", c.remote)
	return reply(550, smtp.EnhancedCode{5, 1, 1}, "There is no such address: Muster takes mail for intake keys only, and relays nothing.")
}

func (s *Server) allowed(src muster.SourceName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.allow[src]
	if l == nil {
		l = rate.NewLimiter(perSecond, perSecond)
		s.allow[src] = l
	}
	return l.Allow()
}

// Data stores the mail; it is accepted after the commit, never before.
func (c *session) Data(r io.Reader) error {
	name, _ := c.source.Load().(muster.SourceName)
	if !c.door.allowed(name) {
		return reply(451, smtp.EnhancedCode{4, 7, 1}, "This key sends too much. Try again in a second.")
	}
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(r); err != nil {
		if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
			return e // too large
		}
		if errors.Is(err, smtp.ErrTooLongLine) {
			return smtp.ErrDataTooLarge
		}
		return reply(451, smtp.EnhancedCode{4, 3, 0}, "The mail broke off. Send it again.")
	}
	src := c.door.Catalog().Sources[name]
	if src == nil {
		src = &muster.Source{Name: name, Title: string(name)}
	}
	signals, wrong := c.door.Parse(src, buf.Bytes(), muster.At(time.Now()))
	in := command.ReceiveSignals{Source: name, Format: "email", Raw: buf.Bytes(), Signals: signals}
	if wrong != nil {
		in.Reason = muster.Clip(wrong.Error(), 1000)
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitWithin)
	defer cancel()
	if _, err := c.door.Intake.ReceiveSignals(ctx, in); err != nil {
		c.door.Log.Error("a mail could not be stored", "error", err)
		return reply(451, smtp.EnhancedCode{4, 3, 0}, "Muster cannot store it at this moment. Send it again: nothing counts twice.")
	}
	if len(signals) == 0 && wrong != nil {
		return reply(554, smtp.EnhancedCode{5, 6, 0}, "It was kept, but it cannot be read: "+muster.Clip(wrong.Error(), 200))
	}
	return nil
}
