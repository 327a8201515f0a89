package connectortest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// secrets: nothing that can be printed, logged or returned shows a secret.
func (c Case) secrets(t *testing.T) {
	b := c.start(t)
	var out strings.Builder
	show := func(v any) {
		j, _ := json.Marshal(v) //nolint:errchkjson // what cannot be written shows nothing
		fmt.Fprintf(&out, "%v %+v %#v %s\n", v, v, v, j)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	show(b.Config)
	show(&b.Config)
	show(b.conn)
	for _, kind := range kinds() {
		d := b.delivery(kind, "dlv_secret")
		r, err := b.conn.Deliver(t.Context(), d)
		fmt.Fprintf(&out, "%+v %+v\n", r, err)
	}
	if b.Answer != nil {
		for _, status := range []int{302, 401, 500} {
			b.Answer(status, nil)
			_, err := b.conn.Deliver(t.Context(), b.delivery(c.Takes[0], "dlv_secret"))
			fmt.Fprintf(&out, "%+v\n", err)
		}
	}
	cfg := b.Config
	for name := range cfg.Secrets {
		cfg.Secrets = with(cfg.Secrets, name, cfg.Secrets[name]+"-wrong")
	}
	if conn, err := c.Descriptor.Make(cfg); err != nil {
		fmt.Fprintf(&out, "%+v\n", err)
	} else if len(c.Takes) > 0 {
		_, err := conn.Deliver(t.Context(), b.delivery(c.Takes[0], "dlv_wrong"))
		fmt.Fprintf(&out, "%+v\n", err)
	}
	all := out.String() + b.log.String()
	for name, secret := range b.Config.Secrets {
		raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")) // only some are base64
		for _, form := range []string{secret, strings.TrimPrefix(secret, "whsec_"), string(raw), fmt.Sprintf("%x", raw), fmt.Sprintf("%d", raw), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if len(form) > 4 && strings.Contains(all, form) {
				t.Errorf("the secret %s shows as %q", name, form)
			}
		}
	}
}

func (c Case) inbound(t *testing.T) {
	b := c.start(t)
	in, ok := b.conn.(connector.Inbound)
	if !ok {
		return
	}
	r, body := b.Signed(t)
	m, err := in.Receive(r, body)
	if err != nil || m.Text == "" || m.ActorName == "" {
		t.Fatalf("a signed request: %+v, %v", m, err)
	}
	for name, change := range map[string]func(r *http.Request, body []byte) (*http.Request, []byte){
		"body changed": func(r *http.Request, b []byte) (*http.Request, []byte) { return r, append(bytes.Clone(b), ' ') },
		"body empty":   func(r *http.Request, _ []byte) (*http.Request, []byte) { return r, nil },
		"not signed":   func(r *http.Request, b []byte) (*http.Request, []byte) { r.Header.Del("Authorization"); return r, b },
		"scheme alone": func(r *http.Request, b []byte) (*http.Request, []byte) {
			r.Header.Set("Authorization", "HMAC ")
			return r, b
		},
		"another one's": func(r *http.Request, b []byte) (*http.Request, []byte) {
			r.Header.Set("Authorization", "HMAC "+base64.StdEncoding.EncodeToString(make([]byte, 32)))
			return r, b
		},
		"no base64": func(r *http.Request, b []byte) (*http.Request, []byte) {
			r.Header.Set("Authorization", "HMAC ***")
			return r, b
		},
		"as a bearer": func(r *http.Request, b []byte) (*http.Request, []byte) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "HMAC", "Bearer", 1))
			return r, b
		},
	} {
		r, body := b.Signed(t)
		r, body = change(r, body)
		if m, err := in.Receive(r, body); muster.CodeOf(err) != muster.ErrUnauthenticated || m != (connector.ChatMessage{}) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}
