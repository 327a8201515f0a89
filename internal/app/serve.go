package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"runtime/debug"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/config"
)

// version is the module's version, or the revision that it was built from.
func version() string {
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := bi.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range bi.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return "development"
}

func logger(w io.Writer, level slog.Level, format string) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// listen opens the address, with a word that helps when it is taken.
func listen(addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, muster.WrapError(muster.ErrConflict, err, "Muster cannot listen on %s: %v. Choose another address with --listen.", addr, err)
	}
	return l, nil
}

// Serve runs an installation until ctx ends.
func Serve(ctx context.Context, c config.Serve, stdout, stderr io.Writer) error {
	if err := c.Check(); err != nil {
		return err
	}
	log := logger(stderr, c.LogLevel, c.LogFormat)
	l, err := listen(c.Listen)
	if err != nil {
		return err
	}
	mail, certs, err := mailDoor(c)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	via, _ := c.Detours() // Check has looked at them
	a, err := New(ctx, Deps{
		MailListener: mail, MailTLS: certs,
		Data: c.Data, Store: string(c.Store), Listener: l, PublicURL: c.PublicURL, Key: string(c.Key), Node: c.Node,
		AllowPrivate: c.AllowPrivate, Via: via, Log: log, Version: version(), TZData: c.TZData,
		Failpoint: failpoint(os.Getenv(failpointEnv)),
	})
	if err != nil {
		_ = l.Close()
		if mail != nil {
			_ = mail.Close()
		}
		return err
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop())
	}
	if err := a.invite(ctx, stdout); err != nil {
		return errors.Join(err, a.Stop())
	}
	if c.TZData != "" {
		defer a.reloadOnSignal()()
	}
	return a.run(ctx)
}

// invite prints the one-time setup link on the first start, and where Muster is found on later ones.
func (a *App) invite(ctx context.Context, out io.Writer) error {
	token := muster.NewIDs(a.Entropy).Token(20)
	open, err := a.Commands.BeginSetup(ctx, token)
	if err != nil {
		return err
	}
	if !open {
		_, err = fmt.Fprintf(out, "Muster is at %s\n", a.URL())
	} else {
		_, err = fmt.Fprintf(out, "Muster is empty. Open this link once to make the first admin:\n\n  %s/setup?token=%s\n\n", a.URL(), token)
	}
	if err == nil && local(a.URL()) {
		_, err = fmt.Fprintf(out, "Links in pages would say %s, which only this machine understands: set --public-url to the address that phones can reach.\n", a.URL())
	}
	return err
}

// local reports whether an address means this machine alone.
func local(u string) bool {
	p, err := url.Parse(u)
	if err != nil {
		return false
	}
	ip := net.ParseIP(p.Hostname())
	return p.Hostname() == "localhost" || (ip != nil && (ip.IsLoopback() || ip.IsUnspecified()))
}

// run waits until ctx ends or the server fails, and stops in order.
func (a *App) run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return a.Stop()
	case err := <-a.served:
		a.served <- err // Stop asks for it
		return errors.Join(fmt.Errorf("the server ended: %w", err), a.Stop())
	}
}

// demoLine is what `muster demo --json` prints: design/api.md fixes it.
type demoLine struct {
	URL             string `json:"url"`
	AdminToken      string `json:"admin_token"`
	IntakeKey       string `json:"intake_key"`
	TeamsWebhookURL string `json:"teams_webhook_url"`
	TeamsSecret     string `json:"teams_secret"`
	StatusURL       string `json:"status_url"`
	PhoneURL        string `json:"phone_url"`
	Data            string `json:"data"`
}

func (d demoLine) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(d)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Muster plays Tailwind Traders. Open this address:\n\n  %s/signin?token=%s\n\n", d.URL, d.AdminToken)
	fmt.Fprintf(&b, "Phones     %s\nStatus     %s\n", d.PhoneURL, d.StatusURL)
	fmt.Fprintf(&b, "Alerts     curl --data-binary @alert.json %s/in/%s/azure-monitor\n", d.URL, d.IntakeKey)
	fmt.Fprintf(&b, "Teams      %s\nData       %s\n\nCtrl-C ends it.\n", d.TeamsWebhookURL, d.Data)
	_, err := io.WriteString(w, b.String())
	return err
}
