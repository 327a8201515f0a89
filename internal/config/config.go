package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
)

// Secret is a setting that is never shown.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(set, hidden)"
}

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Serve is what `muster serve` is told.
type Serve struct {
	Config       string         `name:"config" placeholder:"FILE" help:"YAML or JSON file with these settings: listen, data, public_url, …" env:"MUSTER_CONFIG" json:"config"`
	Listen       string         `name:"listen" default:"127.0.0.1:8080" help:"Address and port to listen on." env:"MUSTER_LISTEN" json:"listen"`
	Data         string         `name:"data" default:"muster-data" placeholder:"DIR" help:"Directory for the database, the key and the rendered status pages." env:"MUSTER_DATA" json:"data"`
	Store        Secret         `name:"store" placeholder:"DSN" help:"Where facts are kept: nothing for SQLite in the data directory, or postgres://…" env:"MUSTER_STORE" json:"store"`
	PublicURL    string         `name:"public-url" placeholder:"URL" help:"Address under which people reach Muster; links in pages begin with it." env:"MUSTER_PUBLIC_URL" json:"public_url"`
	Key          Secret         `name:"key" hidden:"" help:"Key that seals secrets at rest, 64 hexadecimal digits; nothing for a file in the data directory." env:"MUSTER_KEY" json:"key"`
	AllowPrivate []netip.Prefix `name:"allow-private" placeholder:"PREFIX" help:"Inside networks that connectors may talk to: 10.1.0.0/16." env:"MUSTER_ALLOW_PRIVATE" json:"allow_private"`
	Via          []string       `name:"via" placeholder:"HOST=ADDRESS" help:"Hosts that connectors reach at another address, such as a gateway's: api.twilio.com=10.1.0.5:443. Certificates are still those of the host." env:"MUSTER_VIA" json:"via"`
	LogLevel     slog.Level     `name:"log-level" default:"info" help:"debug, info, warn or error." env:"MUSTER_LOG_LEVEL" json:"log_level"`
	LogFormat    string         `name:"log-format" default:"text" enum:"text,json" help:"text or json." env:"MUSTER_LOG_FORMAT" json:"log_format"`
	TZData       string         `name:"tzdata" placeholder:"PATH" help:"Time zone data to use instead of what is built in: a zip, or a directory such as /usr/share/zoneinfo. It may be replaced while Muster runs." env:"MUSTER_TZDATA" json:"tzdata"`
	Node         string         `name:"node" placeholder:"NAME" help:"Name of this process among those that share a PostgreSQL store; nothing for a name that is made and kept in the data directory." env:"MUSTER_NODE" json:"node"`
	SMTPListen   string         `name:"smtp-listen" placeholder:"ADDRESS" help:"Take mail for intake keys here: 127.0.0.1:2525. Empty: no mail is taken." env:"MUSTER_SMTP_LISTEN" json:"smtp_listen"`
	SMTPCert     string         `name:"smtp-cert" placeholder:"FILE" help:"Certificate for STARTTLS, PEM; needs --smtp-key." env:"MUSTER_SMTP_CERT" json:"smtp_cert"`
	SMTPKey      string         `name:"smtp-key" placeholder:"FILE" help:"Private key of --smtp-cert, PEM." env:"MUSTER_SMTP_KEY" json:"smtp_key"`
}

// Demo is what `muster demo` is told.
type Demo struct {
	Listen string `name:"listen" default:"127.0.0.1:8080" help:"Address and port to listen on." env:"MUSTER_LISTEN"`
	Data   string `name:"data" placeholder:"DIR" help:"Keep the demo's data here; nothing for a directory that is thrown away." env:"MUSTER_DATA"`
	JSON   bool   `name:"json" help:"Print one line of JSON with the address and the tokens, and log to stderr."`
	Quiet  bool   `name:"quiet" help:"Play nothing: wait for signals."`

	AllowPrivate []netip.Prefix `name:"allow-private" placeholder:"PREFIX" help:"Inside networks that connectors may talk to: 127.0.0.0/8." env:"MUSTER_ALLOW_PRIVATE"`
	LogLevel     slog.Level     `name:"log-level" default:"warn" help:"debug, info, warn or error." env:"MUSTER_LOG_LEVEL"`
}

// Check says everything that is wrong with the settings.
func (c Serve) Check() error {
	var f []muster.FieldError
	f = append(f, checkListen(c.Listen)...)
	if strings.TrimSpace(c.Data) == "" {
		f = append(f, muster.FieldError{Path: "data", Message: "name a directory: --data /var/lib/muster"})
	}
	if s := string(c.Store); s != "" && !strings.HasPrefix(s, "postgres://") && !strings.HasPrefix(s, "postgresql://") {
		f = append(f, muster.FieldError{Path: "store", Message: "leave it out for SQLite in the data directory, or write postgres://user:password@host/database"})
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
			f = append(f, muster.FieldError{Path: "public_url", Message: "write scheme and host and nothing more: https://muster.example.org"})
		}
	}
	if k := string(c.Key); k != "" && (len(k) != 64 || strings.Trim(strings.ToLower(k), "0123456789abcdef") != "") {
		f = append(f, muster.FieldError{Path: "key", Message: "must be 64 hexadecimal digits: openssl rand -hex 32"})
	}
	if _, wrong := c.Detours(); wrong != "" {
		f = append(f, muster.FieldError{Path: "via", Message: fmt.Sprintf("%q is not HOST=ADDRESS:PORT: write api.twilio.com=10.1.0.5:443", muster.Clip(wrong, 80))})
	}
	if c.SMTPListen != "" {
		for _, e := range checkListen(c.SMTPListen) {
			f = append(f, muster.FieldError{Path: "smtp_listen", Message: e.Message})
		}
	}
	if (c.SMTPCert == "") != (c.SMTPKey == "") {
		f = append(f, muster.FieldError{Path: "smtp_cert", Message: "give both a certificate and its key, or neither"})
	}
	return muster.Invalid("The settings are not right", f)
}

// Detours are the addresses at which hosts are reached instead of their own, and the first entry that is none.
func (c Serve) Detours() (to map[string]string, wrong string) {
	to = map[string]string{}
	for _, entry := range c.Via {
		host, addr, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if _, port, err := net.SplitHostPort(addr); !ok || err != nil || port == "" || host == "" || strings.ContainsAny(host, ":/ ") {
			return nil, entry
		}
		to[strings.ToLower(host)] = addr
	}
	return to, ""
}

// Check says everything that is wrong with the settings.
func (c Demo) Check() error {
	return muster.Invalid("The settings are not right", checkListen(c.Listen))
}

func checkListen(addr string) []muster.FieldError {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		return []muster.FieldError{{Path: "listen", Message: fmt.Sprintf("%q is not an address with a port: write 127.0.0.1:8080, or :8080 for every interface", muster.Clip(addr, 60))}}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return []muster.FieldError{{Path: "listen", Message: fmt.Sprintf("%q is not a port", muster.Clip(port, 20))}}
	}
	if strings.ContainsAny(host, " /") {
		return []muster.FieldError{{Path: "listen", Message: fmt.Sprintf("%q is not a host", muster.Clip(host, 60))}}
	}
	return nil
}

// String lists the settings as the file takes them, with secrets hidden.
func (c Serve) String() string {
	var b strings.Builder
	line := func(name, value string) {
		if value == "" {
			value = `""`
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	line("listen", c.Listen)
	line("data", c.Data)
	line("store", c.storeWord())
	line("public_url", c.PublicURL)
	line("key", c.Key.String())
	private := make([]string, len(c.AllowPrivate))
	for i, p := range c.AllowPrivate {
		private[i] = p.String()
	}
	line("allow_private", "["+strings.Join(private, ", ")+"]")
	line("via", "["+strings.Join(c.Via, ", ")+"]")
	line("log_level", strings.ToLower(c.LogLevel.String()))
	line("log_format", c.LogFormat)
	line("tzdata", c.TZData)
	line("node", c.Node)
	line("smtp_listen", c.SMTPListen)
	line("smtp_cert", c.SMTPCert)
	line("smtp_key", c.SMTPKey)
	return b.String()
}

// storeWord shows the store's address without what is secret in it.
func (c Serve) storeWord() string {
	if c.Store == "" {
		return ""
	}
	u, err := url.Parse(string(c.Store))
	if err != nil {
		return c.Store.String()
	}
	u.RawQuery = ""
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	return u.String()
}

// LogValue hides secrets in logs.
func (c Serve) LogValue() slog.Value { return slog.StringValue(c.String()) }
