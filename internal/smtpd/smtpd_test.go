package smtpd_test

import (
	"context"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/smtpd"
)

const key = "msi_0123456789abcdef0123456789abcdef01234567"

// desk knows one key and keeps what comes.
type desk struct {
	mu   sync.Mutex
	got  []command.ReceiveSignals
	fail error
}

func (d *desk) SourceByToken(_ context.Context, token string) (muster.SourceName, error) {
	if token != key {
		return "", muster.Errorf(muster.ErrUnauthenticated, "unknown")
	}
	return "mail", nil
}

func (d *desk) ReceiveSignals(_ context.Context, in command.ReceiveSignals) ([]command.SignalResult, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return nil, d.fail
	}
	d.got = append(d.got, in)
	return make([]command.SignalResult, len(in.Signals)), nil
}

func (d *desk) parse(src *muster.Source, body []byte, _ muster.Instant) ([]muster.Signal, error) {
	if !strings.Contains(string(body), "Subject:") {
		return nil, muster.Errorf(muster.ErrUnreadable, "This is no mail.")
	}
	return []muster.Signal{{Source: src.Name, Title: "x", State: muster.SignalFiring}}, nil
}

func open(t *testing.T) (*desk, string) {
	d, addr, s, done := serve(t)
	t.Cleanup(func() {
		if err := errors.Join(s.Close(context.Background()), <-done); err != nil {
			t.Error(err)
		}
	})
	return d, addr
}

func serve(t *testing.T) (*desk, string, *smtpd.Server, chan error) {
	t.Helper()
	d := &desk{}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtpd.New(smtpd.Options{
		Keys: d, Intake: d, Parse: d.parse, Name: "muster.test",
		Catalog: func() *muster.Catalog { return muster.NewCatalog(1, nil, nil) },
	})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	return d, l.Addr().String(), s, done
}

func send(addr, to, body string) error {
	return smtp.SendMail(addr, nil, "probe@example.org", []string{to}, []byte(strings.ReplaceAll(body, "\n", "\r\n")))
}

func code(err error) int {
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return e.Code
	}
	return 0
}

func TestMailToAKeyIsStored(t *testing.T) {
	t.Parallel()
	d, addr := open(t)
	for _, to := range []string{key + "@alerts.example.org", "disk+" + key + "@alerts.example.org", strings.ToUpper(key) + "@x.example"} {
		if err := send(addr, to, "Subject: Disk full\n\n97 %\n"); err != nil {
			t.Fatalf("%s: %v", to, err)
		}
	}
	if len(d.got) != 3 || d.got[0].Format != "email" || d.got[0].Source != "mail" || !strings.Contains(string(d.got[0].Raw), "97 %") {
		t.Errorf("stored %+v", d.got)
	}
}

func TestMailThatIsRefused(t *testing.T) {
	t.Parallel()
	d, addr := open(t)
	if err := send(addr, "somebody@example.org", "Subject: x\n\n"); code(err) != 550 || !strings.Contains(err.Error(), "relays nothing") {
		t.Errorf("to a stranger: %v", err)
	}
	if err := send(addr, key+"@x.example", "Subject: x\n\n"+strings.Repeat(strings.Repeat("x", 70)+"\n", 20_000)); code(err) != 552 {
		t.Errorf("too large: %v", err)
	}
	if err := send(addr, key+"@x.example", "no mail\n"); code(err) != 554 || len(d.got) != 1 || d.got[0].Reason == "" {
		t.Errorf("unreadable: %v, kept %+v", err, d.got)
	}
	d.mu.Lock()
	d.fail = muster.Errorf(muster.ErrUnavailable, "no")
	d.mu.Unlock()
	if err := send(addr, key+"@x.example", "Subject: x\n\n"); code(err) != 451 {
		t.Errorf("a store that is away: %v", err)
	}
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := errors.Join(c.Mail("a@b.example"), c.Rcpt(key+"@x.example")); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(key + "@y.example"); code(err)/100 != 4 {
		t.Errorf("a second recipient: %v", err)
	}
}

// A mail of one long line is a mail.
func TestLongLine(t *testing.T) {
	t.Parallel()
	d, addr := open(t)
	if err := send(addr, key+"@x.example", "Subject: x\n\n"+strings.Repeat("x", 200_000)+"\n"); err != nil || len(d.got) != 1 {
		t.Errorf("%v, stored %d", err, len(d.got))
	}
	if err := send(addr, key+"@x.example", "Subject: x\n\n"+strings.Repeat("x", smtpd.MaxMessage+100_000)+"\n"); code(err) != 552 || len(d.got) != 1 {
		t.Errorf("too long: %v, stored %d", err, len(d.got))
	}
}

// Whoever stays and says nothing does not hold the door open.
func TestCloseEndsTheSilent(t *testing.T) {
	t.Parallel()
	_, addr, s, done := serve(t)
	c, err := smtp.Dial(addr) // which has heard the greeting
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := errors.Join(s.Close(ctx), <-done); err != nil {
		t.Error(err)
	}
	if err := c.Noop(); err == nil {
		t.Error("a door that is closed still listens")
	}
}

// Those who say nothing take room, and make it when they go.
func TestAFullHall(t *testing.T) {
	t.Parallel()
	d, addr := open(t)
	var silent []net.Conn
	for i := range 200 {
		c := dial(t, addr, byte(2+i/25))
		defer c.Close()
		silent = append(silent, c)
	}
	for _, c := range silent {
		if line, err := textproto.NewConn(c).ReadLine(); err != nil || !strings.HasPrefix(line, "220 ") {
			t.Fatal(line, err)
		}
	}
	if err := send(addr, key+"@x.example", "Subject: x\n\n"); code(err) != 421 {
		t.Errorf("one too many: %v", err)
	}
	for _, c := range silent {
		c.Close()
	}
	for range 1000 { // until the server has noticed that they went
		if err := send(addr, key+"@x.example", "Subject: x\n\n"); err == nil {
			break
		}
	}
	if len(d.got) != 1 {
		t.Error("there is no room after they went")
	}
}

// dial connects from the address 127.0.0.n.
func dial(t *testing.T, addr string, n byte) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, n)}}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// One address cannot take the room of all others.
func TestOneAddressTakesNotAllRoom(t *testing.T) {
	t.Parallel()
	d, addr := open(t)
	turned := 0
	for range 40 {
		c := dial(t, addr, 2)
		defer c.Close()
		if line, err := textproto.NewConn(c).ReadLine(); err != nil || strings.HasPrefix(line, "421 ") {
			turned++
		}
	}
	if turned != 15 {
		t.Errorf("%d of 40 connections of one address were turned away, want 15", turned)
	}
	if err := send(addr, key+"@x.example", "Subject: x\n\n"); err != nil || len(d.got) != 1 {
		t.Errorf("another address: %v", err)
	}
}
