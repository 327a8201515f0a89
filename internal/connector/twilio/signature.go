package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs with HMAC-SHA1
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// Sign gives the value of X-Twilio-Signature for a request to an address with the parameters of its form: HMAC-SHA1 over
// the address and each parameter's name and value, in the order of names. A value that comes twice counts once.
func Sign(token, address string, form url.Values) string {
	var b strings.Builder
	b.WriteString(address)
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			b.WriteString(name)
			b.WriteString(v)
		}
	}
	m := hmac.New(sha1.New, []byte(token))
	m.Write([]byte(b.String()))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Verify reports whether a signature is right. Twilio signs the address sometimes with and sometimes without its port, so
// each form is tried.
func Verify(token, signature, address string, form url.Values) bool {
	got, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil {
		return false
	}
	ok := false
	for _, form1 := range forms(address) {
		want, err := base64.StdEncoding.DecodeString(Sign(token, form1, form))
		ok = (err == nil && hmac.Equal(got, want)) || ok
	}
	return ok
}

// forms are the ways in which Twilio may write an address.
func forms(address string) []string {
	out := []string{address}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return out
	}
	host := u.Host
	switch {
	case u.Port() != "":
		host = strings.TrimSuffix(host, ":"+u.Port())
	case u.Scheme == "https":
		host += ":443"
	case u.Scheme == "http":
		host += ":80"
	}
	return append(out, strings.Replace(address, "://"+u.Host, "://"+host, 1))
}

// hear proves that a request comes from Twilio and reads its form. The form stays in the request, for the answer.
func (a *account) hear(r *http.Request, body []byte, at string) (url.Values, error) {
	if r.Method != http.MethodPost {
		return nil, muster.Errorf(muster.ErrUnauthenticated, "Twilio must call this address with HTTP POST: choose it in the console.")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !Verify(a.token, r.Header.Get("X-Twilio-Signature"), at, form) {
		return nil, muster.Errorf(muster.ErrUnauthenticated, "The signature of Twilio is missing or wrong: check the auth token of the connector, and that Twilio calls this installation by its public address.")
	}
	if sid := form.Get("AccountSid"); sid != "" && sid != a.sid {
		return nil, muster.Errorf(muster.ErrUnauthenticated, "This comes from another account of Twilio.")
	}
	r.PostForm = form
	return form, nil
}
