package webpush

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/netip"
	"net/url"
	"strings"

	push "github.com/SherClockHolmes/webpush-go"

	"github.com/muster-oncall/muster"
)

// PublicKey is the key with which browsers subscribe to this installation: an uncompressed point of P-256 in base64url.
func PublicKey(derive func(purpose string) []byte) string {
	public, _ := keys(derive)
	return public
}

// keys makes the pair from what the installation derives: the same for ever.
func keys(derive func(purpose string) []byte) (public, private string) {
	d := new(big.Int).SetBytes(derive("webpush"))
	most := new(big.Int).Sub(elliptic.P256().Params().N, big.NewInt(1))
	d.Add(d.Mod(d, most), big.NewInt(1)) // from 1 to one less than the order
	raw := d.FillBytes(make([]byte, 32))
	key, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		panic("webpush: " + err.Error()) // every number in that range is a key
	}
	return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(raw)
}

// maxAddress bounds a subscription: those of today are under 600 bytes.
const maxAddress = 2000

// parse reads the address of a contact method: the subscription as the browser gives it. Only what lies on the public
// Internet behind https is a push service; the egress client looks at the address again when it is dialled.
func parse(address string) (*push.Subscription, error) {
	var s push.Subscription
	if len(address) > maxAddress || json.Unmarshal([]byte(address), &s) != nil || s.Endpoint == "" {
		return nil, errors.New("this is not the push subscription of a browser: open your own page there, and press “Add this browser”")
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.Port() != "" && u.Port() != "443" || !public(u.Hostname()) {
		return nil, errors.New("the subscription does not lead to a push service on the Internet")
	}
	dh, err := decode(s.Keys.P256dh)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(dh)
	}
	if err != nil {
		return nil, errors.New("the subscription has no right key (p256dh): add the browser again")
	}
	if auth, err := decode(s.Keys.Auth); err != nil || len(auth) != 16 {
		return nil, errors.New("the subscription has no right secret (auth): add the browser again")
	}
	return &s, nil
}

func decode(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "="))
}

// public reports whether a host can be a push service: a name with a dot, no number and no name of a local network.
func public(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(strings.Trim(host, "."), ".") {
		return false
	}
	for _, local := range []string{".localhost", ".local", ".internal", ".lan", ".home.arpa"} {
		if strings.HasSuffix(strings.TrimSuffix(host, "."), local) {
			return false
		}
	}
	return true
}

// tidy keeps of a subscription what is used.
func tidy(address string) string {
	var s push.Subscription
	if json.Unmarshal([]byte(address), &s) != nil {
		return address
	}
	b, err := json.Marshal(s)
	if err != nil {
		return address
	}
	return string(b)
}

// hint says whose push service it is: the rest of a subscription is a secret.
func hint(address string) string {
	s, err := parse(address)
	if err != nil {
		return "a browser"
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil {
		return "a browser"
	}
	switch host := u.Hostname(); {
	case host == "fcm.googleapis.com" || host == "android.googleapis.com":
		return "Chrome or a relative"
	case strings.HasSuffix(host, ".push.services.mozilla.com"):
		return "Firefox"
	case strings.HasSuffix(host, ".push.apple.com"):
		return "Safari"
	case strings.HasSuffix(host, ".notify.windows.com"):
		return "Edge"
	default:
		return "a browser (" + muster.CleanLine(host, 60) + ")"
	}
}
