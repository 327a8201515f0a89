package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/config"
	"github.com/muster-oncall/muster/internal/intake/email"
	"github.com/muster-oncall/muster/internal/smtpd"
)

// mailIn is the door for mail, if there is one.
type mailIn struct {
	server *smtpd.Server
	served sync.WaitGroup
}

// mailDoor opens what the settings say; no listener when no mail is to be taken.
func mailDoor(c config.Serve) (net.Listener, *tls.Config, error) {
	if c.SMTPListen == "" {
		return nil, nil, nil
	}
	var conf *tls.Config
	if c.SMTPCert != "" {
		pair, err := tls.LoadX509KeyPair(c.SMTPCert, c.SMTPKey)
		if err != nil {
			return nil, nil, muster.WrapError(muster.ErrInvalid, err, "The certificate for mail cannot be used: %v.", err)
		}
		conf = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", c.SMTPListen)
	if err != nil {
		return nil, nil, muster.WrapError(muster.ErrConflict, err, "Muster cannot take mail on %s: %v. Choose another address with --smtp-listen.", c.SMTPListen, err)
	}
	return l, conf, nil
}

// openMail serves mail beside HTTP. A door that breaks is logged: pages go on.
func (a *App) openMail() {
	if a.MailListener == nil {
		return
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	a.mail.server = smtpd.New(smtpd.Options{
		Keys: a.Commands, Intake: a.Commands, Parse: email.Parse, TLS: a.MailTLS, Name: host, Log: a.Log,
		Catalog: func() *muster.Catalog { return a.Live.Current().Catalog },
	})
	a.mail.served.Go(func() {
		if err := a.mail.server.Serve(a.MailListener); err != nil && !errors.Is(err, net.ErrClosed) {
			a.Log.Error("no mail is taken any more", "error", err)
		}
	})
}

// closeMail lets those who are sending finish, for a moment.
func (a *App) closeMail() error {
	if a.mail.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownWait)
	defer cancel()
	err := a.mail.server.Close(ctx)
	a.mail.served.Wait()
	return err
}
