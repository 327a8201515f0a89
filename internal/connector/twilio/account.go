// Package twilio sends pages as text messages (twilio-sms) and reads them out over the telephone (twilio-voice) through
// Twilio's REST API of 2010-04-01, and hears what comes back: receipts, texts, keys that were pressed. Everything that comes
// in must bear Twilio's signature.
//
// It imports connector, httpx, phone, the standard library and the root package. Twilio knows no idempotency key: a message
// of which nobody knows whether it left is sent again with the same words, and a call rings again. Twilio's signatures bear
// no time, so a request that somebody recorded can be repeated; it then says the same about the same page.
package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/phone"
)

// host is where Twilio's API is.
const host = "https://api.twilio.com"

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	serviceSID = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	sentSID    = regexp.MustCompile(`^(SM|MM|CA)[0-9a-fA-F]{32}$`)
)

// settings are those that both kinds have.
func settings(from, fromHelp string) []connector.Setting {
	return []connector.Setting{
		{Name: "account_sid", Title: "Account SID", Help: "AC and 32 hexadecimal digits, on the first page of Twilio's console.", Required: true},
		{Name: "from", Title: from, Help: fromHelp, Required: true},
		{Name: "countries", Title: "Numbers that may be reached", Help: "How they begin: +49, +43. Empty: the country of the sender."},
		{Name: "daily_limit", Title: "Daily limit", Help: "How many may leave in a day (UTC). The last fifth is for pages of high urgency.", Default: phone.DefaultDaily},
		{Name: "auth_token", Title: "Auth token", Help: "Beside the account SID. It signs in, and checks what Twilio sends here.", Required: true, Secret: true},
	}
}

func validate(s map[string]string, services bool) (f []muster.FieldError) {
	bad := func(name string, err error) {
		f = append(f, muster.FieldError{Path: "settings." + name, Message: err.Error()})
	}
	if sid := s["account_sid"]; sid != "" && !accountSID.MatchString(sid) {
		bad("account_sid", fmt.Errorf("%q is not the SID of an account: it is AC and 32 hexadecimal digits", muster.Clip(sid, 50)))
	}
	from := s["from"]
	if from != "" && phone.Check(from) != nil && (!services || !serviceSID.MatchString(from)) {
		hint := "write a number like +4915112345678"
		if services {
			hint += ", or the SID of a messaging service: MG and 32 hexadecimal digits"
		}
		bad("from", fmt.Errorf("%q cannot be the sender: %s", muster.Clip(from, 50), hint))
	}
	if from != "" || s["countries"] != "" {
		if _, err := phone.ParsePrefixes(s["countries"], from); err != nil {
			bad("countries", err)
		}
	}
	if d := s["daily_limit"]; d != "" {
		if _, err := phone.ParseDaily(d); err != nil {
			bad("daily_limit", err)
		}
	}
	return f
}

// numbers are the numbers that people see when Muster calls or texts.
func numbers(s map[string]string) []string {
	if phone.Check(s["from"]) != nil {
		return nil
	}
	return []string{s["from"]}
}

// checked is what is known after a check.
const checked = "Twilio knows the account and takes its auth token"

// account is one account of Twilio, used by one connector.
type account struct {
	name, kind string
	sid, token string
	from       string
	base       string
	http       *http.Client
	countries  phone.Prefixes
	quota      *phone.Quota
}

func newAccount(kind string, c connector.Config) (*account, error) {
	a := &account{name: string(c.Name), kind: kind, sid: c.Settings["account_sid"], token: strings.TrimSpace(c.Secrets["auth_token"]), from: c.Settings["from"], base: host, http: httpx.Caller(c.HTTP)}
	bad := func(path, msg string) error {
		return muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{{Path: path, Message: msg}})
	}
	if len(a.token) < 16 || strings.ContainsFunc(a.token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, bad("secrets.auth_token", "is not an auth token of Twilio: it is 32 letters and digits")
	}
	var err error
	if a.countries, err = phone.ParsePrefixes(c.Settings["countries"], a.from); err != nil {
		return nil, bad("settings.countries", err.Error())
	}
	daily, err := phone.ParseDaily(c.Settings["daily_limit"])
	if err != nil {
		return nil, bad("settings.daily_limit", err.Error())
	}
	a.quota = phone.NewQuota(a.name, daily, c.Log)
	if c.BaseURL != "" {
		a.base = strings.TrimSuffix(c.BaseURL, "/")
	}
	return a, nil
}

// String names the connector and hides its token.
func (a *account) String() string { return a.kind + " " + a.name }

// GoString is [account.String].
func (a *account) GoString() string { return a.String() }

// LogValue is [account.String].
func (a *account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// answer is the part of Twilio's answers that counts: of a message or a call, or of an error.
type answer struct {
	SID       string          `json:"sid"`
	Status    json.RawMessage `json:"status"` // a word, and in errors the HTTP status again
	Code      int             `json:"code"`
	ErrorCode *int            `json:"error_code"`
}

func (a answer) status() string {
	var s string
	if json.Unmarshal(a.Status, &s) != nil {
		return ""
	}
	return s
}

// create sends a message or starts a call. high says that it is a page of high urgency.
func (a *account) create(ctx context.Context, what string, key string, form url.Values, high bool) (answer, error) {
	if err := a.countries.Check(form.Get("To"), a.name); err != nil {
		return answer{}, connector.Permanent(err)
	}
	if err := a.quota.Take(time.Now(), high); err != nil {
		return answer{}, connector.Permanent(err)
	}
	out, err := a.call(ctx, http.MethodPost, what+".json", key, form)
	if err != nil && !connector.IsUnknown(err) {
		a.quota.Give()
	}
	return out, err
}

func (a *account) call(ctx context.Context, method, path, key string, form url.Values) (answer, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+"/2010-04-01/Accounts/"+a.sid+"/"+path, body)
	if err != nil {
		return answer{}, connector.Permanent(errors.New("the address of Twilio is not right"))
	}
	req.SetBasicAuth(a.sid, a.token)
	req.Header.Set("User-Agent", "Muster")
	req.Header.Set("Accept", "application/json")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		req.Header["Idempotency-Key"] = []string{key} // for net/http: it then tries again when a kept-alive connection turns out to be closed
	}
	got, err := httpx.Send(a.http, req)
	switch {
	case errors.Is(err, httpx.ErrRefused):
		return answer{}, connector.Permanent(err)
	case err != nil:
		return answer{}, connector.CallError(err, got.Sent)
	}
	var out answer
	if json.Unmarshal(got.Body, &out) != nil {
		out = answer{}
	}
	if err := connector.StatusError(got.Response, time.Now()); err != nil {
		return answer{}, refine(err, out.Code)
	}
	if method == http.MethodPost && out.ErrorCode != nil && (out.status() == "failed" || out.status() == "undelivered") {
		return answer{}, connector.Permanent(errors.New(Explain(*out.ErrorCode)))
	}
	return out, nil
}

// read asks what became of one message or call.
func (a *account) read(ctx context.Context, what, id string) (answer, error) {
	if !sentSID.MatchString(id) {
		return answer{}, connector.Permanent(errors.New("this is not a reference of Twilio"))
	}
	return a.call(ctx, http.MethodGet, what+"/"+id+".json", "", nil)
}

// check asks for one row of what was sent before: it proves that account and token fit, and sends nothing.
func (a *account) check(ctx context.Context, what string) error {
	_, err := a.call(ctx, http.MethodGet, what+".json?PageSize=1", "", nil)
	return err
}
