package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// EgressOptions says where requests may go and how long they may take.
type EgressOptions struct {
	AllowPrivate []netip.Prefix // inside networks that the instance's admin allows
	// Via are hosts that are dialled at another address, such as a gateway's; certificates are still asked for under the
	// host's own name, and the address is judged as any other.
	Via         map[string]string
	Timeout     time.Duration // of a whole request; 15 s when 0
	MaxResponse int64         // bytes of a body that are read; 1 MiB when 0
	Resolver    *net.Resolver // nil: the system's
}

// ErrRefused is what a request to a forbidden address fails with.
var ErrRefused = errors.New("this address is inside a network that Muster may not talk to; the admin of this instance can allow it")

// ErrResponseTooLarge is what reading an overlong answer fails with.
var ErrResponseTooLarge = errors.New("the answer is too large")

// refused are the networks that are not the public Internet, or that lead back into our own.
var refused = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96",                          // unspecified, loopback, IPv4-compatible
	"::ffff:0:0/96",                  // IPv4-mapped (unmapped before the check; kept for whoever reads this)
	"64:ff9b::/96", "64:ff9b:1::/48", // NAT64
	"100::/64", "2001::/23", "2001:db8::/32", // discard, Teredo and other special ones, documentation
	"2002::/16",              // 6to4: an IPv4 address in disguise
	"3fff::/20", "5f00::/16", // documentation, segment routing
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// metadata are the addresses at which clouds hand out credentials. No allow list opens them.
var metadata = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("168.63.129.16"),
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"),
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Allowed reports whether requests may go to ip.
func (o EgressOptions) Allowed(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() || slices.Contains(metadata, ip) {
		return false
	}
	has := func(p netip.Prefix) bool { return p.Contains(ip) }
	return slices.ContainsFunc(o.AllowPrivate, has) || !slices.ContainsFunc(refused, has)
}

// control is asked about every connection after the name was resolved and before anything is sent: a name that answers
// differently the second time gains nothing.
func (o EgressOptions) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !o.Allowed(ap.Addr()) {
		return ErrRefused
	}
	return nil
}

// DialContext connects under the rules of egress: what speaks HTTP, and what does not.
func (o EgressOptions) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		if other := o.Via[strings.ToLower(host)]; other != "" {
			addr = other
		}
	}
	return o.dialer().DialContext(ctx, network, addr)
}

func (o EgressOptions) dialer() *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Resolver: o.Resolver, ControlContext: o.control}
}

// NewEgress makes the one client that talks to the outside. It goes to public addresses and to AllowPrivate only, judged
// by the address that is really dialled; it ignores proxies of the environment, which would hide that address; it follows
// redirects on the same host alone, and stops reading at MaxResponse.
func NewEgress(o EgressOptions) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	if o.MaxResponse <= 0 {
		o.MaxResponse = 1 << 20
	}
	t := &http.Transport{
		DialContext: o.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 512, MaxIdleConnsPerHost: 128,
		IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: o.Timeout,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{Transport: &limitedTransport{next: t, max: o.MaxResponse}, Timeout: o.Timeout, CheckRedirect: sameHost}
}

func sameHost(req *http.Request, via []*http.Request) error {
	switch first := via[0].URL; {
	case len(via) >= 5:
		return errors.New("the other side points elsewhere again and again")
	case req.URL.Host != first.Host || req.URL.Scheme != first.Scheme:
		return fmt.Errorf("the other side points to another host (%s): enter that address if you trust it", req.URL.Hostname())
	}
	return nil
}

// limitedTransport cuts off the bodies of answers.
type limitedTransport struct {
	next *http.Transport
	max  int64
}

// RoundTrip implements [http.RoundTripper].
func (t *limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && r.URL.Scheme != "http" {
		return nil, fmt.Errorf("%q is not https or http", r.URL.Scheme)
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, left: t.max}
	return resp, nil
}

// CloseIdleConnections lets http.Client close what is kept alive.
func (t *limitedTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

type limitedBody struct {
	io.ReadCloser
	left int64
}

// Read implements [io.Reader].
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrResponseTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n, ErrResponseTooLarge
	}
	return n, err
}
