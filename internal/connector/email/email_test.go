package email_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/email"
	"github.com/muster-oncall/muster/internal/connector/email/fake"
)

// serve runs a fake and tells its host and port.
func serve(t *testing.T, o fake.Options) (*fake.Server, string, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := fake.New(o)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-done; err != nil {
			t.Errorf("the fake: %v", err)
		}
	})
	host, port, _ := net.SplitHostPort(l.Addr().String())
	return srv, host, port
}

func settings(host, port, mode string) map[string]string {
	return map[string]string{"host": host, "port": port, "tls": mode, "from": "Muster <muster@tailwind.example>"}
}

func start(t *testing.T) connectortest.World {
	t.Helper()
	srv, host, port := serve(t, fake.Options{Username: "muster", Password: "canary-passphrase"})
	s := settings(host, port, "none")
	s["username"] = "muster"
	return connectortest.World{
		Config:  connector.Config{Name: "mail", Settings: s, Secrets: map[string]string{"password": "canary-passphrase"}},
		Address: "ana@tailwind.example",
		Host:    net.JoinHostPort(host, port),
		Got: func() (out []connectortest.Got) {
			for _, m := range srv.Mails() {
				out = append(out, connectortest.Got{Key: m.MessageID, Text: m.Subject + "\n" + m.Text + "\n" + m.HTML})
			}
			return out
		},
		Hang: func() func() {
			wait := make(chan struct{})
			srv.Refuse(func(stage string) *smtp.SMTPError {
				if stage == "mail" {
					<-wait
				}
				return nil
			})
			return func() { close(wait); srv.Refuse(nil) }
		},
	}
}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: email.Descriptor(), Start: start,
		Bad: map[string]string{
			"settings.host": "smtp://mail.example:25", "settings.port": "99999", "settings.tls": "maybe", "settings.from": "muster",
		},
		BadAddresses: []string{"", "ana", "ana@", "Ana <ana@x.example>", "a@x.example, b@x.example", "ana@x.example\r\nBcc: b@x.example"},
		Takes:        []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification},
		Can:          []string{"Checker"},
	})
}

func page() connector.Delivery {
	return connector.Delivery{
		Key: "dlv_019aab3c5d10f3a1b2c3d4e5f6071829", Kind: muster.DeliverPage, At: muster.At(time.Date(2026, 11, 27, 3, 12, 40, 0, time.UTC)),
		Address: "ana@tailwind.example",
		Page: &connector.PageMessage{
			Title: "High Number of Failures", Service: "Storefront", Severity: muster.SeverityCritical, Urgency: muster.UrgencyHigh,
			Impact: "unknown", Action: "unknown", Person: "Ana", Why: "You are primary of Storefront.", AckURL: "https://muster.example/p/tok?a=1&b=2",
			AlertID: "alt_019aab3c5d10f3a1b2c3d4e5f6071829",
		},
	}
}

func make1(t *testing.T, c connector.Config) connector.Connector {
	t.Helper()
	conn, err := email.Descriptor().Make(c)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestPageMail(t *testing.T) {
	srv, host, port := serve(t, fake.Options{})
	conn := make1(t, connector.Config{Name: "mail", Settings: settings(host, port, "none")})
	r, err := conn.Deliver(t.Context(), page())
	if err != nil {
		t.Fatal(err, srv.Refused())
	}
	m := srv.Mails()[0]
	for _, c := range []struct{ name, got, want string }{
		{"subject", m.Subject, "[critical] Storefront: High Number of Failures"},
		{"message ID", m.MessageID, "<dlv_019aab3c5d10f3a1b2c3d4e5f6071829@tailwind.example>"},
		{"receipt", r.ProviderID, m.MessageID},
		{"thread", m.Header.Get("In-Reply-To"), "<alt_019aab3c5d10f3a1b2c3d4e5f6071829@tailwind.example>"},
		{"references", m.Header.Get("References"), m.Header.Get("In-Reply-To")},
		{"robots", m.Header.Get("Auto-Submitted"), "auto-generated"},
		{"from", m.Header.Get("From"), `"Muster" <muster@tailwind.example>`},
		{"to", m.To, "ana@tailwind.example"},
		{"date", m.Header.Get("Date"), "Fri, 27 Nov 2026 03:12:40 +0000"},
		{"text", m.Text, "High Number of Failures\r\n\r\nYou are primary of Storefront.\r\n\r\nService: Storefront\r\nSeverity: critical\r\nImpact: unknown\r\nRecommended action: unknown\r\n\r\nAcknowledge: https://muster.example/p/tok?a=1&b=2\r\n\r\nOpening a link changes nothing: it shows a page with a button. You get this mail because Muster pages you.\r\n"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, not %q", c.name, c.got, c.want)
		}
	}
	if !strings.Contains(m.HTML, `href="https://muster.example/p/tok?a=1&amp;b=2"`) {
		t.Errorf("the button is missing:\n%s", m.HTML)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	srv, host, port := serve(t, fake.Options{})
	conn := make1(t, connector.Config{Name: "mail", Settings: settings(host, port, "none")})
	d := page()
	d.Page.Title = "x\r\nBcc: victim@evil.example\r\n\r\n<script>alert(1)</script>"
	d.Page.Summary = "</p><img src=x onerror=alert(1)>"
	d.Page.AckURL = "javascript:alert(1)"
	d.Page.PageURL = "https://user:pw@evil.example/"
	if _, err := conn.Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	m := srv.Mails()[0]
	if m.Header.Get("Bcc") != "" || strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<img") || strings.Contains(m.HTML, "javascript:") || strings.Contains(m.HTML, "evil.example/") {
		t.Errorf("%v\n%s", m.Header, m.HTML)
	}
}

func TestServerCodes(t *testing.T) {
	srv, host, port := serve(t, fake.Options{})
	conn := make1(t, connector.Config{Name: "mail", Settings: settings(host, port, "none")})
	for _, stage := range []string{"connect", "mail", "rcpt", "data"} {
		for _, code := range []int{421, 450, 451, 452, 550, 552, 553, 554} {
			srv.Refuse(func(s string) *smtp.SMTPError {
				if s != stage {
					return nil
				}
				return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no"}
			})
			_, err := conn.Deliver(t.Context(), page())
			if err == nil || connector.IsPermanent(err) != (code >= 500) {
				t.Errorf("%s %d: %v, permanent %v", stage, code, err, connector.IsPermanent(err))
			}
		}
	}
	srv.Refuse(nil)
	if _, err := conn.Deliver(t.Context(), page()); err != nil {
		t.Error(err)
	}
}

func TestEncryption(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	cert := &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	for _, mode := range []string{"starttls", "tls"} {
		srv, host, port := serve(t, fake.Options{TLS: cert, Implicit: mode == "tls", Username: "muster", Password: "canary"})
		s := settings(host, port, mode)
		s["username"] = "muster"
		cfg := connector.Config{Name: "mail", Settings: s, Secrets: map[string]string{"password": "canary"}, RootCAs: pool}
		if _, err := make1(t, cfg).Deliver(t.Context(), page()); err != nil {
			t.Errorf("%s: %v %v", mode, err, srv.Refused())
		}
		cfg.RootCAs = x509.NewCertPool()
		if _, err := make1(t, cfg).Deliver(t.Context(), page()); err == nil || connector.IsPermanent(err) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s with an unknown certificate: %v", mode, err)
		}
		cfg.RootCAs, cfg.Secrets = pool, map[string]string{"password": "wrong"}
		if _, err := make1(t, cfg).Deliver(t.Context(), page()); !connector.IsPermanent(err) || !strings.Contains(err.Error(), "password") {
			t.Errorf("%s with a wrong password: %v", mode, err)
		}
	}
	srv, host, port := serve(t, fake.Options{}) // offers no STARTTLS
	if _, err := make1(t, connector.Config{Name: "mail", Settings: settings(host, port, "starttls")}).Deliver(t.Context(), page()); !connector.IsPermanent(err) || len(srv.Mails()) > 0 {
		t.Errorf("a server without STARTTLS: %v", err)
	}
	f := email.Descriptor().Check(settings("mail.example", "25", "none"), nil)
	if len(f) != 1 || f[0].Path != "settings.tls" {
		t.Errorf("no encryption to another machine: %v", f)
	}
}

// TestBreaksAtTheEnd: when the connection breaks after the text has gone, nobody knows whether the mail was taken.
func TestBreaksAtTheEnd(t *testing.T) {
	srv, host, port := serve(t, fake.Options{})
	conn := make1(t, connector.Config{Name: "mail", Settings: settings(host, port, "none")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gone := make(chan struct{})
	srv.Refuse(func(stage string) *smtp.SMTPError {
		if stage == "data" {
			cancel()
			<-gone
		}
		return nil
	})
	_, err := conn.Deliver(ctx, page())
	close(gone)
	if !connector.IsUnknown(err) {
		t.Errorf("%v", err)
	}
}

// TestFakeRefuses: the fake is strict, else the tests above prove nothing.
func TestFakeRefuses(t *testing.T) {
	srv, host, port := serve(t, fake.Options{})
	good := "From: m@x.example\r\nTo: a@x.example\r\nSubject: s\r\nDate: Fri, 27 Nov 2026 03:12:40 +0000\r\nMessage-ID: <1@x.example>\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
	send := func(from, to, text string) error {
		c, err := smtp.Dial(net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Mail(from, nil); err != nil {
			return err
		}
		if to != "" {
			if err := c.Rcpt(to, nil); err != nil {
				return err
			}
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		return w.Close()
	}
	if err := send("m@x.example", "a@x.example", good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][3]string{
		"sender":       {"muster", "a@x.example", good},
		"no recipient": {"m@x.example", "", good},
		"recipient":    {"m@x.example", "ana", good},
		"no date":      {"m@x.example", "a@x.example", strings.Replace(good, "Date", "X-Date", 1)},
		"no ID":        {"m@x.example", "a@x.example", strings.Replace(good, "Message-ID", "X-ID", 1)},
		"no from":      {"m@x.example", "a@x.example", strings.Replace(good, "From", "X-From", 1)},
		"bad ID":       {"m@x.example", "a@x.example", strings.Replace(good, "<1@x.example>", "1", 1)},
		"two subjects": {"m@x.example", "a@x.example", "Subject: t\r\n" + good},
		"raw UTF-8":    {"m@x.example", "a@x.example", strings.Replace(good, "Subject: s", "Subject: ü", 1)},
		"long line":    {"m@x.example", "a@x.example", good + strings.Repeat("x", 999) + "\r\n"},
	} {
		if err := send(c[0], c[1], c[2]); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if got := byHand(t, net.JoinHostPort(host, port), good+"a\nb\r\n"); !strings.HasPrefix(got, "554") { // the library would mend it
		t.Errorf("a bare LF was taken: %s", got)
	}
	if got := byHand(t, net.JoinHostPort(host, port), good); !strings.HasPrefix(got, "250") {
		t.Errorf("a good mail was not taken: %s", got)
	}
	if n := len(srv.Mails()); n != 2 {
		t.Errorf("%d mails were taken", n)
	}
}

// byHand hands over a text as it is and returns the server's last word.
func byHand(t *testing.T, addr, text string) string {
	t.Helper()
	conn, err := textproto.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _, err = conn.ReadResponse(220)
	for _, step := range []struct {
		line string
		code int
	}{{"HELO x.example", 250}, {"MAIL FROM:<m@x.example>", 250}, {"RCPT TO:<a@x.example>", 250}, {"DATA", 354}} {
		if err == nil {
			err = conn.PrintfLine("%s", step.line)
		}
		if err == nil {
			_, _, err = conn.ReadResponse(step.code)
		}
	}
	if err == nil {
		_, err = conn.W.WriteString(text + ".\r\n")
	}
	if err == nil {
		err = conn.W.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := conn.ReadLine()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// The server's own words are kept beside the error for whoever tries the settings out, and never in its text.
func TestServerSaid(t *testing.T) {
	srv, host, port := serve(t, fake.Options{Username: "muster", Password: "right"})
	said := func(password string) string {
		t.Helper()
		s := settings(host, port, "none")
		s["username"] = "muster"
		_, err := make1(t, connector.Config{Name: "mail", Settings: s, Secrets: map[string]string{"password": password}}).Deliver(t.Context(), page())
		with, ok := errors.AsType[interface {
			error
			ServerSaid() string
		}](err)
		if !ok || strings.Contains(err.Error(), "wrong user") || strings.Contains(err.Error(), "canary") {
			t.Fatalf("the error is %v", err)
		}
		return with.ServerSaid()
	}
	if got := said("wrong"); got != "535 5.7.8 … user name or password" { // the password is cut out wherever it stands
		t.Errorf("it said %q", got)
	}
	srv.Refuse(func(stage string) *smtp.SMTPError {
		if stage == "rcpt" {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no mailbox \"canary\" here"}
		}
		return nil
	})
	if got := said("right"); got != `550 5.1.1 no mailbox "canary" here` {
		t.Errorf("it said %q", got)
	}
}
