package httpx_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/httpx"
)

func TestAllowed(t *testing.T) {
	o := httpx.EgressOptions{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fd00::/8")}}
	for addr, want := range map[string]bool{
		"93.184.216.34": true, "8.8.8.8": true, "2606:4700::1111": true, "10.1.2.3": true, "fd12::1": true, "169.254.1.1": true,
		"10.2.0.1": false, "127.0.0.1": false, "127.255.1.1": false, "0.0.0.0": false, "0.1.2.3": false, "172.16.0.1": false,
		"172.31.255.255": false, "192.168.1.1": false, "100.64.0.1": false, "100.127.0.1": false, "192.0.0.1": false, "198.18.0.1": false,
		"224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false, "169.254.169.254": false, "168.63.129.16": false,
		"100.100.100.200": false, "fd00:ec2::254": false, "::1": false, "::": false, "::ffff:127.0.0.1": false, "::ffff:192.168.1.1": false,
		"::ffff:8.8.8.8": true, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false,
		"2001:0:4136:e378::": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false, "2001:db8::1": false, "100::1": false,
	} {
		if got := o.Allowed(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	if o.Allowed(netip.Addr{}) {
		t.Error("no address at all is allowed")
	}
}

// names is a DNS server on this machine that answers every A question with what answer says.
func names(t *testing.T, answer func(name string) netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			q := buf[:n]
			name, end := "", 12
			for end < n && q[end] != 0 {
				name += string(q[end+1:end+1+int(q[end])]) + "."
				end += 1 + int(q[end])
			}
			end += 5
			a := append([]byte{}, q[:end]...)
			a[2], a[3] = 0x81, 0x80
			clear(a[6:12])
			if ip := answer(name); binary.BigEndian.Uint16(q[end-4:]) == 1 && ip.Is4() {
				a[7] = 1
				a = append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				a = append(a, ip.AsSlice()...)
			}
			_, _ = conn.WriteTo(a, from) // the resolver asks again
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// TestURLForms: however an inside address is written, nothing arrives there. Forms that are no literal for Go go to a
// name server that answers as generously as C libraries do.
func TestURLForms(t *testing.T) {
	var hits atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	c := httpx.NewEgress(httpx.EgressOptions{Timeout: 2 * time.Second, Resolver: names(t, func(string) netip.Addr { return netip.MustParseAddr("127.0.0.1") })})
	defer c.CloseIdleConnections()
	for _, host := range []string{
		"127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7F.1", "017700000001",
		"0177.0.0.1", "0177.0.0.01", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "foo.localhost", "localhost.localdomain", "ip6-localhost",
		"[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[fd00:ec2::254]", "169.254.169.254", "0xa9fea9fe", "2852039166", "[::ffff:a9fe:a9fe]",
		"metadata.google.internal", "metadata", "instance-data", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1", "198.18.0.1", "224.0.0.1",
		"127.0.0.1.nip.io", "rebind.example", "①②⑦.⓪.⓪.①", "127。0。0。1", "%31%32%37.0.0.1", "user:pw@127.0.0.1", "8.8.8.8@127.0.0.1", "example.com@127.0.0.1",
		"127.0.0.1#@example.com", "127.0.0.1%23.example.com", "spoofed.burpcollaborator.net", "localtest.me", "lvh.me", "[::ffff:0:127.0.0.1]",
		"[0:0:0:0:0:ffff:127.0.0.1]", "0.0.0.1", "255.255.255.255",
	} {
		for _, scheme := range []string{"http://", "https://"} {
			raw := scheme + host
			if !strings.Contains(host, "#") {
				raw += ":" + port
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw+"/", nil)
			if err != nil {
				continue // not an address for Go: nobody can be asked
			}
			if resp, err := c.Do(req); err == nil {
				resp.Body.Close()
				t.Errorf("%s was reached", raw)
			}
		}
	}
	for _, raw := range []string{"file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "//127.0.0.1/", "http:/127.0.0.1", "http:127.0.0.1"} {
		if u, err := url.Parse(raw); err == nil {
			if resp, err := c.Do((&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}).WithContext(t.Context())); err == nil {
				resp.Body.Close()
				t.Errorf("%s was reached", raw)
			}
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests arrived inside", n)
	}
}

// TestRebinding: a name that answers with a public address first and an inside one later gains nothing, because what is
// dialled is judged.
func TestRebinding(t *testing.T) {
	var hits, asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	r := names(t, func(string) netip.Addr {
		if asked.Add(1) == 1 {
			return netip.MustParseAddr("203.0.113.9") // for documentation: nobody is there
		}
		return netip.MustParseAddr("127.0.0.1")
	})
	if ips, err := r.LookupNetIP(t.Context(), "ip4", "rebind.example"); err != nil || ips[0].Unmap().String() != "203.0.113.9" {
		t.Fatalf("%v, %v", ips, err)
	}
	c := httpx.NewEgress(httpx.EgressOptions{Timeout: 2 * time.Second, Resolver: r})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://rebind.example:"+port, nil)
	resp, err := c.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, httpx.ErrRefused) || hits.Load() != 0 || asked.Load() < 2 {
		t.Errorf("%v, %d arrived, %d asked", err, hits.Load(), asked.Load())
	}
}

// A host that is reached another way is asked for under its own name, and where it leads is judged.
func TestEgressVia(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Host)) }))
	defer srv.Close()
	via := map[string]string{"provider.example": srv.Listener.Addr().String()}
	ask := func(allow ...netip.Prefix) (string, error) {
		c := httpx.NewEgress(httpx.EgressOptions{AllowPrivate: allow, Via: via, Timeout: 5 * time.Second})
		defer c.CloseIdleConnections()
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://Provider.example/", nil)
		resp, err := c.Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}
	if got, err := ask(netip.MustParsePrefix("127.0.0.0/8")); err != nil || got != "Provider.example" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ask(); !errors.Is(err, httpx.ErrRefused) {
		t.Errorf("an inside address that is not allowed: %v", err)
	}
}

func TestEgressLimits(t *testing.T) {
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("elsewhere")) }))
	defer other.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 101)) })
	mux.HandleFunc("/fits", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100)) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	mux.HandleFunc("/near", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/fits", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	c := httpx.NewEgress(httpx.EgressOptions{AllowPrivate: allow, MaxResponse: 100, Timeout: 5 * time.Second})
	defer c.CloseIdleConnections()
	for path, want := range map[string]string{"/fits": "", "/near": "", "/big": "too large", "/away": "another host", "/round": "again and again"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		resp, err := c.Do(req)
		n := 0
		if err == nil {
			var b []byte
			b, err = io.ReadAll(resp.Body)
			n = len(b)
			resp.Body.Close()
		}
		if want == "" && (err != nil || n != 100) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %d bytes, %v", path, n, err)
		}
	}
}
